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
from shapecalc.ops import refusals
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

    def __init__(
        self, node: Syntax, op: Op, mismatch: ShapeMismatch, operands: tuple[Tree, ...]
    ) -> None:
        super().__init__(mismatch.fact)
        self.node = node
        self.op = op.name
        self.needs_one_shape = op.shape is None
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
            case Subscript():
                raise self._subscript(node)
            case Text(span=span) | Constant(span=span) | Sequence(span=span):
                message, advice = "this is no operand", "write a value, or a formula of values"
                raise _problem("SC210", span, message, advice)

    def _named(self, node: Name) -> Tree:
        found = self.lookup(node)
        if isinstance(found, bool) or found is None or isinstance(found, tuple):
            raise _problem("SC210", node.span, f"`{node.text}` is no operand", "write a value")
        if isinstance(found, int | Fraction):
            return number(found)
        return leaf(str(found), ()) if isinstance(found, str | Dim) else found

    def _subscript(self, node: Subscript) -> Problem:
        if isinstance(node.value, Dotted) and node.value.name == "shape":
            return _refused(node.span, refusals.attribute("shape", self.tree(node.value.value)))
        message = "slices are not supported in this version"
        return _problem("SC212", node.span, message, "declare the part itself, under `inputs`")

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
                is_declared = isinstance(operand, Leaf)
                refusal = refusals.transpose_of_stack(operand, is_declared=is_declared)
                raise _refused(node.name_span, refusal)
            return self._built(node, OPS["transpose"], (operand,), ())
        if node.name == "mT":
            message = "`.mT` is not supported in this version"
            raise _problem("SC212", node.name_span, message, "write `.T` of a matrix")
        raise _refused(node.name_span, refusals.attribute(node.name, self.tree(node.value)))

    def _called(self, node: CallSyntax) -> Tree:
        function = node.function
        if isinstance(function, Name):
            entry = self._op(node, function.text, function.span)
            return self._applied(node, entry, node.arguments, node.keywords)
        if isinstance(function.value, Name) and function.value.text in PREFIXES:
            entry = self._op(node, function.name, function.span, f"{function.value.text}.")
            return self._applied(node, entry, node.arguments, node.keywords)
        if isinstance(function.value, Name) and function.value.text in ("torch", "F"):
            refusal = refusals.library(function.value.text, function.name)
            raise _refused(function.span, refusal)
        if function.name not in METHODS:
            refusal = refusals.method(function.name, self.tree(function.value))
            raise _refused(function.name_span, refusal)
        entry = OPS[function.name]
        return self._applied(node, entry, (function.value, *node.arguments), node.keywords)

    def _op(self, node: CallSyntax, name: str, span: Span, prefix: str = "") -> Op:
        entry = OPS.get(ALIASES.get(name, name))
        if entry is not None:
            return entry
        if name not in NOT_BUILT:
            raise _refused(span, refusals.unknown_op(name, prefix))
        is_plain = len(node.arguments) == 1 and not node.keywords
        operands = [self.tree(each) for each in node.arguments] if is_plain else []
        raise _refused(span, refusals.not_built(name, prefix, operands))

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
        if entry.idempotent and operands[0] is operands[1]:
            return operands[0]
        try:
            if entry.shape is None:
                shape = defined(entry, operands, attributes).shape
                return call(entry.name, operands, attributes, shape)
            return applied(entry, operands, attributes)
        except ShapeMismatch as mismatch:
            raise Misfit(node, entry, mismatch, operands) from None

    def _split(
        self, node: Syntax, entry: Op, arguments: Items[Syntax]
    ) -> tuple[tuple[Tree, ...], list[Syntax]]:
        """Tell operands from attributes given by position: NumPy takes `sum(X, 1)`."""
        texts = [argument for argument in arguments if isinstance(argument, Text)]
        others = [argument for argument in arguments if not isinstance(argument, Text)]
        count = len(entry.operands)
        operands = tuple(self.tree(argument) for argument in others[:count])
        if len(others) < count:
            raise _refused(node.span, refusals.wrong_count(entry, operands, len(others)))
        extra = others[count:]
        if any(not _is_plain(each) for each in extra) and "shape" not in entry.attributes:
            raise _refused(node.span, refusals.wrong_count(entry, operands, len(others)))
        if "shape" in entry.attributes and len(extra) > 1:
            extra = [Sequence(extra[0].span, tuple(extra))]
        if entry.name == "transpose" and extra:
            message = "the axes of `transpose` are not read in this version"
            raise _problem("SC212", extra[0].span, message, "write `.T` of a matrix")
        if len(texts) + len(extra) > len(entry.attributes):
            raise _refused(node.span, refusals.wrong_count(entry, operands, len(others)))
        return operands, [*texts, *extra]

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
                raise _refused(keyword.span, refusals.no_such_keyword(entry, keyword.name))
            if name in given:
                message = f"`{name}` is given twice"
                raise _problem("SC210", keyword.span, message, f"drop `{keyword.name}=`")
            given[name] = keyword.value
        return tuple(
            (name, self._attribute(node, entry, operands, name, default, given))
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
                raise _refused(node.span, refusals.missing_keyword(entry, name, operands))
            return Fraction(repr(default)) if isinstance(default, float) else default  # type: ignore[return-value]  # defaults are attributes
        syntax = given[name]
        if name == "shape":
            return self._shape(syntax)
        value = self.attribute(syntax)
        if name == "axis":
            return self._axis(entry, operands, value, syntax.span)
        if name == "reduction" and value not in ("mean", "sum", "none"):
            message = '`reduction` is "mean", "sum" or "none"'
            raise _problem("SC210", syntax.span, message, 'write `"mean"`, `"sum"` or `"none"`')
        if name == "keepdims" and not isinstance(value, bool):
            message = "`keepdims` is True or False"
            raise _problem("SC210", syntax.span, message, "write `keepdims=True`")
        return value

    def _axis(
        self, entry: Op, operands: tuple[Tree, ...], value: Attribute, span: Span
    ) -> Attribute:
        """Count axes from 0, and refuse those that the operand lacks."""
        rank = len(operands[0].shape) + (entry.name == "expand_dims")
        places = value if isinstance(value, tuple) else (value,)
        if value is None and entry.attributes["axis"] is None:
            return None
        found = []
        for place in places:
            if not isinstance(place, int) or isinstance(place, bool):
                raise _problem("SC210", span, "an axis is a whole number", "write `axis=0`, say")
            if not -rank <= place < rank:
                raise _refused(span, refusals.no_such_axis(entry, operands[0], place))
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
                raise _problem("SC210", span, f"`{text}` is no dim", "write a name of `dims`")
            case Literal(value=value) if value.denominator == 1 and value > 0:
                return Dim.number(int(value))
            case Binary(operator="*", left=left, right=right):
                return self._dim(left) * self._dim(right)
            case Binary(operator="+", left=left, right=right):
                return self._dim(left) + self._dim(right)
            case Binary(operator="-", left=left, right=right):
                return self._dim(left) - self._dim(right)
            case _:
                raise _problem("SC210", node.span, "this is no dim", "write a name of `dims`")

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
                    raise _no_plain_value(node)
                return found
            case _:
                raise _no_plain_value(node)


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


def _problem(code: str, span: Span, message: str, help: str) -> Problem:
    return Problem(Finding(code, span, message, help))


def _no_plain_value(node: Syntax) -> Problem:
    message = "this is no plain value"
    return _problem("SC210", node.span, message, "write a number, a tuple, True or None")


def _refused(span: Span, refusal: refusals.Refusal) -> Problem:
    code, message, advice = refusal
    return _problem(code, span, message, advice)


def defined(entry: Op, operands: tuple[Tree, ...], attributes: Attributes) -> Tree:
    """Put an op's definition for the op. Raises ShapeMismatch where shapes must be one."""
    if entry.shape is None and len({operand.shape for operand in operands}) > 1:
        shapes = " and ".join(shape_text(operand.shape) for operand in operands)
        fact = f"`{entry.name}` takes operands of one shape, not {shapes}"
        raise ShapeMismatch("SC302", fact, _clash(operands))
    places = tuple(
        leaf(f"<{name}>", tree.shape) for name, tree in zip(entry.operands, operands, strict=True)
    )
    definition = _definition(entry.name, places, attributes)
    change: dict[Tree, Tree] = dict(zip(places, operands, strict=True))
    return rebuilt(definition, change.get)


def _clash(operands: tuple[Tree, ...]) -> tuple[tuple[int, int], ...]:
    """Return the first axes, of the first two operands, whose dims differ."""
    pairs = zip(operands[0].shape, operands[1].shape, strict=False)
    axes = [axis for axis, (left, right) in enumerate(pairs) if left != right]
    return ((0, axes[0]), (1, axes[0])) if axes else ()


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
