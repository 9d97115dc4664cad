"""`shapecalc check`: its options, and what becomes of them."""

import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.options import (
    ERRORS,
    INTERRUPTED,
    UNUSABLE,
    Color,
    FailOn,
    OutputFormat,
    Wish,
    as_utf8,
)
from shapecalc.cli.writing import put_out
from shapecalc.diagnostics import Problem
from shapecalc.selection import UnknownCode, selectors
from shapecalc.settings import Project

if TYPE_CHECKING:
    from shapecalc.cli.run import Run


def check(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="Specs, folders, or - for stdin.")
    ] = None,
    output_format: Annotated[
        OutputFormat | None,
        typer.Option(envvar="SHAPECALC_OUTPUT_FORMAT", help="How to report.", show_default="full"),
    ] = None,
    output_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the report to a file.")
    ] = None,
    step: Annotated[
        str | None, typer.Option(metavar="OUT:WRT", help="Open one step, such as Z2:A1.")
    ] = None,
    wrt: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Show one gradient, its steps, and the chain to it."),
    ] = None,
    vec: Annotated[
        bool, typer.Option("--vec", help="With --wrt: the chain in Kronecker products too.")
    ] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Write right formulas for wrong claims first.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Print what --fix would change, and change nothing.")
    ] = False,
    equations: Annotated[
        bool, typer.Option("--equations", help="Print the spec with its layers written out.")
    ] = False,
    distinct: Annotated[
        bool, typer.Option("--distinct", help="Propose sizes at which no wrong product runs.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Open every step; report on each of several files.")
    ] = False,
    select: Annotated[
        list[str] | None, typer.Option(metavar="CODES", help="Report these codes only: SC3,SC501.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="CODES", help="Do not report these codes.")
    ] = None,
    fail_on: Annotated[
        FailOn | None, typer.Option(help="What makes the exit code 1.", show_default="error")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 3 where a claim is undecided.")
    ] = False,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit with 0, unless the input is unusable.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print findings only.")] = False,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Count the findings of each code.")
    ] = False,
    hook: Annotated[
        bool, typer.Option("--hook", help="Print findings only, and pass over what is no spec.")
    ] = False,
    color: Annotated[Color, typer.Option(help="When to colour.")] = Color.AUTO,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Print signs in ASCII.")] = False,
    stdin_filename: Annotated[
        str, typer.Option(metavar="NAME", help="What to call standard input.")
    ] = "<stdin>",
) -> None:
    """Derive the gradients of specs and judge claims.

    The report on one file shows each gradient, why it has this form, and each claim judged.
    Of several files and folders, only the findings are shown.
    Exit code: 0 without errors, 1 with errors, 2 where nothing could be read.
    """
    project = Project()
    wish = Wish(
        output_format=output_format or _format_of(project),
        output_file=output_file,
        step=step and as_utf8(step),
        wrt=wrt and as_utf8(wrt),
        vec=vec,
        equations=equations,
        distinct=distinct,
        full=full,
        quiet=quiet or hook,
        statistics=statistics,
        hook=hook,
        select=_codes("--select", select),
        ignore=_codes("--ignore", ignore),
        fail_on=fail_on,
        strict=strict,
        exit_zero=exit_zero,
        color=color,
        ascii=ascii_only,
        stdin_filename=stdin_filename,
    )
    if fix or diff:
        is_changed = _fix(paths or [], wish, project, writes=not diff)
        if diff:
            raise typer.Exit(ERRORS if is_changed else 0)
    raise typer.Exit(_checked(paths or [], wish, project))


def _fix(paths: Sequence[str], wish: Wish, project: Project, *, writes: bool) -> bool:
    """Put claims right in files, or show what would change; say whether there was something."""
    from shapecalc.cli.fix import fix

    if "-" in paths:
        hint = "--fix" if writes else "--diff"
        raise typer.BadParameter("takes files or folders, and no stream", param_hint=hint)
    try:
        return fix(paths, wish, project, writes=writes)
    except OSError as error:
        sys.stderr.write(f"cannot write {error.filename}: {error.strerror}\n")
        raise typer.Exit(UNUSABLE) from None


def _format_of(project: Project) -> OutputFormat:
    """Return the format that the settings of the working directory choose."""
    try:
        return OutputFormat(project.settings(".").output_format or OutputFormat.FULL)
    except Problem:
        return OutputFormat.FULL


def _codes(flag: str, written: Iterable[str] | None) -> tuple[str, ...]:
    try:
        return selectors(written or ())
    except UnknownCode as error:
        raise typer.BadParameter(str(error), param_hint=flag) from None


def _checked(paths: Sequence[str], wish: Wish, project: Project) -> int:
    """Run, write the report, and return the exit code."""
    from shapecalc.cli.run import Run
    from shapecalc.cli.targets import is_folder

    is_single = len(paths) == 1 and not is_folder(paths[0]) and not wish.hook
    _refuse_what_clashes(paths, wish, is_single=is_single)
    run = Run(wish, project, is_single=is_single)
    try:
        run.over(paths)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Problem as problem:
        run.stop_at(problem.finding)
    return _written(run, wish)


def _written(run: "Run", wish: Wish) -> int:
    from shapecalc.cli.run import rendered

    put_out(rendered(run), wish.output_file, called="the report")
    is_list = wish.output_format is OutputFormat.CONCISE and not wish.quiet
    if (is_list and not wish.statistics) or (run.equations and run.tally.errors):
        from shapecalc.render.concise import summary

        with suppress(OSError):
            sys.stderr.write(summary(run.tally))
    return run.exit_code()


def _can_show(view: str, output_format: OutputFormat) -> bool:
    """Say whether a format has a view: JSON has those that add to the report."""
    is_added = view in ("--distinct", "--wrt") and output_format is OutputFormat.JSON
    return is_added or output_format is OutputFormat.FULL


def _refuse_what_clashes(paths: Sequence[str], wish: Wish, *, is_single: bool) -> None:
    if not paths and not wish.hook:
        raise typer.BadParameter(
            "name a spec, a folder, or - for standard input", param_hint="PATH"
        )
    views = {
        "--step": wish.step,
        "--wrt": wish.wrt,
        "--equations": wish.equations or None,
        "--distinct": wish.distinct or None,
    }
    for name, value in views.items():
        if value is not None and not is_single:
            raise typer.BadParameter("takes one file, and no folder", param_hint=name)
        if value is not None and not _can_show(name, wish.output_format):
            raise typer.BadParameter("needs --output-format full", param_hint=name)
    first, *others = [name for name, value in views.items() if value is not None] or [""]
    if others:
        raise typer.BadParameter(f"cannot be used with {others[0]}", param_hint=first)
    if wish.vec and wish.wrt is None:
        raise typer.BadParameter("needs --wrt NAME", param_hint="--vec")
    if wish.statistics and wish.output_format in (OutputFormat.GITHUB, OutputFormat.SARIF):
        fact = f"cannot be used with --output-format {wish.output_format}"
        raise typer.BadParameter(fact, param_hint="--statistics")
