"""How long axes must be for a product of matrices to have an inverse: `X.T @ X` wants a tall X."""

from collections.abc import Iterator, Mapping

from shapecalc.dims import Dim
from shapecalc.matrix import make
from shapecalc.ops.registry import OPS
from shapecalc.tree import Call, Leaf, Tree

AS_IT_IS = ("mul", "div", "neg", *make.TRANSPOSES)
"""What leaves the rank of a matrix as it is, where all else in it is a number."""


def room_for_inverse(tree: Call, equations: Mapping[Leaf, Tree]) -> Iterator[Dim]:
    """Yield dims that are to be more than nothing, so that what an op inverts has full rank."""
    op = OPS[tree.op]
    for name in op.nonsingular:
        operand = tree.operands[op.operands.index(name)]
        rows = operand.shape[-1]
        yield from (dim - rows for dim in _bounds(operand, equations) if dim != rows)


def _bounds(tree: Tree, equations: Mapping[Leaf, Tree]) -> Iterator[Dim]:
    """Yield the dims that bound the rank of a matrix: those inside of a product."""
    if isinstance(tree, Leaf) and tree in equations:
        yield from _bounds(equations[tree], equations)
    if not isinstance(tree, Call):
        return
    matrices = [each for each in tree.operands if len(each.shape) > 1]
    if tree.op == "matmul" and len(matrices) == 2:
        yield matrices[0].shape[-1]
    elif tree.op not in AS_IT_IS or len(matrices) > 1:
        return
    for each in matrices:
        yield from _bounds(each, equations)
