"""How trees are evaluated at fixed sizes: which entry meets which, worked out once."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from math import prod
from operator import mul
from typing import Any, NamedTuple

from shapecalc.dims import Dim, Shape
from shapecalc.ops.binding import Bound
from shapecalc.ops.build import defined
from shapecalc.ops.registry import OPS, BoundTerm
from shapecalc.tree import Call, Tree
from shapecalc.verify.arrays import Gather, Letters, Sizes, gather
from shapecalc.verify.field import P, Unsupported, inverse_of

POINT = "<point>"
"""The letter of the points, beside those of an op's axes."""

MOST_ENTRIES = 500_000
"""How many numbers an array may have, or be multiplied and summed to make one, at one point."""

_Lengths = dict[str | None, int]
"""How far each letter runs; an axis without one is of size 1."""


class TermPlan(NamedTuple):
    """One term of a formula: operands to whole powers, multiplied and summed, times a number.

    `gathers` pick of each factor the entries that meet, `summed` of them in each entry of the
    output; `scale` and `number` are the coefficient in floats and in the field.
    """

    operands: tuple[int, ...]
    powers: tuple[int, ...]
    gathers: tuple[Gather, ...]
    summed: int
    entries: int
    scale: float
    number: int

    def combined(self, arrays: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """Multiply entries of arrays, one for each factor, and add up."""
        if not arrays:
            return [1] * self.entries
        product = self.gathers[0](arrays[0])
        for pick, array in zip(self.gathers[1:], arrays[1:], strict=True):
            product = list(map(mul, product, pick(array)))
        if self.summed == 1:
            return product
        starts = range(0, len(product), self.summed)
        return [sum(product[start : start + self.summed]) for start in starts]

    def scaled(self, arrays: Sequence[Sequence[float]]) -> list[float]:
        """Evaluate in floats."""
        entries = self.combined(arrays)
        return list(entries) if self.scale == 1 else [self.scale * entry for entry in entries]

    def reduced(self, arrays: Sequence[Sequence[Any]]) -> list[Any]:
        """Evaluate in the field."""
        entries = self.combined(arrays)
        if self.number != 1:
            return [self.number * entry % P for entry in entries]
        if len(arrays) == 1 and self.summed == 1:
            return list(entries)
        return [entry % P for entry in entries]


class FormulaPlan(NamedTuple):
    """A formula at fixed sizes: its terms, and the sizes that come out."""

    terms: tuple[TermPlan, ...]
    sizes: Sizes


class SpreadPlan(NamedTuple):
    """Operands that broadcast: for each, what picks the entries that the output's entries take."""

    gathers: tuple[Gather, ...]
    sizes: Sizes


class Plans:
    """The plans of all trees at one assignment of sizes, for so many points at once.

    The points are an axis in front of every array: they differ in values, and share all else.
    """

    def __init__(self, sizes: Mapping[str, int], points: int = 1) -> None:
        self.sizes = sizes
        self.points = points
        self._formulas: dict[Call, FormulaPlan] = {}
        self._spreads: dict[Call, SpreadPlan] = {}
        self._definitions: dict[Call, Tree] = {}
        self._shapes: dict[Shape, Sizes] = {}

    def size(self, shape: Shape) -> Sizes:
        """Return the sizes of a shape."""
        found = self._shapes.get(shape)
        if found is None:
            found = tuple(dim.size(self.sizes) for dim in shape)
            _hold_to_limit(found)
            self._shapes[shape] = found
        return found

    def definition(self, tree: Call) -> Tree:
        """Return the definition that stands for an op."""
        found = self._definitions.get(tree)
        if found is None:
            found = defined(OPS[tree.op], tree.operands, tree.attributes)
            self._definitions[tree] = found
        return found

    def formula(self, tree: Call) -> FormulaPlan:
        """Plan an op that states a formula."""
        found = self._formulas.get(tree)
        if found is None:
            letters = _letters(tree)
            lengths = self._lengths(letters.dims)
            terms = tuple(self._term(term, lengths) for term in letters.terms)
            sizes = tuple(lengths[i] for i in letters.output)
            found = self._formulas[tree] = FormulaPlan(terms, sizes)
        return found

    def spread(self, tree: Call) -> SpreadPlan:
        """Plan an elementwise op."""
        found = self._spreads.get(tree)
        if found is None:
            bound = _bound(tree)
            lengths = self._lengths(bound.dims)
            order = (POINT, *(i for i in bound.output if i is not None))
            _hold_to_limit([lengths[i] for i in order if i != POINT])
            gathers = tuple(
                _gather((POINT, *own), (POINT, *own), order, lengths) for own in bound.operands
            )
            sizes = tuple(lengths[i] for i in bound.output)
            found = self._spreads[tree] = SpreadPlan(gathers, sizes)
        return found

    def _lengths(self, dims: Mapping[str, Dim]) -> _Lengths:
        found: _Lengths = {letter: dim.size(self.sizes) for letter, dim in dims.items()}
        return {**found, POINT: self.points, None: 1}

    def _term(self, term: "_TermLetters", lengths: _Lengths) -> TermPlan:
        below = prod(lengths[i] for i in term.below)
        under = inverse_of(term.coefficient.denominator * below)
        order = (*term.kept, *term.summed)
        _hold_to_limit([lengths[i] for i in order if i != POINT])
        return TermPlan(
            term.operands,
            term.powers,
            tuple(
                _gather(letters, own, order, lengths)
                for letters, own in zip(term.letters, term.own, strict=True)
            ),
            prod(lengths[i] for i in term.summed),
            prod(lengths[i] for i in term.kept),
            float(term.coefficient) / below,
            term.coefficient.numerator * under % P,
        )


class _TermLetters(NamedTuple):
    """What a term's plan is made from at any sizes: letters for every axis, the points first.

    `letters` are those that the term writes for each factor, `own` those of the operand that it is.
    """

    operands: tuple[int, ...]
    powers: tuple[int, ...]
    letters: tuple[Letters, ...]
    own: tuple[Letters, ...]
    kept: tuple[str, ...]
    summed: tuple[str, ...]
    below: tuple[str, ...]
    coefficient: Fraction


class _FormulaLetters(NamedTuple):
    """The letters of all terms of a formula, and the dims that they run over."""

    terms: tuple[_TermLetters, ...]
    output: Letters
    dims: Mapping[str, Dim]


@lru_cache(maxsize=1024)
def _letters(tree: Call) -> _FormulaLetters:
    bound = _bound(tree)
    terms = tuple(_term_letters(bound, term) for term in OPS[tree.op].terms(tree))
    return _FormulaLetters(terms, bound.output, bound.dims)


def _term_letters(bound: Bound, term: BoundTerm) -> _TermLetters:
    used = dict.fromkeys(i for factor in term.factors for i in factor.letters if i)
    operands = tuple(factor.operand or 0 for factor in term.factors)
    return _TermLetters(
        operands,
        tuple(int(factor.power) for factor in term.factors),
        tuple((POINT, *factor.letters) for factor in term.factors),
        tuple((POINT, *bound.operands[place]) for place in operands),
        (POINT, *(i for i in bound.output if i is not None)),
        tuple(i for i in used if i not in bound.output),
        term.sizes,
        term.coefficient,
    )


def _hold_to_limit(lengths: Sequence[int]) -> None:
    """Refuse what would take more memory than a check is worth."""
    count = prod(lengths)
    if count > MOST_ENTRIES:
        raise Unsupported(f"{count:,} entries are over the limit of {MOST_ENTRIES:,}")


def _gather(letters: Letters, own: Letters, order: tuple[str, ...], lengths: _Lengths) -> Gather:
    sizes = tuple(lengths[i] for i in own)
    return gather(letters, sizes, tuple((i, lengths[i]) for i in order))


def _bound(tree: Call) -> Bound:
    return OPS[tree.op].bound(tuple(each.shape for each in tree.operands), tree.attributes)
