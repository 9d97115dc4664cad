"""Arrays of numbers in plain Python are flat lists; this finds their entries by letters."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

Letters = tuple[str | None, ...]
Sizes = tuple[int, ...]
Order = tuple[tuple[str, int], ...]
"""Letters with their sizes, the last running fastest."""
Gather = Callable[[Sequence[Any]], Sequence[Any]]
"""Picks the entries of an array in the order in which they are met."""


@lru_cache(maxsize=128)
def gather(letters: Letters, own: Sizes, order: Order) -> Gather:
    """Return what picks an array's entries while letters, with their sizes, run in an order."""
    strides: dict[str, int] = {}
    step = 1
    for letter, length in zip(reversed(letters), reversed(own), strict=True):
        if letter is not None:
            strides[letter] = strides.get(letter, 0) + step
        step *= length
    places = [0]
    for letter, length in order:
        stride = strides.get(letter, 0)
        moves = range(0, length * stride, stride) if stride else [0] * length
        places = [place + move for place in places for move in moves]
    return picker(places, step)


def picker(places: list[int], count: int) -> Gather:
    """Return what picks the entries at some places of an array of so many."""
    if places == list(range(count)):
        return _as_they_stand
    if len(places) == 1:
        (place,) = places
        return lambda array: (array[place],)
    return itemgetter(*places)


def _as_they_stand(array: Sequence[Any]) -> Sequence[Any]:
    return array
