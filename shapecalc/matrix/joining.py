"""Pieces of one term → one piece: the path that the surviving labels leave.

Factors are edges of a small graph whose vertices are labels. A label that two factors share is
walked through by `@`; one that a single factor has is a sum over an axis; one that more factors
have makes them an elementwise product; what is none of these is an einsum. Sizes are never looked
at, so a formula is right at all sizes.
"""

from shapecalc.conditions import Condition, Label
from shapecalc.index import Labels
from shapecalc.matrix import affine, pieces, sliding, unrolled
from shapecalc.matrix.pieces import Piece


class Unreadable(Exception):
    """A term that has no formula yet: the reason, for a refusal."""


def _other(piece: Piece, label: Label) -> Label | None:
    """Return the label on the axis of a matrix that is not the given label's."""
    return next((each for each in piece.axes[-2:] if each is not label), None)


def _matches(axes: Labels, wanted: Labels) -> int:
    """Count the axes that a product would already have where they are wanted."""
    return sum(have is want for have, want in zip(axes, wanted, strict=True))


class Table:
    """The pieces of one term, joined by the first rule that fires until one piece is left.

    `averaged` are the labels over whose sizes the term is divided.
    """

    def __init__(
        self,
        found: list[Piece],
        target: Labels,
        conditions: tuple[Condition, ...],
        averaged: frozenset[Label],
    ) -> None:
        self.pieces = found
        self.target = target
        self.averaged = averaged
        self.conditions = list(conditions)
        self.free = self._free()
        if conditions and not found:
            self.pieces = [affine.constant(target, conditions)]

    def _free(self) -> frozenset[Label]:
        """Return the labels that stay for now: those of the result, and of conditions."""
        held = {label for condition in self.conditions for label in condition.labels}
        return frozenset(label for label in self.target if label is not None) | held

    def read(self) -> Piece | None:
        """Join all pieces. None where there is none."""
        rules = (
            self._slid,
            self._taken,
            self._vectors,
            self._same_labels,
            self._lonely_label,
            self._broadcast_onto_upstream,
            self._along_axis,
            self._walk,
            self._unrolled,
            self._moved,
            self._broadcast,
            self._as_matrix,
            self._stacked_outer,
            self._outer,
            self._contained,
            self._without_units,
            self._einsum,
        )
        while len(self.pieces) > 1 or self._lonely() or self.conditions:
            if not any(rule() for rule in rules):
                raise Unreadable("the factors form no path")
        return self.pieces[0] if self.pieces else None

    def _slid(self) -> bool:
        """Join two pieces that meet in windows: a convolution, or its adjoint."""
        windows = list(sliding.windows_among(self.pieces, self.conditions, self.target))
        if not windows:
            return False
        overlap = not all(map(sliding.is_count, windows))
        while parts := sliding.parted(self.pieces, self.conditions, self.target, overlap=overlap):
            self.pieces, self.conditions = parts
            self.free = self._free()
        found = sliding.slid(self.pieces, self.conditions, self.target)
        if found is not None:
            for condition in found.conditions:
                self._settled(condition)
            return self._replace(found.first, found.second, found.joined)
        ones = unrolled.ones_in_windows(self.pieces, self.conditions, self.target)
        self.pieces += [ones] if ones is not None else []
        return ones is not None

    def _unrolled(self) -> bool:
        """Take windows apart, or put them together, in one piece that has all their labels."""
        if not self.conditions:
            return False
        for piece in self.pieces:
            found = unrolled.unrolled(piece, self.pieces, self.conditions, self.target)
            if found is not None:
                self.pieces[self.pieces.index(piece)] = found.piece
                for condition in found.conditions:
                    self._settled(condition)
                return True
        return False

    def _moved(self) -> bool:
        """Put a delta or a mask of affine forms into effect, on the upstream's piece first."""
        for piece in sorted(self.pieces, key=lambda piece: not piece.upstream):
            for condition in self.conditions:
                kept = self._kept(piece, condition)
                others = [each for each in self.conditions if each is not condition]
                new = affine.moved(piece, condition, kept, self.target, others)
                if new is not None:
                    self.pieces[self.pieces.index(piece)] = new
                    return self._settled(condition)
        return False

    def _taken(self) -> bool:
        """Take the part of the upstream that a delta leaves, before it enters any product."""
        for piece in self.pieces:
            for condition in self.conditions if piece.upstream else ():
                kept = self._kept(piece, condition)
                new = affine.taken(piece, condition, kept, self.target)
                if new is not None:
                    self.pieces[self.pieces.index(piece)] = new
                    return self._settled(condition)
        return False

    def _kept(self, piece: Piece, condition: Condition) -> set[Label]:
        """Return the labels that others than a piece and a condition have."""
        kept = {label for label in self.target if label is not None}
        kept.update(*(each.labels for each in self.pieces if each is not piece))
        kept.update(*(each.labels for each in self.conditions if each is not condition))
        return kept

    def _settled(self, condition: Condition) -> bool:
        self.conditions.remove(condition)
        self.free = self._free()
        return True

    def _as_matrix(self) -> bool:
        """Write a condition that no piece takes as a matrix of zeros and ones."""
        for condition in self.conditions:
            if (piece := affine.as_piece(condition)) is not None:
                self.pieces.append(piece)
                return self._settled(condition)
        if self.conditions:
            raise Unreadable("a delta between several axes has no matrix form yet")
        return False

    def _count(self, label: Label) -> int:
        return sum(label in piece.labels for piece in self.pieces)

    def _replace(self, first: Piece, second: Piece, joined: Piece | None) -> bool:
        """Put the joined piece where the first of the two was."""
        if joined is None:
            return False
        places = [i for i, piece in enumerate(self.pieces) if piece is first or piece is second]
        self.pieces[places[0]] = joined
        del self.pieces[places[1]]
        return True

    def _pairs(self) -> list[tuple[Piece, Piece]]:
        return [(a, b) for i, a in enumerate(self.pieces) for b in self.pieces[i + 1 :]]

    def _vectors(self) -> bool:
        """Multiply two vectors along their one summed label: `u.T @ v`, `u @ v`."""
        for first, second in self._pairs():
            if first.labels == second.labels and len(first.labels) == 1:
                if not (first.is_single and second.is_single):
                    continue
                (label,) = first.labels
                ranks = len(first.axes), len(second.axes)
                if label not in self.free and self._count(label) == 2 and ranks in ((1, 1), (2, 2)):
                    return self._replace(*self._walked(first, second, label))
        return False

    def _same_labels(self) -> bool:
        """Multiply entry by entry what has the same labels."""
        for first, second in self._pairs():
            if first.labels == second.labels and first.labels:
                onto, other = (second, first) if second.upstream else (first, second)
                if len(other.axes) > len(onto.axes) and not onto.upstream:
                    onto, other = other, onto
                if self._replace(first, second, self._entrywise(onto, other)):
                    return True
        return False

    def _entrywise(self, onto: Piece, other: Piece) -> Piece | None:
        """Multiply two pieces of the same labels; in a 1-D target's own axes where they fill it."""
        if onto.labels == self.free and onto.axes != self.target:
            turned, also = pieces.fitted(onto, self.target), pieces.fitted(other, self.target)
            if turned is not None and also is not None and len(self.target) < 2:
                return pieces.multiplied(turned, also)
        return pieces.multiplied(onto, other)

    def _lonely(self) -> tuple[Piece, frozenset[Label]] | None:
        for piece in self.pieces:
            lonely = frozenset(
                label
                for label in piece.labels
                if label not in self.free and self._count(label) == 1
            )
            if lonely:
                return piece, lonely
        return None

    def _lonely_label(self) -> bool:
        """Add up along the axes whose labels one piece alone has."""
        found = self._lonely()
        if found is None:
            return False
        piece, labels = found
        self.pieces[self.pieces.index(piece)] = pieces.summed_over(piece, labels)
        return True

    def _may_broadcast(self, piece: Piece, onto: Piece) -> bool:
        """Say whether a piece is multiplied onto another, or divides it, and not walked through."""
        return piece.labels <= onto.labels and (
            not piece.above
            or all(label in self.free or self._count(label) > 2 for label in piece.labels)
        )

    def _broadcast_onto_upstream(self) -> bool:
        """Multiply with the upstream's piece first: that keeps the group an author would write."""
        return self._broadcast_among([p for p in self._pairs() if p[0].upstream or p[1].upstream])

    def _broadcast(self) -> bool:
        """Multiply a piece onto one that has all of its labels and more."""
        return self._broadcast_among(self._pairs())

    def _broadcast_among(self, pairs: list[tuple[Piece, Piece]]) -> bool:
        for first, second in pairs:
            for piece, onto in ((second, first), (first, second)):
                fits = self._may_broadcast(piece, onto)
                if fits and self._replace(first, second, pieces.multiplied(onto, piece)):
                    return True
        return False

    def _along_axis(self) -> bool:
        """Multiply by a vector entry by entry where the sum over its axis is broadcast back.

        So it is where that makes a mean, and where `@` would need a unit axis: the sum keeps it.
        """
        for first, second in self._pairs():
            for vector, onto in ((first, second), (second, first)):
                if self._goes_along(vector, onto):
                    return self._replace(first, second, pieces.multiplied(onto, vector))
        return False

    def _goes_along(self, vector: Piece, onto: Piece) -> bool:
        label = next(iter(vector.labels), None)
        if label is None or len(vector.labels) > 1 or label in self.free:
            return False
        is_wanted = label in self.averaged or len(vector.axes) == 1 < len(onto.axes)
        fits = label in onto.labels and pieces.broadcasts(vector.axes, onto.axes)
        is_theirs = fits and self._count(label) == 2
        return is_wanted and is_theirs and pieces.comes_back(onto, label, self.target)

    def _walk(self) -> bool:
        """Join two pieces through a label that they alone have: a matrix product.

        Others that they share are those of a stack, in front in both.
        """
        for first, second in self._pairs():
            for label in reversed(first.axes):
                if label is None or label not in second.labels or label in self.free:
                    continue
                if self._count(label) == 2 and self._replace(*self._walked(first, second, label)):
                    return True
        return False

    def _walked(
        self, first: Piece, second: Piece, label: Label
    ) -> tuple[Piece, Piece, Piece | None]:
        """Walk in the direction that puts the target's row label first."""
        if len(first.axes) != len(second.axes) and 1 in (len(first.axes), len(second.axes)):
            return first, second, self._matrix_vector(first, second, label)
        ahead = (_other(first, label), _other(second, label))
        want = self._orientation(first, second, label)
        forward, backward = _matches(ahead, want), _matches(ahead[::-1], want)
        left, right = (second, first) if backward > forward else (first, second)
        return first, second, pieces.matrix_product(left, right, label)

    def _orientation(self, first: Piece, second: Piece, label: Label) -> Labels:
        """Return the axes to aim at: of what the product meets entry by entry, or the target's."""
        labels = (first.labels | second.labels) - {label}
        others = (piece for piece in self.pieces if piece is not first and piece is not second)
        partner = next((piece.axes for piece in others if piece.labels == labels), self.target)
        return (*partner, None, None)[:2] if len(partner) < 2 else partner[-2:]

    def _matrix_vector(self, first: Piece, second: Piece, label: Label) -> Piece | None:
        """Multiply a matrix and a 1-D vector on the side that needs no transpose."""
        vector, matrix = (first, second) if len(first.axes) == 1 else (second, first)
        if matrix.axes[-1] is label or (None in matrix.axes and len(matrix.axes) == 2):
            return pieces.matrix_product(matrix, vector, label)
        return pieces.matrix_product(vector, matrix, label)

    def _outer(self) -> bool:
        """Multiply a column and a row that share no label."""
        if len(self.pieces) != 2:
            return self._detached()
        first, second = self.pieces
        row = next((label for label in self.target if label is not None), None)
        left, right = (second, first) if row in second.labels else (first, second)
        return self._replace(first, second, pieces.column_times_row(left, right))

    def _stacked_outer(self) -> bool:
        """Multiply stacks of columns by stacks of rows."""
        row = next(iter(self.target[-2:]), None)
        for first, second in self._pairs():
            if max(len(first.axes), len(second.axes)) > 2:
                left, right = (second, first) if row in second.labels else (first, second)
                if self._replace(first, second, pieces.unit_product(left, right)):
                    return True
        return False

    def _contained(self) -> bool:
        """Multiply what no matrix product joins, one having all the other's labels; sums follow.

        In a stack an einsum is shorter than what has to be given unit axes first.
        """
        for first, second in self._pairs():
            for piece, onto in ((second, first), (first, second)):
                is_plain = len(onto.axes) < 3 or pieces.broadcasts(piece.axes, onto.axes)
                inside = is_plain and piece.labels <= onto.labels
                if inside and self._replace(first, second, pieces.multiplied(onto, piece)):
                    return True
        return False

    def _detached(self) -> bool:
        """Multiply a fully contracted piece into another."""
        for piece in self.pieces:
            if not piece.labels:
                other = next(each for each in self.pieces if each is not piece)
                return self._replace(piece, other, pieces.multiplied(other, piece))
        return False

    def _without_units(self) -> bool:
        """Drop unit axes among those of a matrix: then a product goes through it."""
        for piece in self.pieces:
            want = tuple(label for label in piece.axes if label is not None)
            if len(want) < 3 <= len(piece.axes) and len(self.target) < 3:
                plain = pieces.fitted(piece, want)
                if plain is not None:
                    self.pieces[self.pieces.index(piece)] = plain
                    return True
        return False

    def _einsum(self) -> bool:
        """Contract all that is left in index notation; where nothing is summed, or broadcast it."""
        found = frozenset(label for piece in self.pieces for label in piece.labels)
        keep = [label for label in self.target if label in found and label is not None]
        spread = pieces.spread(self.pieces, self.target) if found <= self.free else None
        self.pieces = [spread or pieces.einsum(self.pieces, keep)]
        return True
