"""Products of matrices, of vectors and of stacks of them, and the orders of axes."""

from collections.abc import Mapping, Sequence

from shapecalc.dims import Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.registry import op
from shapecalc.tree import Attribute

PRODUCT = (
    "A[..., i, k], B[..., k, j] -> Y[..., i, j] | A[..., i, k], B[k] -> Y[..., i]"
    " | A[k], B[..., k, j] -> Y[..., j] | A[k], B[k] -> Y[]"
)
PRODUCT_TERMS = (
    "A[..., i, k] B[..., k, j] | A[..., i, k] B[k] | A[k] B[..., k, j] | A[k] B[k]"  # the same k
)
DOT = PRODUCT.replace("A[..., i, k], B[..., k, j]", "A[..., i, k], B[k, j]")
DOT_TERMS = PRODUCT_TERMS.replace("A[..., i, k] B[..., k, j]", "A[..., i, k] B[k, j]")


@op(PRODUCT, formula=PRODUCT_TERMS, numpy="np.matmul")
def matmul(A: Array, B: Array) -> Array:
    """Multiply two matrices, `A @ B`, each of a stack: an entry is a row of A times a column of B.

    The axes in front of the last two broadcast. A vector is a row in front, a column behind.
    """
    return np.asarray(A @ B)


def _torch_dot(shapes: tuple[Shape, ...], _: Mapping[str, Attribute]) -> str | None:
    """Leave out scalars, and stacks of which each meets each of the other's."""
    left, right = map(len, shapes)
    is_product = left and right and (left == 1 or right < 3)
    return "torch.matmul" if is_product else None


@op(DOT, formula=DOT_TERMS, numpy="np.dot", torch=_torch_dot)
def dot(A: Array, B: Array) -> Array:
    """Multiply two matrices or vectors, as `A @ B` does: also a stack by one matrix."""
    return np.asarray(np.dot(A, B))


@op("u[i], v[j] -> Y[i,j]", formula="u[i] v[j]", numpy="np.outer", torch="torch.outer")
def outer(u: Array, v: Array) -> Array:
    """Multiply every entry of a vector by every entry of another."""
    return np.outer(u, v)


@op(
    "X[i,j] -> Y[j,i] | X[i] -> Y[i] | X[] -> Y[]",
    formula="X[i,j] | X[i] | X[]",
    numpy="np.transpose",
)
def transpose(X: Array) -> Array:
    """Swap rows and columns, `X.T`; a vector or a scalar stays as it is."""
    return X.T


def _of_one_matrix(shapes: tuple[Shape, ...], _: Mapping[str, Attribute]) -> str | None:
    return "transpose(X)" if len(shapes[0]) == 2 else None


@op("X[..., i, j] -> Y[..., j, i]", formula="X[..., i, j]", spelling=_of_one_matrix)
def matrix_transpose(X: Array) -> Array:
    """Swap rows and columns of every matrix of a stack, `X.mT`: the last two axes."""
    return np.swapaxes(X, -1, -2)


def _letters(shape: Shape) -> list[str]:
    return [f"a{place}" for place in range(len(shape))]


def _any_order(shapes: tuple[Shape, ...], _: Mapping[str, Attribute]) -> str:
    return f"X[{','.join(_letters(shapes[0]))}]"


def _places(value: Attribute, rank: int) -> tuple[int, ...]:
    """Read one axis or several, counted from 0. Raises ShapeMismatch for one that is not there."""
    found = value if isinstance(value, tuple) else (value,)
    axes = tuple(axis for axis in found if isinstance(axis, int) and -rank <= axis < rank)
    if len(axes) < len(found):
        wrong = next(axis for axis in found if axis not in axes)
        fact = f"there is no axis {wrong}, the operand is {rank}-D"
        raise ShapeMismatch("SC304", fact, help=f"write axes from 0 to {rank - 1}")
    return tuple(axis % rank for axis in axes)


