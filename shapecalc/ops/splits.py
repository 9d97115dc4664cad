"""`split(X, 3, axis=1)[0]` → the slice that it is: NumPy counts the parts, PyTorch their size."""

from collections.abc import Mapping
from collections.abc import Sequence as Items
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.dims import ONE, Dim
from shapecalc.expression import Call, Keyword, Name, Sequence, Subscript, Syntax
from shapecalc.matrix.rearranged import plain
from shapecalc.ops.attributes import problem
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.calls import dotted
from shapecalc.ops.names import NUMPY, PREFIXES, SPLITS, TORCH
from shapecalc.ops.registry import OPS
from shapecalc.ops.sizes import whole_number
from shapecalc.span import Span
from shapecalc.tree import Attributes, Tree

if TYPE_CHECKING:
    from shapecalc.ops.build import Builder

ZERO = Dim.number(0)
_KEYWORDS = {
    "dim": "axis",
    "indices_or_sections": "parts",
    "sections": "parts",
    "chunks": "parts",
    "split_size_or_sections": "parts",
    "split_size": "parts",
    "tensor_indices_or_sections": "parts",
}


class Split(NamedTuple):
    """A call that makes several values of one: its kind, and its arguments by name."""

    kind: str
    whole: Syntax
    given: Mapping[str, Syntax]


def read_split(builder: "Builder", node: Subscript) -> tuple[tuple[Tree, ...], Attributes] | None:
    """Return the operand and attributes of the slice; None where nothing is split."""
    split = _split(builder, node.value)
    if split is None:
        return None
    whole = builder.tree(split.whole)
    axis = _axis(split, whole, node.value.span)
    dim = whole.shape[axis]
    try:
        start, stop = _ends(builder, split, node, dim)
    except ShapeMismatch as mismatch:
        mismatch.axes = ((0, axis),)
        raise builder.misfit(node, OPS["slice"], mismatch, (whole,)) from None
    own = (plain(start), plain(dim - stop))
    pairs = tuple(own if place == axis else (0, 0) for place in range(len(whole.shape)))
    drop = (axis,) if split.kind == "unbind" else ()
    return (whole,), (("cut", pairs), ("drop", drop))


def _split(builder: "Builder", node: Syntax) -> Split | None:
    """Recognise a call of `split` or its kind, and read its arguments."""
    if not isinstance(node, Call):
        return None
    arguments, function = list(node.arguments), node.function
    if isinstance(function, Name):
        kind = SPLITS[NUMPY].get(function.text) or SPLITS[TORCH].get(function.text)
    else:
        prefix = dotted(function.value)
        is_library = prefix in PREFIXES and not builder.is_value(function.value)
        library = PREFIXES[prefix] if is_library else TORCH  # NumPy has no such methods
        kind = SPLITS.get(library, {}).get(function.name)
        if not is_library:
            arguments.insert(0, function.value)
    if kind is None or not arguments:
        return None
    return Split(kind, arguments[0], _arguments(kind, arguments[1:], node.keywords))


def _arguments(kind: str, others: Items[Syntax], keywords: Items[Keyword]) -> Mapping[str, Syntax]:
    names = ("axis",) if kind == "unbind" else ("parts", "axis")
    given = dict(zip(names, others, strict=False))
    given |= {_KEYWORDS.get(each.name, each.name): each.value for each in keywords}
    return given


def _axis(split: Split, whole: Tree, span: Span) -> int:
    """Return the axis that is split, the first where none is named."""
    given = split.given.get("axis")
    axis: int | None = {"rows": 0, "columns": 1}.get(split.kind, 0)
    if given is not None:
        axis = whole_number(given)
    rank = len(whole.shape)
    if axis is None or not -rank <= axis < rank:
        message = f"what is split is {rank}-D, and has no axis of that number"
        raise problem("SC304", span, message, f"write an axis from 0 to {rank - 1}")
    return axis % rank


