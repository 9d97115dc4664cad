"""Functions that are not spelled out, `u(x)`: values that move as the variable does.

Where x moves by ε, u moves by ∂u/∂x ε, and what is a function of u by its own Jacobian times that.
So an expression is differentiated by ε, with every such value moved, and read at ε = 0: product and
chain rules need no rule of their own. ∂u/∂x is written `du_dx`, in numerator layout.
"""

from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.dims import ONE, Shape
from shapecalc.matrix import make
from shapecalc.tree import Leaf, Number, Tree, call, leaf, rebuilt


class NoTangent(Exception):
    """A function whose derivative is no matrix: more than a number of a matrix, say."""


class Dependence(NamedTuple):
    """A value, and the one that it is a function of."""

    value: Leaf
    of: Leaf

    @property
    def jacobian(self) -> Leaf:
        """Return the name of its derivative, in numerator layout. Raises NoTangent."""
        name = f"d{self.value.name}_d{self.of.name}"
        rows, columns = _axes(self.value.shape), _axes(self.of.shape)
        if not columns:
            return leaf(name, self.value.shape)
        if not rows and len(self.of.shape) == 2:
            return leaf(name, self.of.shape[::-1])
        if len(rows) > 1 or len(columns) > 1:
            raise NoTangent(self.value.name)
        return leaf(name, (rows[0] if rows else ONE, columns[0]))

    @property
    def _is_turned(self) -> bool:
        """Say whether it is a scalar of a row or a matrix: the derivative is as its transpose."""
        shape = self.of.shape
        return not _axes(self.value.shape) and len(shape) == 2 and not shape[1].is_one

    def times(self, change: Tree) -> Tree:
        """Multiply the derivative by a change of what the value depends on."""
        jacobian = self.jacobian
        if not _axes(self.of.shape):
            return make.times(jacobian, _flat(change))
        if self._is_turned:
            return _shaped(
                call("trace", (make.matmul(jacobian, change),), (), ()), self.value.shape
            )
        column = change if len(change.shape) == 1 else _column(change)
        found = make.matmul(jacobian, column)
        return _shaped(found, self.value.shape)


def moved(tree: Tree, wrt: Leaf, change: Leaf, functions: Sequence[Dependence]) -> Tree:
    """Move a variable, and all that depends on it, by a change of the variable."""
    changes: dict[Leaf, Tree] = {wrt: change}
    waiting = list(functions)
    while ready := [each for each in waiting if each.of in changes]:
        for each in ready:
            changes[each.value] = each.times(changes[each.of])
            waiting.remove(each)
    put: dict[Tree, Tree] = {
        name: call("add", (name, step), (), name.shape) for name, step in changes.items()
    }
    return rebuilt(tree, put.get)


def unmoved(tree: Tree, change: Leaf) -> Tree | None:
    """Return a formula where nothing has moved; None where it is 0 then."""
    if tree is change:
        return None
    if isinstance(tree, Leaf | Number):
        return tree
    operands = [unmoved(operand, change) for operand in tree.operands]
    if tree.op in ("add", "sub") and None in operands:
        left, right = operands
        if left is None and right is None:
            return None
        if right is None:
            return left
        return right if tree.op == "add" or right is None else make.negative(right)
    if None in operands and tree.op in _ZERO_OF_ZERO:
        return None
    whole = tuple(
        make.zeros(was.shape) if now is None else now
        for now, was in zip(operands, tree.operands, strict=True)
    )
    return tree if whole == tree.operands else call(tree.op, whole, tree.attributes, tree.shape)


_ZERO_OF_ZERO = frozenset(
    {
        *("mul", "matmul", "neg", "transpose", "matrix_transpose", "squeeze", "expand_dims"),
        *("sum", "mean", "reshape", "broadcast_to", "outer", "trace", "kron"),
    }
)


def _axes(shape: Shape) -> Shape:
    return tuple(dim for dim in shape if not dim.is_one)


def _flat(tree: Tree) -> Tree:
    return make.squeezed(tree, tuple(range(len(tree.shape)))) if tree.shape else tree


def _column(tree: Tree) -> Tree:
    """Return a change as a column; of a scalar, a matrix of one entry."""
    if not tree.shape:
        return make.expanded(tree, (0, 1))
    return make.transposed(tree) if tree.shape[0].is_one and not tree.shape[1].is_one else tree


def _shaped(tree: Tree, shape: Shape) -> Tree:
    """Give the product of a Jacobian and a change the shape of the value."""
    if tree.shape == shape:
        return tree
    if len(tree.shape) == 2 and tree.shape[::-1] == shape:
        return make.transposed(tree)
    units = tuple(place for place, dim in enumerate(tree.shape) if dim.is_one)
    flat = make.squeezed(tree, units) if units else tree
    own = tuple(place for place, dim in enumerate(shape) if dim.is_one)
    return make.expanded(flat, own) if own else flat
