"""Reports → the JSON contract, version 1. Keys are stable; new ones may come beside them."""

import json
from collections.abc import Sequence
from math import isfinite, log10

import shapecalc
from shapecalc.diagnostics import Finding, Related
from shapecalc.records import (
    Chain,
    Checked,
    Claim,
    Counted,
    Dims,
    Distinct,
    Exact,
    Formula,
    Gradient,
    Independence,
    Jacobian,
    Ledger,
    OrderingItem,
    Orderings,
    Report,
    Step,
    Value,
    View,
)
from shapecalc.render.tally import Tally, in_order

SCHEMA_VERSION = 1
LARGEST = 2**53  # a reader of JSON may have floats alone
Tree = None | bool | int | float | str | Sequence["Tree"] | dict[str, "Tree"]


def document(reports: Sequence[Report], tally: Tally, *, encoding: str = "utf-8") -> str:
    """Print reports as one JSON document, in ASCII where the encoding lacks a character."""
    specs: list[Tree] = [_spec(report) for report in reports]
    return written({"specs": specs, "summary": dict(tally._asdict())}, encoding)


def written(content: dict[str, Tree], encoding: str) -> str:
    versions = {"schema_version": SCHEMA_VERSION, "shapecalc": shapecalc.__version__}
    tree = {**versions, **content}
    text = json.dumps(tree, ensure_ascii=False, allow_nan=False)
    if not _is_carried(text, encoding):
        text = json.dumps(tree, allow_nan=False)
    return text + "\n"


