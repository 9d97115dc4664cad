"""Arrays of numbers in plain Python are flat lists; this finds their entries by letters."""

from functools import lru_cache
from itertools import product

Letters = tuple[str | None, ...]
Sizes = tuple[int, ...]
Places = tuple[tuple[int, ...], ...]
"""For each entry of an output, which entries of an array take part in it."""


@lru_cache(maxsize=512)
def offsets(
    letters: Letters,
    own: Sizes,
    output: tuple[str, ...],
    summed: tuple[str, ...],
    sizes: tuple[tuple[str, int], ...],
) -> Places:
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
