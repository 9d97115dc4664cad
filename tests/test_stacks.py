"""Stacks of matrices, orders of axes and einsum, held against NumPy; what is refused of them."""

import re
from collections.abc import Mapping
from itertools import permutations, product

import numpy as np
import pytest
from checking import report_on
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles import SIZES, World, tree_of

from shapecalc.orderings import factors_of, orderings
from shapecalc.tree import Tree, leaves

Array = NDArray[np.float64]
DIMS = "bmnkh"


def values_of(tree: Tree, sizes: Mapping[str, int] = SIZES, seed: int = 5) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    return {
        each.name: random.normal(size=[dim.size(sizes) for dim in each.shape])
        for each in leaves(tree)
    }


def run(text: str, values: Mapping[str, Array]) -> Array:
    """Evaluate what was written with NumPy alone."""
    turned = re.sub(r"(\w+)\.mT", r"np.swapaxes(\1, -1, -2)", text)
    plain = re.sub(r"(?<![\w.])(einsum|transpose|swapaxes|moveaxis|sum|dot)\(", r"np.\1(", turned)
    return np.asarray(eval(plain, {"np": np}, dict(values)))


def check_against_numpy(text: str, shapes: str) -> None:
    tree = tree_of(text, shapes)
    values = values_of(tree)
    found, wanted = World(SIZES, values).at(tree), run(text, values)
    assert found.shape == wanted.shape == tuple(dim.size(SIZES) for dim in tree.shape)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


# --- products -----------------------------------------------------------------------------------

STACKS = ("", "b", "1", "h,b", "h,1", "1,b")


@pytest.mark.parametrize(("left", "right"), list(product(STACKS, STACKS)))
def test_product_of_stacks_is_that_of_numpy(left: str, right: str) -> None:
    first, second = (",".join(filter(None, parts)) for parts in ((left, "m,n"), (right, "n,k")))
    check_against_numpy("A @ B", f"A={first} B={second}")


@pytest.mark.parametrize("stack", STACKS)
def test_product_with_a_vector_is_that_of_numpy(stack: str) -> None:
    shape = ",".join(filter(None, (stack, "m,n")))
    check_against_numpy("A @ v", f"A={shape} v=n")
    check_against_numpy("v @ A", f"A={shape} v=m")
    check_against_numpy("dot(A, v)", f"A={shape} v=n")


def test_dot_is_that_of_numpy_where_it_is_read() -> None:
    check_against_numpy("dot(A, B)", "A=h,b,m,n B=n,k")
    check_against_numpy("dot(v, B)", "v=n B=b,n,k")


# --- orders of axes -----------------------------------------------------------------------------


@pytest.mark.parametrize("axes", list(permutations(range(3))))
def test_any_order_of_three_axes_is_that_of_numpy(axes: tuple[int, ...]) -> None:
    listed = ", ".join(map(str, axes))
    for text in (f"transpose(X, ({listed}))", f"X.transpose({listed})", f"X.transpose(({listed}))"):
        check_against_numpy(text, "X=b,m,n")
    negative = ", ".join(str(axis - 3) for axis in axes)
    check_against_numpy(f"transpose(X, ({negative}))", "X=b,m,n")


@pytest.mark.parametrize(("one", "other"), list(product(range(-4, 4), repeat=2)))
def test_swapping_and_moving_axes_is_that_of_numpy(one: int, other: int) -> None:
    check_against_numpy(f"swapaxes(X, {one}, {other})", "X=h,b,m,n")
    check_against_numpy(f"moveaxis(X, {one}, {other})", "X=h,b,m,n")


def test_permute_is_another_name() -> None:
    wanted = tree_of("transpose(X, (2, 0, 1))", "X=b,m,n")
    for text in ("X.permute(2, 0, 1)", "permute(X, (2, 0, 1))", "transpose(X, axes=(2, 0, 1))"):
        assert tree_of(text, "X=b,m,n") is wanted


# --- einsum -------------------------------------------------------------------------------------


