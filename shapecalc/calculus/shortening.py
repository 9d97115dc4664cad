"""Rules that shorten: transposes of sums, products multiplied out, parts of Kronecker products.

Each is given a part of a formula, and returns an equal one, or None.
"""

from fractions import Fraction
from itertools import pairwise
from typing import TypeGuard

from shapecalc.calculus.collecting import (
    Product,
    is_number_like,
    powers_in,
    product_of,
    transposes_in,
)
from shapecalc.dims import ONE, Dim
from shapecalc.matrix import make
from shapecalc.tree import Call, Number, Tree, call, leaf, number, rebuilt

SUMS = ("add", "sub")


def transposed_sum(tree: Call) -> Tree | None:
    """(eye(n) - v.T).T is eye(n) - v, and A.T + B.T is (A + B).T: the way of fewer transposes.

    Where a sum is a factor, x.T @ A.T - b.T is (A @ x - b).T.
    """
    most = transposes_in(tree)
    match tree:
        case Call(op="transpose", operands=(Call(op="add" | "sub" | "mul" as op, operands=inner),)):
            if any(len(each.shape) == 1 for each in inner):
                return None
            found: Tree = call(op, tuple(map(_turned, inner)), (), tree.shape)
            are_repeated = all(each.shape for each in inner) and len({e.shape for e in inner}) > 1
            most += are_repeated  # what is repeated stands alone
        case Call(op="add" | "sub", operands=(Call(op="transpose"), Call(op="transpose"))):
            found = _turned_twice(tree)
        case Call(op="matmul", operands=operands):
            found = call("matmul", tuple(map(_turned_twice, operands)), (), tree.shape)
        case _:
            return None
    return found if transposes_in(found) < most else None


def _turned_twice(tree: Tree) -> Tree:
    """Write a sum of matrices as a transpose, if that has fewer transposes."""
    match tree:
        case Call(op="add" | "sub" as op, operands=inner) if len(tree.shape) == 2:
            if any(each.shape != tree.shape for each in inner):
                return tree
            plain = call(op, tuple(map(make.transposed, inner)), (), tree.shape[::-1])
            found = make.turned(plain)
            return found if transposes_in(found) < transposes_in(tree) else tree
        case _:
            return tree


def _turned(tree: Tree) -> Tree:
    """Transpose, and stand a 1-D value up, or lay it down."""

    def put(part: Tree) -> Tree | None:
        match part:
            case Call(
                op="transpose", operands=(Call(op="expand_dims", operands=(vector,)) as one,)
            ):
                is_column = one.shape == (*vector.shape, ONE)
                return make.expanded(vector, (0 if is_column else 1,)) if vector.shape else None
            case _:
                return None

    return rebuilt(make.transposed(tree), put)


def powers(tree: Call) -> Tree | None:
    """x**(k - 1) * x is x**k."""
    if tree.op not in ("mul", "div"):
        return None
    whole = product_of(tree)
    if whole is None:
        return None
    for place, factor in enumerate(whole.above):
        if not isinstance(factor, Call) or factor.op != "pow":
            continue
        base, exponent = factor.operands
        rest = whole._replace(above=(*whole.above[:place], *whole.above[place + 1 :]))
        power = powers_in(rest).get(base)
        new = None if power is None else _one_more(exponent, power)
        if new is None:
            continue
        kept = _without(rest, base)
        raised = make.binary("pow", base, new)
        return kept._replace(above=(*kept.above, raised)).tree
    return None


def _one_more(exponent: Tree, more: Fraction) -> Tree | None:
    """Add to an exponent from which a number is taken; None where it would get no shorter."""
    match exponent:
        case Call(op="sub", operands=(left, Number(value=value))) if value == more:
            return left
        case Call(op="add", operands=(left, Number(value=value))) if value == -more:
            return left
        case _:
            return None


def _without(whole: Product, base: Tree) -> Product:
    """Take all powers of a base by numbers out of a product."""

    def is_other(factor: Tree) -> bool:
        match factor:
            case Call(op="pow", operands=(inner, Number())):
                return inner is not base
            case _:
                return factor is not base

    above, below = (tuple(filter(is_other, each)) for each in (whole.above, whole.below))
    return whole._replace(above=above, below=below)


