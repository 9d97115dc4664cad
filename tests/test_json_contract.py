"""The JSON: every key that the contract names, with the values of its example, two_layer.yaml."""

import json
import re
from functools import cache
from typing import Any

import pytest
from checking import ROOT, SPECS, json_of

from shapecalc import api
from shapecalc.records import Report
from shapecalc.render import json as renderer
from shapecalc.render.tally import tally

PATH = "specs/two_layer.yaml"
KEYS = {
    "": {"path", "name", "ok", "loss", "dims", "batch", "values", "steps", "gradients", "claims"},
    "value": {"name", "kind", "shape", "size", "equation", "line"},
    "step": {"loss", "output", "wrt", "use", "equation", "jacobian", "layouts", "orderings"},
    "jacobian": {"shape", "index", "diagonal", "effective", "effective_shape"},
    "layout": {"formula", "factors", "shape", "why"},
    "orderings": {"defined", "total", "conformable", "at_these_sizes", "right", "transposed"},
    "item": {"formula", "conforms", "shape", "value", "layout"},
    "gradient": {"wrt", "shape", "layout", "formula", "steps", "checked"},
    "formula": {"text", "numpy", "unicode", "latex"},
    "checked": {"canonical", "components", "exact"},
    "exact": {"field", "assignments", "trials", "error_bound"},
    "claim": {"wrt", "claim", "verdict", "kind", "mistakes", "times", "right", "line"},
    "finding": {
        *("code", "severity", "line", "column", "end_line", "end_column", "message", "help"),
    },
}


@cache
def report_of(path: str) -> Report:
    return api.check((ROOT / path).read_text(encoding="utf-8"), path)


def spec_of(path: str) -> dict[str, Any]:
    return json_of(report_of(path))


@pytest.fixture
def spec() -> dict[str, Any]:
    return spec_of(PATH)


def step_of(spec: dict[str, Any], output: str, wrt: str) -> dict[str, Any]:
    (step,) = [each for each in spec["steps"] if (each["output"], each["wrt"]) == (output, wrt)]
    found: dict[str, Any] = step
    return found


def gradient_of(spec: dict[str, Any], wrt: str) -> dict[str, Any]:
    (gradient,) = [each for each in spec["gradients"] if each["wrt"] == wrt]
    found: dict[str, Any] = gradient
    return found


def has(item: dict[str, Any], kind: str) -> None:
    assert item.keys() >= KEYS[kind], (kind, KEYS[kind] - item.keys())


def test_document_says_which_version_it_is() -> None:
    report = report_of(PATH)
    document = json.loads(renderer.document([report], tally([report])))
    assert document["schema_version"] == 1
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["shapecalc"])
    assert document["specs"] == [spec_of(PATH)]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_key_is_there(path: Any) -> None:
    spec = spec_of(f"specs/{path.name}")
    has(spec, "")
    for value in spec["values"]:
        has(value, "value")
    for step in spec["steps"]:
        has(step, "step")
        has(step["jacobian"], "jacobian")
        for layout in ("numerator", "denominator", "mixed"):
            has(step["layouts"][layout], "layout")
        if step["orderings"]["defined"]:
            has(step["orderings"], "orderings")
            for item in step["orderings"]["items"]:
                has(item, "item")
        else:
            assert step["orderings"].keys() == {"defined", "why"}
            assert step["orderings"]["why"]
    for gradient in spec["gradients"]:
        has(gradient, "gradient")
        has(gradient["formula"], "formula")
        has(gradient["checked"], "checked")
        if gradient["checked"]["exact"] is not None:
            has(gradient["checked"]["exact"], "exact")
        for part in gradient["steps"]:
            assert part.keys() >= {"output", "numpy"}
    for claim in spec["claims"]:
        has(claim, "claim")
    for finding in spec["findings"]:
        has(finding, "finding")


