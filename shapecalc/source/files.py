"""A path or a stream → text. Knows of bytes and of nothing else."""

import codecs
import os
import re
import stat
from typing import BinaryIO

from shapecalc.diagnostics import Finding, Problem
from shapecalc.span import Span

TEXT_LIMIT = 2_000_000
"""How many characters a spec may have; the chain of 10,000 layers has a million."""
_BYTES_READ = 4 * (TEXT_LIMIT + 2)  # of a longer file, more characters than the limit are here
_BOM = "\ufeff"


def read_file(path: str) -> str:
    """Return the text of a file; raise a Problem where there is none.

    Of a file that is longer than a spec may be, enough is read to see that.
    """
    try:
        with open(path, "rb", opener=_opened) as file:
            raw = file.read(_BYTES_READ)
            is_pipe = stat.S_ISFIFO(os.fstat(file.fileno()).st_mode)
    except OSError as error:
        raise _unreadable(path, error) from None
    except ValueError:
        raise _problem("SC106", path, "this path holds a NUL character", "check the path") from None
    if is_pipe and not raw:
        message = f"nothing comes out of the pipe `{path}`"
        raise _problem("SC106", path, message, "name a file, or write a spec into the pipe")
    return decode(raw, path)


def glimpse(path: str) -> str:
    """Return what can be made out of a file that is no text or too long; nothing raises."""
    try:
        with open(path, "rb", opener=_opened) as file:
            return file.read(_BYTES_READ).decode(errors="replace")
    except OSError:
        return ""


def read_stream(stream: BinaryIO, path: str) -> str:
    """Return the text of a stream, as of a file."""
    return decode(stream.read(_BYTES_READ), path)


def decode(raw: bytes, path: str) -> str:
    """Return the text that UTF-8 bytes spell, without a byte order mark."""
    is_cut = len(raw) == _BYTES_READ  # and so may end inside a character
    try:
        return codecs.utf_8_decode(raw, "strict", not is_cut)[0].removeprefix(_BOM)
    except UnicodeDecodeError as error:
        place = _place_behind(raw[: error.start].decode().removeprefix(_BOM), path)
        message = f"byte 0x{raw[error.start]:02X} at {place.line}:{place.column} is not UTF-8"
        raise Problem(Finding("SC104", place, message, "save as UTF-8")) from None


def lines_of(text: str) -> tuple[str, ...]:
    """Split a text into its lines; of one that is longer than a spec may be, show none."""
    if len(text) > TEXT_LIMIT:
        return ()
    text = text.removeprefix(_BOM)
    if "\r" in text:
        return tuple(re.split(r"\r\n|\r|\n", text))
    return tuple(text.split("\n"))


def _opened(path: str, flags: int) -> int:
    """Open a file such that a pipe to which nobody writes is empty, and not waited for."""
    flag = getattr(os, "O_NONBLOCK", 0)
    opened = os.open(path, flags | flag)
    if flag:
        os.set_blocking(opened, True)
    return opened


def _place_behind(before: str, path: str) -> Span:
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Span(path, len(lines), len(lines[-1]) + 1)


def _unreadable(path: str, error: OSError) -> Problem:
    match error:
        case FileNotFoundError() if not path:
            return _problem("SC106", path, "an empty path names no file", "check the path")
        case FileNotFoundError() | NotADirectoryError():
            return _problem("SC106", path, f"no such file `{path}`", "check the path")
        case IsADirectoryError():
            advice = "name a file in it"
            return _problem("SC106", path, f"`{path}` is a folder, a file is expected", advice)
        case PermissionError():
            return _problem("SC106", path, f"`{path}` may not be read", "check its permissions")
        case _:
            reason = (error.strerror or "unknown error").lower()
            return _problem("SC106", path, f"cannot read `{path}`: {reason}", "check the path")


def _problem(code: str, path: str, message: str, advice: str) -> Problem:
    return Problem(Finding(code, Span(path, 1, 1), message, advice))
