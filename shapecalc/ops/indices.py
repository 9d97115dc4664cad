"""Which values hold whole numbers that name places, and how many places they choose from."""

from collections.abc import Iterable, Mapping

from shapecalc.dims import Dim
from shapecalc.ops.registry import OPS
from shapecalc.tree import Call, Leaf, Number, Tree, calls, leaves

KEEPING = frozenset(
    {
        *("add", "sub", "arange", "broadcast_to", "concatenate", "expand_dims", "flip"),
        *("matrix_transpose", "moveaxis", "permute", "repeat", "reshape", "roll", "slice"),
        *("squeeze", "stack", "swapaxes", "tile", "transpose"),
    }
)
"""Ops that make whole numbers of whole numbers, or put them elsewhere."""


def are_places(tree: Tree) -> bool:
    """Say whether the entries of a tree are whole numbers where those of its names are."""
    match tree:
        case Call(op=op, operands=operands):
            return op in KEEPING and all(map(are_places, operands))
        case Number(value=value):
            return value.denominator == 1
        case Leaf():
            return True


def indices_in(trees: Iterable[Tree]) -> Mapping[Leaf, tuple[Dim, ...]]:
    """Return each value that entries are picked by, with the dims that they are picked from."""
    found: dict[Leaf, dict[Dim, None]] = {}
    for tree in trees:
        for part in calls(tree):
            for operand, dim in _picked_by(part):
                for value in leaves(operand):
                    found.setdefault(value, {})[dim] = None
    return {value: tuple(dims) for value, dims in found.items()}


def _picked_by(tree: Call) -> Iterable[tuple[Tree, Dim]]:
    op = OPS[tree.op]
    if op.indices:
        dims = op.bound(tuple(each.shape for each in tree.operands), tree.attributes).dims
        for name, letter in op.indices.items():
            yield tree.operands[op.operands.index(name)], dims[letter]
