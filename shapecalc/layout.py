"""A contraction read in a layout. A layout is an order of the free indices and nothing else.

Denominator: the axes of the variable. Numerator: the last two swapped, the formula's transpose.
"""

from collections.abc import Iterable
from contextlib import suppress

from shapecalc import kroneckers, maps
from shapecalc.conditions import Affine
from shapecalc.dims import Shape, matrix_turned
from shapecalc.index import Labels, Term
from shapecalc.matrix.combine import combined
from shapecalc.matrix.joining import Unreadable
from shapecalc.matrix.make import total, transposed
from shapecalc.matrix.printing import text
from shapecalc.matrix.reading import Product, read_term
from shapecalc.tree import Tree


def formula(
    terms: Iterable[Term],
    labels: Labels,
    shape: Shape,
    upstream: Iterable[Tree],
    *,
    numerator: bool,
) -> Tree:
    """Read a sum of contracted terms as a formula, of the variable's shape or its transpose's.

    `labels` and `shape` are the variable's, `upstream` the gradients that its steps are handed.
    Common factors are looked for among all terms, and among those of each upstream: the shorter
    formula is taken. Raises Unreadable.
    """
    if numerator:
        labels, shape = matrix_turned(labels), matrix_turned(shape)
    gradients = tuple(upstream)
    groups: dict[Tree | None, list[Product]] = {}
    products = []
    for term in terms:
        held = next((f.tree for f in term.factors if f.tree in gradients), None)
        known = kroneckers.parted(term)
        whole = kroneckers.joined(maps.applied(known, labels, _matrix), labels, _matrix)
        products.append(_read(whole, labels, shape, held))
        groups.setdefault(held, []).append(products[-1])
    together = combined(products, shape)
    if not 1 < len(groups) < len(products):
        return together
    apart = total([combined(group, shape) for group in groups.values()])
    return min((together, apart), key=lambda tree: len(text(tree)))


def _read(term: Term, labels: Labels, shape: Shape, held: Tree | None) -> Product:
    """Read a term; of one with conditions, what is counted through may have to lead.

    Raises Unreadable.
    """
    try:
        return read_term(term, labels, shape, held)
    except Unreadable:
        counted = {each.left for each in term.conditions if isinstance(each, Affine)}
        for factor in term.factors if held is None else ():
            if counted & {*factor.labels}:
                with suppress(Unreadable):
                    return read_term(term, labels, shape, factor.tree)
        raise


def _matrix(terms: Iterable[Term], labels: Labels, shape: Shape) -> Tree:
    return formula(terms, labels, shape, (), numerator=False)


def other_layout(tree: Tree) -> Tree:
    """Turn a formula of one layout into the other's. Source: (AB)ᵀ = BᵀAᵀ."""
    return transposed(tree)