def _order(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> tuple[int, ...]:
    """Return which axis of X each axis of Y is."""
    rank = len(shapes[0])
    axes = _places(attributes["axes"], rank)
    if sorted(axes) != list(range(rank)):
        given = ", ".join(map(str, axes))
        fact = f"({given}) names {len(axes)} axes, and not each of the operand's {rank} once"
        advice = "name every axis once"
        if len(axes) == 2 and len(set(axes)) == 2:
            advice = f"write `swapaxes(X, {given})`, or all axes in their new order"
        raise ShapeMismatch("SC303", fact, help=advice)
    if axes == (0, 1):
        fact = "(0, 1) leaves the axes of a matrix as they are; PyTorch swaps the two it is given"
        raise ShapeMismatch("SC303", fact, help="write `.T` to swap them, or take it out")
    return axes


def _in_order(shapes: tuple[Shape, ...], order: Sequence[int]) -> str:
    letters = _letters(shapes[0])
    return f"X[{','.join(letters)}] -> Y[{','.join(letters[axis] for axis in order)}]"


def _spelt(order: Sequence[int]) -> str:
    is_kept = list(order) == sorted(order)
    return "X" if is_kept else f"permute(X, axes={tuple(order)})"


def _permuted(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    return _in_order(shapes, _order(shapes, attributes))


def _plainer_order(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str | None:
    axes, rank = _order(shapes, attributes), len(shapes[0])
    kept = tuple(range(rank))
    if axes == kept:
        return "X"
    if axes == (*kept[:-2], rank - 1, rank - 2):
        return "matrix_transpose(X)"
    return None if axes == attributes["axes"] else f"permute(X, axes={axes})"


@op(_permuted, formula=_any_order, numpy="np.transpose", spelling=_plainer_order)
def permute(X: Array, *, axes: tuple[int, ...]) -> Array:
    """Put axes into another order, `transpose(X, (2, 0, 1))`: axis 2 of X comes first."""
    return np.transpose(X, axes)


def _swapped_order(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> list[int]:
    rank = len(shapes[0])
    (one,), (other,) = (_places(attributes[name], rank) for name in ("axis1", "axis2"))
    order = list(range(rank))
    order[one], order[other] = other, one
    return order


def _swapped(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    return _in_order(shapes, _swapped_order(shapes, attributes))


def _swapped_spelling(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    return _spelt(_swapped_order(shapes, attributes))


@op(
    _swapped,
    formula=_any_order,
    numpy="np.swapaxes",
    spelling=_swapped_spelling,
    torch="torch.swapaxes({0}, {axis1}, {axis2})",
)
def swapaxes(X: Array, *, axis1: int, axis2: int) -> Array:
    """Swap two axes: `swapaxes(X, 0, 1)`."""
    return np.swapaxes(X, axis1, axis2)


def _moved_order(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> list[int]:
    rank = len(shapes[0])
    sources, targets = (_places(attributes[name], rank) for name in ("source", "destination"))
    if len(set(sources)) != len(sources) or len(set(targets)) != len(sources):
        fact = "`moveaxis` names an axis twice, or not as many from as to"
        raise ShapeMismatch("SC303", fact, help="name a new place for each axis once")
    order = [axis for axis in range(rank) if axis not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        order.insert(target, source)
    return order


def _moved(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    return _in_order(shapes, _moved_order(shapes, attributes))


def _moved_spelling(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    return _spelt(_moved_order(shapes, attributes))


@op(
    _moved,
    formula=_any_order,
    numpy="np.moveaxis",
    spelling=_moved_spelling,
    torch="torch.moveaxis({0}, {source}, {destination})",
)
def moveaxis(
    X: Array, *, source: int | tuple[int, ...], destination: int | tuple[int, ...]
) -> Array:
    """Move axes to new places, the others staying in their order: `moveaxis(X, 0, -1)`."""
    return np.moveaxis(X, source, destination)


@op(
    "X[..., n], W[k, n], c[k] -> Y[..., k] | X[..., n], W[k, n], c[] -> Y[..., k]",
    definition="X @ W.T + c",
    spelling=lambda *_: "X @ W.T + c",
)
def linear(X: Array, W: Array, c: Array | float = 0) -> Array:
    """Multiply rows by a weight that is stored with its outputs first, as PyTorch has it; add c."""
    return np.asarray(X @ W.T + c)
