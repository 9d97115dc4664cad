"""Stand-in sizes: a small number for every dim, so that no two dims can be taken for each other."""

from collections.abc import Iterable, Iterator
from itertools import islice

from shapecalc.dims import Dim

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)


def stand_ins(dims: Iterable[Dim], literals: frozenset[int], assignment: int) -> dict[str, int]:
    """Give every name a prime, such that all dim expressions differ, and from the literals too.

    `2 + 3` would collide with 5, and a size of 2 with the 2 of `2 * X`. Different assignments give
    every name a different prime.
    """
    expressions = list(dict.fromkeys(dims))
    names = list(dict.fromkeys(name for dim in expressions for name in dim.names))
    sizes: dict[str, int] = {}
    usable = (prime for prime in _primes() if prime not in literals)
    ahead = list(islice(usable, 3 * len(names) + 8))
    if assignment % 2:
        ahead = _swapped(ahead)
    for name in names:
        for prime in ahead:
            if prime in sizes.values():
                continue
            sizes[name] = prime
            known = [dim.size(sizes) for dim in expressions if set(dim.names) <= sizes.keys()]
            if len(set(known)) == len(known) and not literals & set(known):
                break
    return sizes


def small_sizes(dims: Iterable[Dim]) -> dict[str, int]:
    """Give every name a small size of its own, 2, 3, 4, …: enough to tell axes apart entry by entry."""
    names = dict.fromkeys(name for dim in dims for name in dim.names)
    return {name: size for size, name in enumerate(names, start=2)}


def _primes() -> Iterator[int]:
    yield from PRIMES
    candidate = PRIMES[-1]
    while True:
        candidate += 2
        if all(candidate % prime for prime in range(3, int(candidate**0.5) + 1, 2)):
            yield candidate


def _swapped(primes: list[int]) -> list[int]:
    """Swap neighbours, so that the second assignment differs in every name and stays small."""
    pairs = [primes[i : i + 2][::-1] for i in range(0, len(primes), 2)]
    return [prime for pair in pairs for prime in pair]
