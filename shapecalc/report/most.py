"""Findings → so many errors as anybody reads. Warnings stay: a long network has one a layer."""

from collections.abc import Sequence

from shapecalc.diagnostics import Finding, Severity

MOST_ERRORS = 1_000


def first_findings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Keep the first errors by their place; beyond the limit, say how many are left out.

    What is said of the rest is an error too, and only errors are left out: so a network that has
    nothing but warnings never fails by their number.
    """
    if len(findings) <= MOST_ERRORS:
        return tuple(findings)
    ordered = sorted(findings, key=lambda finding: finding.span[1:3])
    errors = [finding for finding in ordered if finding.severity is Severity.ERROR]
    if len(errors) <= MOST_ERRORS:
        return tuple(findings)
    warnings = [finding for finding in ordered if finding.severity is Severity.WARNING]
    count = len(errors) - MOST_ERRORS
    message = f"{count:,} more findings are over the limit of {MOST_ERRORS:,}"
    more = Finding("SC901", errors[MOST_ERRORS].span, message, "mend the first of them")
    return (*errors[:MOST_ERRORS], *warnings, more)
