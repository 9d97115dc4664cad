"""Syntax → formula tree: names looked up, ops chosen, attributes read, shapes worked out.

Serves the equations of a spec, the author's claims and the definitions of ops alike.
"""

from collections.abc import Callable, Mapping
from collections.abc import Sequence as Items
from fractions import Fraction
from functools import lru_cache
from math import prod
from types import MappingProxyType

from shapecalc.diagnostics import Problem
from shapecalc.dims import Dim, shape_text
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
from shapecalc.index import size_powers
from shapecalc.ops import refusals
from shapecalc.ops.attributes import AttributeReader, problem, refused
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.calls import Named, by_own_name, dotted, given_twice, named
from shapecalc.ops.names import INFIX_OPS, METHODS, PAIRWISE, PREFIXES, WITH_MORE
from shapecalc.ops.registry import OPS, Op, applied, axes_of, spelled
from shapecalc.ops.slices import read_places
from shapecalc.span import Span
from shapecalc.tree import (
    Attribute,
    Attributes,
    Call,
    Number,
    Tree,
    call,
    leaf,
    number,
    rebuilt,
)

CONSTANTS = {"pi": "pi", "π": "pi"}
"""Names that stand for a number, where a spec has nothing of that name."""


class Misfit(Exception):
    """Operands that do not go together, with the syntax that puts them together."""

    def __init__(
        self, node: Syntax, op: Op, mismatch: ShapeMismatch, operands: tuple[Tree, ...]
    ) -> None:
        super().__init__(mismatch.fact)
        self.node = node
        self.op = op.name
        self.needs_one_shape = op.shape is None or op.axis is not None
        self.mismatch = mismatch
        self.operands = operands


