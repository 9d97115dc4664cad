"""`export` of networks to another convention: rows, columns, torch-layout."""

from collections.abc import Mapping

import numpy as np
import pytest
from checking import ROOT, TWO_LAYER
from typer.testing import CliRunner

from shapecalc import api, cli
from shapecalc.records import Rewritten

SPEC = "specs/two_layer.yaml"
LAST = ("columns", "rows", "torch-layout")
runner = CliRunner()


def rewritten(text: str, to: str, path: str = "spec.yaml") -> Rewritten:
    found, findings = api.rewritten(text, path, to)
    assert found is not None, findings
    return found


def forward_of(text: str) -> dict[str, str]:
    report = api.check(text, "spec.yaml")
    return {value.name: value.equation for value in report.values if value.equation}


def shapes_of(text: str) -> dict[str, tuple[str, ...]]:
    return {value.name: value.shape for value in api.check(text, "spec.yaml").values}


REWRITTEN = ["two_layer", "two_layer_rows", "two_layer_torch", "batch_norm", "lstm_cell"]
REWRITTEN += ["tied_autoencoder", "logistic_regression", "mixture_of_two_experts", "residual_block"]


@pytest.mark.parametrize("to", LAST)
@pytest.mark.parametrize("name", REWRITTEN)
def test_rewritten_spec_is_clean_and_has_all_claims(name: str, to: str) -> None:
    text = (ROOT / f"specs/{name}.yaml").read_text(encoding="utf-8")
    made = rewritten(text, to)
    assert made.left_out == ()
    before, after = api.check(text, "spec.yaml"), api.check(made.text, "spec.yaml")
    assert after.findings == ()
    assert [(c.gradient, c.verdict) for c in after.claims] == [
        (c.gradient, c.verdict) for c in before.claims
    ]


def test_columns_rows_and_torch_layout_of_the_two_layer_networks_are_each_other() -> None:
    texts = {
        "columns": (ROOT / "specs/two_layer.yaml").read_text(encoding="utf-8"),
        "rows": (ROOT / "specs/two_layer_rows.yaml").read_text(encoding="utf-8"),
    }
    for was, to in (("columns", "rows"), ("rows", "columns")):
        found = rewritten(texts[was], to)
        assert (found.was, found.to) == (was, to)
        assert forward_of(found.text) == forward_of(texts[to])
        assert shapes_of(found.text) == shapes_of(texts[to])


def test_torch_layout_has_weights_out_in_and_no_transpose_in_what_flows_back() -> None:
    made = rewritten((ROOT / SPEC).read_text(encoding="utf-8"), "torch-layout")
    assert forward_of(made.text)["Z2"] == "A1 @ W2.T + b2"
    assert shapes_of(made.text)["W2"] == ("k", "h")
    report = api.check(made.text, "spec.yaml")
    formulas = {each.gradient: each.formula.text for each in report.gradients}
    assert (formulas["dA1"], formulas["dW2"]) == ("dZ2 @ W2", "dZ2.T @ A1")