def as_sigmoid(tree: Call) -> Tree | None:
    """A quotient exp(z) / (1 + exp(z)) is sigmoid(z)."""
    if tree.op not in ("mul", "div"):
        return None
    whole = product_of(tree)
    if whole is None:
        return None
    known = powers_in(whole)
    for base, power in known.items():
        if not isinstance(base, Call) or base.op != "exp" or power <= 0:
            continue
        for under in (make.binary("add", make.UNITY, base), make.binary("add", base, make.UNITY)):
            if known.get(under, 0) == -power and power.denominator == 1:
                rest = _without(_without(whole, base), under)
                curve = make.power(call("sigmoid", base.operands, (), base.shape), power)
                return rest._replace(above=(curve, *rest.above)).tree
    return None


def sum_to_diagonal(tree: Call) -> Tree | None:
    """The sum of A * B.T along the first axis is the diagonal of B @ A."""
    given = dict(tree.attributes)
    if tree.op != "sum" or given["axis"] not in (0, 1) or given["keepdims"]:
        return None
    whole = product_of(tree.operands[0])
    if whole is None or not all(map(is_number_like, whole.below)):
        return None
    matrices = [each for each in whole.above if not is_number_like(each)]
    scalars = [each for each in (*whole.above, *whole.below) if is_number_like(each)]
    if len(matrices) != 2 or any(each.shape for each in scalars):
        return None
    left, right = matrices
    if left.shape != right.shape or len(left.shape) != 2:
        return None
    turned = make.transposed
    if given["axis"] == 0:
        ways = make.matmul(turned(left), right), make.matmul(turned(right), left)
    else:
        ways = make.matmul(left, turned(right)), make.matmul(right, turned(left))
    found = min(ways, key=transposes_in)
    if transposes_in(found) >= transposes_in(left) + transposes_in(right):
        return None
    above = tuple(each for each in whole.above if is_number_like(each))
    return whole._replace(above=(*above, make.diagonal(found))).tree


def trace_of_identity(tree: Call) -> Tree | None:
    """trace(eye(n)) is n."""
    match tree:
        case Call(op="trace", operands=(Call(op="eye", shape=(dim, _)),)):
            return _as_number(dim)
        case _:
            return None


def _as_number(dim: Dim) -> Tree | None:
    if dim.constant is not None:
        return number(dim.constant)
    return None if dim.only_name is None else leaf(dim.only_name, ())


def part_of_kron(tree: Call) -> Tree | None:
    """What kron(A, B) makes of a matrix M of B's shape is A * sum(B * M), and so with its inverse.

    [i, k, j, l] of it, with its axes parted, is A[i, j] B[k, l].
    """
    match tree:
        case Call(op="einsum", operands=(Call(op="reshape", operands=(whole,)) as parted, other)):
            pair = _factors(whole)
        case _:
            return None
    given, _, out = str(tree.attribute("subscripts")).partition("->")
    first, _, second = given.partition(",")
    if pair is None or len(set(first)) != 4 or len(parted.shape) != 4:
        return None
    (left, right), (a, b, c, d) = pair, tuple(first)
    if parted.shape != (left.shape[0], right.shape[0], left.shape[1], right.shape[1]):
        return None
    if {*second} == {b, d} and {*out} == {a, c}:
        inner, kept, inside, outside = right, left, b + d, a + c
    elif {*second} == {a, c} and {*out} == {b, d}:
        inner, kept, inside, outside = left, right, a + c, b + d
    else:
        return None
    scale = _inner(inner, other) if second == inside else _trace(make.matmul(inner, other))
    return make.times(scale, kept if out == outside else make.transposed(kept))


def _factors(tree: Tree) -> tuple[Tree, Tree] | None:
    match tree:
        case Call(op="kron", operands=(left, right)) if len(left.shape) == len(right.shape) == 2:
            return left, right
        case Call(op="inv", operands=(inner,)):
            found = _factors(inner)
            if found is None or any(each.shape[0] != each.shape[1] for each in found):
                return None
            left, right = (call("inv", (each,), (), each.shape) for each in found)
            return left, right
        case _:
            return None


def _inner(left: Tree, right: Tree) -> Tree:
    both = make.power(left, Fraction(2)) if left is right else make.times(left, right)
    return call("sum", (both,), (("axis", None), ("keepdims", False)), ())


