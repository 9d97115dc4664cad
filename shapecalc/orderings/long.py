"""Arrangements of long chains: how many conform, by taking the multigraph of dims apart.

An arrangement that conforms is a trail over all factors. What a trail has no choice in is counted
at once: a vertex that it passes once joins two factors to one, and a loop may stand wherever the
trail comes by. The rest is counted by structure within a budget, and bounded beyond it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import factorial, prod
from typing import NamedTuple

from shapecalc.orderings import counting
from shapecalc.orderings.counting import TooMany
from shapecalc.orderings.trails import Chain, Judge, odd_vertices

Edge = tuple[int, int]
MOST_EDGES = 60  # what is left of a chain with more is bounded at once


class Count(NamedTuple):
    """How many there are: exactly, where that is known, and at most."""

    exact: int | None
    bound: int


class Arrangements(NamedTuple):
    """The arrangements of a chain: all of them, those that conform, those of the right value."""

    total: int
    conformable: Count
    here: Count
    right: int
    transposed: int


def arrangements(
    chain: Chain, sizes: Sequence[int] | None, diagonal: Sequence[int]
) -> Arrangements:
    """Count the arrangements of a chain; `sizes` are those of the vertices.

    A diagonal matrix, each known by its place, is its own transpose, which counts once; and it may
    change places with a diagonal matrix beside it.
    """
    turns = len(diagonal)
    ends = [chain.ends[kind] for kind, _ in chain.word]
    here = ends if sizes is None else [_merged(each, sizes) for each in ends]
    right, transposed = counting.good(Judge(chain))
    swaps = prod(map(factorial, _runs(diagonal)))
    return Arrangements(
        counting.total(chain) >> turns,
        _halved(conforming(ends), turns),
        _halved(conforming(here), turns),
        right * swaps,
        transposed * swaps,
    )


def _merged(vertices: tuple[int, ...], sizes: Sequence[int]) -> tuple[int, ...]:
    """Put the first vertex of a size for all of that size."""
    return tuple(sizes.index(sizes[vertex]) for vertex in vertices)


def _halved(count: Count, times: int) -> Count:
    exact = None if count.exact is None else count.exact >> times
    return Count(exact, count.bound >> times)


def _runs(places: Iterable[int]) -> list[int]:
    """Return the lengths of the runs of places that follow each other."""
    runs: list[int] = []
    last = None
    for place in sorted(places):
        if last is not None and place == last + 1:
            runs[-1] += 1
        else:
            runs.append(1)
        last = place
    return runs


def conforming(ends: Sequence[tuple[int, ...]]) -> Count:
    """Count the arrangements that conform, of matrices and at most one 1-D value.

    Counts over places, each matrix transposed or not.
    """
    vectors = [each[0] for each in ends if len(each) == 1]
    edges = [(each[0], each[-1]) for each in ends if len(each) == 2]
    assert len(vectors) < 2
    odd = list(odd_vertices(edges))
    if not vectors and not odd:
        return _closed(edges)
    start = vectors[0] if vectors else odd[0]
    others = [vertex for vertex in odd if vertex != start]
    end = others[0] if others else start
    found = _from_to(edges, start, end)
    times = len(edges) + 1 if vectors else 2
    return Count(None if found.exact is None else found.exact * times, found.bound * times)


def _closed(edges: Sequence[Edge]) -> Count:
    """Count trails that end where they begin, wherever that is."""
    bound = Count(None, 2 * len(edges) * _transitions(edges))
    if len(edges) > MOST_EDGES:
        return bound
    try:
        word = tuple((kind, False) for kind in range(len(edges)))
        exact = counting.conforming(Chain(word, tuple(edges)))
    except TooMany:
        return bound
    return Count(exact, exact)


def _from_to(edges: Sequence[Edge], start: int, end: int) -> Count:
    """Count the trails over all edges from one vertex to another."""
    left, ways = _simplified(edges, start, end)
    if not left:
        return Count(ways, ways)
    bound = Count(None, ways * _transitions([*left, (start, end)]))
    if len(left) > MOST_EDGES:
        return bound
    try:
        exact = ways * counting.trails_between([_sorted(edge) for edge in left], start, end)
    except TooMany:
        return bound
    return Count(exact, exact)


def _sorted(edge: Edge) -> Edge:
    return (min(edge), max(edge))


def _simplified(edges: Sequence[Edge], start: int, end: int) -> tuple[list[Edge], int]:
    """Take out loops, and vertices that are passed once; return what is left, and the ways to be.

    ℓ loops at a vertex that is passed p times stand in p (p + 1) … (p + ℓ - 1) orders, each loop
    in two directions.
    """
    left, ways = list(edges), 1
    while True:
        loops = Counter(a for a, b in left if a == b)
        left = [edge for edge in left if edge[0] != edge[1]]
        degrees = Counter(vertex for edge in left for vertex in edge)
        for vertex, number in loops.items():
            passed = (degrees[vertex] + (vertex == start) + (vertex == end)) // 2
            ways *= prod(range(passed, passed + number)) << number
        left, joined = _joined(left, {start, end}, degrees)
        if not joined:
            break
    if len(left) == 1 and set(left[0]) == {start, end}:
        return [], ways
    return left, ways


def _joined(edges: list[Edge], ends: set[int], degrees: "Counter[int]") -> tuple[list[Edge], bool]:
    """Make one edge of two that meet where nothing else does."""
    around: dict[int, list[int]] = {}
    for place, edge in enumerate(edges):
        for vertex in edge:
            around.setdefault(vertex, []).append(place)
    alive: dict[int, Edge] = dict(enumerate(edges))
    joined = False
    for vertex, places in around.items():
        if degrees[vertex] != 2 or vertex in ends:
            continue
        first, second = places
        if first == second:
            continue
        joined = True
        a, b = (_other(alive[place], vertex) for place in (first, second))
        alive[first] = (a, b)
        del alive[second]
        around[b][around[b].index(second)] = first
    return list(alive.values()), joined


def _other(edge: Edge, vertex: int) -> int:
    return edge[1] if edge[0] == vertex else edge[0]


def _transitions(edges: Sequence[Edge]) -> int:
    """Bound the closed trails over all edges by the ways to pair what comes in at each vertex.

    A closed trail, from a given edge in a given direction, leaves each vertex by another edge end
    than it came: (d - 1)!! pairings of d ends, of which each is one trail at most.
    """
    degrees = Counter(vertex for edge in edges for vertex in edge)
    return prod(prod(range(degree - 1, 0, -2)) for degree in degrees.values())
