"""The check by components: in floats, each entry of a gradient is what differences give."""

from random import Random

from shapecalc.verify.cases import ATTEMPTS, Case, drawn, symbols, trees_of, turned
from shapecalc.verify.evaluate import Evaluation, Point, Unsupported
from shapecalc.verify.field import NoValue
from shapecalc.verify.plans import Plans
from shapecalc.verify.standins import small_sizes

STEP = 1e-5
TOLERANCE = 1e-6


def error_by_components(case: Case) -> float:
    """Return the largest relative error of an entry against central differences, in floats.

    Raises Unsupported where no point has a value.
    """
    plans = Plans(small_sizes(symbols([*trees_of(case), case.value])[0]))
    for attempt in range(ATTEMPTS):
        random = Random(77 + attempt)
        try:
            world = drawn(case, plans, random, None, attempt)
            return _error_at(case, world)
        except NoValue:
            continue
    raise Unsupported("no point was found at which the equations have a value")


def _error_at(case: Case, world: Evaluation) -> float:
    value = world.values[case.value]
    _float_output(case, world, value)
    differences = []
    for place in range(len(value.floats)):
        ahead, behind = (
            _float_output(case, world, _moved(value, place, sign * STEP)) for sign in (1, -1)
        )
        differences.append((ahead - behind) / (2 * STEP))
    world.set(case.wrt, value)
    _float_output(case, world, value)
    formula = world.at(case.formula).floats
    if case.transposed:
        formula = turned(formula, world.size(case.formula.shape))
    scale = max(1.0, *(abs(entry) for entry in differences))
    return max(abs(a - b) for a, b in zip(formula, differences, strict=True)) / scale


def _moved(value: Point, place: int, by: float) -> Point:
    floats = list(value.floats)
    floats[place] += by
    return value._replace(floats=floats)


def _float_output(case: Case, world: Evaluation, value: Point) -> float:
    """Return the sum of upstream times output: the scalar whose derivatives are the gradient.

    An output with an upstream gradient keeps its value for the equations after it.
    """
    world.set(case.wrt, value)
    total = 0.0
    upstream = dict(case.upstream)
    for output, tree in case.equations:
        point = world.at(tree)._replace(sizes=world.size(output.shape))
        if output in upstream:
            gradient = upstream[output]
            entries = [1.0] if gradient is None else world.values[gradient].floats
            if case.transposed and gradient is not None:
                entries = turned(entries, world.size(gradient.shape))
            total += sum(a * b for a, b in zip(entries, point.floats, strict=True))
        if output not in upstream or output not in world.values:
            world.set(output, point)
    return total
