"""Inverses and determinants of matrices at points, by elimination: in floats and in the field.

Derivatives go through the elimination in dual numbers, a + b·ε with ε² = 0; the formula for the
derivative of an inverse takes no part, so what comes out is independent of it.
"""

from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from typing import TypeVar

from shapecalc.verify.arrays import Sizes
from shapecalc.verify.field import Element, NoValue, P, Unsupported, inverse
from shapecalc.verify.point import Point

MOST_ROWS = 64
SMALLEST_PIVOT = 1e-9  # below it, floats say nothing of an inverse
Floats = list[list[float]]
Rows = list[list[Element]]
_Entry = TypeVar("_Entry")


def inverted(point: Point, sizes: Sizes) -> Point:
    """Invert each matrix. Raises NoValue where one has no inverse, Unsupported for a large one."""
    rows = _size(sizes)
    floats = [entry for each in matrices(point.floats, rows) for entry in float_inverse(each)]
    if point.exact is None:
        return Point(sizes, floats)
    pairs = [_inverse(*each) for each in _with_slopes(point, rows)]
    exact = [entry for value, _ in pairs for entry in value]
    slope = [entry for _, moved in pairs for entry in moved]
    return Point(sizes, floats, exact, slope if point.slope is not None else None)


def determinants(point: Point, sizes: Sizes) -> Point:
    """Take the determinant of each matrix. Raises Unsupported for a large one."""
    rows = _size(sizes)
    floats = [_reduced_floats(each) for each in matrices(point.floats, rows)]
    if point.exact is None:
        return Point(sizes[:-2], floats)
    pairs = [_reduced(*each) for each in _with_slopes(point, rows)]
    exact, slope = [value for value, _ in pairs], [moved for _, moved in pairs]
    return Point(sizes[:-2], floats, exact, slope if point.slope is not None else None)


ELIMINATED: dict[str, Callable[[Point, Sizes], Point]] = {"inv": inverted, "det": determinants}


def _size(sizes: Sizes) -> int:
    rows = sizes[-1]
    if rows > MOST_ROWS:
        raise Unsupported(f"a matrix of {rows:,} rows is over the limit of {MOST_ROWS}")
    return rows


def matrices(
    entries: Sequence[_Entry], columns: int, rows: int | None = None
) -> Iterator[list[list[_Entry]]]:
    """Yield the rows of each matrix of a flat array: square ones, where no `rows` are given."""
    count = (rows or columns) * columns
    for start in range(0, len(entries), count):
        yield [list(entries[at : at + columns]) for at in range(start, start + count, columns)]


def _with_slopes(point: Point, rows: int) -> Iterator[tuple[Rows, Rows]]:
    exact = point.exact or []
    slopes = point.slope or [0] * len(exact)
    return zip(matrices(exact, rows), matrices(slopes, rows), strict=True)


# --- in floats ----------------------------------------------------------------------------------


def float_inverse(matrix: Floats) -> list[float]:
    """Return the entries of an inverse. Raises NoValue where there is none."""
    count = len(matrix)
    wide = [[*row, *_unit(count, place)] for place, row in enumerate(matrix)]
    _reduced_floats(wide)
    return [entry for row in wide for entry in row[count:]]


def _unit(count: int, place: int) -> list[int]:
    return [int(each == place) for each in range(count)]


def _reduced_floats(rows: Floats) -> float:
    """Make the first columns those of the identity; return the determinant of what they were.

    Source: Gauss and Jordan, the pivot being the largest entry that is left of a column.
    """
    determinant = 1.0
    for column in range(len(rows)):
        at = max(range(column, len(rows)), key=lambda row: abs(rows[row][column]))
        pivot = rows[at][column]
        if not isfinite(pivot) or abs(pivot) < SMALLEST_PIVOT:
            raise NoValue
        determinant *= pivot if at == column else -pivot
        rows[at], rows[column] = rows[column], [entry / pivot for entry in rows[at]]
        for place, row in enumerate(rows):
            if place != column and (times := row[column]):
                rows[place] = [a - times * b for a, b in zip(row, rows[column], strict=True)]
    return determinant


# --- in the field, with derivatives -------------------------------------------------------------


def _inverse(matrix: Rows, slopes: Rows) -> tuple[list[Element], list[Element]]:
    """Return the entries of an inverse, and how they move."""
    count = len(matrix)
    wide: Rows = [[*row, *_unit(count, place)] for place, row in enumerate(matrix)]
    moved: Rows = [[*row, *[0] * count] for row in slopes]
    _reduced(wide, moved)
    values, moves = ([entry for row in rows for entry in row[count:]] for rows in (wide, moved))
    return values, moves


def exact_inverse(matrix: Rows) -> list[Element]:
    """Return the entries of an inverse in the field. Raises NoValue where there is none."""
    return _inverse(matrix, [[0] * len(matrix) for _ in matrix])[0]


def _reduced(rows: Rows, slopes: Rows) -> tuple[Element, Element]:
    """Do as in floats, with any pivot but 0; return the determinant, and how it moves."""
    value: Element = 1
    moved: Element = 0
    for column in range(len(rows)):
        at = next((r for r in range(column, len(rows)) if rows[r][column] != 0), None)
        if at is None:
            raise NoValue
        pivot, by = rows[at][column], slopes[at][column]
        value, moved = value * pivot % P, (moved * pivot + value * by) % P
        if at != column:
            value, moved = -value % P, -moved % P
            for each in (rows, slopes):
                each[at], each[column] = each[column], each[at]
        _divide(rows, slopes, column)
        _clear(rows, slopes, column)
    return value, moved


def _divide(rows: Rows, slopes: Rows, place: int) -> None:
    """Divide a row by its pivot. Source: (a + a'ε) / (p + p'ε) = q + (a' - q·p')/p·ε, q = a/p."""
    pivot, by = rows[place][place], slopes[place][place]
    under = inverse(pivot)
    rows[place] = [entry * under % P for entry in rows[place]]
    pairs = zip(rows[place], slopes[place], strict=True)
    slopes[place] = [(move - entry * by) * under % P for entry, move in pairs]


def _clear(rows: Rows, slopes: Rows, place: int) -> None:
    """Take a row off all others, as often as leaves 0 in its pivot's column."""
    own, change = rows[place], slopes[place]
    for other, row in enumerate(rows):
        if other != place:
            times, moves = row[place], slopes[other][place]
            triples = zip(slopes[other], change, own, strict=True)
            slopes[other] = [(a - times * b - moves * c) % P for a, b, c in triples]
            rows[other] = [(a - times * b) % P for a, b in zip(row, own, strict=True)]
