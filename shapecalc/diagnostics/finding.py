"""The record of one finding, and the exception that carries one out of a reader."""

from enum import Enum
from typing import NamedTuple

from shapecalc.diagnostics.codes import CODES
from shapecalc.span import Span


class Severity(Enum):
    """How bad a finding is; an error makes the exit code 1, or 2 where nothing could be read."""

    ERROR = "error"
    WARNING = "warning"


class Related(NamedTuple):
    """Another place that the finding is about, with what to say beside its caret."""

    span: Span
    text: str


class Finding(NamedTuple):
    """One diagnostic: the fact (message), the words beside the caret (label), what to write (help).

    `notes` are further lines of a frame, each with its head: `("fits", "…")`, `("why", "…")`.
    """

    code: str
    span: Span
    message: str
    help: str = ""
    label: str = ""
    related: tuple[Related, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """Return the kebab name of the code, `inner-dims-differ`."""
        return CODES[self.code].name

    @property
    def severity(self) -> Severity:
        """Return the severity that the code has."""
        return Severity.WARNING if CODES[self.code].is_warning else Severity.ERROR

    @property
    def is_unusable_input(self) -> bool:
        """Say whether the finding means that nothing of the input could be read (exit code 2)."""
        return CODES[self.code].is_unusable_input


class Problem(Exception):
    """A finding on its way up, from a reader that cannot go on to whoever collects findings."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.code} {finding.message}")
        self.finding = finding