def ran(text: str, given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Run a network of the two-layer kind: its equations and gradients, as NumPy."""
    names: dict[str, object] = dict(given)
    names |= {"relu": lambda Z: np.maximum(Z, 0), "np": np, "m": 3}

    def softmax(Z: np.ndarray, axis: int) -> np.ndarray:
        powers = np.exp(Z - Z.max(axis=axis, keepdims=True))
        found: np.ndarray = powers / powers.sum(axis=axis, keepdims=True)
        return found

    def cross_entropy(P: np.ndarray, Y: np.ndarray, axis: int) -> float:
        return float(-np.mean(np.sum(Y * np.log(P), axis=axis)))

    names |= {"softmax": softmax, "cross_entropy": cross_entropy}
    report = api.check(text, "spec.yaml")
    for value in report.values:
        if value.equation:
            names[value.name] = eval(value.equation, {}, names)
    for each in report.gradients:
        names[each.gradient] = eval(each.formula.numpy, {}, names)
    return {
        name: np.asarray(value)
        for name, value in names.items()
        if not callable(value) and value is not np
    }


def test_round_trip_has_the_same_loss_and_the_same_gradients() -> None:
    text = (ROOT / SPEC).read_text(encoding="utf-8")
    rows = rewritten(text, "rows").text
    back = rewritten(rows, "columns").text
    assert forward_of(back) == forward_of(text)
    random = np.random.default_rng(5)
    n, h, k, m = 7, 5, 2, 3
    shapes = {"X": (n, m), "W1": (h, n), "b1": (h, 1), "W2": (k, h), "b2": (k, 1)}
    given = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    given["Y"] = np.eye(k)[:, random.integers(0, k, m)]
    turned = {
        name: value[:, 0] if name in ("b1", "b2") else value.T for name, value in given.items()
    }
    columns, in_rows, again = ran(text, given), ran(rows, turned), ran(back, given)
    assert np.isclose(columns["J"], in_rows["J"])
    for name in ("dW1", "dW2", "dA1", "dZ1", "dZ2"):
        assert np.allclose(columns[name], in_rows[name].T)
        assert np.allclose(columns[name], again[name])
    assert np.allclose(columns["db1"][:, 0], in_rows["db1"])


def test_wrong_claim_stays_wrong_and_a_convention_a_convention() -> None:
    claims = "gradients:\n  dZ2: A2 - Y\n  dW2: dZ2 @ A1.T / m\n  dA1: W2.T @ dZ2 * 2\n"
    text = TWO_LAYER + "loss: J\n" + claims
    verdicts = [each.verdict for each in api.check(text, "spec.yaml").claims]
    assert "wrong" in verdicts
    made = rewritten(text, "torch-layout")
    assert [each.verdict for each in api.check(made.text, "spec.yaml").claims] == verdicts


def test_claim_of_a_wrong_shape_is_left_out_and_said_so() -> None:
    made = rewritten(TWO_LAYER + "loss: J\ngradients:\n  dW2: A1 @ dZ2\n", "rows")
    assert made.left_out == (("dW2 = A1 @ dZ2", "its shape is wrong"),)
    assert "# Left out: dW2 = A1 @ dZ2 (its shape is wrong)" in made.text


def test_assumptions_go_along_the_other_axis_and_to_the_other_triangle() -> None:
    text = "dims: {n: 5, m: 3}\nassume:\n  Y: [one-hot axis=0]\n  L: [lower-triangular]\n"
    text += "inputs: {X: [n, m], Y: [n, m]}\nparams: {L: [n, n], W: [n, n]}\n"
    text += "forward:\n  Z: W @ X\n  J: softmax_cross_entropy(L @ Z, Y, axis=0)\nloss: J\n"
    made = rewritten(text, "rows")
    assert "Y: [one-hot axis=1]" in made.text
    assert "L: [upper-triangular]" in made.text


def test_numerator_layout_and_strict_scale_are_kept() -> None:
    text = TWO_LAYER + "loss: J\nlayout: numerator\nscale: strict\n"
    text += "gradients:\n  dW2: A1 @ dZ2\n  db2: sum(dZ2, axis=0, keepdims=True)\n"
    made = rewritten(text, "rows")
    report = api.check(made.text, "spec.yaml")
    assert (made.left_out, report.layout, report.findings) == ((), "numerator", ())
    assert "scale: strict" in made.text
    assert "dW2 = dZ2 @ A1" in made.text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "inputs: {X: [b, m, n]}\nparams: {W: [n, k]}\nforward:\n  Y: X @ W",
            "`X` has more than two axes",
        ),
        (
            "inputs: {X: [n, m]}\nparams: {W: [k, n], V: [m, q]}\nforward:\n  Z: W @ X\n  Y: Z @ V",
            "`W` stands in front in `Z = W @ X`, but `V` behind in `Y = Z @ V`",
        ),
        ("params: {X: [m, n]}\nforward:\n  Y: X * 2", "no weight multiplies a value"),
        (
            "inputs: {X: [m, n]}\nparams: {W: [n, k]}\nforward:\n  Z: X @ W\n  Y: vec(Z)",
            "`Y = vec(Z)` has no counterpart: reshape names parts of its axes",
        ),
        (
            "params: {x: [n, 1]}\nfunctions: {u: {of: x, shape: [k, 1]}}\nforward:\n  Y: 2 * u(x)",
            "`u` is a function that is not spelled out",
        ),
    ],
)
def test_what_has_no_counterpart_is_refused_with_the_reason(text: str, reason: str) -> None:
    made = rewritten(f"{text}\n  s: sum(Y * Y)\nloss: s", "columns")
    assert made.refused.startswith(reason)
    assert not made.text


def test_vectors_become_columns_where_they_are_repeated() -> None:
    text = (ROOT / "specs/batch_norm.yaml").read_text(encoding="utf-8")
    made = rewritten(text, "columns")
    assert forward_of(made.text)["mu"] == "mean(Z, axis=1, keepdims=True)"
    assert forward_of(made.text)["s"] == "sqrt(v + eps)"
    assert shapes_of(made.text)["gamma"] == ("h", "1")


def test_network_in_the_convention_already_stays_as_it_is() -> None:
    text = (ROOT / SPEC).read_text(encoding="utf-8")
    found = runner.invoke(cli.app, ["export", str(ROOT / SPEC), "--to", "columns"])
    assert (found.exit_code, found.stdout) == (0, text)
    assert "is in columns already" in found.stderr
