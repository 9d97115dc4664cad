"""A spec and a name → the explanation of its gradient, level by level.

A level whose check fails is not shown, and reported as a mistake of ours.
"""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from shapecalc import api
from shapecalc.diagnostics import Finding, Severity
from shapecalc.diagnostics.proposals import nearest
from shapecalc.matrix.printing import text
from shapecalc.records import Checked, Report, Step
from shapecalc.records.explained import (
    Block,
    ExplainedStep,
    Explanation,
    Level,
)
from shapecalc.report.axes import listed
from shapecalc.span import Span
from shapecalc.sweep import Gradient, Link, Sweep
from shapecalc.teach.adjoint import adjoint
from shapecalc.teach.arrangements import arrangements
from shapecalc.teach.entries import entries
from shapecalc.teach.instance import CheckFailed, NoNumbers
from shapecalc.teach.layouts import layouts
from shapecalc.teach.meaning import meaning
from shapecalc.teach.naive import naive
from shapecalc.teach.shorter import long_factors, numbers_of, shortened, told
from shapecalc.teach.study import Study, at_sizes, key_of, loss_of
from shapecalc.teach.together import together
from shapecalc.teach.walking import walking
from shapecalc.teach.whole import whole

LEVELS: dict[int, Callable[[Study], Level]] = {
    1: naive,
    2: entries,
    3: whole,
    4: walking,
    5: layouts,
    6: adjoint,
    7: arrangements,
}
ALL = tuple(LEVELS)


class Answer(NamedTuple):
    """The report on the spec, and the explanation; without one, the names that have one."""

    report: Report
    explanation: Explanation | None
    choices: tuple[tuple[str, str], ...]  # ("A1", "dA1 = W2.T @ dZ2")
    unknown: str = ""  # why the name that was asked for has no gradient


def explain(text: str, path: str, wrt: str | None, levels: Collection[int] = ALL) -> Answer:
    """Explain the gradient of a value, by its name or its gradient's.

    Without a name, and where no value has it, the choices are all there is.
    """
    asked = () if wrt is None else (wrt, wrt.removeprefix("d"))
    found = api.traced(text, path, asked) or api.studied(text, path, asked=asked)
    return explained(*found, wrt, levels)


def explain_each(
    text: str, path: str, levels: Collection[int] = ALL
) -> tuple[Report, tuple[Explanation, ...]]:
    """Explain each gradient of a spec, in the order of its report."""
    report, sweep = api.studied(text, path)
    answers = [explained(report, sweep, each.wrt, levels) for each in report.gradients]
    made = tuple(each.explanation for each in answers if each.explanation is not None)
    if not made:
        return report, ()
    return report._replace(
        findings=tuple(f for each in answers for f in each.report.findings)
    ), made


def explained(
    report: Report, sweep: Sweep | None, wrt: str | None, levels: Collection[int] = ALL
) -> Answer:
    """Explain a gradient of a spec that has been checked."""
    choices = tuple((g.wrt, f"{g.gradient} = {g.formula.text}") for g in report.gradients)
    if sweep is None or wrt is None:
        return Answer(report, None, choices)
    found = [each for each in sweep.gradients.values() if wrt in (each.value.name, each.name.name)]
    if not found:
        is_broken = any(
            finding.severity is Severity.ERROR and not finding.code.startswith("SC4")
            for finding in report.findings
        )
        return Answer(report, None, choices, "" if is_broken else _unknown(report, sweep, wrt))
    failures: list[Finding] = []
    explanation = _explained(found[0], sweep, report, sorted(levels), failures)
    return Answer(report._replace(findings=tuple(failures)), explanation, choices)


def _unknown(report: Report, sweep: Sweep, wrt: str) -> str:
    """Say that a name has no gradient to be explained, and which have."""
    names = [each.wrt for each in report.gradients]
    listed = f"choose one of {', '.join(names)}" if names else "the spec has no gradients"
    if wrt == report.loss:
        return f"{wrt} is the loss, whose own gradient is 1; {listed}"
    if wrt in sweep.graph.values:
        return f"{wrt} has no gradient, as the loss does not depend on it; {listed}"
    like = nearest(wrt, [name for each in report.gradients for name in (each.wrt, each.gradient)])
    return f"no gradient of {wrt}; {f'did you mean {like}? ' if like else ''}{listed}"


def _explained(
    gradient: Gradient,
    sweep: Sweep,
    report: Report,
    levels: Sequence[int],
    failures: list[Finding],
) -> Explanation:
    steps: list[ExplainedStep] = []
    seen: dict[int, str] = {}
    for link in gradient.links:
        step = next(each for each in report.steps if _is_of(each, link))
        steps.append(_step(link, sweep, report, step, levels, failures, seen.get(step.kind, "")))
        seen.setdefault(step.kind, key_of(step))
    blocks: tuple[Block, ...] = ()
    try:
        blocks = tuple(together(gradient, sweep)) if tuple(levels) == ALL else ()
    except CheckFailed as failure:
        failures.append(_failed(report, gradient.value.name, f"how its parts add up: {failure}"))
    return Explanation(
        gradient.value.name,
        gradient.name.name,
        text(gradient.formula),
        tuple(map(str, gradient.name.shape)),
        tuple(steps),
        blocks,
        report.layout,
    )


