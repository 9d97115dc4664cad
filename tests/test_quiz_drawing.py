"""Questions are drawn when it is their turn; the walk that an explanation has is the reason."""

from collections import Counter
from typing import Any

import pytest
from checking import ROOT, SPECS

from shapecalc.teach.quiz import network
from shapecalc.teach.quiz.drawing import MAKERS, drawing, drawn
from shapecalc.teach.quiz.network import Asked
from shapecalc.teach.quiz.records import TOPICS


def asked_about(stem: str) -> Asked:
    return Asked((ROOT / "specs" / f"{stem}.yaml").read_text(encoding="utf-8"), stem)


def not_yet(*_: object) -> Any:
    raise AssertionError("nobody has got to that")


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_first_question_is_there_before_any_formula_is_judged(
    path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(path.read_text(encoding="utf-8"), path.name)
    monkeypatch.setattr(network, "judged", not_yet)
    found = drawing([asked], seed=3, topic=None, count=12)
    assert next(found.questions).topic == "shape"
    assert found.total == 12


def test_questions_drawn_in_turn_are_those_that_are_drawn_at_once() -> None:
    found = drawing([asked_about("two_layer")], seed=3, topic=None, count=12)
    every = list(found.questions)
    assert found.total == len(every) == 12
    assert every == drawn([asked_about("two_layer")], seed=3, topic=None, count=12)


def test_what_a_topic_lacks_a_later_one_has_more_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def counts() -> list[int]:
        every = drawn([asked_about("two_layer")], seed=3, topic=None, count=12)
        return [Counter(each.topic for each in every)[topic] for topic in TOPICS]

    assert counts() == [2, 2, 2, 2, 2, 2]
    monkeypatch.setitem(MAKERS, "entry", lambda *_: iter(()))
    assert counts() == [2, 2, 2, 2, 0, 4]


def test_walk_is_the_reason_where_one_step_is_all_there_is() -> None:
    asked = asked_about("two_layer")
    found = {each.shown: each.walk for each in drawn([asked], seed=1, topic="formula", count=20)}
    assert found["W2.T @ dZ2"] == (asked.spec, "A1")
    assert found["(A2 - Y) / m"] is None  # two links in one
    tied = drawn([asked_about("tied_autoencoder")], seed=1, topic="formula", count=20)
    assert [each.walk for each in tied if "dW," in each.text] == [None]
