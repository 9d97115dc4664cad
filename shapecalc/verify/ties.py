"""Entries that are compared and equal at every value: there no derivative is the right one."""

from random import Random

from shapecalc.verify.cases import ATTEMPTS, Case, drawn, symbols, trees_of
from shapecalc.verify.field import NoValue
from shapecalc.verify.plans import Plans
from shapecalc.verify.standins import small_sizes


def has_ties(case: Case) -> bool:
    """Say whether entries that are compared are equal at a point drawn at random.

    Two different functions of what is drawn hardly ever are, so that these are equal everywhere:
    `max(stack([b, b]), axis=0)`, `clip(X, b, b)`.
    """
    dims, _ = symbols([*trees_of(case), case.value], dict(case.equations))
    plans = Plans(small_sizes(dims))
    for attempt in range(ATTEMPTS):
        try:
            world = drawn(case, plans, {attempt: Random(177 + attempt)}, None)
            for output, tree in case.equations:
                world.set(output, world.at(tree))
        except NoValue:
            continue
        return world.has_ties
    return False
