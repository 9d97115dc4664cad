"""Operands that do not go together → a finding that shows both sides, and what would fit."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from shapecalc.diagnostics import Finding, Related
from shapecalc.dims import Dim, Shape, matrix_turned, shape_text
from shapecalc.expression import Binary
from shapecalc.graph.origins import Origins
from shapecalc.matrix import make
from shapecalc.matrix.printing import text
from shapecalc.ops.build import Misfit
from shapecalc.tree import Leaf, Tree

Sizes = Mapping[str, int]
PRODUCTS = ("matmul", "dot")
_SIDE_BY_SIDE = "give both one shape, or a unit axis to repeat along"


class _Fit(NamedTuple):
    """Two factors, side by side."""

    left: Tree
    right: Tree

    @property
    def product(self) -> Tree:
        """Return their product."""
        return make.matmul(self.left, self.right)

    @property
    def conforms(self) -> bool:
        """Say whether the inner dims are one, and the stacks in front go together."""
        left, right = self.left.shape, self.right.shape
        stacks = zip(left[-3::-1], right[-3::-1], strict=False)
        is_stack = all(a == b or a.is_one or b.is_one for a, b in stacks)
        return left[-1] == right[-2:][0] and is_stack


def misfit_finding(misfit: Misfit, origins: Origins, sizes: Sizes) -> Finding:
    """Describe operands that do not go together, at their place in the source."""
    code, is_pair = misfit.mismatch.code, len(misfit.operands) == 2
    if code == "SC301" and is_pair and misfit.op in PRODUCTS:
        return _inner_dims(misfit, origins, sizes)
    if code == "SC302" and is_pair and misfit.op not in PRODUCTS:
        return _not_broadcastable(misfit, origins, sizes)
    message, advice = misfit.mismatch.fact, misfit.mismatch.help
    if misfit.op in PRODUCTS and is_pair:
        message, advice = _no_stacks(misfit) if code == "SC302" else _no_matrices(misfit)
    elif code == "SC301" and len(misfit.mismatch.axes) == 2 and not misfit.mismatch.help:
        message, advice = _one_index(misfit)
    related = _related(misfit, origins, sizes)
    label = label_of(misfit, sizes)
    return Finding(code, misfit.node.span, message, advice, label, related)


def _no_matrices(misfit: Misfit) -> tuple[str, str]:
    """Say why something is no product, and what to write for it."""
    left, right = misfit.operands
    scalar = next((each for each in misfit.operands if not each.shape), None)
    if scalar is not None:
        message = f"`{text(scalar)}` is a scalar, and `@` multiplies matrices and vectors"
        return message, f"write `{text(make.binary('mul', left, right))}`"
    message = f"`{misfit.op}` multiplies each matrix of `{text(left)}` by every one of"
    written = text(make.binary("matmul", left, right))
    return f"{message} `{text(right)}`", f"write `{written}` to multiply one by one"


def _no_stacks(misfit: Misfit) -> tuple[str, str]:
    """Say which axes in front of two stacks of matrices clash."""
    left, right = (f"`{text(each)}` {shape_text(each.shape)}" for each in misfit.operands)
    message = f"the stacks of {left} and {right} do not broadcast, {misfit.mismatch.fact}"
    return message, "give both the same axes in front, or an axis of size 1"


def _one_index(misfit: Misfit) -> tuple[str, str]:
    """Say that axes of different dims were given one index."""
    owners = [(misfit.operands[place], axis) for place, axis in misfit.mismatch.axes]
    named = [f"{tree.shape[axis]} in `{text(tree)}`" for tree, axis in owners]
    message = f"one index of `{misfit.op}` is {' and '.join(named)}, {misfit.mismatch.fact}"
    return message, "give the two axes letters of their own, or one dim"


def _inner_dims(misfit: Misfit, origins: Origins, sizes: Sizes) -> Finding:
    left, right = misfit.operands
    message = f"`{text(make.matmul(left, right))}` does not conform, {misfit.mismatch.fact}"
    notes: tuple[tuple[str, str], ...] = ()
    advice = "check the shapes of both"
    if fit := _what_fits(left, right):
        factors = f"{shape_text(fit.left.shape)} @ {shape_text(fit.right.shape)}"
        shape = shape_text(fit.product.shape)
        notes = (("fits", f"`{text(fit.product)}`, {factors} → {shape}"),)
        advice = f"write `{text(fit.product)}`{_or_declare(misfit, fit, origins)}"
    related = _related(misfit, origins, sizes)
    label = label_of(misfit, sizes)
    return Finding("SC301", misfit.node.span, message, advice, label, related, notes)


def _or_declare(misfit: Misfit, fit: _Fit, origins: Origins) -> str:
    """Propose the declaration that makes the product as written fit."""
    for written, fitting in zip(misfit.operands, (fit.left, fit.right), strict=True):
        if fitting is not written and make.transposed(written) is fitting:
            return _or_turned(written, origins)
    return ""


def _or_turned(written: Tree, origins: Origins) -> str:
    if not isinstance(written, Leaf) or written.name not in origins.declared:
        return ""
    return f", or declare {_declaration(written, matrix_turned(written.shape))}"


def _declaration(value: Leaf, shape: Shape) -> str:
    return f"`{value.name}: [{', '.join(map(str, shape))}]`"


def _what_fits(left: Tree, right: Tree) -> _Fit | None:
    """Find an arrangement that conforms for all sizes: of few transposes, in this order if it can.

    A vector has no transpose.
    """
    fits = [fit for a, b in ((left, right), (right, left)) for fit in _turned(a, b)]
    conforming = [fit for fit in fits if fit.conforms]
    written = (left, right)
    return min(
        conforming,
        key=lambda fit: (fit.left not in written) + (fit.right not in written),
        default=None,
    )


def _turned(left: Tree, right: Tree) -> Iterator[_Fit]:
    if not left.shape or not right.shape:
        return
    for b in dict.fromkeys((right, make.transposed(right))):
        for a in dict.fromkeys((left, make.transposed(left))):
            yield _Fit(a, b)


def _not_broadcastable(misfit: Misfit, origins: Origins, sizes: Sizes) -> Finding:
    left, right = misfit.operands
    both = [f"`{text(each)}` {shape_text(each.shape)}" for each in (left, right)]
    fact = misfit.mismatch.fact
    message = f"{both[0]} and {both[1]} do not broadcast, {fact}{_on_axis(misfit)}"
    if misfit.needs_one_shape:
        message = f"`{misfit.op}` takes operands of one shape, not {both[0]} and {both[1]}"
    advice, notes = _what_broadcasts(misfit, origins)
    label = label_of(misfit, sizes)
    related = _related(misfit, origins, sizes)
    return Finding("SC302", misfit.node.span, message, advice, label, related, notes)


def _on_axis(misfit: Misfit) -> str:
    """Say on which axis of the result dims clash."""
    if not misfit.mismatch.axes:
        return ""
    place, axis = misfit.mismatch.axes[0]
    rank = max(len(operand.shape) for operand in misfit.operands)
    return f" on axis {rank - len(misfit.operands[place].shape) + axis}" if rank > 1 else ""


def _what_broadcasts(misfit: Misfit, origins: Origins) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Propose a shape or a transpose that fits."""
    left, right = misfit.operands
    is_infix = misfit.op == "mul" and isinstance(misfit.node, Binary)
    if is_infix and len(left.shape) == len(right.shape) == 2 and left.shape[1] == right.shape[0]:
        return f"write `{text(make.matmul(left, right))}` for a matrix product", ()
    for own, other in ((right, left), (left, right)):
        column = None if misfit.needs_one_shape else _as_column(own, other)
        if column and isinstance(own, Leaf) and own.name in origins.declared:
            why = f"shapes are lined up at their last axes: {own.shape[0]} meets {other.shape[-1]}"
            return f"write {_declaration(own, column)}", (("why", why),)
    for own, other in ((right, left), (left, right)):
        if len(own.shape) == 2 and _fits(tuple(reversed(own.shape)), other.shape, misfit):
            turned = {own: make.transposed(own)}
            return f"write `{_written(misfit, turned)}`{_or_turned(own, origins)}", ()
    for own, other in sorted(((right, left), (left, right)), key=_is_wide):
        if isinstance(own, Leaf) and own.name in origins.declared:
            return f"write {_declaration(own, _fitted(own, other, misfit))}", ()
    return _SIDE_BY_SIDE, ()


