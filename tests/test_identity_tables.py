"""`derive` and the standard tables of matrix calculus, each row in both layouts."""

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
REFUSED: dict[str, str] = {}
"""Rows that are refused, or have no formula, and why."""
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
        known[name] = eval(whole.numpy, {}, index_text.Names(known))
    return np.asarray(eval(formula.numpy, {}, index_text.Names(known)), dtype=float)


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


def formulas(row: Row, found: Derived) -> dict[str, Formula | None]:
    """Return what is printed for each thing that the row says."""
    layouts = {"numerator": found.numerator.formula, "denominator": found.denominator.formula}
    if row.numerator is None and row.denominator is None:
        layouts = {}
    elif not dict(shapes_of(row))[row.wrt]:
        layouts.pop("denominator")
    structured = found.structured[0] if found.structured else None
    others = {"differential": found.differential, "structured": structured}
    return layouts | {name: each for name, each in others.items() if getattr(row, name) is not None}


@BY_ROW
def test_derive_says_what_the_tables_say(row: Row) -> None:
    found, findings = derived(row)
    if found is None and row.id in REFUSED:
        assert all(each.code.startswith("SC2") for each in findings)
        return
    assert found is not None, findings
    assert not findings
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
            names[name] = eval(whole.numpy, {}, index_text.Names(names))
        names[found.output] = np.asarray(eval(found.expression, {}, index_text.Names(names)))
        true = full(row, seed)
        result = index_text.entries(found.left, found.index_form, true.shape, names)
        np.testing.assert_allclose(result.ravel(), true.ravel(), 1e-6, 1e-6)


def test_few_rows_are_refused() -> None:
    assert len(REFUSED) <= 0.05 * len(ROWS)
    assert set(REFUSED) <= {row.id for row in ROWS}


def test_each_row_has_a_name_of_its_own() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
