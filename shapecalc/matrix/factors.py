"""A tree at given labels → coefficient and factors: what an entry of it is a product of."""

from collections.abc import Iterator
from fractions import Fraction

from shapecalc.dims import matrix_turned
from shapecalc.index import ONCE, Factor, Labels, Term, multiply
from shapecalc.tree import Attribute, Call, Number, Tree

MOST_BITS = 64
"""A number that would be longer is kept as a power."""


def entry(tree: Tree, labels: Labels, power: Fraction = ONCE) -> Term:
    """Write an entry of a tree as a product: quotients, signs and powers are taken apart.

    Sums and functions stay whole: `(1 - A1**2)[i,j]` is one factor.
    """
    whole = power.denominator == 1
    match tree:
        case Number(value=value) if (number := raised(value, power)) is not None:
            return Term(number, ())
        case Call(op="mul", operands=(left, right)) if whole:
            return _both(entry(left, _own(left, labels), power), right, labels, power)
        case Call(op="div", operands=(left, right)) if whole:
            return _both(entry(left, _own(left, labels), power), right, labels, -power)
        case Call(op="neg", operands=(operand,)) if whole:
            term = entry(operand, labels, power)
            return term._replace(coefficient=term.coefficient * Fraction(-1) ** int(power))
        case Call(op="transpose" | "matrix_transpose", operands=(operand,)):
            return entry(operand, matrix_turned(labels), power)
        case Call(op="permute", operands=(operand,)):
            return entry(operand, _before(labels, tree.attribute("axes")), power)
        case Call(op="broadcast_to", operands=(operand,)):
            return entry(operand, _own(operand, labels), power)
        case Call(op="expand_dims", operands=(operand,)):
            axis = tree.attribute("axis")
            units = axis if isinstance(axis, tuple) else (axis,)
            return entry(operand, tuple(x for i, x in enumerate(labels) if i not in units), power)
        case Call(op="ones"):
            return Term(ONCE, ())
        case Call(op="pow", operands=(base, Number(value=exponent))) if _safe(exponent, power):
            return entry(base, _own(base, labels), power * exponent)
        case _:
            return Term(ONCE, (Factor(tree, labels, power),))


def raised(value: Fraction, power: Fraction) -> Fraction | None:
    """Raise a number to a whole power; None where there is none, or none of a fair size."""
    if power.denominator != 1 or (not value and power <= 0):
        return None
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if bits > 1 and bits * abs(power) > MOST_BITS:
        return None
    return value ** int(power)


def _before(labels: Labels, axes: Attribute) -> Labels:
    """Return the labels that axes had before they were put into this order."""
    assert isinstance(axes, tuple)
    return tuple(labels[axes.index(axis)] for axis in range(len(axes)))


def _safe(exponent: Fraction, power: Fraction) -> bool:
    """Say whether (x**exponent)**power is x**(exponent·power) also where x is negative."""
    return power.denominator == 1 or exponent.denominator % 2 == 0


def _both(term: Term, tree: Tree, labels: Labels, power: Fraction) -> Term:
    other = entry(tree, _own(tree, labels), power)
    return multiply(term, other)


def _own(tree: Tree, labels: Labels) -> Labels:
    """Return the labels of an operand that broadcasts to `labels`: aligned right, none at units."""
    rank = len(tree.shape)
    aligned = labels[len(labels) - rank :]
    return tuple(
        None if dim.is_one else label for dim, label in zip(tree.shape, aligned, strict=True)
    )


def multiplied(tree: Tree) -> Iterator[Tree]:
    """Yield what an elementwise product is made of, products within it taken apart."""
    if isinstance(tree, Call) and tree.op == "mul":
        for operand in tree.operands:
            yield from multiplied(operand)
    else:
        yield tree
