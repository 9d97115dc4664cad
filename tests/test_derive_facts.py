"""`derive` where several things are said of a matrix, dims are numbers, or all is 0."""

from itertools import combinations
from random import Random
from typing import Any

import numpy as np
import pytest

from shapecalc import api
from shapecalc.dims import Dim
from shapecalc.records import Derived
from shapecalc.spec.lines import Asked, Expression
from shapecalc.verify.elimination import exact_inverse
from shapecalc.verify.field import NoValue, P
from shapecalc.verify.spectral import leading
from shapecalc.verify.standins import small_sizes
from shapecalc.verify.structured import MATRIX_PROPERTIES, kind_of, of_kind

SQUARE = (("S", "n,n"), ("A", "n,n"))


def derived(expression: str, wrt: str, shapes: Any, *assume: str) -> Derived:
    report = api.derive(Expression(expression, wrt, shapes, assume), "<expression>")
    assert report.derived is not None, report.findings
    return report.derived


def denominator(found: Derived) -> str:
    assert found.denominator.formula is not None
    return found.denominator.formula.text


@pytest.mark.parametrize(
    ("expression", "shape", "formula"),
    [
        ('norm(X, ord="nuc")', "3,5", "inv(sqrtm(X @ X.T)) @ X"),
        ('norm(X, ord="nuc")', "5,3", "X @ inv(sqrtm(X.T @ X))"),
        ('norm(X, ord="nuc")', "n,m+n", "inv(sqrtm(X @ X.T)) @ X"),
        ('norm(X.T, ord="nuc")', "n,m", "inv(sqrtm(X @ X.T)) @ X"),
        ('norm(X, ord="nuc")', "1,m", "X / sqrt(sum(X**2))"),
    ],
)
def test_nuclear_norm_is_that_of_the_smaller_square(
    expression: str, shape: str, formula: str
) -> None:
    found = derived(expression, "X", (("X", shape),))
    assert denominator(found) == formula
    sizes = {"n": 3, "m": 4}
    X = np.random.default_rng(2).uniform(-1, 1, [eval(dim, {}, sizes) for dim in shape.split(",")])
    left, _, right = np.linalg.svd(X, full_matrices=False)
    roots = {"inv": np.linalg.inv, "sqrtm": _root, "sum": np.sum, "sqrt": np.sqrt}
    result = eval(formula, {}, {"X": X, **roots})
    np.testing.assert_allclose(result, left @ right)


def _root(matrix: Any) -> Any:
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(values) @ vectors.T


def test_nuclear_norm_says_where_it_has_a_derivative() -> None:
    found = derived('norm(A @ X, ord="nuc")', "X", (("A", "k,m"), ("X", "m,p")))
    assert found.kinks == ("where (A @ X).T @ (A @ X) has no eigenvalue that is 0 or negative",)


def test_spectral_norm_says_where_it_has_a_derivative_and_has_no_second() -> None:
    found = derived("norm(A @ X, 2)", "X", (("A", "k,m"), ("X", "m,p")))
    assert denominator(found) == "A.T @ leading_outer(A @ X)"
    assert found.kinks == ("where the largest singular value of A @ X is simple",)
    asked = Expression("norm(X, 2)", "X", (("X", "m,n"),))
    (finding,) = api.derive(asked, "<expression>", order=2).findings
    assert finding.message == "the derivative of `leading_outer` is not known"


def test_leading_singular_vectors_are_those_of_numpy_and_are_told_apart() -> None:
    X = np.random.default_rng(3).normal(size=(4, 3))
    left, _, right = np.linalg.svd(X)
    np.testing.assert_allclose(leading(X.tolist()), left[:, :1] @ right[:1], rtol=1e-9)
    for tied in ([[2.0, 0.0], [0.0, 2.0]], [[0.0, 3.0], [-3.0, 1e-9]], [[0.0, 0.0]]):
        with pytest.raises(NoValue):
            leading(tied)


@pytest.mark.parametrize("kind", ["symmetric", "diagonal"])
def test_a_symmetric_matrix_may_have_a_root(kind: str) -> None:
    found = derived("trace(A @ sqrtm(S))", "S", SQUARE, f"S: {kind}")
    assert denominator(found) == "solve_sylvester(sqrtm(S), sqrtm(S), A.T)"


def test_what_does_not_move_within_its_kind_has_a_derivative_of_0() -> None:
    found = derived("trace(inv(S.T @ S) @ A)", "S", SQUARE, "S: orthogonal")
    assert denominator(found) == "-S @ (A + A.T)"
    assert found.structured is not None
    assert found.structured[0].text == "zeros(n, n)"


