"""Entries drawn at random → those of symmetric matrices; in floats, of positive definite ones."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from shapecalc.verify.arrays import Sizes

MATRIX_PROPERTIES = ("symmetric", "positive-definite")
_Entry = TypeVar("_Entry")


def are_square(sizes: Sizes) -> bool:
    """Say whether an array is a square matrix, or a stack of them."""
    return len(sizes) > 1 and sizes[-1] == sizes[-2]


def mirrored(entries: Sequence[_Entry], rows: int) -> list[_Entry]:
    """Put the entries above each diagonal below it too."""
    found = list(entries)
    for start in range(0, len(found), rows * rows):
        for row in range(rows):
            for column in range(row):
                found[start + row * rows + column] = found[start + column * rows + row]
    return found


def definite(entries: Sequence[float], rows: int) -> list[float]:
    """Multiply each matrix by its transpose, and add half of the identity.

    In the field the symmetric matrices stand for these: what is rational, and holds for all of the
    ones, holds for all of the others.
    """
    return [entry for each in _matrices(entries, rows) for entry in _definite(each)]


def _matrices(entries: Sequence[float], rows: int) -> Iterator[list[Sequence[float]]]:
    for start in range(0, len(entries), rows * rows):
        yield [entries[at : at + rows] for at in range(start, start + rows * rows, rows)]


def _definite(matrix: list[Sequence[float]]) -> Iterator[float]:
    for i, left in enumerate(matrix):
        for j, right in enumerate(matrix):
            yield sum(a * b for a, b in zip(left, right, strict=True)) + 0.5 * (i == j)
