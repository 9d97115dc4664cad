"""The command line: paths, formats, exit codes, colour, with a stand-in for the engine."""

import errno
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import sample_report
from typer.testing import CliRunner

import shapecalc
from shapecalc import api, cli
from shapecalc.diagnostics import Finding, Problem
from shapecalc.records import Report
from shapecalc.span import Span

ROOT = Path(__file__).resolve().parent.parent
runner = CliRunner()
CODES = {"error": "SC301", "warning": "SC501", "broken": "SC101", "undecided": "SC415"}


def read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        fact = f"{path}: {error.strerror}"
        raise Problem(Finding("SC106", Span(path, 1, 1), fact, "check the path")) from None


def check(
    text: str,
    path: str,
    *,
    detail: bool = True,
    asked: Iterable[str] = (),
    memory: api.Memory | None = None,
    extras: api.Extras = api.NONE,  # noqa: ARG001 (the engine's own)
) -> Report:
    """Report on a text whose first word says what is found."""
    assert not isinstance(asked, str)
    assert memory is not None
    word = text.split(maxsplit=1)[0]
    if word == "crash":
        raise ZeroDivisionError("division\nby zero")
    if word == "interrupt":
        raise KeyboardInterrupt
    if word == "foward:":
        near = Finding(
            "SC203", Span(path, 1, 1, 6), "`foward` is no key", "did you mean `forward`?"
        )
        return Report(path, findings=(near,), source=(text,))
    code = CODES.get(word)
    findings = (Finding(code, Span(path, 1, 1, len(word)), word, "mend it"),) if code else ()
    report = sample_report.two_layer(path=path)._replace(findings=findings, source=(text,))
    if detail and word not in ("error", "broken"):
        return report
    return report._replace(values=(), steps=(), gradients=(), assumptions=())


def looks_like_spec(text: str) -> bool:
    return not text.startswith("other")


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for function in (read, check, looks_like_spec):
        monkeypatch.setattr(api, function.__name__, function)
    for name in ("NO_COLOR", "FORCE_COLOR", "SHAPECALC_OUTPUT_FORMAT", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, word: str) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{word}\n", encoding="utf-8")
    return name


def run(*arguments: str, stdin: str | bytes | None = None) -> tuple[int, str, str]:
    result = runner.invoke(cli.app, list(arguments), input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("word", "code"), [("fine", 0), ("warning", 0), ("undecided", 0), ("error", 1), ("broken", 2)]
)
@pytest.mark.parametrize("output_format", ["full", "concise", "json"])
def test_exit_code_says_how_bad_it_is(word: str, code: int, output_format: str) -> None:
    path = write("a.yaml", word)
    assert run("check", path, "--output-format", output_format)[0] == code


def test_undecided_is_3_where_strict() -> None:
    assert run("check", write("a.yaml", "undecided"), "--strict")[0] == 3
    assert run("check", write("b.yaml", "warning"), "--strict")[0] == 0
    assert run("check", write("c.yaml", "error"), "a.yaml", "--strict")[0] == 1


def test_exit_zero_forgives_errors_but_not_unusable_input() -> None:
    assert run("check", write("a.yaml", "error"), "--exit-zero")[0] == 0
    assert run("check", write("b.yaml", "broken"), "--exit-zero")[0] == 2


def test_missing_file_is_a_finding_with_2() -> None:
    code, out, _ = run("check", "no.yaml", "--output-format", "concise")
    assert (code, out.startswith("no.yaml:1:1: SC106 ")) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("check", "a.yaml", "--output-format", "xml"),
        ("check", "a.yaml", "--nonsense"),
        ("check", "a.yaml", "--step", "Z9:A9"),
        ("check", "a.yaml", "--wrt", "Q"),
        ("check", "a.yaml", "--step", "Z2:A1", "--wrt", "A1"),
        ("check", "a.yaml", "--step", "Z2:A1", "--output-format", "json"),
        ("check", "a.yaml", "b.yaml", "--step", "Z2:A1"),
        ("nonsense",),
    ],
)
def test_wrong_usage_is_2_without_a_traceback(arguments: tuple[str, ...]) -> None:
    write("a.yaml", "fine")
    write("b.yaml", "fine")
    code, out, err = run(*arguments)
    assert code == 2
    assert "Traceback" not in out + err


def test_crash_of_the_engine_is_a_finding_and_the_other_files_are_checked() -> None:
    crash, error = write("crash.yaml", "crash"), write("error.yaml", "error")
    code, out, _ = run("check", crash, error, "--output-format", "concise")
    assert code == 1
    assert out.splitlines() == [
        (
            "crash.yaml:1:1: SC902 shapecalc failed on this file, "
            "ZeroDivisionError: division by zero: this is our bug: please report it"
        ),
        "error.yaml:1:1: SC301 error: mend it",
    ]


