"""Networks and a seed → the questions of one quiz, in rising difficulty."""

from collections.abc import Callable, Iterator, Sequence
from random import Random

from shapecalc.teach.quiz.entries import entry_questions
from shapecalc.teach.quiz.formulas import choice_questions, formula_questions
from shapecalc.teach.quiz.network import Asked, NothingToAsk
from shapecalc.teach.quiz.records import TOPICS, Question
from shapecalc.teach.quiz.shapes import jacobian_questions, product_questions, shape_questions

FIRST_SERVED = ("formula", "choice", "product", "jacobian", "entry", "shape")
"""Which topics have one question more than others, where they do not come out even."""


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


def drawn(networks: Sequence[Asked], *, seed: int, topic: str | None, count: int) -> list[Question]:
    """Draw questions, no two alike. Raises NothingToAsk."""
    random = Random(seed)
    wanted = dict.fromkeys([topic] if topic else FIRST_SERVED, 0)
    found: list[Question] = []
    sources = {each: _every(each, networks, random) for each in wanted}
    while len(found) < count and sources:
        for each in list(sources)[: count - len(found)]:
            question = next(sources[each], None)
            if question is None:
                del sources[each]
            else:
                found.append(question)
    if not found:
        about = f" about {TOPICS[topic]}" if topic else ""
        raise NothingToAsk(f"there is nothing to ask{about}")
    ranks = list(TOPICS)
    return sorted(found, key=lambda each: (ranks.index(each.topic), len(each.shown)))


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
