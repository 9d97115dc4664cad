"""Equations alike but for their names: what is made from another one is what would be built."""

from pathlib import Path

import pytest
from checking import SPECS
from hypothesis import given
from hypothesis import strategies as st

from shapecalc import api
from shapecalc.diagnostics import Problem
from shapecalc.graph import Equations, Graph, build_graph, built
from shapecalc.parsing import Expression
from shapecalc.span import Span
from shapecalc.spec import read_network

VALUES = "A: [n, m], B: [m, n], C: [n, m], v: [m], k1: [n, 1], s: []"
LINES = (
    *("A @ B", "B @ A", "C @ B", "A + C", "A + A", "C + A", "A * m", "A * n", "A / eps"),
    *(
        "A + v",
        "A + k1",
        "A * s",
        "s * A",
        "relu(A)",
        "tanh(A)",
        "sum(A, axis=0)",
        "sum(A, axis=1)",
    ),
    *("sum(B, axis=0)", "mean(A)", "A.T", "B.T", "A.T @ C", "A @ C.T", "softmax(A, axis=0)"),
    *("A[1:]", "reshape(A, (m, n))", "reshape(A, (n*m,))", "A * (B.T > 0)", "len(A) * A", "A**2"),
    *("A == C", "A == v", "v == A", "A >= k1", "A != s"),
    *("where(A > 0, A, C)", "where(A > 0, C, A)", "norm(A)", "A - mean(A, axis=0)"),
)


def graph_of(text: str, known: Equations) -> Graph:
    network, findings = read_network(text, "spec.yaml")
    assert network is not None
    assert not findings
    return build_graph(network, known)


def assert_as_built(graph: Graph) -> None:
    """Trees are hash-consed: equal ones are one object."""
    for node in graph.nodes:
        tree = built(graph, node.source.expression)
        assert node.tree is tree, node.source.text
        assert node.output.shape == tree.shape


def spec(lines: list[str], names: str = "ABCvks") -> str:
    text = f"dims: [n, m]\nconstants: {{eps: 0.1}}\nparams: {{{VALUES}}}\nforward:\n"
    text += "".join(f"  R{number}: {line}\n" for number, line in enumerate(lines))
    return text.translate(str.maketrans("ABC", names[:3]))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_shipped_specs_are_what_their_equations_say(path: Path) -> None:
    network, _ = read_network(path.read_text(encoding="utf-8"), str(path))
    assert network is not None
    known = Equations()
    for _ in range(2):  # the second time from memory
        assert_as_built(build_graph(network, known))


@given(st.lists(st.sampled_from(LINES), min_size=2, max_size=12), st.permutations("ABC"))
def test_any_equations_are_what_they_say(lines: list[str], names: list[str]) -> None:
    known = Equations()
    assert_as_built(graph_of(spec(lines), known))
    assert_as_built(graph_of(spec(lines, "".join(names)), known))


def test_texts_that_differ_in_their_names_alone_are_told_apart_from_others() -> None:
    """`A + B C [0, 0]` is no expression, though it looks like `A + A` and its places."""
    place = Span("spec.yaml", 1, 1)
    Expression("A + A", lambda *_: place)
    with pytest.raises(Problem):
        Expression("A + B C [0, 0]", lambda *_: place)


def test_kinds_are_told_apart_by_shapes_and_by_equal_names() -> None:
    graph = graph_of(spec(["A + C", "A + A", "C + A", "A + k1", "A + v"]), Equations())
    numbers = [node.kind.number for node in graph.nodes]
    assert numbers[0] == numbers[2]
    assert len(set(numbers)) == 4


@pytest.mark.parametrize("sign", ["==", "!=", "<=", ">=", "<", ">", " == "])
def test_operands_of_a_comparison_are_told_apart_by_their_shapes(sign: str) -> None:
    """The name before `==` is no keyword: what fits for one value need not fit for another."""
    network = "inputs: {{Y: [k, m]}}\nparams: {{w: [{}]}}\nforward: {{Z: w{}Y}}\n"
    memory = api.Memory()
    codes = [
        [found.code for found in api.check(network.format(dim, sign), "x", memory=memory).findings]
        for dim in ("m", "n", "m", "k")
    ]
    assert [each == ["SC302"] for each in codes] == [False, True, False, True]
