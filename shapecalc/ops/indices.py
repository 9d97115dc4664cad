"""Which values hold whole numbers that name places, and how many places they choose from."""

from collections.abc import Iterable, Mapping

from shapecalc.dims import Dim
from shapecalc.ops.registry import OPS
from shapecalc.tree import Call, Leaf, Tree, calls, leaves


def indices_in(trees: Iterable[Tree]) -> Mapping[Leaf, tuple[Dim, ...]]:
    """Return each value that entries are picked by, with the dims that they are picked from."""
    found: dict[Leaf, dict[Dim, None]] = {}
    for tree in trees:
        for part in calls(tree):
            for operand, dim in _picked_by(part):
                for value in leaves(operand):
                    found.setdefault(value, {})[dim] = None
    return {value: tuple(dims) for value, dims in found.items()}


def _picked_by(tree: Call) -> Iterable[tuple[Tree, Dim]]:
    op = OPS[tree.op]
    if op.indices:
        dims = op.bound(tuple(each.shape for each in tree.operands), tree.attributes).dims
        for name, letter in op.indices.items():
            yield tree.operands[op.operands.index(name)], dims[letter]
