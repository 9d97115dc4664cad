"""The check by algebra: a formula multiplied out is the contraction that it was read from."""

from shapecalc.index import Labels, Sum
from shapecalc.tree import Tree
from shapecalc.verify.expansion import Undecided, expanded, same


def agrees_by_algebra(formula: Tree, terms: Sum, free: Labels) -> bool | None:
    """Compare a formula, multiplied out, with the contraction; None where that cannot tell."""
    try:
        return same(expanded(formula, free), terms, free)
    except Undecided:
        return None
