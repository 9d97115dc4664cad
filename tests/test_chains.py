"""Chains of links: the printed products are run, and compared with differences of the loss."""

import json
import re
import time
from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from checking import ROOT, json_of
from typer.testing import CliRunner

from shapecalc import api
from shapecalc.cli import app
from shapecalc.ops.array import Array
from shapecalc.ops.registry import OPS
from shapecalc.records import Chain

SIZES = {"n": 5, "h": 3, "k": 2, "m": 7, "b": 2, "t": 4, "d": 3}
EPS = 1e-5

COLUMNS = """\
batch: m
inputs: {X: [n, m], Y: [k, m]}
params: {W1: [h, n], b1: [h, 1], W2: [h, h], W3: [k, h]}
forward:
  Z1: W1 @ X + b1
  A1: tanh(Z1)
  Z2: W2 @ A1
  A2: relu(Z2) * 2
  Z3: W3 @ A2
  J: mse(Z3, Y)
"""
ROWS = """\
batch: m
inputs: {X: [m, n], Y: [m, k]}
params: {W1: [n, h], b1: [h], W2: [h, h], W3: [k, h]}
forward:
  Z1: X @ W1 + b1
  A1: tanh(Z1)
  Z2: A1 @ W2
  A2: sigmoid(Z2)
  Z3: A2 @ W3.T
  J: mse(Z3, Y)
"""
LINEAR = """\
batch: m
inputs: {X: [n, m]}
params: {W1: [h, n], W2: [k, h], W3: [n, k]}
forward:
  A1: W1 @ X
  A2: W2 @ A1
  A3: W3 @ A2
  J: sum(A3 ** 3)
"""
STACK = """\
batch: b
inputs: {X: [b, t, d]}
params: {W1: [d, h], W2: [h, k]}
forward:
  H: tanh(X @ W1)
  Z: H @ W2
  A: sigmoid(Z)
  J: sum(A ** 2)
"""
ATTENTION = """\
batch: b
inputs: {X: [b, t, d], K: [b, t, h], V: [b, t, k]}
params: {Wq: [d, h], Wo: [k, d]}
forward:
  Q: X @ Wq
  S: Q @ K.mT
  A: tanh(S)
  O: A @ V
  P: O @ Wo
  J: sum(P ** 2)
"""
SCALAR = """\
batch: m
inputs: {X: [n, m], y: [1, m]}
params: {W1: [h, n], w: [1, h]}
forward:
  A1: tanh(W1 @ X)
  z: w @ A1
  a: sigmoid(z)
  J: binary_cross_entropy(a, softmax(y, axis=0))
"""
RESIDUAL = """\
batch: m
inputs: {X: [h, m]}
params: {W1: [h, h], W2: [h, h]}
forward:
  A1: tanh(W1 @ X)
  Z2: W2 @ A1
  A2: tanh(Z2)
  A3: tanh(A2 * 3)
  R: A3 + A1
  J: sum(R ** 2)
"""
COLUMN = """\
inputs: {x: [n, 1]}
params: {W1: [h, n], W2: [k, h]}
forward:
  a: tanh(W1 @ x)
  z: W2 @ a
  J: sum(z ** 2)
"""
VECTOR = """\
inputs: {x: [n]}
params: {W1: [h, n], W2: [k, h]}
forward:
  a: tanh(W1 @ x)
  z: W2 @ a
  J: sum(z ** 2)
"""
OPS_HERE = {name: op.body for name, op in OPS.items()} | {"diag": np.diag}
SPECS = {
    "columns": (COLUMNS, "A1"),
    "columns, from the input": (COLUMNS, "X"),
    "rows": (ROWS, "A1"),
    "rows, from the input": (ROWS, "X"),
    "linear": (LINEAR, "X"),
    "stack": (STACK, "X"),
    "attention": (ATTENTION, "X"),
    "scalar": (SCALAR, "X"),
    "residual": (RESIDUAL, "A2"),
    "column": (COLUMN, "x"),
    "vector": (VECTOR, "x"),
}


def with_dims(text: str) -> str:
    dims = ", ".join(f"{name}: {size}" for name, size in SIZES.items() if f"{name}" in text)
    return f"dims: {{{dims}}}\n{text}"


def chain_of(text: str, name: str) -> Chain:
    report = api.check(with_dims(text), "spec.yaml", asked=[name], extras=api.Extras(chain=name))
    (chain,) = report.chains
    return chain


