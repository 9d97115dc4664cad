"""A formula → the factors of its matrix product, without transposes, numbers and scalars.

Knows how a product is written; knows nothing of what its arrangements are worth.
"""

from typing import NamedTuple

from shapecalc.dims import Shape, shape_text
from shapecalc.matrix.make import COMPARISONS, transposed
from shapecalc.orderings.trails import Word, reverse, trail_of
from shapecalc.tree import Attribute, Call, Leaf, Number, Tree

BY_ENTRY = frozenset({"mul", "div", "pow", "where", *COMPARISONS})
SUMS = {"sum": "a sum", "mean": "a mean", "max": "a maximum", "min": "a minimum"}


class Product(NamedTuple):
    """A chain of matrix factors, each once for each place; `word` says how the formula has them."""

    factors: tuple[Tree, ...]
    word: Word


class _Undefined(Exception):
    """Raised with the reason why a formula has no product to order."""


def product_of(formula: Tree) -> Product | str:
    """Take a formula apart into its factors, or say why that leaves no product to order."""
    core, turned = _core(formula, turned=False)
    if not _is_product(core):
        return _why_none(core)
    factors: list[Tree] = []
    try:
        word = _word(core, turned, factors)
    except _Undefined as reason:
        return str(reason)
    return Product(tuple(factors), word)


def _is_product(tree: Tree) -> bool:
    return isinstance(tree, Call) and tree.op == "matmul"


def _core(tree: Tree, turned: bool) -> tuple[Tree, bool]:  # noqa: FBT001 an orientation
    """Strip signs, numbers, scalars and transposes; say whether an odd number of those went."""
    while isinstance(tree, Call):
        match tree:
            case Call(op="transpose", operands=(operand,)):
                tree, turned = operand, turned != (len(tree.shape) == 2)
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


def _word(tree: Tree, turned: bool, factors: list[Tree]) -> Word:  # noqa: FBT001 an orientation
    """Read a product as one chain from the left, and collect its factors in reading order."""
    tree, turned = _core(tree, turned)
    if not isinstance(tree, Call) or tree.op != "matmul":
        return (_letter(tree, turned, factors),)
    left, right = (_word(operand, False, factors) for operand in tree.operands)  # noqa: FBT003
    if len(tree.operands[1].shape) == 1:
        right = reverse(trail_of(right, _ranks(factors)), _ranks(factors))
    word = left + right
    return reverse(word, _ranks(factors)) if turned else word


def _letter(tree: Tree, turned: bool, factors: list[Tree]) -> tuple[int, bool]:  # noqa: FBT001
    if len(tree.shape) > 2:
        raise _Undefined("a product of stacked matrices, each with an order of its own")
    other = transposed(tree) if len(tree.shape) == 2 else tree
    if _transposes(other) < _transposes(tree):
        tree, turned = other, not turned
    factors.append(tree)
    return len(factors) - 1, turned


def _ranks(factors: list[Tree]) -> tuple[Shape, ...]:
    return tuple(factor.shape for factor in factors)


def _transposes(tree: Tree) -> int:
    if not isinstance(tree, Call):
        return 0
    return (tree.op == "transpose") + sum(map(_transposes, tree.operands))


def _why_none(tree: Tree) -> str:
    if isinstance(tree, Leaf | Number):
        return "one factor alone: there is nothing to order"
    if tree.op in BY_ENTRY:
        return _why_none_by_entry(tree)
    if tree.op in ("add", "sub"):
        return "a sum of terms has no single product"
    if tree.op in SUMS:
        return f"{SUMS[tree.op]} over {_summed(tree)}, not a product"
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
