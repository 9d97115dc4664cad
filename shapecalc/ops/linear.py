"""Products of matrices and vectors, the transpose, and einsum."""

from collections.abc import Mapping

from shapecalc.dims import Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.registry import op
from shapecalc.tree import Attribute

PRODUCT = (
    "A[i,k], B[k,j] -> Y[i,j] | A[i,k], B[k] -> Y[i] | A[k], B[k,j] -> Y[j] | A[k], B[k] -> Y[]"
)
PRODUCT_TERMS = "A[i,k] B[k,j] | A[i,k] B[k] | A[k] B[k,j] | A[k] B[k]"


@op(PRODUCT, formula=PRODUCT_TERMS, numpy="np.matmul")
def matmul(A: Array, B: Array) -> Array:
    """Multiply two matrices, `A @ B`: each entry is a row of A times a column of B."""
    return np.asarray(A @ B)


@op(PRODUCT, formula=PRODUCT_TERMS, numpy="np.dot")
def dot(A: Array, B: Array) -> Array:
    """Multiply two matrices or vectors, as `A @ B` does up to two axes."""
    return np.asarray(np.dot(A, B))


@op("u[i], v[j] -> Y[i,j]", formula="u[i] v[j]", numpy="np.outer")
def outer(u: Array, v: Array) -> Array:
    """Multiply every entry of a vector by every entry of another."""
    return np.outer(u, v)


@op(
    "X[i,j] -> Y[j,i] | X[i] -> Y[i] | X[] -> Y[]",
    formula="X[i,j] | X[i] | X[]",
    numpy="np.transpose",
)
def transpose(X: Array) -> Array:
    """Swap rows and columns, `X.T`; a vector or a scalar stays as it is."""
    return X.T


def _subscripts(attributes: Mapping[str, Attribute]) -> tuple[str, str, str]:
    text = str(attributes["subscripts"]).replace(" ", "")
    inputs, arrow, output = text.partition("->")
    parts = inputs.split(",")
    letters = [*parts, output]
    if not arrow or len(parts) != 2 or not all(part.isalpha() or not part for part in letters):
        fact = f'"{text}" is not read: `einsum` takes two operands, and names its output'
        raise ShapeMismatch("SC212", fact, help='write letters such as `"ij,jk->ik"`')
    if any(len(set(part)) < len(part) for part in letters):
        fact = f'"{text}" has a letter twice in one operand, which is not read in this version'
        raise ShapeMismatch("SC212", fact, help="give each axis of an operand its own letter")
    if missing := [letter for letter in output if letter not in inputs]:
        fact = f"the output of `einsum` has `{missing[0]}`, which is in no operand"
        raise ShapeMismatch("SC303", fact, help=f"drop `{missing[0]}`, or give it to an operand")
    return parts[0], parts[1], output


def _einsum_shape(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    left, right, output = _subscripts(attributes)
    for letters, shape in zip((left, right), shapes, strict=True):
        if len(letters) != len(shape):
            fact = f'"{letters}" has {len(letters)} letters, its operand {len(shape)} axes'
            raise ShapeMismatch("SC303", fact, help="write one letter for each axis")
    return f"A[{','.join(left)}], B[{','.join(right)}] -> Y[{','.join(output)}]"


def _einsum_terms(_: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    left, right, _output = _subscripts(attributes)
    return f"A[{','.join(left)}] B[{','.join(right)}]"


@op(_einsum_shape, formula=_einsum_terms, numpy="np.einsum")
def einsum(A: Array, B: Array, *, subscripts: str) -> Array:
    """Multiply two operands in index notation: letters that the output lacks are summed."""
    return np.asarray(np.einsum(subscripts, A, B))
