"""Public backward passes and vector-Jacobian products, read from beside the repository."""

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from shapecalc import api
from shapecalc.records import Report

CASES = Path(__file__).parents[2] / "shared" / "cases"
DOMAINS = {
    "positive": "positive",
    "unit": "unit-interval",
    "binary": "binary",
    "onehot-rows": "one-hot axis=1",
    "onehot-columns": "one-hot axis=0",
    "prob-rows": "probabilities axis=1",
}
RAN: Counter[str] = Counter()


def entries(file: str) -> list[dict[str, Any]]:
    path = CASES / file
    if not path.exists():
        return []
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["entries"]
    return found


def section(name: str, lines: dict[str, str]) -> list[str]:
    return [f"{name}:", *(f"  {key}: {value}" for key, value in lines.items())] if lines else []


def shapes(values: dict[str, list[object]]) -> dict[str, str]:
    return {name: f"[{', '.join(map(str, dims))}]" for name, dims in values.items()}


def as_we_write(formula: str) -> str:
    """Restate a formula of the cases, whose `diagonal` is a column, where ours is a vector."""
    return re.sub(r"\bdiagonal\((\w+)\)", r"diagonal(\1)[:, None]", formula)


def quoted(formulas: dict[str, object]) -> dict[str, str]:
    return {name: json.dumps(as_we_write(str(formula))) for name, formula in formulas.items()}


def spec_of(entry: dict[str, Any]) -> str:
    params = entry.get("params") or entry.get("shapes") or {}
    inputs = entry.get("inputs") or {}
    every = [dim for shape in {**inputs, **params}.values() for dim in shape]
    names = dict.fromkeys(n for dim in every for n in re.findall(r"[A-Za-z]\w*", str(dim)))
    sizes = entry.get("dims")
    dims = ", ".join(f"{k}: {v}" for k, v in sizes.items()) if sizes else ", ".join(names)
    assumed = {k: DOMAINS[v] for k, v in entry.get("domain", {}).items() if v in DOMAINS}
    upstream = entry.get("upstream") or ([] if "loss" in entry else ["Out"])
    given = [upstream] if isinstance(upstream, str) else upstream
    lines = [
        f"dims: {{{dims}}}" if sizes else f"dims: [{dims}]",
        *section("constants", {k: str(v) for k, v in entry.get("consts", {}).items()}),
        *section("assume", assumed),
        *section("inputs", shapes(inputs)),
        *section("params", shapes(params)),
        *section("forward", quoted(entry["forward"])),
        *([f"loss: {entry['loss']}"] if "loss" in entry else []),
        *([f"upstream: [{', '.join(given)}]"] if given else []),
        *section("gradients", quoted(entry["claims"])),
    ]
    return "\n".join(lines) + "\n"


def report_of(entry: dict[str, Any], name: str) -> Report:
    report = api.check(spec_of(entry), name, detail=False)
    later = [finding for finding in report.findings if finding.code == "SC212"]
    if later:
        pytest.skip(later[0].message)
    return report


def verdict_of(entry: dict[str, Any], gradient: str) -> tuple[str, str | None]:
    verdict = entry.get("verdict", {}).get(gradient, "right")
    return (verdict, None) if isinstance(verdict, str) else (verdict["is"], verdict.get("times"))


@pytest.mark.parametrize("entry", entries("backward_passes.yaml"), ids=lambda entry: entry["id"])
def test_verdicts_on_a_public_backward_pass_are_those_known(entry: dict[str, Any]) -> None:
    report = report_of(entry, entry["id"])
    assert {claim.gradient for claim in report.claims} == set(entry["claims"])
    for claim in report.claims:
        verdict, times = verdict_of(entry, claim.gradient)
        assert claim.verdict == verdict, f"{claim.gradient} = {claim.claim}"
        assert times is None or claim.times == str(times)
    RAN["backward passes"] += 1


@pytest.mark.parametrize("entry", entries("backward_passes.yaml"), ids=lambda entry: entry["id"])
def test_the_formula_known_to_be_right_is_judged_right(entry: dict[str, Any]) -> None:
    """Put the entry's right formula for each wrong claim: nothing wrong is left of it."""
    known = {
        name: verdict["right"]
        for name, verdict in entry.get("verdict", {}).items()
        if isinstance(verdict, dict) and "right" in verdict
    }
    corrected = {**entry, "claims": {**entry["claims"], **known}}
    report = report_of(corrected, entry["id"])
    verdicts = {claim.gradient: claim.verdict for claim in report.claims}
    assert {name: verdicts[name] for name in known} == dict.fromkeys(known, "right")


@pytest.mark.parametrize("entry", entries("backward_passes.yaml"), ids=lambda entry: entry["id"])
def test_the_formula_proposed_for_a_wrong_claim_is_judged_right(entry: dict[str, Any]) -> None:
    proposed = {
        claim.gradient: claim.right
        for claim in report_of(entry, entry["id"]).claims
        if claim.right is not None
    }
    corrected = {**entry, "claims": {**entry["claims"], **proposed}}
    verdicts = {claim.gradient: claim.verdict for claim in report_of(corrected, "").claims}
    assert {name: verdicts[name] for name in proposed} == dict.fromkeys(proposed, "right")


def test_mistakes_of_public_claims_are_named_as_they_are_known() -> None:
    """The kind of nine in ten wrong claims is the one that was found by hand."""
    if not CASES.exists():
        pytest.skip("the public cases are not beside this repository")
    named: list[bool] = []
    for entry in entries("backward_passes.yaml"):
        known = entry.get("verdict", {})
        for claim in report_of(entry, entry["id"]).claims:
            verdict = known.get(claim.gradient)
            if isinstance(verdict, dict) and "kind" in verdict:
                named.append(claim.kind == verdict["kind"])
    assert sum(named) >= 0.9 * len(named), f"{sum(named)} of {len(named)}"


@pytest.mark.parametrize("entry", entries("vjps.yaml"), ids=lambda entry: entry["op"])
def test_public_vector_jacobian_products_are_judged_right(entry: dict[str, Any]) -> None:
    report = report_of(entry, entry["op"])
    assert {claim.gradient: claim.verdict for claim in report.claims} == dict.fromkeys(
        entry["claims"], "right"
    )
    RAN["vector-Jacobian products"] += 1


def test_how_many_of_the_public_cases_ran(capsys: pytest.CaptureFixture[str]) -> None:
    """Count what the tests above ran; an op of a later version is why others did not."""
    if not CASES.exists():
        pytest.skip("the public cases are not beside this repository")
    with capsys.disabled():
        for kind, file in (
            ("backward passes", "backward_passes.yaml"),
            ("vector-Jacobian products", "vjps.yaml"),
        ):
            sys.stdout.write(f"\n{RAN[kind]} of {len(entries(file))} {kind} ran")
    assert RAN["backward passes"] >= 41
    assert RAN["vector-Jacobian products"] >= 23
