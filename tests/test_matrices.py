"""Linear algebra: formulas, the sizes they are checked at, claims, and what is refused."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from checking import judged, report_on, verdicts
from oracles import (
    OTHER_SIZES,
    SIZES,
    Step,
    by_differences,
    by_terms,
    derivatives,
    derived,
    executed,
    pulled_back,
    world_of,
)

from shapecalc import api
from shapecalc.matrix.printing import text
from shapecalc.verify.cases import sizes_for
from shapecalc.verify.checks import agrees_by_algebra, agrees_exactly, error_by_components
from shapecalc.verify.field import P
from shapecalc.verify.structured import MATRIX_PROPERTIES, of_kind

# --- sizes at which there is an inverse ----------------------------------------------------------

HAVE_FULL_RANK = (
    ("inv(X.T @ X)", "X=m,n"),
    ("inv(X @ X.T)", "X=m,n"),
    ("logdet(X.T @ X / k)", "X=m,n"),
    ("solve((X.T @ W @ X).T, X.T @ b)", "X=m,n W=m,m b=m,k"),
    ("det(2 * (A @ B))", "A=n,h B=h,n"),
    ("inv(X @ X.mT)", "X=b,m,n"),
    ("inv(X.T @ X + eye(n))", "X=m,n"),
)


@pytest.mark.parametrize(("equation", "shapes"), HAVE_FULL_RANK)
def test_product_is_tried_at_sizes_at_which_it_has_an_inverse(equation: str, shapes: str) -> None:
    for one in derived(Step(equation, shapes)):
        case = one.case(one.formula)
        assert agrees_exactly(case).equal
        assert error_by_components(case) < 1e-6
        assert len({tuple(sizes_for(case, number).values()) for number in range(2)}) == 2


def test_claims_about_least_squares_are_judged_where_the_equations_have_a_solution() -> None:
    spec = """\
dims: [m, n, k]
inputs: {X: [m, n], Y: [m, k]}
forward:
  S: X.T @ X
  W: solve(S, X.T @ Y)
  J: sum((X @ W - Y)**2)
