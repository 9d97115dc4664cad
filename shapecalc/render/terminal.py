"""Reports → pages for a terminal: the report, one step, one gradient, findings, the last line."""

import re
from collections.abc import Iterable, Sequence

from shapecalc.conventions import Found
from shapecalc.diagnostics import Finding, Severity
from shapecalc.records import Distinct, Report, Step
from shapecalc.render.chain import chain_section
from shapecalc.render.checked import checked_line, checked_section
from shapecalc.render.distinct import distinct_section
from shapecalc.render.frames import frame
from shapecalc.render.notation import counted, key, listed
from shapecalc.render.output import Look
from shapecalc.render.page import SIGN_STYLES, Cell, Page, cell, own, width_of
from shapecalc.render.report import (
    assumptions_section,
    backward_section,
    claims_section,
    examples_section,
    folded_backward,
    folded_forward,
    forward_section,
    has_many,
    head_section,
    ledger_section,
)
from shapecalc.render.step import step_page
from shapecalc.render.steps import kinds_section, opened_steps, steps_section
from shapecalc.render.tally import Tally, count, in_order, passed_over, verdicts

ALIKE = 3  # more warnings than this of one code are folded to the first
NO_COINCIDENCE = "no sizes that coincide"
_PLURALS = {"SC502": "square weights"}
_KEY = re.compile(r"([^\W\d]\w*)\s*:(?=\s)")
_PARTS_OF_FUNCTION = re.compile(r"(?:\{\s*|,\s*|^\s*)(of|shape)\s*:\s")
_LEFT_SIDE = re.compile(r"([^\W\d]\w*)\s*=")


def report_page(report: Report, look: Look, *, full: bool = False) -> str:
    """Print one report: the sections, the findings, and the verdict last."""
    page = Page(look)
    if report.steps or report.gradients or not count(_all_findings(report))[0]:
        _sections(page, report, full=full)
    page.hold_to_width()
    _findings(page, report, full=full)
    _not_checked(page, report)
    _verdict(page, report)
    return page.text()


def one_step_page(report: Report, step: Step, look: Look) -> str:
    """Print one step, opened."""
    page = Page(look)
    step_page(page, report, step)
    page.hold_to_width()
    _errors(page, report)
    return page.text()


def gradient_page(report: Report, wrt: str, look: Look, *, vec: bool = False) -> str:
    """Print the gradient of one value, the steps that lead to it, opened, and its chain."""
    page = Page(look)
    head_section(page, report)
    gradients = [gradient for gradient in report.gradients if gradient.wrt == wrt]
    backward_section(page, report, gradients)
    steps = [step for step in report.steps if step.wrt == wrt]
    if steps:
        page.head("STEPS", f"why {gradients[0].gradient} has this form" if gradients else "")
        opened_steps(page, steps)
    for chain in report.chains:
        chain_section(page, chain, vec=vec)
    page.blank()
    named = [(gradient.gradient, gradient.checked) for gradient in gradients]
    checked_line(page, [*named, *((key(step), step.checked) for step in steps)])
    page.hold_to_width()
    _errors(page, report)
    return page.text()


def distinct_page(report: Report, distinct: Distinct, look: Look) -> str:
    """Print sizes at which no dims coincide."""
    page = Page(look)
    distinct_section(page, report, distinct)
    _errors(page, report)
    return page.text()


def findings_page(reports: Iterable[Report], look: Look, tally: Tally | None = None) -> str:
    """Print the findings of reports, and where a tally is given, one line that sums them up."""
    page = Page(look)
    for report in reports:
        _findings(page, report, full=False)
    if tally is not None:
        page.blank()
        _summary(page, tally)
    return page.text()


def conventions_page(found: Found, look: Look) -> str:
    """Print in which conventions claims hold, what they are in the first, and in the others."""
    page = Page(look)
    best = found.tried[0].report
    if best.claims:
        for each in found.tried:
            page.line(cell(f"{each.name}: {each.holds} of {len(each.report.claims)} hold"))
        page.blank()
    _verdicts(page, best)
    for name, formulas in found.translations:
        page.blank()
        page.line(cell(name))
        for gradient, formula in formulas:
            page.line(cell(f"{gradient} = {formula}"), indent=2)
    return page.text()


def verdicts_page(report: Report, look: Look) -> str:
    """Print what claims are, those that are wrong with what is wrong in them."""
    page = Page(look)
    _verdicts(page, report)
    return page.text()


def _verdicts(page: Page, report: Report) -> None:
    for claim in report.claims:
        if claim.verdict in ("right", "convention"):
            said = f"a convention, {claim.times} times the gradient" if claim.times else "right"
            formula = f"{claim.gradient} = {claim.claim}"
            page.line((*cell("✓", SIGN_STYLES["✓"]), *cell(" "), *own(formula)))
            page.line(cell(f"{said}, {claim.how}"), indent=2)
    if report.ledger is not None:
        page.blank()
        ledger_section(page, report)
    _findings(page, report, full=True)


def summary_line(tally: Tally, look: Look) -> str:
    """Print the line that sums up a run."""
    page = Page(look)
    _summary(page, tally)
    return page.text()


def _sections(page: Page, report: Report, *, full: bool) -> None:
    head_section(page, report)
    if has_many(report) and not full:
        folded_forward(page, report)
        folded_backward(page, report)
        kinds_section(page, report)
    else:
        forward_section(page, report)
        backward_section(page, report, report.gradients)
        steps_section(page, report, full=full)
    if not report.gradients:
        told = "no params, no claims; --wrt NAME asks for more"
        told = told if report.loss else "there is neither a loss nor an upstream"
        page.head("BACKWARD", f"nothing to derive: {told}")
    page.blank()
    claims_section(page, report)
    ledger_section(page, report)
    assumptions_section(page, report)
    examples_section(page, report)
    checked_section(page, report)


