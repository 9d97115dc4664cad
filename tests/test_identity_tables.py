"""`derive` and the standard tables of matrix calculus, each row in both layouts."""

import re
from functools import cache
from pathlib import Path

import index_text
import numpy as np
import pytest
import yaml
from identity_numbers import (
    SIZES,
    Array,
    Names,
    along,
    drawn,
    jacobian,
    laid_out,
    shapes_of,
    value,
    with_functions,
)
from identity_rows import Row

from shapecalc import api
from shapecalc.diagnostics import Finding
from shapecalc.records import Derived, Formula
from shapecalc.spec.lines import Expression, function_of

TABLES = sorted((Path(__file__).resolve().parent / "identity_tables").glob("*.yaml"))
ROWS = [
    Row(**entry)
    for path in TABLES
    for entries in yaml.safe_load(path.read_text()).values()
    for entry in entries
]
OF_MATRIX = "a scalar function of a matrix that is not spelled out"
STACKS = "a Kronecker product has no formula but its index form"
COLUMN = "a diagonal matrix of a column"
REFUSED = {
    "ms05-kron": STACKS,
    "df05-kron": STACKS,
    "df05-kron-left": STACKS,
    "df05-kron-both": STACKS,
    "fn20-kron": STACKS,
    "fn27-by-matrix": OF_MATRIX,
    "fn28-product-by-matrix": OF_MATRIX,
    "fn29-chain-by-matrix": OF_MATRIX,
    "cs08-diagonal": "the property `diagonal`",
    "cs09-triangular": "the property `lower-triangular`",
    "ay05-diag-of-vector": COLUMN,
    "hv06-kron-of-vectors": STACKS,
    "hv07-kron-xx": STACKS,
    "hv08-trace-kron": STACKS,
    "hv12-diag-of-column": COLUMN,
}
"""Rows that are refused, or have no formula, and why."""
PENDING = ("expm", "sinm", "cosm", "pinv", "sqrtm", "cholesky", "vec", '"nuc"')
"""What is named in rows that are refused until there is such an op."""
MASKS = "a product of two masks is a bool, and NumPy adds bools as `or`"
WRONG = {
    "xm03-sum-of-products": MASKS,
    "xm04-difference-of-products": MASKS,
    "xm05-diagonal": MASKS,
    "xm06-minus-max": MASKS,
    "xm07-difference-of-max": MASKS,
}
"""Rows whose formula gives other numbers than the tables, or none."""
LETTERS = "a dim or a value has the letter of an index"
PARENTHESES = "a scalar that is a sum, a quotient or a product lacks its parentheses"
MISREAD = {
    "as12-power": LETTERS,
    "ay07-kron": LETTERS,
    "df05-kron-left": LETTERS,
    "df05-kron-both": LETTERS,
    "df25-reshape": LETTERS,
    "hv05-ravel": LETTERS,
    "hv17-mean": LETTERS,
    "xn06-i": LETTERS,
    "xn08-a": LETTERS,
    "xn09-b": LETTERS,
    "xn15-j": LETTERS,
    "hr06-1d-rayleigh": PARENTHESES,
    "xp01-sum-times": PARENTHESES,
    "xp02-over-sum": PARENTHESES,
    "xp04-product-of-vectors": PARENTHESES,
    "xp05-scalar-ratio": PARENTHESES,
    "xp06-sum-of-traces": PARENTHESES,
    "xp07-two-quotients": PARENTHESES,
}
"""Rows whose index form says something else when it is read as it stands."""
BY_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
AT_SIZES = list(enumerate(SIZES))


@cache
def full(row: Row, seed: int) -> Array:
    """Return the derivative by differences, at one of the sizes."""
    return jacobian(row, drawn(row, SIZES[seed], seed))


@cache
def derived(row: Row) -> tuple[Derived | None, tuple[Finding, ...]]:
    shapes = tuple((name, ",".join(dims)) for name, dims in shapes_of(row).items())
    functions = tuple(function_of(each) for each in row.functions.split("; ") if each)
    assumed = tuple(each for each in row.assume.split("; ") if each)
    asked = Expression(row.expr, row.wrt, shapes, assumed, functions)
    report = api.derive(asked, "<expression>", order=row.order)
    return report.derived, report.findings


def printed(formula: Formula, found: Derived, row: Row, names: Names) -> Array:
    """Evaluate what derive prints."""
    known = with_functions(row, names)
    for name, whole in found.where:
        known[name] = eval(whole.numpy, {"np": np}, known)
    return np.asarray(eval(formula.numpy, {"np": np}, known), dtype=float)


def expected(row: Row, names: Names) -> dict[str, Array]:
    """Evaluate what the tables say; a layout that a row leaves out is the other, transposed."""
    layouts = ("numerator", "denominator", "differential", "structured")
    texts = {layout: getattr(row, layout) for layout in layouts}
    found = {name: value(row, text, names) for name, text in texts.items() if text is not None}
    if names[row.wrt].ndim:
        for one, other in (("numerator", "denominator"), ("denominator", "numerator")):
            if one in found:
                found.setdefault(other, found[one].T)
    return found