"""
    found = judged(spec, dY="2 * (Y - X @ W)", dX="2 * (X @ W - Y) @ W.T", dW="2 * X @ W")
    assert [each.verdict for each in found.values()] == ["right", "right", "wrong"]
    assert found["dX"].how.startswith("exact")


# --- formulas as people write them ----------------------------------------------------------------

WRITTEN = (
    ("inv(A)", "A=n,n", "A", "-R.T @ dR @ R.T"),
    ("inv(A)", "A=b,n,n", "A", "-R.mT @ dR @ R.mT"),
    ("det(A)", "A=n,n", "A", "dR * R * inv(A).T"),
    ("logdet(A)", "A=n,n", "A", "dR * inv(A).T"),
    ("solve(A, B)", "A=n,n B=n,k", "A", "-inv(A).T @ dR @ R.T"),
    ("solve(A, B)", "A=n,n B=n,k", "B", "inv(A).T @ dR"),
    ("solve(A, b)", "A=n,n b=n", "b", "dR @ inv(A)"),
    ("solve(A, B)", "A=b,n,n B=b,n,k", "B", "inv(A).mT @ dR"),
    ("inv(A) @ B", "A=n,n B=n,k", "B", "inv(A).T @ dR"),
    ("A @ inv(A.T @ A)", "A=m,n", "A", None),
    ("kron(A, B)", "A=m,n B=k,h", "A", 'einsum("ijkl,jl->ik", reshape(dR, [m, k, n, h]), B)'),
    ("kron(A, B)", "A=m,n B=k,h", "B", 'einsum("ijkl,ik->jl", reshape(dR, [m, k, n, h]), A)'),
    ("kron(u, v)", "u=m v=n", "u", "reshape(dR, [m, n]) @ v"),
    ("inner(A, B)", "A=m,n B=k,n", "A", "dR @ B"),
    ("tensordot(A, B, 1)", "A=m,n B=n,k", "B", "A.T @ dR"),
    ("X * (arange(n) < k)", "X=m,n", "X", "dR * (arange(n) < k)"),
)


@pytest.mark.parametrize(("equation", "shapes", "wrt", "written"), WRITTEN)
def test_gradient_is_what_people_write(
    equation: str, shapes: str, wrt: str, written: str | None
) -> None:
    one = derivatives(Step(equation, shapes), wrt)[0]
    assert written is None or text(one.formula) == written
    assert agrees_by_algebra(one.formula, one.terms(one.jacobian), one.jacobian.wrt_labels)
    assert agrees_exactly(one.case(one.formula)).equal


@pytest.mark.parametrize("sizes", [SIZES, OTHER_SIZES])
def test_kronecker_product_of_stacks_has_the_derivatives_of_numpy(sizes: dict[str, int]) -> None:
    step = Step("kron(A, B)", "A=b,m,n B=m,1,k")
    world = world_of(step, sizes)
    for one in derived(step):
        truth = by_differences(one, world)
        np.testing.assert_allclose(by_terms(one.jacobian, world), truth, rtol=1e-6, atol=1e-8)
        wanted = pulled_back(truth, world.values["dR"])
        np.testing.assert_allclose(executed(one.formula, world), wanted, rtol=1e-6, atol=1e-8)


NESTED = (
    ("inv(A @ B) @ A", "A=n,n B=n,n"),
    ("inv(A.T)", "A=n,n"),
    ("inv(inv(A))", "A=n,n"),
    ("trace(inv(A) @ B)", "A=n,n B=n,n"),
    ("logdet(A @ A.T + s**2 * eye(n))", "A=n,k s="),
    ("sum(B * solve(A, B))", "A=n,n B=n,k"),
    ("exp(-v @ solve(A @ A.T, v) / 2) / sqrt(det(A @ A.T))", "A=n,n v=n"),
    ("solve(A, solve(A.T, B))", "A=n,n B=n,k"),
    ("det(inv(A)) * inv(A)", "A=n,n"),
    ("kron(A, eye(k)) @ B", "A=m,n B=n*k,h"),
    ("kron(A, inv(B))", "A=m,n B=k,k"),
    ("sum(cross(A, B) * C, axis=1)", "A=m,3 B=m,3 C=m,3"),
)


@pytest.mark.parametrize(("equation", "shapes"), NESTED)
def test_nested_linear_algebra_has_the_gradient_of_differences(equation: str, shapes: str) -> None:
    step = Step(equation, shapes)
    world = world_of(step)
    for one in derived(step):
        truth = pulled_back(by_differences(one, world), world.values["dR"])
        np.testing.assert_allclose(executed(one.formula, world), truth, rtol=2e-5, atol=1e-6)
        assert agrees_by_algebra(one.formula, one.terms(one.jacobian), one.jacobian.wrt_labels)
        assert agrees_exactly(one.case(one.formula)).equal


def test_identity_times_a_number_is_no_diagonal_matrix_of_one_entry() -> None:
    spec = "dims: [n, k]\nparams: {B: [n, n], E: [k, k]}\nforward: {J: trace(trace(E) * inv(B))}\n"
    found = verdicts(spec, dE="trace(inv(B)) * eye(k)", dB="-trace(E) * (inv(B) @ inv(B)).T")
    assert found == {"dE": "right", "dB": "right"}


def test_degree_at_which_points_prove_nothing_is_told() -> None:
    nested = "A"
    for _ in range(5):
        nested = f"inv({nested} + A)"
    report = report_on(INVERSE.replace("inv(A)", nested))
    (gradient,) = report.gradients
    assert gradient.checked.exact is None
    assert gradient.checked.canonical
    assert "the degree of the equations is too high" in gradient.checked.note


# --- claims ---------------------------------------------------------------------------------------

INVERSE = "dims: [n]\nparams: {A: [n, n]}\nforward: {Y: inv(A)}\nupstream: Y\n"


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("-Y.T @ dY @ Y.T", "right"),
        ("-inv(A).T @ dY @ inv(A).T", "right"),
        ("-inv(A.T) @ dY @ Y.T", "right"),
        ("-solve(A.T, dY) @ Y.T", "right"),
        ("-(Y @ dY.T @ Y).T", "right"),
        ("-Y @ dY @ Y", "wrong"),
        ("-Y.T @ dY @ Y", "wrong"),
        ("Y.T @ dY @ Y.T", "wrong"),
        ("-dY / A**2", "wrong"),
    ],
)
def test_claim_about_an_inverse_is_judged_exactly(claim: str, verdict: str) -> None:
    (found,) = judged(INVERSE, dA=claim).values()
    assert found.verdict == verdict
    assert verdict == "wrong" or "algebra" in found.how or "exact" in found.how


DETERMINANTS = "dims: [n]\nparams: {{S: [n, n]}}\nforward: {{J: {0}(S)}}\n"


@pytest.mark.parametrize(
    ("op", "claim", "verdict"),
    [
        ("logdet", "inv(S).T", "right"),
        ("logdet", "inv(S.T)", "right"),
        ("logdet", "inv(S)", "wrong"),
        ("logdet", "solve(S.T, eye(n))", "right"),
        ("det", "J * inv(S).T", "right"),
        ("det", "det(S.T) * inv(S).T", "right"),
        ("det", "det(S) * inv(S)", "wrong"),
        ("det", "inv(S).T", "wrong"),
    ],
)
def test_claim_about_a_determinant_is_judged(op: str, claim: str, verdict: str) -> None:
    assert verdicts(DETERMINANTS.format(op), dS=claim) == {"dS": verdict}


@pytest.mark.parametrize("known", ["symmetric", "positive-definite"])
def test_of_a_symmetric_matrix_the_transpose_may_be_left_out(known: str) -> None:
    spec = f"assume: {{S: {known}}}\n{DETERMINANTS.format('logdet')}"
    assert verdicts(spec, dS="inv(S)") == {"dS": "right"}
    assert verdicts(spec, dS="-inv(S) / 2") == {"dS": "wrong"}


OF_KIND: dict[str, Callable[[Any], bool]] = {
    "symmetric": lambda A: bool((A == A.T).all()),
    "positive-definite": lambda A: bool((A == A.T).all() and (np.linalg.eigvalsh(A) > 0).all()),
    "orthogonal": lambda A: np.allclose(A @ A.T, np.eye(len(A))),
    "diagonal": lambda A: bool((np.diag(np.diag(A)) == A).all()),
    "lower-triangular": lambda A: bool((np.tril(A) == A).all()),
    "upper-triangular": lambda A: bool((np.triu(A) == A).all()),
}


@pytest.mark.parametrize("kind", MATRIX_PROPERTIES)
def test_matrices_that_are_drawn_are_of_their_kind(kind: str) -> None:
    flat = np.random.default_rng(5).normal(size=(2, 3, 3))
    whole = [int(entry * 1000) for entry in flat.ravel()]
    floats, exact = of_kind(kind, flat.ravel().tolist(), whole, 3)
    for one in np.reshape(floats, (2, 3, 3)):
        assert OF_KIND[kind](one)
        assert np.count_nonzero(one) >= 3
    for matrix in np.reshape(np.array(exact, dtype=object), (2, 3, 3)):
        if kind == "orthogonal":
            assert (matrix.dot(matrix.T) % P == np.eye(3, dtype=int)).all()
        elif kind != "positive-definite":
            assert OF_KIND[kind](matrix)


@pytest.mark.parametrize(
    ("known", "claim", "verdict"),
    [
        ("orthogonal", "Q.T @ dY", "right"),
        ("orthogonal", "inv(Q) @ dY", "right"),
        ("orthogonal", "Q @ dY", "wrong"),
        ("diagonal", "Q @ dY", "right"),
        ("diagonal", "inv(Q) @ dY", "wrong"),
        ("lower-triangular", "tril(Q).T @ dY", "right"),
        ("upper-triangular", "triu(Q).T @ dY", "right"),
        ("upper-triangular", "tril(Q).T @ dY", "wrong"),
    ],
)
def test_what_is_assumed_of_a_matrix_is_used_of_claims(
    known: str, claim: str, verdict: str
) -> None:
    spec = f"""\
