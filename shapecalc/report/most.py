"""Findings → so many of them as anybody reads."""

from collections.abc import Sequence

from shapecalc.diagnostics import Finding

MOST_FINDINGS = 1_000


def first_findings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Keep the first findings by their place; beyond the limit, say how many are left out."""
    if len(findings) <= MOST_FINDINGS:
        return tuple(findings)
    ordered = sorted(findings, key=lambda finding: finding.span[1:3])
    place = ordered[MOST_FINDINGS].span
    count = len(findings) - MOST_FINDINGS
    message = f"{count:,} more findings are over the limit of {MOST_FINDINGS:,}"
    more = Finding("SC901", place, message, "mend the first of them")
    return (*ordered[:MOST_FINDINGS], more)
