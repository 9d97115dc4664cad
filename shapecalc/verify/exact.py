"""The exact check: in a prime field, a gradient moves the output as the forward equations do.

At random points and two assignments of sizes. A wrong formula passes with probability at most
(degree / p)^trials, since a polynomial that is not zero has few roots (Schwartz and Zippel).
"""

from random import Random
from typing import NamedTuple

from shapecalc.tree import Leaf, Tree
from shapecalc.verify.cases import ATTEMPTS, Case, drawn, sizes_for, turned
from shapecalc.verify.degree import bound_text, degree
from shapecalc.verify.evaluate import Evaluation, Point, Unsupported
from shapecalc.verify.field import Element, Functions, NoValue, P
from shapecalc.verify.plans import Plans

ASSIGNMENTS = 2
TRIALS = 3

__all__ = ["ASSIGNMENTS", "TRIALS", "Exactness", "agrees_exactly", "bound_text"]


class Exactness(NamedTuple):
    """The outcome of an exact comparison; degree is the formula's, for the error bound."""

    equal: bool
    degree: int


def agrees_exactly(case: Case) -> Exactness:
    """Compare in the prime field. Raises Unsupported where the field cannot carry the ops."""
    masks: dict[Tree, set[bool]] = {}
    for assignment in range(ASSIGNMENTS):
        plans = Plans(sizes_for(case, assignment))
        done = 0
        for attempt in range(ATTEMPTS):
            try:
                equal = _equal_at(case, plans, Random(1000 * assignment + attempt), attempt, masks)
            except NoValue:
                continue
            if not equal:
                return Exactness(equal=False, degree=0)
            done += 1
            if done >= TRIALS and all(len(sides) > 1 for sides in masks.values()):
                break
            if done >= 2 * TRIALS:
                break
        if done < TRIALS:
            raise Unsupported("no point was found at which the equations have a value")
    return Exactness(equal=True, degree=degree(case))


def _equal_at(
    case: Case, plans: Plans, random: Random, attempt: int, masks: dict[Tree, set[bool]]
) -> bool:
    world = drawn(case, plans, random, Functions(random), attempt)
    value = world.values[case.value]
    direction: list[Element] = [random.getrandbits(60) for _ in value.exact or []]
    world.set(case.wrt, value._replace(slope=direction))
    moved = run(case, world)
    world.set(case.value, value)
    gradient = world.at(case.formula).exact
    for tree, sides in world.masks.items():
        masks.setdefault(tree, set()).update(sides)
    assert gradient is not None
    if case.transposed:
        gradient = turned(gradient, world.size(case.formula.shape))
    return (moved - _inner(gradient, direction)) % P == 0


def run(case: Case, world: Evaluation) -> Element:
    """Evaluate the equations in order; return how far the upstream gradients see the outputs move.

    An output with an upstream gradient stands still for the equations after it: what it hands on
    is in the gradients of those.
    """
    moved: Element = 0
    upstream = dict(case.upstream)
    for output, tree in case.equations:
        point = world.at(tree)._replace(sizes=world.size(output.shape))
        if output in upstream:
            moved += _seen(case, world, upstream[output], point)
            point = point.without_slope()
        world.set(output, point)
    for output, _ in case.equations:
        world.set(output, world.values[output].without_slope())
    return moved % P


def _seen(case: Case, world: Evaluation, gradient: Leaf | None, point: Point) -> Element:
    if point.slope is None:
        return 0
    if gradient is None:
        return point.slope[0]
    entries = world.values[gradient].exact or []
    if case.transposed:
        entries = turned(entries, world.size(gradient.shape))
    return _inner(entries, point.slope)


def _inner(left: list[Element], right: list[Element]) -> Element:
    return sum(a * b for a, b in zip(left, right, strict=True)) % P
