"""Questions about gradients: which is right, and write one. The reason is the step's algebra."""

from collections.abc import Iterator
from random import Random

from shapecalc.records import Gradient, Step
from shapecalc.teach.quiz.impostors import lookalikes
from shapecalc.teach.quiz.network import Asked
from shapecalc.teach.quiz.records import ChoiceKey, FormulaKey, Question

LETTERS = "abcd"
LONGEST = 60
MOST_TRIED = 30
A_FEW = 3
FORMULA_ANSWER = "a formula, with @, *, .T and sum(…, axis=…)"


def formula_questions(asked: Asked, random: Random) -> Iterator[Question]:
    """Ask for the gradient of each value, in a free formula."""
    for gradient in _gradients(asked, random):
        text = f"Write {gradient.gradient}, the gradient of {gradient.wrt}."
        yield Question(
            "formula",
            text,
            _given(asked, gradient),
            _equations(asked, gradient),
            FormulaKey(gradient.formula.text, gradient.gradient, asked.spec),
            gradient.formula.text,
            reasons(asked, gradient),
            FORMULA_ANSWER,
            walk=_walk(asked, gradient),
        )


def choice_questions(asked: Asked, random: Random) -> Iterator[Question]:
    """Ask which of four formulas is a gradient: one is, and each other was judged to be wrong."""
    for gradient in _gradients(asked, random):
        if len(gradient.shape) > 2:
            continue
        faults = _impostors(asked, gradient, random)
        if len(faults) < 2:
            continue
        right = gradient.formula.text
        texts = [right, *faults]
        random.shuffle(texts)
        choices = tuple(zip(LETTERS, texts, strict=False))
        letter = next(letter for letter, text in choices if text == right)
        wrong = tuple((each, faults[text]) for each, text in choices if text != right)
        yield Question(
            "choice",
            f"Which of these is {gradient.gradient}, the gradient of {gradient.wrt}?",
            _given(asked, gradient),
            _equations(asked, gradient),
            ChoiceKey(letter, wrong),
            f"{letter}: {right}",
            reasons(asked, gradient),
            f"a letter: {', '.join(letter for letter, _ in choices)}",
            choices,
            walk=_walk(asked, gradient),
        )


def _gradients(asked: Asked, random: Random) -> Iterator[Gradient]:
    """Yield the gradients that are derived, and neither plain nor long, in some order.

    Of a few that come one after another, the shorter ones come first.
    """
    found = [
        each
        for each in asked.report.gradients
        if each.steps and len(each.formula.text) <= LONGEST and not each.formula.text.isidentifier()
    ]
    random.shuffle(found)
    for first in range(0, len(found), A_FEW):
        few = sorted(found[first : first + A_FEW], key=lambda each: len(each.formula.text))
        for each in few:
            if asked.judged(each.gradient, each.formula.text).is_right:
                yield each


def _impostors(asked: Asked, gradient: Gradient, random: Random) -> dict[str, str]:
    """Return up to three wrong formulas, with what is wrong with each."""
    every = list(lookalikes(gradient.formula.text))
    for step in _steps(asked, gradient):
        every += [item.formula for item in step.orderings.items if len(gradient.steps) == 1]
    own = ("", gradient.formula.text)
    every = [text for text in dict.fromkeys(every) if text not in own and ".T.T" not in text]
    random.shuffle(every)
    found: dict[str, str] = {}
    for text in every[:MOST_TRIED]:
        claim, finding = asked.judged(gradient.gradient, text)
        if claim is not None and claim.verdict == "wrong" and finding is not None:
            found[text] = finding.message
        if len(found) == len(LETTERS) - 1:
            break
    return found


def _steps(asked: Asked, gradient: Gradient) -> list[Step]:
    return [step for step in asked.report.steps if step.wrt == gradient.wrt]


def _equations(asked: Asked, gradient: Gradient) -> tuple[str, ...]:
    """Return the equations that a value stands in, and that of a loss that is one link with it."""
    outputs = {step.output for step in _steps(asked, gradient)}
    fused = asked.sweep.gradients[asked.sweep.graph.values[gradient.wrt]].fused_with
    if fused is not None:
        outputs.add(fused.output.name)
    values = (value for value in asked.report.values if value.name in outputs)
    return tuple(f"{value.name} = {value.equation}" for value in values)


def _given(asked: Asked, gradient: Gradient) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the names in the equations, and in the formula, the gradient asked for last."""
    steps = _steps(asked, gradient)
    names = " ".join((*_equations(asked, gradient), *(step.upstream or "" for step in steps)))
    known = dict(asked.given(f"{names} {gradient.formula.text}"))
    known[gradient.gradient] = gradient.shape
    return tuple(known.items())


def _walk(asked: Asked, gradient: Gradient) -> tuple[str, str] | None:
    """Say where the explanation of one step has the reason; of several steps it has not."""
    fused = asked.sweep.gradients[asked.sweep.graph.values[gradient.wrt]].fused_with
    is_one = len(_steps(asked, gradient)) == 1 and fused is None
    return (asked.spec, gradient.wrt) if is_one else None


def reasons(asked: Asked, gradient: Gradient) -> tuple[str, ...]:
    """Return the chain rule of each step to a gradient, line by line, and what it makes."""
    lines: list[str] = []
    steps = _steps(asked, gradient)
    for step in steps:
        if len(steps) > 1:
            lines.append(f"by way of {step.output}:")
        left = step.contraction.left
        for place, (term, reason) in enumerate(step.contraction.lines):
            start = left if place == 0 else " " * len(left)
            if reason or place == 0:
                lines.append(f"{start} = {term}" + (f"   {reason}" if reason else ""))
        if step.walk:
            edges = (f"{e.factor} {'along' if e.along else 'against'} its arrow" for e in step.walk)
            lines.append(f"the walk from row to column: {', then '.join(edges)}")
        lines += [step.note] if step.note else []
    lines += [gradient.note] if gradient.note else []
    fused = asked.sweep.gradients[asked.sweep.graph.values[gradient.wrt]].fused_with
    if fused is not None:
        above = {each.gradient: each.formula.text for each in asked.report.gradients}
        names = (step.upstream or "" for step in steps)
        lines += [f"put in {name} = {above[name]}, and" for name in names if name in above]
        lines += asked.report.assumptions
        lines.append(f"then {gradient.gradient} = {gradient.formula.text}")
    return tuple(dict.fromkeys(lines))
