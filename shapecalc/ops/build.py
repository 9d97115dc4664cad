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
from shapecalc.ops.arguments import told_apart, with_less
from shapecalc.ops.attributes import AttributeReader, hold_to_finite, problem, refused
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.calls import Named, by_own_name, dotted, named
from shapecalc.ops.folding import flat, folded
from shapecalc.ops.indices import are_places
from shapecalc.ops.names import INFIX_OPS, OF_CLASSES, PAIRWISE, PREFIXES, WITH_MORE
from shapecalc.ops.numbers import SizeOf, named_by_size
from shapecalc.ops.pasted import is_method, keeps_value, method_named, pairwise, swaps_two_axes
from shapecalc.ops.registry import OPS, Op, applied, axes_of, spelled
from shapecalc.ops.sizes import asked_size
from shapecalc.ops.subscripts import subscripted
from shapecalc.span import Span
from shapecalc.tree import (
    Attribute,
    Attributes,
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
        size_of: SizeOf = lambda _: None,
    ) -> None:
        self.lookup = lookup
        self.size_of = size_of
        self.reader = AttributeReader(lookup, is_dim, is_constant)

    def tree(self, node: Syntax) -> Tree:
        """Build the tree of an operand."""
        match node:
            case Name():
                return self._named(node)
            case Literal(value=value):
                return number(value)
            case Subscript() | CallSyntax() if (dim := asked_size(node, self.lookup)) is not None:
                return _size(dim)
            case Binary(operator="//") if not self.reader.spells_dim(node):
                raise problem("SC202", node.operator_span, "`//` is not read", "write `/`")
            case Unary(operator=operator, operand=operand):
                return self._signed(node, operator, operand)
            case Binary(operator=operator, left=left, right=right):
                return self._applied(node, OPS[INFIX_OPS[operator]], (left, right), ())
            case Dotted():
                return self._dotted(node)
            case CallSyntax():
                return self._called(node)
            case Subscript():
                return subscripted(self, node)
            case Text(span=span) | Constant(span=span) | Sequence(span=span):
                message, advice = "this is no operand", "write a value, or a formula of values"
                raise problem("SC210", span, message, advice)

    def _named(self, node: Name) -> Tree:
        try:
            found = self.lookup(node)
        except Problem:
            if node.text not in CONSTANTS:
                raise
            return self.built(node, OPS[CONSTANTS[node.text]], (), ())
        if isinstance(found, bool) or found is None or isinstance(found, tuple):
            raise problem("SC210", node.span, f"`{node.text}` is no operand", "write a value")
        if isinstance(found, int | Fraction):
            return number(found)
        if isinstance(found, Dim):
            return _size(found)
        return leaf(found, ()) if isinstance(found, str) else found

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
            return self.built(node, OPS[CONSTANTS[node.name]], (), ())
        if node.name == "mT":
            operand = self.tree(node.value)
            if len(operand.shape) < 2:
                raise refused(node.name_span, refusals.transpose_of_vector(operand))
            return self.built(node, OPS["matrix_transpose"], (operand,), ())
        if node.name == "values" and isinstance(node.value, CallSyntax):
            return self.tree(node.value)  # PyTorch's `max` along an axis: the indices are not read
        hold_to_finite(node)
        raise refused(node.name_span, refusals.attribute(node.name, self.tree(node.value)))

    def _turned(self, node: Dotted | CallSyntax, operand: Tree) -> Tree:
        """Transpose a matrix; what has more axes needs to say which ones."""
        if len(operand.shape) > 2:
            span = node.name_span if isinstance(node, Dotted) else node.function.span
            raise refused(span, refusals.transpose_of_stack(operand))
        return self.built(node, OPS["transpose"], (operand,), ())

    def _called(self, node: CallSyntax) -> Tree:
        hold_to_finite(node)
        function = node.function
        if isinstance(function, Name):
            return self._by_name(node, function.text, function.span, "")
        prefix = dotted(function.value)
        if prefix in PREFIXES and not self.is_value(function.value):
            return self._by_name(node, function.name, function.span, prefix)
        if keeps_value(node, function):
            return self.tree(function.value)
        if not is_method(function.name):
            refusal = refusals.method(function.name, self.tree(function.value))
            raise refused(function.name_span, refusal)
        arguments = (function.value, *node.arguments)
        found = method_named(function.name, node.keywords)
        if not isinstance(found, Named):
            raise refused(function.name_span, found)
        return self._asked(node, found, arguments, prefix=".")

    def is_value(self, node: Syntax) -> bool:
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
        if entry.name == "diag" and len(arguments) == count == 1 and not prefix:
            return self.built(node, entry, (flat(self.tree(arguments[0])),), ())
        if entry.name in PAIRWISE and not prefix and len(arguments) > 1:
            entry = pairwise(self, node, entry, arguments)
        if swaps_two_axes(entry, arguments, lambda: self.tree(arguments[0])):
            entry = OPS["swapaxes"]
        entry, arguments, keywords = with_less(entry, arguments, node.keywords)
        return self._applied(node, entry, arguments, keywords, found.defaults)

    def _applied(
        self,
        node: Syntax,
        entry: Op,
        arguments: Items[Syntax],
        keywords: Items[Keyword],
        defaults: Mapping[str, Attribute] = MappingProxyType({}),
    ) -> Tree:
        given = by_own_name(entry, keywords)
        operands, extra = told_apart(self, node, entry, arguments, given)
        given = {name: keyword for name, keyword in given.items() if name in entry.attributes}
        attributes = self.reader.attributes(node, entry, operands, extra, given, defaults)
        attributes = tuple(self._with_dims(name, value, operands) for name, value in attributes)
        return self.built(node, _of_classes(entry, operands), operands, attributes)

    @staticmethod
    def misfit(
        node: Syntax, entry: Op, mismatch: ShapeMismatch, operands: tuple[Tree, ...]
    ) -> Misfit:
        """Return what to raise for operands that do not go together."""
        return Misfit(node, entry, mismatch, operands)

    def _with_dims(
        self, name: str, value: Attribute, operands: tuple[Tree, ...]
    ) -> tuple[str, Attribute]:
        """Put dims for numbers in a new shape of an operand, where they are their sizes."""
        if name == "shape" and operands and isinstance(value, tuple):
            shape = tuple(dim for dim in value if isinstance(dim, Dim))
            return name, named_by_size(operands[0].shape, shape, self.size_of)
        return name, value

    def built(
        self, node: Syntax, entry: Op, operands: tuple[Tree, ...], attributes: Attributes
    ) -> Tree:
        """Apply an op to operands, or what says the same more plainly."""
        if (found := folded(entry.name, operands)) is not None:
            return found
        if entry.idempotent and operands[0] is operands[1]:
            return operands[0]
        for name in entry.indices:
            if not are_places(place := operands[entry.operands.index(name)]):
                raise refused(node.span, refusals.computed_places(entry, name, place))
        try:
            if entry.shape is None:
                plain = _plainest(entry, operands, attributes)
                shape = plain.shape if plain else defined(entry, operands, attributes).shape
                return plain or call(entry.name, operands, attributes, shape)
            if callable(entry.definition):  # it may refuse attributes
                spelled(entry.definition, tuple(t.shape for t in operands), dict(attributes))
            tree = applied(entry, operands, attributes)
            return _plainest(entry, operands, attributes) or tree
        except ShapeMismatch as mismatch:
            raise Misfit(node, entry, mismatch, operands) from None
        except Misfit as inside:  # in a text of ours: the author's place is the whole call
            raise Misfit(node, OPS[inside.op], inside.mismatch, inside.operands) from None
        except Problem as inside:
            raise Problem(inside.finding._replace(span=node.span)) from None


