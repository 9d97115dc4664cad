"""Pieces: trees whose axes carry labels. The moves by which index notation becomes matrices.

A move never looks at a size: labels alone decide, so a formula is right for all sizes or not made.
"""

from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.conditions import Label
from shapecalc.dims import ONE, Shape, matrix_turned
from shapecalc.index import ONCE, Labels
from shapecalc.matrix import make, rearranged
from shapecalc.tree import Call, Tree

_LETTERS = "ijklmnopqrstuvwxyzabcdefghIJKLMNOPQRSTUVWXYZABCDEFGH"


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
        return frozenset([label for label in self.axes if label is not None])

    @property
    def is_single(self) -> bool:
        """Say whether the piece is one factor rather than an elementwise group."""
        return len(self.above) + len(self.below) == 1

    @property
    def tree(self) -> Tree:
        """Return the piece as one tree."""
        return make.quotient(ONCE, self.above, self.below)

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
    if piece.is_single and piece.below:  # 1 / s is turned by turning s
        turned_below = fitted(piece._replace(above=piece.below, below=()), want)
        return turned_below and turned_below._replace(above=(), below=turned_below.above)
    if (order := _order(piece.axes, want)) is not None:
        return whole(make.permuted(piece.tree, order), want, upstream=piece.upstream)
    return _with_unit_axes(piece, want)


def _order(axes: Labels, want: Labels) -> tuple[int, ...] | None:
    """Return which axis each wanted one is, unit axes in their order; None where some lack."""
    if len(axes) != len(want):
        return None
    units = iter([place for place, label in enumerate(axes) if label is None])
    return tuple(next(units) if label is None else axes.index(label) for label in want)


def _with_unit_axes(piece: Piece, want: Labels) -> Piece | None:
    """Squeeze all unit axes, turn what is left, and put in the unit axes that are wanted."""
    if (resummed := _resummed(piece, want)) is not None:
        return resummed
    tree, axes = piece.tree, piece.axes
    if not want and axes:
        return whole(
            make.summed(tree, tuple(range(len(axes))), keepdims=False), (), upstream=piece.upstream
        )
    units = tuple(place for place, label in enumerate(axes) if label is None)
    tree = rearranged.without_unit_axes(tree, units)
    return _with_units(tree, tuple(label for label in axes if label is not None), want, piece)


def _resummed(piece: Piece, want: Labels) -> Piece | None:
    """Let a sum keep or drop its axes as wanted, rather than squeeze what it kept."""
    if piece.below or len(piece.above) != 1:
        return None
    inner = summed_operand(piece.above[0])
    if inner is None:
        return None
    operand, axes = inner
    piece = _with_summed_axes(piece, axes)
    for keepdims in (True, False):
        kept = _axes_after(piece, axes, keepdims=keepdims)
        if (order := _order(kept, want)) is not None:
            tree = make.permuted(make.summed(operand, axes, keepdims=keepdims), order)
            return whole(tree, want, upstream=piece.upstream)
    units = tuple(axis for axis, dim in enumerate(operand.shape) if dim.is_one and axis not in axes)
    more = tuple(sorted((*axes, *units)))
    kept = tuple(label for axis, label in enumerate(piece.axes) if axis not in more)
    if None in kept:
        return None
    return _with_units(make.summed(operand, more, keepdims=False), kept, want, piece)


def _with_units(tree: Tree, axes: Labels, want: Labels, piece: Piece) -> Piece:
    """Put axes, none of them a unit axis, into order, and give them the unit axes wanted."""
    order = tuple(axes.index(label) for label in want if label is not None)
    units = tuple(place for place, label in enumerate(want) if label is None)
    tree = make.expanded(make.permuted(tree, order), units)
    return whole(tree, want, upstream=piece.upstream)


def _with_summed_axes(piece: Piece, axes: tuple[int, ...]) -> Piece:
    """Count the axes of a sum as those of what it adds up: None for each that it has lost."""
    (tree,) = piece.above
    assert isinstance(tree, Call)
    if tree.attribute("keepdims") is True:
        return piece
    left = iter(piece.axes)
    rank = len(tree.operands[0].shape)
    return piece._replace(axes=tuple(None if i in axes else next(left) for i in range(rank)))


def summed_operand(tree: Tree) -> tuple[Tree, tuple[int, ...]] | None:
    """Return what a sum adds up, and along which axes."""
    if not (isinstance(tree, Call) and tree.op == "sum"):
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


def comes_back(piece: Piece, label: Label, target: Labels) -> bool:
    """Say whether a sum over a label, its axis kept, broadcasts along an axis of the target."""
    kept = tuple(None if each is label else each for each in piece.axes)
    same_rank = len(kept) == len(target)
    return same_rank and broadcasts(kept, target) and target[piece.axes.index(label)] is not None


