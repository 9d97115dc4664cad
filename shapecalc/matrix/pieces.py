"""Pieces: trees whose axes carry labels. The moves by which index notation becomes matrices.

A move never looks at a size: labels alone decide, so a formula is right for all sizes or not made.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from shapecalc.dims import ONE, Shape
from shapecalc.index import Label, Labels
from shapecalc.matrix import make
from shapecalc.tree import Call, Tree


class Piece(NamedTuple):
    """coefficient-free: a product of trees above, over a product of trees below, at labels.

    All trees broadcast to `axes`. `upstream` says that the upstream gradient is among them.
    """

    above: tuple[Tree, ...]
    below: tuple[Tree, ...]
    axes: Labels
    upstream: bool

    @property
    def labels(self) -> frozenset[Label]:
        """Return the labels that the piece has."""
        return frozenset(label for label in self.axes if label is not None)

    @property
    def is_single(self) -> bool:
        """Say whether the piece is one factor rather than an elementwise group."""
        return len(self.above) + len(self.below) == 1

    @property
    def tree(self) -> Tree:
        """Return the piece as one tree."""
        return make.quotient(Fraction(1), self.above, self.below)

    @property
    def shape(self) -> Shape:
        """Return the shape of the piece."""
        return tuple(ONE if label is None else label.dim for label in self.axes)


def whole(tree: Tree, axes: Labels, *, upstream: bool) -> Piece:
    """Return a tree as a piece."""
    return Piece((tree,), (), axes, upstream)


def fitted(piece: Piece, want: Labels) -> Piece | None:
    """Transpose, expand or squeeze a piece until its axes are as wanted; None where that fails."""
    if piece.axes == want:
        return piece
    if piece.labels != {label for label in want if label is not None}:
        return None
    if len(want) == len(piece.axes) == 2 and piece.axes == (want[1], want[0]):
        return whole(make.transposed(piece.tree), want, upstream=piece.upstream)
    return _with_unit_axes(piece, want)


def _with_unit_axes(piece: Piece, want: Labels) -> Piece | None:
    """Squeeze all unit axes, turn what is left, and put in the unit axes that are wanted."""
    if (resummed := _resummed(piece, want)) is not None:
        return resummed
    tree, axes = piece.tree, list(piece.axes)
    if not want and axes:
        return whole(
            make.summed(tree, tuple(range(len(axes))), keepdims=False), (), upstream=piece.upstream
        )
    while None in axes:
        place = len(axes) - 1 - axes[::-1].index(None)
        tree = make.squeezed(tree, place)
        del axes[place]
    left = [label for label in want if label is not None]
    if axes != left:
        if axes != left[::-1] or len(axes) != 2:
            return None
        tree = make.transposed(tree)
    for place, label in enumerate(want):
        if label is None:
            tree = make.expanded(tree, place)
    return whole(tree, want, upstream=piece.upstream)


def _resummed(piece: Piece, want: Labels) -> Piece | None:
    """Let a sum keep or drop its axes as wanted, rather than squeeze what it kept."""
    if piece.below or len(piece.above) != 1:
        return None
    inner = summed_operand(piece.above[0])
    if inner is None:
        return None
    operand, axes = inner
    for keepdims in (True, False):
        kept = _axes_after(piece, axes, keepdims=keepdims)
        if kept == want:
            return whole(
                make.summed(operand, axes, keepdims=keepdims), want, upstream=piece.upstream
            )
    units = tuple(axis for axis, dim in enumerate(operand.shape) if dim.is_one and axis not in axes)
    more = tuple(sorted((*axes, *units)))
    if len(want) == len(operand.shape) - len(more) and None not in want:
        return whole(make.summed(operand, more, keepdims=False), want, upstream=piece.upstream)
    return None


def summed_operand(tree: Tree) -> tuple[Tree, tuple[int, ...]] | None:
    """Return what a sum that keeps its axes adds up, and along which axes."""
    if not (isinstance(tree, Call) and tree.op == "sum" and tree.attribute("keepdims") is True):
        return None
    axis = tree.attribute("axis")
    operand = tree.operands[0]
    if axis is None:
        return operand, tuple(range(len(operand.shape)))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return operand, tuple(each for each in axes if isinstance(each, int))


def _axes_after(piece: Piece, axes: tuple[int, ...], *, keepdims: bool) -> Labels:
    if keepdims:
        return piece.axes
    return tuple(label for axis, label in enumerate(piece.axes) if axis not in axes)


def broadcasts(axes: Labels, onto: Labels) -> bool:
    """Say whether axes go onto others as NumPy aligns them: from the right, unit axes stretched."""
    if len(axes) > len(onto):
        return False
    aligned = onto[len(onto) - len(axes) :]
    return all(label is None or label is other for label, other in zip(axes, aligned, strict=True))


def multiplied(onto: Piece, other: Piece) -> Piece | None:
    """Multiply entry by entry, a piece whose labels are among those of the first."""
    if not broadcasts(other.axes, onto.axes):
        want = tuple(label if label in other.labels else None for label in onto.axes)
        turned = fitted(other, want)
        if turned is None:
            return None
        other = turned
    same = other.labels == onto.labels
    first, second = (other, onto) if same and other.upstream else (onto, other)
    return Piece(
        first.above + second.above,
        first.below + second.below,
        onto.axes,
        onto.upstream or other.upstream,
    )


def summed_over(piece: Piece, labels: frozenset[Label]) -> Piece:
    """Add up a piece along the axes of some of its labels, which stay as unit axes."""
    axes = tuple(axis for axis, label in enumerate(piece.axes) if label in labels)
    kept = tuple(None if label in labels else label for label in piece.axes)
    return whole(make.summed(piece.tree, axes, keepdims=True), kept, upstream=piece.upstream)


def matrix_product(left: Piece, right: Piece, label: Label) -> Piece | None:
    """Walk from the left piece through the shared label to the right one, as `@` does."""
    if len(left.axes) > 2 or len(right.axes) > 2:
        return None
    left_tree, left_axes = _towards(left, label)
    right_tree, right_axes = _towards(right, label)
    if len(right_axes) == 2:
        right_tree, right_axes = make.transposed(right_tree), (right_axes[1], right_axes[0])
    axes = left_axes[:-1] + right_axes[1:]
    return whole(make.matmul(left_tree, right_tree), axes, upstream=left.upstream or right.upstream)


def _towards(piece: Piece, label: Label) -> tuple[Tree, Labels]:
    """Turn a piece so that the label is on its last axis."""
    if piece.axes[-1] is label:
        return piece.tree, piece.axes
    return make.transposed(piece.tree), tuple(reversed(piece.axes))


def column_times_row(left: Piece, right: Piece) -> Piece | None:
    """Multiply each entry of one piece by each of another: `u @ v.T`, or `outer` for 1-D."""
    if len(left.axes) == len(right.axes) == 1:
        tree = make.outer(left.tree, right.tree)
        return whole(tree, left.axes + right.axes, upstream=left.upstream or right.upstream)
    if len(left.axes) == len(right.axes) == 2 and len(left.labels) == len(right.labels) == 1:
        (row,), (column,) = left.labels, right.labels
        first, second = fitted(left, (row, None)), fitted(right, (None, column))
        if first is not None and second is not None:
            tree = make.matmul(first.tree, second.tree)
            return whole(tree, (row, column), upstream=left.upstream or right.upstream)
    return None


def einsum(left: Piece, right: Piece, keep: Sequence[Label]) -> Piece:
    """Contract two pieces in index notation, keeping these labels in this order."""
    spare = iter("ijklmnopqrstuvwxyzabcdefgh")
    letters: dict[Label, str] = {}

    def spelled(axes: Labels) -> str:
        text = ""
        for label in axes:
            letter = letters.get(label) if label is not None else None
            if letter is None:
                letter = next(spare)
                if label is not None:
                    letters[label] = letter
            text += letter
        return text

    inputs = f"{spelled(left.axes)},{spelled(right.axes)}"
    kept = tuple(label for label in keep if label in left.labels | right.labels)
    output = "".join(letters[label] for label in kept)
    shape = tuple(label.dim for label in kept)
    tree = make.einsum(f"{inputs}->{output}", left.tree, right.tree, shape)
    return whole(tree, kept, upstream=left.upstream or right.upstream)
