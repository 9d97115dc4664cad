"""Sums and means over axes, softmax, and the ops that only change axes."""

from collections.abc import Mapping
from typing import Any

from shapecalc.dims import Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.registry import axes_of, op
from shapecalc.tree import Attribute

Axes = int | tuple[int, ...] | None
REDUCED = "X[..., r] -> Y[...]"


@op(REDUCED, formula="X[..., r]", axis="r", numpy="np.sum")
def sum_(X: Array, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """Add up all entries, or those along the axes named."""
    return np.asarray(np.sum(X, axis=axis, keepdims=keepdims))


@op(REDUCED, formula="X[..., r] / |r|", axis="r", numpy="np.mean")
def mean(X: Array, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """Average all entries, or those along the axes named."""
    return np.asarray(np.mean(X, axis=axis, keepdims=keepdims))


NORMALISED = "X[..., c] -> Y[..., c]"


@op(
    NORMALISED,
    definition="exp(X) / sum(exp(X), axis=axis, keepdims=True)",
    jacobian={"X": "Y[..., c] δ[c,p] - Y[..., c] Y[..., p]"},
    axis="c",
    takes_logits="softmax",
)
def softmax(X: Array, *, axis: int) -> Array:
    """Turn scores into probabilities that sum to 1 along an axis."""
    scores = np.exp(X - np.max(X, axis=axis, keepdims=True))
    return np.asarray(scores / np.sum(scores, axis=axis, keepdims=True))


@op(
    NORMALISED,
    definition="X - log(sum(exp(X), axis=axis, keepdims=True))",
    jacobian={"X": "δ[c,p] - exp(Y)[..., p]"},
    axis="c",
    takes_logits="softmax",
)
def log_softmax(X: Array, *, axis: int) -> Array:
    """Take the logarithm of softmax, computed without overflow."""
    shifted = X - np.max(X, axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True)))


@op("-> Y[shape]", formula="1", numpy="np.ones")
def ones(*, shape: Any) -> Array:
    """Make an array of ones: `ones(m, n)`."""
    return np.ones(shape)


@op("-> Y[shape]", formula="0", numpy="np.zeros")
def zeros(*, shape: Any) -> Array:
    """Make an array of zeros: `zeros(m, n)`."""
    return np.zeros(shape)


@op("X[...] -> Y[shape]", formula="X[...]", numpy="np.broadcast_to")
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
    letters = [f"a{place}" for place in range(len(shapes[0]))]
    kept = [letter for place, letter in enumerate(letters) if place not in places]
    return f"X[{','.join(letters)}] -> Y[{','.join(kept)}]"


def _all_letters(shapes: tuple[Shape, ...], _: Mapping[str, Attribute]) -> str:
    return f"X[{','.join(f'a{place}' for place in range(len(shapes[0])))}]"


@op(_expanded, formula=_all_letters, numpy="np.expand_dims")
def expand_dims(X: Array, *, axis: int) -> Array:
    """Insert an axis of size 1: a vector becomes a column (`axis=1`) or a row (`axis=0`)."""
    return np.expand_dims(X, axis)


@op(_squeezed, formula=_all_letters, numpy="np.squeeze")
def squeeze(X: Array, *, axis: int) -> Array:
    """Drop an axis of size 1."""
    return np.squeeze(X, axis=axis)
