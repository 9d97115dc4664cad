"""The derivative of one expression by one name, in both layouts: matrix calculus without a network.

The Jacobian is summed over all places where the name stands. Where the result is a scalar, a vector
or a matrix, its formula is read from the index form, in an order of the axes that a layout fixes:

- numerator: rows are the output's, columns the variable's. Denominator: the transpose.
- By a scalar, the numerator form has the output's own shape; of a scalar, the denominator form has
  the variable's.

What has more axes has no layout; its index form and its differential say it all. Every formula is
checked as the gradient that it makes of an arbitrary upstream gradient.
Source of the layouts: the tables of matrix calculus; (AB)ᵀ = BᵀAᵀ turns one into the other.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from shapecalc import layout
from shapecalc.backprop import Jacobian, contribution, jacobian, simplified
from shapecalc.calculus.closing import BY_LAWS, Rewriting, closed
from shapecalc.calculus.functions import Dependence, moved, unmoved
from shapecalc.conditions import Label
from shapecalc.dims import Dim, Shape
from shapecalc.index import (
    Delta,
    Factor,
    Labels,
    Term,
    contracted,
    fresh_labels,
    merged_powers,
    merged_terms,
    multiply,
    with_labels,
)
from shapecalc.matrix import make
from shapecalc.matrix.joining import Unreadable
from shapecalc.records import Checked
from shapecalc.report.axes import diagonal_of
from shapecalc.sweep.checking import SelfCheckFailed, check, check_values
from shapecalc.tree import Leaf, Renaming, Tree, call, leaf, leaves, rebuilt
from shapecalc.verify.algebra import agrees_by_algebra
from shapecalc.verify.cases import Case
from shapecalc.verify.expansion import Undecided, expanded, same

KINDS = ("scalar", "vector", "matrix")


class Form(NamedTuple):
    """A formula of the derivative, how it was simplified, how it was checked, and what it was."""

    tree: Tree
    rewritings: tuple[Rewriting, ...]
    checked: Checked
    raw: Tree


class Derivation:
    """The derivative of `output = equation` by `wrt`; what is asked of it is worked out then.

    What it has no formula for is None. Raises backprop.JacobianTooLarge, and SelfCheckFailed where
    a check rejects a formula, which is our bug.
    """

    def __init__(
        self,
        output: Leaf,
        equation: Tree,
        wrt: Leaf,
        functions: Sequence[Dependence] = (),
        numbers: Mapping[str, int] | None = None,
    ) -> None:
        """Take an expression apart. `numbers` are the dims that were written as numbers."""
        sizes = {name: Dim.number(size) for name, size in (numbers or {}).items()}
        self._numbers = Renaming({}, sizes) if sizes else None
        self.output = output
        self.name = wrt.name
        self.written = equation
        self.equation, self.wrt = equation, wrt
        if functions:
            self.wrt = leaf(f"<{wrt.name}>", wrt.shape)
            self.equation = moved(equation, wrt, self.wrt, functions)
        self.jacobian = _whole_jacobian(output, self.equation, self.wrt)

    def read(self, tree: Tree) -> Tree:
        """Return what a formula is where nothing has moved."""
        if self.equation is self.written:
            return tree
        found = unmoved(tree, self.wrt)
        return make.zeros(tree.shape) if found is None else found

    def shown(self, tree: Tree) -> Tree:
        """Put numbers for the dims that were written as numbers."""
        return tree if self._numbers is None else self._numbers.tree(tree)

    def shown_dim(self, dim: Dim) -> Dim:
        """Put the number for a dim that was written as a number."""
        return dim if self._numbers is None else self._numbers.dim(dim)

    def dims(self, shape: Shape) -> Shape:
        """Put numbers for the dims of a shape that were written as numbers."""
        return shape if self._numbers is None else tuple(map(self._numbers.dim, shape))

    @cached_property
    def kinds(self) -> tuple[str, str]:
        """Say what is differentiated by what; a tensor has more than two axes."""
        return _kind(self.output.shape), _kind(self.wrt.shape)

    @cached_property
    def numerator(self) -> Form | None:
        """Return the derivative in numerator layout: of a scalar a row, of a vector a row each."""
        of, by = self.kinds
        if of == "scalar" and by != "tensor":
            return self._transposed(self.denominator)
        if by == "scalar" and of != "tensor":
            return self._form(self.jacobian.output_labels, self.output.shape)
        if self.kinds == _JACOBIAN:
            labels = (*_axes(self.jacobian.output_labels), *_axes(self.jacobian.wrt_labels))
            shape = tuple(label.dim for label in labels)
            return self._form(labels, shape)
        return None

    @cached_property
    def denominator(self) -> Form | None:
        """Return the derivative in denominator layout: of a scalar, in the variable's shape."""
        of = self.kinds[0]
        if of == "scalar":
            return self._form(self.jacobian.wrt_labels, self.wrt.shape)
        return self._transposed(self.numerator) if of == "vector" else None

    @cached_property
    def differential(self) -> Tree | None:
        """Return what a small change of the variable changes: `A @ dX @ B`.

        It is the contraction of the Jacobian with the change: dY[i] = Σ_p ∂Y[i]/∂X[p] dX[p].
        """
        change, labels = leaf(f"d{self.name}", self.wrt.shape), self.jacobian.wrt_labels
        front = Term(Fraction(1), (Factor(change, labels),), (), _axes(labels))
        free = self.jacobian.output_labels
        products = (multiply(front, term) for term in self.jacobian.terms)
        terms = merged_terms((merged_powers(contracted(each)) for each in products), free)
        try:
            tree = layout.formula(terms, free, self.output.shape, [change], numerator=False)
        except Unreadable:
            return None
        return tree if agrees_by_algebra(tree, terms, free) else None

    @property
    def diagonal(self) -> tuple[Delta, ...]:
        """Return the deltas that tie an axis of the output to one of the variable's."""
        return diagonal_of(self.jacobian)

    @cached_property
    def effective(self) -> Tree | None:
        """Return what is left without the diagonal axes, where it is a single factor."""
        if len(self.jacobian.terms) != 1:
            return None
        (term,) = self.jacobian.terms
        arrays = [factor for factor in term.factors if factor.labels]
        held = set(term.deltas) - set(self.diagonal) or term.conditions or term.summed
        if len(arrays) != 1 or held or arrays[0].power != 1:
            return None
        scalars = [factor for factor in term.factors if not factor.labels]
        above = [make.power(each.tree, each.power) for each in scalars if each.power > 0]
        below = [make.power(each.tree, -each.power) for each in scalars if each.power < 0]
        return make.quotient(term.coefficient, [*above, arrays[0].tree], below)

    @cached_property
    def checked(self) -> Checked:
        """Return how the derivative was checked: its formula, or else its index form."""
        form = self.denominator or self.numerator
        return form.checked if form is not None else self._by_index()

    def _by_index(self) -> Checked:
        """Check the gradient that the index form makes of an upstream gradient."""
        upstream = leaf(f"d{self.output.name}", self.output.shape)
        terms = contribution(self.jacobian, upstream, {}, transposed=False)
        labels = self.jacobian.wrt_labels
        try:
            tree = layout.formula(terms, labels, self.wrt.shape, [upstream], numerator=False)
        except Unreadable:
            return self._by_differential(upstream)
        given = ((self.output, upstream),)
        case = Case(((self.output, self.equation),), given, self.wrt, self.wrt, tree)
        return check(case, terms, labels, numerator=False)

    def _by_differential(self, upstream: Leaf) -> Checked:
        """Check the differential: what ⟨dY, Y⟩ changes by, as X + t dX moves with t."""
        if self.differential is None:
            raise Unreadable("it has no formula that could be checked")
        time = leaf(f"<{self.name} moves>", ())
        change = leaf(f"d{self.name}", self.wrt.shape)
        moved: dict[Tree, Tree] = {self.wrt: make.added(self.wrt, make.times(time, change))}
        seen = make.times(upstream, rebuilt(self.differential, moved.get))
        formula = call("sum", (seen,), _OVER_ALL, ())
        equations = ((self.output, rebuilt(self.equation, moved.get)),)
        return check_values(Case(equations, ((self.output, upstream),), time, time, formula))

    def _form(self, labels: Labels, shape: Shape) -> Form | None:
        try:
            if self.jacobian.terms:
                read = layout.formula(self.jacobian.terms, labels, shape, (), numerator=False)
            else:
                read = make.zeros(shape)
            tree, rewritings = closed(read, is_jacobian=self.kinds == _JACOBIAN)
            checked = self._checked(tree, rewritings)
            plain = self.read(tree)
            if self._has_functions:
                return Form(plain, (), checked, plain)
            return Form(plain, rewritings, checked, read)
        except Unreadable:
            return None

    def _transposed(self, form: Form | None) -> Form | None:
        if form is None:
            return None
        turned = make.transposed(form.tree)
        tree, more = closed(turned, is_jacobian=self.kinds == _JACOBIAN)
        checked = form.checked
        if more and not _are_equal(tree, turned):
            if self._has_functions:
                return form._replace(tree=turned, raw=turned)  # as it was checked
            checked = self._checked(make.transposed(tree), (*form.rewritings, *more))
        before = (each._replace(formula=make.transposed(each.formula)) for each in form.rewritings)
        raw = tree if self._has_functions else make.transposed(form.raw)
        return Form(tree, (*before, *more), checked, raw)

    @property
    def _has_functions(self) -> bool:
        return self.wrt.name != self.name

    def _checked(self, tree: Tree, rewritings: tuple[Rewriting, ...]) -> Checked:
        """Check the gradient that a formula makes of an upstream gradient."""
        rules = {each.rule for each in rewritings}
        by_laws = not rules.isdisjoint(BY_LAWS)
        upstream = leaf(f"d{self.output.name}", self.output.shape)
        gradient = self._gradient(tree, upstream)
        terms = contribution(self.jacobian, upstream, {}, transposed=False)
        equations = ((self.output, self.equation),)
        given = ((self.output, upstream),)
        case = Case(equations, given, self.wrt, self.wrt, gradient)
        labels = self.jacobian.wrt_labels
        try:
            return check(case, terms, labels, numerator=False, by_laws=by_laws)
        except SelfCheckFailed:  # algebra takes (1 + v).T and 1 + v.T below for two divisors
            if by_laws or "transpose of a sum" not in rules:
                raise
            return check(case, terms, labels, numerator=False, by_laws=True)

    def _gradient(self, tree: Tree, upstream: Leaf) -> Tree:
        of, by = self.kinds
        if of == "scalar":
            flat = _flat(upstream)
            return make.times(flat, tree)
        if by == "scalar":
            total = call("sum", (make.times(upstream, tree),), _OVER_ALL, ())
            return _in_shape(total, self.wrt.shape)
        product = make.matmul(make.transposed(tree), _flat(upstream))
        return _in_shape(product, self.wrt.shape)


