"""Syntax → formula tree: names looked up, ops chosen, attributes read, shapes worked out.

Serves the equations of a spec, the author's claims and the definitions of ops alike.
"""

from collections.abc import Callable
from collections.abc import Sequence as Items
from fractions import Fraction
from functools import lru_cache

from shapecalc.diagnostics import Finding, Problem
from shapecalc.dims import Dim, Shape, shape_text
from shapecalc.expression import (
    Attribute as Dotted,
)
from shapecalc.expression import (
    Binary,
    Constant,
    Keyword,
    Literal,
    Name,
    Sequence,
    Subscript,
    Syntax,
    Text,
    Unary,
)
from shapecalc.expression import (
    Call as CallSyntax,
)
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.names import ALIASES, INFIX_OPS, METHODS, NOT_BUILT, PREFIXES
from shapecalc.ops.registry import OPS, REQUIRED, Op, applied
from shapecalc.span import Span
from shapecalc.tree import (
    Attribute,
    Attributes,
    Call,
    Leaf,
    Number,
    Tree,
    call,
    leaf,
    number,
    rebuilt,
)


class Misfit(Exception):
    """Operands that do not go together, with the syntax that puts them together."""

    def __init__(self, node: Syntax, mismatch: ShapeMismatch, operands: tuple[Tree, ...]) -> None:
        super().__init__(mismatch.fact)
        self.node = node
        self.mismatch = mismatch
        self.operands = operands


