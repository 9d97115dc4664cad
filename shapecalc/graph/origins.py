"""An axis of a value → the declaration that it comes from, through the equations that made it."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from shapecalc.matrix import make
from shapecalc.ops.registry import OPS
from shapecalc.spec.network import ValueEntry
from shapecalc.tree import Call, Leaf, Tree

_KEEPING = make.ELEMENTWISE | make.COMPARISONS | {"where", "maximum", "minimum"}


class Origins(NamedTuple):
    """Where axes come from: the declared values, and the trees of those that equations make."""

    declared: Mapping[str, ValueEntry]
    made: Callable[[str], Tree | None]

    def of(self, tree: Tree, axis: int) -> tuple[ValueEntry | None, int]:
        """Return the declared value, and its axis, that an axis comes from; None where none is."""
        place = axis
        for each, place in self.way(tree, axis):
            if isinstance(each, Leaf) and each.name in self.declared:
                return self.declared[each.name], place
        return None, place

    def way(self, tree: Tree, axis: int) -> Iterator[tuple[Tree, int]]:
        """Yield an axis, what hands it on, and so on, up to where it begins."""
        following: tuple[Tree, int] | None = (tree, axis)
        while following is not None:
            yield following
            following = next(self._before(*following), None)

    def _before(self, tree: Tree, axis: int) -> Iterator[tuple[Tree, int]]:
        """Yield the operand, and its axis, that hands an axis on."""
        match tree:
            case Leaf(name=name):
                if (made := self.made(name)) is not None:
                    yield made, axis
            case Call(op=op, operands=operands) if op in _KEEPING or len(operands) == 1:
                yield from _by_letter(tree, axis)
                for operand in operands:
                    own = axis - len(tree.shape) + len(operand.shape)
                    if own >= 0 and operand.shape[own] == tree.shape[axis]:
                        yield operand, own
            case Call():
                yield from _by_letter(tree, axis)
            case _:
                return


def _by_letter(tree: Call, axis: int) -> Iterator[tuple[Tree, int]]:
    """Yield the operands whose axis has the letter that the op's notation gives to an axis."""
    entry = OPS[tree.op]
    if entry.shape is None:
        return
    bound = entry.bound(tuple(each.shape for each in tree.operands), tree.attributes)
    letter = bound.output[axis]
    for operand, letters in zip(tree.operands, bound.operands, strict=True):
        if letter is not None and letter in letters:
            yield operand, letters.index(letter)
