"""What became of each question → the score, by topic."""

from collections.abc import Iterable
from typing import NamedTuple

from shapecalc.teach.quiz.records import TOPICS, Score

TRIES = 3


class Result(NamedTuple):
    """What became of a question: "first", "later", "missed" or "skipped"."""

    topic: str
    outcome: str


def scores(results: Iterable[Result]) -> tuple[Score, ...]:
    """Count by topic, in the order of difficulty; topics that nothing was asked of are left out."""
    every = list(results)
    found = []
    for topic in TOPICS:
        own = [each.outcome for each in every if each.topic == topic]
        right = own.count("first") + own.count("later")
        if own:
            found.append(Score(topic, len(own), right, own.count("first"), own.count("skipped")))
    return tuple(found)
