"""Findings about a spec that nobody wrote, said of what was written on a command line."""

import re

from shapecalc.diagnostics import Finding
from shapecalc.graph.picked import PICKS
from shapecalc.records import Report
from shapecalc.spec.lines import Expression

_DECLARED = re.compile(r"(declare )?`([^\W\d]\w*): \[([^\]]*)\]`")
_LEFT_SIDE = re.compile(r"[^\W\d]\w* ?= ?([^=].*)")


def as_asked(finding: Finding) -> Finding:
    """Say what to ask for, where a spec would declare a name."""
    if PICKS in finding.message:
        return finding._replace(help="differentiate by another name")
    if finding.code == "SC212" and "`inputs`" in finding.help:
        return finding._replace(help="write its formula, or a name for its result")
    if finding.code == "SC209":
        name = finding.message.split("`")[1]
        declared = f'declare a function of x, `--function "{name}(x): …"`'
        advice = f"{finding.help.removesuffix('?')}, or {declared}" if finding.help else declared
        return finding._replace(help=advice)
    return finding._replace(help=_DECLARED.sub(_option, finding.help))


def _option(declared: re.Match[str]) -> str:
    give, name, dims = declared.groups()
    return f"{'give ' if give else ''}`--shape {name}={dims.replace(' ', '')}`"


def without_left_side(finding: Finding, text: str) -> Finding:
    """Say to leave out the left side, where an equation was given for an expression."""
    if side := _LEFT_SIDE.match(text):
        return finding._replace(help=f"write the right side alone, `{side[1]}`")
    return finding


def place_in(report: Report, asked: Expression) -> str | None:
    """Return a name that picks entries, where that is what is amiss; not the variable itself."""
    for each in report.findings:
        name = each.message.split("`")[1] if PICKS in each.message else asked.wrt
        if name not in (asked.wrt, *asked.places):
            return name
    return None
