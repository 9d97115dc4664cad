"""How many arrangements there are, conform, and are right: by structure, none of them listed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from math import comb, factorial, prod

from shapecalc.orderings.trails import Chain, Judge, odd_vertices, reverse

MOST_WORK = 1_000_000
"""Steps of some 0.5 µs, spent on one count; after them it is given up."""

WORK_TO_DIRECT, WORK_TO_COUNT = 20, 60

Pair = tuple[int, int]


class TooMany(Exception):
    """The arrangements that conform are too many to be counted in a reasonable time."""


def total(chain: Chain) -> int:
    """Count all arrangements over places, equal factors told apart: k! · 2^(matrices)."""
    count = len(chain.word)
    return factorial(count) << (count - chain.vectors)


def repeats(chain: Chain) -> int:
    """Count the ways to exchange equal factors, which no one can tell apart when printed."""
    return prod(map(factorial, Counter(kind for kind, _ in chain.word).values()))


def good(judge: Judge) -> tuple[int, int]:
    """Count the right and the transposed arrangements: scalars go in any order and direction."""
    chain, scalars = judge.chain, judge.right.scalars
    orders = factorial(len(scalars))
    for piece, count in Counter(scalars).items():
        orders = orders // factorial(count) << (count * (piece != reverse(piece, chain.ends)))
    orders *= repeats(chain)
    turned = 0 if judge.is_symmetric else orders
    if chain.vectors:
        orders += turned * (chain.vectors == 2)
        return orders * (len(chain.word) - chain.vectors + 1), 0
    return orders, turned


def conforming(chain: Chain) -> int:
    """Count the arrangements that conform. Raises TooMany."""
    return _conforming(tuple(chain.ends[kind] for kind, _ in chain.word))


@lru_cache(maxsize=512)
def _conforming(factors: tuple[tuple[int, ...], ...]) -> int:
    edges = [(min(ends), max(ends)) for ends in factors if len(ends) == 2]
    places = [ends[0] for ends in factors if len(ends) == 1]
    odd = list(odd_vertices(edges))
    if len(places) == 2:
        return 2 * (len(edges) + 1) * trails_between(edges, places[0], places[1])
    if places:
        end = next((vertex for vertex in odd if vertex != places[0]), places[0])
        return (len(edges) + 1) * trails_between(edges, places[0], end)
    if odd:
        return 2 * trails_between(edges, odd[0], odd[1])
    start = edges[0][0]
    passages = sum(edge.count(start) for edge in edges) // 2
    return trails_between(edges, start, start) * len(edges) // passages


def trails_between(edges: Sequence[Pair], start: int, end: int) -> int:
    """Count the trails over all edges, each told apart, from start to end.

    With an arc from end to start they are circuits through that arc. Source: the BEST theorem,
    circuits = arborescences · Π (outdegree - 1)!, summed over the balanced ways to direct edges.
    """
    loops = Counter(a for a, b in edges if a == b)
    pairs = Counter(edge for edge in edges if edge[0] != edge[1])
    tree, chords = _spanning(pairs, start)
    vertices = [start, *(child for child, _ in tree)]
    work = WORK_TO_DIRECT * prod(pairs[chord] + 1 for chord in chords)
    if work > MOST_WORK:
        raise TooMany
    count = 0
    for arcs, ways in _balanced(pairs, tree, chords, {start: 1, end: -1} if start != end else {}):
        work += WORK_TO_COUNT + len(vertices) ** 3 // 3
        if work > MOST_WORK:
            raise TooMany
        outdegrees = Counter({end: 1}) + loops
        for (a, _), number in arcs.items():
            outdegrees[a] += number
        passages = prod(factorial(outdegrees[vertex] - 1) for vertex in vertices)
        arcs[end, start] = arcs.get((end, start), 0) + (start != end)
        count += ways * passages * _arborescences(arcs, vertices)
    return count << loops.total()


def _spanning(pairs: "Counter[Pair]", root: int) -> tuple[list[tuple[int, int]], list[Pair]]:
    """Return a tree as children with their parents, from the root on, and the pairs left over."""
    around: dict[int, list[int]] = {}
    for a, b in pairs:
        around.setdefault(a, []).append(b)
        around.setdefault(b, []).append(a)
    tree: list[tuple[int, int]] = []
    parents: dict[int, int | None] = {root: None}
    waiting = [root]
    while waiting:
        here = waiting.pop()
        for there in around.get(here, ()):
            if there not in parents:
                parents[there] = here
                tree.append((there, here))
                waiting.append(there)
    used = {(min(edge), max(edge)) for edge in tree}
    return tree, [pair for pair in pairs if pair not in used]


def _balanced(
    pairs: "Counter[Pair]",
    tree: Sequence[tuple[int, int]],
    chords: Sequence[Pair],
    surplus: dict[int, int],
) -> Iterator[tuple[dict[Pair, int], int]]:
    """Direct the edges so that each vertex has its surplus of arcs out; chords leave no choice.

    Yields how many go each way, and how many ways there are to choose them.
    """
    for chosen in product(*(range(pairs[chord] + 1) for chord in chords)):
        arcs: dict[Pair, int] = {}
        missing = Counter(surplus)
        ways = 1

        def direct(a: int, b: int, along: int, number: int) -> None:
            arcs[a, b], arcs[b, a] = along, number - along  # noqa: B023 used in this round alone
            missing[a] -= 2 * along - number  # noqa: B023
            missing[b] += 2 * along - number  # noqa: B023

        for (a, b), along in zip(chords, chosen, strict=True):
            direct(a, b, along, pairs[a, b])
            ways *= comb(pairs[a, b], along)
        for child, parent in reversed(tree):
            number = pairs[min(child, parent), max(child, parent)]
            along, rest = divmod(number + missing[child], 2)
            if rest or not 0 <= along <= number:
                break
            direct(child, parent, along, number)
            ways *= comb(number, along)
        else:
            yield arcs, ways


def _arborescences(arcs: dict[Pair, int], vertices: Sequence[int]) -> int:
    """Count the spanning trees directed to the first vertex. Source: Kirchhoff, Tutte.

    Eliminates by Bareiss' rule, without fractions.
    """
    places = {vertex: place for place, vertex in enumerate(vertices[1:])}
    count = len(places)
    rows = [[0] * count for _ in range(count)]
    for (a, b), number in arcs.items():
        if a in places:
            rows[places[a]][places[a]] += number
            if b in places:
                rows[places[a]][places[b]] -= number
    before = 1
    for step in range(count):
        pivot = next((row for row in range(step, count) if rows[row][step]), None)
        if pivot is None:
            return 0
        if pivot != step:
            rows[step], rows[pivot] = rows[pivot], [-entry for entry in rows[step]]
        top = rows[step]
        for row in rows[step + 1 :]:
            factor = row[step]
            for column in range(step + 1, count):
                row[column] = (row[column] * top[step] - factor * top[column]) // before
        before = top[step]
    return before
