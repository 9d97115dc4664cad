"""LaTeX compiles: every op, every derivation of the tests, every kind of name."""

import re
from typing import Any

import pytest
from oracles import all_steps, tree_of
from test_derive import FUNCTIONS, TABLE, derived, of_functions
from test_derive_formats import EXPRESSIONS

from shapecalc.matrix.latex import latex_dim, latex_name, latex_text
from shapecalc.records import Derived
from shapecalc.render.markdown import markdown

mathtext = pytest.importorskip("matplotlib.mathtext")
MATHS = re.compile(r"\$\$\n(.+?)\n\$\$|\$(.+?)\$", re.DOTALL)
CASES = [*(case[:3] for case in TABLE), *EXPRESSIONS]


@pytest.fixture(scope="module")
def parser() -> Any:
    return mathtext.MathTextParser("path")


def assert_compiles(parser: Any, latex: str) -> None:
    try:
        parser.parse(f"${latex}$")
    except ValueError as error:
        raise AssertionError(f"{latex}: {str(error).splitlines()[-1]}") from None


def formulas_of(found: Derived) -> list[str]:
    """Return the formulas in LaTeX, and those of the page in Markdown."""
    laid = (found.numerator.formula, found.denominator.formula, found.differential)
    page = markdown(found, layout="both", stacked="columns")
    maths = [block or inline for block, inline in MATHS.findall(page)]
    return [formula.latex for formula in laid if formula is not None] + maths


@pytest.mark.parametrize("wrong", [r"\frac{a", r"\nosuch{x}", "a_b_c", r"\left(x"])
def test_what_does_not_compile_is_seen(parser: Any, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_compiles(parser, wrong)


def test_every_op_compiles(parser: Any) -> None:
    every = {latex_text(tree_of(*step)) for step in all_steps()}
    for latex in every:
        assert_compiles(parser, latex)
    assert len(every) > 100


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} by {case[1]}")
def test_every_derivation_compiles(parser: Any, case: tuple[str, str, str]) -> None:
    for latex in formulas_of(derived(*case)):
        assert_compiles(parser, latex)


@pytest.mark.parametrize("case", FUNCTIONS, ids=lambda case: str(case[0]))
def test_every_derivation_by_functions_compiles(parser: Any, case: Any) -> None:
    found = of_functions(*case[:4])
    for latex in formulas_of(found):
        assert_compiles(parser, latex)
    assert r"\partial" in "".join(formulas_of(found))


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("W", "W"),
        ("W2", "W_2"),
        ("W_1", "W_1"),
        ("dZ2", "dZ_2"),
        ("W_12", "W_{12}"),
        ("W_out", r"W_{\mathrm{out}}"),
        ("W_out_2", r"W_{\mathrm{out\_2}}"),
        ("x_hat", r"\hat{x}"),
        ("dx_bar", r"\bar{dx}"),
        ("x_prime", "x'"),
        ("gamma", r"\gamma"),
        ("dbeta", r"d\beta"),
        ("delta", r"\delta"),
        ("theta1", r"\theta_1"),
        ("σ_x", r"\sigma_x"),
        ("W_σ", r"W_{\sigma}"),
        ("mean", r"\operatorname{mean}"),
        ("x_", r"\operatorname{x\_}"),
        ("_x", r"\operatorname{\_x}"),
    ],
)
def test_names_are_set_as_people_write_them(parser: Any, name: str, latex: str) -> None:
    assert latex_name(name) == latex
    assert_compiles(parser, f"{{{latex}}}^\\top")
    assert_compiles(parser, latex_dim(f"2*{name}"))


def test_tops_of_powers_and_quotients_are_in_parentheses() -> None:
    assert latex_text(tree_of("inv(X).T", "X=n,n")) == r"{\left({X}^{-1}\right)}^\top"
    assert latex_text(tree_of("du_dx.T", "du_dx=k,n")).startswith(r"{\left(\frac{\partial u}")
    assert latex_text(tree_of("(1 / 3)**n * x", "x=n")).startswith(r"{\left(\frac{1}{3}\right)}^")


def test_signs_are_those_of_books() -> None:
    assert latex_text(tree_of("norm(x)", "x=n")) == r"\left\Vert x \right\Vert"
    assert latex_text(tree_of("abs(x)", "x=n")) == r"\left\vert x \right\vert"
    assert latex_text(tree_of("trace(X)", "X=n,n")) == r"\operatorname{tr}\left(X\right)"
    assert latex_text(tree_of("eye(n)", "x=n")) == "I_{n}"
    assert latex_text(tree_of("kron(A, B)", "A=m,n B=n,k")) == r"A \otimes B"
