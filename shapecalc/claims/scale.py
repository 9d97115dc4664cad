"""A constant factor between a claim and the gradient: found, and named in dims and constants."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import NamedTuple

from shapecalc.matrix import make
from shapecalc.tree import Leaf, Tree
from shapecalc.verify import field
from shapecalc.verify.evaluate import Evaluation, Point
from shapecalc.verify.field import Element, P

LARGEST = 1000
TOLERANCE = 1e-9
LOOSE = 1e-6


class Scale(NamedTuple):
    """number · above / below, the names being dims and constants: `m`, `-1`, `2 / m`."""

    number: Fraction
    above: tuple[Leaf, ...] = ()
    below: tuple[Leaf, ...] = ()

    @property
    def is_one(self) -> bool:
        """Say whether the claim is the gradient itself."""
        return self == ONE

    @property
    def is_number(self) -> bool:
        """Say whether no dim or constant is in it."""
        return not self.above and not self.below

    @property
    def tree(self) -> Tree:
        """Return the factor as a formula."""
        return make.quotient(self.number, self.above, self.below)

    def dividing(self, formula: Tree) -> Tree:
        """Return a formula over the factor."""
        parts = [*self.below, formula]
        return make.quotient(1 / self.number, parts, self.above)


ONE = Scale(Fraction(1))


class Ratio(NamedTuple):
    """What a claim is times the gradient at one point; `exact` is None in floats alone."""

    exact: Element | None
    floats: float


def ratio(claim: Point, truth: Point) -> Ratio | None:
    """Return c where every entry of a claim is c times the gradient's; None where there is no c."""
    if claim.exact is None or truth.exact is None:
        return _float_ratio(claim.floats, truth.floats)
    if claim.exact == truth.exact:
        return Ratio(1, 1.0)
    place = next((i for i, entry in enumerate(truth.exact) if entry), None)
    if place is None:
        return None
    factor = claim.exact[place] * field.inverse(truth.exact[place]) % P
    if any((a - factor * b) % P for a, b in zip(claim.exact, truth.exact, strict=True)):
        return None
    return Ratio(factor, claim.floats[place] / (truth.floats[place] or 1.0))


def _float_ratio(
    claim: Sequence[float], truth: Sequence[float], tolerance: float = TOLERANCE
) -> Ratio | None:
    largest = max(truth, key=abs, default=0.0)
    factor = claim[truth.index(largest)] / largest if largest else 1.0
    scale = max(abs(largest * factor), abs(largest), 1e-30)
    if any(not abs(a - factor * b) <= tolerance * scale for a, b in zip(claim, truth, strict=True)):
        return None
    return Ratio(None, factor)


def at_a_glance(claim: Sequence[float], truth: Sequence[float]) -> Ratio | None:
    """Return c where entries are, as far as floats can tell, c times others."""
    return _float_ratio(claim, truth, LOOSE)


def named(
    ratios: Sequence[Ratio], worlds: Sequence[Evaluation], names: Sequence[Leaf]
) -> Scale | None:
    """Find the plainest number · dims · constants that all ratios are. None where there is none."""
    found: list[Scale] = []
    for above, below in _candidates(names):
        numbers = {
            _number(each, world, above, below) for each, world in zip(ratios, worlds, strict=True)
        }
        if len(numbers) == 1 and (number := numbers.pop()) is not None:
            found.append(Scale(number, above, below))
    return min(found, key=_complexity, default=None)


def _complexity(scale: Scale) -> int:
    """Weigh a factor: a name weighs as much as a small number."""
    size = abs(scale.number.numerator) * scale.number.denominator
    return size + 2 * len(scale.above + scale.below)


def _candidates(names: Sequence[Leaf]) -> list[tuple[tuple[Leaf, ...], tuple[Leaf, ...]]]:
    found: list[tuple[tuple[Leaf, ...], tuple[Leaf, ...]]] = []
    for size in range(3):
        for chosen in combinations_with_replacement(names, size):
            for split in range(size, -1, -1):
                above, below = chosen[:split], chosen[split:]
                if not set(above) & set(below):
                    found.append((above, below))
                    if size == 2 and split == 1 and chosen[0] is not chosen[1]:
                        found.append((below, above))
    return found


def _number(
    found: Ratio, world: Evaluation, above: tuple[Leaf, ...], below: tuple[Leaf, ...]
) -> Fraction | None:
    """Return the number that is left without the names; None where it is no small fraction."""
    factor = Point((), [found.floats], None if found.exact is None else [found.exact])
    for names, power in ((above, -1), (below, 1)):
        for name in names:
            factor = _times(factor, world.at(name), power)
    (floats,) = factor.floats
    if not abs(floats) < 1e9:
        return None
    number = Fraction(floats).limit_denominator(LARGEST)
    if factor.exact is None:
        return number if number and abs(number - floats) < TOLERANCE * abs(floats) else None
    over = number.numerator * field.inverse(number.denominator) % P
    return number if number and over == factor.exact[0] else None


def _times(left: Point, right: Point, power: int) -> Point:
    floats = [left.floats[0] * right.floats[0] ** power]
    if left.exact is None or right.exact is None:
        return Point((), floats)
    return Point((), floats, [left.exact[0] * field.to_power(right.exact[0], power) % P])
