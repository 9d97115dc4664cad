"""What a call has beside its operands: axes, shapes, numbers, read into plain values."""

from collections.abc import Callable, Mapping
from fractions import Fraction

from shapecalc.diagnostics import Finding, Problem
from shapecalc.dims import Dim, Shape, floored
from shapecalc.expression import Attribute as Dotted
from shapecalc.expression import (
    Binary,
    Constant,
    Keyword,
    Literal,
    Name,
    Sequence,
    Syntax,
    Text,
    Unary,
)
from shapecalc.expression import Call as CallSyntax
from shapecalc.ops import refusals
from shapecalc.ops.calls import given_twice
from shapecalc.ops.registry import REQUIRED, Op
from shapecalc.ops.sizes import asked_size
from shapecalc.span import Span
from shapecalc.tree import Attribute, Attributes, Call, Leaf, Number, Tree


class AttributeReader:
    """Reads attributes in one scope. Raises Problem for a mistake."""

    def __init__(
        self,
        lookup: Callable[[Name], Tree | Attribute],
        is_dim: Callable[[str], bool],
        is_constant: Callable[[str], bool],
    ) -> None:
        self.lookup = lookup
        self.is_dim = is_dim
        self.is_constant = is_constant

    def attributes(
        self,
        node: Syntax,
        entry: Op,
        operands: tuple[Tree, ...],
        extra: list[Syntax],
        keywords: Mapping[str, Keyword],
        defaults: Mapping[str, Attribute],
    ) -> Attributes:
        given: dict[str, Syntax] = dict(zip(entry.attributes, extra, strict=False))
        for name, keyword in keywords.items():
            if name in given:
                raise given_twice(keyword, name)
            given[name] = keyword.value
        return tuple(
            (name, self._attribute(node, entry, operands, name, defaults.get(name, default), given))
            for name, default in entry.attributes.items()
        )

    def _attribute(
        self,
        node: Syntax,
        entry: Op,
        operands: tuple[Tree, ...],
        name: str,
        default: object,
        given: dict[str, Syntax],
    ) -> Attribute:
        if name not in given:
            if default is REQUIRED:
                raise refused(node.span, refusals.missing_keyword(entry, name, operands))
            if name == "axis" and default is not None:
                return self._axis(entry, operands, default, node.span)  # type: ignore[arg-type]  # a number
            return Fraction(repr(default)) if isinstance(default, float) else default  # type: ignore[return-value]  # defaults are attributes
        syntax = given[name]
        if name == "shape":
            return self._shape(syntax, entry)
        value = self.attribute(syntax)
        if name == "axis":
            return self._axis(entry, operands, value, syntax.span)
        if name == "reduction" and value not in ("mean", "sum", "none"):
            message = '`reduction` is "mean", "sum" or "none"'
            raise problem("SC210", syntax.span, message, 'write `"mean"`, `"sum"` or `"none"`')
        if name == "keepdims" and not isinstance(value, bool):
            message = "`keepdims` is True or False"
            raise problem("SC210", syntax.span, message, "write `keepdims=True`")
        return int(value) if name == "ddof" and isinstance(value, bool) else value

    def _axis(
        self, entry: Op, operands: tuple[Tree, ...], value: Attribute, span: Span
    ) -> Attribute:
        """Count axes from 0, and refuse those that the operand lacks."""
        places = value if isinstance(value, tuple) else (value,)
        rank = len(operands[0].shape) + entry.adds_axis * len(places)
        if value is None and entry.attributes["axis"] is None:
            return None
        found = []
        for place in places:
            if not isinstance(place, int) or isinstance(place, bool):
                raise problem("SC210", span, "an axis is a whole number", "write `axis=0`, say")
            if not -rank <= place < rank:
                raise refused(span, refusals.no_such_axis(entry, operands[0], place))
            found.append(place % rank)
        return tuple(found) if isinstance(value, tuple) else found[0]

    def _shape(self, node: Syntax, entry: Op) -> Shape:
        items = node.items if isinstance(node, Sequence) else (node,)
        read = self.signed_dim if entry.operands else self._dim
        return tuple(read(item) for item in items)

    def _dim(self, node: Syntax) -> Dim:
        if (size := asked_size(node, self.lookup)) is not None:
            return size
        match node:
            case Name(text=text, span=span):
                found = self.lookup(node)
                if isinstance(found, Dim):
                    return found
                if self.is_dim(text):
                    return Dim.named(text)
                raise problem("SC210", span, f"`{text}` is no dim", "write a name of `dims`")
            case Literal(value=value) if value.denominator == 1 and value > 0:
                return Dim.number(int(value))
            case Binary(operator="*", left=left, right=right):
                return self._dim(left) * self._dim(right)
            case Binary(operator="+", left=left, right=right):
                return self._dim(left) + self._dim(right)
            case Binary(operator="-", left=left, right=right):
                return self._dim(left) - self._dim(right)
            case Binary(operator="/" | "//", left=left, right=right):
                return _divided(node, self._dim(left), self._dim(right))
            case CallSyntax(
                function=Name(text="floor"), arguments=(Binary(operator="/") as inner,)
            ):
                return floored(self.signed_dim(inner.left), self._dim(inner.right))
            case _:
                raise problem("SC210", node.span, "this is no dim", "write a name of `dims`")

    def _quotient(self, node: Binary) -> Dim:
        whole, count = self._dim(node.left), self._dim(node.right)
        quotient = whole.divided(count)
        if node.operator == "//" and (quotient is None or _is_broken(quotient)):
            return floored(whole, count)
        if quotient:
            return quotient
        message = f"`{whole}` is no exact multiple of `{count}`"
        raise problem("SC210", node.span, message, "name the quotient in `dims`")

    def signed_dim(self, node: Syntax) -> Dim:
        """Read a number that may depend on sizes, and may be negative: `h - 1`, `-h`, `0`."""
        match node:
            case Unary(operator="-", operand=operand):
                return Dim.number(0) - self.signed_dim(operand)
            case Literal(value=value) if value.denominator == 1:
                return Dim.number(int(value))
            case Binary(operator="+" | "-" as operator, left=left, right=right):
                low, high = self.signed_dim(left), self.signed_dim(right)
                return low + high if operator == "+" else low - high
            case _:
                return self._dim(node)

    def spells_dim(self, node: Syntax) -> bool:
        """Say whether a formula is made of dims and numbers."""
        match node:
            case Name(text=text):
                return self.is_dim(text)
            case Unary(operator="-", operand=operand):
                return self.spells_dim(operand)
            case Binary(operator="+" | "-" | "*" | "/" | "//", left=left, right=right):
                both = (left, right)
                return all(isinstance(each, Literal) or self.spells_dim(each) for each in both)
            case CallSyntax(
                function=Name(text="floor"), arguments=(Binary(operator="/") as inner,)
            ):
                return self.spells_dim(inner)
            case _:
                return asked_size(node, self.lookup) is not None

    def _constant(self, node: Name, found: Leaf) -> Leaf:
        """Refuse a value: the gradient by it would be lost."""
        if found.shape or not self.is_constant(found.name):
            message = f"`{node.text}` is a value, and stands where a number is wanted"
            advice = "declare it under `constants`, or write the formula with it"
            raise problem("SC210", node.span, message, advice)
        return found

    def attribute(self, node: Syntax) -> Attribute:
        """Read the value of an attribute: a number, a dim, a tuple, True, None, a string."""
        if self.spells_dim(node):
            return self.signed_dim(node)
        hold_to_finite(node)
        match node:
            case Literal(value=value):
                return int(value) if value.denominator == 1 else value
            case Unary(operator="-", operand=Literal(value=value)):
                return -int(value) if value.denominator == 1 else -value
            case Text(value=text):
                return text
            case Constant(value=constant):
                return constant
            case Sequence(items=items):
                return tuple(self.attribute(item) for item in items)
            case Name():
                found = self.lookup(node)
                if isinstance(found, Leaf):
                    return self._constant(node, found)
                if isinstance(found, Number | Call):
                    raise _no_plain_value(node)
                return found
            case _:
                raise _no_plain_value(node)


