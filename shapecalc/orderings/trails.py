"""Arrangements of factors as trails: dims are vertices, factors are edges, a transpose turns one.

Works on numbers alone: which factor, turned or not, between which vertices. No name and no size
gets here, so nothing found here can depend on one.

An arrangement is multiplied from the left, as Python does it. With a 1-D value v in it,
`M1 @ … @ Mi @ v @ Mj @ …`, it is the trail that starts at v, goes back over Mi … M1 and on over Mj:
v @ Mi.T @ … @ M1.T @ Mj @ …, cut anywhere. So trails are all that there is to search.
"""

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from itertools import permutations, product
from typing import NamedTuple

Letter = tuple[int, bool]
"""Which factor, and whether it is transposed; a 1-D value never is."""

Word = tuple[Letter, ...]
Ends = tuple[tuple[int, ...], ...]
"""For each factor the vertices of its axes, untransposed; two for a matrix, one for a 1-D value."""

UNIT = 0
"""The vertex of the literal 1. It has no label: what meets there may meet in another way too."""


class Chain(NamedTuple):
    """A product: the formula's own arrangement of factors, which lie between vertices."""

    word: Word
    ends: Ends

    @property
    def vectors(self) -> int:
        """Count the 1-D values: none, one, or two, since each ends the chain on one side."""
        return sum(len(self.ends[kind]) == 1 for kind, _ in self.word)

    @property
    def trail(self) -> Word:
        """Return the formula's own trail."""
        return trail_of(self.word, self.ends)


class Value(NamedTuple):
    """What a trail is worth: equal for two trails exactly if they are equal for all entries.

    The pieces between unit vertices are scalars, whose order and direction do not matter, but for
    the one that holds the row of the result and the one that holds its column.
    """

    head: Word | None
    scalars: tuple[Word, ...]
    tail: Word | None


def reverse(word: Word, ends: Sequence[Sequence[object]]) -> Word:
    """Transpose a product. Source: (AB)ᵀ = BᵀAᵀ."""
    return tuple((kind, len(ends[kind]) == 2 and not turned) for kind, turned in reversed(word))


def trail_of(word: Word, ends: Sequence[Sequence[object]]) -> Word:
    """Return the trail of an arrangement: the same word, but where a 1-D value comes later."""
    for place, letter in enumerate(word):
        if len(ends[letter[0]]) == 1:
            return (letter, *reverse(word[:place], ends), *word[place + 1 :])
    return word


def words_of(trail: Word, chain: Chain) -> Iterator[Word]:
    """Yield the arrangements of a trail, one for each place at which its 1-D start may stand.

    The first has it where the formula has its first 1-D value.
    """
    ends = chain.ends
    if len(ends[trail[0][0]]) == 2:
        yield trail
        return
    own = next(place for place, (kind, _) in enumerate(chain.word) if len(ends[kind]) == 1)
    matrices = len(chain.word) - chain.vectors
    for place in (own, *(each for each in range(matrices + 1) if each != own)):
        yield (*reverse(trail[1 : place + 1], ends), trail[0], *trail[place + 1 :])


def multiplied(word: Word, ends: Ends) -> tuple[list[tuple[int, int]], tuple[int, ...] | None]:
    """Multiply from the left: the inner vertices that meet, and the vertices of the result.

    None where a scalar comes before the last factor, for which `@` is not defined.
    """
    meetings: list[tuple[int, int]] = []
    so_far: tuple[int, ...] | None = None
    for kind, turned in word:
        factor = ends[kind][::-1] if turned else ends[kind]
        if so_far is None:
            so_far = factor
            continue
        if not so_far:
            return meetings, None
        meetings.append((so_far[-1], factor[0]))
        so_far = so_far[:-1] + factor[1:]
    return meetings, so_far


def conforms(word: Word, ends: Ends) -> bool:
    """Say whether inner vertices are equal."""
    meetings, shape = multiplied(word, ends)
    return shape is not None and all(left == right for left, right in meetings)


def value_of(trail: Word, ends: Ends) -> Value:
    """Return what a trail is worth."""
    pieces = _pieces(trail, ends)
    first, last = ends[trail[0][0]], ends[trail[-1][0]]
    holds_row = len(first) == 1 or first[trail[0][1]] != UNIT
    holds_column = len(last) == 1 or last[not trail[-1][1]] != UNIT
    head = pieces[0] if holds_row else None
    tail = pieces[-1] if holds_column else None
    between = pieces[holds_row : len(pieces) - holds_column]
    return Value(head, tuple(sorted(min(p, reverse(p, ends)) for p in between)), tail)


def _pieces(trail: Word, ends: Ends) -> list[Word]:
    """Cut a trail wherever it passes the unit vertex."""
    pieces, start = [], 0
    for place in range(1, len(trail)):
        kind, turned = trail[place]
        if ends[kind][turned] == UNIT:
            pieces.append(trail[start:place])
            start = place
    return [*pieces, trail[start:]]


def transpose_of(value: Value, ends: Ends) -> Value:
    """Return what the transposed product is worth."""
    head = reverse(value.tail, ends) if value.tail else None
    return Value(head, value.scalars, reverse(value.head, ends) if value.head else None)


