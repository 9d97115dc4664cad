"""The whole network at one point: forward values, true gradients, and what the author claims.

The true gradients are evaluated by the derived formulas, each of which has been checked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import prod
from random import Random

from shapecalc.sweep import Gradient, Sweep, known_domains
from shapecalc.tree import Leaf, Tree, leaf, leaves
from shapecalc.verify.cases import (
    ATTEMPTS,
    Domain,
    draw,
    index_domains,
    sizes_at,
    symbols,
    with_roots,
)
from shapecalc.verify.duals import as_float
from shapecalc.verify.evaluate import Evaluation, Point
from shapecalc.verify.field import Functions, NoValue, Unsupported
from shapecalc.verify.plans import Plans

ASSIGNMENTS = 2
TRIALS = 3
MOST_ENTRIES = 300_000
SMALL = 2
"""Of four points in floats, the one at which values are small: exp(60 * x) hides what is added."""
NO_POINT = "no point was found at which the network has a value"


class World:
    """One point: the forward values, and the gradients that someone asked for."""

    def __init__(
        self,
        evaluation: Evaluation,
        truth: dict[Leaf, Point],
        gradients: Mapping[Leaf, Gradient],
        assignment: int,
    ) -> None:
        self.evaluation = evaluation
        self.truth = truth
        self.assignment = assignment
        self._gradients = gradients
        self._order = {name: place for place, name in enumerate(gradients)}

    def require(self, names: Iterable[Leaf]) -> None:
        """Evaluate the gradients among these names, and those that they are made of."""
        missing: dict[Leaf, None] = {}
        waiting = [name for name in names if name in self._gradients]
        while waiting:
            name = waiting.pop()
            if name in self.truth or name in missing:
                continue
            missing[name] = None
            used = set(leaves(self._gradients[name].formula))
            waiting += [each for each in used if each in self._gradients]
        for name in sorted(missing, key=self._order.__getitem__):
            _evaluate(self._gradients[name], self.evaluation, self.truth)

    @property
    def entries(self) -> int:
        """Return how many numbers there are in all forward values."""
        return sum(
            len(point.floats or point.exact or ()) for point in self.evaluation.values.values()
        )

    def gradient(self, name: Leaf) -> Point:
        """Return the true gradient of a name."""
        self.require((name,))
        return self.truth[name]

    def value(self, tree: Tree) -> Point:
        """Evaluate a formula."""
        self.require(leaves(tree))
        return self.evaluation.at(tree)


def domains_of(sweep: Sweep) -> dict[Leaf, Domain]:
    """Return what is known of the entries of values: probabilities, one-hot, positive."""
    every = known_domains(sweep.graph).items()
    domains = {value: each for value, known in every for each in known}
    for value, axis in sweep.assumed:
        domains.setdefault(value, Domain("probabilities", axis))
    return domains


def worlds(
    sweep: Sweep, claims: Sequence[Tree], domains: Mapping[Leaf, Domain], *, exact: bool
) -> list[World]:
    """Evaluate the network at some points: at two assignments of sizes, exactly or in floats.

    `claims` are the formulas that will be evaluated: of their numbers and dims no two are alike.
    Raises Unsupported where the field cannot carry an op, or no point has a value.
    """
    found: list[World] = []
    for assignment in range(ASSIGNMENTS):
        made = list(islice(_at_sizes(sweep, claims, domains, assignment, exact=exact), TRIALS))
        if len(made) < TRIALS:
            raise Unsupported(NO_POINT)
        found += made
    return found


def one_world(
    sweep: Sweep, claims: Sequence[Tree], domains: Mapping[Leaf, Domain], *, exact: bool
) -> World:
    """Evaluate the network at one point. Raises Unsupported."""
    found = next(_at_sizes(sweep, claims, domains, 0, exact=exact), None)
    if found is None:
        raise Unsupported(NO_POINT)
    return found


def _hold_to_limit(sweep: Sweep, sizes: Mapping[str, int]) -> None:
    """Refuse a network that would fill the memory, at sizes that differ from all its numbers."""
    count = 0
    for value in sweep.graph.values.values():
        count += prod(dim.size(sizes) for dim in value.shape)
        if count > MOST_ENTRIES:
            reason = f"at the sizes tried, the network has over {MOST_ENTRIES:,} entries"
            raise Unsupported(reason)


def _at_sizes(
    sweep: Sweep,
    claims: Sequence[Tree],
    domains: Mapping[Leaf, Domain],
    assignment: int,
    *,
    exact: bool,
) -> Iterator[World]:
    """Yield the network at points that have a value."""
    trees = [node.tree for node in sweep.graph.nodes]
    trees += [gradient.formula for gradient in sweep.gradients.values()]
    trees += [*sweep.graph.values.values(), *claims]
    dims, literals = symbols(trees, {node.output: node.tree for node in sweep.graph.nodes})
    sizes = sizes_at(trees, dims, literals, assignment)
    _hold_to_limit(sweep, sizes)
    plans, known = Plans(sizes), {**with_roots(trees, domains), **index_domains(trees)}
    for attempt in range(ATTEMPTS):
        random = Random(9000 + 100 * assignment + attempt + 50 * exact)
        evaluation = Evaluation(sizes, {}, Functions(random) if exact else None, plans=plans)
        try:
            yield _world(sweep, evaluation, known, random, attempt, assignment)
        except NoValue:
            continue


def _world(
    sweep: Sweep,
    evaluation: Evaluation,
    domains: Mapping[Leaf, Domain],
    random: Random,
    attempt: int,
    assignment: int,
) -> World:
    network = sweep.graph.network
    evaluation.equations = {node.output: node.tree for node in sweep.graph.nodes}
    given = [sweep.graph.values[entry.name] for entry in (*network.inputs, *network.params)]
    factors = {entry.name: as_float(entry.value or 1) for entry in network.constants}
    factors |= {entry.name: 1.0 for entry in network.dims if entry.name not in evaluation.dims}
    for symbol, factor in factors.items():
        name = leaf(symbol, ())
        drawn = draw(name, Domain("positive"), evaluation, random, attempt)
        evaluation.values[name] = drawn._replace(floats=[factor * drawn.floats[0]])
    for name in given:
        drawn = draw(name, domains.get(name), evaluation, random, attempt)
        if evaluation.functions is None and name not in domains and attempt % 4 == SMALL:
            drawn = drawn._replace(floats=[each / 10 for each in drawn.floats])
        evaluation.values[name] = drawn
    for node in sweep.graph.nodes:
        point = evaluation.at(node.tree)
        sizes = evaluation.size(node.output.shape)
        evaluation.set(node.output, point._replace(sizes=sizes))
    truth: dict[Leaf, Point] = {}
    for value, given_name in sweep.graph.upstream.items():
        gradient = sweep.given_gradient(value, given_name)
        truth[gradient] = draw(gradient, None, evaluation, random, 0)
        evaluation.set(gradient, truth[gradient])
    gradients = {found.name: found for found in sweep.gradients.values()}
    return World(evaluation, truth, gradients, assignment)


def _evaluate(found: Gradient, evaluation: Evaluation, truth: dict[Leaf, Point]) -> None:
    point = evaluation.at(found.formula)
    truth[found.name] = point._replace(sizes=evaluation.size(found.name.shape))
    evaluation.set(found.name, truth[found.name])
