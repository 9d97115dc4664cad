"""A derivation → its record: layouts, index form, differential and vec form as text."""

from collections.abc import Iterator
from functools import cached_property

from shapecalc.calculus.closing import Rewriting
from shapecalc.calculus.derivation import Derivation, Form
from shapecalc.calculus.elsewhere import elsewhere
from shapecalc.calculus.facts import Facts, by_facts, differ, shortened, structured
from shapecalc.calculus.naming import named
from shapecalc.calculus.vecforms import VecForm, vec_form
from shapecalc.index import Factor, Term, fresh_labels
from shapecalc.matrix import make
from shapecalc.matrix.entries import Letters, names_in, sum_text
from shapecalc.matrix.printing import text
from shapecalc.records import Derived, Dims, Formula, LaidOut, Late
from shapecalc.report.formulas import formula_record
from shapecalc.report.kinks import kink_of
from shapecalc.sweep.checking import SelfCheckFailed
from shapecalc.tree import Call, Leaf, Tree, call, calls, leaf, leaves, rebuilt

NO_FACTS = Facts()
LONG = 24
"""An expression of more letters keeps its name where the derivative has it twice."""
MOST_AXES = 2
"""Of what is left of a Jacobian without its diagonal axes."""


def derived(
    derivation: Derivation, expression: str, *, by_rows: bool = False, facts: Facts = NO_FACTS
) -> Derived:
    """Write out a derivative. `by_rows` stacks the rows of a matrix in the vec form.

    Facts about matrices simplify formulas that hold, and are checked, without.
    """
    return _Writer(derivation, facts).record(expression, by_rows=by_rows)


