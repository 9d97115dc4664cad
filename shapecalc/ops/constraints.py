"""Deltas and masks of an op's formula, written in letters → the same of index labels."""

from collections.abc import Mapping

from shapecalc.conditions import Affine, Condition, Label, Mask, form
from shapecalc.index import UNIT, Term, tied
from shapecalc.ops.terms import BoundCondition, BoundTerm

Letters = Mapping[str, Label]


def constraints(pattern: BoundTerm, letters: Letters) -> Term:
    """Return 1 with the deltas and masks of a term, its letters being these labels."""
    if not pattern.deltas and not pattern.conditions:
        return UNIT
    deltas = tied(
        tuple(letters[left] for left, _ in pattern.deltas),
        tuple(letters[right] for _, right in pattern.deltas),
    )
    conditions = tuple(_condition(each, letters) for each in pattern.conditions)
    return UNIT._replace(deltas=deltas, conditions=conditions)


def _condition(given: BoundCondition, letters: Letters) -> Condition:
    held = form([(letters[letter], count) for letter, count in given.parts], given.offset)
    if given.left is None:
        return Mask(held)
    return Affine(letters[given.left], held, given.is_cyclic)
