"""Operands that do not go together → a finding that shows both sides, and what would fit."""

from collections.abc import Mapping

from shapecalc.diagnostics import Finding, Related
from shapecalc.dims import shape_text
from shapecalc.matrix import make
from shapecalc.matrix.printing import text
from shapecalc.ops.build import Misfit
from shapecalc.spec.network import ValueEntry
from shapecalc.tree import Call, Leaf, Tree

Declared = Mapping[str, ValueEntry]
SIDES = {0: "rows", 1: "columns"}


def misfit_finding(misfit: Misfit, declared: Declared, sizes: Mapping[str, int]) -> Finding:
    """Describe operands that do not go together, at their place in the source."""
    mismatch, operands = misfit.mismatch, misfit.operands
    if mismatch.code == "SC301" and len(operands) == 2:
        return _inner_dims(misfit, declared, sizes)
    shapes = " and ".join(shape_text(operand.shape) for operand in operands)
    if mismatch.code == "SC302" and mismatch.axes:
        shown = " and ".join(
            f"`{text(operand)}` {shape_text(operand.shape)}" for operand in operands
        )
        message = f"{shown} do not broadcast, {mismatch.fact}"
        help = "give both one shape, or a unit axis to repeat along"
        related = _related(misfit, declared, sizes)
        label = _sized(misfit, sizes)
        return Finding("SC302", misfit.node.span, message, help, label, related)
    help = "transpose or reshape one" if mismatch.code in ("SC302", "SC303") else ""
    return Finding(mismatch.code, misfit.node.span, mismatch.fact, help, shapes)


def _inner_dims(misfit: Misfit, declared: Declared, sizes: Mapping[str, int]) -> Finding:
    left, right = misfit.operands
    written = text(make.matmul(left, right)) if left.shape and right.shape else ""
    message = f"`{written}` does not conform, {misfit.mismatch.fact}"
    shapes = f"{shape_text(left.shape)} @ {shape_text(right.shape)}"
    label = f"{shapes}: {_sized(misfit, sizes)}"
    fit = _what_fits(left, right)
    notes: tuple[tuple[str, str], ...] = ()
    help = "check the shapes of both"
    if fit is not None:
        first, second = fit
        product = make.matmul(first, second)
        factors = f"{shape_text(first.shape)} @ {shape_text(second.shape)}"
        notes = (("fits", f"`{text(product)}`, {factors} → {shape_text(product.shape)}"),)
        help = _advice(text(product), left, right, first, second, declared)
    related = _related(misfit, declared, sizes)
    return Finding("SC301", misfit.node.span, message, help, label, related, notes)


def _advice(
    product: str, left: Tree, right: Tree, first: Tree, second: Tree, declared: Declared
) -> str:
    """Propose the product that fits, or the declaration that makes the one written fit."""
    for written, fitting in ((left, first), (right, second)):
        is_declared = isinstance(written, Leaf) and written.name in declared
        if is_declared and fitting is not written and make.transposed(written) is fitting:
            dims = ", ".join(map(str, reversed(written.shape)))
            return f"write `{product}`, or declare `{text(written)}: [{dims}]`"
    return f"write `{product}`"


def _what_fits(left: Tree, right: Tree) -> tuple[Tree, Tree] | None:
    """Find an arrangement of two matrices that conforms for all sizes; in this order if it can."""
    if not (len(left.shape) == len(right.shape) == 2):
        return None
    for a, b in ((left, right), (right, left)):
        turned_a, turned_b = make.transposed(a), make.transposed(b)
        for first, second in ((a, b), (turned_a, b), (a, turned_b), (turned_a, turned_b)):
            if first.shape[1] == second.shape[0]:
                return first, second
    return None


def _sized(misfit: Misfit, sizes: Mapping[str, int]) -> str:
    dims = [misfit.operands[place].shape[axis] for place, axis in misfit.mismatch.axes]
    known = [
        f"{dim} is {dim.size(sizes)}"
        for dim in dims
        if dim.names and all(name in sizes for name in dim.names)
    ]
    return ", ".join(known) if len(known) == len(dims) else misfit.mismatch.fact


def _related(misfit: Misfit, declared: Declared, sizes: Mapping[str, int]) -> tuple[Related, ...]:
    """Point at the declared axes that clash."""
    found = []
    for place, axis in misfit.mismatch.axes:
        operand = misfit.operands[place]
        name, own_axis = _declared_axis(operand, axis)
        if name in declared:
            entry = declared[name]
            dim = entry.shape[own_axis]
            size = f" = {dim.size(sizes)}" if all(n in sizes for n in dim.names) else ""
            side = (
                SIDES.get(own_axis, f"on axis {own_axis}") if len(entry.shape) == 2 else "entries"
            )
            if own_axis < len(entry.dim_spans):
                text_ = f"{name} has {dim}{size} {side}"
                found.append(Related(entry.dim_spans[own_axis], text_))
    return tuple(sorted(found, key=lambda related: related.span.line))


def _declared_axis(operand: Tree, axis: int) -> tuple[str, int]:
    if isinstance(operand, Leaf):
        return operand.name, axis
    if isinstance(operand, Call) and operand.op == "transpose":
        name, own = _declared_axis(operand.operands[0], axis)
        return name, len(operand.shape) - 1 - own
    return "", axis
