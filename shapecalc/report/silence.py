"""Findings and the comments beside them → what is left to say, and what the author has silenced.

A comment silences what its own line has, by code or by name. One that silences nothing is a
finding too: it hides the next mistake.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shapecalc.diagnostics import Finding
from shapecalc.source import Ignore, Ignored

UNUSED = "SC605"


class Heard(NamedTuple):
    """Findings that are left, and those that a comment silences."""

    findings: tuple[Finding, ...]
    silenced: tuple[Finding, ...]


def heard(findings: Iterable[Finding], ignores: Sequence[Ignore], *, is_whole: bool) -> Heard:
    """Take out the findings that comments silence, and add the comments that silence none.

    Where an error kept part of a spec from being checked, no comment is called idle.
    """
    every = tuple(findings)
    if not ignores:
        return Heard(every, ())
    silenced = [each for each in every if _is_silenced(each, ignores)]
    unused = list(_unused(silenced, ignores)) if is_whole else []
    silenced += [each for each in unused if _is_silenced(each, ignores)]
    left = [each for each in (*every, *unused) if each not in silenced]
    return Heard(tuple(left), tuple(silenced))


def _is_silenced(finding: Finding, ignores: Sequence[Ignore]) -> bool:
    return finding.can_be_silenced and any(
        _names(code, finding)
        for ignore in ignores
        if ignore.span.line == finding.span.line
        for code in ignore.codes
    )


def _names(code: Ignored, finding: Finding) -> bool:
    return code.code.upper() == finding.code or code.code.lower() == finding.name


def _unused(silenced: Sequence[Finding], ignores: Sequence[Ignore]) -> Iterable[Finding]:
    for ignore in ignores:
        here = [each for each in silenced if each.span.line == ignore.span.line]
        idle = [code for code in ignore.codes if not any(_names(code, each) for each in here)]
        idle = [code for code in idle if code.code.upper() != UNUSED]
        if not ignore.codes:
            message = "this comment names no code, and silences nothing"
            advice = "name what it is to silence, `ignore[SC501]`, or remove it"
            yield Finding(UNUSED, ignore.span, message, advice)
        elif len(idle) == len(ignore.codes):
            what = " and ".join(f"`{code.code}`" for code in idle)
            verb = "has" if len(idle) == 1 else "have"
            message = f"{what} {verb} nothing to silence on this line"
            yield Finding(UNUSED, ignore.span, message, "remove the comment")
        else:
            for code in idle:
                message = f"`{code.code}` has nothing to silence on this line"
                yield Finding(UNUSED, code.span, message, f"take `{code.code}` out of the comment")
