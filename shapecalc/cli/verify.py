"""`shapecalc verify`: a formula judged without a file."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.options import ERRORS, UNDECIDED, UNUSABLE, Color, as_utf8

if TYPE_CHECKING:
    from shapecalc.records import Report
    from shapecalc.render.output import Look
    from shapecalc.spec.lines import Asked

PATH = "<claim>"


def verify(
    claims: Annotated[
        list[str] | None,
        typer.Argument(metavar="CLAIM...", help="Such as 'dA1 = W2.T @ dZ2'; - or none: stdin."),
    ] = None,
    forward: Annotated[
        list[str] | None, typer.Option(metavar="LINES", help="Equations: 'Z2 = W2 @ A1 + b2'.")
    ] = None,
    shape: Annotated[
        list[str] | None, typer.Option(metavar="NAME=DIMS", help="The shape of a value: W2=k,h.")
    ] = None,
    size: Annotated[
        list[str] | None, typer.Option(metavar="DIM=N", help="The size of a dim: m=64.")
    ] = None,
    assume: Annotated[
        list[str] | None, typer.Option(metavar="FACT", help="Such as 'Y: one-hot axis=0'.")
    ] = None,
    loss: Annotated[
        str | None, typer.Option(metavar="NAME", help="The loss; else the last line's, or none.")
    ] = None,
    numerator: Annotated[
        bool, typer.Option("--numerator", help="The claims are in numerator layout.")
    ] = False,
    any_layout: Annotated[
        bool,
        typer.Option(
            "--any-layout", help="Say in which layout and convention the claims are, and translate."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    color: Annotated[Color, typer.Option(help="When to colour.")] = Color.AUTO,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Print signs in ASCII.")] = False,
) -> None:
    """Judge a formula for a gradient: right, or which mistake it has.

    Without a loss, what comes from above is any gradient: dZ2 is a name like others.
    Exit code: 0 right or a convention, 1 wrong, 3 undecided, 2 where nothing could be judged.
    """
    from shapecalc.spec.lines import Asked, lines_of

    if any_layout and json:
        raise typer.BadParameter("cannot be used with --any-layout", param_hint="--json")
    asked = Asked(
        claims=lines_of(_read(text) for text in claims or ["-"]),
        forward=lines_of(map(as_utf8, forward or ())),
        shapes=tuple(_shape(as_utf8(text)) for text in shape or ()),
        sizes=tuple(as_utf8(text).replace("=", ": ") for text in size or ()),
        assume=tuple(map(as_utf8, assume or ())),
        loss=loss and as_utf8(loss),
        is_numerator=numerator,
    )
    if not asked.forward:
        raise typer.BadParameter("write the equations: 'Z2 = W2 @ A1 + b2'", param_hint="--forward")
    if not asked.claims:
        raise typer.BadParameter("write a claim: 'dA1 = W2.T @ dZ2'", param_hint="CLAIM")
    from shapecalc.render.output import look_of, write

    wants = None if color is Color.AUTO else color is Color.ALWAYS
    look = look_of(None, color=wants, ascii_only=ascii_only)
    printed, report = (
        _in_conventions(asked, look) if any_layout else _printed(asked, look, json=json)
    )
    write(printed, None)
    raise typer.Exit(_code(report))


def _read(text: str) -> str:
    """Return a claim, or what comes from standard input for `-`."""
    if text != "-":
        return as_utf8(text)
    from shapecalc import api
    from shapecalc.diagnostics import Problem

    try:
        return api.read_stream(sys.stdin.buffer, "<stdin>")
    except Problem as problem:
        raise typer.BadParameter(problem.finding.message, param_hint="stdin") from None


def _printed(asked: "Asked", look: "Look", *, json: bool) -> tuple[str, "Report"]:
    """Print the verdicts."""
    from shapecalc import api

    try:
        report = api.verify(asked, PATH)
    except Exception as error:  # noqa: BLE001 (our bug, and said to be)
        report = api.internal(PATH, error)
    if json:
        from shapecalc.render.json import document
        from shapecalc.render.output import encoding_of
        from shapecalc.render.tally import tally

        return document([report], tally([report]), encoding=encoding_of(None)), report
    from shapecalc.render.terminal import verdicts_page

    return verdicts_page(report, look), report


def _in_conventions(asked: "Asked", look: "Look") -> tuple[str, "Report"]:
    """Say in which conventions the claims hold, and write them in the others."""
    from shapecalc import api
    from shapecalc.conventions import conventions
    from shapecalc.render.terminal import conventions_page, verdicts_page

    try:
        found = conventions(asked, PATH)
    except Exception as error:  # noqa: BLE001 (our bug, and said to be)
        report = api.internal(PATH, error)
        return verdicts_page(report, look), report
    return conventions_page(found, look), found.tried[0].report


def _shape(text: str) -> tuple[str, str]:
    from shapecalc.spec.lines import NoShape, shape_of

    try:
        return shape_of(text)
    except NoShape as error:
        raise typer.BadParameter(str(error), param_hint="--shape") from None


def _code(report: "Report") -> int:
    from shapecalc.diagnostics import Severity

    errors = [each for each in report.findings if each.severity is Severity.ERROR]
    if any(not each.code.startswith("SC4") for each in errors) or not report.claims:
        return UNUSABLE
    if errors:
        return ERRORS
    return UNDECIDED if any(each.verdict == "undecided" for each in report.claims) else 0
