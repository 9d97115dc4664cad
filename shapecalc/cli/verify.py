"""`shapecalc verify`: a formula judged without a file."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.options import ERRORS, UNDECIDED, UNUSABLE, Color

if TYPE_CHECKING:
    from shapecalc.records import Report
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
        typer.Option("--any-layout", help="Say in which layout the claims are, and translate."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    color: Annotated[Color, typer.Option(help="When to colour.")] = Color.AUTO,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Print signs in ASCII.")] = False,
) -> None:
    """Judge a formula for a gradient: right, or which mistake it has.

    Without a loss, what comes from above is any gradient: dZ2 is a name like others.
    Exit code: 0 right or a convention, 1 wrong, 3 undecided, 2 where nothing could be judged.
    """
    from shapecalc import api
    from shapecalc.spec.lines import Asked, lines_of

    given = claims or ["-"]
    asked = Asked(
        claims=lines_of(sys.stdin.read() if text == "-" else text for text in given),
        forward=lines_of(forward or ()),
        shapes=tuple(_shape(text) for text in shape or ()),
        sizes=tuple(text.replace("=", ": ") for text in size or ()),
        assume=tuple(assume or ()),
        loss=loss,
        is_numerator=numerator,
    )
    if not asked.forward:
        raise typer.BadParameter("write the equations: 'Z2 = W2 @ A1 + b2'", param_hint="--forward")
    if not asked.claims:
        raise typer.BadParameter("write a claim: 'dA1 = W2.T @ dZ2'", param_hint="CLAIM")
    if any_layout:
        _tell_layout(asked, color, ascii_only=ascii_only)
    report = api.verify(asked, PATH)
    sys.stdout.write(_printed(report, color, is_json=json, ascii_only=ascii_only))
    raise typer.Exit(_code(report))


def _tell_layout(asked: "Asked", color: Color, *, ascii_only: bool) -> None:
    """Say in which layout most claims hold, and write them in the other one."""
    from shapecalc import api

    best, other = api.layouts(asked, PATH)
    count = len(best.report.claims)
    if not count:
        return
    for each in (best, other):
        sys.stdout.write(f"{each.name} layout: {each.holds} of {count} hold\n")
    sys.stdout.write("\n" + _printed(best.report, color, is_json=False, ascii_only=ascii_only))
    sys.stdout.write(f"\nin {other.name} layout\n")
    for name, formula in other.formulas:
        sys.stdout.write(f"  {name} = {formula}\n")
    raise typer.Exit(_code(best.report))


def _shape(text: str) -> tuple[str, str]:
    from shapecalc.spec.lines import NoShape, shape_of

    try:
        return shape_of(text)
    except NoShape as error:
        raise typer.BadParameter(str(error), param_hint="--shape") from None


def _printed(report: "Report", color: Color, *, is_json: bool, ascii_only: bool) -> str:
    if is_json:
        from shapecalc.render.json import document
        from shapecalc.render.tally import Tally, with_report

        return document([report], with_report(Tally(0, 0, 0, 0), report))
    from shapecalc.render.output import look_of
    from shapecalc.render.terminal import verdicts_page

    wants = None if color is Color.AUTO else color is Color.ALWAYS
    return verdicts_page(report, look_of(None, color=wants, ascii_only=ascii_only))


def _code(report: "Report") -> int:
    from shapecalc.diagnostics import Severity

    errors = [each for each in report.findings if each.severity is Severity.ERROR]
    if any(not each.code.startswith("SC4") for each in errors) or not report.claims:
        return UNUSABLE
    if errors:
        return ERRORS
    return UNDECIDED if any(each.verdict == "undecided" for each in report.claims) else 0
