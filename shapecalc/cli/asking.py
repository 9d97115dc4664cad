"""The loop of a quiz: lines are printed, a line is read. So any terminal does, and a pipe."""

import sys
from collections.abc import Iterable
from io import TextIOWrapper
from typing import TYPE_CHECKING

from shapecalc.cli.options import INTERRUPTED

if TYPE_CHECKING:
    from shapecalc.render.output import Look
    from shapecalc.teach.quiz.records import Question
    from shapecalc.teach.quiz.scores import Result

SKIP, QUIT, EXPLAIN = ("s", "skip"), ("q", "quit", "exit"), ("?", "help")


class Quit(Exception):
    """The reader has had enough, or the input has ended."""


class Loop:
    """Asks question after question, and keeps what became of each."""

    def __init__(self, look: "Look") -> None:
        self.look = look
        self.results: list[Result] = []
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")

    def run(self, questions: "Iterable[tuple[Question, str]]", count: int) -> int:
        """Ask until the end, or until the reader quits; print the score. Return the exit code.

        What comes with a question is printed before it, in the place of its number.
        """
        from shapecalc.render.quiz import score_page
        from shapecalc.teach.quiz.scores import scores

        code = 0
        try:
            for number, (question, before) in enumerate(questions, 1):
                self._ask(question, f"{number} of {count}", before)
        except Quit:
            pass
        except KeyboardInterrupt:
            code = INTERRUPTED
            say("\n")
        say(score_page(scores(self.results), self.look))
        return code

    def _ask(self, question: "Question", place: str, before: str) -> None:
        from shapecalc.render.quiz import mark_page, question_page, reason_page
        from shapecalc.teach.quiz.judging import mark
        from shapecalc.teach.quiz.scores import TRIES, Result

        say(before)
        say(question_page(question, "" if before else place, self.look))
        tried, is_told = 0, False
        while tried < TRIES:
            answer = self._read(question)
            if answer.lower() in EXPLAIN:
                say(reason_page(question, self.look, with_key=False))
                is_told = True
                continue
            if answer.lower() in SKIP:
                self.results.append(Result(question.topic, "skipped"))
                self._tell(question)
                return
            if not answer:
                continue
            found = mark(question, answer)
            tried += found.verdict != "unread"
            say(mark_page(found, TRIES - tried, self.look))
            if found.verdict == "right":
                is_first = tried == 1 and not is_told
                self.results.append(Result(question.topic, "first" if is_first else "later"))
                return
        self.results.append(Result(question.topic, "missed"))
        self._tell(question)

    def _tell(self, question: "Question") -> None:
        """Print the answer and its reason: the walk that leads to it, where there is one."""
        from shapecalc import teach
        from shapecalc.render.explained import level_page
        from shapecalc.render.quiz import answer_page, reason_page

        if question.walk is not None:
            explanation = teach.explain(question.walk[0], "", question.walk[1], (4,)).explanation
            if explanation is not None and explanation.steps[0].levels:
                say(answer_page(question, self.look))
                say(level_page(explanation.steps[0].levels[0], self.look))
                return
        say(reason_page(question, self.look, with_key=True))

    def _read(self, question: "Question") -> str:
        """Read one answer. Raises Quit at the end of the input, and where that is asked for."""
        from shapecalc.render.quiz import prompt

        say(prompt(question, self.look))
        line = sys.stdin.readline()
        answer = line.strip()
        if not line or answer.lower() in QUIT:
            say("" if line else "\n")
            raise Quit
        if not sys.stdin.isatty():
            from shapecalc.render.glyphs import visible

            say(f"{visible(answer)}\n")
        return answer


def say(text: str) -> None:
    """Print at once."""
    from shapecalc.render.output import write

    write(text, None)
