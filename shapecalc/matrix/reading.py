"""Index form → matrix formula: a term's factors as pieces, joined, in the shape of the result."""

from fractions import Fraction
from typing import NamedTuple

from shapecalc.conditions import Label
from shapecalc.dims import Shape
from shapecalc.index import Factor, Labels, Term, merged_powers, size_powers, with_labels
from shapecalc.matrix import make, pieces
from shapecalc.matrix.joining import Table, Unreadable
from shapecalc.matrix.pieces import Piece
from shapecalc.tree import Tree


class Product(NamedTuple):
    """A term as a formula: coefficient · above / below, each tree broadcasting to the target."""

    coefficient: Fraction
    above: tuple[Tree, ...]
    below: tuple[Tree, ...]

    @property
    def tree(self) -> Tree:
        """Return the product as one tree."""
        return make.quotient(self.coefficient, self.above, self.below)


def read_term(term: Term, target: Labels, shape: Shape, upstream: Tree | None) -> Product:
    """Read one contracted term whose free labels are those of the target.

    Returns a product whose tree has exactly `shape`, unit axes included. Raises Unreadable.
    """
    term = _with_eyes(merged_powers(term))
    scalars = [factor for factor in term.factors if not factor.labels]
    piece = _joined(_grouped(term, upstream), target, term)
    above, below = _fitted_to(piece, target, shape)
    return Product(
        term.coefficient,
        tuple(_powered(f) for f in scalars if f.power > 0) + above,
        tuple(_powered(f._replace(power=-f.power)) for f in scalars if f.power < 0) + below,
    )


def _with_eyes(term: Term) -> Term:
    """Write a delta between two axes of the result as an identity matrix: `dY * eye(n)`.

    The factors take the later of the two axes, along which NumPy lines up a vector.
    """
    eyes: tuple[Factor, ...] = ()
    while term.deltas:
        (left, right), *_ = term.deltas
        eyes = (*eyes, Factor(make.eye(left.dim), (left, right)))
        term = with_labels(term, {left: right})
    return term._replace(factors=term.factors + eyes)


def _powered(factor: Factor) -> Tree:
    return make.power(factor.tree, factor.power)


def _as_piece(factor: Factor, upstream: Tree | None) -> Piece:
    tree, axes = pieces.diagonal(factor.tree, factor.labels)
    tree = make.power(tree, abs(factor.power))
    above, below = ((tree,), ()) if factor.power > 0 else ((), (tree,))
    return Piece(above, below, axes, factor.tree is upstream)


def _grouped(term: Term, upstream: Tree | None) -> list[Piece]:
    """Return a piece for each factor, the upstream's first: its orientation leads."""
    found = [_as_piece(factor, upstream) for factor in term.factors if factor.labels]
    return sorted(found, key=lambda piece: not piece.upstream)


def _fitted_to(
    piece: Piece | None, target: Labels, shape: Shape
) -> tuple[tuple[Tree, ...], tuple[Tree, ...]]:
    """Give the last piece the target's axes; repeat it along those that it lacks."""
    if piece is None:
        return ((make.ones(shape),) if shape else ()), ()
    want = tuple(label if label in piece.labels else None for label in target)
    if all(label in piece.labels for label in target if label is not None):
        turned = pieces.fitted(piece, want)
        if turned is None:
            raise Unreadable("the axes of the result cannot be put in order")
        return turned.above, turned.below
    if not pieces.broadcasts(piece.axes, target):
        turned = pieces.fitted(piece, want)
        if turned is None:
            raise Unreadable("the axes of the result cannot be put in order")
        piece = turned
    return (make.repeated(piece.tree, shape),), ()


def _averaged(term: Term) -> frozenset[Label]:
    """Return the summed labels over whose sizes a term is divided: their sums are means."""
    below = {factor.tree for factor in term.factors if factor.power < 0 and not factor.labels}
    return frozenset(
        label for label in term.summed if all(tree in below for tree, _ in size_powers(label.dim))
    )


def _joined(found: list[Piece], target: Labels, term: Term) -> Piece | None:
    """Join all pieces; divide by what has free labels alone when all else is joined."""
    free = frozenset(label for label in target if label is not None)
    divisors = [piece for piece in found if not piece.above and piece.labels <= free]
    others = [piece for piece in found if piece not in divisors]
    averaged = _averaged(term)
    if any(piece.labels - free for piece in others) and divisors and not term.conditions:
        joined = _aligned(Table(others, target, (), averaged).read(), target)
        for divisor in divisors:
            has_all = joined is not None and divisor.labels <= joined.labels
            joined = pieces.multiplied(joined, divisor) if joined and has_all else None
        if joined is not None:
            return joined
    return Table(found, target, term.conditions, averaged).read()


def _aligned(piece: Piece | None, target: Labels) -> Piece | None:
    """Give a piece unit axes where it lacks axes of the target that do not broadcast."""
    if piece is None or pieces.broadcasts(piece.axes, target):
        return piece
    want = tuple(label if label in piece.labels else None for label in target)
    return pieces.fitted(piece, want) or piece
