"""Entries taken in groups, of which each makes one: the largest, the smallest, the product."""

from collections.abc import Callable
from math import prod

from shapecalc.verify.field import Element, P
from shapecalc.verify.planned import ReductionPlan
from shapecalc.verify.point import Point


def _largest(entries: list[float]) -> int:
    return max(range(len(entries)), key=entries.__getitem__)


def _smallest(entries: list[float]) -> int:
    return min(range(len(entries)), key=entries.__getitem__)


def _picked(point: Point, plan: ReductionPlan, choose: Callable[[list[float]], int]) -> Point:
    """Take one entry of each group, that which the floats choose."""
    starts = range(0, len(point.floats), plan.group)
    places = [start + choose(point.floats[start : start + plan.group]) for start in starts]

    def at(entries: list[Element] | None) -> list[Element] | None:
        return None if entries is None else [entries[place] for place in places]

    floats = [point.floats[place] for place in places]
    return Point(plan.sizes, floats, at(point.exact), at(point.slope))


def _multiplied(point: Point, plan: ReductionPlan) -> Point:
    """Multiply the entries of each group, with the derivative by the product rule."""
    group = plan.group
    floats = [prod(point.floats[i : i + group]) for i in range(0, len(point.floats), group)]
    if point.exact is None:
        return Point(plan.sizes, floats)
    exact: list[Element] = []
    slope: list[Element] = []
    for start in range(0, len(point.exact), group):
        product: Element = 1
        moved: Element = 0
        slopes = point.slope[start : start + group] if point.slope else [0] * group
        for entry, by in zip(point.exact[start : start + group], slopes, strict=True):
            product, moved = product * entry % P, (moved * entry + product * by) % P
        exact.append(product)
        slope.append(moved)
    return Point(plan.sizes, floats, exact, slope if point.slope else None)


def ties_in(op: str, point: Point, plan: ReductionPlan) -> bool:
    """Say whether several entries of a group are the largest of it, or the smallest."""
    if op not in _CHOICES:
        return False
    starts = range(0, len(point.floats), plan.group)
    groups = [point.floats[start : start + plan.group] for start in starts]
    return any(group.count(_CHOICES[op](group)) > 1 for group in groups)


_CHOICES: dict[str, Callable[[list[float]], float]] = {"max": max, "min": min}
REDUCE: dict[str, Callable[[Point, ReductionPlan], Point]] = {
    "max": lambda point, plan: _picked(point, plan, _largest),
    "min": lambda point, plan: _picked(point, plan, _smallest),
    "prod": _multiplied,
}