class Judge:
    """Tells the trails of a formula's value, and of its transpose, from all others."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.right = value_of(chain.trail, chain.ends)
        self.transposed = transpose_of(self.right, chain.ends)
        self.is_symmetric = self.right == self.transposed

    def verdict(self, trail: Word) -> str:
        """Say "right", "transposed" or "wrong" of a trail that conforms.

        A 1-D result has no transpose, and a scalar is its own.
        """
        value = value_of(trail, self.chain.ends)
        if value == self.right:
            return "right"
        if value != self.transposed:
            return "wrong"
        return "right" if self.chain.vectors else "transposed"

    def right_trails(self) -> Iterator[Word]:
        """Yield every trail of the right value, the formula's own first."""
        yield from self._spelt(self.chain.trail)
        if self.chain.vectors == 2 and not self.is_symmetric:
            yield from self._spelt(reverse(self.chain.trail, self.chain.ends))

    def transposed_trails(self) -> Iterator[Word]:
        """Yield every trail of the transposed value that is not the right one."""
        if not self.chain.vectors and not self.is_symmetric:
            yield from self._spelt(reverse(self.chain.trail, self.chain.ends))

    def _spelt(self, trail: Word) -> Iterator[Word]:
        """Yield the trails of this one's value: its scalars in any order and direction."""
        ends = self.chain.ends
        value = value_of(trail, ends)
        pieces = _pieces(trail, ends)
        holds_row, holds_column = value.head is not None, value.tail is not None
        between = pieces[holds_row : len(pieces) - holds_column]
        head = pieces[0] if holds_row else ()
        tail = pieces[-1] if holds_column and len(pieces) > holds_row else ()
        forms = {min(p, reverse(p, ends)): (p, reverse(p, ends)) for p in reversed(between)}
        counts = Counter(min(p, reverse(p, ends)) for p in between)
        for middle in _shuffled(counts, forms):
            yield head + middle + tail


def _shuffled(counts: "Counter[Word]", forms: dict[Word, tuple[Word, Word]]) -> Iterator[Word]:
    """Put pieces into every order, each in both directions, none of the results twice."""
    if not counts.total():
        yield ()
    for piece in [piece for piece, count in counts.items() if count]:
        counts[piece] -= 1
        for form in dict.fromkeys(forms[piece]):
            for rest in _shuffled(counts, forms):
                yield form + rest
        counts[piece] += 1


def trails(chain: Chain) -> Iterator[Word]:
    """Yield every trail over all factors, equal factors once. No step leads into a dead end.

    Source: Fleury's rule. From a start of the right parity a trail can be completed as long as
    what is left hangs together.
    """
    ends = chain.ends
    counts = Counter(kind for kind, _ in chain.word)
    letters = [(k, turned) for k in counts for turned in (False, True)[: len(ends[k])]]
    odd = odd_vertices([ends[kind] for kind, _ in chain.word if len(ends[kind]) == 2])

    def follow(trail: Word, starts: Container[int]) -> Iterator[Word]:
        if len(trail) == len(chain.word):
            yield trail
            return
        for kind, turned in letters:
            if not counts[kind] or ends[kind][turned] not in starts:
                continue
            is_vector = len(ends[kind]) == 1
            if is_vector and len(trail) < len(chain.word) - 1:
                continue
            counts[kind] -= 1
            there = ends[kind][-1] if is_vector else ends[kind][not turned]
            if _hangs_together([ends[k] for k, count in counts.items() if count], there):
                yield from follow((*trail, (kind, turned)), (there,))
            counts[kind] += 1

    if not chain.vectors:
        yield from follow((), odd or {vertex for each in ends for vertex in each})
        return
    for kind in [kind for kind in counts if len(ends[kind]) == 1]:
        counts[kind] -= 1
        yield from follow(((kind, False),), ends[kind])
        counts[kind] += 1


def odd_vertices(edges: Sequence[tuple[int, ...]]) -> dict[int, None]:
    """Return the vertices of odd degree: the ends of every trail, none where it closes."""
    degrees = Counter(vertex for edge in edges for vertex in edge)
    return {vertex: None for vertex, degree in degrees.items() if degree % 2}


def _hangs_together(edges: list[tuple[int, ...]], here: int) -> bool:
    reached = {here}
    while edges:
        beyond = [edge for edge in edges if reached.isdisjoint(edge)]
        if len(beyond) == len(edges):
            return False
        reached.update(vertex for edge in edges if edge not in beyond for vertex in edge)
        edges = beyond
    return True


def all_words(chain: Chain) -> Iterator[Word]:
    """Yield every arrangement that can be written down, equal factors once."""
    kinds = [kind for kind, _ in chain.word]
    if len(set(kinds)) == len(kinds):
        orders: Iterator[tuple[int, ...]] = permutations(kinds)
    else:
        orders = _orders(Counter(kinds))
    for order in orders:
        turns = ((False, True)[: len(chain.ends[kind])] for kind in order)
        for flags in product(*turns):
            yield tuple(zip(order, flags, strict=True))


def _orders(counts: "Counter[int]") -> Iterator[tuple[int, ...]]:
    if not counts.total():
        yield ()
    for kind in [kind for kind, count in counts.items() if count]:
        counts[kind] -= 1
        for rest in _orders(counts):
            yield (kind, *rest)
        counts[kind] += 1
