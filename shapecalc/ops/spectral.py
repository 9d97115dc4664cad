"""Functions of a square matrix that are not taken entry by entry: `expm`, `sqrtm`, and their kin.

The derivative of such a function at a matrix is a linear map of matrices, a tensor of four axes:
dY[i,j] = Σ T[i,j,k,l] dA[k,l]. It is opaque; an op of its own applies it, as `expm_frechet(A, dA)`
does. Contracted with its first two axes it is the same function at `A.T`.
Source: N. Higham, Functions of Matrices, chapters 3 and 6.
"""

from collections.abc import Callable, Mapping

from shapecalc.dims import Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.matrices import rows_of
from shapecalc.ops.registry import Written, op
from shapecalc.tree import Attribute

HALVINGS, TERMS = 6, 18
"""e^(A/2⁶) is summed so far, and squared as often."""
ROUNDS = 40
"""Of an iteration that doubles the digits in each, near the root."""
BLOCKS = "concatenate([concatenate([{}], axis=1), concatenate([{}], axis=1)], axis=0)"
ROTATION = BLOCKS.format("zeros(i, i), -A", "A, zeros(i, i)")
"""[[0, -A], [A, 0]]: e to it is [[cos A, -sin A], [sin A, cos A]]."""
MOVED = BLOCKS.format("A, E", "zeros(i, i), A")
"""[[A, E], [0, A]]: a function of it has that of A on the diagonal, and its derivative above."""
Shapes = tuple[Shape, ...]
Given = Mapping[str, Attribute]


def _written(name: str, text: str) -> Callable[[Shapes, Given], Written]:
    """Take square matrices of one size, each alone and not in a stack."""

    def written(shapes: Shapes, _: Given) -> Written:
        rows = rows_of(name, shapes[0])
        if len(shapes[0]) > 2:
            fact = f"`{name}` takes one square matrix, and the operand is {len(shapes[0])}-D"
            raise ShapeMismatch("SC303", fact, help="give it two axes")
        if shapes[-1] != shapes[0]:
            fact = f"`{name}` takes a matrix and a change of it, and they have not one shape"
            raise ShapeMismatch("SC302", fact, help="give both the same shape")
        return Written(text, dict.fromkeys("ijkl", rows))

    return written


def _of_matrix(name: str) -> Callable[[Shapes, Given], Written]:
    return _written(name, "A[p, q] -> Y[i, j]")


def _applied(name: str) -> Callable[[Shapes, Given], Written]:
    return _written(name, "A[p, q], E[k, l] -> Y[i, j]")


def _tensor(name: str) -> Callable[[Shapes, Given], Written]:
    return _written(name, "A[p, q] -> Y[i, j, k, l]")


def _blocks(A: Array, B: Array, C: Array, D: Array) -> Array:
    rows = [np.concatenate(pair, axis=1) for pair in ((A, B), (C, D))]
    return np.asarray(np.concatenate(rows, axis=0))


def _derivative(function: Callable[[Array], Array], A: Array, E: Array) -> Array:
    """Read the derivative of a function of a matrix off the function of a block matrix."""
    rows = A.shape[0]
    return function(_blocks(A, E, np.zeros((rows, rows)), A))[:rows, rows:]


def _all_derivatives(function: Callable[[Array], Array], A: Array) -> Array:
    rows = A.shape[0]
    units = np.eye(rows * rows).reshape(rows * rows, rows, rows)
    columns = [_derivative(function, A, unit).reshape(-1) for unit in units]
    return np.stack(columns, axis=1).reshape(rows, rows, rows, rows)


# --- the exponential ----------------------------------------------------------------------------


@op(
    _of_matrix("expm"),
    primitive=True,
    jacobian={"A": "expm_jacobian(A)[i, j, p, q]"},
    torch="torch.linalg.matrix_exp",
    jax="jax.scipy.linalg.expm",
    has_identities=True,
)
def expm(A: Array) -> Array:
    """Raise e to a square matrix: I + A + A @ A / 2 + …; `exp` is that of each entry.

    Source: d expm(A) = Σ Aᵃ dA Aᵇ / (a + b + 1)! over all a and b from 0, `expm_frechet(A, dA)`.
    """
    part = A / 2.0**HALVINGS
    total = np.eye(A.shape[0])
    for divisor in range(TERMS, 0, -1):
        total = np.eye(A.shape[0]) + part @ total / divisor
    for _ in range(HALVINGS):
        total = total @ total
    return np.asarray(total)


@op(
    _tensor("expm_jacobian"),
    primitive=True,
    applied_by="expm_frechet",
    of_identity="expm(A)",
    has_identities=True,
)
def expm_jacobian(A: Array) -> Array:
    """Differentiate `expm(A)` by A: [i, j, k, l] is that of the entry i, j by the entry k, l."""
    return _all_derivatives(expm, A)


