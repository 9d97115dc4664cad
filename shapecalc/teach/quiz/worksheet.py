"""Worksheets: how one says what it was drawn from, and the answers in a filled-in one."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from shapecalc.teach.quiz.records import TOPICS, Question

KEY_HEADING = "## Key"
_HEAD = re.compile(
    r"<!-- shapecalc quiz: seed=(\d{1,12}) questions=(\d{1,4}) topic=(\w+) digest=(\w+) -->"
)
_ANSWER = re.compile(r"^[ >]*\**Answer (\d{1,4}):\**[ \t]*(.*)$", re.MULTILINE)


class NoWorksheet(ValueError):
    """A file that no quiz wrote, or that was drawn from something else: what of it."""


class Sheet(NamedTuple):
    """What the questions of a worksheet were drawn from; `digest` tells them from others."""

    seed: int
    asked: int
    topic: str | None
    digest: str


def sheet_of(questions: Sequence[Question], *, seed: int, asked: int, topic: str | None) -> Sheet:
    """Describe a worksheet with these questions."""
    return Sheet(seed, asked, topic, _digest(questions))


def _digest(questions: Iterable[Question]) -> str:
    lines = (f"{each.text} {each.shown} {each.choices} {each.matrices}" for each in questions)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def head(sheet: Sheet) -> str:
    """Write the line by which a worksheet is found again: a comment in Markdown."""
    topic = sheet.topic or "all"
    return (
        f"<!-- shapecalc quiz: seed={sheet.seed} questions={sheet.asked} topic={topic}"
        f" digest={sheet.digest} -->"
    )


def read(text: str) -> tuple[Sheet, Mapping[int, str]]:
    """Return what a worksheet was drawn from, and the answers by number. Raises NoWorksheet."""
    found = _HEAD.search(text)
    if found is None:
        raise NoWorksheet("it has no line `<!-- shapecalc quiz: … -->`, so no quiz wrote it")
    topic = None if found[3] == "all" else found[3]
    if topic is not None and topic not in TOPICS:
        raise NoWorksheet(f"it is about `{topic}`, and there is no such topic")
    filled, _, _ = text.partition(f"\n{KEY_HEADING}\n")
    answers = {int(each[1]): each[2].strip(" `\t\r") for each in _ANSWER.finditer(filled)}
    return Sheet(int(found[1]), int(found[2]), topic, found[4]), answers


def hold_to(sheet: Sheet, questions: Sequence[Question]) -> None:
    """Make sure that these are the questions of a worksheet. Raises NoWorksheet."""
    if _digest(questions) != sheet.digest:
        raise NoWorksheet(
            "its questions are others: name the spec it was made from, `quiz SPEC --grade FILE`"
            "; if that was done, it has changed since, or the version has"
        )
