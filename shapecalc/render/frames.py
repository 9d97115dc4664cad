"""Findings → frames: the source lines that a finding is about, with carets under the tokens.

An error has a frame of its own lines; a warning a compact one.
"""

from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.diagnostics import Finding, Severity
from shapecalc.render.difference import Stretch, difference
from shapecalc.render.glyphs import carried, visible
from shapecalc.render.page import Cell, Page, Piece, cell, own
from shapecalc.render.widths import cell_len
from shapecalc.span import Span

TAB = 4  # a tab is shown as spaces up to the next multiple
LONGEST_LINE = 400  # of a longer line, the part around the caret is shown
_RIGHT = "   right"  # behind a formula below the caret: the help has said it there
LEAST_LABEL = 24  # a label with less room than this beside its caret goes below it


class Marker(NamedTuple):
    """A stretch of a line to point at, by `^` or `-`, and the words beside it."""

    span: Span
    sign: str
    label: str
    parts: tuple[Span, ...] = ()  # where only parts of it are pointed at
    below: tuple[Stretch, ...] = ()  # what of the formula below the label is not in the line


def frame(page: Page, finding: Finding, source: Sequence[str], *, more: bool = True) -> None:
    """Add the frame of a finding; `more` names the command that explains an error's code."""
    page.blank()
    if finding.severity is Severity.ERROR:
        _error(page, finding, source, [("more", f"shapecalc rule {finding.code}")] * more)
    else:
        _warning(page, finding, source)


def place(span: Span) -> str:
    """Print a place as editors and terminals read it: `path:line:column`."""
    return f"{span.path}:{span.line}:{span.column}"


def _error(
    page: Page, finding: Finding, source: Sequence[str], more: Sequence[tuple[str, str]]
) -> None:
    head = f"error[{finding.code}]"
    first, *rest = page.folded(f"{head} {finding.name}: {finding.message}", page.width - 2)
    page.line(cell(head, "red"), cell(first.removeprefix(head), "bold"))
    for text in rest:
        page.line(cell(text, "bold"), indent=2)
    markers = _markers(finding, source)
    gutter = max((len(str(marker.span.line)) for marker in markers), default=1)
    where = place(finding.span) if source else finding.span.path
    page.line(cell(" " * gutter), cell("--> ", "dim"), own(where))
    if markers:
        _error_source(page, markers, source, gutter)
    for name, text in (*_notes(finding), *more):
        _note(page, name, text, gutter)


def _error_source(
    page: Page, markers: Sequence[Marker], source: Sequence[str], gutter: int
) -> None:
    page.line(_bar("", gutter))
    was_main = None
    for line in sorted({marker.span.line for marker in markers}):
        on_line = [marker for marker in markers if marker.span.line == line]
        is_main = any(marker.sign == "^" for marker in on_line)
        if was_main is not None and (is_main or was_main):
            page.line(_bar("", gutter))
        _marked_line(page, source[line - 1], on_line, gutter)
        was_main = is_main
    page.line(_bar("", gutter))


def _note(page: Page, name: str, text: str, gutter: int) -> None:
    lead = f"{' ' * gutter} = {name + ':':<5} "
    lines = [
        part for line in text.split("\n") for part in _folded(page, line, page.width - len(lead))
    ]
    for number, line in enumerate(lines):
        page.line(cell(lead if number == 0 else " " * len(lead)), cell(line))


def _warning(page: Page, finding: Finding, source: Sequence[str]) -> None:
    page.line(own(place(finding.span)), cell(f": warning {finding.code} {finding.name}"))
    markers = _markers(finding, source, related="^")
    gutter = max((len(str(marker.span.line)) + 2 for marker in markers), default=3)
    for line in sorted({marker.span.line for marker in markers}):
        on_line = [marker for marker in markers if marker.span.line == line]
        _marked_line(page, source[line - 1], on_line, gutter, space="  ")
    texts = [finding.message, *(f"{name}: {text}" for name, text in _notes(finding))]
    for text in "\n".join(texts).split("\n"):
        for part in _folded(page, text, page.width - 4):
            page.line(cell(part), indent=4)


def _notes(finding: Finding) -> list[tuple[str, str]]:
    shown = [f"write `{line.removesuffix(_RIGHT)}`" for line in finding.label.split("\n")[1:]]
    is_said = not finding.help or finding.help in shown
    return [*finding.notes, *([] if is_said else [("help", finding.help)])]


def _markers(finding: Finding, source: Sequence[str], *, related: str = "-") -> list[Marker]:
    markers = [_main_marker(finding, source)]
    markers += [Marker(other.span, related, other.text) for other in finding.related]
    every = dict.fromkeys(markers)  # two things may be said of one place, but not one thing twice
    here = [marker for marker in every if marker.span.path == finding.span.path]
    return [marker for marker in here if 1 <= marker.span.line <= len(source)]


def _main_marker(finding: Finding, source: Sequence[str]) -> Marker:
    """Point at what a finding is about; of a formula that is nearly right, at what is not."""
    span, label = finding.span, finding.label
    _, _, right = label.partition("\n")
    marker = Marker(span, "^", label)
    if not right.endswith(_RIGHT) or not 1 <= span.line <= len(source):
        return marker
    written = source[span.line - 1][span.column - 1 : span.end_column - 1]
    found = difference(written, right.removesuffix(_RIGHT))
    if found is None:
        return marker
    parts = [
        span._replace(column=span.column + start, length=end - start)
        for start, end in found.in_first
    ]
    return marker._replace(parts=tuple(parts), below=found.in_second)


