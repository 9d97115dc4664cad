"""`shapecalc explain`: why a gradient is what it is, level by level."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from shapecalc.cli.options import UNUSABLE, Color, as_utf8
from shapecalc.diagnostics import Problem


class ExplainFormat(StrEnum):
    """How an explanation is printed."""

    FULL = "full"
    JSON = "json"


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
    layouts, the adjoint, all arrangements. Each is checked in numbers.
    Exit code: 0 explained, 2 where there is nothing to explain.
    """
    from shapecalc import api, teach
    from shapecalc.records import Report
    from shapecalc.render.output import encoding_of, look_of, write

    name = stdin_filename if path == "-" else path
    try:
        text = api.read_stream(sys.stdin.buffer, name) if path == "-" else api.read(path)
        levels = sorted(set(level)) if level else teach.ALL
        answer = teach.explain(text, name, wrt and as_utf8(wrt), levels)
    except Problem as problem:
        answer = teach.Answer(Report(name, findings=(problem.finding,)), None, ())
    except Exception as error:  # noqa: BLE001 (our bug, and said to be)
        answer = teach.Answer(api.internal(name, error), None, ())
    report, explanation, choices, unknown = answer
    if unknown:
        raise typer.BadParameter(unknown, param_hint="--wrt")
    if output_format is ExplainFormat.JSON:
        from shapecalc.render.explained_json import explained_document

        encoding = encoding_of(None)
        write(explained_document(explanation, choices, report, encoding=encoding), None)
    else:
        if plain:
            from shapecalc.render.plain import plain_choices as choices_page
            from shapecalc.render.plain import plain_page as explanation_page
        else:
            from shapecalc.render.explained import choices_page, explanation_page

        wants = None if color is Color.AUTO else color is Color.ALWAYS
        look = look_of(None, color=wants, ascii_only=ascii_only)
        if explanation is not None:
            write(explanation_page(explanation, report, look), None)
        else:
            write(choices_page(choices, report, look), None)
    is_explained = explanation is not None and not report.findings
    raise typer.Exit(0 if is_explained or (wrt is None and choices) else UNUSABLE)
