"""Kinds of steps: equations alike but for their names share one derivation and one check.

A kind is derived on the first equation that has it; for every other, names and dims are put in
place of the first one's. So the work grows with the number of kinds, not of layers or of files.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from shapecalc.backprop import (
    MOST_TERMS,
    Jacobian,
    JacobianTooLarge,
    NoJacobian,
    SumsToOne,
    contribution,
    jacobian,
)
from shapecalc.dims import Dim, matrix_turned
from shapecalc.graph import Equations, Node, Use
from shapecalc.index import Factor, Labels, Sum, Term, merged_terms, with_labels
from shapecalc.matrix.joining import Unreadable
from shapecalc.records import Checked
from shapecalc.sweep.checking import TooLarge, check
from shapecalc.sweep.nested import shortest
from shapecalc.tree import (
    Leaf,
    Renaming,
    Tree,
    calls,
    deepest,
    leaf,
    with_marker,
)
from shapecalc.verify.cases import Case, Domain

Domains = Mapping[Leaf, tuple[Domain, ...]]
MOST_KINDS = 4_000  # some 40 MB; a folder of ordinary networks has a few hundred


WORK_LIMIT = 30_000
"""How many operations are derived for one spec: those of an equation for each use of a value."""
MOST_DEPTH = 120


class Question(NamedTuple):
    """What is asked: the gradient of a value through some of its uses.

    `gradients` names the gradient of each output, None for the loss. `direct` is the part of the
    value's own gradient that is given from above, where there is one.
    """

    value: Leaf
    uses: tuple[Use, ...]
    gradients: tuple[Leaf | None, ...]
    direct: Leaf | None
    is_total: bool


class Derivation(NamedTuple):
    """The answer for the first problem of a kind: index terms, formula, and how it was checked."""

    number: int
    value: Leaf
    jacobians: tuple[Jacobian, ...]
    labels: Labels
    terms: Sum
    formula: Tree
    checked: Checked
    assumed: tuple[tuple[Leaf, int], ...]
    names: tuple[str, ...]
    dims: tuple[str, ...]


class Derived:
    """A derivation with the names of one problem of its kind."""

    __slots__ = ("_renaming", "derivation", "dims", "names")

    def __init__(
        self, derivation: Derivation, names: tuple[str, ...], dims: tuple[str, ...]
    ) -> None:
        self.derivation = derivation
        self.names = names
        self.dims = dims
        self._renaming: Renaming | None = None

    @property
    def renaming(self) -> Renaming:
        """Return what puts this problem's names for the first one's."""
        if self._renaming is None:
            names = dict(zip(self.derivation.names, self.names, strict=True))
            dims = {
                old: Dim.named(new)
                for old, new in zip(self.derivation.dims, self.dims, strict=True)
            }
            self._renaming = Renaming(names, dims)
        return self._renaming

    @property
    def formula(self) -> Tree:
        """Return the formula in this problem's names."""
        return self.renaming.tree(self.derivation.formula)


class Memory:
    """The kinds met so far, in one spec or in a run over many; when full, it begins anew."""

    __slots__ = ("_known", "_made", "equations")

    def __init__(self) -> None:
        self.equations = Equations()
        self._known: dict[object, Derivation | None] = {}
        self._made = 0

    def recall(
        self, key: object, derive: Callable[[int], "Derivation | None"]
    ) -> "Derivation | None":
        """Return the derivation of a kind, made where it is new; None where there is none."""
        if key not in self._known:
            made = derive(self._made)
            if len(self._known) >= MOST_KINDS:
                self._known.clear()
            self._known[key] = made
            self._made += 1
        return self._known[key]


