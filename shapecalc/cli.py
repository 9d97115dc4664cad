"""The command line: arguments → api → renderer → exit code. Knows no mathematics.

What only some commands need is imported where it is needed: a concise run loads no Rich.
"""

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeVar

import typer

import shapecalc

if TYPE_CHECKING:
    from shapecalc.diagnostics import Finding
    from shapecalc.records import Report
    from shapecalc.render.output import Look
    from shapecalc.render.tally import Tally

Chosen = TypeVar("Chosen")
MANY_FILES = 50  # with more files than this, a terminal shows how far the run is
ERRORS, UNUSABLE, UNDECIDED, INTERRUPTED = 1, 2, 3, 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class OutputFormat(StrEnum):
    """How a run is reported."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"


class Color(StrEnum):
    """When a report is coloured; `auto`: on a terminal, unless the environment says otherwise."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Wish(NamedTuple):
    """What the user asks of a run, beside the paths."""

    output_format: OutputFormat
    output_file: str | None
    step: str | None
    wrt: str | None
    full: bool
    quiet: bool
    strict: bool
    exit_zero: bool
    color: Color
    ascii: bool
    stdin_filename: str


class Target(NamedTuple):
    """A file to read; one that the user named is never passed over."""

    path: str
    is_named: bool


class Gathered(NamedTuple):
    """What a run has found; `is_single` where it is about one file, and so has a full report."""

    reports: "list[Report]"
    not_specs: int
    is_single: bool

    def tally(self) -> "Tally":
        """Count what was found."""
        from shapecalc.render.tally import tally

        return tally(self.reports, self.not_specs)


def main() -> None:
    """Run the command line.

    A run is short: collecting garbage costs more than the memory that it gives back, most of all
    at the exit. So it is done seldom, and not at all for what is left at the end.
    """
    gc.set_threshold(200_000, 50, 50)
    try:
        app(prog_name="shapecalc")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()


def _version(value: bool) -> None:
    """Print the version and leave."""
    if value:
        typer.echo(f"shapecalc {shapecalc.__version__}")
        raise typer.Exit


