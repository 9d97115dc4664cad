"""Which biases are a column, (k, 1), beside columns and a vector, (k,), beside rows.

They are repeated along all examples, entry by entry, and used for nothing else.
"""

from shapecalc.graph import Graph
from shapecalc.matrix import make
from shapecalc.rewriting.trees import is_entrywise
from shapecalc.tree import Call, Leaf, Tree, calls, leaves


def lying(graph: Graph) -> list[str]:
    """Return the params that may be vectors in rows: columns beside whole matrices alone."""
    assumed = {entry.name for entry in graph.network.assume}
    values = [graph.values[entry.name] for entry in graph.network.params]
    return [
        value.name
        for value in values
        if len(value.shape) == 2
        and value.shape[1].is_one
        and not value.shape[0].is_one
        and value.name not in assumed
        and all(_is_beside(node.tree, value) for node in graph.nodes if value in node.operands)
    ]


def standing(graph: Graph) -> list[str]:
    """Return the vectors that may be columns: beside matrices, or in what makes such a vector."""
    network = graph.network
    assumed = {entry.name for entry in network.assume}
    values = [graph.values[entry.name] for entry in network.params]
    values += [node.output for node in graph.nodes]
    found = {v for v in values if len(v.shape) == 1 and v.name not in assumed}
    while True:
        kept = {value for value in found if _may_stand(graph, value, found)}
        if kept == found:
            return [value.name for value in values if value in found]
        found = kept


def _may_stand(graph: Graph, value: Leaf, others: set[Leaf]) -> bool:
    for node in graph.nodes:
        if value in node.operands:
            uses = sum(each is value for each in leaves(node.tree))
            beside = sum(
                _standing_uses(operand, value)
                for part in calls(node.tree)
                if len(part.shape) == 2 and is_entrywise(part)
                for operand in part.operands
                if len(operand.shape) == 1
            )
            alone = _standing_uses(node.tree, value) if node.output in others else 0
            if uses != beside + alone:
                return False
    return True


def _standing_uses(tree: Tree, value: Leaf) -> int:
    """Count the uses of a vector in a formula of vectors, entry by entry."""
    if tree is value:
        return 1
    if not isinstance(tree, Call) or len(tree.shape) != 1 or not is_entrywise(tree):
        return 0
    return sum(_standing_uses(each, value) for each in tree.operands)


def _is_beside(tree: Tree, value: Leaf) -> bool:
    """Say whether each use of a value is beside a whole matrix, entry by entry."""
    uses = sum(each is value for each in leaves(tree))
    for part in calls(tree):
        if len(part.shape) == 2 and value in part.operands and is_entrywise(part):
            others = [each.shape for each in part.operands if each is not value]
            if others and make.broadcast_shape(others) == part.shape:
                uses -= sum(each is value for each in part.operands)
    return uses == 0
