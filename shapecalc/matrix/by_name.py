"""A product that is the equation's own output → the output's name: D s⁻¹ is N, where N = D / s.

So the gradient of N = D / s by s is -sum(dN * N, axis=0) / s, and a softmax that is written out has
the gradient P * (dP - …) of the op. Knows no layout, and nothing of other equations.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from shapecalc.conditions import Label
from shapecalc.index import Factor, Labels, Sum, Term, fresh_labels, merged_powers
from shapecalc.matrix.factors import entry
from shapecalc.tree import Call, Leaf, Tree, call

Matching = dict[Label, Label]
"""The label of a term for each label of the product that is looked for."""

_ELEMENTWISE = ("add", "sub", "mul", "div", "pow")


class _Product(NamedTuple):
    """What the output is: coefficient × factors, at its labels."""

    output: Leaf
    labels: Labels
    coefficient: Fraction
    factors: tuple[Factor, ...]


def with_own_name(terms: Sum, output: Leaf, equation: Tree) -> Sum:
    """Put the output's name for its factors wherever a term has all of them."""
    labels = fresh_labels(output.shape)
    product = merged_powers(entry(equation, labels))
    if len(product.factors) < 2 or not product.coefficient or _misses(labels, product.factors):
        return terms
    wanted = _Product(output, labels, product.coefficient, product.factors)
    return tuple(_named(term, wanted) for term in terms)


def _misses(labels: Labels, factors: tuple[Factor, ...]) -> bool:
    """Say whether the output has an axis that none of its factors has."""
    held = {label for factor in factors for label in factor.labels}
    return any(label not in held for label in labels if label is not None)


def _named(term: Term, wanted: _Product) -> Term:
    while (found := next(_matchings(term, wanted.factors, {}), None)) is not None:
        term = _replaced(term, wanted, found)
    return term


def _matchings(term: Term, factors: tuple[Factor, ...], known: Matching) -> Iterator[Matching]:
    """Yield the ways in which a term has all of these factors, at labels that go together."""
    if not factors:
        yield known
        return
    for factor in term.factors:
        if _includes(factor, factors[0]):
            matching = _extended(known, factors[0].labels, factor.labels)
            if matching is not None:
                yield from _matchings(term, factors[1:], matching)


def _includes(factor: Factor, part: Factor) -> bool:
    """Say whether a power of a value has another in it: x³ has x², x⁻² has x⁻¹."""
    return _key(factor.tree) is _key(part.tree) and factor.power / part.power >= 1


def _extended(known: Matching, own: Labels, others: Labels) -> Matching | None:
    """Tie labels to those of a term; None where one would be tied to two."""
    matching = dict(known)
    for label, other in zip(own, others, strict=True):
        if (label is None) != (other is None):
            return None
        if label is not None and other is not None and matching.setdefault(label, other) != other:
            return None
    return matching


def _replaced(term: Term, wanted: _Product, found: Matching) -> Term:
    factors = list(term.factors)
    for part in wanted.factors:
        at = tuple(None if label is None else found[label] for label in part.labels)
        place = next(
            i
            for i, each in enumerate(factors)
            if _key(each.tree) is _key(part.tree) and each.labels == at
        )
        factors[place] = factors[place]._replace(power=factors[place].power - part.power)
    at = tuple(None if label is None else found[label] for label in wanted.labels)
    named = Factor(wanted.output, at)
    return merged_powers(
        term._replace(coefficient=term.coefficient / wanted.coefficient, factors=(named, *factors))
    )


@lru_cache(maxsize=4096)
def _key(tree: Tree) -> Tree:
    """Write a tree without the `keepdims` that make no difference: X - mean(X, axis=0)."""
    if not isinstance(tree, Call):
        return tree
    operands = tuple(_key(operand) for operand in tree.operands)
    if tree.op in _ELEMENTWISE:
        rank = len(tree.shape)
        operands = tuple(_bare(each) if len(each.shape) == rank else each for each in operands)
    return call(tree.op, operands, tree.attributes, tree.shape)


def _bare(tree: Tree) -> Tree:
    """Leave the unit axes in front to broadcasting, where a reduction kept them."""
    if not isinstance(tree, Call) or dict(tree.attributes).get("keepdims") is not True:
        return tree
    axis = tree.attribute("axis")
    axes = axis if isinstance(axis, tuple) else (axis,)
    if axes != tuple(range(len(axes))):
        return tree
    attributes = tuple((k, v if k != "keepdims" else False) for k, v in tree.attributes)
    return call(tree.op, tree.operands, attributes, tree.shape[len(axes) :])