class Net:
    """A network in NumPy: its equations run as they are written, each op being its body."""

    def __init__(self, text: str) -> None:
        draw = np.random.default_rng(11)
        self.equations = re.findall(r"(?m)^  (\w+): (.*)$", text.partition("forward:")[2])
        shapes = re.findall(r"(\w+): \[([^]]*)\]", text.partition("forward:")[0])
        self.given = {
            name: draw.normal(size=[SIZES.get(d.strip(), 1) for d in dims.split(",")])
            for name, dims in shapes
        }
        self.values = self.run({})

    def run(self, fixed: dict[str, Array]) -> dict[str, Array]:
        values = {**self.given, **fixed}
        ops = {name: op.body for name, op in OPS.items()}
        for name, equation in self.equations:
            if name not in fixed:
                values[name] = eval(equation, {"__builtins__": {}}, {**ops, **SIZES, **values})
        return values

    def gradient(self, name: str) -> Array:
        """Return the gradient of the loss by differences, entry by entry."""
        value = self.values[name]
        found = np.zeros_like(value)
        for place in np.ndindex(*value.shape):
            ends = []
            for step in (EPS, -EPS):
                moved = value.copy()
                moved[place] += step
                ends.append(float(self.run({name: moved})["J"]))
            found[place] = (ends[0] - ends[1]) / (2 * EPS)
        return found


def places_of(chain: Chain) -> list[dict[str, int]]:
    letters = ("", "j", "ij")[len(chain.lanes)]
    ranges = [range(SIZES[dim]) for dim in chain.lanes]
    return [dict(zip(letters, place, strict=True)) for place in product(*ranges)]


@pytest.mark.parametrize("name", SPECS)
def test_product_of_a_chain_is_the_gradient_in_both_layouts(name: str) -> None:
    text, wrt = SPECS[name]
    net, chain = Net(text), chain_of(text, wrt)
    assert chain.denominator is not None, chain.why
    assert chain.numerator is not None
    dims = shape_of(text, chain.value)
    axes = [axis for axis, dim in enumerate(dims) if dim in chain.lanes]
    expected = np.moveaxis(net.gradient(chain.value), axes, range(len(axes)))
    names = {**OPS_HERE, **SIZES, **net.values, chain.start: net.gradient(chain.start[1:])}
    for place in places_of(chain):
        views = (chain.denominator, chain.numerator)
        found, turned = (eval(v.formula, {"__builtins__": {}}, {**names, **place}) for v in views)
        assert np.allclose(found, turned.T)
        part = expected[tuple(place.values())]
        assert np.allclose(found.ravel(), part.ravel(), atol=1e-6)
        assert found.shape == tuple(SIZES.get(dim, 1) for dim in chain.denominator.shape or ())


@lru_cache
def shape_of(text: str, name: str) -> tuple[str, ...]:
    report = api.check(with_dims(text), "spec.yaml")
    return next(value.shape for value in report.values if value.name == name)


def test_layout_of_an_example_is_that_of_its_value() -> None:
    columns, rows = chain_of(COLUMNS, "X"), chain_of(ROWS, "X")
    assert columns.denominator is not None
    assert rows.denominator is not None
    assert columns.denominator.shape == ("n", "1")
    assert rows.denominator.shape == ("1", "n")
    assert columns.denominator.formula.startswith("W1.T @ diag(")
    assert rows.denominator.formula.endswith(" @ W1.T")


def test_whole_matrices_are_multiplied_where_nothing_depends_on_the_example() -> None:
    chain = chain_of(LINEAR, "X")
    assert chain.denominator is not None
    assert chain.denominator.formula == "W1.T @ W2.T @ W3.T @ dA3"
    assert chain.denominator.shape == ("n", "m")
    assert chain.lanes == ()


def test_chain_begins_where_several_steps_are_added_up() -> None:
    chain = chain_of(RESIDUAL, "X")
    assert (chain.start, chain.begins) == ("dA1", "dA1 adds up 2 steps")
    assert chain.paths == 2
    assert chain_of(RESIDUAL, "A2").paths == 1


def test_weight_is_one_step_from_the_end_of_its_chain() -> None:
    chain = chain_of(COLUMNS, "W1")
    assert (chain.value, chain.then) == ("Z1", "dW1 = dZ1 @ X.T")
    assert [f"{link.output}:{link.wrt}" for link in chain.links] == [
        "A1:Z1",
        "Z2:A1",
        "A2:Z2",
        "Z3:A2",
    ]


def test_softmax_is_a_block_of_its_own_in_a_chain() -> None:
    chain = chain_of(ATTENTION.replace("tanh(S)", "softmax(S, axis=-1)"), "Q")
    assert [link.kind for link in chain.links] == ["matrix", "block", "matrix", "matrix"]
    assert chain.denominator is not None
    assert "∂A/∂S" in chain.denominator.formula


def test_batch_norm_ends_the_chain_of_single_examples() -> None:
    text = COLUMNS.replace("tanh(Z1)", "batch_norm(Z1, axis=1)")
    assert "no matrix" in chain_of(text, "X").begins
    assert chain_of(text, "A1").begins == ""


