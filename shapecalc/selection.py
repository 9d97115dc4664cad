"""Which codes a run reports: `--select` and `--ignore`, by code, prefix or name."""

from collections.abc import Iterable
from typing import NamedTuple

from shapecalc.diagnostics import Finding

_EVERY = "SC"


class UnknownCode(ValueError):
    """A selector that fits no code: what was written, and what to write instead."""

    def __init__(self, written: str, advice: str) -> None:
        super().__init__(f"`{written}` is no code: {advice}")
        self.advice = advice


class Selection(NamedTuple):
    """Prefixes of codes, `SC5` or `SC501`; the longest that fits a code decides."""

    select: tuple[str, ...] = (_EVERY,)
    ignore: tuple[str, ...] = ()

    def keeps(self, finding: Finding) -> bool:
        """Say whether a finding is reported; one that nothing can silence always is."""
        if not finding.can_be_silenced:
            return True
        wanted = _longest(self.select, finding.code)
        return wanted > _longest(self.ignore, finding.code)

    def with_flags(self, select: Iterable[str], ignore: Iterable[str]) -> "Selection":
        """Apply flags: `--select` starts anew, `--ignore` alone takes away."""
        chosen, left_out = tuple(select), tuple(ignore)
        if chosen:
            return Selection(chosen, left_out)
        return self._replace(ignore=(*self.ignore, *left_out))


def selectors(written: Iterable[str]) -> tuple[str, ...]:
    """Return the prefixes that selectors stand for; commas part them. Raises UnknownCode."""
    return tuple(
        _selector(one.strip()) for text in written for one in text.split(",") if one.strip()
    )


def _selector(written: str) -> str:
    if written.upper() in ("ALL", _EVERY):
        return _EVERY
    from shapecalc.diagnostics.rules import every_rule

    rules = list(every_rule())
    for rule in rules:
        if written.lower() == rule.name or rule.code.startswith(written.upper()):
            return rule.code if written.lower() == rule.name else written.upper()
    from difflib import get_close_matches

    known = {rule.name: rule.code for rule in rules} | {rule.code: rule.code for rule in rules}
    near = get_close_matches(written, known, 1) or get_close_matches(written.upper(), known, 1)
    advice = f"did you mean `{near[0]}`?" if near else "`shapecalc rule` lists them"
    raise UnknownCode(written, advice)


def _longest(prefixes: Iterable[str], code: str) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)
