"""Entries that are compared and equal: there no derivative is the right one."""

from enum import Enum
from random import Random

from shapecalc.verify.cases import ATTEMPTS, Case, drawn, symbols, trees_of
from shapecalc.verify.field import NoValue
from shapecalc.verify.plans import Plans
from shapecalc.verify.standins import small_sizes

POINTS = 20


class Ties(Enum):
    """Whether entries that are compared are equal, at points that are drawn at random."""

    NEVER = 0
    SOMETIMES = 1
    ALWAYS = 2


def ties(case: Case) -> Ties:
    """Say whether entries that are compared are equal at a first point, or at one of some more.

    Two different functions of what is drawn hardly ever are. So they are equal everywhere, as in
    `max(stack([b, b]), axis=0)`, or where both are one entry, as in `max(minimum(X, s))`.
    """
    dims, _ = symbols([*trees_of(case), case.value], dict(case.equations))
    plans = Plans(small_sizes(dims))
    found: list[bool] = []
    for attempt in range(ATTEMPTS):
        try:
            world = drawn(case, plans, {attempt: Random(177 + attempt)}, None)
            for output, tree in case.equations:
                world.set(output, world.at(tree))
        except NoValue:
            continue
        found.append(world.has_ties)
        if len(found) == POINTS:
            break
    if not any(found):
        return Ties.NEVER
    return Ties.ALWAYS if found[0] else Ties.SOMETIMES