def vec_of(
    written: str, names: dict[str, Array], out: tuple[int, ...], wrt: tuple[int, ...]
) -> Array:
    """Build the matrix of `(A ⊗ B)ᵀ` or `diag(vec(F))`, columns stacked."""
    if written.startswith("diag(vec("):
        entries = eval(written[len("diag(vec(") : -2], {"__builtins__": {}}, {**names, **OPS_HERE})
        return np.diag(entries.ravel(order="F"))
    outer, inner = written.removeprefix("(").removesuffix(")ᵀ").split(" ⊗ ")
    sides = []
    for side, size in ((outer, out[1]), (inner, out[0])):
        code = side.replace("ᵀ", ".T")
        sides.append(np.eye(size) if side == "I" else eval(code, {"__builtins__": {}}, names))
    found = np.kron(*sides).T
    assert found.shape == (np.prod(wrt), np.prod(out))
    return found


@pytest.mark.parametrize("name", ["columns, from the input", "rows, from the input", "linear"])
def test_kronecker_forms_multiply_to_the_gradient_with_its_columns_stacked(name: str) -> None:
    text, wrt = SPECS[name]
    net, chain = Net(text), chain_of(text, wrt)
    found = net.gradient(chain.start[1:]).ravel(order="F")
    for link in reversed(chain.links):
        shapes = [net.values[each].shape for each in (link.output, link.wrt)]
        found = vec_of(link.vec, net.values, shapes[0], shapes[1]) @ found
    assert chain.vec
    assert np.allclose(found, net.gradient(wrt).ravel(order="F"), atol=1e-6)


def test_cost_counts_the_multiplications_from_both_ends() -> None:
    cost = chain_of(COLUMNS, "X").cost
    n, h, k = (SIZES[name] for name in "nhk")
    assert cost is not None
    assert cost.from_start == cost.least == h * k + h + h * h + h + n * h
    assert cost.from_value > cost.from_start


def test_counts_know_that_a_diagonal_matrix_is_its_own_transpose() -> None:
    chain = chain_of(COLUMNS, "Z1")  # diag, W2 (h, h), diag, W3 (k, h), a column of k
    assert chain.total == 120 << 3
    assert (chain.right, chain.transposed) == (1, 1)
    assert chain.conformable.exact == 2 * 6 << 1  # three loops in any order, W2 in two directions


def test_forty_layers_are_one_product_within_two_seconds() -> None:
    text = (ROOT / "specs/mlp_40.yaml").read_text(encoding="utf-8")
    started = time.perf_counter()
    (chain,) = api.check(text, "mlp_40.yaml", extras=api.Extras(chain="A1")).chains
    assert time.perf_counter() - started < 2
    assert len(chain.links) == 77
    assert (chain.right, chain.transposed) == (1, 1)
    assert chain.conformable.exact is not None


def test_wrt_shows_the_chain_and_json_has_it(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(with_dims(COLUMNS), encoding="utf-8")
    page = CliRunner().invoke(app, ["check", str(path), "--wrt", "X", "--vec"]).output
    assert "CHAIN  5 links from dZ3 down to dX\n" in page
    assert "vec(dX) = (I ⊗ W1)ᵀ diag(vec(" in page
    arguments = ["check", str(path), "--wrt", "X", "--output-format", "json"]
    (spec,) = json.loads(CliRunner().invoke(app, arguments).output)["specs"]
    (chain,) = spec["chains"]
    assert chain["start"] == "dZ3"
    assert chain["vec"]["stacking"] == "columns"
    assert chain["orderings"]["right"]["count"] == 1
    assert json_of(api.check(with_dims(COLUMNS), "spec.yaml"))["chains"] == []


def test_vec_needs_a_gradient_to_show(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(with_dims(COLUMNS), encoding="utf-8")
    outcome = CliRunner().invoke(app, ["check", str(path), "--vec"])
    assert outcome.exit_code == 2


def test_sum_hands_the_gradient_on_and_is_no_factor() -> None:
    chain = chain_of(RESIDUAL, "A3")
    assert chain.denominator is not None
    assert chain.denominator.formula == "dR"
    assert [link.matrix for link in chain.links] == ["I"]


def test_ten_thousand_links_are_one_product_at_once() -> None:
    layers = 2_500
    params = "".join(f"  W{i}: [h, h]\n" for i in range(layers))
    steps = "".join(f"  Z{i}: W{i} @ A{i}\n  A{i + 1}: tanh(Z{i})\n" for i in range(layers))
    text = f"inputs: {{A0: [h, m]}}\nparams:\n{params}forward:\n{steps}  J: sum(A{layers} ** 2)\n"
    chain = chain_of(f"batch: m\n{text}", "A1")
    assert len(chain.links) == 2 * layers - 2
    assert chain.cost is not None
    assert chain.cost.least is None
    assert chain.conformable.exact is not None
