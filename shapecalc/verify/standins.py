"""Stand-in sizes: a small number for every dim, so that no two dims can be taken for each other."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from math import prod

from shapecalc.dims import ONE, Count, Dim, Floor, unfloored
from shapecalc.verify.field import Unsupported

MOST_TRIES = 20_000
NO_SIZES = "no sizes were found at which all dims differ and are at least 1"
PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)


def stand_ins(
    dims: Iterable[Dim], literals: frozenset[int], assignment: int, *, least_work: bool = False
) -> dict[str, int]:
    """Give every name a prime, such that all dim expressions differ, and from the literals too.

    `2 + 3` would collide with 5, and a size of 2 with the 2 of `2 * X`. The second assignment
    gives every name another prime than the first. With `least_work`, and where quotients may leave
    a rest, any whole number will do that is no product of two literals. Raises Unsupported where no
    sizes are found, as for axes `n - m` and `m - n`.
    """
    every = tuple(dict.fromkeys(dims))
    names = [dim.only_name for dim in every if dim.only_name is not None]
    if len(names) < len(every):
        return dict(_both_stand_ins(every, literals, least_work)[assignment % 2])
    pair = _for_names(len(names), literals, least_work)
    return dict(zip(names, pair[assignment % 2], strict=True))


@lru_cache(maxsize=64)
def _for_names(
    count: int,
    literals: frozenset[int],
    least_work: bool,  # noqa: FBT001 (part of a key)
) -> tuple[tuple[int, ...], ...]:
    """Give sizes to so many plain names, whatever they are."""
    names = [Dim.named(str(number)) for number in range(count)]
    pair = _both_stand_ins(tuple(names), literals, least_work)
    return tuple(tuple(sizes[str(name)] for name in names) for sizes in pair)


@lru_cache(maxsize=16)
def _both_stand_ins(
    dims: tuple[Dim, ...],
    literals: frozenset[int],
    least_work: bool,  # noqa: FBT001 (part of a key)
) -> tuple[dict[str, int], ...]:
    parts = [part for dim in dims for part in _counts(dim)]
    counts = frozenset(n for part in parts for n in (abs(part.numerator), part.denominator))
    taken = literals | counts
    found = multiples(dims)
    wholes = [atom for dim in dims for atom in dim.atoms if isinstance(atom, Floor)]
    if least_work or wholes:
        with suppress(Unsupported):
            products = {one * other for one in literals for other in literals}
            return _Search(
                dims, found, taken | products, candidates=range(2, 1000), wholes=wholes
            ).both()
    try:
        return _Search(dims, found, taken).both()
    except Unsupported:
        return _Search(dims, found, taken, least=2 * max(counts, default=0)).both()


def _counts(dim: Dim) -> Iterator[Count]:
    """Yield the numbers that stand in a dim, those of whole parts of quotients too."""
    yield from (part for _, part in dim.terms)
    for atom in dim.atoms:
        if isinstance(atom, Floor):
            yield from (*_counts(atom.above), *_counts(atom.below))


def multiples(dims: Iterable[Dim]) -> dict[str, Dim]:
    """Return what each name is to be a multiple of, so that quotients divide; divisors come first.

    For `d/heads`, d is a multiple of heads. Raises Unsupported where none can be first, as for
    axes `a/b` and `b/a`.
    """
    divisors: dict[str, dict[Dim, None]] = {name: {} for dim in dims for name in dim.names}
    for dim in dims:
        for monomial, count in dim.terms if dim.has_divisor else ():
            divisor = Dim([(monomial, count)]).divisor
            above = next((name for name, power in monomial if power > 0), None)
            if above is not None and not isinstance(above, Floor):
                divisors[above][divisor] = None
            elif not divisor.is_one:
                raise Unsupported(NO_SIZES)
    ordered: dict[str, Dim] = {}
    while len(ordered) < len(divisors):
        ready = [
            name
            for name, known in divisors.items()
            if name not in ordered and all(n in ordered for each in known for n in each.names)
        ]
        if not ready:
            raise Unsupported(NO_SIZES)
        ordered.update({name: prod(divisors[name], start=ONE) for name in ready})
    return ordered


class _Search:
    """Tries primes for one name after the other, and goes back where none is left."""

    def __init__(
        self,
        dims: Iterable[Dim],
        multiples: Mapping[str, Dim],
        taken: frozenset[int],
        least: int = 0,
        candidates: Iterable[int] | None = None,
        wholes: Iterable[Floor] = (),
    ) -> None:
        self.dims = [(dim, frozenset(dim.names)) for dim in dims if dim.names]
        self.near = frozenset(_near_others([dim for dim, _ in self.dims]))
        self.fixed = [dim.size({}) for dim in dims if not dim.names]
        self.multiples = multiples
        self.wholes = [each for each in wholes if each.below.constant is not None]
        self.names = names = list(multiples)
        self.taken = taken
        every = _primes() if candidates is None else candidates
        free = (number for number in every if number not in taken and number >= least)
        self.primes = list(islice(free, 3 * len(names) + 12))
        self.tries = 0

    def both(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return two assignments. Raises Unsupported where none is found."""
        first = self.found({})
        return first, self.found(first)

    def found(self, other: dict[str, int]) -> dict[str, int]:
        """Return sizes that differ, for every name, from the other assignment's."""
        sizes: dict[str, int] = {}
        places = [-1]
        while len(sizes) < len(self.names):
            name = self.names[len(sizes)]
            place = self._next(name, places[-1] + 1, sizes, other)
            if place is None:
                places.pop()
                if not sizes:
                    raise Unsupported(NO_SIZES)
                sizes.popitem()
                continue
            places[-1] = place
            sizes[name] = self._size(name, place, sizes)
            places.append(-1)
        return sizes

    def _next(
        self, name: str, start: int, sizes: dict[str, int], other: dict[str, int]
    ) -> int | None:
        for place in range(start, len(self.primes)):
            size = self._size(name, place, sizes)
            if size in sizes.values() or _is_tied(name, size, sizes, other):
                continue
            if self._differ({**sizes, name: size}) and self._leaves_another(
                name, size, sizes, other
            ):
                return place
        return None

    def _leaves_another(
        self, name: str, size: int, sizes: Mapping[str, int], other: Mapping[str, int]
    ) -> bool:
        """Say whether quotients that are not whole leave another rest than at the other sizes."""
        found = {**sizes, name: size}
        return not other or all(
            (whole.above.size(found) - whole.above.size(other)) % whole.below.size({})
            for whole in self.wholes
            if name in whole.above.names and found.keys() >= set(whole.above.names)
        )

    def _size(self, name: str, place: int, sizes: Mapping[str, int]) -> int:
        return self.primes[place] * self.multiples[name].size(sizes)

    def _differ(self, sizes: dict[str, int]) -> bool:
        self.tries += 1
        if self.tries > MOST_TRIES:
            raise Unsupported(NO_SIZES)
        dims = [dim for dim, names in self.dims if names <= sizes.keys()]
        known = [dim.size(sizes) for dim in dims if dim not in self.near]
        return (
            len({*known, *self.fixed}) == len(known) + len(self.fixed)
            and not self.taken & set(known)
            and min((dim.size(sizes) for dim in dims), default=1) > 0
        )


