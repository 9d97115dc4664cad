"""Formula trees: what an expression is, whoever wrote it. Knows shapes; knows no op's meaning.

Trees are hash-consed: equal trees are one object, so `is` compares them, and a shared part of a
formula is held once.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import TypeVar
from weakref import ref

from shapecalc.dims import Dim, Shape


class Leaf:
    """A name: of a value, of an upstream gradient, of a dim or constant used as a number."""

    __slots__ = ("__weakref__", "name", "shape")

    def __init__(self, name: str, shape: Shape) -> None:
        self.name = name
        self.shape = shape

    def __repr__(self) -> str:
        return self.name


Attribute = int | bool | str | None | Fraction | Dim | Leaf | tuple["Attribute", ...]
"""A plain value; a leaf is a constant of the spec, known by its name."""
Attributes = tuple[tuple[str, Attribute], ...]


class Number:
    """An exact number."""

    __slots__ = ("__weakref__", "value")
    shape: Shape = ()

    def __init__(self, value: Fraction) -> None:
        self.value = value

    def __repr__(self) -> str:
        return str(self.value)


class Call:
    """An op applied to operands; `attributes` are its keyword-only arguments in the op's order."""

    __slots__ = ("__weakref__", "attributes", "op", "operands", "shape")

    def __init__(
        self, op: str, operands: tuple["Tree", ...], attributes: Attributes, shape: Shape
    ) -> None:
        self.op = op
        self.operands = operands
        self.attributes = attributes
        self.shape = shape

    def attribute(self, name: str) -> Attribute:
        """Return a keyword-only argument by name."""
        return dict(self.attributes)[name]

    def __repr__(self) -> str:
        return f"{self.op}({', '.join(map(repr, self.operands))}{self.attributes or ''})"


Tree = Leaf | Number | Call

MOST_AT_FIRST = 10_000
_Key = TypeVar("_Key")
_Kept = TypeVar("_Kept", Leaf, Number, Call)


class _Trees(dict[_Key, "ref[_Kept]"]):
    """The trees that someone holds, by what makes them equal.

    As a WeakValueDictionary, but much quicker: this is asked for every tree there is. What nobody
    holds any more is dropped when there is twice as much as at the last time.
    """

    __slots__ = ("_limit",)

    def __init__(self) -> None:
        super().__init__()
        self._limit = MOST_AT_FIRST

    def held(self, key: _Key) -> _Kept | None:
        """Return the tree with this key."""
        found = self.get(key)
        return None if found is None else found()

    def keep(self, key: _Key, made: _Kept) -> _Kept:
        """Remember a tree for as long as someone holds it."""
        if len(self) >= self._limit:
            for old in [old for old, tree in self.items() if tree() is None]:
                del self[old]
            self._limit = max(MOST_AT_FIRST, 2 * len(self))
        self[key] = ref(made)
        return made


_LEAVES: _Trees[str, Leaf] = _Trees()
_SHAPES: dict[str, _Trees[Shape, Leaf]] = {}  # of names that have had two shapes
_NUMBERS: _Trees[Fraction, Number] = _Trees()
_CALLS: _Trees[object, Call] = _Trees()


def leaf(name: str, shape: Shape) -> Leaf:
    """Return the tree of a name with its shape."""
    found = _LEAVES.held(name)
    if found is not None and (found.shape is shape or found.shape == shape):
        return found
    others = _SHAPES.get(name)
    if others is None:
        if found is None:
            return _LEAVES.keep(name, Leaf(name, shape))
        others = _SHAPES[name] = _Trees()
    return others.held(shape) or others.keep(shape, Leaf(name, shape))


def number(value: Fraction | int) -> Number:
    """Return the tree of an exact number."""
    exact = Fraction(value)
    return _NUMBERS.held(exact) or _NUMBERS.keep(exact, Number(exact))


