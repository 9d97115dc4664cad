"""Whatever a spec holds, the answer is a report: nothing raised, nothing internal, places inside.

The inputs are specs with characters, tokens and lines changed. test_fuzz_expressions.py has as many
with any expressions, in a file of its own so that both run at once. One in DRAWN of them is also
printed in every format.
"""

from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import DRAWN, Choose, assert_sound, mutated_spec

INPUTS = 2_500  # of each kind, by hypothesis, which finds a small one that fails
MORE = 7_500  # by a seeded generator, at a third of the time


CHOICES = st.binary(min_size=160, max_size=160)  # one draw of all costs less than a draw of each


def chosen_by(choices: bytes) -> Choose:
    """Choose by two bytes each time; when all are used up, the first."""
    left = iter(choices)
    return lambda count: (next(left, 0) * 256 + next(left, 0)) % count


@st.composite
def mutated_specs(draw: st.DrawFn) -> str:
    return mutated_spec(chosen_by(draw(CHOICES)))


def every(count: int) -> settings:
    return settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@every(INPUTS)
@given(mutated_specs(), st.integers(1, DRAWN))
def test_any_change_of_a_spec_gives_a_sound_report(text: str, drawn: int) -> None:
    assert_sound(text, drawn=drawn == DRAWN)


def by_random(make: Callable[[Choose], str], seed: int) -> Iterator[tuple[str, bool]]:
    """Make many inputs; one in so many is to be printed in every format."""
    random = Random(seed)
    for number in range(MORE):
        yield make(random.randrange), number % DRAWN == 0


def test_many_more_changes_of_specs_give_sound_reports() -> None:
    for text, drawn in by_random(mutated_spec, 1):
        assert_sound(text, drawn=drawn)


def test_dim_named_like_a_gradient_is_told_apart_from_it() -> None:
    assert_sound(
        "inputs: {A: [n, m], B: [m, dC]}\nforward: |\n  C = A @ B\n  J = sum(relu(C))\n"
        "gradients: {dA: n @ B.T}\n"
    )


def test_deviation_that_is_always_zero_is_no_fault_of_ours() -> None:
    assert_sound("params: {W: [k, n]}\nforward: |\n  J = sum(std(W / W, axis=-1))**2\n")


def test_root_of_what_is_turned_twice_is_derived() -> None:
    assert_sound("params: {W: [k, n]}\nforward: |\n  J = sum((-(1 + W).T.T) ** 0.5)\n")


def test_logarithm_of_a_transposed_product_is_derived() -> None:
    assert_sound("params: {W: [k, n], X: [n, m]}\nforward: |\n  J = sum(log((W @ X).T))\n")


def test_normalisation_over_one_entry_is_told_in_full() -> None:
    assert_sound("params: {b: [k, 1]}\ndims: [k]\nforward: |\n  J = sum(normalize(b, axis=1))\n")


@pytest.mark.parametrize(
    "lines",
    [
        "J = sum((t / B.sum(axis=0))**2)",
        "J = sum(masked_softmax(W, t, axis=(0, 1))**2)",
        "J = sum(flip(W.T)**2)",
        "J = sum((--W @ W.T)**0.5)",
    ],
)
def test_axes_may_be_named_or_all_meant(lines: str) -> None:
    shapes = "{W: [k, n], B: [k, 1], t: [n]}"
    assert_sound(f"params: {shapes}\nforward: |\n  {lines}\n")


def test_windows_may_be_as_wide_as_dims() -> None:
    for line in ("max_pool2d(X, (k, r))", "max_pool2d(X, (k, r), stride=1)"):
        assert_sound(f"params: {{X: [m, 12, 12]}}\ndims: [m, k, r]\nforward: {{J: sum({line})}}\n")


def test_a_root_of_a_root_is_judged_in_floats() -> None:
    lines = "N = layer_norm(X, g)\n  M = layer_norm(N @ W, g)\n  J = mse(M, Y)\n"
    params = "dims: {m: 8, n: 17}\ninputs: {Y: [m, n]}\nparams: {X: [m, n], W: [n, n], g: [n]}\n"
    assert_sound(f"{params}forward: |\n  {lines}gradients: {{dg: sum(dM * M, axis=0)}}\n")
