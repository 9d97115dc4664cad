"""Mistakes undone, one at a time: the formulas that an author may have meant.

Works on syntax, since a formula with a mistake often has no shapes that go together.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from fractions import Fraction
from itertools import islice, product
from typing import NamedTuple

from shapecalc.expression import (
    Attribute,
    Binary,
    Call,
    Constant,
    Keyword,
    Literal,
    Name,
    Syntax,
    Unary,
)
from shapecalc.span import Span

SUMS = frozenset({"sum", "mean"})
PRODUCTS = frozenset({"dot", "matmul", "mm"})
_Put = Callable[[Syntax], Syntax]


class Edit(NamedTuple):
    """What a formula is once mistakes in it are undone, by the names that engine and JSON have."""

    mistakes: tuple[str, ...]
    syntax: Syntax
    names: tuple[str, str] = ("", "")  # the one that is written, and the one that is meant


def edits(
    formula: Syntax, names: Callable[[str], Iterable[str]], gradients: Collection[str]
) -> Iterator[Edit]:
    """Yield the formulas from which one slip, or one product in another order, leads to this one.

    `names` tells which other names one may have been taken for; a sum may be missing over the whole
    or over one of the `gradients`.
    """
    parts = list(places(formula))
    for part, put in parts:
        yield from _with(put, _sums(part))
    for part, put in parts:
        yield from _with(put, _products(part))
    for part, put in parts:
        yield from _with(put, _in_parentheses(part))
    yield from _renamed(formula, parts, names)
    for part, put in parts:
        if part is formula or (isinstance(part, Name) and part.text in gradients):
            yield from _with(put, _summed(part))


def sign_edits(formula: Syntax) -> Iterator[Edit]:
    """Yield the formulas in which one term has the other sign."""
    for part, put in places(formula):
        yield from _with(put, _signs(part))


def same_slip_twice(formula: Syntax) -> Iterator[Edit]:
    """Yield the formulas in which two products have `@` for `*`, or both `*` for `@`."""
    for part, put in places(formula):
        for first in _with(put, _products(part)):
            slip = first.mistakes[0]
            if slip not in ("star-for-at", "at-for-star"):
                continue
            for other, put_other in places(first.syntax):
                for second in _with(put_other, _products(other)):
                    if second.mistakes[0] == slip:
                        both = dict.fromkeys((*first.mistakes, *second.mistakes))
                        yield Edit(tuple(both), second.syntax)


def _renamed(
    formula: Syntax, parts: Iterable[tuple[Syntax, _Put]], names: Callable[[str], Iterable[str]]
) -> Iterator[Edit]:
    """Put another name at one place, or wherever it is written."""
    found = [(part, put) for part, put in parts if isinstance(part, Name)]
    counts = Counter(part.text for part, _ in found)
    for part, put in found:
        for other in names(part.text):
            yield Edit(("operand",), put(Name(part.span, other)), (part.text, other))
    for name, count in counts.items():
        for other in names(name) if count > 1 else ():
            yield Edit(("operand",), _everywhere(formula, name, other), (name, other))


def _everywhere(formula: Syntax, name: str, other: str) -> Syntax:
    """Put another name for every one that is written; the places of the others stay."""
    found = [place for place, (part, _) in enumerate(places(formula)) if _is_named(part, name)]
    for place in found:
        part, put = next(islice(places(formula), place, None))
        formula = put(Name(part.span, other))
    return formula


def _is_named(part: Syntax, name: str) -> bool:
    return isinstance(part, Name) and part.text == name


def places(formula: Syntax, put: _Put = lambda new: new) -> Iterator[tuple[Syntax, _Put]]:
    """Yield every operand, and what puts another one in its place."""
    yield formula, put
    match formula:
        case Binary(left=left, right=right):
            yield from places(left, lambda new: put(formula._replace(left=new)))
            yield from places(right, lambda new: put(formula._replace(right=new)))
        case Unary(operand=operand):
            yield from places(operand, lambda new: put(formula._replace(operand=new)))
        case Attribute(value=value):
            yield from places(value, lambda new: put(formula._replace(value=new)))
        case Call(function=function, arguments=arguments):
            if isinstance(function, Attribute) and not _is_library(function):
                yield from places(
                    function.value,
                    lambda new: put(formula._replace(function=function._replace(value=new))),
                )
            for number, argument in enumerate(arguments):
                yield from places(argument, _argument(formula, number, put))
        case _:
            pass


def _argument(formula: Call, number: int, put: _Put) -> _Put:
    before, behind = formula.arguments[:number], formula.arguments[number + 1 :]
    return lambda new: put(formula._replace(arguments=(*before, new, *behind)))


def _is_library(function: Attribute) -> bool:
    return isinstance(function.value, Name) and function.value.text in ("np", "torch", "jnp")


def _with(put: _Put, found: Iterable[Edit]) -> Iterator[Edit]:
    return (edit._replace(syntax=put(edit.syntax)) for edit in found)


# --- products ------------------------------------------------------------------------------------


def _products(part: Syntax) -> Iterator[Edit]:
    """Swap the factors of a product, transpose them, and take it entry by entry or as a matrix."""
    sides = _sides(part)
    if sides is None:
        return
    left, right, operator = sides
    other = {"@": "*", "*": "@"}[operator]
    slips = {"@": "star-for-at", "*": "at-for-star"}
    found: list[Edit] = []
    for is_swapped, turns_left, turns_right, written in product(
        (False, True), (False, True), (False, True), (operator, other)
    ):
        first, one = _toggled(left) if turns_left else (left, "")
        second, two = _toggled(right) if turns_right else (right, "")
        if is_swapped:
            first, second = second, first
        mistakes = [slips[written]] if written != operator else []
        mistakes += ["reversed"] if is_swapped else []
        mistakes += dict.fromkeys(each for each in (one, two) if each)
        is_idle = not mistakes or (written == "*" and is_swapped)
        if not is_idle:
            span = part.span
            found.append(Edit(tuple(mistakes), Binary(span, written, first, second, span)))
    slip = slips[other]
    yield from sorted(found, key=lambda edit: (slip in edit.mistakes, len(edit.mistakes)))


def _sides(part: Syntax) -> tuple[Syntax, Syntax, str] | None:
    """Return the factors of a product of two, however it is written."""
    match part:
        case Binary(operator="@" | "*" as operator, left=left, right=right):
            return left, right, operator
        case Call(function=Attribute(name=name) as function, arguments=(first, *rest)):
            if name not in PRODUCTS:
                return None
            if _is_library(function):
                return (first, rest[0], "@") if len(rest) == 1 else None
            return None if rest else (function.value, first, "@")
        case Call(function=Name(text=text), arguments=(first, second)) if text in PRODUCTS:
            return first, second, "@"
        case _:
            return None


def _toggled(part: Syntax) -> tuple[Syntax, str]:
    """Take a transpose away, or put one."""
    if isinstance(part, Attribute) and part.name == "T":
        return part.value, "extra-transpose"
    return _turned(part), "missing-transpose"


def _turned(part: Syntax) -> Syntax:
    return Attribute(part.span, part, "T", part.span)


# --- factors -------------------------------------------------------------------------------------


def without_factor(formula: Syntax) -> Iterator[Syntax]:
    """Yield the formula without one quotient, and with a sum for a mean."""
    for part, put in places(formula):
        match part:
            case Binary(operator="/", left=left):
                yield put(left)
            case Binary(operator="*", left=Literal(), right=right):
                yield put(right)
            case Binary(operator="*", left=Binary(operator="/", left=Literal()), right=right):
                yield put(right)
            case Call() if _name(part) == "mean":
                yield put(_summing(part))
            case _:
                pass


def _summing(part: Call) -> Call:
    function = part.function
    if isinstance(function, Name):
        return part._replace(function=function._replace(text="sum"))
    return part._replace(function=function._replace(name="sum"))


# --- sums and signs ------------------------------------------------------------------------------


def _sums(part: Syntax) -> Iterator[Edit]:
    """Sum along other axes, and keep them or not."""
    if not (isinstance(part, Call) and _name(part) in SUMS):
        return
    count = 1 if isinstance(part.function, Name) or _is_library(part.function) else 0
    given = {each.name: each.value for each in part.keywords}
    axis = given.get("axis", part.arguments[count] if len(part.arguments) > count else None)
    keeps = _is_true(given.get("keepdims"))
    values = part.arguments[:count]
    others = [(_axis(part.span, other), ["wrong-axis"]) for other in (0, 1, None)]
    for written, slip in ((axis, list[str]()), *others):
        for keepdims in (False, True):
            mistakes = (*slip, *([] if keepdims == keeps else ["keepdims"]))
            if mistakes:
                keywords = _keywords(part.span, written, keepdims=keepdims)
                yield Edit(mistakes, part._replace(arguments=values, keywords=keywords))


def _summed(part: Syntax) -> Iterator[Edit]:
    """Put the sum that is missing."""
    for axis in (0, 1, None):
        for keepdims in (False, True):
            keywords = _keywords(part.span, _axis(part.span, axis), keepdims=keepdims)
            function = Name(part.span, "sum")
            yield Edit(("missing-sum",), Call(part.span, function, (part,), keywords))


def _axis(span: Span, axis: int | None) -> Syntax | None:
    return None if axis is None else Literal(span, str(axis), Fraction(axis))


def _keywords(span: Span, axis: Syntax | None, *, keepdims: bool) -> tuple[Keyword, ...]:
    found = [] if axis is None else [Keyword(span, "axis", axis)]
    if keepdims:
        found.append(Keyword(span, "keepdims", Constant(span, value=True)))
    return tuple(found)


def _is_true(syntax: Syntax | None) -> bool:
    return isinstance(syntax, Constant) and syntax.value is True


def _name(call: Call) -> str:
    function = call.function
    return function.text if isinstance(function, Name) else function.name


def _signs(part: Syntax) -> Iterator[Edit]:
    """Turn the sign of one term."""
    if isinstance(part, Binary) and part.operator in "+-":
        operator = "-" if part.operator == "+" else "+"
        yield Edit(("sign",), part._replace(operator=operator))
    if isinstance(part, Unary):
        yield Edit(("sign",), part.operand)


def _in_parentheses(part: Syntax) -> Iterator[Edit]:
    """Multiply or divide a sum as a whole, not its last or its first term."""
    if not (isinstance(part, Binary) and part.operator in "+-"):
        return
    last, first = part.right, part.left
    if isinstance(last, Binary) and last.operator in "*/":
        yield Edit(("parentheses",), last._replace(left=part._replace(right=last.left)))
    if isinstance(first, Binary) and first.operator == "*":
        yield Edit(("parentheses",), first._replace(right=part._replace(left=first.right)))
