"""Losses. Each says over which axis it sums classes, and how it reduces the examples.

The shape follows from the definition; both operands must have one shape.

`reduction`: "mean" (over all that is left when classes are summed), "sum" or "none".
"""

from shapecalc.ops.array import Array, np
from shapecalc.ops.registry import op


def _reduced(losses: Array, reduction: str) -> Array:
    if reduction == "none":
        return losses
    return np.asarray(np.mean(losses) if reduction == "mean" else np.sum(losses))


@op(
    definition="-{reduction}(sum(Y * log(P), axis=axis))",
    sums_to_one=("Y",),
)
def cross_entropy(P: Array, Y: Array, *, axis: int, reduction: str = "mean") -> Array:
    """Compare probabilities with targets that sum to 1 along the class axis."""
    return _reduced(-np.sum(Y * np.log(P), axis=axis), reduction)


@op(
    definition="-{reduction}(sum(Y * log_softmax(Z, axis=axis), axis=axis))",
    sums_to_one=("Y",),
    takes_logits="softmax",
)
def softmax_cross_entropy(Z: Array, Y: Array, *, axis: int, reduction: str = "mean") -> Array:
    """Compare scores (logits) with targets that sum to 1 along the class axis."""
    shifted = Z - np.max(Z, axis=axis, keepdims=True)
    log_P = shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
    return _reduced(-np.sum(Y * log_P, axis=axis), reduction)


@op(
    definition="-{reduction}(Y * log(P) + (1 - Y) * log(1 - P))",
)
def binary_cross_entropy(P: Array, Y: Array, *, reduction: str = "mean") -> Array:
    """Compare probabilities of one class with targets of 0 or 1; the mean is over all entries."""
    return _reduced(-(Y * np.log(P) + (1 - Y) * np.log(1 - P)), reduction)


@op(
    definition="{reduction}(softplus(Z) - Y * Z)",
    takes_logits="sigmoid",
)
def binary_cross_entropy_with_logits(Z: Array, Y: Array, *, reduction: str = "mean") -> Array:
    """Compare scores (logits) of one class with targets of 0 or 1; the mean is over all entries."""
    return _reduced(np.logaddexp(0, Z) - Y * Z, reduction)


@op(definition="{reduction}((P - Y) ** 2)")
def mse(P: Array, Y: Array, *, reduction: str = "mean") -> Array:
    """Average (or sum) the squared differences of all entries."""
    return _reduced((P - Y) ** 2, reduction)
