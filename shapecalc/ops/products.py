"""Products of two values that are no `@`: inner ones, over several axes, Kronecker's, of 3-vectors.

Those that sum over axes are spelt as `@` or as an einsum, so one meaning has one formula.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shapecalc.dims import Dim, Shape, shape_text
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.registry import Written, op
from shapecalc.ops.summation import LETTERS, Subscripts
from shapecalc.tree import Attribute

Shapes = tuple[Shape, ...]
Given = Mapping[str, Attribute]
Pairs = Sequence[tuple[int, int]]
THREE = Dim.number(3)


# --- sums over axes of both ---------------------------------------------------------------------


def _subscripts(shapes: Shapes, pairs: Pairs) -> Subscripts:
    """Give each axis a letter, one to each pair of an axis of A and one of B, which are summed."""
    ranks = [len(shape) for shape in shapes]
    left = list(LETTERS[: ranks[0]])
    right = list(LETTERS[ranks[0] : sum(ranks)])
    for one, other in pairs:
        right[other] = left[one]
    summed = {left[one] for one, _ in pairs}
    output = [letter for letter in left + right if letter not in summed]
    return Subscripts(("".join(left), "".join(right)), "".join(output))


def _signature(found: Subscripts) -> str:
    return f"{_terms(found).replace('] B', '], B')} -> Y[{','.join(found.output)}]"


def _terms(found: Subscripts) -> str:
    left, right = found.operands
    return f"A[{','.join(left)}] B[{','.join(right)}]"


def _spelt(found: Subscripts) -> str:
    """Write a product of matrices or vectors as `@`, any other as an einsum."""
    left, right = found.operands
    if max(len(left), len(right)) < 3 and len(found.output) == len(left) + len(right) - 2:
        if left[-1] == right[0]:
            return "A @ B"
        if left[-1] == right[-1]:
            return "A @ transpose(B)"
    return f'einsum("{found}", A, B)'


def _inner(shapes: Shapes, _: Given) -> Subscripts:
    left, right = shapes
    if not left or not right:
        fact = "`inner` sums over the last axis of both, and one of them is a scalar"
        raise ShapeMismatch("SC303", fact, help="write `*` for a product with a scalar")
    return _subscripts(shapes, [(len(left) - 1, len(right) - 1)])


@op(
    lambda shapes, given: _signature(_inner(shapes, given)),
    formula=lambda shapes, given: _terms(_inner(shapes, given)),
    numpy="np.inner",
    spelling=lambda shapes, given: _spelt(_inner(shapes, given)),
    torch="torch.inner",
)
def inner(A: Array, B: Array) -> Array:
    """Sum products over the last axis of both: of vectors `A @ B`, of matrices `A @ B.T`."""
    return np.asarray(np.inner(A, B))


def _contracted(shapes: Shapes, given: Given) -> Subscripts:
    left, right = (len(shape) for shape in shapes)
    pairs = _pairs(given["axes"], left)
    if any(not (-left <= one < left and -right <= other < right) for one, other in pairs):
        fact = f"`tensordot` sums over axes that its {left}-D and {right}-D operands lack"
        raise ShapeMismatch("SC304", fact, help="name axes that both have, `axes=((1,), (0,))`")
    return _subscripts(shapes, pairs)


def _pairs(axes: Attribute, rank: int) -> Pairs:
    """Read how many last axes of A meet as many first ones of B, or which meet which."""
    if isinstance(axes, int) and axes >= 0:
        return [(rank - axes + place, place) for place in range(axes)]
    if isinstance(axes, tuple) and len(axes) == 2:
        left, right = (each if isinstance(each, tuple) else (each,) for each in axes)
        whole = [axis for axis in (*left, *right) if isinstance(axis, int)]
        if len(left) == len(right) and len(whole) == 2 * len(left):
            return list(zip(whole[: len(left)], whole[len(left) :], strict=True))
    fact = "`axes` is how many axes meet, or those of A and as many of B"
    raise ShapeMismatch("SC210", fact, help="write `axes=1`, or `axes=((1,), (0,))`")


@op(
    lambda shapes, given: _signature(_contracted(shapes, given)),
    formula=lambda shapes, given: _terms(_contracted(shapes, given)),
    numpy="np.tensordot",
    spelling=lambda shapes, given: _spelt(_contracted(shapes, given)),
)
def tensordot(A: Array, B: Array, *, axes: Any = 2) -> Array:
    """Sum products over axes of both: the last `axes` of A with the first of B, or those named."""
    return np.asarray(np.tensordot(A, B, axes))


# --- Kronecker's product ------------------------------------------------------------------------


def _kronecker(shapes: Shapes, _: Given) -> Written:
    left, right = shapes
    if len(left) != len(right):
        fact = f"`kron` takes operands of one rank, not {len(left)}-D and {len(right)}-D"
        raise ShapeMismatch("SC303", fact, help="put in unit axes first, with `expand_dims`")
    places = range(len(left))
    own, other, output = (",".join(f"{name}{axis}" for axis in places) for name in "aby")
    dims = {f"y{axis}": left[axis] * right[axis] for axis in places}
    return Written(f"A[{own}], B[{other}] -> Y[{output}]", dims)


def _kronecker_term(shapes: Shapes, _: Given) -> str:
    places = range(len(shapes[0]))
    own, other = (",".join(f"{name}{axis}" for axis in places) for name in "ab")
    deltas = [f"δ[y{axis}, |b{axis}|*a{axis} + b{axis}]" for axis in places]
    return " ".join([f"A[{own}] B[{other}]", *deltas])


@op(
    _kronecker,
    formula=_kronecker_term,
    numpy="np.kron",
    torch="torch.kron(torch.Tensor.contiguous({0}), torch.Tensor.contiguous({1}))",
)
def kron(A: Array, B: Array) -> Array:
    """Put a copy of B, times the entry, for each entry of A: the Kronecker product.

    Source: Y[i·|p| + p, j·|q| + q] = A[i, j] B[p, q].
    """
    return np.kron(A, B)  # type: ignore[return-value]  # of floats it makes floats


# --- vectors of three entries -------------------------------------------------------------------


def _crossed(shapes: Shapes, _: Given) -> str:
    for place, shape in enumerate(shapes):
        fact = f"`cross` takes vectors of 3 entries along the last axis, not {shape_text(shape)}"
        advice = "write 3 for the last axis of both operands"
        if not shape:
            raise ShapeMismatch("SC303", fact, help=advice)
        if shape[-1] != THREE:
            raise ShapeMismatch("SC301", fact, ((place, len(shape) - 1),), advice, THREE)
    return "A[..., c], B[..., c] -> Y[..., c]"


@op(
    _crossed,
    definition="roll(A, -1, axis=-1) * roll(B, 1, axis=-1)"
    " - roll(A, 1, axis=-1) * roll(B, -1, axis=-1)",
    numpy="np.cross",
)
def cross(A: Array, B: Array) -> Array:
    """Multiply vectors of three entries to one at right angles to both, along the last axis."""
    return np.cross(A, B)
