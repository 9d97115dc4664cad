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

MOST_FACTORS = 8
Shapes = tuple[Shape, ...]
Given = Mapping[str, Attribute]


def rows_of(name: str, shape: Shape) -> Dim:
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
    rows = rows_of("inv", shapes[0])
    return Written("A[..., p, q] -> Y[..., i, j]", {"i": rows, "j": rows})


@op(
    _inverted,
    primitive=True,
    jacobian={"A": "-Y[..., i, p] Y[..., q, j]"},
    numpy="np.linalg.inv",
    nonsingular=("A",),
    torch="torch.linalg.inv",
)
def inv(A: Array) -> Array:
    """Invert a square matrix, or each of a stack: `inv(A) @ A` is the identity.

    Source: d(A⁻¹) = -A⁻¹ dA A⁻¹, from d(A⁻¹ A) = 0.
    """
    return np.asarray(np.linalg.inv(A))


def _multiplied(_: Shapes, given: Given) -> str:
    """Write a power as a product."""
    power = given["n"]
    whole = power.constant if isinstance(power, Dim) else power
    if isinstance(whole, bool) or not isinstance(whole, int) or not 0 < abs(whole) <= MOST_FACTORS:
        fact = f"`matrix_power` takes a whole number up to {MOST_FACTORS} but 0, not `{power}`"
        raise ShapeMismatch("SC210", fact, help="write `matrix_power(A, 2)`; the power 0 is `eye`")
    return " @ ".join(["A" if whole > 0 else "inv(A)"] * abs(whole))


def _square(shapes: Shapes, _: Given) -> Written:
    rows = rows_of("matrix_power", shapes[0])
    return Written("A[..., i, j] -> Y[..., i, j]", {"i": rows, "j": rows})


@op(
    _square,
    definition=_multiplied,
    numpy="np.linalg.matrix_power",
    torch="torch.linalg.matrix_power",
)
def matrix_power(A: Array, *, n: int) -> Array:
    """Multiply a square matrix by itself; a negative power is that of its inverse."""
    factor = A if n > 0 else np.linalg.inv(A)
    product = factor
    for _ in range(abs(n) - 1):
        product = product @ factor
    return np.asarray(product)


def _scalar_of(name: str, shapes: Shapes) -> Written:
    rows_of(name, shapes[0])
    return Written("A[..., p, q] -> Y[...]", {})


@op(
    lambda shapes, _: _scalar_of("det", shapes),
    primitive=True,
    jacobian={"A": "Y[...] inv(A)[..., q, p]"},
    numpy="np.linalg.det",
    nonsingular=("A",),
    torch="torch.linalg.det",
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
    torch="torch.logdet",
    jax="jnp.linalg.slogdet({0})[1]",
)
def logdet(A: Array) -> Array:
    """Take the logarithm of the determinant of a square matrix, which must be positive.

    Source: d log det(A) = trace(A⁻¹ dA).
    """
    sign, size = np.linalg.slogdet(A)
    return np.asarray(np.where(sign > 0, size, np.nan))


def _solved(shapes: Shapes, _: Given) -> Written:
    rows = rows_of("solve", shapes[0])
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


def _torch_solve(shapes: Shapes, _: Given) -> str | None:
    """Leave out what PyTorch reads by sizes: whether the right sides of a stack are vectors."""
    left, right = map(len, shapes)
    return "torch.linalg.solve" if left == right or (left, right) == (2, 1) else None


def _of_matrix(shapes: Shapes, _: Given) -> str:
    return f"-inv(A)[..., i, p] Y[..., q{', j' * (len(shapes[1]) > 1)}]"


@op(
    _solved,
    definition="inv(A) @ B",
    jacobian={"A": _of_matrix, "B": "inv(A)[..., i, p]"},
    numpy="np.linalg.solve",
    torch=_torch_solve,
    nonsingular=("A",),
)
def solve(A: Array, B: Array) -> Array:
    """Solve A @ Y = B for Y: `inv(A) @ B` without the inverse. A 1-D B is one right side.

    Source: A dY = dB - dA Y, from d(A Y) = dB.
    """
    return np.asarray(np.linalg.solve(A, B))


def _pseudo(shapes: Shapes, _: Given) -> Written:
    if len(shapes[0]) != 2:
        fact = f"`pinv` takes a matrix, and the operand is {len(shapes[0])}-D"
        raise ShapeMismatch("SC303", fact, help="give it two axes")
    rows, columns = shapes[0]
    dims = {"i": columns, "j": rows, "a": rows, "b": rows, "c": columns, "d": columns}
    return Written("A[p, q] -> Y[i, j]", dims)


@op(
    _pseudo,
    primitive=True,
    jacobian={
        "A": "-Y[i, p] Y[q, j]"
        " + Y[i, a] Y[q, a] δ[p, j] - Y[i, a] Y[q, a] A[p, c] Y[c, j]"
        " + Y[d, p] Y[d, j] δ[i, q] - Y[i, b] A[b, q] Y[d, p] Y[d, j]"
    },
    numpy="np.linalg.pinv",
    torch="torch.linalg.pinv",
    has_identities=True,
    at_kink="where {A} has full rank",
)
def pinv(A: Array) -> Array:
    """Take the pseudoinverse of a matrix of full rank: `inv(A.T @ A) @ A.T` of a tall one.

    Source: Golub and Pereyra, dA⁺ = -A⁺ dA A⁺ + A⁺ A⁺ᵀ dAᵀ (I - A A⁺) + (I - A⁺ A) dAᵀ A⁺ᵀ A⁺.
    """
    return np.asarray(np.linalg.pinv(A))
