"""The reverse sweep over a graph: every gradient that is asked for, and the steps that make it.

Nothing is expanded across equations, with one exception: an activation followed by its loss is one
link where that is plainer, `dZ2 = (A2 - Y) / m`.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from shapecalc.diagnostics import Finding
from shapecalc.dims import matrix_turned
from shapecalc.graph import Graph, Node, Use
from shapecalc.matrix import make
from shapecalc.matrix.joining import Unreadable
from shapecalc.records import Checked
from shapecalc.sweep.checking import SelfCheckFailed, TooLarge
from shapecalc.sweep.facts import known_domains, known_sums
from shapecalc.sweep.fused import fused_link
from shapecalc.sweep.kinds import Derived, Kinds, Memory, Question
from shapecalc.sweep.reach import asked_values, moved_by, seen_by_loss
from shapecalc.tree import Call, Leaf, Tree, leaf

FUSED = ("softmax", "log_softmax", "sigmoid")


class Link(NamedTuple):
    """A step: one use of a value in an equation, and what it adds to the value's gradient."""

    use: Use
    value: Leaf
    gradient: Leaf | None
    derived: Derived


class Gradient(NamedTuple):
    """The gradient of a value: its name and formula, and the steps that contribute to it.

    `fused_with` is the loss equation where activation and loss are one link. `derived` is None
    where the formula needed no derivation: it is `given`, or zero.
    """

    value: Leaf
    name: Leaf
    links: tuple[Link, ...]
    derived: Derived | None
    given: Tree | None = None
    fused_with: Node | None = None

    @property
    def formula(self) -> Tree:
        """Return the formula, in this network's names."""
        if self.derived is not None:
            return self.derived.formula
        assert self.given is not None
        return self.given

    @property
    def is_one(self) -> bool:
        """Say whether the formula is the number 1, which no renaming changes."""
        tree = self.given if self.derived is None else self.derived.derivation.formula
        return tree is not None and make.is_number(tree, 1)

    @property
    def checked(self) -> Checked:
        """Return how the formula was checked."""
        if self.derived is None:
            return Checked(canonical=True, components=None, exact=None, note="")
        return self.derived.derivation.checked


class Sweep(NamedTuple):
    """All gradients in the order in which backpropagation makes them, and all steps."""

    graph: Graph
    gradients: dict[Leaf, Gradient]
    links: tuple[Link, ...]
    findings: tuple[Finding, ...]
    numerator: bool
    broken: frozenset[Leaf]

    def given_gradient(self, value: Leaf, name: str) -> Leaf:
        """Return the leaf of a gradient that is given, in the shape that the layout gives it."""
        return leaf(name, matrix_turned(value.shape) if self.numerator else value.shape)

    def parts(self, gradient: Gradient) -> int:
        """Return how many parts a gradient adds up: one for each use, and what is given."""
        return len(gradient.links) + (gradient.value in self.graph.upstream)

    @property
    def assumed(self) -> tuple[tuple[Leaf, int], ...]:
        """Return the values whose entries were taken to sum to 1 along an axis."""
        found: dict[tuple[Leaf, int], None] = {}
        for gradient in self.gradients.values():
            if gradient.derived is not None:
                for old, axis in gradient.derived.derivation.assumed:
                    found[gradient.derived.renaming.tree(old), axis] = None  # type: ignore[index]  # leaves stay leaves
        return tuple(found)


def sweep(
    graph: Graph,
    asked: Iterable[str],
    memory: Memory | None = None,
    in_full: Collection[str] | None = None,
) -> Sweep:
    """Derive the gradients of the params, of the values asked for, and of all on the way there.

    `in_full` names those that are checked in every way that applies, None all; for others a proof
    by algebra will do.
    A memory that is handed from spec to spec spares deriving and checking a kind twice.
    """
    return _Sweep(graph, asked, memory or Memory(), in_full).run()


