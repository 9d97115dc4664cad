"""A formula's terms at concrete operands: factors, deltas and masks, a letter for each axis."""

from fractions import Fraction
from typing import NamedTuple

from shapecalc.dims import ONE, Dim
from shapecalc.ops.binding import Bound, Letters
from shapecalc.ops.notation import FactorPattern


class BoundFactor(NamedTuple):
    """A factor of a formula at concrete operands: which one (None: an expression), its letters."""

    operand: int | None
    text: str
    letters: Letters
    power: Fraction


class BoundCondition(NamedTuple):
    """`δ[left, Σ dim · letter + offset]`; without a left letter the mask that the form is >= 0."""

    left: str | None
    parts: tuple[tuple[str, Dim], ...]
    offset: Dim
    is_cyclic: bool = False

    @property
    def letters(self) -> tuple[str, ...]:
        """Return the letters of the condition."""
        return (*(each for each in (self.left,) if each), *(letter for letter, _ in self.parts))


class BoundTerm(NamedTuple):
    """One term of a formula at concrete operands; `sizes` are letters whose size divides it."""

    coefficient: Fraction
    factors: tuple[BoundFactor, ...]
    deltas: tuple[tuple[str, str], ...]
    sizes: tuple[str, ...]
    conditions: tuple[BoundCondition, ...] = ()

    @property
    def letters(self) -> tuple[str, ...]:
        """Return every letter that the term has, each once."""
        found = [letter for factor in self.factors for letter in factor.letters if letter]
        found += [letter for delta in self.deltas for letter in delta]
        found += [letter for condition in self.conditions for letter in condition.letters]
        return tuple(dict.fromkeys(found))


def factor_of_expression(bound: Bound, factor: FactorPattern) -> BoundFactor:
    """Give letters to an expression of a stated Jacobian: `...` are the axes of the output's stack.

    An expression may have fewer axes in front than that, as one matrix for a stack has.
    """
    stack = bound.output[: len(bound.output) - len(bound.signature.output.own)]
    own = tuple(i for i in factor.letters if i != "...")
    front = stack if "..." in factor.letters else ()
    letters = (*front, *(None if bound.dims.get(i, ONE).is_one else i for i in own))
    return BoundFactor(None, factor.text, letters, factor.power)
