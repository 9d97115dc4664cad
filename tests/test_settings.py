"""`[tool.shapecalc]` and the flags beside it, through the program as a user runs it."""

import json
import re
from pathlib import Path

import pytest
from checking import ROOT, TWO_LAYER
from test_program import Run, shapecalc

SQUARE = """\
dims: {h: 128, m: 64}
inputs: {X: [h, m]}
params: {W: [h, h], b: [h, 1]}
forward: {Z: W @ X, J: sum(Z * Z)}
"""  # SC502 at W, SC601 at b
BROKEN = "inputs: {X: [n, m]}\nparams: {W: [n, h]}\nforward: {Z: W @ X, J: sum(Z)}\n"  # SC301


def project(folder: Path, settings: str = "", **specs: str) -> Path:
    """Write a project: its settings, and specs by their names."""
    folder.mkdir(parents=True, exist_ok=True)
    if settings:
        header = "" if settings.startswith("[") else "[tool.shapecalc]\n"
        (folder / "pyproject.toml").write_text(f"{header}{settings}\n", encoding="utf-8")
    for name, text in specs.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def check(cwd: Path, *arguments: str) -> Run:
    return shapecalc("check", *arguments, "--output-format", "concise", cwd=cwd)


def codes(run: Run) -> list[str]:
    return [line.split()[1] for line in run.out.splitlines()]


@pytest.mark.parametrize(
    ("flags", "found", "code"),
    [
        ((), ["SC502", "SC601"], 0),
        (("--select", "SC5"), ["SC502"], 0),
        (("--select", "SC502,SC601"), ["SC502", "SC601"], 0),
        (("--select", "unused"), ["SC601"], 0),
        (("--select", "SC3"), [], 0),
        (("--ignore", "SC601"), ["SC502"], 0),
        (("--ignore", "SC6", "--ignore", "square-weight"), [], 0),
        (("--select", "SC502", "--ignore", "SC5"), ["SC502"], 0),
        (("--select", "SC5", "--ignore", "SC502"), [], 0),
        (("--ignore", "ALL"), [], 0),
        (("--fail-on", "warning"), ["SC502", "SC601"], 1),
        (("--fail-on", "warning", "--ignore", "SC5,SC6"), [], 0),
        (("--fail-on", "warning", "--exit-zero"), ["SC502", "SC601"], 0),
    ],
)
def test_flags_select_what_is_reported(
    tmp_path: Path, flags: tuple[str, ...], found: list[str], code: int
) -> None:
    run = check(project(tmp_path, a=SQUARE), "a.yaml", *flags)
    assert (codes(run), run.code) == (found, code)


@pytest.mark.parametrize(
    ("settings", "found", "code"),
    [
        ('select = ["SC5"]', ["SC502"], 0),
        ('ignore = ["SC5"]', ["SC601"], 0),
        ('fail-on = "warning"', ["SC502", "SC601"], 1),
        ('fail-on = "warning"\nignore = ["SC502", "unused"]', [], 0),
    ],
)
def test_settings_do_what_the_flags_do(
    tmp_path: Path, settings: str, found: list[str], code: int
) -> None:
    run = check(project(tmp_path, settings, a=SQUARE), "a.yaml")
    assert (codes(run), run.code) == (found, code)


def test_flag_select_starts_anew_and_flag_ignore_adds(tmp_path: Path) -> None:
    project(tmp_path, 'select = ["SC5"]\nignore = ["SC502"]', a=SQUARE)
    assert codes(check(tmp_path, "a.yaml")) == []
    assert codes(check(tmp_path, "a.yaml", "--select", "SC502")) == ["SC502"]
    project(tmp_path, 'ignore = ["SC502"]')
    assert codes(check(tmp_path, "a.yaml", "--ignore", "SC601")) == []


def test_nearest_settings_count_for_each_file(tmp_path: Path) -> None:
    project(tmp_path, 'ignore = ["SC5"]', a=SQUARE)
    project(tmp_path / "deep", "[project]", b=SQUARE)  # no settings of ours: the ones above count
    project(tmp_path / "own", 'ignore = ["SC6"]', c=SQUARE)
    run = check(tmp_path, ".")
    assert [line.split(":")[0] + " " + line.split()[1] for line in run.out.splitlines()] == [
        "a.yaml SC601",
        "deep/b.yaml SC601",
        "own/c.yaml SC502",
    ]


def test_output_format_is_taken_from_the_working_directory(tmp_path: Path) -> None:
    project(tmp_path, 'output-format = "json"', a=SQUARE)
    assert json.loads(shapecalc("check", "a.yaml", cwd=tmp_path).out)["schema_version"] == 1
    flagged = shapecalc("check", "a.yaml", "--output-format", "concise", cwd=tmp_path)
    assert flagged.out.startswith("a.yaml:")
    from_environment = shapecalc("check", "a.yaml", cwd=tmp_path, SHAPECALC_OUTPUT_FORMAT="concise")
    assert from_environment.out.startswith("a.yaml:")


def test_excluded_files_are_left_out_of_folders_and_read_where_they_are_named(
    tmp_path: Path,
) -> None:
    project(tmp_path, 'exclude = ["old", "*.draft.yaml", "new/b.yaml"]', a=SQUARE)
    project(tmp_path / "old", c=BROKEN)
    project(tmp_path / "new", **{"b": BROKEN, "d.draft": BROKEN})
    assert codes(check(tmp_path, ".")) == ["SC502", "SC601"]
    assert codes(check(tmp_path, "old/c.yaml")) == ["SC301"]
    assert codes(check(tmp_path / "old", ".")) == ["SC301"]


