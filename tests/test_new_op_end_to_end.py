"""An op that nobody has seen before, in a whole spec: every view follows from one definition."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from shapecalc import api
from shapecalc.ops.registry import OPS, op
from shapecalc.records import Report

SPEC = """
dims: {p: 3, q: 5, r: 7}
params:
  A: [p, q]
  B: [r, q]
  c: [q]
forward:
  Y: blend(A, B, c)
upstream: Y
"""


@pytest.fixture
def report() -> Iterator[Report]:
    @op("A[i,j], B[k,j], c[j] -> Y[i,k]", formula="A[i,j] B[k,j] c[j]")
    def blend(A: Any, B: Any, c: Any) -> Any:
        """Multiply A by B transposed, each inner entry weighted by c."""
        return (A * c) @ B.T

    yield api.check(SPEC, "blend.yaml")
    del OPS["blend"]


def test_new_op_has_a_formula_for_each_operand(report: Report) -> None:
    assert not report.findings
    random = np.random.default_rng(7)
    names = {"A": (3, 5), "B": (7, 5), "c": (5,), "dY": (3, 7)}
    values = {name: random.normal(size=shape) for name, shape in names.items()}
    A, B, c, dY = values.values()
    truth = {"A": (dY @ B) * c, "B": (dY.T @ A) * c, "c": np.einsum("ik,ij,kj->j", dY, A, B)}
    for gradient in report.gradients:
        found = eval(gradient.formula.numpy, {"np": np}, dict(values))
        np.testing.assert_allclose(found, truth[gradient.wrt])
        assert found.shape == values[gradient.wrt].shape


def test_new_op_has_jacobian_layouts_and_checks(report: Report) -> None:
    step = next(step for step in report.steps if step.wrt == "A")
    assert step.jacobian.shape == ("p", "r", "p", "q")
    assert step.jacobian.index_form == "B[j,q] c[q] δ[i,p]"
    assert step.jacobian.diagonal == ("p",)
    assert step.denominator.shape == ("p", "q")
    assert step.numerator.shape == ("q", "p")
    for each in report.steps:
        assert each.checked.canonical
        assert each.checked.exact is not None
        assert each.checked.components is not None
        assert each.orderings.defined or each.orderings.why


def test_new_op_without_the_weights_has_orderings() -> None:
    @op("A[i,j], B[k,j] -> Y[i,k]", formula="A[i,j] B[k,j]")
    def meet(A: Any, B: Any) -> Any:
        """Multiply A by B transposed."""
        return A @ B.T

    try:
        text = SPEC.replace("blend(A, B, c)", "meet(A, B)").replace("  c: [q]\n", "")
        report = api.check(text, "meet.yaml")
    finally:
        del OPS["meet"]
    counts = {step.wrt: step.orderings for step in report.steps}
    formulas = {step.wrt: step.formula.text for step in report.steps}
    assert formulas == {"A": "dY @ B", "B": "dY.T @ A"}
    for orderings in counts.values():
        assert (orderings.total, orderings.conformable) == (8, 2)
        assert (orderings.right, orderings.transposed) == (1, 1)
