"""Random networks of three and four axes: every NumPy formula of the JSON against autograd."""

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import grad
from checking import json_of, report_on
from hypothesis import HealthCheck, Phase, event, given, note, settings
from hypothesis import strategies as st

import shapecalc.ops

SIZES = {"b": 2, "h": 3, "t": 5, "d": 7, "e": 4, "k": 6}
FUNCTIONS = ("tanh", "sin", "sigmoid", "relu", "square")


def turned(X: Any) -> Any:
    return anp.swapaxes(X, -1, -2)


def softmax(X: Any, axis: int) -> Any:
    scores = anp.exp(X)
    return scores / anp.sum(scores, axis=axis, keepdims=True)


ORACLE: dict[str, Any] = {
    **{name: getattr(anp, name) for name in ("sin", "sqrt", "sum", "mean", "einsum")},
    **{name: getattr(anp, name) for name in ("transpose", "swapaxes", "expand_dims")},
    "sigmoid": lambda X: 1 / (1 + anp.exp(-X)),
    "tanh": lambda X: 2 / (1 + anp.exp(-2 * X)) - 1,
    "relu": lambda X: anp.where(X > 0, X, 0.0),
    "square": lambda X: X * X,
    "softmax": softmax,
    "turned": turned,
}


STARTS = (("b", "t", "d"), ("b", "h", "t", "d"))


class Network:
    """A network as it grows: the shape of the last value, params, and equations."""

    def __init__(self, start: tuple[str, ...]) -> None:
        self.start = start
        self.shape = start
        self.value = "X"
        self.params: dict[str, tuple[str, ...]] = {}
        self.equations: list[tuple[str, str]] = []
        self.numbers: Iterator[int] = count(1)

    def param(self, *dims: str) -> str:
        name = f"W{len(self.params) + 1}"
        self.params[name] = dims
        return name

    def then(self, equation: str, shape: tuple[str, ...]) -> None:
        name = f"Z{next(self.numbers)}"
        self.equations.append((name, equation))
        self.value, self.shape = name, shape

    @property
    def spec(self) -> str:
        listed = [f"  {name}: [{', '.join(dims)}]" for name, dims in self.params.items()]
        lines = [f"  {name}: {equation!r}" for name, equation in self.equations]
        dims = ", ".join(f"{name}: {size}" for name, size in SIZES.items())
        head = [f"dims: {{{dims}}}", "inputs:", f"  X: [{', '.join(self.start)}]"]
        return "\n".join([*head, "params:", *listed, "forward:", *lines, "loss: J", ""])


def stack_of(draw: st.DrawFn, shape: tuple[str, ...]) -> tuple[str, ...]:
    """Draw axes that broadcast with those in front of the last two."""
    stack = shape[:-2]
    kept = stack[draw(st.integers(0, len(stack))) :]
    return tuple("1" if draw(st.booleans()) else dim for dim in kept)


def new_dim(draw: st.DrawFn, shape: tuple[str, ...]) -> str:
    return draw(st.sampled_from([dim for dim in SIZES if dim not in shape]))


def dense(draw: st.DrawFn, net: Network) -> None:
    *_, row, column = net.shape
    stack, wider = stack_of(draw, net.shape), new_dim(draw, net.shape)
    W = net.param(*stack, column, wider)
    bias = net.param(*draw(st.sampled_from([(wider,), (row, "1"), ("1", "1", wider), ()])))
    net.then(f"{net.value} @ {W} + {bias}", (*net.shape[:-1], wider))


def mixed_rows(draw: st.DrawFn, net: Network) -> None:
    *front, row, column = net.shape
    stack, wider = stack_of(draw, net.shape), new_dim(draw, net.shape)
    W = net.param(*stack, row, wider)
    turn = ".mT" if stack else ".T"
    net.then(f"{W}{turn} @ {net.value}", (*front, wider, column))


def scores(draw: st.DrawFn, net: Network) -> None:
    *front, row, column = net.shape
    W, V = net.param(column, column), net.param(column)
    other = draw(st.sampled_from([f"({net.value} @ {W})", f"({net.value} * {V})", net.value]))
    net.then(f"{net.value} @ {other}.mT / sqrt({column})", (*front, row, row))
    if draw(st.booleans()):
        net.then(f"softmax({net.value}, axis=-1)", net.shape)
    U = net.param(*front, row, column)
    net.then(f"{net.value} @ {U}", (*front, row, column))


