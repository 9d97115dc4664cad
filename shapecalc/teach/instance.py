"""One step at small sizes: every value gets numbers, and the equation can be run on them.

The index form is evaluated here entry by entry, from its letters alone, and compared with what the
equation does when an entry is moved: two ways that share no step with the formula.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from math import isfinite, prod
from random import Random

from shapecalc.conditions import Condition, Label, Mask
from shapecalc.dims import Dim, Shape, matrix_turned
from shapecalc.index import Labels, Sum, Term
from shapecalc.matrix.entries import Spell
from shapecalc.records.explained import Matrix
from shapecalc.report.steps import StepWriter
from shapecalc.sweep import known_domains
from shapecalc.teach.sizing import least, smaller, spread
from shapecalc.teach.solving import Solved, assignments, plan
from shapecalc.tree import Leaf, Tree, constants, leaf, leaves, with_marker
from shapecalc.verify.cases import ATTEMPTS, Case, Domain, draw, drawn, index_domains, symbols
from shapecalc.verify.evaluate import Evaluation, Point
from shapecalc.verify.field import NoValue, Unsupported
from shapecalc.verify.plans import Plans
from shapecalc.verify.standins import small_sizes
from shapecalc.verify.structured import MATRIX_PROPERTIES

PRIMES = (2, 3, 5, 7, 11, 13, 17)
SMALL_NUMBERS = (2, 3, 4, 5, 6, 7)
OTHER_PRIMES = (3, 5, 2, 11, 7, 17, 13)
UPSTREAM = (1, 2, -1, 3, -2, 4, 2, -3, 1, 5, -1)
OTHERS = (2, -1, 3, 1, 0, 1, 4, -2, 5, 3, -3, 2, 1)
NONZERO = (2, -1, 3, 1, -2, 1, 4, -3, 5, 3, -1, 2, 1)
STEP = 1e-5
CLOSE = 1e-6
MOST_ENTRIES = 2_500
LARGEST = 10_000
"""How many entries a Jacobian has at most: with sizes to choose, and at the smallest."""
LONGEST = 20
"""How long an axis is at most, where its sizes can be chosen."""
FREE = ("positive", "nonzero")
"""What the streams of numbers have anyway, the last one or the second."""

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

    def __init__(
        self, writer: StepWriter, *, other: bool = False, sizes: Mapping[str, int] | None = None
    ) -> None:
        self.writer = writer
        self.link = writer.link
        self.jacobian = writer.jacobian
        self.output = writer.output
        self.value = writer.link.value
        self.upstream = writer.link.gradient
        self.marker = leaf("<wrt>", self.value.shape)
        self.tree = with_marker(self.link.use.node.tree, self.link.use.occurrence, self.marker)
        self.dims = _dims_of(self._trees())
        own = self._sizes(OTHER_PRIMES if other else PRIMES)
        if _count(self._shape, own) > MOST_ENTRIES:
            own = self._sizes(SMALL_NUMBERS if not other else SMALL_NUMBERS[::-1])
        if max((dim.size(own) for dim in self.dims), default=0) > LONGEST:
            own = smaller(own, self.dims, other=other)
        if _count(self._shape, own) > LARGEST:
            own = least(own, self.dims, other=other)
        self.sizes = own if sizes is None else {**own, **sizes}
        self.out_sizes = self.size(self.output.shape)
        self.wrt_sizes = self.size(self.value.shape)
        if _count(self._shape, self.sizes) > (MOST_ENTRIES if other else LARGEST):
            raise NoNumbers("its Jacobian is too large to be written out even at small sizes")
        self._slopes: dict[tuple[Place, Place], float] = {}
        self._plans: dict[tuple[int, ...], tuple[Term, tuple[Solved, ...]]] = {}
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

    def _sizes(self, primes: Sequence[int]) -> dict[str, int]:
        """Give the dims small primes in the order of the Jacobian, or others where those fail."""
        names = list(dict.fromkeys(name for dim in self.dims for name in dim.names))
        taken = {dim.constant for dim in self.dims}
        free = [each for each in primes if each not in taken]
        if len(names) <= len(free):
            sizes = spread(dict(zip(names, free, strict=False)), self.writer)
            if self._are_apart(sizes):
                return sizes
        try:
            return small_sizes(self.dims)
        except Unsupported as reason:
            raise NoNumbers(str(reason)) from None

    @property
    def is_apart(self) -> bool:
        """Say whether all dims have sizes of their own."""
        return self._are_apart(self.sizes)

    def _are_apart(self, sizes: Mapping[str, int]) -> bool:
        if not all(dim.is_whole(sizes) for dim in self.dims):
            return False
        found = [dim.size(sizes) for dim in self.dims]
        return min(found, default=1) > 0 and len(set(found)) == len(found)

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
            values[name] = Point(sizes, entries)
        values[self.marker] = values[self.value]
        return values

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

    def moved(self, place: Place) -> list[float]:
        """Return how far each entry of the output moves with one of the variable."""
        own = self.entries(self.value)
        at = flat(place, self.wrt_sizes)
        ends = []
        for step in (STEP, -STEP):
            entries = list(own)
            entries[at] += step
            values = {**self.world.values, self.marker: Point(self.wrt_sizes, entries)}
            world = Evaluation(self.sizes, values, None)
            ends.append(world.at(self.tree).floats)
        return [(ahead - behind) / (2 * STEP) for ahead, behind in zip(*ends, strict=True)]

    @cached_property
    def differences(self) -> dict[Place, list[float]]:
        """Return, for each entry of the variable, how the whole output moves with it."""
        return {place: self.moved(place) for place in places_of(self.wrt_sizes)}

    def _moves_as_told(self) -> bool:
        self.__dict__.pop("differences", None)
        self._slopes.clear()
        for place, found in self.differences.items():
            for at, out in enumerate(places_of(self.out_sizes)):
                if not are_close(self.slope(out, place), found[at]):
                    return False
        return True

    def slope(self, out: Place, wrt: Place) -> float:
        """Evaluate the index form of the Jacobian at one entry of each."""
        found = self._slopes.get((out, wrt))
        if found is None:
            found = self.sum(self.jacobian.terms, self.labels_at(out, wrt))
            self._slopes[out, wrt] = found
        return found

    def labels_at(self, out: Place, wrt: Place) -> dict[Label, int]:
        """Return the place that each label of the Jacobian has at one entry of each."""
        pairs = (
            *zip(self.jacobian.output_labels, out, strict=True),
            *zip(self.jacobian.wrt_labels, wrt, strict=True),
        )
        return {label: index for label, index in pairs if label is not None}

    def sum(self, terms: Sum, at: Mapping[Label, int]) -> float:
        """Evaluate index terms of the derivation where their free labels have these places."""
        return sum(self._term(term, at, self.writer.spell) for term in terms)

    def plain_sum(self, terms: Sum, at: Mapping[Label, int]) -> float:
        """Evaluate index terms that have the names of this network already."""
        return sum(self._term(term, at, lambda tree: tree) for term in terms)

    def _term(self, term: Term, at: Mapping[Label, int], spell: Spell) -> float:
        total = 0.0
        for here in self.places(term, at):
            total += float(term.coefficient) * prod(
                self._factor(spell(factor.tree), factor.labels, here) ** float(factor.power)
                for factor in term.factors
            )
        return total

    def places(self, term: Term, at: Mapping[Label, int]) -> Iterator[dict[Label, int]]:
        """Yield the places of all labels at which a term counts, the free ones being given."""
        if not term.summed:
            if self.holds(term, at):
                yield dict(at)
            return
        key = (id(term), *map(id, at))
        if key not in self._plans:
            self._plans[key] = (term, plan(term, at))
        for here in assignments(self._plans[key][1], at, self.number):
            if self.holds(term, here):
                yield here

    def _factor(self, tree: Tree, labels: Labels, at: Mapping[Label, int]) -> float:
        return self.entry(tree, tuple(0 if label is None else at[label] for label in labels))

    def length(self, label: Label) -> int:
        """Return how far a label runs."""
        return self.number(label.dim)

    def number(self, dim: Dim) -> int:
        """Return a dim of the derivation as a number."""
        return self.writer.derived.renaming.dim(dim).size(self.sizes)

    def counts(self, term: Term, at: Mapping[Label, int]) -> bool:
        """Say whether a term counts anywhere, where its labels have places."""
        return next(self.places(term, at), None) is not None

    def holds(self, term: Term, at: Mapping[Label, int]) -> bool:
        """Say whether the deltas and conditions of a term hold, where its labels have places."""
        deltas = (d for d in term.deltas if d.left in at and d.right in at)
        if any(at[delta.left] != at[delta.right] for delta in deltas):
            return False
        conditions = (c for c in term.conditions if all(label in at for label in c.labels))
        return all(self._is_met(condition, at) for condition in conditions)

    def _is_met(self, condition: Condition, at: Mapping[Label, int]) -> bool:
        parts, offset = condition.form
        found = sum(self.number(count) * at[label] for label, count in parts)
        found += self.number(offset)
        if isinstance(condition, Mask):
            return found >= 0
        if condition.is_cyclic:
            found %= self.length(condition.left)
        return found == at[condition.left]


def _count(shape: Shape, sizes: Mapping[str, int]) -> int:
    return prod(dim.size(sizes) for dim in shape)


def _dims_of(trees: Sequence[Tree]) -> list[Dim]:
    """Return the dims of a step in the order of its Jacobian, without numbers that stay 1."""
    found, _ = symbols(trees, {})
    return found


__all__ = ["CheckFailed", "Instance", "NoNumbers", "are_close", "flat", "places_of"]
