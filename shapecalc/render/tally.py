"""Findings of all specs → counts, for the line at the end and for JSON."""

from collections.abc import Iterable
from typing import NamedTuple

from shapecalc.diagnostics import Finding, Severity
from shapecalc.records import Report
from shapecalc.render.notation import counted


class Tally(NamedTuple):
    """What a run has seen; `not_specs` counts the YAML files that a folder holds beside specs."""

    specs: int
    steps: int
    errors: int
    warnings: int
    not_specs: int = 0


def tally(reports: Iterable[Report], not_specs: int = 0) -> Tally:
    """Count specs, steps and findings."""
    every = tuple(reports)
    steps = sum(report.step_count for report in every)
    return Tally(len(every), steps, *count(f for r in every for f in r.findings), not_specs)


def with_report(so_far: Tally, report: Report) -> Tally:
    """Count one more report."""
    more = tally([report])
    return Tally(*(old + new for old, new in zip(so_far, more, strict=True)))


def count(findings: Iterable[Finding]) -> tuple[int, int]:
    """Count errors and warnings."""
    severities = [finding.severity for finding in findings]
    return severities.count(Severity.ERROR), severities.count(Severity.WARNING)


def verdicts(errors: int, warnings: int) -> str:
    """Say how many errors and warnings there are: `2 errors, 1 warning`."""
    parts = [counted(errors, "error")] if errors else []
    parts += [counted(warnings, "warning")] if warnings else []
    return ", ".join(parts)


def passed_over(not_specs: int) -> str:
    """Say how many YAML files were no specs."""
    if not_specs < 2:
        return "; 1 YAML file is no spec" if not_specs else ""
    return f"; {not_specs:,} YAML files are no specs"


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings by their place in the source."""
    return sorted(findings, key=lambda finding: finding.span[1:3])
