"""Ops that put entries elsewhere: their gradients as people write them, slices, what is refused.

That each op of the table is right is for test_ops; here they meet each other, and products.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from checking import report_on
from oracles import (
    OTHER_SIZES,
    SIZES,
    Array,
    Step,
    World,
    by_autograd,
    by_differences,
    by_terms,
    derivatives,
    derived,
    executed,
    names_of,
    pulled_back,
    tree_of,
    value_of,
    world_of,
)

import shapecalc.ops
from shapecalc import layout
from shapecalc.conditions import Affine, Condition, Label, Mask, form
from shapecalc.diagnostics import Severity
from shapecalc.dims import ONE, Dim
from shapecalc.index import Delta, Factor, Term, contracted
from shapecalc.matrix.joining import Unreadable
from shapecalc.matrix.printing import text
from shapecalc.ops.build import expression_of
from shapecalc.render import json as renderer
from shapecalc.render.tally import tally
from shapecalc.tree import Call, Tree, call, leaf
from shapecalc.verify.checks import agrees_by_algebra, agrees_exactly, error_by_components
from shapecalc.verify.places import Rule, meeting, places

MATRIX, PAIR = "X=m,n", "A=m,n B=k,n"

# --- gradients as people write them ---------------------------------------------------------------

WRITTEN = (
    ("X[1:]", MATRIX, "X", "pad(dR, ((1, 0), (0, 0)))"),
    ("X[:, :h]", MATRIX, "X", "pad(dR, ((0, 0), (0, n-h)))"),
    ("X[..., 0]", "X=b,m,n", "X", "pad(expand_dims(dR, axis=2), ((0, 0), (0, 0), (0, n-1)))"),
    ("X[0]", "X=n", "X", "dR * pad(ones(1), ((0, n-1),))"),
    ("X[::-1]", MATRIX, "X", "flip(dR, axis=0)"),
    ("X[:, None]", "X=n", "X", "squeeze(dR, axis=1)"),
    ("pad(X, ((1, 0), (0, 2)))", MATRIX, "X", "dR[1:, :-2]"),
    ("concatenate([A, B])", PAIR, "A", "dR[:m]"),
    ("concatenate([A, B])", PAIR, "B", "dR[m:]"),
    ("stack([A, B], axis=1)", "A=m,n B=m,n", "B", "dR[:, 1]"),
    ("reshape(X, [n, h, k])", "X=n,h*k", "X", "reshape(dR, [n, h*k])"),
    ("reshape(X, [n * h, k])", "X=n,h,k", "X", "reshape(dR, [n, h, k])"),
    ("ravel(X)", MATRIX, "X", "reshape(dR, [m, n])"),
    ("flip(X, axis=1)", MATRIX, "X", "flip(dR, axis=1)"),
    ("roll(X, 2, axis=0)", MATRIX, "X", "roll(dR, shift=-2, axis=0)"),
    ("tile(X, (2, 3))", MATRIX, "X", "sum(reshape(dR, [2, m, 3, n]), axis=(0, 2))"),
    ("repeat(X, h, axis=1)", MATRIX, "X", "sum(reshape(dR, [m, n, h]), axis=2)"),
    ("cumsum(X, axis=1)", MATRIX, "X", "flip(cumsum(flip(dR, axis=1), axis=1), axis=1)"),
    ("triu(X)", MATRIX, "X", "triu(dR)"),
    ("tril(X, -1)", "X=b,m,n", "X", "tril(dR, k=-1)"),
    ("trace(X)", "X=n,n", "X", "dR * eye(n)"),
    ("diagonal(X)", "X=n,n", "X", "diag(dR)"),
    ("X[1:] @ W", "X=m,n W=n,k", "X", "pad(dR @ W.T, ((1, 0), (0, 0)))"),
    ("X[1:] @ W", "X=m,n W=n,k", "W", "X[1:].T @ dR"),
    ("concatenate([X @ W, B], axis=1)", "X=m,n W=n,k B=m,h", "W", "X.T @ dR[:, :k]"),
    ("tril(Q @ K.T) @ V", "Q=m,n K=m,n V=m,k", "Q", "tril(dR @ V.T) @ K"),
    (
        "softmax(X[:, 1:], axis=1)",
        MATRIX,
        "X",
        "pad(R * (dR - sum(dR * R, axis=1, keepdims=True)), ((0, 0), (1, 0)))",
    ),
    (
        "reshape(transpose(X, (0, 2, 1, 3)), [b, m, h * k]) @ W",
        "X=b,h,m,k W=h*k,n",
        "X",
        "transpose(reshape(dR @ W.T, [b, m, h, k]), (0, 2, 1, 3))",
    ),
    ("reshape(reshape(X, [n * h, k]), [n, h * k])", "X=n,h*k", "X", "dR"),
    ("flip(flip(X, axis=0), axis=0)", MATRIX, "X", "dR"),
    ("roll(roll(X, 2, axis=0), -2, axis=0)", MATRIX, "X", "dR"),
    ("concatenate([A, B])[:m]", PAIR, "A", "dR"),
    ("concatenate([A, B])[:m]", PAIR, "B", "zeros(k, n)"),
    ("X[1:][:, 2:]", MATRIX, "X", "pad(dR, ((1, 0), (2, 0)))"),
)


@pytest.mark.parametrize(("equation", "shapes", "wrt", "written"), WRITTEN)
def test_gradient_is_what_people_write(equation: str, shapes: str, wrt: str, written: str) -> None:
    (one,) = derivatives(Step(equation, shapes), wrt)
    assert text(one.formula) == written
    assert agrees_by_algebra(one.formula, one.terms(one.jacobian), one.jacobian.wrt_labels)


@pytest.mark.parametrize(("equation", "shapes", "wrt", "written"), WRITTEN)
def test_printed_gradient_can_be_pasted_back(
    equation: str, shapes: str, wrt: str, written: str
) -> None:
    (one,) = derivatives(Step(equation, shapes), wrt)
    names: dict[str, Any] = {name: Dim.named(name) for name in SIZES}
    names |= {**names_of(shapes), "dR": one.upstream, "R": one.jacobian.output}
    tree = expression_of(written, names)
    assert (text(tree), tree.shape) == (written, one.formula.shape)


GATES = """\
dims: {n: 5, h: 7, m: 11}
inputs:
  X: [n, m]
  H0: [h, m]
