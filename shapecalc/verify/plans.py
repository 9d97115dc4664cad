"""How trees are evaluated at fixed sizes: which entry meets which, worked out once."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import NamedTuple

from shapecalc.dims import ONE, Dim, Shape
from shapecalc.ops.binding import Bound
from shapecalc.ops.build import defined
from shapecalc.ops.registry import OPS
from shapecalc.ops.terms import BoundCondition, BoundTerm
from shapecalc.tree import Attribute, Attributes, Call, Leaf, Tree, call, leaf
from shapecalc.verify.arrays import Gather, Letters, Sizes, gather, picker
from shapecalc.verify.by_letters import is_by_letters
from shapecalc.verify.field import P, Unsupported, inverse_of
from shapecalc.verify.places import Rule, meeting, places
from shapecalc.verify.planned import FormulaPlan, ReductionPlan, SpreadPlan, TermPlan
from shapecalc.verify.rows import SHORTEST, Contraction, Rows

POINT = "<point>"
"""The letter of the points, beside those of an op's axes."""

MOST_ENTRIES = 500_000
"""How many numbers an array may have, or be multiplied and summed to make one, at one point."""

SMALL = 4_000
"""For how many products of entries a plan is kept for other expressions."""

MOST_MEETINGS = 150_000
"""The same, where it is listed which entries meet."""

