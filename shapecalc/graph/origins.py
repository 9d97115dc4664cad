"""An axis of a value → the declaration that it comes from, through the equations that made it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from shapecalc.matrix import make
from shapecalc.spec.network import ValueEntry
from shapecalc.tree import Call, Leaf, Tree

_KEEPING = make.ELEMENTWISE | make.COMPARISONS | {"where", "maximum", "minimum"}


class Origins(NamedTuple):
    """Where axes come from: the declared values, and the trees of those that equations make."""

    declared: Mapping[str, ValueEntry]
    made: Mapping[str, Tree]

    def of(self, tree: Tree, axis: int) -> tuple[ValueEntry | None, int]:
        """Return the declared value, and its axis, that an axis comes from; None where none is."""
        while True:
            if isinstance(tree, Leaf) and tree.name in self.declared:
                return self.declared[tree.name], axis
            following = next(self._before(tree, axis), None)
            if following is None:
                return None, axis
            tree, axis = following

    def _before(self, tree: Tree, axis: int) -> Iterator[tuple[Tree, int]]:
        """Yield the operand, and its axis, that hands an axis on."""
        match tree:
            case Leaf(name=name) if name in self.made:
                yield self.made[name], axis
            case Call(op="transpose", operands=(operand,)):
                yield operand, len(operand.shape) - 1 - axis
            case Call(op="matmul" | "dot", operands=(left, right)):
                is_left = axis < len(left.shape) - 1
                yield (left, axis) if is_left else (right, len(right.shape) - 1)
            case Call(op=op, operands=operands) if op in _KEEPING or len(operands) == 1:
                for operand in operands:
                    own = axis - len(tree.shape) + len(operand.shape)
                    if own >= 0 and operand.shape[own] == tree.shape[axis]:
                        yield operand, own
            case _:
                return
