"""The sections `inputs`, `params` and `shapes` → entries: names with the dims of their axes."""

from typing import NamedTuple

from shapecalc.diagnostics import MOST_PROPOSALS, Problem, nearest
from shapecalc.dims import Dim
from shapecalc.expression import Locate, Name, Sequence, Syntax
from shapecalc.parsing import NAME_LIMIT, dim_of, is_name, names_in, parse_expression
from shapecalc.source import List, Node, Scalar
from shapecalc.span import Span
from shapecalc.spec.network import DimEntry, OpenAxis, Reference, ValueEntry
from shapecalc.spec.quotients import inexact
from shapecalc.spec.sizes import DIGIT_LIMIT
from shapecalc.spec.typed import Findings, described, entries, name_of, problem

RANK_LIMIT = 16


_OPEN = Dim.named("?")


class Axis(NamedTuple):
    """One axis as written: its dim, and where that stands."""

    dim: Dim
    span: Span

    @staticmethod
    def open_at(span: Span) -> "Axis":
        """Return an axis that is to be inferred, as `_` is."""
        return Axis(_OPEN, span)

    @property
    def is_closed(self) -> bool:
        """Say whether the axis has a dim of its own, and is neither `_` nor a number but 1."""
        return self.dim.is_one or (self.dim.constant is None and self.dim is not _OPEN)


class DeclaredDims:
    """The dims of a spec; where it has no `dims:`, shapes declare the names that they use."""

    __slots__ = (
        "_findings",
        "_is_open",
        "_meant",
        "_read",
        "_shapes",
        "_sizes",
        "entries",
        "open_axes",
        "open_shapes",
    )

    def __init__(self, declared: list[DimEntry] | None, findings: Findings) -> None:
        self.entries = {entry.name: entry for entry in declared or ()}
        self._sizes = {name: entry.size for name, entry in self.entries.items() if entry.size}
        self._is_open = declared is None
        self._findings = findings
        self._read: dict[str, Dim] = {}
        self._meant: dict[str, str] = {}
        self._shapes: dict[tuple[Dim, ...], tuple[Dim, ...]] = {}
        self.open_axes: list[OpenAxis] = []
        self.open_shapes: list[Reference] = []

    def axis(self, text: str, locate: Locate) -> Axis:
        """Read one axis; an unknown name is a finding once, and a dim from there on."""
        if text == "_":
            return Axis(_OPEN, locate(0, 1))
        if dim := self._read.get(text):
            return Axis(dim, locate(0, len(text)))
        known = len(self._findings)
        if len(text) <= NAME_LIMIT and text.isascii() and is_name(text):
            axis = self._named_axis(text, locate(0, len(text)))
        else:
            axis = self.axis_of(parse_expression(text, locate))
        if len(self._findings) == known:
            self._read[text] = axis.dim
        return axis

    def _named_axis(self, name: str, span: Span) -> Axis:
        """Check an axis that is one name, as nearly all are: there is nothing to parse."""
        return Axis(Dim.named(self.use(name, span)), span)

    def axis_of(self, syntax: Syntax) -> Axis:
        """Check one axis that is already syntax."""
        if isinstance(syntax, Name) and syntax.text == "_":
            return Axis(_OPEN, syntax.span)
        dim = dim_of(syntax)
        meant = {name.text: self.use(name.text, name.span) for name in names_in(syntax)}
        dim = dim.renamed({name: Dim.named(other) for name, other in meant.items()})
        self._check_size(dim, syntax.span)
        return Axis(dim, syntax.span)

    def use(self, name: str, span: Span) -> str:
        """Note that a dim is used; return it, or the one that a misspelt name is most like."""
        if name in self.entries:
            return name
        if name in self._meant:
            return self._meant[name]
        if not self._is_open:
            known = self.entries if len(self._findings) < MOST_PROPOSALS else {}
            self._findings.append(_undefined(name, span, known).finding)
            if near := nearest(name, known):
                self._meant[name] = near
                return near
        self.entries[name] = DimEntry(name, None, span, None)
        return name

    def opened(self, value: str, axes: list[Axis]) -> tuple[Dim, ...]:
        """Put a variable for each axis that is `_` or a number."""
        shape = tuple(
            axis.dim if axis.is_closed else self._variable(value, place, axis)
            for place, axis in enumerate(axes)
        )
        return self._shapes.setdefault(shape, shape)  # equal ones are one object

    def _variable(self, value: str, place: int, axis: Axis) -> Dim:
        size = axis.dim.constant or None
        if size is not None and size >= 10**DIGIT_LIMIT:
            message = f"a size has {len(str(size))} digits, over the limit of {DIGIT_LIMIT}"
            raise problem("SC901", axis.span, message, "write a smaller size")
        name = f"?{len(self.open_axes)}"
        number = None if size is None else int(size)
        self.open_axes.append(OpenAxis(name, value, place, number, axis.span))
        return Dim.named(name)

    def is_variable(self, dim: Dim) -> bool:
        """Say whether a dim stands for an axis that is open."""
        return dim.only_name is not None and dim.only_name.startswith("?")

    def has_open_shape(self, name: str) -> bool:
        """Say whether a value is declared with the whole shape `_`."""
        return any(each.name == name for each in self.open_shapes)

    def in_order(self) -> tuple[DimEntry, ...]:
        """Return the dims in the order in which the spec has them."""
        return tuple(sorted(self.entries.values(), key=lambda entry: entry.span[1:3]))

    def _check_size(self, dim: Dim, span: Span) -> None:
        if dim.only_name or not all(name in self._sizes for name in dim.names):
            return
        at = ", ".join(f"{name} = {self._sizes[name]}" for name in dim.names)
        if not dim.is_whole(self._sizes):
            raise inexact(dim, self._sizes, span)
        if len(dim.terms) > 1 and (size := dim.size(self._sizes)) < 1:
            message = f"`{dim}` is {size} at {at}, a size is at least 1"
            self._findings.append(problem("SC308", span, message, "choose other sizes").finding)


