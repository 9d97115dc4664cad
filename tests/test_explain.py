"""Explanations: read once and kept, built from names that may change, and true in numbers.

To write the files anew: SHAPECALC_GOLDEN=write pytest tests/test_explain.py, and read the diff.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checking import ROOT, TWO_LAYER

from shapecalc import api, ops, teach
from shapecalc.render.explained import choices_page, explanation_page
from shapecalc.render.explained_json import explained_document
from shapecalc.render.output import Look
from shapecalc.teach import explaining
from shapecalc.teach.instance import CheckFailed, Instance
from shapecalc.teach.study import Study
from shapecalc.teach.terms import Evaluated

GOLDEN = Path(__file__).resolve().parent / "golden" / "explain"
MEASURED = re.compile(r"(?<=components, )\de-\d\d|(?<=components,\n {9})\de-\d\d")
READ = {
    "two_layer": ("A1", "W2", "b2", "Z1", "Z2", "A2"),
    "two_layer_rows": ("A1", "W2", "b2"),
    "two_layer_torch": ("A1", "W2", "Z2"),
    "two_layer_square": ("A1",),
    "tied_autoencoder": ("W",),
    "attention_single_head": ("Q",),
    "batch_norm": ("N", "v"),
    "rnn_3_steps": ("Wh",),
    "layer_norm": ("X", "W"),
    "small_cnn": ("K", "X"),
}
CASES = [(stem, name) for stem, names in READ.items() for name in names]
PLAIN = Look()


def answer_for(text: str, wrt: str | None, levels: tuple[int, ...] = teach.ALL) -> teach.Answer:
    answer = teach.explain(text, "spec.yaml", wrt, levels)
    assert not [each for each in answer.report.findings if each.code == "SC902"], answer.report
    return answer


def page_of(text: str, wrt: str, look: Look = PLAIN, levels: tuple[int, ...] = teach.ALL) -> str:
    answer = answer_for(text, wrt, levels)
    assert answer.explanation is not None
    return explanation_page(answer.explanation, answer.report, look)


def json_of(text: str, wrt: str) -> dict[str, Any]:
    answer = answer_for(text, wrt)
    document = explained_document(
        answer.explanation, answer.choices, answer.report, encoding="utf-8"
    )
    found: dict[str, Any] = json.loads(document)
    return found


def spec(stem: str) -> str:
    return (ROOT / "specs" / f"{stem}.yaml").read_text(encoding="utf-8")


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "shapecalc", "explain", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(("stem", "name"), CASES, ids="-".join)
def test_explanation_is_as_it_was_read(stem: str, name: str) -> None:
    file = GOLDEN / f"{stem}-{name}.txt"
    page = MEASURED.sub("_e-__", page_of(spec(stem), name))
    if os.environ.get("SHAPECALC_GOLDEN") == "write":
        GOLDEN.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == page


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in GOLDEN.glob("*.txt")} == {"-".join(case) for case in CASES}


# --- names --------------------------------------------------------------------------------------

NAMES = {"W1": "M4", "W2": "T7", "A1": "B3", "A2": "B9", "Z1": "C3", "Z2": "C9", "b1": "e3"}
NAMES |= {"b2": "e9", "X": "F", "Y": "G", "J": "L", "n": "z", "h": "w", "k": "x", "m": "y"}
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
STACKED = re.compile(r"[nhkm]{2}")


def renamed(text: str) -> str:
    def other(found: re.Match[str]) -> str:
        word = found[0]
        if STACKED.fullmatch(word):
            return "".join(NAMES[letter] for letter in word)
        return (
            f"d{NAMES[word[1:]]}" if word[1:] in NAMES and word[0] == "d" else NAMES.get(word, word)
        )

    return WORD.sub(other, text)


@pytest.mark.parametrize("name", ["A1", "W2", "b2", "Z1", "Z2", "A2", "W1"])
def test_other_names_change_the_names_alone(name: str) -> None:
    assert page_of(renamed(TWO_LAYER), NAMES[name]) == renamed(page_of(TWO_LAYER, name))


def test_another_op_has_another_text() -> None:
    other = TWO_LAYER.replace("relu(Z1)", "tanh(Z1)")
    assert page_of(other, "Z1") != page_of(TWO_LAYER, "Z1")
    assert page_of(other, "A1") == page_of(TWO_LAYER, "A1")


# --- numbers ------------------------------------------------------------------------------------


def numbers_in(step: Mapping[str, Any]) -> dict[str, Any]:
    values = {each["name"]: np.reshape(each["entries"], each["size"]) for each in step["values"]}
    functions = {name: getattr(ops, name) for name in ("relu", "softmax", "cross_entropy")}
    return {"sum": np.sum, **functions, **dict(step["sizes"]), **values}


def place_of(entry: str) -> tuple[int, ...]:
    found = re.search(r"\[([\d,]*)\]", entry)
    return tuple(map(int, found[1].split(","))) if found else ()


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        *((stem, name) for stem in ("two_layer", "two_layer_square") for name in READ["two_layer"]),
        *(("two_layer_rows", name) for name in ("A1", "W2", "b2", "Z1", "Z2", "W1", "b1")),
        *(("two_layer_torch", name) for name in ("A1", "W2", "b2", "Z1", "W1", "b1")),
    ],
)
def test_numbers_of_level_2_are_what_the_equation_does(stem: str, name: str) -> None:
    (step,) = json_of(spec(stem), name)["explanation"]["steps"]
    level = next(each for each in step["levels"] if each["number"] == 2)
    (block,) = [each for each in level["blocks"] if each["kind"] == "moves"]
    values = numbers_in(step)
    place, t = place_of(block["of"]), 1e-6

    def output(shift: float) -> Any:
        moved = np.array(values[name])
        moved[place] += shift
        return np.asarray(eval(step["equation"], {**values, name: moved}))

    slopes = (output(t) - output(-t)) / (2 * t)
    seen = np.zeros_like(slopes)
    for move in block["moves"]:
        at = place_of(move["entry"])
        seen[at] = move["slope"]
        upstream = values[f"d{step['output']}"][at] if move["upstream_text"] else 1
        assert move["upstream"] == upstream
        assert move["product"] == pytest.approx(move["slope"] * upstream)
    assert seen == pytest.approx(slopes, abs=1e-8)  # what is not listed stands still
    total = sum(move["product"] for move in block["moves"])
    assert block["total"] == pytest.approx(total) == pytest.approx(block["formula"])
    assert eval(step["formula"], values)[place_of(block["left"])] == pytest.approx(total)


@pytest.mark.parametrize(
    ("stem", "step", "name"),
    [("two_layer", "W2", "A1"), ("two_layer", "A2", "Y"), ("batch_norm", "D", "s")],
)
def test_no_number_is_below_0_where_none_can_be(stem: str, step: str, name: str) -> None:
    values = json_of(spec(stem), step)["explanation"]["steps"][0]["values"]
    (found,) = (each for each in values if each["name"] == name)
    assert min(found["entries"]) >= 0


def test_impostor_of_a_square_net_has_other_numbers() -> None:
    (step,) = json_of(spec("two_layer_square"), "A1")["explanation"]["steps"]
    first = step["levels"][0]
    given, products = [each["matrices"] for each in first["blocks"] if each["kind"] == "numbers"]
    arrays = {each["name"]: np.reshape(each["entries"], each["size"]) for each in given}
    wrong, right = [np.reshape(each["entries"], each["size"]) for each in products]
    assert (wrong == arrays["dZ2"] @ arrays["W2"]).all()
    assert (right == arrays["W2"].T @ arrays["dZ2"]).all()
    assert wrong[0, 0] != right[0, 0]
    assert f"At [0,0] the product has {wrong[0, 0]:g}." in first["blocks"][-1]["text"]


def test_grid_of_level_3_is_the_jacobian() -> None:
    (step,) = json_of(TWO_LAYER, "A1")["explanation"]["steps"]
    (grid,) = [each for each in step["levels"][2]["blocks"] if each["kind"] == "grid"]
    k, m, h = (dict(step["sizes"])[name] for name in "kmh")
    assert (np.array(grid["cells"]) == np.kron(np.eye(m), np.ones((k, h)))).all()


# --- other networks ------------------------------------------------------------------------------

LAYOUT = "layout: numerator\n"
OTHERS = {
    "numerator": TWO_LAYER + LAYOUT,
    "scaled": "dims: [n, h, m]\ninputs: {X: [n, m]}\nparams: {W: [h, n], c: []}\n"
    "forward:\n  Z: 2 * W @ X / m\n  U: c * Z\n  J: sum(tanh(U)**2)\nloss: J\n",
    "square": "dims: [h, m]\ninputs: {X: [h, m]}\nparams: {W: [h, h]}\n"
    "forward:\n  Z: W @ X\n  A: sigmoid(Z)\n  J: sum(X * A)\nloss: J\n",
    "vectors": "dims: [n, k]\ninputs: {x: [n], y: [k]}\nparams: {W: [k, n], b: [k]}\n"
    "forward:\n  z: W @ x + b\n  J: sum((z - y)**2)\nloss: J\n",
    "twice": "dims: [n, m]\nparams: {X: [n, m]}\n"
    "forward:\n  S: X @ X.T\n  T: trace(inv(S) @ S @ S)\nloss: T\n",
    "seed": "dims: [i, j, H]\ninputs: {p: [i, j]}\nparams: {W: [H, i]}\n"
    "forward:\n  K: W @ p\nupstream: {K: G}\n",
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_networks_are_explained_without_a_failed_check(name: str) -> None:
    report, sweep = api.studied(OTHERS[name], name)
    assert report.gradients
    for gradient in report.gradients:
        answer = teach.explained(report, sweep, gradient.wrt)
        assert answer.explanation is not None
        assert answer.report.findings == ()
        assert all(step.levels or step.alike for step in answer.explanation.steps)


def test_a_left_factor_keeps_its_upstream_in_front() -> None:
    page = page_of(TWO_LAYER, "W2")
    told = " ".join(page.split())
    assert "Why does dZ2 stand in front? The row of W2 is the row of Z2 (δ[i,p])" in told
    assert "the order of the chain rule is kept here: it is not reversed" in told
    assert "dA1 = W2.T @ dZ2 has it last" in told


def test_uses_are_explained_one_by_one_and_add_up() -> None:
    explanation = answer_for(OTHERS["twice"], "X").explanation
    assert explanation is not None
    assert [step.formula for step in explanation.steps] == ["dS.T @ X", "dS @ X"]
    page = page_of(OTHERS["twice"], "X")
    assert "dX = dS.T @ X + dS @ X" in page
    assert "each column of S depends on the row of the same number of X" in " ".join(page.split())


# --- checks -------------------------------------------------------------------------------------


def test_level_that_fails_its_check_is_reported_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(_: Study) -> Any:
        raise CheckFailed("the deltas are not put as they should be")

    monkeypatch.setitem(explaining.LEVELS, 4, fails)
    answer = teach.explain(TWO_LAYER, "spec.yaml", "A1")
    assert answer.explanation is not None
    assert [each.number for each in answer.explanation.steps[0].levels] == [1, 2, 3, 5, 6, 7]
    (finding,) = answer.report.findings
    assert finding.code == "SC902"
    assert "failed its own check at level 4: the deltas" in finding.message


def test_wrong_index_form_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Evaluated.product
    monkeypatch.setattr(Evaluated, "product", lambda self, places: right(self, places) + 1)
    answer = teach.explain(TWO_LAYER, "spec.yaml", "A1")
    assert answer.explanation is not None
    assert answer.explanation.steps[0].levels == ()
    assert [each.code for each in answer.report.findings] == ["SC902"]


@pytest.mark.parametrize("name", ["A1", "W2", "b2", "Z1", "Z2"])
def test_wrong_contraction_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Instance.sum

    def wrong(self: Instance, terms: Any, at: Any) -> float:
        found = right(self, terms, at)
        return found if terms is self.jacobian.terms else -found

    monkeypatch.setattr(Instance, "sum", wrong)
    answer = teach.explain(TWO_LAYER, "spec.yaml", name)
    assert answer.explanation is not None
    assert {2, 4}.isdisjoint(each.number for each in answer.explanation.steps[0].levels)
    assert len(answer.report.findings) == 2


# --- the command line ---------------------------------------------------------------------------


def test_levels_are_shown_one_by_one() -> None:
    found = run("specs/two_layer.yaml", "--wrt", "A1", "--level", "4", "--level", "2")
    assert found.returncode == 0
    heads = re.findall(r"^(\d)  [A-Z]", found.stdout, re.MULTILINE)
    assert heads == ["2", "4"]


def test_level_that_there_is_not_is_a_usage_error() -> None:
    assert run("specs/two_layer.yaml", "--wrt", "A1", "--level", "8").returncode == 2


def test_without_a_name_the_choices_are_listed() -> None:
    found = run("specs/two_layer.yaml")
    assert found.returncode == 0
    assert "choose one with --wrt NAME" in found.stdout
    assert "  A1  dA1 = W2.T @ dZ2\n" in found.stdout
    assert choices_page((), api.check("dims: [", "x.yaml"), Look()).startswith("error[")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("A3", "no gradient of A3; did you mean A2? choose one of A2, Z2"),
        ("J", "J is the loss, whose own gradient is 1; choose one of A2"),
        ("quux", "no gradient of quux; choose one of A2"),
    ],
)
def test_unknown_names_get_help(name: str, said: str) -> None:
    found = run("specs/two_layer.yaml", "--wrt", name)
    assert found.returncode == 2
    assert said in " ".join(found.stderr.split())


@pytest.mark.parametrize("name", ["dA1", "X"])
def test_gradients_and_inputs_can_be_named(name: str) -> None:
    found = run("specs/two_layer.yaml", "--wrt", name, "--level", "1")
    assert found.returncode == 0
    assert found.stdout.startswith(f"Why is {'dX' if name == 'X' else name} = ")


def test_spec_with_an_error_shows_it() -> None:
    found = run("specs/bad/inner_dims.yaml", "--wrt", "W1")
    assert found.returncode == 2
    assert "error[SC301]" in found.stdout


def test_json_and_ascii_from_the_command_line() -> None:
    found = run("specs/two_layer.yaml", "--wrt", "A1", "--output-format", "json")
    document = json.loads(found.stdout)
    assert document["schema_version"] == 1
    assert document["explanation"]["formula"] == "W2.T @ dZ2"
    page = run("specs/two_layer.yaml", "--wrt", "A1", "--ascii").stdout
    assert page.isascii()
    assert "by (AB).T = B.T A.T." in " ".join(page.split())
    assert "+----------+" in page
