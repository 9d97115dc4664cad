"""A network in another orientation: every matrix stored as its transpose.

Columns become rows: `Z = W @ X + b` becomes `Z = X @ W + b`, where W and b are the transposes of
what they were. Each equation that comes out is evaluated beside the one that it stands for: the
values must be each other's transposes. Source: (AB)ᵀ = BᵀAᵀ.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.claims.worlds import World, domains_of, worlds
from shapecalc.dims import Shape, matrix_turned
from shapecalc.matrix import make
from shapecalc.matrix.printing import text
from shapecalc.ops.build import Misfit
from shapecalc.sweep import Sweep
from shapecalc.tree import Attributes, Call, Leaf, Number, Tree, call, leaf, rebuilt
from shapecalc.verify.field import NoValue, Unsupported

TOLERANCE = 1e-9
_PAIR = re.compile(r"[A-Za-z]+")


class NoRewriting(Exception):
    """A network with a value or an equation that has no counterpart: which, and why."""


class Turned(NamedTuple):
    """A network whose matrices are stored transposed: shapes of what is given, and equations."""

    shapes: tuple[tuple[str, Shape], ...]
    forward: tuple[tuple[str, str], ...]


def turned(sweep: Sweep) -> Turned:
    """Store every matrix of a network transposed. Raises NoRewriting."""
    graph = sweep.graph
    if any(len(value.shape) > 2 for value in graph.values.values()):
        raise NoRewriting("a value has more than two axes")
    made = {node.output for node in graph.nodes}
    shapes = [(v.name, matrix_turned(v.shape)) for v in graph.values.values() if v not in made]
    try:
        points = worlds(sweep, (), domains_of(sweep), exact=False)
    except (Unsupported, NoValue) as reason:
        raise NoRewriting(str(reason)) from None
    forward = []
    for node in graph.nodes:
        tree = _turned(node.tree)
        if not _agree(tree, node.tree, points):
            raise NoRewriting(f"`{node.output.name} = {text(node.tree)}` has no counterpart")
        forward.append((node.output.name, text(tree)))
    return Turned(tuple(shapes), tuple(forward))


def _turned(tree: Tree) -> Tree:
    """Write what should be the transpose of a formula, by the transposes of its names."""
    if isinstance(tree, Number):
        return tree
    if isinstance(tree, Leaf):
        return leaf(tree.name, matrix_turned(tree.shape))
    operands = tuple(map(_turned, tree.operands))
    if tree.op == "matmul":
        return make.matmul(*reversed(operands))
    if tree.op == "transpose":
        return make.transposed(operands[0])
    shape = matrix_turned(tree.shape)
    if len(shape) == 2 and _is_entrywise(tree):
        operands = tuple(make.expanded(o, (1,)) if len(o.shape) == 1 else o for o in operands)
    return call(tree.op, operands, _along_other_axes(tree), shape)


def _is_entrywise(tree: Call) -> bool:
    shapes = [operand.shape for operand in tree.operands]
    return "axis" not in dict(tree.attributes) and make.broadcast_shape(shapes) == tree.shape


def _along_other_axes(tree: Call) -> Attributes:
    """Count axes for the transpose: the other one of a matrix, the same one of a vector."""
    given = dict(tree.attributes)
    if any(isinstance(value, tuple) for name, value in tree.attributes if name != "axis"):
        raise NoRewriting(f"{tree.op} names parts of its axes")
    if isinstance(subscripts := given.get("subscripts"), str):
        given["subscripts"] = _PAIR.sub(lambda pair: pair[0][::-1], subscripts)
    axis, rank = given.get("axis"), max(len(part.shape) for part in (tree, *tree.operands))
    if rank == 2 and isinstance(axis, int):
        given["axis"] = 1 - axis % 2
    elif rank == 2 and isinstance(axis, tuple):
        given["axis"] = tuple(sorted(1 - p % 2 for p in axis if isinstance(p, int)))
    return tuple(given.items())


def _agree(tree: Tree, was: Tree, points: Sequence[World]) -> bool:
    """Say whether a formula, given the transposes, has the transpose of the value that was."""
    back = rebuilt(tree, _as_stored_before)
    back = make.transposed(back) if len(back.shape) == 2 else back
    if back.shape != was.shape:
        return False
    for world in points:
        try:
            found, wanted = world.value(back).floats, world.value(was).floats
        except (Unsupported, NoValue, Misfit):
            return False
        if len(found) != len(wanted):
            return False
        scale = max(map(abs, wanted), default=0.0) + 1e-30
        if any(not abs(a - b) <= TOLERANCE * scale for a, b in zip(found, wanted, strict=True)):
            return False
    return True


def _as_stored_before(part: Tree) -> Tree | None:
    if isinstance(part, Leaf) and len(part.shape) == 2:
        return make.transposed(leaf(part.name, matrix_turned(part.shape)))
    return None