params:
  W: [3*h, n+h]
forward:
  G: W @ concatenate([X, H0])
  f: sigmoid(G[:h])
  i: sigmoid(G[h:2*h])
  g: tanh(G[2*h:])
  J: sum(f * H0 + i * g)
"""


def test_gradients_of_parts_that_fill_a_value_are_put_together_again() -> None:
    formulas = {each.wrt: each.formula.text for each in report_on(GATES).gradients}
    parts = "df * f * (1 - f), di * i * (1 - i), dg * (1 - g**2)"
    assert formulas["G"] == f"concatenate([{parts}], axis=0)"


# --- slices ---------------------------------------------------------------------------------------


def subscript(random: Random, dims: list[str]) -> str:
    """Write a place for each axis, or fewer, or `...` for some."""
    places = [random.choice(_places(random, dim)) for dim in dims]
    if random.random() < 0.3:
        places[random.randrange(len(places))] = ":"
    if random.random() < 0.3:
        start = random.randrange(len(places))
        places[start : random.randint(start, len(places))] = ["..."]
    if random.random() < 0.2:
        places.insert(random.randrange(len(places) + 1), "None")
    return ", ".join(places)


def _places(random: Random, dim: str) -> list[str]:
    size = SIZES[dim]
    low = random.randrange(size)
    high = random.randint(low + 1, size)
    ends = [f"{low}:{high}", f"{low}:", f":{high}", f"{low - size}:", f"{dim}-{size - low}:{dim}"]
    ends += [f":{high - size}"] if high < size else []
    return [*ends, str(low), str(low - size), "::-1", ":"]


@pytest.mark.parametrize("seed", range(60))
def test_slice_is_what_numpy_takes(seed: int) -> None:
    random = Random(seed)
    dims = random.sample(["b", "m", "n", "k"], random.randint(1, 4))
    step = Step(f"X[{subscript(random, dims)}]", f"X={','.join(dims)}")
    world = world_of(step)
    (one,) = derived(step)
    wanted = eval(step.text, {}, {"X": world.values["X"], **SIZES})
    np.testing.assert_array_equal(world.values["R"], wanted)
    assert tuple(dim.size(SIZES) for dim in one.equation.shape) == wanted.shape
    automatic = by_autograd(one, world)
    assert automatic is not None
    gradient = executed(one.formula, world)
    np.testing.assert_allclose(gradient, pulled_back(automatic, world.values["dR"]), rtol=1e-12)
    assert agrees_exactly(one.case(one.formula)).equal


@pytest.mark.parametrize("sizes", [SIZES, OTHER_SIZES])
@pytest.mark.parametrize("equation", ["X[:h]", "X[h:]", "X[-h:]", "X[:-h]", "X[h]", "X[h:h+2]"])
def test_bounds_may_be_dims(equation: str, sizes: dict[str, int]) -> None:
    step = Step(equation, "X=h+n,m")
    (one,) = derived(step)
    world = world_of(step, sizes)
    wanted = eval(equation, {}, {"X": world.values["X"], **sizes})
    np.testing.assert_array_equal(world.values["R"], wanted)
    truth = pulled_back(by_differences(one, world), world.values["dR"])
    np.testing.assert_allclose(executed(one.formula, world), truth, rtol=1e-6, atol=1e-8)


def spec(equation: str, dims: str = "{n: 5, h: 7, m: 11}") -> str:
    shapes = "X: [n, m]\n  P: [n, 3]\n  Q: [n, h]\n  y: [n]\n"
    return f"dims: {dims}\nparams:\n  {shapes}forward:\n  Z: {equation}\n  J: sum(Z)\n"


@pytest.mark.parametrize(
    ("equation", "code", "said"),
    [
        ("P[range(n), y]", "SC204", "declare `y` under `inputs`"),
        ("X[X > 0]", "SC202", "a mask"),
        ("X[[0, 1]]", "SC202", "an index is a number or a dim"),
        ("P[y, 0]", "SC202", "take two steps: `E[ids][…]`"),
        ("X[::2]", "SC212", "a step in a slice"),
        ("X[0, 0, 0]", "SC304", "3 places in the subscript, and `X` is 2-D, (n, m)"),
        ("X[..., 0, ...]", "SC202", "`...` stands twice"),
        ("pad(y, 1)[:0]", "SC304", "is empty"),
        ("X[]", "SC201", "`[]` names no place"),
        ("X[:h]", "SC304", "`X[:h]` is out of range, h is 7, n is 5"),
        ("X[7]", "SC304", "`X[7]` is out of range, 8 is 8, n is 5"),
        ("reshape(X, [n, h])", "SC303", "(n, m) has n*m entries, and (n, h) has n*h"),
        ("reshape(X, [h, -1])", "SC303", "which h does not divide for sure"),
        ("concatenate([X, y])", "SC303", "values of one rank, not 2-D and 1-D"),
        ("concatenate([X, Q])", "SC302", "agree in axis 1, m ≠ h"),
        ("stack([X, Q])", "SC302", "agree in axis 1, m ≠ h"),
        ("trace(X)", "SC301", "n ≠ m"),
        ("cumsum(X)", "SC210", "needs one `axis=`"),
        ("pad(X, ((1, 0),))", "SC303", "pairs for 1 axes"),
        ("pad(X, -1)", "SC210", "a negative width"),
        ("split(X, 2)", "SC202", "write `split(X, 3)[0]` for the first"),
        ("slice(X, 2)", "SC210", "write the part itself"),
        ("X * diag(n)", "SC303", "`diag` takes 2-D operands, not 0-D"),
    ],
)
def test_what_has_no_meaning_is_refused(equation: str, code: str, said: str) -> None:
    findings = report_on(spec(equation)).findings
    assert [each.code for each in findings if each.code[:3] not in ("SC5", "SC6")] == [code]
    assert said in f"{findings[0].message} {findings[0].help}"


@pytest.mark.parametrize("equation", ["clip(2 * y, y, y)", "max(stack([X, X]), axis=0)"])
def test_entries_that_always_tie_are_refused(equation: str) -> None:
    found = [each for each in report_on(spec(equation)).findings if each.severity.name == "ERROR"]
    assert {each.code for each in found} == {"SC212"}
    assert all("it compares entries that are always equal" in each.message for each in found)


def test_step_without_a_formula_as_a_whole_is_read_op_by_op() -> None:
    """A delta between the axes of a diagonal and a counted one has no matrix form of its own."""
    for equation in ("trace(reshape(v, [n, n]))", "sum(diag(reshape(v, [n, n])) * w)"):
        text_ = spec(equation).replace("y: [n]", "v: [n*n]\n  w: [n]")
        report = report_on(text_)
        assert not [each for each in report.findings if each.code[:3] not in ("SC5", "SC6")]
        (gradient,) = [each for each in report.gradients if each.wrt == "v"]
        assert gradient.formula.text.startswith("reshape(")
        assert gradient.checked.exact is not None


def test_step_without_any_formula_is_refused_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unreadable(*_: object, **__: object) -> None:
        raise Unreadable("of a test")

    monkeypatch.setattr(layout, "formula", unreadable)
    (finding,) = [each for each in report_on(spec("sum(y)")).findings if each.code == "SC212"]
    assert finding.message.endswith("has no formula in this version: of a test")
    assert finding.help == "split the equation"


def test_what_is_assumed_of_sizes_is_said() -> None:
    assert report_on(spec("X[:h]", "[n, h, m]")).assumptions == ("h ≤ n",)
    assert report_on(spec("X[:h]", "{n: 7, h: 5, m: 11}")).assumptions == ()


# --- the parts of the machine ---------------------------------------------------------------------

b, m, n = (Dim.named(name) for name in "bmn")


def conditions_at_random(random: Random) -> tuple[list[Label], list[Condition]]:
    """Draw conditions of every kind over labels of few dims; deltas stay within their range."""
    labels = [Label(random.choice((m, n, m * n, m + n))) for _ in range(4)]
    made: list[Condition] = []
    for _ in range(random.randint(1, 4)):
        one, two, three = random.sample(labels, 3)
        gap = one.dim - two.dim
        match random.randrange(6):
            case 0 if gap in (Dim.number(0), m, n):
                made.append(Affine(one, form([(two, ONE)], random.choice((Dim.number(0), gap)))))
            case 1 if not gap.terms:
                made.append(Affine(one, form([(two, Dim.number(-1))], one.dim - ONE)))
            case 2 if not gap.terms:
                shift = random.choice((ONE, Dim.number(-2), m))
                made.append(Affine(one, form([(two, ONE)], shift), is_cyclic=True))
            case 3 if one.dim == two.dim * three.dim:
                made.append(Affine(one, form([(two, three.dim), (three, ONE)], Dim.number(0))))
            case 4:
                made.append(Affine(one, form([], Dim.number(random.randrange(2)))))
            case 5:
                parts = [(one, ONE), (two, Dim.number(-1))]
                made.append(Mask(form(parts, Dim.number(random.choice((-1, 0, 1))))))
            case _:
                pass
    return labels, made


@pytest.mark.parametrize("fully", [False, True])
@pytest.mark.parametrize("seed", range(150))
def test_settling_conditions_keeps_the_value(seed: int, fully: bool) -> None:
    random = Random(seed)
    labels, made = conditions_at_random(random)
    free, *summed = random.sample(labels, 4)
    held = random.sample(labels, 2)
    factor = Factor(leaf("V", tuple(label.dim for label in held)), tuple(held))
    ties = (Delta(*held),) if random.random() < 0.2 and held[0].dim == held[1].dim else ()
    term = Term(ONE.constant, (factor,), ties, tuple(summed), tuple(made))  # type: ignore[arg-type]
    for sizes in ({"m": 2, "n": 3}, {"m": 3, "n": 2}):
        shape = tuple(label.dim.size(sizes) for label in held)
        world = World(sizes, {"V": np.random.default_rng(seed).uniform(0.5, 1.5, shape)})
        settled = contracted(term, fully=fully)
        np.testing.assert_allclose(
            value_of((settled,), (free,), world), value_of((term,), (free,), world), rtol=1e-12
        )


@pytest.mark.parametrize("seed", range(40))
def test_entries_that_meet_are_those_at_which_all_rules_hold(seed: int) -> None:
    random = Random(seed)
    lengths = [(letter, random.randint(1, 4)) for letter in "pqij"]
    rules = [_rule(random) for _ in range(random.randint(0, 3))]
    blocks = meeting(tuple(lengths[:2]), tuple(lengths[2:]), rules)
    found = places(blocks, {"p": 1000, "q": 100, "i": 10, "j": 1})
    wanted: dict[tuple[int, int], list[int]] = {}
    for p, q, i, j in np.ndindex(*(length for _, length in lengths)):
        rows = wanted.setdefault((p, q), [])
        if all(_holds(rule, {"p": p, "q": q, "i": i, "j": j}) for rule in rules):
            rows.append(1000 * p + 100 * q + 10 * i + j)
    assert [sorted(each) for each in found] == list(wanted.values())


def _rule(random: Random) -> Rule:
    left, *others = random.sample("pqij", 3)
    parts = tuple((letter, random.choice((-1, 1, 2))) for letter in others[: random.randint(1, 2)])
    kinds = (Rule(left, parts, random.randint(-1, 2)), Rule(None, parts, random.randint(-1, 2)))
    return random.choice((*kinds, Rule(left, parts, random.randint(-1, 2), 3)))


def _holds(rule: Rule, values: dict[str, int]) -> bool:
    total = rule.offset + sum(count * values[letter] for letter, count in rule.parts)
    if rule.left is None:
        return total >= 0
    gap = values[rule.left] - total
    return gap % rule.modulus == 0 if rule.modulus else gap == 0


def _with(tree: Tree, **attributes: Any) -> Call:
    assert isinstance(tree, Call)
    given = tuple((name, attributes.get(name, value)) for name, value in tree.attributes)
    return call(tree.op, tree.operands, given, tree.shape)


Corruption = Callable[[Call], Tree]
CORRUPTIONS: tuple[tuple[str, str, Corruption], ...] = (
    ("X[1:]", "X=n,n", lambda tree: _with(tree, pad_width=((0, 1), (0, 0)))),
    ("flip(X, axis=0)", "X=n,n", lambda tree: _with(tree, axis=1)),
    ("roll(X, 2, axis=0)", "X=n,n", lambda tree: _with(tree, shift=2)),
    ("roll(X, 2, axis=0)", "X=n,n", lambda tree: _with(tree, axis=1)),
    ("triu(X)", "X=n,n", lambda tree: _with(tree, k=1)),
    ("triu(X)", "X=n,n", lambda tree: call("tril", tree.operands, tree.attributes, tree.shape)),
    ("reshape(X, [m, n])", "X=n,m", lambda tree: call("transpose", tree.operands, (), tree.shape)),
    ("concatenate([X, A])", "X=n,n A=n,n", lambda t: _with(t, cut=((n, 0), (0, 0)))),
    ("cumsum(X, axis=0)", "X=n,n", lambda tree: tree.operands[0]),
)


@pytest.mark.parametrize(("equation", "shapes", "corrupt"), CORRUPTIONS)
def test_each_checker_alone_rejects_a_wrong_place(
    equation: str, shapes: str, corrupt: Corruption
) -> None:
    one = derivatives(Step(equation, shapes), "X")[0]
    formula = one.formula
    assert isinstance(formula, Call)
    wrong = corrupt(formula)
    if wrong.shape == one.jacobian.wrt.shape:
        assert not agrees_exactly(one.case(wrong)).equal
        assert error_by_components(one.case(wrong)) > 1e-3
    assert not agrees_by_algebra(wrong, one.terms(one.jacobian), one.jacobian.wrt_labels)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("concatenate([tanh(A[1:]), B])[1:]", PAIR),
        ("cumsum(flip(X, axis=0) * X, axis=0)", MATRIX),
        ("tile(roll(X, 1, axis=0)[1:], 2)", MATRIX),
        ("reshape(tril(A @ B.T), -1)[1:]", PAIR),
        ("sum(pad(X, 1)[:-1] * pad(X, 1)[1:], axis=0)", MATRIX),
        ("stack([X, X[::-1]], axis=2) @ W", "X=m,n W=2,k"),
        ("tile(X, 3)[0] * X", "X=m"),
        ("reshape(X * V, -1)[0]", "X=n,k,m V=n,k,m"),
        ("cumsum(cumsum(X, axis=0), axis=0)", MATRIX),
        ("diag(diagonal(A @ X)) @ A", "A=m,n X=n,m"),
        ("sum(X[0]) * X[1:]", MATRIX),
        ("repeat(softmax(X[:, 1:], axis=1), 2, axis=0)", MATRIX),
        ("flip(tile(X, 3), axis=0)", "X=m"),
        ("roll(X, -1, axis=0)[:-1]", MATRIX),
        ("exp(repeat(softmax(X, axis=1), 2, axis=0))", MATRIX),
    ],
)
def test_structural_ops_compose(equation: str, shapes: str) -> None:
    step = Step(equation, shapes)
    world = world_of(step)
    for one in derived(step):
        truth = by_differences(one, world)
        np.testing.assert_allclose(by_terms(one.jacobian, world), truth, rtol=1e-6, atol=1e-8)
        gradient = executed(one.formula, world)
        wanted = pulled_back(truth, world.values["dR"])
        assert gradient.shape == wanted.shape
        np.testing.assert_allclose(gradient, wanted, rtol=1e-6, atol=1e-8)
        assert agrees_by_algebra(one.formula, one.terms(one.jacobian), one.jacobian.wrt_labels)
        assert agrees_exactly(one.case(one.formula)).equal


# --- random networks ------------------------------------------------------------------------------

NAMES: dict[str, Any] = {
    name: getattr(anp, name)
    for name in (
        *("concatenate", "stack", "reshape", "ravel", "roll", "cumsum", "tril", "triu", "tile"),
        *("repeat", "tanh", "sin", "exp", "square", "sum"),
    )
}
NAMES |= {"flip": lambda X, axis: X[(slice(None),) * axis + (slice(None, None, -1),)]}
NAMES |= {"pad": lambda X, widths: anp.pad(X, widths, "constant"), "mean": anp.mean}


class _Growing:
    """A network that grows by one equation at a time; every value is a matrix."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.params = {"X": "m,n"}
        self.equations: dict[str, str] = {}
        self.last = "X"
        self.shapes = {"X": "m,n"}

    def grow(self) -> None:
        """Add an equation by a way that fits its operand."""
        axis = self.random.randrange(2)
        rows, columns = self.shapes[self.last].split(",")
        ways = {
            "{X}[1:]": f"{rows}+1,{columns}",
            "{X}[:, :-1]": "",
            "{X}[::-1]": "",
            f"flip({{X}}, axis={axis})": "",
            f"roll({{X}}, {self.random.choice((1, -2))}, axis={axis})": "",
            f"cumsum({{X}}, axis={axis})": "",
            "tril({X})": "",
            "triu({X}, 1)": "",
            "pad({X}, ((1, 0), (0, 2)))": "",
            "tile({X}, (2, 1))": "",
            f"repeat({{X}}, 2, axis={axis})": "",
            "concatenate([{X}, {V}], axis=1)": f"{rows},k",
            "concatenate([{V}, {X}], axis=0)": f"k,{columns}",
            "sum(stack([{X}, {V}], axis=2), axis=2)": f"{rows},{columns}",
            "reshape(ravel({X}), [{C}, {R}])": "",
            "tanh({X}) * {V}": f"{rows},{columns}",
            "{X} @ {V}": f"{columns},h",
            "{V} @ {X}": f"h,{rows}",
            "sin({X}) + {X}": "",
        }
        way, given = self.random.choice(list(ways.items()))
        V = f"V{len(self.equations)}"
        name = f"Z{len(self.equations)}"
        filled = way.format(X=self.last, V=V, R=rows, C=columns)
        shapes = {**self.shapes, **({V: given} if "{V}" in way else {})}
        if "{V}" in way:
            self.params[V] = given
        listed = " ".join(f"{key}={value}" for key, value in shapes.items())
        made = tree_of(filled, listed)
        self.equations[name] = filled
        self.shapes = {**shapes, name: ",".join(str(dim) for dim in made.shape)}
        self.last = name

    def text(self) -> str:
        params = "".join(f"  {name}: [{dims}]\n" for name, dims in self.params.items())
        lines = "".join(f"  {name}: '{line}'\n" for name, line in self.equations.items())
        loss = f"  J: 'mean(square({self.last}))'\n"
        return f"dims: {{m: 3, n: 5, k: 4, h: 7}}\nparams:\n{params}forward:\n{lines}{loss}"


