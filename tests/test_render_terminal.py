"""The terminal renderer beside the golden screens: widths, colours, folding, odd records."""

import re

import pytest
import sample_report

from shapecalc.records import Checked, Claim, Exact, Orderings, Report, Step, View
from shapecalc.render import terminal
from shapecalc.render.output import Look
from shapecalc.render.page import Page, cell, fold, width_of
from shapecalc.render.step import step_page
from shapecalc.render.steps import orderings_text, steps_section

ESCAPES = re.compile("\x1b\\[[0-9;]*m")
REPORTS = [
    sample_report.two_layer(),
    sample_report.coinciding(),
    sample_report.failing(),
    sample_report.deep(),
]


def every_page(report: Report, look: Look) -> str:
    pages = [terminal.report_page(report, look, full=full) for full in (False, True)]
    pages += [terminal.one_step_page(report, step, look) for step in report.steps[:20]]
    pages += [terminal.gradient_page(report, step.wrt, look) for step in report.steps[:20]]
    return "".join(pages)


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: str(report.path))
def test_colour_carries_no_meaning(report: Report) -> None:
    assert ESCAPES.sub("", every_page(report, Look(color=True))) == every_page(report, Look())


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: str(report.path))
@pytest.mark.parametrize("look", [Look(), Look(width=120), Look(ascii=True)], ids=str)
def test_no_line_is_too_long_or_cut(report: Report, look: Look) -> None:
    text = every_page(report, look)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= look.width


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: str(report.path))
def test_ascii_page_is_ascii(report: Report) -> None:
    assert every_page(report, Look(ascii=True)).isascii()


def test_wider_terminal_lists_orderings_in_two_columns_in_ascii() -> None:
    report = sample_report.two_layer()
    text = terminal.one_step_page(report, report.steps[3], Look(width=120, ascii=True))
    assert (
        "  W2.T @ dZ2 (h, k)(k, m) ok right, denominator dZ2 @ W2     (k, m)(k, h) NO m != k\n"
        in text
    )


def test_colours_are_those_of_the_roles() -> None:
    text = terminal.report_page(sample_report.coinciding(), Look(color=True))
    assert "\x1b[1mdA1 = W2.T @ dZ2\x1b[0m" in text
    assert "\x1b[2m(k, m, h, m)\x1b[0m" in text
    assert "\x1b[32m✓\x1b[0m right" in text
    assert "\x1b[33m! fits: m = k = 64\x1b[0m" in text
    assert "\x1b[31m ^^^" not in text
    assert set(re.findall("\x1b\\[([0-9;]*)m", text)) == {"0", "1", "2", "31", "32", "33"}


def test_user_text_is_neither_markup_nor_emoji_nor_an_escape() -> None:
    report = sample_report.two_layer()._replace(name="[bold]W [n, m][/n] :x: \x1b[31m\u202e")
    first = terminal.report_page(report, Look()).splitlines()[0]
    assert first == "[bold]W [n, m][/n] :x: \\x1b[31m\\u202e  specs/two_layer.yaml"


def test_greek_names_stay_in_ascii_mode_unless_the_encoding_lacks_them() -> None:
    report = sample_report.two_layer()._replace(name="λ → μ")
    assert terminal.report_page(report, Look(ascii=True)).startswith("λ -> μ")
    escaped = terminal.report_page(report, Look(ascii=True, encoding="ascii"))
    assert escaped.startswith("\\u03bb -> \\u03bc")


def test_long_formula_has_its_own_line_and_a_long_note_is_left_out() -> None:
    report = sample_report.two_layer()
    long = "W2.T @ (" + " + ".join(f"dZ2 * G{number}" for number in range(5)) + ")"
    first, *rest = report.gradients
    formula = first.formula._replace(text=long)
    odd = sample_report.spelled_with(first, formula=formula, note="a note " * 12)
    text = terminal.report_page(report._replace(gradients=(odd, *rest)), Look())
    own_line = next(line for line in text.splitlines() if long in line)
    assert own_line.strip() == f"dA2 = {long}"
    assert "a note" not in text
    assert "  dZ2 = (A2 - Y) / m                     (k, m)  softmax with cross_entropy" in text