def _near_others(dims: Sequence[Dim]) -> Iterator[Dim]:
    """Yield the dims that a rest alone tells from others: `2*floor(h/2)`, which may be h."""
    for place, dim in enumerate(dims):
        if any(isinstance(atom, Floor) for atom in dim.atoms):
            gaps = (unfloored(dim - other) for other in (*dims[:place], *dims[place + 1 :]))
            if any(gap is not None and gap.constant is not None for gap in gaps):
                yield dim


def _is_tied(name: str, prime: int, sizes: dict[str, int], other: dict[str, int]) -> bool:
    """Say whether a size, or its product or ratio with an earlier one, is the other assignment's.

    With h and m swapped, h·m would be one number at both, and 6/h could pass for m.
    """
    if name not in other:
        return False
    return other[name] == prime or any(
        size * prime == other[earlier] * other[name] or size * other[name] == other[earlier] * prime
        for earlier, size in sizes.items()
    )


def small_sizes(dims: Iterable[Dim]) -> dict[str, int]:
    """Give every name a small size of its own, 2, 3, 4, …: enough to tell axes apart.

    What is taken from another has the smaller one. Where that makes a difference of dims less than
    1, larger ones are looked for.
    """
    every = list(dims)
    if any(dim.has_divisor for dim in every):
        return stand_ins(every, frozenset(), 0, least_work=True)
    names = dict.fromkeys(name for dim in every for name in dim.names)
    differences = [dim for dim in every if any(count < 0 for _, count in dim.terms)]
    in_order = sorted(names, key=lambda name: _balance(name, differences))
    sizes = {name: size for size, name in enumerate(in_order, start=2)}
    if all(dim.size(sizes) > 0 for dim in every):
        return sizes
    return stand_ins(every, frozenset(), 0, least_work=True)


def _balance(name: str, differences: Iterable[Dim]) -> Count:
    """Say how often a name is in front of a minus, less how often it is behind one."""
    terms = (term for dim in differences for term in dim.terms)
    return sum(count for monomial, count in terms if any(atom == name for atom, _ in monomial))


def _primes() -> Iterator[int]:
    yield from PRIMES
    candidate = PRIMES[-1]
    while True:
        candidate += 2
        if all(candidate % prime for prime in range(3, int(candidate**0.5) + 1, 2)):
            yield candidate