@st.composite
def sums(draw: st.DrawFn) -> tuple[str, str]:
    """Draw subscripts of one to four operands, with repeated letters, and the operands' shapes."""
    count = draw(st.integers(1, 4))
    parts = [draw(st.text("bmnk", min_size=0, max_size=3)) for _ in range(count)]
    letters = sorted(set("".join(parts)))
    text = ",".join(parts)
    if draw(st.booleans()):
        text += "->" + "".join(draw(st.permutations(letters))[: draw(st.integers(0, 4))])
    shapes = " ".join(f"{name}={','.join(part)}" for name, part in zip("ABCD", parts, strict=False))
    return f'einsum("{text}", {", ".join("ABCD"[:count])})', shapes


@given(sums())
def test_einsum_is_that_of_numpy(case: tuple[str, str]) -> None:
    check_against_numpy(*case)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ('einsum("...ij,...jk->...ik", A, B)', "A=b,m,n B=n,k"),
        ('einsum("...ij,...jk", A, B)', "A=h,1,m,n B=b,n,k"),
        ('einsum("i...,...j->...ij", A, B)', "A=m,b B=b,n"),
        ('einsum("i...j->j...i", A)', "A=m,b,h,n"),
        ('einsum("...,...->...", A, B)', "A=b,m B=1,m"),
        ('einsum("...ii->...", A)', "A=b,m,m"),
        ('einsum("ij...,jk->ik...", A, B)', "A=m,n,b B=n,k"),
        ('einsum(" ij , jk -> ik ", A, B)', "A=m,n B=n,k"),
    ],
)
def test_einsum_with_dots_is_that_of_numpy(text: str, shapes: str) -> None:
    check_against_numpy(text, shapes)


# --- orderings ----------------------------------------------------------------------------------

CHAINS = [
    ("A.mT @ G", "A=b,m,n G=b,m,k"),
    ("G @ W.T", "G=b,m,k W=n,k"),
    ("sum(A.mT @ G, axis=0)", "A=b,m,n G=b,m,k"),
    ("sum(A.mT @ G, axis=1, keepdims=True)", "A=h,1,m,n G=h,b,m,k"),
    ("S.mT @ Q", "S=b,m,m Q=b,m,k"),
    ("sum(A.mT @ G @ C, axis=0)", "A=b,m,n G=b,m,m C=b,m,k"),
    ("A @ v", "A=b,m,n v=n"),
]


def is_same(value: Array, other: Array) -> bool:
    return value.shape == other.shape and np.allclose(value, other)


@pytest.mark.parametrize(("formula", "shapes"), CHAINS)
def test_every_arrangement_of_a_stack_is_judged_as_numpy_does(formula: str, shapes: str) -> None:
    tree = tree_of(formula, shapes)
    values = values_of(tree)
    right = run(formula, values)
    found = orderings(tree, False, SIZES)
    assert found.defined
    assert len(found.items) == found.total
    for item in found.items:
        try:
            value = run(item.formula, values)
        except ValueError:
            assert item.conforms == "never", item
            continue
        assert item.conforms == "always", item
        assert item.shape is not None
        assert value.shape == tuple(1 if dim == "1" else SIZES[dim] for dim in item.shape)
        other = right if "v" in values else np.swapaxes(right, -1, -2)
        verdicts = [("right", right), ("transposed", other), ("wrong", value)]
        wanted = next(word for word, one in verdicts if is_same(value, one))
        assert item.value == wanted, item


def test_where_a_vector_stands_among_stacks_matters() -> None:
    why = factors_of(tree_of("A @ B @ v", "A=b,m,n B=b,n,k v=k"))
    assert why == "a vector among stacks of matrices: what `@` does to it depends on its place"


def test_sum_over_an_axis_of_the_matrices_is_no_product() -> None:
    why = factors_of(tree_of("sum(A @ B, axis=(0, 1))", "A=b,m,n B=b,n,k"))
    assert why == "a sum over b and m, not a product"


# --- the report ---------------------------------------------------------------------------------