class Kinds:
    """The kinds of one spec's steps. `sums_to_one` and `domains` are what is known of values.

    `in_full` names the values whose gradients are checked in every way that applies, None all: for
    others a proof by algebra will do.
    """

    def __init__(
        self,
        *,
        numerator: bool,
        sums_to_one: SumsToOne,
        domains: Domains,
        memory: Memory,
        in_full: Collection[str] | None = None,
    ) -> None:
        self.in_full = in_full
        self.numerator = numerator
        self.sums_to_one = sums_to_one
        self.domains = domains
        self._told = {
            value: (sums_to_one.get(value), domains.get(value, ()))
            for value in (*sums_to_one, *domains)
            if isinstance(value, Leaf)
        }
        self._memory = memory
        self._work = 0
        self._last_asked: tuple[Node, Leaf | None] | None = None
        self._last_answer: tuple[object, tuple[str, ...], tuple[str, ...]] = ((), (), ())

    def derived(self, question: Question) -> Derived:
        """Derive and check, or recall. Raises Unreadable, TooLarge, SelfCheckFailed."""
        likeness, names, dims = self.likeness(question.uses, question.gradients, question.direct)
        places = tuple([use.occurrence for use in question.uses])
        found = self.recalled(
            (likeness, places, question.is_total, self.is_in_full(question.value)),
            lambda number: self._held(question, number, names, dims),
        )
        assert found is not None
        return Derived(found, names, dims)

    def is_in_full(self, value: Leaf) -> bool:
        """Say whether what is derived of a value is checked in every way that applies."""
        return self.in_full is None or value.name in self.in_full

    def recalled(
        self, key: object, derive: Callable[[int], "Derivation | None"]
    ) -> "Derivation | None":
        """Recall the derivation of a kind, or make it and number it."""
        return self._memory.recall((self.numerator, key), derive)

    def likeness(
        self, uses: Sequence[Use], gradients: Sequence[Leaf | None], direct: Leaf | None = None
    ) -> tuple[object, tuple[str, ...], tuple[str, ...]]:
        """Return what the equations of uses have in common with all that are alike, and their own
        names and dims.
        """
        asked = (uses[0].node, gradients[0])
        if len(uses) == 1 and direct is None and self._last_asked == asked:
            return self._last_answer  # the steps through one equation come one after another
        names: dict[str, int] = {}
        dims: dict[str, int] = {}
        key: list[object] = []
        for use, gradient in zip(uses, gradients, strict=True):
            kind = use.node.kind
            key.append(kind.number)
            for value in kind.leaves:
                key.append(names.setdefault(value.name, len(names)))
                if value in self._told:
                    key.append(self._told[value])
            key += [dims.setdefault(dim, len(dims)) for dim in kind.dims]
            key.append(gradient and names.setdefault(gradient.name, len(names)))
        if direct is not None:
            key += ("direct", names.setdefault(direct.name, len(names)))
        answer = tuple(key), tuple(names), tuple(dims)
        if len(uses) == 1 and direct is None:
            self._last_asked, self._last_answer = asked, answer
        return answer

    def _held(
        self, question: Question, number: int, names: tuple[str, ...], dims: tuple[str, ...]
    ) -> Derivation:
        """Derive, within the limits of work and of depth."""
        self._work += sum(sum(1 for _ in calls(use.node.tree)) for use in question.uses)
        if self._work > WORK_LIMIT:
            raise TooLarge("the work for one network is over its limit")
        try:
            derivation = self._derive(question, number, names, dims)
            if deepest(derivation.formula) <= MOST_DEPTH:
                return derivation
        except RecursionError:
            pass
        except JacobianTooLarge:
            raise TooLarge(f"its Jacobian has over {MOST_TERMS} terms") from None
        except NoJacobian as op:
            raise Unreadable(f"the derivative of `{op}` is not known") from None
        raise TooLarge(f"its formula nests over {MOST_DEPTH} deep")

    def _derive(
        self, question: Question, number: int, names: tuple[str, ...], dims: tuple[str, ...]
    ) -> Derivation:
        jacobians = tuple(jacobian(u.node.output, u.node.tree, u.occurrence) for u in question.uses)
        labels = jacobians[0].wrt_labels
        terms, assumed = self.contracted(jacobians, question.gradients, labels)
        if question.direct is not None:
            turned = matrix_turned(labels) if self.numerator else labels
            terms = (Term(Fraction(1), (Factor(question.direct, turned),)), *terms)
        terms = merged_terms(terms, labels)
        formula = shortest(terms, labels, question, numerator=self.numerator)
        case = self._case(question, formula, assumed)
        checked = check(
            case,
            terms,
            labels,
            numerator=self.numerator,
            in_every_way=self.is_in_full(question.value),
        )
        return Derivation(
            number,
            question.value,
            jacobians,
            labels,
            terms,
            formula,
            checked,
            assumed,
            names,
            dims,
        )

    def contracted(
        self,
        jacobians: Sequence[Jacobian],
        gradients: Sequence[Leaf | None],
        labels: Labels,
    ) -> tuple[Sum, tuple[tuple[Leaf, int], ...]]:
        """Contract each Jacobian with its upstream gradient, at common labels of the variable."""
        terms: list[Term] = []
        assumed: dict[tuple[Leaf, int], None] = {}
        for each, gradient in zip(jacobians, gradients, strict=True):
            plain = contribution(each, gradient, {}, transposed=self.numerator)
            used = contribution(each, gradient, self.sums_to_one, transposed=self.numerator)
            if len(_factors(used)) < len(_factors(plain)):
                known = [(t, a) for t, a in self.sums_to_one.items() if isinstance(t, Leaf)]
                found = {factor.tree for factor in _factors(plain)}
                assumed.update(dict.fromkeys(pair for pair in known if pair[0] in found))
            change = {
                old: new
                for old, new in zip(each.wrt_labels, labels, strict=True)
                if old is not None and new is not None
            }
            terms += [with_labels(term, change) for term in used]
        return tuple(terms), tuple(assumed)

    def _case(
        self, question: Question, formula: Tree, assumed: tuple[tuple[Leaf, int], ...]
    ) -> Case:
        """State what the formula claims; one use of several is told apart by a marker."""
        upstream = [
            (use.node.output, gradient)
            for use, gradient in zip(question.uses, question.gradients, strict=True)
        ]
        equations = [(use.node.output, use.node.tree) for use in question.uses]
        wrt = question.value
        if not question.is_total:
            (use,) = question.uses
            wrt = leaf("<wrt>", question.value.shape)
            equations = [(use.node.output, with_marker(use.node.tree, use.occurrence, wrt))]
        if question.direct is not None:
            out = leaf("<direct>", question.value.shape)
            equations.append((out, question.value))
            upstream.append((out, question.direct))
        domains = {value: known[0] for value, known in self.domains.items() if known}
        for value, axis in assumed:
            domains.setdefault(value, Domain("probabilities", axis))
        return Case(
            tuple(dict(equations).items()),
            tuple(dict(upstream).items()),
            wrt,
            question.value,
            formula,
            self.numerator,
            tuple(domains.items()),
        )


def _factors(terms: Sum) -> list[Factor]:
    return [factor for term in terms for factor in term.factors]
