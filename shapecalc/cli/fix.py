"""`check --fix` and `--diff`: wrong claims put right in their files, or shown as a diff."""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shapecalc import api
from shapecalc.cli.options import Wish
from shapecalc.cli.targets import targets_of
from shapecalc.render.output import write, write_file
from shapecalc.settings import Project

_BOM = "\ufeff"
_NO_END = "\\ No newline at end of file"


class _Change(NamedTuple):
    """A file, what it holds, what it would hold, and how many claims are put right in it."""

    path: str
    before: str
    after: str
    claims: int


def fix(paths: Sequence[str], wish: Wish, project: Project, *, writes: bool) -> bool:
    """Put claims right in all files, and say how many; without `writes`, print what would change.

    Returns whether there was something to change. Raises OSError where a file cannot be written.
    """
    found = False
    for change in _changes(paths, wish, project):
        found = True
        if not writes:
            write(_diff(change), None)
            continue
        write_file(change.path, change.after, newline="")
        claims = "claim" if change.claims == 1 else "claims"
        sys.stderr.write(f"{change.path}: {change.claims} {claims} put right\n")
    return found


def _changes(paths: Sequence[str], wish: Wish, project: Project) -> Iterator[_Change]:
    """Find what to change; of what cannot be read or judged, the check itself says so."""
    memory = api.Memory()
    for target in targets_of(paths, project):
        try:
            if not os.path.isfile(target.path):  # noqa: PTH113 (where Path raises, it is none)
                continue  # a pipe is read once, and cannot be written
            text = api.read(target.path)
            is_named = target.is_named and not wish.hook
            if not is_named and not api.looks_like_spec(text):
                continue
            after, done = api.fixed(text, target.path, memory)
            mark = _BOM if _has_mark(target.path) else ""
        except Exception:  # noqa: BLE001, S112 (a mistake, or our bug: the check reports either)
            continue
        if done:
            yield _Change(target.path, mark + text, mark + after, len(done))


def _has_mark(path: str) -> bool:
    """Say whether a file begins with a byte order mark, which its text has not."""
    with open(path, "rb") as file:  # noqa: PTH123 (as a path is read elsewhere)
        return file.read(3) == _BOM.encode()


def _diff(change: _Change) -> str:
    from difflib import unified_diff

    old, new = (text.splitlines(keepends=True) for text in (change.before, change.after))
    lines = unified_diff(old, new, change.path, change.path)
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}\n" for line in lines)
