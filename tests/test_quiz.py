"""Questions have one right answer, by NumPy and differences alone; wrong lines are wrong."""

import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from checking import ROOT
from mistakes import Network

from shapecalc.cli.quiz import Topic
from shapecalc.teach.quiz.drawing import drawn
from shapecalc.teach.quiz.gallery import exhibit, with_dims_alike
from shapecalc.teach.quiz.impostors import lookalikes, split
from shapecalc.teach.quiz.judging import mark
from shapecalc.teach.quiz.mistakes import GALLERY, Mistake
from shapecalc.teach.quiz.network import Asked, NothingToAsk
from shapecalc.teach.quiz.records import (
    TOPICS,
    ChoiceKey,
    EntryKey,
    FormulaKey,
    Mark,
    ProductKey,
    Question,
    ShapeKey,
)
from shapecalc.teach.quiz.scores import Result, scores
from shapecalc.teach.quiz.specs import BUILT_IN, spec_named
from shapecalc.teach.quiz.tour import TOUR, tour
from shapecalc.teach.quiz.worksheet import NoWorksheet, hold_to, read, sheet_of

SEEDS = 50  # for each of the four networks
STEP = 1e-6
TWO_LAYER = (ROOT / "specs" / "two_layer.yaml").read_text(encoding="utf-8")


class Numbers:
    """A network run by NumPy; its gradients are differences of the loss, and no formula of ours."""

    def __init__(self, spec: str) -> None:
        self.network = Network("quiz", spec)
        values = {**self.network.points[0]}
        self.names = {name: each for name, each in values.items() if name not in self._gradients()}
        self.names |= {f"d{name}": self.by_differences(name) for name in self.network.sizes}

    def _gradients(self) -> set[str]:
        return {f"d{name}" for name in self.network.sizes}

    def by_differences(self, name: str) -> Any:
        value = np.array(self.names[name], dtype=float)
        found = np.zeros_like(value)
        for place in np.ndindex(value.shape):
            ahead, behind = value.copy(), value.copy()
            ahead[place] += STEP
            behind[place] -= STEP
            moved = self.network.loss_by(name, ahead) - self.network.loss_by(name, behind)
            found[place] = moved / (2 * STEP)
        return found

    def value(self, formula: str) -> Any:
        return np.asarray(eval(formula, {}, dict(self.names)), dtype=float)

    def shape(self, formula: str) -> tuple[int, ...] | None:
        """Return the shape of what a formula gives; None where NumPy refuses it."""
        try:
            return tuple(self.value(formula).shape)
        except ValueError:
            return None

    def is_gradient(self, gradient: str, formula: str) -> bool:
        truth = self.names[gradient]
        if self.shape(formula) != truth.shape:
            return False
        return np.allclose(self.value(formula), truth, rtol=1e-5, atol=1e-7)


@cache
def asked_about(name: str) -> Asked:
    return Asked(spec_named(name), name)


@cache
def numbers_of(name: str) -> Numbers:
    return Numbers(spec_named(name))


def answer_to(question: Question) -> str:
    """Return what a learner would write who knows the key."""
    return question.key.letter if isinstance(question.key, ChoiceKey) else question.shown


@pytest.mark.parametrize("name", BUILT_IN)
def test_one_choice_is_the_gradient(name: str) -> None:
    asked, numbers = asked_about(name), numbers_of(name)
    seen = 0
    for seed in range(SEEDS):
        for question in drawn([asked], seed=seed, topic="choice", count=3):
            gradient = question.text.split()[4].rstrip(",")
            right = [t for t, formula in question.choices if numbers.is_gradient(gradient, formula)]
            assert isinstance(question.key, ChoiceKey)
            assert right == [question.key.letter], (seed, question.text, question.choices)
            assert len(question.choices) >= 3
            for letter, formula in question.choices:
                verdict = "right" if letter == question.key.letter else "wrong"
                spelled = (letter, f"({letter.upper()})", formula, f"{letter}: {formula}")
                assert {mark(question, each).verdict for each in spelled} == {verdict}
            seen += 1
    assert seen == 3 * SEEDS


