"""Handouts of explanations: all of the record is in them, LaTeX compiles, Markdown is whole."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checking import ROOT

from shapecalc import teach
from shapecalc.records import Report
from shapecalc.records.explained import (
    Block,
    Explanation,
    Grid,
    Lines,
    Matrix,
    Moves,
    Numbers,
    Sides,
    Walked,
)
from shapecalc.render.handouts.content import chain, title_of, writer_of
from shapecalc.render.handouts.latex import latex_document, latex_fragment
from shapecalc.render.handouts.markdown import markdown_handout
from shapecalc.render.handouts.words import carried, escaped
from shapecalc.render.mathlatex import MathWriter
from shapecalc.render.output import Look
from shapecalc.render.pictures import number

CASES = [
    *(("two_layer", name) for name in ("A1", "W2", "b2", "Z1", "Z2", "A2")),
    ("two_layer_square", "A1"),
    ("two_layer_rows", "W2"),
    ("batch_norm", "N"),
    ("batch_norm", "X"),
    ("attention_single_head", "Q"),
    ("tied_autoencoder", "W"),
    ("layer_norm", "X"),
    ("lstm_cell", "G"),
]
COMPILED = ["two_layer-A1", "layer_norm-X", "tied_autoencoder-W"]
NAMED = """
name: 50% & more_#1
dims: [n_in, h, m]
inputs: {x_hat: [n_in, m], é: [h, m]}
params: {W_out: [h, n_in], alpha: [h, 1], Ж: [h, m], x_prime: [h, m]}
forward:
  Z_mid: W_out @ x_hat + alpha
  Y: Z_mid * Ж * é * x_prime
  J: sum(Y)