def test_formula_wider_than_the_page_is_broken_before_a_sign() -> None:
    report = sample_report.two_layer()
    long = "W2.T @ (" + " + ".join(f"dZ2 * G{number}" for number in range(12)) + ")"
    first, *rest = report.gradients
    odd = sample_report.spelled_with(first, formula=first.formula._replace(text=long))
    text = terminal.report_page(report._replace(gradients=(odd, *rest)), Look())
    assert f"dA2 = {long}" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
    assert "\n      + dZ2 * G" in text or "\n      * G" in text


def test_full_report_opens_every_step_and_of_blocks_that_repeat_the_first() -> None:
    text = terminal.report_page(sample_report.deep(), Look(), full=True)
    assert text.count("orderings  ") == 160 - 37 * 4
    assert "    × 38: A39:Z39, Z39:W39, Z39:b39, Z39:A38 to A2:Z2, Z2:W2, Z2:b2, Z2:A1" in text
    assert "    × 38: W2, b2 to W39, b39" in text
    assert "    × 38: dZ39, dW39, db39, dA38 to dZ2, dW2, db2, dA1" in text


def test_full_report_lists_warnings_that_are_alike_on_a_line_each() -> None:
    text = terminal.report_page(sample_report.deep(), Look(), full=True)
    assert text.count("warning SC502") == 1
    assert text.count("hides a transpose") == 38


def test_full_report_of_few_equations_leaves_nothing_out() -> None:
    report = sample_report.two_layer()
    text = terminal.report_page(report, Look(), full=True)
    assert text.count("orderings  ") == len(report.steps)
    assert "×" not in text.partition("BACKWARD")[2].partition("STEPS")[0]


def test_report_of_40_layers_is_about_as_long_as_that_of_30() -> None:
    lengths = [
        len(terminal.report_page(sample_report.deep(layers), Look()).splitlines())
        for layers in (30, 40)
    ]
    assert lengths[0] == lengths[1]


def test_claims_are_counted_by_verdict() -> None:
    claims = (
        sample_report.claim("Z2", "A2 - Y", 1, "convention", "m"),
        sample_report.claim("W2", "dZ2 @ A1", 2, "wrong"),
        sample_report.claim("W1", "dZ1 @ X.T", 3, "undecided"),
        sample_report.claim("b1", "sum(dZ1, axis=1, keepdims=True)", 4),
    )
    text = terminal.report_page(sample_report.two_layer()._replace(claims=claims), Look())
    assert "1 right: db1\n" in text
    assert "1 convention: dZ2 = m · gradient\n" in text
    assert "1 wrong: dW2\n" in text
    assert "nothing wrong, 1 undecided" in text


def test_many_claims_are_listed_over_lines() -> None:
    claims = tuple(sample_report.claim(f"W{n}", "x", n) for n in range(60))
    text = terminal.report_page(sample_report.two_layer()._replace(claims=claims), Look())
    assert max(map(len, text.splitlines())) <= 80
    assert "dW59" in text


def with_checked(checked: Checked) -> str:
    report = sample_report.two_layer()
    first, *rest = report.gradients
    odd = first._replace(checked=checked)
    return terminal.report_page(report._replace(gradients=(odd, *rest)), Look())


def test_checked_line_says_what_was_left_out_and_why() -> None:
    text = with_checked(Checked(False, None, None, "no proof, because of the mask"))
    assert "algebra, for all sizes (15 of 16)" in text
    assert "by components, 3e-10 (15 of 16)" in text
    assert "dA2: no proof, because of the mask" in text


def test_checked_line_takes_the_worst_of_each() -> None:
    text = with_checked(Checked(True, 2e-7, Exact("2^61-1", 2, 1, "2^-52"), ""))
    assert "exact, error < 2⁻⁵² · by components, 2e-07" in text


def test_checked_line_says_which_way_was_never_used() -> None:
    report = sample_report.two_layer()
    step = report.steps[3]._replace(checked=Checked(True, None, None, ""))
    text = terminal.one_step_page(report, step, Look())
    assert text.endswith("CHECKED  algebra, for all sizes · not exact · not by components\n")


