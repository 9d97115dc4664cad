"""A size that is asked of a value → its dim: `X.shape[0]`, `X.size(-1)`, `len(X)`."""

from collections.abc import Callable

from shapecalc.dims import Dim
from shapecalc.expression import Attribute, Call, Literal, Name, Subscript, Syntax, Unary

Lookup = Callable[[Name], object]


def asked_size(node: Syntax, lookup: Lookup) -> Dim | None:
    """Return the dim that `X.shape[0]`, `X.size(-1)` or `len(X)` is; None for all else."""
    match node:
        case Subscript(value=Attribute(value=Name() as value, name="shape"), places=(place,)):
            return _along(lookup(value), whole_number(place))
        case Call(
            function=Attribute(value=Name() as value, name="size"), arguments=(place,), keywords=()
        ):
            return _along(lookup(value), whole_number(place))
        case Call(function=Name(text="len"), arguments=(Name() as value,), keywords=()):
            return _along(lookup(value), 0)
        case _:
            return None


def _along(value: object, axis: int | None) -> Dim | None:
    shape: tuple[Dim, ...] = getattr(value, "shape", ())
    return shape[axis] if axis is not None and -len(shape) <= axis < len(shape) else None


def whole_number(node: object) -> int | None:
    """Return the whole number that is written; None for all else."""
    match node:
        case Literal(value=value) if value.denominator == 1:
            return int(value)
        case Unary(operator="-", operand=Literal(value=value)) if value.denominator == 1:
            return -int(value)
        case _:
            return None
