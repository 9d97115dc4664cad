"""Arrays of numbers in plain Python are flat lists; this finds their entries by letters."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from operator import itemgetter
from typing import Any

Letters = tuple[str | None, ...]
Sizes = tuple[int, ...]
Order = tuple[tuple[str, int], ...]
"""Letters with their sizes, the last running fastest."""
Gather = Callable[[Sequence[Any]], Sequence[Any]]
"""Picks the entries of an array in the order in which they are met."""


SMALL = 1_000
"""As many entries as take little memory: what picks them is kept for long."""


def gather(letters: Letters, own: Sizes, order: Order) -> Gather:
    """Return what picks an array's entries while letters, with their sizes, run in an order."""
    is_small = prod([size for _, size in order]) <= SMALL
    return _kept_for_long(letters, own, order) if is_small else _kept(letters, own, order)


def _gather(letters: Letters, own: Sizes, order: Order) -> Gather:
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


_kept = lru_cache(maxsize=128)(_gather)
_kept_for_long = lru_cache(maxsize=2048)(_gather)


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
