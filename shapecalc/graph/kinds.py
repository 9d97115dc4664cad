"""Kinds of equations: alike but for their names and dims. What is built for one serves all.

The names in an equation's text are told apart by what they stand for; where the text without them,
and the shapes of the values that they name, were met before, nothing is parsed or built again.
"""

from collections.abc import Collection, Mapping
from itertools import count
from typing import NamedTuple

from shapecalc.dims import Dim, Floor, Shape
from shapecalc.graph.ranges import WIDTHS
from shapecalc.ops.registry import OPS
from shapecalc.parsing import Pattern
from shapecalc.tree import Attribute, Call, Leaf, Number, Renaming, Tree, calls, leaf, leaves

MOST_KINDS = 20_000
_NUMBERS = count()  # never twice, so that kinds of two memories are never taken for one


class Kind(NamedTuple):
    """One equation of a kind: the kind's number, and what stands in its places here.

    `leaves` are the names in the order in which a reader meets them, the output last.
    """

    number: int
    leaves: tuple[Leaf, ...]
    dims: tuple[str, ...]


class Template(NamedTuple):
    """The first equation of a kind: its tree, and which of the kind's leaves is where in it.

    `order` has -1 for a dim that is used as a number. `is_plain` where nothing depends on sizes,
    and all there is to know is in the shapes.
    """

    tree: Tree
    kind: Kind
    order: tuple[int, ...]
    is_plain: bool

    def tree_of(self, kind: Kind) -> Tree:
        """Return the tree of another equation of the kind."""
        if kind is self.kind:
            return self.tree
        names = {o.name: n.name for o, n in zip(self.kind.leaves, kind.leaves, strict=True)}
        dims = {o: Dim.named(n) for o, n in zip(self.kind.dims, kind.dims, strict=True)}
        return Renaming(names, dims).tree(self.tree)


class _Recipe(NamedTuple):
    """How to make a kind from the values and dims of an equation's text, in their order there."""

    template: Template
    leaves: tuple[int | Leaf, ...]
    dims: tuple[int, ...]
    output: tuple[int | None, ...]


class Found(NamedTuple):
    """What an equation's names stand for: the key of all that are alike, its values and dims."""

    key: tuple[object, ...]
    values: dict[Leaf, int]
    dims: dict[str, int]


class Equations:
    """The kinds of equations met so far, in one spec or in a run over many."""

    __slots__ = ("_numbers", "_recipes")

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._recipes: dict[object, _Recipe] = {}

    def template(self, output: Leaf, tree: Tree, sizes: Collection[str]) -> Template:
        """Return the template of an equation that was built; `sizes` are dims used as numbers."""
        signature = Signature(sizes)
        signature.tree(tree)
        signature.value(output)
        if len(self._numbers) >= MOST_KINDS:
            self._numbers.clear()
        tokens = tuple(signature.tokens)
        number = self._numbers.get(tokens)
        if number is None:
            number = self._numbers[tokens] = next(_NUMBERS)
        kind = Kind(number, tuple(signature.leaves), tuple(signature.dims))
        names = signature.names
        order = tuple(names.get(each.name, -1) for each in leaves(tree))
        return Template(tree, kind, order, _is_plain(tree, output))

    def learn(self, found: Found, template: Template) -> None:
        """Keep how to make equations that are alike without building them."""
        *own, output = template.kind.leaves
        places = found.values
        if not template.is_plain or not found.dims.keys() >= set(template.kind.dims):
            return
        if len(self._recipes) >= MOST_KINDS:
            self._recipes.clear()
        self._recipes[found.key] = _Recipe(
            template,
            tuple(places.get(each, each) for each in own),
            tuple(found.dims[name] for name in template.kind.dims),
            tuple(
                None if dim.only_name is None else found.dims[dim.only_name] for dim in output.shape
            ),
        )

    def recalled(self, name: str, found: Found) -> tuple[Template, Kind] | None:
        """Make an equation like one that was built before; None where there was none."""
        recipe = self._recipes.get(found.key)
        if recipe is None:
            return None
        values, dims = list(found.values), list(found.dims)
        shape = tuple(_ONE if place is None else Dim.named(dims[place]) for place in recipe.output)
        own = [values[each] if isinstance(each, int) else each for each in recipe.leaves]
        template = recipe.template
        names = tuple([dims[place] for place in recipe.dims])
        return template, Kind(template.kind.number, (*own, leaf(name, shape)), names)


