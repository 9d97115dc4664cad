"""A sum of products → one formula: common factors in front, minus signs inside.

Each rule keeps the value: ab + ac = a(b + c), AX + BX = (A + B)X, and for a mask c,
c·a + (1 - c)·b = where(c, a, b).
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from math import gcd

from shapecalc.dims import Dim, Shape, matrix_turned
from shapecalc.index import size_powers
from shapecalc.matrix import make, rearranged
from shapecalc.matrix.pieces import summed_operand
from shapecalc.matrix.reading import Product
from shapecalc.tree import Call, Number, Tree, call


def combined(products: Sequence[Product], shape: Shape) -> Tree:
    """Add up products that all broadcast to `shape`."""
    if not products:
        return make.zeros(shape)
    if len(products) == 1:
        return products[0].tree
    products = _with_shared_apart([_opened(product) for product in products])
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


def _opened(product: Product) -> Product:
    """Repeat what is above a line, not the quotient: then divisors are seen to be common."""
    above, below = [], list(product.below)
    for tree in product.above:
        inner = _once(tree)
        if inner is tree or not (isinstance(inner, Call) and inner.op == "div"):
            above.append(tree)
            continue
        above.append(make.repeated(inner.operands[0], tree.shape))
        below += _factors(inner.operands[1])
    return product._replace(above=tuple(above), below=tuple(below))


def _with_shared_apart(products: list[Product]) -> list[Product]:
    """Take out of a value that is repeated the factors that all other products have too."""
    held = [{part for tree in p.above for part in _factors(_once(tree))} for p in products]
    shared = set.intersection(*held)
    return [_apart(product, shared) for product in products] if shared else products


def _apart(product: Product, shared: set[Tree]) -> Product:
    above: list[Tree] = []
    for tree in product.above:
        parts = _factors(_once(tree)) if _is_repeated(tree) else []
        taken = [part for part in parts if part.shape and part in shared]
        left = make.quotient(Fraction(1), _less(tuple(parts), tuple(taken)), ())
        above += [make.repeated(left, tree.shape), *taken] if taken else [tree]
    return product._replace(above=tuple(above))


def _factors(tree: Tree) -> list[Tree]:
    if isinstance(tree, Call) and tree.op == "mul":
        return [part for operand in tree.operands for part in _factors(operand)]
    return [tree]


def _averaged(product: Product) -> Product:
    """Write a sum over the size of what it runs over as a mean."""
    for tree in product.above:
        inner = summed_operand(tree)
        if inner is None or not tree.shape:
            continue
        operand, axes = inner
        divided = _without_sizes(product, [operand.shape[axis] for axis in axes])
        if divided is not None:
            assert isinstance(tree, Call)
            mean = call("mean", tree.operands, tree.attributes, tree.shape)
            above = tuple(mean if each is tree else each for each in divided.above)
            return _averaged(divided._replace(above=above))
    return product


def _without_sizes(product: Product, dims: Sequence[Dim]) -> Product | None:
    """Take the product of some dims out of a divisor; None where it is not in there."""
    powers: dict[Tree, Fraction] = {}
    count = Fraction(1)
    for size, power in (pair for dim in dims for pair in size_powers(dim)):
        if isinstance(size, Number):
            count *= size.value ** int(power)
        else:
            powers[size] = powers.get(size, Fraction(0)) + power
    above, below = list(product.above), list(product.below)
    for size, power in powers.items():
        for _ in range(int(abs(power))):
            side = below if power > 0 else above
            if size not in side:
                return None
            side.remove(size)
    changed = len(below) < len(product.below)
    left = product._replace(above=tuple(above), below=tuple(below))
    return left._replace(coefficient=left.coefficient * count) if changed else None


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
    if (moved := _as_common_move(rest)) is not None:
        return moved
    if (joined := _as_concatenation(rest)) is not None:
        return joined
    trees = [_averaged(product).tree for product in _as_they_broadcast(rest)]
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
    return [product._replace(above=tuple(map(_once, product.above))) for product in rest]


def _once(tree: Tree) -> Tree:
    if not isinstance(tree, Call) or not _is_repeated(tree):
        return tree
    return tree.operands[0] if tree.operands else make.UNITY


def _is_repeated(tree: Tree) -> bool:
    return isinstance(tree, Call) and tree.op in ("broadcast_to", "ones")


def _as_transpose(trees: list[Tree]) -> Tree | None:
    """Transpose a sum of transposes as a whole: A.T - B.T is (A - B).T."""
    turned: list[Product] = []
    for tree in trees:
        sign = -1 if isinstance(tree, Call) and tree.op == "neg" else 1
        inner = tree.operands[0] if isinstance(tree, Call) and sign < 0 else tree
        if not (isinstance(inner, Call) and inner.op in make.TRANSPOSES):
            return None
        part = _taken_apart(inner.operands[0])
        turned.append(part._replace(coefficient=sign * part.coefficient))
    if len({tree.shape for tree in trees}) > 1:
        return None
    return make.turned(combined(turned, matrix_turned(trees[0].shape)))


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
    first = rest[0].above[0]
    if not isinstance(first, Call) or first.op != "sum":
        return None
    inner = _inside_alike(rest, first)
    if inner is None:
        return None
    total = combined(inner, first.operands[0].shape)
    return call("sum", (total,), first.attributes, first.shape)


def _inside_alike(rest: list[Product], first: Call) -> list[Product] | None:
    """Return what one op with the same attributes is applied to in each; None where it is not."""
    inner = []
    for product in rest:
        (each,) = product.above
        if not isinstance(each, Call) or (each.op, each.attributes) != (first.op, first.attributes):
            return None
        if each.operands[0].shape != first.operands[0].shape:
            return None
        part = _taken_apart(each.operands[0])
        inner.append(part._replace(coefficient=part.coefficient * product.coefficient))
    return inner


def _as_common_move(rest: list[Product]) -> Tree | None:
    """Add up before entries are put elsewhere: pad(A) + pad(B) is pad(A + B)."""
    if any(len(product.above) != 1 or product.below for product in rest):
        return None
    first = rest[0].above[0]
    if not isinstance(first, Call) or first.op not in rearranged.MOVES:
        return None
    inner = _inside_alike(rest, first)
    if inner is None:
        return None
    total = combined(inner, first.operands[0].shape)
    return call(first.op, (total,), first.attributes, first.shape)


def _as_concatenation(rest: list[Product]) -> Tree | None:
    """Put parts one behind another that fill an axis, each with zeros around it."""
    if any(len(product.above) != 1 or product.below for product in rest):
        return None
    order = rearranged.filled([product.above[0] for product in rest])
    if order is None:
        return None
    parts = [
        make.quotient(rest[place].coefficient, [rearranged.inside(rest[place].above[0])], [])
        for place in order.places
    ]
    return rearranged.joined(parts, order.axis)


def _taken_apart(tree: Tree) -> Product:
    """Write an elementwise product as one; a matrix product, and a sum, stay whole."""
    match tree:
        case Call(op="neg", operands=(operand,)):
            inner = _taken_apart(operand)
            return inner._replace(coefficient=-inner.coefficient)
        case Call(op="mul" | "div" as op, operands=(left, right)):
            one, other = _taken_apart(left), _taken_apart(right)
            if op == "div":
                other = Product(1 / other.coefficient, other.below, other.above)
            coefficient = one.coefficient * other.coefficient
            return Product(coefficient, one.above + other.above, one.below + other.below)
        case Number(value=value) if value:
            return Product(value, (), ())
        case _:
            return Product(Fraction(1), (tree,), ())


def _as_common_matrix(rest: list[Product]) -> Tree | None:
    """Factor a matrix that all products begin or end with: `A @ X + B @ X` is `(A + B) @ X`."""
    chains = [make.chain(p.above[0]) if len(p.above) == 1 and not p.below else [] for p in rest]
    if any(len(chain) < 2 or any(len(t.shape) < 2 for t in chain) for chain in chains):
        return None
    for end, others in ((-1, slice(None, -1)), (0, slice(1, None))):
        if len({chain[end] for chain in chains}) == 1:
            trees = [make.product(chain[others]) for chain in chains]
            if len({tree.shape for tree in trees}) > 1:
                return None
            parts = [_taken_apart(tree) for tree in trees]
            inner = combined(
                [
                    part._replace(coefficient=part.coefficient * p.coefficient)
                    for p, part in zip(rest, parts, strict=True)
                ],
                trees[0].shape,
            )
            pair = (inner, chains[0][end]) if end else (chains[0][end], inner)
            return make.matmul(*pair)
    return None