def test_head_is_the_spec(spec: dict[str, Any]) -> None:
    assert {key: spec[key] for key in ("path", "name", "ok", "loss", "dims", "batch")} == {
        "path": PATH,
        "name": "Two-layer classifier",
        "ok": True,
        "loss": "J",
        "dims": {"n": 784, "h": 128, "k": 10, "m": 64},
        "batch": "m",
    }
    assert list(spec["dims"]) == ["n", "h", "k", "m"]
    assert spec["findings"] == []


def test_values_have_shapes_by_name_and_size(spec: dict[str, Any]) -> None:
    values = {value["name"]: value for value in spec["values"]}
    assert list(values) == ["X", "Y", "W1", "b1", "W2", "b2", "Z1", "A1", "Z2", "A2", "J"]
    expected = {
        "name": "Z2",
        "kind": "value",
        "shape": ["k", "m"],
        "size": [10, 64],
        "equation": "W2 @ A1 + b2",
        "line": 18,
    }
    assert {key: values["Z2"][key] for key in expected} == expected
    assert [values[name]["kind"] for name in ("X", "W1", "J")] == ["input", "param", "value"]
    assert (values["J"]["shape"], values["J"]["size"]) == ([], [])
    assert values["X"]["equation"] is None


def test_step_of_the_question_is_as_the_contract_has_it(spec: dict[str, Any]) -> None:
    step = step_of(spec, "Z2", "A1")
    assert {key: step[key] for key in ("loss", "output", "wrt", "use", "equation")} == {
        "loss": "J",
        "output": "Z2",
        "wrt": "A1",
        "use": 0,
        "equation": "W2 @ A1 + b2",
    }
    jacobian = {
        "shape": ["k", "m", "h", "m"],
        "index": "W2[i,p] δ[j,q]",
        "diagonal": ["m"],
        "effective": "W2",
        "effective_shape": ["k", "h"],
    }
    assert {key: step["jacobian"][key] for key in jacobian} == jacobian


@pytest.mark.parametrize(
    ("layout", "formula", "factors", "shape", "why"),
    [
        ("numerator", "dZ2.T @ W2", [["m", "k"], ["k", "h"]], ["m", "h"], ""),
        ("denominator", "W2.T @ dZ2", [["h", "k"], ["k", "m"]], ["h", "m"], ""),
        ("mixed", "dZ2 @ W2", [["k", "m"], ["k", "h"]], None, "m ≠ k"),
    ],
)
def test_layouts_have_the_shape_of_every_factor(
    spec: dict[str, Any], layout: str, formula: str, factors: Any, shape: Any, why: str
) -> None:
    view = step_of(spec, "Z2", "A1")["layouts"][layout]
    assert {key: view[key] for key in ("formula", "factors", "shape", "why")} == {
        "formula": formula,
        "factors": factors,
        "shape": shape,
        "why": why,
    }


def test_orderings_are_counted_and_listed(spec: dict[str, Any]) -> None:
    orderings = step_of(spec, "Z2", "A1")["orderings"]
    counts = ("defined", "total", "conformable", "at_these_sizes", "right", "transposed")
    assert [orderings[key] for key in counts] == [True, 8, 2, 2, 1, 1]
    right, transposed, *others = orderings["items"]
    expected = {
        "formula": "W2.T @ dZ2",
        "conforms": "always",
        "shape": ["h", "m"],
        "value": "right",
        "layout": "denominator",
    }
    assert {key: right[key] for key in expected} == expected
    assert (transposed["formula"], transposed["value"]) == ("dZ2.T @ W2", "transposed")
    assert transposed["layout"] == "numerator"
    assert len({item["formula"] for item in orderings["items"]}) == 8
    assert {(item["conforms"], item["shape"], item["layout"]) for item in others} == {
        ("never", None, None)
    }
    assert all(" ≠ " in item["why"] for item in others)


def test_orderings_that_fit_by_chance_are_wrong() -> None:
    orderings = step_of(spec_of("specs/two_layer_square.yaml"), "Z2", "A1")["orderings"]
    counts = ("total", "conformable", "at_these_sizes", "right", "transposed")
    assert [orderings[key] for key in counts] == [8, 2, 8, 1, 1]
    here = [item for item in orderings["items"] if item["conforms"] == "here"]
    assert len(here) == 6
    assert {item["value"] for item in here} == {"wrong"}


