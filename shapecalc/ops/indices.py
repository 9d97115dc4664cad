"""Which values hold whole numbers that name places, and how many places they choose from."""

from collections.abc import Iterable, Iterator, Mapping

from shapecalc.dims import Dim
from shapecalc.ops.registry import OPS
from shapecalc.tree import Call, Leaf, Number, Tree, calls, leaves

Shift = tuple[int, Tree]
"""1 or -1, and what is added so many times."""
KEEPING = frozenset(
    {
        *("add", "sub", "arange", "broadcast_to", "concatenate", "expand_dims", "flip"),
        *("matrix_transpose", "moveaxis", "permute", "repeat", "reshape", "roll", "slice"),
        *("squeeze", "stack", "swapaxes", "tile", "transpose"),
    }
)
"""Ops that make whole numbers of whole numbers, or put them elsewhere."""


def are_places(tree: Tree) -> bool:
    """Say whether a tree holds whole numbers of an input, moved or shifted: `y - 1`."""
    match tree:
        case Call(op="add" | "sub" as op, operands=(left, right)):
            is_known = [next(leaves(side), None) is None for side in (left, right)]
            is_shift = is_known[1] or (is_known[0] and op == "add")
            return is_shift and are_places(left) and are_places(right)
        case Call(op=op, operands=operands):
            return op in KEEPING and all(map(are_places, operands))
        case Number(value=value):
            return value.denominator == 1
        case Leaf():
            return True


def shifts_in(tree: Tree, value: Leaf) -> tuple[Shift, ...]:
    """Return what is added to a value in a tree of places, and taken away."""
    if not isinstance(tree, Call):
        return ()
    operand = next(each for each in tree.operands if value in leaves(each))
    inner = shifts_in(operand, value)
    if tree.op not in ("add", "sub"):
        return inner
    (other,) = (each for each in tree.operands if each is not operand)
    return ((1 if tree.op == "add" else -1, other), *inner)


def indices_in(trees: Iterable[Tree]) -> Mapping[Leaf, tuple[Dim, ...]]:
    """Return each value that entries are picked by, with the dims that they are picked from."""
    found: dict[Leaf, dict[Dim, None]] = {}
    for operand, dim in picks_in(trees):
        for value in leaves(operand):
            found.setdefault(value, {})[dim] = None
    return {value: tuple(dims) for value, dims in found.items()}


def picks_in(trees: Iterable[Tree]) -> Iterator[tuple[Tree, Dim]]:
    """Yield the operands that entries are picked by, each with the dim that it picks from."""
    for tree in trees:
        for part in calls(tree):
            yield from _picked_by(part)


def _picked_by(tree: Call) -> Iterable[tuple[Tree, Dim]]:
    op = OPS[tree.op]
    if op.indices:
        dims = op.bound(tuple(each.shape for each in tree.operands), tree.attributes).dims
        for name, letter in op.indices.items():
            yield tree.operands[op.operands.index(name)], dims[letter]