@pytest.mark.parametrize("name", BUILT_IN)
def test_keys_are_what_numpy_has(name: str) -> None:
    asked, numbers = asked_about(name), numbers_of(name)
    topics = set()
    for seed in range(20):
        for question in drawn([asked], seed=seed, topic=None, count=18):
            topics.add(question.topic)
            _check_key(question, numbers)
    assert topics == set(TOPICS)


def _check_key(question: Question, numbers: Numbers) -> None:
    match question.key:
        case ShapeKey(size=size):
            assert size == _shape_asked_for(question, numbers), question.text
        case ProductKey(size=size):
            formula = question.text.removeprefix("Does ").split(" conform")[0]
            assert size == numbers.shape(formula), question.text
        case FormulaKey(formula=formula, gradient=gradient):
            assert numbers.is_gradient(gradient, formula), question.text
        case EntryKey(number=number):
            gradient, _, formula = question.why[0].partition(" = ")
            assert _entry_asked_for(question) == number, question.text
            assert numbers.is_gradient(gradient, formula)
        case ChoiceKey():
            pass


def _entry_asked_for(question: Question) -> float:
    """Work an entry out, from the numbers that are given; a vector is given as one row."""
    names: dict[str, Any] = {each.name: np.array(each.rows) for each in question.matrices}
    names |= {
        name: names[name][0] for name, dims in question.given if len(dims) == 1 and name in names
    }
    found = eval(question.why[0].partition(" = ")[2], {"sum": np.sum}, names)
    place = [int(each) for each in question.text.split("[")[1].rstrip("]?").split(", ")]
    return float(found[tuple(place)])


def _shape_asked_for(question: Question, numbers: Numbers) -> tuple[int, ...] | None:
    if question.topic == "shape":
        return numbers.shape(question.text.split()[-1].rstrip("?"))
    output, wrt = re.findall(r"∂(\w+)", question.text)[:2]
    if "full shape" in question.text:
        return (numbers.shape(output) or ()) + (numbers.shape(wrt) or ())
    return numbers.shape(question.why[1].split("deltas, ")[1].removesuffix(" is left"))


def test_every_key_is_right_and_hints_do_not_tell_it() -> None:
    networks = [asked_about(name) for name in BUILT_IN]
    for seed in range(10):
        for question in drawn(networks, seed=seed, topic=None, count=12):
            assert mark(question, answer_to(question)).verdict == "right", question
            for wrong in ("(m, m, m)", "b", "-77", "no", "dZ2 @ W2", "A1", "dH"):
                found = mark(question, wrong)
                if found.verdict == "wrong" and isinstance(question.key, FormulaKey):
                    said = "\n".join((found.hint, *found.notes))
                    assert question.shown not in said


@pytest.mark.parametrize(
    ("answer", "verdict", "hint"),
    [
        ("(h, m)", "right", ""),
        ("[h,m]", "right", ""),
        ("128 × 64", "right", ""),
        ("m*h/m, m", "right", ""),
        ("m, h", "wrong", "the other order"),
        ("h", "wrong", "2 axes"),
        ("h, n", "wrong", "axis 2"),
        ("h, w", "unread", "no dim `w`"),
        ("h +", "unread", "no shape"),
    ],
)
def test_shape_is_read_as_people_write_it(answer: str, verdict: str, hint: str) -> None:
    asked = Asked(TWO_LAYER, "two_layer.yaml")
    questions = drawn([asked], seed=0, topic="shape", count=9)
    (question,) = (each for each in questions if each.text == "What is the shape of Z1?")
    found = mark(question, answer)
    assert (found.verdict, hint in found.hint) == (verdict, True), found