class Builder:
    """Builds trees in one scope. Raises Problem for a mistake, Misfit where shapes do not fit."""

    def __init__(
        self, lookup: Callable[[Name], Tree | Attribute], is_dim: Callable[[str], bool]
    ) -> None:
        self.lookup = lookup
        self.is_dim = is_dim

    def tree(self, node: Syntax) -> Tree:
        """Build the tree of an operand."""
        match node:
            case Name():
                return self._named(node)
            case Literal(value=value):
                return number(value)
            case Unary(operator=operator, operand=operand):
                return self._signed(node, operator, operand)
            case Binary(operator=operator, left=left, right=right):
                return self._applied(node, OPS[INFIX_OPS[operator]], (left, right), ())
            case Dotted():
                return self._dotted(node)
            case CallSyntax():
                return self._called(node)
            case Subscript(span=span):
                raise _problem("SC212", span, "slices are not supported in this version")
            case Text(span=span) | Constant(span=span) | Sequence(span=span):
                raise _problem("SC210", span, "an operand is expected here")

    def _named(self, node: Name) -> Tree:
        found = self.lookup(node)
        if isinstance(found, bool) or found is None or isinstance(found, tuple):
            raise _problem("SC210", node.span, f"`{node.text}` is no operand")
        if isinstance(found, int | Fraction):
            return number(found)
        return leaf(str(found), ()) if isinstance(found, str | Dim) else found

    def _signed(self, node: Unary, operator: str, operand: Syntax) -> Tree:
        if operator == "+":
            return self.tree(operand)
        if isinstance(operand, Literal):
            return number(-operand.value)
        return self._applied(node, OPS["neg"], (operand,), ())

    def _dotted(self, node: Dotted) -> Tree:
        if node.name == "T":
            operand = self.tree(node.value)
            if isinstance(operand, Number):
                return operand
            if len(operand.shape) > 2:
                rank = f"`.T` of a {len(operand.shape)}-D value, {shape_text(operand.shape)}"
                raise _problem("SC303", node.name_span, rank, "`.mT` will do it in a later version")
            return self._built(node, OPS["transpose"], (operand,), ())
        if node.name == "mT":
            raise _problem("SC212", node.name_span, "`.mT` is not supported in this version")
        raise _problem("SC202", node.name_span, f"`.{node.name}` is not read", "only `.T` is")

    def _called(self, node: CallSyntax) -> Tree:
        function = node.function
        if isinstance(function, Name):
            entry = self._op(function.text, function.span)
            return self._applied(node, entry, node.arguments, node.keywords)
        if isinstance(function.value, Name) and function.value.text in PREFIXES:
            entry = self._op(function.name, function.span, f"{function.value.text}.")
            return self._applied(node, entry, node.arguments, node.keywords)
        if isinstance(function.value, Name) and function.value.text in ("torch", "F"):
            prefix = f"the prefix `{function.value.text}.` is not supported in this version"
            raise _problem("SC212", function.span, prefix, f"write `{function.name}`")
        if function.name not in METHODS:
            code = "SC212" if function.name in NOT_BUILT | {"reshape"} else "SC202"
            raise _problem(code, function.name_span, f"the method `.{function.name}` is not read")
        entry = OPS[function.name]
        return self._applied(node, entry, (function.value, *node.arguments), node.keywords)

    def _op(self, name: str, span: Span, prefix: str = "") -> Op:
        entry = OPS.get(ALIASES.get(name, name))
        if entry is not None:
            return entry
        if name in NOT_BUILT:
            raise _problem("SC212", span, f"`{prefix}{name}` is not supported in this version")
        from difflib import get_close_matches

        near = get_close_matches(name, OPS, n=1)
        hint = f"did you mean `{near[0]}`?" if near else ""
        raise _problem("SC209", span, f"no op `{prefix}{name}`", hint)

    def _applied(
        self, node: Syntax, entry: Op, arguments: Items[Syntax], keywords: Items[Keyword]
    ) -> Tree:
        operands, extra = self._split(node, entry, arguments)
        attributes = self._attributes(node, entry, operands, extra, keywords)
        return self._built(node, entry, operands, attributes)

    def _built(
        self, node: Syntax, entry: Op, operands: tuple[Tree, ...], attributes: Attributes
    ) -> Tree:
        if (folded := _folded(entry.name, operands)) is not None:
            return folded
        try:
            if entry.shape is None:
                shape = defined(entry, operands, attributes).shape
                return call(entry.name, operands, attributes, shape)
            return applied(entry, operands, attributes)
        except ShapeMismatch as mismatch:
            raise Misfit(node, mismatch, operands) from None

    def _split(
        self, node: Syntax, entry: Op, arguments: Items[Syntax]
    ) -> tuple[tuple[Tree, ...], list[Syntax]]:
        """Tell operands from attributes given by position: NumPy takes `sum(X, 1)`."""
        texts = [argument for argument in arguments if isinstance(argument, Text)]
        others = [argument for argument in arguments if not isinstance(argument, Text)]
        count = len(entry.operands)
        if len(others) < count:
            raise self._wrong_count(node, entry, len(others))
        operands = tuple(self.tree(argument) for argument in others[:count])
        extra = others[count:]
        if any(not _is_plain(each) for each in extra) and "shape" not in entry.attributes:
            raise self._wrong_count(node, entry, len(others))
        if "shape" in entry.attributes and len(extra) > 1:
            extra = [Sequence(extra[0].span, tuple(extra))]
        if entry.name == "transpose" and extra:
            raise _problem(
                "SC212", extra[0].span, "the axes of `transpose` are not read yet", "`.T`"
            )
        if len(texts) + len(extra) > len(entry.attributes):
            raise self._wrong_count(node, entry, len(others))
        return operands, [*texts, *extra]

    def _wrong_count(self, node: Syntax, entry: Op, got: int) -> Problem:
        count = len(entry.operands)
        takes = f"`{entry.name}` takes {count} operand{'s' * (count != 1)}, got {got}"
        named = ", ".join([*entry.operands, *(f"{key}=" for key in entry.attributes)])
        return _problem("SC210", node.span, takes, f"write `{entry.name}({named})`")

    def _attributes(
        self,
        node: Syntax,
        entry: Op,
        operands: tuple[Tree, ...],
        extra: list[Syntax],
        keywords: Items[Keyword],
    ) -> Attributes:
        given: dict[str, Syntax] = dict(zip(entry.attributes, extra, strict=False))
        for keyword in keywords:
            name = {"dim": "axis", "keepdim": "keepdims"}.get(keyword.name, keyword.name)
            if name not in entry.attributes:
                raise self._no_such_keyword(entry, keyword)
            if name in given:
                raise _problem("SC210", keyword.span, f"`{name}` is given twice")
            given[name] = keyword.value
        return tuple(
            (name, self._attribute(node, entry, operands, name, default, given))
            for name, default in entry.attributes.items()
        )

    def _no_such_keyword(self, entry: Op, keyword: Keyword) -> Problem:
        takes = ", ".join(f"`{name}=`" for name in entry.attributes) or "none"
        message = f"`{entry.name}` takes no `{keyword.name}=`"
        return _problem("SC210", keyword.span, message, f"it takes {takes}")

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
                missing = f"`{entry.name}` wants `{name}=`"
                raise _problem("SC210", node.span, missing, f"write `{name}=0`, say")
            return Fraction(repr(default)) if isinstance(default, float) else default  # type: ignore[return-value]  # defaults are attributes
        syntax = given[name]
        if name == "shape":
            return self._shape(syntax)
        value = self.attribute(syntax)
        if name == "axis":
            return self._axis(entry, operands, value, syntax.span)
        if name == "reduction" and value not in ("mean", "sum", "none"):
            raise _problem("SC210", syntax.span, '`reduction` is "mean", "sum" or "none"')
        if name == "keepdims" and not isinstance(value, bool):
            raise _problem("SC210", syntax.span, "`keepdims` is True or False")
        return value

    def _axis(
        self, entry: Op, operands: tuple[Tree, ...], value: Attribute, span: Span
    ) -> Attribute:
        """Count axes from 0, and refuse those that the operand lacks."""
        rank = len(operands[0].shape) + (entry.name == "expand_dims")
        places = value if isinstance(value, tuple) else (value,)
        if value is None and entry.axis != "c" and entry.name != "expand_dims":
            return None
        found = []
        for place in places:
            if not isinstance(place, int) or isinstance(place, bool):
                raise _problem("SC210", span, "an axis is a whole number")
            if not -rank <= place < rank:
                operand = f"{rank}-D value, {shape_text(operands[0].shape)}"
                allowed = " or ".join(map(str, range(rank))) or "none: it is a scalar"
                raise _problem("SC304", span, f"axis {place} of a {operand}", allowed)
            found.append(place % rank)
        return tuple(found) if isinstance(value, tuple) else found[0]

    def _shape(self, node: Syntax) -> Shape:
        items = node.items if isinstance(node, Sequence) else (node,)
        return tuple(self._dim(item) for item in items)

    def _dim(self, node: Syntax) -> Dim:
        match node:
            case Name(text=text, span=span):
                found = self.lookup(node)
                if isinstance(found, Dim):
                    return found
                if self.is_dim(text):
                    return Dim.named(text)
                raise _problem("SC210", span, f"`{text}` is no dim")
            case Literal(value=value) if value.denominator == 1 and value > 0:
                return Dim.number(int(value))
            case Binary(operator="*", left=left, right=right):
                return self._dim(left) * self._dim(right)
            case Binary(operator="+", left=left, right=right):
                return self._dim(left) + self._dim(right)
            case Binary(operator="-", left=left, right=right):
                return self._dim(left) - self._dim(right)
            case _:
                raise _problem("SC210", node.span, "a dim is expected here")

    def attribute(self, node: Syntax) -> Attribute:
        """Read the value of an attribute: a number, a tuple of them, True, None, a string."""
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
                    return found.name
                if isinstance(found, Number | Call):
                    raise _problem("SC210", node.span, "a plain value is expected here")
                return found
            case _:
                raise _problem("SC210", node.span, "a plain value is expected here")


