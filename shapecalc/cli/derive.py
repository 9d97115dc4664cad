"""`shapecalc derive`: the derivative of an expression, in both layouts."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.options import UNUSABLE, Color, as_utf8

if TYPE_CHECKING:
    from shapecalc.calculus.evaluating import At, Numbers
    from shapecalc.records import Derived
    from shapecalc.spec.lines import Function

PATH = "<expression>"


class Layout(StrEnum):
    """Which layouts are printed."""

    BOTH = "both"
    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    MIXED = "mixed"


class DeriveFormat(StrEnum):
    """How a derivative is printed."""

    FULL = "full"
    JSON = "json"
    TEXT = "text"
    LATEX = "latex"
    MARKDOWN = "markdown"
    NUMPY = "numpy"
    PYTORCH = "pytorch"
    JAX = "jax"


def derive(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="Such as 'x.T @ A @ x'.")],
    wrt: Annotated[str, typer.Option(metavar="NAME", help="By which name.")],
    shape: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=DIMS", help="A shape: A=n,n; x=n,1; s= for a scalar."),
    ] = None,
    function: Annotated[
        list[str] | None,
        typer.Option(metavar="F(X): DIMS", help="An unknown function: 'u(x): k,1'."),
    ] = None,
    assume: Annotated[
        list[str] | None, typer.Option(metavar="FACT", help="Such as 'S: symmetric'.")
    ] = None,
    layout: Annotated[Layout, typer.Option(help="Which layout to print.")] = Layout.BOTH,
    order: Annotated[int, typer.Option(min=1, max=2, help="2 gives the Hessian of a scalar.")] = 1,
    row_major: Annotated[
        bool, typer.Option("--row-major", help="Stack rows in the vec form, not columns.")
    ] = False,
    evaluate: Annotated[
        bool, typer.Option("--evaluate", help="Compare the formula with differences, at numbers.")
    ] = False,
    size: Annotated[
        list[str] | None, typer.Option(metavar="DIM=N", help="The size of a dim, to evaluate at.")
    ] = None,
    values: Annotated[
        str | None, typer.Option(metavar="FILE", help="Values to evaluate at: .npz or .json.")
    ] = None,
    seed: Annotated[int, typer.Option(help="For the values that are drawn.")] = 0,
    steps: Annotated[
        bool, typer.Option("--steps", help="Print the rules that simplified a formula.")
    ] = False,
    output_format: Annotated[DeriveFormat, typer.Option(help="How to print.")] = DeriveFormat.FULL,
    color: Annotated[Color, typer.Option(help="When to colour.")] = Color.AUTO,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Print signs in ASCII.")] = False,
) -> None:
    """Differentiate an expression: matrix calculus in both layouts.

    Exit code: 0 derived, 2 where there is no derivative, or none that could be checked.
    """
    from shapecalc import api
    from shapecalc.render.output import encoding_of, look_of, write
    from shapecalc.spec.lines import Expression

    shapes = tuple(_shape(as_utf8(text)) for text in shape or ())
    facts = tuple(_fact(as_utf8(fact)) for fact in assume or ())
    functions = tuple(_function(as_utf8(text)) for text in function or ())
    _refuse_twice([name for name, _ in shapes], "--shape")
    _refuse_twice([each.name for each in functions], "--function")
    text = " ".join(as_utf8(expression).split())
    asked = Expression(text, as_utf8(wrt), shapes, facts, functions)
    at = _at(size or (), values, seed) if evaluate or size or values else None
    try:
        report = api.derive(asked, PATH, order=order, by_rows=row_major, at=at)
    except Exception as error:  # noqa: BLE001 (our bug, and said to be)
        report = api.internal(PATH, error)
    wants = None if color is Color.AUTO else color is Color.ALWAYS
    look = look_of(None, color=wants, ascii_only=ascii_only)
    if output_format is DeriveFormat.JSON:
        from shapecalc.render.derived_json import derived_document

        write(derived_document(report, encoding=encoding_of(None)), None)
    elif output_format is DeriveFormat.FULL or report.derived is None:
        from shapecalc.render.derived import derived_page

        stacked = "rows" if row_major else "columns"
        page = derived_page(report, look, layout=layout.value, steps=steps, stacked=stacked)
        write(page, None)
    else:
        stacked = "rows" if row_major else "columns"
        write(_written(report.derived, layout.value, output_format, stacked), None)
    raise typer.Exit(0 if report.derived is not None else UNUSABLE)


def _written(found: "Derived", layout: str, output_format: DeriveFormat, stacked: str) -> str:
    """Write a derivative for elsewhere: formulas alone, code, or a page of Markdown."""
    if output_format is DeriveFormat.MARKDOWN:
        from shapecalc.render.markdown import markdown

        return markdown(found, layout=layout, stacked=stacked)
    from shapecalc.render.pasted import LIBRARIES, NothingToPaste, code, formulas

    write = code if output_format.value in LIBRARIES else formulas
    try:
        return write(found, layout, output_format.value)
    except NothingToPaste as reason:
        hint = "--output-format"
        raise typer.BadParameter(f"{reason}: {hint} full has the rest", param_hint=hint) from None


def _refuse_twice(names: Sequence[str], option: str) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise typer.BadParameter(f"`{twice}` is given twice", param_hint=option)


def _at(sizes: Sequence[str], values: str | None, seed: int) -> "At":
    from shapecalc.calculus.evaluating import At

    found = {}
    for text in sizes:
        dim, _, number = map(str.strip, as_utf8(text).partition("="))
        if not number.isascii() or not number.isdigit() or int(number) < 1:
            raise typer.BadParameter(f"`{text}` is no size: write `m=4`", param_hint="--size")
        found[dim] = int(number)
    return At(found, {} if values is None else _values(values), seed)


def _values(path: str) -> "dict[str, Numbers]":
    """Read arrays by name, from NumPy's own format or from JSON."""
    from shapecalc.cli.numbers import NoNumbers, numbers_in

    try:
        return numbers_in(path)
    except NoNumbers as error:
        raise typer.BadParameter(str(error), param_hint="--values") from None


def _function(text: str) -> "Function":
    from shapecalc.spec.lines import NoShape, function_of

    try:
        return function_of(text)
    except NoShape as error:
        raise typer.BadParameter(str(error), param_hint="--function") from None


def _fact(text: str) -> str:
    from shapecalc.spec.lines import NoFact, fact_of

    try:
        return fact_of(text)
    except NoFact as error:
        raise typer.BadParameter(str(error), param_hint="--assume") from None


def _shape(text: str) -> tuple[str, str]:
    from shapecalc.spec.lines import NoShape, shape_of

    try:
        return shape_of(text)
    except NoShape as error:
        raise typer.BadParameter(str(error), param_hint="--shape") from None
