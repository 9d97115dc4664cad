"""One step at small sizes: every value gets numbers, and the equation can be run on them.

The index form is evaluated here entry by entry, from its letters alone, and compared with what the
equation does when an entry is moved: two ways that share no step with the formula.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from math import isfinite, prod
from operator import mul
from random import Random

from shapecalc.conditions import Label
from shapecalc.dims import Dim, Shape, matrix_turned
from shapecalc.index import Labels, Sum, Term
from shapecalc.matrix.entries import Spell
from shapecalc.records.explained import Matrix
from shapecalc.report.steps import StepWriter
from shapecalc.sweep import known_domains, known_sums
from shapecalc.teach.sizes import LARGEST, NoSizes, are_whole, count, sizes_of, spread
from shapecalc.teach.terms import Array, Evaluated, steps_of
from shapecalc.tree import Call, Leaf, Tree, constants, leaf, leaves, with_marker
from shapecalc.verify.cases import ATTEMPTS, Case, Domain, draw, drawn, index_domains, symbols
from shapecalc.verify.evaluate import Evaluation, Point
from shapecalc.verify.field import NoValue, Unsupported
from shapecalc.verify.plans import Plans
from shapecalc.verify.structured import MATRIX_PROPERTIES

UPSTREAM = (1, 2, -1, 3, -2, 4, 2, -3, 1, 5, -1)
OTHERS = (2, -1, 3, 1, 0, 1, 4, -2, 5, 3, -3, 2, 1)
NONZERO = (2, -1, 3, 1, -2, 1, 4, -3, 5, 3, -1, 2, 1)
STEP = 1e-5
CLOSE = 1e-6
AT_ONCE = 16
"""How many entries are moved in one evaluation."""
FREE = ("positive", "nonzero")
"""What the streams of numbers have anyway, the last one or the second."""

NEVER_BELOW_0 = frozenset({"abs", "exp", "relu", "sigmoid", "softmax", "softplus", "sqrt"})
"""Ops whose output has no numbers below 0, so that none are shown where it is used."""

Place = tuple[int, ...]


class NoNumbers(Exception):
    """There are no small sizes or values at which a step can be shown: why."""


class CheckFailed(Exception):
    """Something that would be printed is not so: what."""


def places_of(sizes: Sequence[int]) -> Iterator[Place]:
    """Yield the places of an array, the last index fastest."""
    yield from product(*map(range, sizes))


def flat(place: Place, sizes: Sequence[int]) -> int:
    """Return where an entry stands in the flat array."""
    at = 0
    for index, size in zip(place, sizes, strict=True):
        at = at * size + index
    return at


def are_close(one: float, other: float) -> bool:
    """Say whether two numbers are one but for rounding."""
    return isfinite(one) and abs(one - other) <= CLOSE * max(1.0, abs(one), abs(other))


class Instance:
    """A step with numbers. Raises NoNumbers where there are none to be had."""

    def __init__(self, writer: StepWriter, sizes: Mapping[str, int] | None = None) -> None:
        self.writer = writer
        self.link = writer.link
        self.jacobian = writer.jacobian
        self.output = writer.output
        self.value = writer.link.value
        self.upstream = writer.link.gradient
        self.marker = leaf("<wrt>", self.value.shape)
        self.tree = with_marker(self.link.use.node.tree, self.link.use.occurrence, self.marker)
        self.dims = _dims_of(self._trees())
        try:
            found = sizes_of(self.dims, self._shape)
        except NoSizes as reason:
            raise NoNumbers(str(reason)) from None
        shown = [spread(each, self.dims, self._mixed()) for each in found]
        every = [each for at, each in enumerate(shown + found) if each not in (shown + found)[:at]]
        self.all_sizes = every[: len(found)]
        self.sizes = {**self.all_sizes[0], **(sizes or {})}
        if not are_whole(self.dims, self.sizes):
            raise NoNumbers("a dim is no whole number at these sizes")
        self.out_sizes = self.size(self.output.shape)
        self.wrt_sizes = self.size(self.value.shape)
        if sizes is not None and count(self._shape, self.sizes) > LARGEST:
            raise NoNumbers("its Jacobian is too large to be written out at these sizes")
        self._terms: dict[tuple[int, bool, tuple[Label, ...]], tuple[Term, Evaluated]] = {}
        self.world = self._world()

    # --- sizes ----------------------------------------------------------------------------------

    def size(self, shape: Shape) -> tuple[int, ...]:
        """Return a shape in numbers."""
        return tuple(dim.size(self.sizes) for dim in shape)

    @property
    def _shape(self) -> Shape:
        return self.output.shape + self.value.shape

    def _trees(self) -> list[Tree]:
        trees = [self.output, self.value, self.link.use.node.tree, self.writer.formula]
        return trees if self.upstream is None else [*trees, self.upstream]

    def _mixed(self) -> list[Dim]:
        """Return the dims of the value along which terms of the index form mix its entries."""
        if len(self.jacobian.terms) < 2:
            return []
        tied = {label for delta in self.writer.tied for label in delta}
        labels = (label for label in self.jacobian.wrt_labels if label is not None)
        return [self.writer.dim(label) for label in labels if label not in tied]

    # --- values ---------------------------------------------------------------------------------

    def _world(self) -> Evaluation:
        """Find values at which the equation runs and moves as its index form says."""
        reason = "no values were found at which it can be run"
        is_wrong = False
        for values in self._tries():
            try:
                world = Evaluation(self.sizes, values, None)
                world.set(self.output, world.at(self.tree))
                self.world = world
                if all(map(isfinite, self.entries(self.output))):
                    if self._moves_as_told():
                        return world
                    is_wrong = True
            except (NoValue, OverflowError, ZeroDivisionError):
                continue
            except Unsupported as unsupported:
                reason = str(unsupported)
        if is_wrong:
            raise CheckFailed("its index form is not what differences give")
        raise NoNumbers(reason)

    def _tries(self) -> Iterator[dict[Leaf, Point]]:
        names = self._names()
        for stream in (OTHERS, NONZERO, tuple(abs(each) for each in NONZERO)):
            try:
                yield self._whole(names, stream)
            except NoValue:
                continue
        case = self._case()
        for attempt in range(ATTEMPTS // 4):
            try:
                plans = Plans(self.sizes)
                values = drawn(case, plans, {attempt: Random(7 + attempt)}, None).values
            except NoValue:
                continue
            yield dict(values)

    def named(self) -> list[Leaf]:
        """Return the names that have numbers: those that were given, and the output."""
        return [*self._names(), self.output]

    def _names(self) -> list[Leaf]:
        """Return the names that need a value: those of the equation, then the upstream."""
        trees = self._trees()[2:]
        found = [name for tree in trees for name in (*leaves(tree), *constants(tree))]
        names = [n for n in dict.fromkeys(found) if n is not self.output]
        return [n for n in names if n.shape or n.name not in self.sizes]

    def _domains(self, names: Iterable[Leaf]) -> dict[Leaf, Domain]:
        known = known_domains(self.writer.graph)
        picked = index_domains(self._trees())
        found = {name: known[name][0] for name in names if known.get(name)}
        for value, axis in self.writer.derivation.assumed:
            spelled = self.writer.spell(value)
            if isinstance(spelled, Leaf):
                found[spelled] = Domain("one-hot-only", axis)
        return {**found, **{name: domain for name, domain in picked.items() if name in names}}

    @property
    def special(self) -> list[str]:
        """Return the names of matrices that are assumed to be of a kind: symmetric, orthogonal."""
        domains = self._domains(self._names())
        return [name.name for name, each in domains.items() if each.property in MATRIX_PROPERTIES]

    def _whole(self, names: Sequence[Leaf], stream: Sequence[int]) -> dict[Leaf, Point]:
        values: dict[Leaf, Point] = {}
        domains = self._domains(names)
        constants_of = {
            each.name: None if each.value is None else float(each.value)
            for each in self.writer.graph.network.constants
        }
        world = Evaluation(self.sizes, values, None)
        never_below_0 = self._never_below_0()
        at = 0
        for name in names:
            sizes = self.size(name.shape)
            count = prod(sizes)
            if (given := constants_of.get(name.name)) is not None:
                entries = [given]
            elif name in domains and domains[name].property not in FREE:
                entries = draw(name, domains[name], world, Random(7), 0).floats
            elif name is self.upstream:
                entries = [float(UPSTREAM[i % len(UPSTREAM)]) for i in range(count)]
            else:
                entries = [float(stream[(at + i) % len(stream)]) for i in range(count)]
                at += count
                if name in never_below_0:
                    entries = [abs(entry) for entry in entries]
            values[name] = Point(sizes, entries)
        values[self.marker] = values[self.value]
        return values

    def _never_below_0(self) -> set[Tree]:
        """Return probabilities, and what an op makes that gives nothing below 0."""
        graph = self.writer.graph
        calls = ((node.output, node.tree) for node in graph.nodes if isinstance(node.tree, Call))
        return {*known_sums(graph), *(name for name, call in calls if call.op in NEVER_BELOW_0)}

    def _case(self) -> Case:
        domains = self._domains(self._names())
        return Case(
            ((self.output, self.tree),),
            ((self.output, self.upstream),),
            self.marker,
            self.value,
            self.writer.formula,
            self.writer.sweep.numerator,
            tuple(domains.items()),
        )

    # --- what is read off -----------------------------------------------------------------------

    def entries(self, tree: Tree) -> list[float]:
        """Return the entries of a tree, flat."""
        return self.world.at(tree).floats

    def entry(self, tree: Tree, place: Place) -> float:
        """Return one entry of a tree."""
        return self.entries(tree)[flat(place, self.size(tree.shape))]

    def matrix(self, name: str, tree: Tree) -> Matrix:
        """Return a tree's numbers as a record."""
        shape = tuple(map(str, tree.shape))
        return Matrix(name, shape, self.size(tree.shape), tuple(self.entries(tree)))

    def upstream_at(self, place: Place) -> float:
        """Return the upstream's entry that belongs to one of the output."""
        if self.upstream is None:
            return 1.0
        return self.entry(self.upstream, self.stored(place))

    def stored(self, place: Place) -> Place:
        """Return where a gradient has the entry of its value."""
        return matrix_turned(place) if self.writer.sweep.numerator else place

    @cached_property
    def differences(self) -> dict[Place, list[float]]:
        """Return, for each entry of the variable, how the whole output moves with it."""
        places = list(places_of(self.wrt_sizes))
        found: dict[Place, list[float]] = {}
        plans: dict[int, Plans] = {}
        for first in range(0, len(places), AT_ONCE):
            together = places[first : first + AT_ONCE]
            points = 2 * len(together)
            known = plans.setdefault(points, Plans(self.sizes, points))
            found.update(zip(together, self._moved(first, known), strict=True))
        return found

    def _moved(self, first: int, plans: Plans) -> Iterator[list[float]]:
        """Move entries one after another, from the first one on; each both ways, at a time."""
        own, points = self.entries(self.value), plans.points
        entries = own * points
        for number in range(points):
            entries[number * len(own) + first + number // 2] += -STEP if number % 2 else STEP
        values = {
            name: Point(each.sizes, each.floats * points)
            for name, each in self.world.values.items()
        }
        values[self.marker] = Point(self.wrt_sizes, entries)
        floats = Evaluation(self.sizes, values, None, plans=plans).at(self.tree).floats
        size = len(floats) // points
        for number in range(0, points, 2):
            start = number * size
            ahead, behind = floats[start : start + size], floats[start + size : start + 2 * size]
            yield [(a - b) / (2 * STEP) for a, b in zip(ahead, behind, strict=True)]

    @cached_property
    def slopes(self) -> dict[Place, list[float]]:
        """Return, for each entry of the variable, the index form at each entry of the output."""
        labels = self.jacobian.output_labels
        steps, count_of = steps_of(labels, self.out_sizes), prod(self.out_sizes)
        own = {label for label in self.jacobian.wrt_labels if label is not None}
        free = tuple(label for label in labels if label is not None and label not in own)
        terms = [self._evaluated(term, self.writer.spell, free) for term in self.jacobian.terms]
        found: dict[Place, list[float]] = {}
        for place in places_of(self.wrt_sizes):
            found[place] = [0.0] * count_of
            for term in terms:
                term.spread(self._labelled(self.jacobian.wrt_labels, place), steps, found[place])
        return found

    @cached_property
    def upstreams(self) -> list[float]:
        """Return the upstream's entries in the order of the output's."""
        outs = places_of(self.out_sizes)
        if self.upstream is None:
            return [1.0 for _ in outs]
        return [self.entry(self.upstream, self.stored(out)) for out in outs]

    @cached_property
    def totals(self) -> dict[Place, float]:
        """Return how far the loss moves with each entry of the variable, by differences."""
        return {
            place: sum(map(mul, self.upstreams, found)) for place, found in self.differences.items()
        }

    def _moves_as_told(self) -> bool:
        self._terms.clear()
        for name in ("differences", "slopes", "upstreams", "totals", "contracted"):
            self.__dict__.pop(name, None)
        return all(
            all(map(are_close, self.slopes[place], found))
            for place, found in self.differences.items()
        )

    @cached_property
    def contracted(self) -> dict[Place, float]:
        """Return, for each entry of the variable, what the contraction's last line says of it."""
        terms, labels = self.writer.derivation.terms, self.writer.derivation.labels
        places = places_of(self.wrt_sizes)
        return {place: self.sum(terms, self._labelled(labels, place)) for place in places}

    def slope(self, out: Place, wrt: Place) -> float:
        """Return the index form of the Jacobian at one entry of each."""
        return self.slopes[wrt][flat(out, self.out_sizes)]

    def labels_at(self, out: Place, wrt: Place) -> dict[Label, int]:
        """Return the place that each label of the Jacobian has at one entry of each."""
        jacobian = self.jacobian
        return {
            **self._labelled(jacobian.output_labels, out),
            **self._labelled(jacobian.wrt_labels, wrt),
        }

    @staticmethod
    def _labelled(labels: Labels, place: Place) -> dict[Label, int]:
        pairs = zip(labels, place, strict=True)
        return {label: index for label, index in pairs if label is not None}

    def sum(self, terms: Sum, at: Mapping[Label, int]) -> float:
        """Evaluate index terms of the derivation where their free labels have these places."""
        return sum(self._evaluated(term, self.writer.spell).at(at) for term in terms)

    def plain_sum(self, terms: Sum, at: Mapping[Label, int]) -> float:
        """Evaluate index terms that have the names of this network already."""
        return sum(self._evaluated(term, None).at(at) for term in terms)

    def _evaluated(
        self, term: Term, spell: Spell | None, free: tuple[Label, ...] = ()
    ) -> Evaluated:
        key = id(term), spell is None, free
        if key not in self._terms:
            over = (*free, *term.summed)
            made = Evaluated(term, over, spell or _same, self.number, self._array)
            self._terms[key] = term, made  # the term is kept, so that its id stays its own
        return self._terms[key][1]

    def _array(self, tree: Tree) -> Array:
        return self.size(tree.shape), self.entries(tree)

    def number(self, dim: Dim) -> int:
        """Return a dim of the derivation as a number."""
        return self.writer.derived.renaming.dim(dim).size(self.sizes)

    def solutions(self, term: Term, at: Mapping[Label, int]) -> Iterator[Mapping[Label, int]]:
        """Yield the places of all labels at which a term multiplies something."""
        return self._evaluated(term, self.writer.spell).solutions(at)

    def is_filled(self, at: Mapping[Label, int]) -> bool:
        """Say whether some term of the Jacobian has all its deltas and conditions met."""
        return any(True for term in self.jacobian.terms for _ in self.solutions(term, at))


def _same(tree: Tree) -> Tree:
    return tree


def _dims_of(trees: Sequence[Tree]) -> list[Dim]:
    """Return the dims of a step in the order of its Jacobian, without numbers that stay 1."""
    found, _ = symbols(trees, {})
    return found


__all__ = ["CheckFailed", "Instance", "NoNumbers", "are_close", "flat", "places_of"]
