"""How a command ends: what it prints is written, or why it cannot be."""

import sys
from typing import NoReturn

import typer

from shapecalc.cli.options import UNUSABLE


def put_out(text: str, output_file: str | None = None, *, called: str = "the output") -> None:
    """Write to standard output, or a file whole or not at all; end the program where that fails."""
    from shapecalc.render.output import silence_stdout, write

    try:
        write(text, output_file)
    except (OSError, ValueError) as error:
        silence_stdout()
        reason = getattr(error, "strerror", None) or error
        stop(f"cannot write {output_file or called}: {reason}")


def stop(message: str) -> NoReturn:
    """End the program with a message and the exit code of what cannot be used."""
    sys.stderr.write(f"{message}\n")
    raise typer.Exit(UNUSABLE)