_JACOBIAN = ("vector", "vector")
_OVER_ALL = (("axis", None), ("keepdims", False))


def _whole_jacobian(output: Leaf, equation: Tree, wrt: Leaf) -> Jacobian:
    """Add up the Jacobians by every place where a name stands."""
    own = fresh_labels(output.shape), fresh_labels(wrt.shape)
    terms: list[Term] = []
    for place, name in enumerate(leaves(equation)):
        if name is wrt:
            found = jacobian(output, equation, place, is_named=False)
            pairs = zip(found.free, (*own[0], *own[1]), strict=True)
            change = {old: new for old, new in pairs if old is not None and new is not None}
            terms += [with_labels(term, change) for term in found.terms]
    return Jacobian(output, wrt, *own, simplified(iter(terms), (*own[0], *own[1]), {}))


def _kind(shape: Shape) -> str:
    count = sum(not dim.is_one for dim in shape)
    return KINDS[count] if count < len(KINDS) else "tensor"


def _axes(labels: Labels) -> tuple[Label, ...]:
    return tuple(label for label in labels if label is not None)


def _flat(tree: Tree) -> Tree:
    """Drop the unit axes."""
    units = tuple(place for place, dim in enumerate(tree.shape) if dim.is_one)
    return make.squeezed(tree, units) if units else tree


def _are_equal(tree: Tree, other: Tree) -> bool:
    """Say whether algebra finds two formulas of one shape equal."""
    labels = fresh_labels(tree.shape)
    try:
        return same(expanded(tree, labels), expanded(other, labels), labels)
    except Undecided:
        return False


def _in_shape(tree: Tree, shape: Shape) -> Tree:
    """Put unit axes in, for the shape of a variable."""
    units = tuple(place for place, dim in enumerate(shape) if dim.is_one)
    return make.expanded(tree, units) if units else tree
