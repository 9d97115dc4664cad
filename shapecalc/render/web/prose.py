"""Sentences and formulas → HTML.

Long formulas break where a person would break them; very long ones are written as code, which may
break anywhere. What is on a line of its own and still too long scrolls.
"""

from collections.abc import Collection, Mapping, Sequence
from html import escape
from re import compile as pattern
from typing import NamedTuple

from shapecalc.render.glyphs import visible
from shapecalc.render.mathml import math
from shapecalc.render.mathprose import Code, Formula, Piece, Said, sentence
from shapecalc.render.mathtext import Node, Sign, Words, formula, plain

# Letters of a formula that may break, of a part that scrolls on a phone, and of what is code.
_LONG, _WIDE, TYPED = 22, 30, 48
_RELATIONS = frozenset("=<>≠→")


_STOP = pattern(r"[.,;:?!)]+")
_MINUS = pattern(r"(?<![\w-])-(?=\d)")


class Writing(NamedTuple):
    """What a page knows as it is written: the names in formulas, and where a name leads to."""

    names: Collection[str]
    links: Mapping[str, str]


def text_html(text: str, writing: Writing) -> str:
    """Write a sentence; what is typed is code, and leads to its place on the page if it has one."""
    pieces = sentence(visible(text), writing.names)
    found, taken = "", 0
    for at, piece in enumerate(pieces):
        behind = pieces[at + 1] if at + 1 < len(pieces) else Said("")
        stop = _STOP.match(behind.text) if isinstance(behind, Said) else None
        found += _piece(piece, writing, taken, stop[0] if stop else "")
        taken = len(stop[0]) if stop and isinstance(piece, Formula) else 0
    return found


def _piece(piece: Piece, writing: Writing, taken: int, stop: str) -> str:
    """Write a piece; a formula takes the stop behind it along, which no line may begin with."""
    match piece:
        case Said(text):
            return escape(_MINUS.sub("−", text[taken:]))
        case Code(text):
            return _typed(text, writing)
        case Formula(nodes):
            return inline(nodes, stop)


def _typed(text: str, writing: Writing) -> str:
    shown = f"<code>{escape(text.strip('`'))}</code>"
    link = writing.links.get(text.removeprefix("--wrt ")) if text.startswith("--wrt ") else None
    return shown if link is None else f'<a href="{escape(link)}">{shown}</a>'


def inline(nodes: Sequence[Node], stop: str = "") -> str:
    """Write a formula within a sentence; a long one may go on in the next line at a relation."""
    broken = _broken(nodes) if len(plain(nodes)) > _LONG else [nodes]
    if max(len(plain(part)) for part in broken) > TYPED:
        return code(plain(nodes)) + escape(stop)
    parts = [_held(part, is_later=at > 0) for at, part in enumerate(broken)]
    if stop:
        parts[-1] = f'<span class="held">{parts[-1]}{escape(stop)}</span>'
    return parts[0] if len(parts) == 1 else f'<span class="formula">{" ".join(parts)}</span>'


def code(text: str) -> str:
    """Write a formula as it is typed."""
    return f'<code class="formula">{escape(text)}</code>'


def _held(nodes: Sequence[Node], *, is_later: bool) -> str:
    written = math(nodes, is_later=is_later)
    return written if len(plain(nodes)) <= _WIDE else f'<span class="wide">{written}</span>'


def _broken(nodes: Sequence[Node]) -> list[Sequence[Node]]:
    """Cut a formula before its relations, and before what is added where it is still long."""
    parts = _cut(nodes, _RELATIONS)
    return [
        piece
        for part in parts
        for piece in (_cut(part, frozenset("+-")) if len(plain(part)) > _WIDE else [part])
    ]


def _cut(nodes: Sequence[Node], signs: Collection[str]) -> list[Sequence[Node]]:
    starts = [0]
    for at in range(1, len(nodes) - 1):
        node, before = nodes[at], nodes[at - 1]
        is_apart = isinstance(before, Words) and not before.text.strip() and at > 1
        if isinstance(node, Sign) and node.text in signs and is_apart:
            starts.append(at)
    return [nodes[one:two] for one, two in zip(starts, [*starts[1:], len(nodes)], strict=True)]


def display(text: str, writing: Writing) -> str:
    """Write a formula on a line of its own; of a very long sum, each part on one."""
    nodes = formula(visible(text).strip(), writing.names)
    parts = _cut(nodes, frozenset("+-=")) if len(plain(nodes)) > 2 * TYPED else [nodes]
    if len(parts) == 1:
        return math(nodes, is_display=True)
    written = (math(part, is_display=True, is_later=at > 0) for at, part in enumerate(parts))
    return f'<span class="formula broken">{" ".join(written)}</span>'


def number(value: float) -> str:
    """Write a number with a minus sign: whole where it is, else with three digits."""
    if abs(value - round(value)) < 1e-9:
        shown = str(round(value))
    else:
        shown = f"{value:.3f}" if abs(value) >= 0.001 else f"{value:.1e}"
    return shown.replace("-", "−")
