"""Lines that repeat as a block, layer after layer → the block once, with how often it comes.

A block repeats where its lines are alike but for the numbers in their names. So `W2 … W39` says
what each is called, and nothing is left out.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from shapecalc.render.page import Page, Row, cell

LEAST = 4  # a block that comes less often is listed each time
LONGEST = 60  # lines in one block
_NUMBERS = re.compile(r"\d+")
_T = TypeVar("_T")


class Run(NamedTuple, Generic[_T]):
    """A block of lines, the last copy of it, and how many copies there are."""

    block: Sequence[_T]
    last: Sequence[_T]
    times: int


def runs(lines: Sequence[_T], names: Sequence[str], alike: Sequence[Hashable]) -> Iterator[Run[_T]]:
    """Split lines into blocks; a line that belongs to none is a block that comes once.

    Lines are alike where `alike` is equal for them, and their names are but for the numbers.
    """
    keys = [(_NUMBERS.sub("", name), each) for name, each in zip(names, alike, strict=True)]
    start = 0
    while start < len(lines):
        length, times = _longest(keys, start)
        first = _best_start(keys, names, start, length, times) if times > 1 else start
        yield from (Run([line], [line], 1) for line in lines[start:first])
        end = first + length * times
        yield Run(lines[first : first + length], lines[end - length : end], times)
        start = end


def in_blocks(
    page: Page,
    blocks: Iterable[Run[_T]],
    row: Callable[[_T], Row],
    name: Callable[[_T], str],
    *,
    right: int | None = None,
) -> None:
    """Add rows in columns, of blocks that repeat the first, and below it how often it comes."""
    found = list(blocks)
    columns = iter(page.columns([row(line) for run in found for line in run.block], right=right))
    for run in found:
        for _ in run.block:
            page.lines.extend(next(columns))
        if run.times > 1:
            page.line(cell(told(run, name), "dim"), indent=4)


def told(run: Run[_T], name: Callable[[_T], str]) -> str:
    """Say how often a block comes, and how far it goes: `× 38: W2, b2 to W39, b39`."""
    first, last = ([name(line) for line in block] for block in (run.block, run.last))
    return f"× {run.times:,}: {_in_short(first)} to {_in_short(last)}"


def _in_short(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{names[0]} … {names[-1]}"


def _longest(keys: Sequence[Hashable], start: int) -> tuple[int, int]:
    """Return the block from here on that leaves out the most lines, and how often it comes."""
    best, left_out = (1, 1), 0
    for length in range(1, min(LONGEST, (len(keys) - start) // LEAST) + 1):
        times = _times(keys, start, length)
        if times >= LEAST and length * (times - 1) > left_out:
            best, left_out = (length, times), length * (times - 1)
    return best


def _best_start(
    keys: Sequence[Hashable], names: Sequence[str], start: int, length: int, times: int
) -> int:
    """Shift a block to where its names have few numbers: `W2, b2` is better than `b1, W2`."""
    starts = [at for at in range(start, start + length) if _times(keys, at, length) == times]
    return min(starts, key=lambda at: len(_numbers_in(names[at : at + length])))


def _numbers_in(names: Sequence[str]) -> set[str]:
    return {number for name in names for number in _NUMBERS.findall(name)}


def _times(keys: Sequence[Hashable], start: int, length: int) -> int:
    """Count how often the block of a length comes, one copy right behind the other."""
    at = start + length
    while at < len(keys) and keys[at] == keys[at - length]:
        at += 1
    return (at - start) // length