DENSE = """\
dims: {b: 2, t: 3, d: 5, k: 7}
batch: b
inputs:
  X: [b, t, d]
  T: [b, t, k]
params:
  W: [d, k]
  c: [k]
forward:
  Y: X @ W + c
  J: mse(Y, T)
"""


def test_steps_say_what_is_diagonal_contracted_and_summed() -> None:
    steps = {f"{step.output}:{step.wrt}": step for step in report_on(DENSE, asked=["X"]).steps}
    axes = {
        name: (step.jacobian.diagonal, step.jacobian.contracted, step.jacobian.summed)
        for name, step in steps.items()
    }
    assert axes["Y:X"] == (("b", "t"), ("k",), ())
    assert axes["Y:W"] == (("k",), ("t",), ("b",))
    assert axes["Y:c"] == (("k",), (), ("b", "t"))
    assert steps["Y:W"].note == "one product for each b, added up"
    assert steps["Y:c"].note == "c was repeated along b and t, so sum over b and t"
    assert steps["Y:X"].mixed_why == "d ≠ k" or steps["Y:X"].mixed is not None


def test_value_of_three_axes_without_a_batch_has_no_numerator_layout() -> None:
    spec = DENSE.replace("W: [d, k]", "W: [d, t, k]").replace(
        "X @ W + c", 'einsum("btd,dtk->btk", X, W) + c'
    )
    (step,) = (step for step in report_on(spec).steps if step.wrt == "W")
    assert step.numerator.formula == ""
    assert step.numerator.why == (
        "the 3 axes of W are no matrices in a batch, so only this form is defined"
    )


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equation", "shape", "code", "message", "advice"),
    [
        ("X @ W", "[k, d]", "SC301", "`X @ W` does not conform, d ≠ k", "write `X @ W.T`"),
        ("X @ W", "[b, t, k]", "SC301", "`X @ W` does not conform, d ≠ t", "write `X.mT @ W`"),
        ("X @ W", "[k, d, t]", "SC302", "do not broadcast, b ≠ k", "the same axes in front"),
        ("dot(X, W)", "[b, d, k]", "SC303", "each matrix of `X` by every one", "write `X @ W`"),
        ("X.T @ W", "[b, d]", "SC303", "`X` is 3-D, (b, t, d)", "write `X.mT`"),
        ("W.mT @ X", "[d]", "SC303", "`W` is 1-D, (d,)", "take it out"),
        ("X.transpose((1, 2)) @ W", "[t]", "SC303", "names 2 axes", "write `swapaxes(X, 1, 2)`"),
        ("X @ W.transpose(0, 1)", "[d, k]", "SC303", "PyTorch swaps the two", "write `.T`"),
        ("swapaxes(X, 0, 3) @ W", "[b]", "SC304", "no axis 3", "axes from 0 to 2"),
        ('einsum("btd,bk->btk", X, W)', "[d, k]", "SC301", "b in `X` and d in `W`", "letters"),
        ('einsum("btd,dk->btj", X, W)', "[d, k]", "SC303", "`j`, which is in no", "drop `j`"),
        ('einsum("btd,dk->bb", X, W)', "[d, k]", "SC303", '"bb"', "its own letter"),
        ('einsum("...d,dk->k", X, W)', "[d, k]", "SC303", "lacks the `...`", "`->...k`"),
        ('einsum("bt,dk->k", X, W)', "[d, k]", "SC303", '"bt" has 2 letters', "one letter"),
        ('einsum("btd->t", X, W)', "[d, k]", "SC303", "for 1 operand, `einsum` got 2", "each"),
        ('einsum("b1d,dk", X, W)', "[d, k]", "SC303", "is not read", '`"ij,jk->ik"`'),
    ],
)
def test_what_does_not_go_together_says_what_to_write(
    equation: str, shape: str, code: str, message: str, advice: str
) -> None:
    spec = DENSE.replace("W: [d, k]", f"W: {shape}").replace("X @ W + c", f"'{equation}'")
    finding = next(each for each in report_on(spec).findings if each.code[:3] in ("SC3", "SC2"))
    assert finding.code == code
    assert message in finding.message
    assert advice in finding.help
