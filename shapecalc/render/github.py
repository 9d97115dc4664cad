"""Findings → workflow commands, which GitHub shows beside the lines of a pull request."""

from collections.abc import Iterable

from shapecalc.diagnostics import Finding, Related
from shapecalc.records import Report
from shapecalc.render.glyphs import visible
from shapecalc.render.oneline import from_here, sentence
from shapecalc.render.tally import in_order

# What the runner turns back: in the text, and beyond that in a property, which `,` and `:` end.
_IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_TEXT = str.maketrans(_IN_TEXT)
_PROPERTY = str.maketrans({**_IN_TEXT, ":": "%3A", ",": "%2C"})


def annotations(reports: Iterable[Report]) -> str:
    """Print each finding as one command: `::error file=a.yaml,line=16,…::message: help`."""
    commands = [_command(one) for each in reports for one in in_order(each.findings)]
    return "".join(f"{command}\n" for command in commands)


def _command(finding: Finding) -> str:
    path, line, column, _ = finding.span
    properties = {
        "file": _shown(path),
        "line": line,
        "endLine": line,
        "col": column,
        "endColumn": finding.span.end_column,
        "title": f"{finding.code} {finding.name}",
    }
    written = [f"{key}={str(value).translate(_PROPERTY)}" for key, value in properties.items()]
    text = "\n".join([visible(sentence(finding)), *_elsewhere(finding)])
    return f"::{finding.severity.value} {','.join(written)}::{text.translate(_TEXT)}"


def _elsewhere(finding: Finding) -> list[str]:
    """Say what the other places hold: an annotation stands beside one line alone."""
    return [f"{visible(each.text)} ({_place(each, finding)})" for each in finding.related]


def _place(related: Related, finding: Finding) -> str:
    path, line, _, _ = related.span
    return f"line {line}" if path == finding.span.path else f"{_shown(path)}, line {line}"


def _shown(path: str) -> str:
    return visible(from_here(path).as_posix())
