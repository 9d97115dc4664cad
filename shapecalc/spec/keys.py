"""The keys of a spec: what each is for, the form of its value, and examples of one network.

The one table that the reader and the schema follow. Knows no YAML.
"""

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import NamedTuple

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


class Form(Enum):
    """How the value of a key is written."""

    TEXT = auto()
    NAME = auto()
    SIZES = auto()
    NUMBERS = auto()
    PROPERTIES = auto()
    SHAPES = auto()
    FORWARD = auto()
    UPSTREAM = auto()
    CLAIMS = auto()
    LAYOUT = auto()
    CONVENTION = auto()
    SCALE = auto()
    LAYERS = auto()
    FUNCTIONS = auto()


class Key(NamedTuple):
    """One key; `about` explains it to the author of a spec, `examples` are values of it."""

    name: str
    form: Form
    about: str
    examples: tuple[Json, ...]


TABLE = (
    Key(
        "name",
        Form.TEXT,
        "A title for reports. Without one, the name of the file serves.",
        ("Two-layer classifier",),
    ),
    Key(
        "dims",
        Form.SIZES,
        "The dims: names for the sizes of axes, each with its size; a list of names leaves the "
        "sizes open, `m: _` that of m. Two names are two dims, even where their sizes agree.",
        ({"n": 784, "h": 128, "k": 10, "m": 64}, ["n", "h", "k", "m"]),
    ),
    Key(
        "constants",
        Form.NUMBERS,
        "Numbers with a name, which formulas keep; a list of names leaves the numbers open.",
        ({"decay": 0.01, "eps": 1.0e-5}, ["decay"]),
    ),
    Key(
        "assume",
        Form.PROPERTIES,
        "What is known of a value: one property, or a list of them. Formulas may use it.",
        ({"Y": "one-hot axis=0"}, {"X": ["positive", "unit-interval"]}),
    ),
    Key(
        "batch",
        Form.NAME,
        "The dim that counts the examples. Where it is left out, it is found from the rest.",
        ("m",),
    ),
    Key(
        "inputs",
        Form.SHAPES,
        "The data, each value with its shape. Its gradient is derived where a claim asks for it.",
        ({"X": ["n", "m"], "Y": ["k", "m"]}, {"X": "(n, m)", "Y": "(k, m)"}),
    ),
    Key(
        "params",
        Form.SHAPES,
        "What is learned, each value with its shape. Its gradient is derived.",
        ({"W1": ["h", "n"], "b1": ["h", 1], "W2": ["k", "h"], "b2": ["k", 1]},),
    ),
    Key(
        "functions",
        Form.FUNCTIONS,
        "Differentiable functions that are not spelled out, each of one value and with the shape "
        "of its own. In formulas `u(x)` and `u` are its value; `du_dx`, which claims may use, is "
        "its Jacobian, with a row for each entry of u.",
        ({"u": {"of": "x", "shape": ["k", 1]}, "f": {"of": "u", "shape": []}},),
    ),
    Key(
        "convention",
        Form.CONVENTION,
        "How `layers` are written out: with examples as columns, `Z = W @ A + b` (without this "
        "key); as `rows`, `Z = A @ W + b`; or as `torch` does, `Z = A @ W.T + b`.",
        ("columns", "rows", "torch"),
    ),
    Key(
        "layers",
        Form.LAYERS,
        "Layers, each of which stands for equations, before those of `forward`. A dense layer "
        "makes the params W1 and b1 and the values Z1 and A1, the next one those with 2; norms "
        "make N1 with gamma1 and beta1, dropout D1 with the mask M1, the loss is J; a number that "
        "the spec has itself is passed over. The examples are counted by `batch`, without that "
        "key by the dim m. `shapecalc check --equations` prints it all.",
        (
            [
                {"input": {"name": "X", "features": "n"}},
                {"dense": {"units": "h", "activation": "relu"}},
                {"repeat": {"times": 3, "layers": [{"dense": "h"}, "layer_norm", "relu"]}},
                {"dense": {"units": "k", "bias": False}},
                {"softmax_cross_entropy": {"targets": "Y"}},
            ],
        ),
    ),
    Key(
        "forward",
        Form.FORWARD,
        "The equations of the network, in order, as NumPy writes them. Each name is set once. "
        "As text, `forward: |`, one `Z = W @ X` a line, nothing needs quotes.",
        (
            {
                "Z1": "W1 @ X + b1",
                "A1": "relu(Z1)",
                "Z2": "W2 @ A1 + b2",
                "J": "softmax_cross_entropy(Z2, Y, axis=0)",
            },
            "Z1 = W1 @ X + b1    # a note\nA1 = relu(Z1)\nZ2 = W2 @ A1 + b2\n",
        ),
    ),
    Key(
        "loss",
        Form.NAME,
        "The value whose gradients are asked for, one number. May be left out where the last "
        "equation is the only one that gives a number.",
        ("J",),
    ),
    Key(
        "upstream",
        Form.UPSTREAM,
        "Values whose gradient comes from outside, as where there is no loss: `Z2` makes dZ2 an "
        "arbitrary gradient. `{Z2: G}` calls it G.",
        ("Z2", ["A1", "Z2"], {"Z2": "G"}),
    ),
    Key(
        "shapes",
        Form.SHAPES,
        "Shapes that you believe values of `forward` to have; each is checked.",
        ({"A1": ["h", "m"]}, {"A1": "(h, m)"}),
    ),
    Key(
        "gradients",
        Form.CLAIMS,
        "Your formulas for gradients; each is checked. `dW` is the gradient of the loss by W. A "
        "formula may use any value, and any other gradient.",
        (
            {
                "dZ2": "(softmax(Z2, axis=0) - Y) / m",
                "dW2": "dZ2 @ A1.T",
                "db2": "sum(dZ2, axis=1, keepdims=True)",
                "dA1": "W2.T @ dZ2",
            },
            "dW2 = dZ2 @ A1.T\ndA1 = W2.T @ dZ2\n",
        ),
    ),
    Key(
        "layout",
        Form.LAYOUT,
        "How gradients are laid out: dX in the shape of X (`denominator`, without this key), or "
        "each as the transpose of that (`numerator`).",
        ("denominator", "numerator"),
    ),
    Key(
        "scale",
        Form.SCALE,
        "Whether a claim may carry a constant on purpose, as `dZ2 = A2 - Y` with "
        "`dW2 = dZ2 @ A1.T / m` does: `free`, without this key, calls that a convention, `strict` "
        "an error.",
        ("strict", "free"),
    ),
)
KEYS = tuple(key.name for key in TABLE)
