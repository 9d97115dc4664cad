"""The check by components: in floats, each entry of a gradient is what differences give."""

from random import Random

from shapecalc.verify.cases import ATTEMPTS, Case, drawn, symbols, trees_of, turned
from shapecalc.verify.evaluate import Evaluation, Point, Unsupported
from shapecalc.verify.field import NoValue, parted
from shapecalc.verify.plans import Plans
from shapecalc.verify.standins import small_sizes

STEP = 1e-5
TOLERANCE = 1e-6
ENTRIES_AT_ONCE = 12  # more take no less time for each, and memory for all


def error_by_components(case: Case) -> float:
    """Return the largest relative error of an entry against central differences, in floats.

    Raises Unsupported where no point has a value.
    """
    plans = Plans(small_sizes(symbols([*trees_of(case), case.value])[0]))
    for attempt in range(ATTEMPTS):
        try:
            world = drawn(case, plans, {attempt: Random(77 + attempt)}, None)
            return _error_at(case, world)
        except NoValue:
            continue
    raise Unsupported("no point was found at which the equations have a value")


def _error_at(case: Case, drawn_at: Evaluation) -> float:
    count = len(drawn_at.values[case.value].floats)
    differences: list[float] = []
    formula: list[float] = []
    for first in range(0, count, ENTRIES_AT_ONCE):
        world = _moved(case, drawn_at, range(first, min(first + ENTRIES_AT_ONCE, count)))
        _, *totals = _float_outputs(case, world)
        pairs = zip(totals[::2], totals[1::2], strict=True)
        differences += [(ahead - behind) / (2 * STEP) for ahead, behind in pairs]
        formula = formula or list(parted(world.at(case.formula).floats, world.plans.points)[0])
    if case.transposed:
        formula = turned(formula, drawn_at.size(case.formula.shape))
    scale = max(1.0, *(abs(entry) for entry in differences))
    return max(abs(a - b) for a, b in zip(formula, differences, strict=True)) / scale


def _moved(case: Case, drawn_at: Evaluation, places: range) -> Evaluation:
    """Return one point where nothing is moved, then two for each entry: ahead and behind."""
    value = drawn_at.values[case.value].floats
    points = 1 + 2 * len(places)
    moved = value * points
    for number, place in enumerate(places):
        moved[(1 + 2 * number) * len(value) + place] += STEP
        moved[(2 + 2 * number) * len(value) + place] -= STEP
    values = {name: _repeated(point.floats, points) for name, point in drawn_at.values.items()}
    values[case.wrt] = Point((), moved)
    plans = Plans(drawn_at.plans.sizes, points)
    return Evaluation(plans.sizes, values, None, plans=plans)


def _repeated(floats: list[float], points: int) -> Point:
    return Point((), floats * points)


def _float_outputs(case: Case, world: Evaluation) -> list[float]:
    """Return the sum of upstream times output: the scalar whose derivatives are the gradient.

    That is a number for each point. An output with an upstream gradient keeps the value of the
    first point for the equations after it.
    """
    points = world.plans.points
    totals = [0.0] * points
    upstream = dict(case.upstream)
    for output, tree in case.equations:
        floats = world.at(tree).floats
        if output not in upstream:
            world.set(output, Point((), floats))
            continue
        gradient = upstream[output]
        entries = [1.0] * points if gradient is None else world.values[gradient].floats
        if case.transposed and gradient is not None:
            entries = turned(entries, world.size(gradient.shape), points)
        parts = parted([a * b for a, b in zip(entries, floats, strict=True)], points)
        totals = [total + sum(part) for total, part in zip(totals, parts, strict=True)]
        world.set(output, _repeated(floats[: len(floats) // points], points))
    return totals
