"""Two formulas that differ a little: which of their tokens do."""

import re
from typing import NamedTuple

_TOKEN = re.compile(r"\d+(?:\.\d+)?|\.?[^\W\d]\w*|\*\*|[<>=!]=|\S")
MOST_TOKENS = 200
Stretch = tuple[int, int]
"""Where a token begins and ends, in characters."""


class Difference(NamedTuple):
    """What only one of two formulas has; neighbours as one stretch."""

    in_first: tuple[Stretch, ...]
    in_second: tuple[Stretch, ...]


def difference(first: str, second: str) -> Difference | None:
    """Compare two formulas token by token; None where they have less than half in common."""
    from difflib import SequenceMatcher

    ours, theirs = list(_TOKEN.finditer(first)), list(_TOKEN.finditer(second))
    if max(len(ours), len(theirs)) > MOST_TOKENS:
        return None
    words = [[token.group() for token in tokens] for tokens in (ours, theirs)]
    matcher = SequenceMatcher(None, words[0], words[1], autojunk=False)
    if matcher.ratio() < 1 / 2:
        return None
    found: tuple[list[Stretch], list[Stretch]] = [], []
    for tag, start, stop, other_start, other_stop in matcher.get_opcodes():
        if tag != "equal":
            found[0].extend(_stretch(ours[start:stop]))
            found[1].extend(_stretch(theirs[other_start:other_stop]))
    return Difference(tuple(found[0]), tuple(found[1]))


def _stretch(tokens: list[re.Match[str]]) -> list[Stretch]:
    return [(tokens[0].start(), tokens[-1].end())] if tokens else []
