"""Kronecker products in index form: A[a,b] X[r,s] δ[i,p*a+r] δ[j,q*b+s] is kron(A, X)."""

from fractions import Fraction
from typing import NamedTuple

from shapecalc.conditions import Affine, Condition, Label
from shapecalc.dims import ONE, Shape
from shapecalc.index import Factor, Labels, Term
from shapecalc.maps import Read, reached
from shapecalc.matrix import make
from shapecalc.matrix.joining import Unreadable
from shapecalc.tree import Call, call


class _Split(NamedTuple):
    """An axis of the result that counts through two: in steps of the inner one's dim."""

    outer: Label
    inner: Label


def joined(term: Term, free: Labels, read: Read) -> Term:
    """Write the factors of a Kronecker product, whose axes are all that is free, as the product.

    An axis that does not count through two belongs to one side, and the other has a unit axis.
    """
    if not term.conditions or term.deltas:
        return term
    whole, splits = _split(term, free)
    if len(splits) < len(term.conditions):
        return term
    free_of_it = whole._replace(conditions=())
    sides = [
        reached(tuple(split[side] for split in splits.values()), free_of_it) for side in (0, 1)
    ]
    if sides[0] & sides[1]:
        return term
    labels = [tuple(_on_side(x, splits, side, sides[side]) for x in free) for side in (0, 1)]
    parts = [tuple(f for f in whole.factors if side & {*f.labels}) for side in sides]
    scalars = tuple(factor for factor in whole.factors if not any(factor.labels))
    counted = sum(x is not None for each in labels for x in each)
    if counted != len(splits) + sum(x is not None for x in free) or not all(parts):
        return term
    if len(scalars) + sum(map(len, parts)) != len(whole.factors):
        return term
    try:
        matrices = [
            read([_inside(whole, part, axes)], axes, _shape(axes))
            for part, axes in zip(parts, labels, strict=True)
        ]
    except Unreadable:
        return term
    product = Factor(call("kron", tuple(matrices), (), _shape(free)), free)
    return Term(term.coefficient, (*scalars, product))


def parted(term: Term) -> Term:
    """Put A[a,b] B[r,s] for kron(A, B)[i,j] where conditions alone make i and j of these labels."""
    for place, (tree, labels, power) in enumerate(term.factors):
        if not isinstance(tree, Call) or tree.op != "kron" or power != 1 or len(labels) != 2:
            continue
        left, right = tree.operands
        held = [_halves(term, label) for label in labels]
        others = (*term.factors[:place], *term.factors[place + 1 :])
        is_elsewhere = any({*labels} & {*factor.labels} for factor in others)
        if None in held or is_elsewhere or labels[0] is labels[1]:
            continue
        splits = [split for each in held if each is not None for split in each]
        conditions = tuple(each for each, _ in splits)
        outer, inner = (tuple(split[side] for _, split in splits) for side in (0, 1))
        if _shape(outer) != left.shape or _shape(inner) != right.shape:
            continue
        return parted(
            term._replace(
                factors=(*others, Factor(left, outer), Factor(right, inner)),
                summed=tuple(label for label in term.summed if label not in labels),
                conditions=tuple(each for each in term.conditions if each not in conditions),
            )
        )
    return term


def _halves(term: Term, label: Label | None) -> list[tuple[Condition, _Split]] | None:
    """Return the one condition on a summed label, and what it is made of."""
    held = [each for each in term.conditions if label in each.labels]
    if label not in term.summed or len(held) != 1 or label is None:
        return None
    split = _halves_of(held[0])
    is_left = isinstance(held[0], Affine) and held[0].left is label
    return [(held[0], split)] if split is not None and is_left else None


def _split(term: Term, free: Labels) -> tuple[Term, dict[Label, _Split]]:
    """Find the free labels that a condition makes of two others, `p*a + r` with r below p.

    Of one that is free itself, an identity matrix makes one that is not.
    """
    splits: dict[Label, _Split] = {}
    for each in term.conditions:
        found = _halves_of(each)
        if found is not None and isinstance(each, Affine) and each.left in free:
            splits[each.left] = found
    whole = term
    for left, split in splits.items():
        for label in split:
            if label in free:
                new = Label(label.dim)
                eye = Factor(make.eye(label.dim), (new, label))
                whole = whole._replace(factors=(*whole.factors, eye), summed=(*whole.summed, new))
                splits[left] = _Split(*(new if x is label else x for x in splits[left]))
    return whole, splits


def _halves_of(condition: Condition) -> _Split | None:
    """Return the labels of `p*a + r` with r below p, of which a condition makes another."""
    if not isinstance(condition, Affine) or condition.is_cyclic:
        return None
    parts, offset = condition.form
    if offset.terms or len(parts) != 2:
        return None
    (one, step), (other, unit) = parts if parts[1][1].is_one else parts[::-1]
    is_whole = unit.is_one and other.dim == step and condition.left.dim == step * one.dim
    return _Split(one, other) if is_whole else None


def _on_side(
    label: Label | None, splits: dict[Label, _Split], side: int, held: set[Label]
) -> Label | None:
    if label in splits:
        return splits[label][side]
    return label if label in held else None


def _inside(term: Term, factors: tuple[Factor, ...], labels: Labels) -> Term:
    """Return the product of some factors, with what is summed inside of them."""
    held = {label for factor in factors for label in factor.labels} - {*labels}
    summed = tuple(label for label in term.summed if label in held)
    return Term(Fraction(1), factors, (), summed)


def _shape(labels: Labels) -> Shape:
    return tuple(ONE if label is None else label.dim for label in labels)
