"""A network → sizes at which no two of its dims have one size, so that a shape check means most.

A wrong order or transpose runs without an error where axes that meet have one size by chance. At
sizes that all differ, what runs is right in one of the layouts, or wrong at every size: where a
value is square by its names, as the weight of a recurrence is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, islice, permutations

from shapecalc.diagnostics import Severity
from shapecalc.dims import ONE, Dim
from shapecalc.graph import build_graph
from shapecalc.matrix.printing import text
from shapecalc.records import Dims, Distinct
from shapecalc.sweep import Sweep
from shapecalc.tree import Tree
from shapecalc.verify.cases import Unsupported
from shapecalc.verify.standins import multiples, stand_ins

CANDIDATES = 2_000
MOST_ORDERS = 24  # in which names choose their sizes, where ranges ask for more than to differ
LEAST = 7  # for a dim that has no size: smaller numbers are literals too often
LARGEST_PRIME = 100_000  # above it, all numbers near a size are tried: to find primes takes long


def distinct(sweep: Sweep) -> Distinct:
    """Propose sizes near the network's own at which no wrong product runs by chance."""
    graph = sweep.graph
    names = [entry.name for entry in graph.network.dims]
    found = next((sizes for sizes in _tried(sweep) if _is_accepted(sweep, sizes)), {})
    wrong, steps = _counted(sweep, graph.sizes)
    square, hidden = _hidden(sweep)
    return Distinct(
        dims=tuple((name, found[name]) for name in names) if found else (),
        changed=tuple(name for name in names if found and graph.sizes.get(name) != found[name]),
        wrong=wrong,
        steps=steps,
        square=tuple(square.items()),
        hidden=tuple(hidden),
        axes=tuple(_axes(sweep)) if any(e.is_inferred for e in graph.network.dims) else (),
    )


def _tried(sweep: Sweep) -> Iterator[dict[str, int]]:
    """Yield sizes near the network's own, given in one order after the other; then small ones."""
    change = _coinciding(sweep)
    names = [entry.name for entry in sweep.graph.network.dims]
    moving = [name for name in names if name in change or name not in sweep.graph.sizes]
    rest = [name for name in names if name not in moving]
    for order in islice(permutations(moving), MOST_ORDERS):
        yield distinct_sizes(sweep, change, [*order, *rest])
    yield _stand_ins(sweep)


def distinct_sizes(
    sweep: Sweep, change: Iterable[str], names: Sequence[str] | None = None
) -> dict[str, int]:
    """Give new sizes to some dims, and to those without one; empty where none are found.

    The new ones differ from all sizes of axes, sums and products of dims too, and are prime where
    nothing has to divide them. `names` are all names, those that choose first in front.
    """
    every = names or [entry.name for entry in sweep.graph.network.dims]
    try:
        return _Search(sweep, every).sizes(set(change))
    except Unsupported:
        return {}


