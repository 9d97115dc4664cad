"""`X[1:]`, `E[ids]`, `P[arange(m), y]`, `split(X, 3)[0]` → the op that each of them is.

A subscript takes a part of a value where its places are numbers and slices; a place that is a
value picks entries by their numbers; and of what makes several values it says which one is meant.
"""

from typing import TYPE_CHECKING

from shapecalc.expression import Attribute, Call, Dots, Name, Slice, Subscript, Syntax
from shapecalc.ops import refusals
from shapecalc.ops.attributes import problem, refused
from shapecalc.ops.calls import dotted
from shapecalc.ops.registry import OPS
from shapecalc.ops.slices import Place, read_places
from shapecalc.ops.splits import read_split
from shapecalc.tree import Attributes, Leaf, Number, Tree

if TYPE_CHECKING:
    from shapecalc.ops.build import Builder

_COUNTS = ("arange", "range")


def subscripted(builder: "Builder", node: Subscript) -> Tree:
    """Build the tree of a subscript. Raises Problem."""
    if isinstance(node.value, Attribute) and node.value.name == "shape":
        raise refused(node.span, refusals.attribute("shape", builder.tree(node.value.value)))
    if (split := read_split(builder, node)) is not None:
        return builder.built(node, OPS["slice"], *split)
    tree = builder.tree(node.value)
    return _picked(builder, node, tree) or _part(builder, node, tree)


def _part(builder: "Builder", node: Subscript, tree: Tree) -> Tree:
    """Cut off what is in front and behind; then reverse axes, then put in unit axes."""
    part = read_places(node, tree, builder.reader.signed_dim)
    if part.is_cut:
        attributes: Attributes = (("cut", part.cut), ("drop", part.drop))
        tree = builder.built(node, OPS["slice"], (tree,), attributes)
    if part.turned:
        tree = builder.built(node, OPS["flip"], (tree,), (("axis", part.turned),))
    for axis in part.new:
        tree = builder.built(node, OPS["expand_dims"], (tree,), (("axis", axis),))
    return tree


def _picked(builder: "Builder", node: Subscript, tree: Tree) -> Tree | None:
    """Pick rows of a table by a value, or an entry of each row; None where no place is a value."""
    first, *others = node.places
    if len(others) == 1 and _counts_rows(builder, first, tree):
        ids = _value(builder, others[0])
        if ids is not None and len(tree.shape) == 2:
            return builder.built(node, OPS["pick"], (tree, ids), ())
    if isinstance(first, Call) and _is_count(first) and len(first.arguments) == 1:
        return _part(builder, _of_the_first(node, first.arguments[0]), tree)
    ids = _value(builder, first)
    if ids is None:
        return None
    if not all(_takes_all(place) for place in others):
        message = "rows are picked by a value, and other axes are cut in one subscript"
        raise problem("SC202", node.span, message, "take two steps: `E[ids][…]`")
    return builder.built(node, OPS["embedding"], (ids, tree), ())


def _of_the_first(node: Subscript, count: Syntax) -> Subscript:
    """Write `P[arange(t)]`, the first t rows, as `P[:t]`."""
    first = Slice(count.span, None, count, None)
    return node._replace(places=(first, *node.places[1:]))


def _takes_all(place: Place) -> bool:
    match place:
        case Dots() | Slice(start=None, stop=None, step=None):
            return True
        case _:
            return False


def _counts_rows(builder: "Builder", place: Place, tree: Tree) -> bool:
    """Say whether a place is `arange(m)` or `list(range(m))`, for all m rows of a value."""
    if isinstance(place, Call) and place.function == Name(place.function.span, "list"):
        return len(place.arguments) == 1 and _counts_rows(builder, place.arguments[0], tree)
    if not isinstance(place, Call) or len(place.arguments) != 1 or place.keywords:
        return False
    is_count = dotted(place.function).rpartition(".")[2] in _COUNTS
    (argument,) = place.arguments
    if not (is_count and tree.shape and builder.reader.spells_dim(argument)):
        return False
    return builder.reader.signed_dim(argument) == tree.shape[0]


def _value(builder: "Builder", place: Place) -> Tree | None:
    """Return the tree of a place that is a value of the network; None for numbers and slices."""
    if isinstance(place, Name):
        found = None if builder.reader.is_dim(place.text) else builder.lookup(place)
        return found if isinstance(found, Leaf) and found.shape else None
    if isinstance(place, Subscript | Call) and not _is_count(place):
        found = builder.tree(place)
        return None if isinstance(found, Number) else found
    return None


def _is_count(place: Syntax) -> bool:
    """Say whether a call counts places from 0 on, rather than naming some."""
    return isinstance(place, Call) and dotted(place.function).rpartition(".")[2] in _COUNTS
