"""`derive` without the text of a spec: the same network, and no more loaded than it needs."""

import subprocess
import sys
from typing import Any

import pytest

from shapecalc.expression import Syntax
from shapecalc.parsing import names_in, parse_expression
from shapecalc.span import Span
from shapecalc.spec import read_network
from shapecalc.spec.lines import Expression, dims_in, spec_of
from shapecalc.spec.network import Network
from shapecalc.spec.single import network_of


def parsed(asked: Expression) -> tuple[Syntax, list[str]]:
    syntax = parse_expression(asked.text, lambda start, length: Span("-", 1, start + 1, length))
    dims = {name for _, dims in asked.shapes for name in dims_in(dims)}
    return syntax, [name.text for name in names_in(syntax) if name.text not in dims]


def as_text(asked: Expression) -> Network:
    network, findings = read_network(spec_of(asked, "Y", parsed(asked)[1]), "-")
    assert network is not None
    assert not findings
    return network


def without_lengths(entries: Any) -> Any:
    """Leave out how long places are, and the places of whole shapes."""
    if isinstance(entries, Span):
        return entries[:3]
    if isinstance(entries, tuple):
        fields = getattr(entries, "_fields", ("",) * len(entries))
        kept = [each for field, each in zip(fields, entries, strict=True) if field != "shape_span"]
        return tuple(map(without_lengths, kept))
    return entries


@pytest.mark.parametrize(
    ("expression", "shapes"),
    [
        ("A @ x + b", {"x": "n,1"}),
        ("trace(A @ X @ B)", {}),
        ("sum(x**2) / n", {"x": "n"}),
        ("X * s", {"X": "2*h, h+1", "s": ""}),
        ("x", {"x": "3", "z": "_,1"}),
        ("1", {}),
    ],
)
def test_network_is_the_one_that_the_text_describes(
    expression: str, shapes: dict[str, str]
) -> None:
    asked = Expression(expression, "x", tuple(shapes.items()))
    syntax, names = parsed(asked)
    network, written = network_of(asked, syntax, "Y", names, "-"), as_text(asked)
    assert network is not None
    for part in ("dims", "params", "upstream", "open_axes", "redefined", "unread"):
        ours, theirs = getattr(network, part), getattr(written, part)
        assert without_lengths(ours) == without_lengths(theirs), part
    assert [each.name for each in network.open_shapes] == [
        each.name for each in written.open_shapes
    ]
    (ours,), (theirs,) = network.forward, written.forward
    assert (ours.name, ours.span, ours.expression_span, ours.text) == (
        theirs.name,
        theirs.span,
        theirs.expression_span,
        theirs.text,
    )


@pytest.mark.parametrize(
    "asked",
    [
        Expression("x", "x", (("x", "n"), ("n", "m"))),
        Expression("x", "x", (("x", "n, m!"),)),
        Expression("x", "x", (("x", "n"),), ("x: positive",)),
        Expression("x", "x", (("class", "n"),)),
    ],
)
def test_what_is_not_plain_is_read_from_the_text(asked: Expression) -> None:
    syntax, names = parsed(asked)
    assert network_of(asked, syntax, "Y", names, "-") is None


def test_derivation_loads_neither_yaml_nor_rich_nor_numpy() -> None:
    code = """
import sys
from shapecalc import api
from shapecalc.render.derived import derived_page
from shapecalc.render.output import Look
from shapecalc.spec.lines import Expression
report = api.derive(Expression("A @ x", "x", (("A", "m,n"), ("x", "n,1"))), "<expression>")
print(derived_page(report, Look(), layout="both", steps=False, stacked="columns"))
print([name for name in ("yaml", "rich", "numpy") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "denominator  A.T  (n, m)" in run.stdout
    assert run.stdout.endswith("[]\n")
