"""Constructors of trees whose entries are those of another, elsewhere: parts, padding, turns.

Two in a row are one where that is plainer: `X[1:][:, 0]` is `X[1:, 0]`. Knows no index.
"""

from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.dims import ONE, Dim, Shape
from shapecalc.matrix import make
from shapecalc.tree import Attribute, Call, Tree, call

ZERO = Dim.number(0)
MOVES = frozenset({"slice", "pad", "flip", "roll", "reshape", "cumsum", "tril", "triu"})
"""Ops that are linear in their one operand, entry for entry or sum for sum."""
Pairs = tuple[tuple[Dim, Dim], ...]


def cut(tree: Tree, axis: int, before: Dim, after: Dim) -> Tree:
    """Cut entries off in front and behind along an axis."""
    if not before.terms and not after.terms:
        return tree
    pairs = tuple(
        (before, after) if place == axis else (ZERO, ZERO) for place in range(len(tree.shape))
    )
    return _sliced(tree, pairs, ())


def taken(tree: Tree, axis: int, place: Dim) -> Tree:
    """Take one entry along an axis."""
    dim = tree.shape[axis]
    pairs = tuple(
        (place, dim - ONE - place) if other == axis else (ZERO, ZERO)
        for other in range(len(tree.shape))
    )
    return _sliced(tree, pairs, (axis,))


def _sliced(tree: Tree, pairs: Pairs, drop: tuple[int, ...]) -> Tree:
    if isinstance(tree, Call) and tree.op == "slice":
        pairs, drop = _both_cuts(tree, pairs, drop)
        tree = tree.operands[0]
    shape = tuple(
        dim - before - after
        for axis, (dim, (before, after)) in enumerate(zip(tree.shape, pairs, strict=True))
        if axis not in drop
    )
    return call("slice", (tree,), (("cut", _plain_pairs(pairs)), ("drop", drop)), shape)


def _both_cuts(inner: Call, pairs: Pairs, drop: tuple[int, ...]) -> tuple[Pairs, tuple[int, ...]]:
    """Return the cuts of a part of a part, in the axes of what both are parts of."""
    own, gone = _pairs(inner.attribute("cut")), _axes(inner.attribute("drop"))
    kept = [axis for axis in range(len(own)) if axis not in gone]
    found = list(own)
    for axis, (before, after) in zip(kept, pairs, strict=True):
        found[axis] = (own[axis][0] + before, own[axis][1] + after)
    return tuple(found), tuple(sorted((*gone, *(kept[axis] for axis in drop))))


def padded(tree: Tree, axis: int, before: Dim, after: Dim) -> Tree:
    """Put zeros in front and behind along an axis."""
    if not before.terms and not after.terms:
        return tree
    pairs = [(ZERO, ZERO)] * len(tree.shape)
    if isinstance(tree, Call) and tree.op == "pad":
        pairs, tree = list(_pairs(tree.attribute("pad_width"))), tree.operands[0]
    pairs[axis] = (pairs[axis][0] + before, pairs[axis][1] + after)
    return _padded(tree, tuple(pairs))


def _padded(tree: Tree, pairs: Pairs) -> Tree:
    shape = tuple(
        dim + before + after for dim, (before, after) in zip(tree.shape, pairs, strict=True)
    )
    return call("pad", (tree,), (("pad_width", _plain_pairs(pairs)),), shape)


class Filled(NamedTuple):
    """In which order values with zeros around them fill an axis."""

    axis: int
    places: tuple[int, ...]


def filled(trees: Sequence[Tree]) -> Filled | None:
    """Say how values with zeros around them fill one axis; None where they do not."""
    starts: dict[Dim, int] = {}
    axes: set[int] = set()
    for place, tree in enumerate(trees):
        if not (isinstance(tree, Call) and tree.op == "pad"):
            return None
        pairs = _pairs(tree.attribute("pad_width"))
        axes |= {axis for axis, pair in enumerate(pairs) if any(dim.terms for dim in pair)}
        if len(axes) != 1:
            return None
        starts[pairs[min(axes)][0]] = place
    axis, at = min(axes), ZERO
    places: list[int] = []
    while at in starts and starts[at] not in places:
        places.append(starts[at])
        at += inside(trees[places[-1]]).shape[axis]
    complete = len(places) == len(trees) and at == trees[0].shape[axis]
    return Filled(axis, tuple(places)) if complete else None


def inside(tree: Tree) -> Tree:
    """Return what an op of one operand is applied to."""
    assert isinstance(tree, Call)
    return tree.operands[0]


def joined(parts: Sequence[Tree], axis: int) -> Tree:
    """Put values one behind another along an axis; side by side, what has only a unit axis."""
    shape = parts[0].shape
    if all(_is_expanded(part, axis) for part in parts):
        operands = tuple(inside(part) for part in parts)
        whole = (*shape[:axis], Dim.number(len(parts)), *shape[axis + 1 :])
        return call("stack", operands, (("axis", axis),), whole)
    total = ZERO
    for part in parts:
        total += part.shape[axis]
    whole = (*shape[:axis], total, *shape[axis + 1 :])
    return call("concatenate", tuple(parts), (("axis", axis),), whole)


def _is_expanded(tree: Tree, axis: int) -> bool:
    return isinstance(tree, Call) and tree.op == "expand_dims" and tree.attribute("axis") == axis


