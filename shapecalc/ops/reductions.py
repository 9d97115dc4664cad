"""Sums, means, extremes and the like over axes, and the ops that only change axes."""

from collections.abc import Mapping
from typing import Any

from shapecalc.dims import Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.registry import axes_of, op
from shapecalc.tree import Attribute

Axes = int | tuple[int, ...] | None
REDUCED = "X[..., r] -> Y[...]"


@op(REDUCED, formula="X[..., r]", axis="r", numpy="np.sum", torch="torch.sum")
def sum_(X: Array, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """Add up all entries, or those along the axes named."""
    return np.asarray(np.sum(X, axis=axis, keepdims=keepdims))


@op(REDUCED, formula="X[..., r] / |r|", axis="r", numpy="np.mean", torch="torch.mean")
def mean(X: Array, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """Average all entries, or those along the axes named."""
    return np.asarray(np.mean(X, axis=axis, keepdims=keepdims))


@op(
    REDUCED,
    primitive=True,
    jacobian={"X": "(X == max(X, axis=axis, keepdims=True))[..., p]"},
    axis="r",
    positional=1,
    numpy="np.max",
    at_kink="where entries tie for the largest: 1 for each, by convention",
    torch="torch.amax",
)
def max_(X: Array, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """Take the largest entry of all, or along the axes named."""
    return np.asarray(np.max(X, axis=axis, keepdims=keepdims))


@op(
    REDUCED,
    primitive=True,
    jacobian={"X": "(X == min(X, axis=axis, keepdims=True))[..., p]"},
    axis="r",
    positional=1,
    numpy="np.min",
    at_kink="where entries tie for the smallest: 1 for each, by convention",
    torch="torch.amin",
)
def min_(X: Array, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """Take the smallest entry of all, or along the axes named."""
    return np.asarray(np.min(X, axis=axis, keepdims=keepdims))


@op(
    REDUCED,
    primitive=True,
    jacobian={"X": "Y[...] X[..., p]^-1"},
    axis="r",
    positional=1,
    numpy="np.prod",
    at_kink="where no entry of {X} is 0",
    torch="torch.prod",
)
def prod(X: Array, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """Multiply all entries, or those along the axes named."""
    return np.asarray(np.prod(X, axis=axis, keepdims=keepdims))


_CENTRED = "(X - mean(X, axis=axis, keepdims=True))"
_SQUARES = f"sum({_CENTRED} ** 2, axis=axis, keepdims=keepdims)"


def _less(attributes: Mapping[str, Attribute]) -> Attribute:
    """Return what the variance's divisor is less than the number of entries."""
    return attributes["ddof"] or 0


def _var(_: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    if _less(attributes):
        return f"{_SQUARES} / (size - ddof)"
    return f"mean({_CENTRED} ** 2, axis=axis, keepdims=keepdims)"


def _var_jacobian(_: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    over = "(size - ddof)[]^-1" if _less(attributes) else "/ |r|"
    return f"2 {_CENTRED}[..., p] {over}"


def _std(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    return f"sqrt({_var(shapes, attributes)})"


def _std_jacobian(_: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    over = "(size - ddof)[]^-1" if _less(attributes) else "/ |r|"
    return f"{_CENTRED}[..., p] Y[...]^-1 {over}"


@op(
    REDUCED,
    definition=_var,
    jacobian={"X": _var_jacobian},
    axis="r",
    positional=1,
    numpy="np.var",
    torch="torch.var",
)
def var(X: Array, *, axis: Axes = None, keepdims: bool = False, ddof: int | None = None) -> Array:
    """Average the squared distances from the mean, over all entries or along the axes named.

    The divisor is the number of entries less `ddof`, 0 unless given (PyTorch's `var` has 1).
    """
    return np.asarray(np.var(X, axis=axis, keepdims=keepdims, ddof=ddof or 0))


@op(
    REDUCED,
    definition=_std,
    jacobian={"X": _std_jacobian},
    axis="r",
    positional=1,
    numpy="np.std",
    torch="torch.std",
)
def std(X: Array, *, axis: Axes = None, keepdims: bool = False, ddof: int | None = None) -> Array:
    """Take the square root of the variance, of all entries or along the axes named."""
    return np.asarray(np.std(X, axis=axis, keepdims=keepdims, ddof=ddof or 0))


@op(
    REDUCED,
    definition="log(sum(exp(X), axis=axis, keepdims=keepdims))",
    jacobian={"X": "softmax(X, axis=axes)[..., p]"},
    axis="r",
    positional=2,
    torch="torch.logsumexp",
    jax="jax.scipy.special.logsumexp",
)
def logsumexp(X: Array, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """Take the logarithm of the sum of exp, of all entries or along the axes named."""
    top = np.max(X, axis=axis, keepdims=True)
    total = np.log(np.sum(np.exp(X - top), axis=axis, keepdims=True)) + top
    return np.asarray(np.sum(total, axis=axis, keepdims=keepdims))


@op("-> Y[shape]", formula="1", numpy="np.ones", torch="torch.ones")
def ones(*, shape: Any) -> Array:
    """Make an array of ones: `ones(m, n)`."""
    return np.ones(shape)


@op("-> Y[shape]", formula="0", numpy="np.zeros", torch="torch.zeros")
def zeros(*, shape: Any) -> Array:
    """Make an array of zeros: `zeros(m, n)`."""
    return np.zeros(shape)


@op("X[...] -> Y[shape]", formula="X[...]", numpy="np.broadcast_to", torch="torch.broadcast_to")
def broadcast_to(X: Array, *, shape: Any) -> Array:
    """Repeat a value along axes that it lacks or in which it has size 1."""
    return np.broadcast_to(X, shape)


def _expanded(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    letters = [f"a{place}" for place in range(len(shapes[0]))]
    places = axes_of(attributes, (*shapes[0], *shapes[0]))
    wider = list(letters)
    for place in sorted(places):
        wider.insert(place, "1")
    return f"X[{','.join(letters)}] -> Y[{','.join(wider)}]"


def _squeezed(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    places = axes_of(attributes, shapes[0])
    if attributes["axis"] is None:
        places = tuple(place for place in places if shapes[0][place].is_one)
    letters = [f"a{place}" for place in range(len(shapes[0]))]
    kept = [letter for place, letter in enumerate(letters) if place not in places]
    return f"X[{','.join(letters)}] -> Y[{','.join(kept)}]"


def _all_letters(shapes: tuple[Shape, ...], _: Mapping[str, Attribute]) -> str:
    return f"X[{','.join(f'a{place}' for place in range(len(shapes[0])))}]"


@op(
    _expanded,
    formula=_all_letters,
    numpy="np.expand_dims",
    adds_axis=True,
    torch="torch.unsqueeze({0}, {axis})",
)
def expand_dims(X: Array, *, axis: int) -> Array:
    """Insert an axis of size 1: a vector becomes a column (`axis=1`) or a row (`axis=0`)."""
    return np.expand_dims(X, axis)


def _without_units(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str | None:
    """Name the axes that go: those of size 1 at every size."""
    if attributes["axis"] is not None:
        return None
    units = tuple(place for place, dim in enumerate(shapes[0]) if dim.is_one)
    axis = units[0] if len(units) == 1 else units
    return f"squeeze(X, axis={axis})" if units else "X"


@op(
    _squeezed,
    formula=_all_letters,
    numpy="np.squeeze",
    spelling=_without_units,
    torch="torch.squeeze({0}, {axis})",
)
def squeeze(X: Array, *, axis: Axes = None) -> Array:
    """Drop an axis of size 1, or all that have that size whatever the dims are."""
    return np.squeeze(X, axis=axis)