@pytest.mark.parametrize(
    ("said", "formula", "told"),
    [
        ("symmetric orthogonal", "-S @ A.T @ S", None),
        ("symmetric lower-triangular", "-inv(S) @ A.T @ inv(S)", "diagonal"),
        ("upper-triangular lower-triangular", "-inv(S) @ A.T @ inv(S)", "diagonal"),
        ("positive-definite diagonal", "-inv(S) @ A.T @ inv(S)", "diagonal"),
        ("orthogonal lower-triangular", "-S @ A.T @ S", None),
        ("symmetric positive-definite", "-inv(S) @ A.T @ inv(S)", "symmetric"),
    ],
)
def test_several_things_may_be_said_of_a_matrix(said: str, formula: str, told: str | None) -> None:
    found = derived("trace(A @ inv(S))", "S", SQUARE, *(f"S: {each}" for each in said.split()))
    assert denominator(found) == formula
    assert (found.structured is None) == (told is None)
    if found.structured is not None and told is not None:
        assert f"is {told}:" in found.structured[1]


PAIRS = [pair for count in (1, 2, 3) for pair in combinations(MATRIX_PROPERTIES, count)]


@pytest.mark.parametrize("said", PAIRS, ids="+".join)
def test_a_matrix_of_a_kind_has_all_that_is_said_of_it(said: tuple[str, ...]) -> None:
    kind = kind_of(said)
    assert kind is not None
    random = Random(1)
    floats = [random.uniform(-1, 1) for _ in range(9)]
    exact = [random.randrange(P) for _ in range(9)]
    entries, field = of_kind(kind, floats, exact, 3)
    X = np.reshape(entries, (3, 3))
    holds = {
        "symmetric": np.allclose(X, X.T),
        "positive-definite": np.allclose(X, X.T) and np.all(np.linalg.eigvalsh(X) > 0),
        "orthogonal": np.allclose(X @ X.T, np.eye(3)),
        "diagonal": np.allclose(X, np.diag(np.diag(X))),
        "lower-triangular": np.allclose(X, np.tril(X)),
        "upper-triangular": np.allclose(X, np.triu(X)),
    }
    assert all(holds[each] for each in said)
    rows = [field[place : place + 3] for place in (0, 3, 6)]
    if "orthogonal" in said:
        assert [e % P for e in exact_inverse(rows)] == [row[i] for i in range(3) for row in rows]
    if "symmetric" in said:
        assert all(rows[i][j] == rows[j][i] for i in range(3) for j in range(i))


SPEC = """
dims: [n]
assume: {{S: {}}}
inputs: {{A: [n, n]}}
params: {{S: [n, n]}}
forward: {{J: trace(A @ inv(S))}}
loss: J
gradients: {{dS: "-S @ A.T @ S"}}
"""


@pytest.mark.parametrize("known", ["[symmetric, orthogonal]", "[orthogonal, symmetric]"])
def test_a_claim_may_use_two_things_that_are_said(known: str) -> None:
    assert api.check(SPEC.format(known), "spec.yaml").ok
    assert not api.check(SPEC.format("symmetric"), "spec.yaml").ok


@pytest.mark.parametrize(
    ("expression", "shapes", "form"),
    [
        ("vec(X)", (("X", "2,3"),), "δ[i,2*q+p]"),
        ("kron(X, A)", (("X", "2,3"), ("A", "3,2")), "Σab A[a,b] δ[i,3*p+a] δ[j,2*q+b]"),
        ("roll(X, 1, axis=0)", (("X", "2,3"),), "δ[j,q] δ[i,p+1 mod 2]"),
    ],
)
def test_dims_that_are_numbers_are_numbers_in_the_index_form(
    expression: str, shapes: Any, form: str
) -> None:
    assert derived(expression, "X", shapes).index_form == form


@pytest.mark.parametrize(
    ("expression", "formula"),
    [
        ("trace(solve_sylvester(X, X, X))", "zeros(n, n)"),
        ("trace(inv(X @ A) @ X @ A)", "zeros(n, n)"),
        ("sum(diag(X)**2)", "2 * diag(diag(X))"),
    ],
)
def test_zeros_and_identities_are_simplified(expression: str, formula: str) -> None:
    assert denominator(derived(expression, "X", (("X", "n,n"), ("A", "n,n")))) == formula