dims: [n, m]
assume: {{Q: {known}}}
params: {{Q: [n, n], X: [n, m]}}
forward: {{Y: Q @ X}}
upstream: [Y]
"""
    assert verdicts(spec, dX=claim) == {"dX": verdict}


@pytest.mark.parametrize("known", ["", "assume: {A: symmetric}\n"])
def test_root_of_a_square_is_not_taken_for_the_matrix(known: str) -> None:
    """It is that for positive eigenvalues alone."""
    spec = f"dims: [n]\n{known}params: {{A: [n, n]}}\nupstream: [Y]\nforward: {{Y: sqrtm(A @ A)}}\n"
    assert verdicts(spec, dA="dY") == {"dA": "wrong"}


def test_mask_by_counting_is_a_constant() -> None:
    spec = """\
dims: {m: 3, n: 5, k: 2}
params: {X: [m, n], w: [n]}
forward:
  Z: X * (arange(n) < k) * (arange(m)[:, None] >= arange(n))
  J: sum(Z @ (w * arange(n)))
"""
    right = "outer(ones(m), w * arange(n))"
    found = verdicts(spec, dZ=right, dX="dZ * (arange(n) < k) * (arange(m)[:, None] >= arange(n))")
    assert found == {"dZ": "right", "dX": "right"}
    assert verdicts(spec, dX="dZ * (arange(n) <= k)") == {"dX": "wrong"}


# --- what is assumed, inferred, refused ----------------------------------------------------------


def test_walk_through_an_inverse_on_either_side_ends_at_the_column() -> None:
    (step,) = report_on(INVERSE).steps
    walked = [(edge.row, edge.column, edge.along) for edge in step.walk]
    assert walked == [("i", "p", False), ("i", "j", True), ("q", "j", False)]


def test_report_says_that_an_inverse_is_implied() -> None:
    report = report_on(INVERSE.replace("Y: inv(A)", 'Y: "inv(A) * det(A)"'))
    assert "A has an inverse, as inv and det imply" in report.assumptions
    said = report_on(f"assume: {{A: nonsingular}}\n{INVERSE}")
    assert said.assumptions == ("A is nonsingular, as assumed",)


@pytest.mark.parametrize("known", [*MATRIX_PROPERTIES, "nonsingular"])
def test_what_is_assumed_of_a_square_matrix_is_refused_of_another(known: str) -> None:
    spec = f"dims: [n, m]\nassume: {{A: {known}}}\nparams: {{A: [n, m]}}\nforward: {{J: sum(A)}}\n"
    (finding,) = report_on(spec).findings
    assert (finding.code, finding.span.line) == ("SC303", 2)
    assert finding.message == f"`A` is assumed to be {known}, and is (n, m)"


def test_square_weight_is_said_to_be_square_only_where_it_need_not_be() -> None:
    (advice,) = [each.help for each in report_on(INVERSE).findings if each.code == "SC502"]
    assert advice == "compare numbers, not shapes"
    symmetric = report_on(f"assume: {{A: symmetric}}\n{INVERSE}")
    assert not [each for each in symmetric.findings if each.code == "SC502"]


@pytest.mark.parametrize(
    ("params", "equation", "shape"),
    [
        ("A: [n, _]", "inv(A)", ("n", "n")),
        ("A: [_, _], B: [n, 4]", "solve(A, B)", ("n", "h1")),
        ("A: [4, 4]", "inv(A)", ("h1", "h1")),
        ("A: [_], B: [n, 3]", "cross(A, B)", ("n", "3")),
        ("A: [n, 2], B: [5, 1]", "kron(A, B)", ("n*h2", "h1")),
    ],
)
def test_open_axes_of_a_square_matrix_are_found(
    params: str, equation: str, shape: tuple[str, ...]
) -> None:
    report = report_on(
        f"dims: [n]\nparams: {{{params}}}\nforward: {{Y: '{equation}'}}\nupstream: Y\n"
    )
    assert report.ok, report.findings
    (value,) = [each for each in report.values if each.name == "Y"]
    assert len(value.shape) == len(shape)
    for found, wanted in zip(value.shape, shape, strict=True):
        assert re.sub(r"\d+", "", found) == re.sub(r"\d+", "", wanted)


@pytest.mark.parametrize(
    ("equation", "code", "message", "advice"),
    [
        ("inv(A)", "SC301", "takes a square matrix, n ≠ m", "as many rows as columns"),
        ("det(v)", "SC303", "the operand is 1-D", "two axes of one dim"),
        ("logdet(s)", "SC303", "the operand is 0-D", "two axes of one dim"),
        (
            "solve(S, A.T)",
            "SC301",
            "as many rows of right sides as equations, n ≠ m",
            "same number",
        ),
        ("solve(S, s)", "SC303", "the operand is a scalar", "as many entries"),
        ("kron(A, v)", "SC303", "of one rank, not 2-D and 1-D", "expand_dims"),
        ("cross(A, A)", "SC301", "vectors of 3 entries", "write 3"),
        ("cross(A, s)", "SC301", "vectors of 3 entries", "write 3"),
        ("inner(A, s)", "SC303", "one of them is a scalar", "write `*`"),
        ("tensordot(A, A, 3)", "SC304", "operands lack", "axes=((1,), (0,))"),
        ('tensordot(A, A, "x")', "SC210", "how many axes meet", "axes=1"),
        ("arange(1, n)", "SC210", "takes 0 operands", "arange(n)"),
        ("arange(0.5)", "SC210", "a whole number or a dim", "shapecalc ops arange"),
        ("np.linalg.svd(A)", "SC212", "not supported", "formula"),
        ("np.linalg.slogdet(A)", "SC209", "no op", "logdet"),
    ],
)
def test_what_is_no_linear_algebra_is_refused(
    equation: str, code: str, message: str, advice: str
) -> None:
    spec = f"""\
dims: [n, m]
params: {{A: [n, m], S: [n, n], v: [n], s: []}}
forward:
  Y: '{equation}'
upstream: Y
"""
    finding = next(each for each in api.check(spec, "spec.yaml").findings if each.code == code)
    assert message in finding.message
    assert advice in finding.help


SAME = (
    "np.linalg.inv(A)",
    "torch.inverse(A)",
    "torch.linalg.inv(A)",
    "jnp.linalg.inv(A)",
    "A.inverse()",
)


@pytest.mark.parametrize("written", SAME)
def test_libraries_names_of_the_inverse_are_read(written: str) -> None:
    report = report_on(INVERSE.replace("inv(A)", written))
    (gradient,) = report.gradients
    assert gradient.formula.text == "-Y.T @ dY @ Y.T"