def test_each_assumption_has_a_line() -> None:
    report = sample_report.two_layer()._replace(assumptions=("A is positive", "word " * 30))
    text = terminal.report_page(report, Look())
    assert f"ASSUMED  A is positive\n{' ' * 9}word word" in text
    assert max(map(len, text.splitlines())) <= 80


def test_unchecked_step_gets_no_tick() -> None:
    report = sample_report.two_layer()
    step = report.steps[3]._replace(checked=Checked(False, None, None, "undecided"))
    page = Page(Look())
    step_page(page, report, step)
    text = page.text()
    assert "? not checked" in text
    assert "CHECKED  ! not checked" in text


def opened(step: Step) -> str:
    page = Page(Look())
    steps_section(page, sample_report.two_layer()._replace(steps=(step,)), full=True)
    return page.text()


def test_mixed_that_conforms_at_every_size_is_called_wrong() -> None:
    step = sample_report.two_layer().steps[3]
    mixed = View("dZ2 @ W2", (("k", "k"), ("k", "k")), ("k", "k"), "", fits_here=False)
    assert "! fits always: wrong" in opened(sample_report.opened_with(step, mixed=mixed))


def test_mixed_that_is_a_layout_is_called_so() -> None:
    step = sample_report.two_layer().steps[3]
    mixed = step.denominator
    assert "✓ is the denominator" in opened(sample_report.opened_with(step, mixed=mixed))


def test_missing_mixed_says_why() -> None:
    step = sample_report.two_layer().steps[3]
    without = sample_report.opened_with(step, mixed=None, mixed_why="no second factor")
    assert "mixed        none: no second factor" in opened(without)


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ((8, 2, 2), "8 arrangements: 2 conform, one for each layout; 6 do not"),
        ((8, 2, 8), "8 arrangements: 2 right, 6 fit only at these sizes: wrong"),
        ((8, 4, 4), "8 arrangements: 4 conform, 2 of them wrong; 4 do not"),
        ((8, 2, None), "8 arrangements: 2 conform, one for each layout; 6 do not"),
        (
            (8, 4, 6),
            (
                "8 arrangements: 4 conform, 2 of them wrong, "
                "2 fit only at these sizes: wrong; 2 do not"
            ),
        ),
    ],
)
def test_orderings_are_never_called_right_for_conforming(
    counts: tuple[int, int, int | None], text: str
) -> None:
    assert orderings_text(Orderings(True, "", *counts, 1, 1)) == text


def test_second_use_has_its_own_key() -> None:
    report = sample_report.two_layer()
    step = report.steps[3]._replace(use=1)
    assert terminal.one_step_page(report, step, Look()).startswith("STEP Z2:A1:1  ")


def test_symbolic_dims_claim_nothing_about_sizes() -> None:
    report = sample_report.two_layer()
    values = tuple(value._replace(size=None) for value in report.values)
    dims = tuple((name, None) for name, _ in report.dims)
    text = terminal.report_page(report._replace(dims=dims, values=values), Look())
    assert "n   h   k   m, the examples\n" in text
    assert "coincide" not in text
    assert "×" not in text.partition("BACKWARD")[0]


def test_page_with_an_error_has_its_finding_though_one_step_was_asked_for() -> None:
    report = sample_report.two_layer()._replace(findings=sample_report.failing().findings)
    text = terminal.one_step_page(report, report.steps[3], Look())
    assert "error[SC301]" in text
    assert text.endswith("✗ specs/two_layer.yaml: 1 error\n")


def test_wrong_claim_is_counted() -> None:
    claim = Claim("A1", "dA1", "x", "wrong", "order", (), None, "y", "", 1)
    text = terminal.report_page(sample_report.two_layer()._replace(claims=(claim,)), Look())
    assert "CLAIMS   1 wrong: dA1\n" in text


def test_fold_keeps_code_and_shapes_whole() -> None:
    lines = fold("write `W1.T @ X + b` for (h, n) @ (n, m) and more", 12)
    assert lines == ["write", "`W1.T @ X + b`", "for (h, n) @", "(n, m) and", "more"]


def test_width_counts_cells() -> None:
    assert width_of(cell("重み")) == 4
    assert width_of(cell("e\u0301")) == 1
