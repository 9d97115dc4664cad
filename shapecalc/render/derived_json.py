"""One derivative → its part of the JSON contract: formulas, layouts, code, checks."""

from shapecalc.records import Code, Derived, Evaluated, LaidOut, Report
from shapecalc.render.json import Tree, checked_tree, finding_tree, formula_tree, written
from shapecalc.render.pasted import LIBRARIES
from shapecalc.render.tally import in_order


def derived_document(report: Report, *, encoding: str) -> str:
    """Write a derivative, or the findings that say why there is none."""
    found = None if report.derived is None else _derived(report.derived)
    findings: list[Tree] = [finding_tree(finding) for finding in in_order(report.findings)]
    return written({"derived": found, "findings": findings}, encoding)


def _derived(found: Derived) -> Tree:
    return {
        "expression": found.expression,
        "output": found.output,
        "output_shape": list(found.output_shape),
        "wrt": found.wrt,
        "wrt_shape": list(found.wrt_shape),
        "of": found.kinds[0],
        "by": found.kinds[1],
        "full_shape": list(found.full_shape),
        "entry": found.left,
        "index": found.index_form,
        "diagonal": list(found.diagonal),
        "effective": None
        if found.effective is None
        else {"formula": found.effective[0], "shape": list(found.effective[1])},
        "numerator": _laid_out(found.numerator),
        "denominator": _laid_out(found.denominator),
        "differential": None if found.differential is None else formula_tree(found.differential),
        "vec": found.vec,
        "where": {name: formula_tree(whole) for name, whole in found.where},
        "kinks": list(found.kinks),
        "structured": None if found.structured is None else formula_tree(found.structured[0]),
        "evaluated": None if found.evaluated is None else _evaluated(found.evaluated),
        "gradient_of": found.gradient_of or None,
        "code": {name: _code(getattr(found.elsewhere(), name)) for name in LIBRARIES},
        "checked": checked_tree(found.checked),
    }


def _evaluated(found: Evaluated) -> Tree:
    entries: list[Tree] = [
        {**entry._asdict(), "row": list(entry.row), "column": list(entry.column)}
        for entry in found.entries
    ]
    return {"sizes": dict(found.sizes), "entries": entries, "worst": found.worst}


def _laid_out(laid: LaidOut) -> Tree:
    if laid.formula is None:
        return {"formula": None, "why": laid.why}
    steps: list[Tree] = [{"rule": rule, "formula": text} for rule, text in laid.steps]
    return {"formula": formula_tree(laid.formula), "shape": list(laid.shape), "steps": steps}


def _code(code: Code) -> Tree:
    functions: dict[str, Tree] = dict(code.functions)
    return {"imports": list(code.imports), "functions": functions, "why": code.why or None}
