"""Every op of the registry, on generic, broadcast, 1-D, unit-axis and scalar operands.

Nothing here is written for one op: a new op is tried as soon as it is registered.
"""

from functools import cache

import numpy as np
import pytest
from oracles import (
    SIZES,
    STATED,
    Array,
    Derived,
    Step,
    all_steps,
    by_autograd,
    by_differences,
    by_terms,
    derived,
    executed,
    matrix_transposed,
    pulled_back,
    steps_of,
    world_of,
)

from shapecalc.ops import OPS
from shapecalc.ops.build import expression_of
from shapecalc.ops.registry import Op
from shapecalc.tree import Attribute, Tree
from shapecalc.verify.checks import (
    Unsupported,
    agrees_by_algebra,
    agrees_exactly,
    error_by_components,
)
from shapecalc.verify.evaluate import Evaluation, Point

ENTRIES = list(OPS.values())
STEPS = all_steps()
# Its rules for these know no axis that an operand lacks; for `where`, no axis that is stretched.
# Without SciPy it has no erf.
INEXACT = {"expm", "expm_frechet", "sinm", "sinm_frechet", "cosm", "cosm_frechet"}
INEXACT |= {"sqrtm", "cholesky"}
"""Ops of matrices that have no exact arithmetic."""
NOT_EXACT = ("pow(A, B)", "pow(A, 0.3)", "norm(X, ord=2)")
"""Steps of other ops that have none."""
UNKNOWN_TO_AUTOGRAD = {
    "broadcast_to": 3,
    "where": 5,
    "einsum": 1,
    "tile": 1,
    "erf": 8,
    "gelu": 8,
    "solve": 6,
    "cross": 4,
}

of_every_op = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
in_every_step = pytest.mark.parametrize("step", STEPS, ids=str)


@cache
def truths(step: Step) -> list[tuple[Array, Array | None]]:
    """Return the Jacobians of a step's uses by differences, and by autograd where it knows them."""
    world = world_of(step)
    return [(by_differences(one, world), by_autograd(one, world)) for one in derived(step)]


def name_of(one: Derived) -> str:
    return f"use {one.use}, {one.jacobian.wrt.name}, of {one.step}"


@of_every_op
def test_every_op_is_tried(entry: Op) -> None:
    assert list(steps_of(entry))


def test_the_table_of_cases_names_ops_alone() -> None:
    assert set(STATED) <= set(OPS)


@of_every_op
def test_autograd_differentiates_the_body_in_all_but_known_cases(entry: Op) -> None:
    missing = [
        name_of(one)
        for step in steps_of(entry)
        for one, (_, automatic) in zip(derived(step), truths(step), strict=True)
        if automatic is None
    ]
    assert len(missing) == UNKNOWN_TO_AUTOGRAD.get(entry.name, 0), missing


@in_every_step
def test_shape_rule_gives_the_shape_of_the_numpy_result(step: Step) -> None:
    for one in derived(step):
        size = tuple(dim.size(SIZES) for dim in one.equation.shape)
        assert size == world_of(step).at(one.equation).shape


@in_every_step
def test_plain_python_gives_the_values_of_the_numpy_body(step: Step) -> None:
    for one in derived(step):
        world = world_of(step)
        values = {
            name: Point(world.values[name.name].shape, world.values[name.name].ravel().tolist())
            for name in {each.jacobian.wrt for each in derived(step)}
        }
        point = Evaluation(SIZES, dict(values), None).at(one.equation)
        assert point.sizes == world.values["R"].shape
        np.testing.assert_allclose(point.floats, world.values["R"].ravel(), rtol=1e-12, atol=1e-14)


@in_every_step
def test_index_form_is_what_differences_and_autograd_give(step: Step) -> None:
    world = world_of(step)
    for one, (differences, automatic) in zip(derived(step), truths(step), strict=True):
        found = by_terms(one.jacobian, world)
        np.testing.assert_allclose(found, differences, rtol=1e-6, atol=1e-8, err_msg=name_of(one))
        if automatic is not None:
            np.testing.assert_allclose(found, automatic, rtol=1e-10, atol=1e-12)


