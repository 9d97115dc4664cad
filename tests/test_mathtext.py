"""Formulas as trees: nothing is lost, and in sentences formulas are told from words."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecalc.render.mathml import math
from shapecalc.render.mathprose import Code, Formula, sentence
from shapecalc.render.mathtext import (
    Call,
    Fraction,
    Indexed,
    Name,
    Power,
    Raised,
    formula,
    plain,
    tokens,
)

GOLDEN = Path(__file__).resolve().parent / "golden" / "explain"
LINES = sorted(
    {line for file in GOLDEN.glob("*.txt") for line in file.read_text("utf-8").splitlines()}
)
VALUES = {"X", "W1", "b1", "Z1", "A1", "W2", "b2", "Z2", "A2", "A", "mu", "J"}
NAMES = VALUES | {f"d{name}" for name in VALUES} | set("nhkm")
SHOWN = str.maketrans("Σ⁰¹²³⁴⁵⁶⁷⁸⁹⁻−ᵀ", "∑0123456789--T", " \xa0()/.")


def marked(text: str) -> str:
    """Put braces around the formulas of a sentence, and bars around code."""
    found = ""
    for piece in sentence(text, NAMES):
        match piece:
            case Formula(nodes):
                found += f"{{{plain(nodes)}}}"
            case Code(code):
                found += f"|{code}|"
            case _:
                found += piece.text
    return found


def read(written: str) -> ElementTree.Element:
    return ElementTree.fromstring(written)  # noqa: S314 (our own formula)


def shown(written: str) -> str:
    return spelled("".join(read(written).itertext()))


def spelled(text: str) -> str:
    """Leave out what MathML shows by where it stands: bars, brackets at them, roots."""
    return text.translate(SHOWN).replace("sqrt", "").replace("**", "")


def test_no_line_of_an_explanation_loses_a_character() -> None:
    assert len(LINES) > 500
    for line in LINES:
        assert plain(formula(line)) == line
        assert plain(formula(line, NAMES)) == line
        assert marked(line).translate(str.maketrans("", "", "{}|")) == line.replace("|", "")


@given(st.text(alphabet="AWdZ2bm [](){}⟨⟩.,-+**/@=Σ∂δᵀ⁻¹`:\n<&xé", max_size=40))
def test_any_text_has_a_tree(text: str) -> None:
    assert "".join(token.text for token in tokens(text)) == text
    assert plain(formula(text, NAMES)) == text
    pieces = sentence(text, NAMES)
    found = (plain(each.nodes) if isinstance(each, Formula) else each.text for each in pieces)
    assert "".join(found) == text
    assert shown(math(formula(text, NAMES))) == spelled(re.sub(r"\s", "", text))


@pytest.mark.parametrize("is_display", [False, True])
def test_mathml_has_all_that_the_formula_has(is_display: bool) -> None:
    for line in LINES:
        written = math(formula(line, NAMES), is_display=is_display)
        assert shown(written) == spelled(line)
        assert read(written).attrib["alttext"] == line.strip()


def test_a_gradient_is_d_and_a_name_with_its_number() -> None:
    assert formula("dZ2") == (Name("d", "Z", "2"),)
    assert formula("dmu", NAMES) == (Name("d", "mu", ""),)
    assert formula("W2.T") == (Raised(Name("", "W", "2"), ".T"),)


def test_a_derivative_is_a_fraction() -> None:
    (node,) = formula("∂Z2[i,j]/∂A1[p,q]")
    assert isinstance(node, Fraction)
    assert plain(node.over) == "∂Z2[i,j]"
    assert plain(node.under) == "∂A1[p,q]"


@pytest.mark.parametrize(
    ("text", "over", "under"),
    [
        ("dS @ K / sqrt(e)", "dS @ K", "sqrt(e)"),
        ("-Y / (m * A2)", "Y", "(m * A2)"),
        ("dmu / m + dD", "dmu", "m"),
        ("Σi dN[i,p] N[i,p] / s[p]", "dN[i,p] N[i,p]", "s[p]"),
        ("dN[p,q] - N[p,q] / s[q]", "N[p,q]", "s[q]"),
        ("-dc / s**2", "dc", "s**2"),
        ("c**2 / m", "c**2", "m"),
    ],
)
def test_a_bar_is_over_the_product_before_the_slash(text: str, over: str, under: str) -> None:
    (node,) = (each for each in formula(text, NAMES) if isinstance(each, Fraction))
    assert (plain(node.over), plain(node.under)) == (over, under)


@pytest.mark.parametrize("text", ["c**2", "2**n", "c**-0.5", "(1 - c)**(1 / 2)", "X.T**2"])
def test_powers_hold_their_exponent(text: str) -> None:
    assert [type(node) for node in formula(text)] == [Power]
    assert plain(formula(text)) == text


def test_a_star_is_an_adjoint_of_a_map_alone() -> None:
    (adjoint,) = formula("f*")
    assert adjoint == Raised(Name("", "f", ""), "*")
    assert all(not isinstance(node, Raised) for node in formula("A*(1 - A)", NAMES))
    assert all(not isinstance(node, Raised) for node in formula("f*(1 - A)", {*NAMES, "f"}))


def test_calls_and_entries() -> None:
    (call,) = formula("sum(dZ2, axis=1, keepdims=True)", NAMES)
    (entry,) = formula("(Z1 > 0)[i,j]", NAMES)
    assert isinstance(call, Call)
    assert isinstance(entry, Indexed)


@pytest.mark.parametrize(
    "text",
    [
        "{∂J/∂A1 = ∂J/∂Z2 · ∂Z2/∂A1} reads like {dZ2 @ W2}, but that does not conform:",
        "A product takes rows of its left factor. {p} comes first in {dA1[p,q]}.",
        "A fit is no reason, though: where {h = k = m} both run, and only one is right.",
        "{p} belongs to {A}: so {A} stands in front. The columns of {A} are the rows of {A.T}.",
        "{A} is used 2 times. Raise {A} by a small {t}. What moves?",
        "Four indices, {(k, m, h, m)}, here {2 × 3 × 5 × 3 = 90} entries.",
        "One is the other transposed: {(dZ2.T @ W2).T = W2.T @ dZ2}, by {(AB)ᵀ = BᵀAᵀ}.",
        "Here, columns stacked: {vec(dA1) = (I ⊗ W2)ᵀ vec(dZ2)}.",
        "but {dW2 = dZ2 @ A1.T} has it in front (|--wrt W2| says why).",
        "What is linear goes to the other side of {⟨ , ⟩}: {(f∘g)* = g*∘f*}. There is the order.",
        "Where {h = k = m} all 8 do, and the other 6 are wrong. |`check --step Z2:A1`| lists them.",
        "For matrices that is a trace, {tr(dZ2ᵀ …)}.",
        "{(1, km)(km, km)(km, hm) → (1, hm)}",
        "{dA1[p,q] = Σij dZ2[i,j] W2[i,p] δ[j,q]}",
        "{δ} puts {q} for {j}, of |A2:Z2|",
        "So it is * here, and not @.",
        "Adjoints reverse a chain, {(f∘g)* = g*∘f*}: so it runs from the loss.",
        "(A text that leaves it out has {1/m} here.)",
        "The numerator layout has that of {A1[p,q]} at {[q,p]}, the other one at {[p,q]}.",
        "numbers commute; matrices do not",
    ],
)
def test_formulas_are_told_from_words(text: str) -> None:
    given = text.translate(str.maketrans("", "", "{}|"))
    assert marked(given) == text
