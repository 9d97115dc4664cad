"""`shapecalc explain`: why a gradient is what it is, level by level."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.options import UNUSABLE, Color, as_utf8
from shapecalc.cli.writing import put_out
from shapecalc.diagnostics import Problem

if TYPE_CHECKING:
    from shapecalc.records.explained import Explanation
    from shapecalc.render.output import Look
    from shapecalc.teach import Answer


class ExplainFormat(StrEnum):
    """How an explanation is printed."""

    FULL = "full"
    JSON = "json"


class Handout(StrEnum):
    """What an explanation is written as, to be handed out."""

    LATEX = "latex"
    MARKDOWN = "markdown"


def explain(
    path: Annotated[str, typer.Argument(metavar="SPEC", help="A spec, or - for stdin.")],
    wrt: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose gradient; without it, the choices.")
    ] = None,
    level: Annotated[
        list[int] | None,
        typer.Option(min=1, max=7, metavar="N", help="This level alone, 1 to 7; repeatable."),
    ] = None,
    output_format: Annotated[
        ExplainFormat, typer.Option(help="How to print.")
    ] = ExplainFormat.FULL,
    to: Annotated[Handout | None, typer.Option(help="Write a handout instead.")] = None,
    html: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Write a web page; without --wrt, of every gradient. - prints it."
        ),
    ] = None,
    output_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write to a file.")
    ] = None,
    color: Annotated[Color, typer.Option(help="When to colour.")] = Color.AUTO,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Print signs in ASCII.")] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="For screen readers: sentences, no pictures.")
    ] = False,
    stdin_filename: Annotated[
        str, typer.Option(metavar="NAME", help="What to call standard input.")
    ] = "<stdin>",
) -> None:
    """Explain one gradient: why this order, why these transposes.

    Seven levels: the product that seems right, one entry, the whole Jacobian, the walk, the
    layouts, the adjoint, all arrangements. Each is checked in numbers. With --to, a handout: a
    LaTeX document, or Markdown. With --html, a page for the browser that needs nothing else.
    Exit code: 0 explained, 2 where there is nothing to explain.
    """
    from shapecalc import api, teach
    from shapecalc.records import Report
    from shapecalc.render.output import encoding_of, look_of

    if to is not None and output_format is ExplainFormat.JSON:
        raise typer.BadParameter("cannot be used with --output-format json", param_hint="--to")
    if to is not None and wrt is None:
        raise typer.BadParameter("needs --wrt NAME", param_hint="--to")
    if html is not None and (to or output_file or output_format is ExplainFormat.JSON):
        raise typer.BadParameter("takes the place of other outputs", param_hint="--html")
    if plain and (to or html or output_format is ExplainFormat.JSON):
        raise typer.BadParameter(
            "is for what the terminal shows: not with --to, --html or json", param_hint="--plain"
        )
    name = stdin_filename if path == "-" else path
    every: tuple[Explanation, ...] = ()
    try:
        text = api.read_stream(sys.stdin.buffer, name) if path == "-" else api.read(path)
        levels = sorted(set(level)) if level else teach.ALL
        if html is not None and wrt is None:
            report, every = teach.explain_each(text, name, levels)
            answer = teach.Answer(report, next(iter(every), None), ())
        else:
            answer = teach.explain(text, name, wrt and as_utf8(wrt), levels)
    except Problem as problem:
        answer = teach.Answer(Report(name, findings=(problem.finding,)), None, ())
    except Exception as error:  # noqa: BLE001 (our bug, and said to be)
        answer = teach.Answer(api.internal(name, error), None, ())
    report, explanation, choices, unknown = answer
    if unknown:
        raise typer.BadParameter(unknown, param_hint="--wrt")
    is_explained = explanation is not None and not report.findings
    if html is not None and explanation is not None and is_explained:
        from shapecalc.render.web.page import web_page

        put_out(web_page(every or (explanation,), report), None if html == "-" else html)
        raise typer.Exit
    if to is not None and not is_explained:
        output_file = None  # why there is no handout is for the reader, not for the file
    if output_format is ExplainFormat.JSON:
        from shapecalc.render.explained_json import explained_document

        encoding = encoding_of(output_file)
        written = explained_document(explanation, choices, report, encoding=encoding)
    else:
        wants = None if color is Color.AUTO else color is Color.ALWAYS
        look = look_of(output_file, color=wants, ascii_only=ascii_only)
        written = _handout(answer, to, look) if to is not None else _page(answer, look, plain=plain)
    put_out(written, output_file)
    raise typer.Exit(0 if is_explained or (wrt is None and choices) else UNUSABLE)


def _page(answer: "Answer", look: "Look", *, plain: bool) -> str:
    """Write an explanation for the terminal; without one, the choices."""
    if plain:
        from shapecalc.render.plain import plain_choices as choices_page
        from shapecalc.render.plain import plain_page as explanation_page
    else:
        from shapecalc.render.explained import choices_page, explanation_page

    report, explanation, choices, _ = answer
    if explanation is None:
        return choices_page(choices, report, look)
    return explanation_page(explanation, report, look)


def _handout(answer: "Answer", to: Handout, look: "Look") -> str:
    """Write an explanation as a handout; where there is none, or it has a fault, the page."""
    report, explanation, _, _ = answer
    if explanation is None or report.findings:
        return _page(answer, look, plain=False)
    if to is Handout.LATEX:
        from shapecalc.render.handouts.latex import latex_document

        return latex_document(explanation, report)
    from shapecalc.render.handouts.markdown import markdown_handout

    return markdown_handout(explanation, report, look)
