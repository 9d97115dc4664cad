"""`rule`, `schema` and `init`, through the program as a user runs it."""

import json
from pathlib import Path

import pytest
from test_program import shapecalc


@pytest.mark.parametrize("code", ["SC301", "sc301", "inner-dims-differ"])
def test_rule_shows_the_page_of_a_code(code: str) -> None:
    run = shapecalc("rule", code)
    assert run.code == 0
    assert run.out.startswith("SC301 inner-dims-differ  error\n")
    for section in ("BAD", "GOOD", "FIX", "SILENCE", "error[SC301]"):
        assert section in run.out


def test_rule_lists_all_codes() -> None:
    run = shapecalc("rule")
    assert run.code == 0
    codes = [line.split()[0] for line in run.out.splitlines() if line.startswith("  SC")]
    assert codes == sorted(codes)
    listed = json.loads(shapecalc("rule", "--output-format", "json").out)
    assert [rule["code"] for rule in listed["rules"]] == codes


def test_unknown_code_is_a_usage_error_with_the_nearest() -> None:
    run = shapecalc("rule", "inner-dims")
    assert (run.code, run.out) == (2, "")
    assert "`SC301`" in run.err


def test_schema_is_printed_or_written(tmp_path: Path) -> None:
    run = shapecalc("schema")
    assert run.code == 0
    assert "forward" in json.loads(run.out)["properties"]
    written = shapecalc("schema", "--output-file", "s.json", cwd=tmp_path)
    assert (written.code, written.out) == (0, "")
    assert (tmp_path / "s.json").read_text(encoding="utf-8") == run.out


def test_init_writes_a_spec_that_is_clean(tmp_path: Path) -> None:
    run = shapecalc("init", cwd=tmp_path)
    assert (run.code, run.err) == (0, "")
    assert "shapecalc check spec.yaml" in run.out
    assert shapecalc("check", "spec.yaml", "--fail-on", "warning", cwd=tmp_path).code == 0


def test_init_never_writes_over_a_file_unasked(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("mine", encoding="utf-8")
    run = shapecalc("init", "mine.yaml", cwd=tmp_path)
    assert (run.code, path.read_text(encoding="utf-8")) == (2, "mine")
    assert "mine.yaml is there already" in run.err
    assert shapecalc("init", "mine.yaml", "--force", cwd=tmp_path).code == 0
    assert path.read_text(encoding="utf-8") == shapecalc("init", "-").out


@pytest.mark.parametrize("path", ["no/such/folder.yaml", "."])
def test_init_that_cannot_write_says_why(tmp_path: Path, path: str) -> None:
    run = shapecalc("init", path, cwd=tmp_path)
    assert run.code == 2
    assert run.err.count("\n") == 1
    assert path in run.err
