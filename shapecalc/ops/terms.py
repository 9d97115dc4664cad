"""A formula's terms at concrete operands: factors, deltas and masks, a letter for each axis."""

from fractions import Fraction
from typing import NamedTuple

from shapecalc.dims import ONE, Dim
from shapecalc.index import plain
from shapecalc.ops.binding import Bound, Letters, resolved
from shapecalc.ops.notation import ConditionPattern, FactorPattern, FormPart, TermPattern


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
    """One term of a formula at concrete operands; `sizes` are letters whose size divides it.

    `letters` are all that the term has, each once.
    """

    coefficient: Fraction
    factors: tuple[BoundFactor, ...]
    deltas: tuple[tuple[str, str], ...]
    sizes: tuple[str, ...]
    conditions: tuple[BoundCondition, ...]
    letters: tuple[str, ...]


def bound_term(bound: Bound, term: TermPattern, axis: str | None) -> BoundTerm:
    """Give a term the letters of concrete operands; `axis` is the op's axis letter, if any."""
    factors = tuple(_bound_factor(bound, factor, axis) for factor in term.factors)
    sizes = tuple(letter for size in term.sizes for letter in bound.dims if _is_of(letter, size))
    pairs = [
        (own, right + own.removeprefix(left))
        for left, right in term.deltas
        for own in bound.dims
        if _is_of(own, left) and not bound.dims[own].is_one
    ]
    deltas = tuple(pair for pair in pairs if _have_one_dim(bound, *pair))
    others = [
        ConditionPattern(left, (FormPart(1, (), right),))
        for left, right in pairs
        if (left, right) not in deltas
    ]
    conditions = tuple(
        _bound_condition(bound, each)
        for each in (*others, *term.conditions)
        if not each.left or not bound.dims[each.left].is_one
    )
    letters = [letter for factor in factors for letter in factor.letters if letter]
    letters += [letter for delta in deltas for letter in delta]
    letters += [letter for condition in conditions for letter in condition.letters]
    every = tuple(dict.fromkeys(letters))
    return BoundTerm(plain(term.coefficient), factors, deltas, sizes, conditions, every)


def _bound_factor(bound: Bound, factor: FactorPattern, axis: str | None) -> BoundFactor:
    names = [pattern.name for pattern in bound.signature.operands]
    place = names.index(factor.text) if factor.text in names else None
    whole = place is None and len(factor.letters) > 1 and axis is not None
    if place is not None or (whole and bound.signature.output.letters == ("...",)):
        owner, axes = bound.signature.operands[place or 0], bound.operands[place or 0]
    elif factor.text != "Y" and axis is None:
        return _factor_of_expression(bound, factor)
    else:
        owner, axes = bound.signature.output, bound.output
    letters = resolved(bound, owner, axes, factor.letters)
    return BoundFactor(place, factor.text, letters, plain(factor.power))


def _factor_of_expression(bound: Bound, factor: FactorPattern) -> BoundFactor:
    """Give letters to an expression of a stated Jacobian: `...` are the axes of the output's stack.

    An expression may have fewer axes in front than that, as one matrix for a stack has.
    """
    stack = bound.output[: len(bound.output) - len(bound.signature.output.own)]
    own = tuple(i for i in factor.letters if i != "...")
    front = stack if "..." in factor.letters else ()
    letters = (*front, *(None if bound.dims.get(i, ONE).is_one else i for i in own))
    return BoundFactor(None, factor.text, letters, factor.power)


def _have_one_dim(bound: Bound, left: str, right: str) -> bool:
    """Say whether a delta's letters run over one dim; a letter of no operand takes the other's."""
    return bound.dims.get(right, bound.dims[left]) == bound.dims[left]


def _bound_condition(bound: Bound, pattern: ConditionPattern) -> BoundCondition:
    parts: list[tuple[str, Dim]] = []
    offset = Dim.number(0)
    for part in pattern.form:
        count = Dim.number(part.times)
        for size in part.sizes:
            count *= bound.dims[size]
        if not part.letter:
            offset += count
        elif not bound.dims[part.letter].is_one:
            parts.append((part.letter, count))
    return BoundCondition(pattern.left or None, tuple(parts), offset, pattern.is_cyclic)


def _is_of(letter: str, family: str) -> bool:
    return letter == family or (letter.startswith(family) and letter.removeprefix(family).isdigit())
