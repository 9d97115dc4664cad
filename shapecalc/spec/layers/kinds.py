"""The kinds of layers, with their options: the one table that the reader and the schema follow.

Knows no YAML, and makes no equation.
"""

from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

LOSSES = ("softmax_cross_entropy", "binary_cross_entropy_with_logits", "mse")
REDUCTIONS = ("mean", "sum")
NORMS = ("layer_norm", "batch_norm", "rms_norm")


class Value(Enum):
    """What an option takes."""

    NAME = auto()
    DIM = auto()
    NUMBER = auto()
    REDUCTION = auto()
    FLAG = auto()
    COUNT = auto()
    FUNCTION = auto()
    LAYERS = auto()


class Option(NamedTuple):
    """One option of a layer; `example` is a value of it."""

    name: str
    value: Value
    about: str
    example: str
    is_needed: bool = False


class Kind(NamedTuple):
    """One kind of layer; `short` is the option that a value alone stands for, `dense: h`."""

    name: str
    about: str
    options: tuple[Option, ...] = ()
    short: str = ""

    @property
    def example(self) -> str:
        """Return a layer of this kind as a spec has it: `dense: {units: h}`."""
        shown = [each for each in self.options if each.is_needed] or [*self.options[:1]]
        given = ", ".join(f"{each.name}: {each.example}" for each in shown)
        return f"{self.name}: {{{given}}}" if given else self.name

    def option(self, name: str) -> Option | None:
        """Return the option of a name."""
        return next((each for each in self.options if each.name == name), None)


_FUNCTION = "a function of each entry, such as `relu`, or `softmax` over the features"
_TARGETS = Option(
    "targets",
    Value.NAME,
    "What the scores are compared with: an input, made if new.",
    "Y",
    is_needed=True,
)
_EPS = Option("eps", Value.NUMBER, "What is added under the root.", "1.0e-5")
_REDUCTION = Option("reduction", Value.REDUCTION, "`mean` over the examples, or `sum`.", "sum")

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "input",
            "The data, the first layer. An input of that name is made unless `inputs` has it.",
            (
                Option("name", Value.NAME, "The name of the input, X without it.", "X"),
                Option("features", Value.DIM, "How many features an example has: a dim.", "n"),
            ),
            "name",
        ),
        Kind(
            "dense",
            "A weight and a bias: `Z1 = W1 @ X + b1` where the examples are columns; and, with an "
            "activation, `A1 = relu(Z1)`.",
            (
                Option("units", Value.DIM, "How many values it makes: a dim.", "h", is_needed=True),
                Option("activation", Value.FUNCTION, f"What follows: {_FUNCTION}.", "relu"),
                Option("bias", Value.FLAG, "Whether there is a bias; without it, true.", "false"),
            ),
            "units",
        ),
        Kind(
            "activation",
            f"A function of what is before it: {_FUNCTION}. `- relu` alone says the same.",
            (Option("function", Value.FUNCTION, "Its name.", "relu", is_needed=True),),
            "function",
        ),
        Kind(
            "dropout",
            "Entries are kept by a mask of 0 and 1, which is an input, and scaled by 1 / (1 - p).",
            (
                Option("p", Value.NUMBER, "The share that is dropped; without it, 0.5.", "0.5"),
                Option("mask", Value.NAME, "The input that is the mask, made if new.", "M1"),
            ),
            "p",
        ),
        Kind("layer_norm", "Standardize over the features; then scale and shift.", (_EPS,)),
        Kind("batch_norm", "Standardize over the examples; then scale and shift.", (_EPS,)),
        Kind("rms_norm", "Divide by the root of the mean square of the features.", (_EPS,)),
        Kind(
            "softmax_cross_entropy",
            "The loss J of scores and targets, for classes.",
            (_TARGETS, _REDUCTION),
            "targets",
        ),
        Kind(
            "binary_cross_entropy_with_logits",
            "The loss J of scores and targets, for answers of yes or no.",
            (_TARGETS, _REDUCTION),
            "targets",
        ),
        Kind(
            "mse",
            "The loss J of values and targets: the mean of the squared differences.",
            (_TARGETS, _REDUCTION),
            "targets",
        ),
        Kind(
            "repeat",
            "Layers that come several times, each time with params of their own.",
            (
                Option("times", Value.COUNT, "How often.", "3", is_needed=True),
                Option("layers", Value.LAYERS, "The layers.", "[{dense: h}, relu]", is_needed=True),
            ),
        ),
    )
}
OTHER_NAMES = {
    "linear": "dense",
    "affine": "dense",
    "fc": "dense",
    "fully_connected": "dense",
    "inputlayer": "input",
    "data": "input",
    "features": "input",
    "layernorm": "layer_norm",
    "layernormalization": "layer_norm",
    "batchnorm": "batch_norm",
    "batchnorm1d": "batch_norm",
    "batchnormalization": "batch_norm",
    "rmsnorm": "rms_norm",
    "cross_entropy": "softmax_cross_entropy",
    "crossentropyloss": "softmax_cross_entropy",
    "categorical_crossentropy": "softmax_cross_entropy",
    "bce": "binary_cross_entropy_with_logits",
    "bcewithlogitsloss": "binary_cross_entropy_with_logits",
    "mseloss": "mse",
    "loop": "repeat",
    "times": "repeat",
}
"""Names that other libraries, and people, have for a kind; without regard to case."""


def functions() -> Iterator[str]:
    """Walk over the activations: the ops of one value that keep its shape."""
    from shapecalc.ops.names import ALIASES
    from shapecalc.ops.registry import OPS

    shapes = ("X[...] -> Y[...]", "X[..., c] -> Y[..., c]")
    names = [name for name, op in OPS.items() if op.shape in shapes]
    yield from names
    yield from (other for other, name in ALIASES.items() if name in names)


def takes_axis(function: str) -> bool:
    """Say whether an activation runs along an axis, as softmax does, and not entry by entry."""
    from shapecalc.ops.names import ALIASES
    from shapecalc.ops.registry import OPS

    return OPS[ALIASES.get(function, function)].axis is not None


def kind_of_function(name: str) -> Kind:
    """Return the kind of layer that an activation is, with the numbers that it takes."""
    from shapecalc.ops.names import ALIASES
    from shapecalc.ops.registry import OPS

    op = OPS[ALIASES.get(name, name)]
    options = [
        Option(each, Value.NUMBER, "A number of the function.", str(default))
        for each, default in op.attributes.items()
        if isinstance(default, int | float) and each != "axis"
    ]
    return Kind(name, (op.documentation.splitlines() or [""])[0], tuple(options))
