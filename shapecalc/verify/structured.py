"""Entries drawn at random → those of matrices of a kind: symmetric, orthogonal, triangular.

In the field the symmetric matrices stand for the positive definite ones, which are so in floats:
what is rational, and holds for all of the ones, holds for all of the others.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from shapecalc.verify.arrays import Sizes
from shapecalc.verify.elimination import exact_inverse, float_inverse, matrices
from shapecalc.verify.field import P

Rows = list[list[Any]]


def are_square(sizes: Sizes) -> bool:
    """Say whether an array is a square matrix, or a stack of them."""
    return len(sizes) > 1 and sizes[-1] == sizes[-2]


def of_kind(
    kind: str, floats: Sequence[float], exact: Sequence[Any], rows: int
) -> tuple[list[float], list[Any]]:
    """Make matrices of a kind of entries in floats and in the field. Raises NoValue."""
    make = KINDS[kind]
    in_floats = [e for each in matrices(floats, rows) for e in make(each, float_inverse)]
    if kind == "positive-definite":
        make = _symmetric
    in_field = [e % P for each in matrices(exact, rows) for e in make(each, exact_inverse)]
    return in_floats, in_field


Invert = Callable[[Rows], Sequence[Any]]


def _symmetric(matrix: Rows, _: Invert) -> Iterator[Any]:
    """Put the entries above the diagonal below it too."""
    for i, row in enumerate(matrix):
        yield from (matrix[j][i] if j < i else entry for j, entry in enumerate(row))


def _definite(matrix: Rows, _: Invert) -> Iterator[Any]:
    """Multiply a matrix by its transpose, and add half of the identity."""
    for i, left in enumerate(matrix):
        for j, right in enumerate(matrix):
            yield sum(a * b for a, b in zip(left, right, strict=True)) + 0.5 * (i == j)


def _orthogonal(matrix: Rows, invert: Invert) -> Iterator[Any]:
    """Turn what is above the diagonal into a rotation. Source: A. Cayley, (I - S) (I + S)⁻¹."""
    count = range(len(matrix))
    skew = [[(i < j) * matrix[i][j] - (j < i) * matrix[j][i] for j in count] for i in count]
    (inverse,) = matrices(
        invert([[(i == j) + skew[i][j] for j in count] for i in count]), len(matrix)
    )
    for i in count:
        for j in count:
            yield sum(((i == a) - skew[i][a]) * inverse[a][j] for a in count)


def _diagonal(matrix: Rows, _: Invert) -> Iterator[Any]:
    for i, row in enumerate(matrix):
        yield from (entry if i == j else 0 for j, entry in enumerate(row))


def _positive_diagonal(matrix: Rows, _: Invert) -> Iterator[Any]:
    for i, row in enumerate(matrix):
        yield from (entry * entry + 1 if i == j else 0 for j, entry in enumerate(row))


def _signs(matrix: Rows, _: Invert) -> Iterator[Any]:
    """Take the sign of an entry on the diagonal; in the field, by whether it is odd."""
    for i, row in enumerate(matrix):
        is_plus = row[i] > 0 if isinstance(row[i], float) else row[i] % 2
        yield from ((1 if is_plus else -1) * (i == j) for j, _ in enumerate(row))


def _identity(matrix: Rows, _: Invert) -> Iterator[Any]:
    for i, row in enumerate(matrix):
        yield from (int(i == j) for j, _ in enumerate(row))


def _reflection(matrix: Rows, invert: Invert) -> Iterator[Any]:
    """Reflect along the first row v. Source: A. Householder, I - 2 v vᵀ / (vᵀ v)."""
    across = matrix[0]
    (below,) = invert([[sum(entry * entry for entry in across)]])
    for i, left in enumerate(across):
        yield from ((i == j) - 2 * below * left * right for j, right in enumerate(across))


def _lower(matrix: Rows, _: Invert) -> Iterator[Any]:
    for i, row in enumerate(matrix):
        yield from (entry if j <= i else 0 for j, entry in enumerate(row))


def _upper(matrix: Rows, _: Invert) -> Iterator[Any]:
    for i, row in enumerate(matrix):
        yield from (entry if i <= j else 0 for j, entry in enumerate(row))


MATRIX_PROPERTIES: dict[str, Callable[[Rows, Invert], Iterator[Any]]] = {
    "symmetric": _symmetric,
    "positive-definite": _definite,
    "orthogonal": _orthogonal,
    "diagonal": _diagonal,
    "lower-triangular": _lower,
    "upper-triangular": _upper,
}
"""By what is said of a matrix: its entries, made of any."""
BOTH: dict[str, Callable[[Rows, Invert], Iterator[Any]]] = {
    "positive-diagonal": _positive_diagonal,
    "signs": _signs,
    "reflection": _reflection,
    "identity": _identity,
}
"""By what follows where two things are said, of an orthogonal matrix that is diagonal, say."""
KINDS = MATRIX_PROPERTIES | BOTH
TRIANGULAR = frozenset({"lower-triangular", "upper-triangular"})


def kind_of(said: Collection[str]) -> str | None:
    """Return the kind of the matrices of which all of some properties are true, None if any."""
    is_symmetric = bool({"symmetric", "positive-definite"} & {*said})
    is_definite = "positive-definite" in said
    is_diagonal = "diagonal" in said or len(TRIANGULAR & {*said}) + is_symmetric > 1
    if "orthogonal" in said:
        if is_definite:
            return "identity"
        if is_diagonal or TRIANGULAR & {*said}:
            return "signs"
        return "reflection" if is_symmetric else "orthogonal"
    if is_diagonal:
        return "positive-diagonal" if is_definite else "diagonal"
    return next((kind for kind in ORDER if kind in said), None)


ORDER = ("positive-definite", "symmetric", "lower-triangular", "upper-triangular")
"""The stronger first; of the others one alone is said."""
