"""Activations: functions of one entry at a time that networks have between their layers."""

import math
from collections.abc import Mapping

from shapecalc.dims import Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.elementwise import ENTRYWISE
from shapecalc.ops.registry import op
from shapecalc.tree import Attribute

_Shapes = tuple[Shape, ...]
_Attributes = Mapping[str, Attribute]


@op(
    ENTRYWISE,
    definition="1 / (1 + exp(-X))",
    derivative={"X": "Y * (1 - Y)"},
    torch="torch.sigmoid",
    jax="jax.nn.sigmoid",
)
def sigmoid(X: Array) -> Array:
    """Apply the logistic function to every entry."""
    return 1 / (1 + np.exp(-X))


@op(ENTRYWISE, definition="sigmoid(X) * (1 - sigmoid(X))")
def sigmoid_prime(X: Array) -> Array:
    """Take the derivative of the logistic function at every entry, as Nielsen's book names it."""
    return np.asarray(np.exp(-X) / (1 + np.exp(-X)) ** 2)


@op(
    ENTRYWISE,
    definition="X * (X > 0)",
    derivative={"X": "X > 0 | Y > 0"},
    at_kink="at {X} = 0: 0 by convention",
    torch="torch.relu",
    jax="jax.nn.relu",
)
def relu(X: Array) -> Array:
    """Keep positive entries, put 0 for the others."""
    return np.maximum(X, 0)


@op(
    ENTRYWISE,
    definition="where(X > 0, X, slope * X)",
    derivative={"X": "where(X > 0, 1, slope)"},
    at_kink="at {X} = 0: the slope by convention",
    torch="torch.nn.functional.leaky_relu",
    jax="jax.nn.leaky_relu({0}, {slope})",
)
def leaky_relu(X: Array, *, slope: float = 0.01) -> Array:
    """Keep positive entries, multiply the others by a small slope."""
    return np.where(X > 0, X, slope * X)


@op(
    ENTRYWISE,
    definition="log(1 + exp(X))",
    derivative={"X": "sigmoid(X)"},
    torch="torch.nn.functional.softplus",
    jax="jax.nn.softplus",
)
def softplus(X: Array) -> Array:
    """Take log(1 + exp(x)) of every entry: a smooth relu."""
    return np.logaddexp(0, X)


@op(
    ENTRYWISE,
    definition="log(sigmoid(X))",
    derivative={"X": "1 - sigmoid(X)"},
    torch="torch.nn.functional.logsigmoid",
    jax="jax.nn.log_sigmoid",
)
def logsigmoid(X: Array) -> Array:
    """Take the logarithm of the logistic function, computed without overflow."""
    return -np.logaddexp(0, -X)


@op(
    ENTRYWISE,
    definition="X * sigmoid(X)",
    derivative={"X": "Y + sigmoid(X) * (1 - Y)"},
    torch="torch.nn.functional.silu",
    jax="jax.nn.silu",
)
def silu(X: Array) -> Array:
    """Multiply every entry by its logistic function; swish is another name."""
    return np.asarray(X / (1 + np.exp(-X)))


@op(
    ENTRYWISE,
    definition="X * tanh(softplus(X))",
    derivative={
        "X": "tanh(softplus(X)) + X * sigmoid(X) * (1 - tanh(softplus(X)) ** 2)",
    },
    torch="torch.nn.functional.mish",
    jax="jax.nn.mish",
)
def mish(X: Array) -> Array:
    """Multiply every entry by tanh(log(1 + exp(x)))."""
    return X * np.tanh(np.logaddexp(0, X))


def _is_tanh(attributes: _Attributes) -> bool:
    """Say which of gelu's two forms is meant. JAX has True and False for them."""
    form = attributes["approximate"]
    if form not in (None, "none", "tanh", True, False):
        fact = f'`approximate` of `gelu` is "none" or "tanh", not {form!r}'
        raise ShapeMismatch("SC210", fact, help='write `approximate="tanh"`, or leave it out')
    return form in ("tanh", True)


def _form(attributes: _Attributes) -> str:
    return "tanh" if _is_tanh(attributes) else "none"


_NORMAL = "(1 + erf(X / sqrt(2))) / 2"
_BEND = "tanh(sqrt(2 / pi) * (X + 0.044715 * X ** 3))"


def _gelu(_: _Shapes, attributes: _Attributes) -> str:
    return f"X * (1 + {_BEND}) / 2" if _is_tanh(attributes) else f"X * {_NORMAL}"