def _folded(op: str, operands: tuple[Tree, ...]) -> Tree | None:
    """Work out a sum, difference, product or quotient of two numbers."""
    if op == "neg" and isinstance(operands[0], Number):
        return number(-operands[0].value)
    if len(operands) != 2 or not all(isinstance(each, Number) for each in operands):
        return None
    left, right = (each.value for each in operands if isinstance(each, Number))
    if op == "div" and not right:
        return None
    results = {"add": left + right, "sub": left - right, "mul": left * right}
    result = left / right if op == "div" else results.get(op)
    return None if result is None else number(result)


def _is_plain(node: Syntax) -> bool:
    """Say whether an argument can be an attribute given by position: a number, None, a tuple."""
    return isinstance(node, Literal | Unary | Constant | Sequence)


def _problem(code: str, span: Span, message: str, help: str = "") -> Problem:
    return Problem(Finding(code, span, message, help))


def defined(entry: Op, operands: tuple[Tree, ...], attributes: Attributes) -> Tree:
    """Put an op's definition for the op. Raises ShapeMismatch where shapes must be one."""
    if entry.shape is None and len({operand.shape for operand in operands}) > 1:
        shapes = " and ".join(shape_text(operand.shape) for operand in operands)
        raise ShapeMismatch("SC302", f"`{entry.name}` takes operands of one shape, not {shapes}")
    places = tuple(
        leaf(f"<{name}>", tree.shape) for name, tree in zip(entry.operands, operands, strict=True)
    )
    definition = _definition(entry.name, places, attributes)
    change: dict[Tree, Tree] = dict(zip(places, operands, strict=True))
    return rebuilt(definition, change.get)


@lru_cache(maxsize=4096)
def _definition(name: str, places: tuple[Tree, ...], attributes: Attributes) -> Tree:
    entry = OPS[name]
    assert entry.definition is not None
    given = dict(attributes)
    text = entry.definition
    if "reduction" in given:
        reduce = {"mean": "mean", "sum": "sum", "none": ""}[str(given["reduction"])]
        text = text.replace("{reduction}", reduce)
    return expression_of(text, {**dict(zip(entry.operands, places, strict=True)), **given})


def expression_of(text: str, names: "dict[str, Tree | Attribute]") -> Tree:
    """Build the tree of a text of ours in which these names stand for trees or attributes."""
    return Builder(lambda name: names[name.text], lambda _: False).tree(_parsed(text))


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Syntax:
    from shapecalc.parsing import parse_expression

    return parse_expression(text, lambda offset, length: Span("<op>", 1, offset + 1, length))
