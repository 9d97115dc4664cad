"""One step with all that its levels are made from: its records, its names, its numbers."""

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property

from shapecalc.conditions import Form, Label
from shapecalc.dims import matrix_turned
from shapecalc.index import Factor, Labels, Sum, Term
from shapecalc.matrix import make
from shapecalc.matrix.printing import is_infix, text
from shapecalc.records import Report, Step, View
from shapecalc.records.explained import Box, Boxes, Prose
from shapecalc.report.steps import StepWriter
from shapecalc.report.views import factors_in
from shapecalc.sweep import Gradient, Link, Sweep
from shapecalc.teach.instance import CheckFailed, Instance, NoNumbers, are_close, places_of
from shapecalc.teach.solving import forms_of, may_leave, put
from shapecalc.tree import Call, Tree

SMALL = ("t", "u", "w", "z", "y", "x", "c")


def loss_of(sweep: Sweep) -> str:
    """Return the name of the loss; where a spec has none, a letter for any number made of it."""
    if sweep.graph.loss is not None:
        return sweep.graph.loss.name
    network = sweep.graph.network
    taken = {*sweep.graph.values, *(entry.name for entry in network.dims)}
    return next(letter for letter in ("J", "L", "loss", "the_loss") if letter not in taken)


def require(holds: bool, what: str) -> None:  # noqa: FBT001 (what is required)
    """Raise CheckFailed where something that is to be printed is not so."""
    if not holds:
        raise CheckFailed(what)