def _marked_line(
    page: Page, text: str, markers: Sequence[Marker], gutter: int, *, space: str = " "
) -> None:
    text, markers = _excerpt(text, markers, page.width - gutter - 3)
    line = _Line(text, page.look.encoding)
    number = str(markers[0].span.line)
    page.line(_bar(number, gutter), own(f" {line.shown}" if line.shown else ""))
    for group in _groups(markers):
        _marker_row(page, line, group, gutter, space)


def _excerpt(text: str, markers: Sequence[Marker], room: int) -> tuple[str, Sequence[Marker]]:
    """Take of a very long line the part around its first marker, and move the markers along."""
    if len(text) <= LONGEST_LINE:
        return text, markers
    start = max(0, min(marker.span.column for marker in markers) - 1 - LEAST_LABEL)
    moved = [_moved(marker, start, room) for marker in markers]
    shown = [marker for marker in moved if marker.span.column <= room]
    return text[start : start + room], shown


def _moved(marker: Marker, start: int, room: int) -> Marker:
    column = marker.span.column - start
    length = min(marker.span.length, max(1, room + 1 - column))
    moved = marker.span._replace(column=column, length=length)
    return marker._replace(span=moved, parts=(), below=())


def _groups(markers: Sequence[Marker]) -> list[list[Marker]]:
    """Share a row among the markers of one sign of which at most one has words."""
    signs = list(dict.fromkeys(marker.sign for marker in markers))
    groups = []
    for sign in sorted(signs, key="^-".index):
        same = [marker for marker in markers if marker.sign == sign]
        worded = [marker for marker in same if marker.label]
        groups.append([marker for marker in same if marker not in worded[1:]])
        groups += [[marker] for marker in worded[1:]]
    return groups


def _marker_row(
    page: Page, line: "_Line", markers: Sequence[Marker], gutter: int, space: str
) -> None:
    pointers, end = "", 0
    spans = [span for marker in markers for span in marker.parts or (marker.span,)]
    for span in sorted(spans, key=lambda span: span.column):
        start, stop = line.cells(span)
        pointers += " " * (start - end) + markers[0].sign * (stop - max(start, end))
        end = max(end, stop)
    label, added = next(((each.label, each.below) for each in markers if each.label), ("", ()))
    start = min(line.cells(marker.span)[0] for marker in markers)
    beside, below = _label(page, label, gutter + 3 + start, gutter + 2 + end + len(space))
    style = "red" if markers[0].sign == "^" else "dim"
    page.line(_bar("", gutter), cell(f" {pointers}", style), cell(f"{space}{beside}"))
    indent = start
    for text in below:
        indent = max(0, min(start, page.width - gutter - 3 - cell_len(page.spelled(text))))
        page.line(_bar("", gutter), cell(" " * (1 + indent)), cell(text))
    if added and page.spelled(below[-1]) == below[-1]:
        signs = _signs(below[-1], added)
        page.line(_bar("", gutter), cell(" " * (1 + indent)), cell(signs, "green"))


def _signs(text: str, stretches: Sequence[Stretch]) -> str:
    """Put a `+` below each cell of a text that is in one of the stretches."""
    cells = ""
    for start, end in stretches:
        cells = cells.ljust(cell_len(text[:start])) + "+" * cell_len(text[start:end])
    return cells


def _label(page: Page, label: str, start: int, end: int) -> tuple[str, list[str]]:
    """Split a label into what goes beside the caret, and the lines below it."""
    if not label:
        return "", []
    first, *rest = label.split("\n")
    room = page.width - end - 1
    if not page.fits(first, room):
        if room < LEAST_LABEL or page.fits(first, page.width - start):
            return "", [*_folded(page, first, max(page.width - start, LEAST_LABEL)), *rest]
        first, *more = page.folded(first, room)
        return first, [*_folded(page, " ".join(more), max(page.width - start, LEAST_LABEL)), *rest]
    return first, rest


def _folded(page: Page, text: str, width: int) -> list[str]:
    return [text] if page.fits(text, width) else page.folded(text, width)


def _bar(number: str, gutter: int) -> Cell:
    return (Piece(f"{number:>{gutter}} |", "dim"),)


class _Line:
    """A source line as shown: tabs as spaces, controls escaped; and where its characters went."""

    def __init__(self, text: str, encoding: str) -> None:
        self.encoding = encoding
        self.text = text.rstrip("\r\n")
        self.shown = self._show(self.text).rstrip()

    def cells(self, span: Span) -> tuple[int, int]:
        """Return where a span begins and ends, in cells; a span of nothing is shown as one cell."""
        start = cell_len(self._show(self.text[: span.column - 1]))
        start += max(0, span.column - 1 - len(self.text))
        end = cell_len(self._show(self.text[: span.end_column - 1]))
        return start, max(end, start + 1)

    def _show(self, text: str) -> str:
        first, *rest = (carried(visible(part), self.encoding) for part in text.split("\t"))
        for part in rest:
            first += " " * (TAB - cell_len(first) % TAB) + part
        return first
