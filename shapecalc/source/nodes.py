"""What a YAML file holds: mappings, lists and scalars, each with its place. Knows no PyYAML."""

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from shapecalc.span import Span

_LINE_END = r"\r\n|\r|\n"
_CUT = r"#(?!shapecalc)[^\s#](?:[^\r\n]*[^\s])?"
_FOLD = r"[ \t]*(?:\r\n|\r|\n)\s*"
_SPACES = r"\s*"
ALIGNED_LIMIT = 100_000
"""In longer folded or escaped texts no place is looked for: all is where the text begins."""
_NEAR = 16
"""How far a character of a scalar's value may stand from the one before it, behind escapes."""


class Source:
    """The text of one file, and where its lines begin."""

    __slots__ = ("_starts", "path", "text")

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.text = text
        self._starts = _line_starts(text)

    def span(self, start: int, end: int) -> Span:
        """Return the place of a piece of the text; across lines, of what is on its first line."""
        line = bisect_right(self._starts, start)
        behind = self._starts[line] if line < len(self._starts) else len(self.text)
        if end >= behind:
            end = start + len(self.text[start : min(end, behind)].rstrip())
        return Span(self.path, line, start - self._starts[line - 1] + 1, max(end - start, 1))

    def line_of(self, index: int) -> int:
        """Return the number of the line on which a character stands, counted from 1."""
        return bisect_right(self._starts, index)

    def line_bounds(self, line: int) -> tuple[int, int]:
        """Return where a line, counted from 1, begins and where its text ends."""
        if line > len(self._starts):
            return len(self.text), len(self.text)
        start = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return start, start + len(self.text[start:end].rstrip("\r\n"))


def _line_starts(text: str) -> Sequence[int]:
    """Return where each line begins; in an array, for there may be millions."""
    if "\r" in text:
        return array("L", [0, *(match.end() for match in re.finditer(_LINE_END, text))])
    lengths = (len(line) + 1 for line in text.split("\n")[:-1])
    return array("L", accumulate(lengths, initial=0))


class Comment(NamedTuple):
    """A comment from its `#` to the end of the line."""

    text: str
    span: Span


class Scalar:
    """A piece of text: a key or a value. `style` is its opening mark, empty for plain text."""

    __slots__ = ("_line", "_places", "_source", "end", "start", "style", "text")

    def __init__(self, source: Source, text: str, style: str, start: int, end: int) -> None:
        self._source = source
        self._places: Sequence[int] | None = None
        self._line: tuple[str, int, int] | None = None
        self.text = text
        self.style = style
        self.start = start
        self.end = end

    @property
    def span(self) -> Span:
        """Return the place of the whole, quotes included."""
        return self._source.span(self.start, self.end)

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is written here, or `null`."""
        return not self.style and self.text in ("", "~", "null", "Null", "NULL")

    @property
    def cut(self) -> "Comment | None":
        """Return the comment behind plain text that may have been meant as text: `W @ X #b`."""
        text, at = self._source.text, self.end
        while text.startswith((" ", "\t"), at):
            at += 1
        if (
            self.style
            or at == self.end
            or not text.startswith("#", at)
            or text[at + 1 :][:1] == " "
        ):
            return None
        match = re.compile(_CUT).match(text, at)
        return Comment(match[0], self._source.span(*match.span())) if match else None

    def _single_line(self) -> tuple[str, int, int] | None:
        """Return the path, line and first column where the text stands unchanged on one line."""
        if not isinstance(self._places, range) or "\n" in self.text or "\r" in self.text:
            return None
        return self._source.span(self._places[0], self._places[0])[:3]

    def locate(self, offset: int, length: int) -> Span:
        """Map a piece of the text to its place in the file."""
        if self._line and offset + length <= len(self.text):
            path, line, column = self._line
            return Span(path, line, column + offset, length)
        if self._places is None:
            self._places = _places(self._source, self)
            self._line = self._single_line()
        first = min(offset, len(self.text))
        last = max(first, min(offset + length, len(self.text)) - 1)
        return self._source.span(self._places[first], self._places[last] + 1)


class List(NamedTuple):
    """A sequence of nodes; `is_flow` where it is written in brackets."""

    items: "tuple[Node, ...]"
    span: Span
    is_flow: bool


class Mapping(NamedTuple):
    """Keys with their nodes, in the author's order; `is_flow` where it is written in braces.

    Of a key that is set again, the first is an entry, and the others are `repeats`.
    """

    entries: "tuple[tuple[Scalar, Node], ...]"
    span: Span
    is_flow: bool
    repeats: "tuple[tuple[Scalar, Node], ...]" = ()


Node = Mapping | List | Scalar


def _places(source: Source, scalar: Scalar) -> Sequence[int]:
    """Return where each character of a scalar's text stands in the file, and where it ends."""
    raw = source.text[scalar.start : scalar.end]
    quote = 1 if scalar.style in ("'", '"') else 0
    if raw[quote : len(raw) - quote] == scalar.text:
        first = scalar.start + quote
        return range(first, first + len(scalar.text) + 1)
    exact = _literal_places(source, scalar) if scalar.style == "|" else None
    return exact or _aligned_places(source, scalar)


def _literal_places(source: Source, scalar: Scalar) -> Sequence[int] | None:
    """Map the lines of a literal block: each stands on a line of its own, behind its indent."""
    places = array("L")
    first = source.line_of(scalar.start) + 1
    for number, line in enumerate(scalar.text.split("\n"), first):
        _, end = source.line_bounds(number)
        start = end - len(line)
        if source.text[start:end] != line:
            return None
        places.extend(range(start, end + 1))
    return places


def _aligned_places(source: Source, scalar: Scalar) -> Sequence[int]:
    """Walk along folded lines and escapes; where a character is not found, stay in front of it."""
    at = _first_place(source, scalar)
    if len(scalar.text) > ALIGNED_LIMIT:
        return array("L", [at]) * (len(scalar.text) + 1)
    places: list[int] = []
    for character in scalar.text:
        place, at = _aligned(source.text, character, at, scalar.end)
        places.append(place)
    return [*places, at]


def _first_place(source: Source, scalar: Scalar) -> int:
    start = scalar.start + (scalar.style in ("'", '"'))
    if scalar.style in (">", "|"):
        start = source.line_bounds(source.line_of(start) + 1)[0]
    match = re.compile(_SPACES).match(source.text, start, scalar.end)
    return match.end() if match and not scalar.text[:1].isspace() else start


def _aligned(text: str, character: str, at: int, end: int) -> tuple[int, int]:
    """Return the place of a character, searched from `at` on, and the place behind it."""
    if character.isspace():
        fold = re.compile(_FOLD).match(text, at, end)
        return at, fold.end() if fold else at + (text[at : at + 1] == character)
    found = text.find(character, at, min(at + _NEAR, end))
    return (at, at) if found < 0 else (found, found + 1)
