"""What a spec says, read but not yet understood: names, syntax and spans. No shapes are derived."""

from fractions import Fraction
from typing import NamedTuple

from shapecalc.dims import Dim, Shape
from shapecalc.expression import Syntax
from shapecalc.parsing import Expression
from shapecalc.source import Ignore
from shapecalc.span import Span


class DimEntry(NamedTuple):
    """A dim of `dims:`; size is None where the spec leaves it symbolic."""

    name: str
    size: int | None
    span: Span
    size_span: Span | None
    is_inferred: bool = False  # no name of the spec: it was made for axes written as numbers or `_`


class ConstantEntry(NamedTuple):
    """A number of `constants:`; value is None where the spec leaves it symbolic."""

    name: str
    value: Fraction | None
    span: Span


class ValueEntry(NamedTuple):
    """An input, a param, or a shape that `shapes:` states: the name, and the dims of its axes."""

    name: str
    shape: Shape
    span: Span
    shape_span: Span
    dim_spans: tuple[Span, ...]
    is_made: bool = False  # by a layer, to which the spans point


class FunctionEntry(NamedTuple):
    """A function of one value that is not spelled out: its name, and the shape of its value."""

    value: ValueEntry
    of: "Reference"

    @property
    def name(self) -> str:
        return self.value.name

    @property
    def span(self) -> Span:
        return self.value.span

    @property
    def jacobian(self) -> str:
        """Return the name of its derivative, which is in numerator layout."""
        return f"d{self.name}_d{self.of.name}"

    @property
    def made(self) -> tuple[str, str]:
        """Return the names of its derivative, and of its value less the derivative times `of`."""
        return self.jacobian, f"{self.name}_0"


class OpenAxis(NamedTuple):
    """An axis that is written as a number or as `_`; its dim, a variable, is to be found."""

    variable: str
    value: str
    axis: int
    size: int | None
    span: Span


class Equation(NamedTuple):
    """One line of `forward`, or one claim of `gradients`: `name = expression`."""

    name: str
    written: Expression | Syntax
    text: str
    span: Span
    expression_span: Span
    is_made: bool = False  # by a layer, to which the spans point

    @property
    def expression(self) -> Syntax:
        """Return the right side."""
        return self.written.syntax if isinstance(self.written, Expression) else self.written


class AssumeEntry(NamedTuple):
    """What `assume:` says of a value: `positive`, or `one-hot` with its axis."""

    name: str
    property: str
    axis: int | None
    span: Span


class UpstreamEntry(NamedTuple):
    """A value whose gradient is given, and the name of that gradient."""

    name: str
    gradient: str
    span: Span


class Reference(NamedTuple):
    """A name with its place."""

    name: str
    span: Span


class Network(NamedTuple):
    """The whole of one spec, in the author's order."""

    path: str
    name: str
    dims: tuple[DimEntry, ...] = ()
    constants: tuple[ConstantEntry, ...] = ()
    assume: tuple[AssumeEntry, ...] = ()
    batch: Reference | None = None
    inputs: tuple[ValueEntry, ...] = ()
    params: tuple[ValueEntry, ...] = ()
    functions: tuple[FunctionEntry, ...] = ()
    forward: tuple[Equation, ...] = ()
    loss: Reference | None = None
    upstream: tuple[UpstreamEntry, ...] = ()
    shapes: tuple[ValueEntry, ...] = ()
    gradients: tuple[Equation, ...] = ()
    layout: str = "denominator"
    scale: str = "free"
    convention: Reference | None = None  # how layers are written out
    unread: tuple[str, ...] = ()  # names whose entry had a finding of its own
    redefined: tuple[Reference, ...] = ()  # names set again: from there on they mean two things
    open_axes: tuple[OpenAxis, ...] = ()
    open_shapes: tuple[Reference, ...] = ()  # inputs and params with the whole shape `_`
    ignores: tuple[Ignore, ...] = ()  # the comments that silence findings


__all__ = [
    "AssumeEntry",
    "ConstantEntry",
    "Dim",
    "DimEntry",
    "Equation",
    "FunctionEntry",
    "Network",
    "OpenAxis",
    "Reference",
    "UpstreamEntry",
    "ValueEntry",
]
