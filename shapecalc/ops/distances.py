"""Lengths of vectors, and how alike two are."""

from collections.abc import Mapping

from shapecalc.conditions.forms import is_never_negative
from shapecalc.dims import Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.reductions import REDUCED, Axes
from shapecalc.ops.registry import op
from shapecalc.tree import Attribute

_Shapes = tuple[Shape, ...]
_Attributes = Mapping[str, Attribute]


def _order(attributes: _Attributes) -> int:
    order = attributes["ord"]
    if order in (None, 2, "fro"):
        return 2
    if order == 1:
        return 1
    fact = f"a norm of order {order} is not supported in this version"
    raise ShapeMismatch("SC212", fact, help="write its formula with `sum` and `abs`")


def _vector_norm(_: _Shapes, attributes: _Attributes) -> str:
    if _order(attributes) == 1:
        return "sum(abs(X), axis=axis, keepdims=keepdims)"
    return "sqrt(sum(X ** 2, axis=axis, keepdims=keepdims))"


def _vector_norm_jacobian(_: _Shapes, attributes: _Attributes) -> str:
    return "sign(X)[..., p]" if _order(attributes) == 1 else "X[..., p] Y[...]^-1"


def _is_spectral(shapes: _Shapes, attributes: _Attributes) -> bool:
    """Say whether a norm is the largest singular value of a matrix."""
    is_whole = attributes["axis"] is None and not attributes["keepdims"]
    return attributes["ord"] == 2 and len(shapes[0]) == 2 and is_whole


def _norm_jacobian(shapes: _Shapes, attributes: _Attributes) -> str:
    if _is_spectral(shapes, attributes):
        return "leading_outer(X)[..., p]"
    return _vector_norm_jacobian(shapes, attributes)


def _norm_kink(shapes: _Shapes, attributes: _Attributes) -> str:
    if _is_spectral(shapes, attributes):
        return "where the largest singular value of {X} is simple"
    return "where the norm is not 0"


def _norm(shapes: _Shapes, attributes: _Attributes) -> str:
    """Refuse the norms of a matrix that are no norms of its entries."""
    order, axis = attributes["ord"], attributes["axis"]
    rank = len(shapes[0])
    axes = axis if isinstance(axis, tuple) else (axis,) if axis is not None else range(rank)
    if (found := _norm_otherwise(shapes, attributes)) is not None:
        return found
    if _is_spectral(shapes, attributes):
        return "sum(X * leading_outer(X))"
    if order in (1, 2) and len(axes) > 1:
        fact = f"`ord={order}` along two axes is not the norm of the entries, and is not supported"
        entries = f"vector_norm(X, ord={order})"
        raise ShapeMismatch("SC212", fact, help=f"write `{entries}` for that of all its entries")
    if axis is None and order is not None and rank > 2:
        fact = f"`norm` of a {rank}-D value with `ord` needs an axis"
        raise ShapeMismatch("SC210", fact, help="write `axis=-1`, say")
    if order == "fro" and len(axes) != 2:
        fact = '`ord="fro"` is for matrices: it needs two axes'
        raise ShapeMismatch("SC210", fact, help="leave `ord` out: that is the 2-norm")
    return _vector_norm(shapes, attributes)


def _nuclear(shapes: _Shapes, attributes: _Attributes) -> str:
    if len(shapes[0]) != 2 or attributes["axis"] is not None or attributes["keepdims"]:
        fact = '`ord="nuc"` is for one matrix, without an axis'
        raise ShapeMismatch("SC210", fact, help='write `norm(X, ord="nuc")`')
    rows, columns = shapes[0]
    if rows.is_one or columns.is_one:
        return "sqrt(sum(X ** 2))"
    is_wide = rows != columns and is_never_negative(columns - rows)
    return "trace(sqrtm(X @ X.T))" if is_wide else "trace(sqrtm(X.T @ X))"


