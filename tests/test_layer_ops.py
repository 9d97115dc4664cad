"""Ops that stand for a whole layer: attention in matrices, channels standardized in groups."""

import numpy as np
import pytest
from checking import report_on
from oracles import SIZES, Step, derivatives, derived, executed, world_of

from shapecalc.matrix.printing import text
from shapecalc.ops.build import Misfit

QKV = "Q=b,m,n K=b,k,n V=b,k,h"
SHARES = "softmax(Q @ K.mT / sqrt(n), axis=2)"


def formula(written: str, shapes: str, wrt: str) -> str:
    return text(derivatives(Step(written, shapes), wrt)[0].formula)


def test_gradients_of_attention_are_those_of_its_expansion_in_matrices() -> None:
    for name, end in (("Q", ") @ K / sqrt(n)"), ("K", ").mT @ Q / sqrt(n)"), ("V", ".mT @ dR")):
        found = formula("scaled_dot_product_attention(Q, K, V)", QKV, name)
        assert found == formula(f"{SHARES} @ V", QKV, name)
        assert found.endswith(end)
        assert "einsum" not in found
        assert "squeeze" not in found


def test_causal_attention_has_the_gradient_of_softmax_over_what_came_before() -> None:
    written = "F.scaled_dot_product_attention(Q, K, V, is_causal=True)"
    shares = "masked_softmax(Q @ K.mT / sqrt(n), tril(ones(m, k)), axis=2)"
    assert formula(written, QKV, "V") == f"{shares}.mT @ dR"
    assert formula(written, QKV, "Q") == formula(
        "scaled_dot_product_attention(Q, K, V)", QKV, "Q"
    ).replace(SHARES, shares)


def test_no_gradient_comes_from_an_earlier_position_under_a_causal_mask() -> None:
    step = Step("F.scaled_dot_product_attention(X, X, V, is_causal=True)", "X=n,m V=n,h")
    world = world_of(step)
    first = np.zeros_like(world.values["dR"])
    first[:2] = world.values["dR"][:2]
    for one in derived(step):
        moved = executed(one.formula, world._replace(values={**world.values, "dR": first}))
        assert not moved[2:].any()
        assert moved[:2].any()


def test_masked_softmax_is_softmax_where_the_others_are_minus_infinity() -> None:
    step = Step("masked_softmax(X, tril(ones(m, n)), axis=1)", "X=m,n")
    world = world_of(step)
    scores = np.where(np.tril(np.ones((3, 5))) > 0, world.values["X"], -np.inf)
    truth = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    (one,) = derived(step)
    np.testing.assert_allclose(world.at(one.equation), truth, rtol=1e-12)
    assert text(one.formula) == "R * (dR - sum(dR * R, axis=1, keepdims=True))"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("scaled_dot_product_attention(Q, K, V, M, is_causal=True)", "keep one of them"),
        ("F.scaled_dot_product_attention(Q, K, V, dropout_p=0.1)", "dropout(P, M, p=…)"),
        ("scaled_dot_product_attention(v, K, V)", "two axes or more"),
        ("group_norm(X, v, groups=3)", ""),
        ("group_norm(X, M, groups=2)", "with one axis"),
        ("group_norm(v, groups=2)", "(examples, channels, positions)"),
        ("instance_norm(M)", "(examples, channels, positions)"),
    ],
)
def test_layer_that_is_not_read_says_what_to_write(written: str, said: str) -> None:
    with pytest.raises(Misfit) as caught:
        derived(Step(written, f"{QKV} M=m,k v=n X=m,2*k,h"))
    assert said in caught.value.mismatch.help


def test_attention_without_a_mask_is_written_with_none() -> None:
    (one,) = derivatives(Step("scaled_dot_product_attention(Q, K, V, None)", QKV), "V")
    (other,) = derivatives(Step("scaled_dot_product_attention(Q, K, V, mask=None)", QKV), "V")
    assert one.formula is other.formula
    assert text(one.formula) == f"{SHARES}.mT @ dR"


SPEC = """
dims: {b: 2, t: 5, d: 12}
inputs: {X: [b, t, d]}
params: {Wq: [d, 3], Wk: [d, 3], Wv: [d, d]}
forward: |
  Q = X @ Wq
  K = X @ Wk
  V = X @ Wv
  H = F.scaled_dot_product_attention(Q, K, V, is_causal=True)
  J = mean(H**2)
gradients: |
  dV = masked_softmax(Q @ K.mT / sqrt(3), tril(ones(t, t)), axis=-1).mT @ dH
  dWv = sum(X.mT @ dV, axis=0)
  dWq = sum(X.mT @ dQ, axis=0)
"""


def test_attention_in_one_step_is_checked_in_all_three_ways() -> None:
    report = report_on(SPEC)
    assert [claim.verdict for claim in report.claims] == ["right"] * 3
    for gradient in report.gradients:
        assert gradient.checked.exact is not None, gradient.wrt
        assert gradient.checked.components is not None, gradient.wrt


def test_group_norm_of_one_group_is_layer_norm_of_all_that_an_example_has() -> None:
    step = Step("group_norm(X, groups=1, eps=0.1)", "X=m,n,k")
    world = world_of(step)
    X = world.values["X"]
    axes = (1, 2)
    standard = (X - X.mean(axes, keepdims=True)) / np.sqrt(X.var(axes, keepdims=True) + 0.1)
    (one,) = derived(step)
    np.testing.assert_allclose(world.at(one.equation), standard, rtol=1e-12)
    assert X.shape == (SIZES["m"], SIZES["n"], SIZES["k"])


GROUPS = """
dims: {b: 4, c: 32, h: 7}
inputs: {X: [b, c, h]}
params: {g: [c], s: [c]}
forward: |
  Y = group_norm(X, g, s, groups=8)
  J = mean(Y**3)
gradients: |
  ds = sum(dY, axis=(0, 2))
  dX = dY
"""


@pytest.mark.parametrize("turned", [False, True])
def test_gradient_through_groups_has_the_three_terms_of_any_norm(turned: bool) -> None:
    """Read as a whole it would move each of its terms out of the groups by itself."""
    written = f"layout: numerator\n{GROUPS}" if turned else GROUPS
    report = report_on(written, asked=["X"])
    (gradient,) = [each for each in report.gradients if each.wrt == "X"]
    by_groups = "[b, 8, c/8, h]"
    upstream = "dY.mT" if turned else "dY"
    moved = f"reshape({upstream} * expand_dims(g, axis=1), {by_groups})"
    standard = f"standardize(reshape(X, {by_groups}), axis=(2, 3))"
    axes = "axis=(2, 3), keepdims=True"
    assert gradient.formula.text == (
        f"reshape(({moved} - mean({moved}, {axes}) - {standard} * mean({moved} * {standard},"
        f" {axes})) / sqrt(var(reshape(X, {by_groups}), {axes}) + 0.00001), [b, c, h])"
        + ".mT"
        * turned
    )
    assert gradient.checked.canonical
    assert gradient.checked.exact is not None
    assert "8 divides c" in report.assumptions
