"""The files of specs/bad: what each says that it shows, and what it is once its fix is applied.

The first lines of a file are its contract, and documentation:

    # SC301 at 16:7: the columns of W1 are not the rows of X
    # fix 16:   Z1: W1.T @ X + b1

`# fix N: text` puts a text for line N, `# fix N+: text` adds a line below it, and `# fix N` alone
takes line N out. `# fix: save as UTF-8` is for what no line can say.
"""

import re
from pathlib import Path
from typing import NamedTuple

from checking import ROOT

from shapecalc import api
from shapecalc.diagnostics import Problem
from shapecalc.records import Report

BAD = sorted((ROOT / "specs" / "bad").glob("*.yaml"))
_HEAD = re.compile(r"# (SC\d{3}) at (\d+):(\d+): (.+)")
_FIX = re.compile(r"# fix (\d+)(\+?)(?:: (.*))?")
_REENCODED = "# fix: save as UTF-8"


class BadSpec(NamedTuple):
    """One file: the code and place that it names, its own lines, and those of its correction."""

    code: str
    line: int
    column: int
    body: tuple[str, ...]
    fixed: str
    fixed_body: tuple[str, ...]
    header: int  # how many lines the contract takes, in both


def read_bad(path: Path) -> BadSpec:
    """Read what a file says of itself."""
    lines = _decoded(path).splitlines()
    head = _HEAD.fullmatch(lines[0])
    assert head, f"{path.name} begins with {lines[0]!r}"
    said = next(number for number, line in enumerate(lines[1:], 1) if not line.startswith("# fix"))
    mended = _mended(lines)
    fixed = [text for number in sorted(mended) for text in mended[number]]
    return BadSpec(
        head[1],
        int(head[2]),
        int(head[3]),
        tuple(lines[said:]),
        "\n".join(fixed) + "\n",
        tuple(fixed[said:]),
        said,
    )


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    return raw.decode("latin-1" if _REENCODED.encode() in raw else "utf-8")


def _mended(lines: list[str]) -> dict[int, list[str]]:
    """Return the lines with the fixes applied, by number."""
    mended = {number: [line] for number, line in enumerate(lines, 1)}
    fixes = [fix for line in lines if (fix := _FIX.fullmatch(line))]
    assert fixes or _REENCODED in lines, lines[0]
    for fix in fixes:
        number, text = int(fix[1]), fix[3]
        if fix[2]:
            mended[number].append(text)
        else:
            mended[number][:1] = [] if text is None else [text]
    return mended


def report_on_bad(path: Path) -> Report:
    """Check a file as the command line does."""
    name = path.relative_to(ROOT).as_posix()
    try:
        return api.check(api.read(str(path)), name)
    except Problem as problem:
        span = problem.finding.span._replace(path=name)
        return Report(name, findings=(problem.finding._replace(span=span),))
