"""A finding → what formats with one entry a finding share: its sentence, and its path from here."""

import os.path
from pathlib import Path, PurePath

from shapecalc.diagnostics import Finding


def sentence(finding: Finding) -> str:
    """Say the fact and what to write instead, on one line: `message: help`."""
    advice = f": {finding.help}" if finding.help else ""
    return " ".join(f"{finding.message.removesuffix('.')}{advice}".split())


def from_here(path: str) -> PurePath:
    """Return a path from the working directory where it lies below it, else from the root.

    A CI service joins the former to its checkout, and cannot do that to `../a.yaml`.
    """
    here = Path.cwd()
    full = PurePath(os.path.normpath(here / path).replace("//", "/"))  # POSIX keeps two in front
    return full.relative_to(here) if full.is_relative_to(here) else full
