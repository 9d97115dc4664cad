"""Two arrays of which rows of entries meet, as in a product: each row is gathered once.

Row after row multiplied and added up: many entries of the output have one of the rows in common.
"""

from collections.abc import Callable, Sequence
from math import prod
from operator import itemgetter, mul
from typing import Any

from shapecalc.verify.arrays import Gather, Letters, Order, Sizes, gather

Row = tuple[int, ...]
SHORTEST = 4
"""How many entries rows have at least, for it to be worth while."""


class Rows:
    """For every entry of an output the rows of two arrays that meet in it, at so many points."""

    __slots__ = ("pairs", "picked", "steps")

    def __init__(self, places: Sequence[Sequence[list[int]]], steps: Sequence[int]) -> None:
        self.steps = steps
        numbers: tuple[dict[Row, int], ...] = ({}, {})
        rows = [map(tuple, each) for each in places]
        self.pairs = [
            tuple(
                known.setdefault(row, len(known)) for known, row in zip(numbers, both, strict=True)
            )
            for both in zip(*rows, strict=True)
        ]
        self.picked = [[_picker(row) for row in known] for known in numbers]

    def combined(self, arrays: Sequence[Sequence[Any]]) -> list[Any]:
        """Multiply and add up, point after point."""
        found: list[Any] = []
        for point in range(len(arrays[0]) // self.steps[0]):
            parts = (
                array[point * step : (point + 1) * step]
                for array, step in zip(arrays, self.steps, strict=True)
            )
            first, second = (
                [pick(part) for pick in picked]
                for part, picked in zip(parts, self.picked, strict=True)
            )
            found += [sum(map(mul, first[one], second[other])) for one, other in self.pairs]
        return found


class Contraction:
    """Two arrays of which rows meet as in a product of matrices: letters say which.

    `summed` run along the rows; every row of either array is picked once, by its kept letters.
    """

    __slots__ = ("length", "pairs", "picks")

    def __init__(
        self,
        letters: Sequence[Letters],
        own: Sequence[Sizes],
        kept: Order,
        summed: Order,
    ) -> None:
        self.length = prod(size for _, size in summed)
        self.picks: list[Gather] = []
        numbers: list[Sequence[int]] = []
        for each, sizes in zip(letters, own, strict=True):
            order = tuple((letter, size) for letter, size in kept if letter in each)
            self.picks.append(gather(each, sizes, (*order, *summed)))
            names, lengths = zip(*order, strict=True)
            numbers.append(gather(names, lengths, kept)(range(prod(lengths))))
        self.pairs = list(zip(*numbers, strict=True))

    def combined(self, arrays: Sequence[Sequence[Any]]) -> list[Any]:
        """Multiply rows and add up, for every entry of the output."""
        first, second = (
            self._rows(pick(array)) for pick, array in zip(self.picks, arrays, strict=True)
        )
        return [sum(map(mul, first[one], second[other])) for one, other in self.pairs]

    def _rows(self, entries: Sequence[Any]) -> list[Sequence[Any]]:
        return [entries[at : at + self.length] for at in range(0, len(entries), self.length)]


def _picker(row: Row) -> Callable[[Sequence[Any]], Sequence[Any]]:
    if len(row) < 2:
        return lambda array: tuple(array[place] for place in row)
    return itemgetter(*row)