_ONE = Dim.number(1)


def told_apart(
    pattern: Pattern | None,
    names: tuple[str, ...],
    values: Mapping[str, Leaf],
    sizes: Collection[str],
    constants: Collection[str],
) -> Found | None:
    """Look up the names of an equation's text; None where some need a closer look."""
    if pattern is None:
        return None
    key: list[object] = [pattern]
    found: dict[Leaf, int] = {}
    dims: dict[str, int] = {}
    for name in names:
        value = values.get(name)
        if value is not None:
            place = found.get(value)
            if place is None:
                found[value] = len(found)
                for dim in value.shape:
                    if (own := dim.only_name) is not None:
                        key.append(dims.setdefault(own, len(dims)))
                    elif dim.is_one:
                        key.append(-1)
                    else:
                        return None
                key.append("value")
            else:
                key += ("again", place)
        elif name in sizes:
            key += ("size", dims.setdefault(name, len(dims)))
        elif name in constants:
            key.append((name,))
        else:
            return None
    return Found(tuple(key), found, dims)


def _is_plain(tree: Tree, output: Leaf) -> bool:
    """Say whether an equation of this kind is the same at all sizes and in all networks."""
    if any(dim.only_name is None and not dim.is_one for dim in output.shape):
        return False
    for part in calls(tree):
        op = OPS[part.op]
        if op.numbers or op.indices or op.sums_to_one or op.unit_sum or op.takes_logits or op.sizes:
            return False
        if any(name in WIDTHS or _holds_dims(value) for name, value in part.attributes):
            return False
    return isinstance(tree, Call)


def _holds_dims(value: Attribute) -> bool:
    return isinstance(value, Dim | Leaf) or (
        isinstance(value, tuple) and any(map(_holds_dims, value))
    )


class Signature:
    """Trees with every name and dim put by its number in order of appearance."""

    __slots__ = ("_sizes", "dims", "leaves", "names", "tokens")

    def __init__(self, sizes: Collection[str]) -> None:
        self._sizes = sizes
        self.tokens: list[object] = []
        self.names: dict[str, int] = {}
        self.leaves: list[Leaf] = []
        self.dims: dict[str, int] = {}

    def tree(self, tree: Tree) -> None:
        """Add a tree, in the order in which a reader meets its parts."""
        if isinstance(tree, Leaf):
            self.value(tree)
        elif isinstance(tree, Number):
            self.tokens.append(tree.value)
        else:
            self._call(tree)

    def _call(self, tree: Call) -> None:
        self.tokens.append((tree.op, len(tree.operands)))
        for _, value in tree.attributes:
            self.tokens.append(self._attribute(value))
        for operand in tree.operands:
            self.tree(operand)

    def value(self, value: Leaf) -> None:
        """Add a name, with its shape where it is met first; a dim used as a number is a dim."""
        if not value.shape and value.name in self._sizes:
            self.tokens.append(("size", self.dims.setdefault(value.name, len(self.dims))))
            return
        number = self.names.get(value.name)
        if number is None:
            number = self.names[value.name] = len(self.names)
            self.leaves.append(value)
            self.tokens.append(self._shape(value.shape))
        self.tokens.append(number)

    def _shape(self, shape: Shape) -> object:
        return tuple(self._dim(dim) for dim in shape)

    def _dim(self, dim: Dim) -> object:
        if (name := dim.only_name) is not None:  # nearly all are, and this is asked for each axis
            return self.dims.setdefault(name, len(self.dims))
        return tuple(
            (tuple((self._atom(name), power) for name, power in term), n) for term, n in dim.terms
        )

    def _atom(self, name: str) -> object:
        if isinstance(name, Floor):
            return (self._dim(name.above), self._dim(name.below))
        return self.dims.setdefault(name, len(self.dims))

    def _attribute(self, value: Attribute) -> object:
        if isinstance(value, Dim):
            return ("dim", self._dim(value))
        if isinstance(value, Leaf):
            self.value(value)
            return "constant"
        if isinstance(value, tuple):
            return tuple(self._attribute(item) for item in value)
        return value