def near(size: int, step: int) -> Iterator[int]:
    """Yield a number times primes, nearest to a size first, of two as near the smaller."""
    middle = max(size // step, 1)
    for distance in count(0):
        for factor in (middle - distance, middle + distance)[: 1 + bool(distance)]:
            if factor > 1 and (factor > LARGEST_PRIME or _is_prime(factor)):
                yield factor * step


def _is_prime(candidate: int) -> bool:
    return all(candidate % factor for factor in range(2, int(candidate**0.5) + 1))


class _Search:
    """Gives sizes to one name after the other, each different from all that is known before."""

    def __init__(self, sweep: Sweep, names: Sequence[str]) -> None:
        self.names = names
        self.own = sweep.graph.sizes
        self.dims = _axes_of(sweep)
        self.multiples = multiples(self.dims)
        self.within: dict[str, list[Dim]] = {}
        for dim in self.dims:
            for name in dim.names:
                self.within.setdefault(name, []).append(dim)
        self.sources: dict[tuple[int, int], Iterator[int]] = {}  # what one takes is gone for all

    def sizes(self, change: set[str]) -> dict[str, int]:
        """Return sizes of all names. Raises Unsupported."""
        moving = self._moving(change)
        sizes = {name: self.own[name] for name in self.names if name not in moving}
        taken = {dim.size(sizes) for dim in self.dims if set(dim.names) <= sizes.keys()}
        for name in moving:
            sizes[name] = self._size(name, sizes, taken)
            taken |= {dim.size(sizes) for dim in self._settled(name, sizes)}
        return sizes

    def _moving(self, change: set[str]) -> list[str]:
        """Return the names that get a size, divisors first, with all that a changed one divides."""
        order: dict[str, None] = {}
        for name in self.names:
            self._put(name, order)
        moving: dict[str, None] = {}
        for name in order:
            divisors = self.multiples.get(name, ONE).names
            if name not in self.own or name in change or not moving.keys().isdisjoint(divisors):
                moving[name] = None
        return list(moving)

    def _put(self, name: str, order: dict[str, None]) -> None:
        for divisor in self.multiples.get(name, ONE).names:
            self._put(divisor, order)
        order[name] = None

    def _settled(self, name: str, sizes: Mapping[str, int]) -> list[Dim]:
        return [dim for dim in self.within.get(name, ()) if set(dim.names) <= sizes.keys()]

    def _size(self, name: str, sizes: dict[str, int], taken: set[int]) -> int:
        step = self.multiples.get(name, ONE).size(sizes)
        own = self.own.get(name, LEAST * step)
        source = self.sources.setdefault((own, step), near(own, step))
        for size in islice(source, CANDIDATES):
            tried = {**sizes, name: size}
            found = [dim.size(tried) for dim in self._settled(name, tried)]
            is_new = taken.isdisjoint(found) and len(set(found)) == len(found)
            if is_new and min(found, default=1) > 0 and size not in taken:
                return size
        raise Unsupported("no sizes are found")


def _axes_of(sweep: Sweep) -> list[Dim]:
    values = sweep.graph.values.values()
    return list(dict.fromkeys(dim for value in values for dim in value.shape if not dim.is_one))


def _coinciding(sweep: Sweep) -> set[str]:
    """Return the names in axes that differ by name and have one size."""
    by_size: dict[int | None, list[Dim]] = {}
    for dim in _axes_of(sweep):
        by_size.setdefault(sweep.graph.size(dim), []).append(dim)
    by_size.pop(None, None)
    ones = by_size.pop(1, [])
    groups = [ones, *(group for group in by_size.values() if len(group) > 1)]
    return {name for group in groups for dim in group for name in dim.names}


def _is_accepted(sweep: Sweep, sizes: Mapping[str, int]) -> bool:
    """Say whether the network has no error at some sizes: slices are in range, quotients divide."""
    if not sizes or sizes == sweep.graph.sizes:
        return bool(sizes)
    network = sweep.graph.network
    dims = tuple(entry._replace(size=sizes[entry.name]) for entry in network.dims)
    findings = build_graph(network._replace(dims=dims)).findings
    return not any(finding.severity is Severity.ERROR for finding in findings)


def _stand_ins(sweep: Sweep) -> dict[str, int]:
    """Return small sizes that all differ, where there are any."""
    names = [Dim.named(entry.name) for entry in sweep.graph.network.dims]
    try:
        return stand_ins([*_axes_of(sweep), *names], frozenset(), 0)
    except Unsupported:
        return {}


def _counted(sweep: Sweep, sizes: Mapping[str, int]) -> tuple[int, int]:
    """Count the wrong products that run at some sizes alone, and the steps that have one."""
    from shapecalc.orderings import coincidences

    wrong = [coincidences(link.derived.formula, sizes)[0] for link in sweep.links]
    return sum(wrong), sum(each > 0 for each in wrong)


def _hidden(sweep: Sweep) -> tuple[dict[str, Dims], list[str]]:
    """Return what hides a wrong order at every size: square values, and steps without one."""
    from shapecalc.orderings import factors_of, has_impostors

    known: dict[int, bool] = {}
    square: dict[str, Dims] = {}
    steps: list[str] = []
    for link in sweep.links:
        number, formula = link.derived.derivation.number, link.derived.formula
        if number not in known:
            known[number] = has_impostors(formula)
        if not known[number]:
            continue
        factors = factors_of(formula)
        assert not isinstance(factors, str)
        found = [each for each in (link.value, *factors) if _is_square(each)]
        square |= {text(each): tuple(map(str, each.shape)) for each in found}
        if not found:
            steps.append(f"{link.use.node.output.name}:{link.value.name}")
    return square, steps


def _is_square(tree: Tree) -> bool:
    return len(tree.shape) > 1 and tree.shape[-1] == tree.shape[-2]


def _axes(sweep: Sweep) -> Iterator[tuple[str, str, Dims]]:
    """Yield the shapes of what is given, in names: with numbers for axes no size can be chosen."""
    network = sweep.graph.network
    for kind, entries in (("inputs", network.inputs), ("params", network.params)):
        for entry in entries:
            yield kind, entry.name, tuple(map(str, sweep.graph.values[entry.name].shape))