def call(op: str, operands: tuple[Tree, ...], attributes: Attributes, shape: Shape) -> Call:
    """Return the tree of an op applied to operands, whose shape the caller has worked out."""
    key = (op, operands, attributes, shape)
    return _CALLS.held(key) or _CALLS.keep(key, Call(op, operands, attributes, shape))


def leaves(tree: Tree) -> Iterator[Leaf]:
    """Yield every occurrence of a name, in the order in which a reader meets them."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Leaf):
            yield part
        elif isinstance(part, Call):
            waiting += part.operands[::-1]


def constants(tree: Tree) -> Iterator[Leaf]:
    """Yield the constants that stand in attributes, `eps=eps`."""
    for part in calls(tree):
        for _, value in part.attributes:
            if isinstance(value, Leaf):
                yield value


def calls(tree: Tree) -> Iterator[Call]:
    """Yield every call, the outer ones first."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Call):
            yield part
            waiting += part.operands[::-1]


def deepest(tree: Tree) -> int:
    """Return how many calls are inside each other; without recursion, since it may be many."""
    level, depth = [tree], 0
    while level:
        level = list(dict.fromkeys(o for t in level if isinstance(t, Call) for o in t.operands))
        depth += 1
    return depth


def rebuilt(tree: Tree, change: Callable[[Tree], Tree | None]) -> Tree:
    """Replace every part for which `change` has an answer; shapes must stay as they are."""
    seen: dict[Tree, Tree] = {}

    def visit(part: Tree) -> Tree:
        if part in seen:
            return seen[part]
        new = change(part)
        if new is None:
            new = part
            if isinstance(part, Call):
                operands = tuple([visit(operand) for operand in part.operands])
                if operands != part.operands:
                    new = call(part.op, operands, part.attributes, part.shape)
        seen[part] = new
        return new

    return visit(tree)


def with_marker(tree: Tree, occurrence: int, marker: Leaf) -> Tree:
    """Put the marker at one occurrence of a name, counted over all names from 0."""
    count = -1

    def visit(part: Tree) -> Tree:
        nonlocal count
        if isinstance(part, Leaf):
            count += 1
            return marker if count == occurrence else part
        if isinstance(part, Call):
            operands = tuple([visit(operand) for operand in part.operands])
            return call(part.op, operands, part.attributes, part.shape)
        return part

    return visit(tree)


class Renaming:
    """Names and dims of one equation put for those of another that is alike but for them."""

    def __init__(self, names: Mapping[str, str], dims: Mapping[str, Dim]) -> None:
        self.names = names
        self.dims = dims
        self._trees: dict[Tree, Tree] = {}

    def dim(self, dim: Dim) -> Dim:
        """Rename a dim."""
        return dim.renamed(self.dims)

    def shape(self, shape: Shape) -> Shape:
        """Rename a shape."""
        return tuple(dim.renamed(self.dims) for dim in shape)

    def attribute(self, value: Attribute) -> Attribute:
        """Rename the dims that an attribute holds."""
        if isinstance(value, Dim):
            return value.renamed(self.dims)
        if isinstance(value, Leaf):
            return leaf(self._name(value), value.shape)
        if isinstance(value, tuple):
            return tuple(self.attribute(item) for item in value)
        return value

    def tree(self, tree: Tree) -> Tree:
        """Rename a tree; each shared part once."""
        found = self._trees.get(tree)
        if found is None:
            found = self._trees[tree] = self._renamed(tree)
        return found

    def _renamed(self, tree: Tree) -> Tree:
        if isinstance(tree, Number):
            return tree
        if isinstance(tree, Leaf):
            return leaf(self._name(tree), self.shape(tree.shape))
        attributes = tuple((name, self.attribute(value)) for name, value in tree.attributes)
        operands = tuple(self.tree(operand) for operand in tree.operands)
        return call(tree.op, operands, attributes, self.shape(tree.shape))

    def _name(self, tree: Leaf) -> str:
        if tree.name in self.names:
            return self.names[tree.name]
        return str(self.dims[tree.name]) if tree.name in self.dims else tree.name
