"""Slices and padding at the sizes of the spec: what they cut off, or put around, is there.

A slice up to `h` of an axis `n` means h entries where h is at most n; that is checked where both
have sizes, and said to be assumed where it is not known.
"""

from collections.abc import Iterable, Iterator, Mapping

from shapecalc.conditions.forms import ZERO, is_never_negative
from shapecalc.diagnostics import Finding, Problem
from shapecalc.dims import ONE, Dim
from shapecalc.matrix.printing import text
from shapecalc.span import Span
from shapecalc.tree import Attribute, Call, Tree, call, calls

WIDTHS = ("cut", "pad_width")
"""Attributes that say how much is cut off of axes, or put around them."""


def hold_to_ranges(tree: Tree, sizes: Mapping[str, int], place: Span) -> None:
    """Raise a Problem where a slice is out of range at the sizes that there are."""
    for part in calls(tree):
        widths = tuple(_widths(part))
        for dim in (*widths, *(dim - ONE for dim in part.shape if widths)):
            if not _is_known(dim, sizes) or dim.size(sizes) >= 0:
                continue
            low, high = _sides(dim)
            here = f"{low} is {low.size(sizes)}, {high} is {high.size(sizes)}"
            message = f"`{text(part)}` is out of range, {here}"
            raise Problem(Finding("SC304", place, message, _instead(part, sizes)))


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
        for dim in (dim for part in calls(tree) for dim in _widths(part)):
            if not is_never_negative(dim) and not _is_known(dim, sizes):
                low, high = _sides(dim)
                found[f"{low} ≤ {high}"] = None
    yield from found


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
