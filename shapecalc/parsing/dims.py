"""Syntax nodes → dims: the few expressions that spell a size. Knows no declared name."""

from collections.abc import Iterator

from shapecalc.diagnostics import Finding, Problem
from shapecalc.dims import Dim, floored
from shapecalc.expression import Binary, Call, Literal, Locate, Name, Syntax
from shapecalc.parsing.parser import over, parse_expression, parts_of

TERM_LIMIT = 200


def parse_dim(text: str, locate: Locate) -> Dim:
    """Read one dim: names and positive integers, with `+`, `-`, `*`, `/`, `floor` of a quotient."""
    return dim_of(parse_expression(text, locate))


def dim_of(syntax: Syntax) -> Dim:
    """Return the dim that an expression spells; raise a Problem where it spells none."""
    dim = _polynomial(syntax)
    if all(count < 0 for _, count in dim.terms) or not (dim.names or isinstance(dim.constant, int)):
        raise Problem(Finding("SC308", syntax.span, f"a size is `{dim}`", "a size is at least 1"))
    return dim


def every_part(syntax: Syntax) -> Iterator[Syntax]:
    """Walk over an expression and all that it holds, in the author's order."""
    waiting = [syntax]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(parts_of(node)))


def names_in(syntax: Syntax) -> Iterator[Name]:
    """Walk over the names of values in an expression, in the author's order."""
    return (part for part in every_part(syntax) if isinstance(part, Name))


def _polynomial(syntax: Syntax) -> Dim:
    match syntax:
        case Name(text=name) if name != "_":
            return Dim.named(name)
        case Literal(text=text) if text.isdigit():
            return Dim.number(int(text))
        case Binary(operator="+" | "-" | "*" | "/"):
            return _combined(syntax)
        case Call(function=Name(text="floor"), arguments=(Binary(operator="/") as inner,)):
            return floored(_polynomial(inner.left), _polynomial(inner.right))
        case Name():
            message, advice = "`_` stands for a whole axis", "write `_` alone, or name the dim"
        case _:
            message = "this is no dim"
            advice = "write a name, a positive integer, or a sum, product or quotient of those"
    raise Problem(Finding("SC204", syntax.span, message, advice))


def _combined(syntax: Binary) -> Dim:
    left, right = _polynomial(syntax.left), _polynomial(syntax.right)
    if syntax.operator == "+":
        return left + right
    if syntax.operator == "-":
        return left - right
    if syntax.operator == "/":
        return _divided(syntax, left, right)
    count = len(left.terms) * len(right.terms)
    if count > TERM_LIMIT:
        raise over("a product of {} terms", count, TERM_LIMIT, syntax.span)
    return left * right


def _divided(syntax: Binary, left: Dim, right: Dim) -> Dim:
    quotient = left.divided(right)
    if quotient is None:
        message = f"`{left}` is no exact multiple of `{right}`"
        advice = f"give the quotient a name of its own, and write `({right})*name` for `{left}`"
        raise Problem(Finding("SC204", syntax.span, message, advice))
    return quotient
