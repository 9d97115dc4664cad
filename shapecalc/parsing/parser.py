"""Tokens of an expression → syntax nodes with spans, by a small Pratt parser.

Knows NumPy's grammar; knows no op, no value and no shape.
"""

from fractions import Fraction
from keyword import iskeyword
from typing import NoReturn

from shapecalc.diagnostics import Finding, Problem
from shapecalc.expression import (
    Attribute,
    Binary,
    Call,
    Constant,
    Dots,
    Keyword,
    Literal,
    Locate,
    Name,
    Sequence,
    Slice,
    Subscript,
    Syntax,
    Text,
    Unary,
)
from shapecalc.parsing.tokens import Token, normal_name, tokens_of
from shapecalc.span import Span

LENGTH_LIMIT = 20_000
NAME_LIMIT = 200
NESTING_LIMIT = 64
NODE_LIMIT = 10_000
DEPTH_LIMIT = 200
"""How deep a tree may be, counting the operators of a long sum: its readers recurse."""
DIGIT_LIMIT = 100
EXPONENT_LIMIT = 400

_COMPARISON, _SUM, _PRODUCT, _UNARY, _POWER = 1, 2, 3, 4, 5
_BINDING = dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), _COMPARISON)
_BINDING |= dict.fromkeys("+-", _SUM) | dict.fromkeys([*"*/@⊙·⋅", "//"], _PRODUCT) | {"**": _POWER}
_SPELLING = {"⊙": "*", "·": "@", "⋅": "@"}
_CONSTANTS = {"None": None, "True": True, "False": False}
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def parse_expression(text: str, locate: Locate) -> Syntax:
    """Read one expression; raise a Problem, with the place and the next step, where it is none."""
    if len(text) > LENGTH_LIMIT:
        raise over("a text of {} characters", len(text), LENGTH_LIMIT, locate(0, 1))
    parser = _Parser(text, locate)
    syntax = parser.whole()
    if len(parser.tokens) > DEPTH_LIMIT:
        _check_size(syntax)
    return syntax


