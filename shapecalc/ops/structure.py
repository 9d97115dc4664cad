"""Ops that put entries elsewhere and change none: parts of values, and values put together.

An axis that an op changes has the letter x in X and y in Y, followed by its number.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shapecalc.dims import ONE, Dim, Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.rearranging import (
    ZERO,
    Changes,
    as_dim,
    axis_of,
    changed,
    each_axis,
    pairs_of,
    reshaped,
)
from shapecalc.ops.registry import Written, op
from shapecalc.tree import Attribute

Shapes = tuple[Shape, ...]
Given = Mapping[str, Attribute]


# --- parts --------------------------------------------------------------------------------------


def _sliced(shapes: Shapes, given: Given) -> Changes:
    (shape,) = shapes
    changes = changed(shape)
    if not isinstance(given["cut"], tuple) or not all(isinstance(x, tuple) for x in given["cut"]):
        fact = "`slice` takes a pair for each axis: what it cuts off in front, and behind"
        raise ShapeMismatch("SC210", fact, help="write the part itself, `X[1:, 0]`")
    drop = given["drop"] if isinstance(given["drop"], tuple) else ()
    for axis, (before, after) in enumerate(pairs_of(given["cut"], shape, "slice")):
        left = shape[axis] - before - after
        if axis in drop and not left.is_one:
            fact = f"`slice` drops axis {axis}, of which {left} entries are left"
            raise ShapeMismatch("SC303", fact, help="leave one entry, or keep the axis")
        if axis in drop:
            changes.drop(axis, before)
        elif before.terms or after.terms:
            changes.put(axis, left)
            changes.names[f"b{axis}"] = before
            changes.deltas.append(f"δ[x{axis}, y{axis} + |b{axis}|]")
    return changes


@op(
    lambda shapes, given: _sliced(shapes, given).signature,
    formula=lambda shapes, given: _sliced(shapes, given).formula,
)
def slice_(X: Array, *, cut: Any, drop: tuple[int, ...] = ()) -> Array:
    """Take a part of a value, `X[1:, 0]`.

    `cut` says how much is cut off in front and behind of each axis, `drop` which axes go.
    """
    ends = zip(cut, np.shape(X), strict=True)
    part = X[tuple(slice(before, size - after) for (before, after), size in ends)]
    return np.squeeze(part, axis=drop) if drop else part


def _padded(shapes: Shapes, given: Given) -> Changes:
    (shape,) = shapes
    changes = changed(shape)
    for axis, (before, after) in enumerate(pairs_of(given["pad_width"], shape, "pad")):
        if before.terms or after.terms:
            changes.put(axis, shape[axis] + before + after)
            changes.names[f"b{axis}"] = before
            changes.deltas.append(f"δ[y{axis}, x{axis} + |b{axis}|]")
    return changes


@op(
    lambda shapes, given: _padded(shapes, given).signature,
    formula=lambda shapes, given: _padded(shapes, given).formula,
    numpy="np.pad",
    torch="torch.nn.functional.pad({0}, {pad_width})",
)
def pad(X: Array, *, pad_width: Any) -> Array:
    """Put zeros around a value: `pad(X, ((1, 0), (0, 2)))`, in front and behind of each axis."""
    return np.pad(X, pad_width, "constant")


# --- several values put together ----------------------------------------------------------------


def _joined(shapes: Shapes, given: Given) -> Written:
    axis = axis_of(given, "concatenate", len(shapes[0]))
    _hold_to_one_shape("concatenate", shapes, without=axis)
    letters = [f"a{place}" for place in range(len(shapes[0]))]
    operands = [[*letters[:axis], f"x{n}", *letters[axis + 1 :]] for n in _numbers(shapes)]
    total = ZERO
    for shape in shapes:
        total += shape[axis]
    output = [*letters[:axis], "y", *letters[axis + 1 :]]
    return Written(_signature(operands, output), {"y": total})


def _joined_terms(shapes: Shapes, given: Given) -> str:
    axis = axis_of(given, "concatenate", len(shapes[0]))
    letters = [f"a{place}" for place in range(len(shapes[0]))]
    terms, offset = [], ""
    for n in _numbers(shapes):
        own = ",".join([*letters[:axis], f"x{n}", *letters[axis + 1 :]])
        terms.append(f"X{n}[{own}] δ[y, x{n}{offset}]")
        offset += f" + |x{n}|"
    return " + ".join(terms)


@op(_joined, formula=_joined_terms, numpy="np.concatenate", torch="torch.cat")
def concatenate(*operands: Array, axis: int = 0) -> Array:
    """Put values one behind another along an axis: `concatenate([A, B], axis=1)`."""
    return np.concatenate(operands, axis=axis)


def _stacked(shapes: Shapes, given: Given) -> Written:
    axis = axis_of(given, "stack", len(shapes[0]) + 1)
    _hold_to_one_shape("stack", shapes)
    letters = [f"a{place}" for place in range(len(shapes[0]))]
    output = [*letters[:axis], "y", *letters[axis:]]
    signature = _signature([letters] * len(shapes), output)
    return Written(signature, {"y": Dim.number(len(shapes))})


def _stacked_terms(shapes: Shapes, _: Given) -> str:
    own = ",".join(f"a{place}" for place in range(len(shapes[0])))
    return " + ".join(f"X{n}[{own}] δ[y, {n - 1}]" for n in _numbers(shapes))


@op(_stacked, formula=_stacked_terms, numpy="np.stack", adds_axis=True, torch="torch.stack")
def stack(*operands: Array, axis: int = 0) -> Array:
    """Put values of one shape beside each other along a new axis: `stack([A, B], axis=0)`."""
    return np.stack(operands, axis=axis)


def _numbers(shapes: Shapes) -> range:
    return range(1, len(shapes) + 1)


def _signature(operands: Sequence[Sequence[str]], output: Sequence[str]) -> str:
    given = [f"X{n}[{','.join(letters)}]" for n, letters in enumerate(operands, start=1)]
    return f"{', '.join(given)} -> Y[{','.join(output)}]"


def _hold_to_one_shape(name: str, shapes: Shapes, without: int | None = None) -> None:
    for place, shape in enumerate(shapes):
        if len(shape) != len(shapes[0]):
            fact = f"`{name}` takes values of one rank, not {len(shapes[0])}-D and {len(shape)}-D"
            raise ShapeMismatch("SC303", fact, help="give them as many axes each")
        for axis, (first, dim) in enumerate(zip(shapes[0], shape, strict=True)):
            if axis != without and first != dim:
                fact = f"`{name}` takes values that agree in axis {axis}, {first} ≠ {dim}"
                advice = "give them one size there"
                raise ShapeMismatch("SC302", fact, ((0, axis), (place, axis)), advice)


# --- the order of entries -----------------------------------------------------------------------


@op(
    lambda shapes, given: reshaped(shapes[0], given["shape"]).signature,
    formula=lambda shapes, given: reshaped(shapes[0], given["shape"]).formula,
    numpy="np.reshape",
    torch="torch.reshape",
)
def reshape(X: Array, *, shape: Any) -> Array:
    """Give a value other axes with as many entries: `reshape(X, [n, h, d])`; -1 is worked out."""
    return np.reshape(X, shape)


@op(
    lambda shapes, _: reshaped(shapes[0], (Dim.number(-1),)).signature,
    formula=lambda shapes, _: reshaped(shapes[0], (Dim.number(-1),)).formula,
    numpy="np.ravel",
    torch="torch.ravel",
)
def ravel(X: Array) -> Array:
    """Put all entries into one axis, row by row."""
    return np.reshape(X, -1)


def _flipped(shapes: Shapes, given: Given) -> Changes:
    (shape,) = shapes
    changes = changed(shape)
    for axis in each_axis(given["axis"], len(shape)):
        changes.put(axis, shape[axis])
        changes.deltas.append(f"δ[x{axis}, |x{axis}| - 1 - y{axis}]")
    return changes


@op(
    lambda shapes, given: _flipped(shapes, given).signature,
    formula=lambda shapes, given: _flipped(shapes, given).formula,
    numpy="np.flip",
    torch="torch.flip({0}, {axis})",
)
def flip(X: Array, *, axis: int | tuple[int, ...] | None = None) -> Array:
    """Reverse the order of entries along axes, along all of them where none is named."""
    axes = each_axis(axis, np.ndim(X))
    return X[tuple(slice(None, None, -1 if place in axes else 1) for place in range(np.ndim(X)))]


def _rolled(shapes: Shapes, given: Given) -> Changes:
    (shape,) = shapes
    axis = axis_of(given, "roll", len(shape))
    changes = changed(shape)
    changes.put(axis, shape[axis])
    changes.names["s"] = as_dim(given["shift"], "roll", "a shift is a whole number or a dim")
    changes.deltas.append(f"δ[y{axis}, x{axis} + |s| mod |y{axis}|]")
    return changes


@op(
    lambda shapes, given: _rolled(shapes, given).signature,
    formula=lambda shapes, given: _rolled(shapes, given).formula,
    numpy="np.roll",
    torch="torch.roll({0}, {shift}, {axis})",
)
def roll(X: Array, *, shift: Any, axis: int | None = None) -> Array:
    """Move entries along an axis; those that leave at the end come in at the start."""
    return np.roll(X, shift, axis=axis)


def _tiled(shapes: Shapes, given: Given) -> Changes:
    (shape,) = shapes
    reps = given["reps"] if isinstance(given["reps"], tuple) else (given["reps"],)
    fact = "`reps` is a whole number, or one for each axis"
    counts = [as_dim(each, "tile", fact) for each in reps]
    if len(counts) > len(shape):
        fact = f"`tile` has {len(counts)} `reps`, its operand {len(shape)} axes"
        raise ShapeMismatch("SC303", fact, help="put in unit axes first, with `expand_dims`")
    changes = changed(shape)
    for axis, count in enumerate(counts, start=len(shape) - len(counts)):
        if not count.is_one:
            changes.put(axis, shape[axis] * count)
            changes.names[f"q{axis}"] = count
            changes.deltas.append(f"δ[y{axis}, |x{axis}|*q{axis} + x{axis}]")
    return changes


@op(
    lambda shapes, given: _tiled(shapes, given).signature,
    formula=lambda shapes, given: _tiled(shapes, given).formula,
    numpy="np.tile",
    torch="torch.tile({0}, {reps})",
)
def tile(X: Array, *, reps: Any) -> Array:
    """Put copies of a value side by side, as many along each of the last axes as `reps` says."""
    return np.tile(X, reps)


def _repeated(shapes: Shapes, given: Given) -> Changes:
    (shape,) = shapes
    axis = axis_of(given, "repeat", len(shape))
    count = as_dim(given["repeats"], "repeat", "`repeats` is one whole number or dim")
    changes = changed(shape)
    if not count.is_one:
        changes.put(axis, shape[axis] * count)
        changes.names[f"q{axis}"] = count
        changes.deltas.append(f"δ[y{axis}, |q{axis}|*x{axis} + q{axis}]")
    return changes


@op(
    lambda shapes, given: _repeated(shapes, given).signature,
    formula=lambda shapes, given: _repeated(shapes, given).formula,
    numpy="np.repeat",
    torch="torch.repeat_interleave({0}, {repeats}, {axis})",
)
def repeat(X: Array, *, repeats: Any, axis: int | None = None) -> Array:
    """Put copies of each entry beside it along an axis."""
    return np.repeat(X, repeats, axis=axis)


# --- sums of some entries, and diagonals --------------------------------------------------------


def _accumulated(shapes: Shapes, given: Given) -> Changes:
    (shape,) = shapes
    axis = axis_of(given, "cumsum", len(shape))
    changes = changed(shape)
    changes.put(axis, shape[axis])
    changes.deltas.append(f"[x{axis} <= y{axis}]")
    return changes


@op(
    lambda shapes, given: _accumulated(shapes, given).signature,
    formula=lambda shapes, given: _accumulated(shapes, given).formula,
    numpy="np.cumsum",
    torch="torch.cumsum({0}, {axis})",
)
def cumsum(X: Array, *, axis: int | None = None) -> Array:
    """Add up along an axis, each entry with those before it."""
    return np.cumsum(X, axis=axis)


def _one_side(shapes: Shapes, given: Given) -> Written:
    letters = [f"a{place}" for place in range(len(shapes[0]) - 2)]
    if len(shapes[0]) < 2:
        fact = f"a triangle is part of a matrix, and the operand is {len(shapes[0])}-D"
        raise ShapeMismatch("SC303", fact, help="give it two axes")
    own = ",".join([*letters, "i", "j"])
    return Written(f"X[{own}] -> Y[{own}]", {"k": as_dim(given["k"], "triu", "`k` is a number")})


def _term_of_side(shapes: Shapes, mask: str) -> str:
    letters = [f"a{place}" for place in range(len(shapes[0]) - 2)]
    return f"X[{','.join([*letters, 'i', 'j'])}] {mask}"


@op(
    _one_side,
    formula=lambda shapes, _: _term_of_side(shapes, "[i + |k| <= j]"),
    numpy="np.triu",
    torch="torch.triu",
)
def triu(X: Array, *, k: int = 0) -> Array:
    """Keep what is on the diagonal and above it, put 0 below; `k` moves the diagonal up."""
    return np.triu(X, k)


@op(
    _one_side,
    formula=lambda shapes, _: _term_of_side(shapes, "[j <= i + |k|]"),
    numpy="np.tril",
    torch="torch.tril",
)
def tril(X: Array, *, k: int = 0) -> Array:
    """Keep what is on the diagonal and below it, put 0 above; `k` moves the diagonal up."""
    return np.tril(X, k)


@op("X[i,i] -> Y[]", formula="X[i,i]", numpy="np.trace", torch="torch.trace")
def trace(X: Array) -> Array:
    """Add up the diagonal of a square matrix."""
    return np.asarray(np.trace(X))


@op("X[i,i] -> Y[i]", formula="X[i,i]", numpy="np.diagonal", torch="torch.diagonal")
def diagonal(X: Array) -> Array:
    """Take the diagonal of a square matrix, as a vector."""
    return np.diag(X)


def _diagonal_of(shapes: Shapes, _: Given) -> Written:
    if len(shapes[0]) == 2 and shapes[0][0] != shapes[0][1] and ONE in shapes[0]:
        fact = "`diag` of a row or a column is not supported: NumPy takes one entry of it"
        axis = shapes[0].index(ONE)
        raise ShapeMismatch("SC212", fact, help=f"squeeze it first, `squeeze(x, axis={axis})`")
    if len(shapes[0]) != 1:
        return Written("X[i,i] -> Y[i]", {})
    return Written("X[i] -> Y[i,j]", {"j": shapes[0][0]})


def _diagonal_term(shapes: Shapes, _: Given) -> str:
    return "X[i] δ[i,j]" if len(shapes[0]) == 1 else "X[i,i]"


@op(_diagonal_of, formula=_diagonal_term, numpy="np.diag", torch="torch.diag")
def diag(X: Array) -> Array:
    """Make a diagonal matrix of a vector; of a square matrix, take the diagonal."""
    return np.diag(X)


def _identity(_: Shapes, given: Given) -> Written:
    size = as_dim(given["n"], "eye", "the size of `eye` is a number or a dim")
    return Written("-> Y[i,j]", {"i": size, "j": size})


@op(_identity, formula="δ[i,j]", numpy="np.eye", torch="torch.eye")
def eye(*, n: Any) -> Array:
    """Make the identity matrix of a size: `eye(n)`."""
    return np.eye(n)
