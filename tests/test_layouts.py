"""A layout is an order of indices: executed, numerator forms are transposed denominator forms."""

import numpy as np
import pytest
from oracles import (
    OTHER_SIZES,
    SIZES,
    Array,
    Derived,
    Step,
    derived,
    executed,
    matrix_transposed,
    world_of,
)

from shapecalc.layout import formula, other_layout
from shapecalc.matrix.printing import text
from shapecalc.tree import leaf

STEPS = [
    Step("W @ A + b", "W=k,h A=h,m b=k,1"),
    Step("A @ W + b", "A=m,h W=h,k b=k"),
    Step("A @ W.T + b", "A=m,h W=k,h b=1,k"),
    Step("relu(W @ A + b)", "W=k,h A=h,m b=k,1"),
    Step("tanh(x @ Wx + s @ Ws + b)", "x=m,n Wx=n,k s=m,h Ws=h,k b=k"),
    Step("softmax(W @ A, axis=0)", "W=k,h A=h,m"),
    Step("softmax(A @ W, axis=1)", "A=m,h W=h,k"),
    Step("log_softmax(A @ W, axis=1)", "A=m,h W=h,k"),
    Step("A @ X @ B", "A=m,n X=n,h B=h,k"),
    Step("A @ X.T @ B", "A=m,n X=h,n B=h,k"),
    Step("A * (W @ X) + X", "A=k,m W=k,k X=k,m"),
    Step("X @ X.T", "X=m,n"),
    Step("(X @ X.T)**-1 @ A", "X=m,n A=m,k"),
    Step("x.T @ A @ x", "x=n,1 A=n,n"),
    Step("outer(u, v) @ A", "u=m v=n A=n,k"),
    Step("X / sqrt(sum(X**2, axis=1, keepdims=True))", "X=m,n"),
    Step("mean(cross_entropy(softmax(W @ A, axis=0), T, axis=0))", "W=k,h A=h,m T=k,m"),
    Step("mse(A @ W + b, T)", "A=m,h W=h,k b=k T=m,k"),
    Step("sum(s * (W @ A), axis=1)", "s= W=k,h A=h,m"),
    Step("softmax(Q @ K.mT / sqrt(n), axis=-1)", "Q=b,m,n K=b,k,n"),
    Step("tanh(X @ W + c)", "X=b,m,n W=n,k c=k"),
    Step("A @ B", "A=h,1,m,n B=b,n,k"),
    Step("A @ B @ A.mT", "A=b,m,n B=n,n"),
]
BOTH = (SIZES, OTHER_SIZES)


def in_both_layouts(one: Derived, sizes: dict[str, int]) -> tuple[Array, Array]:
    """Run the denominator form, and the numerator form with the upstream transposed."""
    world = world_of(one.step, sizes)
    turned = world._replace(values={**world.values, "dR": matrix_transposed(world.values["dR"])})
    numerator = one.read(one.jacobian, numerator=True)
    return executed(one.formula, world), executed(numerator, turned)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_numerator_is_the_transpose_of_denominator(step: Step) -> None:
    for sizes in BOTH:
        for one in derived(step):
            denominator, numerator = in_both_layouts(one, sizes)
            wanted = matrix_transposed(denominator)
            np.testing.assert_allclose(numerator, wanted, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_numerator_formula_has_the_shape_with_the_last_two_axes_swapped(step: Step) -> None:
    for one in derived(step):
        dims = list(one.jacobian.wrt.shape)
        dims[-2:] = reversed(dims[-2:])
        assert one.read(one.jacobian, numerator=True).shape == tuple(dims)
        assert one.formula.shape == one.jacobian.wrt.shape


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_transposed_tree_is_the_other_layout_of_the_same_values(step: Step) -> None:
    for one in derived(step):
        world = world_of(step)
        turned = executed(other_layout(one.formula), world)
        wanted = matrix_transposed(executed(one.formula, world))
        np.testing.assert_allclose(turned, wanted, rtol=1e-11)
        assert turned.shape == wanted.shape
        again = executed(other_layout(other_layout(one.formula)), world)
        np.testing.assert_allclose(again, executed(one.formula, world), rtol=1e-12)


@pytest.mark.parametrize(
    ("step", "wrt", "denominator", "numerator"),
    [
        (STEPS[0], "W", "dR @ A.T", "A @ dR"),
        (STEPS[0], "A", "W.T @ dR", "dR @ W"),
        (STEPS[0], "b", "sum(dR, axis=1, keepdims=True)", "sum(dR, axis=0, keepdims=True)"),
        (STEPS[1], "A", "dR @ W.T", "W @ dR"),
        (STEPS[1], "W", "A.T @ dR", "dR @ A"),
        (STEPS[2], "A", "dR @ W", "W.T @ dR"),
        (STEPS[2], "W", "dR.T @ A", "A.T @ dR.T"),
        (STEPS[8], "X", "A.T @ dR @ B.T", "B @ dR @ A"),
    ],
)
def test_the_walk_decides_on_which_side_the_upstream_stands(
    step: Step, wrt: str, denominator: str, numerator: str
) -> None:
    (one,) = (each for each in derived(step) if each.jacobian.wrt.name == wrt)
    assert text(one.formula) == denominator
    assert text(one.read(one.jacobian, numerator=True)) == numerator


@pytest.mark.parametrize("numerator", [False, True])
@pytest.mark.parametrize(
    ("first", "second"),
    [("W @ A", "V @ R"), ("A @ W", "R @ V"), ("W @ A", "R @ V"), ("A @ W", "V @ R")],
)
def test_steps_of_one_layout_compose(first: str, second: str, numerator: bool) -> None:
    shapes = {"W": "n,n", "A": "n,n", "V": "n,n", "R": "n,n"}
    world = world_of(Step("W @ A + V", "W=n,n A=n,n V=n,n"))
    values = {**world.values, "R": world.values["W"] * 0.7}
    upper = Step(second, f"V={shapes['V']} R={shapes['R']}")
    lower = Step(first, f"W={shapes['W']} A={shapes['A']}")
    whole = Step(second.replace("R", f"({first})"), "W=n,n A=n,n V=n,n")
    turn = np.transpose if numerator else np.asarray
    given = world._replace(values={**values, "dR": turn(world.values["dR"])})
    (by_output,) = (one for one in derived(upper) if one.jacobian.wrt.name == "R")
    handed = executed(by_output.read(by_output.jacobian, numerator=numerator), given)
    below = given._replace(values={**values, "dR": handed})
    for one in derived(lower):
        name = one.jacobian.wrt.name
        (direct,) = (each for each in derived(whole) if each.jacobian.wrt.name == name)
        found = executed(one.read(one.jacobian, numerator=numerator), below)
        wanted = executed(direct.read(direct.jacobian, numerator=numerator), given)
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_step_without_terms_is_zeros_of_the_layout_s_shape() -> None:
    one = next(iter(derived(Step("where(C > 0, A, B)", "C=m,n A=m,n B=m,n"))))
    upstream = leaf("dR", one.jacobian.output.shape)
    for numerator, printed in ((False, "zeros(m, n)"), (True, "zeros(n, m)")):
        tree = formula(
            (), one.jacobian.wrt_labels, one.jacobian.wrt.shape, [upstream], numerator=numerator
        )
        assert text(tree) == printed
