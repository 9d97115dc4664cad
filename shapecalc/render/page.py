"""Styled pieces of text → the text of a page, laid out in columns. Rich colours it, where it is.

Nothing is wrapped, cropped or cut here but where `fold` is asked for; a column is set by hand.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from shapecalc.render.breaking import hanging, place_to_break
from shapecalc.render.glyphs import carried, to_ascii, visible
from shapecalc.render.output import Look
from shapecalc.render.widths import cell_len

_WORD = re.compile(r"(?:`[^`]*`|\([^()`]{0,40}\)|[^\s`]|`)+")
SIGN_STYLES = {"✓": "green", "✗": "red", "!": "yellow", "?": "yellow"}
_BREAK = re.compile(r"(?<=\S) (?=[-+*/@]+ )")
_SIGNS = frozenset({"@", "*", "/", "+", "=", "≠", "!=", "×", "<"})
SHORT = 30  # so far a formula in prose is not broken
LONGEST_NOTE = 32  # a longer note makes no room for itself at the cost of a formula


class Piece(NamedTuple):
    """A stretch of text in one style; `verbatim` where its signs are the user's own."""

    text: str
    style: str = ""
    verbatim: bool = False


Cell = tuple[Piece, ...]


class Row(NamedTuple):
    """A formula, the cells beside it, and a note that is left out where there is no room."""

    formula: Cell
    cells: tuple[Cell, ...] = ()
    note: Cell = ()


def cell(text: str, style: str = "") -> Cell:
    """Make a cell of one piece."""
    return (Piece(text, style),) if text else ()


def own(text: str, style: str = "") -> Cell:
    """Make a cell of the user's own text: a path, a source line."""
    return (Piece(text, style, verbatim=True),)


def mark(sign: str, text: str) -> Cell:
    """Set a verdict's sign before its words, in the sign's colour; a mere fit is all yellow."""
    if sign == "!":
        return cell(f"{sign} {text}", SIGN_STYLES[sign])
    return (Piece(sign, SIGN_STYLES[sign]), Piece(f" {text}"))


def width_of(spelled: Cell) -> int:
    """Measure a cell in terminal cells: a CJK letter takes two, an accent none."""
    return sum([cell_len(piece.text) for piece in spelled])


def padded(spelled: Cell, width: int, *, right: bool = False) -> Cell:
    """Fill a cell with spaces up to a width."""
    space = (Piece(" " * (width - width_of(spelled))),)
    return space + spelled if right else spelled + space


def fold(text: str, width: int) -> list[str]:
    """Break prose into lines between words, never within backticks or a shape."""
    return _lines(_WORD.findall(text), width)


def _lines(words: Iterable[str], width: int) -> list[str]:
    lines = [""]
    for word in words:
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(longer) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _held(words: Iterable[str]) -> Iterator[str]:
    """Join a sign to the word behind it, and both to what is before, if that stays short.

    A letter is joined to the number that it is counted by.
    """
    held, sign = "", ""
    for word in words:
        if word in _SIGNS and not sign:
            sign = word
            continue
        part = f"{sign} {word}".lstrip()
        is_unit = held[-1:].isdigit() and len(word.rstrip(".,:;")) == 1  # `-1 t`
        if (sign or is_unit) and len(held) + len(part) < SHORT:
            held = f"{held} {part}".lstrip()
        else:
            yield from filter(None, [held])
            held = part
        sign = ""
    yield from filter(None, [held, sign])


