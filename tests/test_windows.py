"""Convolutions and pooling: values by loops, gradients as people write them, whole networks.

That each op is right in every way of sliding is for test_ops, by its cases in window_cases; here
are oracles that know nothing of windows, the sizes that come out, and what is refused.
"""

import json
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest
from checking import report_on
from oracles import (
    SIZES,
    Array,
    Step,
    by_differences,
    derivatives,
    derived,
    executed,
    pulled_back,
    tree_of,
    world_of,
)

import shapecalc.ops
from shapecalc.diagnostics import Severity
from shapecalc.dims import Dim, floored
from shapecalc.matrix.printing import numpy_text, text
from shapecalc.render import json as renderer
from shapecalc.render.tally import tally
from shapecalc.tree import Call, Tree, call
from shapecalc.verify.checks import agrees_by_algebra, agrees_exactly, error_by_components
from shapecalc.verify.standins import stand_ins

# --- values by loops ------------------------------------------------------------------------------

Ways = tuple[tuple[int, int], tuple[int, int], tuple[int, int], int]
"""Stride, padding, dilation of two axes, and groups."""


def by_loops(X: Array, W: Array, ways: Ways) -> Array:
    """Multiply each window by the weights, entry by entry, as the definition has it."""
    stride, padding, dilation, groups = ways
    n, _, *size = X.shape
    k, j, *width = W.shape
    room = [
        x + 2 * p - d * (r - 1) - 1
        for x, p, d, r in zip(size, padding, dilation, width, strict=True)
    ]
    made = np.zeros((n, k, *(x // s + 1 for x, s in zip(room, stride, strict=True))))
    for i, o, y, v in np.ndindex(*made.shape):
        for c, r, q in np.ndindex(j, *width):
            h = stride[0] * y + dilation[0] * r - padding[0]
            w = stride[1] * v + dilation[1] * q - padding[1]
            if 0 <= h < size[0] and 0 <= w < size[1]:
                channel = o // (k // groups) * j + c
                made[i, o, y, v] += X[i, channel, h, w] * W[o, c, r, q]
    return made


def drawn_ways(seed: int) -> Ways:
    random = Random(seed)

    def pair(choices: tuple[int, ...]) -> tuple[int, int]:
        return random.choice(choices), random.choice(choices)

    return pair((1, 2, 3)), pair((0, 1, 2)), pair((1, 2)), random.choice((1, 2))


@pytest.mark.parametrize("seed", range(24))
def test_convolution_is_what_loops_over_windows_give(seed: int) -> None:
    random, (stride, padding, dilation, groups) = np.random.default_rng(seed), drawn_ways(seed)
    X, W = random.normal(size=(2, 4, 7, 11)), random.normal(size=(6, 4 // groups, 3, 2))
    given: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation}
    found = shapecalc.ops.conv2d(X, W, **given, groups=groups)
    wanted = by_loops(X, W, (stride, padding, dilation, groups))
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("seed", range(24))
def test_transposed_convolution_is_the_adjoint_of_the_convolution(seed: int) -> None:
    random, ways = np.random.default_rng(seed), drawn_ways(seed)
    stride, padding, dilation, groups = ways
    X, W = random.normal(size=(2, 4, 7, 11)), random.normal(size=(6, 4 // groups, 3, 2))
    forward = by_loops(X, W, ways)
    G = random.normal(size=forward.shape)
    given: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation}
    back = shapecalc.ops.conv_transpose2d(G, W, **given, groups=groups, output_size=(7, 11))
    np.testing.assert_allclose(np.sum(back * X), np.sum(G * forward), rtol=1e-10)


@pytest.mark.parametrize(("stride", "width"), [*product((1, 2, 3), (2, 3))])
def test_pooling_is_what_loops_over_windows_give(stride: int, width: int) -> None:
    X = np.random.default_rng(5).normal(size=(2, 3, 7, 11))
    size = [(x - width) // stride + 1 for x in (7, 11)]
    largest, mean = np.zeros((2, 3, *size)), np.zeros((2, 3, *size))
    for n, c, y, v in np.ndindex(*largest.shape):
        window = X[n, c, y * stride : y * stride + width, v * stride : v * stride + width]
        largest[n, c, y, v], mean[n, c, y, v] = window.max(), window.mean()
    np.testing.assert_array_equal(
        shapecalc.ops.max_pool2d(X, kernel_size=width, stride=stride), largest
    )
    np.testing.assert_allclose(shapecalc.ops.avg_pool2d(X, kernel_size=width, stride=stride), mean)


# --- gradients as people write them ---------------------------------------------------------------

IMAGES, WEIGHTS = "X=b,m,h,n W=k,m,3,2", "transpose(conv2d(transpose(X, (1, 0, 2, 3)), "
WRITTEN = (
    ("conv2d(X, W)", IMAGES, "X", "conv_transpose2d(dR, W)"),
    (
        "conv2d(X, W)",
        IMAGES,
        "W",
        f"{WEIGHTS}transpose(dR, (1, 0, 2, 3))), (1, 0, 2, 3))",
    ),
    ("conv2d(X, W, c)", f"{IMAGES} c=k", "c", "sum(dR, axis=(0, 2, 3))"),
    ("conv2d(X, W, padding=1)", IMAGES, "X", "conv_transpose2d(dR, W, padding=1)"),
    (
        "conv2d(X, W, stride=2)",
        IMAGES,
        "X",
        "conv_transpose2d(dR, W, stride=2, output_size=(h, n))",
    ),
    (
        "conv2d(X, W, stride=2)",
        IMAGES,
        "W",
        f"{WEIGHTS}transpose(dR, (1, 0, 2, 3)), dilation=2)[:, :, :3, :2], (1, 0, 2, 3))",
    ),
    ("conv2d(X, W, groups=m)", "X=b,m,h,n W=m,1,3,2", "X", "conv_transpose2d(dR, W, groups=m)"),
    ("conv_transpose2d(X, W, stride=2)", "X=b,m,h,n W=m,k,3,2", "X", "conv2d(dR, W, stride=2)"),
    ("conv1d(relu(X), W)", "X=b,m,h W=k,m,3", "X", "conv_transpose1d(dR, W) * (X > 0)"),
    (
        "relu(conv1d(X, W))",
        "X=b,m,h W=k,m,3",
        "X",
        "conv_transpose1d(dR * (R > 0), W)",
    ),
    (
        "avg_pool2d(X, 2)",
        "X=b,m,2*h,2*n",
        "X",
        "repeat(repeat(dR, repeats=2, axis=2), repeats=2, axis=3) / 4",
    ),
    (
        "avg_pool2d(X, 3, stride=1)",
        "X=b,m,h,n",
        "X",
        "conv_transpose2d(dR, ones(m, 1, 3, 3), groups=m) / 9",
    ),
    (
        "max_pool1d(X, 2)",
        "X=b,m,2*h",
        "X",
        "repeat(dR, repeats=2, axis=2) * (X == repeat(R, repeats=2, axis=2))",
    ),
    ("sliding_windows(X, (3,))", "X=b,h", "X", "overlap_add(dR, output_size=(h,))"),
)


@pytest.mark.parametrize(("equation", "shapes", "wrt", "written"), WRITTEN)
def test_gradient_is_what_people_write(equation: str, shapes: str, wrt: str, written: str) -> None:
    (one,) = derivatives(Step(equation, shapes), wrt)
    assert text(one.formula) == written


COMPOSED = (
    ("conv1d(conv1d(X, W), V)", "X=b,m,h W=k,m,3 V=n,k,2"),
    ("conv1d(pad(X, ((0, 0), (0, 0), (2, 0))), W)", "X=b,m,h W=k,m,3"),
    ("conv1d(X, W)[:, :, ::-1] * V", "X=b,m,h W=k,m,3 V=k,h-2"),
    ("conv2d(max_pool2d(relu(X), 2), W, padding=1)", "X=b,m,2*n,2*m W=2,m,3,3"),
    ("avg_pool2d(relu(conv2d(X, W)), 2)", "X=b,m,n,5 W=2,m,2,2"),
    ("avg_pool2d(relu(X), (3, 2), stride=2)", "X=b,m,n,k"),
    ("relu(conv1d(relu(X), W, stride=2))", "X=b,m,2*n W=k,m,2"),
    ("sum(conv1d(X, W, groups=m) ** 2, axis=2)", "X=b,m,h W=2*m,1,3"),
    ("reshape(conv1d(X, W), [b, k * (h - 2)]) @ V", "X=b,m,h W=k,m,3 V=k*h-2*k,n"),
    ("conv1d(X, W) + conv1d(X, V, dilation=2, padding=1)", "X=b,m,h W=k,m,3 V=k,m,3"),
    ("conv1d(X, tanh(W), padding=1) / W[0, 0, 0]", "X=b,m,h W=k,m,3"),
)


@pytest.mark.parametrize(("equation", "shapes"), COMPOSED)
def test_convolutions_compose(equation: str, shapes: str) -> None:
    step = Step(equation, shapes)
    world = world_of(step)
    for one in derived(step):
        found = executed(one.formula, world)
        truth = pulled_back(by_differences(one, world), world.values["dR"])
        np.testing.assert_allclose(found, truth, rtol=1e-5, atol=1e-7)
        assert agrees_exactly(one.case(one.formula)).equal


# --- wrong formulas -------------------------------------------------------------------------------


def _with(tree: Tree, **attributes: Any) -> Call:
    assert isinstance(tree, Call)
    given = tuple((name, attributes.get(name, value)) for name, value in tree.attributes)
    return call(tree.op, tree.operands, given, tree.shape)


def _reversed_windows(tree: Tree) -> Call:
    assert isinstance(tree, Call)
    X, W, b = tree.operands
    turned = call("flip", (W,), (("axis", (2, 3)),), W.shape)
    return call(tree.op, (X, turned, b), tree.attributes, tree.shape)


SINGLE = "X=1,1,h,n W=1,1,3,2"
CORRUPTIONS = (
    ("conv2d(X, W)", IMAGES, _reversed_windows),
    (
        "conv2d(X, W, padding=1)",
        IMAGES,
        lambda tree: _with(tree, padding=0, output_size=(dim("h"), dim("n"))),
    ),
    ("conv2d(X, W, stride=2)", SINGLE, lambda tree: _with(tree, stride=1)),
    ("conv2d(X, W, stride=2, dilation=3)", SINGLE, lambda tree: _with(tree, stride=3, dilation=2)),
    ("conv2d(X, W, groups=2)", "X=b,4,h,n W=4,2,3,2", _reversed_windows),
    ("sliding_windows(X, (3,), stride=2)", "X=b,h", lambda tree: _with(tree, stride=1)),
)


def dim(name: str) -> Dim:
    return Dim.named(name)


@pytest.mark.parametrize(("equation", "shapes", "corrupt"), CORRUPTIONS)
def test_each_checker_alone_rejects_other_windows(equation: str, shapes: str, corrupt: Any) -> None:
    one = derivatives(Step(equation, shapes), "X")[0]
    wrong = corrupt(one.formula)
    assert wrong.shape == one.formula.shape
    assert not agrees_exactly(one.case(wrong)).equal
    assert error_by_components(one.case(wrong)) > 1e-3
    assert not agrees_by_algebra(wrong, one.terms(one.jacobian), one.jacobian.wrt_labels)


# --- sizes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_whole_part_of_a_quotient_is_the_number_that_division_gives(seed: int) -> None:
    random = Random(seed)
    h, w = dim("h"), dim("w")

    def drawn() -> Dim:
        parts = (
            Dim.number(random.randint(-9, 9)),
            *(d * Dim.number(random.randint(-4, 4)) for d in (h, w)),
        )
        return parts[0] + parts[1] + parts[2]

    inner, below, outer = drawn(), random.choice((1, 2, 3, 5)), random.choice((2, 3))
    first = floored(inner, Dim.number(below))
    second = floored(first + drawn(), Dim.number(outer))
    rest = second - floored(first, Dim.number(outer))
    for sizes in ({"h": 7, "w": 4}, {"h": 12, "w": 31}):
        assert first.size(sizes) == inner.size(sizes) // below
        assert rest.size(sizes) == second.size(sizes) - first.size(sizes) // outer
        assert first.size(sizes) == eval(first.code(), {}, sizes)


def test_sizes_of_windows_are_written_as_textbooks_do() -> None:
    shapes = {
        "conv2d(X, W)": "(b, k, h-2, n-1)",
        "conv2d(X, W, padding=1)": "(b, k, h, n+1)",
        "conv2d(X, W, stride=2, padding=1)": "(b, k, floor((h-1)/2)+1, floor(n/2)+1)",
        "max_pool2d(X, 2)": "(b, m, floor(h/2), floor(n/2))",
        "max_pool2d(max_pool2d(X, 2), 2)": "(b, m, floor(h/4), floor(n/4))",
    }
    for equation, wanted in shapes.items():
        shape = tree_of(equation, "X=b,m,h,n W=k,m,3,2").shape
        assert f"({', '.join(map(str, shape))})" == wanted


def test_whole_parts_have_another_rest_at_each_of_the_stand_ins() -> None:
    dims = [
        dim("h"),
        floored(dim("h"), Dim.number(2)),
        floored(dim("w") - Dim.number(1), Dim.number(3)),
    ]
    first, second = (stand_ins([*dims, dim("w")], frozenset(), each) for each in (0, 1))
    assert first["h"] % 2 != second["h"] % 2
    assert (first["w"] - second["w"]) % 3


def test_numpy_text_has_whole_sizes() -> None:
    (one,) = derivatives(Step("avg_pool1d(X, 2)", "X=b,h"), "X")
    printed = numpy_text(one.formula, {"pad": "np.pad", "repeat": "np.repeat"})
    assert "h-2*(h//2)" in printed
    assert executed(one.formula, world_of(one.step)).shape == (SIZES["b"], SIZES["h"])


# --- whole networks -------------------------------------------------------------------------------

NUMBERS = """\
inputs: {X: [7, 1, 12, 12], T: [7, 3]}
params:
  K1: [2, 1, 3, 3]
  a1: [2]
  K2: [5, 2, 2, 2]
  W: [20, 3]
forward:
  Z1: F.conv2d(X, K1, a1, padding=1)
  P1: F.max_pool2d(F.relu(Z1), 2)
  Z2: F.conv2d(P1, weight=K2, bias=None)
  P2: F.avg_pool2d(tanh(Z2), kernel_size=2, stride=2)
  V: P2.reshape(7, -1)
  Z: V @ W
  J: F.cross_entropy(Z, T)
"""


def test_numbers_of_channels_are_parted_in_groups() -> None:
    report = report_on(
        "inputs: {X: [7, 4, 9]}\nparams:\n  K: [6, 2, 3]\n  D: [6, 1, 2]\nforward:\n"
        "  Z: F.conv1d(X, K, groups=2)\n  V: F.conv1d(Z, D, groups=6)\n  J: sum(V)\n"
    )
    assert not [each for each in report.findings if each.severity is Severity.ERROR]
    shapes = {value.name: value.shape for value in report.values}
    assert shapes["X"][1] == f"2*{shapes['K'][1]}"
    assert shapes["Z"][2] == "7"


def test_groups_that_leave_a_rest_of_channels_are_refused() -> None:
    shapes = "inputs: {X: [m, 2*c, h]}\nparams: {K: [k, c, 3]}\nforward:\n"
    network = f"{shapes}  Z: conv1d(X, K, groups=2)\n  J: sum(Z)\n"
    (finding, *_) = report_on("dims: {m: 3, c: 5, h: 7, k: 9}\n" + network).findings
    assert (finding.code, "`k/2` is 9/2" in finding.message) == ("SC307", True)
    assert "2 divides k" in report_on("dims: [m, c, h, k]\n" + network).assumptions
    assert "3 ≤ h" in report_on("dims: [m, c, h, k]\n" + network).assumptions


def test_sizes_written_as_numbers_stay_numbers_where_windows_slide() -> None:
    report = report_on(NUMBERS)
    assert not [each for each in report.findings if each.severity is Severity.ERROR]
    shapes = {value.name: ", ".join(map(str, value.shape)) for value in report.values}
    assert shapes["Z1"].endswith(", 12, 12")
    assert shapes["P1"].endswith(", 6, 6")
    assert shapes["P2"].endswith(", 2, 2")
    assert shapes["W"].startswith("4*")


NAMED = """\
dims: {m: 3, c: 2, h: 9, w: 8, k: 4}
inputs: {X: [m, c, h, w]}
params:
  K: [k, c, 3, 2]
  a: [k]
  D: [k, 1, 2, 2]
  U: [k, c, 2, 3]
forward:
  Z: conv2d(X, K, a, stride=2, padding=(1, 0))
  A: max_pool2d(tanh(Z), 2)
  B: conv2d(Z, D, groups=k, dilation=2, padding=1)
  C: conv_transpose2d(sin(B), U, stride=2)
  E: avg_pool2d(C, 3, stride=2)
  J: sum(A ** 2) + mean(E ** 2)
"""
TENSORS = ("conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d")


@pytest.mark.parametrize("network", [NAMED])
def test_every_numpy_formula_of_a_network_is_the_gradient(network: str) -> None:
    report = report_on(network)
    assert not [each for each in report.findings if each.severity is Severity.ERROR]
    (data,) = json.loads(renderer.document([report], tally([report])))["specs"]
    random = np.random.default_rng(3)
    values = {v["name"]: random.uniform(-1, 1, v["size"]) for v in data["values"]}
    params = {v["name"] for v in data["values"] if not v["equation"]}
    names = {"np": np, **data["dims"]}
    names |= {name: getattr(shapecalc.ops, name) for name in shapecalc.ops.OPS}

    def loss(moved: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        known = {name: values[name] + moved.get(name, 0.0) for name in params}
        for value in data["values"]:
            if value["equation"]:
                found = eval(_in_python(value["equation"]), {}, {**names, **known})
                known[value["name"]] = found + moved.get(value["name"], 0.0)
        return float(known["J"]), known

    known = {**names, **loss({})[1]}
    for gradient in data["gradients"]:
        wrt = gradient["wrt"]
        found = np.asarray(eval(gradient["formula"]["numpy"], {}, known))
        known[f"d{wrt}"] = found
        direction = random.normal(size=found.shape)
        ahead, behind = (loss({wrt: sign * 1e-6 * direction})[0] for sign in (1, -1))
        slope = (ahead - behind) / 2e-6
        np.testing.assert_allclose(np.sum(found * direction), slope, rtol=1e-4, atol=1e-7)
        assert gradient["checked"]["canonical"], wrt


def _in_python(equation: str) -> str:
    """Name what our functions take by keyword alone."""
    return equation.replace("max_pool2d(tanh(Z), 2)", "max_pool2d(tanh(Z), kernel_size=2)").replace(
        "avg_pool2d(C, 3, ", "avg_pool2d(C, kernel_size=3, "
    )


# --- what is refused ------------------------------------------------------------------------------


def spec(equation: str) -> str:
    shapes = "X: [m, c, h, w]\n  K: [k, c, 3, 2]\n  v: [h]\n  a: [k]\n"
    shapes += "  D: [k, 2, 3, 3]\n  P: [c, k, 3, 2]\n"
    dims = "{m: 5, c: 4, h: 11, w: 13, k: 8}"
    return f"dims: {dims}\nparams:\n  {shapes}forward:\n  Z: {equation}\n  J: sum(Z)\n"


@pytest.mark.parametrize(
    ("equation", "code", "said"),
    [
        ("conv2d(K, X)", "SC304", "`conv2d(K, X)` is out of range"),
        ("conv2d(X, D)", "SC306", "`c` is 4 in `dims` (line 1) but 2 in `D`"),
        ("conv1d(X, K)", "SC303", "`conv1d` takes 3-D operands, and `X` is 4-D"),
        ("conv2d(v, K)", "SC303", "`X` is 1-D"),
        ("conv2d(X[0], K)", "SC303", "give it an axis of examples"),
        ("conv2d(X, K, K)", "SC303", "the bias of `conv2d` is 1-D"),
        ("conv2d(X, K, v)", "SC301", "h"),
        ("conv2d(X, K, stride=0)", "SC210", "`stride` of `conv2d` is at least 1"),
        ("conv2d(X, K, stride=(1, 2, 3))", "SC210", "is one whole number or dim, or 2 of them"),
        ("conv2d(X, K, padding=-1)", "SC210", "`padding` of `conv2d` is at least 0"),
        ('conv2d(X, K, padding="same")', "SC210", "`padding` of `conv2d` is one whole number"),
        ("conv2d(X, D, groups=3)", "SC303", "groups of 2 channels are not the"),
        ("max_pool2d(X, 3, padding=1)", "SC212", "-inf"),
        ("conv2d(X, K, groups=3)", "SC303", "3 groups"),
        ("max_pool2d(X)", "SC210", "kernel_size"),
        ("conv_transpose2d(X, P, output_size=(11, 14))", "SC304", "is out of range"),
        ("conv_transpose2d(X, P, stride=2, output_size=(h, w))", "SC304", "is out of range"),
        ("overlap_add(X, (h,))", "SC304", "is out of range"),
        ("avg_pool2d(v, 2)", "SC303", "takes operands of 2 axes and more, not 1-D"),
    ],
)
def test_what_has_no_meaning_is_refused(equation: str, code: str, said: str) -> None:
    findings = report_on(spec(equation)).findings
    assert [each.code for each in findings if each.severity is Severity.ERROR] == [code]
    assert said in f"{findings[0].message} {findings[0].help}"


def test_convolution_has_no_order_of_factors() -> None:
    report = report_on(spec("conv2d(X, K)"))
    (step,) = (each for each in report.steps if each.wrt == "X")
    assert not step.orderings.defined
    assert "a convolution" in step.orderings.why


def test_windows_that_need_not_fill_what_they_are_put_into_are_refused() -> None:
    text_ = "dims: [b, p, q, h]\nparams: {X: [b, p, q]}\nforward: |\n"
    report = report_on(f"{text_}  Z = overlap_add(X, (h,))\n  J = sum(Z**2)\n")
    errors = [each for each in report.findings if each.severity is Severity.ERROR]
    assert {each.code for each in errors} == {"SC212"}
    assert "X" not in [each.wrt for each in report.gradients]