class _Parser:
    """One reading of one text; `at` is the position of the next token."""

    __slots__ = ("at", "locate", "nesting", "text", "tokens")

    def __init__(self, text: str, locate: Locate) -> None:
        self.locate = locate
        self.text = text
        self.tokens = tokens_of(text)
        self.at = 0
        self.nesting = 0

    def whole(self) -> Syntax:
        syntax = self.expression(_COMPARISON)
        if self.tokens[self.at].kind != "end":
            self.refuse_operator()
        return syntax

    def expression(self, floor: int) -> Syntax:
        """Read operands, and the operators between them that bind at least as tightly as floor."""
        start = self.tokens[self.at].start
        left = self.operand()
        while True:
            token = self.tokens[self.at]
            binding = _BINDING.get(token.text, 0) if token.kind == "operator" else 0
            if binding < floor:
                return left
            self.at += 1
            right = self.right(token, binding)
            operator = _SPELLING.get(token.text, token.text)
            left = Binary(self.since(start), operator, left, right, self.span(token))

    def right(self, operator: Token, binding: int) -> Syntax:
        """Read the right operand: `**` groups from the right, comparisons do not chain."""
        if binding == _POWER:
            return self.nested(operator, _UNARY)
        right = self.expression(binding + 1)
        token = self.tokens[self.at]
        if binding == _COMPARISON and _BINDING.get(token.text) == _COMPARISON:
            message = f"`{token.text}` follows another comparison, and they do not chain"
            self.refuse(token, "SC202", message, "write `(a < b) * (b < c)`")
        return right

    def nested(self, opener: Token, floor: int = _COMPARISON) -> Syntax:
        """Read an expression one level further down."""
        self.nesting += 1
        if self.nesting > NESTING_LIMIT:
            raise over("nesting of {} levels", self.nesting, NESTING_LIMIT, self.span(opener))
        syntax = self.expression(floor)
        self.nesting -= 1
        return syntax

    def operand(self) -> Syntax:
        """Read a minus and its operand, or one operand with all that follows it directly."""
        token = self.tokens[self.at]
        if token.kind == "operator" and token.text in "-+":
            self.at += 1
            operand = self.nested(token, _UNARY)
            return Unary(self.since(token.start), token.text, operand)
        return self.with_suffixes(self.primary(token), token.start)

    def primary(self, token: Token) -> Syntax:
        """Read a name, a number, a string or a pair of brackets."""
        self.at += 1
        match token.kind:
            case "name":
                return self.name(token)
            case "number":
                return Literal(self.span(token), token.text, self.number(token))
            case "string":
                return Text(self.span(token), token.text[1:-1])
            case "operator" if token.text in "([":
                return self.group(token)
            case _:
                self.at -= 1
                return self.refuse_operand("an operand" if self.at else "an expression")

    def name(self, token: Token) -> Name | Constant:
        if not iskeyword(token.text):
            self.hold_to_limit(token)
            return Name(self.span(token), normal_name(token.text))
        if token.text not in _CONSTANTS:
            self.refuse_keyword(token)
        return Constant(self.span(token), _CONSTANTS[token.text])

    def hold_to_limit(self, token: Token) -> None:
        count = len(token.text)
        if count > NAME_LIMIT:
            place, advice = self.span(token), "choose a shorter one"
            raise over("a name of {} characters", count, NAME_LIMIT, place, advice)

    def number(self, token: Token) -> Fraction:
        """Return the exact number, within bounds that keep it small."""
        digits, _, exponent = token.text.lower().partition("e")
        if len(digits) > DIGIT_LIMIT:
            raise over("a number of {} digits", len(digits), DIGIT_LIMIT, self.span(token))
        size = exponent.lstrip("+-0")
        if len(size) > 3 or int(size or 0) > EXPONENT_LIMIT:
            what = f"an exponent of {size}" if len(size) < 10 else "an exponent"
            raise over(what, 0, EXPONENT_LIMIT, self.span(token))
        return Fraction(int(digits) if token.text.isdigit() else token.text)

    def with_suffixes(self, node: Syntax, start: int) -> Syntax:
        """Read what follows an operand directly: `.T`, `ᵀ`, a call, a subscript."""
        while (token := self.tokens[self.at]).kind == "operator":
            if token.text == ".":
                node = self.attribute(node, start)
            elif token.text == "ᵀ":
                self.at += 1
                node = Attribute(self.since(start), node, "T", self.span(token))
            elif token.text == "[":
                places = self.subscript()
                node = Subscript(self.since(start), node, places)
            elif token.text == "(" and isinstance(node, Name | Attribute) and self.ends_in_name():
                node = self.call(node, start)
            else:
                break
        return node

    def ends_in_name(self) -> bool:
        """Say whether the last token is a name: `(f)(x)` and `Wᵀ(x)` are no calls."""
        return self.tokens[self.at - 1].kind == "name"

    def attribute(self, value: Syntax, start: int) -> Attribute:
        self.at += 1
        name = self.tokens[self.at]
        if name.kind != "name":
            self.refuse_operand("a name")
        self.hold_to_limit(name)
        self.at += 1
        return Attribute(self.since(start), value, normal_name(name.text), self.span(name))

    def call(self, function: Name | Attribute, start: int) -> Call:
        opener = self.tokens[self.at]
        self.at += 1
        arguments: list[Syntax] = []
        keywords: list[Keyword] = []
        while not self.closes(opener):
            if self.tokens[self.at].kind == "name" and self.tokens[self.at + 1].text == "=":
                keywords.append(self.keyword(keywords))
            else:
                arguments.append(self.positional(opener, keywords))
            self.comma(opener)
        return Call(self.since(start), function, tuple(arguments), tuple(keywords))

    def positional(self, opener: Token, keywords: list[Keyword]) -> Syntax:
        if keywords:
            message = f"an operand follows `{keywords[-1].name}=`"
            self.refuse(self.tokens[self.at], "SC201", message, "put operands before keywords")
        return self.nested(opener)

    def keyword(self, earlier: list[Keyword]) -> Keyword:
        token = self.tokens[self.at]
        self.hold_to_limit(token)
        name = normal_name(token.text)
        if any(keyword.name == name for keyword in earlier):
            self.refuse(token, "SC201", f"`{name}=` is given twice", "drop one")
        self.at += 2
        value = self.nested(token)
        return Keyword(self.since(token.start), name, value)

    def group(self, opener: Token) -> Syntax:
        """Read what brackets hold; one expression in parentheses stands for itself."""
        items: list[Syntax] = []
        has_comma = False
        while not self.closes(opener):
            items.append(self.nested(opener))
            has_comma = self.comma(opener)
        if opener.text == "(" and len(items) == 1 and not has_comma:
            return items[0]
        return Sequence(self.since(opener.start), tuple(items))

    def closes(self, opener: Token) -> bool:
        """Step over the closing bracket, where that comes next."""
        token = self.tokens[self.at]
        if token.kind == "end":
            self.refuse_unclosed(opener)
        if token.text != _CLOSING[opener.text]:
            return False
        self.at += 1
        return True

    def comma(self, opener: Token) -> bool:
        """Step over a comma, where one comes next; nothing else may but the closing bracket."""
        token = self.tokens[self.at]
        if token.text == ",":
            self.at += 1
            return True
        if token.kind == "end":
            self.refuse_unclosed(opener)
        if token.text != _CLOSING[opener.text]:
            self.refuse_operator()
        return False

    def subscript(self) -> tuple[Syntax | Slice | Dots, ...]:
        """Read the places of `[…]` behind an operand."""
        opener = self.tokens[self.at]
        self.at += 1
        places: list[Syntax | Slice | Dots] = []
        while not self.closes(opener):
            places.append(self.place(opener))
            self.comma(opener)
        if not places:
            self.refuse(opener, "SC201", "`[]` names no place", "write `[0]`, or `[1:]`")
        return tuple(places)

    def place(self, opener: Token) -> Syntax | Slice | Dots:
        """Read one place: an index, `...`, or a slice of up to three parts."""
        start = self.tokens[self.at].start
        if [token.text for token in self.tokens[self.at : self.at + 3]] == ["."] * 3:
            self.at += 3
            return Dots(self.since(start))
        first = self.bound(opener)
        if self.tokens[self.at].text != ":":
            return first or self.refuse_operand("an index or a slice")
        parts = [first]
        while self.tokens[self.at].text == ":" and len(parts) < 3:
            self.at += 1
            parts.append(self.bound(opener))
        first, last, step = (*parts, None)[:3]
        return Slice(self.since(start), first, last, step)

    def bound(self, opener: Token) -> Syntax | None:
        """Read a part of a slice; None where it is left out."""
        is_left_out = self.tokens[self.at].text in (":", ",", "]")
        return None if is_left_out else self.nested(opener)

    def refuse_keyword(self, token: Token) -> NoReturn:
        from shapecalc.parsing import refusals

        self.refuse(token, *refusals.keyword(token))

    def refuse_operand(self, expected: str) -> NoReturn:
        from shapecalc.parsing import refusals

        token = self.tokens[self.at]
        before = self.tokens[self.at - 1] if self.at else None
        self.refuse(token, *refusals.no_operand(before, token, expected))

    def refuse_operator(self) -> NoReturn:
        from shapecalc.parsing import refusals

        token = self.tokens[self.at]
        if token.text == "if" and not self.nesting:
            self.refuse(token, *refusals.conditional(self.text, token))
        before = self.tokens[self.at - 1]
        is_method = before.kind == "name" and self.at > 1 and self.tokens[self.at - 2].text == "."
        self.refuse(token, *refusals.no_operator(before, token, is_method=is_method))

    def refuse_unclosed(self, opener: Token) -> NoReturn:
        closing = _CLOSING[opener.text]
        self.refuse(opener, "SC201", f"`{opener.text}` is not closed", f"add `{closing}`")

    def refuse(self, token: Token, code: str, message: str, advice: str) -> NoReturn:
        raise Problem(Finding(code, self.span(token), message, advice))

    def span(self, token: Token) -> Span:
        """Return the place of a token; the end is just behind the last one."""
        if token.kind == "end" and token.start:
            last = self.locate(token.start - 1, 1)
            return last._replace(column=last.end_column)
        return self.locate(token.start, max(token.end - token.start, 1))

    def since(self, start: int) -> Span:
        """Return the place from an offset to the end of the token read last."""
        return self.locate(start, self.tokens[self.at - 1].end - start)