def _of_classes(entry: Op, operands: tuple[Tree, ...]) -> Op:
    """Return the loss of the same name whose targets, without a class axis, are numbers."""
    if entry.name in OF_CLASSES:
        scores, targets = (len(operand.shape) for operand in operands)
        if targets == scores - 1:
            return OPS[OF_CLASSES[entry.name]]
    return entry


def defined(entry: Op, operands: tuple[Tree, ...], attributes: Attributes) -> Tree:
    """Put an op's definition for the op. Raises ShapeMismatch where shapes must be one."""
    if entry.shape is None and len({operand.shape for operand in operands}) > 1:
        shapes = " and ".join(shape_text(operand.shape) for operand in operands)
        fact = f"`{entry.name}` takes operands of one shape, not {shapes}"
        raise ShapeMismatch("SC302", fact, _clash(operands))
    places = _places(entry, operands)
    change: dict[Tree, Tree] = dict(zip(places, operands, strict=True))
    return rebuilt(_definition(entry.name, places, attributes), change.get)


def definition_of(entry: Op, operands: tuple[Tree, ...], attributes: Attributes) -> Tree:
    """Return an op's definition at operands of these shapes, with names in their places."""
    return _definition(entry.name, _places(entry, operands), attributes)


def _places(entry: Op, operands: tuple[Tree, ...]) -> tuple[Tree, ...]:
    names = zip(entry.operands, operands, strict=True)
    return tuple([leaf(f"<{name}>", tree.shape) for name, tree in names])


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
    if entry.sizes:
        dims = entry.bound(tuple(each.shape for each in operands), attributes).dims
        names.update({letter: dims[letter] for letter in entry.sizes if letter in dims})
    return {**names, **_names_of(attributes)}


def _names_of(attributes: Attributes) -> "dict[str, Tree | Attribute]":
    """Return what attributes are called: `kernel_size`, and of several `kernel_size0` too."""
    names: dict[str, Tree | Attribute] = dict(attributes)
    for name, value in attributes:
        if isinstance(value, tuple):
            names.update({f"{name}{place}": item for place, item in enumerate(value)})
    return names


def _size(dim: Dim) -> Tree:
    """Return a dim as a number in a formula."""
    total: Tree = number(1)
    for tree, power in size_powers(dim):
        op = "mul" if power > 0 else "div"
        is_first = power > 0 and isinstance(total, Number)
        total = tree if is_first else call(op, (total, tree), (), ())
    return total


def _plainest(entry: Op, operands: tuple[Tree, ...], attributes: Attributes) -> Tree | None:
    """Return the plainer tree that says the same, where the op states one."""
    if entry.spelling is None:
        return None
    text = entry.spelling(tuple(operand.shape for operand in operands), dict(attributes))
    if text is None:
        return None
    names = _names_of(attributes)
    if operands:
        names.update({f"d{axis}": dim for axis, dim in enumerate(operands[0].shape)})
    names.update(zip(entry.names(len(operands)), operands, strict=True))
    return expression_of(text, names)


def expression_of(text: str, names: "dict[str, Tree | Attribute]") -> Tree:
    """Build the tree of a text of ours in which these names stand for trees or attributes."""

    def known(name: str) -> Tree | Attribute:
        return names[name] if name in names else applied(OPS[CONSTANTS[name]], (), ())

    return Builder(lambda name: known(name.text), lambda name: isinstance(known(name), Dim)).tree(
        _parsed(text)
    )


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Syntax:
    from shapecalc.parsing import parse_expression

    return parse_expression(text, lambda offset, length: Span("<op>", 1, offset + 1, length))
