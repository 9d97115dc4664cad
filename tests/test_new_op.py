"""An op never seen before gets every view from its registration alone."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from oracles import (
    OTHER_SIZES,
    SIZES,
    Array,
    Derived,
    Step,
    by_autograd,
    by_differences,
    by_terms,
    derivatives,
    derived,
    executed,
    pulled_back,
    steps_of,
    world_of,
)

from shapecalc.matrix.printing import text
from shapecalc.ops import OPS
from shapecalc.ops.notation import NotationError
from shapecalc.ops.registry import op
from shapecalc.verify.checks import agrees_by_algebra, agrees_exactly, error_by_components

Registered = Callable[..., str]


@pytest.fixture
def register() -> Iterator[Registered]:
    """Register ops for one test."""
    known = set(OPS)
    derived.cache_clear()

    def registered(shape: str, body: Callable[..., Any], **meaning: Any) -> str:
        op(shape, **meaning)(body)
        return body.__name__

    yield registered
    for name in set(OPS) - known:
        del OPS[name]
    derived.cache_clear()


def weighted(A: Array, B: Array, c: Array) -> Array:
    return A * c @ B.T


def unit_rows(X: Array) -> Array:
    return np.asarray(X / (1 + X))


def nothing(A: Array) -> Array:
    return A


@pytest.fixture
def weighted_product(register: Registered) -> str:
    return register("A[i,j], B[k,j], c[j] -> Y[i,k]", weighted, formula="A[i,j] B[k,j] c[j]")


def check_every_view(one: Derived) -> None:
    """Hold the Jacobian, both layouts and all checks to the body."""
    for sizes in (SIZES, OTHER_SIZES):
        world = world_of(one.step, sizes)
        truth = by_differences(one, world)
        np.testing.assert_allclose(by_terms(one.jacobian, world), truth, rtol=1e-6, atol=1e-8)
        automatic = by_autograd(one, world)
        assert automatic is not None
        np.testing.assert_allclose(truth, automatic, rtol=1e-6, atol=1e-8)
        gradient = executed(one.formula, world)
        assert gradient.shape == world.values[one.jacobian.wrt.name].shape
        wanted = pulled_back(truth, world.values["dR"])
        np.testing.assert_allclose(gradient, wanted, rtol=1e-6, atol=1e-8)
        turned = world._replace(values={**world.values, "dR": world.values["dR"].T})
        numerator = executed(one.read(one.jacobian, numerator=True), turned)
        np.testing.assert_allclose(numerator, gradient.T, rtol=1e-12)
    assert agrees_by_algebra(one.formula, one.terms(one.jacobian), one.jacobian.wrt_labels)
    assert agrees_exactly(one.case(one.formula)).equal
    assert error_by_components(one.case(one.formula)) < 1e-7


def test_op_stated_by_a_formula_gets_every_view(weighted_product: str) -> None:
    steps = list(steps_of(OPS[weighted_product]))
    assert len(steps) == 5  # distinct dims, each of i, j, k a unit axis, all of them
    for step in steps:
        assert [one.jacobian.wrt.name for one in derived(step)] == ["A", "B", "c"]
        for one in derived(step):
            check_every_view(one)


def test_op_stated_by_a_formula_reads_as_a_person_would_write_it(weighted_product: str) -> None:
    step = Step(f"{weighted_product}(A, B, c)", "A=m,n B=k,n c=n")
    formulas = {one.jacobian.wrt.name: text(one.formula) for one in derived(step)}
    assert formulas["A"] == "(dR @ B) * c"
    assert formulas["B"] == "(dR.T @ A) * c"


def test_op_composes_with_those_around_it(weighted_product: str) -> None:
    step = Step(f"tanh({weighted_product}(A, W @ B, exp(c)) + b)", "A=m,n W=k,h B=h,n c=n b=k")
    assert len(derived(step)) == 5
    for one in derived(step):
        check_every_view(one)


def test_op_stated_by_a_jacobian_gets_every_view(register: Registered) -> None:
    name = register(
        "X[...] -> Y[...]",
        unit_rows,
        definition="X / (1 + X)",
        jacobian={"X": "((1 - Y) ** 2)[...]"},
    )
    for dims in ("m,n", "n", "m,1", ""):
        step = Step(f"{name}(X)", f"X={dims}")
        for one in derived(step):
            check_every_view(one)
    (one,) = derivatives(Step(f"{name}(W @ A)", "W=k,h A=h,m"), "W")
    check_every_view(one)


def test_wrongly_stated_jacobian_is_found_by_both_checks_of_values(register: Registered) -> None:
    name = register(
        "X[...] -> Y[...]",
        unit_rows,
        definition="X / (1 + X)",
        jacobian={"X": "(1 - Y)[...]"},
    )
    (one,) = derived(Step(f"{name}(X)", "X=m,n"))
    assert not agrees_exactly(one.case(one.formula)).equal
    assert error_by_components(one.case(one.formula)) > 1e-3


def test_two_meanings_are_refused_by_name(register: Registered) -> None:
    with pytest.raises(NotationError, match="nothing: state one of"):
        register("A[i] -> Y[i]", nothing, formula="A[i]", definition="A")
    with pytest.raises(NotationError, match="nothing: state one of"):
        register("A[i] -> Y[i]", nothing)


def test_unknown_operand_is_refused_by_name(register: Registered) -> None:
    with pytest.raises(NotationError, match="nothing: 'B' is no operand"):
        register("A[i] -> Y[i]", nothing, formula="A[i]", jacobian={"B": "1"})
    with pytest.raises(NotationError, match="nothing: operands of"):
        register("B[i] -> Y[i]", nothing, formula="B[i]")
    with pytest.raises(NotationError, match=r"nothing: .*B"):
        register("A[i] -> Y[i]", nothing, formula="A[i] B[i]")


@pytest.mark.parametrize("formula", ["A[i", "A[i] @ A[i]", "A[i] B", "δ[i,j", "A[z]"])
def test_unreadable_formula_is_refused_by_name(register: Registered, formula: str) -> None:
    with pytest.raises(NotationError, match="nothing: "):
        register("A[i] -> Y[i]", nothing, formula=formula)


@pytest.mark.parametrize("shape", ["A[i] Y[i]", "A -> Y[i]", "A[i] -> Y"])
def test_unreadable_shape_is_refused_by_name(register: Registered, shape: str) -> None:
    with pytest.raises(NotationError, match="nothing: "):
        register(shape, nothing, formula="A[i]")


def test_name_is_registered_once(register: Registered) -> None:
    register("A[i] -> Y[i]", nothing, formula="A[i]")
    with pytest.raises(NotationError, match="nothing: registered twice"):
        register("A[i] -> Y[i]", nothing, formula="A[i]")


def test_refused_registration_leaves_no_op_behind(register: Registered) -> None:
    with pytest.raises(NotationError):
        register("A[i] -> Y[i]", nothing)
    assert "nothing" not in OPS
