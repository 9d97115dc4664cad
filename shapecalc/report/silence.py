"""Findings and the comments beside them → what is left to say, and what the author has silenced.

A comment silences what its own line has, by code or by name. One that silences nothing is a
finding too: it hides the next mistake.
"""

from collections.abc import Iterable, Mapping, Sequence
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
    codes: dict[int, list[Ignored]] = {}
    for ignore in ignores:
        codes.setdefault(ignore.span.line, []).extend(ignore.codes)
    silenced = [each for each in every if _is_silenced(each, codes)]
    unused = list(_unused(silenced, ignores)) if is_whole else []
    silenced += [each for each in unused if _is_silenced(each, codes)]
    left = [each for each in (*every, *unused) if not _is_silenced(each, codes)]
    return Heard(tuple(left), tuple(silenced))


def _is_silenced(finding: Finding, codes: Mapping[int, Sequence[Ignored]]) -> bool:
    here = codes.get(finding.span.line, ())
    return finding.can_be_silenced and any(_names(code, finding) for code in here)


def _names(code: Ignored, finding: Finding) -> bool:
    return code.code.upper() == finding.code or code.code.lower() == finding.name


def _unused(silenced: Sequence[Finding], ignores: Sequence[Ignore]) -> Iterable[Finding]:
    by_line: dict[int, list[Finding]] = {}
    for each in silenced:
        by_line.setdefault(each.span.line, []).append(each)
    for ignore in ignores:
        here = by_line.get(ignore.span.line, [])
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
