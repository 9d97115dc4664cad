"""A product of many matrices → multiplications, by the order in which its products are taken.

The order of the factors is fixed by what is right; where to begin is free, and decides the cost.
Source: the matrix chain, by dynamic programming.
"""

from collections.abc import Sequence
from typing import NamedTuple

MOST_FACTORS = 160  # a cube of their number of steps finds the least; above it none is looked for


class Piece(NamedTuple):
    """A factor, or a product of factors next to each other; a diagonal one is held as a vector."""

    rows: int
    columns: int
    is_diagonal: bool = False


class Cost(NamedTuple):
    """Multiplications from the left on, from the right on, and at least; None for a long chain."""

    from_left: int
    from_right: int
    least: int | None


def cost(factors: Sequence[Piece]) -> Cost:
    """Count the multiplications that a product takes."""
    from_left = from_right = 0
    left, right = factors[0], factors[-1]
    for factor in factors[1:]:
        from_left, left = from_left + multiplications(left, factor), joined(left, factor)
    for factor in factors[-2::-1]:
        from_right, right = from_right + multiplications(factor, right), joined(factor, right)
    return Cost(from_left, from_right, _least(factors) if len(factors) <= MOST_FACTORS else None)


def multiplications(left: Piece, right: Piece) -> int:
    """Count those of one product: a diagonal matrix scales rows or columns."""
    if left.is_diagonal and right.is_diagonal:
        return left.rows
    if left.is_diagonal or right.is_diagonal:
        return left.rows * right.columns
    return left.rows * left.columns * right.columns


def joined(left: Piece, right: Piece) -> Piece:
    """Return the product of two pieces."""
    return Piece(left.rows, right.columns, left.is_diagonal and right.is_diagonal)


def _least(factors: Sequence[Piece]) -> int:
    """Find the least over all ways to put parentheses, shorter pieces first."""
    best = {(place, place + 1): (0, factor) for place, factor in enumerate(factors)}
    for length in range(2, len(factors) + 1):
        for start in range(len(factors) - length + 1):
            end = start + length
            best[start, end] = min(
                (
                    best[start, cut][0]
                    + best[cut, end][0]
                    + multiplications(best[start, cut][1], best[cut, end][1]),
                    joined(best[start, cut][1], best[cut, end][1]),
                )
                for cut in range(start + 1, end)
            )
    return best[0, len(factors)][0]