def reordered(draw: st.DrawFn, net: Network) -> None:
    axes = tuple(draw(st.permutations(range(len(net.shape)))))
    net.then(f"transpose({net.value}, {axes})", tuple(net.shape[axis] for axis in axes))


def swapped(draw: st.DrawFn, net: Network) -> None:
    one, other = draw(st.permutations(range(len(net.shape))))[:2]
    shape = list(net.shape)
    shape[one], shape[other] = shape[other], shape[one]
    net.then(f"swapaxes({net.value}, {one}, {other})", tuple(shape))


def entrywise(draw: st.DrawFn, net: Network) -> None:
    name = draw(st.sampled_from(FUNCTIONS))
    gate = net.param(*("1" if draw(st.booleans()) else dim for dim in net.shape))
    net.then(f"{name}({net.value}) * {gate} + 0.5 * {net.value}", net.shape)


def summed(draw: st.DrawFn, net: Network) -> None:
    """Contract with a param over random axes, in index notation."""
    letters = "pqrs"[: len(net.shape)]
    by_letter = dict(zip(letters, net.shape, strict=True))
    own = "".join(draw(st.permutations(letters))[: draw(st.integers(1, 2))])
    wider = new_dim(draw, net.shape)
    V = net.param(*(by_letter[letter] for letter in own), wider)
    lost = draw(st.sampled_from(own))
    output = [letter for letter in letters if letter != lost] + ["z"]
    output = draw(st.permutations(output))
    shape = tuple({**by_letter, "z": wider}[letter] for letter in output)
    net.then(f'einsum("{letters},{own}z->{"".join(output)}", {net.value}, {V})', shape)


def with_vector(draw: st.DrawFn, net: Network) -> None:
    u, v = net.param(net.shape[-1]), net.param(net.shape[-1])
    product = draw(st.sampled_from([f"{net.value} @ {v}", f"{v} @ {net.value}.mT"]))
    net.then(f"expand_dims({product}, axis=-1) * {u}", net.shape)


MOVES = (dense, dense, mixed_rows, scores, reordered, swapped, entrywise, summed, with_vector)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    net = Network(draw(st.sampled_from(STARTS)))
    for _ in range(draw(st.integers(1, 4))):
        draw(st.sampled_from(MOVES))(draw, net)
    loss = draw(st.sampled_from(["mean({Z} * {Z})", "sum({Z}**2) / b", "mean(tanh({Z}))"]))
    net.equations.append(("J", loss.format(Z=net.value)))
    return net


def loss_of(data: dict[str, Any], values: dict[str, Any], moved: dict[str, Any]) -> Any:
    """Run the forward equations, each value moved by its own variable."""
    names = {name: value + moved.get(name, 0.0) for name, value in values.items()}
    names |= data["dims"] | ORACLE
    for value in data["values"]:
        if value["equation"]:
            text = re.sub(r"(\w+|\([^()]*\))\.m?T\b", r"turned(\1)", value["equation"])
            found = eval(text, {}, names)
            names[value["name"]] = found + moved.get(value["name"], 0.0)
    return names


@settings(
    max_examples=40,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a network shrinks too slowly
    suppress_health_check=[HealthCheck.too_slow],
)
@given(networks(), st.integers(0, 2**32 - 1))
def test_every_numpy_formula_is_the_gradient_in_any_rank(net: Network, seed: int) -> None:
    note(net.spec)
    report = report_on(net.spec, asked=["X"])
    assert report.ok, report.findings
    data = json_of(report)
    random = np.random.default_rng(seed)
    shapes = {value["name"]: tuple(value["size"]) for value in data["values"]}
    values = {
        value["name"]: random.uniform(-0.6, 0.6, value["size"])
        for value in data["values"]
        if value["kind"] != "value"
    }
    zeros = {each["wrt"]: np.zeros(shapes[each["wrt"]]) for each in data["gradients"]}
    truth = grad(lambda moved: loss_of(data, values, moved)["J"])(zeros)
    names = loss_of(data, values, {}) | {"np": np}
    names |= {op: getattr(shapecalc.ops, op) for op in shapecalc.ops.OPS}
    for each in data["gradients"]:
        found = eval(each["formula"]["numpy"], {}, names)
        event("einsum" if "einsum" in each["formula"]["numpy"] else "matrices")
        names["d" + each["wrt"]] = found
        assert np.shape(found) == shapes[each["wrt"]], (each, net.spec)
        scale = 1e-7 * max(1.0, float(np.max(np.abs(truth[each["wrt"]]))))
        np.testing.assert_allclose(found, truth[each["wrt"]], rtol=1e-7, atol=scale)