def _by_node(uses: dict[Leaf, list[Use]]) -> dict[Leaf, list[tuple[Leaf, Use]]]:
    """Return the uses in each equation, in the order in which a reader meets them."""
    table: dict[Leaf, list[tuple[Leaf, Use]]] = {}
    for value, found in uses.items():
        for use in found:
            table.setdefault(use.node.output, []).append((value, use))
    for pairs in table.values():
        pairs.sort(key=lambda pair: pair[1].occurrence)
    return table


class _Sweep:
    def __init__(
        self,
        graph: Graph,
        asked: Iterable[str],
        memory: Memory,
        in_full: Collection[str] | None,
    ) -> None:
        self.graph = graph
        self.numerator = graph.network.layout == "numerator"
        self.uses = graph.uses()
        self.by_node = _by_node(self.uses)
        self.names: dict[Leaf, Leaf] = {}
        self.asked = asked_values(graph, asked)
        self.findings: list[Finding] = []
        self.gradients: dict[Leaf, Gradient] = {}
        self.links: dict[Use, Link] = {}
        self.broken: set[Leaf] = set()  # a step to them failed: a part alone would be wrong
        self.kinds = Kinds(
            numerator=self.numerator,
            sums_to_one=known_sums(graph),
            domains=known_domains(graph),
            memory=memory,
            in_full=in_full,
        )
        self.moved = moved_by(self.asked, graph)
        self.seen = seen_by_loss(graph)

    def _uses_in(self, node: Node) -> list[tuple[Leaf, Use]]:
        return self.by_node.get(node.output, [])

    def run(self) -> Sweep:
        """Walk the equations from the last to the first."""
        if self.seen:
            last = self._last_node_of_each()
            for node in reversed(self.graph.nodes):
                self._gradient_of(node.output)
                self._steps_of(node)
                for value in last.get(node.output, ()):
                    self._gradient_of(value)
            if not self.graph.lost:
                for value in self.asked:
                    self._unreached(value)
        links = tuple(self.links.values())
        found = tuple(self.findings)
        broken = frozenset(self.broken)
        return Sweep(self.graph, self.gradients, links, found, self.numerator, broken)

    def _last_node_of_each(self) -> dict[Leaf, list[Leaf]]:
        """Return, for each equation, the inputs and params whose first use it is."""
        made = {node.output for node in self.graph.nodes}
        found: dict[Leaf, list[Leaf]] = {}
        for value, uses in self.uses.items():
            if value not in made:
                found.setdefault(uses[0].node.output, []).append(value)
        return found

    def _steps_of(self, node: Node) -> None:
        if node.output not in self.seen or node.output not in self.moved:
            return
        gradient = self._upstream_of(node.output)
        for value, use in self._uses_in(node):
            if value not in self.moved:
                continue
            if node.output in self.broken:
                self.broken.add(value)
            else:
                self._step(value, use, gradient)

    def _step(self, value: Leaf, use: Use, gradient: Leaf | None) -> None:
        question = Question(value, (use,), (gradient,), None, is_total=False)
        derived = self._derived(question)
        if derived is None:
            self.broken.add(value)
        elif derived.derivation.terms:
            self.links[use] = Link(use, value, gradient, derived)

    def _derived(self, question: Question) -> Derived | None:
        node = question.uses[0].node
        place = node.source.expression_span
        step = f"{node.output.name}:{question.value.name}"
        try:
            return self.kinds.derived(question)
        except Unreadable as reason:
            message = f"the step {step} has no formula in this version: {reason}"
            self.findings.append(Finding("SC212", place, message, "split the equation"))
        except TooLarge as reason:
            message = f"the step {step} is too large to derive: {reason}"
            self.findings.append(Finding("SC901", place, message, "split the equation"))
        except SelfCheckFailed as failure:
            message = f"step {step} failed its own check: {failure}"
            self.findings.append(
                Finding("SC902", place, message, "this is our bug: please report it")
            )
        return None

    def gradient_leaf(self, value: Leaf, name: str) -> Leaf:
        """Return the leaf of a gradient, in the shape that the layout gives it."""
        return leaf(name, matrix_turned(value.shape) if self.numerator else value.shape)

    def _upstream_of(self, value: Leaf) -> Leaf | None:
        """Return the gradient that a step is handed; None where it is 1, as the loss's own is."""
        if self._counts_as_loss(value):
            return None
        return self._name(value)

    def _name(self, value: Leaf) -> Leaf:
        """Return the name of a value's whole gradient."""
        name = self.names.get(value)
        if name is None:
            name = self.names[value] = self.gradient_leaf(value, self._total_name(value))
        return name

    def _counts_as_loss(self, value: Leaf) -> bool:
        """Say whether a value is the loss, or a term of it: `L` in `J = L + penalty`."""
        gradient = self.gradients.get(value)
        is_one = gradient is not None and gradient.is_one
        return value is self.graph.loss or (is_one and value not in self.graph.upstream)

    def _total_name(self, value: Leaf) -> str:
        given = self.graph.upstream.get(value)
        if given is None:
            return f"d{value.name}"
        return f"{given}_total" if self._live_uses(value) else given

    def _live_uses(self, value: Leaf) -> list[Use]:
        return [use for use in self.uses.get(value, []) if use.node.output in self.seen]

    def _gradient_of(self, value: Leaf) -> None:
        if value in self.gradients or value is self.graph.loss:
            return
        if value not in self.moved or value not in self.seen or value in self.broken:
            return
        name = self._name(value)
        links = tuple(self.links[use] for use in self._live_uses(value)[::-1] if use in self.links)
        if self.graph.upstream.get(value) == name.name:
            return
        fused = self._fused(value, links)
        if fused is not None:
            self.gradients[value] = fused
        elif len(links) == 1 and value not in self.graph.upstream:
            derived = links[0].derived
            self.gradients[value] = Gradient(value, name, links, derived)
        else:
            self._total(value, name, links)

    def _total(self, value: Leaf, name: Leaf, links: tuple[Link, ...]) -> None:
        """Add up the steps of a value that is used more than once."""
        given = self.graph.upstream.get(value)
        direct = None if given is None else self.gradient_leaf(value, given)
        if not links and direct is None:
            self._zero(value, name)
            return
        if not links:
            assert direct is not None
            self.gradients[value] = Gradient(value, name, (), None, direct)
            return
        ordered = links[::-1]  # the equations in their order, as a check evaluates them
        uses = tuple(link.use for link in ordered)
        gradients = tuple(link.gradient for link in ordered)
        derived = self._derived(Question(value, uses, gradients, direct, is_total=True))
        if derived is not None:
            self.gradients[value] = Gradient(value, name, links, derived)

    def _zero(self, value: Leaf, name: Leaf) -> None:
        self.gradients[value] = Gradient(value, name, (), None, make.zeros(name.shape))

    def _unreached(self, value: Leaf) -> None:
        """Give a value that does not reach the loss the gradient 0."""
        if value not in self.gradients and value not in self.seen:
            self._zero(value, self.gradient_leaf(value, f"d{value.name}"))

    def _fused(self, value: Leaf, links: tuple[Link, ...]) -> Gradient | None:
        """Take activation and loss as one link, where that is plainer."""
        if len(links) != 1 or self.graph.loss is None or value in self.graph.upstream:
            return None
        activation = links[0].use.node
        like = activation.template.tree
        if not (isinstance(like, Call) and like.op in FUSED):
            return None
        after = self._live_uses(activation.output)
        if not after or not all(self._counts_as_loss(use.node.output) for use in after):
            return None
        try:
            derived = fused_link(self.kinds, links[0].use, value, tuple(after))
        except (RecursionError, TooLarge, Unreadable):
            return None  # together they are too large; each step has its formula
        except SelfCheckFailed as failure:
            place = activation.source.expression_span
            message = f"step {activation.output.name}:{value.name} failed its own check: {failure}"
            self.findings.append(
                Finding("SC902", place, message, "this is our bug: please report it")
            )
            return None
        if derived is None:
            return None
        name = self.gradient_leaf(value, f"d{value.name}")
        return Gradient(value, name, links, derived, fused_with=after[0].node)
