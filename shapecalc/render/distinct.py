"""Proposed sizes → a page: lines to paste into the spec, and what no sizes can show."""

from collections.abc import Iterable

from shapecalc.records import Distinct, Report
from shapecalc.render.notation import counted, shape
from shapecalc.render.page import Page, cell, mark, own

MOST_NAMES = 6


def distinct_section(page: Page, report: Report, distinct: Distinct) -> None:
    """Add the sizes as lines of YAML, and what they change."""
    page.line(cell("DISTINCT", "bold"), cell("  "), own(report.path))
    page.blank()
    if distinct.dims:
        _yaml(page, distinct)
    _prose(page, _what_changes(distinct), "✓" if distinct.dims else "!")
    for text in _what_stays(distinct):
        _prose(page, text, "!")


def _yaml(page: Page, distinct: Distinct) -> None:
    sizes = ", ".join(f"{name}: {size}" for name, size in distinct.dims)
    page.line(cell(f"dims: {{{sizes}}}"))
    for section in dict.fromkeys(kind for kind, _, _ in distinct.axes):
        page.line(cell(f"{section}:"))
        for kind, name, dims in distinct.axes:
            if kind == section:
                page.line(cell(f"{name}: [{', '.join(dims)}]"), indent=2)
    page.blank()


def _what_changes(distinct: Distinct) -> str:
    if not distinct.dims:
        return "no sizes are found at which all axes differ"
    now = "no wrong product runs by chance"
    if not distinct.changed:
        return f"these are the sizes of the spec: {now}"
    before = f"{counted(distinct.wrong, 'wrong product')} in {counted(distinct.steps, 'step')}"
    was = f"; at the sizes of the spec, {before} did" if distinct.wrong else ""
    named = "; the spec has numbers for axes, so names go there too" if distinct.axes else ""
    return f"{now} at these sizes{was}{named}"


def _what_stays(distinct: Distinct) -> Iterable[str]:
    if distinct.square:
        names = _few(f"{name} {shape(dims)}" for name, dims in distinct.square)
        verb = "is" if len(distinct.square) == 1 else "are"
        told = "a wrong order or transpose runs at every size: compare numbers, or use two dims"
        yield f"{names} {verb} square by name, so {told}"
    if distinct.hidden:
        yield f"a wrong order runs at every size in {_few(distinct.hidden)}: compare numbers"


def _few(texts: Iterable[str]) -> str:
    every = list(texts)
    rest = len(every) - MOST_NAMES
    return ", ".join(every[:MOST_NAMES]) + (f" and {rest:,} more" if rest > 0 else "")


def _prose(page: Page, text: str, sign: str) -> None:
    for number, line in enumerate(page.folded(text, page.width - 2)):
        page.line(mark(sign, line) if number == 0 else cell(f"  {line}"))