def _trace(tree: Tree) -> Tree:
    return call("trace", (tree,), (), ())


def broadcast(tree: Call) -> Tree | None:
    """What an entrywise op repeats by itself needs no broadcast_to; of a number it is s * ones."""
    if tree.op == "broadcast_to" and is_number_like(tree.operands[0]) and tree.shape:
        return make.times(tree.operands[0], make.ones(tree.shape))
    if tree.op not in (*SUMS, "mul", "div"):
        return None
    for place, operand in enumerate(tree.operands):
        if isinstance(operand, Call) and operand.op == "broadcast_to":
            operands = [*tree.operands]
            operands[place] = operand.operands[0]
            if make.broadcast_shape([each.shape for each in operands]) == tree.shape:
                return call(tree.op, tuple(operands), (), tree.shape)
    return None


def deviations(tree: Call) -> Tree | None:
    """The mean of x - mean(x) is 0, and so is that along the first axis."""
    match tree:
        case Call(
            op="mean", operands=(Call(op="sub", operands=(values, Call(op="mean") as mean)),)
        ):
            axis = tree.attribute("axis")
            is_same = axis == mean.attribute("axis") and mean.operands == (values,)
            if is_same and axis in (None, 0):
                return make.zeros(tree.shape)
        case _:
            pass
    return None


def product_of_diagonals(tree: Call) -> Tree | None:
    """diag(u) @ diag(v) is diag(u * v), and so is diag(u) * v."""
    match tree:
        case Call(op="mul", operands=(left, right)):
            for one, other in ((left, right), (right, left)):
                if _is_diagonal(one) and one.operands[0].shape == other.shape == tree.shape[1:]:
                    return call("diag", (_product(one.operands[0], other),), (), tree.shape)
            return None
        case Call(op="matmul"):
            chain = make.chain(tree)
        case _:
            return None
    for place, pair in enumerate(pairwise(chain)):
        vectors = [each.operands[0] for each in pair if _is_diagonal(each)]
        if len(vectors) == 2 and vectors[0].shape == vectors[1].shape:
            whole = call("diag", (_product(*vectors),), (), pair[0].shape)
            return make.product([*chain[:place], whole, *chain[place + 2 :]])
    return None


def _product(left: Tree, right: Tree) -> Tree:
    """Multiply entry by entry, columns before their second axis is dropped."""
    match left, right:
        case Call(op="squeeze", operands=(one,)), Call(op="squeeze", operands=(other,)):
            if one.shape == other.shape and left.shape == right.shape:
                return call("squeeze", (_product(one, other),), left.attributes, left.shape)
        case _:
            pass
    whole = make.times(left, right)
    found = product_of(whole)
    return whole if found is None else found.tree


def _is_diagonal(tree: Tree) -> TypeGuard[Call]:
    """Say whether a matrix is made of its diagonal, which a name for its vector shows."""
    return isinstance(tree, Call) and tree.op == "diag" and len(tree.shape) == 2


def names_first(tree: Call) -> Tree | None:
    """det(A) * s * B is s * det(A) * B, for a number s that has a name."""
    whole = product_of(tree) if tree.op in ("mul", "div") else None
    if whole is None:
        return None
    numbers = [each for each in whole.above if is_number_like(each)]
    ordered = sorted(numbers, key=lambda each: isinstance(each, Call) and each.op not in SUMS)
    if ordered == numbers:
        return None
    rest = [each for each in whole.above if not is_number_like(each)]
    return whole._replace(above=(*ordered, *rest)).tree


def one_reshape(tree: Call) -> Tree | None:
    """Entries that are put into other axes twice, or as a row and not a column, are put so once."""
    match tree:
        case Call(op="add" | "sub" as op, operands=(Call(op="reshape") as left, Call() as right)):
            (one,), others = left.operands, right.operands
            if right.op != "reshape" or others[0].shape != one.shape:
                return None
            inner = call(op, (one, *others), (), one.shape)
            return call("reshape", (inner,), left.attributes, tree.shape)
        case Call(op="squeeze" | "expand_dims", operands=(Call(op="reshape") as inner,)):
            return call("reshape", inner.operands, (("shape", tree.shape),), tree.shape)
        case _:
            return None
