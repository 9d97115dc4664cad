"""Counts of arrangements of long chains against lists of all of them, and costs of association."""

import random
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import pairwise, permutations, product
from math import factorial

import numpy as np
import pytest

from shapecalc.ops.array import Array
from shapecalc.orderings import counting, long
from shapecalc.orderings.association import Piece, cost
from shapecalc.orderings.long import Count, arrangements, conforming
from shapecalc.orderings.trails import Chain, Word

SIZES = (1, 5, 7, 11, 13)  # of vertex 0, the unit axis, and the others


def random_chain(rng: random.Random, length: int) -> tuple[Chain, tuple[int, ...]]:
    """Make a product of matrices, some of them diagonal, from the left to a column or a matrix."""
    here = rng.randrange(1, 4)
    word, ends, diagonal = [], [], []
    for place in range(length):
        is_last = place == length - 1
        if rng.random() < 0.3 and not is_last:
            diagonal.append(place)
            edge: tuple[int, ...] = (here, here)
        else:
            there = 0 if is_last and rng.random() < 0.6 else rng.randrange(1, 4)
            edge, here = (here, there), there
        turned = rng.random() < 0.5
        word.append((place, turned))
        ends.append(edge[::-1] if turned else edge)
    return Chain(tuple(word), tuple(ends)), tuple(diagonal)


def arrays_of(chain: Chain, diagonal: tuple[int, ...]) -> list[Array]:
    draw = np.random.default_rng(4)
    return [
        np.diag(draw.normal(size=SIZES[a]))
        if place in diagonal
        else draw.normal(size=(SIZES[a], SIZES[b]))
        for place, (a, b) in enumerate(chain.ends)
    ]


def multiplied(arrays: list[Array], word: Word) -> Array:
    factors = [arrays[kind].T if is_turned else arrays[kind] for kind, is_turned in word]
    return reduce(np.matmul, factors)


def listed(chain: Chain, diagonal: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Count by multiplying: all, those that conform by name, those equal, and those transposed."""
    arrays = arrays_of(chain, diagonal)
    own = multiplied(arrays, chain.word)
    total = conform = right = transposed = 0
    for order in permutations(range(len(arrays))):
        for turns in product(*((False,) if k in diagonal else (False, True) for k in order)):
            total += 1
            word = tuple(zip(order, turns, strict=True))
            ends = [chain.ends[k][::-1] if turned else chain.ends[k] for k, turned in word]
            if any(left[1] != other[0] for left, other in pairwise(ends)):
                continue
            conform += 1
            value = multiplied(arrays, word)
            is_right = value.shape == own.shape and np.allclose(value, own)
            right += is_right
            is_turned = value.shape == own.T.shape and np.allclose(value, own.T)
            transposed += is_turned and not is_right
    return total, conform, right, transposed


@pytest.mark.parametrize("seed", range(60))
def test_counts_of_a_chain_are_those_of_the_list(seed: int) -> None:
    rng = random.Random(seed)
    chain, diagonal = random_chain(rng, rng.randrange(2, 6))
    found = arrangements(chain, None, diagonal)
    total, conform, right, transposed = listed(chain, diagonal)
    assert (found.total, found.right, found.transposed) == (total, right, transposed)
    assert found.conformable == Count(conform, conform)


def random_edges(rng: random.Random) -> list[tuple[int, ...]]:
    """Make a walk over a few vertices: its edges hang together, and a trail over them is known."""
    walk = [rng.randrange(4) for _ in range(rng.randrange(2, 11))]
    return list(pairwise(walk))


@pytest.mark.parametrize("seed", range(80))
def test_taking_a_multigraph_apart_leaves_the_count_as_it_is(seed: int) -> None:
    edges = random_edges(random.Random(seed))
    chain = Chain(tuple((kind, False) for kind in range(len(edges))), tuple(edges))
    expected = counting.conforming(chain)
    assert conforming(edges) == Count(expected, expected)


@pytest.mark.parametrize("seed", range(80))
def test_the_bound_is_never_below_the_count(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    edges = random_edges(random.Random(seed))
    exact = conforming(edges).exact
    monkeypatch.setattr(long, "MOST_EDGES", 0)
    found = conforming(edges)
    assert exact is not None
    assert found.exact in (None, exact)
    assert found.bound >= exact


def test_a_chain_of_thousands_is_counted_at_once() -> None:
    """Square weights are loops: all orders of them conform, and one of those is right."""
    links = 5_000
    ends = [(1, 1)] * links + [(1, 0)]
    assert conforming(ends).exact == (factorial(links) << links) * 2
    apart = [(place, place + 1) for place in range(1, links)]
    assert conforming([*apart, (1, 0)]) == Count(2, 2)


def test_what_is_not_counted_within_the_budget_is_bounded() -> None:
    rng = random.Random(1)
    found = conforming([*pairwise([rng.randrange(30) for _ in range(400)])])
    assert found.exact is None
    assert found.bound > 10**100


def every_cost(pieces: Sequence[Piece]) -> Iterator[int]:
    """Yield the cost of each way to put parentheses, the arrays being counted by hand."""
    if len(pieces) == 1:
        yield 0
    for cut in range(1, len(pieces)):
        left, right = pieces[:cut], pieces[cut:]
        diagonal = [all(piece.is_diagonal for piece in each) for each in (left, right)]
        rows, inner, columns = left[0].rows, right[0].rows, right[-1].columns
        own = (rows * inner * columns, rows * columns, rows)[sum(diagonal)]
        for one, other in product(every_cost(left), every_cost(right)):
            yield one + other + own


@pytest.mark.parametrize("seed", range(30))
def test_least_cost_is_that_of_the_best_parentheses(seed: int) -> None:
    rng = random.Random(seed)
    sizes = [rng.choice((1, 2, 3, 5, 7)) for _ in range(rng.randrange(3, 9))]
    pieces = [Piece(a, b) for a, b in pairwise(sizes)]
    pieces = [p for q in pieces for p in (q, Piece(q.columns, q.columns, is_diagonal=True))][:7]
    found = cost(pieces)
    every = list(every_cost(pieces))
    assert found.least == min(every)
    assert {found.from_left, found.from_right} <= set(every)


def test_beginning_at_a_column_is_the_cheapest_for_a_column() -> None:
    sizes = [5, 7, 3, 11, 13, 2, 1]
    found = cost([Piece(a, b) for a, b in pairwise(sizes)])
    assert found.from_right == found.least == sum(a * b for a, b in pairwise(sizes[:-1]))
    assert found.from_left > found.from_right
