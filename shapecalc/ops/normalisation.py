"""Values made alike along an axis: softmax, and the normalisations with their learned scales.

Those are compositions of `standardize` and its kind, whose Jacobians give the three terms that
people write.
"""

from collections.abc import Mapping

from shapecalc.ops.array import Array, np
from shapecalc.ops.reductions import Axes
from shapecalc.ops.registry import op
from shapecalc.tree import Attribute

NORMALISED = "X[..., c] -> Y[..., c]"


def _along_one(given: Mapping[str, Attribute], name: str) -> str | None:
    """Return PyTorch's name of what takes no more than one axis there."""
    return None if isinstance(given["axis"], tuple) else name


@op(
    NORMALISED,
    definition="exp(X) / sum(exp(X), axis=axis, keepdims=True)",
    jacobian={"X": "Y[..., c] δ[c,p] - Y[..., c] Y[..., p]"},
    axis="c",
    takes_logits="softmax",
    torch=lambda _, given: _along_one(given, "torch.softmax"),
    jax="jax.nn.softmax",
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
    torch=lambda _, given: _along_one(given, "torch.log_softmax"),
    jax="jax.nn.log_softmax",
)
def log_softmax(X: Array, *, axis: int) -> Array:
    """Take the logarithm of softmax, computed without overflow."""
    shifted = X - np.max(X, axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True)))


Operand = Array | float
"""Of an operand that may be left out: then a number stands for it."""
SCALED = "X[...], gamma[...], beta[...] -> Y[...]"
_DEVIATION = "sqrt(var(X, axis=axis, keepdims=True) + eps)"
_ROOT_MEAN_SQUARE = "sqrt(mean(X ** 2, axis=axis, keepdims=True) + eps)"
_LENGTH = "norm(X, axis=axis, keepdims=True)"


@op(
    NORMALISED,
    definition=f"(X - mean(X, axis=axis, keepdims=True)) / {_DEVIATION}",
    jacobian={
        "X": f"δ[c,p] {_DEVIATION}[...]^-1 - {_DEVIATION}[...]^-1 / |c|"
        f" - Y[..., c] Y[..., p] {_DEVIATION}[...]^-1 / |c|"
    },
    axis="c",
)
def standardize(X: Array, *, axis: Axes, eps: float = 1e-5) -> Array:
    """Take away the mean along the axes, and divide by the standard deviation."""
    centred = X - np.mean(X, axis=axis, keepdims=True)
    variance = np.mean(centred**2, axis=axis, keepdims=True)
    return np.asarray(centred / np.sqrt(variance + eps))


@op(
    NORMALISED,
    definition=f"X / {_ROOT_MEAN_SQUARE}",
    jacobian={
        "X": f"δ[c,p] {_ROOT_MEAN_SQUARE}[...]^-1"
        f" - Y[..., c] Y[..., p] {_ROOT_MEAN_SQUARE}[...]^-1 / |c|"
    },
    axis="c",
)
def rms_standardize(X: Array, *, axis: Axes, eps: float = 1e-5) -> Array:
    """Divide by the root of the mean square along the axes."""
    return np.asarray(X / np.sqrt(np.mean(X**2, axis=axis, keepdims=True) + eps))


@op(
    NORMALISED,
    definition=f"X / {_LENGTH}",
    jacobian={"X": f"δ[c,p] {_LENGTH}[...]^-1 - Y[..., c] Y[..., p] {_LENGTH}[...]^-1"},
    axis="c",
    at_kink="where the norm is not 0",
)
def normalize(X: Array, *, axis: Axes) -> Array:
    """Divide by the 2-norm along the axes, so that it becomes 1."""
    return np.asarray(X / np.sqrt(np.sum(X * X, axis=axis, keepdims=True)))


@op(SCALED, definition="gamma * standardize(X, axis=axis, eps=eps) + beta")
def layer_norm(
    X: Array, gamma: Operand = 1, beta: Operand = 0, *, axis: Axes = -1, eps: float = 1e-5
) -> Array:
    """Standardize along the axes of the features; then scale and shift."""
    return np.asarray(gamma * standardize(X, axis=axis, eps=eps) + beta)


@op(SCALED, definition="gamma * standardize(X, axis=axis, eps=eps) + beta")
def batch_norm(
    X: Array, gamma: Operand = 1, beta: Operand = 0, *, axis: Axes, eps: float = 1e-5
) -> Array:
    """Standardize along the axis of the examples, as in training; then scale and shift."""
    return np.asarray(gamma * standardize(X, axis=axis, eps=eps) + beta)


@op(
    "X[...], mu[...], v[...], gamma[...], beta[...] -> Y[...]",
    definition="gamma * (X - mu) / sqrt(v + eps) + beta",
)
def batch_norm_inference(
    X: Array, mu: Array, v: Array, gamma: Operand = 1, beta: Operand = 0, *, eps: float = 1e-5
) -> Array:
    """Standardize with a mean and a variance that are given; then scale and shift."""
    return np.asarray(gamma * (X - mu) / np.sqrt(v + eps) + beta)


@op(
    "X[...], gamma[...] -> Y[...]",
    definition="gamma * rms_standardize(X, axis=axis, eps=eps)",
)
def rms_norm(X: Array, gamma: Operand = 1, *, axis: Axes = -1, eps: float = 1e-5) -> Array:
    """Divide by the root of the mean square along the axes of the features; then scale."""
    return np.asarray(gamma * rms_standardize(X, axis=axis, eps=eps))


@op("X[...], M[...] -> Y[...]", definition="X * M / (1 - p)")
def dropout(X: Array, M: Array, *, p: float = 0.5) -> Array:
    """Keep the entries where a given mask M is 1, scaled by 1 / (1 - p); put 0 elsewhere."""
    return X * M / (1 - p)
