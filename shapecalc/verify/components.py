"""The check by components: in floats, each entry of a gradient is what differences give."""

from collections.abc import Sequence
from math import inf, isfinite
from random import Random
from typing import NamedTuple

from shapecalc.verify.cases import ATTEMPTS, Case, drawn, symbols_of, turned
from shapecalc.verify.evaluate import Evaluation, Point
from shapecalc.verify.field import NoValue, Unsupported, parted
from shapecalc.verify.plans import Plans
from shapecalc.verify.standins import small_sizes

STEP = 1e-5
OTHER_STEP = 3e-6
TOLERANCE = 1e-6
STEADY = TOLERANCE / 10
ROUNDING = 1e-15  # what a float of size 1 is off by, after a few operations
MOST_MOVES = (
    120  # at each, everything is evaluated; where there are more entries, a few move at once
)
MOVES_AT_ONCE = 12  # more take no less time for each, and memory for all
Move = Sequence[tuple[int, float]]
"""Entries that are moved together, each with its share of the step."""


def error_by_components(case: Case) -> float:
    """Return the largest relative error of an entry against central differences, in floats.

    Raises Unsupported where no point has a value, or differences say nothing: far too curved an
    equation, or far too large a value, has other differences at another step.
    """
    dims, _ = symbols_of(case)
    plans = Plans(small_sizes(dims))
    for attempt in range(ATTEMPTS):
        try:
            world = drawn(case, plans, {attempt: Random(77 + attempt)}, None)
            found = _compared(case, world, STEP)
            error = _relative(found.formula, found.differences)
            if error < TOLERANCE or _is_sure(found, _compared(case, world, OTHER_STEP)):
                return error
        except NoValue:
            continue
    raise Unsupported("no point was found at which differences say anything")


class _Compared(NamedTuple):
    """Each entry's difference, each entry of the formula, and what rounding adds to the former."""

    differences: list[float]
    formula: list[float]
    rounding: float


def _compared(case: Case, drawn_at: Evaluation, step: float) -> _Compared:
    moves = _moves(len(drawn_at.values[case.value].floats))
    formula: list[float] = []
    differences: list[float] = []
    largest = 0.0
    plans: dict[int, Plans] = {}
    for first in range(0, len(moves), MOVES_AT_ONCE):
        together = moves[first : first + MOVES_AT_ONCE]
        points = 1 + 2 * len(together)
        known = plans.setdefault(points, Plans(drawn_at.plans.sizes, points))
        world = _moved(case, drawn_at, together, step, known)
        _, *totals = _float_outputs(case, world)
        if not first:
            formula = _formula(case, drawn_at, world)
        largest = max(largest, *map(abs, totals))
        pairs = zip(totals[::2], totals[1::2], strict=True)
        differences += [(ahead - behind) / (2 * step) for ahead, behind in pairs]
    seen = [sum(share * formula[place] for place, share in move) for move in moves]
    return _Compared(differences, seen, ROUNDING * largest / step)


def _formula(case: Case, drawn_at: Evaluation, moved: Evaluation) -> list[float]:
    """Evaluate the formula where nothing is moved: at the first point of the moved ones."""
    values = {**drawn_at.values, case.wrt: drawn_at.values[case.value]}
    for output, _ in case.equations:
        floats = moved.values[output].floats
        values[output] = Point((), floats[: len(floats) // moved.plans.points])
    world = Evaluation(drawn_at.plans.sizes, values, None, plans=drawn_at.plans)
    found = world.at(case.formula).floats
    return turned(found, world.size(case.formula.shape)) if case.transposed else found


def _moves(count: int) -> Sequence[Move]:
    """Return which entries are moved at once: each alone, or of very many a few, each its own way.

    Every entry is in one move. With shares drawn at random, errors of two entries do not cancel.
    """
    if count <= MOST_MOVES:
        return [[(place, 1.0)] for place in range(count)]
    random = Random(count)
    order = random.sample(range(count), count)
    shares = [random.choice((-1, 1)) * random.uniform(0.5, 1) for _ in order]
    return [list(zip(order, shares, strict=True))[first::MOST_MOVES] for first in range(MOST_MOVES)]


def _is_sure(found: _Compared, other: _Compared) -> bool:
    """Say whether differences mean something: those over another step are the same."""
    scale = max(1.0, *(abs(entry) for entry in found.differences))
    is_exact = max(found.rounding, other.rounding) < TOLERANCE * scale
    return is_exact and _relative(other.differences, found.differences) < STEADY


def _relative(entries: list[float], differences: list[float]) -> float:
    """Return the largest error, to the largest difference; infinite where one is no number."""
    scale = max(1.0, *(abs(entry) for entry in differences))
    errors = [abs(a - b) / scale for a, b in zip(entries, differences, strict=True)]
    return max(errors) if all(map(isfinite, errors)) else inf


def _moved(
    case: Case, drawn_at: Evaluation, moves: Sequence[Move], step: float, plans: Plans
) -> Evaluation:
    """Return one point where nothing is moved, then two for each move: ahead and behind."""
    value = drawn_at.values[case.value].floats
    points = plans.points
    moved = value * points
    for number, move in enumerate(moves):
        for place, share in move:
            moved[(1 + 2 * number) * len(value) + place] += share * step
            moved[(2 + 2 * number) * len(value) + place] -= share * step
    values = {name: _repeated(point.floats, points) for name, point in drawn_at.values.items()}
    values[case.wrt] = Point((), moved)
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