def _ends(builder: "Builder", split: Split, node: Subscript, dim: Dim) -> tuple[Dim, Dim]:
    """Return where the part that is meant starts and stops."""
    number = whole_number(node.places[0]) if len(node.places) == 1 else None
    if number is None:
        advice = "write the number of the part, `split(X, 3)[0]`"
        raise problem("SC202", node.span, "which of the parts is meant is not said", advice)
    ends = _cuts(builder, split, node.span, dim)
    if isinstance(ends, Equal):
        return _equal_part(ends, number, node, dim)
    number = _numbered(number, len(ends) - 1, node)
    return _within(ends[number], ends[number + 1], dim, node.span)


class Equal(NamedTuple):
    """Parts of one size: that, and how many there are."""

    size: Dim
    how_many: Dim


def _cuts(builder: "Builder", split: Split, span: Span, dim: Dim) -> Equal | list[Dim]:
    """Read the parts: of one size, or where each of them ends."""
    if split.kind == "unbind":
        return Equal(ONE, dim)
    parts = split.given.get("parts")
    if parts is None:
        raise problem("SC210", span, "a split needs its parts", "write `split(X, 3)[0]`")
    if isinstance(parts, Sequence):
        dims = [builder.reader.signed_dim(item) for item in parts.items]
        return _filling(dims, dim) if split.kind == "size" else [ZERO, *dims, dim]
    given = builder.reader.signed_dim(parts)
    size = builder.size_of(dim)
    if split.kind == "size" and size is not None and given.constant is not None:
        fact = f"an axis of size {dim} is cut into parts of size {given}"
        raise ShapeMismatch("SC303", fact, help="name the dims", dim=Dim.number(size))
    quotient = dim.divided(given)
    if quotient is None or isinstance(quotient.constant, Fraction):
        message = f"`{given}` does not divide an axis of size {dim} for sure"
        raise problem("SC303", parts.span, message, "list the parts: `split(X, [a, b])[0]`")
    return Equal(given, quotient) if split.kind == "size" else Equal(quotient, given)


def _filling(sizes: Items[Dim], dim: Dim) -> list[Dim]:
    """Return where parts of these sizes end, which fill an axis."""
    ends = [ZERO]
    for each in sizes:
        ends.append(ends[-1] + each)
    if ends[-1] != dim:
        fact = f"the parts have {ends[-1]} entries, the axis has {dim}"
        number = ends[-1] if ends[-1].constant is not None else None
        raise ShapeMismatch("SC303", fact, help="name parts that fill the axis", dim=number)
    return ends


def _equal_part(parts: Equal, number: int, node: Subscript, dim: Dim) -> tuple[Dim, Dim]:
    count = parts.how_many.constant
    if count is not None:
        place = Dim.number(_numbered(number, int(count), node))
    elif node.named is not None:
        message = f"there are {parts.how_many} parts, and {node.named} names for them"
        raise problem("SC303", node.span, message, "write how many parts there are as a number")
    else:
        place = Dim.number(number) if number >= 0 else parts.how_many + Dim.number(number)
    start = place * parts.size
    return _within(start, start + parts.size, dim, node.span)


def _numbered(number: int, count: int, node: Subscript) -> int:
    """Count a part from the first. Raises Problem where there is none of that number."""
    if node.named not in (None, count):
        message = f"there are {count} parts, and {node.named} names for them"
        raise problem("SC303", node.span, message, "give each part a name")
    if not -count <= number < count:
        message = f"there are {count} parts, and none has the number {number}"
        raise problem("SC304", node.span, message, f"write a number from 0 to {count - 1}")
    return number % count


def _within(start: Dim, stop: Dim, dim: Dim, span: Span) -> tuple[Dim, Dim]:
    """Refuse a part that is out of range at every size."""
    sizes = [start.constant, (dim - stop).constant]
    left = (stop - start).constant
    if any(size is not None and size < 0 for size in sizes) or (left is not None and left < 1):
        message = f"the part from {start} to {stop} is not within an axis of size {dim}"
        raise problem("SC304", span, message, "choose parts that fill the axis")
    return start, stop
