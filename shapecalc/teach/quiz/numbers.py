"""A network at numbers: every value and gradient, and what a formula makes of them.

The engine evaluates in floats, at the sizes of the spec. Nothing is read off from shapes.
"""

from itertools import product
from math import prod
from random import Random
from typing import NamedTuple

from shapecalc.claims.worlds import domains_of
from shapecalc.sweep import Sweep
from shapecalc.tree import Leaf, Tree
from shapecalc.verify.arrays import Sizes
from shapecalc.verify.cases import draw
from shapecalc.verify.evaluate import Evaluation, Point

CLOSE = 1e-9
SMALL = (-3, -2, -1, 1, 2, 3, 4)


class Difference(NamedTuple):
    """An entry in which two values differ: its place, what it is, and what it should be."""

    place: tuple[int, ...]
    found: float
    right: float


def at_numbers(sweep: Sweep, sizes: dict[str, int], seed: int) -> Evaluation:
    """Run a network forward and backward at drawn numbers."""
    random, domains = Random(seed), domains_of(sweep)
    evaluation = Evaluation(sizes, {}, None)
    network = sweep.graph.network
    for entry in (*network.inputs, *network.params):
        value = sweep.graph.values[entry.name]
        evaluation.set(value, draw(value, domains.get(value), evaluation, random, 0))
    for node in sweep.graph.nodes:
        _set(evaluation, node.output, node.tree)
    for value, name in sweep.graph.upstream.items():
        given = sweep.given_gradient(value, name)
        evaluation.set(given, draw(given, None, evaluation, random, 0))
    for gradient in sweep.gradients.values():
        _set(evaluation, gradient.name, gradient.formula)
    return evaluation


def _set(evaluation: Evaluation, name: Leaf, tree: Tree) -> None:
    point = evaluation.at(tree)
    evaluation.set(name, point._replace(sizes=evaluation.size(name.shape)))


def difference(found: Point, right: Point) -> Difference | None:
    """Return the entry that is most wrong; None where all are right."""
    places = product(*map(range, right.sizes))
    every = [
        Difference(place, one, other)
        for place, one, other in zip(places, found.floats, right.floats, strict=True)
    ]
    worst = max(every, key=lambda each: abs(each.found - each.right))
    is_wrong = abs(worst.found - worst.right) > CLOSE * max(1.0, abs(worst.right))
    return worst if is_wrong else None


def integers(sizes: Sizes, random: Random) -> Point:
    """Draw small whole numbers, of which none is 0."""
    return Point(sizes, [float(random.choice(SMALL)) for _ in range(prod(sizes))])
