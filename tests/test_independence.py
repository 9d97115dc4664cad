"""Whether examples are independent, against sums of differences of the loss in NumPy.

Examples are independent exactly if the loss is a sum of parts that have one example each. Then it
has no mixed difference: J(both moved) - J(one moved) - J(the other moved) + J is 0.
"""

import random
from itertools import combinations

import numpy as np
import pytest
from checking import json_of, report_on

from shapecalc.ops.array import Array
from shapecalc.ops.registry import OPS
from shapecalc.records import Independence, Report

SIZES = {"n": 5, "h": 3, "t": 2, "m": 7}
INPUTS = {"X": ("n", "m"), "Y": ("h", "m"), "T": ("m", "t", "n")}
PARAMS = {"W": ("h", "n"), "V": ("n", "h"), "g": ("h", "1"), "P": ("n", "n")}

INDEPENDENT = [
    "mean(relu(W @ X))",
    "mse(W @ X, Y)",
    "mean(softmax(W @ X, axis=0) * Y)",
    "softmax_cross_entropy(W @ X, softmax(Y, axis=0), axis=0)",
    "sum(layer_norm(W @ X, g, g, axis=0) ** 3)",
    "sum(max(W @ X, axis=0))",
    "sum(norm(W @ X, axis=0)) + sum(W ** 2)",
    "trace(X @ X.T @ P)",
    "sum(logsumexp(W @ X, axis=0))",
    "mean(where(Y > 0, W @ X, Y))",
    "mean((W @ X) * (Y > 0))",
    "sum(concatenate([W @ X, Y], axis=0) ** 2)",
    "sum(exp(T @ V))",
    "sum(softmax(T @ T.mT, axis=-1) @ T)",
    "sum(cumsum(T, axis=1) ** 2)",
    "sum(mean(W @ X, axis=1) ** 1)",
    "mean(floor(W @ X) * Y)",
    "sum((X.T @ V) ** 2)",
    "mse(triu(W @ X), Y)",
]
MIXED = [
    "mean(softmax(W @ X, axis=1) * Y)",
    "mean(batch_norm(W @ X, g, g, axis=1) * Y)",
    "mean((W @ X - mean(W @ X, axis=1, keepdims=True)) ** 2)",
    "log(mean(exp(W @ X)))",
    "sum(std(W @ X, axis=1))",
    "sum((X.T @ X) ** 2)",
    "mean(W @ X * mean(Y))",
    "sum(max(W @ X, axis=1))",
    "mean((W @ X) * (Y > mean(Y)))",
    "mean(where(Y > mean(Y), W @ X, Y))",
    "norm(W @ X)",
    "sum(cumsum(X, axis=1) ** 2)",
    "sum(X, axis=1) @ P @ sum(X, axis=1)",
    "logdet(X @ X.T + P @ P.T)",
    "sqrt(mse(W @ X, Y))",
    "sum(W @ X) * sum(Y)",
    "sum(batch_norm(T, axis=0) ** 3)",
    "sum(prod(X, axis=1))",
    "mean(floor(3 * W @ X)) ** 2",
]


def spec_of(loss: str) -> str:
    lines = [f"dims: {{{', '.join(f'{d}: {size}' for d, size in SIZES.items())}}}", "batch: m"]
    for head, group in (("inputs", INPUTS), ("params", PARAMS)):
        lines += [f"{head}:", *(f"  {n}: [{', '.join(d)}]" for n, d in group.items())]
    return "\n".join([*lines, "forward:", f"  J: {loss}", ""])


def drawn(seed: int) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    shapes = {n: [SIZES.get(d, 1) for d in dims] for n, dims in (INPUTS | PARAMS).items()}
    return {name: random.normal(size=shape) for name, shape in shapes.items()}


def moved(values: dict[str, Array], examples: tuple[int, ...]) -> dict[str, Array]:
    """Put other entries into all inputs at some examples."""
    other, found = drawn(99), dict(values)
    for name, dims in INPUTS.items():
        found[name] = values[name].copy()
        into, out_of = (np.moveaxis(each[name], dims.index("m"), 0) for each in (found, other))
        for example in examples:
            into[example] = out_of[example]
    return found


def loss_at(loss: str, values: dict[str, Array]) -> float:
    """Run the equation in NumPy: each op is its body."""
    names = {name: op.body for name, op in OPS.items()} | SIZES | values
    return float(eval(loss, {"__builtins__": {}}, names))


def mixed_difference(loss: str) -> float:
    """Return the largest mixed difference over all pairs of examples, relative to the loss."""
    values = drawn(3)
    plain = loss_at(loss, values)
    one = [loss_at(loss, moved(values, (j,))) for j in range(SIZES["m"])]
    return max(
        abs(loss_at(loss, moved(values, (j, k))) - one[j] - one[k] + plain)
        for j, k in combinations(range(SIZES["m"]), 2)
    ) / max(1.0, abs(plain))


def examples_of(loss: str) -> Independence:
    report = report_on(spec_of(loss))
    assert not [f for f in report.findings if f.severity.value == "error"], report.findings
    assert report.examples is not None
    return report.examples