@op(
    _applied("expm_frechet"),
    definition=f"expm({MOVED})[:i, i:]",
    jacobian={"E": "expm_jacobian(A)[i, j, k, l]"},
    jax="jax.scipy.linalg.expm_frechet({0}, {1}, compute_expm=False)",
    linear="E",
    sizes=("i",),
    has_identities=True,
)
def expm_frechet(A: Array, E: Array) -> Array:
    """Say how `expm(A)` moves where A moves by E: its Fréchet derivative.

    Source: e to [[A, E], [0, A]] has it in its upper right block.
    """
    return _derivative(expm, A, E)


# --- sine and cosine ----------------------------------------------------------------------------


@op(
    _of_matrix("sinm"),
    definition=f"expm({ROTATION})[i:, :i]",
    jacobian={"A": "sinm_jacobian(A)[i, j, p, q]"},
    sizes=("i",),
    has_identities=True,
)
def sinm(A: Array) -> Array:
    """Take the sine of a square matrix, A - A³/6 + …; `sin` is that of each entry."""
    rows = A.shape[0]
    zeros = np.zeros((rows, rows))
    return np.asarray(expm(_blocks(zeros, -A, A, zeros))[rows:, :rows])


@op(
    _tensor("sinm_jacobian"),
    primitive=True,
    applied_by="sinm_frechet",
    of_identity="cosm(A)",
    has_identities=True,
)
def sinm_jacobian(A: Array) -> Array:
    """Differentiate `sinm(A)` by A: [i, j, k, l] is that of the entry i, j by the entry k, l."""
    return _all_derivatives(sinm, A)


@op(
    _applied("sinm_frechet"),
    definition=f"sinm({MOVED})[:i, i:]",
    jacobian={"E": "sinm_jacobian(A)[i, j, k, l]"},
    linear="E",
    sizes=("i",),
    has_identities=True,
)
def sinm_frechet(A: Array, E: Array) -> Array:
    """Say how `sinm(A)` moves where A moves by E: its Fréchet derivative."""
    return _derivative(sinm, A, E)


@op(
    _of_matrix("cosm"),
    definition=f"expm({ROTATION})[:i, :i]",
    jacobian={"A": "cosm_jacobian(A)[i, j, p, q]"},
    sizes=("i",),
    has_identities=True,
)
def cosm(A: Array) -> Array:
    """Take the cosine of a square matrix, I - A²/2 + …; `cos` is that of each entry."""
    rows = A.shape[0]
    zeros = np.zeros((rows, rows))
    return np.asarray(expm(_blocks(zeros, -A, A, zeros))[:rows, :rows])


@op(
    _tensor("cosm_jacobian"),
    primitive=True,
    applied_by="cosm_frechet",
    of_identity="-sinm(A)",
    has_identities=True,
)
def cosm_jacobian(A: Array) -> Array:
    """Differentiate `cosm(A)` by A: [i, j, k, l] is that of the entry i, j by the entry k, l."""
    return _all_derivatives(cosm, A)


@op(
    _applied("cosm_frechet"),
    definition=f"cosm({MOVED})[:i, i:]",
    jacobian={"E": "cosm_jacobian(A)[i, j, k, l]"},
    linear="E",
    sizes=("i",),
    has_identities=True,
)
def cosm_frechet(A: Array, E: Array) -> Array:
    """Say how `cosm(A)` moves where A moves by E: its Fréchet derivative."""
    return _derivative(cosm, A, E)


# --- roots, and equations A X + X B = C ---------------------------------------------------------


@op(
    _of_matrix("sqrtm"),
    primitive=True,
    jacobian={"A": "kron_sum_inverse(Y, Y)[i, j, p, q]"},
    jax="jax.scipy.linalg.sqrtm({0}).real",
    nonsingular=("A",),
    has_identities=True,
    at_kink="where {A} has no eigenvalue that is 0 or negative",
)
def sqrtm(A: Array) -> Array:
    """Take the principal square root of a matrix, whose square is the matrix.

    Source: dA = dY Y + Y dY, from A = Y Y; the root by the iteration of Denman and Beavers.
    """
    root, inverse = A, np.eye(A.shape[0])
    for _ in range(ROUNDS):
        root, inverse = (root + np.linalg.inv(inverse)) / 2, (inverse + np.linalg.inv(root)) / 2
    return root


def _rows_of_both(name: str, shapes: Shapes) -> Shape:
    if max(map(len, shapes)) > 2:
        fact = f"`{name}` takes single matrices, not stacks of them"
        raise ShapeMismatch("SC303", fact, help="give each two axes")
    return tuple(rows_of(name, shape) for shape in shapes[:2])


def _kron_sum(shapes: Shapes, _: Given) -> Written:
    left, right = _rows_of_both("kron_sum_inverse", shapes)
    dims = {"i": left, "j": right, "k": left, "l": right}
    return Written("A[a, b], B[c, d] -> Y[i, j, k, l]", dims)