def _check_size(syntax: Syntax) -> None:
    """Hold a tree to its limits; without recursion, since it may be too deep for that."""
    waiting, count = [(syntax, 1)], 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > DEPTH_LIMIT:
            raise over("a depth of {} operators", depth, DEPTH_LIMIT, syntax.span)
        if count > NODE_LIMIT:
            raise over("an expression of {} parts", count, NODE_LIMIT, syntax.span)
        waiting.extend((part, depth + 1) for part in parts_of(node))


def parts_of(syntax: Syntax) -> tuple[Syntax, ...]:
    """Return the nodes directly below one, a called name left out, in the author's order."""
    match syntax:
        case Unary(operand=part) | Attribute(value=part):
            return (part,)
        case Subscript(value=value, places=places):
            return (value, *(part for place in places for part in _inside(place)))
        case Binary(left=left, right=right):
            return (left, right)
        case Sequence(items=items):
            return items
        case Call(function=function, arguments=arguments, keywords=keywords):
            values = tuple(keyword.value for keyword in keywords)
            method = (function.value,) if isinstance(function, Attribute) else ()
            return (*method, *arguments, *values)
        case Name() | Literal() | Text() | Constant():
            return ()


def _inside(place: Syntax | Slice | Dots) -> tuple[Syntax, ...]:
    match place:
        case Slice(start=start, stop=stop, step=step):
            return tuple(part for part in (start, stop, step) if part is not None)
        case Dots():
            return ()
        case _:
            return (place,)


def over(
    what: str, count: int, limit: int, span: Span, advice: str = "split it over several equations"
) -> Problem:
    """Return the problem that a text is over one of the limits."""
    message = f"{what.format(f'{count:,}')} is over the limit of {limit:,}"
    return Problem(Finding("SC901", span, message, advice))
