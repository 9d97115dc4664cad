"""`check --fix` and `--diff`: wrong claims put right in their files, or shown as a diff."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from shapecalc import api
from shapecalc.cli.options import Wish
from shapecalc.cli.targets import targets_of
from shapecalc.diagnostics import Problem
from shapecalc.settings import Project


def fix(paths: Sequence[str], wish: Wish, project: Project, *, writes: bool) -> bool:
    """Put claims right in all files, and say how many; without `writes`, print what would change.

    Returns whether there was something to change. Raises OSError where a file cannot be written.
    """
    memory = api.Memory()
    found = False
    for path, before, after, count in _changes(paths, wish, project, memory):
        found = True
        if not writes:
            sys.stdout.write(_diff(path, before, after))
            continue
        from shapecalc.render.output import write_file

        write_file(path, after, newline="")
        claims = "claim" if count == 1 else "claims"
        sys.stderr.write(f"{path}: {count} {claims} put right\n")
    return found


def _changes(
    paths: Sequence[str], wish: Wish, project: Project, memory: api.Memory
) -> Iterator[tuple[str, str, str, int]]:
    for target in targets_of([path for path in paths if path != "-"], project):
        try:
            text = Path(target.path).read_bytes().decode("utf-8")
            is_named = target.is_named and not wish.hook
            if is_named or api.looks_like_spec(text):
                after, done = api.fixed(text, target.path, memory)
                if done:
                    yield target.path, text, after, len(done)
        except (OSError, UnicodeDecodeError, Problem):
            continue  # the check itself says so


def _diff(path: str, before: str, after: str) -> str:
    from difflib import unified_diff

    old, new = (text.splitlines(keepends=True) for text in (before, after))
    return "".join(unified_diff(old, new, path, path))
