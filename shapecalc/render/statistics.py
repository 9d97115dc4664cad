"""Reports → how often each code was found, most often first."""

import json
from collections import Counter
from collections.abc import Iterable

from shapecalc.diagnostics import Finding
from shapecalc.records import Report


def table(reports: Iterable[Report]) -> str:
    """Print a line a code: how often, the code, its name."""
    counted = _counted(reports)
    width = max((len(f"{count:,}") for _, count in counted), default=0)
    return "".join(
        f"{f'{count:,}':>{width}}  {finding.code}  {finding.name}\n" for finding, count in counted
    )


def as_json(reports: Iterable[Report]) -> str:
    """Print a list of codes with their counts."""
    rows = [
        {
            "code": finding.code,
            "name": finding.name,
            "severity": finding.severity.value,
            "count": count,
        }
        for finding, count in _counted(reports)
    ]
    return f"{json.dumps(rows)}\n"


def _counted(reports: Iterable[Report]) -> list[tuple[Finding, int]]:
    """Count the findings of each code; one of them stands for all."""
    firsts: dict[str, Finding] = {}
    counts: Counter[str] = Counter()
    for report in reports:
        for finding in report.findings:
            firsts.setdefault(finding.code, finding)
            counts[finding.code] += 1
    rows = [(firsts[code], count) for code, count in counts.items()]
    return sorted(rows, key=lambda row: (-row[1], row[0].code))
