"""The formats that programs read: JSON against the contract, concise lines."""

import json
import subprocess
import sys
from typing import Any

import pytest
import sample_report

import shapecalc
from shapecalc.diagnostics import Finding
from shapecalc.records import Checked
from shapecalc.render import concise
from shapecalc.render.json import document
from shapecalc.render.tally import Tally, tally
from shapecalc.span import Span

CONTRACT: dict[str, Any] = {
    "schema_version": 1,
    "shapecalc": "",
    "specs": [
        {
            "path": "", "name": "", "ok": True, "loss": "", "dims": {}, "batch": "",
            "values": [
                {"name": "", "kind": "", "shape": [], "size": [], "equation": "", "line": 1}
            ],
            "steps": [
                {
                    "loss": "", "output": "", "wrt": "", "use": 0, "equation": "",
                    "jacobian": {
                        "shape": [], "index": "", "diagonal": [], "effective": "",
                        "effective_shape": [],
                    },
                    "layouts": {
                        "numerator": {"formula": "", "factors": [[""]], "shape": []},
                        "denominator": {"formula": "", "factors": [[""]], "shape": []},
                        "mixed": {"formula": "", "factors": [[""]], "shape": None, "why": ""},
                    },
                    "orderings": {
                        "defined": True, "total": 8, "conformable": 2, "at_these_sizes": 2,
                        "right": 1, "transposed": 1,
                        "items": [
                            {
                                "formula": "", "conforms": "", "shape": [], "value": "",
                                "layout": "",
                            }
                        ],
                    },
                }
            ],
            "gradients": [
                {
                    "wrt": "", "shape": [], "layout": "",
                    "formula": {"text": "", "numpy": "", "unicode": "", "latex": ""},
                    "steps": [{"output": "", "numpy": ""}],
                    "checked": {
                        "canonical": True, "components": 1.0,
                        "exact": {
                            "field": "", "assignments": 2, "trials": 3, "error_bound": "",
                        },
                    },
                }
            ],
            "claims": [
                {
                    "wrt": "", "claim": "", "verdict": "", "kind": None, "mistakes": [],
                    "times": None, "right": "", "line": 1,
                }
            ],
            "findings": [
                {
                    "code": "", "severity": "", "line": 1, "column": 1, "end_line": 1,
                    "end_column": 1, "message": "", "help": "",
                }
            ],
        }
    ],
}  # fmt: skip


def tree() -> Any:
    report = sample_report.coinciding()
    return json.loads(document([report], tally([report])))


def missing(wanted: Any, found: Any, place: str = "") -> list[str]:
    """List the places of the contract that a tree lacks, or where it has another type."""
    if isinstance(wanted, dict):
        absent = [f"{place}.{key}" for key in wanted if key not in found]
        here = [key for key in wanted if key in found]
        return absent + [
            m for key in here for m in missing(wanted[key], found[key], f"{place}.{key}")
        ]
    if isinstance(wanted, list):
        each = [missing(wanted[0], one, f"{place}[]") for one in found] if wanted else []
        return [m for some in each for m in some] if found is not None else []
    is_same = found is None or wanted is None or isinstance(found, type(wanted))
    return [] if is_same else [f"{place}: {found!r}"]


def test_has_every_key_of_the_contract() -> None:
    found = tree()
    for step in found["specs"][0]["steps"]:
        if not step["orderings"]["defined"]:
            assert set(step["orderings"]) == {"defined", "why"}
            step["orderings"] = CONTRACT["specs"][0]["steps"][0]["orderings"]
    assert missing(CONTRACT, found) == []


def test_contract_has_an_example_of_each_list() -> None:
    spec = tree()["specs"][0]
    assert all(spec[key] for key in ("values", "steps", "gradients", "claims", "findings"))


def test_values_are_those_of_the_contract() -> None:
    report = sample_report.two_layer()
    found = json.loads(document([report], tally([report])))
    assert found["schema_version"] == 1
    assert found["shapecalc"] == shapecalc.__version__
    spec = found["specs"][0]
    assert spec["dims"] == {"n": 784, "h": 128, "k": 10, "m": 64}
    step = next(step for step in spec["steps"] if (step["output"], step["wrt"]) == ("Z2", "A1"))
    mixed = {key: step["layouts"]["mixed"][key] for key in ("formula", "factors", "shape", "why")}
    assert mixed == {
        "formula": "dZ2 @ W2",
        "factors": [["k", "m"], ["k", "h"]],
        "shape": None,
        "why": "m ≠ k",
    }
    counts = {key: step["orderings"][key] for key in ("total", "conformable", "at_these_sizes")}
    assert counts == {"total": 8, "conformable": 2, "at_these_sizes": 2}
    assert spec["gradients"][0]["checked"]["exact"]["error_bound"] == "2^-160"


def test_finding_ends_behind_its_token() -> None:
    finding = tree()["specs"][0]["findings"][0]
    assert finding["severity"] == "warning"
    assert (finding["line"], finding["column"]) == (3, 16)
    assert (finding["end_line"], finding["end_column"]) == (3, 21)


def test_step_without_a_mixed_product_says_why() -> None:
    mixed = tree()["specs"][0]["steps"][0]["layouts"]["mixed"]
    assert (mixed["formula"], mixed["shape"]) == (None, None)
    assert mixed["why"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_document_can_be_written_in_any_encoding(encoding: str) -> None:
    report = sample_report.two_layer(path="specs/\udcff.yaml")
    text = document([report], tally([report]), encoding=encoding)
    assert json.loads(text.encode(encoding))["specs"][0]["path"] == "specs/\udcff.yaml"


def test_number_that_json_lacks_is_null() -> None:
    report = sample_report.two_layer()
    first, *rest = report.gradients
    odd = first._replace(checked=Checked(True, float("nan"), None, ""))
    found = json.loads(document([report._replace(gradients=(odd, *rest))], tally([report])))
    assert found["specs"][0]["gradients"][0]["checked"]["components"] is None


def test_concise_line_is_one_line() -> None:
    report = sample_report.failing()
    assert concise.lines([report]) == (
        "specs/bad/inner_dims.yaml:16:7: SC301 `W1 @ X` does not conform, h ≠ n: "
        "write `W1.T @ X`, or declare `W1: [h, n]`\n"
    )


def test_concise_line_stays_one_line_whatever_the_message() -> None:
    finding = Finding("SC201", Span("a\n.yaml", 1, 1), "two\nlines, \x1b[31m", "")
    report = sample_report.failing()._replace(findings=(finding,))
    assert concise.lines([report]) == "a\\n.yaml:1:1: SC201 two lines, \\x1b[31m\n"


def test_concise_line_in_ascii() -> None:
    assert "h != n: write" in concise.lines([sample_report.failing()], ascii_only=True)


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        (Tally(10, 104, 0, 0), "10 specs, no findings\n"),
        (Tally(1, 8, 1, 0), "1 spec, 1 error\n"),
        (Tally(2, 8, 3, 2, 1), "2 specs, 3 errors, 2 warnings; 1 YAML file is no spec\n"),
    ],
)
def test_concise_summary(counts: Tally, text: str) -> None:
    assert concise.summary(counts) == text


@pytest.mark.parametrize("module", ["concise", "json", "output"])
def test_machine_formats_load_no_rich(module: str) -> None:
    code = f"import sys, shapecalc.render.{module}; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
