"""Paths on the command line → the files to read, each once, in order."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from shapecalc.settings import Project

MANY_FILES = 50  # with more files than this, a terminal shows how far the run is


class Target(NamedTuple):
    """A file to read; one that the user named is never passed over."""

    path: str
    is_named: bool


def targets_of(paths: Sequence[str], project: Project) -> Iterator[Target]:
    """List the files to read, each once; in folders the YAML files, in order of their names."""
    named = {path for path in paths if not is_folder(path)}
    every = [
        each for path in paths for each in ([path] if path in named else _yaml_files(path, project))
    ]
    for path in dict.fromkeys(every):
        yield Target(path, is_named=path in named or is_folder(path))


def is_folder(path: str) -> bool:
    """Say whether a path is a folder."""
    return os.path.isdir(path)  # noqa: PTH112 (where Path raises, the path is no folder)


def _yaml_files(folder: str, project: Project) -> list[str]:
    """List the YAML files below a folder, and the folders that cannot be read.

    Hidden folders, links to folders and what the settings exclude are left out.
    """
    found: list[str] = []
    for root, folders, files in os.walk(folder, onerror=lambda e: found.append(str(e.filename))):
        settings = project.settings(root)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and not settings.excludes(str(Path(root, name)))
        ]
        paths = [Path(root, name) for name in files if name.endswith((".yaml", ".yml"))]
        read = [str(path) for path in paths if path.is_file()]
        found.extend(path for path in read if not settings.excludes(path))
    return sorted(found)


def watched(targets: Sequence[Target], *, is_quiet: bool) -> Iterable[Target]:
    """Show on a terminal how far a long run is."""
    import sys

    if len(targets) <= MANY_FILES or is_quiet or not sys.stderr.isatty():
        return targets
    from rich.console import Console
    from rich.progress import track

    return track(targets, "checking", console=Console(stderr=True, markup=False), transient=True)
