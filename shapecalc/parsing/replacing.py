"""Syntax nodes → the same with other nodes for some of them."""

from collections.abc import Callable

from shapecalc.expression import (
    Attribute,
    Binary,
    Call,
    Constant,
    Dots,
    Literal,
    Name,
    Sequence,
    Slice,
    Subscript,
    Syntax,
    Text,
    Unary,
)

_Put = Callable[[Syntax], Syntax]


def replaced(syntax: Syntax, put: _Put) -> Syntax:
    """Put another node for each, those inside first; `put` returns what shall stay."""

    def each(parts: tuple[Syntax, ...]) -> tuple[Syntax, ...]:
        return tuple(replaced(part, put) for part in parts)

    match syntax:
        case Unary(operand=operand):
            return put(syntax._replace(operand=replaced(operand, put)))
        case Binary(left=left, right=right):
            return put(syntax._replace(left=replaced(left, put), right=replaced(right, put)))
        case Attribute():
            return put(_of_attribute(syntax, put))
        case Call(function=function, arguments=arguments, keywords=keywords):
            if isinstance(function, Attribute):
                function = _of_attribute(function, put)
            named = tuple(one._replace(value=replaced(one.value, put)) for one in keywords)
            return put(
                syntax._replace(function=function, arguments=each(arguments), keywords=named)
            )
        case Sequence(items=items):
            return put(syntax._replace(items=each(items)))
        case Subscript(value=value, places=places):
            inside = tuple(_of_place(place, put) for place in places)
            return put(syntax._replace(value=replaced(value, put), places=inside))
        case Name() | Literal() | Text() | Constant():
            return put(syntax)


def _of_attribute(syntax: Attribute, put: _Put) -> Attribute:
    return syntax._replace(value=replaced(syntax.value, put))


def _of_place(place: Syntax | Slice | Dots, put: _Put) -> Syntax | Slice | Dots:
    match place:
        case Dots():
            return place
        case Slice(start=start, stop=stop, step=step):
            start, stop, step = (part and replaced(part, put) for part in (start, stop, step))
            return place._replace(start=start, stop=stop, step=step)
        case _:
            return replaced(place, put)
