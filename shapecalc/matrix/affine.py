"""Affine deltas and masks of a term → the ops that people have names for.

The adjoint of a structural op is one again: of a slice, zeros around the gradient; of a
concatenation, a slice; of a cumulative sum, the same from the end. Each move takes one condition
and one piece, and puts the condition's other labels on the piece's axes.
"""

from collections.abc import Collection
from typing import NamedTuple

from shapecalc.conditions import Affine, Condition, Form, Label, Mask
from shapecalc.conditions.forms import MINUS_ONE, ZERO, digits, span_of
from shapecalc.dims import ONE, Dim
from shapecalc.index import Labels
from shapecalc.matrix import make, rearranged
from shapecalc.matrix.pieces import Piece, broadcasts, fitted, whole

Kept = Collection[Label]
"""Labels that stay: those of the result, of other pieces, of other conditions."""


def moved(
    piece: Piece,
    condition: Condition,
    kept: Kept,
    target: Labels,
    others: Collection[Condition] = (),
) -> Piece | None:
    """Put one condition into effect on a piece; None where it has no move for it.

    `target` is the order of axes in the end, for those that are new; `others` come later.
    Source: Σ_i P[i] δ[p, i + s] is P with s zeros in front, Σ_i P[i] δ[i, p + s] is P from s on.
    """
    if isinstance(condition, Mask):
        return _masked(piece, condition.form, kept)
    if (part := taken(piece, condition, kept, target)) is not None:
        return part
    left, inner = condition.left, condition.form.labels
    after = {label for each in others if left in each.labels for label in each.labels}
    if not inner and after & piece.labels:
        return None  # what is made of a new axis would be on two axes
    if left not in piece.labels and not any(label in kept for label in inner):
        return _pushed(piece, condition, target)
    return None


def taken(piece: Piece, condition: Condition, kept: Kept, target: Labels) -> Piece | None:
    """Take of a piece what a delta leaves of it: a slice, its entries in another order."""
    if isinstance(condition, Mask) or condition.left in kept:
        return None
    return pulled(piece, condition, target) if condition.left in piece.labels else None


def constant(target: Labels, conditions: Collection[Condition]) -> Piece:
    """Return ones along the axes of the result, or along those that conditions make them from."""
    axes: list[Label] = []
    lefts = [each.left for each in conditions if isinstance(each, Affine)]
    for label in target:
        found = [each for each in conditions if label in each.labels]
        if label is not None and not found:
            axes.append(label)
        made = [each for each in found if isinstance(each, Mask) or each.left is label]
        for each in made:
            axes += [x for x in each.labels if x not in (*target, *axes, *lefts)]
    return whole(make.ones(tuple(label.dim for label in axes)), tuple(axes), upstream=False)


def as_piece(condition: Condition) -> Piece | None:
    """Write a condition as a matrix of zeros and ones; None where that has no name."""
    if isinstance(condition, Mask):
        return _triangle(condition.form)
    form = condition.form
    if not form.parts:
        return _pushed(whole(make.UNITY, (), upstream=False), condition, ())
    if len(form.parts) > 1:
        return None
    ((label, count),) = form.parts
    copy = Label(label.dim)
    identity = whole(make.eye(label.dim), (copy, label), upstream=False)
    return _pushed(identity, condition._replace(form=Form(((copy, count),), form.offset)), ())


# --- from the left label to the form's ----------------------------------------------------------


class _Count(NamedTuple):
    """A form as offset + what digits count through."""

    digits: tuple[Label, ...]
    before: Dim
    after: Dim


def _counted(delta: Affine) -> _Count | None:
    found = digits(delta.form._replace(offset=ZERO))
    if found is None:
        return None
    before = delta.form.offset
    return _Count(found, before, delta.left.dim - before - span_of(found))


def _mirror(delta: Affine) -> _Count | None:
    """Read offset - i as what it counts through backwards."""
    parts, offset = delta.form
    if len(parts) != 1 or parts[0][1] != MINUS_ONE:
        return None
    label = parts[0][0]
    return _Count((label,), offset - label.dim + ONE, delta.left.dim - ONE - offset)