def _is_of(step: Step, link: Link) -> bool:
    own = (link.use.node.output.name, link.value.name, link.use.number)
    return (step.output, step.wrt, step.use) == own


def _step(
    link: Link,
    sweep: Sweep,
    report: Report,
    step: Step,
    levels: Sequence[int],
    failures: list[Finding],
    alike: str,
) -> ExplainedStep:
    plain = ExplainedStep(
        output=step.output,
        wrt=step.wrt,
        use=step.use,
        equation=step.equation,
        line=step.line,
        formula=step.formula.text,
        question=_question(link, sweep, step),
        note=_note(link, sweep, step, report),
        shapes=_shapes(link),
        sizes=(),
        values=(),
        levels=(),
        left_out=(),
        at="",
        alike=alike,
        checked=_checked(step.checked),
        upstream=step.upstream or "",
    )
    if alike:
        return plain
    try:
        study = Study(link, sweep, report, step)
    except CheckFailed as failure:
        failures.append(_failed(report, key_of(step), f"its numbers: {failure}"))
        return plain
    made: list[Level] = []
    left_out: dict[str, list[int]] = {}
    for number in levels:
        try:
            level = LEVELS[number](study)
            made.append(level if study.instances else level._replace(check=""))
        except NoNumbers as reason:
            left_out.setdefault(str(reason), []).append(number)
        except CheckFailed as failure:
            failures.append(_failed(report, key_of(step), f"level {number}: {failure}"))
    named = long_factors(study)
    plain = plain._replace(
        levels=shortened(made, named),
        note=plain.note + told(named) if made else plain.note,
        left_out=tuple((tuple(numbers), why) for why, numbers in left_out.items()),
    )
    if not study.instances:
        return plain
    here = study.here
    return plain._replace(
        sizes=tuple(here.sizes.items()),
        values=(
            *(here.matrix(name.name, name) for name in here.named()),
            *numbers_of(study, named),
        ),
        at=at_sizes(study.instances),
    )


def _failed(report: Report, name: str, what: str) -> Finding:
    message = f"the explanation of {name} failed its own check at {what}"
    return Finding("SC902", Span(report.path, 1, 1), message, "this is our bug: please report it")


def _question(link: Link, sweep: Sweep, step: Step) -> str:
    own = sweep.gradients.get(link.value)
    name = f"d{step.wrt}" if own is None else own.name.name
    if own is not None and own.fused_with is not None:
        return f"Why is {name} = {text(own.formula)}?"
    is_whole = own is not None and sweep.parts(own) == 1
    asked = f"{name} = {step.formula.text}" if is_whole else f"{step.formula.text} a part of {name}"
    mixed = step.mixed
    if mixed is not None and mixed.formula != step.formula.text:
        return f"Why is {asked}, and not {mixed.formula}?"
    if step.relation == "sum":
        return f"Why is {asked}, a sum?"
    return f"Why is {asked}?"


def _note(link: Link, sweep: Sweep, step: Step, report: Report) -> str:
    """Say what the gradient and the loss stand for, and what the step is a part of."""
    return " ".join(filter(None, (_without_loss(sweep), _part_of(link, sweep, step, report))))


def _without_loss(sweep: Sweep) -> str:
    given = sweep.graph.upstream
    if sweep.graph.loss is not None or not given:
        return ""
    names = listed([value.name for value in given])
    gradients = listed([f"{name} is its gradient by {value.name}" for value, name in given.items()])
    J = loss_of(sweep)
    return f"The spec has no loss: {J} stands for any one number made of {names}; {gradients}."


def _part_of(link: Link, sweep: Sweep, step: Step, report: Report) -> str:
    own = sweep.gradients.get(link.value)
    if own is None:
        return ""
    name, X = own.name.name, link.value.name
    loss = loss_of(sweep)
    each = f"for each entry of {X}, " if link.value.shape else ""
    texts = [f"{name} is ∂{loss}/∂{X}: {each}how much {loss} moves with it."]
    is_stated = sweep.graph.network.batch is not None
    if is_stated and any(report.batch in shape for _, shape in _shapes(link)):
        texts.append(f"{report.batch} counts the examples.")
    texts += filter(None, [meaning(link.use.node.tree, step.equation)])
    if own.fused_with is not None:
        texts.append(
            f"This formula is two links in one. The levels explain the first alone, "
            f"{key_of(step)}, where {name} = {step.formula.text}; the end puts the loss into it."
        )
    elif (parts := sweep.parts(own)) > 1:
        given = sweep.graph.upstream.get(own.value)
        one = "" if given is None else f", {given} among them"
        texts.append(f"It adds up {parts} parts{one}; in the levels, {name} is this one alone.")
    return " ".join(texts)


def _shapes(link: Link) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """List the values in the step with their shapes."""
    named = [(each.name, each.shape) for each in link.use.node.operands if each.shape]
    if link.gradient is not None:
        named.append((link.gradient.name, link.gradient.shape))
    return tuple((name, tuple(map(str, shape))) for name, shape in dict(named).items())


def _checked(checked: Checked) -> str:
    """Say how the formula itself was checked, apart from the levels."""
    ways = ["algebra, for all sizes"] if checked.canonical else []
    if checked.exact is not None:
        ways.append(f"exact, error < {checked.exact.error_bound}")
    if checked.components is not None:
        ways.append(f"by components, {checked.components:.0e}")
    return " · ".join(ways)
