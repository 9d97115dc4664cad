"""Mistakes at the `derive` command line: each is answered by what to write instead."""

import pytest
from typer.testing import CliRunner

from shapecalc import api, cli
from shapecalc.spec.lines import Expression

runner = CliRunner()


def said(expression: str, wrt: str, shapes: str) -> str:
    given = [part for each in shapes.split() for part in ("--shape", each)]
    result = runner.invoke(cli.app, ["derive", expression, "--wrt", wrt, *given])
    return " ".join((result.stdout + result.stderr).split())


@pytest.mark.parametrize(
    ("expression", "shapes", "answer"),
    [
        ("x @ B", "x=m,n B=m,k", "write `x.T @ B`, or give `--shape x=n,m`"),
        ("x * B", "x=m,n B=n,k", "write `x @ B` for a matrix product"),
        ("A * x", "A=m,n x=m", "write `--shape x=m,1`"),
        ("sum(|x|)", "x=n", "write `abs(x)`, or `det(X)` of a matrix"),
        ("||x||", "x=n", "write `norm(x)`"),
        ("x.T A x", "x=n,1", "expected an operator between `.T` and `A` --> <expression>:1:5"),
        ("x.T A x", "x=n,1", "write `.T @ A`"),
        ("Y = A @ x", "x=n", "write the right side alone, `A @ x`"),
        ("eig(x)", "x=n,n", "`eig` is not supported in this version"),
        ("eig(x)", "x=n,n", "write its formula, or a name for its result"),
        ("A[x]", "x=k A=m,n", "differentiate by another name"),
        ("max(stack([x, x]), axis=0)", "x=n", "entries that are always equal"),
        ("where(z, y, minimum(elu(x), x))", "x=n y=n z=n", "it compares entries that are"),
        ("*".join(["x"] * 190), "x=", "the expression is too deep"),
    ],
)
def test_mistake_is_answered_by_what_to_write(expression: str, shapes: str, answer: str) -> None:
    page = said(expression, "x", shapes)
    assert answer in page
    assert "SC902" not in page


@pytest.mark.parametrize(
    ("expression", "kink"),
    [
        ("sum(relu(A @ x))", "at A @ x = 0: 0 by convention"),
        ("sum(abs(x - y))", "at x - y = 0: 0 by convention"),
        ("max(A @ x)", "where entries tie for the largest: 1 for each, by convention"),
        ("norm(x - y)", "where the norm is not 0"),
    ],
)
def test_kink_of_a_composed_operand_is_stated(expression: str, kink: str) -> None:
    assert kink in said(expression, "x", "A=m,n x=n y=n")


def derived(expression: str, wrt: str, shapes: str) -> tuple[str, str]:
    pairs = tuple((each.split("=")[0], each.split("=")[1]) for each in shapes.split())
    found = api.derive(Expression(expression, wrt, pairs), "<expression>").derived
    assert found is not None
    assert found.differential is not None or found.numerator.formula is not None
    formula = found.numerator.formula or found.differential
    assert formula is not None
    return found.index_form, formula.numpy


@pytest.mark.parametrize(
    ("expression", "shapes", "entry"),
    [
        ("(s + t) * A / 3", "A=m,n s= t=", "(s + t) δ[i,p] δ[j,q] / 3"),
        ("A / (s + t)", "A=m,n s= t=", "δ[i,p] δ[j,q] / (s + t)"),
        ("a * sum(A, axis=0)", "A=m,n a=", "a δ[i,q]"),
        ("sum(A @ C, axis=0) + b", "A=n,n C=n,m b=m", "C[q,i]"),
        ("a * sum(A @ C)", "A=m,n C=n,k a=", "Σb a C[q,b]"),
        ("mean(A)", "A=4", "1 / 4"),
        ("A[-1]", "A=4", "δ[p,3]"),
        ("roll(A, 1, axis=0)", "A=4", "δ[i,p+1 mod 4]"),
    ],
)
def test_index_form_says_what_it_means(expression: str, shapes: str, entry: str) -> None:
    assert derived(expression, "A", shapes)[0] == entry


def test_what_stands_for_a_name_in_the_differential_is_said() -> None:
    asked = Expression(
        "softmax(A @ X @ B + C, axis=0)",
        "X",
        (("A", "m,n"), ("X", "n,k"), ("B", "k,h"), ("C", "m,h")),
    )
    found = api.derive(asked, "<expression>").derived
    assert found is not None
    assert found.differential is not None
    assert "Y" in found.differential.numpy
    assert [name for name, _ in found.where] == ["Y"]


def test_product_of_masks_is_a_number_in_numpy() -> None:
    assert derived("relu6(x)", "x", "x=")[1] == "np.where((x > 0) * (x < 6), 1, 0)"


def test_index_picks_rows_of_what_is_differentiated() -> None:
    assert derived("A[idx]", "A", "A=m,n idx=k")[0] == "one_hot(idx, m)[i,p] δ[j,q]"
