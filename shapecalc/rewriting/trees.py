"""A formula → the same formula for values that are stored in another way.

A value is kept as it is, or stored as its transpose; a vector may stand as a column, and a column
lie as a vector. What comes out is a guess from the form of the tree alone: `agrees` proves it by
values. Source: (AB)ᵀ = BᵀAᵀ.
"""

import re
from collections.abc import Mapping, Sequence
from enum import Enum

from shapecalc.claims.worlds import World
from shapecalc.dims import ONE, Shape, matrix_turned
from shapecalc.matrix import make
from shapecalc.ops.build import Misfit
from shapecalc.tree import Attribute, Attributes, Call, Leaf, Number, Tree, call, leaf, rebuilt
from shapecalc.verify.field import NoValue, Unsupported

TOLERANCE = 1e-9
_PAIR = re.compile(r"[A-Za-z]+")
_REDUCES = frozenset({"sum", "mean", "max", "min", "var", "std"})


class NoRewriting(Exception):
    """A network with a value or an equation that has no counterpart: which, and why."""


class Stored(Enum):
    """How a value is stored, by how it was: a column is a matrix with one column."""

    AS_IT_WAS = "as it was"
    TRANSPOSED = "transposed"
    AS_A_COLUMN = "a vector as a column"
    AS_A_VECTOR = "a column as a vector"

    def shape(self, shape: Shape) -> Shape:
        """Return the new shape of a value."""
        match self:
            case Stored.AS_IT_WAS:
                return shape
            case Stored.TRANSPOSED:
                return matrix_turned(shape)
            case Stored.AS_A_COLUMN:
                return (*shape, ONE)
            case Stored.AS_A_VECTOR:
                return shape[:1]

    def new(self, tree: Tree) -> Tree:
        """Return what is stored for a value, as a formula of that value."""
        match self:
            case Stored.AS_IT_WAS:
                return tree
            case Stored.TRANSPOSED:
                return make.transposed(tree)
            case Stored.AS_A_COLUMN:
                return make.expanded(tree, (1,))
            case Stored.AS_A_VECTOR:
                return make.squeezed(tree, (1,))

    def old(self, tree: Tree) -> Tree:
        """Return what a value was, as a formula of what is stored for it."""
        match self:
            case Stored.AS_A_COLUMN:
                return make.squeezed(tree, (1,))
            case Stored.AS_A_VECTOR:
                return make.expanded(tree, (1,))
            case Stored.AS_IT_WAS | Stored.TRANSPOSED:
                return self.new(tree)