@pytest.mark.parametrize(
    ("answer", "verdict", "hint"),
    [
        ("W2.T @ dZ2", "right", ""),
        ("dA1 = W2.T @ dZ2", "right", ""),
        ("(dZ2.T @ W2).T", "right", ""),
        ("einsum('ki,kj->ij', W2, dZ2)", "right", ""),
        ("dZ2 @ W2", "wrong", "wrong order and lacks a transpose"),
        ("-W2.T @ dZ2", "wrong", "minus"),
        ("W2.T @ dZ2 / m", "wrong", "1 / m times"),
        ("dZ2.T @ W2", "wrong", "the transpose of dA1"),
        ("dA1", "unread", "without itself"),
        ("dA1 + 0 * dA1", "unread", "without itself"),
        ("dW2 = W2.T @ dZ2", "unread", "about dW2"),
        ("W2.T @", "unread", "found the end"),
        ("W9 @ dZ2", "unread", "`W9` is not defined"),
        ("A1 + " * 200 + "A1", "unread", "longer than"),
    ],
)
def test_formula_is_judged_as_a_claim(answer: str, verdict: str, hint: str) -> None:
    asked = Asked(TWO_LAYER, "two_layer.yaml")
    questions = drawn([asked], seed=0, topic="formula", count=20)
    (question,) = (each for each in questions if each.text.startswith("Write dA1,"))
    found = mark(question, answer)
    assert (found.verdict, hint in found.hint) == (verdict, True), found


def test_hint_does_not_say_a_shape_twice() -> None:
    questions = drawn([Asked(TWO_LAYER, "two_layer.yaml")], seed=0, topic="formula", count=20)
    (question,) = (each for each in questions if each.text.startswith("Write dA1,"))
    assert mark(question, "W2") == Mark("wrong", "dA1 is (k, h), but A1 is (h, m)")


def test_entry_of_a_wrong_product_is_recognised() -> None:
    questions = drawn([asked_about("columns")], seed=5, topic="entry", count=5)
    told = 0
    for question in questions:
        assert isinstance(question.key, EntryKey)
        for number, said in question.key.others:
            found = mark(question, f"{number:g}")
            assert found.verdict == "wrong"
            told += found.hint == said
    assert told


SHIPPED = (
    *("two_layer_rows", "two_layer_torch", "two_layer_square", "two_layer_numbers", "batch_norm"),
    *("tied_autoencoder", "rnn_3_steps", "attention_single_head", "embedding_bag"),
)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("layout", ["denominator", "numerator"])
def test_any_spec_will_do_in_either_layout(name: str, layout: str) -> None:
    spec = (ROOT / "specs" / f"{name}.yaml").read_text(encoding="utf-8")
    asked = Asked(f"{spec}\nlayout: {layout}\n", name)
    for question in drawn([asked], seed=2, topic=None, count=14):
        assert mark(question, answer_to(question)).verdict == "right", question
        if isinstance(question.key, EntryKey) and layout == "denominator":
            assert _entry_asked_for(question) == question.key.number


def test_value_that_an_equation_uses_twice_has_no_factor_of_its_own() -> None:
    asked = Asked("params: {X: [n, k]}\nforward:\n  G: X @ X.T\n  J: sum(G**2)\n", "a.yaml")
    questions = drawn([asked], seed=0, topic="jacobian", count=9)
    texts = [each.text for each in questions if "∂G/∂X" in each.text]
    assert texts == ["What is the full shape of ∂G/∂X, with the axes of G, then those of X?"]


def test_topics_of_the_command_are_those_that_there_are() -> None:
    assert [each.value for each in Topic] == list(TOPICS)


def test_same_seed_same_questions_and_another_seed_others() -> None:
    networks = [asked_about(name) for name in BUILT_IN]

    def texts(seed: int) -> list[str]:
        return [each.text for each in drawn(networks, seed=seed, topic=None, count=10)]

    assert texts(4) == texts(4)
    assert texts(4) != texts(5)


def test_questions_get_harder_and_none_comes_twice() -> None:
    questions = drawn([asked_about("columns")], seed=1, topic=None, count=40)
    ranks = [list(TOPICS).index(each.topic) for each in questions]
    assert ranks == sorted(ranks)
    assert len({(each.text, each.equations) for each in questions}) == len(questions)


def test_spec_with_an_error_or_with_nothing_to_ask_is_refused() -> None:
    with pytest.raises(NothingToAsk, match="has errors"):
        Asked(TWO_LAYER.replace("W1 @ X", "X @ W1"), "a.yaml")
    flat = Asked("inputs: {x: [n]}\nforward:\n  y: x * x\n", "a.yaml")
    with pytest.raises(NothingToAsk, match="nothing to ask about write the gradient"):
        drawn([flat], seed=0, topic="formula", count=3)


