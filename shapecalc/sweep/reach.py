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


def seen_by_loss(graph: Graph) -> set[Leaf]:
    """Return the values that reach the loss, or an output whose gradient is given."""
    seen = set(graph.upstream)
    if graph.loss is not None:
        seen.add(graph.loss)
    for node in reversed(graph.nodes):
        if node.output in seen:
            seen.update(node.operands)
    return seen


def gradient_shapes(graph: Graph, asked: Iterable[str] = ()) -> dict[Leaf, Shape]:
    """Return the shape of every gradient, in the layout of the network.

    Each is that of its value, or of its transpose in numerator layout: what a layout is.
    """
    seen = seen_by_loss(graph)
    moved = moved_by(asked_values(graph, asked), graph)
    if graph.network.layout == "numerator":
        return {value: matrix_turned(value.shape) for value in moved if value in seen}
    return {value: value.shape for value in moved if value in seen}
