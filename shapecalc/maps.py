"""Tensors of four axes that map matrices to matrices, as the derivative of `expm` does.

Such a tensor is opaque, and an op applies it: Σ T[i,j,k,l] E[k,l] is `expm_frechet(A, E)`, and with
its first two axes contracted it is the same at `A.T`. So a contraction with one has a formula.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction

from shapecalc.conditions import Label
from shapecalc.dims import Shape
from shapecalc.index import Factor, Labels, Term, multiply
from shapecalc.matrix import make
from shapecalc.matrix.factors import entry
from shapecalc.matrix.joining import Unreadable
from shapecalc.matrix.printing import text
from shapecalc.ops.build import expression_of
from shapecalc.ops.registry import OPS
from shapecalc.tree import Call, Tree, call, calls

Read = Callable[[list[Term], Labels, Shape], Tree]


def has_identities(tree: Tree) -> bool:
    """Say whether anything in a tree obeys laws that algebra does not know."""
    return any(OPS[part.op].has_identities for part in calls(tree))


def is_map(tree: Tree) -> bool:
    """Say whether a tree is such a tensor."""
    return isinstance(tree, Call) and OPS[tree.op].applied_by is not None


def in_one_way(tree: Call, labels: Labels) -> Factor:
    """Choose one of two ways to write a tensor: T(Aᵀ)[i,j,k,l] is T(A)[k,l,i,j]."""
    turned = tuple(map(make.transposed, tree.operands))
    plain = tuple(map(make.transposed, turned))  # two transposes in a row are gone
    if list(map(text, turned)) < list(map(text, plain)):
        return Factor(call(tree.op, turned, (), tree.shape), (*labels[2:], *labels[:2]))
    return Factor(call(tree.op, plain, (), tree.shape), labels)


def slope(name: str, operands: tuple[Tree, ...]) -> Tree | None:
    """Return what a map makes of the identity: for that of `expm` at A it is `expm(A)`.

    `name` is that of the op that applies the map. None where it is not known.
    """
    op = next(each for each in OPS.values() if each.applied_by == name)
    if op.of_identity is None or len(set(operands)) > 1:
        return None
    return expression_of(op.of_identity, {op.operands[0]: operands[0]})


def applied(term: Term, free: Labels, read: Read) -> Term:
    """Write each tensor of a term that multiplies a matrix as what it makes of that matrix.

    `read` makes a formula of the factors that are the matrix.
    """
    while (found := next(_applications(term, free, read), None)) is not None:
        term = found
    return term


def _applications(term: Term, free: Labels, read: Read) -> Iterator[Term]:
    for place, (tree, labels, power) in enumerate(term.factors):
        if not isinstance(tree, Call) or not is_map(tree) or power != 1 or None in labels:
            continue
        rest = term._replace(factors=(*term.factors[:place], *term.factors[place + 1 :]))
        for from_left in (True, False):
            inner, outer = labels[:2], labels[2:]
            if not from_left:
                inner, outer = outer, inner
            found = _taken(rest, inner, outer, free)
            if found is None:
                continue
            part, others = found
            shape = tuple(label.dim for label in inner if label is not None)
            try:
                matrix = read([part], inner, shape) if part.factors else _alone(inner, shape)
            except Unreadable:
                continue
            made = _times(tree, matrix, from_left=from_left)
            yield multiply(others, entry(made, outer))


def _alone(inner: Labels, shape: Shape) -> Tree:
    """Return what sums a tensor over two axes: over their diagonal, or over both."""
    return make.eye(shape[0]) if inner[0] is inner[1] else make.ones(shape)


def _taken(rest: Term, inner: Labels, outer: Labels, free: Labels) -> tuple[Term, Term] | None:
    """Part a term in the factors that inner labels lead to, which make a matrix, and the others."""
    within = reached(inner, rest)
    inside = tuple(f for f in rest.factors if within & set(f.labels))
    held = tuple(each for each in rest.conditions if within & set(each.labels))
    if within & {*outer, *free} or ((inside or held) and inner[0] is inner[1]):
        return None
    if held and not inside:
        return None
    outside = tuple(f for f in rest.factors if not within & set(f.labels))
    rest = rest._replace(conditions=tuple(c for c in rest.conditions if c not in held))
    summed = tuple(label for label in rest.summed if label in within - {*inner})
    others = tuple(label for label in rest.summed if label not in within)
    matrix = Term(Fraction(1), inside, (), summed, held)
    return matrix, rest._replace(factors=outside, summed=others)


def reached(start: Labels, rest: Term) -> set[Label]:
    """Return the labels that some lead to, from factor to factor, and by conditions."""
    found = {label for label in start if label is not None}
    before = 0
    while before < len(found):
        before = len(found)
        for each in (*rest.factors, *rest.conditions):
            if found & set(each.labels):
                found |= {label for label in each.labels if label is not None}
    return found


def _times(tree: Call, matrix: Tree, *, from_left: bool) -> Tree:
    """Multiply a matrix by a tensor, whose first two axes are contracted `from_left`."""
    name = OPS[tree.op].applied_by
    assert name is not None
    if isinstance(matrix, Call) and matrix.op == "eye":
        known = slope(name, tree.operands)
        if known is not None:
            return make.transposed(known) if from_left else known
    operands = tuple(map(make.transposed, tree.operands)) if from_left else tree.operands
    return call(name, (*operands, matrix), (), matrix.shape)