@app.callback()
def _main_options(
    _: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Check the matrix calculus of backpropagation: shapes, orders, transposes, gradients."""


@app.command()
def check(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Specs, folders, or - for stdin.")
    ],
    output_format: Annotated[
        OutputFormat, typer.Option(envvar="SHAPECALC_OUTPUT_FORMAT", help="How to report.")
    ] = OutputFormat.FULL,
    output_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the report to a file.")
    ] = None,
    step: Annotated[
        str | None, typer.Option(metavar="OUT:WRT", help="Open one step, such as Z2:A1.")
    ] = None,
    wrt: Annotated[
        str | None, typer.Option(metavar="NAME", help="Show one gradient and its steps.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Open every step; report on each of several files.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print findings only.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 3 where a claim is undecided.")
    ] = False,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit with 0 whatever is found.")
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
    wish = Wish(
        output_format=output_format,
        output_file=output_file,
        step=step,
        wrt=wrt,
        full=full,
        quiet=quiet,
        strict=strict,
        exit_zero=exit_zero,
        color=color,
        ascii=ascii_only,
        stdin_filename=stdin_filename,
    )
    try:
        code = _check(paths, wish)
    except KeyboardInterrupt:
        code = INTERRUPTED
    raise typer.Exit(code)


def _check(paths: Sequence[str], wish: Wish) -> int:
    from shapecalc.render.output import silence_stdout, write

    is_single = len(paths) == 1 and not _is_folder(paths[0])
    _refuse_what_clashes(wish, is_single=is_single)
    gathered = _gather(paths, wish, is_single=is_single)
    try:
        write(_rendered(gathered, wish), wish.output_file)
    except OSError as error:
        sys.stderr.write(f"cannot write {wish.output_file or 'the report'}: {error.strerror}\n")
        silence_stdout()
        return UNUSABLE
    if wish.output_format is OutputFormat.CONCISE and not wish.quiet:
        from shapecalc.render.concise import summary

        with suppress(OSError):
            sys.stderr.write(summary(gathered.tally()))
    return _exit_code(gathered.reports, wish)


def _refuse_what_clashes(wish: Wish, *, is_single: bool) -> None:
    for name, value in (("--step", wish.step), ("--wrt", wish.wrt)):
        if value is not None and not is_single:
            raise typer.BadParameter("takes one file, and no folder", param_hint=name)
        if value is not None and wish.output_format is not OutputFormat.FULL:
            raise typer.BadParameter("needs --output-format full", param_hint=name)
    if wish.step is not None and wish.wrt is not None:
        raise typer.BadParameter("cannot be used with --wrt", param_hint="--step")


def _gather(paths: Sequence[str], wish: Wish, *, is_single: bool) -> Gathered:
    targets = list(_targets(paths))
    reports, not_specs = [], 0
    for target in _watched(targets, is_quiet=wish.quiet):
        report = _report(target, wish, has_detail=_has_detail(wish, is_single=is_single))
        if report is None:
            not_specs += 1
        else:
            reports.append(report)
    return Gathered(reports, not_specs, is_single)


def _has_detail(wish: Wish, *, is_single: bool) -> bool:
    if wish.output_format is OutputFormat.FULL:
        return (is_single or wish.full) and not wish.quiet
    return wish.output_format is OutputFormat.JSON


def _targets(paths: Sequence[str]) -> Iterator[Target]:
    """List the files to read, each once; in folders the YAML files, in order of their names."""
    named = {path for path in paths if not _is_folder(path)}
    every = [each for path in paths for each in ([path] if path in named else _yaml_files(path))]
    for path in dict.fromkeys(every):
        yield Target(path, is_named=path in named or _is_folder(path))


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 (where Path raises, the path is no folder)


def _yaml_files(folder: str) -> list[str]:
    """List the YAML files below a folder, and the folders that cannot be read.

    Hidden folders and links to folders are left out.
    """
    found: list[str] = []
    for root, folders, files in os.walk(folder, onerror=lambda e: found.append(str(e.filename))):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = [Path(root, name) for name in files if name.endswith((".yaml", ".yml"))]
        found.extend(str(path) for path in paths if path.is_file())
    return sorted(found)


def _watched(targets: Sequence[Target], *, is_quiet: bool) -> Iterable[Target]:
    """Show on a terminal how far a long run is."""
    if len(targets) <= MANY_FILES or is_quiet or not sys.stderr.isatty():
        return targets
    from rich.console import Console
    from rich.progress import track

    return track(targets, "checking", console=Console(stderr=True, markup=False), transient=True)


def _report(target: Target, wish: Wish, *, has_detail: bool) -> "Report | None":
    """Check one file; None where a folder's file is no spec."""
    from shapecalc.diagnostics import Problem

    path = wish.stdin_filename if target.path == "-" else target.path
    try:
        asked = () if wish.wrt is None else (wish.wrt, wish.wrt.removeprefix("d"))
        return _checked(target, path, asked, has_detail=has_detail)
    except Problem as problem:
        return _bare_report(path, problem.finding)
    except Exception as error:  # noqa: BLE001 (our bug; the other files still have a report)
        return _bare_report(path, _internal(path, error))


def _checked(
    target: Target, path: str, asked: Sequence[str], *, has_detail: bool
) -> "Report | None":
    from shapecalc import api

    text = _stdin(path) if target.path == "-" else api.read(path)
    if not target.is_named and not api.looks_like_spec(text):
        return None
    return api.check(text, path, detail=has_detail, asked=asked)


def _stdin(path: str) -> str:
    from shapecalc.diagnostics import Finding, Problem
    from shapecalc.span import Span

    content = sys.stdin.buffer.read()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        fact = f"byte 0x{content[error.start]:02X} at {line}:{column} is not UTF-8"
        raise Problem(Finding("SC104", Span(path, line, column), fact, "save as UTF-8")) from None


def _internal(path: str, error: Exception) -> "Finding":
    from shapecalc.diagnostics import Finding
    from shapecalc.span import Span

    reason = " ".join(f"{type(error).__name__}: {error}".split())
    message = f"shapecalc failed on this file, {reason}"
    return Finding("SC902", Span(path, 1, 1), message, "this is our bug: please report it")


def _bare_report(path: str, finding: "Finding", text: str = "") -> "Report":
    """Make a report of a file that could not be read or checked."""
    from shapecalc.records import Report

    source = tuple(text.split("\n")) if text else ()
    return Report(path, findings=(finding,), source=source)


def _rendered(gathered: Gathered, wish: Wish) -> str:
    match wish.output_format:
        case OutputFormat.JSON:
            from shapecalc.render.json import document
            from shapecalc.render.output import encoding_of

            encoding = encoding_of(wish.output_file)
            return document(gathered.reports, gathered.tally(), encoding=encoding)
        case OutputFormat.CONCISE:
            from shapecalc.render.concise import lines

            return lines(gathered.reports, ascii_only=wish.ascii)
        case OutputFormat.FULL if gathered.is_single:
            return _one_report(gathered.reports[0], wish)
        case OutputFormat.FULL:
            return _many_reports(gathered, wish)


def _look(wish: Wish) -> "Look":
    from shapecalc.render.output import look_of

    color = None if wish.color is Color.AUTO else wish.color is Color.ALWAYS
    return look_of(wish.output_file, color=color, ascii_only=wish.ascii)


def _one_report(report: "Report", wish: Wish) -> str:
    from shapecalc.render import terminal
    from shapecalc.render.choice import step_named, value_named

    look = _look(wish)
    if wish.quiet:
        return terminal.findings_page([report], look)
    has_choice = bool(report.steps) or not _has_errors([report])
    if wish.step is not None and has_choice:
        return terminal.one_step_page(report, _chosen(step_named, report, wish.step), look)
    if wish.wrt is not None and has_choice:
        return terminal.gradient_page(report, _chosen(value_named, report, wish.wrt), look)
    return terminal.report_page(report, look, full=wish.full)


def _chosen(choose: "Callable[[Report, str], Chosen]", report: "Report", name: str) -> "Chosen":
    from shapecalc.render.choice import UnknownName

    try:
        return choose(report, name)
    except UnknownName as error:
        raise typer.BadParameter(str(error)) from None


def _many_reports(gathered: Gathered, wish: Wish) -> str:
    from shapecalc.render import terminal

    look = _look(wish)
    if not wish.full or wish.quiet:
        tally = None if wish.quiet else gathered.tally()
        return terminal.findings_page(gathered.reports, look, tally)
    pages = [terminal.report_page(report, look, full=True) for report in gathered.reports]
    return "\n".join([*pages, terminal.summary_line(gathered.tally(), look)])


def _exit_code(reports: "Iterable[Report]", wish: Wish) -> int:
    every = list(reports)
    findings = [finding for report in every for finding in report.findings]
    if any(finding.is_unusable_input for finding in findings):
        return UNUSABLE
    if wish.exit_zero:
        return 0
    if _has_errors(every):
        return ERRORS
    is_undecided = any(claim.verdict == "undecided" for each in every for claim in each.claims)
    is_undecided |= any(finding.code == "SC415" for finding in findings)
    return UNDECIDED if wish.strict and is_undecided else 0


def _has_errors(reports: "Sequence[Report]") -> bool:
    from shapecalc.diagnostics import Severity

    return any(each.severity is Severity.ERROR for report in reports for each in report.findings)
