"""Functions of matrices at points, in floats: e to a matrix, roots, factors, singular vectors.

None of them is rational, so none has exact arithmetic. A derivative is read off the function of a
block matrix; the formulas that the engine states take no part.
"""

from collections.abc import Callable, Sequence
from math import inf, isfinite, sqrt

from shapecalc.matrix import make
from shapecalc.tree import Tree, call
from shapecalc.verify.arrays import Sizes
from shapecalc.verify.elimination import MOST_ROWS, float_inverse, matrices
from shapecalc.verify.field import NoValue, Unsupported
from shapecalc.verify.point import Point

Floats = list[list[float]]
Function = Callable[[Floats], Floats]
SMALL = 0.5
TERMS = 16  # of the series of e, for a matrix no larger than SMALL
ROUNDS = 60
SETTLED = 1e-14
SQUARINGS = 16  # singular values whose squares differ by a thousandth settle in so many


def exponential(matrix: Floats) -> Floats:
    """Raise e to a matrix, by its series for a small part of it. Raises NoValue for a huge one."""
    size = max(sum(map(abs, row)) for row in matrix)
    if not size < 500:
        raise NoValue
    halvings = 0
    while size > SMALL:
        size, halvings = size / 2, halvings + 1
    part = [[entry / 2**halvings for entry in row] for row in matrix]
    total = _identity(len(matrix))
    for divisor in range(TERMS, 0, -1):
        product = _product(part, total)
        total = [
            [entry / divisor + (i == j) for j, entry in enumerate(row)]
            for i, row in enumerate(product)
        ]
    for _ in range(halvings):
        total = _product(total, total)
    return total


def sine(matrix: Floats) -> Floats:
    """Take the sine, off the exponential of a rotation."""
    return _rotated(matrix, 1)


def cosine(matrix: Floats) -> Floats:
    """Take the cosine, off the exponential of a rotation."""
    return _rotated(matrix, 0)


def _rotated(matrix: Floats, half: int) -> Floats:
    count = len(matrix)
    zeros = [0.0] * count
    above = [[*zeros, *(-entry for entry in row)] for row in matrix]
    below = [[*row, *zeros] for row in matrix]
    rows = exponential(above + below)
    return [row[:count] for row in rows[half * count : (half + 1) * count]]


def root(matrix: Floats) -> Floats:
    """Take the principal square root. Raises NoValue where there is none, or none is found.

    Source: E. Denman and A. Beavers: Y and Z go to the root and to its inverse.
    """
    found, inverse = matrix, _identity(len(matrix))
    for _ in range(ROUNDS):
        pair = _inverse(inverse), _inverse(found)
        new = _mean(found, pair[0])
        moved = max(map(abs, (a - b for a, b in zip(_all(new), _all(found), strict=True))))
        size = max(map(abs, _all(new)))
        found, inverse = new, _mean(inverse, pair[1])
        if not isfinite(size):
            break
        if moved < SETTLED * size:
            return found
    raise NoValue


def lower_factor(matrix: Floats) -> Floats:
    """Factor the symmetric part of a matrix. Raises NoValue where that is not positive definite.

    Source: A. Cholesky, row by row.
    """
    count = len(matrix)
    rows = [[0.0] * count for _ in range(count)]
    for i in range(count):
        for j in range(i + 1):
            rest = (matrix[i][j] + matrix[j][i]) / 2
            rest -= sum(a * b for a, b in zip(rows[i][:j], rows[j][:j], strict=True))
            if i == j and rest <= 0:
                raise NoValue
            rows[i][j] = sqrt(rest) if i == j else rest / rows[j][j]
    return rows


def leading(matrix: Floats) -> Floats:
    """Multiply the leading singular vectors. Raises NoValue where two values nearly coincide.

    The square XᵀX, squared again and again, tends to a multiple of v₁ v₁ᵀ; and u₁ is X v₁ / σ₁.
    """
    turned = [list(column) for column in zip(*matrix, strict=True)]
    square = _product(turned, matrix)
    outer = square
    for _ in range(SQUARINGS):
        trace = sum(row[i] for i, row in enumerate(outer))
        if not 0 < trace < inf:
            raise NoValue
        part = [[entry / trace for entry in row] for row in outer]
        outer = _product(part, part)
        moved = max(abs(a - b) for a, b in zip(_all(outer), _all(part), strict=True))
        if moved < SETTLED:
            value = sqrt(_inner(_all(outer), _all(square)))
            return [[entry / value for entry in row] for row in _product(matrix, outer)]
    raise NoValue


def derivatives_of(function: Function) -> Function:
    """Return what lists, for entry i, j of the result, its derivatives by every entry k, l."""

    def listed(matrix: Floats) -> Floats:
        count = len(matrix)
        places = range(count * count)
        columns = [_all(_moved(function, matrix, place)) for place in places]
        return [[column[row] for column in columns] for row in places]

    return listed


def _moved(function: Function, matrix: Floats, place: int) -> Floats:
    """Return how a function of a matrix moves as one entry does.

    Source: N. Higham, Functions of Matrices, theorem 3.6: f([[A, E], [0, A]]).
    """
    count = len(matrix)
    step = [[float(i * count + j == place) for j in range(count)] for i in range(count)]
    above = [[*row, *move] for row, move in zip(matrix, step, strict=True)]
    below = [[*([0.0] * count), *row] for row in matrix]
    return [row[count:] for row in function(above + below)[:count]]


SPECTRAL: dict[str, Function] = {
    "expm": exponential,
    "sqrtm": root,
    "cholesky": lower_factor,
    "leading_outer": leading,
    "expm_jacobian": derivatives_of(exponential),
    "sinm_jacobian": derivatives_of(sine),
    "cosm_jacobian": derivatives_of(cosine),
}
"""By the name of the op: how each is worked out for one matrix."""


def at_point(name: str, point: Point, sizes: Sizes, output: Sizes) -> Point:
    """Evaluate a function of each matrix. Raises NoValue, Unsupported for large ones."""
    if point.exact is not None:
        raise Unsupported(f"`{name}` has no exact arithmetic")
    if max(sizes[-2:]) > MOST_ROWS:
        raise Unsupported(f"a matrix of {max(sizes[-2:]):,} rows is over the limit of {MOST_ROWS}")
    function, (rows, columns) = SPECTRAL[name], sizes[-2:]
    each = matrices(point.floats, columns, rows)
    return Point(output, [entry for one in each for entry in _all(function(one))])


def pseudoinverse(matrix: Tree, sizes: Sizes) -> Tree:
    """Write the pseudoinverse of a matrix of full rank: a left inverse, or a right one."""
    rows, columns = sizes
    turned = make.transposed(matrix)
    square = make.matmul(matrix, turned) if rows < columns else make.matmul(turned, matrix)
    inverse = call("inv", (square,), (), square.shape)
    return make.matmul(turned, inverse) if rows < columns else make.matmul(inverse, turned)


def _identity(count: int) -> Floats:
    return [[float(i == j) for j in range(count)] for i in range(count)]


def _product(left: Floats, right: Floats) -> Floats:
    columns = list(zip(*right, strict=True))
    return [[_inner(row, column) for column in columns] for row in left]


def _inner(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


def _inverse(matrix: Floats) -> Floats:
    (rows,) = matrices(float_inverse(matrix), len(matrix))
    return rows


def _mean(left: Floats, right: Floats) -> Floats:
    pairs = zip(left, right, strict=True)
    return [[(a + b) / 2 for a, b in zip(one, other, strict=True)] for one, other in pairs]


def _all(rows: Floats) -> list[float]:
    return [entry for row in rows for entry in row]