class _Writer:
    """Writes formulas with their parts named alike in all of them."""

    def __init__(self, derivation: Derivation, facts: Facts) -> None:
        self.derivation = derivation
        self.facts = facts
        self.forms = derivation.numerator, derivation.denominator
        self.right: set[Tree] = set()  # steps of one layout, whose transposes the other has
        self.layouts = [None if form is None else self._simplified(form) for form in self.forms]
        found = derivation.differential if derivation.kinds[0] != "scalar" else None
        self.raw = None if found is None else _in_full(found, derivation)
        self.differential = None if self.raw is None else shortened(self.raw, facts)
        self.structured = self._structured()
        trees = [
            *(each[0] if each else None for each in self.layouts),
            self.differential,
            self.structured[0] if self.structured else None,
        ]
        known = dict.fromkeys(tree for tree in trees if tree is not None)
        self.change = leaf(f"d{derivation.name}", derivation.dims(derivation.wrt.shape))
        short, self.names = named(list(known), _taken(derivation), self.change)
        self.short = dict(zip(known, short, strict=True))

    def record(self, expression: str, *, by_rows: bool) -> Derived:
        """Write the record of an expression's derivative."""
        derivation, jacobian = self.derivation, self.derivation.jacobian
        output, wrt = derivation.output, derivation.wrt
        letters = self.letters
        above = f"∂{output.name}{letters.indices(jacobian.output_labels)}"
        below = f"∂{derivation.name}{letters.indices(jacobian.wrt_labels)}"
        is_tensor = self.forms == (None, None)
        vec = self._vec(by_rows=by_rows) if is_tensor else None
        (numerator, denominator) = (
            self._laid_out(form, tree) for form, tree in zip(self.forms, self.layouts, strict=True)
        )
        return Derived(
            expression=expression,
            output=output.name,
            output_shape=_dims(derivation.dims(output.shape)),
            wrt=derivation.name,
            wrt_shape=_dims(derivation.dims(wrt.shape)),
            kinds=derivation.kinds,
            full_shape=_dims(derivation.dims((*output.shape, *wrt.shape))),
            left=f"{above}/{below}",
            index_form=sum_text(self.terms, letters, derivation.shown),
            diagonal=tuple(
                str(derivation.dims((delta.left.dim,))[0]) for delta in derivation.diagonal
            ),
            effective=self._effective() if is_tensor else None,
            numerator=numerator,
            denominator=denominator,
            differential=None if self.differential is None else self._formula(self.differential),
            vec=None if vec is None else vec.text,
            swap=None if vec is None else vec.swap,
            checked=derivation.checked,
            elsewhere=Late(lambda: elsewhere(derivation, dict(self._trees()))),
            where=tuple(self._where()),
            kinks=tuple(_kinks(derivation)),
            structured=self.structured and (self._formula(self.structured[0]), self.structured[1]),
        )

    def _trees(self) -> Iterator[tuple[str, Tree]]:
        """Yield the formulas, each with what it is, without names for their parts."""
        for name, found in zip(("numerator", "denominator"), self.layouts, strict=True):
            if found is not None:
                yield name, found[0]
        if self.structured is not None:
            yield "structured", self.structured[0]
        if self.differential is not None:
            yield "differential", self.differential

    @cached_property
    def letters(self) -> Letters:
        """Return the letters of the indices."""
        derivation = self.derivation
        jacobian = derivation.jacobian
        taken = {*names_in(self.terms), derivation.name, derivation.output.name}
        labels = jacobian.output_labels, jacobian.wrt_labels
        return Letters(*labels, taken, derivation.shown_dim)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Return the terms of an entry, with every matrix product as the sum that it is."""
        derivation = self.derivation
        return tuple(_unfolded(_read(term, derivation)) for term in derivation.jacobian.terms)

    def _formula(self, tree: Tree) -> Formula:
        return formula_record(self.short[tree])

    def _simplified(self, form: Form) -> tuple[Tree, tuple[tuple[str, str], ...]]:
        """Write a form in full, by facts, with the steps that led there, each of which is checked.

        Raises SelfCheckFailed.
        """
        is_jacobian = self.derivation.kinds == ("vector", "vector")
        first: tuple[Rewriting, ...] = ()
        tree, more = by_facts(
            _in_full(form.raw, self.derivation), self.facts, is_jacobian=is_jacobian
        )
        if not more:
            first, tree = form.rewritings, _in_full(form.tree, self.derivation)
        for steps, end in ((first, form.tree), (more, tree)):
            for step in steps:
                if step.formula is end or make.transposed(step.formula) in self.right:
                    continue
                if differ(step.formula, end, self.facts):
                    raise SelfCheckFailed(f"the rule `{step.rule}` changed a formula")
                self.right.add(step.formula)
        shown = self.derivation.shown
        written = [(each.rule, text(shown(each.formula))) for each in (*first, *more)]
        lines = ["", *(line for _, line in written)]
        told = (step for step, before in zip(written, lines, strict=False) if step[1] != before)
        return tree, tuple(told)

    def _laid_out(
        self, form: Form | None, found: tuple[Tree, tuple[tuple[str, str], ...]] | None
    ) -> LaidOut:
        if form is None or found is None:
            of, by = self.derivation.kinds
            if {of, by} <= {"scalar", "vector"} or (of == "scalar" and by == "matrix"):
                return LaidOut(None, (), "no product of matrices makes its entries")
            return LaidOut(None, (), f"of a {of} by a {by}, it is not defined")
        tree, steps = found
        return LaidOut(self._formula(tree), _dims(tree.shape), "", steps)

    def _structured(self) -> tuple[Tree, str] | None:
        is_gradient = self.derivation.kinds == ("scalar", "matrix")
        found = self.layouts[1] if is_gradient else None
        return structured(found[0], self.derivation.name, self.facts) if found else None

    def _effective(self) -> tuple[str, Dims] | None:
        found = self.derivation.effective
        if found is None or len(found.shape) > MOST_AXES:
            return None
        tree = self.derivation.shown(self.derivation.read(found))
        return text(tree), _dims(tree.shape)

    def _vec(self, *, by_rows: bool) -> VecForm | None:
        if self.raw is None:
            return None
        derivation = self.derivation
        names = {name.name for name in leaves(self.raw)}
        output = derivation.output.name
        return vec_form(self.raw, output, self.change, names, by_rows=by_rows)

    def _where(self) -> Iterator[tuple[str, Formula]]:
        derivation = self.derivation
        used: set[Leaf] = {name for tree in self.short.values() for name in leaves(tree)}
        used |= {name for _, part in self.names for name in leaves(part)}
        if any(name.name == derivation.output.name for name in used):
            whole = derivation.shown(derivation.written)
            yield derivation.output.name, formula_record(whole)
        for name, part in self.names:
            yield name.name, formula_record(part)


def _taken(derivation: Derivation) -> set[str]:
    """Return the names that mean a value or a dim."""
    names = [derivation.wrt, derivation.output, *leaves(derivation.equation)]
    dims = {dim for each in names for axis in each.shape for dim in axis.names}
    return {derivation.name, f"d{derivation.name}", *(each.name for each in names), *dims}


def _read(term: Term, derivation: Derivation) -> Term:
    factors = (each._replace(tree=derivation.read(each.tree)) for each in term.factors)
    return term._replace(factors=tuple(factors))


def _unfolded(term: Term) -> Term:
    """Write every matrix product among the factors as the sum that it is."""
    factors, summed = list(term.factors), list(term.summed)
    place = 0
    while place < len(factors):
        tree, labels, power = factors[place]
        if isinstance(tree, Call) and tree.op == "transpose":
            factors[place] = Factor(tree.operands[0], labels[::-1], power)
        elif isinstance(tree, Call) and tree.op == "matmul" and power == 1 and len(labels) == 2:
            left, right = tree.operands
            (inner,) = fresh_labels(left.shape[-1:])
            pair = Factor(left, (labels[0], inner)), Factor(right, (inner, labels[1]))
            if inner is None or len(left.shape) != 2 or len(right.shape) != 2:
                place += 1
                continue
            factors[place : place + 1] = pair
            summed.append(inner)
        else:
            place += 1
    return term._replace(factors=tuple(factors), summed=tuple(summed))


def _in_full(tree: Tree, derivation: Derivation) -> Tree:
    """Write the expression for its name, unless it is long and there more than once."""
    tree = derivation.read(tree)
    times = sum(name is derivation.output for name in leaves(tree))
    if times < 2 or len(text(derivation.written)) <= LONG:
        tree = written_out(tree, derivation)
    return derivation.shown(tree)


def written_out(tree: Tree, derivation: Derivation) -> Tree:
    """Write the expression for its name."""
    output, whole = derivation.output, derivation.written
    power, plain = (call("exp", (each,), (), output.shape) for each in (output, whole))
    put: dict[Tree, Tree] = {output: whole, power: make.tidied(plain)}
    return rebuilt(tree, put.get)


def _kinks(derivation: Derivation) -> Iterator[str]:
    parts = dict.fromkeys(calls(derivation.written))
    found = {part: said for part in parts if (said := kink_of(part))}
    yield from dict.fromkeys(
        said
        for part, said in found.items()
        if any(name.name == derivation.name for name in leaves(part))
    )


def _dims(shape: tuple[object, ...]) -> Dims:
    return tuple(map(str, shape))
