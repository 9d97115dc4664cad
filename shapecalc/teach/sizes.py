"""The dims of a step → small sizes to show it at, and others to check it at.

Where the Jacobian is small, no two dims have one size. Where that makes it too large, some have;
then the others tell apart what the first ones do not.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations, product
from math import prod

from shapecalc.dims import Dim, Shape
from shapecalc.verify.field import Unsupported
from shapecalc.verify.standins import small_sizes

PRIMES = (2, 3, 5, 7, 11, 13, 17)
SMALL_NUMBERS = (2, 3, 4, 5, 6, 7)
OTHER_PRIMES = (3, 5, 2, 11, 7, 17, 13)
MOST_ENTRIES = 2_500
LARGEST = 10_000
"""How many entries a Jacobian has at most: with sizes that differ, and where some are the same."""
MOST_TRIED = 3_000
MOST_CHECKED = 5

Sizes = dict[str, int]
Pair = tuple[Dim, Dim]


class NoSizes(Exception):
    """There are no small sizes at which a step can be shown: why."""


def sizes_of(dims: Sequence[Dim], shape: Shape) -> list[Sizes]:
    """Return the sizes to show a Jacobian of this shape at, then those to check it at.

    Raises NoSizes.
    """
    reason = ""
    found: list[Sizes] = []
    for ways in ((PRIMES, SMALL_NUMBERS), (OTHER_PRIMES, SMALL_NUMBERS[::-1])):
        for numbers in ways:
            try:
                own = _apart(dims, numbers)
            except Unsupported as unsupported:
                reason = str(unsupported)
                continue
            if count(shape, own) <= MOST_ENTRIES and own not in found:
                found.append(own)
                break
        else:
            break
    if len(found) < 2:
        found += [each for each in _close(dims, shape) if each not in found]
    if not found:
        raise NoSizes(reason or _too_large(dims, shape))
    return found


def spread(sizes: Sizes, dims: Sequence[Dim], mixed: Collection[Dim]) -> Sizes:
    """Give a dim along which entries mix, as in a softmax, 3 and not 2: 2 show too little."""
    two = next((str(dim) for dim in mixed if sizes.get(str(dim)) == 2), None)
    if two is None:
        return sizes
    swapped = {name: 2 if size == 3 else size for name, size in sizes.items()} | {two: 3}
    return swapped if are_apart(dims, swapped) else sizes


def count(shape: Shape, sizes: Mapping[str, int]) -> int:
    """Return how many entries an array of this shape has."""
    return prod(dim.size(sizes) for dim in shape)


def names_of(dims: Sequence[Dim]) -> list[str]:
    """Return the names in dims, each once."""
    return list(dict.fromkeys(name for dim in dims for name in dim.names))


def are_apart(dims: Sequence[Dim], sizes: Mapping[str, int]) -> bool:
    """Say whether all dims are whole and at least 1, and no two the same."""
    if not are_whole(dims, sizes):
        return False
    found = [dim.size(sizes) for dim in dims]
    return len(set(found)) == len(found)


def are_whole(dims: Sequence[Dim], sizes: Mapping[str, int]) -> bool:
    """Say whether all dims are whole and at least 1."""
    return all(dim.is_whole(sizes) and dim.size(sizes) > 0 for dim in dims)


def _apart(dims: Sequence[Dim], numbers: Sequence[int]) -> Sizes:
    """Give the dims numbers in the order of the Jacobian, or others where those fail."""
    names = names_of(dims)
    taken = {dim.constant for dim in dims}
    free = [each for each in numbers if each not in taken]
    if len(names) <= len(free):
        sizes = dict(zip(names, free, strict=False))
        if are_apart(dims, sizes):
            return sizes
    return small_sizes(dims)


# --- where a few dims have to be of one size ----------------------------------------------------


def _close(dims: Sequence[Dim], shape: Shape) -> list[Sizes]:
    """Return sizes at which few dims are the same, until each two of them differ in some."""
    counted = ((count(shape, each), each) for each in _tried(dims))
    tried: list[tuple[set[Pair], int, Sizes]] = [
        (_alike(dims, each), size, each) for size, each in counted if size <= LARGEST
    ]
    if not tried:
        return []
    left, _, shown = min(tried, key=lambda each: (1 + len(each[0])) * each[1])
    found = [shown]
    while left and len(found) < MOST_CHECKED:
        alike, _, best = min(tried, key=lambda each: (len(each[0] & left), each[1]))
        if alike >= left:
            break
        left &= alike
        found.append(best)
    return found


def _tried(dims: Sequence[Dim]) -> Iterator[Sizes]:
    names = names_of(dims)
    numbers = next(
        (n for n in ((2, 3, 4, 5), (2, 3, 4), (2, 3)) if len(n) ** len(names) <= MOST_TRIED), None
    )
    if numbers is None:
        return
    for each in product(numbers, repeat=len(names)):
        sizes = dict(zip(names, each, strict=True))
        if are_whole(dims, sizes):
            yield sizes


def _alike(dims: Sequence[Dim], sizes: Mapping[str, int]) -> set[Pair]:
    """Return the pairs of dims that have one size."""
    known = [(dim, dim.size(sizes)) for dim in dims]
    return {(one, other) for (one, a), (other, b) in combinations(known, 2) if a == b}


def _too_large(dims: Sequence[Dim], shape: Shape) -> str:
    least = min((count(shape, each) for each in _tried(dims)), default=None)
    if least is None:
        return "no small sizes were found at which its dims are whole"
    return f"its Jacobian has {least:,} entries at the smallest sizes, too many to be written out"
