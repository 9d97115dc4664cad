"""What is worked out once for a tree at fixed sizes: which entries meet, and how often."""

from collections.abc import Sequence
from operator import add, mul
from typing import Any, NamedTuple

from shapecalc.verify.arrays import Gather, Sizes
from shapecalc.verify.field import P
from shapecalc.verify.rows import SHORTEST, Contraction, Rows


class TermPlan(NamedTuple):
    """One term of a formula: operands to whole powers, multiplied and summed, times a number.

    `gathers` pick of each factor the entries that meet, `summed` of them in each entry of the
    output; `scale` and `number` are the coefficient in floats and in the field. `weights` are 0
    where nothing meets, None where something does everywhere; `is_raised`: some power is not 1.
    """

    operands: tuple[int, ...]
    powers: tuple[int, ...]
    gathers: tuple[Gather, ...]
    summed: int
    entries: int
    scale: float
    number: int
    weights: tuple[int, ...] | None = None
    rows: Rows | Contraction | None = None
    is_raised: bool = False

    def combined(self, arrays: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """Multiply entries of arrays, one for each factor, and add up."""
        if self.rows is not None:
            return self.rows.combined(arrays)
        if not arrays:
            return [1] * self.entries if self.weights is None else self._added_up(self.weights)
        product, *others = [pick(array) for pick, array in zip(self.gathers, arrays, strict=True)]
        for other in others:
            product = list(map(mul, product, other))
        if self.weights is not None:
            product = list(map(mul, self.weights, product))
        return product if self.summed == 1 else self._added_up(product)

    def _added_up(self, product: Sequence[Any]) -> Sequence[Any]:
        if self.summed < SHORTEST:
            total = product[:: self.summed]
            for start in range(1, self.summed):
                total = list(map(add, total, product[start :: self.summed]))
            return total
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


class ReductionPlan(NamedTuple):
    """An operand whose entries are taken in groups, each of which makes one entry."""

    gather: Gather
    group: int
    sizes: Sizes
