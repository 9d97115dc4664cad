"""A link of the chain → the record of a step: Jacobian, layouts, orderings, contraction, walk."""

from collections.abc import Sequence
from functools import cached_property, partial
from math import prod

from shapecalc.conditions import Label
from shapecalc.dims import Dim, Shape, matrix_turned
from shapecalc.index import Delta, Factor, Labels, Term
from shapecalc.layout import other_layout
from shapecalc.matrix import make
from shapecalc.matrix.entries import Letters, names_in, sigma, sum_text
from shapecalc.matrix.printing import text
from shapecalc.orderings import factors_of, orderings
from shapecalc.records import (
    Contraction,
    Dims,
    Jacobian,
    Late,
    Opened,
    Orderings,
    Step,
    View,
    WalkEdge,
)
from shapecalc.report.axes import Axes, axes_of, diagonal_of, listed, stack_note
from shapecalc.report.formulas import formula_record
from shapecalc.report.views import factors_in, mixed_view, no_view, vec_view, view_of
from shapecalc.sweep import Link, Sweep
from shapecalc.tree import Call, Tree


class Writer:
    """Writes out the steps of one network; what steps of one kind share is worked out once."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.loss = sweep.graph.loss.name if sweep.graph.loss else None
        self._relations: dict[int, str] = {}

    def step(self, link: Link, kind: int) -> Step:
        """Write a step; `kind` is a number that steps alike but for their names share."""
        node = link.use.node
        derivation = link.derived.derivation
        relation = self._relations.get(derivation.number)
        if relation is None:
            relation = StepWriter(link, self.sweep).relation
            self._relations[derivation.number] = relation
        return Step(
            loss=self.loss,
            output=node.output.name,
            wrt=link.value.name,
            use=link.use.number,
            equation=node.source.text,
            line=node.source.expression_span.line,
            kind=kind,
            relation=relation,
            upstream=link.gradient.name if link.gradient else None,
            checked=derivation.checked,
            opened=Late(partial(self._opened, link)),
        )

    def _opened(self, link: Link) -> Opened:
        return StepWriter(link, self.sweep).opened()


class StepWriter:
    """What is known of one step, and how it is written."""

    def __init__(self, link: Link, sweep: Sweep) -> None:
        self.link = link
        self.sweep = sweep
        self.graph = sweep.graph
        self.derived = link.derived
        self.spell = link.derived.renaming.tree
        self.derivation = link.derived.derivation
        (self.jacobian,) = self.derivation.jacobians
        taken = names_in(self.jacobian.terms, self.spell, link.derived.renaming.dim)
        self.letters = Letters(self.jacobian.output_labels, self.jacobian.wrt_labels, taken)
        self.output = link.use.node.output
        self.formula = link.derived.formula
        numerator = sweep.numerator
        other = other_layout(self.formula)
        self.denominator, self.numerator = (
            (other, self.formula) if numerator else (self.formula, other)
        )

    def opened(self) -> Opened:
        """Return what the step shows when it is opened."""
        upstream = self.link.gradient
        sizes = self.graph.sizes or None
        chain = factors_of(self.formula)
        found = (
            Orderings(defined=False, why=self._no_order(chain))
            if isinstance(chain, str)
            else orderings(self.formula, self.sweep.numerator, sizes)
        )
        mixed, why = self._mixed()
        return Opened(
            note=self._note(),
            upstream_shape=_dims(upstream.shape if upstream else self.output.shape),
            wrt_shape=_dims(self.formula.shape),
            jacobian=self._jacobian(),
            denominator=view_of(self.denominator),
            numerator=self._numerator_view(),
            mixed=mixed,
            mixed_why=why,
            vec=vec_view(self.denominator, upstream, self.link.value)
            if not self.sweep.numerator and "I" not in self.graph.values
            else None,
            orderings=found,
            contraction=self._contraction(),
            walk=self._walk(),
            formula=formula_record(self.formula),
        )

    def _numerator_view(self) -> View:
        """Show the numerator layout, where the last two axes are those of matrices."""
        if self.sweep.numerator or self.relation == "product" or self._is_batched:
            return view_of(self.numerator)
        axes = f"the {len(self.formula.shape)} axes of {self.link.value.name}"
        return no_view(f"{axes} are no matrices in a batch, so only this form is defined")

    @property
    def _is_batched(self) -> bool:
        """Say whether the variable's axes in front of the last two are diagonal."""
        tied = {delta.left for delta in self.tied} | {delta.right for delta in self.tied}
        return all(label is None or label in tied for label in self.jacobian.wrt_labels[:-2])

    # --- the Jacobian ---------------------------------------------------------------------------

    @cached_property
    def relation(self) -> str:
        """Say what kind of link the step is."""
        if not isinstance(factors_of(self.formula), str):
            return "product"
        if self._is_elementwise:
            return "elementwise"
        if any(isinstance(t, Call) and t.op == "sum" for t in _parts(self.formula)):
            return "sum" if len(self.derivation.terms) == 1 else "softmax"
        return "softmax" if len(self.derivation.terms) > 1 else "other"

    @cached_property
    def _is_elementwise(self) -> bool:
        """Say whether each entry of the variable meets one entry of the output, and no other."""
        tied = len(self.tied)
        axes = sum(label is not None for label in self.jacobian.wrt_labels)
        if self.output.shape:
            return tied == axes == sum(label is not None for label in self.jacobian.output_labels)
        return all(_is_entrywise(term, axes) for term in self.jacobian.terms)

    @cached_property
    def tied(self) -> tuple[Delta, ...]:
        """Return the deltas of the diagonal axes."""
        return diagonal_of(self.jacobian)

    @cached_property
    def _axes(self) -> Axes:
        return axes_of(self.jacobian, self.formula, self.dim)

    @cached_property
    def rest(self) -> tuple[Term, ...]:
        """Return the Jacobian's terms without the deltas of the diagonal axes."""
        return tuple(
            t._replace(deltas=tuple(d for d in t.deltas if d not in self.tied))
            for t in self.jacobian.terms
        )

    @cached_property
    def effective_tree(self) -> Tree | None:
        """Return what a diagonal leaves, where it is a single factor."""
        if len(self.rest) != 1:
            return None
        (term,) = self.rest
        arrays = [factor for factor in term.factors if factor.labels]
        held = term.deltas or term.conditions or term.summed
        if len(arrays) != 1 or held or arrays[0].power != 1:
            return None
        return self._scaled(term, [self.spell(arrays[0].tree)])

    def _scaled(self, term: Term, arrays: Sequence[Tree]) -> Tree:
        """Return arrays times the numbers and scalars of a term."""
        scalars = [f for f in term.factors if not f.labels]
        above = [make.power(self.spell(f.tree), f.power) for f in scalars if f.power > 0]
        below = [make.power(self.spell(f.tree), -f.power) for f in scalars if f.power < 0]
        return make.quotient(term.coefficient, [*above, *arrays], below)

    def _mixed(self) -> tuple[View | None, str]:
        """Multiply upstream and effective Jacobian as stored, in the order of the chain."""
        upstream, effective = self.link.gradient, self.effective_tree
        if upstream is not None and self._is_deltas_alone:
            return None, "the Jacobian is deltas alone: there is no second matrix to multiply by"
        if self.relation != "product" and len(self.formula.shape) > 2:
            return None, "the step is no product of matrices"
        view, why = mixed_view(upstream, effective, self.graph.sizes)
        if view is None or upstream is None or view.shape is None:
            return view, why
        (term,) = self.rest
        (array,) = (self.spell(f.tree) for f in term.factors if f.labels)
        product = make.matmul(upstream, array)
        return view._replace(formula=text(self._scaled(term, [product]))), why

    @property
    def _is_deltas_alone(self) -> bool:
        return not any(factor.labels for term in self.rest for factor in term.factors)

    def dim(self, label: Label) -> Dim:
        """Return the dim of a label, by its name in this network."""
        return self.derived.renaming.dim(label.dim)

    def _jacobian(self) -> Jacobian:
        shape = self.output.shape + self.link.value.shape
        tree = self.effective_tree
        left = f"∂{self.output.name}{self.letters.indices(self.jacobian.output_labels)}"
        below = f"∂{self.link.value.name}{self.letters.indices(self.jacobian.wrt_labels)}"
        return Jacobian(
            shape=_dims(shape),
            index_form=sum_text(self.jacobian.terms, self.letters, self.spell),
            left=f"{left}/{below}",
            diagonal=_dims(self._axes.diagonal),
            effective=None if tree is None else text(tree),
            effective_shape=None if tree is None else _dims(tree.shape),
            entries=self._entries(shape, tree),
            contracted=_dims(self._axes.contracted),
            summed=_dims(self._axes.summed),
            mixed=_dims(self._axes.mixed),
        )

    def _entries(self, shape: Shape, tree: Tree | None) -> tuple[int, ...] | None:
        sizes = [self.graph.size(dim) for dim in shape]
        if any(size is None for size in sizes):
            return None
        full = prod(size for size in sizes if size is not None)
        ties = prod(self.graph.size(self.dim(delta.left)) or 1 for delta in self.tied)
        own = () if tree is None else (prod(self.graph.size(dim) or 1 for dim in tree.shape),)
        return (full, full // ties, *own)

    # --- words ----------------------------------------------------------------------------------

    def _note(self) -> str:
        match self.relation:
            case "elementwise":
                return self._elementwise_note()
            case "sum":
                return self._sum_note()
            case "softmax":
                return self._block_note()
            case "product":
                return stack_note(self.formula, self._axes)
            case _:
                return ""

    def _elementwise_note(self) -> str:
        if not self.output.shape:
            return ""
        if not any(term.factors for term in self.jacobian.terms):
            return "each entry is handed on"
        return "each entry by itself: so *, not @"

    def _sum_note(self) -> str:
        lacking = _dims(self._axes.untied)
        if not lacking:
            return ""
        along = listed(lacking)
        if not self.is_repeated:
            return f"sum over {along}"
        return f"{self.link.value.name} was repeated along {along}, so sum over {along}"

    @property
    def is_repeated(self) -> bool:
        """Say whether the variable as a whole is repeated, and not a sum of its entries."""
        tied = {label for delta in self.tied for label in delta}
        return all(label is None or label in tied for label in self.jacobian.wrt_labels)

    def _block_note(self) -> str:
        if len(self._axes.untied) != 1 or not self.tied:
            return ""
        (dim,), others = self._axes.untied, _dims(self._axes.diagonal)
        each = "example" if others == (self.graph.batch,) else f"index of {listed(others)}"
        return f"a {dim} × {dim} block for each {each}"

    def _no_order(self, reason: str) -> str:
        if self.relation == "elementwise":
            return "each entry by itself: numbers commute, so there is no order"
        return reason

    # --- contraction and walk -------------------------------------------------------------------

    def _contraction(self) -> Contraction:
        wrt = self.link.value
        labels = self.jacobian.wrt_labels
        stored = matrix_turned(labels) if self.sweep.numerator else labels
        own = self.sweep.gradients.get(wrt)
        name = f"{own.name.name if own else f'd{wrt.name}'}{self.letters.indices(stored)}"
        summed = tuple(label for label in self.jacobian.output_labels if label is not None)
        lines = [(self._chain_rule(summed), "the chain rule, entry by entry")]
        after = sum_text(self.derivation.terms, self.letters, self.spell)
        lines.append((after, self._substitutions(summed)))
        if (ordered := self._ordered()) is not None and ordered != after:
            lines.append((ordered, "numbers commute; matrices do not"))
        return Contraction(name, tuple(line for line in lines if line[0]))

    def _chain_rule(self, summed: tuple[Label, ...]) -> str:
        inner = sum_text(self.jacobian.terms, self.letters, self.spell)
        if len(self.jacobian.terms) > 1 or inner.startswith("-"):
            inner = f"({inner})"
        if self.link.gradient is None:
            return inner
        front = f"{self.link.gradient.name}{self.letters.indices(self.upstream_labels)}"
        return f"{sigma(summed, self.letters)} {front} {inner}" if summed else f"{front} {inner}"

    @property
    def upstream_labels(self) -> Labels:
        """Return the labels of the upstream as it is stored."""
        labels = self.jacobian.output_labels
        return matrix_turned(labels) if self.sweep.numerator else labels

    def _substitutions(self, summed: tuple[Label, ...]) -> str:
        puts = []
        for delta in self.tied:
            old, new = delta if delta.left in summed else (delta.right, delta.left)
            if old in summed:
                puts.append(f"{self.letters.of(new)} for {self.letters.of(old)}")
        return f"{self.letters.delta} puts {', '.join(puts)}" if puts else ""

    def _ordered(self) -> str | None:
        """Write the contraction with its factors in the order of the product."""
        chain = factors_of(self.formula)
        if isinstance(chain, str) or len(self.derivation.terms) != 1:
            return None
        (term,) = self.derivation.terms

        def place(factor: Factor) -> int:
            tree = self.spell(factor.tree)
            return next((i for i, part in enumerate(chain) if tree in _parts(part)), -1)

        factors = tuple(sorted(term.factors, key=place))
        return sum_text((term._replace(factors=factors),), self.letters, self.spell)

    def _walk(self) -> tuple[WalkEdge, ...]:
        """Follow the denominator formula from the row of the result to its column."""
        if isinstance(factors_of(self.denominator), str) or len(self.derivation.terms) != 1:
            return ()
        (term,) = self.derivation.terms
        here = next(iter(self.jacobian.wrt_labels[-2:]), None)
        edges = []
        for factor in factors_in(self.denominator):
            if len(factor.shape) < 2:
                return ()
            there = self._beyond(term, factor, here)
            base = make.transposed(factor) if _is_turned(factor) else factor
            along = base is factor
            row, column = (here, there) if along else (there, here)
            name = text(base) if not _is_group(base) else f"({text(base)})"
            edges.append(WalkEdge(name, self._vertex(row), self._vertex(column), along))
            here = there
        return tuple(edges)

    def _vertex(self, label: Label | None) -> str:
        return "" if label is None else self.letters.of(label)

    def _beyond(self, term: Term, factor: Tree, here: Label | None) -> Label | None:
        """Return the label at the other end of a factor."""
        parts = _parts(factor)
        found = [each for each in term.factors if self.spell(each.tree) in parts]
        ends = [
            label
            for each in [each for each in found if here in each.labels] or found  # of Y twice, one
            for label in each.labels[-2:]
            if label is not None and label is not here
        ]
        return ends[0] if ends else None


def _is_turned(tree: Tree) -> bool:
    return isinstance(tree, Call) and tree.op in make.TRANSPOSES


def _is_group(tree: Tree) -> bool:
    return isinstance(tree, Call) and tree.op in make.ELEMENTWISE


def _parts(tree: Tree) -> set[Tree]:
    found = {tree}
    if isinstance(tree, Call):
        for operand in tree.operands:
            found |= _parts(operand)
    return found


def _is_entrywise(term: Term, axes: int) -> bool:
    """Say whether each factor of a scalar's derivative has all indices of the variable, or none."""
    counts = {len(set(factor.labels) - {None}) for factor in term.factors}
    return not term.summed and counts <= {0, axes}


def _dims(shape: Shape) -> Dims:
    return tuple(map(str, shape))
