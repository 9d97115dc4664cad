"""An explanation → JSON: every block with its kind and its fields, every level with its check."""

from shapecalc.records import Report
from shapecalc.records.explained import Explanation
from shapecalc.render.json import Tree, finding_tree, written
from shapecalc.render.tally import in_order

KINDS = {
    "Prose",
    "Lines",
    "Boxes",
    "Numbers",
    "Moves",
    "Grid",
    "Walked",
    "Sides",
}


def explained_document(
    explanation: Explanation | None,
    choices: tuple[tuple[str, str], ...],
    report: Report,
    *,
    encoding: str,
) -> str:
    """Write an explanation, or the choices, and what was found wrong on the way."""
    listed: list[Tree] = [{"wrt": name, "gradient": formula} for name, formula in choices]
    findings: list[Tree] = [finding_tree(finding) for finding in in_order(report.findings)]
    shapes: dict[str, Tree] = {each.name: [*each.shape] for each in report.values}
    shapes |= {each.gradient: [*each.shape] for each in report.gradients}
    content: dict[str, Tree] = {
        "path": report.path,
        "loss": report.loss,
        "dims": dict(report.dims),
        "batch": report.batch,
        "shapes": shapes,
        "explanation": None if explanation is None else _tree(explanation),
        "choices": listed,
        "findings": findings,
    }
    return written(content, encoding)


def _tree(value: object) -> Tree:
    """Write a record as an object, with its kind where it is a block of a level."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    assert isinstance(value, tuple)
    names: tuple[str, ...] = getattr(value, "_fields", ())
    if not names:
        return [_tree(each) for each in value]
    kind = type(value).__name__
    fields = {name: _tree(each) for name, each in zip(names, value, strict=True)}
    return {"kind": kind.lower(), **fields} if kind in KINDS else fields
