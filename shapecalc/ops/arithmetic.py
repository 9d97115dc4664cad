"""+ - * / ** and comparisons, with NumPy's broadcasting."""

from shapecalc.ops.array import Array, np
from shapecalc.ops.registry import op

ELEMENTWISE = "A[...], B[...] -> Y[...]"


@op(ELEMENTWISE, formula="A[...] + B[...]", numpy="np.add")
def add(A: Array, B: Array) -> Array:
    """Add entry by entry: `A + B`."""
    return A + B


@op(ELEMENTWISE, formula="A[...] - B[...]", numpy="np.subtract")
def sub(A: Array, B: Array) -> Array:
    """Subtract entry by entry: `A - B`."""
    return A - B


@op(ELEMENTWISE, formula="A[...] B[...]", numpy="np.multiply")
def mul(A: Array, B: Array) -> Array:
    """Multiply entry by entry (the Hadamard product): `A * B`."""
    return A * B


@op(ELEMENTWISE, formula="A[...] B[...]^-1", numpy="np.divide")
def div(A: Array, B: Array) -> Array:
    """Divide entry by entry: `A / B`."""
    return A / B


@op("A[...] -> Y[...]", formula="- A[...]", numpy="np.negative")
def neg(A: Array) -> Array:
    """Change the sign of every entry: `-A`."""
    return -A


@op(
    ELEMENTWISE,
    primitive=True,
    derivative={"A": "B * A ** (B - 1)", "B": "Y * log(A)"},
    numpy="np.power",
)
def pow_(A: Array, B: Array) -> Array:
    """Raise every entry to a power: `A ** B`."""
    return np.power(A, B)


PIECEWISE_CONSTANT = {"A": "0", "B": "0"}


@op(ELEMENTWISE, primitive=True, derivative=PIECEWISE_CONSTANT, numpy="np.greater")
def gt(A: Array, B: Array) -> Array:
    """Compare entry by entry, `A > B`: 1 where it holds, 0 elsewhere."""
    return np.asarray(A > B, dtype=float)


@op(ELEMENTWISE, primitive=True, derivative=PIECEWISE_CONSTANT, numpy="np.greater_equal")
def ge(A: Array, B: Array) -> Array:
    """Compare entry by entry, `A >= B`: 1 where it holds, 0 elsewhere."""
    return np.asarray(A >= B, dtype=float)


@op(ELEMENTWISE, primitive=True, derivative=PIECEWISE_CONSTANT, numpy="np.less")
def lt(A: Array, B: Array) -> Array:
    """Compare entry by entry, `A < B`: 1 where it holds, 0 elsewhere."""
    return np.asarray(A < B, dtype=float)


@op(ELEMENTWISE, primitive=True, derivative=PIECEWISE_CONSTANT, numpy="np.less_equal")
def le(A: Array, B: Array) -> Array:
    """Compare entry by entry, `A <= B`: 1 where it holds, 0 elsewhere."""
    return np.asarray(A <= B, dtype=float)


@op(ELEMENTWISE, primitive=True, derivative=PIECEWISE_CONSTANT, numpy="np.equal")
def eq(A: Array, B: Array) -> Array:
    """Compare entry by entry, `A == B`: 1 where it holds, 0 elsewhere."""
    return np.asarray(A == B, dtype=float)


@op(ELEMENTWISE, primitive=True, derivative=PIECEWISE_CONSTANT, numpy="np.not_equal")
def ne(A: Array, B: Array) -> Array:
    """Compare entry by entry, `A != B`: 1 where it holds, 0 elsewhere."""
    return np.asarray(A != B, dtype=float)
