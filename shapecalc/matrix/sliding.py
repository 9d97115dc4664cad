"""Two pieces that meet in windows → a convolution, or its adjoint, by name.

In Σ X[n,c,s*y+d*r] W[k,c,r], each of the three values can be what is asked for: a convolution gives
what has the windows, the adjoint spreads them over what has the entries, and the weights come from
a convolution whose window is the upstream gradient. One reading serves all three, for which label
is an entry, a window or a place in it is in the delta. Source: the three are one trilinear form.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import permutations
from math import prod
from typing import NamedTuple

from shapecalc.conditions import Affine, Condition, Label
from shapecalc.conditions.forms import ZERO, is_onto, is_plain
from shapecalc.conditions.windows import Way, Window, windows_in
from shapecalc.dims import ONE, Dim
from shapecalc.index import Labels
from shapecalc.matrix import rearranged
from shapecalc.matrix.affine import pulled
from shapecalc.matrix.pieces import Piece, fitted, whole
from shapecalc.tree import Attribute, Tree, call, number


class Slid(NamedTuple):
    """Two pieces made one, and the conditions that this puts into effect."""

    first: Piece
    second: Piece
    joined: Piece
    conditions: tuple[Condition, ...]


class _Axis(NamedTuple):
    """An axis of space: its label in either piece and in the result, None where that has a unit."""

    source: Label | None
    weight: Label | None
    result: Label | None
    way: Way


ALONG = Way(ONE, ZERO, ONE)
"""Of an axis along which a window is one entry, or all of them."""


class _Roles(NamedTuple):
    """What the labels of two pieces are, beside those of space: each one, or None."""

    batch: Label | None
    group: Label | None
    inner: Label | None
    outer: Label | None

    @property
    def are_layers(self) -> bool:
        """Say whether this is surely a layer, and no product with an axis in parts."""
        return bool(self.batch and self.inner and (self.outer or self.group))


def is_count(window: Window) -> bool:
    """Say whether windows stand side by side, so that they count through an axis."""
    return len(window.conditions) == 1 and is_plain(window.conditions[0])


def windows_among(
    found: Sequence[Piece], conditions: Sequence[Condition], target: Labels
) -> Iterator[Window]:
    """Yield the windows that conditions describe beside so many pieces."""
    held = {label for piece in found for label in piece.labels}
    held |= {label for label in target if label is not None}
    return windows_in(conditions, held)


def slid(found: Sequence[Piece], conditions: Sequence[Condition], target: Labels) -> Slid | None:
    """Join the first two pieces that meet in windows; None where none do."""
    windows = list(windows_among(found, conditions, target))
    by_upstream = sorted(found, key=lambda piece: not piece.upstream)
    for source, weights in permutations(by_upstream, 2):
        for turned in (False, True):
            pair = _Pair(source, weights, found, conditions, target, turned=turned)
            if (joined := pair.read(windows)) is not None:
                return joined
    return None


def parted(
    found: Sequence[Piece], conditions: Sequence[Condition], target: Labels, *, overlap: bool
) -> tuple[list[Piece], list[Condition]] | None:
    """Part an axis of channels in groups, in all pieces that have it; None where none is parted.

    `overlap`: some windows do, so that other deltas are hardly of windows. The delta is left where
    others have k. Source: Σ_ge P[k] Q[g] δ[k, d*g + e] = Σ_ge P[d*g + e] Q[g] δ[k, d*g + e].
    """
    for each in conditions:
        if not isinstance(each, Affine) or not is_onto(each) or len(each.form.parts) < 2:
            continue
        others = [other for other in conditions if other is not each]
        if _is_of_groups(each, found, others, target, overlap=overlap):
            pieces = [pulled(piece, each, target) or piece for piece in found]
            stays = each.left in target or any(each.left in other.labels for other in others)
            if all(each.left not in piece.labels for piece in pieces):
                return pieces, [*others, *[each] * stays]
    return None


def _is_of_groups(
    delta: Affine,
    found: Sequence[Piece],
    others: Sequence[Condition],
    target: Labels,
    *,
    overlap: bool,
) -> bool:
    """Say whether a delta counts through groups and what is in one, not through windows.

    The label of a group is in two deltas; or, where each has one channel, in two values, or in one
    and in the result.
    """
    owners = sum(delta.left in piece.labels for piece in found)
    inside = delta.form.labels
    held = {label for piece in found for label in piece.labels}
    if not owners:
        return False
    if any(label in other.form.labels for other in others for label in inside):
        return True
    if delta.left not in target:
        return owners > 1 or any(label in held and label in target for label in inside)
    return overlap and any(label not in held and label not in target for label in inside)


class _Pair:
    """A piece with windows or entries, one with weights; `turned`: the adjoint is looked for."""

    def __init__(
        self,
        source: Piece,
        weights: Piece,
        found: Sequence[Piece],
        conditions: Sequence[Condition],
        target: Labels,
        *,
        turned: bool,
    ) -> None:
        self.source = source
        self.weights = weights
        self.found = found
        self.conditions = conditions
        self.target = target
        self.turned = turned

    def read(self, windows: Sequence[Window]) -> Slid | None:
        """Join the pieces; None where their labels are not those of a convolution."""
        axes = [(each, axis) for each in windows if (axis := self._axis(each)) is not None]
        used = tuple(c for window, _ in axes for c in window.conditions)
        space = self._ordered([axis for _, axis in axes])
        if not axes or len(space) > 2:
            return None
        if (parted := self._roles(space, used)) is None:
            return None
        if all(is_count(window) for window, _ in axes) and not parted[1].are_layers:
            return None
        joined = self._joined(*parted)
        return None if joined is None else Slid(self.source, self.weights, joined, used)

    # --- which label is what ---------------------------------------------------------------------

    def _axis(self, window: Window) -> _Axis | None:
        ours, theirs = self.source.labels, self.weights.labels
        weight = next(((i, n) for i, n in window.ends if i in theirs and i not in ours), None)
        others = [end for end in window.ends if end != weight]
        other = others[0] if others else None
        if len(others) > 1 or (weight and not self._is_idle(weight[0], self.weights, window)):
            return None
        stride, dilation = (ONE if end is None else end[1] for end in (other, weight))
        way = Way(stride, window.padding, dilation)
        label = None if other is None else other[0]
        last = None if weight is None else weight[0]
        if self.turned:
            if label is None or not self._is_idle(label, self.source, window):
                return None
            return None if window.entry in ours | theirs else _Axis(label, last, window.entry, way)
        if not self._is_idle(window.entry, self.source, window):
            return None
        return None if label in ours | theirs else _Axis(window.entry, last, label, way)

    def _is_idle(self, label: Label, owner: Piece, window: Window) -> bool:
        """Say whether a piece and a window alone have a label."""
        others = [each for each in self.conditions if each not in window.conditions]
        owners = [piece for piece in self.found if label in piece.labels]
        return owners == [owner] and not self._is_kept(label, others)

    def _is_kept(self, label: Label, conditions: Collection[Condition]) -> bool:
        return label in self.target or any(label in each.labels for each in conditions)

    def _ordered(self, axes: list[_Axis]) -> list[_Axis]:
        """Put axes of space in the order in which the source has them."""
        order = self.source.axes
        return sorted(axes, key=lambda axis: order.index(axis.source))

    def _roles(
        self, space: list[_Axis], used: Collection[Condition]
    ) -> tuple[list[_Axis], _Roles] | None:
        """Tell examples, groups and channels apart; None where there are two of a kind."""
        ours = [i for i in self.source.axes if i and i not in [axis.source for axis in space]]
        theirs = [i for i in self.weights.axes if i and i not in [axis.weight for axis in space]]
        others = [each for each in self.conditions if each not in used]
        outside = [p for p in self.found if p is not self.source and p is not self.weights]

        def stays(label: Label) -> bool:
            return self._is_kept(label, others) or any(label in p.labels for p in outside)

        shared = [label for label in ours if label in theirs]
        kinds = [
            [label for label in ours if label not in theirs],
            [label for label in shared if stays(label)],
            [label for label in shared if not stays(label)],
            [label for label in theirs if label not in ours],
        ]
        if not all(map(stays, (*kinds[0], *kinds[3]))):
            return None
        if len(kinds[0]) == 2 and len(space) == 1:
            label = kinds[0].pop()
            space = self._ordered([*space, _Axis(label, None, label, ALONG)])
        elif len(kinds[2]) == 2 and len(space) == 1:
            label = kinds[2].pop()
            space = self._ordered([*space, _Axis(label, label, None, ALONG)])
        if any(len(kind) > 1 for kind in kinds):
            return None
        return space, _Roles(*(kind[0] if kind else None for kind in kinds))

    # --- the call --------------------------------------------------------------------------------

    def _joined(self, space: list[_Axis], roles: _Roles) -> Piece | None:
        batch, group, inner, outer = roles
        given = _channels(group, inner)
        made = _channels(group, outer)
        single = inner if self.turned else outer
        others = outer if self.turned else inner
        rows = (batch, *given, *(axis.source for axis in space))
        columns = (*_channels(group, single), others, *(axis.weight for axis in space))
        source, weights = fitted(self.source, rows), fitted(self.weights, columns)
        if source is None or weights is None:
            return None
        operands = (
            _merged(source.tree, 1, len(given)),
            _merged(weights.tree, 0, len(columns) - len(space) - 1),
        )
        tree = (self._spread if self.turned else self._correlated)(
            operands, space, _size(outer) * _size(group), group
        )
        if tree is None:
            return None
        shape = (tree.shape[0], *map(_size, made), *tree.shape[2:])
        axes = (batch, *made, *(axis.result for axis in space))
        is_ours = self.source.upstream or self.weights.upstream
        return whole(rearranged.reshaped(tree, shape), axes, upstream=is_ours)

    def _correlated(
        self, operands: tuple[Tree, Tree], space: list[_Axis], made: Dim, group: Label | None
    ) -> Tree | None:
        """Slide windows, and drop those behind that the result has not."""
        sizes = [axis.way.fits(_size(axis.source), _size(axis.weight)) for axis in space]
        ways = list(zip(*(axis.way for axis in space), strict=True))
        attributes = (*_attributes(ways), ("groups", rearranged.plain(_size(group))))
        tree = _call("conv", operands, attributes, made, sizes)
        for place, (axis, size) in enumerate(zip(space, sizes, strict=True), 2):
            more = size - _size(axis.result)
            if more.constant is not None and more.constant < 0:
                return None
            tree = rearranged.cut(tree, place, ZERO, more)
        return tree

    def _spread(
        self, operands: tuple[Tree, Tree], space: list[_Axis], made: Dim, group: Label | None
    ) -> Tree:
        """Spread windows; say how large the result is where they leave that open."""
        least = [axis.way.size(_size(axis.source), _size(axis.weight)) for axis in space]
        sizes = [_size(axis.result) for axis in space]
        ways = list(zip(*(axis.way for axis in space), strict=True))
        stride, padding, dilation = _attributes(ways)
        attributes = (
            stride,
            padding,
            ("output_padding", 0),
            ("groups", rearranged.plain(_size(group))),
            dilation,
            ("output_size", None if least == sizes else together(sizes)),
        )
        return _call("conv_transpose", operands, attributes, made, sizes)


def _size(label: Label | None) -> Dim:
    return ONE if label is None else label.dim


def _channels(group: Label | None, channel: Label | None) -> Labels:
    """Return the labels of an axis of channels: the group's in front, where there are groups."""
    if group is None or channel is None:
        return (channel or group,)
    return group, channel


def _merged(tree: Tree, axis: int, count: int) -> Tree:
    """Make one axis of so many neighbours."""
    shape = tree.shape
    together = prod(shape[axis : axis + count], start=ONE)
    return rearranged.reshaped(tree, (*shape[:axis], together, *shape[axis + count :]))


def _attributes(ways: Sequence[tuple[Dim, ...]]) -> Iterator[tuple[str, Attribute]]:
    return ((name, together(each)) for name, each in zip(Way._fields, ways, strict=True))


def together(dims: Sequence[Dim]) -> Attribute:
    """Write one number where all are alike."""
    values = tuple(map(rearranged.plain, dims))
    return values[0] if len(set(values)) == 1 else values


def _call(
    op: str,
    operands: tuple[Tree, Tree],
    attributes: tuple[tuple[str, Attribute], ...],
    made: Dim,
    sizes: Sequence[Dim],
) -> Tree:
    shape = (operands[0].shape[0], made, *sizes)
    return call(f"{op}{len(sizes)}d", (*operands, number(0)), attributes, shape)