class Builder:
    """Builds trees in one scope. Raises Problem for a mistake, Misfit where shapes do not fit."""

    def __init__(
        self,
        lookup: Callable[[Name], Tree | Attribute],
        is_dim: Callable[[str], bool],
        is_constant: Callable[[str], bool] = bool,
    ) -> None:
        self.lookup = lookup
        self.reader = AttributeReader(lookup, is_dim, is_constant)

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
                return self._subscript(node)
            case Text(span=span) | Constant(span=span) | Sequence(span=span):
                message, advice = "this is no operand", "write a value, or a formula of values"
                raise problem("SC210", span, message, advice)

    def _named(self, node: Name) -> Tree:
        try:
            found = self.lookup(node)
        except Problem:
            if node.text not in CONSTANTS:
                raise
            return self._built(node, OPS[CONSTANTS[node.text]], (), ())
        if isinstance(found, bool) or found is None or isinstance(found, tuple):
            raise problem("SC210", node.span, f"`{node.text}` is no operand", "write a value")
        if isinstance(found, int | Fraction):
            return number(found)
        if isinstance(found, Dim):
            return _size(found)
        return leaf(found, ()) if isinstance(found, str) else found

    def _subscript(self, node: Subscript) -> Tree:
        if isinstance(node.value, Dotted) and node.value.name == "shape":
            raise refused(node.span, refusals.attribute("shape", self.tree(node.value.value)))
        tree = self.tree(node.value)
        part = read_places(node, tree, self.reader.signed_dim)
        if part.is_cut:
            attributes: Attributes = (("cut", part.cut), ("drop", part.drop))
            tree = self._built(node, OPS["slice"], (tree,), attributes)
        if part.turned:
            tree = self._built(node, OPS["flip"], (tree,), (("axis", part.turned),))
        for axis in part.new:
            tree = self._built(node, OPS["expand_dims"], (tree,), (("axis", axis),))
        return tree

    def _signed(self, node: Unary, operator: str, operand: Syntax) -> Tree:
        if operator == "+":
            return self.tree(operand)
        if isinstance(operand, Literal):
            return number(-operand.value)
        return self._applied(node, OPS["neg"], (operand,), ())

    def _dotted(self, node: Dotted) -> Tree:
        if node.name == "T":
            operand = self.tree(node.value)
            return operand if isinstance(operand, Number) else self._turned(node, operand)
        if node.name in CONSTANTS and dotted(node.value) in PREFIXES:
            return self._built(node, OPS[CONSTANTS[node.name]], (), ())
        if node.name == "mT":
            operand = self.tree(node.value)
            if len(operand.shape) < 2:
                raise refused(node.name_span, refusals.transpose_of_vector(operand))
            return self._built(node, OPS["matrix_transpose"], (operand,), ())
        raise refused(node.name_span, refusals.attribute(node.name, self.tree(node.value)))

    def _turned(self, node: Dotted | CallSyntax, operand: Tree) -> Tree:
        """Transpose a matrix; what has more axes needs to say which ones."""
        if len(operand.shape) > 2:
            span = node.name_span if isinstance(node, Dotted) else node.function.span
            raise refused(span, refusals.transpose_of_stack(operand))
        return self._built(node, OPS["transpose"], (operand,), ())

    def _called(self, node: CallSyntax) -> Tree:
        function = node.function
        if isinstance(function, Name):
            return self._by_name(node, function.text, function.span, "")
        prefix = dotted(function.value)
        if prefix in PREFIXES and not self._is_value(function.value):
            return self._by_name(node, function.name, function.span, prefix)
        if function.name not in METHODS:
            refusal = refusals.method(function.name, self.tree(function.value))
            raise refused(function.name_span, refusal)
        arguments = (function.value, *node.arguments)
        found = named(function.name)
        assert isinstance(found, Named)
        return self._asked(node, found, arguments, prefix=".")

    def _is_value(self, node: Syntax) -> bool:
        """Say whether `F` before a dot is a value of the spec rather than a library."""
        try:
            return isinstance(node, Name) and self.lookup(node) is not None
        except (Problem, KeyError):  # a text of ours has its names in a dictionary
            return False

    def _by_name(self, node: CallSyntax, name: str, span: Span, prefix: str) -> Tree:
        found = named(name, prefix)
        if not isinstance(found, Named):
            raise refused(span, found)
        return self._asked(node, found, node.arguments, prefix=prefix)

    def _asked(
        self, node: CallSyntax, found: Named, arguments: Items[Syntax], *, prefix: str
    ) -> Tree:
        """Apply the op that a call names, or the one that takes all that the call gives."""
        entry = found.op
        count = len(arguments) + len(node.keywords)
        if entry.name in WITH_MORE and count > len(entry.operands):
            entry = OPS[WITH_MORE[entry.name]]
        if entry.name == "transpose" and len(arguments) == count == 1:
            return self._turned(node, self.tree(arguments[0]))
        if entry.name in PAIRWISE and not prefix and len(arguments) > 1:
            self._refuse_pair(node, entry, arguments)
        return self._applied(node, entry, arguments, node.keywords, found.defaults)

    def _refuse_pair(self, node: CallSyntax, entry: Op, arguments: Items[Syntax]) -> None:
        """Refuse `max(Z, 0)`, where 0 may be an axis or what is compared with, and `max(A, B)`."""
        second = arguments[1]
        if isinstance(second, Constant | Sequence):
            return
        operands = [self.tree(argument) for argument in arguments[:2]]
        if isinstance(second, Literal | Unary):
            raise refused(node.span, refusals.axis_or_operand(entry, operands))
        raise refused(node.span, refusals.wrong_count(entry, operands, len(arguments)))

    def _applied(
        self,
        node: Syntax,
        entry: Op,
        arguments: Items[Syntax],
        keywords: Items[Keyword],
        defaults: Mapping[str, Attribute] = MappingProxyType({}),
    ) -> Tree:
        given = by_own_name(entry, keywords)
        operands, extra = self._split(node, entry, arguments, given)
        given = {name: keyword for name, keyword in given.items() if name in entry.attributes}
        attributes = self.reader.attributes(node, entry, operands, extra, given, defaults)
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
            if callable(entry.definition):  # it may refuse attributes
                spelled(entry.definition, tuple(t.shape for t in operands), dict(attributes))
            return _plainest(entry, applied(entry, operands, attributes))
        except ShapeMismatch as mismatch:
            raise Misfit(node, entry, mismatch, operands) from None

    def _split(
        self,
        node: Syntax,
        entry: Op,
        arguments: Items[Syntax],
        given: Mapping[str, Keyword],
    ) -> tuple[tuple[Tree, ...], list[Syntax]]:
        """Tell operands from attributes given by position: NumPy takes `sum(X, 1)`."""
        texts = [argument for argument in arguments if isinstance(argument, Text)]
        others = [argument for argument in arguments if not isinstance(argument, Text)]
        if entry.is_variadic and others and isinstance(others[0], Sequence):
            return tuple(self.tree(each) for each in others[0].items), [*texts, *others[1:]]
        count = max(1, len(others)) if entry.is_variadic else len(entry.operands)
        operands = self._operands(node, entry, others[:count], given)
        extra = others[count:]
        if "shape" not in entry.attributes and not all(map(self._is_plain, extra)):
            raise refused(node.span, refusals.wrong_count(entry, operands, len(others)))
        if {"shape", "axes"} & entry.attributes.keys() and len(extra) > 1:
            extra = [Sequence(extra[0].span, tuple(extra))]
        if len(texts) + len(extra) > entry.positional:
            raise refused(node.span, refusals.wrong_count(entry, operands, len(others)))
        return operands, [*texts, *extra]

    def _is_plain(self, node: Syntax) -> bool:
        """Say whether an argument can be an attribute given by position: a number, a tuple."""
        is_plain = isinstance(node, Literal | Unary | Constant | Sequence)
        return is_plain or self.reader.spells_dim(node)

    def _operands(
        self, node: Syntax, entry: Op, first: Items[Syntax], keywords: Mapping[str, Keyword]
    ) -> tuple[Tree, ...]:
        """Build the operands given by position, then those by name, or the numbers for them."""
        found = [self.tree(argument) for argument in first]
        if entry.is_variadic and not found:
            raise refused(node.span, refusals.wrong_count(entry, found, 0))
        for name in entry.operands[: len(found)]:
            if name in keywords:
                raise given_twice(keywords[name], name)
        for name in entry.operands[len(found) :]:
            if name in keywords:
                found.append(self.tree(keywords[name].value))
            elif name in entry.operand_defaults:
                found.append(number(entry.operand_defaults[name]))
            else:
                raise refused(node.span, refusals.wrong_count(entry, found, len(first)))
        return tuple(found)


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
    text = spelled(entry.definition, tuple(place.shape for place in places), given)
    if "reduction" in given:
        reduce = {"mean": "mean", "sum": "sum", "none": ""}[str(given["reduction"])]
        text = text.replace("{reduction}", reduce)
    return expression_of(text, names_in_definition(entry, places, attributes))


