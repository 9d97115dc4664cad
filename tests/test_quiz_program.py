"""The quiz as it is used: at a terminal of its own, in a pipe, on paper."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple, Self

import pytest
from checking import ROOT
from rich.cells import cell_len
from test_program import shapecalc

from shapecalc.teach.quiz.drawing import drawn
from shapecalc.teach.quiz.mistakes import GALLERY
from shapecalc.teach.quiz.network import Asked
from shapecalc.teach.quiz.records import ChoiceKey, Question
from shapecalc.teach.quiz.specs import BUILT_IN, spec_named
from shapecalc.teach.quiz.tour import TOUR

PATIENCE = 60
FORMULAS = ("--topic", "formula", "--questions", "20", "--seed", "1", "--color", "never")
PROMPT = "axis=…) > "  # a formula may have `> ` as well
SPEC = "specs/two_layer.yaml"
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "xterm", "COLUMNS": "80"}
AT_A_TERMINAL = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from shapecalc.cli import main
main()
"""
"""The program with the terminal as its own: Ctrl-C comes from there."""


class Terminal:
    """The program at a pseudo-terminal: what it prints is awaited, lines and keys are typed."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.master, slave = pty.openpty()
        path = {"PATH": os.environ.get("PATH", os.defpath)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", AT_A_TERMINAL, "quiz", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env={**path, **ENVIRONMENT, **environment},
            start_new_session=True,
        )
        os.close(slave)
        self.text = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def until(self, awaited: str) -> str:
        """Read until a text has come; return what came before it."""
        end = time.monotonic() + PATIENCE
        while awaited not in self.text:
            assert time.monotonic() < end, f"{awaited!r} did not come: {self.text!r}"
            if select.select([self.master], [], [], 0.2)[0]:
                self.text += self._more()
        before, _, self.text = self.text.partition(awaited)
        return before

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def answer(self, text: str) -> None:
        self.until("> ")
        self.type(f"{text}\n")

    def rest(self) -> tuple[str, int]:
        """Return all that is still to come, and the exit code."""
        text = self.text
        while more := self._more():
            text += more
        return text, self.process.wait(PATIENCE)

    def _more(self) -> str:
        try:
            return os.read(self.master, 65_536).decode()
        except OSError:  # the other end is closed
            return ""


def test_wrong_answer_has_a_hint_and_a_right_one_ends_the_question() -> None:
    with Terminal(SPEC, *FORMULAS) as terminal:
        while "Write dA1," not in terminal.until(PROMPT):
            terminal.type("s\n")
        terminal.type("dZ2 @ W2\n")
        said = terminal.until("2 more tries")
        assert "wrong order and lacks a transpose" in " ".join(said.split())
        assert "W2.T @ dZ2" not in said
        terminal.answer("W2.T @ dZ2 / m")
        assert "is 1 / m times dA1" in terminal.until("one more try")
        terminal.answer("W2.T @")
        assert "not understood" in terminal.until("complete it")
        terminal.answer("W2.T @ dZ2")
        terminal.until("✓ right")
        terminal.answer("q")
        said, code = terminal.rest()
        assert "(1 not at once, " in said
        assert code == 0


def test_three_wrong_answers_give_the_right_one_with_its_reason() -> None:
    with Terminal(SPEC, *FORMULAS) as terminal:
        while "Write dW1," not in terminal.until(PROMPT):
            terminal.type("s\n")
        terminal.type("X @ dZ1\n")
        terminal.answer("dZ1 @ X")
        terminal.answer("dZ1")
        said = terminal.until(PROMPT)
        assert "= dZ1 @ X.T" in said
        assert "the chain rule, entry by entry" in said
        assert "   THE ONLY WALK FROM p TO q" in said


def test_explanation_is_given_on_demand_and_then_it_is_not_at_once() -> None:
    with Terminal(SPEC, "--topic", "shape", "--questions", "1", "--seed", "3") as terminal:
        question = drawn_from(SPEC, "shape", 1, 3)[0]
        terminal.answer("?")
        assert question.why[0].split(":")[0] in terminal.until("> ")
        terminal.type(f"{question.shown}\n")
        said, code = terminal.rest()
        assert "✓ right" in said
        assert "1 of 1  (1 not at once)" in said
        assert code == 0


def test_interrupt_prints_the_score_so_far() -> None:
    with Terminal("--topic", "shape", "--questions", "3", "--seed", "3") as terminal:
        terminal.answer("s")
        terminal.until("> ")
        terminal.type("\x03")
        said, code = terminal.rest()
        assert "0 of 1 right" in said
        assert "Traceback" not in said
        assert code == 130


def test_end_of_file_is_a_way_out() -> None:
    with Terminal("--questions", "3", "--seed", "3") as terminal:
        terminal.until("> ")
        terminal.type("\x04")
        said, code = terminal.rest()
        assert "nothing was answered" in said
        assert code == 0


def test_terminal_is_coloured_unless_that_is_not_wanted() -> None:
    for arguments, environment, is_coloured in (
        ((), {}, True),
        (("--color", "never"), {}, False),
        ((), {"NO_COLOR": "1"}, False),
    ):
        with Terminal("--questions", "1", "--seed", "3", *arguments, **environment) as terminal:
            assert ("\x1b[" in terminal.until("> ")) == is_coloured


def test_terminated_quiz_ends() -> None:
    with Terminal("--questions", "1", "--seed", "3") as terminal:
        terminal.until("> ")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(PATIENCE) == -signal.SIGTERM


# --- in a pipe ------------------------------------------------------------------------------------


def drawn_from(path: str, topic: str | None, count: int, seed: int) -> list[Question]:
    asked = Asked((ROOT / path).read_text(encoding="utf-8"), path)
    return drawn([asked], seed=seed, topic=topic, count=count)


def answer_to(question: Question) -> str:
    return question.key.letter if isinstance(question.key, ChoiceKey) else question.shown


def test_all_right_answers_from_a_pipe() -> None:
    questions = drawn_from(SPEC, None, 12, 5)
    answers = "".join(f"{answer_to(each)}\n" for each in questions)
    run = shapecalc("quiz", SPEC, "--questions", "12", "--seed", "5", stdin=answers)
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines()[-1] == "✓ 12 of 12 right"
    assert "not at once" not in run.out


@pytest.mark.parametrize("seed", range(6))
def test_pages_are_80_wide_and_ascii_where_that_is_asked_for(seed: int) -> None:
    nonsense = "q q\n?\n(a\n-1\nno\nb\nW @\n1, 2, 3\n" * 40
    arguments = ("quiz", "--seed", str(seed), "--questions", "12", "--ascii")
    run = shapecalc(*arguments, stdin=nonsense, PYTHONIOENCODING="ascii")
    assert (run.code, run.err) == (0, "")
    assert run.out.isascii()
    wide = [line for line in run.out.splitlines() if cell_len(line) > 80]
    assert not wide


def test_tour_can_be_walked_to_its_end() -> None:
    run = shapecalc("quiz", "--tour", stdin="s\n" * len(TOUR))
    assert (run.code, run.err) == (0, "")
    assert all(stop.title in run.out for stop in TOUR)
    assert run.out.splitlines()[-1] == f"! 0 of {len(TOUR)} right"
    assert max(map(cell_len, run.out.splitlines())) <= 80


def test_reason_of_an_answer_has_no_number_of_a_level() -> None:
    run = shapecalc(
        "quiz", SPEC, "--topic", "formula", "--questions", "1", "--seed", "9", stdin="s"
    )
    assert "\n   THE ONLY WALK FROM p TO q\n     dA1[p,q] = " in run.out
    assert "4  THE" not in run.out


def test_gallery_shows_all_or_one() -> None:
    run = shapecalc("quiz", "--gallery")
    names = re.findall(r"^([a-z-]+)  ", run.out, re.MULTILINE)
    assert names == [each.name for each in GALLERY]
    assert max(map(cell_len, run.out.splitlines())) <= 80
    one = shapecalc("quiz", "--gallery", "keepdims")
    assert one.out in run.out + "\n"
    none = shapecalc("quiz", "--gallery", "keepdim")
    assert (none.code, none.out) == (2, "")
    assert "keepdims" in none.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no.yaml",), "no.yaml: no such file"),
        (("-",), "give the spec as a file"),
        (("specs/bad/inner_dims.yaml",), "it has errors"),
        (("--key", "a.md"), "goes with --export"),
        (("--export", "a.md", "--tour"), "cannot be used with"),
        (("--tour", SPEC), "brings its own networks"),
        (("--grade", "README.md"), "no quiz wrote it"),
        (("--grade", "no.md"), "no.md: no such file"),
        (("--topic", "colour"), "colour"),
        (("--export", "no/a.md"), "cannot write no/a.md"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: tuple[str, ...], said: str) -> None:
    run = shapecalc("quiz", *arguments)
    assert run.code == 2
    assert said in re.sub(r"\s*\n[│ ]*", " ", run.err)
    assert "Traceback" not in run.err


# --- on paper -------------------------------------------------------------------------------------


class Paper(NamedTuple):
    """A worksheet as it was written, and its questions."""

    sheet: Path
    key: Path
    questions: list[Question]

    def filled(self, answers: list[str]) -> Path:
        text = self.sheet.read_text(encoding="utf-8")
        for number, answer in enumerate(answers, 1):
            line = f"**Answer {number}:** \n"
            assert line in text
            text = text.replace(line, f"**Answer {number}:** {answer}\n")
        self.sheet.write_text(text, encoding="utf-8")
        return self.sheet


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    sheet, key = tmp_path / "sheet.md", tmp_path / "key.md"
    arguments = ("--seed", "7", "--questions", "8", "--export", str(sheet), "--key", str(key))
    run = shapecalc("quiz", *arguments)
    assert (run.code, run.out, run.err) == (0, "", "")
    networks = [Asked(spec_named(name), name) for name in BUILT_IN]
    return Paper(sheet, key, drawn(networks, seed=7, topic=None, count=8))


def test_key_is_apart_where_that_is_asked_for(paper: Paper) -> None:
    sheet, key = (path.read_text(encoding="utf-8") for path in (paper.sheet, paper.key))
    assert "## Key" not in sheet
    for number, question in enumerate(paper.questions, 1):
        assert f"{number}. `{question.shown}`" in key


def test_worksheet_is_filled_in_and_marked(paper: Paper) -> None:
    answers = [answer_to(each) for each in paper.questions]
    answers[0], answers[1] = "(h, h, h)", ""
    answers[-1] = f"`{answers[-1]}`"
    run = shapecalc("quiz", "--grade", str(paper.filled(answers)))
    assert (run.code, run.err) == (0, "")
    marks = re.findall(r"^([✓✗]) \d", run.out, re.MULTILINE)
    assert marks == ["✗", "✗", *"✓" * 6]
    assert "no answer" in run.out
    assert run.out.splitlines()[-1] == "! 6 of 8 right"


def test_key_at_the_end_is_not_taken_for_answers(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.md"
    shapecalc("quiz", SPEC, "--seed", "7", "--questions", "4", "--export", str(sheet))
    assert "## Key" in sheet.read_text(encoding="utf-8")
    run = shapecalc("quiz", SPEC, "--grade", str(sheet))
    assert run.out.splitlines()[-1] == "! 0 of 4 right"
    other = shapecalc("quiz", "--grade", str(sheet))
    assert (other.code, other.out) == (2, "")
    assert "its questions are others" in other.err
