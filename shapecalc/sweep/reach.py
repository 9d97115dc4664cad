"""Which values have a gradient, and in what shape: the backward pass without its formulas."""

from collections.abc import Iterable

from shapecalc.dims import Shape, matrix_turned
from shapecalc.graph import Graph
from shapecalc.tree import Leaf


def asked_values(graph: Graph, asked: Iterable[str]) -> list[Leaf]:
    """Return the params, and the values that are asked for; whole numbers have no gradient."""
    names = [*(entry.name for entry in graph.network.params), *asked]
    found = [graph.values[name] for name in dict.fromkeys(names) if name in graph.values]
    return [value for value in found if value not in graph.indices]


def moved_by(values: Iterable[Leaf], graph: Graph) -> set[Leaf]:
    """Return the values, and all that depend on one of them."""
    moved = set(values)
    for node in graph.nodes:
        if not moved.isdisjoint(node.operands):
            moved.add(node.output)
    return moved


def seen_by_loss(graph: Graph) -> dict[Leaf, Shape]:
    """Return the values that reach the loss, or an output whose gradient is given, with shapes."""
    ends = (*graph.upstream, *([] if graph.loss is None else [graph.loss]))
    seen = {value: value.shape for value in ends}
    for node in reversed(graph.nodes):
        if node.output in seen:
            for value in node.operands:
                seen[value] = value.shape
    return seen


def gradient_shapes(graph: Graph, asked: Iterable[str] = ()) -> dict[Leaf, Shape]:
    """Return the shape of every gradient, in the layout of the network.

    Each is that of its value, or of its transpose in numerator layout: what a layout is.
    """
    wanted = {graph.values[name] for name in asked if name in graph.values}
    found = seen_by_loss(graph)
    inputs = (graph.values[entry.name] for entry in graph.network.inputs)
    still = {value for value in inputs if value not in wanted} | graph.indices.keys()
    for node in graph.nodes:  # an operand that no loss sees is in no equation that one sees
        if still.issuperset(node.operands) and node.output not in wanted:
            still.add(node.output)
    for value in still & found.keys():
        del found[value]
    if graph.network.layout == "numerator":
        return {value: matrix_turned(shape) for value, shape in found.items()}
    return found
