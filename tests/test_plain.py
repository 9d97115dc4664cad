"""Explanations for screen readers: sentences, no pictures, no columns, and nothing less said."""

import re
from functools import cache

import pytest
from checking import TWO_LAYER
from test_explain import CASES, answer_for, run, spec

from shapecalc import api, teach
from shapecalc.records.explained import Explanation, Matrix, Moves
from shapecalc.render.output import Look
from shapecalc.render.pictures import number
from shapecalc.render.plain import plain_choices, plain_page

PICTURE = re.compile(r"[^\x20-\x7e\n]|\S  +\S|^ | $|[#|]|--+|\+-", re.MULTILINE)
"""Signs beyond ASCII, columns, indents, ends of lines, and what pictures are drawn with."""


@cache
def explained(stem: str, name: str) -> tuple[Explanation, str]:
    answer = answer_for(spec(stem), name)
    assert answer.explanation is not None
    return answer.explanation, plain_page(answer.explanation, answer.report, Look())


def joined(page: str) -> str:
    return " ".join(page.split())


@pytest.mark.parametrize(("stem", "name"), CASES, ids="-".join)
def test_no_picture_column_or_sign_is_left(stem: str, name: str) -> None:
    page = (
        explained(stem, name)[1].replace("(--wrt", "(wrt").replace("`check --step", "`check step")
    )
    assert PICTURE.findall(page) == []
    assert max(map(len, page.splitlines())) <= 80


@pytest.mark.parametrize(("stem", "name"), CASES, ids="-".join)
def test_every_number_of_every_level_is_said(stem: str, name: str) -> None:
    explanation, page = explained(stem, name)
    told = joined(page)
    for step in explanation.steps:
        for block in (block for level in step.levels for block in level.blocks):
            if isinstance(block, Moves):
                assert f"{block.left} = " in told
                assert f"{number(block.total)}, as the formula has it: checked." in told
            for matrix in getattr(block, "matrices", ()):
                assert isinstance(matrix, Matrix)
                rows = re.findall(
                    rf"^{re.escape(matrix.name)}(?:, .*?)?: (.*)\.$", page, re.MULTILINE
                )
                said = [each for row in rows for each in row.split(", ")]
                entries = list(map(number, matrix.entries))
                assert any(said[at : at + len(entries)] == entries for at in range(len(said))), (
                    matrix.name
                )


SAID = """\
dZ2 has k rows and m columns. W2 has k rows and h columns. The inner dims, m columns of dZ2 and
k rows of W2, differ, so the product does not exist.

The inner dims are both k, so the product W2.T @ dZ2 exists, and it is dA1.

W2, row 0: 2, -1, 3, 1, 0. W2, row 1: 1, 4, -2, 5, 3.

Z2[1,1] moves by W2[1,3] t, which is 5 t; and with it J by dZ2[1,1], -2, times that: -10 t.

The sum is dA1[3,1] = 2 - 10 = -8, as the formula has it: checked.

The table has 3 by 3 blocks: Z2[:,0] to Z2[:,2] down, A1[:,0] to A1[:,2] across. The 3 blocks on
the diagonal are filled. All other blocks are zero.

What is not zero: W2, k by h, in each block. The others: zero, as j is not q.

dA1[p,q] = sum over i, j of dZ2[i,j] W2[i,p] delta[j,q]; the chain rule, entry by entry.

The walk: from p against W2 to i, so W2.T. Then from i along dZ2 to q, so dZ2. Together W2.T @
dZ2, with the shapes (h, k) @ (k, m).

One is the other transposed: (dZ2.T @ W2).T = W2.T @ dZ2, by (A @ B).T = B.T @ A.T.

inner(dZ2, W2 H) = inner(W2.T dZ2, H).

Checked, at k, m, h = 2, 3, 5 and 3, 5, 2: each inner product.
"""
"""What is told of A1 in the two-layer net, instead of pictures; statements, with lines between."""


@pytest.mark.parametrize("said", SAID.split("\n\n"))
def test_pictures_are_told_in_sentences(said: str) -> None:
    assert joined(said) in joined(explained("two_layer", "A1")[1])


def test_blocks_that_are_filled_in_part_are_told_entry_by_entry() -> None:
    told = joined(explained("two_layer", "Z1")[1])
    assert "The 3 blocks on the diagonal are filled on their own diagonal alone." in told
    assert "All have one shape, and are multiplied entry by entry." in told


def test_uses_and_what_they_add_up_to_are_told() -> None:
    told = joined(explained("tied_autoencoder", "W")[1])
    assert "Use 1 of 2: W in R." in told
    assert "Together: dW." in told


def test_level_that_fails_is_reported() -> None:
    broken = api.check("dims: [", "x.yaml")
    assert plain_page(teach_of(TWO_LAYER), broken, Look()).count("error[") == 1
    assert plain_choices((), broken, Look()).startswith("error[")


def teach_of(text: str) -> Explanation:
    explanation = teach.explain(text, "spec.yaml", "A1", (7,)).explanation
    assert explanation is not None
    return explanation


def test_plain_from_the_command_line() -> None:
    found = run("specs/two_layer.yaml", "--wrt", "A1", "--plain", "--level", "4")
    assert found.returncode == 0
    assert "\nLevel 4: the only walk from p to q.\n" in found.stdout
    assert "Level 3" not in found.stdout
    assert found.stdout.isascii()
    choices = run("specs/two_layer.yaml", "--plain")
    assert "\nA1: dA1 = W2.T @ dZ2.\n" in choices.stdout
