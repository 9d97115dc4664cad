"""Explanations → one page that needs nothing else, or a fragment for a notebook. No script.

Levels fold by themselves, and are open at first, as what is folded is not printed on paper.
"""

from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from urllib.parse import quote

from shapecalc.records import Report
from shapecalc.records.explained import ExplainedStep, Explanation, Level
from shapecalc.render.glyphs import raised, visible
from shapecalc.render.mathprose import names_in
from shapecalc.render.mathtext import formula
from shapecalc.render.notation import shape
from shapecalc.render.web.blocks import blocks_html
from shapecalc.render.web.prose import Writing, display, inline, text_html

_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<title>{title}</title>
<style>
{style}</style>
</head>
<body class="shapecalc whole">
"""


def web_page(explanations: Sequence[Explanation], report: Report) -> str:
    """Write a page on one gradient, or on several, with links from one to the other."""
    links = {each.wrt: f"#{quote(each.wrt)}" for each in explanations}
    writing = Writing(names_in(report, explanations), links)
    name = report.name or report.path
    if len(explanations) == 1:
        title = f"Why {explanations[0].gradient} = {explanations[0].formula}"
    else:
        title = f"The gradients of {name}"
    parts = [_HEAD.format(title=escape(visible(title)), style=style())]
    parts.append('<header><p class="path">' + escape(visible(_subtitle(report))) + "</p>")
    parts.append(f"<h1>{_heading(explanations, report, writing)}</h1></header>\n")
    parts.append(_navigation(explanations, writing))
    parts.append("<main>\n")
    parts += [_failure(finding.message, writing) for finding in report.findings]
    parts += [_article(each, writing, is_alone=len(explanations) == 1) for each in explanations]
    parts.append("</main>\n" + _FOOT + "</body>\n</html>\n")
    return "".join(parts)


def explanation_fragment(explanation: Explanation, report: Report) -> str:
    """Write an explanation for a page that is there already, such as a notebook, with its style."""
    writing = Writing(names_in(report, [explanation]), {})
    failures = "".join(_failure(finding.message, writing) for finding in report.findings)
    head = f"<h2>{_question(explanation, writing)}</h2>"
    body = "".join(_uses(explanation, writing, "", 3))
    return f'<div class="shapecalc part"><style>{style()}</style>{failures}{head}{body}</div>'


@cache
def style() -> str:
    """Return the style of pages; every rule in it is for what stands within `.shapecalc`."""
    return (files("shapecalc.render.web") / "style.css").read_text(encoding="utf-8")


_FOOT = (
    "<footer><p>Every line with a ✓ was checked in numbers before it was written; how is said "
    "beside it. Entries count from 0.</p></footer>\n"
)


def _subtitle(report: Report) -> str:
    return f"{report.name} · {report.path}" if report.name else report.path


def _heading(explanations: Sequence[Explanation], report: Report, writing: Writing) -> str:
    if len(explanations) == 1:
        return _question(explanations[0], writing)
    return f"Why each gradient of {escape(visible(report.name or report.path))} is what it is"


def _question(explanation: Explanation, writing: Writing) -> str:
    """Ask what a gradient's only step asks, or of one with several parts, why it is their sum."""
    if len(explanation.steps) == 1:
        return text_html(explanation.steps[0].question, writing)
    text = f"{explanation.gradient} = {explanation.formula}"
    return f"Why is {inline(formula(visible(text), writing.names))}?"


def _failure(message: str, writing: Writing) -> str:
    return f'<p class="failure">✗ {text_html(message, writing)}</p>\n'


def _navigation(explanations: Sequence[Explanation], writing: Writing) -> str:
    """Link to each gradient; on the page of one, to its uses, and of one use, to its levels."""
    if len(explanations) > 1:
        label = "Gradients"
        links = [
            f'<a href="#{quote(each.wrt)}">{display(each.gradient, writing)}</a>'
            for each in explanations
        ]
    elif len(explanations[0].steps) > 1:
        label, links = "Uses", _to_uses(explanations[0], writing)
    else:
        label = "Levels"
        links = [
            f'<a href="#{_place(explanations[0], 0, level.number, quoted=True)}">'
            f"<b>{level.number}</b> {_title(level, writing)}</a>"
            for step in explanations[0].steps
            for level in step.levels
        ]
    if len(links) < 2:
        return ""
    return f'<nav class="{label.lower()}" aria-label="{label}">{"".join(links)}</nav>\n'


def _to_uses(explanation: Explanation, writing: Writing) -> list[str]:
    name = quote(explanation.wrt)
    links = [
        f'<a href="#{name}-{at}"><b>{at}</b> '
        f"{text_html(f'in {step.output} = {step.equation}', writing)}</a>"
        for at, step in enumerate(explanation.steps, 1)
    ]
    if explanation.together:
        links.append(f'<a href="#{name}-together"><b>+</b> Together</a>')
    return links


