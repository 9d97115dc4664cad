"""Questions → a worksheet in Markdown, with room for answers, and its key."""

import re
from collections.abc import Iterator, Sequence

from shapecalc.render.notation import shape
from shapecalc.teach.quiz.records import TOPICS, Matrix, Question
from shapecalc.teach.quiz.worksheet import KEY_HEADING, Sheet, head

_STARS = re.compile(r"[*_]")


def worksheet(questions: Sequence[Question], sheet: Sheet, name: str) -> str:
    """Print the questions, each with a line for its answer."""
    lines = [f"# Matrix calculus: {name}", "", head(sheet), ""]
    lines += ["`dV` is the gradient of the loss by `V`. Write behind `Answer`, on its line.", ""]
    for number, question in enumerate(questions, 1):
        lines += _question(number, question)
    return "".join(f"{line}\n" for line in lines)


def _question(number: int, question: Question) -> Iterator[str]:
    topic = TOPICS[question.topic]
    yield f"## {number}. {topic[0].upper()}{topic[1:]}"
    yield ""
    yield "```text"
    yield from question.equations
    yield "   ".join(f"{name} {shape(dims)}" for name, dims in question.given)
    for matrix in question.matrices:
        yield from _matrix(matrix)
    yield "```"
    yield ""
    yield _STARS.sub(r"\\\g<0>", question.text)
    yield ""
    if question.choices:
        yield from (f"- {letter}: `{formula}`" for letter, formula in question.choices)
        yield ""
    yield f"(Expected: {question.answer}.)"
    yield ""
    yield f"**Answer {number}:** "
    yield ""


def key(questions: Sequence[Question]) -> str:
    """Print the answers, with their reasons."""
    lines = [KEY_HEADING, ""]
    for number, question in enumerate(questions, 1):
        lines += [f"{number}. `{question.shown}`", "", "   ```text"]
        lines += [f"   {line}" for line in question.why]
        lines += ["   ```", ""]
    return "".join(f"{line}\n" for line in lines)


def _matrix(matrix: Matrix) -> Iterator[str]:
    rows = ", ".join(f"[{', '.join(f'{number:g}' for number in row)}]" for row in matrix.rows)
    yield f"{matrix.name} = [{rows}]"
