"""Constructors of formula trees that work out shapes and leave no `X.T.T`, `1 * X` or `--X` behind.

They know the handful of ops that formulas are made of, by name; not the registry of all ops.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce

from shapecalc.dims import ONE, Dim, Shape, matrix_turned
from shapecalc.index import ONCE
from shapecalc.tree import Call, Number, Tree, call, leaf, number

ELEMENTWISE = frozenset({"add", "sub", "mul", "div", "neg", "pow"})
OPPOSITES = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt", "eq": "ne", "ne": "eq"}
COMPARISONS = frozenset(OPPOSITES)
TRANSPOSES = ("transpose", "matrix_transpose")
"""The transposes of a matrix, and of every matrix of a stack."""
ZERO, UNITY = number(0), number(1)


def broadcast_shape(shapes: Sequence[Shape]) -> Shape:
    """Return the shape that operands known to go together broadcast to."""
    rank = max(map(len, shapes), default=0)
    padded = [(ONE,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple(next((d for d in dims if not d.is_one), ONE) for dims in zip(*padded, strict=True))


def is_number(tree: Tree, value: int) -> bool:
    """Say whether a tree is this number."""
    return isinstance(tree, Number) and tree.value == value


def binary(op: str, left: Tree, right: Tree) -> Tree:
    """Apply an elementwise op as it stands."""
    return call(op, (left, right), (), broadcast_shape((left.shape, right.shape)))


def times(left: Tree, right: Tree) -> Tree:
    """Multiply entry by entry; 1 times a value is the value."""
    if is_number(left, 1):
        return right
    if is_number(right, 1):
        return left
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Call) and one.op == "eye" and other.shape == one.shape[:1]:
            return call("diag", (other,), (), one.shape)
    return binary("mul", left, right)


def divided(left: Tree, right: Tree) -> Tree:
    """Divide entry by entry; a value over 1 is the value."""
    return left if is_number(right, 1) else binary("div", left, right)


def negative(tree: Tree) -> Tree:
    """Change the sign, inside a leading quotient or product: `-Y / m`, not `-(Y / m)`."""
    if isinstance(tree, Number):
        return number(-tree.value)
    if isinstance(tree, Call):
        if tree.op == "neg":
            return tree.operands[0]
        if tree.op in ("mul", "div"):
            return binary(tree.op, negative(tree.operands[0]), tree.operands[1])
        if tree.op == "matmul":
            return call("matmul", (negative(tree.operands[0]), tree.operands[1]), (), tree.shape)
    return call("neg", (tree,), (), tree.shape)


def power(tree: Tree, exponent: Fraction) -> Tree:
    """Raise to a rational power; the first power is the value, the second of a root its operand."""
    if (inside := squared_root(tree, exponent)) is not None:
        return power(inside, exponent / 2)
    return tree if exponent == 1 else binary("pow", tree, number(exponent))


def squared_root(tree: Tree, exponent: Fraction) -> Tree | None:
    """Return what a square root is of, where an even power leaves no root. Source: (√x)² = x."""
    if not isinstance(tree, Call) or tree.op != "sqrt":
        return None
    is_even = exponent.denominator == 1 and exponent.numerator % 2 == 0
    return tree.operands[0] if is_even else None


def added(left: Tree, right: Tree) -> Tree:
    """Add; a leading minus of the right operand makes it a difference."""
    if is_number(left, 0):
        return right
    if is_number(right, 0):
        return left
    if starts_with_minus(right):
        return binary("sub", left, negative(right))
    return binary("add", left, right)


def starts_with_minus(tree: Tree) -> bool:
    """Say whether a tree prints with a minus in front."""
    if isinstance(tree, Number):
        return tree.value < 0
    if isinstance(tree, Call):
        return tree.op == "neg" or (
            tree.op in ("mul", "div", "matmul") and starts_with_minus(tree.operands[0])
        )
    return False


def total(trees: Sequence[Tree]) -> Tree:
    """Add up trees, those without a leading minus first."""
    if not trees:
        return ZERO
    ordered = sorted(trees, key=starts_with_minus)
    tree = ordered[0]
    for each in ordered[1:]:
        tree = added(tree, each)
    return tree


def transposed(tree: Tree) -> Tree:
    """Transpose a matrix, or each of a stack: into products, never into a function's operand.

    Source: (AB)ᵀ = BᵀAᵀ. An elementwise product is transposed as a group. A vector stays.
    """
    if len(tree.shape) < 2:
        return tree
    if isinstance(tree, Call):
        if tree.op in TRANSPOSES:
            return tree.operands[0]
        if tree.op == "matmul" and _multiplies_matrices(tree):
            return _with_sign_in_front([transposed(each) for each in reversed(chain(tree))])
        if tree.op in ("add", "sub", "neg") or _scales(tree):
            return _entrywise_transposed(tree)
        if tree.op == "sum" and _adds_up_stack(tree):
            turned_shape = matrix_turned(tree.shape)
            return call("sum", (transposed(tree.operands[0]),), tree.attributes, turned_shape)
        if tree.op == "ones":
            return ones(matrix_turned(tree.shape))
        if tree.op in ("eye", "diag") and len(tree.shape) == 2:
            return tree
        upright = _upright(tree) if tree.op in ("mul", "div") and _vectors(tree) < 2 else None
        if upright is not None:
            return upright
    return turned(tree)


def _vectors(tree: Tree) -> int:
    """Count the vectors in a product; each would be stood up by itself."""
    if len(tree.shape) < 2:
        return len(tree.shape)
    if isinstance(tree, Call) and tree.op in ("mul", "div", "neg"):
        return sum(map(_vectors, tree.operands))
    return 0


def _upright(tree: Tree) -> Tree | None:
    """Transpose a product of transposes and vectors: (Aᵀ ⊙ v)ᵀ is A times v as a column.

    None where anything else is in it.
    """
    if len(tree.shape) < 2:
        return expanded(tree, (1,)) if tree.shape else tree
    if not isinstance(tree, Call) or len(tree.shape) > 2:
        return None
    if tree.op in TRANSPOSES:
        return tree.operands[0]
    if tree.op not in ("mul", "div", "neg"):
        return None
    operands = [_upright(each) for each in tree.operands]
    found = tuple(each for each in operands if each is not None)
    if len(found) < len(operands):
        return None
    return call(tree.op, found, (), matrix_turned(tree.shape))


def _with_sign_in_front(factors: list[Tree]) -> Tree:
    """Multiply as matrices; a minus of the last factor goes to the first."""
    first, *between, last = factors
    if starts_with_minus(last):
        first, last = negative(first), negative(last)
    return product([first, *between, last])


def _adds_up_stack(tree: Call) -> bool:
    """Say whether a sum is over axes in front of the last two, which stay what they are."""
    axis = tree.attribute("axis")
    axes = axis if isinstance(axis, tuple) else (axis,)
    stack = len(tree.operands[0].shape) - 2
    return all(isinstance(each, int) and each < stack for each in axes)


def turned(tree: Tree) -> Tree:
    """Transpose a value as it stands: `.T` of a matrix, `.mT` of a stack."""
    op = TRANSPOSES[len(tree.shape) > 2]
    return call(op, (tree,), (), matrix_turned(tree.shape))


def permuted(tree: Tree, axes: tuple[int, ...]) -> Tree:
    """Put axes into another order, `axes` saying of each new axis which one it was."""
    kept = tuple(range(len(axes)))
    if axes == kept:
        return tree
    if axes == matrix_turned(kept):
        return transposed(tree)
    shape = tuple(tree.shape[axis] for axis in axes)
    return call("permute", (tree,), (("axes", axes),), shape)


def _scales(tree: Call) -> bool:
    return tree.op in ("mul", "div") and any(map(_is_scale, tree.operands))


def _is_scale(tree: Tree) -> bool:
    """Say whether a factor is one number for each matrix."""
    return not tree.shape or (len(tree.shape) > 2 and all(dim.is_one for dim in tree.shape[-2:]))


def _entrywise_transposed(tree: Call) -> Tree:
    if tree.op in ("add", "sub") and len({each.shape for each in tree.operands}) > 1:
        return turned(tree)
    operands = tuple(each if _is_scale(each) else transposed(each) for each in tree.operands)
    return call(tree.op, operands, (), matrix_turned(tree.shape))


def _multiplies_matrices(tree: Call) -> bool:
    return all(len(each.shape) >= 2 for each in tree.operands)


def chain(tree: Tree) -> list[Tree]:
    """Return the factors of a matrix product in order; any other tree is its own only factor."""
    if isinstance(tree, Call) and tree.op == "matmul":
        if _multiplies_matrices(tree):
            return [part for operand in tree.operands for part in chain(operand)]
        return list(tree.operands)
    return [tree]


def product(trees: Sequence[Tree]) -> Tree:
    """Multiply as matrices, from the left."""
    tree = trees[0]
    for each in trees[1:]:
        tree = matmul(tree, each)
    return tree


def matmul(left: Tree, right: Tree) -> Tree:
    """Multiply two matrices, or a matrix and a 1-D vector, as `@` does; stacks broadcast."""
    if len(left.shape) >= 2 and len(right.shape) >= 2 and len(factors := chain(right)) > 1:
        return product([left, *factors])
    stack = broadcast_shape([left.shape[:-2], right.shape[:-2]])
    row, column = left.shape[-2:-1], right.shape[-1:] if len(right.shape) > 1 else ()
    return call("matmul", (left, right), (), (*stack, *row, *column))


def summed(tree: Tree, axes: tuple[int, ...], *, keepdims: bool) -> Tree:
    """Add up along axes; along all of them the axis is not named."""
    kept = [
        (ONE if axis in axes else dim)
        for axis, dim in enumerate(tree.shape)
        if keepdims or axis not in axes
    ]
    everything = len(axes) == len(tree.shape)
    axis = None if everything else axes[0] if len(axes) == 1 else axes
    return call("sum", (tree,), (("axis", axis), ("keepdims", keepdims)), tuple(kept))


def expanded(tree: Tree, axes: tuple[int, ...]) -> Tree:
    """Insert unit axes, named in rising order by where they are in the result."""
    if not axes:
        return tree
    shape = list(tree.shape)
    for axis in axes:
        shape.insert(axis, ONE)
    return call("expand_dims", (tree,), (("axis", axes if axes[1:] else axes[0]),), tuple(shape))


def squeezed(tree: Tree, axes: tuple[int, ...]) -> Tree:
    """Drop unit axes."""
    if not axes:
        return tree
    shape = tuple(dim for axis, dim in enumerate(tree.shape) if axis not in axes)
    return call("squeeze", (tree,), (("axis", axes if axes[1:] else axes[0]),), shape)


def ones(shape: Shape) -> Tree:
    """Return an array of ones; the number 1 for the shape of a scalar."""
    return call("ones", (), (("shape", shape),), shape) if shape else UNITY


def zeros(shape: Shape) -> Tree:
    """Return an array of zeros; the number 0 for the shape of a scalar."""
    return call("zeros", (), (("shape", shape),), shape) if shape else ZERO


def diagonal(tree: Tree) -> Tree:
    """Return the diagonal of a square matrix."""
    return call("diag", (tree,), (), tree.shape[:1])


def eye(dim: Dim) -> Tree:
    """Return an identity matrix."""
    size = dim.constant
    return call("eye", (), (("n", dim if size is None else int(size)),), (dim, dim))


def repeated(tree: Tree, shape: Shape) -> Tree:
    """Repeat a value to a larger shape, along axes that it lacks or has of size 1."""
    if isinstance(tree, Number):
        return times(tree, ones(shape))
    return call("broadcast_to", (tree,), (("shape", shape),), shape)


def outer(left: Tree, right: Tree) -> Tree:
    """Multiply each entry of a 1-D value by each of another."""
    return call("outer", (left, right), (), left.shape + right.shape)


def einsum(subscripts: str, trees: Sequence[Tree], shape: Shape) -> Tree:
    """Contract values in index notation."""
    return call("einsum", tuple(trees), (("subscripts", subscripts),), shape)


def quotient(coefficient: Fraction, above: Sequence[Tree], below: Sequence[Tree]) -> Tree:
    """Write coefficient · above / below as a person would: `-Y / (m * A2)`, `0.5 * X`, `X / 2`."""
    if (coefficient is ONCE or coefficient == 1) and above:
        return _over(_multiplied(above), below)
    front, divisor = _split(abs(coefficient), has_factors=bool(above))
    tree = _multiplied([number(front)] * (front != 1 or not above) + list(above))
    if coefficient < 0:
        tree = negative(tree)
    return _over(tree, [number(divisor)] * (divisor != 1) + list(below))


def _over(tree: Tree, below: Sequence[Tree]) -> Tree:
    return divided(tree, reduce(times, below)) if below else tree


def _multiplied(parts: Sequence[Tree]) -> Tree:
    """Multiply entry by entry; numbers go onto the first factor of a matrix product."""
    scalars = [tree for tree in parts if not tree.shape]
    arrays = [tree for tree in parts if tree.shape]
    if scalars and len(arrays) == 1 and len(factors := chain(arrays[0])) > 1:
        first = _multiplied([*scalars, factors[0]])
        return product([first, *factors[1:]])
    tree = parts[0]
    for each in parts[1:]:
        tree = times(tree, each)
    return tree


def tidied(tree: Tree) -> Tree:
    """Put a plainer tree: exp(log_softmax(X)) is softmax(X), and where(M, 1, 0) is M itself."""
    if isinstance(tree, Call):
        if tree.op == "where":
            return where(tree.operands[0], tree.operands[1], tree.operands[2])
        inner = tree.operands[0] if tree.operands else tree
        if tree.op == "exp" and isinstance(inner, Call) and inner.op == "log_softmax":
            return call("softmax", inner.operands, inner.attributes, inner.shape)
    return tree


def opposite(mask: Call) -> Call:
    """Return the comparison that holds where one does not."""
    return call(OPPOSITES[mask.op], mask.operands, mask.attributes, mask.shape)


def where(mask: Tree, chosen: Tree, otherwise: Tree) -> Tree:
    """Choose by a mask; a comparison, or its opposite, is itself the choice between 1 and 0."""
    if isinstance(mask, Call) and mask.op in COMPARISONS:
        if (chosen, otherwise) == (UNITY, ZERO):
            return mask
        if (chosen, otherwise) == (ZERO, UNITY):
            return opposite(mask)
    operands = (mask, chosen, otherwise)
    return call("where", operands, (), broadcast_shape([each.shape for each in operands]))


def _split(coefficient: Fraction, *, has_factors: bool) -> tuple[Fraction, Fraction]:
    """Split a coefficient into what is printed in front and below.

    3/2 as 3 · x / 2, 0.01 whole, 10/9 as x / 0.9.
    """
    below = coefficient.denominator
    if below == 1 or not has_factors:
        return coefficient, Fraction(1)
    if coefficient.numerator % 10 == 0 and _is_decimal(coefficient.numerator):
        return Fraction(1), 1 / coefficient
    if below > 12 and _is_decimal(below):
        return coefficient, Fraction(1)
    return Fraction(coefficient.numerator), Fraction(below)


def _is_decimal(denominator: int) -> bool:
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1


def size(name: str) -> Tree:
    """Return a dim or a constant used as a number."""
    return leaf(name, ())
