"""The whole network at one point: forward values, true gradients, and what the author claims.

The true gradients are evaluated by the derived formulas, each of which has been checked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import prod
from random import Random

from shapecalc.sweep import Gradient, Sweep, known_domains
from shapecalc.tree import Leaf, Tree, leaf, leaves
from shapecalc.verify.cases import ATTEMPTS, Domain, draw, index_domains, sizes_at, symbols
from shapecalc.verify.evaluate import Evaluation, Point
from shapecalc.verify.field import Functions, NoValue, Unsupported
from shapecalc.verify.plans import Plans

ASSIGNMENTS = 2
TRIALS = 3
MOST_ENTRIES = 300_000
NO_POINT = "no point was found at which the network has a value"


class World:
    """One point. `claimed` holds the author's own gradients where those were accepted."""

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

    def require(self, names: Iterable[Leaf]) -> None:
        """Evaluate the gradients among these names that no claim needed."""
        for name in names:
            if name in self._gradients and name not in self.truth:
                found = self._gradients[name]
                self.require(leaves(found.formula))
                _evaluate(found, self.evaluation, self.truth)

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

    def value(self, tree: Tree, claimed: Mapping[Leaf, Point]) -> Point:
        """Evaluate a claim in which some gradients are the author's own."""
        self.require(leaves(tree))
        values = {**self.evaluation.values, **claimed}
        known = self.evaluation
        world = Evaluation(known.dims, values, known.functions, plans=known.plans)
        world.equations = self.evaluation.equations
        return world.at(tree)


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

    `claims` are the formulas that are claimed, and the names of the gradients that they claim: the
    gradients that these need are evaluated.
    Raises Unsupported where the field cannot carry an op, or no point has a value.
    """
    trees = [node.tree for node in sweep.graph.nodes]
    trees += [gradient.formula for gradient in sweep.gradients.values()]
    trees += [*sweep.graph.values.values(), *claims]
    equations = {node.output: node.tree for node in sweep.graph.nodes}
    dims, literals = symbols(trees, equations)
    domains = {**domains, **index_domains(trees)}
    needed = _needed(sweep, claims)
    found: list[World] = []
    for assignment in range(ASSIGNMENTS):
        sizes = sizes_at(trees, dims, literals, assignment)
        _hold_to_limit(sweep, sizes)
        points = _at_sizes(sweep, needed, sizes, domains, assignment, exact=exact)
        made = list(islice(points, TRIALS))
        if len(made) < TRIALS:
            raise Unsupported(NO_POINT)
        found += made
    return found


def _needed(sweep: Sweep, claims: Iterable[Tree]) -> frozenset[Leaf]:
    """Return the gradients that claims, and what they are compared with, are made of."""
    made = {gradient.name: gradient.formula for gradient in sweep.gradients.values()}
    needed: set[Leaf] = set()
    waiting = list(claims)
    while waiting:
        new = set(leaves(waiting.pop())) - needed
        needed |= new
        waiting += [made[name] for name in new if name in made]
    return frozenset(needed)


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
    needed: frozenset[Leaf],
    sizes: dict[str, int],
    domains: Mapping[Leaf, Domain],
    assignment: int,
    *,
    exact: bool,
) -> Iterator[World]:
    """Yield the network at points that have a value."""
    plans = Plans(sizes)
    for attempt in range(ATTEMPTS):
        random = Random(9000 + 100 * assignment + attempt + 50 * exact)
        evaluation = Evaluation(sizes, {}, Functions(random) if exact else None, plans=plans)
        try:
            yield _world(sweep, needed, evaluation, domains, random, attempt, assignment)
        except NoValue:
            continue


def _world(
    sweep: Sweep,
    needed: frozenset[Leaf],
    evaluation: Evaluation,
    domains: Mapping[Leaf, Domain],
    random: Random,
    attempt: int,
    assignment: int,
) -> World:
    network = sweep.graph.network
    evaluation.equations = {node.output: node.tree for node in sweep.graph.nodes}
    given = [sweep.graph.values[entry.name] for entry in (*network.inputs, *network.params)]
    factors = {entry.name: float(entry.value or 1) for entry in network.constants}
    factors |= {entry.name: 1.0 for entry in network.dims if entry.name not in evaluation.dims}
    for symbol, factor in factors.items():
        name = leaf(symbol, ())
        drawn = draw(name, Domain("positive"), evaluation, random, attempt)
        evaluation.values[name] = drawn._replace(floats=[factor * drawn.floats[0]])
    for name in given:
        evaluation.values[name] = draw(name, domains.get(name), evaluation, random, attempt)
    for node in sweep.graph.nodes:
        point = evaluation.at(node.tree)
        sizes = evaluation.size(node.output.shape)
        evaluation.set(node.output, point._replace(sizes=sizes))
    truth: dict[Leaf, Point] = {}
    for value, given_name in sweep.graph.upstream.items():
        gradient = sweep.given_gradient(value, given_name)
        truth[gradient] = draw(gradient, None, evaluation, random, 0)
        evaluation.set(gradient, truth[gradient])
    for found in sweep.gradients.values():
        if found.name not in needed:
            continue
        _evaluate(found, evaluation, truth)
    gradients = {found.name: found for found in sweep.gradients.values()}
    return World(evaluation, truth, gradients, assignment)


def _evaluate(found: Gradient, evaluation: Evaluation, truth: dict[Leaf, Point]) -> None:
    point = evaluation.at(found.formula)
    truth[found.name] = point._replace(sizes=evaluation.size(found.name.shape))
    evaluation.set(found.name, truth[found.name])
