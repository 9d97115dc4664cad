"""Functions of one entry at a time, and the choice between two. Activations: activations.py."""

import math

from shapecalc.ops.array import Array, np
from shapecalc.ops.registry import op

ENTRYWISE = "X[...] -> Y[...]"


@op(ENTRYWISE, primitive=True, derivative={"X": "Y"}, numpy="np.exp", torch="torch.exp")
def exp(X: Array) -> Array:
    """Raise e to every entry."""
    return np.exp(X)


@op(ENTRYWISE, primitive=True, derivative={"X": "1 / X"}, numpy="np.log", torch="torch.log")
def log(X: Array) -> Array:
    """Take the natural logarithm of every entry, which must be positive."""
    return np.log(X)


@op(ENTRYWISE, primitive=True, derivative={"X": "1 / (2 * Y)"}, numpy="np.sqrt", torch="torch.sqrt")
def sqrt(X: Array) -> Array:
    """Take the square root of every entry, which must be positive."""
    return np.sqrt(X)


@op(
    ENTRYWISE,
    definition="X ** 2",
    derivative={"X": "2 * X"},
    numpy="np.square",
    torch="torch.square",
)
def square(X: Array) -> Array:
    """Square every entry."""
    return np.square(X)


@op(ENTRYWISE, primitive=True, derivative={"X": "cos(X)"}, numpy="np.sin", torch="torch.sin")
def sin(X: Array) -> Array:
    """Take the sine of every entry, in radians."""
    return np.sin(X)


@op(ENTRYWISE, primitive=True, derivative={"X": "-sin(X)"}, numpy="np.cos", torch="torch.cos")
def cos(X: Array) -> Array:
    """Take the cosine of every entry, in radians."""
    return np.cos(X)


@op(
    ENTRYWISE,
    definition="1 - 2 / (exp(X) ** 2 + 1)",
    derivative={"X": "1 - Y ** 2"},
    numpy="np.tanh",
    torch="torch.tanh",
)
def tanh(X: Array) -> Array:
    """Take the hyperbolic tangent of every entry."""
    return np.tanh(X)


@op(
    ENTRYWISE,
    definition="1 / X",
    derivative={"X": "-(Y ** 2)"},
    numpy="np.reciprocal",
    torch="torch.reciprocal",
)
def reciprocal(X: Array) -> Array:
    """Take 1 / x of every entry, none of which may be 0."""
    return np.reciprocal(X)


@op(ENTRYWISE, definition="1 / sqrt(X)", derivative={"X": "-(Y ** 3) / 2"}, torch="torch.rsqrt")
def rsqrt(X: Array) -> Array:
    """Take 1 / sqrt(x) of every entry, which must be positive."""
    return 1 / np.sqrt(X)


@op(
    ENTRYWISE,
    definition="log(1 + X)",
    derivative={"X": "1 / (1 + X)"},
    numpy="np.log1p",
    torch="torch.log1p",
)
def log1p(X: Array) -> Array:
    """Take log(1 + x) of every entry, which must be above -1."""
    return np.log1p(X)


@op(
    ENTRYWISE,
    definition="exp(X) - 1",
    derivative={"X": "exp(X)"},
    numpy="np.expm1",
    torch="torch.expm1",
)
def expm1(X: Array) -> Array:
    """Take exp(x) - 1 of every entry."""
    return np.expm1(X)


@op(
    ENTRYWISE,
    definition="log(X) / log(2)",
    derivative={"X": "1 / (X * log(2))"},
    numpy="np.log2",
    torch="torch.log2",
)
def log2(X: Array) -> Array:
    """Take the logarithm to base 2 of every entry, which must be positive."""
    return np.log2(X)


@op(
    ENTRYWISE,
    definition="log(X) / log(10)",
    derivative={"X": "1 / (X * log(10))"},
    numpy="np.log10",
    torch="torch.log10",
)
def log10(X: Array) -> Array:
    """Take the logarithm to base 10 of every entry, which must be positive."""
    return np.log10(X)


@op(
    ENTRYWISE,
    definition="exp(X * log(2))",
    derivative={"X": "Y * log(2)"},
    numpy="np.exp2",
    torch="torch.exp2",
)
def exp2(X: Array) -> Array:
    """Raise 2 to every entry."""
    return np.exp2(X)


@op(
    ENTRYWISE,
    definition="sin(X) / cos(X)",
    derivative={"X": "1 + Y ** 2"},
    numpy="np.tan",
    torch="torch.tan",
)
def tan(X: Array) -> Array:
    """Take the tangent of every entry, in radians."""
    return np.tan(X)


@op(
    ENTRYWISE,
    primitive=True,
    derivative={"X": "1 / (1 + X ** 2)"},
    numpy="np.arctan",
    torch="torch.arctan",
)
def arctan(X: Array) -> Array:
    """Take the angle, in radians, whose tangent is the entry."""
    return np.arctan(X)


