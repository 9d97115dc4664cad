"""The codes → the page of one, the list of all, and JSON. What is said of an example is run.

So a page shows what the program says of its example today.
"""

import json
from collections.abc import Iterable

import shapecalc
from shapecalc import api
from shapecalc.diagnostics import Problem, Rule, Severity
from shapecalc.diagnostics.pages import Example, RulePage, page_of
from shapecalc.diagnostics.rules import FAMILIES
from shapecalc.records import Report
from shapecalc.render.frames import frame
from shapecalc.render.output import Look
from shapecalc.render.page import SIGN_STYLES, Page, cell, own
from shapecalc.source import decode

SCHEMA_VERSION = 1
EXAMPLE = "example.yaml"
INDENT = 2


def rule_page(rule: type[Rule], look: Look) -> str:
    """Print the page of a code, `shapecalc rule SC301`."""
    page, text = Page(look), page_of(rule)
    page.line(cell(f"{rule.code} {rule.name}", "bold"), cell(f"  {rule.severity.value}"))
    for line in page.folded(text.summary, page.width):
        page.line(cell(line))
    for paragraph in text.why:
        page.blank()
        _prose(page, paragraph)
    _examples(page, text)
    page.head("FIX")
    _prose(page, text.fix)
    page.head("SILENCE")
    _prose(page, text.silence)
    return page.text()


def rule_list(look: Look) -> str:
    """Print one line for each code, by family: `shapecalc rule`."""
    page = Page(look)
    families = [(family, family.rules()) for family in FAMILIES]
    width = max(len(rule.name) for _, rules in families for rule in rules)
    for family, rules in families:
        page.head(family.title.upper(), f"{family.start}xx")
        for rule in rules:
            _entry(page, rule, width)
    page.blank()
    page.line(
        cell("!", SIGN_STYLES["!"]),
        cell(" is a warning, all others are errors; shapecalc rule SC301 opens one"),
    )
    return page.text()


def rules_json(rules: Iterable[type[Rule]]) -> str:
    """Print codes with their pages as one JSON document in ASCII."""
    tree = {
        "schema_version": SCHEMA_VERSION,
        "shapecalc": shapecalc.__version__,
        "rules": [_tree(rule, page_of(rule)) for rule in rules],
    }
    return json.dumps(tree) + "\n"


def report_on(example: Example) -> Report | None:
    """Check an example; None where it is no spec, but settings or a terminal's text."""
    if example.language != "yaml":
        return None
    try:
        text = decode(example.text.encode(example.encoding), EXAMPLE)
    except Problem as problem:
        return Report(EXAMPLE, findings=(problem.finding,))
    return api.check(text, EXAMPLE, detail=False)


def _prose(page: Page, text: str) -> None:
    for line in page.folded(text, page.width - INDENT):
        page.line(cell(line), indent=INDENT)


def _examples(page: Page, text: RulePage) -> None:
    if text.bad is not None:
        is_utf8 = text.bad.encoding == "utf-8"
        page.head("BAD", "" if is_utf8 else f"saved as {text.bad.encoding}")
        _code(page, text.bad)
        _said_of(page, text.bad)
    if text.good is not None:
        page.head("GOOD")
        _code(page, text.good)


def _code(page: Page, example: Example) -> None:
    spelled = cell if example.language == "console" else own
    for line in example.text.rstrip().split("\n"):
        page.line(spelled(line), indent=INDENT)


def _said_of(page: Page, example: Example) -> None:
    """Add the frames of what shapecalc says of an example, indented as the example is."""
    report = report_on(example)
    if report is None:
        return
    frames = Page(page.look._replace(width=page.width - INDENT))
    for finding in report.findings:
        frame(frames, finding, report.source, more=False)
    page.blank()
    page.lines += [cell(" " * INDENT) + line if line else () for line in frames.lines]


def _entry(page: Page, rule: type[Rule], width: int) -> None:
    sign = "!" if rule.severity is Severity.WARNING else " "
    line = f" {rule.name:<{width}}  {page_of(rule).summary}"
    page.line(cell(f"{rule.code} "), cell(sign, SIGN_STYLES.get(sign, "")), cell(line), indent=2)


def _tree(rule: type[Rule], page: RulePage) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "summary": page.summary,
        "why": list(page.why),
        "bad": page.bad and page.bad._asdict(),
        "good": page.good and page.good._asdict(),
        "fix": page.fix,
        "silence": page.silence,
    }