def _place(explanation: Explanation, use: int, number: int, *, quoted: bool = False) -> str:
    """Name the place of a level on the page."""
    name = quote(explanation.wrt) if quoted else escape(explanation.wrt)
    return f"{name}-{use + 1}-{number}"


def _article(explanation: Explanation, writing: Writing, *, is_alone: bool) -> str:
    head = "" if is_alone else f"<h2>{_question(explanation, writing)}</h2>"
    body = "".join(_uses(explanation, writing, explanation.wrt, 2 if is_alone else 3))
    return f'<article id="{escape(explanation.wrt)}">{head}{body}</article>\n'


def _uses(explanation: Explanation, writing: Writing, anchor: str, depth: int) -> Sequence[str]:
    """Write the step of each use, and how they add up, under headings of a depth."""
    count = len(explanation.steps)
    found = []
    for at, step in enumerate(explanation.steps):
        if count > 1:
            name = f"<code>{escape(f'{step.output}:{step.wrt}')}</code>"
            place = f"{anchor}-{at + 1}" if anchor else ""
            found.append(_use(depth, f"Use {at + 1} of {count}: {name}", place))
        found.append(_step(explanation, at, writing, anchor, depth + (count > 1)))
    if explanation.together:
        place = f"{anchor}-together" if anchor else ""
        head = _use(depth, "Together", place) if explanation.steps else ""
        body = blocks_html(explanation.together, writing)
        found.append(f'<section class="together">{head}{body}</section>')
    return found


def _use(depth: int, head: str, place: str) -> str:
    named = f' id="{escape(place)}"' if place else ""
    return f'<h{depth} class="use"{named}>{head}</h{depth}>'


def _step(explanation: Explanation, at: int, writing: Writing, anchor: str, depth: int) -> str:
    step = explanation.steps[at]
    if step.alike:
        told = f"As {step.alike} above: {step.output} = {step.equation}, {step.formula}."
        return f"<p>{text_html(told, writing)}</p>"
    parts = []
    if len(explanation.steps) > 1:
        parts.append(f'<p class="question">{text_html(step.question, writing)}</p>')
    if step.note:
        parts.append(f"<p>{text_html(step.note, writing)}</p>")
    parts.append(_facts(step, writing))
    for level in step.levels:
        place = f' id="{_place(explanation, at, level.number)}"' if anchor else ""
        parts.append(_level(level, place, writing, depth))
    for numbers, why in step.left_out:
        listed = ", ".join(map(str, numbers))
        parts.append(
            f'<p class="left-out">Level {listed} is left out: {text_html(why, writing)}.</p>'
        )
    told = text_html(f"{step.formula}: {raised(step.checked)}", writing)
    sizes = f"<br/>The levels, in numbers: {escape(step.at)}." if step.at else ""
    parts.append(f'<p class="check"><span class="good">✓</span> {told}{sizes}</p>')
    return "".join(parts)


def _facts(step: ExplainedStep, writing: Writing) -> str:
    """Say what the step is, its shapes, and the sizes of the pictures."""
    equation = display(f"{step.output} = {step.equation}", writing)
    shapes = "".join(
        f"<span>{display(name, writing)} {display(shape(dims), writing)}</span>"
        for name, dims in step.shapes
    )
    rows = [("equation", f"{equation} <small>line {step.line}</small>"), ("shapes", shapes)]
    if step.sizes and any(level.blocks for level in step.levels):
        sizes = "".join(
            f"<span>{display(f'{name} = {size}', writing)}</span>" for name, size in step.sizes
        )
        rows.append(("sizes", f"{sizes} <small>in pictures and numbers</small>"))
    body = "".join(f"<dt>{name}</dt><dd>{told}</dd>" for name, told in rows if told)
    return f'<dl class="facts">{body}</dl>'


def _level(level: Level, place: str, writing: Writing, depth: int) -> str:
    remark = ""
    if level.remark:
        remark = f'<div class="scroll remark">{display(level.remark, writing)}</div>'
    check = ""
    if level.check:
        told = text_html(level.check, writing)
        check = f'<p class="check"><span class="good">✓</span> {told}</p>'
    return (
        f'<details open=""{place}><summary><h{depth} class="title">'
        f'<span class="number">{level.number}</span> {_title(level, writing)}</h{depth}></summary>'
        f'<div class="level">{remark}{blocks_html(level.blocks, writing)}{check}</div></details>\n'
    )


def _title(level: Level, writing: Writing) -> str:
    """Write a title as a sentence; only its indices are small letters in a terminal."""
    words = [_small(word) if word.isupper() else word for word in level.title.split(" ")]
    text = " ".join(words)
    return text_html(text[:1].upper() + text[1:], writing)


def _small(word: str) -> str:
    return word.capitalize() if word.startswith("JACOBIAN") else word.lower()
