"""The right formula put in place of a wrong claim, in the author's own text."""

import json
import re
from collections.abc import Callable, Iterator, Mapping

from shapecalc.records import Claim, Report

MOST_FIXES = 200
Check = Callable[[str], Report]


def mended(text: str, report: Report, check: Check) -> tuple[str, tuple[Claim, ...]]:
    """Return a spec with its wrong claims put right, and those claims.

    All but the formulas stays as it is written. Each change is checked again as a whole spec, and
    is made only where the claim is right then, and nothing else is worse.
    """
    done: list[Claim] = []
    wrong = [claim for claim in report.claims if claim.verdict == "wrong" and claim.right]
    for claim in wrong[:MOST_FIXES]:
        for candidate in _candidates(text, claim):
            after = check(candidate)
            if _verdicts(after).get(claim.gradient) == "right" and _is_better(after, report):
                text, report = candidate, after
                done.append(claim)
                break
    return text, tuple(done)


def _is_better(after: Report, before: Report) -> bool:
    """Say whether there is less to find, and every claim that was not wrong is what it was."""
    now = _verdicts(after)
    kept = (was in ("wrong", now.get(name)) for name, was in _verdicts(before).items())
    return all(kept) and len(after.findings) < len(before.findings)


def _verdicts(report: Report) -> Mapping[str, str]:
    return {claim.gradient: claim.verdict for claim in report.claims}


def _candidates(text: str, claim: Claim) -> Iterator[str]:
    """Yield the text with the formula as it is, and in quotes, which some places in YAML need."""
    lines = text.split("\n")
    if not 1 <= claim.line <= len(lines) or claim.right is None:
        return
    line = lines[claim.line - 1]
    name, formula = re.escape(claim.gradient), re.escape(claim.claim)
    found = re.search(rf"(?<!\w){name}[\"']?\s*[:=]\s*[\"']?({formula})", line)
    if found is None:
        return
    for formula in (claim.right, json.dumps(claim.right)):
        lines[claim.line - 1] = f"{line[: found.start(1)]}{formula}{line[found.end(1) :]}"
        yield "\n".join(lines)