def multiplied(onto: Piece, other: Piece) -> Piece | None:
    """Multiply entry by entry, a piece whose labels are among those of the first.

    The upstream's keeps its orientation where the other can be turned to it.
    """
    is_aligned = broadcasts(other.axes, onto.axes)
    if other.upstream and not is_aligned and broadcasts(other.axes, matrix_turned(onto.axes)):
        onto, is_aligned = turned(onto), True
    if not is_aligned:
        want = tuple(label if label in other.labels else None for label in onto.axes)
        while len(want) > max(len(other.axes), 2) and want[0] is None:
            want = want[1:]  # axes in front are there by broadcasting
        fitting = fitted(other, want)
        if fitting is None:
            return None
        other = fitting
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
    """Walk from the left piece through the shared label to the right one, as `@` does.

    Labels that both have in front of their matrices are those of a stack, as NumPy lines them up.
    """
    first, second = _towards(left, label), _towards(right, label)
    if first is None or second is None:
        return None
    return _multiplied_as_matrices(first, turned(second))


def _multiplied_as_matrices(left: Piece, right: Piece) -> Piece | None:
    """Apply `@` as the pieces stand; None where a label would be on two axes of the product."""
    stack = _stacked(left.axes[:-2], right.axes[:-2])
    if stack is None:
        return None
    axes = (*stack, *left.axes[-2:-1], *(right.axes[-1:] if len(right.axes) > 1 else ()))
    labels = [label for label in axes if label is not None]
    if len(labels) > len(set(labels)):
        return None
    tree = make.matmul(left.tree, right.tree)
    return whole(tree, axes, upstream=left.upstream or right.upstream)


def _stacked(left: Labels, right: Labels) -> Labels | None:
    """Line up the axes of two stacks at their last ones; None where two of them clash."""
    rank = max(len(left), len(right))
    pairs = list(
        zip((None,) * (rank - len(left)) + left, (None,) * (rank - len(right)) + right, strict=True)
    )
    if any(one is not other for one, other in pairs if one is not None and other is not None):
        return None
    return tuple(one or other for one, other in pairs)


def turned(piece: Piece) -> Piece:
    """Swap the last two axes of a piece; a vector stays as it is."""
    if len(piece.axes) < 2:
        return piece
    axes = matrix_turned(piece.axes)
    return whole(make.transposed(piece.tree), axes, upstream=piece.upstream)


def _towards(piece: Piece, label: Label) -> Piece | None:
    """Turn a piece so that the label is on its last axis; None where it is none of a matrix."""
    if piece.axes[-1] is label:
        return piece
    return turned(piece) if label in piece.axes[-2:] else None


def unit_product(left: Piece, right: Piece) -> Piece | None:
    """Multiply each column of a stack by each row of another, through their unit axes."""
    if min(len(left.axes), len(right.axes)) < 2:
        return None
    if any(None not in piece.axes[-2:] for piece in (left, right)):
        return None
    column = left if left.axes[-1] is None else turned(left)
    row = right if right.axes[-2] is None else turned(right)
    return _multiplied_as_matrices(column, row)


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


def spread(found: Sequence[Piece], target: Labels) -> Piece | None:
    """Multiply pieces entry by entry, one with unit axes in the place of those that it lacks.

    Return None where that does not do: an einsum is plainer than several that are fitted.
    """
    ready: list[Piece] = []
    for piece in found:
        want = tuple(label if label in piece.labels else None for label in target)
        while want and want[0] is None:
            want = want[1:]
        fitting = fitted(piece, want)
        if fitting is None:
            return None
        ready.append(fitting)
    if sum(one is not other for one, other in zip(ready, found, strict=True)) > 1:
        return None
    above = tuple(tree for piece in ready for tree in piece.above)
    below = tuple(tree for piece in ready for tree in piece.below)
    return Piece(above, below, target, any(piece.upstream for piece in ready))


def diagonal(tree: Tree, labels: Labels) -> tuple[Tree, Labels]:
    """Take the entries of a value at which axes with one label have one index."""
    axes = tuple(dict.fromkeys(label for label in labels if label is not None))
    if len(axes) == sum(label is not None for label in labels):
        return tree, labels
    if len(labels) == 2:
        return make.diagonal(tree), axes
    return _einsum([(tree, labels)], axes), axes


def einsum(found: Sequence[Piece], keep: Sequence[Label]) -> Piece:
    """Contract pieces in index notation, keeping these labels in this order."""
    kept = tuple(keep)
    tree = _einsum([(piece.tree, piece.axes) for piece in found], kept)
    return whole(tree, kept, upstream=any(piece.upstream for piece in found))


def _einsum(found: Sequence[tuple[Tree, Labels]], keep: tuple[Label, ...]) -> Tree:
    spare = iter(_LETTERS)
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

    inputs = ",".join(spelled(axes) for _, axes in found)
    output = "".join(letters[label] for label in keep)
    shape = tuple(label.dim for label in keep)
    return make.einsum(f"{inputs}->{output}", [tree for tree, _ in found], shape)
