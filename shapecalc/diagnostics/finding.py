"""The record of one finding, and the exception that carries one out of a reader."""

from typing import NamedTuple

from shapecalc.diagnostics.rule import Rule, Severity
from shapecalc.span import Span


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
    def rule(self) -> type[Rule]:
        """Return the class of the code."""
        from shapecalc.diagnostics.rules import rule_of

        return rule_of(self.code)

    @property
    def name(self) -> str:
        """Return the kebab name of the code, `inner-dims-differ`."""
        return self.rule.name

    @property
    def severity(self) -> Severity:
        """Return the severity that the code has."""
        return self.rule.severity

    @property
    def is_unusable_input(self) -> bool:
        """Say whether the finding means that nothing of the input could be read (exit code 2)."""
        return self.rule.is_unusable_input

    @property
    def can_be_silenced(self) -> bool:
        """Say whether a finding may be hidden; not where it means that something is unchecked."""
        return self.rule.can_be_silenced


class Problem(Exception):
    """A finding on its way up, from a reader that cannot go on to whoever collects findings."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.code} {finding.message}")
        self.finding = finding
