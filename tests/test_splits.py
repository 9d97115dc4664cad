"""What makes several values of one: each part is a slice, and its gradient is put in its place."""

import pytest
from checking import report_on
from oracles import Step, derivatives

from shapecalc.matrix.printing import text

HEAD = """
dims: {b: 2, t: 5, d: 12}
inputs: {X: [b, t, d]}
params: {W: [d, d]}
"""
ATTENDED = "A = softmax(Q @ K.mT / sqrt(d), axis=-1)\n  J = sum((A @ V)**2)\n"


def spec(line: str, rest: str = ATTENDED, dims: str = "d: 12") -> str:
    return f"{HEAD.replace('d: 12', dims)}forward: |\n  P = X @ W\n  {line}\n  {rest}"


@pytest.mark.parametrize(
    "line",
    [
        "Q, K, V = split(P, 3, axis=-1)",
        "Q,K,V = np.split(P, [d/3, 2*d/3], axis=2)",
        "Q, K, V = P.chunk(3, dim=-1)",
        "Q, K, V = torch.split(P, d/3, dim=-1)",
        "Q, K, V = P.split([d/3, d/3, d/3], dim=2)",
    ],
)
def test_several_names_are_the_parts_of_a_split(line: str) -> None:
    report = report_on(spec(line))
    assert not [each for each in report.findings if each.code != "SC502"]
    shapes = {value.name: value.shape for value in report.values}
    assert [shapes[name] for name in "QKV"] == [("b", "t", "d/3")] * 3
    formulas = {each.wrt: each.formula.text for each in report.gradients}
    assert formulas["P"] == "concatenate([dQ, dK, dV], axis=2)"
    assert "3 divides d" in report.assumptions


def test_names_with_commas_are_a_key_of_a_mapping_too() -> None:
    lines = [
        "forward:",
        "  P: X @ W",
        "  Q, K: split(P, 2, axis=-1)",
        "  J: sum(Q * K)",
    ]
    report = report_on(HEAD + "\n".join(lines))
    assert not [each for each in report.findings if each.code != "SC502"]
    equations = {value.name: value.equation for value in report.values}
    assert equations["K"] == "split(P, 2, axis=-1)[1]"


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("Q, K = split(P, 3, axis=-1)", "SC303", "there are 3 parts, and 2 names"),
        ("Q, K, V = X @ W", "SC201", "3 names, and `X @ W` makes one value"),
        ("Q, K, V = torch.split(P, t, dim=2)", "SC303", "there are d/t parts, and 3 names"),
        ("Q, , K = split(P, 3, axis=-1)", "SC204", "there is no name beside this comma"),
        ("Q, K, = split(P, 2, axis=-1)", "SC204", "there is no name beside this comma"),
        ("Q = split(P, 3, axis=-1)", "SC202", "makes several values"),
        ("Q = split(P, 3, axis=-1)[3]", "SC304", "none has the number 3"),
        ("Q = split(P, 3, axis=3)[0]", "SC304", "has no axis of that number"),
        ("Q = split(P, t + 1, axis=2)[0]", "SC303", "does not divide"),
        ("Q, 2K = split(P, 2)", "SC204", "`2K` is no name"),
        ("Q, Q = split(P, 2, axis=2)", "SC213", "already set"),
    ],
)
def test_split_that_does_not_fit_says_what_to_write(line: str, code: str, said: str) -> None:
    findings = report_on(spec(line, "J = sum(P)\n")).findings
    found = [each for each in findings if each.code[:3] not in ("SC5", "SC6")]
    assert [each.code for each in found] == [code]
    assert said in found[0].message


def test_axis_that_the_parts_do_not_divide_is_an_error() -> None:
    report = report_on(spec("Q, K, V = split(P, 3, axis=-1)", dims="d: 13"))
    (finding, *_) = [each for each in report.findings if each.code == "SC307"]
    assert finding.message.startswith("`d/3` is 13/3 at d = 13")


@pytest.mark.parametrize(
    "line",
    [
        "Q, K, V = torch.split(P, 4, dim=-1)",
        "Q, K, V = torch.split(P, [4, 4, 4], dim=-1)",
        "Q, K, V = P.chunk(3, dim=-1)",
        "Q, K, V = np.split(P, [4, 8], axis=-1)",
    ],
)
def test_axes_that_are_numbers_are_split_by_numbers(line: str) -> None:
    numbers = "inputs: {X: [2, 5, 7]}\nparams: {W: [7, 12]}\nforward: |\n  P = X @ W\n  "
    report = report_on(f"{numbers}{line}\n  J = sum(softmax(Q @ K.mT, axis=-1) @ V)\n")
    assert not [each for each in report.findings if each.code[:3] != "SC5"]
    assert {value.name: value.size for value in report.values}["V"] == (2, 5, 4)


@pytest.mark.parametrize(
    ("written", "shapes", "formula"),
    [
        ("split(X, 3, axis=1)[1]", "X=m,3*n", "pad(dR, ((0, 0), (n, n)))"),
        ("np.split(X, [h, h + k], axis=-1)[1]", "X=m,h+k+n", "pad(dR, ((0, 0), (h, n)))"),
        ("torch.split(X, n, dim=1)[2]", "X=m,3*n", "pad(dR, ((0, 0), (2*n, 0)))"),
        ("torch.split(X, [h, k], dim=1)[-1]", "X=m,h+k", "pad(dR, ((0, 0), (h, 0)))"),
        ("torch.split(X, h, dim=1)[-1]", "X=m,n", "pad(dR, ((0, 0), (n-h, 0)))"),
        ("X.chunk(2, dim=-1)[-1]", "X=m,n", "pad(dR, ((0, 0), (n/2, 0)))"),
        ("split(X @ W, 3, axis=-1)[1]", "X=m,n W=n,3*k", "pad(dR, ((0, 0), (k, k))) @ W.T"),
    ],
)
def test_gradient_of_a_part_has_zeros_around_it(written: str, shapes: str, formula: str) -> None:
    (one,) = derivatives(Step(written, shapes), "X")
    assert text(one.formula) == formula


def test_split_of_a_product_has_a_gradient_without_squeezes() -> None:
    (one,) = derivatives(Step("split(X @ W, 3, axis=-1)[1]", "X=b,m,n W=n,3*k"), "W")
    assert text(one.formula) == "pad(sum(X.mT @ dR, axis=0), ((0, 0), (k, k)))"


def test_more_names_than_a_person_writes_are_refused_at_once() -> None:
    names = ",".join(["Q"] * 400_000)
    findings = report_on(spec(f"{names} = split(P, 2)", "J = sum(P)\n")).findings
    assert [each.code for each in findings if each.code[:3] not in ("SC5", "SC6")] == ["SC901"]
