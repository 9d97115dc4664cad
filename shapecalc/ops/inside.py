"""The dims inside of ops that are defined by their sizes: the parts that they divide axes into."""

from collections.abc import Iterator

from shapecalc.dims import Dim
from shapecalc.ops.build import defined
from shapecalc.ops.registry import OPS
from shapecalc.tree import Call, Tree, calls


def quotients_inside(tree: Tree) -> Iterator[Dim]:
    """Yield each dim that a definition in a tree divides, `c/groups` of `group_norm`."""
    for part in calls(tree):
        yield from quotients_of(part)


def quotients_of(tree: Call) -> Iterator[Dim]:
    """Yield each dim that the definition of one op divides."""
    op = OPS[tree.op]
    if op.definition is not None and op.sizes:
        inner = calls(defined(op, tree.operands, tree.attributes))
        yield from dict.fromkeys(d for part in inner for d in part.shape if d.has_divisor)
