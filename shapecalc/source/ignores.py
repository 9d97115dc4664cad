"""Comments that silence findings, `# shapecalc: ignore[SC501] reason`, found between the nodes.

Text that a value holds is no comment, so the nodes say where to look. Knows no code.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from shapecalc.source.nodes import List, Mapping, Node, Scalar, Source
from shapecalc.span import Span

_IGNORE = r"#[ \t]*shapecalc:[ \t]*ignore\b(?:[ \t]*\[([^\]\r\n]*)\])?"
_NAMED = r"[^\s,]+"
_QUOTED = r"'[^']*'|\"[^\"]*\""


class Ignored(NamedTuple):
    """A code or a kebab name in the brackets of a comment, with its place."""

    code: str
    span: Span


class Ignore(NamedTuple):
    """One comment: the codes that it names, and the line whose findings it silences."""

    codes: tuple[Ignored, ...]
    span: Span


def ignores_in(source: Source, root: Node) -> Iterator[Ignore]:
    """Yield the comments that silence findings, in the order of their lines."""
    found = list(re.finditer(_IGNORE, source.text))
    if not found:
        return
    scalars = sorted(_scalars(root), key=lambda scalar: scalar.start)
    starts = [scalar.start for scalar in scalars]
    for match in found:
        place = bisect_right(starts, match.start()) - 1
        if place < 0 or _is_beside(source, scalars[place], match.start()):
            yield _ignore(source, match)


def _ignore(source: Source, match: re.Match[str]) -> Ignore:
    named = match.span(1) if match[1] is not None else (0, 0)
    codes = tuple(
        Ignored(code[0], source.span(*code.span()))
        for code in re.compile(_NAMED).finditer(source.text, *named)
    )
    return Ignore(codes, source.span(*match.span()))


def _is_beside(source: Source, scalar: Scalar, at: int) -> bool:
    """Say whether a place is behind a scalar, or in the note of a line of its block of text."""
    if at >= scalar.end or scalar.start == scalar.end:
        return True
    if scalar.style != "|":
        return False
    start, _ = source.line_bounds(source.line_of(at))
    before = re.sub(_QUOTED, "", source.text[start:at])
    return "'" not in before and '"' not in before


def _scalars(node: Node) -> Iterator[Scalar]:
    match node:
        case Scalar():
            yield node
        case List(items):
            for item in items:
                yield from _scalars(item)
        case Mapping(entries):
            for key, value in entries:
                yield key
                yield from _scalars(value)