def pulled(piece: Piece, delta: Affine, target: Labels) -> Piece | None:
    """Take the entries at the form's values: R[i] = P[form(i)]."""
    if delta.left not in piece.labels:
        return None
    axis, form, tree = piece.axes.index(delta.left), delta.form, piece.tree
    new: Labels = ()
    if any(label in piece.labels for label in form.labels):
        return None
    if delta.is_cyclic:
        if (label := _turned(form)) is None:
            return None
        tree = rearranged.rolled(tree, axis, ZERO - form.offset)
        tree, new = rearranged.cut(tree, axis, ZERO, delta.left.dim - label.dim), (label,)
    elif not form.parts and _is_unit(axis, piece, target):
        tree = rearranged.cut(tree, axis, form.offset, delta.left.dim - ONE - form.offset)
        new = (None,)
    elif not form.parts:
        tree = rearranged.taken(tree, axis, form.offset)
    elif count := _counted(delta):
        tree = rearranged.cut(tree, axis, count.before, count.after)
        dims = tuple(label.dim for label in count.digits)
        tree = rearranged.reshaped(tree, (*tree.shape[:axis], *dims, *tree.shape[axis + 1 :]))
        new = count.digits
    elif count := _mirror(delta):
        tree = rearranged.cut(tree, axis, count.before, count.after)
        tree, new = rearranged.flipped(tree, axis), count.digits
    else:
        return None
    axes = (*piece.axes[:axis], *new, *piece.axes[axis + 1 :])
    return whole(tree, axes, upstream=piece.upstream)


def _is_unit(axis: int, piece: Piece, target: Labels) -> bool:
    """Say whether the result has a unit axis in the place of one of a piece."""
    return len(piece.axes) == len(target) and target[axis] is None


def _turned(form: Form) -> Label | None:
    """Return the label of a form that counts around from some place on."""
    is_plain = len(form.parts) == 1 and form.parts[0][1] == ONE
    return form.parts[0][0] if is_plain else None


# --- from the form's labels to the left one -----------------------------------------------------


def _pushed(piece: Piece, delta: Affine, target: Labels) -> Piece | None:
    """Put each entry at the form's value, zeros elsewhere: R[form(i)] = P[i]."""
    if delta.is_cyclic:
        return _pushed_around(piece, delta)
    if not delta.form.parts:
        return _pushed_alone(piece, delta, target)
    mirror = _mirror(delta)
    count = mirror or _counted(delta)
    if count is None:
        return None
    if (copied := _copied(piece, delta, count)) is not None:
        return copied
    ready = _side_by_side(piece, count.digits, _behind(delta.left, target))
    if ready is None:
        return None
    axis = ready.axes.index(count.digits[0])
    axes = (*ready.axes[:axis], delta.left, *ready.axes[axis + len(count.digits) :])
    tree = ready.tree
    front, behind = tree.shape[:axis], tree.shape[axis + len(count.digits) :]
    shape = (*front, span_of(count.digits), *behind)
    if len(count.digits) > 1 and not broadcasts(axes, target):  # unit axes go at the same time
        shape = tuple(dim for dim, label in zip(shape, axes, strict=True) if label is not None)
        axes = tuple(label for label in axes if label is not None)
        axis = axes.index(delta.left)
    tree = rearranged.reshaped(tree, shape)
    tree = rearranged.flipped(tree, axis) if mirror else tree
    tree = rearranged.padded(tree, axis, count.before, count.after)
    return whole(tree, axes, upstream=piece.upstream)


def _copied(piece: Piece, delta: Affine, count: _Count) -> Piece | None:
    """Put copies of each entry beside it, where the digit that runs fastest is on no axis."""
    *front, last = count.digits
    if len(front) != 1 or last in piece.labels or front[0] not in piece.labels:
        return None
    axis = piece.axes.index(front[0])
    tree = rearranged.copied(piece.tree, axis, last.dim)
    tree = rearranged.padded(tree, axis, count.before, count.after)
    axes = (*piece.axes[:axis], delta.left, *piece.axes[axis + 1 :])
    return whole(tree, axes, upstream=piece.upstream)


def _pushed_around(piece: Piece, delta: Affine) -> Piece | None:
    label = _turned(delta.form)
    ready = None if label is None else _side_by_side(piece, (label,), ())
    if ready is None or label is None:
        return None
    axis = ready.axes.index(label)
    axes = (*ready.axes[:axis], delta.left, *ready.axes[axis + 1 :])
    tree = rearranged.padded(ready.tree, axis, ZERO, delta.left.dim - label.dim)
    tree = rearranged.rolled(tree, axis, delta.form.offset)
    return whole(tree, axes, upstream=piece.upstream)


