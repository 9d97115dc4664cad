"""The places of a subscript, `X[1:, ..., 0]` → what is cut off each axis, and which axes go.

A negative bound counts from the end, as in NumPy; a dim is taken to be within its axis.
"""

from collections.abc import Callable
from typing import NamedTuple

from shapecalc.diagnostics import Finding, Problem
from shapecalc.dims import ONE, Dim, shape_text
from shapecalc.expression import (
    Attribute,
    Binary,
    Constant,
    Dots,
    Literal,
    Name,
    Slice,
    Subscript,
    Syntax,
    Unary,
)
from shapecalc.matrix.printing import text
from shapecalc.matrix.rearranged import plain
from shapecalc.span import Span
from shapecalc.tree import Tree

ZERO = Dim.number(0)
Place = Syntax | Slice | Dots
ReadDim = Callable[[Syntax], Dim]


class Part(NamedTuple):
    """What a subscript takes of a value: in front and behind of each axis, how much is cut off.

    `drop` are the axes of which one entry is taken, `turned` those that are reversed, `new` the
    unit axes put in; the latter two count the axes of the result so far.
    """

    cut: tuple[tuple[int | Dim, int | Dim], ...]
    drop: tuple[int, ...]
    turned: tuple[int, ...]
    new: tuple[int, ...]

    @property
    def is_cut(self) -> bool:
        """Say whether anything is cut off or dropped."""
        return bool(self.drop) or any(each != 0 for pair in self.cut for each in pair)


def read_places(node: Subscript, value: Tree, dim_of: ReadDim) -> Part:
    """Read the places of a subscript. Raises Problem."""
    places = _spread(node, value)
    cut: list[tuple[Dim, Dim]] = []
    drop: list[int] = []
    turned: list[int] = []
    new: list[int] = []
    rank = 0
    for place in places:
        if _is_new(place):
            new.append(rank)
            rank += 1
            continue
        axis, dim = len(cut), value.shape[len(cut)]
        if not isinstance(place, Slice):
            _refuse_fancy(place, node, value)
            cut.append(_at_one(place, dim, dim_of))
            drop.append(axis)
            continue
        if _is_reversed(place):
            turned.append(rank - len(new))
        cut.append(_between(place, dim, dim_of))
        rank += 1
    plain_cut = tuple((plain(before), plain(after)) for before, after in cut)
    return Part(plain_cut, tuple(drop), tuple(turned), tuple(new))


def _spread(node: Subscript, value: Tree) -> list[Place]:
    """Give every axis its place: those that none is for, `:`."""
    rank = len(value.shape)
    taken = [p for p in node.places if not isinstance(p, Dots) and not _is_new(p)]
    if len(taken) > rank:
        fact = f"{len(taken)} places in the subscript, and `{text(value)}` is {rank}-D"
        message = f"{fact}, {shape_text(value.shape)}"
        raise _problem("SC304", node.span, message, "name at most one place for each axis")
    dots = [place for place in node.places if isinstance(place, Dots)]
    if len(dots) > 1:
        raise _problem("SC202", dots[1].span, "`...` stands twice", "keep one of them")
    rest: list[Place] = [Slice(node.span, None, None, None)] * (rank - len(taken))
    at = node.places.index(dots[0]) if dots else len(node.places)
    return [*node.places[:at], *rest, *node.places[at + 1 :]]


def _is_new(place: Place) -> bool:
    """Say whether a place puts a unit axis in: `None`, or NumPy's name for it."""
    if isinstance(place, Attribute):
        return place.name == "newaxis"
    return isinstance(place, Constant) and place.value is None


def _at_one(place: Syntax | Dots, dim: Dim, dim_of: ReadDim) -> tuple[Dim, Dim]:
    """Read an index: what is in front of the entry, and what behind."""
    assert not isinstance(place, Dots)
    before = _from_start(place, dim, dim_of)
    after = dim - ONE - before
    fact = f"there is no entry {_shown(place)} along an axis of size {dim}"
    _hold(place.span, before, after, fact)
    return before, after


def _between(place: Slice, dim: Dim, dim_of: ReadDim) -> tuple[Dim, Dim]:
    """Read a slice: what it cuts off in front, and what behind."""
    before = ZERO if place.start is None else _from_start(place.start, dim, dim_of)
    stop = dim if place.stop is None else _from_start(place.stop, dim, dim_of)
    after = dim - stop
    _hold(place.span, before, after, f"the slice leaves an axis of size {dim}")
    left = (stop - before).constant
    if left is not None and left < 1:
        message = f"the slice of an axis of size {dim} is empty"
        raise _problem("SC304", place.span, message, "let it end behind its start")
    return before, after


def _hold(span: Span, before: Dim, after: Dim, fact: str) -> None:
    """Refuse what is out of range at every size."""
    sizes = [dim.constant for dim in (before, after)]
    if any(size is not None and size < 0 for size in sizes):
        raise _problem("SC304", span, fact, "count from 0, or from -1 at the end")


def _from_start(node: Syntax, dim: Dim, dim_of: ReadDim) -> Dim:
    """Read a bound, counted from the start of the axis."""
    value = dim_of(node)
    return dim + value if isinstance(node, Unary) and node.operator == "-" else value


def _refuse_fancy(place: Syntax | Dots, node: Subscript, value: Tree) -> None:
    """Say what to write for an index that is a list, a mask or made by a call."""
    is_sum = isinstance(place, Binary) and place.operator in "+-*/"
    if is_sum or isinstance(place, Literal | Name | Unary):
        return
    if isinstance(place, Binary):
        message = f"entries of `{text(value)}` are picked by a mask"
        advice = f"write `{text(value)} * {_mask(place)}`, 0 where the mask is"
        raise _problem("SC202", place.span, message, advice)
    last = node.places[-1]
    targets = last.text if isinstance(last, Name) else "Y"
    picked = f"sum({text(value)} * {targets}, axis={len(node.places) - 1})"
    advice = f"write `{picked}` with one-hot rows in `{targets}`, or multiply by a mask"
    message = "an index is a number or a dim; arrays of indices and masks are not read"
    raise _problem("SC202", place.span, message, advice)


def _mask(place: Binary) -> str:
    """Write a comparison of two names or numbers as it was written, others as M."""
    match place:
        case Binary(left=Name(text=left), right=Name(text=right) | Literal(text=right)):
            return f"({left} {place.operator} {right})"
        case _:
            return "M"


def _is_reversed(place: Slice) -> bool:
    """Say whether a slice is `::-1`; refuse every other step but 1."""
    match place.step:
        case None:
            return False
        case Literal(value=value) if value == 1:
            return False
        case Unary(operator="-", operand=Literal(value=value)) if value == 1:
            if place.start is None and place.stop is None:
                return True
    step = f"`:{place.step.text}`" if isinstance(place.step, Literal) else "the step"
    advice = f"drop {step}, or write `[::-1]` to reverse"
    message = "a step in a slice is not supported in this version"
    raise _problem("SC212", place.span, message, advice)


def _shown(place: Syntax) -> str:
    match place:
        case Literal(text=written):
            return written
        case Unary(operator="-", operand=Literal(text=written)):
            return f"-{written}"
        case _:
            return "of that number"


def _problem(code: str, span: Span, message: str, help: str) -> Problem:
    return Problem(Finding(code, span, message, help))
