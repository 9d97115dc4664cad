"""The exact check: in a prime field, a gradient moves the output as the forward equations do.

At random points and two assignments of sizes. A wrong formula passes with probability at most
(degree / p)^trials, since a polynomial that is not zero has few roots (Schwartz and Zippel).
"""

from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import NamedTuple

from shapecalc.tree import Leaf, Tree
from shapecalc.verify.cases import ATTEMPTS, Case, drawn, sizes_for, turned
from shapecalc.verify.degree import HIGHEST, bound_text, degree
from shapecalc.verify.evaluate import Evaluation, Point
from shapecalc.verify.field import (
    Element,
    Functions,
    NoValue,
    Nowhere,
    P,
    PointwiseFunctions,
    Unsupported,
    elements,
    parted,
)
from shapecalc.verify.plans import Plans

ASSIGNMENTS = 2
TRIALS = 3

__all__ = ["ASSIGNMENTS", "TRIALS", "Exactness", "agrees_exactly", "bound_text"]


class Exactness(NamedTuple):
    """The outcome of an exact comparison; degree is the formula's, for the error bound.

    `has_ties`: where they differed, entries that are compared were equal.
    """

    equal: bool
    degree: int
    has_ties: bool = False


class _Tied(Exception):
    """A point where two sides differ, and entries that are compared are equal."""


def agrees_exactly(case: Case) -> Exactness:
    """Compare in the prime field. Raises Unsupported where the field cannot carry the ops."""
    masks: dict[Tree, set[bool]] = {}
    for assignment in range(ASSIGNMENTS):
        try:
            agrees = _agrees_at(case, assignment, masks)
        except _Tied:
            return Exactness(equal=False, degree=0, has_ties=True)
        if not agrees:
            return Exactness(equal=False, degree=0)
    if (found := degree(case)) > HIGHEST:
        raise Unsupported("the degree of the equations is too high for points to prove anything")
    return Exactness(equal=True, degree=found)


def _agrees_at(case: Case, assignment: int, masks: dict[Tree, set[bool]]) -> bool:
    """Compare at points of one assignment, until both sides of every comparison occurred."""
    sizes = sizes_for(case, assignment)
    together, alone = Plans(sizes, TRIALS), Plans(sizes)
    done = 0
    for first in range(0, ATTEMPTS, TRIALS):
        seeds = {first + trial: 1000 * assignment + first + trial for trial in range(TRIALS)}
        try:
            outcomes = [_equal_at(case, together, seeds, masks)]
            done += TRIALS
        except NoValue:
            outcomes = _outcomes_one_by_one(case, alone, seeds, masks)
            done += len(outcomes)
        if not all(outcomes):
            return False
        if done >= TRIALS and all(len(sides) > 1 for sides in masks.values()):
            return True
        if done >= 2 * TRIALS:
            return True
    if done < TRIALS:
        raise Nowhere("no point was found at which the equations have a value")
    return True


def _outcomes_one_by_one(
    case: Case, plans: Plans, seeds: dict[int, int], masks: dict[Tree, set[bool]]
) -> list[bool]:
    """Compare at every point that has a value."""
    outcomes = []
    for attempt, seed in seeds.items():
        with suppress(NoValue):
            outcomes.append(_equal_at(case, plans, {attempt: seed}, masks))
    return outcomes


def _equal_at(
    case: Case, plans: Plans, seeds: dict[int, int], masks: dict[Tree, set[bool]]
) -> bool:
    """Compare at one point for each attempt, all of them at once."""
    randoms = {attempt: Random(seed) for attempt, seed in seeds.items()}
    functions = PointwiseFunctions([Functions(random) for random in randoms.values()])
    world = drawn(case, plans, randoms, functions)
    value = world.values[case.value]
    count = len(value.exact or []) // plans.points
    direction = elements(randoms.values(), count)
    world.set(case.wrt, value._replace(slope=direction))
    moved = run(case, world)
    gradient = world.at(case.formula).exact
    for tree, sides in world.masks.items():
        masks.setdefault(tree, set()).update(sides)
    assert gradient is not None
    if case.transposed:
        gradient = turned(gradient, world.size(case.formula.shape), plans.points)
    seen = _inner(gradient, direction, plans.points)
    equal = all((a - b) % P == 0 for a, b in zip(moved, seen, strict=True))
    if not equal and world.has_ties:
        raise _Tied
    return equal


def run(case: Case, world: Evaluation) -> list[Element]:
    """Evaluate the equations in order; return how far the upstream gradients see the outputs move.

    That is a number for each point. An output with an upstream gradient stands still for the
    equations after it: what it hands on is in the gradients of those. In the end all stands still.
    """
    moved: list[Element] = [0] * world.plans.points
    upstream = dict(case.upstream)
    for output, tree in case.equations:
        point = world.at(tree)
        if output in upstream:
            seen = _seen(case, world, upstream[output], point)
            moved = [a + b for a, b in zip(moved, seen, strict=True)]
            point = point.without_slope()
        world.give(output, point)
    world.stand_still()
    return moved


def _seen(case: Case, world: Evaluation, gradient: Leaf | None, point: Point) -> Sequence[Element]:
    points = world.plans.points
    if point.slope is None:
        return [0] * points
    if gradient is None:
        return point.slope
    entries = world.values[gradient].exact or []
    if case.transposed:
        entries = turned(entries, world.size(gradient.shape), points)
    return _inner(entries, point.slope, points)


def _inner(left: Sequence[Element], right: Sequence[Element], points: int) -> list[Element]:
    """Return the sum of products of entries, at each point."""
    products = [a * b for a, b in zip(left, right, strict=True)]
    return [sum(part) % P for part in parted(products, points)]
