"""New shapes in numbers, where axes are numbers: each is the dims that it is the size of."""

import pytest
from checking import report_on

from shapecalc.dims import Dim
from shapecalc.ops.numbers import named_by_size

SIZES = {"p": 32, "q": 28, "r": 30, "same": 28}


def size_of(dim: Dim) -> int | None:
    return dim.size(SIZES) if all(name in SIZES for name in dim.names) else None


def shape(text: str) -> tuple[Dim, ...]:
    return tuple(
        Dim.number(int(part)) if part.lstrip("-").isdigit() else Dim.named(part)
        for part in text.split()
    )


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("p q r", "32 840", "p q*r"),
        ("p q r", "32 -1", "p q*r"),
        ("p q r", "-1 30", "p*q r"),
        ("p q r", "-1", "p*q*r"),
        ("p q r", "32 1 28 30", "p 1 q r"),
        ("p q r", "32 4 7 30", "p 4 7 r"),
        ("p q r", "p 840", "p q*r"),
        ("p 1 r", "32 30", "p r"),
        ("p", "1 32 1", "1 p 1"),
        ("p q", "28 32", "q p"),
        ("p q", "32 29", "32 29"),
        ("p other", "32 5", "32 5"),
        ("p q", "-1 -1", "-1 -1"),
    ],
)
def test_number_is_the_dims_that_it_is_the_size_of(old: str, new: str, named: str) -> None:
    found = named_by_size(shape(old), shape(new), size_of)
    assert " ".join(map(str, found)) == named


def spec(equations: str, axes: str = "[32, 28, 30]") -> str:
    lines = "".join(f"  {line}\n" for line in equations.split(" ; "))
    return f"inputs: {{X: {axes}}}\nparams: {{W: [_, 10]}}\nforward: |\n{lines}"


@pytest.mark.parametrize("new", ["(32, 840)", "(32, -1)", "[32, 28 * 30]"])
def test_numbers_in_a_new_shape_are_read_where_axes_are_numbers(new: str) -> None:
    report = report_on(spec(f"H = reshape(X, {new}) ; Z = H @ W ; J = sum(Z**2)"))
    assert report.findings == ()
    shapes = {value.name: value.shape for value in report.values}
    batch, rows, columns = shapes["X"]
    assert shapes["H"] == (batch, f"{rows}*{columns}")
    assert shapes["W"][0] == f"{rows}*{columns}"


def test_axis_that_a_new_shape_splits_is_the_number() -> None:
    report = report_on(spec("H = X.view(32, 5, 6) ; J = sum(H**2)", "[32, 30]"))
    assert not [each for each in report.findings if each.code not in ("SC601", "SC310")]
    sizes = {value.name: value.size for value in report.values}
    assert sizes["H"] == (32, 5, 6)


def test_other_numbers_than_the_entries_fill_are_refused() -> None:
    report = report_on(spec("H = reshape(X, (32, 841)) ; Z = H @ W ; J = sum(Z**2)"))
    assert "SC303" in [each.code for each in report.findings]


def test_names_of_the_spec_are_never_taken_for_numbers() -> None:
    named = "dims: {m: 32, h: 28, w: 30}\ninputs: {X: [m, h, w]}\nparams: {W: [h*w, 10]}\n"
    forward = "forward: |\n  H = reshape(X, (32, 840))\n  J = sum(H @ W)\n"
    assert "SC303" in [each.code for each in report_on(named + forward).findings]


def test_claims_and_warnings_read_the_numbers_as_the_equations_do() -> None:
    forward = "H = reshape(X, (32, 840)) ; Z = H @ W ; P = softmax(Z, axis=1)"
    loss = "J = cross_entropy(softmax(reshape(P, (32, 10)), axis=1), P, axis=1)"
    claims = "gradients: |\n  dX = reshape(dH, (32, 28, 30))\n  dH = dZ @ W.T\n"
    report = report_on(spec(f"{forward} ; {loss}") + claims)
    assert {claim.gradient: claim.verdict for claim in report.claims} == {
        "dX": "right",
        "dH": "right",
    }
