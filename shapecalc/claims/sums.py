"""A claim that would be right if an input summed to 1: the fact that its author takes for granted.

`(P - Y) / m` is the gradient through softmax of `-sum(Y * log(P)) / m` for one-hot targets only.
"""

from collections.abc import Iterator

from shapecalc.claims.reading import Claim
from shapecalc.claims.worlds import worlds
from shapecalc.sweep import Sweep, known_sums
from shapecalc.tree import Call, Leaf, Tree
from shapecalc.verify.cases import Domain
from shapecalc.verify.field import NoValue, Unsupported


def missing_sum(sweep: Sweep, claim: Claim) -> tuple[Leaf, int] | None:
    """Return the input, and the axis, whose entries need to sum to 1 for a claim to be right."""
    if claim.tree is None:
        return None
    for value, axis in dict.fromkeys(_candidates(sweep)):
        domains = {value: Domain("probabilities", axis)}
        try:
            points = worlds(sweep, [claim.tree], domains, exact=True)
            values = [(point.value(claim.tree), point.gradient(claim.gradient)) for point in points]
        except (Unsupported, NoValue):
            continue
        if all(found.exact == truth.exact for found, truth in values):
            return value, axis
    return None


def _candidates(sweep: Sweep) -> Iterator[tuple[Leaf, int]]:
    """Yield the inputs of a softmax's shape, with its axis, of which nothing is known yet."""
    known = known_sums(sweep.graph)
    inputs = [sweep.graph.values[entry.name] for entry in sweep.graph.network.inputs]
    for node in sweep.graph.nodes:
        for part in _softmaxes(node.tree):
            axis = part.attribute("axis")
            for value in inputs:
                if isinstance(axis, int) and value.shape == part.shape and value not in known:
                    yield value, axis


def _softmaxes(tree: Tree) -> Iterator[Call]:
    if isinstance(tree, Call):
        if tree.op in ("softmax", "log_softmax"):
            yield tree
        for operand in tree.operands:
            yield from _softmaxes(operand)