class Rewriter:
    """Rewrites formulas; `stored` are the names that are not stored as they were.

    `is_turned`: whether examples change from rows to columns, or back. Then a formula is written by
    the transposes of its parts; else only the names in it change.
    """

    def __init__(self, stored: Mapping[str, Stored], *, is_turned: bool) -> None:
        self.stored = stored
        self.is_turned = is_turned

    def of(self, name: str) -> Stored:
        """Return how a value is stored."""
        return self.stored.get(name, Stored.AS_IT_WAS)

    def leaf(self, old: Leaf) -> Leaf:
        """Return a name with its new shape."""
        return leaf(old.name, self.of(old.name).shape(old.shape))

    def written(self, tree: Tree, stored: Stored) -> Tree:
        """Write a formula for what will be stored of its value. Raises NoRewriting."""
        match stored:
            case Stored.TRANSPOSED:
                return self._transposed(tree)
            case Stored.AS_IT_WAS:
                is_turned = self.is_turned and len(tree.shape) < 2
                return self._transposed(tree) if is_turned else self._kept(tree)
            case Stored.AS_A_COLUMN:
                return self._standing(tree)
            case Stored.AS_A_VECTOR:
                return _lying(self._transposed(tree))

    def agrees(self, new: Tree, stored: Stored, was: Tree, worlds: Sequence[World]) -> bool:
        """Say whether a new formula has, at points, the value that is to be stored."""
        back = rebuilt(new, self._as_it_was)
        wanted = stored.new(was)
        return back.shape == wanted.shape and all(_same(back, wanted, world) for world in worlds)

    def _as_it_was(self, part: Tree) -> Tree | None:
        if not isinstance(part, Leaf) or (stored := self.of(part.name)) is Stored.AS_IT_WAS:
            return None
        match stored:
            case Stored.TRANSPOSED:
                return make.transposed(leaf(part.name, matrix_turned(part.shape)))
            case Stored.AS_A_COLUMN:
                return stored.new(leaf(part.name, part.shape[:1]))
            case Stored.AS_A_VECTOR:
                return stored.new(leaf(part.name, (*part.shape, ONE)))

    # --- the same value --------------------------------------------------------------------------

    def _kept(self, tree: Tree) -> Tree:
        """Write a formula with the same value."""
        if isinstance(tree, Number):
            return tree
        if isinstance(tree, Leaf):
            return self.of(tree.name).old(self.leaf(tree))
        if tree.op == "transpose":
            return make.transposed(self._kept(tree.operands[0]))
        if self.is_turned and len(tree.shape) == 2 and tree.op != "matmul":
            return make.transposed(self._transposed(tree))
        operands = tuple(map(self._kept, tree.operands))
        return call(tree.op, operands, tree.attributes, tree.shape)

    # --- the transpose ---------------------------------------------------------------------------

    def _transposed(self, tree: Tree) -> Tree:
        """Write what should be the transpose of a formula; of a vector, the same."""
        if isinstance(tree, Number):
            return tree
        if isinstance(tree, Leaf):
            match self.of(tree.name):
                case Stored.TRANSPOSED:
                    return self.leaf(tree)
                case Stored.AS_A_VECTOR:
                    return make.expanded(self.leaf(tree), (0,))
                case _:
                    return make.transposed(self._kept(tree))
        if tree.op == "transpose":
            return make.transposed(self._transposed(tree.operands[0]))
        if tree.op == "matmul" and len(tree.shape) <= 2:
            return make.matmul(*reversed([self._transposed(each) for each in tree.operands]))
        if not self.is_turned:
            return make.transposed(self._kept(tree))
        shape = matrix_turned(tree.shape)
        if len(shape) == 2 and is_entrywise(tree):
            return call(tree.op, self._entrywise(tree, shape), tree.attributes, shape)
        operands = tuple(map(self._transposed, tree.operands))
        return call(tree.op, operands, _along_other_axes(tree), shape)

    def _entrywise(self, tree: Call, shape: Shape) -> tuple[Tree, ...]:
        """Return operands of which the result has a shape: vectors stand, where they can lie do."""
        operands = [
            self._standing(old) if len(old.shape) == 1 else self._transposed(old)
            for old in tree.operands
        ]
        for place, old in enumerate(tree.operands):
            if isinstance(old, Leaf) and self.of(old.name) is Stored.AS_A_VECTOR:
                bare = [*operands]
                bare[place] = self.leaf(old)
                if make.broadcast_shape([each.shape for each in bare]) == shape:
                    operands = bare
        return tuple(operands)

    def _standing(self, tree: Tree) -> Tree:
        """Write a vector as a column, in the sum that makes it where there is one."""
        if isinstance(tree, Leaf) and self.of(tree.name) is Stored.AS_A_COLUMN:
            return self.leaf(tree)
        if isinstance(tree, Call) and is_entrywise(tree):
            parts = (self._standing(o) if o.shape else self._transposed(o) for o in tree.operands)
            return call(tree.op, tuple(parts), tree.attributes, (*tree.shape, ONE))
        new = self._transposed(tree)
        if isinstance(new, Call) and new.op in _REDUCES and _is_over_rows(new):
            shape = (*new.shape, ONE)
            return call(new.op, new.operands, _with(new, "keepdims", value=True), shape)
        return make.expanded(new, (1,))


def _lying(tree: Tree) -> Tree:
    """Lay a matrix of one row down as a vector, in the sum that makes it where there is one."""
    if isinstance(tree, Call) and tree.op in _REDUCES:
        given = dict(tree.attributes)
        if given.get("axis") == 0 and given.get("keepdims") is True:
            changed = _with(tree, "keepdims", value=False)
            return call(tree.op, tree.operands, changed, tree.shape[1:])
    return make.squeezed(tree, (0,))


def _is_over_rows(tree: Call) -> bool:
    return len(tree.operands[0].shape) == 2 and tree.attribute("axis") == 1


def _with(tree: Call, name: str, *, value: Attribute) -> Attributes:
    return tuple((key, value if key == name else was) for key, was in tree.attributes)


def is_entrywise(tree: Call) -> bool:
    """Say whether each entry is made of those at its own place in the operands."""
    if not tree.operands or tree.op in ("matmul", "transpose"):
        return False
    shapes = [operand.shape for operand in tree.operands]
    return "axis" not in dict(tree.attributes) and make.broadcast_shape(shapes) == tree.shape


def _along_other_axes(tree: Call) -> Attributes:
    """Count axes for the transpose: the other one of a matrix, the same one of a vector."""
    given = dict(tree.attributes)
    if tree.op == "slice" and len(tree.operands[0].shape) == len(tree.shape) == 2:
        cut = given["cut"]
        assert isinstance(cut, tuple)
        return (*((key, cut[::-1] if key == "cut" else was) for key, was in tree.attributes),)
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


def _same(tree: Tree, other: Tree, world: World) -> bool:
    """Compare two formulas at a point, in floats."""
    try:
        found, wanted = world.value(tree).floats, world.value(other).floats
    except (Unsupported, NoValue, Misfit):
        return False
    return are_close(found, wanted)


def are_close(found: Sequence[float], wanted: Sequence[float]) -> bool:
    """Say whether two lists of numbers are equal but for rounding, by the largest of them."""
    if len(found) != len(wanted):
        return False
    scale = max(map(abs, wanted), default=0.0) + 1e-30
    return all(abs(a - b) <= TOLERANCE * scale for a, b in zip(found, wanted, strict=True))
