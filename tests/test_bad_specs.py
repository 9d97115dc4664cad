"""Each file of specs/bad has the finding that it says, there alone, and is clean once corrected.

The correction has to be what the help says. To write the golden files anew:
SHAPECALC_GOLDEN=write pytest tests/test_bad_specs.py, and read the diff.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from bad_specs import BAD, BadSpec, read_bad, report_on_bad

from shapecalc import api
from shapecalc.diagnostics import Finding
from shapecalc.diagnostics.rules import every_rule
from shapecalc.render import concise, terminal
from shapecalc.render.output import Look

GOLDEN = Path(__file__).resolve().parent / "golden" / "bad"
MEASURED = re.compile(r"(?<=by components, )\de-\d\d")
WITHOUT_FILE = {
    "SC106": "is about a path, and not about what a file holds",
    "SC109": "is about pyproject.toml",
    "SC902": "is a bug of ours",
}

SAYS = (
    "add",
    "as a name,",
    "average it,",
    "call one of them",
    "call the dim",
    "call this",
    "declare",
    "did you mean",
    "give it two dims,",
    "name the quotient,",
    "nearest is",
    "put the equations under",
    "quote it,",
    "quote the whole,",
    "say so,",
    "with",
    "write",
    "write its equations under",
)
PUTS = re.compile(rf"(?:{'|'.join(SAYS)}) `([^`]+)`")
TAKES_OUT = re.compile(r"(?:drop|take out the|put all of it under one) `([^`]+)`")

each_file = pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)


def the_finding(path: Path) -> Finding:
    (finding,) = report_on_bad(path).findings
    return finding


@each_file
def test_file_has_the_finding_that_it_says_and_no_other(path: Path) -> None:
    said = read_bad(path)
    found = [(one.code, one.span.line, one.span.column) for one in report_on_bad(path).findings]
    assert found == [(said.code, said.line, said.column)]


@each_file
def test_file_is_clean_once_corrected(path: Path) -> None:
    report = api.check(read_bad(path).fixed, path.name)
    assert [(one.code, one.message) for one in report.findings] == []
    assert report.ok


@each_file
def test_correction_is_what_the_help_says(path: Path) -> None:
    assert does_what_help_says(the_finding(path).help, read_bad(path))


@each_file
def test_file_is_small_and_no_line_is_long(path: Path) -> None:
    said = read_bad(path)
    assert len(said.body) <= 20
    assert max(map(len, said.body)) <= 80


@each_file
def test_finding_is_as_it_was_read(path: Path) -> None:
    page = MEASURED.sub("_e-__", terminal.report_page(report_on_bad(path), Look()))
    assert page == golden(path.stem, page)
    assert all(len(line) <= 80 for line in page.splitlines())


def test_concise_lines_are_as_they_were_read() -> None:
    lines = concise.lines(map(report_on_bad, BAD))
    assert lines == golden("concise", lines)


def test_concise_line_of_each_file_is_one_line_with_fact_and_help() -> None:
    for path in BAD:
        finding = the_finding(path)
        (line,) = concise.lines([report_on_bad(path)]).splitlines()
        assert finding.help
        assert line.endswith(f": {finding.help}")


def test_every_code_has_a_file_or_a_reason_for_having_none() -> None:
    shown = {read_bad(path).code for path in BAD}
    every = {rule.code for rule in every_rule()}
    assert shown | WITHOUT_FILE.keys() == every
    assert not shown & WITHOUT_FILE.keys()


def test_codes_with_many_faces_have_several_files() -> None:
    codes = [read_bad(path).code for path in BAD]
    many = ("SC101", "SC201", "SC202", "SC204", "SC205", "SC212", "SC301", "SC302")
    assert all(codes.count(code) >= 3 for code in many)
    assert len(codes) >= 45


def test_no_golden_file_is_left_over() -> None:
    expected = {"concise", *(path.stem for path in BAD)}
    assert {file.stem for file in GOLDEN.glob("*.txt")} == expected


def test_help_in_prose_is_met_somewhere() -> None:
    helps = [the_finding(path).help for path in BAD]
    assert [words for words in PROSE if not any(re.fullmatch(words, help) for help in helps)] == []


@pytest.mark.parametrize(
    ("help", "expected"),
    [
        ("write `W.T @ X`", True),
        ("write `X @ W`", False),
        ("write `W.T @ X`, or declare `W: [h, n]`", True),
        ("write `X @ W`, or declare `W: [h, n]`", False),
        ("drop `W`", False),
        ("remove it", False),
        ("think again", False),
        ("", False),
    ],
)
def test_help_that_disagrees_with_the_correction_is_found_out(help: str, expected: bool) -> None:
    body, fixed = ("forward:", "  Z: W @ X"), ("forward:", "  Z: W.T @ X")
    assert does_what_help_says(help, BadSpec("SC301", 2, 6, body, "", fixed, 0)) is expected


def golden(name: str, text: str) -> str:
    """Return what the golden file has; write it first where that is asked for."""
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("SHAPECALC_GOLDEN") == "write":
        GOLDEN.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return file.read_text(encoding="utf-8")


def does_what_help_says(help: str, spec: BadSpec) -> bool:
    """Say whether a correction follows one of the ways that the help offers, all of its pieces."""
    for words, was_done in PROSE.items():
        if match := re.fullmatch(words, help):
            return was_done(spec, match)
    ways = re.split(r"[,;]? or |; ", help)
    return any(_is_done(f"write {way}" if way[:1] == "`" else way, spec) for way in ways)


def _is_done(way: str, spec: BadSpec) -> bool:
    put, taken = PUTS.findall(way), TAKES_OUT.findall(way)
    gained = [_count(piece, spec.fixed_body) - _count(piece, spec.body) for piece in put]
    lost = [_count(piece, spec.body) - _count(piece, spec.fixed_body) for piece in taken]
    return bool(put or taken) and all(count > 0 for count in (*gained, *lost))


def _count(piece: str, lines: tuple[str, ...]) -> int:
    start, end = (r"\b" if re.match(r"\w", letter) else "" for letter in (piece[0], piece[-1]))
    return len(re.findall(f"{start}{re.escape(piece)}{end}", "\n".join(lines)))


def _here(spec: BadSpec, lines: tuple[str, ...], line: int | None = None) -> str:
    """Return a line by its number in the file, that of the finding without one."""
    return lines[(line or spec.line) - 1 - spec.header]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


Done = Callable[[BadSpec, re.Match[str]], bool]
PROSE: dict[str, Done] = {
    "indent with spaces": lambda spec, _: (
        "\t" in _here(spec, spec.body) and "\t" not in "".join(spec.fixed_body)
    ),
    "align it with the keys of its section": lambda spec, _: (
        _indent(_here(spec, spec.fixed_body))
        == _indent(_here(spec, spec.fixed_body, spec.line - 1))
    ),
    "save as UTF-8": lambda spec, _: spec.fixed_body == spec.body,
    "give it a file of its own": lambda spec, _: (
        "---" in spec.body and spec.fixed_body == spec.body[: spec.body.index("---")]
    ),
    "complete it": lambda spec, _: _here(spec, spec.fixed_body).startswith(_here(spec, spec.body)),
    r"move line (\d+) above line (\d+)": lambda spec, found: (
        _here(spec, spec.fixed_body, int(found[2])) == _here(spec, spec.body, int(found[1]))
    ),
    r"break it: use an earlier value for `(\w+)`": lambda spec, found: (
        found[1] not in _here(spec, spec.fixed_body)
    ),
    "write a smaller size": lambda spec, _: (
        len(_here(spec, spec.fixed_body)) < len(_here(spec, spec.body))
    ),
    "look for a logarithm, a root or a quotient .*": lambda spec, _: (
        "log(p - 1)" in "".join(spec.body) and "log(1 - p)" in "".join(spec.fixed_body)
    ),
    "test with sizes that differ, for example (.*)": lambda spec, found: all(
        size.replace(" = ", ": ") in "".join(spec.fixed_body) for size in found[1].split(", ")
    ),
    "use it, or remove it": lambda spec, _: _count("A1", spec.fixed_body) > _count("A1", spec.body),
    "remove it": lambda spec, _: (
        len(spec.fixed_body) == len(spec.body) - 1 and _here(spec, spec.body) not in spec.fixed_body
    ),
    r"pass `(\w+)`": lambda spec, found: f"entropy({found[1]}," in "".join(spec.fixed_body),
    "remove the comment": lambda spec, _: (
        "#" in _here(spec, spec.body) and "#" not in "".join(spec.fixed_body)
    ),
}
