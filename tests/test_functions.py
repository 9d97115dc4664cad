"""Functions in specs that are not spelled out: `functions: {u: {of: x, shape: [k, 1]}}`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from checking import report_on

from shapecalc import api
from shapecalc.expression import Syntax
from shapecalc.parsing import every_part, parse_expression, replaced
from shapecalc.records import Report
from shapecalc.span import Span

SIZES = {"n": 5, "k": 3, "p": 2, "m": 7, "h": 4}
SCALARS = ("[]", "[1]", "[1, 1]")
VECTORS = ("[n]", "[n, 1]", "[1, n]")
ARGUMENTS = (*SCALARS, *VECTORS, "[n, m]", "[p, n, m]")
VALUES = (*SCALARS, "[k]", "[k, 1]", "[1, k]", "[k, p]", "[k, 1, p]")
REFUSED = {
    *((x, u) for x in VECTORS for u in ("[k, p]", "[k, 1, p]")),
    *((x, u) for x in ("[n, m]", "[p, n, m]") for u in VALUES if u not in SCALARS),
    *(("[p, n, m]", u) for u in SCALARS),
}


def network(x: str, u: str, *claims: str) -> str:
    """Write a spec with a function of a value, each of a shape."""
    dims = ", ".join(f"{name}: {size}" for name, size in SIZES.items() if name in f"{x} {u}")
    lines = [
        *([f"dims: {{{dims}}}"] if dims else []),
        f"inputs: {{G: {u}}}",
        f"params: {{x: {x}}}",
        f"functions: {{u: {{of: x, shape: {u}}}}}",
        "forward: {J: sum(G * u(x)**2)}",
        *(["gradients:", *(f"  {claim}" for claim in claims)] if claims else []),
    ]
    return "\n".join(lines) + "\n"


def shape_of(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.strip("[]").split(",") if part.strip()]
    return tuple(SIZES[part] if part in SIZES else int(part) for part in parts)


def in_numerator_layout(entries: Any, shape: Sequence[int], given: Sequence[int]) -> Any:
    """Lay out a Jacobian, which has a row for each entry of the value, as tables do."""
    if max(entries.shape[1:]) == 1:
        return entries.reshape(shape)
    if entries.shape[0] == 1 and len(given) == 2:
        return entries.reshape(given).T
    return entries


@pytest.mark.parametrize("u", VALUES)
@pytest.mark.parametrize("x", ARGUMENTS)
def test_gradients_are_those_of_a_function_that_is_spelled_out(x: str, u: str) -> None:
    report = report_on(network(x, u))
    if (x, u) in REFUSED:
        assert [each.code for each in report.findings] == ["SC212"]
        assert report.findings[0].message.endswith("is no matrix")
        return
    assert report.ok
    rng = np.random.default_rng(0)
    shape, given = shape_of(u), shape_of(x)
    point, G = rng.normal(size=given), rng.normal(size=shape)
    B, c = rng.normal(size=(G.size, point.size)), rng.normal(size=G.size)

    def value(at: Any) -> Any:
        return np.sin(B @ at.ravel() + c).reshape(shape)

    entries = np.cos(B @ point.ravel() + c)[:, None] * B
    jacobian = in_numerator_layout(entries, shape, given)
    scope = {"np": np, "x": point, "G": G, "u": value(point), "du_dx": jacobian, **SIZES}
    gradients = {each.gradient: each for each in report.gradients}
    for name in ("du", "dx"):
        scope[name] = eval(gradients[name].formula.numpy, dict(scope))
    step = 1e-6
    differences = [
        (np.sum(G * value(point + step * e) ** 2) - np.sum(G * value(point - step * e) ** 2))
        / (2 * step)
        for e in np.eye(point.size).reshape(point.size, *given)
    ]
    assert np.shape(scope["dx"]) == given
    assert np.allclose(np.ravel(scope["dx"]), differences, atol=1e-7)


def verdicts(text: str) -> dict[str, str]:
    return {claim.gradient: claim.verdict for claim in report_on(text).claims}


@pytest.mark.parametrize(
    ("x", "u", "claim", "verdict"),
    [
        ("[n, 1]", "[k, 1]", "dx: du_dx.T @ du", "right"),
        ("[n, 1]", "[k, 1]", "dx: du_dx.T @ (2 * G * u(x))", "right"),
        ("[n, 1]", "[k, 1]", "dx: du_dx @ du", "wrong"),
        ("[n, 1]", "[n, 1]", "dx: du_dx @ du", "wrong"),
        ("[n, 1]", "[n, 1]", "dx: du_dx.T @ du", "right"),
        ("[n]", "[k]", "dx: du_dx.T @ du", "right"),
        ("[1, n]", "[1, k]", "dx: du @ du_dx", "right"),
        ("[n, n]", "[]", "dx: du * du_dx.T", "right"),
        ("[n, n]", "[]", "dx: du * du_dx", "wrong"),
        ("[]", "[k, p]", "dx: sum(du * du_dx)", "right"),
        ("[]", "[k, p]", "dx: sum(du_dx)", "wrong"),
    ],
)
def test_claims_with_the_jacobian_of_a_function_are_judged(
    x: str, u: str, claim: str, verdict: str
) -> None:
    assert verdicts(network(x, u, claim))["dx"] == verdict


CHAIN = """\
dims: [n, k, h]
params: {W: [h, n], A: [k, k]}
inputs: {x: [n, 1]}
functions:
  g: {of: f, shape: []}
  f: {of: u, shape: []}
  u: {of: Z, shape: [k, 1]}
