"""A claim that would be right if an input summed to 1: the fact that its author takes for granted.

`(P - Y) / m` is the gradient through softmax of `-sum(Y * log(P)) / m` for one-hot targets only.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shapecalc.claims.reading import Claim
from shapecalc.claims.scale import Scale, named, ratio
from shapecalc.claims.worlds import worlds
from shapecalc.sweep import Sweep, known_sums
from shapecalc.tree import Call, Leaf, Tree
from shapecalc.verify.cases import Domain
from shapecalc.verify.field import NoValue, Unsupported


class Needs(NamedTuple):
    """The input, and the axis, whose entries have to sum to 1; what the claim is then times."""

    value: Leaf
    axis: int
    scale: Scale


def missing_sum(sweep: Sweep, claim: Claim, symbols: Sequence[Leaf]) -> Needs | None:
    """Find what has to sum to 1 for a claim to be the gradient, or a multiple by `symbols`."""
    if claim.tree is None:
        return None
    for value, axis in dict.fromkeys(_candidates(sweep)):
        domains = {value: Domain("probabilities", axis)}
        try:
            points = worlds(sweep, [claim.tree], domains, exact=True)
            compared = [(each.value(claim.tree), each.gradient(claim.gradient)) for each in points]
        except (Unsupported, NoValue):
            continue
        found = [each for pair in compared if (each := ratio(*pair)) is not None]
        if len(found) == len(points):
            scale = named(found, [each.evaluation for each in points], symbols)
            if scale is not None:
                return Needs(value, axis, scale)
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
