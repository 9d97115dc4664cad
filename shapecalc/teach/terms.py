"""Index terms at fixed sizes and values → numbers, entry by entry, from their letters alone.

A summed letter that a delta or a condition ties to others is not tried at all its places, but put
where they leave it: a convolution has a few products in each sum, not one for each entry.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from shapecalc.conditions import Condition, Label, Mask
from shapecalc.dims import Dim
from shapecalc.index import Labels, Term
from shapecalc.matrix.entries import Spell
from shapecalc.tree import Tree

Array = tuple[Sequence[int], Sequence[float]]
"""An array: its sizes, and its entries, the last index fastest."""
Places = dict[Label, int]


Steps = tuple[tuple[Label, int], ...]
"""How far, in a flat array, one step of each label leads."""


class _Held(NamedTuple):
    """A factor: its entries, and where they stand."""

    entries: Sequence[float]
    steps: Steps
    power: float


class Tie(NamedTuple):
    """What labels have to meet: Σ count · label + offset is 0, or at least 0 with `is_mask`.

    `cycle`: it is 0 but for multiples of that.
    """

    parts: tuple[tuple[Label, int], ...]
    offset: int
    is_mask: bool = False
    cycle: int = 0

    def holds(self, places: Mapping[Label, int]) -> bool:
        """Say whether it is met; all its labels have places."""
        found = self.offset
        for label, count in self.parts:
            found += count * places[label]
        if self.is_mask:
            return found >= 0
        return found % self.cycle == 0 if self.cycle else found == 0


class _Put(NamedTuple):
    """A label and how it gets its place: where `tie` leaves it, or everywhere in turn.

    `held` are the ties that can be looked at then.
    """

    label: Label
    length: int
    tie: Tie | None
    factor: int
    held: tuple[Tie, ...]

    def places(self, known: Mapping[Label, int]) -> Iterator[int]:
        """Yield the places of the label, those of others being known."""
        if self.tie is None:
            yield from range(self.length)
            return
        rest = self.tie.offset
        for label, count in self.tie.parts:
            if label is not self.label:
                rest += count * known[label]
        place, left = divmod(-rest, self.factor)
        if left == 0 and 0 <= place < self.length:
            yield place


class Evaluated:
    """A term with its numbers, for given places of some labels.

    `over` are the labels that have none: the summed ones, and those of the entries that are asked
    for all at once.
    """

    def __init__(
        self,
        term: Term,
        over: Sequence[Label],
        spell: Spell,
        number: Callable[[Dim], int],
        array: Callable[[Tree], Array],
    ) -> None:
        self.coefficient = float(term.coefficient)
        deltas = [Tie(((each.left, 1), (each.right, -1)), 0) for each in term.deltas]
        self.ties = [*deltas, *(_tie(each, number) for each in term.conditions)]
        self.outer = [tie for tie in self.ties if not _labels(tie) & set(over)]
        self.puts = tuple(self._puts({each: number(each.dim) for each in over}))
        self.factors = []
        for factor in term.factors:
            sizes, entries = array(spell(factor.tree))
            self.factors.append(_Held(entries, steps_of(factor.labels, sizes), float(factor.power)))

    def _puts(self, left: dict[Label, int]) -> Iterator[_Put]:
        """Order the labels without a place: first those that others leave one place."""
        waiting = [tie for tie in self.ties if tie not in self.outer]
        while left:
            label, tie, factor = next(
                ((own[0], tie, dict(tie.parts)[own[0]]) for tie, own in _single(waiting, left)),
                (next(iter(left)), None, 0),
            )
            length = left.pop(label)
            ready = [each for each in waiting if not _labels(each) & left.keys()]
            waiting = [each for each in waiting if each not in ready]
            yield _Put(label, length, tie, factor, tuple(e for e in ready if e is not tie))

    def at(self, places: Mapping[Label, int]) -> float:
        """Evaluate where the free labels have these places."""
        found = [0.0]
        self.spread(places, (), found)
        return found[0]

    def spread(self, places: Mapping[Label, int], steps: Steps, into: list[float]) -> None:
        """Add every product to the entry of an array that its labels' places say."""
        if all(tie.holds(places) for tie in self.outer):
            self._visit(0, dict(places), steps, into)

    def _visit(self, depth: int, places: Places, steps: Steps, into: list[float]) -> None:
        if depth == len(self.puts):
            into[sum([places[label] * step for label, step in steps])] += self.product(places)
            return
        put = self.puts[depth]
        for place in put.places(places):
            places[put.label] = place
            if all(tie.holds(places) for tie in put.held):
                self._visit(depth + 1, places, steps, into)

    def solutions(self, places: Mapping[Label, int]) -> Iterator[Mapping[Label, int]]:
        """Yield all places at which something is multiplied, those of the summed labels too."""
        if all(tie.holds(places) for tie in self.outer):
            yield from self._solved(0, dict(places))

    def _solved(self, depth: int, places: Places) -> Iterator[Mapping[Label, int]]:
        if depth == len(self.puts):
            yield dict(places)
            return
        put = self.puts[depth]
        for place in put.places(places):
            places[put.label] = place
            if all(tie.holds(places) for tie in put.held):
                yield from self._solved(depth + 1, places)

    def product(self, places: Mapping[Label, int]) -> float:
        """Multiply the factors, where all labels have places."""
        found = self.coefficient
        for entries, steps, power in self.factors:
            at = 0
            for label, step in steps:
                at += places[label] * step
            found *= entries[at] if power == 1 else entries[at] ** power
        return found


def steps_of(labels: Labels, sizes: Sequence[int]) -> Steps:
    """Return how far one step of each label leads, the last index fastest."""
    found: list[tuple[Label, int]] = []
    step = 1
    for label, size in zip(labels[::-1], sizes[::-1], strict=True):
        if label is not None:
            found.append((label, step))
        step *= size
    return tuple(found)


def _single(
    ties: Sequence[Tie], left: Mapping[Label, int]
) -> Iterator[tuple[Tie, tuple[Label, ...]]]:
    """Yield the ties that leave one label one place, as all their others have theirs."""
    for tie in ties:
        own = tuple(label for label, _ in tie.parts if label in left)
        if len(own) == 1 and not tie.is_mask and not tie.cycle:
            yield tie, own


def _labels(tie: Tie) -> set[Label]:
    return {label for label, _ in tie.parts}


def _tie(condition: Condition, number: Callable[[Dim], int]) -> Tie:
    parts, offset = condition.form
    counts = {label: number(count) for label, count in parts}
    if isinstance(condition, Mask):
        return Tie(tuple(counts.items()), number(offset), is_mask=True)
    counts[condition.left] = counts.get(condition.left, 0) - 1
    cycle = number(condition.left.dim) if condition.is_cyclic else 0
    known = tuple((label, count) for label, count in counts.items() if count)
    return Tie(known, number(offset), cycle=cycle)