def _gelu_slope(_: _Shapes, attributes: _Attributes) -> str:
    if not _is_tanh(attributes):
        return f"{_NORMAL} + X * exp(-(X ** 2) / 2) / sqrt(2 * pi)"
    inner = "sqrt(2 / pi) * (1 + 0.134145 * X ** 2)"
    return f"(1 + {_BEND} + X * (1 - {_BEND} ** 2) * {inner}) / 2"


@op(
    ENTRYWISE,
    definition=_gelu,
    derivative={"X": _gelu_slope},
    torch=lambda _, given: f"torch.nn.functional.gelu({{0}}, approximate='{_form(given)}')",
    jax=lambda _, given: f"jax.nn.gelu({{0}}, approximate={_is_tanh(given)})",
)
def gelu(X: Array, *, approximate: str | None = None) -> Array:
    """Multiply every entry by the chance that a normal variable is below it.

    `approximate="tanh"`: by the usual approximation of that chance.
    """
    if approximate in ("tanh", True):
        bend = np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3))
        return np.asarray(X * (1 + bend) / 2)
    chance = (1 + np.vectorize(math.erf, otypes=[float])(X / np.sqrt(2))) / 2
    return np.asarray(X * chance)


@op(
    ENTRYWISE,
    definition="where(X > 0, X, alpha * (exp(X) - 1))",
    derivative={"X": "where(X > 0, 1, Y + alpha)"},
    at_kink="at {X} = 0: {alpha}",
    torch="torch.nn.functional.elu",
    jax="jax.nn.elu({0}, {alpha})",
)
def elu(X: Array, *, alpha: float = 1.0) -> Array:
    """Keep positive entries, put alpha (exp(x) - 1) for the others."""
    return np.where(X > 0, X, alpha * (np.exp(X) - 1))


_SCALE, _ALPHA = 1.0507009873554805, 1.6732632423543772


@op(
    ENTRYWISE,
    definition=f"{_SCALE} * where(X > 0, X, {_ALPHA} * (exp(X) - 1))",
    derivative={"X": f"{_SCALE} * where(X > 0, 1, {_ALPHA} * exp(X))"},
    at_kink="at {X} = 0: that from below, by convention",
    torch="torch.nn.functional.selu",
    jax="jax.nn.selu",
)
def selu(X: Array) -> Array:
    """Apply elu, scaled such that layers keep mean 0 and variance 1."""
    return _SCALE * np.where(X > 0, X, _ALPHA * (np.exp(X) - 1))


@op(
    ENTRYWISE,
    definition="minimum(maximum(X, lo), hi)",
    derivative={"X": "(X > lo) * (X < hi)"},
    at_kink="at {X} = {lo} and {hi}: 0 by convention",
    torch="torch.nn.functional.hardtanh",
)
def hardtanh(X: Array, *, lo: float = -1.0, hi: float = 1.0) -> Array:
    """Keep entries between two numbers: put a bound for what is beyond it."""
    return np.minimum(np.maximum(X, lo), hi)


@op(
    ENTRYWISE,
    definition="minimum(maximum(X, 0), 6)",
    derivative={"X": "(X > 0) * (X < 6)"},
    at_kink="at {X} = 0 and 6: 0 by convention",
    torch="torch.nn.functional.relu6",
    jax="jax.nn.relu6",
)
def relu6(X: Array) -> Array:
    """Keep entries between 0 and 6: put a bound for what is beyond it."""
    return np.minimum(np.maximum(X, 0), 6)


@op(
    ENTRYWISE,
    definition="minimum(maximum(X / 6 + 1 / 2, 0), 1)",
    derivative={"X": "(X > -3) * (X < 3) / 6"},
    at_kink="at {X} = -3 and 3: 0 by convention",
    torch="torch.nn.functional.hardsigmoid",
    jax="jax.nn.hard_sigmoid",
)
def hardsigmoid(X: Array) -> Array:
    """Take x / 6 + 1 / 2 of every entry, between 0 and 1: a sigmoid of straight pieces."""
    return np.minimum(np.maximum(X / 6 + 1 / 2, 0), 1)


@op(
    ENTRYWISE,
    definition="X / (1 + abs(X))",
    derivative={"X": "1 / (1 + abs(X)) ** 2"},
    torch="torch.nn.functional.softsign",
    jax="jax.nn.soft_sign",
)
def softsign(X: Array) -> Array:
    """Divide every entry by 1 plus its absolute value."""
    return np.asarray(X / (1 + np.abs(X)))
