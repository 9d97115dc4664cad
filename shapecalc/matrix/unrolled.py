"""Windows of one piece: taken apart, `sliding_windows`, or put together, `overlap_add`.

What pooling leaves: no second value meets the windows, or it has met them already, entry by entry.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from shapecalc.conditions import Affine, Condition, Label
from shapecalc.conditions.forms import is_onto
from shapecalc.conditions.windows import Window
from shapecalc.dims import ONE, Dim
from shapecalc.index import Labels
from shapecalc.matrix import make
from shapecalc.matrix.pieces import Piece, fitted, whole
from shapecalc.matrix.rearranged import plain
from shapecalc.matrix.sliding import is_count, together, windows_among
from shapecalc.tree import call


class Unrolled(NamedTuple):
    """What a piece has become, and the conditions that this puts into effect."""

    piece: Piece
    conditions: tuple[Condition, ...]


class _Axis(NamedTuple):
    """A window with two ends: among windows, and within one."""

    window: Window
    outer: tuple[Label, Dim]
    inner: tuple[Label, Dim]


def ones_in_windows(
    found: Sequence[Piece], conditions: Sequence[Condition], target: Labels
) -> Piece | None:
    """Return ones for windows whose entries are only added up; None where there are none.

    They have the channels' label of the piece that has the windows, each channel being a group.
    """
    windows = list(windows_among(found, conditions, target))
    if all(map(is_count, windows)):  # copies of entries side by side do
        return None
    for piece in found:
        free = [end for each in windows for end in _summed(each, piece, found, conditions, target)]
        if free:
            ends = {label for each in windows for label in (each.entry, *dict(each.ends))}
            front = [label for label in piece.axes if label is not None and label not in ends]
            if len(front) > 2 or not all(label in target for label in front):
                return None
            axes = (front[1] if len(front) > 1 else None, None, *free)
            ones = make.ones(tuple(ONE if label is None else label.dim for label in axes))
            return whole(ones, axes, upstream=False)
    return None


def _summed(
    window: Window,
    piece: Piece,
    found: Sequence[Piece],
    conditions: Sequence[Condition],
    target: Labels,
) -> Iterator[Label]:
    """Yield the end of a window that only it has, where a piece has the other or the entry."""
    others = [each for each in conditions if each not in window.conditions]
    kept = {label for each in found for label in each.labels} | {*target}
    kept |= {label for each in others for label in each.labels}
    idle = [label for label, _ in window.ends if label not in kept]
    rest = [label for label, _ in window.ends if label in kept]
    if len(idle) == 1 and (window.entry in piece.labels or piece.labels.issuperset(rest)):
        yield from idle


def unrolled(
    piece: Piece, found: Sequence[Piece], conditions: Sequence[Condition], target: Labels
) -> Unrolled | None:
    """Put windows into effect that one piece alone has the labels of; None where there are none."""
    windows = list(windows_among(found, conditions, target))
    if all(map(is_count, windows)) and not _leave_rests(windows):
        return None
    others = [p for p in found if p is not piece]
    held = {label for label in target if label is not None}.union(*(p.labels for p in others))
    apart = _taken_apart(piece, windows, conditions, held)
    for axes in (apart, _put_together(piece, windows, conditions, target)):
        if axes and not any(_ends(axis) & p.labels for axis in axes for p in others):
            break
    else:
        return None
    used = tuple(condition for axis in axes for condition in axis.window.conditions)
    is_whole = axes[0].window.entry in piece.labels
    made = (_windows_of if is_whole else _overlapping)(piece, axes)
    return None if made is None else Unrolled(made, used)


def _leave_rests(windows: Sequence[Window]) -> bool:
    """Say whether windows side by side leave a rest along several axes: too much for padding."""
    deltas = [condition for window in windows for condition in window.conditions]
    partial = [each for each in deltas if isinstance(each, Affine) and not is_onto(each)]
    return len(partial) > 1


def _ends(axis: _Axis) -> set[Label]:
    return {axis.outer[0], axis.inner[0]}


def _taken_apart(
    piece: Piece, windows: Sequence[Window], conditions: Collection[Condition], held: set[Label]
) -> list[_Axis]:
    """Return the windows into which a piece can be taken apart; `held` are the others' labels."""
    return [
        _Axis(window, *window.ends)
        for window in windows
        if window.entry in piece.labels
        and window.entry not in held
        and len(window.ends) == 2
        and not {label for label, _ in window.ends} & piece.labels
        and not _is_in_others(window.entry, window, conditions)
    ]


def _is_in_others(label: Label, window: Window, conditions: Collection[Condition]) -> bool:
    """Say whether other conditions than a window's own have a label."""
    return any(label in each.labels for each in conditions if each not in window.conditions)


def _put_together(
    piece: Piece, windows: Sequence[Window], conditions: Collection[Condition], target: Labels
) -> list[_Axis]:
    """Return the windows that a piece has both ends of, and no one else one."""
    return [
        _Axis(window, *window.ends)
        for window in windows
        if len(window.ends) == 2
        and window.entry not in piece.labels
        and piece.labels.issuperset(label for label, _ in window.ends)
        and not any(label in target for label, _ in window.ends)
        and not any(_is_in_others(label, window, conditions) for label, _ in window.ends)
    ]


def _windows_of(piece: Piece, axes: Sequence[_Axis]) -> Piece | None:
    """Take windows apart: their own axes come behind all others."""
    entries = [axis.window.entry for axis in axes]
    front = [label for label in piece.axes if label is not None and label not in entries]
    ready = fitted(piece, (*front, *entries))
    if ready is None:
        return None
    attributes = (
        ("kernel_size", tuple(plain(axis.inner[0].dim) for axis in axes)),
        ("stride", together([axis.outer[1] for axis in axes])),
        ("padding", together([axis.window.padding for axis in axes])),
        ("dilation", together([axis.inner[1] for axis in axes])),
    )
    labels = (*front, *(axis.outer[0] for axis in axes), *(axis.inner[0] for axis in axes))
    shape = tuple(label.dim for label in labels)
    tree = call("sliding_windows", (ready.tree,), attributes, shape)
    return whole(tree, labels, upstream=piece.upstream)


def _overlapping(piece: Piece, axes: Sequence[_Axis]) -> Piece | None:
    """Put windows together, adding up where they overlap."""
    outer = [axis.outer[0] for axis in axes]
    inner = [axis.inner[0] for axis in axes]
    front = [i for i in piece.axes if i is not None and i not in (*outer, *inner)]
    ready = fitted(piece, (*front, *outer, *inner))
    if ready is None:
        return None
    entries = [axis.window.entry for axis in axes]
    attributes = (
        ("output_size", tuple(plain(label.dim) for label in entries)),
        ("stride", together([axis.outer[1] for axis in axes])),
        ("padding", together([axis.window.padding for axis in axes])),
        ("dilation", together([axis.inner[1] for axis in axes])),
    )
    labels = (*front, *entries)
    tree = call("overlap_add", (ready.tree,), attributes, tuple(label.dim for label in labels))
    return whole(tree, labels, upstream=piece.upstream)
