"""Slices and padding at the sizes of the spec: what they cut off, or put around, is there.

A slice up to `h` of an axis `n` means h entries where h is at most n; that is checked where both
have sizes, and said to be assumed where it is not known.
"""

from collections.abc import Iterable, Iterator, Mapping

from shapecalc.conditions.forms import ZERO, is_never_negative
from shapecalc.diagnostics import Finding, Problem
from shapecalc.dims import ONE, Dim
from shapecalc.matrix.printing import text
from shapecalc.ops.registry import OPS
from shapecalc.span import Span
from shapecalc.spec.quotients import inexact
from shapecalc.tree import Attribute, Call, Tree, call, calls

WIDTHS = ("cut", "pad_width")
"""Attributes that say how much is cut off of axes, or put around them."""


def hold_to_ranges(tree: Tree, sizes: Mapping[str, int], place: Span) -> None:
    """Raise a Problem where a slice is out of range at the sizes that there are."""
    for part in calls(tree):
        widths = tuple(_widths(part))
        made = (dim - ONE for dim in part.shape if widths or OPS[part.op].numbers)
        for dim in (*widths, *made, *_rooms(part)):
            if not _is_known(dim, sizes) or dim.size(sizes) >= 0:
                continue
            low, high = _sides(dim)
            here = f"{low} is {low.size(sizes)}, {high} is {high.size(sizes)}"
            message = f"`{text(part)}` is out of range, {here}"
            raise Problem(Finding("SC304", place, message, _instead(part, sizes)))
        for dim in _parts(part):
            if _is_known(dim, sizes) and not dim.is_whole(sizes):
                raise inexact(dim, sizes, place)


def _instead(tree: Call, sizes: Mapping[str, int]) -> str:
    """Propose the slice that ends where its axis does; nothing for a single entry."""
    cut, drop = (dict(tree.attributes).get(name) for name in ("cut", "drop"))
    if not isinstance(cut, tuple) or drop:
        return "choose sizes at which it is in range"
    within = tuple(tuple(_at_least_nothing(each, sizes) for each in _dims(pair)) for pair in cut)
    part = call(tree.op, tree.operands, (("cut", within), ("drop", ())), tree.shape)
    return f"write `{text(part)}`, or choose sizes at which it is in range"


def _at_least_nothing(dim: Dim, sizes: Mapping[str, int]) -> Dim:
    return ZERO if _is_known(dim, sizes) and dim.size(sizes) < 0 else dim


def ranges_assumed(trees: Iterable[Tree], sizes: Mapping[str, int]) -> Iterator[str]:
    """Say which dims are taken to be no larger than others, where no sizes tell."""
    found: dict[str, None] = {}
    for tree in trees:
        for dim in (dim for part in calls(tree) for dim in (*_widths(part), *_windows(part))):
            if not is_never_negative(dim) and not _is_known(dim, sizes):
                low, high = _sides(dim)
                found[f"{low} ≤ {high}"] = None
        for dim in (dim for part in calls(tree) for dim in _parts(part)):
            if not _is_known(dim, sizes):
                found[f"{dim.divisor} divides {dim.divided_part}"] = None
    yield from found


def _windows(part: Call) -> Iterator[Dim]:
    """Yield what is left of an axis beside a window: nothing or more."""
    if OPS[part.op].numbers:
        yield from (d - ONE for d in part.shape if d.only_name is None and d.names == d.atoms)


def _parts(part: Call) -> Iterator[Dim]:
    """Yield the quotients that an op makes of axes: channels in groups."""
    op = OPS[part.op]
    if op.numbers and dict(part.attributes).get("groups", 1) != 1:
        dims = op.bound(tuple(operand.shape for operand in part.operands), part.attributes).dims
        yield from (dim for dim in dims.values() if dim.has_divisor)


def _rooms(part: Call) -> Iterator[Dim]:
    """Yield what is left of each axis whose size is stated, beside what is put there."""
    if dict(part.attributes).get("output_size") is None:
        return
    op = OPS[part.op]
    dims = op.bound(tuple(operand.shape for operand in part.operands), part.attributes).dims
    for condition in (each for term in op.terms(part) for each in term.conditions):
        if condition.left is not None:
            last = condition.offset
            for letter, step in condition.parts:
                last += step * (dims[letter] - ONE)
            yield dims[condition.left] - ONE - last


def _widths(part: Call) -> Iterator[Dim]:
    for name, value in part.attributes:
        if name in WIDTHS:
            yield from _dims(value)


def _dims(value: Attribute) -> Iterator[Dim]:
    if isinstance(value, Dim):
        yield value
    elif isinstance(value, int):
        yield Dim.number(value)
    elif isinstance(value, tuple):
        for item in value:
            yield from _dims(item)


def _is_known(dim: Dim, sizes: Mapping[str, int]) -> bool:
    return all(name in sizes for name in dim.names)


def _sides(dim: Dim) -> tuple[Dim, Dim]:
    """Write a difference as what must be at most what: h - 2 as 2 and h."""
    high = Dim([(monomial, count) for monomial, count in dim.terms if count > 0])
    return ZERO - (dim - high), high
