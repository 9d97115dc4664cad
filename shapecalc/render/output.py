"""Where a report goes: what the output can show, and how text is written to it. Loads no Rich."""

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

from shapecalc.render.glyphs import can_carry_signs

NARROWEST, WIDEST = 80, 120


class Look(NamedTuple):
    """How wide a page is, in cells, and what its output can show."""

    width: int = NARROWEST
    color: bool = False
    ascii: bool = False
    encoding: str = "utf-8"


def look_of(output_file: str | None, *, color: bool | None, ascii_only: bool) -> Look:
    """Say how a page should look on standard output or in a file; without a color, decide."""
    is_coloured = _is_colour_wanted(output_file) if color is None else color
    encoding = encoding_of(output_file)
    is_ascii = ascii_only or not can_carry_signs(encoding)
    return Look(_width(output_file), is_coloured, is_ascii, encoding)


def encoding_of(output_file: str | None) -> str:
    """Return the encoding of standard output, or of a file."""
    return "utf-8" if output_file else sys.stdout.encoding or "ascii"


def _width(output_file: str | None) -> int:
    """Return the width of the terminal within bounds; of a pipe or a file, 80."""
    from shutil import get_terminal_size

    if output_file or not sys.stdout.isatty():
        return NARROWEST
    return min(max(get_terminal_size().columns, NARROWEST), WIDEST)


def _is_colour_wanted(output_file: str | None) -> bool:
    """Decide by the environment (no-color.org), else by the terminal; a file is never coloured."""
    if os.environ.get("NO_COLOR") or output_file:
        return False
    if os.environ.get("FORCE_COLOR", "0").lower() not in ("", "0", "false"):
        return True
    return os.environ.get("TERM") != "dumb" and sys.stdout.isatty()


def write(text: str, output_file: str | None) -> None:
    """Write a report; a reader that has gone away is no error. Raises OSError for others."""
    try:
        if output_file:
            write_file(output_file, text)
        else:
            _write_stdout(text)
    except BrokenPipeError:
        silence_stdout()


def write_file(path: str, text: str, newline: str | None = None) -> None:
    """Write a file whole or not at all: a full disk leaves what was there. Raises OSError.

    With an empty `newline`, line ends stay what they are.
    """
    given = Path(path)
    target = given.resolve()  # a link stays one
    if (given.exists() and not given.is_file()) or not os.access(target.parent, os.W_OK):
        # a device, a pipe, or a folder that takes no other file
        _fill(given, text, newline=newline)
        return
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        _fill(beside, text, mode="x", newline=newline)
        if target.exists():
            beside.chmod(target.stat().st_mode)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _fill(path: Path, text: str, mode: str = "w", newline: str | None = None) -> None:
    with path.open(mode, encoding="utf-8", errors="backslashreplace", newline=newline) as file:
        file.write(text)


def _write_stdout(text: str) -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stdout.write(text)
    sys.stdout.flush()


def silence_stdout() -> None:
    """Send what is left to nowhere, so that Python's last flush does not fail again."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
