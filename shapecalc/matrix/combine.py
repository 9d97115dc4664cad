"""A sum of products → one formula: common factors in front, minus signs inside.

Each rule keeps the value: ab + ac = a(b + c), AX + BX = (A + B)X, and for a mask c,
c·a + (1 - c)·b = where(c, a, b).
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from math import gcd

from shapecalc.dims import Shape
from shapecalc.matrix import make
from shapecalc.matrix.reading import Product
from shapecalc.tree import Call, Tree, call


def combined(products: Sequence[Product], shape: Shape) -> Tree:
    """Add up products that all broadcast to `shape`."""
    if not products:
        return make.zeros(shape)
    if len(products) == 1:
        return products[0].tree
    above = _common([product.above for product in products])
    below = _common([product.below for product in products])
    coefficient = _common_coefficient(products)
    rest = [
        Product(each.coefficient / coefficient, _less(each.above, above), _less(each.below, below))
        for each in products
    ]
    inner = _sum(rest)
    if (
        inner.shape != shape
        and make.broadcast_shape([inner.shape, *(t.shape for t in above)]) != shape
    ):
        return make.total([product.tree for product in products])
    return make.quotient(coefficient, [*_scalars(above), *_arrays(above), inner], below)


def _scalars(trees: Sequence[Tree]) -> list[Tree]:
    return [tree for tree in trees if not tree.shape]


def _arrays(trees: Sequence[Tree]) -> list[Tree]:
    return [tree for tree in trees if tree.shape]


def _sum(rest: list[Product]) -> Tree:
    if (chosen := _as_where(rest)) is not None:
        return chosen
    if (factored := _as_common_matrix(rest)) is not None:
        return factored
    if (added := _as_common_sum(rest)) is not None:
        return added
    trees = [product.tree for product in _as_they_broadcast(rest)]
    if (turned := _as_transpose(trees)) is not None:
        return turned
    return make.total(trees)


def _as_they_broadcast(rest: list[Product]) -> list[Product]:
    """Leave it to the sum to repeat a value, where another term has the whole shape."""
    shape = make.broadcast_shape([product.tree.shape for product in rest])
    if not any(
        product.tree.shape == shape and not any(map(_is_repeated, product.above))
        for product in rest
    ):
        return rest
    return [
        product._replace(
            above=tuple(
                tree.operands[0] if isinstance(tree, Call) and _is_repeated(tree) else tree
                for tree in product.above
            )
        )
        for product in rest
    ]


def _is_repeated(tree: Tree) -> bool:
    return isinstance(tree, Call) and tree.op == "broadcast_to"


def _as_transpose(trees: list[Tree]) -> Tree | None:
    """Transpose a sum of transposes as a whole: A.T - B.T is (A - B).T."""
    turned: list[Tree] = []
    for tree in trees:
        signed = isinstance(tree, Call) and tree.op == "neg"
        inner = tree.operands[0] if isinstance(tree, Call) and signed else tree
        if not (isinstance(inner, Call) and inner.op == "transpose"):
            return None
        operand = inner.operands[0]
        turned.append(make.negative(operand) if signed else operand)
    total = make.total(turned)
    if len({tree.shape for tree in turned}) > 1:
        return None
    return call("transpose", (total,), (), tuple(reversed(total.shape)))


def _common(lists: Sequence[tuple[Tree, ...]]) -> tuple[Tree, ...]:
    """Return the trees that are in every list, as often as in each, in the first's order."""
    kept: list[Tree] = []
    left = [list(trees) for trees in lists[1:]]
    for tree in lists[0]:
        if all(tree in trees for trees in left):
            kept.append(tree)
            for trees in left:
                trees.remove(tree)
    return tuple(kept)


def _less(trees: tuple[Tree, ...], common: tuple[Tree, ...]) -> tuple[Tree, ...]:
    left = list(trees)
    for tree in common:
        left.remove(tree)
    return tuple(left)


def _common_coefficient(products: Sequence[Product]) -> Fraction:
    """Return the largest number that divides every coefficient to a whole; minus if all are."""
    values = [product.coefficient for product in products]
    above = reduce(gcd, (abs(value.numerator) for value in values))
    below = reduce(lambda a, b: a * b // gcd(a, b), (value.denominator for value in values))
    common = Fraction(above, below)
    return -common if all(value < 0 for value in values) else common


def _as_where(rest: list[Product]) -> Tree | None:
    """Recognise a choice by a mask, from the two derivatives that `where` has."""
    if len(rest) != 2:
        return None
    for first, second in (rest, rest[::-1]):
        for tree in first.above:
            other = _complement(tree)
            if other is not None and other in second.above:
                chosen = first._replace(above=_less(first.above, (tree,))).tree
                otherwise = second._replace(above=_less(second.above, (other,))).tree
                return make.where(_mask(tree), chosen, otherwise)
    return None


def _mask(tree: Tree) -> Tree:
    return tree.operands[0] if isinstance(tree, Call) and tree.op == "where" else tree


def _complement(tree: Tree) -> Tree | None:
    """Return the derivative of `where` by its second choice, for that by its first."""
    if not isinstance(tree, Call):
        return None
    if tree.op == "where" and tree.operands[1:] == (make.UNITY, make.ZERO):
        return make.where(tree.operands[0], make.ZERO, make.UNITY)
    return make.where(tree, make.ZERO, make.UNITY) if tree.op in make.COMPARISONS else None


def _as_common_sum(rest: list[Product]) -> Tree | None:
    """Add up before summing over an axis: sum(A) + sum(B) is sum(A + B)."""
    if any(len(p.above) != 1 or p.below for p in rest):
        return None
    sums = [p.above[0] for p in rest]
    first = sums[0]
    if not isinstance(first, Call) or first.op != "sum":
        return None
    parts = []
    for product, each in zip(rest, sums, strict=True):
        if not isinstance(each, Call) or (each.op, each.attributes) != (first.op, first.attributes):
            return None
        if each.operands[0].shape != first.operands[0].shape:
            return None
        parts.append(make.quotient(product.coefficient, each.operands, ()))
    return call("sum", (make.total(parts),), first.attributes, first.shape)


def _as_common_matrix(rest: list[Product]) -> Tree | None:
    """Factor a matrix that all products begin or end with: `A @ X + B @ X` is `(A + B) @ X`."""
    chains = [make.chain(p.above[0]) if len(p.above) == 1 and not p.below else [] for p in rest]
    if any(len(chain) < 2 or any(len(t.shape) != 2 for t in chain) for chain in chains):
        return None
    for end, others in ((-1, slice(None, -1)), (0, slice(1, None))):
        if len({chain[end] for chain in chains}) == 1:
            parts = [
                make.quotient(p.coefficient, [make.product(chain[others])], [])
                for p, chain in zip(rest, chains, strict=True)
            ]
            inner = make.total(parts)
            pair = (inner, chains[0][end]) if end else (chains[0][end], inner)
            return make.matmul(*pair)
    return None