def _is_broken(quotient: Dim) -> bool:
    return isinstance(quotient.constant, Fraction) and quotient.constant.denominator != 1


def hold_to_finite(node: Syntax) -> None:
    """Refuse an infinity, which no field has: `float("-inf")`, `-np.inf`. Raises Problem."""
    match node:
        case Unary(operand=Dotted(name="inf")) | Dotted(name="inf"):
            pass
        case CallSyntax(function=Name(text="float"), arguments=(Text(),)):
            pass
        case Unary(operand=CallSyntax(function=Name(text="float"), arguments=(Text(),))):
            pass
        case _:
            return
    message = "an infinity is no number that formulas are checked with"
    raise problem("SC210", node.span, message, "write `-1e9`: in floats, its exp is 0")


def _divided(node: Binary, whole: Dim, count: Dim) -> Dim:
    """Return a quotient of dims, or its whole part where that is asked for."""
    quotient = whole.divided(count)
    if node.operator == "//" and (quotient is None or _is_broken(quotient)):
        return floored(whole, count)
    if quotient:
        return quotient
    message = f"`{whole}` is no exact multiple of `{count}`"
    raise problem("SC210", node.span, message, "name the quotient in `dims`")


def problem(code: str, span: Span, message: str, help: str) -> Problem:
    """Return a mistake at a place."""
    return Problem(Finding(code, span, message, help))


def refused(span: Span, refusal: refusals.Refusal) -> Problem:
    """Return a refusal at a place."""
    code, message, advice = refusal
    return problem(code, span, message, advice)


def _no_plain_value(node: Syntax) -> Problem:
    message = "this is no plain value"
    advice = "write a number, a tuple, True, None, or a name of `constants`"
    return problem("SC210", node.span, message, advice)
