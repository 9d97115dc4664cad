"""Text of an expression → syntax nodes with spans. Knows the grammar; knows no op and no shape."""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from shapecalc.span import Span

Locate = Callable[[int, int], Span]
"""From an offset into the text and a length to the place in the user's source."""


class Name(NamedTuple):
    """A name: of a value, a dim, a constant, a gradient."""

    span: Span
    text: str


class Literal(NamedTuple):
    """A number, kept exactly: `0.01` is 1/100. `text` is what the author wrote."""

    span: Span
    text: str
    value: Fraction


class Text(NamedTuple):
    """A string in quotes (an einsum's subscripts)."""

    span: Span
    value: str


class Constant(NamedTuple):
    """`None`, `True` or `False`."""

    span: Span
    value: bool | None


class Unary(NamedTuple):
    """A minus (or plus) before an operand."""

    span: Span
    operator: str
    operand: "Syntax"


class Binary(NamedTuple):
    """Two operands with one of + - * / // ** @ < <= > >= == != between them."""

    span: Span
    operator: str
    left: "Syntax"
    right: "Syntax"
    operator_span: Span


class Attribute(NamedTuple):
    """`value.name`: `.T`, or a method or a library's prefix when it is called."""

    span: Span
    value: "Syntax"
    name: str
    name_span: Span


class Keyword(NamedTuple):
    """`name=value` in a call."""

    span: Span
    name: str
    value: "Syntax"


class Call(NamedTuple):
    """A call of a name, `softmax(Z, axis=0)`, or of an attribute, `np.exp(Z)`, `Z.sum(axis=1)`."""

    span: Span
    function: "Name | Attribute"
    arguments: "tuple[Syntax, ...]"
    keywords: tuple[Keyword, ...]


class Sequence(NamedTuple):
    """A tuple or a list, `(0, 1)` or `[m, n]`."""

    span: Span
    items: "tuple[Syntax, ...]"


class Slice(NamedTuple):
    """`start:stop` or `start:stop:step` in a subscript, each part None where it is left out."""

    span: Span
    start: "Syntax | None"
    stop: "Syntax | None"
    step: "Syntax | None"


class Dots(NamedTuple):
    """`...` in a subscript: the axes that no other place is for."""

    span: Span


class Subscript(NamedTuple):
    """`X[1:, 0]`: a part of a value, with a place for each axis from the first.

    `named` is how many names there are for all parts, in `a, b = split(X, 2)`.
    """

    span: Span
    value: "Syntax"
    places: "tuple[Syntax | Slice | Dots, ...]"
    named: int | None = None


Syntax = Name | Literal | Text | Constant | Unary | Binary | Attribute | Call | Sequence | Subscript
