"""Linear algebra of square matrices, each of a stack: inverses, determinants, linear equations.

Their derivatives are polynomials of what they return: an inverse is opaque, and known by what it
does to a differential, d(A⁻¹) = -A⁻¹ dA A⁻¹.
"""

from collections.abc import Mapping

from shapecalc.dims import Dim, Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.registry import Written, op
from shapecalc.tree import Attribute

Shapes = tuple[Shape, ...]
Given = Mapping[str, Attribute]


def _rows(name: str, shape: Shape) -> Dim:
    """Return the number of rows of a square matrix. Raises ShapeMismatch for any other value."""
    if len(shape) < 2:
        fact = f"`{name}` takes a square matrix, and the operand is {len(shape)}-D"
        raise ShapeMismatch("SC303", fact, help="give it two axes of one dim")
    rows, columns = shape[-2:]
    if rows != columns:
        fact = f"`{name}` takes a square matrix, {rows} ≠ {columns}"
        axes = ((0, len(shape) - 2), (0, len(shape) - 1))
        raise ShapeMismatch("SC301", fact, axes, "give it as many rows as columns")
    return rows


def _inverted(shapes: Shapes, _: Given) -> Written:
    rows = _rows("inv", shapes[0])
    return Written("A[..., p, q] -> Y[..., i, j]", {"i": rows, "j": rows})


@op(
    _inverted,
    primitive=True,
    jacobian={"A": "-Y[..., i, p] Y[..., q, j]"},
    numpy="np.linalg.inv",
    nonsingular=("A",),
)
def inv(A: Array) -> Array:
    """Invert a square matrix, or each of a stack: `inv(A) @ A` is the identity.

    Source: d(A⁻¹) = -A⁻¹ dA A⁻¹, from d(A⁻¹ A) = 0.
    """
    return np.asarray(np.linalg.inv(A))


def _scalar_of(name: str, shapes: Shapes) -> Written:
    _rows(name, shapes[0])
    return Written("A[..., p, q] -> Y[...]", {})


@op(
    lambda shapes, _: _scalar_of("det", shapes),
    primitive=True,
    jacobian={"A": "Y[...] inv(A)[..., q, p]"},
    numpy="np.linalg.det",
    nonsingular=("A",),
)
def det(A: Array) -> Array:
    """Take the determinant of a square matrix, or of each of a stack.

    Source: Jacobi's formula, d det(A) = det(A) trace(A⁻¹ dA).
    """
    return np.asarray(np.linalg.det(A))


@op(
    lambda shapes, _: _scalar_of("logdet", shapes),
    definition="log(det(A))",
    jacobian={"A": "inv(A)[..., q, p]"},
    at_kink="where the determinant of {A} is positive",
    nonsingular=("A",),
)
def logdet(A: Array) -> Array:
    """Take the logarithm of the determinant of a square matrix, which must be positive.

    Source: d log det(A) = trace(A⁻¹ dA).
    """
    sign, size = np.linalg.slogdet(A)
    return np.asarray(np.where(sign > 0, size, np.nan))


def _solved(shapes: Shapes, _: Given) -> Written:
    rows = _rows("solve", shapes[0])
    if not shapes[1]:
        fact = "`solve` takes a vector or a matrix of right sides, and the operand is a scalar"
        raise ShapeMismatch("SC303", fact, help="give it as many entries as the matrix has rows")
    axis = max(len(shapes[1]) - 2, 0)
    if shapes[1][axis] != rows:
        fact = f"`solve` takes as many rows of right sides as equations, {rows} ≠ {shapes[1][axis]}"
        axes = ((0, len(shapes[0]) - 2), (1, axis))
        raise ShapeMismatch("SC301", fact, axes, "give both the same number of rows")
    if len(shapes[1]) == 1:
        return Written("A[..., p, q], B[p] -> Y[..., i]", {"i": rows})
    return Written("A[..., p, q], B[..., p, j] -> Y[..., i, j]", {"i": rows})


def _of_matrix(shapes: Shapes, _: Given) -> str:
    return f"-inv(A)[..., i, p] Y[..., q{', j' * (len(shapes[1]) > 1)}]"


@op(
    _solved,
    definition="inv(A) @ B",
    jacobian={"A": _of_matrix, "B": "inv(A)[..., i, p]"},
    numpy="np.linalg.solve",
    nonsingular=("A",),
)
def solve(A: Array, B: Array) -> Array:
    """Solve A @ Y = B for Y: `inv(A) @ B` without the inverse. A 1-D B is one right side.

    Source: A dY = dB - dA Y, from d(A Y) = dB.
    """
    return np.asarray(np.linalg.solve(A, B))