class Page:
    """Lines under way to the output, in the signs that the output can carry."""

    def __init__(self, look: Look) -> None:
        self.width = look.width
        self.look = look
        self.lines: list[Cell] = []

    def spell(self, text: Cell) -> Cell:
        """Write a cell in signs that the output can carry."""
        return tuple([Piece(self._spelled(piece), piece.style, verbatim=True) for piece in text])

    def spelled(self, text: str) -> str:
        """Write a text in signs that the output can carry."""
        return self._spelled(Piece(text))

    def folded(self, text: str, width: int) -> list[str]:
        """Break prose into lines of a width, in signs that the output can carry."""
        return fold(self.spelled(text), width)

    def told(self, text: str, width: int) -> list[str]:
        """Break prose as `folded` does, and no formula that is short."""
        return _lines(_held(_WORD.findall(self.spelled(text))), width)

    def fits(self, text: str, width: int) -> bool:
        """Say whether a text, as spelled, has room in a width."""
        return cell_len(self.spelled(text)) <= width

    def line(self, *cells: Cell, indent: int = 0) -> None:
        """Add a line of cells, one right behind the other."""
        pieces = [piece for each in cells for piece in each]
        self.lines.append(self.spell((*cell(" " * indent), *pieces)))

    def blank(self) -> None:
        """Add an empty line, unless the page begins here or has one already."""
        if self.lines and self.lines[-1]:
            self.lines.append(())

    def head(self, name: str, remark: str = "") -> None:
        """Begin a section."""
        self.blank()
        self.line(cell(name, "bold"), cell(f"  {remark}" if remark else ""))

    def rows(
        self, rows: Sequence[Row], *, indent: int = 2, least: int = 0, right: int | None = None
    ) -> None:
        """Add rows in columns."""
        for lines in self.columns(rows, indent=indent, least=least, right=right):
            self.lines.extend(lines)

    def columns(
        self, rows: Sequence[Row], *, indent: int = 2, least: int = 0, right: int | None = None
    ) -> list[list[Cell]]:
        """Set rows in columns, and return each row's lines.

        A formula that leaves no room for its columns has a line to itself. The first column has
        `least` cells at least; `right` is the column that is set to the right.
        """
        spelled = [self._spell_row(row) for row in rows]
        widths = [
            max(width_of(one) for one in column)
            for column in zip_longest(*(row.cells for row in spelled), fillvalue=())
        ]
        taken = indent + sum(width + 2 for width in widths if width)
        first = max(least, self._formula_width(spelled, taken))
        return [self._set(row, first, widths, indent, right) for row in spelled]

    def hold_to_width(self) -> None:
        """Break all lines so far that are wider than the page."""
        self.lines = [part for line in self.lines for part in self._held(line)]

    def _held(self, line: Cell) -> list[Cell]:
        if width_of(line) <= self.width:
            return [line]
        text = "".join(piece.text for piece in line)
        hang, parts = hanging(text, self.width), []
        while width_of(line) > self.width:
            place = place_to_break("".join(piece.text for piece in line), self.width)
            if not place:
                break
            front, rest = _cut(line, place)
            parts.append(front)
            line = cell(" " * hang) + rest
        return [*parts, line]

    def text(self) -> str:
        """Return the page as text, with escape sequences where it is coloured."""
        lines = [_stripped(line) for line in self.lines]
        if self.look.color and lines:
            from shapecalc.render.coloured import coloured

            return coloured(lines, self.width)
        return "".join(f"{''.join(piece.text for piece in line)}\n" for line in lines)

    def _spelled(self, piece: Piece) -> str:
        if piece.text.isascii() and piece.text.isprintable():
            return piece.text
        text = visible(piece.text)
        if self.look.ascii and not piece.verbatim:
            text = to_ascii(text)
        return carried(text, self.look.encoding)

    def _spell_row(self, row: Row) -> Row:
        return Row(
            self.spell(row.formula),
            tuple(self.spell(each) for each in row.cells),
            self.spell(row.note),
        )

    def _formula_width(self, rows: Sequence[Row], taken: int) -> int:
        notes = [width_of(row.note) for row in rows]
        note = max((width for width in notes if 0 < width <= LONGEST_NOTE), default=-2)
        limit = self.width - taken - 2 - note
        widths = [width_of(row.formula) for row in rows]
        return max((width for width in widths if width <= limit), default=0)

    def _set(
        self, row: Row, first: int, widths: list[int], indent: int, right: int | None
    ) -> list[Cell]:
        is_long = width_of(row.formula) > first
        line = cell(" " * indent) + padded(() if is_long else row.formula, first)
        missing: tuple[Cell, ...] = ((),) * (len(widths) - len(row.cells))
        for place, each in enumerate(row.cells + missing):
            if width := widths[place]:
                line += cell("  ") + padded(each, width, right=place == right)
        if row.note and width_of(line) + 2 + width_of(row.note) <= self.width:
            line += cell("  ") + row.note
        above = self._broken(row.formula, indent) if is_long else []
        return [*above, line] if not is_long or _has_ink(line) else above

    def formula(self, formula: Cell, *, hang: int) -> None:
        """Add a formula, broken before its signs where it has no room in one line."""
        self.lines += self._broken(self.spell(formula), 0, hang)

    def _broken(self, formula: Cell, indent: int, hang: int = 4) -> list[Cell]:
        """Give a formula lines of its own: one, if it has room, else broken before its signs."""
        style = formula[0].style if formula else ""
        text, start = "".join(piece.text for piece in formula), " " * indent
        lines: list[Cell] = []
        while cell_len(start + text) > self.width:
            place = _break_before(text, self.width - len(start))
            if not place:
                break
            lines.append(cell(start + text[:place], style))
            text, start = text[place:].lstrip(), " " * (indent + hang)
        return [*lines, cell(start + text, style)]


def _break_before(text: str, room: int) -> int:
    """Find the last sign that may begin a new line, outside of brackets if it can be; else 0."""
    places = [found.start() for found in _BREAK.finditer(text)]
    fitting = [place for place in places if cell_len(text[:place]) <= room]
    return max(fitting, key=lambda place: (-_depth(text[:place]), place), default=0)


def _cut(line: Cell, place: int) -> tuple[Cell, Cell]:
    """Cut a line in two; the second part begins with no space."""
    front: list[Piece] = []
    rest: list[Piece] = []
    for piece in line:
        front.append(piece._replace(text=piece.text[:place]))
        behind = piece.text[place:] if rest else piece.text[place:].lstrip()
        if behind:
            rest.append(piece._replace(text=behind))
        place = max(0, place - len(piece.text))
    return tuple(front), tuple(rest)


def _depth(text: str) -> int:
    return text.count("(") - text.count(")")


def _has_ink(line: Cell) -> bool:
    return any(piece.text.strip() for piece in line)


def _stripped(line: Cell) -> Cell:
    while line and not line[-1].text.strip():
        line = line[:-1]
    if not line or not line[-1].text[-1].isspace():
        return line
    return (*line[:-1], line[-1]._replace(text=line[-1].text.rstrip()))


def joined(cells: Iterable[Cell]) -> Cell:
    """Join cells to one, with nothing between them."""
    return tuple(piece for each in cells for piece in each)