def with_unit_axis(tree: Tree, axis: int) -> Tree:
    """Put in a unit axis, inside of zeros around a value; of ones, more of them."""
    if isinstance(tree, Call) and tree.op == "pad":
        pairs = list(_pairs(tree.attribute("pad_width")))
        pairs.insert(axis, (ZERO, ZERO))
        return _padded(with_unit_axis(tree.operands[0], axis), tuple(pairs))
    if _is_ones(tree):
        return make.ones((*tree.shape[:axis], ONE, *tree.shape[axis:]))
    return make.expanded(tree, (axis,))


def without_unit_axes(tree: Tree, axes: tuple[int, ...]) -> Tree:
    """Drop unit axes, inside of zeros around a value; a sum that kept them keeps them no more."""
    if not axes:
        return tree
    if isinstance(tree, Call) and tree.op == "pad":
        pairs = _pairs(tree.attribute("pad_width"))
        if not any(dim.terms for axis in axes for dim in pairs[axis]):
            kept = tuple(pair for axis, pair in enumerate(pairs) if axis not in axes)
            return _padded(without_unit_axes(tree.operands[0], axes), kept)
    if isinstance(tree, Call) and tree.op == "expand_dims":
        units = _axes(tree.attribute("axis"))
        rest = [axis for axis in range(len(tree.shape)) if axis not in units]
        inner = tuple(place for place, axis in enumerate(rest) if axis in axes)
        stay = [axis for axis in range(len(tree.shape)) if axis not in axes]
        left = tuple(place for place, axis in enumerate(stay) if axis in units)
        return make.expanded(without_unit_axes(tree.operands[0], inner), left)
    if isinstance(tree, Call) and tree.op == "matmul" and _are_of_stack(tree, axes):
        one, other = (_without(each, axes, len(tree.shape)) for each in tree.operands)
        return make.matmul(one, other)
    if isinstance(tree, Call) and tree.op == "sum" and _axes(tree.attribute("axis")) == axes:
        return make.summed(tree.operands[0], axes, keepdims=False)
    return make.squeezed(tree, axes)


def _without(tree: Tree, axes: tuple[int, ...], rank: int) -> Tree:
    """Drop the axes of an operand that line up with these of the whole."""
    own = [axis - rank + len(tree.shape) for axis in axes]
    return without_unit_axes(tree, tuple(axis for axis in own if axis >= 0))


def _are_of_stack(tree: Call, axes: tuple[int, ...]) -> bool:
    """Say whether axes are in front of the matrices that a product multiplies."""
    are_matrices = all(len(each.shape) > 1 for each in tree.operands)
    return are_matrices and all(axis < len(tree.shape) - 2 for axis in axes)


def repeated(tree: Tree, shape: Shape) -> Tree:
    """Repeat a value along axes that it lacks."""
    return make.ones(shape) if _is_ones(tree) else make.repeated(tree, shape)


def _is_ones(tree: Tree) -> bool:
    return tree is make.UNITY or (isinstance(tree, Call) and tree.op == "ones")


def flipped(tree: Tree, axis: int) -> Tree:
    """Reverse the order of entries along an axis; twice leaves the value."""
    axes: tuple[int, ...] = ()
    if isinstance(tree, Call) and tree.op == "flip":
        named = tree.attribute("axis")
        axes = tuple(range(len(tree.shape))) if named is None else _axes(named)
        tree = tree.operands[0]
    axes = tuple(sorted(set(axes) ^ {axis}))
    if not axes:
        return tree
    return call("flip", (tree,), (("axis", axes if axes[1:] else axes[0]),), tree.shape)


def rolled(tree: Tree, axis: int, shift: Dim) -> Tree:
    """Move entries along an axis, around its end."""
    return call("roll", (tree,), (("shift", plain(shift)), ("axis", axis)), tree.shape)


def copied(tree: Tree, axis: int, count: Dim) -> Tree:
    """Put copies of each entry beside it along an axis, so many in all."""
    shape = (*tree.shape[:axis], tree.shape[axis] * count, *tree.shape[axis + 1 :])
    return call("repeat", (tree,), (("repeats", plain(count)), ("axis", axis)), shape)


def accumulated(tree: Tree, axis: int) -> Tree:
    """Add up along an axis, each entry with those before it."""
    return call("cumsum", (tree,), (("axis", axis),), tree.shape)


def triangle(tree: Tree, op: str, diagonal: Dim) -> Tree:
    """Keep what is on one side of a diagonal of the last two axes, `tril` or `triu`."""
    return call(op, (tree,), (("k", plain(diagonal)),), tree.shape)


def reshaped(tree: Tree, shape: Shape) -> Tree:
    """Give a value other axes with as many entries."""
    if isinstance(tree, Call) and tree.op == "reshape":
        tree = tree.operands[0]
    if tree.shape == shape:
        return tree
    return call("reshape", (tree,), (("shape", shape),), shape)


def plain(dim: Dim) -> int | Dim:
    """Write a number that does not depend on sizes as one, as it is read."""
    size = dim.constant
    return dim if size is None else int(size)


def _plain_pairs(pairs: Pairs) -> tuple[tuple[int | Dim, int | Dim], ...]:
    return tuple((plain(before), plain(after)) for before, after in pairs)


def _pairs(value: Attribute) -> Pairs:
    assert isinstance(value, tuple)
    return tuple((_dim(each[0]), _dim(each[1])) for each in value if isinstance(each, tuple))


def _dim(value: Attribute) -> Dim:
    if isinstance(value, Dim):
        return value
    assert isinstance(value, int)
    return Dim.number(value)


def _axes(value: Attribute) -> tuple[int, ...]:
    axes: Sequence[Attribute] = value if isinstance(value, tuple) else (value,)
    return tuple(axis for axis in axes if isinstance(axis, int))