def test_interrupt_is_quiet() -> None:
    assert run("check", write("a.yaml", "interrupt")) == (130, "", "")


def test_one_file_has_a_report() -> None:
    out = run("check", write("a.yaml", "fine"))[1]
    assert out.startswith("Two-layer classifier  a.yaml\n")
    assert out.endswith("✓ a.yaml: 8 steps, nothing wrong, no sizes that coincide\n")


def test_several_files_have_findings_and_one_line() -> None:
    out = run("check", write("a.yaml", "fine"), write("b.yaml", "error"))[1]
    assert "FORWARD" not in out
    assert out.startswith("error[SC301]")
    assert out.splitlines()[-1] == "✗ 2 specs, 16 steps: 1 error"


def test_full_reports_on_each_of_several_files() -> None:
    out = run("check", write("a.yaml", "fine"), write("b.yaml", "fine"), "--full")[1]
    assert out.count("FORWARD\n") == 2
    assert out.endswith("\n✓ 2 specs, 16 steps: nothing wrong\n")


def test_folder_is_searched_and_other_yaml_is_counted() -> None:
    for name, word in {
        "specs/b.yaml": "fine",
        "specs/a/c.yml": "error",
        "specs/bad/d.yaml": "fine",
        "specs/other.yaml": "other",
        "specs/.hidden/e.yaml": "error",
        "specs/notes.txt": "error",
    }.items():
        write(name, word)
    Path("specs/a/loop").symlink_to("..")
    Path("specs/broken.yaml").symlink_to("nowhere")
    code, out, err = run("check", "specs", "--output-format", "concise")
    assert (code, out) == (1, "specs/a/c.yml:1:1: SC301 error: mend it\n")
    assert err == "3 specs, 1 error; 1 YAML file is no spec\n"


def test_near_miss_in_a_folder_is_a_finding() -> None:
    write("specs/a.yaml", "foward: x")
    code, out, _ = run("check", "specs", "--output-format", "concise")
    assert (code, out) == (
        1,
        "specs/a.yaml:1:1: SC203 `foward` is no key: did you mean `forward`?\n",
    )


def test_path_that_the_user_typed_is_never_passed_over() -> None:
    write("specs/a.yaml", "other")
    assert "1 spec, no findings" in run("check", "specs/a.yaml", "--output-format", "concise")[2]
    both = run("check", "specs", "specs/a.yaml", "--output-format", "concise")
    assert both[2] == "1 spec, no findings\n"


def test_current_folder_gives_plain_paths() -> None:
    write("a.yaml", "error")
    assert run("check", ".", "--output-format", "concise")[1].startswith("a.yaml:1:1: ")


def test_folder_without_specs_says_so() -> None:
    Path("empty").mkdir()
    assert run("check", "empty")[:2] == (0, "! 0 specs: nothing to check\n")


def test_clean_concise_run_has_nothing_on_stdout() -> None:
    path = write("a.yaml", "fine")
    assert run("check", path, "--output-format", "concise") == (0, "", "1 spec, no findings\n")
    assert run("check", path, "--output-format", "concise", "--quiet") == (0, "", "")


def test_quiet_prints_findings_only() -> None:
    assert run("check", write("a.yaml", "fine"), "-q") == (0, "", "")
    out = run("check", write("b.yaml", "warning"), "-q")[1]
    assert out.startswith("b.yaml:1:1: warning SC501")
    assert out.endswith("help: mend it\n")


def test_json_covers_all_files() -> None:
    out = run(
        "check", write("a.yaml", "fine"), write("b.yaml", "error"), "--output-format", "json"
    )[1]
    assert [spec["path"] for spec in json.loads(out)["specs"]] == ["a.yaml", "b.yaml"]


def test_format_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHAPECALC_OUTPUT_FORMAT", "json")
    assert json.loads(run("check", write("a.yaml", "fine"))[1])["schema_version"] == 1


def test_report_goes_to_a_file() -> None:
    path = write("a.yaml", "error")
    code, out, _ = run("check", path, "--output-file", "out.txt")
    assert (code, out) == (1, "")
    assert "✗ a.yaml: 1 error" in Path("out.txt").read_text(encoding="utf-8")
    code, _, err = run("check", path, "--output-file", "no/such/folder.txt")
    assert code == 2
    assert err.startswith("cannot write no/such/folder.txt: ")


