"""What is known of an op before it is applied: how its notation spends letters."""

from functools import cache

from shapecalc.ops.notation import read_formula
from shapecalc.ops.registry import OPS

OF_RANK = frozenset({"diag", "expand_dims", "squeeze"})
"""Ops whose letters are told by how many axes an operand has, and by their attributes."""


@cache
def is_by_letters(op: str) -> bool:
    """Say whether the letters of an op are those of its operands' axes, whatever their dims."""
    known = OPS[op]
    return op in OF_RANK or (isinstance(known.shape, str) and not callable(known.formula))


@cache
def has_conditions(op: str) -> bool:
    """Say whether an op's formula has deltas of forms, or masks; True where it is made as asked."""
    known = OPS[op]
    if not is_by_letters(op) or not isinstance(known.formula, str):
        return True
    formulas = known.formula.split(" | ")
    return any(term.conditions for formula in formulas for term in read_formula(formula))
