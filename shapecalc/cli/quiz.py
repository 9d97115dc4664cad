"""`shapecalc quiz`: the arguments, and what each of them starts."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.options import Color, as_utf8
from shapecalc.cli.writing import put_out, stop

if TYPE_CHECKING:
    from shapecalc.render.output import Look
    from shapecalc.teach.quiz.drawing import Drawing
    from shapecalc.teach.quiz.network import Asked
    from shapecalc.teach.quiz.records import Question

MOST_QUESTIONS = 200
BUILT_IN_NAME = "built-in networks"


class Topic(StrEnum):
    """What may be asked."""

    SHAPE = "shape"
    PRODUCT = "product"
    JACOBIAN = "jacobian"
    CHOICE = "choice"
    ENTRY = "entry"
    FORMULA = "formula"


def quiz(
    spec: Annotated[
        str | None,
        typer.Argument(metavar="[SPEC]", help="What to ask about; with --gallery, a mistake."),
    ] = None,
    topic: Annotated[Topic | None, typer.Option(help="Ask about this alone.")] = None,
    questions: Annotated[int, typer.Option(min=1, max=MOST_QUESTIONS, help="How many.")] = 10,
    seed: Annotated[
        int | None, typer.Option(min=0, max=999_999_999, help="The same seed, the same questions.")
    ] = None,
    export: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a worksheet in Markdown; - prints it.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the key there, not at the end.")
    ] = None,
    grade: Annotated[
        str | None, typer.Option(metavar="FILE", help="Mark a worksheet that is filled in.")
    ] = None,
    gallery: Annotated[
        bool,
        typer.Option("--gallery", help="Show the classic mistakes, or the one in SPEC's place."),
    ] = False,
    tour: Annotated[
        bool, typer.Option("--tour", help="A guided first quarter of an hour.")
    ] = False,
    color: Annotated[Color, typer.Option(help="When to colour.")] = Color.AUTO,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Print signs in ASCII.")] = False,
) -> None:
    """Ask about shapes, products, Jacobians and gradients; answers are judged as claims are.

    Exit code: 0, however the answers were; 2 where there is nothing to ask; 130 if interrupted.
    """
    from shapecalc.render.output import look_of

    _refuse_together(export=export, grade=grade, gallery=gallery, tour=tour)
    if key is not None and export is None:
        raise typer.BadParameter("goes with --export", param_hint="--key")
    wants = None if color is Color.AUTO else color is Color.ALWAYS
    look = look_of(None, color=wants, ascii_only=ascii_only)
    name = None if spec is None else as_utf8(spec)
    if gallery:
        _gallery(name, look)
        return
    if tour:
        if name is not None:
            raise typer.BadParameter("brings its own networks", param_hint="--tour")
        _tour(seed or 0, look)
        return
    if grade is not None:
        _grade(as_utf8(grade), name, look)
        return
    chosen = _seed() if seed is None else seed
    asked = _networks(name)
    drawing = _drawing(asked, chosen, topic, questions)
    title = asked[0].report.name or asked[0].path if name is not None else BUILT_IN_NAME
    if export is not None:
        drawn = list(drawing.questions)
        _export(drawn, title, as_utf8(export), key and as_utf8(key), (chosen, questions, topic))
        return
    from shapecalc.cli.asking import Loop, say
    from shapecalc.render.quiz import head_page

    say(head_page(title, drawing.total, chosen, look))
    loop = Loop(look)
    raise typer.Exit(loop.run(((each, "") for each in drawing.questions), drawing.total))


def _refuse_together(**given: object) -> None:
    used = [f"--{name}" for name, value in given.items() if value not in (None, False)]
    if len(used) > 1:
        raise typer.BadParameter(f"cannot be used with {used[1]}", param_hint=used[0])


def _seed() -> int:
    from random import SystemRandom

    return SystemRandom().randrange(10_000)


def _networks(name: str | None) -> "list[Asked]":
    from shapecalc import api
    from shapecalc.diagnostics import Problem
    from shapecalc.teach.quiz.network import Asked, NothingToAsk
    from shapecalc.teach.quiz.specs import BUILT_IN, spec_named

    if name is None:
        return [Asked(spec_named(each), each) for each in BUILT_IN]
    if name == "-":
        stop("answers come from standard input: give the spec as a file")
    try:
        return [Asked(api.read(name), name)]
    except Problem as problem:
        stop(f"{name}: {problem.finding.message}")
    except NothingToAsk as reason:
        stop(f"{name}: {reason}")


def _drawing(networks: "list[Asked]", seed: int, topic: str | None, count: int) -> "Drawing":
    from shapecalc.teach.quiz.drawing import drawing
    from shapecalc.teach.quiz.network import NothingToAsk

    try:
        return drawing(networks, seed=seed, topic=topic, count=count)
    except NothingToAsk as reason:
        stop(f"{networks[0].path}: {reason}")


def _gallery(name: str | None, look: "Look") -> None:
    from shapecalc.render.quiz import gallery_page, names_text
    from shapecalc.teach.quiz.gallery import exhibit, exhibits
    from shapecalc.teach.quiz.mistakes import GALLERY

    if name is None:
        put_out(gallery_page(exhibits(), look))
        return
    found = [each for each in GALLERY if each.name == name]
    if not found:
        message = f"no mistake `{name}`; there are {names_text(GALLERY)}"
        raise typer.BadParameter(message, param_hint="--gallery")
    put_out(gallery_page(map(exhibit, found), look))


def _tour(seed: int, look: "Look") -> None:
    from shapecalc.cli.asking import Loop, say
    from shapecalc.render.quiz import stop_page, tour_page
    from shapecalc.teach.quiz.tour import TOUR, tour

    say(tour_page(len(TOUR), look))
    loop = Loop(look)
    pages = enumerate(tour(seed), 1)
    visits = (
        (visit.question, stop_page(visit.stop, number, len(TOUR), look)) for number, visit in pages
    )
    raise typer.Exit(loop.run(visits, len(TOUR)))


def _export(
    drawn: "list[Question]",
    title: str,
    path: str,
    key_path: str | None,
    made_of: tuple[int, int, str | None],
) -> None:
    from shapecalc.render.worksheet import key, worksheet
    from shapecalc.teach.quiz.worksheet import sheet_of

    seed, count, topic = made_of
    text = worksheet(drawn, sheet_of(drawn, seed=seed, asked=count, topic=topic), title)
    if key_path is None:
        text += key(drawn)
    else:
        put_out(key(drawn), key_path)
    put_out(text, None if path == "-" else path)


def _grade(path: str, name: str | None, look: "Look") -> None:
    from shapecalc import api
    from shapecalc.diagnostics import Problem
    from shapecalc.render.quiz import marks_page, score_page
    from shapecalc.teach.quiz.judging import mark
    from shapecalc.teach.quiz.scores import Result, scores
    from shapecalc.teach.quiz.worksheet import NoWorksheet, hold_to, read

    try:
        sheet, answers = read(api.read(path))
        questions = list(_drawing(_networks(name), sheet.seed, sheet.topic, sheet.asked).questions)
        hold_to(sheet, questions)
    except Problem as problem:
        stop(f"{path}: {problem.finding.message}")
    except NoWorksheet as reason:
        stop(f"{path}: {reason}")
    numbered = [(number, each, answers.get(number, "")) for number, each in enumerate(questions, 1)]
    rows = [(number, each, answer, mark(each, answer)) for number, each, answer in numbered]
    results = [
        Result(each.topic, _outcome(found.verdict, answer)) for _, each, answer, found in rows
    ]
    put_out(marks_page(rows, look) + score_page(scores(results), look))


def _outcome(verdict: str, answer: str) -> str:
    if verdict == "right":
        return "first"
    return "missed" if answer else "skipped"
