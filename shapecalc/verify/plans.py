"""How trees are evaluated at fixed sizes: which entry meets which, worked out once."""

from collections.abc import Mapping, Sequence
from math import prod
from operator import mul
from typing import Any, NamedTuple

from shapecalc.dims import Shape
from shapecalc.ops.binding import Bound
from shapecalc.ops.registry import OPS, BoundTerm
from shapecalc.tree import Call
from shapecalc.verify.arrays import Places, Sizes, offsets
from shapecalc.verify.field import P, inverse_of


class TermPlan(NamedTuple):
    """One term of a formula: operands to whole powers, multiplied and summed, times a number.

    `places` says of each factor which of its entries meet in each entry of the output; `scale` and
    `number` are the coefficient in floats and in the field.
    """

    operands: tuple[int, ...]
    powers: tuple[int, ...]
    places: tuple[Places, ...]
    is_sum: bool
    entries: int
    scale: float
    number: int

    def combined(self, arrays: Sequence[Sequence[Any]]) -> list[Any]:
        """Multiply entries of arrays, one for each factor, and add up."""
        if not arrays:
            return [1] * self.entries
        if not self.is_sum:
            return self._products(arrays)
        if len(arrays) == 1:
            get = arrays[0].__getitem__
            return [sum(map(get, row)) for row in self.places[0]]
        if len(arrays) == 2:
            first, second = (array.__getitem__ for array in arrays)
            return [
                sum(map(mul, map(first, left), map(second, right)))
                for left, right in zip(*self.places, strict=True)
            ]
        return [
            sum(prod(array[i] for array, i in zip(arrays, entry, strict=True)) for entry in entries)
            for entries in (zip(*rows, strict=True) for rows in zip(*self.places, strict=True))
        ]

    def _products(self, arrays: Sequence[Sequence[Any]]) -> list[Any]:
        """Multiply where no label is summed: each row of places is a single entry."""
        columns = [
            [array[i] for (i,) in places] for array, places in zip(arrays, self.places, strict=True)
        ]
        first = columns[0]
        for column in columns[1:]:
            first = list(map(mul, first, column))
        return first


class FormulaPlan(NamedTuple):
    """A formula at fixed sizes: its terms, and the sizes that come out."""

    terms: tuple[TermPlan, ...]
    sizes: Sizes


class SpreadPlan(NamedTuple):
    """Operands that broadcast: for each, which entry each entry of the output takes."""

    places: tuple[tuple[int, ...], ...]
    sizes: Sizes


class Plans:
    """The plans of all trees at one assignment of sizes."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self._formulas: dict[Call, FormulaPlan] = {}
        self._spreads: dict[Call, SpreadPlan] = {}
        self._shapes: dict[Shape, Sizes] = {}

    def size(self, shape: Shape) -> Sizes:
        """Return the sizes of a shape."""
        found = self._shapes.get(shape)
        if found is None:
            found = self._shapes[shape] = tuple(dim.size(self.sizes) for dim in shape)
        return found

    def formula(self, tree: Call) -> FormulaPlan:
        """Plan an op that states a formula."""
        found = self._formulas.get(tree)
        if found is None:
            bound = _bound(tree)
            terms = tuple(self._term(tree, bound, term) for term in OPS[tree.op].terms(tree))
            found = self._formulas[tree] = FormulaPlan(terms, self.size(bound.shape))
        return found

    def spread(self, tree: Call) -> SpreadPlan:
        """Plan an elementwise op."""
        found = self._spreads.get(tree)
        if found is None:
            bound = _bound(tree)
            letters = [i for i in bound.output if i is not None]
            places = tuple(
                tuple(place for (place,) in self._places(tree, bound, operand, own, letters, []))
                for operand, own in enumerate(bound.operands)
            )
            found = self._spreads[tree] = SpreadPlan(places, self.size(bound.shape))
        return found

    def _term(self, tree: Call, bound: Bound, term: BoundTerm) -> TermPlan:
        kept = [i for i in bound.output if i is not None]
        used = dict.fromkeys(i for factor in term.factors for i in factor.letters if i)
        summed = [i for i in used if i not in kept]
        below = prod(bound.dims[i].size(self.sizes) for i in term.sizes)
        coefficient = term.coefficient
        under = inverse_of(coefficient.denominator * below)
        return TermPlan(
            tuple(factor.operand or 0 for factor in term.factors),
            tuple(int(factor.power) for factor in term.factors),
            tuple(
                self._places(tree, bound, factor.operand or 0, factor.letters, kept, summed)
                for factor in term.factors
            ),
            bool(summed),
            prod(self.size(bound.shape)),
            float(coefficient) / below,
            coefficient.numerator * under % P,
        )

    def _places(
        self,
        tree: Call,
        bound: Bound,
        operand: int,
        letters: Sequence[str | None],
        kept: list[str],
        summed: list[str],
    ) -> Places:
        own = self.size(tree.operands[operand].shape)
        table = tuple((i, bound.dims[i].size(self.sizes)) for i in (*kept, *summed))
        return offsets(tuple(letters), own, tuple(kept), tuple(summed), table)


def _bound(tree: Call) -> Bound:
    return OPS[tree.op].bound(tuple(each.shape for each in tree.operands), tree.attributes)
