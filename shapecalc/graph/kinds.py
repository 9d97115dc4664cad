"""Kinds of equations: alike but for their names and dims. What is built for one serves all.

The names in an equation's text are told apart by what they stand for; where the text without them,
and the shapes of the values that they name, were met before, nothing is parsed or built again.
"""

from collections.abc import Collection, Sequence
from itertools import count
from typing import NamedTuple

from shapecalc.dims import ONE, Dim, Floor, Shape
from shapecalc.graph.ranges import WIDTHS
from shapecalc.ops.registry import OPS
from shapecalc.tree import Attribute, Call, Leaf, Number, Renaming, Tree, calls, leaves

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


class Recipe(NamedTuple):
    """How to make an equation of a kind from the values and dims that its text names, in order."""

    template: Template
    leaves: tuple[int | Leaf, ...]
    dims: tuple[int, ...]
    output: tuple[int | None, ...]
    is_in_order: bool  # the tree has all that the text names, in its order

    def shape(self, dims: Sequence[str]) -> Shape:
        """Return the shape of the output."""
        return tuple(ONE if place is None else Dim.named(dims[place]) for place in self.output)

    def operands(self, values: Sequence[Leaf]) -> Sequence[Leaf]:
        """Return the leaves of the kind but for the output."""
        if self.is_in_order:
            return values
        return [values[each] if isinstance(each, int) else each for each in self.leaves]

    def kind(self, values: Sequence[Leaf], dims: Sequence[str], output: Leaf) -> Kind:
        """Return the kind, with what stands in its places here."""
        names = tuple([dims[place] for place in self.dims])
        return Kind(self.template.kind.number, (*self.operands(values), output), names)


class Equations:
    """The kinds of equations met so far, in one spec or in a run over many."""

    __slots__ = ("_numbers", "_recipes")

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._recipes: dict[object, Recipe] = {}

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

    def learn(
        self, key: object, values: Sequence[Leaf], dims: Sequence[str], template: Template
    ) -> None:
        """Keep how to make equations with the same key without building them."""
        if not template.is_plain or not set(dims).issuperset(template.kind.dims):
            return
        if len(self._recipes) >= MOST_KINDS:
            self._recipes.clear()
        *own, output = template.kind.leaves
        places = {value: place for place, value in enumerate(values)}
        if any(each.shape and each not in places for each in own):
            return  # not told apart by the key
        numbers = {dim: place for place, dim in enumerate(dims)}
        order = tuple(places.get(each, each) for each in own)
        self._recipes[key] = Recipe(
            template,
            order,
            tuple(numbers[name] for name in template.kind.dims),
            tuple(
                None if dim.only_name is None else numbers[dim.only_name] for dim in output.shape
            ),
            order == tuple(range(len(values))),
        )

    def recipe(self, key: object) -> Recipe | None:
        """Return how to make an equation with this key; None where there was none."""
        return self._recipes.get(key)


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
