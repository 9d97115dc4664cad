"""What is known of values beyond their shapes: as the spec assumes, or as a loss implies."""

from shapecalc.backprop import unit_axis
from shapecalc.graph import Graph
from shapecalc.ops.registry import OPS
from shapecalc.tree import Leaf, Tree, calls
from shapecalc.verify.cases import Domain
from shapecalc.verify.structured import kind_of


def known_sums(graph: Graph) -> dict[Tree, int]:
    """Return the inputs whose entries sum to 1: as assumed, or as a loss they enter implies."""
    found: dict[Tree, int] = {}
    inputs = {entry.name for entry in graph.network.inputs}
    for node in graph.nodes:
        if node.is_plain:
            continue
        if (axis_of_ones := unit_axis(node.tree)) is not None:
            found[node.output] = axis_of_ones
        for part in calls(node.tree):
            for name in OPS[part.op].sums_to_one:
                operand = part.operands[OPS[part.op].operands.index(name)]
                axis = part.attribute("axis")
                if isinstance(operand, Leaf) and operand.name in inputs and isinstance(axis, int):
                    found[operand] = axis
    for entry in graph.network.assume:
        if entry.axis is not None and entry.name in graph.values:
            found[graph.values[entry.name]] = entry.axis % len(graph.values[entry.name].shape)
    return found


def known_domains(graph: Graph) -> dict[Leaf, tuple[Domain, ...]]:
    """Return what `assume` says of each value."""
    found: dict[Leaf, tuple[Domain, ...]] = {}
    for entry in graph.network.assume:
        value = graph.values.get(entry.name)
        if value is not None and (entry.axis is None or -len(value.shape) <= entry.axis):
            axis = None if entry.axis is None else entry.axis % max(1, len(value.shape))
            found[value] = (*found.get(value, ()), Domain(entry.property, axis))
    return {value: _of_one_kind(domains) for value, domains in found.items()}


def _of_one_kind(domains: tuple[Domain, ...]) -> tuple[Domain, ...]:
    """Put one kind for all that is said of a matrix."""
    kind = kind_of({domain.property for domain in domains})
    return domains if kind is None else (Domain(kind),)