def test_what_is_taken_from_another_dim_has_the_smaller_size() -> None:
    p, m, q, h = map(Dim.named, "pmqh")
    sizes = small_sizes([p, m, q, h, q - h, p - h, m - h])
    assert sizes["h"] < min(sizes["p"], sizes["m"], sizes["q"]) < 6


ROOT = """
dims: [n]
assume: {{X: {}}}
inputs: {{A: [n, n]}}
params: {{X: [n, n]}}
forward: {{J: "{}"}}
loss: J
gradients: {{dX: "{}"}}
"""


@pytest.mark.parametrize("known", ["symmetric", "diagonal", "nonsingular", "positive-definite"])
def test_claims_are_judged_where_a_matrix_has_a_root(known: str) -> None:
    factor = api.check(ROOT.format(known, "sum(A * cholesky(X))", "cholesky(X)"), "spec.yaml")
    assert [claim.verdict for claim in factor.claims] == ["wrong"]
    root = ROOT.format(known, "trace(sqrtm(X))", "inv(sqrtm(X)).T / 2")
    assert [claim.verdict for claim in api.check(root, "spec.yaml").claims] == ["right"]


def test_what_is_0_but_for_rounding_is_not_told_from_0() -> None:
    spec = ROOT.format("nonsingular", "trace(expm(X) @ expm(-X))", "zeros(n, n)")
    assert [claim.verdict for claim in api.check(spec, "spec.yaml").claims] == ["undecided"]


@pytest.mark.parametrize(
    ("expression", "wrt"),
    [
        ("(y / (x.T @ A @ x)) / sum(eye(n) * A)", "x"),
        ("tanh((A @ x) / (x.T @ (2 * A) @ x))", "x"),
        ("sum((A.T * S) * ((x @ y.T) / trace(A.T))) - (x.T @ S @ y)**2", "S"),
    ],
)
def test_what_is_divided_by_may_be_written_in_another_way(expression: str, wrt: str) -> None:
    found = derived(expression, wrt, (*SQUARE, ("x", "n,1"), ("y", "n,1")))
    assert not found.checked.canonical
    assert found.checked.components is not None
    assert found.checked.components < 1e-8


def test_what_is_assumed_of_no_name_is_refused() -> None:
    asked = Expression("trace(S)", "S", (("S", "n,n"),), ("Q: orthogonal",))
    (finding,) = api.derive(asked, "<expression>").findings
    assert (finding.code, finding.message) == ("SC210", "`Q` is not in the expression")


@pytest.mark.parametrize(
    ("expression", "formula"),
    [
        ("trace(A @ expm(S + t * B))", "trace(B @ expm_frechet(S + t * B, A))"),
        (
            "trace(A @ sqrtm(S + t * B))",
            "trace(B @ solve_sylvester(sqrtm(S + t * B), sqrtm(S + t * B), A))",
        ),
    ],
)
def test_the_derivative_of_a_trace_by_a_number_is_a_trace(expression: str, formula: str) -> None:
    shapes = (*SQUARE, ("B", "n,n"), ("t", ""))
    found = derived(expression, "t", shapes)
    assert denominator(found) == formula


def test_verify_takes_two_facts_of_one_name() -> None:
    facts = ("X: orthogonal", "X: symmetric")
    asked = Asked(
        claims=("dX = -X @ dY @ X",), forward=("Y = inv(X)",), shapes=(("X", "n,n"),), assume=facts
    )
    assert api.verify(asked, "<claim>").ok
    assert not api.verify(asked._replace(assume=()), "<claim>").ok


@pytest.mark.parametrize(
    ("expression", "formula"),
    [
        ("sum(expm(X))", "expm_frechet(X.T, ones(n, n))"),
        ("sum(sinm(X))", "sinm_frechet(X.T, ones(n, n))"),
        ("sum(sqrtm(X))", "solve_sylvester(sqrtm(X).T, sqrtm(X).T, ones(n, n))"),
        ("trace(expm(X))", "expm(X).T"),
        ("x.T @ X @ y - y.T @ X.T @ x", "zeros(n, n)"),
    ],
)
def test_all_entries_of_a_function_of_a_matrix_are_summed(expression: str, formula: str) -> None:
    shapes = (("X", "n,n"), ("x", "n,1"), ("y", "n,1"))
    assert denominator(derived(expression, "X", shapes)) == formula


def test_terms_that_cancel_leave_zeros() -> None:
    shapes = (("X", "n,n"), ("x", "n,1"), ("y", "n,1"))
    assert denominator(derived("x.T @ X @ y - y.T @ X.T @ x", "x", shapes)) == "zeros(n, 1)"
