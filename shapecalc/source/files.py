"""A path → text. Knows of bytes and of nothing else."""

from pathlib import Path

from shapecalc.diagnostics import Finding, Problem
from shapecalc.span import Span

SIZE_LIMIT = 32_000_000
_BOM = "\ufeff"


def read_file(path: str) -> str:
    """Return the text of a file; raise a Problem where there is none."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    except ValueError:
        raise _problem("SC106", path, "this path holds a NUL character", "check the path") from None
    if len(raw) > SIZE_LIMIT:
        message = f"`{path}` is over the limit of {SIZE_LIMIT:,} bytes"
        raise _problem("SC901", path, message, "split the network over several files")
    return decode(raw, path)


def decode(raw: bytes, path: str) -> str:
    """Return the text that UTF-8 bytes spell, without a byte order mark."""
    try:
        return raw.decode().removeprefix(_BOM)
    except UnicodeDecodeError as error:
        place = _place_behind(raw[: error.start].decode().removeprefix(_BOM), path)
        message = f"byte 0x{raw[error.start]:02X} at {place.line}:{place.column} is not UTF-8"
        raise Problem(Finding("SC104", place, message, "save as UTF-8")) from None


def _place_behind(before: str, path: str) -> Span:
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Span(path, len(lines), len(lines[-1]) + 1)


def _unreadable(path: str, error: OSError) -> Problem:
    match error:
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