def names_in_definition(
    entry: Op, operands: tuple[Tree, ...], attributes: Attributes
) -> "dict[str, Tree | Attribute]":
    """Return what the names in a text of an op stand for: operands, attributes, `size`, `axes`."""
    names: dict[str, Tree | Attribute] = {}
    names.update(zip(entry.names(len(operands)), operands, strict=True))
    if entry.axis is not None:
        shape = operands[0].shape
        axes = axes_of(dict(attributes), shape)
        names["axes"] = axes[0] if len(axes) == 1 else axes
        names["size"] = _size(prod((shape[axis] for axis in axes), start=Dim.number(1)))
    return {**names, **dict(attributes)}


def _size(dim: Dim) -> Tree:
    """Return a dim as a number in a formula."""
    total: Tree = number(1)
    for tree, power in size_powers(dim):
        op = "mul" if power > 0 else "div"
        is_first = power > 0 and isinstance(total, Number)
        total = tree if is_first else call(op, (total, tree), (), ())
    return total


def _plainest(entry: Op, tree: Call) -> Tree:
    """Put the plainer tree that says the same, where the op states one."""
    if entry.spelling is None:
        return tree
    shapes = tuple(operand.shape for operand in tree.operands)
    text = entry.spelling(shapes, dict(tree.attributes))
    if text is None:
        return tree
    names: dict[str, Tree | Attribute] = {}
    names.update(zip(entry.names(len(shapes)), tree.operands, strict=True))
    return expression_of(text, names)


def expression_of(text: str, names: "dict[str, Tree | Attribute]") -> Tree:
    """Build the tree of a text of ours in which these names stand for trees or attributes."""
    constants = {name: applied(OPS[op], (), ()) for name, op in CONSTANTS.items()}
    known: dict[str, Tree | Attribute] = {**constants, **names}
    return Builder(lambda name: known[name.text], lambda name: isinstance(known[name], Dim)).tree(
        _parsed(text)
    )


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Syntax:
    from shapecalc.parsing import parse_expression

    return parse_expression(text, lambda offset, length: Span("<op>", 1, offset + 1, length))
