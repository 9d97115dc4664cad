"""The program: its commands, its version, and how a run begins and ends."""

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

import shapecalc
from shapecalc.cli.check import check
from shapecalc.cli.derive import derive
from shapecalc.cli.explain import explain
from shapecalc.cli.export import export
from shapecalc.cli.options import INTERRUPTED
from shapecalc.cli.quiz import quiz
from shapecalc.cli.reference import init, rule, schema
from shapecalc.cli.verify import verify

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (check, verify, explain, derive, export, quiz, rule, schema, init):
    app.command()(command)


def main() -> None:
    """Run the command line.

    A run is short: collecting garbage costs more than the memory that it gives back, most of all
    at the exit. So it is done seldom, and not at all for what is left at the end.
    """
    gc.set_threshold(200_000, 50, 50)
    _open_closed_streams()
    try:
        app(prog_name="shapecalc")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()


def _open_closed_streams() -> None:
    """Give a stream that the caller has closed, `>&-`, to nobody: Python has None there."""
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 (for the whole run)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 (as above)


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
