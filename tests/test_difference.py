"""What a frame marks of a formula that is nearly right."""

import pytest

from shapecalc.render.difference import difference


def marked(text: str, stretches: tuple[tuple[int, int], ...]) -> list[str]:
    return [text[start:end] for start, end in stretches]


@pytest.mark.parametrize(
    ("first", "second", "taken", "put"),
    [
        ("dZ2 @ A2.T", "dZ2 @ A1.T", ["A2"], ["A1"]),
        ("dZ2.T @ A1", "dZ2 @ A1.T", [".T"], [".T"]),
        ("dZ2 @ A1", "dZ2 @ A1.T", [], [".T"]),
        ("sum(dZ2, axis=0)", "sum(dZ2, axis=1)", ["0"], ["1"]),
        ("(A2 - Y) / m", "A2 - Y", ["(", ") / m"], []),
        ("dA1 * A1 * 0.5", "dA1 * A1 * 0.25", ["0.5"], ["0.25"]),
        ("a == b", "a >= b", ["=="], [">="]),
        ("δ1 @ W1.T", "δ2 @ W1.T", ["δ1"], ["δ2"]),
        ("x", "x", [], []),
    ],
)
def test_what_differs(first: str, second: str, taken: list[str], put: list[str]) -> None:
    found = difference(first, second)
    assert found is not None
    assert marked(first, found.in_first) == taken
    assert marked(second, found.in_second) == put


@pytest.mark.parametrize(
    ("first", "second"),
    [("dZ2 @ W2", "W2.T @ dZ2"), ("X", "sum(dY * W)"), ("x + " * 200 + "x", "x + " * 200 + "y")],
)
def test_too_far_apart_or_too_long(first: str, second: str) -> None:
    assert difference(first, second) is None
