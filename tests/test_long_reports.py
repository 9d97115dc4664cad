"""Reports on long networks: what is not shown is not written out."""

import pytest
from checking import json_of, report_on

from shapecalc.records import Opened
from shapecalc.render import terminal
from shapecalc.render.output import Look
from shapecalc.report import steps


def chain(layers: int) -> str:
    params = "".join(f"  W{i}: [h, h]\n  b{i}: [h, 1]\n" for i in range(layers))
    forward = "".join(
        f"  Z{i}: W{i} @ A{i} + b{i}\n  A{i + 1}: relu(Z{i})\n" for i in range(layers)
    )
    head = f"dims: {{h: 13, m: 17}}\ninputs: {{A0: [h, m]}}\nparams:\n{params}forward:\n"
    return f"{head}{forward}  J: mean(A{layers})\n"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the steps that are written out."""
    found: list[str] = []
    plain = steps.StepWriter.opened

    def counting(self: steps.StepWriter) -> Opened:
        found.append(f"{self.output.name}:{self.link.value.name}")
        return plain(self)

    monkeypatch.setattr(steps.StepWriter, "opened", counting)
    return found


def test_one_step_of_each_kind_is_written_out_for_a_long_network(opened: list[str]) -> None:
    report = report_on(chain(40))
    kinds = {step.kind for step in report.steps}
    assert len(opened) == len(kinds) < 8
    page = terminal.report_page(report, Look())
    assert "× 40" in page
    assert len(opened) == len(kinds)


def test_a_step_is_written_out_once_and_as_the_first_of_its_kind_is(opened: list[str]) -> None:
    report = report_on(chain(12))
    by_kind = {step.kind: step for step in reversed(report.steps)}
    for step in report.steps:
        first = by_kind[step.kind]
        assert step.relation == first.relation
        assert step.orderings.total == first.orderings.total
        assert step.jacobian.diagonal == first.jacobian.diagonal
        assert step.note.replace(step.wrt, first.wrt) == first.note
    assert len(opened) == len(set(opened)) == len(report.steps)


def test_json_has_every_step_of_a_long_network() -> None:
    found = json_of(report_on(chain(12)))
    names = [f"{step['output']}:{step['wrt']}" for step in found["steps"]]
    assert len(names) == len(set(names)) == 1 + 4 * 12 - 1
    assert all(step["formula"]["numpy"] for step in found["steps"])


def test_gradients_with_one_pattern_differ_by_the_names_of_values_alone() -> None:
    report = report_on(chain(12))
    groups: dict[int, set[tuple[str, ...]]] = {}
    for gradient in report.gradients:
        groups.setdefault(gradient.pattern, set()).add(gradient.shape)
    assert all(len(shapes) == 1 for shapes in groups.values())
    assert len(groups) < 8
