"""`shapecalc export`: a network written for elsewhere, or in another convention."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.options import UNUSABLE, Color
from shapecalc.cli.writing import put_out
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
    ROWS = "rows"
    COLUMNS = "columns"
    TORCH_LAYOUT = "torch-layout"
    NUMPY = "numpy"
    PYTORCH = "pytorch"
    JAX = "jax"


GRAPHS = (Target.MERMAID, Target.DOT, Target.SVG, Target.TREE)
CONVENTIONS = (Target.ROWS, Target.COLUMNS, Target.TORCH_LAYOUT)


def export(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="A spec, or - for stdin.")],
    to: Annotated[Target, typer.Option(help="What to write.")],
    backward: Annotated[
        bool, typer.Option("--backward", help="Draw the gradients that flow back too.")
    ] = False,
    side_by_side: Annotated[
        bool, typer.Option("--side-by-side", help="Print both conventions beside each other.")
    ] = False,
    output_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write to a file.")
    ] = None,
    color: Annotated[Color, typer.Option(help="When to colour a tree.")] = Color.AUTO,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Print signs in ASCII.")] = False,
) -> None:
    """Draw the graph of a network, or write it in another convention, or as a script.

    The graph: mermaid, dot, svg, or a tree for the terminal. A convention: rows or columns, by
    what each example is, or torch-layout, rows with weights stored (out, in). A script: numpy,
    pytorch or jax, with the forward and the backward pass.
    Exit code: 0 written, 2 where a spec has errors, or has no counterpart.
    """
    from shapecalc import api
    from shapecalc.render.output import look_of

    _refuse_what_clashes(to, backward=backward, side_by_side=side_by_side)
    wants = None if color is Color.AUTO else color is Color.ALWAYS
    look = look_of(output_file, color=wants, ascii_only=ascii_only)
    path = STDIN if spec == "-" else spec
    try:
        text = api.read_stream(sys.stdin.buffer, path) if spec == "-" else api.read(path)
        if to in GRAPHS:
            written = _graph(text, path, to, look, backward=backward)
        elif to in CONVENTIONS:
            written = _rewritten(text, path, to, look, side_by_side=side_by_side)
        else:
            written = _script(text, path, to, look)
    except Problem as problem:
        raise _refused([problem.finding], look) from None
    except typer.Exit:
        raise
    except Exception as error:  # noqa: BLE001 (our bug, and said to be)
        raise _refused(api.internal(path, error).findings, look) from None
    put_out(written, output_file)


def _refuse_what_clashes(to: Target, *, backward: bool, side_by_side: bool) -> None:
    if backward and to not in GRAPHS:
        raise typer.BadParameter("goes with a graph, such as --to tree", param_hint="--backward")
    if side_by_side and to not in CONVENTIONS:
        raise typer.BadParameter("goes with --to rows and its like", param_hint="--side-by-side")


def _rewritten(text: str, path: str, to: Target, look: "Look", *, side_by_side: bool) -> str:
    """Write a network in another convention, and say on standard error what was proved."""
    from shapecalc import api
    from shapecalc.render.sidebyside import side_by_side as both
    from shapecalc.render.sidebyside import summary

    made, findings = api.rewritten(text, path, to.value)
    if made is None:
        raise _refused(findings, look)
    sys.stderr.write(summary(made, path, look))
    if made.refused:
        raise typer.Exit(UNUSABLE)
    return both(made, look) if side_by_side else made.text


def _script(text: str, path: str, to: Target, look: "Look") -> str:
    from shapecalc import api

    written, findings, reason = api.script(text, path, to.value)
    if findings:
        raise _refused(findings, look)
    if reason:
        sys.stderr.write(f"{path}: there is no script in {to.value}: {reason}\n")
        raise typer.Exit(UNUSABLE)
    return written


def _graph(text: str, path: str, to: Target, look: "Look", *, backward: bool) -> str:
    from shapecalc import api

    drawing, findings = api.drawn(text, path, backward=backward)
    if drawing is None:
        raise _refused(findings, look)
    return _drawn(drawing, to, look)


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
        case _:
            raise AssertionError(to)


def _refused(findings: Iterable[Finding], look: "Look") -> typer.Exit:
    """Print why there is nothing to write."""
    from shapecalc.records import Report
    from shapecalc.render.concise import lines

    report = Report("", findings=tuple(findings))
    sys.stderr.write(lines([report], ascii_only=look.ascii))
    return typer.Exit(UNUSABLE)
