"""Texts are as wide as Rich says that they are."""

import re

import pytest
from rich.cells import cell_len as exactly

from shapecalc.render.glyphs import SIGNS
from shapecalc.render.widths import NARROW, cell_len


def test_narrow_signs_take_one_cell_each() -> None:
    narrow = re.compile(f"[{NARROW}]")
    signs = [chr(code) for code in range(0x3000) if narrow.match(chr(code))]
    assert len(signs) > 1000
    assert [sign for sign in signs if exactly(sign) != 1] == []
    assert all(map(narrow.match, SIGNS))


@pytest.mark.parametrize("text", ["", "A.T @ B", "∂Y/∂X = Wᵀ δ", "行列", "e\u0301", "\u200bx"])
def test_wide_signs_take_what_they_take(text: str) -> None:
    assert cell_len(text) == exactly(text)
