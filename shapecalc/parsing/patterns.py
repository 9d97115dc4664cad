"""Expressions alike but for their names: one is parsed, the others when someone asks for them.

Whether a text is an expression does not depend on what its names are.
"""

import re
from functools import cache
from keyword import iskeyword

from shapecalc.expression import Locate, Syntax
from shapecalc.parsing.parser import LENGTH_LIMIT, NAME_LIMIT, parse_expression

Pattern = str
"""A text with `?` for each name that a value may have, and which names are the same."""
MOST_PATTERNS = 20_000
_KNOWN: dict[Pattern, Pattern] = {}


@cache
def _names() -> re.Pattern[str]:
    return re.compile(
        r"(?<![\w.])((?!(?:None|True|False)\b)[A-Za-z_]\w*)(?!\w|\s*\(|\s*=(?!=))", re.ASCII
    )


class Expression:
    """An expression, and where it stands. `pattern` is None where it is like no other."""

    __slots__ = ("_locate", "_syntax", "names", "pattern", "text")

    def __init__(self, text: str, locate: Locate) -> None:
        """Read a text; raise a Problem, with the place and the next step, where it is none."""
        self.text = text
        self._locate = locate
        self._syntax: Syntax | None = None
        self.pattern, self.names = _parted(text)
        known = _KNOWN.get(self.pattern) if self.pattern is not None else None
        if known is not None:
            self.pattern = known  # one text for all: there may be 100,000
            return
        self._syntax = parse_expression(text, locate)
        if self.pattern is not None:
            if len(_KNOWN) >= MOST_PATTERNS:
                _KNOWN.clear()
            _KNOWN[self.pattern] = self.pattern

    @property
    def syntax(self) -> Syntax:
        """Return what the text says."""
        if self._syntax is None:
            self._syntax = parse_expression(self.text, self._locate)
        return self._syntax


def _parted(text: str) -> tuple[Pattern | None, tuple[str, ...]]:
    """Take the names out of a text; None where what they are may matter."""
    if len(text) > LENGTH_LIMIT or not text.isascii() or not {'"', "'", "?"}.isdisjoint(text):
        return None, ()
    parts = _names().split(text)
    names = tuple(parts[1::2])
    if any(iskeyword(name) or len(name) > NAME_LIMIT for name in names):
        return None, ()
    pattern = "?".join(parts[::2])
    if len(set(names)) < len(names):
        pattern += f"??{[names.index(name) for name in names]}"  # no text has two in a row
    return pattern, names