def _findings(page: Page, report: Report, *, full: bool) -> None:
    findings = in_order(report.findings)
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    for finding in findings:
        alike = by_code[finding.code]
        is_many = finding.severity is Severity.WARNING and len(alike) > ALIKE
        is_folded = is_many and not (full and not has_many(report))
        if not is_folded or finding is alike[0]:
            frame(page, finding, report.source)
        if is_folded and finding is alike[0]:
            (_each_alike if full else _alike)(page, alike[1:])


def _errors(page: Page, report: Report) -> None:
    """Add the findings and the verdict where there are errors: they decide the exit code."""
    if count(report.findings)[0]:
        _findings(page, report, full=False)
        _not_checked(page, report)
        _verdict(page, report)


def _alike(page: Page, findings: Sequence[Finding]) -> None:
    first, last = findings[0].span.line, findings[-1].span.line
    lines = f"lines {first} to {last}" if first != last else f"line {first}"
    page.line(cell(f"and {len(findings):,} alike, {lines} (--full shows them)"), indent=4)


def _each_alike(page: Page, findings: Sequence[Finding]) -> None:
    """List findings that are like one that is shown, on a line each."""
    page.line(cell(f"and {len(findings):,} alike"), indent=4)
    for finding in findings:
        place = f"{finding.span.line}:{finding.span.column}"
        first, *more = page.folded(f"{place}  {finding.message}", page.width - 6)
        for line in (first, *(f"  {text}" for text in more)):
            page.line(cell(line), indent=4)


def _not_checked(page: Page, report: Report) -> None:
    names = report.not_checked
    if not names:
        return
    verbs = ("depends", "was") if len(names) == 1 else ("depend", "were")
    text = f"{listed(names)} {verbs[0]} on {_culprit(report)} and {verbs[1]} not checked"
    page.blank()
    for line in page.folded(text, page.width - 2):
        page.line(cell(line), indent=2)


def _all_findings(report: Report) -> tuple[Finding, ...]:
    return (*report.findings, *report.silenced)


def _culprit(report: Report) -> str:
    """Name the equation that has the error, where there is one."""
    every = [f.span for f in _all_findings(report) if f.severity is Severity.ERROR]
    if len({span.line for span in every}) != 1:
        return "these"
    span = every[0]
    text = report.source[span.line - 1] if 1 <= span.line <= len(report.source) else ""
    before = text[: max(span.column - 1, 0)]
    parts = _PARTS_OF_FUNCTION.findall(text)
    found = [key for key in _KEY.findall(before) if key not in parts][-1:] or _LEFT_SIDE.findall(
        before
    )[:1]
    return str(found[0]) if found else "this"


def _verdict(page: Page, report: Report) -> None:
    errors, warnings = count(report.findings)
    page.blank()
    hidden = count(report.silenced)[0]
    sign = "✗" if errors else "!" if warnings or hidden else "✓"
    texts = [verdicts(errors, 0)] if errors else _nothing_wrong(report)
    texts += [_warned(report, warnings)] if warnings else []
    texts += [f"{len(report.silenced):,} silenced"] if report.silenced else []
    if not errors and not warnings and not report.silenced and _sizes_differ(report):
        texts.append(NO_COINCIDENCE)
    line = _last_line(report, sign, texts)
    if width_of(page.spell(line)) > page.width and texts[-1] == NO_COINCIDENCE:
        line = _last_line(report, sign, texts[:-1])
    page.line(line)


def _last_line(report: Report, sign: str, texts: Sequence[str]) -> Cell:
    mark = cell(sign, SIGN_STYLES[sign])
    return (*mark, *cell(" "), *own(report.path), *cell(f": {', '.join(texts)}"))


def _nothing_wrong(report: Report) -> list[str]:
    undecided = sum(claim.verdict == "undecided" for claim in report.claims)
    else_ = "else " if count(report.silenced)[0] else ""
    texts = [counted(report.step_count, "step"), f"nothing {else_}wrong"]
    return [*texts, f"{undecided} undecided"] if undecided else texts


def _warned(report: Report, warnings: int) -> str:
    codes = {f.code for f in report.findings if f.severity is Severity.WARNING}
    code = min(codes)
    if len(codes) == 1 and warnings > 1 and code in _PLURALS:
        return f"{warnings:,} {_PLURALS[code]} ({code})"
    return counted(warnings, "warning")


def _sizes_differ(report: Report) -> bool:
    sizes = [number for _, number in report.dims]
    return None not in sizes and len(set(sizes)) == len(sizes) > 0


def _summary(page: Page, tally: Tally) -> None:
    seen = f"{counted(tally.specs, 'spec')}, {counted(tally.steps, 'step')}"
    found = verdicts(tally.errors, tally.warnings)
    if tally.errors:
        sign, text = "✗", f"{seen}: {found}"
    elif not tally.specs:
        sign, text = "!", "0 specs: nothing to check"
    elif found:
        sign, text = "!", f"{seen}: nothing wrong, {found}"
    else:
        sign, text = "✓", f"{seen}: nothing wrong"
    said = f" {text}{passed_over(tally.not_specs)}"
    page.line(cell(sign, SIGN_STYLES[sign]), cell(said))