@op(
    _kron_sum,
    definition="reshape(inv(kron(A, eye(j)) + kron(eye(i), B.T)), [i, j, i, j])",
    sizes=("i", "j"),
    applied_by="solve_sylvester",
    of_identity="inv(A) / 2",
    has_identities=True,
)
def kron_sum_inverse(A: Array, B: Array) -> Array:
    """Invert the Kronecker sum of two matrices: what [k, l] of C adds to [i, j] of X.

    With `A @ X + X @ B = C`, rows stacked: (A ⊗ I + I ⊗ Bᵀ) vec(X) = vec(C).
    """
    rows, columns = A.shape[0], B.shape[0]
    both = np.kron(A, np.eye(columns)) + np.kron(np.eye(rows), B.T)
    return np.reshape(np.linalg.inv(both), (rows, columns, rows, columns))


def _sylvester(shapes: Shapes, _: Given) -> Written:
    left, right = _rows_of_both("solve_sylvester", shapes)
    if shapes[2] != (left, right):
        fact = "`solve_sylvester(A, B, C)` takes a C with the rows of A and the columns of B"
        raise ShapeMismatch("SC302", fact, help="A @ X + X @ B is C")
    return Written("A[a, b], B[c, d], C[k, l] -> Y[i, j]", {"i": left, "j": right})


@op(
    _sylvester,
    definition='einsum("ijkl,kl->ij", kron_sum_inverse(A, B), C)',
    jacobian={
        "A": "-kron_sum_inverse(A, B)[i, j, a, l] Y[b, l]",
        "B": "-kron_sum_inverse(A, B)[i, j, k, d] Y[k, c]",
        "C": "kron_sum_inverse(A, B)[i, j, k, l]",
    },
    linear="C",
)
def solve_sylvester(A: Array, B: Array, C: Array) -> Array:
    """Solve A @ X + X @ B = C for X.

    Source: A dX + dX B = dC - dA X - X dB, from the differential of the equation.
    """
    rows, columns = C.shape
    both = np.kron(A, np.eye(columns)) + np.kron(np.eye(rows), B.T)
    return np.reshape(np.linalg.solve(both, np.reshape(C, (-1,))), (rows, columns))


# --- the Cholesky factor ------------------------------------------------------------------------


def _factored(shapes: Shapes, _: Given) -> Written:
    rows = rows_of("cholesky", shapes[0])
    return Written("A[..., p, q] -> Y[..., i, j]", dict.fromkeys("ija", rows))


_LOWER = "inv(Y)[..., a, {}] inv(Y)[..., j, {}]"
_HALF = "Y[..., i, a] " + _LOWER + " [j <= a]"
_DIAGONAL = "Y[..., i, j] inv(Y)[..., j, p] inv(Y)[..., j, q]"


@op(
    _factored,
    primitive=True,
    jacobian={
        "A": f"1/2 {_HALF.format('p', 'q')} + 1/2 {_HALF.format('q', 'p')} - 1/2 {_DIAGONAL}"
    },
    numpy="np.linalg.cholesky",
    torch="torch.linalg.cholesky",
    nonsingular=("A",),
    has_identities=True,
    at_kink="where {A} is symmetric and positive definite",
)
def cholesky(A: Array) -> Array:
    """Factor a symmetric positive definite matrix: L @ L.T is A, and L is lower triangular.

    Of any other matrix, (A + A.T) / 2 is taken.
    Source: dL = L Φ(L⁻¹ dA L⁻ᵀ), Φ being the lower triangle with half of the diagonal.
    """
    return np.asarray(np.linalg.cholesky((A + np.swapaxes(A, -1, -2)) / 2))


# --- singular vectors ---------------------------------------------------------------------------


def _leading(shapes: Shapes, _: Given) -> Written:
    if len(shapes[0]) != 2:
        fact = f"`leading_outer` takes a matrix, and the operand is {len(shapes[0])}-D"
        raise ShapeMismatch("SC303", fact, help="give it two axes")
    rows, columns = shapes[0]
    return Written("A[p, q] -> Y[i, j]", {"i": rows, "j": columns})


_U_V = "(lambda U, _, Vh: U[:, :1] @ Vh[:1])(*{}.linalg.svd({{0}}, full_matrices=False))"


@op(
    _leading,
    primitive=True,
    torch=_U_V.format("torch"),
    jax=_U_V.format("jnp"),
    has_identities=True,
    at_kink="where the largest singular value of {A} is simple",
)
def leading_outer(A: Array) -> Array:
    """Multiply the singular vectors of the largest singular value: u₁ v₁ᵀ.

    It is the gradient of `norm(A, ord=2)`. Source: dσ₁ = u₁ᵀ dA v₁, since u₁ᵀ u₁ and v₁ᵀ v₁ stay 1.
    """
    left, _, right = np.linalg.svd(A, full_matrices=False)
    return np.asarray(left[:, :1] @ right[:1])
