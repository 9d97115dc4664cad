"""Sizes that `--distinct` proposes: checked anew with them, no wrong product runs by chance."""

import json
import random
import re
from pathlib import Path

import pytest
from checking import ROOT, TWO_LAYER, json_of, report_on
from typer.testing import CliRunner

from shapecalc import api
from shapecalc.cli import app
from shapecalc.records import Distinct

HEADS = """\
dims: {d: 64, heads: 8, m: 8}
inputs: {X: [m, heads, d/heads]}
params: {W: [d, d], V: [d/heads, d]}
forward:
  Y: X @ V @ W
  J: sum(Y ** 2)
"""
JOINED = """\
dims: {n: 8, h: 4, m: 8}
inputs: {X: [n, m], Y: [h, m]}
params: {W: [h, n], V: [n, 2*h]}
forward:
  A: W @ X
  C: concatenate([A, Y], axis=0)
  J: sum((V @ C) ** 2)
"""
SLICED = """\
dims: {n: 12, h: 12, m: 12}
inputs: {X: [n, m], Y: [h, m]}
params: {W: [h, n]}
forward:
  A: (W @ X) * Y
  B: X[:h, :] * A
  J: sum(B @ B.T)
"""
SYMBOLIC = TWO_LAYER.replace("{n: 784, h: 128, k: 10, m: 64}", "[n, h, k, m]")
PARTLY = TWO_LAYER.replace("{n: 784, h: 128, k: 10, m: 64}", "{n: _, h: 64, k: 64, m: _}")
SQUARE = TWO_LAYER.replace("h: 128, k: 10", "h: 64, k: 64")
UNIT = TWO_LAYER.replace("k: 10", "k: 1")


def proposed(text: str) -> Distinct:
    report = api.check(text, "spec.yaml", extras=api.Extras(sizes=True))
    assert report.distinct is not None, report.findings
    return report.distinct


def pasted(text: str, found: Distinct) -> str:
    sizes = ", ".join(f"{name}: {size}" for name, size in found.dims)
    return re.sub(r"(?m)^dims: .*$", f"dims: {{{sizes}}}", text)


def sizes_of_axes(text: str) -> dict[str, int]:
    """Return the size of every axis of every value, by the name of its dim."""
    values = report_on(text).values
    assert all(value.size is not None for value in values)
    return {d: s for v in values for d, s in zip(v.shape, v.size or (), strict=True) if d != "1"}


@pytest.mark.parametrize("text", [SQUARE, HEADS, JOINED, SLICED, SYMBOLIC, PARTLY, UNIT, TWO_LAYER])
def test_at_the_proposed_sizes_all_axes_differ_and_nothing_fits_by_chance(text: str) -> None:
    found = proposed(text)
    report = report_on(pasted(text, found))
    assert not [each for each in report.findings if each.code != "SC502"], report.findings
    sizes = sizes_of_axes(pasted(text, found))
    assert len(set(sizes.values())) == len(sizes)
    assert 1 not in sizes.values()


@pytest.mark.parametrize("seed", range(12))
def test_any_sizes_of_the_two_layers_are_made_to_differ(seed: int) -> None:
    rng = random.Random(seed)
    sizes = ", ".join(f"{name}: {rng.choice((1, 2, 3, 4, 50))}" for name in "nhkm")
    text = TWO_LAYER.replace("n: 784, h: 128, k: 10, m: 64", sizes)
    found = sizes_of_axes(pasted(text, proposed(text)))
    assert len(set(found.values())) == len(found) == 4


def test_sizes_that_differ_stay_and_others_move_to_primes_near_by() -> None:
    found = proposed(SQUARE)
    assert found.dims == (("n", 784), ("h", 61), ("k", 67), ("m", 59))
    assert found.changed == ("h", "k", "m")
    assert (found.wrong, found.steps) == (14, 3)
    assert proposed(TWO_LAYER).changed == ()


def test_what_a_dim_divides_moves_with_it() -> None:
    sizes = dict(proposed(HEADS).dims)
    assert sizes["d"] % sizes["heads"] == 0


def test_square_values_are_named_since_no_sizes_help() -> None:
    rnn = (ROOT / "specs/rnn_3_steps.yaml").read_text(encoding="utf-8")
    assert proposed(rnn).square == (("Wh", ("h", "h")),)
    assert proposed(SQUARE).square == ()


def test_steps_with_a_wrong_order_at_every_size_are_named() -> None:
    text = "dims: [n]\ninputs: {x: [n, 1], y: [n, 1]}\nparams: {w: [n, 1]}\nforward:\n"
    found = proposed(f"{text}  s: w.T @ x\n  J: sum(y @ s)\n")
    assert "s:w" in found.hidden or found.hidden == ()


def test_numbers_for_axes_are_given_back_as_names() -> None:
    text = (ROOT / "specs/two_layer_numbers.yaml").read_text(encoding="utf-8")
    found = proposed(text)
    assert ("params", "W1", ("h", "n")) in found.axes
    assert proposed(TWO_LAYER).axes == ()


def test_many_dims_of_one_size_are_told_apart_at_once() -> None:
    layers = 300
    shapes = "".join(f"  W{i}: [h{i}, h{i - 1}]\n" for i in range(1, layers))
    steps = "".join(f"  A{i}: W{i} @ A{i - 1}\n" for i in range(1, layers))
    dims = ", ".join(f"h{i}: 64" for i in range(layers))
    head = f"dims: {{{dims}, m: 64}}\ninputs: {{A0: [h0, m]}}\nparams:\n{shapes}forward:\n"
    text = f"{head}{steps}  J: sum(A{layers - 1} ** 2)\n"
    sizes = sizes_of_axes(pasted(text, proposed(text)))
    assert len(set(sizes.values())) == len(sizes) == layers + 1


def run(*arguments: str) -> str:
    outcome = CliRunner().invoke(app, ["check", *arguments])
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def test_page_has_a_line_to_paste(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SQUARE, encoding="utf-8")
    page = run(str(path), "--distinct")
    assert "\ndims: {n: 784, h: 61, k: 67, m: 59}\n" in page
    assert "14 wrong products in 3 steps did" in " ".join(page.split())


def test_json_has_the_sizes_where_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SQUARE, encoding="utf-8")
    (spec,) = json.loads(run(str(path), "--distinct", "--output-format", "json"))["specs"]
    assert spec["distinct"]["dims"] == {"n": 784, "h": 61, "k": 67, "m": 59}
    assert "distinct" not in json_of(report_on(SQUARE))


def test_steps_that_a_coincidence_concerns_are_named_in_its_finding() -> None:
    (finding,) = report_on(SQUARE).findings
    assert finding.notes == (("in", "Z2:W2, Z2:A1, Z1:W1"),)