def test_orderings_without_sizes_are_not_counted_here() -> None:
    text = (ROOT / PATH).read_text(encoding="utf-8")
    report = api.check(re.sub(r"\{n: 784.*\}", "[n, h, k, m]", text), PATH)
    spec = json_of(report)
    assert spec["dims"] == dict.fromkeys("nhkm")
    orderings = step_of(spec, "Z2", "A1")["orderings"]
    assert (orderings["conformable"], orderings["at_these_sizes"]) == (2, None)
    assert spec["values"][0]["size"] is None


def test_orderings_that_are_not_defined_say_why(spec: dict[str, Any]) -> None:
    for output, wrt in (("A2", "Z2"), ("A1", "Z1"), ("Z2", "b2")):
        assert step_of(spec, output, wrt)["orderings"].keys() == {"defined", "why"}


def test_gradient_has_four_spellings(spec: dict[str, Any]) -> None:
    gradient = gradient_of(spec, "A1")
    assert (gradient["shape"], gradient["layout"]) == (["h", "m"], "denominator")
    assert gradient["formula"] == {
        "text": "W2.T @ dZ2",
        "numpy": "W2.T @ dZ2",
        "unicode": "W2ᵀ dZ2",
        "latex": "{W_2}^\\top\\, dZ_2",
    }
    assert [(part["output"], part["numpy"]) for part in gradient["steps"]] == [("Z2", "W2.T @ dZ2")]


def test_every_formula_was_checked_in_every_way(spec: dict[str, Any]) -> None:
    for gradient in spec["gradients"]:
        checked = gradient["checked"]
        assert checked["canonical"] is True
        assert 0 <= checked["components"] < 1e-6
        exact = checked["exact"]
        assert exact["field"] == "2^61-1"
        assert exact["assignments"] >= 2
        assert exact["trials"] >= 1
        assert int(exact["error_bound"].removeprefix("2^")) < -100


def test_claims_are_listed_as_written(spec: dict[str, Any]) -> None:
    assert [(each["wrt"], each["claim"], each["line"]) for each in spec["claims"]] == [
        ("Z2", "(A2 - Y) / m", 26),
        ("W2", "dZ2 @ A1.T", 27),
        ("b2", "sum(dZ2, axis=1, keepdims=True)", 28),
        ("A1", "W2.T @ dZ2", 29),
    ]
    for claim in spec["claims"]:
        assert claim["verdict"] == "right"
        assert (claim["kind"], claim["mistakes"], claim["times"]) == (None, [], None)


def test_wrong_claim_has_the_right_formula_and_a_finding() -> None:
    text = (ROOT / PATH).read_text(encoding="utf-8").replace("dZ2 @ A1.T", "dZ2 @ A1")
    spec = json_of(api.check(text, PATH))
    assert spec["ok"] is False
    claim = next(each for each in spec["claims"] if each["wrt"] == "W2")
    assert (claim["claim"], claim["verdict"], claim["right"], claim["line"]) == (
        "dZ2 @ A1",
        "wrong",
        "dZ2 @ A1.T",
        27,
    )
    (finding,) = spec["findings"]
    place = [finding[key] for key in ("line", "column", "end_line", "end_column")]
    assert place == [27, 8, 27, 16]
    assert finding["severity"] == "error"


def test_upstream_has_no_loss() -> None:
    spec = spec_of("specs/residual_block.yaml")
    assert spec["loss"] is None
    assert {step["loss"] for step in spec["steps"]} == {None}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_gradient_is_the_sum_of_its_steps_by_name(path: Any) -> None:
    spec = spec_of(f"specs/{path.name}")
    uses = {(step["output"], step["wrt"], step["use"]) for step in spec["steps"]}
    for gradient in spec["gradients"]:
        for part in gradient["steps"]:
            assert (part["output"], gradient["wrt"], part["use"]) in uses
    assert spec["step_count"] == len(spec["steps"])
