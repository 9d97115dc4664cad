"""What a user may ask of a run: the choices of its options, its exit codes."""

import os
from enum import StrEnum
from typing import NamedTuple

ERRORS, UNUSABLE, UNDECIDED, INTERRUPTED = 1, 2, 3, 130


class OutputFormat(StrEnum):
    """How a run is reported."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


class Color(StrEnum):
    """When a report is coloured; `auto`: on a terminal, unless the environment says otherwise."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class FailOn(StrEnum):
    """From which severity on a finding makes the run fail."""

    ERROR = "error"
    WARNING = "warning"


def as_utf8(text: str) -> str:
    """Read a name from the command line as a spec is read, whatever the locale's encoding is."""
    if text.isascii():
        return text
    from shapecalc.parsing import normal_name

    return normal_name(os.fsencode(text).decode(errors="surrogateescape"))


class Wish(NamedTuple):
    """What the user asks of a run, beside the paths; None leaves a choice to the settings."""

    output_format: OutputFormat
    output_file: str | None
    step: str | None
    wrt: str | None
    vec: bool
    equations: bool
    distinct: bool
    full: bool
    quiet: bool
    statistics: bool
    hook: bool
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    fail_on: FailOn | None
    strict: bool
    exit_zero: bool
    color: Color
    ascii: bool
    stdin_filename: str
