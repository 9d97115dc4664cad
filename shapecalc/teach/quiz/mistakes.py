"""The classic mistakes: a wrong line each, on a network that the quiz brings with it."""

from typing import NamedTuple


class Mistake(NamedTuple):
    """A wrong line: on which network, about which gradient, and what to look out for."""

    name: str
    title: str
    network: str
    gradient: str
    wrong: str
    remark: str = ""


GALLERY = (
    Mistake("reversed", "the factors in the order of the chain", "columns", "dA1", "dZ2 @ W2.T"),
    Mistake("missing-transpose", "a transpose left out", "columns", "dA1", "W2 @ dZ2"),
    Mistake("both", "the chain rule as it is written for numbers", "columns", "dA1", "dZ2 @ W2"),
    Mistake("extra-transpose", "a transpose too many", "columns", "dA1", "W2.T @ dZ2.T"),
    Mistake("star-for-at", "entry by entry, where a product sums", "columns", "dA1", "W2.T * dZ2"),
    Mistake(
        "at-for-star", "a product, where entries are multiplied", "columns", "dZ1", "dA1 @ (Z1 > 0)"
    ),
    Mistake("missing-sum", "a bias without its sum", "columns", "db2", "dZ2"),
    Mistake(
        "wrong-axis",
        "a sum along the wrong axis",
        "columns",
        "db2",
        "sum(dZ2, axis=0, keepdims=True)",
    ),
    Mistake("keepdims", "a sum that drops its axis", "columns", "db2", "sum(dZ2, axis=1)"),
    Mistake("sum-for-mean", "a mean taken for a sum", "rows", "dZ2", "2 * (Z2 - Y)"),
    Mistake(
        "missing-factor",
        "1/m left out",
        "columns",
        "dZ2",
        "A2 - Y",
        "It is a convention where the gradient of each param brings 1/m in.",
    ),
    Mistake("double-factor", "1/m twice", "columns", "dW2", "dZ2 @ A1.T / m"),
    Mistake("parentheses", "1/m on one term", "columns", "dZ2", "A2 - Y / m"),
    Mistake("sign", "the terms the wrong way round", "columns", "dZ2", "(Y - A2) / m"),
    Mistake("operand", "Z where A belongs", "columns", "dW2", "dZ2 @ Z1.T"),
    Mistake(
        "other-derivative",
        "the derivative of sigmoid for that of tanh",
        "rows",
        "dZ1",
        "dA1 * A1 * (1 - A1)",
    ),
    Mistake(
        "at-output",
        "the derivative at A, where it is taken at Z",
        "rows",
        "dZ1",
        "dA1 * (1 - tanh(A1)**2)",
    ),
    Mistake("no-derivative", "the activation's derivative left out", "rows", "dZ1", "dA1"),
    Mistake(
        "softmax-by-entry",
        "softmax taken entry by entry",
        "outputs",
        "dZ2",
        "dP * P * (1 - P)",
        "Softmax is no elementwise function: each entry depends on all in its row.",
    ),
    Mistake("dropped-term", "one of two ways left out", "residual", "dA1", "dH"),
    Mistake(
        "other-layout",
        "the other layout",
        "columns",
        "dA1",
        "dZ2.T @ W2",
        "It is no mistake in a text that uses the numerator layout throughout.",
    ),
)
