"""Inverses and determinants by elimination, against NumPy and the sum over permutations."""

from itertools import permutations
from math import prod
from random import Random
from typing import Any

import numpy as np
import pytest

from shapecalc.verify.elimination import MOST_ROWS, determinants, inverted
from shapecalc.verify.field import Complex, Element, NoValue, P, Unsupported
from shapecalc.verify.point import Point

Rows = list[list[Any]]


def entries(random: Random, count: int) -> list[Element]:
    return [random.getrandbits(61) % P for _ in range(count)]


def rows_of(flat: list[Element], count: int) -> Rows:
    return [flat[start : start + count] for start in range(0, count * count, count)]


def product(left: Rows, right: Rows) -> Rows:
    columns = list(zip(*right, strict=True))
    return [[sum(map(lambda a, b: a * b, row, column)) % P for column in columns] for row in left]


def plus(left: Rows, right: Rows) -> Rows:
    pairs = zip(left, right, strict=True)
    return [[(a + b) % P for a, b in zip(one, other, strict=True)] for one, other in pairs]


def identity(count: int) -> Rows:
    return [[int(i == j) for j in range(count)] for i in range(count)]


def by_permutations(matrix: Rows, slopes: Rows) -> tuple[Element, Element]:
    """Return a determinant and how it moves, from the sum over all permutations."""
    count = len(matrix)
    value: Element = 0
    moved: Element = 0
    for order in permutations(range(count)):
        turns = sum(a > b for i, a in enumerate(order) for b in order[i + 1 :])
        picked = [matrix[row][column] for row, column in enumerate(order)]
        value += (-1) ** turns * prod(picked)
        for row, column in enumerate(order):
            others = prod(each for place, each in enumerate(picked) if place != row)
            moved += (-1) ** turns * slopes[row][column] * others
    return value % P, moved % P


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_inverse_in_the_field_moves_such_that_the_product_stands_still(count: int) -> None:
    random = Random(count)
    value, slope = entries(random, count * count), entries(random, count * count)
    found = inverted(Point((), [], value, slope), (count, count))
    assert found.exact is not None
    assert found.slope is not None
    matrix, inverse = rows_of(value, count), rows_of(found.exact, count)
    assert product(matrix, inverse) == identity(count)
    moved = plus(
        product(rows_of(slope, count), inverse), product(matrix, rows_of(found.slope, count))
    )
    assert moved == [[0] * count] * count


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_determinant_in_the_field_is_the_sum_over_permutations(count: int) -> None:
    random = Random(count)
    value, slope = entries(random, count * count), entries(random, count * count)
    found = determinants(Point((), [], value, slope), (count, count))
    wanted = by_permutations(rows_of(value, count), rows_of(slope, count))
    assert (found.exact, found.slope) == ([wanted[0]], [wanted[1]])


def test_pivot_of_zero_is_passed_over_with_a_change_of_sign() -> None:
    value: list[Element] = [0, 2, 0, 3, 0, 0, 0, 0, 5]
    slope: list[Element] = [7, 0, 1, 0, 0, 0, 4, 0, 0]
    floats = [float(each) for each in value if isinstance(each, int)]
    found = determinants(Point((), floats, value, slope), (3, 3))
    assert found.floats == [-30.0]
    assert (found.exact, found.slope) == (
        [-30 % P],
        [by_permutations(rows_of(value, 3), rows_of(slope, 3))[1]],
    )


def test_elements_beyond_the_prime_field_are_inverted_too() -> None:
    value: list[Element] = [Complex(2, 3), 1, 5, Complex(0, 7)]
    found = inverted(Point((), [], value, None), (2, 2))
    assert found.slope is None
    assert found.exact is not None
    assert product(rows_of(value, 2), rows_of(found.exact, 2)) == identity(2)


def test_floats_are_those_of_numpy() -> None:
    random = np.random.default_rng(3)
    stack = random.normal(size=(7, 5, 5))
    point = Point((), stack.ravel().tolist())
    inverse, determinant = inverted(point, stack.shape), determinants(point, stack.shape)
    assert (inverse.sizes, determinant.sizes) == ((7, 5, 5), (7,))
    np.testing.assert_allclose(inverse.floats, np.linalg.inv(stack).ravel(), rtol=1e-9)
    np.testing.assert_allclose(determinant.floats, np.linalg.det(stack), rtol=1e-10)


@pytest.mark.parametrize("value", [[1, 2, 2, 4], [0, 0, 0, 0]])
def test_singular_matrix_has_no_value(value: list[Element]) -> None:
    for point in (Point((), [1.0, 2.0, 2.0, 4.0]), Point((), [], value)):
        with pytest.raises(NoValue):
            inverted(point, (2, 2))


def test_matrix_over_the_limit_is_refused() -> None:
    rows = MOST_ROWS + 1
    with pytest.raises(Unsupported, match="65 rows is over the limit of 64"):
        determinants(Point((), [0.0] * rows * rows), (rows, rows))
