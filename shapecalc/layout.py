"""A contraction read in a layout. A layout is an order of the free indices and nothing else.

Denominator: the axes of the variable. Numerator: the last two swapped, the formula's transpose.
"""

from collections.abc import Iterable

from shapecalc.dims import Shape, matrix_turned
from shapecalc.index import Labels, Term
from shapecalc.matrix.combine import combined
from shapecalc.matrix.make import transposed
from shapecalc.matrix.reading import read_term
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
    Raises Unreadable.
    """
    if numerator:
        labels, shape = matrix_turned(labels), matrix_turned(shape)
    gradients = tuple(upstream)
    products = []
    for term in terms:
        held = next((f.tree for f in term.factors if f.tree in gradients), None)
        products.append(read_term(term, labels, shape, held))
    return combined(products, shape)


def other_layout(tree: Tree) -> Tree:
    """Turn a formula of one layout into the other's. Source: (AB)ᵀ = BᵀAᵀ."""
    return transposed(tree)