@in_every_step
def test_gradient_formula_is_the_vector_jacobian_product_in_the_operands_shape(step: Step) -> None:
    world = world_of(step)
    for one, jacobians in zip(derived(step), truths(step), strict=True):
        gradient = executed(one.formula, world)
        assert gradient.shape == world.values[one.jacobian.wrt.name].shape, name_of(one)
        assert one.formula.shape == one.jacobian.wrt.shape
        for jac in jacobians:
            if jac is not None:
                truth = pulled_back(jac, world.values["dR"])
                np.testing.assert_allclose(gradient, truth, rtol=1e-6, atol=1e-8)


@in_every_step
def test_numerator_formula_is_the_transposed_denominator_formula(step: Step) -> None:
    world = world_of(step)
    turned = world._replace(values={**world.values, "dR": matrix_transposed(world.values["dR"])})
    for one in derived(step):
        numerator = executed(one.read(one.jacobian, numerator=True), turned)
        denominator = executed(one.formula, world)
        wanted = matrix_transposed(denominator)
        assert numerator.shape == wanted.shape
        np.testing.assert_allclose(numerator, wanted, rtol=1e-11, atol=1e-13)


@in_every_step
def test_all_three_checks_accept_the_formula(step: Step) -> None:
    for one in derived(step):
        terms = one.terms(one.jacobian)
        assert agrees_by_algebra(one.formula, terms, one.jacobian.wrt_labels), name_of(one)
        assert error_by_components(one.case(one.formula)) < 1e-7, name_of(one)
        try:
            assert agrees_exactly(one.case(one.formula)).equal, name_of(one)
        except Unsupported:
            name, _, _ = step.text.partition("(")
            assert name in INEXACT or step.text in NOT_EXACT


@pytest.mark.parametrize(
    "text", ["(A > 0) - (A < B)", "-(A > 0)", "(A > 0) + (B > 0)", "(A > 0).T @ B"]
)
def test_masks_count_as_numbers_in_numpy(text: str) -> None:
    step = Step(f"X * sum({text})", "X=m,n A=m,n B=m,n")
    world = world_of(step)
    for one in derived(step):
        truth = pulled_back(by_differences(one, world), world.values["dR"])
        np.testing.assert_allclose(executed(one.formula, world), truth, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(executed(one.equation, world), world.values["R"], rtol=1e-12)


@pytest.mark.parametrize("kept", ["", ", keepdims=True"])
@pytest.mark.parametrize(
    "name", [n for n, entry in OPS.items() if entry.axis and len(entry.operands) == 1]
)
def test_negative_axes_count_from_the_end(name: str, kept: str) -> None:
    kept = kept * ("keepdims" in OPS[name].attributes)
    for back, ahead in ((-1, 1), (-2, 0)):
        (one,) = derived(Step(f"{name}(X, axis={back}{kept})", "X=m,n"))
        (other,) = derived(Step(f"{name}(X, axis={ahead}{kept})", "X=m,n"))
        assert one.equation is other.equation
        assert one.formula is other.formula


@pytest.mark.parametrize("name", ["max", "min"])
def test_each_of_the_entries_that_tie_has_the_gradient(name: str) -> None:
    """That is the convention which the report states; frameworks choose one, or share it out."""
    (one,) = derived(Step(f"{name}(X, axis=1)", "X=m,n"))
    world = world_of(one.step)
    tied = np.zeros_like(world.values["X"])
    gradient = executed(one.formula, world._replace(values={**world.values, "X": tied}))
    np.testing.assert_array_equal(gradient, np.broadcast_to(world.values["dR"][:, None], (3, 5)))


def test_derivatives_of_pi_and_erf_are_seen_by_the_field() -> None:
    """π is no number of the field, so a formula with another one in its place is told apart."""
    (one,) = derived(Step("erf(X)", "X=m,n"))
    scope: dict[str, Tree | Attribute] = {"X": one.jacobian.wrt, "dR": one.upstream}
    for wrong in ("dR * exp(-X**2)", "dR * 2 * exp(-X**2) / sqrt(3)", "dR * 2 * exp(X) / sqrt(pi)"):
        assert not agrees_exactly(one.case(expression_of(wrong, scope))).equal
    right = expression_of("dR * 2 / (exp(X**2) * pi ** 0.5)", scope)
    assert agrees_exactly(one.case(right)).equal
