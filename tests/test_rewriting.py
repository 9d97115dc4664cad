"""A network and its transpose: the same losses, and gradients that are each other's transposes."""

from pathlib import Path

import numpy as np
import pytest

from shapecalc.claims.reading import asked_for
from shapecalc.graph import build_graph
from shapecalc.rewriting import NoRewriting, Turned, turned
from shapecalc.spec import read_network
from shapecalc.sweep import Memory, sweep

SPECS = Path(__file__).resolve().parent.parent / "specs"


def rewritten(text: str) -> Turned:
    network, findings = read_network(text, "spec.yaml")
    assert network is not None
    assert not findings
    return turned(sweep(build_graph(network), asked_for(network), Memory()))


def test_columns_become_rows() -> None:
    found = rewritten((SPECS / "two_layer.yaml").read_text())
    assert [f"{name} = {formula}" for name, formula in found.forward] == [
        "Z1 = X @ W1 + b1",
        "A1 = relu(Z1)",
        "Z2 = A1 @ W2 + b2",
        "A2 = softmax(Z2, axis=1)",
        'J = cross_entropy(A2, Y, axis=1, reduction="mean")',
    ]
    shapes = {name: tuple(map(str, shape)) for name, shape in found.shapes}
    assert (shapes["W1"], shapes["b1"]) == (("n", "h"), ("1", "h"))


def test_vector_is_stood_up_where_its_axis_was_the_last() -> None:
    given = "inputs: {X: [m, n]}\nparams: {W: [n, k], b: [k]}\n"
    found = dict(rewritten(f"{given}forward:\n  Z: X @ W + b\n  s: sum(Z)\nloss: s").forward)
    assert found["Z"] == "W @ X + expand_dims(b, axis=1)"
    random = np.random.default_rng(1)
    X, W, b = random.random((5, 3)), random.random((3, 2)), random.random(2)
    assert np.allclose(W.T @ X.T + np.expand_dims(b, axis=1), (X @ W + b).T)


def test_einsum_has_its_letters_turned() -> None:
    given = "params: {W: [k, h], X: [h, m]}\nforward:\n  Z: einsum('ij,jn->in', W, X)\n"
    found = dict(rewritten(f"{given}  s: sum(Z * Z)\nloss: s").forward)
    assert found["Z"] == 'einsum("ji,nj->ni", W, X)'


def test_part_of_the_rows_is_a_part_of_the_columns() -> None:
    text = "params: {X: [2*m, n]}\nforward:\n  Y: X[:m]\n  s: sum(Y * Y)\nloss: s"
    assert dict(rewritten(text).forward)["Y"] == "X[:, :m]"


@pytest.mark.parametrize(
    ("shapes", "equation"),
    [
        ("X: [b, m, n]", "Y: X * 2"),
        ("X: [m, n]", "Y: reshape(X, [m*n])"),
        ("X: [m, n]", "Y: cumsum(reshape(X, [m*n]))"),
    ],
)
def test_what_has_no_counterpart_is_refused(shapes: str, equation: str) -> None:
    text = f"params: {{{shapes}}}\nforward:\n  {equation}\n  s: sum(Y * Y)\nloss: s"
    with pytest.raises(NoRewriting):
        rewritten(text)
