"""A network in another orientation: every matrix stored as its transpose.

Columns become rows: `Z = W @ X + b` becomes `Z = X @ W + b`, where W and b are the transposes of
what they were. Each equation that comes out is evaluated beside the one that it stands for: the
values must be each other's transposes.
"""

from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.claims.worlds import World, domains_of, worlds
from shapecalc.dims import Shape
from shapecalc.matrix.printing import text
from shapecalc.rewriting.trees import NoRewriting, Rewriter, Stored
from shapecalc.sweep import Sweep
from shapecalc.tree import Tree
from shapecalc.verify.field import NoValue, Unsupported


class Turned(NamedTuple):
    """A network whose matrices are stored transposed: shapes of what is given, and equations."""

    shapes: tuple[tuple[str, Shape], ...]
    forward: tuple[tuple[str, str], ...]


def turned(sweep: Sweep) -> Turned:
    """Store every matrix of a network transposed. Raises NoRewriting."""
    graph = sweep.graph
    if any(len(value.shape) > 2 for value in graph.values.values()):
        raise NoRewriting("a value has more than two axes")
    matrices = [value.name for value in graph.values.values() if len(value.shape) == 2]
    rewriter = Rewriter(dict.fromkeys(matrices, Stored.TRANSPOSED), is_turned=True)
    made = {node.output for node in graph.nodes}
    given = [value for value in graph.values.values() if value not in made]
    shapes = tuple((value.name, rewriter.leaf(value).shape) for value in given)
    forward = equations(sweep, rewriter, points(sweep))
    return Turned(shapes, tuple((name, text(tree)) for name, tree in forward))


def points(sweep: Sweep) -> list[World]:
    """Evaluate a network at stand-in values. Raises NoRewriting."""
    try:
        return worlds(sweep, (), domains_of(sweep), exact=False)
    except (Unsupported, NoValue) as reason:
        raise NoRewriting(str(reason)) from None


def equations(
    sweep: Sweep, rewriter: Rewriter, at: Sequence[World]
) -> tuple[tuple[str, Tree], ...]:
    """Rewrite every equation, and prove it by its values. Raises NoRewriting."""
    found = []
    for node in sweep.graph.nodes:
        stored = rewriter.of(node.output.name)
        written = f"`{node.output.name} = {' '.join(node.source.text.split())}`"
        try:
            tree = rewriter.written(node.tree, stored)
        except NoRewriting as reason:
            raise NoRewriting(f"{written} has no counterpart: {reason}") from None
        if not rewriter.agrees(tree, stored, node.tree, at):
            raise NoRewriting(f"{written} has no counterpart")
        found.append((node.output.name, tree))
    return tuple(found)