def _norm_otherwise(shapes: _Shapes, attributes: _Attributes) -> str | None:
    """Write the norms of one matrix that are none of its entries in other ops."""
    is_one_matrix = len(shapes[0]) == 2 and attributes["axis"] is None
    if attributes["ord"] == 1 and is_one_matrix and not attributes["keepdims"]:
        return "max(sum(abs(X), axis=0))"
    if _is_spectral(shapes, attributes) and any(dim.is_one for dim in shapes[0]):
        return "norm(X)"
    return _nuclear(shapes, attributes) if attributes["ord"] == "nuc" else None


def _torch_norm(shapes: _Shapes, attributes: _Attributes) -> str | None:
    if _is_spectral(shapes, attributes):
        return "torch.linalg.norm"
    return None if attributes["ord"] == "fro" else "torch.linalg.vector_norm"


@op(
    REDUCED,
    definition=_norm,
    jacobian={"X": _norm_jacobian},
    axis="r",
    positional=3,
    spelling=_norm_otherwise,
    numpy="np.linalg.norm",
    torch=_torch_norm,
    at_kink=_norm_kink,
)
def norm(
    X: Array,
    *,
    ord: int | str | None = None,  # noqa: A002 (NumPy's keyword)
    axis: Axes = None,
    keepdims: bool = False,
) -> Array:
    """Take the square root of the sum of squares (`ord=1`: the sum of absolute values).

    Over all entries, or along the axes named. Of a matrix `ord=1` is the largest sum of a column,
    `ord=2` the largest singular value, whose gradient is u₁ v₁ᵀ, `leading_outer(X)`,
    and `ord="nuc"` that of the singular values: of a matrix with independent columns, or of one
    that is known to be wide, with independent rows.
    """
    if ord == "nuc":
        return np.asarray(np.linalg.norm(X, "nuc"))
    if ord == 1 and axis is None and np.ndim(X) == 2:
        return np.asarray(np.linalg.norm(X, 1))
    if ord == 2 and axis is None and np.ndim(X) == 2 and not keepdims:
        return np.asarray(np.linalg.svd(X, compute_uv=False)[0])
    if ord == 1:
        return np.asarray(np.sum(np.abs(X), axis=axis, keepdims=keepdims))
    return np.asarray(np.sqrt(np.sum(np.square(X), axis=axis, keepdims=keepdims)))


@op(
    REDUCED,
    definition=_vector_norm,
    jacobian={"X": _vector_norm_jacobian},
    axis="r",
    positional=3,
    at_kink="where the norm is not 0",
    torch="torch.linalg.vector_norm",
    jax="jnp.linalg.vector_norm",
)
def vector_norm(
    X: Array,
    *,
    ord: int | None = None,  # noqa: A002 (PyTorch's keyword)
    axis: Axes = None,
    keepdims: bool = False,
) -> Array:
    """Take the 2-norm (`ord=1`: the 1-norm) of the entries, a matrix read as one long vector."""
    if ord == 1:
        return np.asarray(np.sum(np.abs(X), axis=axis, keepdims=keepdims))
    return np.asarray(np.sqrt(np.sum(np.square(X), axis=axis, keepdims=keepdims)))


_A, _B = (f"norm({each}, axis=axis)[...]" for each in "AB")


@op(
    "A[..., r], B[..., r] -> Y[...]",
    definition="sum(A * B, axis=axis) / (norm(A, axis=axis) * norm(B, axis=axis))",
    jacobian={
        "A": f"B[..., p] {_A}^-1 {_B}^-1 - Y[...] A[..., p] {_A}^-2",
        "B": f"A[..., p] {_A}^-1 {_B}^-1 - Y[...] B[..., p] {_B}^-2",
    },
    axis="r",
    at_kink="where neither norm is 0",
)
def cosine_similarity(A: Array, B: Array, *, axis: int) -> Array:
    """Take the cosine of the angle between vectors along an axis."""
    lengths = np.sqrt(np.sum(A * A, axis=axis)) * np.sqrt(np.sum(B * B, axis=axis))
    return np.asarray(np.sum(A * B, axis=axis) / lengths)
