"""Dims inferred: axes that equations force to be one dim get one name, and no others do."""

from collections.abc import Iterator, Mapping
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest
from autograd import grad
from autograd import numpy as anp
from checking import report_on

from shapecalc.diagnostics import Finding
from shapecalc.graph import Graph, build_graph, infer
from shapecalc.graph.unify import Classes
from shapecalc.ops.build import Builder
from shapecalc.records import Report
from shapecalc.spec import read_network

SEEDS = range(60)
Axis = tuple[str, int]
Values = dict[str, np.ndarray]

INTEGERS = """\
inputs:
  X: [784, 64]
  Y: [10, 64]
params:
  W1: [128, 784]
  b1: [128, 1]
  W2: [10, 128]
forward:
  A: tanh(W1 @ X + b1)
  Z: W2 @ A
  J: softmax_cross_entropy(Z, Y, axis=0)
"""


def graph_of(text: str) -> Graph:
    network, findings = read_network(text, "spec.yaml")
    assert network is not None, findings
    return build_graph(network)


def shapes_of(text: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(map(str, value.shape)) for name, value in graph_of(text).values.items()}


def only(report: Report) -> Finding:
    (finding,) = report.findings
    return finding


# --- against brute force ---------------------------------------------------------------------


class Random2D:
    """A random network in which every axis has size 2, so that everything conforms."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.declared = {
            f"V{number}": self.random.choice(["aa", "aa", "aa", "a1", "1a", "a"])
            for number in range(self.random.randint(3, 4))
        }
        self.axes = [
            (name, axis)
            for name, shape in self.declared.items()
            for axis, letter in enumerate(shape)
            if letter == "a"
        ]
        self.equations: dict[str, str] = {}
        while len(self.equations) < 4:
            self._add()

    def _add(self) -> None:
        names = [*self.declared, *self.equations]
        left, right = self.random.choice(names), self.random.choice(names)
        form = self.random.choice(
            ["{a} @ {b}", "{a} + {b}", "{a} * {b}.T", "tanh({a})", "{a}.T @ {b}", "{a} - {b}.T"]
        )
        name = f"Z{len(self.equations)}"
        self.equations[name] = form.format(a=left, b=right)
        if self.run(dict.fromkeys(self.axes, 2)) is None:
            del self.equations[name]

    def run(self, sizes: Mapping[Axis, int]) -> Values | None:
        """Run the network in NumPy at sizes; None where it fails."""
        values: Values = {
            name: np.zeros([sizes.get((name, axis), 1) for axis in range(len(shape))])
            for name, shape in self.declared.items()
        }
        try:
            for name, expression in self.equations.items():
                values[name] = eval(expression, {"tanh": np.tanh}, values)
        except ValueError:
            return None
        return values

    def solutions(self) -> list[dict[Axis, int]]:
        """Return every way to give the axes sizes 2 and 3 at which the network runs."""
        ways = product((2, 3), repeat=len(self.axes))
        every = (dict(zip(self.axes, way, strict=True)) for way in ways)
        return [sizes for sizes in every if self.run(sizes) is not None]

    def text(self, written: Mapping[Axis, str]) -> str:
        lines = ["params:"]
        for name, shape in self.declared.items():
            axes = [written.get((name, axis), "1") for axis in range(len(shape))]
            lines.append(f"  {name}: [{', '.join(axes)}]")
        lines.append("forward:")
        lines += [f"  {name}: {expression}" for name, expression in self.equations.items()]
        return "\n".join([*lines, f"  J: sum({name})", ""])


def together(network: Random2D) -> set[tuple[Axis, Axis]]:
    """Return the pairs of axes that have one size in every solution."""
    found = network.solutions()
    return {
        (a, b)
        for a in network.axes
        for b in network.axes
        if all(sizes[a] == sizes[b] for sizes in found)
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_axes_have_one_name_exactly_where_every_solution_gives_them_one_size(seed: int) -> None:
    network = Random2D(seed)
    shapes = shapes_of(network.text(dict.fromkeys(network.axes, "2")))
    named = {(name, axis): shapes[name][axis] for name, axis in network.axes}
    same = {(a, b) for a in network.axes for b in network.axes if named[a] == named[b]}
    assert same == together(network)


@pytest.mark.parametrize("seed", SEEDS)
def test_blanks_are_filled_in_as_numbers_would_be(seed: int) -> None:
    network = Random2D(seed)
    same = together(network)
    sizes = {
        axis: 11 + 2 * min(network.axes.index(b) for a, b in same if a == axis)
        for axis in network.axes
    }
    blank = {axis for axis in network.axes if network.random.random() < 0.4}
    graph = graph_of(network.text({a: "_" if a in blank else str(sizes[a]) for a in network.axes}))
    known = {sizes[axis] for axis in network.axes if axis not in blank}
    for name, axis in network.axes:
        size = graph.size(graph.values[name].shape[axis])
        assert size == (sizes[name, axis] if sizes[name, axis] in known else None)
    lost = {sizes[axis] for axis in blank} - known
    assert [finding.code for finding in graph.findings] == ["SC310"] * len(lost)


def filled(seed: int) -> tuple[Graph, tuple[int | None, ...], list[tuple[int, ...]]]:
    """Leave three axes of a network blank; return what is found, and every way that runs."""
    network = Random2D(seed)
    same = together(network)
    every = [(name, axis) for name, shape in network.declared.items() for axis in range(len(shape))]
    firsts = {a: min(network.axes.index(b) for x, b in same if x == a) for a in network.axes}
    sizes = {axis: 3 + 2 * firsts[axis] if axis in firsts else 1 for axis in every}
    blank = sorted(network.random.sample(every, min(3, len(every))))
    graph = graph_of(network.text({a: "_" if a in blank else str(sizes[a]) for a in every}))
    dims = [graph.values[name].shape[axis] for name, axis in blank]
    found = tuple(1 if dim.is_one else graph.size(dim) for dim in dims)
    ways = product(sorted({1, *sizes.values()}), repeat=len(blank))
    running = [way for way in ways if network.run(sizes | dict(zip(blank, way, strict=True)))]
    return graph, found, running


def test_blanks_that_may_be_one_are_filled_in_so_that_the_network_runs() -> None:
    refused = 0
    for seed in range(200):
        graph, found, running = filled(seed)
        codes = {finding.code for finding in graph.findings}
        if None in found:
            assert "SC310" in codes
        elif codes:  # an axis was taken for a dim where 1 alone would do for the whole
            assert codes <= {"SC301", "SC302", "SC306"}
            refused += 1
        else:
            assert found in running
            for place, known in enumerate(zip(*running, strict=True)):
                assert len(set(known)) > 1 or found[place] == known[0]
    assert refused <= 4


@pytest.mark.parametrize("seed", SEEDS)
def test_a_size_that_no_solution_has_is_a_finding(seed: int) -> None:
    network = Random2D(seed)
    changed = network.random.choice(network.axes)
    sizes = dict.fromkeys(network.axes, 2) | {changed: 3}
    graph = graph_of(network.text({axis: str(size) for axis, size in sizes.items()}))
    runs = network.run(sizes) is not None
    assert bool(graph.findings) is not runs
    assert {finding.code for finding in graph.findings} <= {"SC301", "SC302", "SC306"}


# --- what the report says --------------------------------------------------------------------


def test_integers_alone_give_the_report_of_the_same_network_with_names() -> None:
    named = INTEGERS
    for number, name in {"784": "n", "128": "h", "10": "k", "64": "m"}.items():
        named = named.replace(f"[{number}", f"[{name}").replace(f" {number}]", f" {name}]")
    with_names = report_on("dims: {n: 784, m: 64, k: 10, h: 128}\n" + named)
    report = report_on(INTEGERS)
    assert report.dims == with_names.dims == (("n", 784), ("m", 64), ("k", 10), ("h", 128))
    assert report.gradients == with_names.gradients
    assert [step.jacobian for step in report.steps] == [s.jacobian for s in with_names.steps]
    assert report.batch == "m"
    assert report.inferred_dims == ("n", "m", "k", "h")
    assert with_names.inferred_dims == ()
    assert report.findings == ()


def test_axes_that_merely_have_one_number_are_two_dims_and_a_coincidence() -> None:
    report = report_on(INTEGERS.replace("128", "64"))
    assert dict(report.dims) == {"n": 784, "m": 64, "k": 10, "h": 64}
    assert only(report).code == "SC501"
    assert only(report).label == "both 64"


def test_an_axis_takes_the_name_of_the_dim_that_an_equation_ties_it_to() -> None:
    text = "dims: {f: 784, g: 128}\ninputs: {X: [f, 64]}\nparams: {W: [128, 784]}\n"
    report = report_on(text + "forward: {Z: W @ X, J: sum(tanh(Z))}\n")
    shapes = {value.name: value.shape for value in report.values}
    assert shapes["W"] == ("h", "f")  # 128 is the size of g too, but nothing ties the two
    assert shapes["X"] == ("f", "m")


def test_a_number_gives_its_size_to_the_symbolic_dim_that_it_is() -> None:
    text = "dims: [n, m]\ninputs: {X: [n, m]}\nparams: {W: [128, 784]}\n"
    report = report_on(text + "forward: {J: sum(W @ X)}\n")
    assert dict(report.dims) == {"n": 784, "m": None, "h": 128}


def test_names_of_the_spec_are_not_given_to_dims() -> None:
    text = (
        INTEGERS.replace("A: tanh", "h: tanh")
        .replace("@ A", "@ h")
        .replace("  J:", "  h1: h\n  J:")
    )
    names = [name for name, _ in report_on(text).dims]
    assert names == ["n", "m", "k", "h2"]
    claimed = report_on(INTEGERS + "gradients:\n  dZ: (softmax(Z, axis=0) - Y) / m\n")
    assert only(claimed).code == "SC205"  # `m` is no name of the spec, whatever an axis is called
    assert "m" not in dict(claimed.dims)


def test_several_hidden_dims_are_numbered_in_the_order_of_the_params() -> None:
    text = "inputs: {X: [5, 64]}\nparams: {W1: [7, 5], W2: [11, 7]}\n"
    report = report_on(text + "forward: {J: sum(W2 @ W1 @ X)}\n")
    assert report.dims == (("n", 5), ("m", 64), ("h1", 7), ("h2", 11))


def test_a_number_in_a_claim_stands_for_an_inferred_dim() -> None:
    report = report_on(INTEGERS + "gradients:\n  dZ: (softmax(Z, axis=0) - Y) / 64\n")
    finding = only(report)
    assert finding.code == "SC503"
    assert finding.help == "name it, `dims: {m: 64}`, and write `m`"
    assert [claim.verdict for claim in report.claims] == ["right"]


def test_one_is_the_literal_that_broadcasts_and_a_dim_of_size_one_is_not() -> None:
    head = "inputs: {X: [5, 7]}\nparams: {b: [1, 7]}\n"
    assert shapes_of(head + "forward: {J: sum(X + b)}\n")["b"] == ("1", "n")
    named = "dims: {one: 1}\n" + head.replace("[1, 7]", "[one, 7]")
    assert [f.code for f in graph_of(named + "forward: {J: sum(X + b)}\n").findings] == ["SC306"]


def test_numbers_in_expressions_fix_the_dims_that_they_meet() -> None:
    text = "inputs: {X: [5, 7]}\nparams: {W: [3, 5]}\nforward:\n  J: sum(W @ X + ones(3, 7))\n"
    report = report_on(text)
    assert {v.name: v.shape for v in report.values}["W"] == ("3", "n")
    assert report.findings == ()
    assert all(gradient.checked.exact for gradient in report.gradients)


# --- blanks ----------------------------------------------------------------------------------

BLANKS = """dims: {n: 784, h: 128, k: 10, m: 64}
inputs: {X: [n, m], Y: [k, m]}
"""


@pytest.mark.parametrize(
    ("params", "forward", "stated", "expected"),
    [
        ("W: [h, _]", "Z: W @ X", "", {"W": ("h", "n")}),
        ("W: [_, n]", "Z: W @ X", "Z: [h, m]", {"W": ("h", "n")}),
        ("W: [_, _]", "Z: W @ X; J: mse(Z, Y)", "", {"W": ("k", "n"), "Z": ("k", "m")}),
        ("W: [_, _], V: [_, h]", "A: W @ X; J: mse(V @ A, Y)", "",
         {"W": ("h", "n"), "V": ("k", "h")}),
        ("W: _", "Z: W @ X", "Z: [h, m]", {"W": ("h", "n")}),
        ("W: _, b: [h, 1]", "Z: W @ X + b", "Z: [h, m]", {"W": ("h", "n")}),
        ("W: _, b: [h]", "Z: X.T @ W + b", "Z: [m, h]", {"W": ("n", "h")}),
        ("W: _", "Z: W @ X; A: tanh(Z); J: mse(A, Y)", "", {"W": ("k", "n"), "A": ("k", "m")}),
        ("W: _, V: _", "A: tanh(W @ X); Z: V @ A; J: mse(Z, Y)", "A: [h, m]",
         {"W": ("h", "n"), "V": ("k", "h")}),
        ("W: [h, n], b: [_, 1]", "Z: W @ X + b", "", {"b": ("h", "1")}),
        ("s: _", "Z: mse(s, Y)", "", {"s": ("k", "m")}),
    ],
)  # fmt: skip
def test_blanks_are_filled_in_forwards_and_backwards(
    params: str, forward: str, stated: str, expected: dict[str, tuple[str, ...]]
) -> None:
    lines = [f"  {line}" for line in forward.split("; ")]
    text = "\n".join([f"{BLANKS}params: {{{params}}}", "forward:", *lines, f"shapes: {{{stated}}}"])
    text = text.replace("forward:", "upstream: Z\nforward:") if "J:" not in text else text
    graph = graph_of(text)
    assert graph.findings == ()
    shapes = {name: tuple(map(str, graph.values[name].shape)) for name in expected}
    assert shapes == expected


@pytest.mark.parametrize(
    ("params", "message", "help"),
    [
        ("W: [_, n], b: [h]", "axis 0 of `W`", "`W: [h1, n]`"),
        ("W: _, b: [h]", "`W` may have 1 to 4 axes", "`W: [_, _]`"),
    ],
)
def test_what_stays_open_says_what_to_write(params: str, message: str, help: str) -> None:
    text = f"{BLANKS}params: {{{params}}}\nforward: {{Z: W @ X, J: sum(Z) + sum(b)}}\n"
    findings = [each for each in graph_of(text).findings if each.code == "SC310"]
    assert [(message in each.message, help in each.help) for each in findings] == [(True, True)]


def test_a_blank_that_could_be_one_is_taken_for_the_dim_and_the_report_says_so() -> None:
    text = f"{BLANKS}params: {{W: [h, n], b: [_, 1]}}\nforward: {{J: sum(W @ X + b)}}\n"
    assert report_on(text).assumptions == ("axis 0 of b is h, where 1 would do as well",)
    tied = text.replace("J: sum(W @ X + b)", "J: sum(W @ X + b) + sum(W.T @ b)")
    assert report_on(tied).assumptions == ()


def test_a_blank_that_another_equation_makes_one_is_one() -> None:
    text = f"{BLANKS}params: {{W: [h, n], b: [_, 1], c: [k, 1]}}\nforward:\n"
    text += "  A: W @ X + b\n  J: sum(A) + sum(c @ b)\n"
    graph = graph_of(text)
    assert graph.findings == ()
    assert tuple(map(str, graph.values["b"].shape)) == ("1", "1")
    assert tuple(map(str, graph.values["A"].shape)) == ("h", "m")


# --- what disagrees --------------------------------------------------------------------------


def test_two_uses_that_disagree_are_named_with_the_chain_between() -> None:
    finding = only(report_on(INTEGERS.replace("Y: [10, 64]", "Y: [10, 32]")))
    assert finding.code == "SC306"
    assert finding.message == "one dim is 64 in `X` (line 2) but 32 in `Y` (line 3)"
    assert finding.notes == (("chain", "X → A → Z → J; Y → J"),)
    assert [each.span.line for each in finding.related] == [2, 3, 9, 10]
    assert finding.help == "write `Y: [10, 64]`, or 32 in `X`"


def test_a_dim_with_two_numbers_is_named() -> None:
    text = "dims: [n, m, k]\ninputs: {X: [n, m], V: [n, k]}\nparams: {A: [h, 784], B: [h, 128]}\n"
    text = text.replace("[n, m, k]", "[n, m, k, h]")
    finding = only(report_on(text + "forward:\n  Z: A @ X\n  U: B @ V\n  J: sum(Z) + sum(U)\n"))
    assert finding.message == "`n` is 784 in `A` (line 3) but 128 in `B` (line 3)"
    assert finding.notes == (("chain", "A → Z → U; B → U"),)


def test_a_blank_with_two_names_shows_where_each_is_from() -> None:
    text = "dims: [n, m, h]\ninputs: {X: [n, m], V: [h, m]}\nparams: {W: [m, _]}\nforward:\n"
    finding = report_on(text + "  Z: W @ X\n  U: W @ V\n  J: sum(Z) + sum(U)\n").findings[0]
    assert finding.code == "SC306"
    assert finding.message == "one dim is n in `X` (line 2) but h in `V` (line 2)"
    assert finding.notes == (("chain", "X → Z → U; V → U"),)


def test_a_factor_the_wrong_way_round_shows_what_fits_in_the_numbers_of_the_spec() -> None:
    finding = only(report_on(INTEGERS.replace("W1: [128, 784]", "W1: [784, 128]")))
    assert finding.code == "SC301"
    assert finding.message == "`W1 @ X` does not conform, 128 ≠ 784"
    assert finding.help == "write `W1.T @ X`, or declare `W1: [128, 784]`"


def test_a_stated_shape_is_held_against_the_numbers() -> None:
    finding = only(report_on(INTEGERS + "shapes: {A: [64, 128]}\n"))
    assert finding.code == "SC305"
    assert finding.message == "`A` is (128, 64), line 12 says (64, 128)"


# --- quotients -------------------------------------------------------------------------------

HEADS = """dims: {d: 12, heads: 3, m: 5}
inputs: {X: [d, m]}
params: {W: [d/heads, d], b: [d/heads]}
forward:
  Q: (W @ X).T + b
  J: mean(Q**2)
