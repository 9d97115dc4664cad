"""The program as a user runs it: exit codes, streams, plain pipes, width, ASCII, -OO."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from checking import ROOT, SPECS, TWO_LAYER, with_claims
from rich.cells import cell_len

from shapecalc import api
from shapecalc.render import terminal
from shapecalc.render.output import Look

CLEAN = TWO_LAYER
WARNS = TWO_LAYER.replace("h: 128", "h: 64")
ERRS = with_claims(TWO_LAYER, {"dA1": "dZ2 @ W2"})
BROKEN = TWO_LAYER.replace("forward:", "forward: *")


class Run(NamedTuple):
    """What a run of the program left behind."""

    code: int
    out: str
    err: str


def shapecalc(
    *arguments: str,
    cwd: Path = ROOT,
    stdin: str | None = None,
    flags: tuple[str, ...] = (),
    **environment: str,
) -> Run:
    kept = {name: value for name, value in os.environ.items() if name not in _NOISE}
    done = subprocess.run(
        [sys.executable, *flags, "-m", "shapecalc", *arguments],
        capture_output=True,
        cwd=cwd,
        encoding="utf-8",
        env={**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment},
        input=stdin or "",
        check=False,
        timeout=120,
    )
    return Run(done.returncode, done.stdout, done.stderr)


_NOISE = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "SHAPECALC_OUTPUT_FORMAT", "GITHUB_ACTIONS")


@pytest.mark.parametrize(
    ("text", "code", "start"),
    [(CLEAN, 0, "✓ "), (WARNS, 0, "! "), (ERRS, 1, "✗ "), (BROKEN, 2, "✗ ")],
)
def test_exit_code_and_last_line_say_how_it_went(
    text: str, code: int, start: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    run = shapecalc("check", "a.yaml", cwd=tmp_path)
    assert (run.code, run.err) == (code, "")
    assert run.out.splitlines()[-1].startswith(f"{start}a.yaml: ")
    brief = shapecalc("check", "a.yaml", "--output-format", "concise", cwd=tmp_path)
    assert brief.code == code
    assert len(brief.err.splitlines()) == 1
    assert bool(brief.out) is (start != "✓ ")
    assert json.loads(shapecalc("check", str(path), "--output-format", "json").out)


def test_missing_file_and_wrong_usage_are_2(tmp_path: Path) -> None:
    missing = shapecalc("check", "no.yaml", cwd=tmp_path)
    assert missing.code == 2
    assert "SC106" in missing.out
    for arguments in (["check"], ["check", "--colour", "a"], ["chekc"], ["check", "a", "--step"]):
        run = shapecalc(*arguments, cwd=tmp_path)
        assert (run.code, run.out) == (2, "")
        assert "Traceback" not in run.err


def test_standard_input_is_a_spec() -> None:
    run = shapecalc("check", "-", stdin=ERRS)
    assert run.code == 1
    assert " --> <stdin>:17:9" in run.out
    assert run.out.endswith("✗ <stdin>: 1 error\n")


def test_several_files_and_folders_have_one_last_line(tmp_path: Path) -> None:
    for name, text in {"a.yaml": CLEAN, "b.yaml": WARNS, "sub/c.yml": ERRS}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "other.yaml").write_text("on: push\n", encoding="utf-8")
    files = shapecalc("check", "a.yaml", "b.yaml", cwd=tmp_path)
    assert files.code == 0
    assert files.out.splitlines()[-1] == "! 2 specs, 16 steps: nothing wrong, 1 warning"
    folder = shapecalc("check", ".", cwd=tmp_path)
    assert folder.code == 1
    assert folder.out.splitlines()[-1] == (
        "✗ 3 specs, 24 steps: 1 error, 1 warning; 1 YAML file is no spec"
    )
    assert "FORWARD" not in folder.out


def test_colour_is_for_terminals_and_for_those_who_ask() -> None:
    path = "specs/two_layer.yaml"
    assert "\x1b" not in shapecalc("check", path).out
    assert "\x1b[1m" in shapecalc("check", path, "--color", "always").out
    assert "\x1b[1m" in shapecalc("check", path, FORCE_COLOR="1").out
    assert "\x1b" not in shapecalc("check", path, FORCE_COLOR="1", NO_COLOR="1").out
    assert "\x1b" not in shapecalc("check", path, "--color", "never", FORCE_COLOR="1").out


def all_pages(path: Path, look: Look) -> str:
    """Print the report, the report with every step opened, and each step and gradient alone."""
    name = path.relative_to(ROOT).as_posix()
    report = api.check(path.read_text(encoding="utf-8"), name)
    pages = [terminal.report_page(report, look), terminal.report_page(report, look, full=True)]
    pages += [terminal.one_step_page(report, step, look) for step in report.steps[:30]]
    wanted = [gradient.wrt for gradient in report.gradients[:30]]
    return "".join([*pages, *(terminal.gradient_page(report, wrt, look) for wrt in wanted)])


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_pages_are_at_most_80_wide_and_never_cut(path: Path) -> None:
    page = all_pages(path, Look())
    assert [line for line in page.splitlines() if cell_len(line) > 80] == []
    assert "…" not in page
    assert "\x1b" not in page
    assert [line for line in page.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_pages_are_ascii_where_that_is_asked_for(path: Path) -> None:
    page = all_pages(path, Look(ascii=True))
    assert page.isascii()
    assert [line for line in page.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("path", SPECS[::4], ids=lambda path: path.stem)
def test_piped_report_is_plain(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    run = shapecalc("check", name)
    report = api.check(path.read_text(encoding="utf-8"), name)
    assert run == (0, terminal.report_page(report, Look()), "")
    assert shapecalc("check", name, "--ascii").out.isascii()


def test_pages_are_ascii_where_the_stream_carries_no_more() -> None:
    run = shapecalc("check", "specs/two_layer.yaml", PYTHONIOENCODING="ascii")
    assert (run.code, run.err) == (0, "")
    assert run.out.isascii()
    assert run.out == shapecalc("check", "specs/two_layer.yaml", "--ascii").out


def test_program_runs_without_asserts_and_docstrings() -> None:
    for arguments in (
        ("check", "specs/two_layer.yaml"),
        ("check", "specs/rnn_3_steps.yaml", "--full"),
        ("check", "specs/two_layer.yaml", "--step", "Z2:A1"),
    ):
        run = shapecalc(*arguments, flags=("-OO",))
        assert run == shapecalc(*arguments)
        assert run.code == 0


def test_output_is_the_same_whatever_the_hash_seed_and_without_asserts() -> None:
    runs = {
        shapecalc("check", "specs", "--output-format", "json", flags=flags, PYTHONHASHSEED=seed).out
        for seed, flags in (("1", ()), ("2", ("-OO",)))
    }
    assert len(runs) == 1


NO_PARAMS = "dims: {n: 4}\ninputs: {x: [n]}\nforward:\n  J: sum(x**2)\n"


def test_spec_without_params_has_a_report_that_says_so() -> None:
    run = shapecalc("check", "-", stdin=NO_PARAMS)
    assert run.code == 0
    assert "J = sum(x**2)" in run.out
    assert "BACKWARD  nothing to derive: no params, no claims" in run.out
    assert "dx = 2 * x" in shapecalc("check", "-", "--wrt", "x", stdin=NO_PARAMS).out


def test_step_or_gradient_that_is_not_there_is_wrong_usage() -> None:
    for flags in (("--step", "J:x"), ("--wrt", "Q")):
        run = shapecalc("check", "-", *flags, stdin=NO_PARAMS)
        assert (run.code, run.out) == (2, "")
        assert "there are none" in run.err