@op(
    ENTRYWISE,
    definition="(exp(X) - exp(-X)) / 2",
    derivative={"X": "cosh(X)"},
    numpy="np.sinh",
    torch="torch.sinh",
)
def sinh(X: Array) -> Array:
    """Take the hyperbolic sine of every entry."""
    return np.sinh(X)


@op(
    ENTRYWISE,
    definition="(exp(X) + exp(-X)) / 2",
    derivative={"X": "sinh(X)"},
    numpy="np.cosh",
    torch="torch.cosh",
)
def cosh(X: Array) -> Array:
    """Take the hyperbolic cosine of every entry."""
    return np.cosh(X)


@op("-> Y[]", primitive=True, numpy="np.pi", torch="torch.pi")
def pi() -> Array:
    """Stand for the number π."""
    return np.asarray(np.pi)


@op(
    ENTRYWISE,
    primitive=True,
    derivative={"X": "2 * exp(-(X ** 2)) / sqrt(pi)"},
    torch="torch.erf",
    jax="jax.scipy.special.erf",
)
def erf(X: Array) -> Array:
    """Take the error function of every entry, 2/√π times the integral of exp(-t²) from 0 to it."""
    return np.asarray(np.vectorize(math.erf, otypes=[float])(X))


@op(
    ENTRYWISE,
    definition="(X > 0) - (X < 0)",
    derivative={"X": "0"},
    numpy="np.sign",
    torch="torch.sign",
)
def sign(X: Array) -> Array:
    """Take the sign of every entry: -1, 0 or 1."""
    return np.sign(X)


@op(ENTRYWISE, primitive=True, derivative={"X": "0"}, numpy="np.floor", torch="torch.floor")
def floor(X: Array) -> Array:
    """Round every entry down to a whole number."""
    return np.floor(X)


@op(ENTRYWISE, definition="-floor(-X)", derivative={"X": "0"}, numpy="np.ceil", torch="torch.ceil")
def ceil(X: Array) -> Array:
    """Round every entry up to a whole number."""
    return np.ceil(X)


@op(
    ENTRYWISE,
    definition="X * ((X > 0) - (X < 0))",
    derivative={"X": "sign(X)"},
    numpy="np.abs",
    at_kink="at {X} = 0: 0 by convention",
    torch="torch.abs",
)
def abs_(X: Array) -> Array:
    """Take the absolute value of every entry."""
    return np.abs(X)


@op(
    "A[...], B[...] -> Y[...]",
    definition="log(exp(A) + exp(B))",
    derivative={"A": "sigmoid(A - B)", "B": "sigmoid(B - A)"},
    numpy="np.logaddexp",
    torch="torch.logaddexp",
)
def logaddexp(A: Array, B: Array) -> Array:
    """Take log(exp(a) + exp(b)) of two entries: a smooth maximum."""
    return np.logaddexp(A, B)


@op(
    "A[...], B[...] -> Y[...]",
    definition="where(A >= B, A, B)",
    derivative={"A": "A > B | Y > B", "B": "B > A | Y > A"},
    numpy="np.maximum",
    at_kink="at {A} = {B}: 0 by convention",
    idempotent=True,
    torch="torch.maximum",
)
def maximum(A: Array, B: Array) -> Array:
    """Take the larger of two entries."""
    return np.maximum(A, B)


@op(
    "A[...], B[...] -> Y[...]",
    definition="where(A <= B, A, B)",
    derivative={"A": "A < B | Y < B", "B": "B < A | Y < A"},
    numpy="np.minimum",
    at_kink="at {A} = {B}: 0 by convention",
    idempotent=True,
    torch="torch.minimum",
)
def minimum(A: Array, B: Array) -> Array:
    """Take the smaller of two entries."""
    return np.minimum(A, B)


@op(
    "X[...], lo[...], hi[...] -> Y[...]",
    definition="minimum(maximum(X, lo), hi)",
    derivative={
        "X": "(X > lo) * (X < hi)",
        "lo": "(X < lo) * (lo < hi)",
        "hi": "maximum(X, lo) > hi",
    },
    numpy="np.clip",
    at_kink="at the bounds: 0 by convention",
    torch="torch.clip",
)
def clip(X: Array, lo: Array, hi: Array) -> Array:
    """Keep entries between two bounds: put a bound for what is beyond it."""
    return np.minimum(np.maximum(X, lo), hi)


@op(
    "C[...], A[...], B[...] -> Y[...]",
    primitive=True,
    derivative={"C": "0", "A": "where(C, 1, 0)", "B": "where(C, 0, 1)"},
    numpy="np.where",
    torch="torch.where",
)
def where(C: Array, A: Array, B: Array) -> Array:
    """Take the entry of A where the mask C is not 0, of B elsewhere."""
    return np.where(np.asarray(C) != 0, A, B)


@op("X[...], M[...] -> Y[...]", definition="where(M, value, X)", positional=1)
def masked_fill(X: Array, M: Array, *, value: float) -> Array:
    """Put a value where a mask M is not 0: -1e9 in front of a softmax leaves entries out."""
    return np.where(np.asarray(M) != 0, value, X)
