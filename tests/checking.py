"""Specs for tests: the two-layer net in pieces, and a check of a text to a report or its JSON."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from shapecalc import api
from shapecalc.parsing.tokens import tokens_of
from shapecalc.records import Claim, Report
from shapecalc.render import json as renderer
from shapecalc.render.tally import tally

ROOT = Path(__file__).resolve().parent.parent
SPECS = sorted((ROOT / "specs").glob("*.yaml"))

HEAD = """\
dims: {n: 784, h: 128, k: 10, m: 64}
inputs:
  X: [n, m]
  Y: [k, m]
params:
  W1: [h, n]
  b1: [h, 1]
  W2: [k, h]
  b2: [k, 1]
"""
FORWARD = """\
forward:
  Z1: W1 @ X + b1
  A1: relu(Z1)
  Z2: W2 @ A1 + b2
  A2: softmax(Z2, axis=0)
  J: cross_entropy(A2, Y, axis=0)
"""
TWO_LAYER = HEAD + FORWARD


def report_on(text: str, *, asked: Iterable[str] = ()) -> Report:
    """Check a spec, and fail where the program is at fault."""
    report = api.check(text, "spec.yaml", asked=asked)
    assert not [each for each in report.findings if each.code == "SC902"], report.findings
    return report


def json_of(report: Report) -> dict[str, Any]:
    """Return what the JSON has on one spec."""
    (spec,) = json.loads(renderer.document([report], tally([report])))["specs"]
    found: dict[str, Any] = spec
    return found


def with_claims(spec: str, claims: Mapping[str, str]) -> str:
    """Add claims to a spec."""
    lines = [f"  {name} = {formula}" for name, formula in claims.items()]
    return "\n".join([spec.rstrip("\n"), "gradients: |", *lines, ""])


def judged(spec: str, **claims: str) -> dict[str, Claim]:
    """Judge claims about a spec, by their names."""
    report = report_on(with_claims(spec, claims))
    assert list(claims) == [each.gradient for each in report.claims], report.findings
    return {each.gradient: each for each in report.claims}


def verdicts(spec: str, **claims: str) -> dict[str, str]:
    """Judge claims about a spec: their verdicts alone."""
    return {name: each.verdict for name, each in judged(spec, **claims).items()}


def length(formula: str) -> int:
    """Count the tokens of a formula."""
    return len(tokens_of(formula)) - 1