def _network(seed: int) -> str:
    growing = _Growing(seed)
    while len(growing.equations) < 4:
        before = (dict(growing.params), dict(growing.shapes))
        try:
            growing.grow()
        except ValueError:  # a shape that `tree_of` has no letters for
            growing.params, growing.shapes = before
    return growing.text()


@pytest.mark.parametrize("seed", range(40))
def test_every_numpy_formula_of_a_random_network_is_the_gradient(seed: int) -> None:
    report = report_on(_network(seed))
    assert not [each for each in report.findings if each.severity is Severity.ERROR]
    (data,) = json.loads(renderer.document([report], tally([report])))["specs"]
    random = np.random.default_rng(seed)
    values = {v["name"]: random.uniform(-1, 1, v["size"]) for v in data["values"]}
    params = {v["name"] for v in data["values"] if v["kind"] == "param"}

    def loss(moved: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        names = {**NAMES, **data["dims"]}
        names |= {name: values[name] + moved.get(name, 0.0) for name in params}
        for value in data["values"]:
            if value["equation"]:
                names[value["name"]] = eval(value["equation"], {}, names)
                names[value["name"]] = names[value["name"]] + moved.get(value["name"], 0.0)
        return names["J"], names

    wanted = [gradient["wrt"] for gradient in data["gradients"]]
    zeros = {name: np.zeros(np.shape(values[name])) for name in wanted}
    truth = grad(lambda moved: loss(moved)[0])(zeros)
    names = {**loss({})[1], "np": np}
    names |= {name: getattr(shapecalc.ops, name) for name in shapecalc.ops.OPS}
    for gradient in data["gradients"]:
        found: Array = eval(gradient["formula"]["numpy"], {}, names)
        names["d" + gradient["wrt"]] = found
        np.testing.assert_allclose(found, truth[gradient["wrt"]], rtol=1e-7, atol=1e-9)
        assert gradient["checked"]["canonical"]