def read_shapes(node: Node, key: str, dims: DeclaredDims, findings: Findings) -> list[ValueEntry]:
    """Read a section that gives names their shapes."""
    expected = "a mapping of names to shapes"
    pairs = findings.attempt(entries, node, key, expected, "{X: [n, m]}") or ()
    read = [findings.attempt(read_shape, name, shape, dims) for name, shape in pairs]
    return [entry for entry in read if entry]


def read_shape(key: Scalar, node: Node, dims: DeclaredDims) -> ValueEntry:
    """Read a name and its shape. Raises Problem."""
    name = name_of(key)
    if isinstance(node, Scalar) and node.text == "_":
        dims.open_shapes.append(Reference(name.name, node.span))
        return ValueEntry(name.name, (), name.span, node.span, ())
    if isinstance(node, List) and len(node.items) > RANK_LIMIT:
        raise _too_many_axes(name.name, len(node.items), node.span)
    axes = _axes(name.name, node, dims)
    if len(axes) > RANK_LIMIT:
        raise _too_many_axes(name.name, len(axes), node.span)
    spans = tuple(axis.span for axis in axes)
    return ValueEntry(name.name, dims.opened(name.name, axes), name.span, node.span, spans)


def _too_many_axes(name: str, count: int, span: Span) -> Problem:
    message = f"`{name}` has {count:,} axes, over the limit of {RANK_LIMIT}"
    return problem("SC901", span, message, "write the dims of one array")


def _axes(name: str, node: Node, dims: DeclaredDims) -> list[Axis]:
    if isinstance(node, List):
        return [_item(name, item, dims) for item in node.items]
    if not isinstance(node, Scalar) or node.text[:1] not in ("(", "["):
        raise _no_shape(name, node)
    syntax = parse_expression(node.text, node.locate)
    items = syntax.items if isinstance(syntax, Sequence) else (syntax,)
    return [dims.axis_of(item) for item in items]


def _item(name: str, node: Node, dims: DeclaredDims) -> Axis:
    if not isinstance(node, Scalar):
        message = f"an axis of `{name}` is {described(node)}, a dim is expected"
        raise problem("SC204", node.span, message, f"write one list, `{name}: [n, m]`")
    return dims.axis(node.text, node.locate)


def _no_shape(name: str, node: Node) -> Problem:
    message = f"the shape of `{name}` is {described(node)}, a list of dims is expected"
    advice = f"write `{name}: [n, m]`, or `[]` for a scalar"
    if isinstance(node, Scalar) and not node.is_empty and ":" not in node.text:
        advice = f"write `{name}: [{node.text}]`"
    return problem("SC204", node.span, message, advice)


def _undefined(name: str, span: Span, known: dict[str, DimEntry]) -> Problem:
    near = nearest(name, known)
    advice = f"declare it, `dims: {{{name}: 128}}`"
    if near:
        advice = f"nearest is `{near}` (line {known[near].span.line})"
    if not name.isascii() or not all(map(str.isascii, known)):
        from shapecalc.diagnostics.lookalikes import lookalike

        if alike := lookalike(name, known):
            advice = f"write `{alike[0]}`, which looks the same: {alike[1]}"
    return problem("SC205", span, f"the dim `{name}` is not defined", advice)
