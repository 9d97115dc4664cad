"""Rows picked by number: one-hot rows, and the tables that they multiply.

What is picked by is a whole number, and no gradient goes through it. By the table, picking is a
product with one-hot rows; its gradient adds up the rows that came from one place.
"""

from collections.abc import Mapping

from shapecalc.dims import Dim, Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.rearranging import as_dim
from shapecalc.ops.registry import Written, op
from shapecalc.tree import Attribute

Shapes = tuple[Shape, ...]
Given = Mapping[str, Attribute]


def _with_classes(shapes: Shapes, given: Given) -> Written:
    fact = "the number of classes of `one_hot` is a whole number or a dim"
    letters = [f"a{place}" for place in range(len(shapes[0]))]
    signature = f"ids[{','.join(letters)}] -> Y[{','.join([*letters, 'v'])}]"
    return Written(signature, {"v": as_dim(given["n"], "one_hot", fact)})


def _is_that_class(shapes: Shapes, _: Given) -> str:
    """Compare with 0, 1, 2, …; rounded, so that it stands still where the number hardly moves."""
    return f"expand_dims(floor(ids + 1 / 2), axis={len(shapes[0])}) == arange(n=n)"


def _with_a_number(_: Shapes, given: Given) -> str | None:
    """Write a number of classes as one, rather than as a dim that is always that."""
    count = given["n"]
    is_fixed = isinstance(count, Dim) and count.constant is not None
    return f"one_hot(ids, {count})" if is_fixed else None


@op(
    _with_classes,
    definition=_is_that_class,
    spelling=_with_a_number,
    derivative={"ids": "0"},
    indices={"ids": "v"},
    unit_sum="v",
)
def one_hot(ids: Array, *, n: int) -> Array:
    """Make a row of n entries for each number: 1 at its place, counted from 0, else 0."""
    return np.asarray(np.eye(n)[np.rint(ids).astype(int)])


@op(
    "ids[...], E[v,d] -> Y[...,d] | ids[...], E[v] -> Y[...]",
    definition="one_hot(ids, n=v) @ E",
    indices={"ids": "v"},
    notes={"E": "row by row, np.add.at(d{E}, {ids}, d{Y})"},
)
def embedding(ids: Array, E: Array) -> Array:
    """Pick rows of a table by their numbers, `E[ids]`: one for each entry of ids."""
    return np.asarray(E[np.rint(ids).astype(int)])


@op(
    "X[...,v], ids[...] -> Y[...]",
    definition="sum(one_hot(ids, n=v) * X, axis=-1)",
    indices={"ids": "v"},
)
def pick(X: Array, ids: Array) -> Array:
    """Pick one entry of each row by its number, `X[arange(m), ids]`, along the last axis."""
    places = np.rint(ids).astype(int)
    return np.asarray(np.sum(X * np.eye(X.shape[-1])[places], axis=-1))


def _by_rows(_: Shapes, given: Given) -> str:
    """Say the same as `embedding`, the table first."""
    if given["axis"] != 0:
        fact = f"`take` picks along axis 0, not {given['axis']}"
        raise ShapeMismatch("SC212", fact, help="transpose the table, or write `one_hot` products")
    return "embedding(ids, E)"


@op(
    "E[v,d], ids[...] -> Y[...,d] | E[v], ids[...] -> Y[...]",
    definition=_by_rows,
    indices={"ids": "v"},
    spelling=_by_rows,
)
def take(E: Array, ids: Array, *, axis: int = 0) -> Array:
    """Pick rows of a table by their numbers: `embedding` with the table first."""
    return np.take(E, np.rint(ids).astype(int), axis=axis)
