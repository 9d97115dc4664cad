"""`derive`: textbook identities in both layouts, and every rule that simplifies a formula."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

import shapecalc.ops
from shapecalc import api, cli
from shapecalc.calculus import closing
from shapecalc.calculus.closing import RULES
from shapecalc.calculus.evaluating import At
from shapecalc.ops import OPS
from shapecalc.records import Derived, LaidOut
from shapecalc.spec.lines import Expression, function_of

runner = CliRunner()
CASES = Path(__file__).resolve().parent.parent.parent / "shared" / "cases" / "identities.yaml"
IDENTITIES = yaml.safe_load(CASES.read_text())["entries"] if CASES.exists() else []
SIZES = {name: 2 + place for place, name in enumerate("hkmnpqr")}
OPS_HERE = {"inv": anp.linalg.inv, "tanh": anp.tanh}
OWN_NAMES = {
    "np": np,
    "diag": lambda x: np.diag(x) if x.ndim == 2 and x.shape[0] == x.shape[1] else np.diagflat(x),
    "eye": np.eye,
    "zeros": lambda *shape: np.zeros(shape),
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "trace": np.trace,
    **{name: getattr(np, name) for name in ("broadcast_to", "reshape", "einsum")},
}
"""How the cases are written, whatever our ops do."""

TABLE = [
    ("A @ x", "x", "A=m,n x=n,1", "A", "A.T"),
    ("x.T @ A", "x", "A=m,n x=m,1", "A.T", "A"),
    ("a * x", "x", "a= x=n,1", "a * eye(n)", "a * eye(n)"),
    ("sum(x)", "x", "x=n,1", "ones(1, n)", "ones(n, 1)"),
    ("x.T @ x", "x", "x=n,1", "2 * x.T", "2 * x"),
    ("x.T @ A @ x", "x", "A=n,n x=n,1", "x.T @ (A.T + A)", "(A + A.T) @ x"),
    ("a.T @ x", "x", "a=n,1 x=n,1", "a.T", "a"),
    ("tanh(A @ x)", "x", "A=m,n x=n,1", "diag(1 - Y**2) @ A", "A.T @ diag(1 - Y**2)"),
    ("relu(x)", "x", "x=n,1", "diag(x > 0)", "diag(x > 0)"),
    ("exp(x)", "x", "x=n", "diag(exp(x))", "diag(exp(x))"),
    ("norm(x)", "x", "x=n", "x / norm(x)", "x / norm(x)"),
    ("trace(A @ X @ B)", "X", "A=m,n X=n,p B=p,m", "B @ A", "A.T @ B.T"),
    ("trace(X.T @ X)", "X", "X=m,n", "2 * X.T", "2 * X"),
    ("trace(X @ X)", "X", "X=n,n", "2 * X", "2 * X.T"),
    ("a.T @ X @ b", "X", "X=m,n a=m,1 b=n,1", "b @ a.T", "a @ b.T"),
    ("logdet(X)", "X", "X=n,n", "inv(X)", "inv(X).T"),
    ("det(X)", "X", "X=n,n", "det(X) * inv(X)", "det(X) * inv(X).T"),
    ("trace(inv(X))", "X", "X=n,n", "-inv(X) @ inv(X)", "-inv(X).T @ inv(X).T"),
    (
        "sum((A @ x - b)**2)",
        "x",
        "A=m,n x=n,1 b=m,1",
        "2 * ((A @ x - b).T @ A)",
        "2 * (A.T @ (A @ x - b))",
    ),
    ("x", "z", "x=n z=m", "zeros(n, m)", "zeros(m, n)"),
    ("x**3", "x", "x=", "3 * x**2", "3 * x**2"),
    ("t * A", "t", "t= A=m,n", "A", None),
]


def derived(expression: str, wrt: str, shapes: str, **options: Any) -> Derived:
    pairs = [tuple(each.split("=")) for each in shapes.split()]
    asked = Expression(expression, wrt, tuple((name, dims) for name, dims in pairs))
    report = api.derive(asked, "<expression>", **options)
    assert not report.findings, report.findings
    assert report.derived is not None
    return report.derived


def drawn(shapes: Mapping[str, Any], domains: Mapping[str, str], sizes: dict[str, int]) -> Any:
    random = np.random.default_rng(3)
    names: dict[str, Any] = {**{op: getattr(shapecalc.ops, op) for op in OPS}, **OWN_NAMES, **sizes}
    for name, dims in shapes.items():
        shape = [eval(str(dim), {}, dict(sizes)) for dim in dims]
        entries = random.uniform(0.2, 0.9, shape)
        domain = domains.get(name)
        if domain in ("spd", "posdet"):
            entries = entries @ entries.T + np.eye(shape[0])
        names[name] = 0.3 * entries if domain == "small" else entries
        names[name] = entries + entries.T if domain == "sym" else names[name]
    return names


def run(laid: LaidOut, found: Derived, names: dict[str, Any]) -> Any:
    assert laid.formula is not None
    known = dict(names)
    for name, whole in found.where:
        known[name] = eval(whole.numpy, {"np": np}, known)
    return np.asarray(eval(laid.formula.numpy, {"np": np}, known), dtype=float)


@pytest.mark.parametrize("entry", IDENTITIES, ids=lambda entry: str(entry["id"]))
def test_identity_is_right_in_both_layouts(entry: dict[str, Any]) -> None:
    shapes = {name: ",".join(map(str, dims)) for name, dims in entry["shapes"].items()}
    asked = Expression(entry["expr"], entry["wrt"], tuple(shapes.items()))
    report = api.derive(asked, "<expression>")
    found = report.derived
    assert found is not None, report.findings
    assert found.checked.exact or "expm" in entry["expr"]
    dims = {str(dim) for each in entry["shapes"].values() for dim in each}
    sizes = {dim: 3 + place for place, dim in enumerate(sorted(filter(str.isidentifier, dims)))}
    names = drawn(entry["shapes"], entry.get("domain") or {}, sizes | (entry.get("sizes") or {}))
    for layout in ("numerator", "denominator"):
        laid: LaidOut = getattr(found, layout)
        if entry[layout] is not None:
            wanted = np.asarray(eval(entry[layout], {}, names), dtype=float)
            result = run(laid, found, names)
            assert result.size == wanted.size
            np.testing.assert_allclose(result.reshape(wanted.shape), wanted, 1e-9, 1e-12)
        if laid.formula is not None:
            result = run(laid, found, names)
            assert result.shape == tuple(eval(dim, {}, names) for dim in laid.shape)


@pytest.mark.parametrize(("expression", "wrt", "shapes", "numerator", "denominator"), TABLE)
def test_closed_forms_are_those_of_the_tables(
    expression: str, wrt: str, shapes: str, numerator: str, denominator: str | None
) -> None:
    found = derived(expression, wrt, shapes)
    assert found.numerator.formula is not None
    text = found.numerator.formula.text
    whole = expression
    assert text in (numerator, numerator.replace("Y", whole))
    if denominator is not None:
        assert found.denominator.formula is not None
        text = found.denominator.formula.text
        assert text in (denominator, denominator.replace("Y", whole))


SAMPLE = "X=m,n w=n,1 y=m,1"


MORE = [
    ("trace(trace(A) * A)", "A", "A=n,n"),
    ("logdet(S + t * P)", "t", "S=n,n P=n,n t="),
    ("sqrt(a.T @ X @ b)", "X", "X=m,n a=m,1 b=n,1"),
    ("x.T @ A @ x + sin(y).T @ x", "x", "A=n,n x=n,1 y=n,1"),
    ("trace((A @ X + C) @ (A @ X + C).T)", "X", "A=m,n X=n,p C=m,p"),
    ("sum(logsumexp(X @ w, axis=0))", "w", "X=m,n w=n"),
    ("expm(t * A)", "t", "A=n,n t="),
    ("trace(B @ sqrtm(X + 9 * eye(n)))", "X", "X=n,n B=n,n"),
    ('norm(X, ord="nuc")', "X", "X=m,n"),
    ("(x.T @ A @ x) / (x.T @ x)", "x", "A=n,n x=n,1"),
    ("logdet(A @ X @ B)", "X", "A=n,n X=n,n B=n,n"),
    ("sum(vec(X)**2)", "X", "X=m,n"),
    ("logdet(kron(A, B))", "A", "A=n,n B=q,q"),
    ("det(X)**k", "X", "X=n,n k="),
    ("sum(log(1 + exp(X @ w)) - y * (X @ w))", "w", "X=m,n w=n,1 y=m,1"),
    ("-sum(y * log(sigmoid(X @ w)) + (1 - y) * log(1 - sigmoid(X @ w)))", "w", SAMPLE),
    ("log_softmax(x, axis=0)", "x", "x=n,1"),
    ("sum((x - mean(x))**2)", "x", "x=n"),
    ("trace(inv(A + diag(x)))", "x", "A=n,n x=n"),
    ("sum(X @ X)", "X", "X=n,n"),
    ("x.T @ x / (x.T @ A @ x)", "x", "x=n,1 A=n,n"),
    ("sigmoid(w @ x)", "w", "w=n x=n"),
    ("trace(X @ inv(X.T @ X) @ X.T @ B)", "X", "X=n,m B=n,n"),
    ("y.T @ X @ inv(X.T @ X) @ X.T @ y", "X", "X=n,m y=n,1"),
    ("vec(X).T @ C @ vec(X)", "X", "X=m,n C=m*n,m*n"),
    ("y @ log(softmax(A @ x, axis=0))", "A", "A=m,n x=n y=m"),
    ("trace(A @ sqrtm(S)) + trace(sqrtm(S) @ B @ C)", "S", "S=n,n A=n,n B=n,n C=n,n"),
    ("exp(-s * norm(x - y)**2)", "x", "x=n y=n s="),
]
SIMPLIFIED = [*(row[:3] for row in TABLE), *MORE]


def test_every_rule_is_used_and_each_step_is_equal() -> None:
    used = set()
    for expression, wrt, shapes in SIMPLIFIED:
        for order in (1, 2) if expression.startswith(("sum(log", "sigmoid(w")) else (1,):
            found = derived(expression, wrt, shapes, order=order)
            pairs = [each.split("=") for each in shapes.split()]
            given = {name: [d for d in dims.split(",") if d] for name, dims in pairs}
            names = drawn(given, {"S": "spd", "A": "spd"} if "n,n" in shapes else {}, SIZES)
            whole = eval(found.expression, {}, {**names, "np": np})
            for laid in (found.numerator, found.denominator):
                if laid.formula is None:
                    continue
                final = run(laid, found, names)
                for rule, text in laid.steps:
                    used.add(rule)
                    step = np.asarray(eval(text, {}, {**names, found.output: whole}), dtype=float)
                    alike = step if step.shape == final.shape else step.T
                    np.testing.assert_allclose(alike, final, rtol=1e-9, atol=1e-12, err_msg=text)
    assert used - {"symmetric"} == set(RULES)


@pytest.mark.parametrize("row", SIMPLIFIED, ids=lambda row: row[0])
def test_rules_are_asked_of_all_ops_that_they_know(
    row: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = derived(*row)
    monkeypatch.setattr(closing, "_AT", {op: [*RULES] for op in OPS})
    assert derived(*row).numerator == found.numerator


def swaps(shape: tuple[int, ...]) -> Any:
    """Return K, with K vec(X) = vec(X.T) for stacked columns."""
    rows, columns = shape
    return (
        np.eye(rows * columns).reshape(columns, rows, -1).swapaxes(0, 1).reshape(rows * columns, -1)
    )


VEC_FORMS = [
    (
        *("A @ X @ B", "X", "A=m,n X=n,p B=p,q"),
        *("(B.T ⊗ A)", lambda v: np.kron(v["B"].T, v["A"])),
        *("(A ⊗ B.T)", lambda v: np.kron(v["A"], v["B"].T)),
    ),
    (
        *("W @ A", "A", "W=k,h A=h,m"),
        *("(I ⊗ W)", lambda v: np.kron(np.eye(v["m"]), v["W"])),
        *("(W ⊗ I)", lambda v: np.kron(v["W"], np.eye(v["m"]))),
    ),
    (
        *("inv(X)", "X", "X=n,n"),
        *("-(inv(X).T ⊗ inv(X))", lambda v: -np.kron(v["inv"](v["X"]).T, v["inv"](v["X"]))),
        *("-(inv(X) ⊗ inv(X).T)", lambda v: -np.kron(v["inv"](v["X"]), v["inv"](v["X"]).T)),
    ),
    (
        *("X.T", "X", "X=m,n"),
        *("K", lambda v: swaps(v["X"].shape)),
        *("K", lambda v: swaps(v["X"].shape).T),
    ),
    (
        *("X.T @ X", "X", "X=m,n"),
        "((X.T ⊗ I) K + (I ⊗ X.T))",
        lambda v: (
            np.kron(v["X"].T, np.eye(v["n"])) @ swaps(v["X"].shape)
            + np.kron(np.eye(v["n"]), v["X"].T)
        ),
        "((I ⊗ X.T) K + (X.T ⊗ I))",
        lambda v: (
            np.kron(np.eye(v["n"]), v["X"].T) @ swaps(v["X"].shape).T
            + np.kron(v["X"].T, np.eye(v["n"]))
        ),
    ),
    (
        *("tanh(X)", "X", "X=m,n"),
        *("diag(vec(1 - tanh(X)**2))", lambda v: np.diag((1 - np.tanh(v["X"]) ** 2).ravel("F"))),
        *("diag(vec(1 - tanh(X)**2))", lambda v: np.diag((1 - np.tanh(v["X"]) ** 2).ravel("C"))),
    ),
]


@pytest.mark.parametrize(
    ("expression", "wrt", "shapes", "columns", "of_columns", "rows", "of_rows"), VEC_FORMS
)
def test_vec_form_is_the_jacobian_of_the_stacks(
    expression: str,
    wrt: str,
    shapes: str,
    columns: str,
    of_columns: Any,
    rows: str,
    of_rows: Any,
) -> None:
    pairs = [each.split("=") for each in shapes.split()]
    names = drawn(
        {name: dims.split(",") for name, dims in pairs},
        {"X": "posdet"} if expression == "inv(X)" else {},
        SIZES,
    )
    plain = autograd.jacobian(lambda value: eval(expression, {}, {**names, **OPS_HERE, wrt: value}))
    full = plain(names[wrt])
    orders: tuple[Literal["F"], Literal["C"]] = ("F", "C")
    for order, written, matrix_of in zip(
        orders, (columns, rows), (of_columns, of_rows), strict=True
    ):
        found = derived(expression, wrt, shapes, by_rows=order == "C")
        assert found.vec == f"vec(dY) = {written} vec(d{wrt})"
        shape = names[wrt].shape
        flat = sorted(np.ndindex(*shape), key=lambda at: at if order == "C" else at[::-1])
        matrix = np.stack([full[(..., *at)].ravel(order) for at in flat], axis=1)
        np.testing.assert_allclose(matrix_of(names), matrix, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("expression", "wrt", "shapes", "plain"),
    [
        ("x.T @ A @ x", "x", "A=n,n x=n,1", lambda A, x: (x.T @ A @ x)[0, 0]),
        ("sum(exp(A @ x))", "x", "A=m,n x=n", lambda A, x: anp.sum(anp.exp(A @ x))),
        ("sum(logsumexp(A @ x, axis=0))", "x", "A=m,n x=n", None),
        ("norm(x)", "x", "x=n", lambda x: anp.sqrt(anp.sum(x**2))),
    ],
)
def test_hessian_is_the_jacobian_of_the_gradient(
    expression: str, wrt: str, shapes: str, plain: Any
) -> None:
    found = derived(expression, wrt, shapes, order=2)
    assert found.gradient_of == expression
    pairs = [each.split("=") for each in shapes.split()]
    names = drawn({name: dims.split(",") for name, dims in pairs}, {}, SIZES)
    plain = plain or (lambda A, x: anp.log(anp.sum(anp.exp(A @ x))))
    values = [names[name] for name, _ in pairs]
    place = [name for name, _ in pairs].index(wrt)
    wanted = np.squeeze(autograd.hessian(plain, place)(*values))
    np.testing.assert_allclose(run(found.numerator, found, names), wanted, rtol=1e-8)


FUNCTIONS = [
    ("A @ u", "x", "x=n,1 A=m,k", "u(x): k,1", "A @ du_dx"),
    ("u.T @ v", "x", "x=n,1", "u(x): k,1; v(x): k,1", "v.T @ du_dx + u.T @ dv_dx"),
    (
        *("u.T @ A @ v", "x", "x=n,1 A=k,p", "u(x): k,1; v(x): p,1"),
        "v.T @ A.T @ du_dx + u.T @ A @ dv_dx",
    ),
    ("g(f(u(x)))", "x", "x=n,1", "u(x): k,1; f(u): m,1; g(f): p,1", "dg_df @ df_du @ du_dx"),
    ("a(x) * u(x)", "x", "x=n,1", "a(x):; u(x): k,1", "u @ da_dx + a * du_dx"),
    ("A @ U @ B", "t", "t= A=m,n B=n,p", "U(t): n,n", "A @ dU_dt @ B"),
    ("U @ V", "t", "t=", "U(t): n,k; V(t): k,p", "dU_dt @ V + U @ dV_dt"),
    ("inv(U)", "t", "t=", "U(t): n,n", "-inv(U) @ dU_dt @ inv(U)"),
    ("logdet(U)", "t", "t=", "U(t): n,n", "trace(inv(U) @ dU_dt)"),
    ("det(U)", "t", "t=", "U(t): n,n", "det(U) * trace(inv(U) @ dU_dt)"),
    ("u", "x", "x=n,1", "u(x): k,1", "du_dx"),
    ("u**2", "x", "x=", "u(x):", "2 * u * du_dx"),
    ("norm(u)", "x", "x=n", "u(x): k", "u @ du_dx / norm(u)"),
    ("x.T @ u", "x", "x=n,1", "u(x): n,1", "u.T + x.T @ du_dx"),
    ("u**2", "x", "x=1,n", "u(x):", "2 * u * du_dx"),
    ("A @ u", "x", "x=1,n A=k,1", "u(x): 1,1", "A @ du_dx.T"),
]


def of_functions(expression: str, wrt: str, shapes: str, functions: str) -> Derived:
    pairs = tuple((each.split("=")[0], each.split("=")[1]) for each in shapes.split())
    asked = Expression(expression, wrt, pairs, (), tuple(map(function_of, functions.split("; "))))
    report = api.derive(asked, "<expression>")
    assert report.derived is not None, report.findings
    return report.derived


@pytest.mark.parametrize(("expression", "wrt", "shapes", "functions", "numerator"), FUNCTIONS)
def test_functions_that_are_not_spelled_out_have_product_and_chain_rules(
    expression: str, wrt: str, shapes: str, functions: str, numerator: str
) -> None:
    found = of_functions(expression, wrt, shapes, functions)
    assert found.numerator.formula is not None
    assert found.numerator.formula.text == numerator
    assert found.checked.exact
    assert "<" not in found.index_form + str(found.differential)


def test_function_of_a_matrix_has_no_matrix_for_a_derivative() -> None:
    functions = (function_of("u(X): k,1"),)
    report = api.derive(Expression("u", "X", (("X", "m,n"),), (), functions), "<expression>")
    assert [each.code for each in report.findings] == ["SC212"]


def test_functions_are_given_on_the_command_line() -> None:
    given = ("A @ u(x)", "--wrt", "x", "--function", "u(x): k,1", "--shape", "x=n,1")
    code, text = page(*given, "--output-format", "text")
    assert (code, text) == (0, "A @ du_dx\ndu_dx.T @ A.T\n")
    result = runner.invoke(cli.app, ["derive", "u", "--wrt", "x", "--function", "u"])
    assert result.exit_code == 2
    assert "write `u(x): k,1`" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("expression", "plain"),
    [
        ("logdet(S)", lambda S, _: np.log(np.linalg.det(S))),
        ("x.T @ S @ x", lambda S, x: (x.T @ S @ x)[0, 0]),
        ("trace(S @ S @ S)", lambda S, _: np.trace(S @ S @ S)),
        ("x.T @ inv(S) @ x", lambda S, x: (x.T @ np.linalg.inv(S) @ x)[0, 0]),
    ],
)
def test_structured_derivative_moves_both_entries(expression: str, plain: Any) -> None:
    asked = Expression(expression, "S", (("S", "n,n"), ("x", "n,1")), ("S: symmetric",))
    found = api.derive(asked, "<expression>").derived
    assert found is not None
    assert found.structured is not None
    assert found.denominator.formula is not None
    names = drawn({"S": ["n", "n"], "x": ["n", 1]}, {"S": "spd"}, SIZES)
    for name, part in found.where:
        names[name] = eval(part.numpy, {"np": np}, names)
    result = np.asarray(eval(found.structured[0].numpy, {"np": np}, names))
    assert "S.T" not in found.structured[0].text
    for row, column in np.ndindex(*result.shape):
        step = np.zeros_like(names["S"])
        step[row, column] = step[column, row] = 1e-6
        ahead, behind = (plain(names["S"] + sign * step, names["x"]) for sign in (1, -1))
        assert (ahead - behind) / 2e-6 == pytest.approx(result[row, column], rel=1e-5, abs=1e-7)


SKEW = np.array([[0, 0.7, -0.4], [-0.7, 0, 0.2], [0.4, -0.2, 0]])
ROTATION = (np.eye(3) - SKEW) @ np.linalg.inv(np.eye(3) + SKEW)
FREE = np.arange(1.0, 10).reshape(3, 3) ** 0.5 + 2 * np.eye(3)
WITHIN: dict[str, tuple[Any, list[Any]]] = {
    "diagonal": (np.diag(np.diag(FREE)), [np.diag(row) for row in np.eye(3)]),
    "lower-triangular": (np.tril(FREE), [np.tril(SKEW), np.eye(3), np.tril(FREE.T)]),
    "upper-triangular": (np.triu(FREE), [np.triu(SKEW), np.eye(3), np.triu(FREE.T)]),
    "symmetric": (FREE + FREE.T, []),
    "orthogonal": (ROTATION, [ROTATION @ SKEW, ROTATION @ (FREE - FREE.T)]),
}
"""What may be said of a matrix: one of that kind, and ways in which it may move."""


@pytest.mark.parametrize("expression", ["trace(B @ inv(X))", "sum(X * B) * trace(X.T @ B)"])
@pytest.mark.parametrize("kind", WITHIN)
def test_structured_derivative_is_that_of_what_may_move(expression: str, kind: str) -> None:
    shapes = (("X", "n,n"), ("B", "n,n"))
    found = api.derive(Expression(expression, "X", shapes, (f"X: {kind}",)), "<>").derived
    assert found is not None
    assert found.structured is not None
    assert found.denominator.formula is not None
    formula, told = found.structured
    assert ".T.T" not in formula.text
    assert kind.split("-", maxsplit=1)[0] in told
    at, moves = WITHIN[kind]
    names = {"X": at, "B": FREE.T**2, "np": np}
    known = {"Y": eval(expression, {**vars(np), **vars(np.linalg), **names})}
    for name, part in found.where:
        known[name] = eval(part.numpy, names, known)
    whole, inside = (
        eval(text, names, known) for text in (found.denominator.formula.numpy, formula.numpy)
    )
    for move in moves:
        assert np.sum(inside * move) == pytest.approx(np.sum(whole * move))
    if kind == "orthogonal":
        assert (at.T @ inside) == pytest.approx(-(at.T @ inside).T)
    elif "triangular" in kind or kind == "diagonal":
        assert np.count_nonzero(inside) == np.count_nonzero(at)


def test_symmetric_matrix_needs_no_transpose() -> None:
    shapes = ("--shape", "A=n,n", "--shape", "x=n,1")
    given = ("x.T @ A @ x", "--wrt", "x", *shapes, "--output-format", "text")
    assert page(*given)[1] == "x.T @ (A.T + A)\n(A + A.T) @ x\n"
    assert page(*given, "--assume", "A symmetric")[1] == "2 * (x.T @ A)\n2 * (A @ x)\n"


def page(*arguments: str) -> tuple[int, str]:
    result = runner.invoke(cli.app, ["derive", *arguments])
    return result.exit_code, result.stdout


def test_page_has_both_layouts_and_how_they_were_checked() -> None:
    shapes = ("--shape", "A=m,n", "--shape", "X=n,p", "--shape", "B=p,m")
    code, text = page("trace(A @ X @ B)", "--wrt", "X", *shapes, "--ascii")
    assert code == 0
    assert "  numerator    B @ A      (p, n)\n  denominator  A.T @ B.T  (n, p)\n" in text
    assert "CHECKED  algebra, for all sizes" in text


def test_tensor_has_its_diagonal_its_effective_matrix_and_its_vec_form() -> None:
    code, text = page("W @ A", "--wrt", "A", "--shape", "W=k,h", "--shape", "A=h,m")
    assert code == 0
    assert "∂Y[i,j]/∂A[p,q] = W[i,p] δ[j,q]  (k, m, h, m)" in text
    assert "effective, without that: W (k, h)" in text
    assert "vec(dY) = (I ⊗ W) vec(dA), columns stacked" in text


@pytest.mark.parametrize(
    ("layout", "lines"),
    [
        ("numerator", ["x.T @ (A.T + A)"]),
        ("denominator", ["(A + A.T) @ x"]),
        ("both", ["x.T @ (A.T + A)", "(A + A.T) @ x"]),
        ("mixed", ["(A + A.T) @ x"]),
    ],
)
def test_formulas_alone_are_to_be_pasted(layout: str, lines: list[str]) -> None:
    given = ("x.T @ A @ x", "--wrt", "x", "--shape", "x=n,1", "--shape", "A=n,n")
    code, text = page(*given, "--layout", layout, "--output-format", "text")
    assert (code, text.splitlines()) == (0, lines)


def test_json_is_the_record() -> None:
    code, text = page("relu(x)", "--wrt", "x", "--shape", "x=n,1", "--output-format", "json")
    found = json.loads(text)["derived"]
    assert code == 0
    assert found["numerator"]["formula"]["text"] == "diag(x > 0)"
    assert found["numerator"]["formula"]["numpy"] == "np.diagflat(np.where(x > 0, 1, 0))"
    assert found["kinks"] == ["at x = 0: 0 by convention"]
    assert (found["of"], found["by"], found["full_shape"]) == ("vector", "vector", list("n1n1"))


OF_X = ("--wrt", "x", "--shape", "x=n", "--function", "u(x): k")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("eig(X)", "--wrt", "X", "--shape", "X=n,n"), "`eig` is not supported"),
        (("expm_jacobian(X)", "--wrt", "X", "--shape", "X=n,n"), "is not known"),
        (("X @ A", "--wrt", "X", "--shape", "X=n,m", "--shape", "A=n,p"), "write `X.T @ A`"),
        (("sum(X", "--wrt", "X"), "`(` is not closed"),
        (("a", "--wrt", "x"), "`x` is not in the expression"),
        (("X", "--wrt", "X", "--shape", "X=m,n", "--order", "2"), "a Hessian is that of a scalar"),
        (("X", "--wrt", "X", "--shape", "X"), "is no shape"),
        (("softmax(x)", "--wrt", "x", "--shape", "x=n"), "write `softmax(x, axis=0)`"),
        (("x", "--wrt", "x", "--shape", "x=*"), "is no shape"),
        (("x", "--wrt", "x", "--shape", "x=n: 3"), "is no shape"),
        (("x", "--wrt", "x", "--shape", "x=n", "--shape", "x=m"), "`x` is given twice"),
        (("x", "--wrt", "x", "--shape", "x=n", "--assume", "x"), "write `S symmetric`"),
        (("sum(S)", "--wrt", "S", "--shape", "S=m,n", "--assume", "S symmetric"), "as many rows"),
        (("u @ u", *OF_X, "--order", "2"), "has no second derivative"),
        (("u @ du_dx @ x", *OF_X, "--shape", "du_dx=k,n"), "is the name of ∂u/∂x here"),
        (("u(2 * x)", *OF_X), "is a function of `x`, and of nothing else"),
        (("u", *OF_X, "--shape", "u=k"), "`u` has two shapes"),
        (("u", *OF_X, "--evaluate"), "has no numbers"),
        (("exp(x)", *OF_X[:4], "--function", "exp(x): n"), "is an op"),
        (("u", *OF_X[:4], "--function", "u(v): n", "--function", "v(u): n"), "function of itself"),
    ],
)
def test_what_cannot_be_derived_says_what_to_write(arguments: tuple[str, ...], said: str) -> None:
    result = runner.invoke(cli.app, ["derive", *arguments])
    assert result.exit_code == 2
    assert said in " ".join((result.stdout + result.stderr).split())


@pytest.mark.parametrize(
    ("expression", "wrt", "shapes", "numerator"),
    [
        ("sum(x)", "x", "x=3,1", "ones(1, 3)"),
        ("A @ x", "x", "A=2,3 x=3,1", "A"),
        ("x / norm(x)", "x", "x=n", "eye(n) / norm(x) - outer(x, x) / norm(x)**3"),
        ("dY * x", "x", "dY= x=n", "dY * eye(n)"),
        ("Y * x", "x", "Y= x=n", "Y * eye(n)"),
    ],
)
def test_names_and_numbers_are_the_users(
    expression: str, wrt: str, shapes: str, numerator: str
) -> None:
    found = derived(expression, wrt, shapes)
    assert found.numerator.formula is not None
    assert found.numerator.formula.text == numerator


def test_formula_divides_by_nothing_that_the_expression_does_not() -> None:
    found = derived("x * x.T", "x", "x=n,1")
    assert found.differential is not None
    assert found.differential.text == "dx @ x.T + x @ dx.T"
    assert "/" not in found.index_form


def test_signs_of_the_vec_form_are_none_of_the_users_names() -> None:
    found = derived("K @ X.T @ I", "X", "K=m,p X=n,p I=n,k")
    assert found.vec == "vec(dY) = (I.T ⊗ K) K_ vec(dX)"
    assert found.swap == "K_"
    assert derived("I @ X", "X", "I=m,n X=n,p").vec == "vec(dY) = (Id ⊗ I) vec(dX)"


def test_formulas_alone_say_what_their_names_are() -> None:
    given = ("softmax(A @ x + b, axis=0)", "--wrt", "x", "--shape", "x=n,1")
    code, text = page(*given, "--layout", "numerator", "--output-format", "text")
    assert (code, text.splitlines()[0]) == (0, "Y = softmax(A @ x + b, axis=0)")
    code, text = page("A @ X", "--wrt", "X", "--shape", "X=n,p", "--output-format", "latex")
    assert (code, text) == (0, "dY = A\\, dX\n")


def test_shapes_that_nobody_gave_are_inferred() -> None:
    found = derived("A @ x + b", "x", "x=n,1")
    assert found.numerator.formula is not None
    assert (found.numerator.formula.text, found.kinds) == ("A", ("vector", "vector"))
    assert derived("trace(A @ X @ B)", "X", "").denominator.formula is not None


@pytest.mark.parametrize(
    ("expression", "wrt", "shapes"),
    [
        ("x.T @ A @ x", "x", "A=n,n x=n,1"),
        ("A @ X @ B", "X", "A=m,n X=n,p B=p,q"),
        ("softmax(A @ x, axis=0)", "x", "A=k,n x=n"),
        ("inv(S + t * A)", "t", "S=n,n A=n,n t="),
        ("log(x) * sin(x)", "x", "x="),
        ("max(x)", "x", "x=n"),
    ],
)
def test_numbers_of_the_formula_are_those_of_differences(
    expression: str, wrt: str, shapes: str
) -> None:
    found = derived(expression, wrt, shapes, at=At({}, {})).evaluated
    assert found is not None
    assert found.worst < 1e-6
    sizes = dict(found.sizes)
    assert len(set(sizes.values())) == len(sizes)


@pytest.mark.parametrize("name", ["values.json", "values.npz"])
def test_values_are_read_from_a_file(tmp_path: Path, name: str) -> None:
    values = {"A": [[1.0, 2.0], [3.0, 4.0]], "x": [[1.0], [2.0]]}
    path = tmp_path / name
    if name.endswith(".npz"):
        np.savez(path, A=np.array(values["A"]), x=np.array(values["x"]))
    else:
        path.write_text(json.dumps(values))
    given = ("x.T @ A @ x", "--wrt", "x", "--shape", "A=n,n", "--shape", "x=n,1")
    code, text = page(*given, "--values", str(path), "--output-format", "json")
    entries = json.loads(text)["derived"]["evaluated"]["entries"]
    assert code == 0
    assert [each["formula"] for each in entries] == [12.0, 21.0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[1, 2]", "holds no object"),
        (b"{", "is no JSON"),
        (b'{"x": "y"}', "holds something else than numbers"),
        (b'{"x": [1, [2]]}', "is empty, or ragged"),
        (b'{"x": [[1, 2]]}', "has 1 axes, and 2 in the values"),
        (b"PK\x03\x04 broken", "no archive of arrays"),
        (b"[" * 100_000, "is no JSON"),
    ],
)
def test_values_that_are_none_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "values"
    path.write_bytes(content)
    given = ["derive", "sum(x)", "--wrt", "x", "--shape", "x=n", "--values", str(path)]
    result = runner.invoke(cli.app, given)
    assert result.exit_code == 2
    assert said in " ".join((result.stdout + result.stderr).split())


def test_archive_of_objects_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "values.npz"
    np.savez(path, x=np.array([{"a": 1}], dtype=object))
    given = ["derive", "sum(x)", "--wrt", "x", "--shape", "x=n", "--values", str(path)]
    assert runner.invoke(cli.app, given).exit_code == 2


def test_entries_that_no_product_makes_are_shown_one_by_one() -> None:
    code, text = page("repeat(x, 3, axis=0)", "--wrt", "x", "--shape", "x=m", "--ascii")
    assert code == 0
    assert "numerator    none: no product of matrices makes its entries" in text
    assert "CHECKED  not by algebra" not in text
    assert "CHECKED  " in text


def test_long_expression_that_stands_twice_keeps_its_name() -> None:
    found = derived("softmax(A @ x + b, axis=0)", "x", "A=k,n x=n,1 b=k,1")
    assert [(name, whole.text) for name, whole in found.where] == [("Y", found.expression)]
    assert found.numerator.formula is not None
    assert found.numerator.formula.text == "(diag(Y) - Y @ Y.T) @ A"


def test_hessian_keeps_the_numbers_of_its_dims() -> None:
    found = derived("sum(x**3)", "x", "x=3,1", order=2)
    assert found.numerator.shape == ("3", "3")
    assert derived("sum(x)", "x", "x=3,1", order=2).numerator.shape == ("3", "3")


def test_derivative_that_is_0_where_nothing_has_moved_is_zeros() -> None:
    found = of_functions("0 * u", "x", "x=n,1", "u(x): k,1")
    assert found.numerator.formula is not None
    assert "<" not in found.numerator.formula.text