def _as_column(own: Tree, other: Tree) -> Shape | None:
    """Return the shape of a vector that is to be repeated along the last axis, `[h, 1]`."""
    if len(own.shape) != 1 or len(other.shape) < 2 or own.shape[0] != other.shape[-2]:
        return None
    return (*own.shape, Dim.number(1))


def _fits(left: Shape, right: Shape, misfit: Misfit) -> bool:
    if misfit.needs_one_shape:
        return left == right
    pairs = zip(reversed(left), reversed(right), strict=False)
    return all(a == b or a.is_one or b.is_one for a, b in pairs)


def _written(misfit: Misfit, turned: Mapping[Tree, Tree]) -> str:
    """Print the operation with a transpose, or the transpose alone where it has a name."""
    left, right = (turned.get(each, each) for each in misfit.operands)
    if isinstance(misfit.node, Binary):
        return text(make.binary(misfit.op, left, right))
    return text(next(iter(turned.values())))


def _is_wide(pair: tuple[Tree, Tree]) -> bool:
    """Say whether a value is less likely to be the one to change: it is as large as the result."""
    own, other = pair
    return len(own.shape) > len(other.shape) or any(dim.is_one for dim in other.shape)


def _fitted(own: Leaf, other: Tree, misfit: Misfit) -> Shape:
    """Return a declared value's shape with the other's dims in place of its own."""
    if misfit.needs_one_shape:
        return other.shape
    start = len(own.shape) - len(other.shape)
    return tuple(
        dim
        if dim.is_one or axis < start or other.shape[axis - start].is_one
        else other.shape[axis - start]
        for axis, dim in enumerate(own.shape)
    )


