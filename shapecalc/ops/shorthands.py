"""Names that libraries have for a use of another op: `vstack`, `ones_like`, `flatten`.

Each is read as the op that it is a use of; d0, d1, … are the dims of its first operand there.
"""

from collections.abc import Callable, Mapping
from typing import Any

from shapecalc.dims import Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch, hold_to_one_shape
from shapecalc.ops.registry import Body, op
from shapecalc.tree import Attribute

Shapes = tuple[Shape, ...]
Given = Mapping[str, Attribute]
Text = Callable[[Shapes, Given], str]


def _read_as(text: Text) -> Callable[[Body], Body]:
    """Register a name whose calls are read as this text."""
    return op(definition=text, spelling=text)


def _dims(shape: Shape) -> str:
    return ", ".join(f"d{axis}" for axis in range(len(shape)))


# --- values put together ------------------------------------------------------------------------


def _listed(shapes: Shapes) -> str:
    return f"[{', '.join(f'X{place}' for place in range(1, len(shapes) + 1))}]"


def _one_below(shapes: Shapes, _: Given) -> str:
    if any(len(shape) > 1 for shape in shapes):
        return f"concatenate({_listed(shapes)}, axis=0)"
    return f"stack({_listed(shapes)}, axis=0)"


@_read_as(_one_below)
def vstack(*operands: Array) -> Array:
    """Put matrices one below another: `concatenate` along axis 0; vectors become rows."""
    return np.vstack(operands)


def _one_beside(shapes: Shapes, _: Given) -> str:
    return f"concatenate({_listed(shapes)}, axis={int(len(shapes[0]) > 1)})"


@_read_as(_one_beside)
def hstack(*operands: Array) -> Array:
    """Put matrices side by side: `concatenate` along axis 1; of vectors, one behind another."""
    return np.hstack(operands)


def _as_columns(shapes: Shapes, _: Given) -> str:
    columns = [
        f"expand_dims(X{place}, axis=1)" if len(shape) == 1 else f"X{place}"
        for place, shape in enumerate(shapes, start=1)
    ]
    if all(len(shape) == 1 for shape in shapes):
        return f"stack({_listed(shapes)}, axis=1)"
    return f"concatenate([{', '.join(columns)}], axis=1)"


@_read_as(_as_columns)
def column_stack(*operands: Array) -> Array:
    """Put values side by side, vectors as columns."""
    return np.column_stack(operands)


# --- constants in the shape of a value ----------------------------------------------------------


def _ones(shape: Shape) -> str:
    return f"ones({_dims(shape)})" if shape else "1"


@_read_as(lambda shapes, _: _ones(shapes[0]))
def ones_like(X: Array) -> Array:
    """Make ones in the shape of a value."""
    return np.ones_like(X)


@_read_as(lambda shapes, _: f"zeros({_dims(shapes[0])})" if shapes[0] else "0")
def zeros_like(X: Array) -> Array:
    """Make zeros in the shape of a value."""
    return np.zeros_like(X)


@_read_as(lambda shapes, _: f"fill_value * {_ones(shapes[0])}")
def full_like(X: Array, *, fill_value: float) -> Array:
    """Repeat a number in the shape of a value."""
    return np.full_like(X, fill_value)


def _constant(_: Shapes, given: Given) -> str:
    shape = given["shape"]
    assert isinstance(shape, tuple)
    dims = ", ".join(f"shape{axis}" for axis in range(len(shape)))
    return f"fill_value * ones({dims})" if shape else "fill_value"


@_read_as(_constant)
def full(*, shape: Any, fill_value: float) -> Array:
    """Repeat a number: `full([m, n], 2)`."""
    return np.full(shape, fill_value)


# --- products and axes --------------------------------------------------------------------------


def _of_all(shapes: Shapes, _: Given) -> str:
    hold_to_one_shape(*shapes)
    return "A @ B" if len(shapes[0]) == 1 else "sum(A * B)"


@_read_as(_of_all)
def vdot(A: Array, B: Array) -> Array:
    """Multiply two values of one shape entry by entry, and add up all that."""
    return np.asarray(np.sum(A * B))


@_read_as(lambda *_: "C + A @ B")
def addmm(C: Array, A: Array, B: Array) -> Array:
    """Add to a product of matrices: `C + A @ B`."""
    return np.asarray(C + A @ B)


@_read_as(lambda *_: "flip(X, axis=1)")
def fliplr(X: Array) -> Array:
    """Reverse the order of columns."""
    return X[:, ::-1]


@_read_as(lambda *_: "flip(X, axis=0)")
def flipud(X: Array) -> Array:
    """Reverse the order of rows."""
    return X[::-1]


@_read_as(lambda *_: "diag(ravel(X))")
def diagflat(X: Array) -> Array:
    """Make a diagonal matrix of all entries: of a column, `diag` of the vector that it is."""
    return np.diagflat(X)


def _flat(shapes: Shapes, given: Given) -> str:
    rank = len(shapes[0])
    first, last = (given[name] for name in ("start_dim", "end_dim"))
    axes = [axis for axis in (first, last) if isinstance(axis, int) and -rank <= axis < rank]
    if len(axes) < 2 or axes[0] % rank > axes[1] % rank:
        fact = f"`flatten` goes from axis {first} to axis {last} of a value with {rank}"
        raise ShapeMismatch("SC304", fact, help="name two axes that it has, in order")
    start, stop = (axis % rank for axis in axes)
    if (start, stop) == (0, rank - 1):
        return "ravel(X)"
    dims = [f"d{axis}" for axis in range(rank)]
    merged = "*".join(dims[start : stop + 1])
    return f"reshape(X, [{', '.join([*dims[:start], merged, *dims[stop + 1 :]])}])"


@_read_as(_flat)
def flatten(X: Array, *, start_dim: int = 0, end_dim: int = -1) -> Array:
    """Put all entries into one axis, or those of some axes: `flatten(X, 1)` keeps the examples."""
    stop = end_dim % np.ndim(X) + 1
    return np.reshape(X, (*np.shape(X)[:start_dim], -1, *np.shape(X)[stop:]))


def _stacked(shapes: Shapes, _: Given) -> str:
    if len(shapes[0]) != 2:
        fact = f"`vec` takes a matrix, and the operand is {len(shapes[0])}-D"
        raise ShapeMismatch("SC303", fact, help="give it two axes")
    return "reshape(X.T, [d0*d1, 1])"


@_read_as(_stacked)
def vec(X: Array) -> Array:
    """Stack the columns of a matrix, one below another, to one column."""
    return np.reshape(np.transpose(X), (-1, 1))
