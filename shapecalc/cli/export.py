"""`shapecalc export`: a network written for elsewhere, or in another convention."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.options import UNUSABLE, Color
from shapecalc.diagnostics import Finding, Problem

if TYPE_CHECKING:
    from shapecalc.records import Drawing
    from shapecalc.render.output import Look

STDIN = "<stdin>"


class Target(StrEnum):
    """What a network is written as."""

    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"
    TREE = "tree"


def export(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="A spec, or - for stdin.")],
    to: Annotated[Target, typer.Option(help="What to write.")],
    backward: Annotated[
        bool, typer.Option("--backward", help="Draw the gradients that flow back too.")
    ] = False,
    output_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write to a file.")
    ] = None,
    color: Annotated[Color, typer.Option(help="When to colour a tree.")] = Color.AUTO,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Print signs in ASCII.")] = False,
) -> None:
    """Draw the graph of a network: mermaid, dot, svg, or a tree in the terminal.

    Exit code: 0 written, 2 where a spec has errors.
    """
    from shapecalc import api
    from shapecalc.render.output import look_of

    wants = None if color is Color.AUTO else color is Color.ALWAYS
    look = look_of(output_file, color=wants, ascii_only=ascii_only)
    path = STDIN if spec == "-" else spec
    try:
        text = api.read_stream(sys.stdin.buffer, path) if spec == "-" else api.read(path)
        drawing, findings = api.drawn(text, path, backward=backward)
    except Problem as problem:
        raise _refused([problem.finding], ascii_only=look.ascii) from None
    if drawing is None:
        raise _refused(findings, ascii_only=look.ascii)
    _write(_drawn(drawing, to, look), output_file)


def _drawn(drawing: "Drawing", to: Target, look: "Look") -> str:
    """Draw a graph in one of the formats."""
    match to:
        case Target.MERMAID:
            from shapecalc.render.graphs.mermaid import mermaid

            return mermaid(drawing)
        case Target.DOT:
            from shapecalc.render.graphs.dot import dot

            return dot(drawing)
        case Target.SVG:
            from shapecalc.render.graphs.svg import svg

            return svg(drawing)
        case Target.TREE:
            from shapecalc.render.graphs.tree import tree

            return tree(drawing, look)


def _refused(findings: Iterable[Finding], *, ascii_only: bool) -> typer.Exit:
    """Print why there is nothing to write."""
    from shapecalc.records import Report
    from shapecalc.render.concise import lines

    report = Report("", findings=tuple(findings))
    sys.stderr.write(lines([report], ascii_only=ascii_only))
    return typer.Exit(UNUSABLE)


def _write(text: str, output_file: str | None) -> None:
    from shapecalc.render.output import silence_stdout, write

    try:
        write(text, output_file)
    except OSError as error:
        sys.stderr.write(f"cannot write {output_file or 'the output'}: {error.strerror}\n")
        silence_stdout()
        raise typer.Exit(UNUSABLE) from None