@pytest.mark.parametrize("formula", ["W2.T @ dZ2", "(A - B) / m", "sum(dZ, axis=1, keepdims=True)"])
def test_lookalikes_are_others(formula: str) -> None:
    every = list(lookalikes(formula))
    assert every
    assert formula not in every


def test_formula_is_split_outside_of_brackets_alone() -> None:
    assert split("A @ (B @ C) @ f(x @ y)", " @ ") == ["A", "(B @ C)", "f(x @ y)"]


# --- the gallery ----------------------------------------------------------------------------------

KINDS = {
    "reversed": ("reversed",),
    "missing-transpose": ("missing-transpose",),
    "both": ("reversed", "missing-transpose"),
    "extra-transpose": ("extra-transpose",),
    "star-for-at": ("star-for-at",),
    "at-for-star": ("at-for-star",),
    "missing-sum": ("missing-sum",),
    "wrong-axis": ("wrong-axis",),
    "keepdims": ("keepdims",),
    "sum-for-mean": ("factor",),
    "missing-factor": ("factor",),
    "double-factor": ("factor",),
    "parentheses": ("parentheses",),
    "sign": ("sign",),
    "operand": ("operand",),
    "other-derivative": ("derivative",),
    "at-output": ("derivative",),
    "no-derivative": ("derivative",),
    "softmax-by-entry": ("derivative",),
    "dropped-term": ("dropped-term",),
    "other-layout": ("other-layout",),
}


@pytest.mark.parametrize("mistake", GALLERY, ids=lambda each: each.name)
def test_wrong_line_is_found_wrong_with_its_kind(mistake: Mistake) -> None:
    found = exhibit(mistake)
    assert found.kinds == KINDS[mistake.name]
    assert found.why
    numbers = numbers_of(mistake.network)
    assert numbers.is_gradient(mistake.gradient, found.right)
    assert not numbers.is_gradient(mistake.gradient, mistake.wrong)
    assert found.here.outcome == outcome(numbers, mistake.gradient, mistake.wrong)


@pytest.mark.parametrize("mistake", GALLERY, ids=lambda each: each.name)
def test_what_happens_where_sizes_coincide_is_what_numpy_does(mistake: Mistake) -> None:
    found = exhibit(mistake).alike
    spec, formula = with_dims_alike(spec_named(mistake.network), mistake.wrong)
    assert found.outcome == outcome(Numbers(spec), mistake.gradient, formula)


def outcome(numbers: Numbers, gradient: str, formula: str) -> str:
    """Say what NumPy makes of a wrong line."""
    shape = numbers.shape(formula)
    if shape is None:
        return "error"
    if shape != numbers.names[gradient].shape:
        return "shape"
    return "nothing" if numbers.is_gradient(gradient, formula) else "number"


# --- the tour, worksheets, scores -----------------------------------------------------------------


def test_every_stop_has_an_exercise_whose_key_is_right() -> None:
    visits = list(tour(0))
    assert len(visits) == len(TOUR) >= 8
    for visit in visits:
        assert mark(visit.question, answer_to(visit.question)).verdict == "right"
        _check_key(visit.question, Numbers(spec_named(f"tour/{visit.stop.network}")))


def test_worksheet_that_is_another_is_refused() -> None:
    questions = drawn([asked_about("columns")], seed=1, topic=None, count=4)
    sheet = sheet_of(questions, seed=1, asked=4, topic=None)
    hold_to(sheet, questions)
    with pytest.raises(NoWorksheet, match="others"):
        hold_to(sheet, drawn([asked_about("rows")], seed=1, topic=None, count=4))
    with pytest.raises(NoWorksheet, match="no quiz wrote it"):
        read("# Notes\n")


def test_score_counts_by_topic() -> None:
    outcomes = ("first", "later", "missed", "skipped", "first")
    found = scores([Result("shape", each) for each in outcomes] + [Result("entry", "missed")])
    assert [(each.topic, each.asked, each.right, each.first, each.skipped) for each in found] == [
        ("shape", 5, 3, 2, 1),
        ("entry", 1, 0, 0, 0),
    ]
