"""Which entries meet where an op's formula has deltas and masks: found once for fixed sizes.

For every entry of the output, the values that its summed letters may take are listed. A letter
that a delta fixes is worked out; the others run. Letters that no delta or mask ties to others are
looked at by themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

Lengths = tuple[tuple[str, int], ...]
"""Letters with how far each runs."""


class Rule(NamedTuple):
    """`left` is Σ count · letter + offset, modulo `modulus` where that is not 0.

    Without a left letter: the sum is at least 0.
    """

    left: str | None
    parts: tuple[tuple[str, int], ...]
    offset: int
    modulus: int = 0

    @property
    def letters(self) -> tuple[str, ...]:
        """Return the letters of the rule."""
        own = tuple(letter for letter, _ in self.parts)
        return own if self.left is None else (self.left, *own)

    @property
    def coefficients(self) -> dict[str, int]:
        """Return how each letter counts in left - Σ - offset, or in the sum of a mask."""
        sign = 1 if self.left is None else -1
        found = {} if self.left is None else {self.left: 1}
        for letter, count in self.parts:
            found[letter] = found.get(letter, 0) + sign * count
        return found


class Block(NamedTuple):
    """Letters that rules tie: for every choice of the kept ones, the rows of values of all."""

    letters: tuple[str, ...]
    groups: tuple[tuple[tuple[int, ...], ...], ...]


def meeting(kept: Lengths, summed: Lengths, rules: Sequence[Rule]) -> tuple[Block, ...]:
    """List which values letters take together, in blocks whose kept letters are neighbours."""
    if any(_is_broken(rule) for rule in rules):
        return (*(_block(*each) for each in _parted(kept, summed, ())), Block((), ((),)))
    return tuple(_block(*each) for each in _parted(kept, summed, rules))


def places(blocks: Sequence[Block], strides: Mapping[str, int]) -> list[list[int]]:
    """Return for every entry of the output where the entries are that meet in it."""
    found = [[0]]
    for block in blocks:
        steps = [strides.get(letter, 0) for letter in block.letters]
        moves = [
            [sum(step * value for step, value in zip(steps, row, strict=True)) for row in group]
            for group in block.groups
        ]
        found = [[at + move for at in ats for move in group] for ats in found for group in moves]
    return found


_Part = tuple[Lengths, Lengths, tuple[Rule, ...]]


def _parted(kept: Lengths, summed: Lengths, rules: Sequence[Rule]) -> Iterator[_Part]:
    """Part letters where no rule ties those before to those behind."""
    order = [letter for letter, _ in kept]
    tied = _tied({*order, *(letter for letter, _ in summed)}, rules)
    start = 0
    alone = tuple(pair for pair in summed if not tied[pair[0]] & set(order))
    if alone:
        yield (), alone, _of(alone, rules)
    for end in range(1, len(kept) + 1):
        front, rest = set(order[start:end]), set(order[end:])
        if not any(tied[letter] & rest for letter in front):
            inner = tuple(pair for pair in summed if tied[pair[0]] & front)
            yield kept[start:end], inner, _of((*kept[start:end], *inner), rules)
            start = end


def _tied(letters: set[str], rules: Sequence[Rule]) -> dict[str, set[str]]:
    """Return for each letter those that rules tie it to, by way of others too, and itself."""
    groups = {letter: {letter} for letter in letters}
    for rule in rules:
        joined = set[str]().union(*(groups[letter] for letter in rule.letters))
        groups.update(dict.fromkeys(joined, joined))
    return groups


def _of(lengths: Lengths, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    letters = {letter for letter, _ in lengths}
    return tuple(rule for rule in rules if letters.issuperset(rule.letters) and rule.letters)


@lru_cache(maxsize=1024)
def _block(kept: Lengths, summed: Lengths, rules: tuple[Rule, ...]) -> Block:
    letters = tuple(letter for letter, _ in (*kept, *summed))
    search = _Search(kept, summed, rules)
    return Block(letters, tuple(tuple(search.rows(chosen)) for chosen in search.kept))


class _Limit(NamedTuple):
    """A delta solved for one letter: `own` · letter + Σ count · value + offset + rest is 0.

    `rest`, of letters that are chosen later, is from `low` to `high`.
    """

    own: int
    known: tuple[tuple[int, int], ...]
    offset: int
    low: int
    high: int
    modulus: int

    def choices(self, values: Sequence[int], length: int) -> range:
        """Return what the letter may be where the letters before it have their values."""
        total = self.offset + sum(count * values[place] for place, count in self.known)
        if self.modulus:
            return range(-total * self.own % self.modulus, length, self.modulus)
        least, most = sorted((-total - self.low, -total - self.high))
        if self.own < 0:
            least, most = -most, -least
        size = abs(self.own)
        return range(max(0, -(-least // size)), min(length - 1, most // size) + 1)


class _Test(NamedTuple):
    """A rule at a place where all its letters have values."""

    counts: tuple[tuple[int, int], ...]
    offset: int
    is_mask: bool
    modulus: int

    def holds(self, values: Sequence[int]) -> bool:
        """Say whether the values keep the rule."""
        total = self.offset + sum(count * values[place] for place, count in self.counts)
        return total >= 0 if self.is_mask else not (total % self.modulus if self.modulus else total)


class _Step(NamedTuple):
    """The choice of one summed letter, by what was chosen before it."""

    place: int
    length: int
    limits: tuple[_Limit, ...]
    tests: tuple[_Test, ...]


class _Search:
    """All ways to give values to summed letters such that the rules hold.

    In what order they are chosen, and what bounds each, is the same for all kept letters.
    """

    def __init__(self, kept: Lengths, summed: Lengths, rules: tuple[Rule, ...]) -> None:
        self.kept = product(*(range(length) for _, length in kept))
        self._places = {letter: place for place, (letter, _) in enumerate((*kept, *summed))}
        self._lengths = dict((*kept, *summed))
        self._rules = [(rule, rule.coefficients) for rule in rules]
        known = {letter for letter, _ in kept}
        self._before = tuple(self._test(*each) for each in self._rules if known.issuperset(each[1]))
        self._steps: list[_Step] = []
        while missing := [letter for letter, _ in summed if letter not in known]:
            letter = min(missing, key=lambda each: self._width(each, known))
            self._steps.append(self._step(letter, known))
            known.add(letter)

    def rows(self, chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """Yield the values of all letters where the kept ones have these."""
        values = [*chosen, *[0] * len(self._steps)]
        if all(test.holds(values) for test in self._before):
            yield from self._from(0, values)

    def _from(self, depth: int, values: list[int]) -> Iterator[tuple[int, ...]]:
        if depth == len(self._steps):
            yield tuple(values)
            return
        place, length, limits, tests = self._steps[depth]
        ranges = [limit.choices(values, length) for limit in limits]
        for value in min(ranges, key=len, default=range(length)):
            values[place] = value
            if all(test.holds(values) for test in tests):
                yield from self._from(depth + 1, values)

    def _step(self, letter: str, known: set[str]) -> _Step:
        limits = (self._limit(letter, known, *each) for each in self._rules if letter in each[1])
        tests = tuple(
            self._test(rule, counts)
            for rule, counts in self._rules
            if letter in counts and {*known, letter}.issuperset(counts)
        )
        found = tuple(limit for limit in limits if limit is not None)
        return _Step(self._places[letter], self._lengths[letter], found, tests)

    def _limit(
        self, letter: str, known: set[str], rule: Rule, counts: Mapping[str, int]
    ) -> _Limit | None:
        """Solve a rule for a letter; None where it tells nothing of that letter alone."""
        rest = [(each, n) for each, n in counts.items() if each != letter and each not in known]
        own = counts[letter]
        if rule.left is None or not own or (rule.modulus and (rest or abs(own) != 1)):
            return None
        reaches = [count * (self._lengths[each] - 1) for each, count in rest]
        before = tuple((self._places[each], n) for each, n in counts.items() if each in known)
        low, high = sum(min(0, reach) for reach in reaches), sum(max(0, reach) for reach in reaches)
        return _Limit(own, before, -rule.offset, low, high, rule.modulus)

    def _test(self, rule: Rule, counts: Mapping[str, int]) -> _Test:
        offset = rule.offset if rule.left is None else -rule.offset
        placed = tuple((self._places[letter], count) for letter, count in counts.items())
        return _Test(placed, offset, rule.left is None, rule.modulus)

    def _width(self, letter: str, known: set[str]) -> int:
        """Return how many values of a letter have to be tried, at most."""
        length = self._lengths[letter]
        limits = (self._limit(letter, known, *each) for each in self._rules if letter in each[1])
        widths = [
            -(-length // each.modulus)
            if each.modulus
            else (each.high - each.low) // abs(each.own) + 1
            for each in limits
            if each is not None
        ]
        return min((length, *widths))


def _is_broken(rule: Rule) -> bool:
    """Say whether a rule without letters does not hold."""
    if rule.letters:
        return False
    return rule.offset < 0
