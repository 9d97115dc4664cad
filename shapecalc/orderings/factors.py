"""A formula → the factors of its matrix product, without transposes, numbers and scalars.

Knows how a product is written; knows nothing of what its arrangements are worth. Of a stack of
matrices the last two axes count: the product is one for each place in the axes in front.
"""

from typing import NamedTuple

from shapecalc.dims import Shape, shape_text
from shapecalc.matrix.make import COMPARISONS, TRANSPOSES, transposed
from shapecalc.orderings.trails import Word, reverse, trail_of
from shapecalc.tree import Attribute, Call, Leaf, Number, Tree

BY_ENTRY = frozenset({"mul", "div", "pow", "where", *COMPARISONS})
SUMS = {"sum": "a sum", "mean": "a mean", "max": "a maximum", "min": "a minimum"}


class Product(NamedTuple):
    """A chain of matrix factors, each once for each place; `word` says how the formula has them.

    `sum` is the sum over axes of a stack that the product is in, where it is in one.
    """

    factors: tuple[Tree, ...]
    word: Word
    sum: Call | None


def product_of(formula: Tree) -> Product | str:
    """Take a formula apart into its factors, or say why that leaves no product to order."""
    core, turned = _core(formula, turned=False)
    around = core if isinstance(core, Call) and _adds_up_stack(core) else None
    if around is not None:
        core, turned = _core(around.operands[0], turned)
    if not isinstance(core, Call) or not _is_product(core):
        return _why_none(core)
    factors: list[Tree] = []
    word = _word(core, turned, factors)
    ranks = [len(factor.shape) for factor in factors]
    if min(ranks) == 1 and max(ranks) > 2 and len(ranks) > 2:
        return "a vector among stacks of matrices: what `@` does to it depends on its place"
    return Product(tuple(factors), word, around)


def _adds_up_stack(tree: Call) -> bool:
    """Say whether a tree is a sum over axes in front of the matrices of a product."""
    if tree.op != "sum" or not _is_product(_core(tree.operands[0], turned=False)[0]):
        return False
    axis = tree.attribute("axis")
    axes = axis if isinstance(axis, tuple) else (axis,)
    stack = len(tree.operands[0].shape) - 2
    return all(isinstance(each, int) and each < stack for each in axes)


def _is_product(tree: Tree) -> bool:
    return isinstance(tree, Call) and tree.op == "matmul"


def _core(tree: Tree, turned: bool) -> tuple[Tree, bool]:  # noqa: FBT001 an orientation
    """Strip signs, numbers, scalars and transposes; say whether an odd number of those went."""
    while isinstance(tree, Call):
        match tree:
            case Call(op="transpose" | "matrix_transpose", operands=(operand,)):
                tree, turned = operand, turned != (len(tree.shape) >= 2)
            case Call(op="neg", operands=(operand,)):
                tree = operand
            case Call(op="mul", operands=(left, right)) if not left.shape or not right.shape:
                tree = _that_counts(left, right)
            case Call(op="div", operands=(above, below)) if not below.shape:
                tree = above
            case _:
                return tree, turned
    return tree, turned


def _that_counts(left: Tree, right: Tree) -> Tree:
    """Choose between the operands of a product of which one at least is a scalar."""
    if left.shape or right.shape:
        return left if left.shape else right
    return left if _is_product(_core(left, turned=False)[0]) else right


def _word(tree: Call, turned: bool, factors: list[Tree]) -> Word:  # noqa: FBT001 an orientation
    """Read a product as one chain from the left, and collect its factors in reading order."""
    left, right = (_part(operand, factors) for operand in tree.operands)
    if len(tree.operands[1].shape) == 1:
        right = reverse(trail_of(right, _ranks(factors)), _ranks(factors))
    word = left + right
    return reverse(word, _ranks(factors)) if turned else word


def _part(operand: Tree, factors: list[Tree]) -> Word:
    """Read one operand of a product: a product too, or a single factor."""
    tree, turned = _core(operand, turned=False)
    if not isinstance(tree, Call) or not _is_product(tree) or _drops_stack(tree):
        return (_letter(tree, turned, factors),)
    return _word(tree, turned, factors)


def _drops_stack(tree: Call) -> bool:
    """Say whether a product of a stack by a vector makes rows of the stack's places."""
    ranks = [len(operand.shape) for operand in tree.operands]
    return min(ranks) == 1 and max(ranks) > 2


def _letter(tree: Tree, turned: bool, factors: list[Tree]) -> tuple[int, bool]:  # noqa: FBT001
    other = transposed(tree)
    if _transposes(other) < _transposes(tree):
        tree, turned = other, not turned
    factors.append(tree)
    return len(factors) - 1, turned


def _ranks(factors: list[Tree]) -> tuple[Shape, ...]:
    return tuple(factor.shape[-2:] for factor in factors)


def _transposes(tree: Tree) -> int:
    if not isinstance(tree, Call):
        return 0
    return (tree.op in TRANSPOSES) + sum(map(_transposes, tree.operands))


def _why_none(tree: Tree) -> str:
    if isinstance(tree, Leaf | Number):
        return "one factor alone: there is nothing to order"
    if tree.op in BY_ENTRY:
        return _why_none_by_entry(tree)
    if tree.op in ("add", "sub"):
        return "a sum of terms has no single product"
    if tree.op in SUMS:
        return f"{SUMS[tree.op]} over {_summed(tree)}, not a product"
    if any(op.startswith("conv") for op in _ops(tree)):
        return "a convolution: entries meet in windows, so there is no product of matrices"
    if tree.op == "einsum":
        return "an einsum has no order of factors"
    if tree.op == "outer":
        return "an outer product of 1-D values: `outer`, not @"
    if tree.op == "broadcast_to":
        return f"one value repeated to {shape_text(tree.shape)}: there is no product to order"
    return f"`{tree.op}` is no matrix product: there is nothing to order"


def _why_none_by_entry(tree: Call) -> str:
    inner = _ops(tree)
    if "matmul" in inner:
        return "entry by entry around a product: the order is that of each link by itself"
    if inner & SUMS.keys():
        return "entry by entry around a sum, not a product of matrices"
    return "each entry by itself: there is no product to order"


def _ops(tree: Tree) -> set[str]:
    if not isinstance(tree, Call):
        return set()
    return {tree.op}.union(*map(_ops, tree.operands))


def _summed(tree: Call) -> str:
    """Name the dims that a reduction runs over: `m`, `k and m`."""
    shape = tree.operands[0].shape
    axis: Attribute = dict(tree.attributes).get("axis")
    axes = axis if isinstance(axis, tuple) else (axis,) if isinstance(axis, int) else None
    dims = shape if axes is None else [shape[each] for each in axes if isinstance(each, int)]
    return " and ".join(map(str, dims)) or "one entry"
