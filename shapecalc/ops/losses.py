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


@op(
    definition="{reduction}(abs(P - Y))",
    at_kink="where both agree: 0 by convention",
)
def l1(P: Array, Y: Array, *, reduction: str = "mean") -> Array:
    """Average (or sum) the absolute differences of all entries."""
    return _reduced(np.abs(P - Y), reduction)


@op(
    definition="{reduction}(where(abs(P - Y) <= delta, (P - Y) ** 2 / 2,"
    " delta * (abs(P - Y) - delta / 2)))",
)
def huber(P: Array, Y: Array, *, delta: float = 1.0, reduction: str = "mean") -> Array:
    """Average half the squared differences up to delta, and straight lines beyond it."""
    distance = np.abs(P - Y)
    straight = delta * (distance - delta / 2)
    return _reduced(np.where(distance <= delta, (P - Y) ** 2 / 2, straight), reduction)


@op(
    definition="{reduction}(where(abs(P - Y) < beta, (P - Y) ** 2 / (2 * beta),"
    " abs(P - Y) - beta / 2))",
)
def smooth_l1(P: Array, Y: Array, *, beta: float = 1.0, reduction: str = "mean") -> Array:
    """Average absolute differences, rounded off to a parabola below beta."""
    distance = np.abs(P - Y)
    curved = (P - Y) ** 2 / (2 * beta)
    return _reduced(np.where(distance < beta, curved, distance - beta / 2), reduction)


@op(
    definition="{reduction}(maximum(1 - Y * S, 0))",
    at_kink="at the margin: 0 by convention",
)
def hinge(S: Array, Y: Array, *, reduction: str = "mean") -> Array:
    """Average by how much scores fall short of the margin 1, for targets of -1 or 1."""
    return _reduced(np.maximum(1 - Y * S, 0), reduction)


@op(definition="{reduction}(sum(P * log(P / Q), axis=axis))")
def kl_divergence(P: Array, Q: Array, *, axis: int, reduction: str = "mean") -> Array:
    """Compare probabilities P with others, Q: the mean of log(P / Q) under P, along an axis."""
    return _reduced(np.sum(P * np.log(P / Q), axis=axis), reduction)


@op(definition="{reduction}(P * (log(P) - L))")
def kl_div(L: Array, P: Array, *, reduction: str = "mean") -> Array:
    """Compare log-probabilities L with probabilities P as PyTorch does: over all entries."""
    return _reduced(P * (np.log(P) - L), reduction)


@op(definition="-{reduction}(sum(Y * L, axis=axis))")
def nll(L: Array, Y: Array, *, axis: int, reduction: str = "mean") -> Array:
    """Pick log-probabilities L by one-hot targets along the class axis, and average them."""
    return _reduced(-np.sum(Y * L, axis=axis), reduction)