_Lengths = dict[str | None, int]
"""How far each letter runs; an axis without one is of size 1."""


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
        self._odd: set[Shape] = set()  # with an axis of size 1 that does not broadcast

    def size(self, shape: Shape) -> Sizes:
        """Return the sizes of a shape."""
        found = self._shapes.get(shape)
        if found is None:
            found = tuple([dim.size(self.sizes) for dim in shape])
            _hold_to_limit(found)
            self._shapes[shape] = found
            if 1 in found and any(
                n == 1 and not dim.is_one for n, dim in zip(found, shape, strict=True)
            ):
                self._odd.add(shape)
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
            own = self._small(tree)
            if own is None:
                found = self._formula(tree)
            else:
                found = _small_formula(tree.op, tree.attributes, own, self.points)
            self._formulas[tree] = found
        return found

    def _formula(self, tree: Call) -> FormulaPlan:
        letters = _letters(tree)
        lengths = self._lengths(letters.dims)
        terms = tuple(self._term(term, lengths) for term in letters.terms)
        return FormulaPlan(terms, tuple(lengths[i] for i in letters.output))

    def spread(self, tree: Call) -> SpreadPlan:
        """Plan an elementwise op."""
        found = self._spreads.get(tree)
        if found is None:
            own = self._small(tree)
            if own is None:
                found = self._spread(tree)
            else:
                found = _small_spread(tree.op, tree.attributes, own, self.points)
            self._spreads[tree] = found
        return found

    def _spread(self, tree: Call) -> SpreadPlan:
        bound = _bound(tree)
        lengths = self._lengths(bound.dims)
        order = (POINT, *(i for i in bound.output if i is not None))
        _hold_to_limit([lengths[i] for i in order if i != POINT])
        gathers = tuple(
            _gather((POINT, *own), (POINT, *own), order, lengths) for own in bound.operands
        )
        return SpreadPlan(gathers, tuple(lengths[i] for i in bound.output))

    def _small(self, tree: Call) -> tuple[Sizes, ...] | None:
        """Return the operands' sizes where a plan depends on nothing else, and they are few."""
        if not is_by_letters(tree.op) or (tree.attributes and _hold_dims(tree.attributes)):
            return None
        sizes = tuple([self.size(operand.shape) for operand in tree.operands])
        if self._odd and any(operand.shape in self._odd for operand in tree.operands):
            return None
        return sizes if self.points * prod(map(prod, sizes)) <= SMALL else None

    def reduction(self, tree: Call) -> ReductionPlan:
        """Plan an op that takes entries along axes together."""
        bound = _bound(tree)
        (own,) = bound.operands
        lengths = self._lengths(bound.dims)
        kept = (POINT, *(i for i in bound.output if i is not None))
        taken = tuple(i for i in own if i is not None and i not in kept)
        pick = _gather((POINT, *own), (POINT, *own), (*kept, *taken), lengths)
        sizes = tuple(lengths[i] for i in bound.output)
        return ReductionPlan(pick, prod(lengths[i] for i in taken), sizes)

    def _lengths(self, dims: Mapping[str, Dim]) -> _Lengths:
        found: _Lengths = {letter: dim.size(self.sizes) for letter, dim in dims.items()}
        return {**found, POINT: self.points, None: 1}

    def _term(self, term: "_TermLetters", lengths: _Lengths) -> TermPlan:
        if term.rules:
            return self._held_term(term, lengths)
        below = prod(lengths[i] for i in term.below)
        under = inverse_of(term.coefficient.denominator * below)
        order = (*term.kept, *term.summed)
        _hold_to_limit([lengths[i] for i in order if i != POINT])
        width = prod(lengths[i] for i in term.summed)
        rows = self._contraction(term, lengths) if width >= SHORTEST else None
        return TermPlan(
            term.operands,
            term.powers,
            tuple(
                _gather(letters, own, order, lengths)
                for letters, own in zip(
                    term.letters, term.own if rows is None else (), strict=False
                )
            ),
            width,
            prod(lengths[i] for i in term.kept),
            float(term.coefficient) / below,
            term.coefficient.numerator * under % P,
            rows=rows,
            is_raised=term.is_raised,
        )

    def _contraction(self, term: "_TermLetters", lengths: _Lengths) -> Contraction | None:
        """Plan a product of two operands with a sum, as a product of matrices is."""
        if len(term.own) != 2:
            return None
        kept, summed = (
            tuple((i, lengths[i]) for i in letters) for letters in (term.kept, term.summed)
        )
        sizes = [tuple(lengths[i] for i in own) for own in term.own]
        return Contraction(term.letters, sizes, kept, summed)

    def _held_term(self, term: "_TermLetters", lengths: _Lengths) -> TermPlan:
        """Plan a term with deltas or masks: only some entries meet."""
        kept = tuple((i, lengths[i]) for i in term.kept if i != POINT)
        summed = tuple((i, lengths[i]) for i in term.summed)
        _hold_to_limit([length for _, length in kept])
        blocks = meeting(kept, summed, [each.at(self.sizes) for each in term.rules])
        _hold_to_limit([sum(map(len, block.groups)) for block in blocks], MOST_MEETINGS)
        below = prod(lengths[i] for i in term.below)
        found = [
            places(blocks, _strides(letters, own, lengths))
            for letters, own in zip(term.letters, term.own, strict=True)
        ] or [places(blocks, {})]
        if len(found[0]) != prod(length for _, length in kept):
            raise Unsupported("at the sizes tried, a window leaves what it slides along")
        width = max(1, *map(len, found[0]))
        steps = [prod(lengths[i] for i in own) // self.points for own in term.own]
        rows = Rows(found, steps) if len(steps) == 2 and width >= SHORTEST else None
        return TermPlan(
            term.operands,
            term.powers,
            tuple(
                self._picked(each, width, prod(lengths[i] for i in own))
                for each, own in zip(found, term.own if rows is None else (), strict=False)
            ),
            width,
            self.points * len(found[0]),
            float(term.coefficient) / below,
            term.coefficient.numerator * inverse_of(term.coefficient.denominator * below) % P,
            None if rows else _weights(found[0], width, self.points),
            rows,
            term.is_raised,
        )

    def _picked(self, entries: list[list[int]], width: int, count: int) -> Gather:
        """Return what picks of an array the entries that meet, point after point."""
        one = [at for each in entries for at in (*each, *[0] * (width - len(each)))]
        step = count // self.points
        starts = range(0, count, step)
        return picker([start + at for start in starts for at in one], count)


@lru_cache(maxsize=1024)
def _small_formula(
    op: str, attributes: Attributes, sizes: tuple[Sizes, ...], points: int
) -> FormulaPlan:
    """Plan a formula once for all trees whose operands have these sizes."""
    return Plans({}, points)._formula(_at_numbers(op, attributes, sizes))  # noqa: SLF001 (of this module)


@lru_cache(maxsize=1024)
def _small_spread(
    op: str, attributes: Attributes, sizes: tuple[Sizes, ...], points: int
) -> SpreadPlan:
    return Plans({}, points)._spread(_at_numbers(op, attributes, sizes))  # noqa: SLF001 (of this module)


def _at_numbers(op: str, attributes: Attributes, sizes: tuple[Sizes, ...]) -> Call:
    """Return an op applied to names that have numbers for dims; its own shape is not asked."""
    shapes = (tuple(map(Dim.number, own)) for own in sizes)
    names = tuple(leaf(f"<{place}>", shape) for place, shape in enumerate(shapes))
    return call(op, names, attributes, ())


def _hold_dims(attributes: Attributes) -> bool:
    return any(_is_of_dims(value) for _, value in attributes)


def _is_of_dims(value: Attribute) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_of_dims, value))
    return isinstance(value, Dim | Leaf)


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
    rules: tuple["_Rule", ...]

    @property
    def is_raised(self) -> bool:
        """Say whether some power is not 1."""
        return any(power != 1 for power in self.powers)


