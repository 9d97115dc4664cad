"""Frames of findings: carets stand under their tokens, whatever the line is made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from shapecalc.diagnostics import Finding, Related
from shapecalc.render.frames import frame
from shapecalc.render.output import Look
from shapecalc.render.page import Page
from shapecalc.span import Span


def framed(finding: Finding, *source: str, look: Look | None = None) -> str:
    page = Page(look or Look())
    frame(page, finding, source)
    return page.text()


def error(column: int, length: int, label: str = "") -> Finding:
    place = Span("a.yaml", 1, column, length)
    return Finding("SC205", place, "`W` is not defined", label=label)


def caret_row(text: str) -> tuple[str, str]:
    """Return a source line and the row of carets below it, without the gutter."""
    rows = text.splitlines()
    number = next(number for number, row in enumerate(rows) if "^" in row)
    return rows[number - 1][4:], rows[number][4:]


@pytest.mark.parametrize(
    ("line", "token"),
    [
        ("Z1: W1 @ X", "W1"),
        ("\tZ1:\tW1 @ X", "W1"),
        ("重み: W1 @ 入力", "W1"),
        ("重み: W1 @ 入力", "入力"),
        ("e\u0301te\u0301: W1", "W1"),
        ("👩‍🔬: W1", "W1"),
        ("\x1b[31mred: W1", "W1"),
    ],
)
def test_caret_stands_under_its_token(line: str, token: str) -> None:
    text = framed(error(line.index(token) + 1, len(token)), line)
    shown, carets = caret_row(text)
    start = len(carets) - len(carets.lstrip())
    before = shown[: shown.index(token)]
    assert cell_len(before) == start
    assert len(carets.strip()) == cell_len(token)
    assert "\x1b" not in text


@given(st.text(max_size=30), st.text(min_size=1, max_size=8), st.text(max_size=30))
def test_frame_of_any_line_keeps_its_caret(before: str, token: str, after: str) -> None:
    line = (before + token + after).replace("\n", " ").replace("\r", " ")
    text = framed(error(len(before) + 1, len(token)), line)
    assert "^" in text
    assert not any(ord(letter) < 32 for letter in text.replace("\n", ""))


def test_place_behind_the_end_has_a_caret() -> None:
    _, carets = caret_row(framed(error(8, 1), "Z1: W1"))
    assert carets == "       ^"


def test_file_without_source_has_a_path_and_no_frame() -> None:
    finding = Finding("SC106", Span("no.yaml", 1, 1), "no such file `no.yaml`", "check the path")
    assert framed(finding) == (
        "error[SC106] cannot-read: no such file `no.yaml`\n --> no.yaml\n"
        "  = help: check the path\n  = more: shapecalc rule SC106\n"
    )


def test_second_line_of_a_label_stands_below_the_first() -> None:
    text = framed(error(6, 3, label="fails\ndZ2   right"), "dA1: dZ2")
    assert "  |      ^^^ fails\n  |      dZ2   right\n" in text


def test_long_label_is_folded_and_not_cut() -> None:
    words = " ".join(f"word{number}" for number in range(30))
    for line, column in (("Z: W", 4), (f"Z: {'A + ' * 16}W", 68)):
        text = framed(error(column, 1, label=words), line)
        assert max(map(len, text.splitlines())) <= 80
        assert all(f"word{number}" in text for number in range(30))


def test_related_place_on_the_same_line_has_its_own_row() -> None:
    related = (Related(Span("a.yaml", 1, 1, 2), "set here"),)
    text = framed(error(5, 2, label="used here")._replace(related=related), "Z1: W1")
    assert "1 | Z1: W1\n  |     ^^ used here\n  | -- set here\n" in text


def test_related_place_after_the_caret_comes_after_it() -> None:
    related = (Related(Span("a.yaml", 3, 1, 2), "set here"),)
    text = framed(error(5, 2)._replace(related=related), "Z1: W1", "", "W1: x")
    assert text.index("^^") < text.index("-- set here")


def test_place_in_another_file_is_left_out_of_the_frame() -> None:
    related = (Related(Span("b.yaml", 1, 1, 2), "set there"),)
    assert "set there" not in framed(error(5, 2)._replace(related=related), "Z1: W1")


def test_long_message_is_folded_between_words() -> None:
    finding = error(1, 1)._replace(message="`W1 @ X` does not conform, " * 5)
    assert max(map(len, framed(finding, "W").splitlines())) <= 80


def test_note_of_several_lines_keeps_its_column() -> None:
    finding = error(1, 1)._replace(notes=(("why", "first\nsecond"),))
    assert "  = why:  first\n          second\n" in framed(finding, "W")


def test_very_long_line_is_shown_around_its_caret() -> None:
    line = "a" * 5000 + "WRONG" + "b" * 5000
    text = framed(error(5001, 5), line)
    shown, carets = caret_row(text)
    assert max(map(len, text.splitlines())) <= 80
    assert shown.index("WRONG") == carets.index("^^^^^")


def test_source_line_keeps_its_own_signs_in_ascii_mode() -> None:
    text = framed(error(6, 1), "Z: Wᵀ · X", look=Look(ascii=True))
    assert "Z: Wᵀ · X" in text


def test_source_line_is_escaped_where_the_encoding_lacks_it() -> None:
    look = Look(ascii=True, encoding="ascii")
    shown, carets = caret_row(framed(error(4, 1), "λ: W", look=look))
    assert shown == "\\u03bb: W"
    assert carets.index("^") == shown.index("W")


def test_what_is_said_twice_of_a_place_is_shown_once() -> None:
    place = Related(Span("a.yaml", 2, 1, 2), "here")
    finding = error(1, 1)._replace(related=(place, place))
    assert framed(finding, "W @ X", "Z1").count("here") == 1