forward:
  Z: W @ x
  J: g(f(u(Z))) + trace(u.T @ A @ u(Z))
gradients:
  df: dg_df
  du: df_du.T * df + (A + A.T) @ u
  dZ: du_dZ.T @ du
  dW: dZ @ x.T
  dA: u @ u(Z).T
"""


def test_functions_of_functions_and_of_values_have_the_chain_rule() -> None:
    report = report_on(CHAIN)
    assert [each.code for each in report.findings] == ["SC502"]  # A is square
    assert {claim.verdict for claim in report.claims} == {"right"}
    assert [value.name for value in report.values if value.kind == "value"] == [*"ZufgJ"]


def test_the_shapes_of_what_a_function_is_of_may_be_inferred() -> None:
    text = CHAIN.replace("dims: [n, k, h]\n", "").replace("[n, 1]", "[784, 1]")
    text = text.replace("[h, n]", "[128, _]").replace("[k, 1]", "[10, 1]").replace("[k, k]", "_")
    report = report_on(text)
    assert [each.code for each in report.findings] == ["SC502"]  # A is square
    assert {claim.verdict for claim in report.claims} == {"right"}
    sizes = {value.name: value.size for value in report.values}
    assert sizes["du_dZ"] == (10, 128)


def test_the_examples_are_found_beside_a_function() -> None:
    text = "inputs: {X: [n, m]}\nparams: {W: [n, n], t: []}\n"
    text += "functions: {s: {of: t, shape: []}}\nforward: {J: sum(s(t) * W @ X)}\n"
    assert report_on(text).batch == "m"
    assert report_on(network("[n, 1]", "[k, 1]")).batch is None


def test_the_report_says_what_stands_for_a_function() -> None:
    report = report_on(network("[n, 1]", "[k, 1]"))
    said = "u is any differentiable function of x; near x it is du_dx @ x + u_0"
    assert report.assumptions == (said,)
    notes = {value.name: value.note for value in report.values}
    assert notes["u"] == "any function of x, near x"
    assert notes["du_dx"] == "∂u/∂x, numerator layout"


def test_a_spec_written_out_keeps_its_functions() -> None:
    written = api.equations(CHAIN, "spec.yaml")
    assert "  u: {of: Z, shape: [k, 1]}\n" in written
    assert "  J = g(f(u(Z))) + trace(u.T @ A @ u(Z))\n" in written
    again = report_on(written)
    assert [(c.gradient, c.verdict) for c in again.claims] == [
        (c.gradient, c.verdict) for c in report_on(CHAIN).claims
    ]


SECTION = "functions: {u: {of: x, shape: [k, 1]}}\n"


def found(functions: str, forward: str = "{J: sum(u(x))}", rest: str = "") -> Report:
    """Check a spec with a section; it stands on line 2, `forward` on line 3."""
    given = "inputs: {x: [n, 1], V: [k, n], X: [n, m]}"
    return report_on(f"{given}\nfunctions: {functions}\nforward: {forward}\n{rest}")


@pytest.mark.parametrize(
    ("functions", "code", "column", "message", "advice"),
    [
        ("[u]", "SC204", 12, "`functions` is a list, a mapping of names", "{u: {of: x, shape"),
        ("{u: x}", "SC204", 16, "`u` is `x`, a mapping is expected", "`u: {of: x, shape"),
        ("{u: {of: x}}", "SC204", 13, "`u` has no `shape`", "`u: {of: x, shape"),
        ("{u: {shape: []}}", "SC204", 13, "`u` has no `of`", "`u: {of: x, shape"),
        ("{u: {off: x, shape: []}}", "SC203", 17, "`off` is no key of a function", "mean `of`"),
        ("{u: {of: x, shape: _}}", "SC204", 31, "the shape of `u` is `_`", "`shape: [k, 1]`"),
        ("{u: {of: x, shape: k}}", "SC204", 31, "the shape of `u` is `k`", "`u: [k]`"),
        ("{u: {of: [x], shape: []}}", "SC204", 21, "`of` is a list", "`of: x`"),
        ("{u: {of: u, shape: []}}", "SC207", 21, "`u` is a function of itself", "another value"),
        ("{u: {of: v, shape: []}}", "SC205", 21, "`v` is not defined", "nearest is `V` (line 1)"),
        ("{u: {of: n, shape: []}}", "SC204", 21, "`n` is a dim", "of shape `[]`"),
        (
            "{u: {of: X, shape: [k]}}",
            "SC212",
            31,
            "by `X` (n, m) is no matrix",
            "`reshape(X, ...)`",
        ),
        ("{u: {of: x, shape: []}, x: {of: V, shape: []}}", "SC208", 36, "`x` is", "`x2`"),
        ("{relu: {of: x, shape: []}}", "SC208", 13, "`relu` is an op", "`relu_`"),
    ],
)
def test_a_function_that_cannot_be_is_refused_at_its_place(
    functions: str, code: str, column: int, message: str, advice: str
) -> None:
    of = functions.partition("of: ")[2].strip("[")[:1] or "x"
    finding = found(functions, f"{{J: sum(u({of}))}}").findings[0]
    assert (finding.code, finding.span.line, finding.span.column) == (code, 2, column)
    assert message in finding.message
    assert advice in (finding.help or "")


@pytest.mark.parametrize(
    ("forward", "rest", "code", "place", "message"),
    [
        ("{J: sum(u(V))}", "", "SC210", (3, 18), "`u` is a function of `x`, and of nothing else"),
        ("{J: sum(u())}", "", "SC210", (3, 18), "`u` is a function of `x`, and of nothing else"),
        ("{J: sum(u(x=x))}", "", "SC210", (3, 18), "`u` is a function of `x`, and of nothing"),
        ("{J: sum(du_dx @ x)}", "", "SC212", (3, 18), "how `du_dx` changes with `x` is not known"),
        ("{J: sum(u - u_0)}", "", "SC212", (3, 22), "how `u_0` changes with `x` is not known"),
        ("{u: 2 * x, J: sum(u)}", "", "SC208", (3, 11), "`u` is a function (line 2) and a value"),
        ("{u_0: 2 * x, J: sum(u)}", "", "SC208", (2, 13), "and here the constant part of `u`"),
        ("{u_dx: 2 * x, J: sum(u)}", "", "SC208", (2, 13), "`du_dx` is the gradient of `u_dx`"),
        ("{du_dx: V * 2, J: sum(u)}", "", "SC208", (2, 13), "and here the derivative of `u`"),
        ("{J: sum(u)}", "gradients: {dx: u(V)}", "SC210", (4, 17), "`u` is a function of `x`"),
        ("{J: sum(u)}", "gradients: {ddu_dx: 1}", "SC205", (4, 13), "has no gradient"),
        ("{J: sum(u)}", "gradients: {dx: x * du_0}", "SC205", (4, 21), "has no gradient"),
        ("{J: sum(u)}", "assume: {u: positive}", "SC212", (4, 10), "assumed of `u`, a function"),
        ("{Z: sum(u)}", "upstream: u_0", "SC205", (4, 11), "`u_0` belongs to the function `u`"),
    ],
)
def test_what_is_no_use_of_a_function_is_found(
    forward: str, rest: str, code: str, place: tuple[int, int], message: str
) -> None:
    finding = found("{u: {of: x, shape: [k, 1]}}", forward, rest).findings[0]
    assert (finding.code, (finding.span.line, finding.span.column)) == (code, place)
    assert message in finding.message


def test_a_function_of_a_value_with_an_open_shape_asks_for_it() -> None:
    text = "inputs: {x: _}\nfunctions: {u: {of: x, shape: []}}\nforward: {J: u(x)}\n"
    said = [(each.code, each.span.line, each.help) for each in report_on(text).findings]
    assert ("SC310", 2, "write as many axes as are meant, `x: [_, 1]`") in said


def test_a_function_of_a_value_whose_shape_is_found_late_asks_for_it() -> None:
    text = "inputs: {o: _, x: [n, 1]}\n"
    text += "functions: {u: {of: Z, shape: [k, 1]}, v: {of: x, shape: [n, 1]}}\n"
    text += 'forward: {Z: 2 * o, Q: "mse(o, v(x))", J: sum(u(Z)) + Q}\nloss: J\n'
    (finding,) = report_on(text).findings
    assert (finding.code, finding.span.line, finding.span.column) == ("SC310", 2, 21)


def test_there_are_not_too_many_functions() -> None:
    many = ", ".join(f"u{number}: {{of: x, shape: []}}" for number in range(101))
    (finding,) = report_on(
        f"inputs: {{x: []}}\nfunctions: {{{many}}}\nforward: {{J: u1(x)}}\n"
    ).findings
    assert (finding.code, finding.help) == ("SC901", "write out those that are known")


def test_functions_in_any_order_are_written_out_in_time() -> None:
    depth = 90
    given = [f"u{n}: {{of: Z{n}, shape: [h, 1]}}" for n in range(depth, 0, -1)]
    lines = [f"Z{n}: W @ u{n - 1}(Z{n - 1})" for n in range(2, depth + 1)]
    text = "params: {W: [h, h], x: [h, 1]}\nfunctions:\n  " + "\n  ".join(given)
    text += "\nforward:\n  Z1: W @ x\n  " + "\n  ".join(lines) + f"\n  J: sum(u{depth})\n"
    report = report_on(text)
    assert report.ok
    assert len([value for value in report.values if value.kind == "value"]) == 2 * depth + 1


def test_a_function_that_nothing_uses_is_said_to_be_so() -> None:
    report = report_on(f"inputs: {{x: [n, 1]}}\n{SECTION}forward: {{J: sum(x)}}\n")
    assert [(each.code, each.span.line, each.span.column) for each in report.findings] == [
        ("SC602", 2, 13)
    ]


def test_a_function_that_is_made_from_itself_is_a_circle() -> None:
    text = "params: {W: [n, k]}\nfunctions: {u: {of: Z, shape: [k, 1]}}\n"
    (finding,) = report_on(text + "forward: {Z: W @ u(Z), J: sum(Z)}\n").findings
    assert (finding.code, finding.message[:9]) == ("SC207", "u → Z → u")


def test_a_function_is_not_used_before_what_it_is_a_function_of() -> None:
    text = "params: {W: [n, n], x: [n, 1]}\nfunctions: {u: {of: Z, shape: [n, 1]}}\n"
    text += "forward:\n  A: W @ u(Z)\n  Z: W @ x\n  J: sum(A * Z)\n"
    (finding,) = report_on(text).findings
    assert (finding.code, finding.span.line, finding.span.column) == ("SC206", 4, 10)
    assert finding.help == "move line 5 above line 4"


def test_names_that_functions_bring_are_told_apart() -> None:
    text = "params: {c: [], b_dc: []}\n"
    text += "functions: {a: {of: b_dc, shape: []}, a_db: {of: c, shape: []}}\n"
    (finding,) = report_on(text + "forward: {J: a(b_dc) * a_db(c)}\n").findings
    assert (finding.code, finding.span.line, finding.span.column) == ("SC208", 2, 39)


def test_the_jacobian_may_be_assumed_to_be_of_a_kind() -> None:
    text = "params: {x: [n, 1]}\nfunctions: {u: {of: x, shape: [n, 1]}}\n"
    text += "forward: {J: sum(log(u(x)))}\ngradients: {dx: du_dx @ (1 / u)}\n"
    assert verdicts(text) == {"dx": "wrong"}
    assert verdicts(text + "assume: {du_dx: diagonal}\n") == {"dx": "right"}


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [("du @ du_dx", "right"), ("du @ du_dx.T", "wrong"), ("2 * u(x).T @ du_dx", "right")],
)
def test_claims_in_numerator_layout_take_the_jacobian_as_it_is(claim: str, verdict: str) -> None:
    text = "layout: numerator\nparams: {x: [n, 1]}\nfunctions: {u: {of: x, shape: [n, 1]}}\n"
    text += f"forward: {{J: sum(u(x)**2)}}\ngradients: {{dx: {claim}}}\n"
    assert verdicts(text) == {"dx": verdict}


def test_layers_take_no_name_that_a_function_brings() -> None:
    text = "layers: [{input: {name: X, features: n}}, {dense: k}]\n"
    text += "functions: {J: {of: S, shape: []}}\nforward: {S: sum(Z1), L: J(S)}\nloss: L\n"
    report = report_on(text)
    assert not report.findings


@pytest.mark.parametrize(
    "text",
    ["-x + sum(y, axis=0)[1:, -x, ...]", "a.T.sum(axis=(x, 1)) @ f('ij', None) < 2", "x[x:y:2]"],
)
def test_every_part_of_an_expression_can_be_replaced(text: str) -> None:
    whole = parse_expression(text, lambda start, length: Span("", 1, start + 1, length))
    seen: list[Syntax] = []

    def put(part: Syntax) -> Syntax:
        seen.append(part)
        return part

    assert replaced(whole, put) == whole
    assert [each for each in every_part(whole) if each not in seen] == []
