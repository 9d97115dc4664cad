"""Lines wider than the page are broken where a reader would, and lose nothing but spaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.render.breaking import place_to_break
from shapecalc.render.output import Look
from shapecalc.render.page import Page, cell

WIDTH = 80
FORMULA = "sum(X.mT @ reshape(transpose(dV, (0, 2, 1, 3)), [b, t, n*e]), axis=0)"


def held(text: str, indent: int = 0) -> list[str]:
    page = Page(Look())
    page.line(cell(text, "bold"), indent=indent)
    page.hold_to_width()
    return page.text().splitlines()


@pytest.mark.parametrize(
    ("text", "second"),
    [
        (f"  {FORMULA}    (b, d, t)(b, t, n*e) ✓ right", "(b, d, t)(b, t, n*e) ✓ right"),
        (" " * 26 + "(b, g, q, t, e) @ (b, g, 1, e, t) → (b, g, q, t, t)  ✓ right", "✓ right"),
        (f"  q to r:  {FORMULA} along its arrow", "along its arrow"),
        (f"dWv = {FORMULA} + beta * Wv", "+ beta * Wv"),
    ],
)
def test_break_is_at_a_gap_before_a_verdict_or_an_operator(text: str, second: str) -> None:
    lines = held(text)
    assert [line.strip() for line in lines] == [text[: -len(second)].strip(), second]


def test_line_with_room_stays() -> None:
    assert held("a" * WIDTH) == ["a" * WIDTH]


def test_word_that_is_too_long_stays_whole() -> None:
    assert held("a" * 90) == ["a" * 90]


@given(st.lists(st.text("ab(),*", min_size=1, max_size=30), min_size=1, max_size=20))
def test_nothing_is_lost_but_spaces(words: list[str]) -> None:
    text = " ".join(words)
    lines = held(text, indent=3)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(len(line) <= WIDTH for line in lines)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("as matrices the walk decides: H @ dR.T", ["as matrices the walk decides:", "H @ dR.T"]),
        ("only where all the dims n = h = m", ["only where all the dims", "n = h = m"]),
        ("move it by t, and J moves by -1 t.", ["move it by t, and J moves by", "-1 t."]),
        ("dW = dZ @ X.T + H @ dR.T + beta * W + c", ["dW = dZ @ X.T + H @ dR.T", "+ beta * W + c"]),
    ],
)
def test_short_formula_in_prose_is_not_broken(text: str, lines: list[str]) -> None:
    assert Page(Look()).told(text, 31) == lines


@given(st.lists(st.sampled_from(["A", "@", "=", "*", "of", "longer_than_most.T"]), max_size=40))
def test_prose_with_formulas_loses_nothing(words: list[str]) -> None:
    lines = Page(Look()).told(" ".join(words), WIDTH // 2)
    assert " ".join(lines).split() == words
    assert all(len(line) <= WIDTH // 2 for line in lines)


@given(st.text("ab ()@", max_size=200))
def test_place_is_within_the_line_and_at_a_space(text: str) -> None:
    place = place_to_break(text, WIDTH)
    assert place == 0 or (place <= WIDTH and text[place] == " ")


def test_an_early_space_is_better_than_a_line_too_wide() -> None:
    text = "<dV, " + "reshape(" * 9 + "H, axis=1)"
    assert held(text, indent=5)[0].strip() == "<dV,"
    assert all(len(line) <= WIDTH for line in held(text, indent=5)[:-1])