class _Rule(NamedTuple):
    """A delta or a mask of a term, and the dim that it counts around, where it does."""

    condition: BoundCondition
    around: Dim | None = None

    def at(self, sizes: Mapping[str, int]) -> Rule:
        """Return the rule at fixed sizes."""
        left, parts, offset, _ = self.condition
        counts = tuple((letter, count.size(sizes)) for letter, count in parts)
        modulus = 0 if self.around is None else self.around.size(sizes)
        return Rule(left, counts, offset.size(sizes), modulus)


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
    used = dict.fromkeys(term.letters)
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
        tuple(_rules(bound, term)),
    )


def _rules(bound: Bound, term: BoundTerm) -> Iterator[_Rule]:
    for left, right in term.deltas:
        yield _Rule(BoundCondition(left, ((right, ONE),), Dim.number(0)))
    for each in term.conditions:
        around = bound.dims[each.left] if each.is_cyclic and each.left is not None else None
        yield _Rule(each, around)


def _hold_to_limit(lengths: Sequence[int], limit: int = MOST_ENTRIES) -> None:
    """Refuse what would take more memory than a check is worth."""
    count = prod(lengths)
    if count > limit:
        raise Unsupported(f"{count:,} entries are over the limit of {limit:,}")


def _gather(letters: Letters, own: Letters, order: tuple[str, ...], lengths: _Lengths) -> Gather:
    sizes = tuple(lengths[i] for i in own)
    return gather(letters, sizes, tuple((i, lengths[i]) for i in order))


def _strides(letters: Letters, own: Letters, lengths: _Lengths) -> dict[str, int]:
    """Return how far apart in an array the entries are of which a letter differs by 1."""
    strides: dict[str, int] = {}
    step = 1
    for letter, axis in zip(reversed(letters[1:]), reversed(own[1:]), strict=True):
        if letter is not None:
            strides[letter] = strides.get(letter, 0) + step
        step *= lengths[axis]
    return strides


def _weights(entries: list[list[int]], width: int, points: int) -> tuple[int, ...] | None:
    """Return 1 where entries meet and 0 for what fills up; None where nothing fills up."""
    if all(len(each) == width for each in entries):
        return None
    one = [weight for each in entries for weight in (1,) * len(each) + (0,) * (width - len(each))]
    return tuple(one) * points


def _bound(tree: Call) -> Bound:
    return OPS[tree.op].bound(tuple(each.shape for each in tree.operands), tree.attributes)
