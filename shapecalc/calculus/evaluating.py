"""A derivative at numbers: what its formula says of each entry, beside differences of the values.

The numbers are drawn, or given. All is evaluated by the engine itself, in floats; NumPy is asked
for only where a file of its own is to be read.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import isfinite, prod
from random import Random
from typing import NamedTuple

from shapecalc.calculus.derivation import Derivation
from shapecalc.dims import Dim, Shape
from shapecalc.records import EntryAt, Evaluated
from shapecalc.tree import Leaf, Tree, leaf, leaves
from shapecalc.verify.evaluate import Evaluation, Point
from shapecalc.verify.field import NoValue, Unsupported

STEP = 1e-5
MOST_ENTRIES = 20_000
SMALLEST = 2  # of the sizes that nobody gave
Numbers = float | Sequence["Numbers"]


class NotEvaluated(Exception):
    """Numbers that do not go together, or a derivative without a formula: what of it."""


class At(NamedTuple):
    """Where to evaluate: sizes and values, as far as they are given, and a seed for the others."""

    sizes: Mapping[str, int]
    values: Mapping[str, Numbers]
    seed: int = 0


def evaluated(derivation: Derivation, at: At) -> Evaluated:
    """Evaluate a derivative at numbers, entry by entry. Raises NotEvaluated."""
    every = list(dict.fromkeys(leaves(derivation.written)))
    names = [name for name in every if name.shape or name.name not in _dims_of(every)]
    known = _sizes(names, at)
    if derivation.wrt not in names:
        raise NotEvaluated(f"`{derivation.name}` is not in the expression")
    if (
        prod(_sized(derivation.output.shape, known)) * prod(_sized(derivation.wrt.shape, known))
        > MOST_ENTRIES
    ):
        raise NotEvaluated(f"it has more than {MOST_ENTRIES:,} entries: give smaller sizes")
    random = Random(at.seed)
    points = {}
    for name in names:
        own = _sized(name.shape, known)
        given = at.values.get(name.name)
        drawn = [random.uniform(0.3, 1.5) for _ in range(prod(own))]
        points[name] = Point(own, drawn if given is None else list(_flat(given)))
    try:
        entries = tuple(_entries(derivation, known, points))
    except (NoValue, Unsupported, OverflowError):
        raise NotEvaluated("it has no value at these numbers") from None
    largest = max((abs(each.difference) for each in entries), default=0.0) or 1.0
    worst = max((abs(each.formula - each.difference) for each in entries), default=0.0) / largest
    if not isfinite(worst):
        raise NotEvaluated("it has no value at these numbers")
    return Evaluated(tuple(known.items()), entries, worst)


def _entries(
    derivation: Derivation, sizes: Mapping[str, int], points: Mapping[Leaf, Point]
) -> Iterator[EntryAt]:
    """Yield each entry of the derivative: by its formula, and by a central difference."""
    wrt, output, equation = derivation.wrt, derivation.output, derivation.equation
    columns = list(product(*map(range, points[wrt].sizes)))
    rows = list(product(*map(range, _sized(output.shape, sizes))))

    def value(tree: Tree, change: Mapping[Leaf, Point]) -> list[float]:
        world = Evaluation(sizes, {**points, **change}, None)
        if output in leaves(tree):
            world.set(output, world.at(equation)._replace(sizes=_sized(output.shape, sizes)))
        return world.at(tree).floats

    form = derivation.denominator if derivation.kinds[0] == "scalar" else None
    gradient = value(form.tree, {}) if form is not None else None
    differential = derivation.differential
    if gradient is None and differential is None:
        raise NotEvaluated("there is no formula to evaluate")
    direction = leaf(f"d{derivation.name}", wrt.shape)
    for number, column in enumerate(columns):
        ahead, behind = (
            value(equation, {wrt: _moved(points[wrt], number, h)}) for h in (STEP, -STEP)
        )
        by_formula = [gradient[number]] if gradient is not None else []
        if gradient is None and differential is not None:
            unit = Point(points[wrt].sizes, [float(n == number) for n in range(len(columns))])
            by_formula = value(differential, {direction: unit})
        for place, (row, exact) in enumerate(zip(rows, by_formula, strict=True)):
            difference = (ahead[place] - behind[place]) / (2 * STEP)
            yield EntryAt(row, column, exact, difference)


def _moved(point: Point, place: int, by: float) -> Point:
    floats = list(point.floats)
    floats[place] += by
    return point._replace(floats=floats)


def _dims_of(names: Sequence[Leaf]) -> set[str]:
    return {dim for name in names for each in name.shape for dim in each.names}


def _sizes(names: Sequence[Leaf], at: At) -> dict[str, int]:
    """Give every dim a size: those of the values, those asked for, else one of its own."""
    known: dict[str, int] = {}
    for name in names:
        if name.name in at.values:
            _read_sizes(name, _shape_of(at.values[name.name]), known)
    for dim, size in at.sizes.items():
        if known.setdefault(dim, size) != size:
            raise NotEvaluated(f"{dim} is {size}, and {known[dim]} in the values")
    taken = set(known.values())
    for dim in (dim for name in names for each in name.shape for dim in each.names):
        if dim not in known:
            known[dim] = next(n for n in range(SMALLEST, len(taken) + 3) if n not in taken)
            taken.add(known[dim])
    return known


def _read_sizes(name: Leaf, shape: tuple[int, ...], known: dict[str, int]) -> None:
    if len(shape) != len(name.shape):
        raise NotEvaluated(
            f"`{name.name}` has {len(name.shape)} axes, and {len(shape)} in the values"
        )
    for dim, size in zip(name.shape, shape, strict=True):
        own = dim.only_name
        expected = dim.constant if own is None else known.setdefault(own, size)
        if expected is not None and expected != size:
            raise NotEvaluated(f"`{name.name}` has {size} entries along {dim}, which is {expected}")


def _sized(shape: Shape, sizes: Mapping[str, int]) -> tuple[int, ...]:
    def size(dim: Dim) -> int:
        return dim.size(sizes)

    return tuple(map(size, shape))


def _shape_of(numbers: Numbers) -> tuple[int, ...]:
    if not isinstance(numbers, Sequence):
        return ()
    inner = {_shape_of(each) for each in numbers}
    if len(inner) != 1:
        raise NotEvaluated("a list of the values is empty, or ragged")
    return (len(numbers), *inner.pop())


def _flat(numbers: Numbers) -> Iterator[float]:
    if isinstance(numbers, Sequence):
        for each in numbers:
            yield from _flat(each)
    else:
        yield float(numbers)
