"""The gradient through ops inside each other, op by op: what to read where that is much shorter.

Composed in index notation an equation has one formula, and mostly a short one. But a sum of terms
each of which moves entries elsewhere, as in `group_norm`, moves them term by term; op by op, they
are moved once. Either is checked in every way.
"""

from typing import TYPE_CHECKING

from shapecalc import layout
from shapecalc.backprop import JacobianTooLarge, contribution, jacobian
from shapecalc.dims import matrix_turned
from shapecalc.graph import Use
from shapecalc.index import Labels, Sum
from shapecalc.matrix import make
from shapecalc.matrix.joining import Unreadable
from shapecalc.matrix.printing import text
from shapecalc.ops.build import defined
from shapecalc.ops.registry import OPS
from shapecalc.tree import Call, Leaf, Tree, leaf, leaves, rebuilt, with_marker
from shapecalc.verify.algebra import agrees_by_algebra

if TYPE_CHECKING:
    from shapecalc.sweep.kinds import Question

SHORT = 160
"""Up to so many letters, a formula that was read as a whole is taken as it is."""
MUCH = 1.5
"""How many times as long as the other it must be to be given up."""


def shortest(terms: Sum, labels: Labels, question: "Question", *, numerator: bool) -> Tree:
    """Read terms as a formula, all at once or op by op. Raises Unreadable."""
    upstream = [each for each in (*question.gradients, question.direct) if each is not None]
    shape = question.value.shape
    try:
        whole = layout.formula(terms, labels, shape, upstream, numerator=numerator)
    except Unreadable:
        apart = _op_by_op(question, numerator=numerator)
        if apart is None:
            raise
        return apart
    if len(text(whole)) <= SHORT:
        return whole
    apart = _op_by_op(question, numerator=numerator)
    if apart is None or MUCH * len(text(apart)) > len(text(whole)):
        return whole
    free = matrix_turned(labels) if numerator else labels
    return whole if agrees_by_algebra(apart, terms, free) is False else apart


def _op_by_op(question: "Question", *, numerator: bool) -> Tree | None:
    """Add up the gradients by each use, op by op; None where one has no such formula."""
    parts: list[Tree] = [] if question.direct is None else [question.direct]
    try:
        for use, gradient in zip(question.uses, question.gradients, strict=True):
            parts.append(_by_use(use, gradient, numerator=numerator))
    except (Unreadable, JacobianTooLarge):
        return None
    return make.total(parts)


def _by_use(use: Use, gradient: Leaf | None, *, numerator: bool) -> Tree:
    equation = use.node.tree
    wrt = list(leaves(equation))[use.occurrence]
    marker = leaf("<wrt>", wrt.shape)
    given: Tree | None = gradient
    if numerator and gradient is not None:
        given = make.transposed(gradient)
    walk = _Walk(use.node.output, with_marker(equation, use.occurrence, marker), marker, wrt)
    found = walk.back(walk.root, given)
    return make.transposed(found) if numerator else found


class _Walk:
    """The way back from an equation's result to one operand, through the ops around it."""

    def __init__(self, output: Leaf, root: Tree, marker: Leaf, wrt: Leaf) -> None:
        self.output = output
        self.root = root
        self.marker = marker
        self.wrt = wrt

    def back(self, tree: Tree, gradient: Tree | None) -> Tree:
        """Return the gradient by the operand, given that by a tree around it; None is a loss's."""
        while tree is not self.marker:
            assert isinstance(tree, Call)
            op = OPS[tree.op]
            if op.formula is None and op.jacobian is None and op.derivative is None:
                tree = defined(op, tree.operands, tree.attributes)
                if sum(name is self.marker for name in leaves(tree)) > 1:
                    raise Unreadable("a definition has the operand twice")
                continue
            place = next(p for p, each in enumerate(tree.operands) if self._has(each))
            gradient = self._through(tree, place, gradient)
            tree = tree.operands[place]
        return make.UNITY if gradient is None else gradient

    def _has(self, tree: Tree) -> bool:
        return any(name is self.marker for name in leaves(tree))

    def _plain(self, tree: Tree) -> Tree:
        if tree is self.root:
            return self.output
        return rebuilt(tree, {self.marker: self.wrt}.get)  # type: ignore[arg-type]  # None: keep

    def _through(self, tree: Call, place: int, gradient: Tree | None) -> Tree:
        """Return the gradient by an operand of one op, whose operands stand for themselves."""
        places = tuple(leaf(f"<{at}>", each.shape) for at, each in enumerate(tree.operands))
        local = Call(tree.op, places, tree.attributes, tree.shape)
        output, upstream = leaf("<out>", tree.shape), leaf("<up>", tree.shape)
        given = None if gradient is None else upstream
        found = jacobian(output, local, place)
        terms = contribution(found, given, {}, transposed=False)
        shape = places[place].shape
        formula = layout.formula(terms, found.wrt_labels, shape, [upstream], numerator=False)
        change: dict[Tree, Tree] = dict(zip(places, map(self._plain, tree.operands), strict=True))
        change[output] = self._plain(tree)
        if gradient is not None:
            change[upstream] = gradient
        return rebuilt(formula, change.get)
