"""Which entries meet where an op's formula has deltas and masks: found once for fixed sizes.

For every entry of the output, the values that its summed letters may take are listed. A letter
that a delta fixes is worked out; the others run. Letters that no delta or mask ties to others are
looked at by themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

Lengths = tuple[tuple[str, int], ...]
"""Letters with how far each runs."""
Values = dict[str, int]


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


class Block(NamedTuple):
    """Letters that rules tie: for every choice of the kept ones, the rows of values of all."""

    letters: tuple[str, ...]
    groups: tuple[tuple[tuple[int, ...], ...], ...]


def meeting(kept: Lengths, summed: Lengths, rules: Sequence[Rule]) -> tuple[Block, ...]:
    """List which values letters take together, in blocks whose kept letters are neighbours."""
    if any(_is_broken(rule, {}) for rule in rules):
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
    groups = tuple(
        tuple(
            tuple(values[letter] for letter in letters)
            for values in _completed(chosen, summed, rules)
        )
        for chosen in _run(kept)
    )
    return Block(letters, groups)


def _run(lengths: Lengths) -> Iterator[Values]:
    """Run through all values of letters, the last fastest."""
    if not lengths:
        yield {}
        return
    (*front, (letter, length)) = lengths
    for values in _run(tuple(front)):
        for value in range(length):
            yield {**values, letter: value}


def _completed(values: Values, missing: Lengths, rules: tuple[Rule, ...]) -> Iterator[Values]:
    """Yield the ways to give values to the letters that have none, such that all rules hold."""
    if any(_is_broken(rule, values) for rule in rules):
        return
    if not missing:
        yield values
        return
    choices = [_choices(letter, values, dict(missing), rules) for letter, _ in missing]
    place = min(range(len(choices)), key=lambda each: len(choices[each]))
    letter, _ = missing[place]
    left = missing[:place] + missing[place + 1 :]
    for value in choices[place]:
        yield from _completed({**values, letter: value}, left, rules)


def _choices(
    letter: str, values: Values, missing: Mapping[str, int], rules: tuple[Rule, ...]
) -> range:
    """Return the values that a letter may take, as far as one rule alone tells."""
    found = range(missing[letter])
    for rule in rules:
        if rule.left is not None and letter in rule.letters:
            other = _within(letter, rule, values, missing)
            found = min(found, other, key=len)
    return found


def _within(letter: str, rule: Rule, values: Values, missing: Mapping[str, int]) -> range:
    """Solve a delta for a letter, whatever the others that have no value may be."""
    counts = {each: -count for each, count in rule.parts}
    counts[rule.left or ""] = 1
    own, length = counts.pop(letter), missing[letter]
    least = largest = -rule.offset
    for each, count in counts.items():
        reach = count * (missing[each] - 1) if each not in values else 0
        start = count * values.get(each, 0)
        least, largest = least + start + min(0, reach), largest + start + max(0, reach)
    if rule.modulus:
        is_fixed = least == largest and abs(own) == 1
        return (
            range(-least * own % rule.modulus, length, rule.modulus) if is_fixed else range(length)
        )
    low, high = sorted((-least * own, -largest * own))
    square = own * own
    return range(max(0, -(-low // square)), min(length - 1, high // square) + 1)


def _is_broken(rule: Rule, values: Values) -> bool:
    if any(letter not in values for letter in rule.letters):
        return False
    total = _sum(rule, values)
    if rule.left is None:
        return total < 0
    gap = values[rule.left] - total
    return bool(gap % rule.modulus if rule.modulus else gap)


def _sum(rule: Rule, values: Mapping[str, int]) -> int:
    return rule.offset + sum(count * values[letter] for letter, count in rule.parts)
