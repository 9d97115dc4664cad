"""Random dense networks: every NumPy formula of the JSON is run, and compared with autograd."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np
from autograd import grad
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import shapecalc.ops
from shapecalc import api
from shapecalc.render import json as renderer
from shapecalc.render.tally import tally

PRIMES = (3, 5, 7, 11, 13, 17)
ACTIVATIONS = ("relu", "tanh", "sigmoid", "softplus", "leaky_relu", "sin", "exp", "square", "abs")


def softmax(Z: Any, axis: int) -> Any:
    scores = anp.exp(Z)
    return scores / anp.sum(scores, axis=axis, keepdims=True)


ORACLE: dict[str, Callable[..., Any]] = {
    "relu": lambda Z: anp.where(Z > 0, Z, 0.0),
    "leaky_relu": lambda Z: anp.where(Z > 0, Z, 0.01 * Z),
    "tanh": anp.tanh,
    "sigmoid": lambda Z: 1 / (1 + anp.exp(-Z)),
    "softplus": lambda Z: anp.log(1 + anp.exp(Z)),
    "sin": anp.sin,
    "exp": anp.exp,
    "square": lambda Z: Z * Z,
    "abs": anp.abs,
    "sum": anp.sum,
    "softmax": softmax,
    "cross_entropy": lambda P, Y, axis: -anp.mean(anp.sum(Y * anp.log(P), axis=axis)),
    "softmax_cross_entropy": lambda Z, Y, axis: (
        -anp.mean(anp.sum(Y * anp.log(softmax(Z, axis)), axis=axis))
    ),
    "binary_cross_entropy": lambda P, Y: -anp.mean(Y * anp.log(P) + (1 - Y) * anp.log(1 - P)),
    "binary_cross_entropy_with_logits": lambda Z, Y: anp.mean(anp.log(1 + anp.exp(Z)) - Y * Z),
    "mse": lambda P, Y: anp.mean((P - Y) ** 2),
}


class Layout(NamedTuple):
    """How a network stores examples and weights: the product, and the shapes of W and b."""

    product: str
    value: Callable[[str], str]
    weight: Callable[[str, str], str]
    bias: Callable[[str], str]
    axis: int


LAYOUTS = (
    Layout("{W} @ {A}", "[{}, m]".format, lambda i, o: f"[{o}, {i}]", "[{}, 1]".format, 0),
    Layout("{A} @ {W}", "[m, {}]".format, lambda i, o: f"[{i}, {o}]", "[{}]".format, 1),
    Layout("{A} @ {W}", "[m, {}]".format, lambda i, o: f"[{i}, {o}]", "[1, {}]".format, 1),
    Layout("{A} @ {W}.T", "[m, {}]".format, lambda i, o: f"[{o}, {i}]", "[{}]".format, 1),
    Layout(
        'einsum("ij,jk->ik", {W}, {A})',
        "[{}, m]".format,
        lambda i, o: f"[{o}, {i}]",
        "[]".format,
        0,
    ),
)
LOSSES = (
    ("softmax({Z}, axis={axis})", "cross_entropy({A}, Y, axis={axis})"),
    ("", "softmax_cross_entropy({A}, Y, axis={axis})"),
    ("sigmoid({Z})", "binary_cross_entropy({A}, Y)"),
    ("", "binary_cross_entropy_with_logits({A}, Y)"),
    ("tanh({Z})", "mse({A}, Y)"),
    ("{Z} * sigmoid({Z})", "sum(({A} - Y)**2) / (2 * m)"),
)


@st.composite
def specs(draw: st.DrawFn) -> str:
    """Draw a network of one to three layers, with biases, residuals and tied weights."""
    layout = draw(st.sampled_from(LAYOUTS))
    depth = draw(st.integers(1, 3))
    sizes = draw(st.permutations(PRIMES))
    widths = ["n", *(f"h{layer}" for layer in range(1, depth)), "k"]
    params, forward, value = [], [], "X"
    for layer, (inner, outer) in enumerate(pairwise(widths), start=1):
        Z, A = f"Z{layer}", f"A{layer}"
        params += [
            f"  W{layer}: {layout.weight(inner, outer)}",
            f"  b{layer}: {layout.bias(outer)}",
        ]
        product = layout.product.format(W=f"W{layer}", A=value)
        forward.append(f"  {Z}: '{product} + b{layer}'")
        value = Z
        if layer < depth:
            name = draw(st.sampled_from(ACTIVATIONS))
            residual = draw(st.sampled_from(("", f" + {Z}", f" * {Z}", f" - 0.5 * {Z} / m")))
            forward.append(f"  {A}: '{name}({Z}){residual}'")
            value = A
    last, loss = draw(st.sampled_from(LOSSES))
    if last:
        forward.append(f"  P: '{last.format(Z=value, axis=layout.axis)}'")
        value = "P"
    penalty = draw(st.sampled_from(("", " + 0.1 * sum(W1**2)", " + sum(W1 * W1) / n")))
    forward.append(f"  J: '{loss.format(A=value, axis=layout.axis)}{penalty}'")
    names = [*dict.fromkeys(widths), "m"]
    dims = ", ".join(f"{name}: {size}" for name, size in zip(names, sizes, strict=False))
    given_ = [f"  X: {layout.value('n')}", f"  Y: {layout.value('k')}"]
    lines = [f"dims: {{{dims}}}", "inputs:", *given_, "params:", *params, "forward:", *forward]
    return "\n".join([*lines, "loss: J"]) + "\n"


def drawn(report: dict[str, Any], random: np.random.Generator) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for value in report["values"]:
        if value["kind"] != "value":
            values[value["name"]] = random.uniform(0.1, 0.5, value["size"]) * random.choice(
                [-1, 1], value["size"]
            )
    targets = np.abs(values["Y"])
    axis = 0 if next(v for v in report["values"] if v["name"] == "Y")["shape"][0] == "k" else 1
    values["Y"] = targets / targets.sum(axis=axis, keepdims=True)
    return values


def loss_of(report: dict[str, Any], values: dict[str, Any], moved: dict[str, Any]) -> Any:
    """Run the forward equations, each value moved by its own variable."""
    names = {name: value + moved.get(name, 0.0) for name, value in values.items()}
    names |= report["dims"] | ORACLE | {"einsum": anp.einsum}
    for value in report["values"]:
        if value["equation"]:
            names[value["name"]] = eval(value["equation"], {}, names) + moved.get(
                value["name"], 0.0
            )
    return names["J"], names


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(specs(), st.integers(0, 2**32 - 1))
def test_every_numpy_formula_of_the_json_is_the_gradient(spec: str, seed: int) -> None:
    report = api.check(spec, "random.yaml", asked=["X"])
    assert not [finding for finding in report.findings if finding.code in ("SC212", "SC902")]
    (data,) = json.loads(renderer.document([report], tally([report])))["specs"]
    values = drawn(data, np.random.default_rng(seed))
    wanted = [gradient["wrt"] for gradient in data["gradients"]]
    shapes = {value["name"]: value["size"] for value in data["values"]}
    zeros = {name: np.zeros(shapes[name]) for name in wanted}
    truth = grad(lambda moved: loss_of(data, values, moved)[0])(zeros)
    names = {"np": np, **{op: getattr(shapecalc.ops, op) for op in shapecalc.ops.OPS}}
    names |= loss_of(data, values, {})[1] | data["dims"]
    names |= {op: getattr(shapecalc.ops, op) for op in shapecalc.ops.OPS}
    for gradient in data["gradients"]:
        found = eval(gradient["formula"]["numpy"], {}, names)
        names["d" + gradient["wrt"]] = found
        assert np.shape(found) == tuple(shapes[gradient["wrt"]]), gradient
        np.testing.assert_allclose(found, truth[gradient["wrt"]], rtol=1e-7, atol=1e-9)