def test_output_file_is_written_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("a.yaml", "fine")
    Path("out.txt").write_text("before", encoding="utf-8")
    Path("out.txt").chmod(0o640)
    Path("link.txt").symlink_to("out.txt")
    run("check", path, "--output-file", "link.txt")
    assert Path("link.txt").is_symlink()
    assert Path("out.txt").stat().st_mode & 0o777 == 0o640
    report = Path("out.txt").read_text(encoding="utf-8")
    assert "a.yaml" in report

    def fails(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", fails)
    code, _, err = run("check", path, "--quiet", "--output-file", "out.txt")
    assert (code, err) == (2, "cannot write out.txt: No space left on device\n")
    assert Path("out.txt").read_text(encoding="utf-8") == report
    assert not [each for each in Path().iterdir() if each.name.startswith(".out")]


def test_step_and_gradient_are_shown_alone() -> None:
    path = write("a.yaml", "fine")
    assert run("check", path, "--step", "Z2:A1")[1].startswith("STEP Z2:A1  a.yaml")
    assert run("check", path, "--step", "Z2:A1:0")[1].startswith("STEP Z2:A1  a.yaml")
    by_value = run("check", path, "--wrt", "A1")[1]
    assert "  dA1 = W2.T @ dZ2  (h, m)\n" in by_value
    assert run("check", path, "--wrt", "dA1")[1] == by_value


def test_unknown_step_names_those_that_are_there() -> None:
    err = run("check", write("a.yaml", "fine"), "--step", "Z2:A9")[2]
    assert "no step Z2:A9" in " ".join(err.split())
    assert "Z2:A1" in err


def test_step_of_a_spec_with_errors_shows_the_errors() -> None:
    code, out, _ = run("check", write("a.yaml", "error"), "--step", "Z2:A1")
    assert code == 1
    assert out.startswith("error[SC301]")


def test_standard_input_is_read_and_named() -> None:
    concise = ("--output-format", "concise")
    assert run("check", "-", *concise, stdin="error")[1].startswith("<stdin>:1:1: SC301")
    named = run("check", "-", *concise, "--stdin-filename", "a.yaml", stdin="error")
    assert named[1].startswith("a.yaml:1:1: SC301")


def test_standard_input_that_is_not_utf8_is_a_finding() -> None:
    code, out, _ = run("check", "-", "--output-format", "concise", stdin=b"a: b\n\xc3\xa9\xe9")
    assert code == 2
    assert out == "<stdin>:2:2: SC104 byte 0xE9 at 2:2 is not UTF-8: save as UTF-8\n"


def test_colour_is_asked_for_or_decided() -> None:
    path = write("a.yaml", "fine")
    assert "\x1b[" not in run("check", path)[1]
    assert "\x1b[1m" in run("check", path, "--color", "always")[1]


@pytest.mark.parametrize(
    ("environment", "is_coloured"),
    [
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"NO_COLOR": "", "FORCE_COLOR": "1"}, True),
    ],
)
def test_colour_follows_the_environment(
    environment: dict[str, str], is_coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in run("check", write("a.yaml", "fine"))[1]) is is_coloured


def test_ascii_is_asked_for_or_needed() -> None:
    path = write("a.yaml", "fine")
    assert run("check", path, "--ascii")[1].isascii()
    result = CliRunner(charset="ascii").invoke(cli.app, ["check", path])
    assert "ok a.yaml: 8 steps" in result.stdout


def test_version_is_printed() -> None:
    assert run("--version") == (0, f"shapecalc {shapecalc.__version__}\n", "")


def test_no_arguments_show_help() -> None:
    code, out, err = run()
    assert code in (0, 2)
    assert "Usage: shapecalc" in (out + err).replace("root", "shapecalc")


def test_module_loads_neither_rich_nor_yaml_nor_numpy() -> None:
    heavy = ("rich", "yaml", "click", "numpy", "shapecalc.records")
    code = f"import sys, shapecalc.cli; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = set(json.loads(result.stdout.replace("'", '"')))
    code = f"import sys, typer; print([m for m in {heavy} if m in sys.modules])"
    by_typer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded == set(json.loads(by_typer.stdout.replace("'", '"')))


def test_closed_pipe_is_quiet() -> None:
    code = (
        "import os, sys, time; sys.path[:0] = ['tests', '.'];"
        "from shapecalc.render.output import write;"
        "sys.stdin.read(); write('x' * 1_000_000, None); sys.exit(7)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stdin.close()
    assert process.stderr.read() == b""
    assert process.wait() == 7
    process.stderr.close()
