"""Codes and their pages: every example does what its page says, and a code keeps its meaning."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shapecalc import api
from shapecalc.diagnostics import Problem, Rule, Severity
from shapecalc.diagnostics.pages import Example, page_of
from shapecalc.diagnostics.rules import (
    FAMILIES,
    every_rule,
    find_rule,
    nearest_rule,
    rule_of,
)
from shapecalc.records import Report
from shapecalc.render.output import Look
from shapecalc.render.rules import report_on, rule_list, rule_page, rules_json
from shapecalc.render.terminal import report_page
from shapecalc.settings import Project

ROOT = Path(__file__).parent.parent
RULES = list(every_rule())
NAMES = {  # a code never changes its meaning, and is never used for another one
    "SC101": "yaml-syntax",
    "SC102": "not-a-spec",
    "SC103": "duplicate-key",
    "SC104": "not-utf8",
    "SC105": "yaml-feature",
    "SC106": "cannot-read",
    "SC107": "cut-by-comment",
    "SC108": "split-at-comma",
    "SC109": "bad-settings",
    "SC201": "expression-syntax",
    "SC202": "unsupported-syntax",
    "SC203": "unknown-key",
    "SC204": "wrong-type",
    "SC205": "undefined-name",
    "SC206": "used-before-defined",
    "SC207": "cycle",
    "SC208": "name-clash",
    "SC209": "unknown-op",
    "SC210": "wrong-arguments",
    "SC211": "loss-not-scalar",
    "SC212": "not-built-yet",
    "SC213": "redefined",
    "SC301": "inner-dims-differ",
    "SC302": "not-broadcastable",
    "SC303": "wrong-rank",
    "SC304": "axis-out-of-range",
    "SC305": "shape-not-as-stated",
    "SC306": "size-conflict",
    "SC307": "inexact-quotient",
    "SC308": "bad-size",
    "SC309": "unintended-broadcast",
    "SC310": "open-axis",
    "SC401": "claim-order",
    "SC402": "claim-transpose",
    "SC403": "claim-product",
    "SC404": "claim-missing-sum",
    "SC405": "claim-axis",
    "SC406": "claim-keepdims",
    "SC407": "claim-scale",
    "SC408": "claim-sign",
    "SC409": "claim-operand",
    "SC410": "claim-derivative",
    "SC411": "claim-dropped-term",
    "SC412": "claim-in-other-layout",
    "SC413": "claim-shape",
    "SC414": "claim-wrong",
    "SC415": "claim-undecided",
    "SC416": "conventions-mixed",
    "SC417": "claim-vacuous",
    "SC501": "sizes-coincide",
    "SC502": "square-weight",
    "SC503": "literal-for-dim",
    "SC601": "unused",
    "SC602": "not-in-loss",
    "SC603": "double-softmax",
    "SC604": "mixed-precedence",
    "SC605": "unused-ignore",
    "SC901": "limit",
    "SC902": "internal",
}
WARNINGS = {"SC309", "SC415", "SC417", *(code for code in NAMES if code[2] in "56")}
NOT_YAML = {"SC106", "SC109", "SC902"}  # no text of a spec causes them
LOOKS = [Look(), Look(width=120), Look(ascii=True, encoding="ascii"), Look(color=True)]

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
each_spec = pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.code not in NOT_YAML], ids=lambda rule: rule.code
)


def example(rule: type[Rule], which: str) -> Example:
    page = page_of(rule)
    found = page.bad if which == "bad" else page.good
    assert found is not None
    return found


def codes(report: Report | None) -> list[str]:
    assert report is not None
    return [finding.code for finding in report.findings]


def test_codes_keep_their_names() -> None:
    assert [(rule.code, rule.name) for rule in RULES] == list(NAMES.items())


def test_names_are_unique_and_none_is_a_code() -> None:
    spellings = [*NAMES, *(rule.name for rule in RULES)]
    assert len({spelling.lower() for spelling in spellings}) == len(spellings)


def test_warnings_are_those_of_a_network_that_runs() -> None:
    assert {rule.code for rule in RULES if rule.severity is Severity.WARNING} == WARNINGS


def test_a_code_is_in_the_family_that_its_digit_names() -> None:
    for family in FAMILIES:
        modules = {f"shapecalc.diagnostics.rules.{module}" for module in family.modules}
        assert {rule.__module__ for rule in family.rules()} == modules
        assert {rule.code[:3] for rule in family.rules()} == {family.start}


def test_a_second_class_with_a_code_is_refused() -> None:
    with pytest.raises(TypeError, match="Again has the code SC301 of InnerDimsDiffer"):
        type("Again", (Rule,), {}, code="SC301")
    assert rule_of("SC301").name == "inner-dims-differ"


def test_every_code_in_the_source_has_a_class_and_is_used() -> None:
    paths = [path for path in (ROOT / "shapecalc").rglob("*.py") if path.parent.name != "rules"]
    used = {code for path in paths for code in re.findall(r'"(SC\d{3})"', path.read_text("utf-8"))}
    assert used == set(NAMES)


@each_spec
def test_bad_example_has_its_finding_and_no_other(rule: type[Rule]) -> None:
    assert codes(report_on(example(rule, "bad"))) == [rule.code]


@each_spec
def test_good_example_is_silent(rule: type[Rule]) -> None:
    assert codes(report_on(example(rule, "good"))) == []


@each_spec
def test_examples_are_short(rule: type[Rule]) -> None:
    for which in ("bad", "good"):
        lines = example(rule, which).text.splitlines()
        assert len(lines) <= 10
        assert max(map(len, lines)) <= 76


@each_spec
def test_comment_silences_the_example_where_the_page_says_so(rule: type[Rule]) -> None:
    bad = example(rule, "bad")
    report = report_on(bad)
    assert report is not None
    lines = bad.text.splitlines()
    lines[report.findings[0].span.line - 1] += f"  # shapecalc: ignore[{rule.code}] on purpose"
    commented = report_on(bad._replace(text="\n".join(lines) + "\n"))
    says_so = rule.silence().startswith("Write `# shapecalc: ignore")
    assert codes(commented) == ([] if says_so else [rule.code])


def test_console_example_is_what_the_program_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command, _, shown = example(rule_of("SC106"), "bad").text.partition("\n")
    path = command.removeprefix("$ shapecalc check ")
    with pytest.raises(Problem) as caught:
        api.read(path)
    assert report_page(Report(path, findings=(caught.value.finding,)), Look()) == shown
    good = example(rule_of("SC106"), "good").text.removeprefix("$ shapecalc check ").strip()
    Path(good).write_text("")
    assert api.read(good) == ""


def test_settings_example_is_refused_and_its_correction_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Path("pyproject.toml")
    settings.write_text(example(rule_of("SC109"), "bad").text)
    with pytest.raises(Problem) as caught:
        Project().settings(".")
    assert caught.value.finding.code == "SC109"
    settings.write_text(example(rule_of("SC109"), "good").text)
    assert Project().settings(".").selection.ignore == ("SC501",)


@each_rule
def test_page_has_every_part(rule: type[Rule]) -> None:
    page = page_of(rule)
    assert re.fullmatch(r".+[^.]\.", page.summary)
    assert page.why
    assert page.fix.endswith(".")
    assert "```" not in "".join((page.summary, *page.why, page.fix))
    heads = re.findall(r"(?m)^[A-Z]{2,}$", rule_page(rule, Look()))
    examples = [] if rule.code == "SC902" else ["GOOD"]
    before = ["BAD"] if examples and rule.code != "SC104" else []
    assert heads == [*before, *examples, "FIX", "SILENCE"]


@each_rule
def test_codes_that_a_page_mentions_are_there(rule: type[Rule]) -> None:
    assert set(re.findall(r"SC\d{3}", rule_page(rule, Look()))) <= set(NAMES)


@each_rule
@pytest.mark.parametrize("look", LOOKS, ids=["80", "120", "ascii", "color"])
def test_page_fits_its_output(rule: type[Rule], look: Look) -> None:
    text = rule_page(rule, look)
    assert text.isascii() or not look.ascii
    assert ("\x1b" in text) == look.color
    plain = re.sub(r"\x1b\[[\d;]*m", "", text)
    assert max(map(len, plain.splitlines())) <= look.width
    assert plain.endswith("\n")


@pytest.mark.parametrize("look", LOOKS, ids=["80", "120", "ascii", "color"])
def test_list_has_one_line_for_each_code_at_80_columns(look: Look) -> None:
    text = re.sub(r"\x1b\[[\d;]*m", "", rule_list(look))
    assert max(map(len, text.splitlines())) <= 80
    lines = re.findall(r"(?m)^  (SC\d{3}) ([! ]) (\S+) +(\S.*\.)$", text)
    assert [(code, name) for code, _, name, _ in lines] == list(NAMES.items())
    assert {code for code, sign, _, _ in lines if sign == "!"} == WARNINGS
    assert [summary for *_, summary in lines] == [page_of(rule).summary for rule in RULES]


@each_spec
def test_page_shows_what_the_program_says_of_the_example(rule: type[Rule]) -> None:
    report = report_on(example(rule, "bad"))
    assert report is not None
    shown = "".join(rule_page(rule, Look()).split())
    (finding,) = report.findings
    assert "".join(finding.message.split()) in shown
    below_caret = finding.help.removeprefix("write `").removesuffix("`") + "   right"
    assert any("".join(each.split()) in shown for each in (finding.help, below_caret))


def test_json_holds_the_pages() -> None:
    text = rules_json(RULES)
    document = json.loads(text)
    assert text.isascii()
    assert [rule["code"] for rule in document["rules"]] == list(NAMES)
    first = next(rule for rule in document["rules"] if rule["code"] == "SC104")
    assert first["bad"]["encoding"] == "latin-1"
    keys = ["code", "name", "severity", "summary", "why", "bad", "good", "fix", "silence"]
    assert all(list(rule) == keys for rule in document["rules"])
    assert document["rules"][-1]["bad"] is None


@pytest.mark.parametrize(
    "text", ["SC301", "sc301", "Sc301", " inner-dims-differ", "Inner-Dims-Differ"]
)
def test_rule_is_found_by_code_or_name_in_any_case(text: str) -> None:
    assert find_rule(text) is rule_of("SC301")


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("inner-dims", "SC301"),
        ("innerdimsdiffer", "SC301"),
        ("SC3055", "SC305"),
        ("sizes_coincide", "SC501"),
        ("whatever", None),
    ],
)
def test_unknown_rule_has_a_nearest_one_where_one_is_like_it(text: str, near: str | None) -> None:
    assert find_rule(text) is None
    found = nearest_rule(text)
    assert (found and found.code) == near


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=True,
        cwd=ROOT,
    )
    return done.stdout


PAGES = """
import sys
from shapecalc.diagnostics.rules import every_rule
from shapecalc.render.output import Look
from shapecalc.render.rules import rule_list, rule_page
sys.stdout.reconfigure(encoding="utf-8")
print(rule_list(Look()), *(rule_page(rule, Look()) for rule in every_rule()))
"""
LOADED = """
import sys
from shapecalc import api
from shapecalc.render.concise import lines
from shapecalc.render.json import document
from shapecalc.render.output import Look
from shapecalc.render.tally import tally
from shapecalc.render.terminal import report_page
from shapecalc.settings import Project
path = sys.argv[1]
report = api.check(api.read(path), path)
report_page(report, Look()), lines([report]), document([report], tally([report]))
print(*(name for name in sys.modules if name.startswith("shapecalc.diagnostics.rules")))
"""


def test_pages_are_the_same_where_python_strips_docstrings() -> None:
    stripped = run("-OO", "-c", PAGES)
    assert stripped == run("-c", PAGES)
    assert "W @ X" in stripped


def test_clean_check_loads_no_page() -> None:
    assert run("-c", LOADED, "specs/two_layer.yaml").split() == []


def test_finding_loads_the_pages_of_its_family_only() -> None:
    loaded = run("-c", LOADED, "specs/two_layer_square.yaml").split()
    start = "shapecalc.diagnostics.rules"
    assert loaded == [start, f"{start}.coincidence"]
