"""Functions of one entry at a time, and the choice between two."""

from shapecalc.ops.array import Array, np
from shapecalc.ops.registry import op

ENTRYWISE = "X[...] -> Y[...]"


@op(ENTRYWISE, primitive=True, derivative={"X": "Y"}, numpy="np.exp")
def exp(X: Array) -> Array:
    """Raise e to every entry."""
    return np.exp(X)


@op(ENTRYWISE, primitive=True, derivative={"X": "1 / X"}, numpy="np.log")
def log(X: Array) -> Array:
    """Take the natural logarithm of every entry, which must be positive."""
    return np.log(X)


@op(ENTRYWISE, primitive=True, derivative={"X": "1 / (2 * Y)"}, numpy="np.sqrt")
def sqrt(X: Array) -> Array:
    """Take the square root of every entry, which must be positive."""
    return np.sqrt(X)


@op(ENTRYWISE, definition="X ** 2", derivative={"X": "2 * X"}, numpy="np.square")
def square(X: Array) -> Array:
    """Square every entry."""
    return np.square(X)


@op(ENTRYWISE, primitive=True, derivative={"X": "cos(X)"}, numpy="np.sin")
def sin(X: Array) -> Array:
    """Take the sine of every entry, in radians."""
    return np.sin(X)


@op(ENTRYWISE, primitive=True, derivative={"X": "-sin(X)"}, numpy="np.cos")
def cos(X: Array) -> Array:
    """Take the cosine of every entry, in radians."""
    return np.cos(X)


@op(
    ENTRYWISE,
    definition="1 - 2 / (exp(X) ** 2 + 1)",
    derivative={"X": "1 - Y ** 2"},
    numpy="np.tanh",
)
def tanh(X: Array) -> Array:
    """Take the hyperbolic tangent of every entry."""
    return np.tanh(X)


@op(ENTRYWISE, definition="1 / (1 + exp(-X))", derivative={"X": "Y * (1 - Y)"})
def sigmoid(X: Array) -> Array:
    """Apply the logistic function to every entry."""
    return 1 / (1 + np.exp(-X))


@op(
    ENTRYWISE,
    definition="X * (X > 0)",
    derivative={"X": "X > 0"},
    at_kink="at {X} = 0: 0 by convention",
)
def relu(X: Array) -> Array:
    """Keep positive entries, put 0 for the others."""
    return np.maximum(X, 0)


@op(
    ENTRYWISE,
    definition="where(X > 0, X, slope * X)",
    derivative={"X": "where(X > 0, 1, slope)"},
    at_kink="at {X} = 0: the slope by convention",
)
def leaky_relu(X: Array, *, slope: float = 0.01) -> Array:
    """Keep positive entries, multiply the others by a small slope."""
    return np.where(X > 0, X, slope * X)


@op(ENTRYWISE, definition="log(1 + exp(X))", derivative={"X": "sigmoid(X)"})
def softplus(X: Array) -> Array:
    """Take log(1 + exp(x)) of every entry: a smooth relu."""
    return np.logaddexp(0, X)


@op(
    ENTRYWISE,
    definition="(X > 0) - (X < 0)",
    derivative={"X": "0"},
    numpy="np.sign",
)
def sign(X: Array) -> Array:
    """Take the sign of every entry: -1, 0 or 1."""
    return np.sign(X)


@op(
    ENTRYWISE,
    definition="X * ((X > 0) - (X < 0))",
    derivative={"X": "sign(X)"},
    numpy="np.abs",
    at_kink="at {X} = 0: 0 by convention",
)
def abs_(X: Array) -> Array:
    """Take the absolute value of every entry."""
    return np.abs(X)


@op(
    "A[...], B[...] -> Y[...]",
    definition="where(A >= B, A, B)",
    derivative={"A": "A > B", "B": "B > A"},
    numpy="np.maximum",
    at_kink="at {A} = {B}: 0 by convention",
    idempotent=True,
)
def maximum(A: Array, B: Array) -> Array:
    """Take the larger of two entries."""
    return np.maximum(A, B)


@op(
    "A[...], B[...] -> Y[...]",
    definition="where(A <= B, A, B)",
    derivative={"A": "A < B", "B": "B < A"},
    numpy="np.minimum",
    at_kink="at {A} = {B}: 0 by convention",
    idempotent=True,
)
def minimum(A: Array, B: Array) -> Array:
    """Take the smaller of two entries."""
    return np.minimum(A, B)


@op(
    "C[...], A[...], B[...] -> Y[...]",
    primitive=True,
    derivative={"C": "0", "A": "where(C, 1, 0)", "B": "where(C, 0, 1)"},
    numpy="np.where",
)
def where(C: Array, A: Array, B: Array) -> Array:
    """Take the entry of A where the mask C is not 0, of B elsewhere."""
    return np.where(np.asarray(C) != 0, A, B)
