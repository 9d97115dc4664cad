"""Windows that slide along axes: how far apart, how wide, and how many of them there are.

What convolutions, pooling and the views that they are made of have in common. An axis that windows
slide along has the letter x in what they take, r within a window and y among windows, each followed
by the axis' number; z is x with zeros around it.
"""

from collections.abc import Mapping, Sequence

from shapecalc.conditions.forms import ZERO
from shapecalc.conditions.windows import Way
from shapecalc.dims import Dim
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.rearranging import as_dim
from shapecalc.tree import Attribute

Given = Mapping[str, Attribute]


def each_of(given: Attribute, count: int, name: str, attribute: str) -> list[Dim]:
    """Read one number for all axes, or one for each."""
    fact = f"`{attribute}` of `{name}` is one whole number or dim, or {count} of them"
    values = given if isinstance(given, tuple) else (given,) * count
    if len(values) != count:
        raise ShapeMismatch("SC210", fact, help=f"write `{attribute}=2`, say")
    return [as_dim(each, name, fact) for each in values]


def ways_of(given: Given, count: int, name: str) -> list[Way]:
    """Read how windows slide along so many axes. Raises ShapeMismatch."""
    columns = [
        each_of(given.get(attribute, default), count, name, attribute)
        for attribute, default in (("stride", 1), ("padding", 0), ("dilation", 1))
    ]
    for least, attribute, values in zip((1, 0, 1), Way._fields, columns, strict=True):
        if any(size is not None and size < least for size in (dim.constant for dim in values)):
            fact = f"`{attribute}` of `{name}` is at least {least}"
            raise ShapeMismatch("SC210", fact, help=f"write `{attribute}={least}`, or more")
    return [Way(*each) for each in zip(*columns, strict=True)]


class Slide:
    """The deltas of one axis along which windows slide, and the dims of their letters."""

    def __init__(self, axis: int, way: Way, size: Dim, width: Dim, count: Dim) -> None:
        self.dims = {
            f"x{axis}": size,
            f"r{axis}": width,
            f"y{axis}": count,
            f"s{axis}": way.stride,
            f"d{axis}": way.dilation,
        }
        form = f"|s{axis}|*y{axis} + |d{axis}|*r{axis}"
        if way.padding == ZERO:
            self.deltas = f"δ[x{axis}, {form}]"
            return
        self.dims |= {f"z{axis}": size + way.padding + way.padding, f"p{axis}": way.padding}
        self.deltas = f"δ[z{axis}, {form}] δ[z{axis}, x{axis} + |p{axis}|]"


def hold_to_room(name: str, sizes: Sequence[Dim]) -> None:
    """Refuse windows that are wider than what they slide along, at every size."""
    for size in sizes:
        if size.constant is not None and size.constant < 1:
            fact = f"a window of `{name}` is wider than the axis that it slides along"
            raise ShapeMismatch("SC304", fact, help="pad the operand, or take a smaller window")
