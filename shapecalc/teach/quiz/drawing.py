"""Networks and a seed → the questions of one quiz, in rising difficulty."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from random import Random
from typing import NamedTuple

from shapecalc.teach.quiz.entries import entry_questions
from shapecalc.teach.quiz.formulas import choice_questions, formula_questions
from shapecalc.teach.quiz.network import Asked, NothingToAsk
from shapecalc.teach.quiz.records import TOPICS, Question
from shapecalc.teach.quiz.shapes import jacobian_questions, product_questions, shape_questions

FIRST_SERVED = ("formula", "choice", "product", "jacobian", "entry", "shape")
"""Which topics have one question more than others, where they do not come out even."""


JUDGED = ("choice", "formula")
"""Topics whose questions take time, as formulas are judged: they are drawn one by one."""


def _shuffled(make: Callable[[Asked], Iterator[Question]]) -> "_Maker":
    def made(asked: Asked, random: Random) -> Iterator[Question]:
        every = list(make(asked))
        random.shuffle(every)
        return iter(every)

    return made


_Maker = Callable[[Asked, Random], Iterator[Question]]
MAKERS: dict[str, _Maker] = {
    "shape": _shuffled(shape_questions),
    "product": product_questions,
    "jacobian": _shuffled(jacobian_questions),
    "choice": choice_questions,
    "entry": entry_questions,
    "formula": formula_questions,
}
SUPPLIES: dict[str, Callable[[Asked], int]] = {
    "shape": lambda asked: sum(value.equation is not None for value in asked.report.values),
    "product": lambda asked: sum(step.relation == "product" for step in asked.steps),
    "jacobian": lambda asked: len(asked.report.steps),
    "choice": lambda asked: len(asked.report.gradients),
    "entry": lambda asked: len(asked.steps),
    "formula": lambda asked: len(asked.report.gradients),
}
"""How many questions there are of a topic, or may be at most."""


class Drawing(NamedTuple):
    """The questions of a quiz, each drawn when it is its turn, and how many there are to be."""

    questions: Iterator[Question]
    total: int


def drawn(networks: Sequence[Asked], *, seed: int, topic: str | None, count: int) -> list[Question]:
    """Draw questions, no two alike. Raises NothingToAsk."""
    return list(drawing(networks, seed=seed, topic=topic, count=count).questions)


def drawing(networks: Sequence[Asked], *, seed: int, topic: str | None, count: int) -> Drawing:
    """Draw questions one after another, of which the first is there at once.

    Where fewer formulas than expected can be asked about, it ends before the count. Raises
    NothingToAsk.
    """
    supplies = {
        each: sum(SUPPLIES[each](asked) for asked in networks)
        for each in ([topic] if topic else FIRST_SERVED)
    }
    shares = _shared(count, supplies)
    questions = _in_turn(networks, shares, seed)
    first = next(questions, None)
    if first is None:
        about = f" about {TOPICS[topic]}" if topic else ""
        raise NothingToAsk(f"there is nothing to ask{about}")
    return Drawing(chain([first], questions), sum(shares.values()))


def _shared(count: int, supplies: Mapping[str, int]) -> dict[str, int]:
    """Share a number of questions among topics, one for each in turn, as long as there are some."""
    shares = dict.fromkeys(supplies, 0)
    while (left := count - sum(shares.values())) > 0:
        waiting = [each for each in supplies if shares[each] < supplies[each]]
        if not waiting:
            break
        for each in waiting[:left]:
            shares[each] += 1
    return shares


def _in_turn(networks: Sequence[Asked], shares: Mapping[str, int], seed: int) -> Iterator[Question]:
    """Draw topic after topic, the easiest first; what one lacks, the next has more of."""
    missing = 0
    for topic in TOPICS:
        if topic not in shares:
            continue
        wanted = shares[topic] + missing
        every = _every(topic, networks, Random(f"{seed} {topic}"))
        found: Iterable[Question] = islice(every, wanted)
        if topic not in JUDGED:
            found = sorted(found, key=lambda each: len(each.shown))
        made = 0
        for question in found:
            made += 1
            yield question
        missing = wanted - made


def _every(topic: str, networks: Sequence[Asked], random: Random) -> Iterator[Question]:
    """Yield the questions of a topic, by turns on each of the networks."""
    order = list(networks)
    random.shuffle(order)
    waiting = [MAKERS[topic](asked, random) for asked in order]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        for source in list(waiting):
            question = next(source, None)
            if question is None:
                waiting.remove(source)
            elif (question.text, question.equations) not in seen:
                seen.add((question.text, question.equations))
                yield question