loss: J
"""
INLINE = re.compile(r"(?<![\\$])\$([^$]+)\$(?!\$)")
ARRAY = re.compile(r"\\begin\{array\}\{@\{\}r+@\{\}\}(.*?)\\end\{array\}")
LAID_OUT = re.compile(r"\\(?:begin|end)\{aligned\}|\\left|\\right|\\q?quad|\\\\|[\s&]")
MOST_OVERFULL = 10  # points


@cache
def explained(stem: str, name: str) -> tuple[Explanation, Report]:
    path = f"specs/{stem}.yaml"
    return told((ROOT / path).read_text(encoding="utf-8"), name, path)


def told(text: str, name: str, path: str = "spec.yaml") -> tuple[Explanation, Report]:
    answer = teach.explain(text, path, name)
    assert answer.explanation is not None
    return answer.explanation, answer.report


def latex_of(stem: str, name: str) -> str:
    return latex_document(*explained(stem, name))


def markdown_of(stem: str, name: str, look: Look | None = None) -> str:
    return markdown_handout(*explained(stem, name), look or Look())


def blocks_of(explanation: Explanation) -> Iterator[Block]:
    for step in explanation.steps:
        for level in step.levels:
            yield from level.blocks
    yield from explanation.together


def formulas_of(explanation: Explanation) -> Iterator[str]:
    """List all that stands alone as a formula in the record."""
    for step in explanation.steps:
        yield from (level.remark for level in step.levels if level.remark)
    for block in blocks_of(explanation):
        match block:
            case Lines(left, lines):
                yield from filter(None, (left, *(text for text, _ in lines)))
            case Sides(left, right):
                for line in (*left[1:], *right[1:]):
                    yield from line.strip().removeprefix("= ").split(" = ", 1)
            case Moves(moves=moves):
                for move in moves:
                    yield from filter(None, (move.entry, move.slope_text, move.upstream_text))
            case _:  # sentences, and pictures
                pass


def bare(written: str) -> str:
    """Leave out how a formula is laid out, on one line or on several."""
    return LAID_OUT.sub("", written).replace("{-}", "-")


# --- what is in them ----------------------------------------------------------------------------


@pytest.mark.parametrize(("stem", "name"), CASES)
def test_every_formula_of_the_record_is_in_both(stem: str, name: str) -> None:
    explanation, report = explained(stem, name)
    writer = writer_of(explanation, report)
    latex, page = bare(latex_of(stem, name)), bare(markdown_of(stem, name))
    written = page.replace(r"\thinspace", r"\,")
    for text in formulas_of(explanation):
        assert bare(writer.text(text)) in latex or bare(writer.within.text(text)) in latex, text
        assert bare(writer.text(text)) in written or bare(writer.within.text(text)) in written


def matrices(explanation: Explanation) -> list[Matrix]:
    numbers = [block for block in blocks_of(explanation) if isinstance(block, Numbers)]
    return [matrix for block in numbers for matrix in block.matrices]


@pytest.mark.parametrize(("stem", "name"), CASES)
def test_matrices_can_be_read_back_from_latex(stem: str, name: str) -> None:
    explanation, _ = explained(stem, name)
    found = [
        [[float(entry) for entry in row.split("&")] for row in inside.split(r"\\")]
        for inside in ARRAY.findall(latex_of(stem, name))
    ]
    stacks = [
        np.reshape(each.entries, (-1, *each.size[-2:]) if len(each.size) > 1 else (1, 1, -1))
        for each in matrices(explanation)
        if len(each.entries) > 1
    ]
    rows = [page.tolist() for stack in stacks for page in stack]
    assert len(found) == len(rows)
    for read, given in zip(found, rows, strict=True):
        assert np.allclose(read, given, atol=5e-4)


@pytest.mark.parametrize(("stem", "name"), CASES)
def test_sums_of_what_moves_are_in_both(stem: str, name: str) -> None:
    explanation, _ = explained(stem, name)
    moves = [block for block in blocks_of(explanation) if isinstance(block, Moves)]
    assert moves
    for block in moves:
        for page in (bare(latex_of(stem, name)), bare(markdown_of(stem, name))):
            assert f"={number(block.total)}\\checkmark" in page
            for move in block.moves:
                assert f"{number(move.slope)}" in page
                assert f"={number(move.product)}" in page or not move.upstream_text


@pytest.mark.parametrize(("stem", "name"), CASES)
def test_a_grid_has_a_square_for_each_entry_that_is_not_zero(stem: str, name: str) -> None:
    explanation, _ = explained(stem, name)
    grids = [block for block in blocks_of(explanation) if isinstance(block, Grid)]
    expected = sum(sum(map(sum, grid.cells)) for grid in grids)
    legends = sum(line.startswith("■") for grid in grids for line in grid.legend)
    assert latex_of(stem, name).count(r"\blacksquare") == expected + legends
    assert markdown_of(stem, name).count("■") == expected + legends


def test_a_walk_has_an_arrow_along_and_one_against() -> None:
    explanation, _ = explained("two_layer", "A1")
    (walk,) = [block for block in blocks_of(explanation) if isinstance(block, Walked)]
    document = latex_of("two_layer", "A1")
    assert [edge.along for edge in walk.edges] == [False, True]
    assert document.count(r"\vector(-1,0)") == 1
    assert document.count(r"\vector(1,0)") == 3  # along, and the walk itself
    assert r"against: $W_2^\top$" in document


@pytest.mark.parametrize(("stem", "name"), CASES)
def test_every_level_says_how_it_was_checked(stem: str, name: str) -> None:
    explanation, _ = explained(stem, name)
    document, page = latex_of(stem, name), markdown_of(stem, name)
    for step in explanation.steps:
        for level in step.levels:
            assert f"Checked: {level.check}." in document
            assert f"✓ *Checked: {level.check}.*" in page
            assert re.search(rf"^##+ {level.number}\. ", page, re.MULTILINE)
    shown = sum(not step.alike for step in explanation.steps)
    assert document.count(r"\textbf{CHECKED}") == page.count("> **Checked**") == shown


def test_titles_are_sentences() -> None:
    assert title_of("THE ONLY WALK FROM p TO q") == "The only walk from p to q"
    assert title_of("THE WHOLE JACOBIAN") == "The whole Jacobian"


# --- how formulas are written -------------------------------------------------------------------

WRITER = MathWriter({"A", "B", "W2", "dZ2", "c", "s", "m", "X", "A2", "k"}, {"m", "k"})


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("W2.T @ dZ2", r"W_2^\top \, dZ_2"),
        ("-dc / s**2", r"- \frac{dc}{s^{2}}"),
        ("-c / (m * A2)", r"- \frac{c}{m \cdot A_2}"),
        ("A * (X > 0)", r"A \odot (X > 0)"),
        ("W2[i,p] δ[j,q]", r"W_2[i, p] \, \delta_{j, q}"),
        ("(1 - c)**(1 / 2)", r"(1 - c)^{\frac{1}{2}}"),
        ("sum(dZ2, axis=-1)", r"\operatorname{sum}(dZ_2, \mathrm{axis}{=}{-} 1)"),
        ("inv(A).T", r"{\operatorname{inv}(A)}^\top"),
        ("(f∘g)*", r"(f \circ g)^\ast"),
        ("(km, 1)", "(k m, 1)"),
        ("Σij A[i,j]", r"\sum_{i, j} A[i, j]"),
    ],
)
def test_formulas_are_those_of_books(text: str, latex: str) -> None:
    assert WRITER.text(text) == latex


def test_in_a_sentence_a_slash_stands_for_the_bar() -> None:
    assert WRITER.within.text("(A - B) / m") == "(A - B) / m"
    assert WRITER.within.text("c / (m * A2)") == r"c / (m \cdot A_2)"
    assert WRITER.within.text("∂J/∂X") == r"\frac{\partial J}{\partial X}"


def test_a_sum_that_is_too_wide_is_broken_before_a_sign() -> None:
    long = " + ".join(["A[i,j] B[j,k]"] * 12)
    written = chain(Lines("X", ((long, "as it is"),)), WRITER)
    lines = written.splitlines()
    assert len(lines) > 3
    assert all("+" in line[:12] for line in lines[2:-2])
    assert bare(WRITER.text(long)) in bare(written)


def test_signs_of_latex_are_escaped() -> None:
    assert escaped("50% of a_b & <c> ~ \\d") == (
        r"50\% of a\_b \& $<$c$>$ \textasciitilde{} \textbackslash{}d"
    )
    assert carried("é Ж") == r"\text{é} \text{U+0416}"


# --- as others read them ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parser() -> Any:
    return pytest.importorskip("matplotlib.mathtext").MathTextParser("path")


@pytest.fixture(scope="module")
def seen() -> set[str]:
    """Hold the formulas that were read already: each takes milliseconds."""
    return set()


@pytest.mark.parametrize(("stem", "name"), CASES)
def test_all_mathematics_is_read(parser: Any, seen: set[str], stem: str, name: str) -> None:
    explanation, report = explained(stem, name)
    writer = writer_of(explanation, report)
    every = {writer.text(text) for text in formulas_of(explanation)}
    found = {latex for latex in every if r"\begin" not in latex}
    for page in (latex_of(stem, name).split(r"\begin{document}")[1], markdown_of(stem, name)):
        found |= {each for line in page.splitlines() for each in INLINE.findall(line)}
    for latex in found - seen:
        plain = latex.replace(r"\allowbreak", "").replace(r"\thinspace", r"\,")
        try:
            parser.parse(f"${plain}$")
        except ValueError as error:
            raise AssertionError(f"{latex}: {str(error).splitlines()[-1]}") from None
    seen |= found


def compiled(document: str, folder: Path) -> str:
    """Return the log of pdflatex."""
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("pdflatex is not installed")
    (folder / "handout.tex").write_text(document, encoding="utf-8")
    run = subprocess.run(
        [program, "-interaction=nonstopmode", "-halt-on-error", "handout.tex"],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    assert run.returncode == 0, run.stdout[-2000:]
    assert (folder / "handout.pdf").exists()
    return run.stdout


def assert_fits(log: str) -> None:
    over = [float(points) for points in re.findall(r"Overfull \\[hv]box \(([\d.]+)pt", log)]
    assert max(over, default=0) < MOST_OVERFULL


@pytest.mark.parametrize("case", COMPILED)
def test_documents_compile_and_fit_their_pages(case: str, tmp_path: Path) -> None:
    stem, _, name = case.partition("-")
    assert_fits(compiled(latex_of(stem, name), tmp_path))


def test_odd_names_compile(tmp_path: Path) -> None:
    pages = [latex_fragment(*told(NAMED, each, "a_b%#.yaml")) for each in ("W_out", "Ж", "alpha")]
    head = r"\documentclass{article}\usepackage{amsmath,amssymb,graphicx}\begin{document}"
    log = compiled("\n".join([head, *pages, r"\end{document}"]), tmp_path)
    assert "Missing character" not in log


# --- Markdown -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("stem", "name"), CASES)
def test_markdown_is_whole(stem: str, name: str) -> None:
    page = markdown_of(stem, name)
    parts = re.split(r"^```(?:text)?$", page, flags=re.MULTILINE)
    assert len(parts) % 2 == 1  # each fence is closed
    words = "".join(parts[::2])
    displays = words.split("$$")
    assert len(displays) % 2 == 1
    for line in "".join(displays[::2]).splitlines():
        left = INLINE.sub("", line)
        assert "$" not in left.replace(r"\$", "")
        for formula in INLINE.findall(line):
            assert not re.search(r"\\[,;:!{}|]|\*", formula), formula  # Markdown would take them
    for table in re.findall(r"(?:^\|.*\|\n)+", words, re.MULTILINE):
        assert len({row.count("|") for row in table.splitlines()}) == 1


def test_markdown_in_ascii() -> None:
    page = markdown_of("two_layer", "A1", Look(ascii=True, encoding="ascii"))
    assert page.isascii()
    assert "+----------+" in page


# --- the command line ---------------------------------------------------------------------------


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "shapecalc", "explain", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_a_handout_goes_to_a_file_or_to_standard_output(tmp_path: Path) -> None:
    file = tmp_path / "handout.tex"
    asked = ("specs/two_layer.yaml", "--wrt", "A1", "--to")
    found = run(*asked, "latex", "--output-file", str(file))
    assert (found.returncode, found.stdout) == (0, "")
    assert file.read_text(encoding="utf-8") == latex_of("two_layer", "A1")
    found = run(*asked, "markdown", "--level", "4")
    assert found.returncode == 0
    assert re.findall(r"^## (\d)", found.stdout, re.MULTILINE) == ["4"]


def test_a_spec_with_an_error_leaves_no_file(tmp_path: Path) -> None:
    file = tmp_path / "handout.md"
    to = ("--to", "markdown", "--output-file", str(file))
    found = run("specs/bad/inner_dims.yaml", "--wrt", "W1", *to)
    assert found.returncode == 2
    assert "error[SC301]" in found.stdout
    assert not file.exists()
    found = run("specs/two_layer.yaml", "--wrt", "A1", "--to", "latex", "--output-file", "/no/x")
    assert found.returncode == 2
    assert "cannot write /no/x" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "latex"), "needs --wrt NAME"),
        (("--wrt", "A1", "--to", "latex", "--output-format", "json"), "cannot be used with"),
    ],
)
def test_what_clashes_is_a_usage_error(arguments: tuple[str, ...], said: str) -> None:
    found = run("specs/two_layer.yaml", *arguments)
    assert found.returncode == 2
    assert said in " ".join(found.stderr.split())
