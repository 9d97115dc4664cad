"""A code or a name → its class. Knows the families; a family is loaded when a code of it is met.

So a run without findings loads none of the pages.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import NamedTuple

from shapecalc.diagnostics.proposals import nearest
from shapecalc.diagnostics.rule import RULES, Rule

__all__ = ["FAMILIES", "Family", "every_rule", "find_rule", "nearest_rule", "rule_of"]


class Family(NamedTuple):
    """Codes that begin alike, `SC3`: what they are about, and the modules of their classes."""

    start: str
    title: str
    modules: tuple[str, ...]

    def rules(self) -> list[type[Rule]]:
        """Return the classes of the family, in the order of their codes."""
        for module in self.modules:
            import_module(f"{__name__}.{module}")
        return [RULES[code] for code in sorted(RULES) if code.startswith(self.start)]


FAMILIES = (
    Family("SC1", "Reading", ("reading",)),
    Family("SC2", "Spec and names", ("spec", "names")),
    Family("SC3", "Shapes", ("shapes",)),
    Family("SC4", "Claims", ("products", "mistakes", "claims")),
    Family("SC5", "Coincidence", ("coincidence",)),
    Family("SC6", "Lint", ("lint",)),
    Family("SC9", "Limits", ("limits",)),
)


def rule_of(code: str) -> type[Rule]:
    """Return the class of a code. Raises KeyError where there is none: that is our bug."""
    if code not in RULES:
        for family in FAMILIES:
            if code.startswith(family.start):
                family.rules()
    return RULES[code]


def every_rule() -> Iterator[type[Rule]]:
    """Yield all classes, in the order of their codes."""
    for family in FAMILIES:
        yield from family.rules()


def find_rule(text: str) -> type[Rule] | None:
    """Find a class by what a user writes, a code or a kebab name in any case; None if unknown."""
    written = text.strip().casefold()
    return next((rule for rule in every_rule() if written in _spellings(rule)), None)


def nearest_rule(text: str) -> type[Rule] | None:
    """Return the class whose code or name is most like a text; None where none is like it."""
    spelled = {spelling: rule for rule in every_rule() for spelling in _spellings(rule)}
    near = nearest(text.strip().casefold(), spelled)
    return None if near is None else spelled[near]


def _spellings(rule: type[Rule]) -> tuple[str, str]:
    return rule.code.casefold(), rule.name
