"""Gradients of whole networks as a person writes them: what several uses add up to."""

from typing import Any

import pytest
from checking import json_of, judged, report_on

HEAD = "dims: [m, n, k]\nbatch: m\nconstants: {eps: 1.0e-5, reg: 0.1}\n"
SOFTMAX_BY_HAND = """\
params: {Z: [m, k]}
upstream: [P]
forward: |
  P = np.exp(Z) / np.sum(np.exp(Z), axis=1, keepdims=True)
"""
BATCH_NORM = """\
params: {X: [m, n]}
upstream: [N]
forward: |
  N = (X - mean(X, axis=0)) / sqrt(var(X, axis=0) + eps)
"""
BESIDE_A_RESIDUAL = """\
params: {X: [m, n], W: [n, n]}
upstream: [Y]
forward: |
  N = standardize(X, axis=1, eps=eps)
  Y = X + N @ W
"""
SCALED = """\
params: {X: [m, n], g: [n]}
upstream: [Y]
forward: |
  Y = batch_norm(X, g, axis=0, eps=eps)
"""
PENALTY = """\
inputs: {X: [m, n], Y: [m, k]}
params: {W: [n, k]}
forward: |
  Z = X @ W
  L = softmax_cross_entropy(Z, Y, axis=1)
  R = reg * sum(W**2)
  J = L + R
loss: J
"""
TWO_ACTIVATIONS = """\
inputs: {X: [m, n], Y: [m, k]}
params: {W: [n, k]}
forward: |
  A = sigmoid(X @ W)
  L = binary_cross_entropy(A, Y)
  J = 2 * L
loss: J
"""
TOTALS = [
    (SOFTMAX_BY_HAND, "Z", "P * (dP - sum(dP * P, axis=1, keepdims=True))"),
    (
        BATCH_NORM,
        "X",
        (
            "(dN - mean(dN, axis=0, keepdims=True) - N * mean(dN * N, axis=0, keepdims=True))"
            " / sqrt(var(X, axis=0) + eps)"
        ),
    ),
    (
        BESIDE_A_RESIDUAL,
        "X",
        (
            "(dN - mean(dN, axis=1, keepdims=True) - N * mean(dN * N, axis=1, keepdims=True))"
            " / sqrt(var(X, axis=1, keepdims=True) + eps) + dY"
        ),
    ),
    (PENALTY, "Z", "(softmax(Z, axis=1) - Y) / m"),
    (PENALTY, "W", "X.T @ dZ + 2 * reg * W"),
    (TWO_ACTIVATIONS, "A", "dL * ((1 - Y) / (1 - A) - Y / A) / (m * k)"),
]


def gradients(spec: str) -> dict[str, Any]:
    """Return what the JSON has on each gradient, by the value's name."""
    found = json_of(report_on(HEAD + spec))["gradients"]
    return {each["wrt"]: each for each in found}


@pytest.mark.parametrize(("spec", "wrt", "formula"), TOTALS)
def test_total_is_as_short_as_a_person_writes_it(spec: str, wrt: str, formula: str) -> None:
    gradient = gradients(spec)[wrt]
    assert gradient["formula"]["text"] == formula
    assert gradient["checked"]["canonical"]
    assert gradient["checked"]["exact"] is not None


def test_scale_of_a_norm_stands_in_front_of_its_three_terms() -> None:
    formula = gradients(SCALED)["X"]["formula"]["text"]
    assert formula.startswith("g * (dY - mean(dY, axis=0, keepdims=True) - standardize(")


def test_gradient_of_a_term_of_the_loss_is_1_and_is_named_nowhere() -> None:
    found = gradients(PENALTY)
    assert found["L"]["formula"]["text"] == found["R"]["formula"]["text"] == "1"
    assert not any("dL" in each["formula"]["text"] for each in found.values())


def test_gradient_of_a_term_of_the_loss_may_be_claimed_and_used() -> None:
    verdicts = judged(HEAD + PENALTY, dL="1", dZ="dL * (softmax(Z, axis=1) - Y) / m")
    assert {each.verdict for each in verdicts.values()} == {"right"}


def test_loss_that_is_scaled_keeps_its_factor() -> None:
    """The gradient of L is 2, not 1: the activation is no link of its own with the loss."""
    found = gradients(TWO_ACTIVATIONS)
    assert found["L"]["formula"]["text"] == "2"
    claims = judged(HEAD + TWO_ACTIVATIONS, dW="2 * X.T @ (A - Y) / (m * k)")
    assert claims["dW"].verdict == "right"


def test_claim_may_write_out_what_has_a_name() -> None:
    """N is used for what it is made of; a claim that spells it out is right all the same."""
    spelled = """\
params: {D: [m, n], s: [n]}
upstream: [N]
forward: |
  N = D / s
"""
    assert gradients(spelled)["s"]["formula"]["text"] == "-sum(dN * N, axis=0) / s"
    claims = judged(HEAD + spelled, ds="-sum(dN * D, axis=0) / s**2")
    assert claims["ds"].verdict == "right"
    wrong = judged(HEAD + spelled, ds="-sum(dN * D, axis=0) / s")
    assert wrong["ds"].verdict == "wrong"


def test_equations_on_one_line_are_added_up_in_their_order() -> None:
    """In a flow mapping all stand on one line; `z` is needed before `J` can be checked."""
    spec = "inputs: {y: [m]}\nparams: {b: []}\n"
    spec += "forward: {z: 2 * y + b, J: sum((sigmoid(z) - y) * b)}\nloss: J\n"
    (total,) = json_of(report_on(spec))["gradients"][-1:]
    assert total["formula"]["text"] == "sum(dz + (sigmoid(z) - y))"


@pytest.mark.parametrize(
    ("equation", "formula"),
    [
        ("W * 2**200", "2**200 * dZ"),
        ("W * 0.5**1000000000000000000", "0.5**1000000000000000000 * dZ"),
        ("W * (0 - 1)**1000000000000000001", "-dZ"),
        ("(2 * W)**3", "24 * dZ * W**2"),
    ],
)
def test_powers_of_numbers_that_no_line_holds_stay_powers(equation: str, formula: str) -> None:
    spec = f"params: {{W: [k, n]}}\nforward: |\n  Z = {equation}\n  J = sum(Z * Z)\n"
    found = {g["wrt"]: g["formula"]["text"] for g in json_of(report_on(spec))["gradients"]}
    assert found["W"] == formula
