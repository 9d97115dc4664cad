"""A network → whether its examples are independent: their axis, followed from equation to equation.

Examples are apart in a value where entry j of one of its axes depends on example j alone. They stay
so where each term of a Jacobian ties that axis to one of the result's. They may be added up on the
way to the loss, if the derivative by one example does not depend on the others.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shapecalc.backprop import Jacobian, JacobianTooLarge, jacobian
from shapecalc.conditions import Label, Mask
from shapecalc.graph import Node, Signature
from shapecalc.index import Factor, Labels, Term
from shapecalc.matrix.make import COMPARISONS, ELEMENTWISE
from shapecalc.matrix.printing import INFIX, text
from shapecalc.ops.build import defined
from shapecalc.ops.registry import OPS
from shapecalc.records import Independence, Mixing
from shapecalc.sweep import Link, Sweep
from shapecalc.tree import Call, Leaf, Tree, call, leaf, leaves

LONGEST_TEXT = 40
State = int | None
"""The axis along which examples are apart in a value; None where every entry may have them all."""


class Obstacle(NamedTuple):
    """Why examples are not known to be apart in a result: they are mixed, or `why` is in doubt."""

    why: str = ""


MIXED = Obstacle()


class Operand(NamedTuple):
    """One name in an equation, by its place, and the step that it makes where it makes one."""

    value: Leaf
    occurrence: int
    link: Link | None


def independence(sweep: Sweep) -> Independence | None:
    """Say whether examples are independent; None where no example reaches the loss."""
    return _Walk(sweep).verdict() if sweep.graph.batch is not None else None


class _Walk:
    def __init__(self, sweep: Sweep) -> None:
        self.graph = sweep.graph
        self.batch = sweep.graph.batch
        self.dims = frozenset(entry.name for entry in self.graph.network.dims)
        self.links = {(link.use.node.output, link.use.occurrence): link for link in sweep.links}
        self.states: dict[Leaf, State] = {}
        self._known: dict[object, State | Obstacle] = {}
        self._inner = 0

    def verdict(self) -> Independence | None:
        """Walk from the inputs to the loss."""
        assert self.batch is not None
        for entry in (*self.graph.network.inputs, *self.graph.network.params):
            self._start(self.graph.values[entry.name])
        ends = list(self.graph.upstream) if self.graph.loss is None else [self.graph.loss]
        mixed: list[Mixing] = []
        unknown: list[Mixing] = []
        for node in self._on_the_way(set(ends)):
            obstacle = self._step(node)
            if obstacle is not None:
                found = unknown if obstacle.why else mixed
                found.append(self._mixing(node, obstacle))
        if not any(end in self.states for end in ends):
            return None
        verdict = "mixed" if mixed else "undecided" if unknown else "independent"
        return Independence(self.batch, verdict, tuple(mixed or unknown))

    def _start(self, value: Leaf) -> None:
        """Take what is given: with two axes of examples, an entry relates them."""
        axes = [place for place, dim in enumerate(value.shape) if self.batch in dim.names]
        if axes:
            is_plain = len(axes) == 1 and str(value.shape[axes[0]]) == self.batch
            self.states[value] = axes[0] if is_plain else None

    def _on_the_way(self, wanted: set[Leaf]) -> list[Node]:
        """Return the equations that lead to the loss, in order."""
        found = []
        for node in reversed(self.graph.nodes):
            if node.output in wanted:
                found.append(node)
                wanted.update(leaves(node.tree))
        return found[::-1]

    def _step(self, node: Node) -> Obstacle | None:
        operands = [
            Operand(value, place, self.links.get((node.output, place)))
            for place, value in enumerate(leaves(node.tree))
        ]
        state = self._state(node.output, node.tree, operands)
        if isinstance(state, Obstacle):
            axes = [place for place, dim in enumerate(node.output.shape) if self._is_batch(dim)]
            self.states[node.output] = axes[0] if len(axes) == 1 else None
            return state
        if any(operand.value in self.states for operand in operands):
            self.states[node.output] = state
        return None

    def _is_batch(self, dim: object) -> bool:
        return str(dim) == self.batch

    # --- one equation ---------------------------------------------------------------------------

    def _state(self, output: Leaf, tree: Tree, operands: Iterable[Operand]) -> State | Obstacle:
        """Tell where examples are in a result; None too where there are none at all."""
        found: dict[State, None] = {}
        for operand in operands:
            if operand.value in self.states:
                state = self._through(output, tree, operand)
                if isinstance(state, Obstacle):
                    return state
                found[state] = None
        if len(found) > 1:
            return MIXED
        state = next(iter(found), None)
        spread = found and state is None and any(map(self._is_batch, output.shape))
        return MIXED if spread else state

    def _through(self, output: Leaf, tree: Tree, operand: Operand) -> State | Obstacle:
        """Follow the examples of one operand; once for equations alike."""
        axis = self.states[operand.value]
        states = tuple(self.states.get(name, "none") for name in leaves(tree))
        key = (self._kind(output, tree, operand), operand.occurrence, axis, states)
        if key not in self._known:
            self._known[key] = MIXED  # a maximum's derivative asks where the maximum itself is
            self._known[key] = self._followed(output, tree, operand.occurrence, axis)
        return self._known[key]

    def _kind(self, output: Leaf, tree: Tree, operand: Operand) -> object:
        if operand.link is not None:
            return operand.link.derived.derivation.number
        signature = Signature(self.dims)
        signature.tree(tree)
        signature.value(output)
        return tuple(signature.tokens)

    def _followed(self, output: Leaf, tree: Tree, occurrence: int, axis: State) -> State | Obstacle:
        try:
            found = jacobian(output, tree, occurrence)
        except (JacobianTooLarge, RecursionError):
            return Obstacle("its Jacobian is too large")
        if not found.terms:
            return self._op_by_op(tree, occurrence, axis)
        if axis is None:
            touched = any(self._has_examples(f.tree, output) for f in _factors(found))
            return MIXED if touched else None
        label = found.wrt_labels[axis]
        assert label is not None
        ties = [_tied_to(term, label, found.output_labels) for term in found.terms]
        if any(isinstance(tie, Obstacle) for tie in ties) or len(set(ties)) > 1:
            return next((tie for tie in ties if isinstance(tie, Obstacle)), MIXED)
        if ties[0] is None and not all(self._is_own(f, label, output) for f in _factors(found)):
            return MIXED
        return ties[0]

    def _op_by_op(self, tree: Tree, occurrence: int, axis: State) -> State | Obstacle:
        """Follow an axis where the derivative is 0, through the ops around a name, inmost first.

        There the Jacobian says nothing: a step depends on what it compares all the same.
        """
        if axis is None:
            return MIXED
        state: State | Obstacle = axis
        for call_, place in reversed(_way_to(tree, occurrence)):
            if isinstance(state, Obstacle):
                break
            self._inner += 1
            part = leaf(f"<part {self._inner}>", call_.operands[place].shape)
            self.states[part] = state
            operands = (*call_.operands[:place], part, *call_.operands[place + 1 :])
            state = self._through_op(call(call_.op, operands, call_.attributes, call_.shape), place)
        return state

    def _through_op(self, tree: Call, place: int) -> State | Obstacle:
        """Follow the examples of one operand, a name, through one op."""
        part, op = tree.operands[place], OPS[tree.op]
        assert isinstance(part, Leaf)
        axis = self.states[part]
        before = sum(1 for operand in tree.operands[:place] for _ in leaves(operand))
        if jacobian(_result(tree), tree, before).terms:
            return self._followed(_result(tree), tree, before, axis)
        if axis is None:
            return MIXED
        if op.derivative is not None or op.name in ELEMENTWISE | COMPARISONS:
            return _lined_up(tree, place, axis)
        if op.operands[place] in op.indices and _lined_up(tree, place, axis) is not None:
            return _lined_up(tree, place, axis)
        if op.definition is None:
            return Obstacle(f"{tree.op} has the derivative 0")
        meaning = defined(op, tree.operands, tree.attributes)
        uses = [use for use, name in enumerate(leaves(meaning)) if name is part]
        found = {self._followed(_result(tree), meaning, use, axis) for use in uses}
        return found.pop() if len(found) == 1 else MIXED

    def _has_examples(self, tree: Tree, output: Leaf) -> bool:
        return any(name is output or name in self.states for name in leaves(tree))

    def _is_own(self, factor: Factor, label: Label, output: Leaf) -> bool:
        """Say whether a factor depends on one example alone, that of a label."""
        if not self._has_examples(factor.tree, output):
            return True
        if any(name is output for name in leaves(factor.tree)):
            return False
        state = self._of_part(factor.tree)
        return isinstance(state, int) and factor.labels[state] is label

    def _of_part(self, tree: Tree) -> State | Obstacle:
        """Tell where examples are in a part of an equation."""
        if isinstance(tree, Leaf):
            return self.states.get(tree)
        operands = [Operand(value, place, None) for place, value in enumerate(leaves(tree))]
        return self._state(_result(tree), tree, operands)

    # --- words ----------------------------------------------------------------------------------

    def _mixing(self, node: Node, obstacle: Obstacle) -> Mixing:
        by = self._culprit(node.tree) if not obstacle.why else obstacle.why
        return Mixing(by, node.output.name, node.source.expression_span.line)

    def _culprit(self, tree: Tree) -> str:
        """Name the innermost op that mixes, or what it takes of all examples."""
        for part in _parts(tree):
            if isinstance(self._of_part(part), Obstacle):
                return self._culprit(part)
        for part in _parts(tree, with_leaves=True):
            if any(name in self.states for name in leaves(part)) and self._of_part(part) is None:
                return _short(part, tree)
        return _short(tree, tree)


def _result(tree: Tree) -> Leaf:
    """Return a name for what a part of an equation makes."""
    return leaf("<result>", tree.shape)


def _parts(tree: Tree, *, with_leaves: bool = False) -> Iterator[Tree]:
    if isinstance(tree, Call):
        yield from (part for part in tree.operands if with_leaves or isinstance(part, Call))


def _short(tree: Tree, around: Tree) -> str:
    """Name a call by its op; what has signs, and a name, as it is written."""
    written = text(tree)
    if isinstance(tree, Call) and (tree is around or len(written) > LONGEST_TEXT):
        is_plain = tree.op not in INFIX and tree.op in OPS
        return tree.op if is_plain or len(written) > LONGEST_TEXT else f"`{written}`"
    return f"`{written}`"


def _factors(found: Jacobian) -> Iterator[Factor]:
    return (factor for term in found.terms for factor in term.factors)


def _tied_to(term: Term, label: Label, output: Labels) -> State | Obstacle:
    """Return the axis of the result to which a term ties a label; None where it ties it to none."""
    pairs = [pair for pair in term.deltas if label in pair]
    others = {pair.right if pair.left is label else pair.left for pair in pairs}
    places = [place for place, each in enumerate(output) if each is not None and each in others]
    if places:
        return MIXED if len(places) > 1 else places[0]
    for condition in term.conditions:
        if label not in condition.labels:
            continue
        if not isinstance(condition, Mask):
            return Obstacle("it renumbers the examples")
        if not set(condition.labels).isdisjoint(output):
            return MIXED
    return None


def _lined_up(tree: Call, place: int, axis: State) -> State:
    """Return the axis of the result that has the letter of an operand's axis; None: there is none.

    For ops that work entry by entry.
    """
    bound = OPS[tree.op].bound(tuple(each.shape for each in tree.operands), tree.attributes)
    letter = None if axis is None else bound.operands[place][axis]
    return bound.output.index(letter) if letter in bound.output and letter is not None else None


def _way_to(tree: Tree, occurrence: int) -> list[tuple[Call, int]]:
    """Return the calls around one occurrence of a name, the outermost first, with its operand."""
    way: list[tuple[Call, int]] = []
    while isinstance(tree, Call):
        counts = [sum(1 for _ in leaves(operand)) for operand in tree.operands]
        place = next(p for p in range(len(counts)) if occurrence < sum(counts[: p + 1]))
        occurrence -= sum(counts[:place])
        way.append((tree, place))
        tree = tree.operands[place]
    return way


__all__ = ["independence"]
