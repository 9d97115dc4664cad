"""Arithmetic of points: values in floats and in the field, with their derivatives beside them."""

from collections.abc import Sequence
from fractions import Fraction

from shapecalc.verify import field
from shapecalc.verify.arrays import Gather, Sizes
from shapecalc.verify.field import Element, NoValue, P
from shapecalc.verify.point import Point


def as_float(number: Fraction | int) -> float:
    """Return a number as a float. Raises NoValue where it is too large for one."""
    try:
        return float(number)
    except OverflowError:
        raise NoValue from None


def float_power(base: float, exponent: float) -> float:
    """Raise to a power. Raises NoValue where that is no real number."""
    try:
        if base < 0 and isinstance(exponent, int):  # a float may lose whether it is odd
            return -(abs(base) ** exponent) if exponent % 2 else abs(base) ** exponent
        result = base**exponent
    except (ZeroDivisionError, OverflowError):
        raise NoValue from None
    if isinstance(result, complex):
        raise NoValue
    return float(result)


def summed(left: Sequence[Element], right: Sequence[Element]) -> list[Element]:
    """Add entry by entry, in the field."""
    return [(a + b) % P for a, b in zip(left, right, strict=True)]


def plus(total: Point, term: Point) -> Point:
    """Add entry by entry."""
    floats = [a + b for a, b in zip(total.floats, term.floats, strict=True)]
    if total.exact is None or term.exact is None:
        return Point(total.sizes, floats)
    slope = total.slope if term.slope is None else term.slope
    if total.slope is not None and term.slope is not None:
        slope = summed(total.slope, term.slope)
    return Point(total.sizes, floats, summed(total.exact, term.exact), slope)


def powered(point: Point, exponent: int) -> Point:
    """Raise to a whole power."""
    if exponent == 1:
        return point
    floats = [float_power(entry, exponent) for entry in point.floats]
    if point.exact is None:
        return Point(point.sizes, floats)
    under = field.inverses(point.exact) if exponent < 0 else point.exact
    if exponent == 2:
        exact = [entry * entry % P for entry in under]
    else:
        exact = [field.to_power(entry, abs(exponent)) for entry in under]
    if point.slope is None:
        return Point(point.sizes, floats, exact)
    if exponent == 2:
        outer = point.exact
    elif exponent < 0:
        outer = [a * b for a, b in zip(exact, under, strict=True)]
    else:
        outer = [field.to_power(entry, exponent - 1) for entry in point.exact]
    slope = [exponent * a * b % P for a, b in zip(outer, point.slope, strict=True)]
    return Point(point.sizes, floats, exact, slope)


def spread(point: Point, pick: Gather) -> Point:
    """Pick entries, in both arithmetics."""

    def wide(entries: Sequence[Element] | None) -> list[Element] | None:
        return None if entries is None else list(pick(entries))

    floats = point.floats and list(pick(point.floats))
    return Point((), floats, wide(point.exact), wide(point.slope))


def chosen(operands: list[Point], out: Sizes) -> Point:
    """Take the entries of one value where a mask holds, and elsewhere those of another."""
    mask, chosen, otherwise = operands
    take = [entry != 0 for entry in mask.floats]

    def pick(left: Sequence[Element], right: Sequence[Element]) -> list[Element]:
        return [a if each else b for each, a, b in zip(take, left, right, strict=True)]

    floats = [
        a if each else b for each, a, b in zip(take, chosen.floats, otherwise.floats, strict=True)
    ]
    if chosen.exact is None or otherwise.exact is None:
        return Point(out, floats)
    slope = None
    if chosen.slope is not None or otherwise.slope is not None:
        nothing: list[Element] = [0] * len(take)
        slope = pick(chosen.slope or nothing, otherwise.slope or nothing)
    return Point(out, floats, pick(chosen.exact, otherwise.exact), slope)
