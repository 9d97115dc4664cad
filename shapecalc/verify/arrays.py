"""Arrays of numbers in plain Python: flat lists with sizes, and sums of products over letters."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

Letters = tuple[str | None, ...]
Sizes = tuple[int, ...]


@lru_cache(maxsize=4096)
def offsets(
    letters: Letters,
    own: Sizes,
    output: tuple[str, ...],
    summed: tuple[str, ...],
    sizes: tuple[tuple[str, int], ...],
) -> tuple[tuple[int, ...], ...]:
    """Return where an array's entry lies, for each entry of the output and each of the sum."""
    size = dict(sizes)
    strides: dict[str, int] = {}
    step = 1
    for letter, length in zip(reversed(letters), reversed(own), strict=True):
        if letter is not None:
            strides[letter] = strides.get(letter, 0) + step
        step *= length
    outer = _sums([(size[i], strides.get(i, 0)) for i in output])
    inner = _sums([(size[i], strides.get(i, 0)) for i in summed])
    return tuple(tuple(base + extra for extra in inner) for base in outer)


def _sums(axes: list[tuple[int, int]]) -> list[int]:
    ranges = [
        range(0, length * stride, stride) if stride else [0] * length for length, stride in axes
    ]
    return [sum(place) for place in product(*ranges)]


def contract(
    factors: Sequence[tuple[Sequence[Any], Letters, Sizes]],
    output: Letters,
    sizes: Mapping[str, int],
) -> list[Any]:
    """Multiply arrays at their letters and add up over the letters that the output lacks."""
    kept = tuple(letter for letter in output if letter is not None)
    used = dict.fromkeys(letter for _, letters, _ in factors for letter in letters if letter)
    summed = tuple(letter for letter in used if letter not in kept)
    table = tuple((letter, sizes[letter]) for letter in (*kept, *summed))
    places = [offsets(letters, own, kept, summed, table) for _, letters, own in factors]
    if len(factors) == 1:
        ((a, _, _),) = factors
        return [sum([a[i] for i in row]) for row in places[0]]
    if len(factors) == 2:
        (a, _, _), (b, _, _) = factors
        return [
            sum([a[i] * b[j] for i, j in zip(left, right, strict=True)])
            for left, right in zip(*places, strict=True)
        ]
    arrays = [array for array, _, _ in factors]
    if not arrays:
        return [1] * prod(size for _, size in table)
    return [
        sum(
            prod(array[i] for array, i in zip(arrays, entry, strict=True))
            for entry in zip(*rows, strict=True)
        )
        for rows in zip(*places, strict=True)
    ]


def spread(
    array: Sequence[Any], letters: Letters, own: Sizes, output: Letters, sizes: Mapping[str, int]
) -> list[Any]:
    """Broadcast an array to the output's entries."""
    kept = tuple(letter for letter in output if letter is not None)
    table = tuple((letter, sizes[letter]) for letter in kept)
    return [array[row[0]] for row in offsets(letters, own, kept, (), table)]