def _pushed_alone(piece: Piece, delta: Affine, target: Labels) -> Piece:
    """Put a value at one place of a new axis, zeros elsewhere."""
    front = target[: target.index(delta.left)] if delta.left in target else ()
    axis, tree, axes = len(front), piece.tree, piece.axes
    if not (len(axes) == len(target) > axis and axes[axis] is None):
        axis = max((at + 1 for at, x in enumerate(axes) if x and x in front), default=0)
        tree = rearranged.with_unit_axis(tree, axis)
        axes = (*axes[:axis], None, *axes[axis:])
    place = delta.form.offset
    tree = rearranged.padded(tree, axis, place, delta.left.dim - ONE - place)
    axes = (*axes[:axis], delta.left, *axes[axis + 1 :])
    return whole(tree, axes, upstream=piece.upstream)


def _behind(label: Label, target: Labels) -> Labels:
    """Return the labels that come after one in the result."""
    return target[target.index(label) + 1 :] if label in target else ()


def _side_by_side(piece: Piece, labels: tuple[Label, ...], behind: Labels) -> Piece | None:
    """Put axes with these labels beside each other, in order; repeat the value where one lacks."""
    if piece.labels.issuperset(labels):
        place = min(piece.axes.index(label) for label in labels)
        if piece.axes[place : place + len(labels)] == labels:
            return piece
    last = [label for label in piece.axes if label is not None and label in behind]
    first = [label for label in piece.axes if label not in labels and label not in last]
    want = (*first, *labels, *last)
    own: Piece | None = piece
    if not broadcasts(piece.axes, want):
        own = fitted(piece, tuple(x if x is None or x in piece.labels else None for x in want))
    if own is None or own.axes == want:
        return own
    shape = tuple(ONE if label is None else label.dim for label in want)
    return whole(rearranged.repeated(own.tree, shape), want, upstream=piece.upstream)


# --- masks --------------------------------------------------------------------------------------


class _Order(NamedTuple):
    """high + offset >= low, where None is the one value of a unit axis, 0."""

    high: Label | None
    low: Label | None
    offset: Dim


def _order(form: Form) -> _Order | None:
    """Read a mask of one or two labels; None for any other form."""
    ends: dict[Dim, Label] = {count: label for label, count in form.parts}
    if len(ends) != len(form.parts) or not ends or not ends.keys() <= {ONE, MINUS_ONE}:
        return None
    return _Order(ends.get(ONE), ends.get(MINUS_ONE), form.offset)


def _masked(piece: Piece, form: Form, kept: Kept) -> Piece | None:
    if (order := _order(form)) is None:
        return None
    high, low, offset = order
    if (side := _one_side(piece, order)) is not None:
        return side
    inside = [label for label in (high, low) if label in piece.labels and label not in kept]
    if high is None or low is None or high.dim != low.dim or len(inside) != 1 or offset.terms:
        return None
    (label,) = inside
    axis, tree = piece.axes.index(label), piece.tree
    tree = rearranged.flipped(tree, axis) if label is high else tree
    tree = rearranged.accumulated(tree, axis)
    tree = rearranged.flipped(tree, axis) if label is high else tree
    axes = (*piece.axes[:axis], low if label is high else high, *piece.axes[axis + 1 :])
    return whole(tree, axes, upstream=piece.upstream)


def _one_side(piece: Piece, order: _Order) -> Piece | None:
    """Put 0 where high + offset < low: a triangle of each matrix of a stack."""
    pair = (order.high, order.low)
    if None in pair and set(piece.axes[-2:]) != set(pair):
        return None
    if not {label for label in pair if label is not None} <= piece.labels:
        return None
    last = piece.axes[-2:] if set(piece.axes[-2:]) == set(pair) else pair
    others = piece.axes[:-2] if last == piece.axes[-2:] else _without(piece.axes, pair)
    ready = fitted(piece, (*others, *last))
    if ready is None:
        return None
    is_lower = last[0] is order.high
    diagonal = order.offset if is_lower else ZERO - order.offset
    tree = rearranged.triangle(ready.tree, "tril" if is_lower else "triu", diagonal)
    return whole(tree, ready.axes, upstream=piece.upstream)


def _without(axes: Labels, labels: Labels) -> Labels:
    return tuple(label for label in axes if label not in labels)


def _triangle(form: Form) -> Piece | None:
    if (order := _order(form)) is None:
        return None
    shape = tuple(ONE if label is None else label.dim for label in order[:2])
    tree = rearranged.triangle(make.ones(shape), "tril", order.offset)
    return whole(tree, (order.high, order.low), upstream=False)