def test_what_is_not_selected_is_counted_and_nothing_is_said_of_it(tmp_path: Path) -> None:
    project(tmp_path, a=SQUARE, b=BROKEN)
    run = shapecalc("check", "a.yaml", "--ignore", "SC5,SC6", cwd=tmp_path)
    assert run.out.endswith("✓ a.yaml: 3 steps, nothing wrong, 2 silenced\n")
    run = shapecalc("check", "b.yaml", "--ignore", "SC301", cwd=tmp_path)
    assert run.out.endswith("! b.yaml: 0 steps, nothing else wrong, 1 silenced\n")
    assert "J depends on Z and was not checked" in run.out


@pytest.mark.parametrize("flags", [("--ignore", "SC1"), ("--select", "SC5")])
def test_input_that_cannot_be_used_is_always_reported(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    project(tmp_path, a="forward: {J: @ W}\n")
    run = check(tmp_path, "a.yaml", "missing.yaml", *flags)
    assert (codes(run), run.code) == (["SC101", "SC106"], 2)


@pytest.mark.parametrize(
    ("settings", "place", "fact", "advice"),
    [
        ('slect = ["SC5"]', "2:1", "`slect` is no key of `[tool.shapecalc]`", "`select`"),
        ('strict = false\n\n"fail_on" = "x"', "4:1", "`fail_on` is no key", "`fail-on`"),
        ('select = "SC5"', "2:1", "`select` is no list of texts", 'write `select = ["SC501"]`'),
        ('ignore = ["SC5", "SC777"]', "2:1", "`SC777` is no code", ""),
        ('ignore = ["squareweight"]', "2:1", "`squareweight` is no code", "`square-weight`"),
        ('fail-on = "never"', "2:1", "`fail-on` is 'never'", '"error" or "warning"'),
        ('output-format = "xml"', "2:1", "`output-format` is 'xml'", '"sarif"'),
        ("strict = 1", "2:1", "`strict` is 1", "`strict = true`"),
        ("[tool.shapecalc]\nselect = [", "2:10", "this is not TOML", "correct it"),
    ],
)
def test_mistake_in_the_settings_stops_the_run_at_its_line(
    tmp_path: Path, settings: str, place: str, fact: str, advice: str
) -> None:
    run = check(project(tmp_path, settings, a=TWO_LAYER), "a.yaml")
    assert run.code == 2
    assert run.out.startswith(f"pyproject.toml:{place}: SC109 ")
    assert fact in run.out
    assert advice in run.out
    shown = shapecalc("check", "a.yaml", cwd=tmp_path).out
    assert f"--> pyproject.toml:{place}" in shown


def test_broken_toml_without_our_table_is_not_our_business(tmp_path: Path) -> None:
    project(tmp_path, "[project\nname = shapecalc", a=TWO_LAYER)
    assert check(tmp_path, "a.yaml").code == 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--select", "SC777"), "`SC777` is no code"),
        (("--ignore", "square-weigth"), "did you mean `square-weight`?"),
        (("--fail-on", "never"), "'never'"),
        (("--statistics", "--output-format", "sarif"), "--statistics"),
    ],
)
def test_wrong_flag_is_a_usage_error(tmp_path: Path, flags: tuple[str, ...], said: str) -> None:
    run = shapecalc("check", str(project(tmp_path, a=SQUARE)), *flags)
    assert run.code == 2
    assert said in run.err
    assert run.out == ""


def test_statistics_count_the_findings_of_each_code(tmp_path: Path) -> None:
    project(tmp_path, a=SQUARE, b=SQUARE.replace("b: [h, 1]", "b: [h, 1], c: [h]"), c=BROKEN)
    run = shapecalc("check", ".", "--statistics", cwd=tmp_path)
    assert run.out == "3  SC601  unused\n2  SC502  square-weight\n1  SC301  inner-dims-differ\n"
    assert run.code == 1
    rows = json.loads(
        shapecalc("check", ".", "--statistics", "--output-format", "json", cwd=tmp_path).out
    )
    assert [(row["code"], row["count"]) for row in rows] == [
        ("SC601", 3),
        ("SC502", 2),
        ("SC301", 1),
    ]


def test_formats_for_ci_come_out_of_the_program(tmp_path: Path) -> None:
    project(tmp_path, c=BROKEN)
    run = shapecalc("check", ".", "--output-format", "github", cwd=tmp_path)
    assert run.out.startswith(
        "::error file=c.yaml,line=3,endLine=3,col=14,endColumn=19,title=SC301"
    )
    assert (run.code, run.err) == (1, "")
    run = shapecalc("check", ".", "--output-format", "sarif", "--output-file", "s", cwd=tmp_path)
    (result,) = json.loads((tmp_path / "s").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert (result["ruleId"], run.code, run.out) == ("SC301", 1, "")


def test_settings_of_the_readme_are_read(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    run = shapecalc("check", "a.yaml", cwd=project(tmp_path, block, a=SQUARE))
    assert (run.out, run.code) == ("", 0)
    assert codes(run := check(tmp_path, "a.yaml", "--select", "SC6")) == ["SC601"]
    assert run.code == 1
