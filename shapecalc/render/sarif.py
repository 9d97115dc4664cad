"""Findings → SARIF 2.1.0, which code scanning services and editors read.

Braces stay single, though the standard would double them: what shows the text shows it as it is.
"""

import json
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from os import fsencode
from urllib.parse import quote

import shapecalc
from shapecalc.diagnostics import Finding, Related
from shapecalc.diagnostics.pages import RulePage, page_of
from shapecalc.diagnostics.rules import rule_of
from shapecalc.records import Report
from shapecalc.render.glyphs import visible
from shapecalc.render.json import Tree
from shapecalc.render.oneline import from_here, sentence
from shapecalc.render.tally import in_order
from shapecalc.span import Span

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
FINGERPRINT = "findingLine/v1"
"""Not `primaryLocationLineHash`: GitHub computes that one, and warns of every other value."""


def document(reports: Sequence[Report]) -> str:
    """Print the findings of reports, and the rules that they break, as one log in ASCII."""
    found = [(report, one) for report in reports for one in in_order(report.findings)]
    broken = {finding.code: finding for _, finding in found}
    rules = [broken[code] for code in sorted(broken)]
    log: Tree = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(rules)},
                "columnKind": "unicodeCodePoints",
                "results": _results(found, [rule.code for rule in rules]),
            }
        ],
    }
    return json.dumps(log, allow_nan=False) + "\n"


def _driver(rules: Sequence[Finding]) -> Tree:
    return {
        "name": "shapecalc",
        "semanticVersion": shapecalc.__version__,
        "rules": [_rule(each) for each in rules],
    }


def _rule(broken: Finding) -> Tree:
    """Describe the rule that a finding breaks, by its page."""
    page = page_of(rule_of(broken.code))
    return {
        "id": broken.code,
        "name": broken.name,
        "shortDescription": {"text": page.summary},
        "fullDescription": {"text": page.why[0] if page.why else page.summary},
        "help": {"text": "\n\n".join((*page.why, page.fix)), "markdown": _markdown(page)},
        "defaultConfiguration": {"level": broken.severity.value},
    }


def _markdown(page: RulePage) -> str:
    """Print the page of a rule with its examples, for services that show a rule by itself."""
    parts = list(page.why)
    for title, example in (("Bad", page.bad), ("Good", page.good)):
        if example:
            parts.append(f"**{title}**\n\n```{example.language}\n{example.text.strip()}\n```")
    return "\n\n".join([*parts, page.fix, page.silence])


def _results(found: Sequence[tuple[Report, Finding]], codes: Sequence[str]) -> list[Tree]:
    places = {code: place for place, code in enumerate(codes)}
    seen: Counter[str] = Counter()
    results: list[Tree] = []
    for report, finding in found:
        line = _line_hash(report, finding)
        seen[line] += 1
        results.append(_result(finding, places[finding.code], f"{line}:{seen[line]}"))
    return results


def _result(finding: Finding, rule: int, fingerprint: str) -> Tree:
    result: dict[str, Tree] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity.value,
        "message": {"text": visible(sentence(finding))},
        "locations": [{"physicalLocation": _place(finding.span)}],
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }
    if finding.related:
        result["relatedLocations"] = [_related(*each) for each in enumerate(finding.related, 1)]
    return result


def _related(number: int, related: Related) -> Tree:
    return {
        "id": number,
        "physicalLocation": _place(related.span),
        "message": {"text": visible(related.text)},
    }


def _place(span: Span) -> Tree:
    return {
        "artifactLocation": _file(span.path),
        "region": {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.line,
            "endColumn": span.end_column,
        },
    }


def _file(path: str) -> Tree:
    """Name a file: from the root of the checkout, or in full where it lies outside."""
    place = from_here(path if _is_possible(path) else visible(path))
    if place.is_absolute():
        return {"uri": place.as_uri()}
    return {"uri": quote(fsencode(place.as_posix())), "uriBaseId": "%SRCROOT%"}


def _is_possible(path: str) -> bool:
    """Say whether a file can have this name."""
    try:
        fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


def _line_hash(report: Report, finding: Finding) -> str:
    """Hash what stays when lines above come and go: the code, the path, the text of the line."""
    path, line, _, _ = finding.span
    text = report.source[line - 1] if line <= len(report.source) else ""
    parts = (finding.code, from_here(path).as_posix(), " ".join(text.split()))
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
