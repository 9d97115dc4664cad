"""Comments that silence findings: which lines they are about, and which of them are idle."""

import pytest
from checking import HEAD, TWO_LAYER, json_of, report_on, with_claims

from shapecalc.records import Report

SQUARE = """\
dims: {n: 784, h: 128, m: 64}
inputs: {X: [h, m]}
params:
  W: [h, h]
forward:
  Z: W @ X
  J: sum(Z * Z)
"""


def codes(report: Report) -> list[tuple[str, int]]:
    return sorted((finding.code, finding.span.line) for finding in report.findings)


def with_note(text: str, at: str, note: str) -> str:
    assert at in text
    return text.replace(at, f"{at}  {note}")


SQUARE = SQUARE.replace("n: 784, ", "")


def test_square_weight_is_there_to_be_silenced() -> None:
    assert codes(report_on(SQUARE)) == [("SC502", 4)]


@pytest.mark.parametrize(
    "note",
    [
        "# shapecalc: ignore[SC502] it is square on purpose",
        "# shapecalc: ignore[SC502]",
        "#shapecalc:ignore[SC502]",
        "# shapecalc: ignore[square-weight] by name",
        "# shapecalc: ignore[sc502] in lower case",
        "# shapecalc: ignore [ SC502 ] with spaces",
        "# todo # shapecalc: ignore[SC502]",
    ],
)
def test_comment_silences_its_line(note: str) -> None:
    report = report_on(with_note(SQUARE, "W: [h, h]", note))
    assert report.findings == ()
    assert [finding.code for finding in report.silenced] == ["SC502"]
    assert report.ok


@pytest.mark.parametrize("at", ["params:", "forward:", "Z: W @ X"])
def test_comment_is_about_its_own_line_only(at: str) -> None:
    text = with_note(SQUARE, at, "# shapecalc: ignore[SC502]")
    line = text[: text.index("# shapecalc")].count("\n") + 1
    assert codes(report_on(text)) == sorted([("SC502", 4), ("SC605", line)])


def test_idle_code_is_named_where_it_stands() -> None:
    text = with_note(SQUARE, "W: [h, h]", "# shapecalc: ignore[SC501, SC502]")
    (finding,) = report_on(text).findings
    row = text.split("\n")[finding.span.line - 1]
    assert finding.code == "SC605"
    assert row[finding.span.column - 1 :][: finding.span.length] == "SC501"


def test_comment_that_names_no_code_silences_nothing() -> None:
    text = with_note(SQUARE, "W: [h, h]", "# shapecalc: ignore")
    assert codes(report_on(text)) == [("SC502", 4), ("SC605", 4)]


def test_report_of_an_idle_comment_can_be_silenced_too() -> None:
    text = with_note(SQUARE, "Z: W @ X", "# shapecalc: ignore[SC301, SC605] kept for later")
    assert codes(report_on(text)) == [("SC502", 4)]


@pytest.mark.parametrize("quote", ["'", '"'])
def test_text_is_no_comment(quote: str) -> None:
    text = f"name: {quote}a # shapecalc: ignore[SC502]{quote}\n{SQUARE}"
    assert codes(report_on(text)) == [("SC502", 5)]


def test_note_in_a_block_of_equations_is_a_comment() -> None:
    wrong = with_claims(TWO_LAYER, {"dA1": "dZ2 @ W2"})
    assert [code for code, _ in codes(report_on(wrong))] == ["SC401"]
    quiet = wrong.replace("dZ2 @ W2\n", "dZ2 @ W2  # shapecalc: ignore[SC401] the naive one\n")
    report = report_on(quiet)
    assert report.findings == ()
    assert [claim.verdict for claim in report.claims] == ["wrong"]


def test_silenced_error_leaves_what_depends_on_it_unchecked() -> None:
    text = HEAD + "forward:\n  Z1: X @ W1  # shapecalc: ignore[SC301]\n  J: sum(Z1)\n"
    report = report_on(text)
    assert report.findings == ()
    assert report.not_checked == ("J",)
    assert json_of(report)["silenced"][0]["code"] == "SC301"


def test_no_comment_is_idle_while_an_error_keeps_the_rest_from_being_checked() -> None:
    text = HEAD + "forward:\n  Z1: X @ W1\n  J: sum(Z1)  # shapecalc: ignore[SC414]\n"
    assert [code for code, _ in codes(report_on(text))] == ["SC301"]


def test_input_that_cannot_be_read_is_never_silenced() -> None:
    assert codes(report_on("forward: {J: @ W}  # shapecalc: ignore[SC101]\n")) == [("SC101", 1)]
