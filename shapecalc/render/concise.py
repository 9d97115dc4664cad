"""Findings → one line each, for editors and logs. Never wrapped, never coloured."""

from collections.abc import Iterable

from shapecalc.diagnostics import Finding
from shapecalc.records import Report
from shapecalc.render.glyphs import to_ascii, visible
from shapecalc.render.notation import counted
from shapecalc.render.oneline import sentence
from shapecalc.render.tally import Tally, in_order, passed_over, verdicts


def lines(reports: Iterable[Report], *, ascii_only: bool = False) -> str:
    """Print each finding as `path:line:column: CODE message: help`."""
    texts = [
        _line(one, ascii_only=ascii_only) for each in reports for one in in_order(each.findings)
    ]
    return "".join(f"{text}\n" for text in texts)


def summary(tally: Tally) -> str:
    """Print the line at the end: `2 specs, 3 errors`."""
    findings = verdicts(tally.errors, tally.warnings) or "no findings"
    return f"{counted(tally.specs, 'spec')}, {findings}{passed_over(tally.not_specs)}\n"


def _line(finding: Finding, *, ascii_only: bool) -> str:
    path, line, column, _ = finding.span
    said = visible(f"{finding.code} {sentence(finding)}")
    return f"{visible(path)}:{line}:{column}: {to_ascii(said) if ascii_only else said}"