@pytest.mark.parametrize("loss", INDEPENDENT)
def test_what_is_a_sum_over_examples_is_independent(loss: str) -> None:
    assert mixed_difference(loss) < 1e-10
    assert examples_of(loss) == Independence("m", "independent", ())


@pytest.mark.parametrize("loss", MIXED)
def test_what_is_no_sum_over_examples_is_mixed(loss: str) -> None:
    assert mixed_difference(loss) > 1e-6
    assert examples_of(loss).verdict == "mixed"


@pytest.mark.parametrize(
    "loss",
    ["sum(flip(X, axis=1) * X)", "sum(X[:, 1:] * X[:, :-1])", "sum(reshape(X, (n*m,)) ** 2)"],
)
def test_examples_that_are_renumbered_are_not_called_independent(loss: str) -> None:
    assert examples_of(loss).verdict == "undecided"


NETWORK = """\
dims: {n: 5, h: 3, m: 7}
batch: m
inputs: {X: [n, m], Y: [h, m]}
params: {W: [h, n], g: [h, 1], b: [h, 1]}
forward:
  H: W @ X
  mu: mean(H, axis=1, keepdims=True)
  C: H - mu
  B: batch_norm(C, g, b, axis=1)
  L: softmax(H, axis=1)
  J: mse(B * L, Y)
"""


def mixing_of(report: Report) -> list[tuple[str, str, int]]:
    assert report.examples is not None
    return [(each.by, each.value, each.line) for each in report.examples.at]


def test_each_place_where_examples_mix_is_named_with_what_mixes_them() -> None:
    expected = [("`mu`", "C", 8), ("batch_norm", "B", 9), ("softmax", "L", 10)]
    assert mixing_of(report_on(NETWORK)) == expected


def test_part_over_all_examples_is_shown_as_it_is_written() -> None:
    spec = NETWORK.replace("H - mu", "H - mean(H, axis=1, keepdims=True)")
    assert mixing_of(report_on(spec))[0] == ("`mean(H, axis=1, keepdims=True)`", "C", 8)


def test_what_does_not_reach_the_loss_mixes_nothing() -> None:
    spec = NETWORK.replace("mse(B * L, Y)", "mse(H, Y)")
    report = report_on(spec)
    assert report.examples == Independence("m", "independent", ())


def test_without_examples_nothing_is_said() -> None:
    report = report_on("params: {W: [h, n]}\nforward:\n  J: sum(W ** 2)\n")
    assert report.examples is None
    assert json_of(report)["examples"] is None


def test_json_has_the_verdict_and_the_places() -> None:
    found = json_of(report_on(NETWORK))["examples"]
    assert (found["axis"], found["verdict"]) == ("m", "mixed")
    assert found["at"][1] == {"by": "batch_norm", "value": "B", "line": 9}


def test_mixed_axes_of_a_step_are_told_apart_from_contracted_ones() -> None:
    steps = {f"{s.output}:{s.wrt}": s.jacobian for s in report_on(NETWORK).steps}
    assert (steps["L:H"].mixed, steps["L:H"].contracted) == (("m",), ())
    assert (steps["H:W"].mixed, steps["H:W"].contracted) == ((), ("m",))
    assert (steps["mu:H"].mixed, steps["mu:H"].diagonal) == ((), ("h",))


UNARY = [
    "tanh({a})",
    "softmax({a}, axis=0)",
    "softmax({a}, axis=1)",
    "cumsum({a}, axis=1)",
    "({a} - mean({a}, axis=0, keepdims=True))",
    "{a} * max({a}, axis=1, keepdims=True)",
    "{a} * ({a} > mean({a}))",
    "floor(3 * {a})",
    "{a} @ ({a}.T @ {a})",
    "{a} * sum({a}, axis=0)",
    "triu({a})",
]
BINARY = ["({a} * {b})", "where({a} > {b}, {a}, {b})", "{a} * (sum({b}, axis=0) > 0)"]
LOSSES = [
    "mean({a})",
    "sum({a} ** 2)",
    "mean({a}) ** 2",
    "log(sum(exp({a} / 9)))",
    "sum(mean({a}, axis=0) ** 2)",
    "sum({a} @ {a}.T)",
    "mse({a}, Y)",
]


def random_expression(rng: random.Random, depth: int) -> str:
    if depth == 0:
        return rng.choice(["(W @ X)", "Y"])
    a, b = (random_expression(rng, depth - 1) for _ in "ab")
    return rng.choice(UNARY + BINARY).format(a=a, b=b)


@pytest.mark.parametrize("seed", range(60))
def test_no_random_loss_that_mixes_examples_is_called_independent(seed: int) -> None:
    rng = random.Random(seed)
    loss = rng.choice(LOSSES).format(a=random_expression(rng, rng.randrange(3)))
    examples = report_on(spec_of(loss)).examples
    if examples is not None and examples.verdict == "independent":
        assert mixed_difference(loss) < 1e-9
