"""How formulas were checked → the CHECKED line, which says of each way how far it went."""

from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.records import Checked, Exact, Report
from shapecalc.render.glyphs import raised
from shapecalc.render.notation import decimal, key
from shapecalc.render.page import Page, cell, mark

Named = tuple[str, Checked]
MOST_NAMES = 6


class _Way(NamedTuple):
    """One way to check, what to say where nothing was checked so, and how often it was used."""

    text: str
    unused: str
    used: int


def checked_section(page: Page, report: Report) -> None:
    """Say how the gradients and steps of a report were checked, taken together."""
    gradients = [(gradient.gradient, gradient.checked) for gradient in report.gradients]
    steps = [(key(step), step.checked) for step in report.steps]
    if gradients or steps:
        checked_line(page, [*gradients, *steps])


def checked_line(page: Page, every: Sequence[Named]) -> None:
    """Say how formulas were checked: the worst of each way, and what was left out, with why."""
    ways = _ways([checked for _, checked in every])
    used = [_told(way, len(every)) for way in ways if way.used]
    unused = [way.unused for way in ways if not way.used]
    lead = cell("CHECKED  ", "bold")
    if not used:
        page.line(lead, mark("!", "not checked"))
    for line in _joined(page, [*used, *unused]) if used else []:
        page.line(lead, cell(line))
        lead = cell(" " * 9)
    for note, names in _notes(every).items():
        _note(page, _few(names), note)


def ways_of(checked: Checked) -> list[str]:
    """Say how one formula was checked: what was used, what was not, and why not."""
    ways = _ways([checked])
    used = [way.text for way in ways if way.used]
    if not used:
        return ["not checked", checked.note] if checked.note else ["not checked"]
    unused = [way.unused for way in ways if not way.used]
    return [*used, *unused, checked.note] if checked.note else [*used, *unused]


def _told(way: _Way, total: int) -> str:
    return way.text if way.used == total else f"{way.text} ({way.used} of {total})"


def _joined(page: Page, texts: Sequence[str]) -> list[str]:
    lines: list[str] = []
    for text in texts:
        longer = f"{lines[-1]} · {text}" if lines else text
        if lines and page.fits(longer, page.width - 9):
            lines[-1] = longer
        else:
            lines.append(text)
    return lines


def _ways(every: Sequence[Checked]) -> list[_Way]:
    exact = [checked.exact for checked in every if checked.exact is not None]
    errors = [checked.components for checked in every if checked.components is not None]
    worst = max(exact, key=_exponent).error_bound if exact else ""
    return [
        _Way(
            "algebra, for all sizes", "not by algebra", sum(checked.canonical for checked in every)
        ),
        _Way(f"exact, error < {raised(worst)}", "not exact", len(exact)),
        _Way(
            f"by components, {decimal(max(errors, default=0.0))}", "not by components", len(errors)
        ),
    ]


def _exponent(exact: Exact) -> float:
    """Read the exponent of a bound, `2^-170`; a bound of another form counts as the worst."""
    try:
        return float(exact.error_bound.removeprefix("2^"))
    except ValueError:
        return 0.0


def _notes(every: Sequence[Named]) -> dict[str, list[str]]:
    """Group the names of what was not checked in every way by the reason."""
    notes: dict[str, list[str]] = {}
    for name, checked in every:
        if checked.note:
            notes.setdefault(checked.note, []).append(name)
    return notes


def _few(names: Sequence[str]) -> str:
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: MOST_NAMES - 1])} and {len(names) - MOST_NAMES + 1} more"


def _note(page: Page, names: str, note: str) -> None:
    for number, line in enumerate(page.folded(f"{names}: {note}", page.width - 11)):
        page.line(cell(line), indent=9 if number == 0 else 11)