"""


def test_gradients_over_a_quotient_are_those_of_autograd() -> None:
    random = np.random.default_rng(5)
    X, W, b = random.normal(size=(12, 5)), random.normal(size=(4, 12)), random.normal(size=4)
    Q = (W @ X).T + b
    named: dict[str, Any] = {"np": np, "X": X, "W": W, "b": b, "Q": Q, "d": 12, "heads": 3, "m": 5}
    report = report_on(HEADS)
    for gradient in report.gradients:
        named[gradient.gradient] = eval(gradient.formula.numpy, dict(named))
        assert gradient.checked.exact
        assert gradient.checked.canonical
    by_W, by_b = grad(lambda W, b: anp.mean(((W @ X).T + b) ** 2), (0, 1))(W, b)
    np.testing.assert_allclose(named["dW"], by_W, rtol=1e-12)
    np.testing.assert_allclose(named["db"], by_b, rtol=1e-12)


def test_a_quotient_is_assumed_to_divide() -> None:
    assert report_on(HEADS).assumptions == ("heads divides d",)
    assert report_on(HEADS.replace("{d: 12, heads: 3, m: 5}", "[d, heads, m]")).findings == ()


def test_sizes_that_do_not_divide_are_a_finding() -> None:
    findings = report_on(HEADS.replace("heads: 3", "heads: 5")).findings
    assert [finding.code for finding in findings] == ["SC307", "SC307"]
    assert findings[0].message == "`d/heads` is 12/5 at d = 12, heads = 5, and no whole number"
    assert findings[0].help == "write `heads: 4`, which divides 12"


def test_a_quotient_in_an_expression_is_held_to_the_sizes_too() -> None:
    text = HEADS.replace("+ b", "+ b + ones(m, d/heads)")
    assert report_on(text).findings == ()
    wrong = text.replace("W: [d/heads, d], b: [d/heads]", "W: [h, d], b: [h]")
    wrong = wrong.replace("{d: 12, heads: 3, m: 5}", "{d: 12, heads: 5, m: 7, h: 2}")
    assert "SC302" in {f.code for f in report_on(wrong).findings}
    alone = "dims: {d: 12, heads: 5}\nparams: {w: [d]}\nforward: {J: sum(w) * sum(ones(d/heads))}\n"
    assert only(report_on(alone)).code == "SC307"


# --- how it is done --------------------------------------------------------------------------


def test_what_was_only_tried_is_taken_back() -> None:
    classes = Classes({"n": 7})
    a, b, c = (classes.add(f"?{number}", size) for number, size in enumerate((None, 7, None)))
    mark = classes.mark()
    assert classes.unify(a, b)
    assert classes.unify(b, c)
    assert classes.size(classes.resolved(c)) == 7
    classes.go_back(mark)
    assert [classes.size(classes.resolved(each)) for each in (a, b, c)] == [None, 7, None]
    assert classes.resolved(a) != classes.resolved(c)


def test_equations_are_read_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    def chain(depth: int) -> str:
        params = [f"  W{i}: [8, 8]\n  b{i}: [8, 1]" for i in range(depth)]
        lines = [f"  A{i}: tanh(W{i} @ {f'A{i - 1}' if i else 'X'} + b{i})" for i in range(depth)]
        head = ["inputs: {X: [8, 8]}", "params:", *params, "forward:", *lines]
        return "\n".join([*head, f"  J: sum(A{depth - 1})", ""])

    def builds(text: str) -> Iterator[int]:
        class Counting(Builder):
            count = 0

            def __init__(self, *given: object) -> None:
                Counting.count += 1
                super().__init__(*given)  # type: ignore[arg-type]  # as they were given

        monkeypatch.setattr(infer, "Builder", Counting)
        graph = graph_of(text)
        yield Counting.count
        yield len(graph.network.dims)

    few, many = (tuple(builds(chain(depth))) for depth in (50, 400))
    assert few[1] == 50 + 2  # a dim for each layer: nothing forces two of them to be one
    assert many[1] == 400 + 2
    assert few[0] == 3 * 50 + 1  # once, and again for each of two equalities
    assert many[0] == 3 * 400 + 1