class Study:
    """A step under study; one that is too large for numbers has its formulas alone."""

    def __init__(self, link: Link, sweep: Sweep, report: Report, step: Step) -> None:
        self.link = link
        self.sweep = sweep
        self.report = report
        self.step = step
        self.writer = StepWriter(link, sweep)
        self.opened = self.writer.opened()  # by this writer: a summed letter is one everywhere
        self._here: Instance | str
        try:
            self._here = Instance(self.writer)
        except NoNumbers as reason:
            self._here = str(reason)

    @property
    def here(self) -> Instance:
        """Return the step in numbers. Raises NoNumbers where there are none."""
        if isinstance(self._here, str):
            raise NoNumbers(self._here)
        return self._here

    @cached_property
    def instances(self) -> Sequence[Instance]:
        """Return the step in numbers at all sizes at which it is checked, the shown ones first."""
        if isinstance(self._here, str):
            return []
        found = [self._here]
        for sizes in self._here.all_sizes[1:]:
            with suppress(NoNumbers):
                found.append(Instance(self.writer, sizes))
        return found

    # --- names ----------------------------------------------------------------------------------

    @property
    def loss(self) -> str:
        return loss_of(self.sweep)

    @property
    def Y(self) -> str:
        return self.writer.output.name

    @property
    def X(self) -> str:
        return self.link.value.name

    @property
    def dY(self) -> str:
        return self.link.gradient.name if self.link.gradient else "1"

    @property
    def dX(self) -> str:
        """Return the name of the gradient."""
        own = self.gradient
        return f"d{self.X}" if own is None else own.name.name

    @property
    def gradient(self) -> Gradient | None:
        return self.sweep.gradients.get(self.link.value)

    @property
    def view(self) -> View:
        """Return the layout that the spec has."""
        return self.opened.numerator if self.sweep.numerator else self.opened.denominator

    @property
    def formula(self) -> str:
        return self.opened.formula.text

    @property
    def is_product(self) -> bool:
        return self.step.relation == "product"

    @property
    def is_batch_apart(self) -> bool:
        batch = self.report.batch
        shapes = (self.writer.output.shape, self.link.value.shape)
        is_one_axis = all([*map(str, shape)].count(str(batch)) == 1 for shape in shapes)
        return is_one_axis and batch in self.opened.jacobian.diagonal

    @property
    def is_repeated(self) -> bool:
        """Say whether the variable as a whole is repeated, and not a sum of its entries."""
        return bool(self.opened.jacobian.summed) and self.writer.is_repeated

    @property
    def is_part(self) -> bool:
        """Say whether the step is one of several to the gradient."""
        return self.gradient is not None and self.sweep.parts(self.gradient) > 1

    def in_this_use(self, word: str) -> str:
        """Begin a sentence with a word, or, of one use of several, with that."""
        return f"Through this use, {word.lower()}" if self.is_part else word

    @property
    def stored_labels(self) -> Labels:
        """Return the labels of the gradient as the layout stores it."""
        labels = self.writer.jacobian.wrt_labels
        return matrix_turned(labels) if self.sweep.numerator else labels

    def letter(self, axis: int) -> str:
        """Return the letter of one of the variable's axes, -1 the last."""
        return self.writer.letters.of(self.writer.jacobian.wrt_labels[axis])

    def ranges(self, terms: Sum) -> list[Prose]:
        """Say how far summed letters run that no value has, so that nobody has to guess."""
        jacobian = self.writer.jacobian
        shown = {*jacobian.output_labels, *jacobian.wrt_labels, *self.writer.derivation.labels}
        shown |= {label for term in terms for each in term.factors for label in each.labels}
        every = dict.fromkeys(label for term in terms for label in term.summed)
        told = [
            f"{self.writer.letters.of(e)} < {self.writer.dim(e)}" for e in every if e not in shown
        ]
        return [Prose(f"How far letters run that no value has: {', '.join(told)}.")] if told else []

    def assumed(self) -> list[Prose]:
        """Say which values the last line takes to add up to 1."""
        every = ((self.writer.spell(tree), axis) for tree, axis in self.writer.derivation.assumed)
        text_of = "Here the entries of {} add up to 1 over {}."
        return [Prose(text_of.format(text(tree), tree.shape[axis])) for tree, axis in every]

    @cached_property
    def ends(self) -> tuple[Factor, Factor] | None:
        """Return the factors that hold the row and the column of the gradient, where two do."""
        labels, terms = self.writer.jacobian.wrt_labels, self.writer.derivation.terms
        if len(labels) < 2 or len(terms) != 1 or None in labels or self.sweep.numerator:
            return None
        factors = [f for f in terms[0].factors if f.labels]
        if len(factors) != 2 or any(len(f.labels) < 2 or None in f.labels for f in factors):
            return None
        stack = {f.labels[:-2] for f in factors}
        if stack != {labels[:-2]} and (len(labels) != 2 or len(stack) != 1):
            return None
        factors = [f._replace(labels=f.labels[-2:]) for f in factors]
        labels = labels[-2:]
        row = [f for f in factors if labels[0] in f.labels and labels[1] not in f.labels]
        column = [f for f in factors if labels[1] in f.labels and labels[0] not in f.labels]
        return (row[0], column[0]) if len(row) == len(column) == 1 else None

    def name_of(self, factor: Factor) -> str:
        """Print a factor of the index form, a sum or product of names in parentheses."""
        printed = text(self.writer.spell(factor.tree))
        return f"({printed})" if is_infix(self.writer.spell(factor.tree)) else printed

    @cached_property
    def small(self) -> str:
        """Return the letter of a small number: t, where that is no name and no index."""
        jacobian = self.writer.jacobian
        labels = (*jacobian.output_labels, *jacobian.wrt_labels)
        taken = {self.writer.letters.of(label) for label in labels if label is not None}
        taken |= {*self.sweep.graph.values, *(dim for dim, _ in self.report.dims)}
        return next((each for each in SMALL if each not in taken), "t")

    def solved(self, terms: Sum, known: Labels) -> str:
        """Print terms with their conditions solved, nothing where none is or one stays."""
        labels = {label for label in known if label is not None}
        if not all(self._says_all(term, labels) for term in terms):
            return ""
        return put(terms, labels, self.writer.letters, self.writer.spell)

    def _says_all(self, term: Term, known: set[Label]) -> bool:
        """Say whether it is seen where a solved label leaves its range: a factor has it as index.

        An average of windows has none: without its conditions it would run over all windows.
        """
        carried = {label for factor in term.factors for label in factor.labels}
        forms = forms_of(term, known) or {}
        return all(label in carried or self._stays(label, own) for label, own in forms.items())

    def _stays(self, label: Label, own: Form) -> bool:
        """Say whether a form never leaves the range of its label."""
        for here in self.instances:
            ends = [
                here.number(count) * (self.writer.dim(each).size(here.sizes) - 1)
                for each, count in own.parts
            ]
            start = here.number(own.offset)
            least = start + sum(end for end in ends if end < 0)
            most = start + sum(end for end in ends if end > 0)
            if least < 0 or most >= self.writer.dim(label).size(here.sizes):
                return False
        return bool(self.instances)

    @cached_property
    def contracted(self) -> str:
        """Print the gradient entry by entry: the last line of the chain rule, solved."""
        derivation = self.writer.derivation
        last = self.opened.contraction.lines[-1:]
        return self.solved(derivation.terms, derivation.labels) or "".join(x for x, _ in last)

    @cached_property
    def outside(self) -> str:
        """Say what an entry counts that the last line has and a value has not."""
        terms, labels = self.writer.derivation.terms, self.writer.derivation.labels
        solved = self.solved(terms, labels)
        known = {label for label in labels if label is not None}
        return "what is outside counts 0" if solved and may_leave(terms, known) else ""

    # --- pictures -------------------------------------------------------------------------------

    def box(self, name: str, tree: Tree) -> Box | None:
        """Draw a matrix; a value with one axis is a row."""
        if len(tree.shape) not in (1, 2):
            return None
        rows, columns = (
            self.here.size(tree.shape) if len(tree.shape) == 2 else (1, *self.here.size(tree.shape))
        )
        dims = tuple(map(str, tree.shape))
        return Box(name, (dims[0], dims[1]) if len(dims) == 2 else ("1", dims[0]), (rows, columns))

    def boxes(
        self, trees: Sequence[Tree], sign: str, result: Tree | None = None, clash: str = ""
    ) -> Boxes | None:
        """Draw a product, and what it makes; None where something is no matrix."""
        drawn = [self.box(text(tree), tree) for tree in trees]
        signs = [sign] * (len(drawn) - 1)
        if result is not None:
            drawn.append(self.box(self.dX, result))
            signs.append("=")
        found = tuple(each for each in drawn if each is not None)
        return Boxes(found, tuple(signs), clash) if len(found) == len(drawn) else None

    def product_boxes(self) -> Boxes | None:
        """Draw the right formula, where it is one product, by matrices or entry by entry.

        Where a number stands before it, or a sum around it, it is drawn without what it makes.
        """
        formula = self.writer.formula
        if self.is_product:
            factors = factors_in(formula)
            is_all = text(make.product(factors)) == text(formula)
            return self.boxes(factors, "@", formula if is_all else None)
        if isinstance(formula, Call) and formula.op == "mul":
            shapes = {operand.shape for operand in formula.operands}
            if shapes == {formula.shape}:
                return self.boxes(formula.operands, "*", formula)
        return None

    # --- checks ---------------------------------------------------------------------------------

    def require_formula(self, tree: Tree, *, turned: bool = False) -> None:
        """Hold a formula of the gradient to what differences give, at both sizes."""
        for instance in self.instances:
            found = instance.entries(tree)
            sizes = instance.size(tree.shape)
            for number, place in enumerate(places_of(sizes)):
                own = (*place[:-2], *place[:-3:-1]) if turned and len(place) > 1 else place
                expected = total(instance, own)
                require(are_close(found[number], expected), f"`{text(tree)}` is not the gradient")


def total(instance: Instance, place: tuple[int, ...]) -> float:
    """Say how far the loss moves with one entry of the variable, by differences."""
    return instance.totals[place]


def key_of(step: Step) -> str:
    """Name a step as `--step` takes it."""
    return f"{step.output}:{step.wrt}" + (f":{step.use}" if step.use else "")


def at_sizes(instances: Sequence[Instance]) -> str:
    """Say at which sizes something was checked: `k, m, h = 2, 3, 5 and 3, 5, 2`."""
    names = list(instances[0].sizes)
    if not names:
        return "in numbers"
    every = [", ".join(str(each.sizes[name]) for name in names) for each in instances]
    return f"at {', '.join(names)} = {' and '.join(every)}"
