"""The specs that ship are documentation: each says what it shows, and all its claims hold."""

from functools import cache
from pathlib import Path

import pytest
import yaml
from checking import json_of, length

from shapecalc import api
from shapecalc.diagnostics import Severity
from shapecalc.records import Report

FOLDER = Path(__file__).resolve().parent.parent / "specs"
SPECS = sorted(FOLDER.glob("*.yaml"))

WARNINGS = {
    "two_layer_square": {"SC501"},  # what it is there to show
    "mlp_40": {"SC502"},  # 38 weights (h, h)
    "rnn_3_steps": {"SC502"},  # Wh
}
KNOWN_BY_SYMMETRY = {"gaussian_likelihood": {"dC"}}
"""Claims that rest on a matrix being symmetric, which the printed formula does not use."""

each_spec = pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)


@cache
def report_on(path: Path) -> Report:
    return api.check(path.read_text(encoding="utf-8"), str(path))


def claims_in(path: Path) -> list[str]:
    """Return the gradients that a spec claims, which it may list or write as text."""
    written = yaml.safe_load(path.read_text(encoding="utf-8"))["gradients"]
    lines = written.splitlines() if isinstance(written, str) else written
    return [line.partition("=")[0].strip() for line in lines]


@each_spec
def test_begins_by_saying_what_it_shows(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# ")


@each_spec
def test_has_no_errors(path: Path) -> None:
    errors = [each for each in report_on(path).findings if each.severity is Severity.ERROR]
    assert errors == []
    assert report_on(path).ok


@each_spec
def test_warns_of_what_it_should_and_of_nothing_else(path: Path) -> None:
    codes = {each.code for each in report_on(path).findings}
    assert codes == WARNINGS.get(path.stem, set())


@each_spec
def test_every_claim_is_judged_and_holds(path: Path) -> None:
    claimed = claims_in(path)
    verdicts = {each.gradient: each.verdict for each in report_on(path).claims}
    assert list(verdicts) == claimed
    assert set(verdicts.values()) <= {"right", "convention"}


@each_spec
def test_no_printed_gradient_is_twice_as_long_as_the_one_that_the_spec_claims(path: Path) -> None:
    report = json_of(report_on(path))
    ours = {f"d{each['wrt']}": each["formula"]["text"] for each in report["gradients"]}
    claims = {f"d{each['wrt']}": each["claim"] for each in report["claims"]}
    short = KNOWN_BY_SYMMETRY.get(path.stem, set())
    longer = {
        name: (ours[name], claim)
        for name, claim in claims.items()
        if name not in short and length(ours[name]) > 2 * length(claim)
    }
    assert not longer


@each_spec
def test_every_step_is_found(path: Path) -> None:
    assert report_on(path).step_count > 0


def test_two_layer_stands_where_the_documentation_points() -> None:
    lines = (FOLDER / "two_layer.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[18 - 1] == "  Z2: W2 @ A1 + b2"


def test_square_network_is_the_two_layer_network_at_other_sizes() -> None:
    plain, square = (
        yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
        for name in ("two_layer", "two_layer_square")
    )
    assert square["dims"] == {"n": 784, "h": 64, "k": 64, "m": 64}
    for key in ("inputs", "params", "forward", "gradients"):
        assert plain[key] == square[key]
