"""The base of all codes: each is a class, and the docstring of the class is the page of the code.

What one class says of itself is here; which classes there are is in `rules`, loaded late.
"""

import re
from enum import Enum
from typing import ClassVar

_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Severity(Enum):
    """How bad a finding is; an error makes the exit code 1, or 2 where nothing could be read."""

    ERROR = "error"
    WARNING = "warning"


class Rule:
    """One code: `class InnerDimsDiffer(Rule, code="SC301")` is SC301, inner-dims-differ.

    Is never instantiated: a finding names its class by the code.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]
    is_unusable_input: ClassVar[bool]
    can_be_silenced: ClassVar[bool]

    def __init_subclass__(
        cls,
        *,
        code: str,
        is_warning: bool = False,
        is_unusable_input: bool = False,
        can_be_silenced: bool = True,
    ) -> None:
        super().__init_subclass__()
        cls.code = code
        cls.name = _WORD_STARTS.sub("-", cls.__name__).lower()
        cls.severity = Severity.WARNING if is_warning else Severity.ERROR
        cls.is_unusable_input = is_unusable_input
        cls.can_be_silenced = can_be_silenced and not is_unusable_input
        if code in RULES:
            raise TypeError(f"{cls.__qualname__} has the code {code} of {RULES[code].__qualname__}")
        RULES[code] = cls

    @classmethod
    def silence(cls) -> str:
        """Say how a finding of this code is hidden, or why it cannot be."""
        if cls.is_unusable_input:
            return "This cannot be silenced: nothing was checked."
        if not cls.can_be_silenced:
            return "This cannot be silenced: with it, something was not checked."
        return (
            f"Write `# shapecalc: ignore[{cls.code}] reason` at the end of its line, or"
            f' `ignore = ["{cls.code}"]` under `[tool.shapecalc]` in `pyproject.toml`.'
        )


RULES: dict[str, type[Rule]] = {}
"""The classes that are loaded so far, by code."""