def _is_carried(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _spec(report: Report) -> Tree:
    return {
        "path": report.path,
        "name": report.name,
        "ok": report.ok,
        "loss": report.loss,
        "layout": report.layout,
        "dims": dict(report.dims),
        "batch": report.batch,
        "values": [_value(value) for value in report.values],
        "steps": [_step(step) for step in report.steps],
        "gradients": [_gradient(gradient) for gradient in report.gradients],
        "claims": [_claim(claim) for claim in report.claims],
        "findings": [finding_tree(finding) for finding in in_order(report.findings)],
        "silenced": [finding_tree(finding) for finding in in_order(report.silenced)],
        "assumptions": list(report.assumptions),
        "examples": _examples(report.examples),
        "inferred_dims": list(report.inferred_dims),
        "not_checked": list(report.not_checked),
        "step_count": report.step_count,
        "ledger": _ledger(report.ledger),
        **_distinct(report.distinct),
        "chains": [_chain(chain) for chain in report.chains],
    }


def _examples(examples: Independence | None) -> Tree:
    if examples is None:
        return None
    at: Tree = [dict(mixing._asdict()) for mixing in examples.at]
    return {"axis": examples.axis, "verdict": examples.verdict, "at": at}


def _ledger(ledger: Ledger | None) -> Tree:
    """Tell where constant factors are; null where no claim has one."""
    if ledger is None:
        return None
    return {
        "enters": [{"factor": factor, "with": value} for factor, value in ledger.enters],
        "claims": [entry._asdict() for entry in ledger.claims],
    }


def _distinct(distinct: Distinct | None) -> dict[str, Tree]:
    """Print proposed sizes, where they were asked for."""
    if distinct is None:
        return {}
    found: Tree = {
        "dims": dict(distinct.dims),
        "changed": list(distinct.changed),
        "wrong": distinct.wrong,
        "steps": distinct.steps,
        "square": [name for name, _ in distinct.square],
        "hidden": list(distinct.hidden),
    }
    return {"distinct": found}


def _chain(chain: Chain) -> Tree:
    """Print a chain of links; of counts that a float cannot hold, the logarithm alone."""
    cost = chain.cost
    return {
        "wrt": chain.wrt,
        "value": chain.value,
        "start": chain.start,
        "begins": chain.begins,
        "paths": _count(chain.paths),
        "then": chain.then or None,
        "why": chain.why,
        "for_each": list(chain.lanes),
        "links": [
            {
                "output": link.output,
                "wrt": link.wrt,
                "jacobian": link.matrix,
                "kind": link.kind,
                "shape": list(link.shape),
                "vec": link.vec or None,
            }
            for link in chain.links
        ],
        "layouts": {
            "denominator": None if chain.denominator is None else _view(chain.denominator),
            "numerator": None if chain.numerator is None else _view(chain.numerator),
        },
        "vec": {"stacking": "columns", "formula": chain.vec} if chain.vec else None,
        "orderings": _chain_orderings(chain) if chain.links else None,
        "cost": None if cost is None else dict(cost._asdict()),
    }


def _chain_orderings(chain: Chain) -> Tree:
    return {
        "total": _count(chain.total),
        "conformable": _counted(chain.conformable),
        "at_these_sizes": None if chain.here is None else _counted(chain.here),
        "right": _count(chain.right),
        "transposed": _count(chain.transposed),
    }


def _counted(count: Counted) -> Tree:
    if count.exact is None:
        return {"exact": None, "at_most": _count(count.bound)}
    return {"exact": _count(count.exact), "at_most": None}


def _count(count: int) -> Tree:
    return {"count": count if count < LARGEST else None, "log10": log10(count) if count else None}


def _value(value: Value) -> Tree:
    return {
        "name": value.name,
        "kind": value.kind,
        "shape": list(value.shape),
        "size": None if value.size is None else list(value.size),
        "equation": value.equation,
        "line": value.line,
        "note": value.note,
    }


def _step(step: Step) -> Tree:
    return {
        "loss": step.loss,
        "output": step.output,
        "wrt": step.wrt,
        "use": step.use,
        "equation": step.equation,
        "line": step.line,
        "relation": step.relation,
        "note": step.note,
        "upstream": step.upstream,
        "upstream_shape": list(step.upstream_shape),
        "jacobian": _jacobian(step.jacobian),
        "layouts": _layouts(step),
        "orderings": _orderings(step.orderings),
        "contraction": {
            "left": step.contraction.left,
            "lines": [{"text": text, "why": why} for text, why in step.contraction.lines],
        },
        "walk": [dict(edge._asdict()) for edge in step.walk],
        "formula": formula_tree(step.formula),
        "checked": checked_tree(step.checked),
    }


def _jacobian(jacobian: Jacobian) -> Tree:
    return {
        "shape": list(jacobian.shape),
        "index": jacobian.index_form,
        "left": jacobian.left,
        "diagonal": list(jacobian.diagonal),
        "effective": jacobian.effective,
        "effective_shape": _dims(jacobian.effective_shape),
        "entries": None if jacobian.entries is None else list(jacobian.entries),
        "contracted": list(jacobian.contracted),
        "summed": list(jacobian.summed),
        "mixed": list(jacobian.mixed),
    }


def _layouts(step: Step) -> dict[str, Tree]:
    none: Tree = {"formula": None, "factors": [], "shape": None, "why": step.mixed_why}
    views: dict[str, Tree] = {
        "numerator": _view(step.numerator),
        "denominator": _view(step.denominator),
        "mixed": none if step.mixed is None else _view(step.mixed),
    }
    return views if step.vec is None else {**views, "vec": _view(step.vec)}


def _view(view: View) -> Tree:
    return {
        "formula": view.formula or None,
        "factors": [list(factor) for factor in view.factors],
        "shape": _dims(view.shape),
        "why": view.why,
        "fits_here": view.fits_here,
    }


def _orderings(orderings: Orderings) -> Tree:
    if not orderings.defined:
        return {"defined": False, "why": orderings.why}
    return {
        "defined": True,
        "total": orderings.total,
        "conformable": orderings.conformable,
        "at_these_sizes": orderings.at_these_sizes,
        "right": orderings.right,
        "transposed": orderings.transposed,
        "items": [_item(item) for item in orderings.items],
    }


def _item(item: OrderingItem) -> Tree:
    return {
        "formula": item.formula,
        "factors": [list(factor) for factor in item.factors],
        "conforms": item.conforms,
        "shape": _dims(item.shape),
        "value": item.value,
        "layout": item.layout,
        "why": item.why,
    }


def _gradient(gradient: Gradient) -> Tree:
    return {
        "wrt": gradient.wrt,
        "gradient": gradient.gradient,
        "kind": gradient.kind,
        "shape": list(gradient.shape),
        "layout": gradient.layout,
        "formula": formula_tree(gradient.formula),
        "steps": [
            {"output": output, "use": use, "numpy": numpy} for output, use, numpy in gradient.steps
        ],
        "checked": checked_tree(gradient.checked),
        "note": gradient.note,
    }


def formula_tree(formula: Formula) -> Tree:
    return {"text": formula.text, **formula.spelt()._asdict()}


def checked_tree(checked: Checked) -> Tree:
    error = checked.components
    return {
        "canonical": checked.canonical,
        "components": error if error is not None and isfinite(error) else None,
        "exact": None if checked.exact is None else _exact(checked.exact),
        "note": checked.note,
    }


def _exact(exact: Exact) -> Tree:
    return dict(exact._asdict())


def _claim(claim: Claim) -> Tree:
    return {**claim._asdict(), "mistakes": list(claim.mistakes)}


def finding_tree(finding: Finding) -> Tree:
    _, line, column, _ = finding.span
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "line": line,
        "column": column,
        "end_line": line,
        "end_column": finding.span.end_column,
        "message": finding.message,
        "help": finding.help,
        "label": finding.label,
        "related": [_related(related) for related in finding.related],
        "notes": [{"head": head, "text": text} for head, text in finding.notes],
    }


def _related(related: Related) -> Tree:
    path, line, column, _ = related.span
    end = related.span.end_column
    return {
        "path": path,
        "line": line,
        "column": column,
        "end_line": line,
        "end_column": end,
        "text": related.text,
    }


def _dims(dims: Dims | None) -> Tree:
    return None if dims is None else list(dims)