def tied(row: Row, size: int) -> dict[tuple[int, int], Array]:
    """Return for each entry of a structured matrix the direction in which it moves."""
    ways = {}
    for i, j in np.ndindex(size, size):
        way = np.zeros((size, size))
        if "diagonal" in row.assume:
            way[i, j] = i == j
        elif "triangular" in row.assume:
            way[i, j] = i >= j
        else:
            way[i, j] = way[j, i] = 1
        ways[i, j] = way
    return ways


def random_change(row: Row, names: Names) -> Array:
    return np.asarray(np.random.default_rng(7).uniform(-0.9, 0.9, names[row.wrt].shape))


def true_derivatives(row: Row, seed: int, names: Names) -> dict[str, Array]:
    """Return by differences what the row says in formulas."""
    found = {}
    if row.differential is not None:
        found["differential"] = along(row, names, names[f"d{row.wrt}"])
    if row.structured is not None:
        shape = names[row.wrt].shape
        moves = [along(row, names, way).item() for way in tied(row, shape[0]).values()]
        found["structured"] = np.asarray(moves).reshape(shape)
    if row.numerator is not None or row.denominator is not None:
        shape = names[row.wrt].shape
        output = shape if row.order == 2 else value(row, row.expr, names).shape
        found["numerator"] = laid_out(full(row, seed), output, shape)
        found["denominator"] = found["numerator"].T
    return found


@BY_ROW
def test_the_tables_are_right(row: Row) -> None:
    for seed, sizes in AT_SIZES:
        names = drawn(row, sizes, seed)
        if row.differential is not None:
            names[f"d{row.wrt}"] = random_change(row, names)
        true = true_derivatives(row, seed, names)
        for name, entries in expected(row, names).items():
            assert entries.size == true[name].size
            assert entries.size == 1 or entries.shape == true[name].shape, name
            result = entries.reshape(true[name].shape)
            np.testing.assert_allclose(result, true[name], 1e-6, 1e-6, err_msg=name)


def pending(row: Row) -> bool:
    return any(re.search(rf"(?<!\w){name}(?!\w)", row.expr) for name in PENDING)


def formulas(row: Row, found: Derived) -> dict[str, Formula | None]:
    """Return what is printed for each thing that the row says."""
    layouts = {"numerator": found.numerator.formula, "denominator": found.denominator.formula}
    if row.numerator is None and row.denominator is None:
        layouts = {}
    elif not dict(shapes_of(row))[row.wrt]:
        layouts.pop("denominator")
    others = {"differential": found.differential, "structured": found.structured}
    return layouts | {name: each for name, each in others.items() if getattr(row, name) is not None}


@BY_ROW
def test_derive_says_what_the_tables_say(row: Row, request: pytest.FixtureRequest) -> None:
    if row.id in WRONG:
        request.applymarker(pytest.mark.xfail(reason=WRONG[row.id]))
    found, findings = derived(row)
    if found is None and (pending(row) or row.id in REFUSED):
        assert all(each.code.startswith("SC2") for each in findings)
        return
    assert found is not None, findings
    assert not findings
    assert not pending(row), "it is answered now"
    laid = formulas(row, found)
    assert (None in laid.values()) == (row.id in REFUSED), laid
    for seed, sizes in AT_SIZES:
        names = drawn(row, sizes, seed)
        if row.differential is not None:
            names[f"d{row.wrt}"] = random_change(row, names)
        for name, formula in laid.items():
            if formula is not None:
                wanted = expected(row, names)[name]
                result = printed(formula, found, row, names)
                assert result.size == wanted.size
                assert result.size == 1 or result.shape == wanted.shape
                result = result.reshape(wanted.shape)
                np.testing.assert_allclose(result, wanted, rtol=1e-9, atol=1e-11, err_msg=name)


@BY_ROW
def test_index_form_is_the_derivative_entry_by_entry(row: Row) -> None:
    found, _ = derived(row)
    if found is None:
        return
    for seed, sizes in AT_SIZES:
        names = with_functions(row, drawn(row, sizes, seed))
        for name, whole in found.where:
            names[name] = eval(whole.numpy, {"np": np}, names)
        names[found.output] = np.asarray(eval(found.expression, {}, index_text.Names(names)))
        true = full(row, seed)
        try:
            result = index_text.entries(found.left, found.index_form, true.shape, names)
        except SyntaxError:
            assert row.id in MISREAD, found.index_form
            return
        same = np.allclose(result.ravel(), true.ravel(), 1e-6, 1e-6)
        assert same == (row.id not in MISREAD), found.index_form


def test_few_rows_are_refused() -> None:
    rows = {row.id for row in ROWS if not pending(row)}
    assert len(REFUSED) <= 0.05 * len(rows)
    assert set(REFUSED) <= rows


def test_each_row_has_a_name_of_its_own() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
