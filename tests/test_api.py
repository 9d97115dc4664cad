"""Check from text to report: inputs asked for, upstreams, layouts, and formulas that are run."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from checking import ROOT, SPECS, TWO_LAYER, json_of, report_on

import shapecalc.ops
from shapecalc import api
from shapecalc.records import Report
from shapecalc.span import Span
from shapecalc.spec import read_network

SIZES = {"n": 5, "h": 3, "k": 2, "m": 7}
NUMERATOR = """\
layout: numerator
dims: {n: 5, h: 3, k: 2, m: 7}
inputs: {X: [n, m], Y: [k, m]}
params: {W1: [h, n], b1: [h, 1], W2: [k, h], c: []}
forward:
  Z1: W1 @ X + b1
  A1: tanh(Z1)
  Z2: W2 @ A1 + c
  P: Z2 * Z2 + X[:k, :]
  J: mse(Z2, Y)
gradients:
  dZ2: 2 * (Z2 - Y).T / (k * m)
  dA1: dZ2 @ W2
  dW2: A1 @ dZ2
  dZ1: dA1 * (1 - A1**2).T
  db1: sum(dZ1, axis=0, keepdims=True)
  dW1: X @ dZ1
  dc: sum(dZ2)
  dX: dZ1 @ W1
""".replace("  P: Z2 * Z2 + X[:k, :]\n", "")


def test_input_has_a_gradient_where_it_is_asked_for() -> None:
    assert "X" not in {gradient.wrt for gradient in report_on(TWO_LAYER).gradients}
    report = report_on(TWO_LAYER, asked=["X"])
    (gradient,) = [each for each in report.gradients if each.wrt == "X"]
    assert (gradient.formula.text, gradient.shape, gradient.kind) == (
        "W1.T @ dZ1",
        ("n", "m"),
        "input",
    )
    assert gradient.checked.canonical


def test_what_is_asked_for_and_is_no_value_is_passed_over() -> None:
    assert report_on(TWO_LAYER, asked=["Q", "dX"]) == report_on(TWO_LAYER)


@cache
def checked(path: Path) -> Report:
    """Check a shipped spec once, for all who look at its report."""
    return api.check(path.read_text(encoding="utf-8"), "a")


def test_report_without_detail_has_the_same_verdicts() -> None:
    for path in SPECS:
        full = checked(path)
        brief = api.check(path.read_text(encoding="utf-8"), "a", detail=False)
        assert brief.claims == full.claims
        assert brief.findings == full.findings
        assert (brief.ok, brief.step_count) == (full.ok, full.step_count)
        assert (brief.values, brief.steps, brief.gradients) == ((), (), ())


def test_checking_twice_gives_the_same_report() -> None:
    text = (ROOT / "specs/rnn_3_steps.yaml").read_text(encoding="utf-8")
    assert api.check(text, "a") == api.check(text, "a")


@pytest.mark.parametrize(
    ("text", "is_spec"),
    [
        ("forward: {J: sum(x)}\n", True),
        ("layers: []\n", True),
        ("# shapecalc\nname: x\n", True),
        ("foward: {J: sum(x)}\n", True),
        ("name: CI\non: [push]\njobs: {}\n", False),
        ("", False),
        ("- 1\n- 2\n", False),
    ],
)
def test_spec_is_told_from_other_yaml(text: str, is_spec: bool) -> None:
    assert api.looks_like_spec(text) is is_spec


def test_near_miss_of_a_key_is_a_finding() -> None:
    report = report_on(TWO_LAYER.replace("forward", "foward"))
    first = report.findings[0]
    assert (first.code, first.span.line, first.span.column) == ("SC203", 10, 1)
    assert first.help == "did you mean `forward`?"


# --- formulas are run ----------------------------------------------------------------------------


def run_all(spec: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    """Run the NumPy formula of each gradient in turn."""
    names = {**{op: getattr(shapecalc.ops, op) for op in shapecalc.ops.OPS}, **names, "np": np}
    for gradient in spec["gradients"]:
        names[gradient["gradient"]] = eval(gradient["formula"]["numpy"], {}, names)
    return names


def truth(loss: Callable[[dict[str, Any]], Any], values: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = grad(loss)(values)
    return found


def test_numerator_layout_transposes_every_gradient() -> None:
    random = np.random.default_rng(5)
    report = report_on(NUMERATOR)
    assert {claim.verdict for claim in report.claims} == {"right"}
    spec = json_of(report)
    shapes = {value["name"]: value["size"] for value in spec["values"]}
    given = {
        value["name"]: random.normal(size=value["size"])
        for value in spec["values"]
        if value["kind"] != "value"
    }

    def loss(moved: dict[str, Any]) -> Any:
        return forward({**given, **moved}, moved)["J"]

    def forward(v: dict[str, Any], moved: dict[str, Any]) -> dict[str, Any]:
        v["Z1"] = v["W1"] @ v["X"] + v["b1"] + moved.get("dz", 0)
        v["A1"] = anp.tanh(v["Z1"])
        v["Z2"] = v["W2"] @ v["A1"] + v["c"]
        v["J"] = anp.mean((v["Z2"] - v["Y"]) ** 2)
        return v

    wanted = {name: given[name] for name in ("W1", "b1", "W2", "c", "X")}
    right = truth(loss, wanted)
    ran = run_all(spec, {**forward(dict(given), {}), **SIZES})
    for name, expected in right.items():
        assert np.shape(ran[f"d{name}"]) == tuple(reversed(shapes[name]))
        np.testing.assert_allclose(ran[f"d{name}"], np.transpose(expected), rtol=1e-9)


def test_upstream_that_is_used_further_on_has_a_total_of_its_own() -> None:
    report = report_on(
        "dims: {d: 3, m: 5}\ninputs: {x: [d, m]}\nparams: {W: [d, d], U: [d, d]}\n"
        "forward:\n  H: tanh(W @ x)\n  Q: tanh(U @ H)\nupstream: [H, Q]\n"
    )
    spec = json_of(report)
    random = np.random.default_rng(6)
    x, W, U = (random.normal(size=size) for size in ((3, 5), (3, 3), (3, 3)))
    dH, dQ = random.normal(size=(2, 3, 5))

    def loss(v: dict[str, Any]) -> Any:
        H = anp.tanh(v["W"] @ x)
        return anp.sum(H * dH) + anp.sum(anp.tanh(v["U"] @ H) * dQ)

    H = np.tanh(W @ x)
    names = {"x": x, "W": W, "U": U, "dH": dH, "dQ": dQ, "H": H, "Q": np.tanh(U @ H)}
    ran = run_all(spec, names)
    for name, expected in truth(loss, {"W": W, "U": U}).items():
        np.testing.assert_allclose(ran[f"d{name}"], expected, rtol=1e-9)
    assert ran["dH"] is dH


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_each_gradient_is_the_sum_of_its_steps(path: Any) -> None:
    """Run each gradient, and the parts that the JSON says it is made of, at small sizes."""
    text = path.read_text(encoding="utf-8")
    spec = json_of(checked(path))
    network, _ = read_network(text, "a")
    assert network is not None
    random = np.random.default_rng(7)
    sizes = dict(zip(spec["dims"], (2, 3, 5, 7, 11, 13), strict=False))
    names = {value["name"]: drawn(value["shape"], sizes, random) for value in spec["values"]}
    names |= {f"d{name}": drawn_like(value, random) for name, value in list(names.items())}
    names |= {op: getattr(shapecalc.ops, op) for op in shapecalc.ops.OPS} | {"np": np} | sizes
    names |= {each.name: float(each.value or 1) for each in network.constants}
    for gradient in spec["gradients"]:
        if " with " in gradient["note"]:
            continue  # an activation and its loss are one link
        whole = eval(gradient["formula"]["numpy"], {}, names)
        parts = [eval(part["numpy"], {}, names) for part in gradient["steps"]]
        assert np.shape(whole) == np.shape(names[gradient["wrt"]])
        np.testing.assert_allclose(whole, sum(parts[1:], parts[0]), rtol=1e-9)


def drawn(shape: list[str], sizes: dict[str, int], random: np.random.Generator) -> Any:
    return random.uniform(0.2, 0.8, tuple(eval(dim, {}, sizes) for dim in shape))


def drawn_like(value: Any, random: np.random.Generator) -> Any:
    return random.normal(size=np.shape(value))


@pytest.mark.parametrize(
    "loss", ["sum(log(-w ** 2))", "sum((w ** 1e400) ** w)", "sum(w * 1e300 * 1e300)"]
)
def test_number_that_no_float_holds_is_no_failure(loss: str) -> None:
    report = api.check(f"params: {{w: [n]}}\nforward: {{J: {loss}}}\n", "spec.yaml")
    assert not {"SC902"} & {finding.code for finding in report.findings}


@pytest.mark.parametrize("axis", ["(0, 1)", "(0,)", "-1"])
def test_report_says_over_which_axes_an_op_goes(axis: str) -> None:
    text = f"params: {{W: [n, m]}}\nforward: {{P: 'softmax(W, axis={axis})', J: sum(P * P)}}\n"
    notes = {value.name: value.note for value in api.check(text, "spec.yaml").values}
    assert notes["P"].startswith({"(0, 1)": "over n and m", "(0,)": "over n", "-1": "over m"}[axis])


@pytest.mark.parametrize("op", ["minimum", "maximum"])
def test_smaller_of_a_value_and_itself_is_the_value(op: str) -> None:
    text = f"params: {{b: [k, 1]}}\nforward: {{Z: 'np.{op}(b, b)', J: sum(Z * Z)}}\n"
    report = api.check(text, "spec.yaml")
    assert report.ok
    assert {each.wrt: each.formula.text for each in report.gradients}["b"] == "dZ"


@pytest.mark.parametrize("name", ["n", "eps", "X"])
def test_upstream_that_is_called_like_another_thing_is_a_clash(name: str) -> None:
    head = "constants: {eps: 1.0e-5}\ninputs: {X: [n, m]}\n"
    text = f"{head}forward: {{Z: log(X**2 + eps)}}\nupstream: {{Z: {name}}}\ngradients: {{dX: X}}\n"
    assert {each.code for each in report_on(text).findings} == {"SC208", "SC414"}


def test_axis_that_an_op_needs_is_not_none() -> None:
    text = "params: {w: [n, k]}\nforward: {J: 'softmax_cross_entropy(w, w, axis=None)'}\n"
    (finding,) = api.check(text, "spec.yaml").findings
    assert (finding.code, finding.span) == ("SC210", Span("spec.yaml", 2, 48, 4))


def test_long_network_does_not_fail_by_the_number_of_its_warnings() -> None:
    layers = range(1, 1_103)
    params = "".join(f"  W{layer}: [h, h]\n" for layer in layers)
    forward = "".join(f"  A{layer}: W{layer} @ A{layer - 1}\n" for layer in layers)
    text = f"inputs: {{A0: [h, m]}}\nparams:\n{params}forward:\n{forward}  J: sum(A1102 * A1102)\n"
    report = api.check(text, "spec.yaml", detail=False)
    assert report.ok
    assert [each.code for each in report.findings] == ["SC502"] * 1_102


def test_factor_that_is_its_own_transpose_is_not_rejected() -> None:
    """Two orders of its indices are the same thing, which algebra does not see."""
    spec = """\
dims: [n, h, k]
params: {X: [n, h], Q: [n, k]}
forward: {Z: (X @ X.T)**-1 @ Q}
upstream: [Z]
gradients: {dQ: (1 / (X @ X.T)) @ dZ}
"""
    report = api.check(spec, "a")
    assert not report.findings
    assert [claim.verdict for claim in report.claims] == ["right"]