def label_of(misfit: Misfit, sizes: Sizes) -> str:
    """Return the words beside the caret: `(k, m) @ (k, h): m is 64, k is 10`."""
    sign = f" {misfit.node.operator} " if isinstance(misfit.node, Binary) else " and "
    shapes = sign.join(shape_text(operand.shape) for operand in misfit.operands)
    dims = [misfit.operands[place].shape[axis] for place, axis in misfit.mismatch.axes]
    if len(dims) != 2:
        return shapes
    known = [f"{dim} is {_size(dim, sizes)}" for dim in dims if dim.names and _size(dim, sizes)]
    if len(known) < 2:
        known = [" ≠ ".join(map(str, dims)), *known]
    return f"{shapes}: {', '.join(known)}"


def _size(dim: Dim, sizes: Sizes) -> int | None:
    return dim.size(sizes) if all(name in sizes for name in dim.names) else None


def _related(misfit: Misfit, origins: Origins, sizes: Sizes) -> tuple[Related, ...]:
    """Point at the declared axes that clash."""
    found: dict[Related, None] = {}
    for place, axis in misfit.mismatch.axes:
        entry, own = origins.of(misfit.operands[place], axis)
        if entry is None or own >= len(entry.dim_spans):
            continue
        dim = entry.shape[own]
        size = f" = {_size(dim, sizes)}" if dim.names and _size(dim, sizes) else ""
        said = f"{entry.name} has {dim}{size} {_side(len(entry.shape), own, dim)}"
        found[Related(entry.dim_spans[own], said)] = None
    return tuple(sorted(found, key=lambda related: related.span[1:3]))


def _side(rank: int, axis: int, dim: Dim) -> str:
    if rank > 2:
        return f"on axis {axis}"
    side = ("row", "column")[axis] if rank == 2 else "entry"
    plural = "entries" if side == "entry" else f"{side}s"
    return side if dim.is_one else plural
