"""Right formulas mutated by chance: a claim is judged right exactly where the numbers agree."""

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import shapecalc.ops
from shapecalc import api
from shapecalc.render import json as renderer
from shapecalc.render.tally import tally

SPECS = Path(__file__).parent.parent / "specs"
NAMES = ("two_layer", "two_layer_rows", "two_layer_torch", "logistic_regression", "rnn_3_steps")
SIZES = {"n": 3, "h": 5, "k": 4, "m": 7}
MUTATIONS = 60


def resized(spec: str) -> str:
    """Give the dims small sizes of their own, so that NumPy is quick and no axis stands in."""
    sizes = ", ".join(f"{name}: {size}" for name, size in SIZES.items() if f"{name}:" in spec)
    return re.sub(r"dims: \{[^}]*\}", f"dims: {{{sizes}}}", spec)


def numbers(data: dict[str, Any], seed: int) -> dict[str, Any]:
    """Run the forward equations and the derived gradients at one random point."""
    random = np.random.default_rng(seed)
    ops = {name: getattr(shapecalc.ops, name) for name in shapecalc.ops.OPS}
    names: dict[str, Any] = {"np": np, **ops, **data["dims"]}
    for value in data["values"]:
        if value["equation"]:
            names[value["name"]] = eval(value["equation"], {}, names)
            continue
        drawn = random.uniform(0.2, 0.9, value["size"]) * random.choice([-1, 1], value["size"])
        if "k" in value["shape"] and value["kind"] == "input":
            axis = value["shape"].index("k")
            drawn = np.abs(drawn) / np.abs(drawn).sum(axis=axis, keepdims=True)
        names[value["name"]] = drawn
    for gradient in data["gradients"]:
        formula = gradient["formula"]["numpy"]
        names["d" + gradient["wrt"]] = eval(formula, {}, names)
    return names


def mutated(formula: str, names: list[str], random: Random) -> str:
    match random.randrange(6):
        case 0:
            return formula.replace(".T", "", 1)
        case 1:
            return re.sub(r"\b([A-Z]\w*)\b(?!\()", r"\1.T", formula, count=1)
        case 2:
            return " @ ".join(reversed(formula.split(" @ ")))
        case 3:
            return re.sub(r"[@*+-]", lambda _: random.choice("@*+-"), formula, count=1)
        case 4:
            found = re.findall(r"\bd?[A-Z]\w*\b", formula) or [formula]
            return formula.replace(random.choice(found), random.choice(names), 1)
        case _:
            return f"{random.choice(['-', '2 * ', '1/m * ', '0.5 * 2 * '])}({formula})"


def agrees(claim: str, gradient: str, points: list[dict[str, Any]]) -> bool:
    for point in points:
        try:
            found = np.asarray(eval(claim, {}, dict(point)), dtype=float)
        except (ValueError, TypeError):
            return False
        truth = np.asarray(point[gradient])
        if found.shape != truth.shape or not np.allclose(found, truth, rtol=1e-8, atol=1e-11):
            return False
    return True


@pytest.mark.parametrize("name", NAMES)
def test_claim_is_right_exactly_where_numbers_agree(name: str) -> None:
    spec = resized((SPECS / f"{name}.yaml").read_text(encoding="utf-8"))
    report = api.check(spec, name)
    (data,) = json.loads(renderer.document([report], tally([report])))["specs"]
    points = [numbers(data, seed) for seed in (1, 2)]
    names = [value["name"] for value in data["values"]]
    names += ["d" + gradient["wrt"] for gradient in data["gradients"]]
    random = Random(name)
    seen = set()
    for _ in range(MUTATIONS):
        gradient = random.choice(data["gradients"])
        claim = mutated(gradient["formula"]["text"], names, random)
        if random.random() < 0.3:
            claim = mutated(claim, names, random)
        wrt = "d" + gradient["wrt"]
        head = spec[: spec.index("gradients:")]
        judged = api.check(f"{head}gradients:\n  {wrt}: {json.dumps(claim)}\n", name, detail=False)
        assert not [found for found in judged.findings if found.code == "SC902"]
        if not judged.claims:
            continue  # no formula of the language: `softmax.T`
        (verdict,) = {each.verdict for each in judged.claims}
        assert (verdict == "right") == agrees(claim, wrt, points), f"{wrt} = {claim}"
        seen.add(verdict)
    assert {"right", "wrong"} <= seen
