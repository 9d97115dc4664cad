"""A network with functions that are not spelled out → the same with an equation for each.

Gradients are of first order: whatever holds for every affine function that has the value and the
Jacobian of u at x, `du_dx @ x + u_0` with arbitrary `du_dx` and `u_0`, holds for u itself. So each
function becomes such an equation, and its Jacobian, in numerator layout, an input.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from typing import NamedTuple

from shapecalc.diagnostics import Finding, nearest
from shapecalc.dims import ONE, Dim, Shape, shape_text
from shapecalc.expression import Name
from shapecalc.parsing import Expression, names_in
from shapecalc.span import Span
from shapecalc.spec.network import Equation, FunctionEntry, Network, OpenAxis, ValueEntry

Shapes = Callable[[Network], Mapping[str, Shape]]
"""The shapes of the values that can be built."""


class Affine(NamedTuple):
    """The shape of a function's Jacobian, and that times what it is a function of, as text."""

    jacobian: Shape
    linear: str


class Spelled(NamedTuple):
    """A network with an equation for each function; `open_` are those left out for want of a shape.

    What such a function is of may have a mistake of its own; else the shape is asked for.
    """

    network: Network
    findings: list[Finding]
    open_: list[FunctionEntry]

    def asked(self, known: Container[str]) -> Iterator[Finding]:
        """Ask for the shapes that are missing, though the values are known in the end."""
        for function in self.open_:
            of, span = function.of
            if of in known:
                message = f"the shape of `{of}` is found too late for `{function.name}`"
                yield Finding("SC310", span, message, "write the shapes of what it is made of")


def spelled_out(network: Network, shapes: Shapes) -> Spelled:
    """Write each function as an equation, as soon as what it is a function of has a shape."""
    spelling = _Spelling(network, shapes)
    spelling.run()
    return Spelled(spelling.network, spelling.findings, spelling.open)


def affine(function: FunctionEntry, given: Shape) -> Affine | None:
    """Return how a function of a value of a shape is written; None where its Jacobian is none.

    A Jacobian has a row for each entry of the function and a column for each of its argument; by a
    scalar it has the function's own shape, of a scalar by a matrix that of its transpose.
    """
    J, x, shape = function.jacobian, function.of.name, function.value.shape
    rows, columns = _axes(shape), _axes(given)
    if not columns:
        return Affine(shape, f"{J} * {x}" if len(given) <= len(shape) else f"{J} * sum({x})")
    if not rows and len(given) == 2:
        is_column = len(shape) == 2 and given[1].is_one
        return Affine(given[::-1], f"{J} @ {x}" if is_column else f"trace({J} @ {x})")
    if not rows and len(given) == 1:
        product = f"{J} @ {x}"
        return Affine((ONE, *given), product if len(shape) == 1 else f"sum({product})")
    if len(rows) != 1 or len(columns) != 1 or max(len(shape), len(given)) > 2:
        return None
    return Affine((*rows, *columns), _of_vectors(J, x, shape, given))


def _of_vectors(J: str, x: str, shape: Shape, given: Shape) -> str:
    """Write the product of a Jacobian and a vector, each a row, a column or 1-D."""
    is_row = len(shape) == 2 and shape[0].is_one
    if len(given) == 1:
        product = f"{J} @ {x}"
        return product if len(shape) == 1 else f"expand_dims({product}, axis={0 if is_row else 1})"
    is_turned = given[0].is_one
    if is_row:
        return f"{x if is_turned else f'{x}.T'} @ {J}.T"
    product = f"{J} @ {f'{x}.T' if is_turned else x}"
    return product if len(shape) == 2 else f"squeeze({product}, axis=1)"


def _axes(shape: Shape) -> Shape:
    return tuple(dim for dim in shape if not dim.is_one)


class _Spelling:
    def __init__(self, network: Network, shapes: Shapes) -> None:
        self.network = network
        self.findings: list[Finding] = []
        self.open: list[FunctionEntry] = []
        self._shapes = shapes
        self._built: dict[str, Shape] = {}
        self._equations = {each.name: each for each in network.forward}
        made = {each.name for each in network.forward}
        self._waiting = {each.name: each for each in network.functions if each.name not in made}
        self._known = {each.name: each for each in network.functions}

    def run(self) -> None:
        """Write them out in an order in which each has its argument before it."""
        behind: dict[str, set[str]] = {}
        for function in tuple(self._waiting.values()):
            found = self._behind(function.of.name)
            behind[function.name] = set(found) & set(self._waiting)
            if function.name in found:
                self._lose(function, _circle(function, found))
        while self._waiting:
            for function in tuple(self._waiting.values()):
                if behind[function.name].isdisjoint(self._waiting):
                    self._write(function)

    def _write(self, function: FunctionEntry) -> None:
        if not self._is_defined(function):
            self._lose(function, self._undefined(function))
            return
        given = self._given(function)
        if given is None:
            finding = self._without_axes(function)
            self.open += [] if finding else [function]
            self._lose(function, finding)
            return
        found = affine(function, given)
        if found is None:
            self._lose(function, _no_jacobian(function, given))
            return
        place = self._place(function)
        for equation in self.network.forward[:place]:
            for name in names_in(equation.expression):
                if name.text == function.name:
                    self._lose(function, self._too_early(function, name))
                    return
        del self._waiting[function.name]
        self._put(function, found, place)

    def _put(self, function: FunctionEntry, found: Affine, place: int) -> None:
        J, u_0 = function.made
        jacobian, value = self._opened(function, found.jacobian), function.value
        spans = (function.of.span,) * len(jacobian)
        text = f"{found.linear} + {u_0}"
        span = function.span
        made = Equation(function.name, Expression(text, lambda *_: span), text, span, span)
        forward = self.network.forward
        self.network = self.network._replace(
            inputs=(
                *self.network.inputs,
                ValueEntry(J, jacobian, span, function.of.span, spans),
                value._replace(name=u_0),
            ),
            forward=(*forward[:place], made, *forward[place:]),
        )

    def _lose(self, function: FunctionEntry, finding: Finding | None) -> None:
        """Leave a function out, so that what uses it is named, not checked."""
        del self._waiting[function.name]
        self.findings += [finding] if finding else []
        unread = (*self.network.unread, function.name, *function.made)
        self.network = self.network._replace(unread=unread)

    # --- what it is a function of ----------------------------------------------------------------

    def _behind(self, name: str) -> dict[str, str]:
        """Return all that a value is made of, itself too, each with what it is a part of."""
        found, waiting = {name: ""}, [name]
        while waiting:
            last = waiting.pop()
            parts: list[str] = []
            if last in self._waiting:
                parts = [self._waiting[last].of.name]
            elif last in self._equations:
                parts = [part.text for part in names_in(self._equations[last].expression)]
            for part in parts:
                if part not in found:
                    found[part] = last
                    waiting.append(part)
        return found

    def _is_defined(self, function: FunctionEntry) -> bool:
        return function.of.name in {*dict(self._values()), *self.network.unread}

    def _values(self) -> Iterator[tuple[str, Span]]:
        own = {name for each in self._known.values() for name in each.made}
        for entry in (*self.network.inputs, *self.network.params):
            if entry.name not in own:
                yield entry.name, entry.span
        yield from ((each.name, each.span) for each in self.network.forward)

    def _given(self, function: FunctionEntry) -> Shape | None:
        """Return the shape of what it is a function of."""
        of = function.of.name
        if self._is_open(of):
            return None
        for entry in (*self.network.inputs, *self.network.params):
            if entry.name == of:
                return entry.shape
        if of in self._known and of not in self._waiting and of not in self.network.unread:
            return self._known[of].value.shape
        if of not in self._built and of in self._equations:
            self._built.update(self._shapes(self._without_the_waiting()))
        return self._built.get(of)

    def _is_open(self, name: str) -> bool:
        return any(each.name == name for each in self.network.open_shapes)

    def _without_the_waiting(self) -> Network:
        """Return the network as far as it is known, with nothing asked of it."""
        unread = (*self.network.unread, *self._waiting)
        return self.network._replace(unread=unread, gradients=(), upstream=(), loss=None)

    def _place_of(self, name: str) -> int:
        """Return the number of equations up to that of a value, 0 for what has none."""
        names = [each.name for each in self.network.forward]
        return names.index(name) + 1 if name in names else 0

    def _place(self, function: FunctionEntry) -> int:
        """Return where its equation stands: behind its argument, and what was put there before."""
        place = self._place_of(function.of.name)
        for equation in self.network.forward[place:]:
            if equation.name not in self._known:
                break
            place += 1
        return place

    def _opened(self, function: FunctionEntry, shape: Shape) -> Shape:
        """Put variables for the dims that were inferred; the equation says what they are."""
        known = {each.name for each in self.network.dims}
        known |= {each.variable for each in self.network.open_axes}
        return tuple(
            dim if known.issuperset(dim.names) else self._variable(function, axis)
            for axis, dim in enumerate(shape)
        )

    def _variable(self, function: FunctionEntry, axis: int) -> Dim:
        axes = self.network.open_axes
        name = f"?{len(axes)}"
        new = OpenAxis(name, function.jacobian, axis, None, function.of.span)
        self.network = self.network._replace(open_axes=(*axes, new))
        return Dim.named(name)

    # --- findings --------------------------------------------------------------------------------

    def _undefined(self, function: FunctionEntry) -> Finding:
        of, span = function.of
        symbols = {each.name: "a dim" for each in self.network.dims}
        symbols |= {each.name: "a constant" for each in self.network.constants}
        if of in symbols:
            message = f"`{of}` is {symbols[of]}, and a function is of a value"
            return Finding("SC204", span, message, "declare an input for it, of shape `[]`")
        known = dict(self._values())
        near = nearest(of, [name for name in known if name != function.name])
        advice = "declare it under `params` or `inputs`"
        if near:
            advice = f"nearest is `{near}` (line {known[near].line})"
        return Finding("SC205", span, f"`{of}` is not defined", advice)

    def _without_axes(self, function: FunctionEntry) -> Finding | None:
        """Ask for a shape that is left open; None where it is that of an equation's value."""
        of, span = function.of
        if not self._is_open(of):
            return None
        message = f"`{function.name}` is a function of `{of}`, whose shape is `_`"
        return Finding("SC310", span, message, f"write as many axes as are meant, `{of}: [_, 1]`")

    def _too_early(self, function: FunctionEntry, use: Name) -> Finding:
        of, line = function.of.name, use.span.line
        there = next(each.span for each in self.network.forward if each.name == of)
        message = (
            f"`{function.name}` is used on line {line}, and `{of}`, of which it is a function, is "
            f"defined on line {there.line}"
        )
        advice = f"move line {there.line} above line {line}"
        return Finding("SC206", use.span, message, advice)


def _circle(function: FunctionEntry, behind: Mapping[str, str]) -> Finding:
    way = [function.name]
    while behind[way[-1]]:
        way.append(behind[way[-1]])
    way = [function.name, *way[::-1]]
    message = f"{' → '.join(way)} is a circle, each is made from the next"
    advice = f"break it: let `{function.name}` be a function of an earlier value"
    return Finding("SC207", function.of.span, message, advice)


def _no_jacobian(function: FunctionEntry, given: Shape) -> Finding:
    u, x = function.name, function.of.name
    shapes = shape_text(function.value.shape), shape_text(given)
    message = f"the derivative of `{u}` {shapes[0]} by `{x}` {shapes[1]} is no matrix"
    advice = f"let `{u}` be a vector, or a function of a scalar"
    if len(_axes(given)) > 1 or len(given) > 2:
        advice = f"let `{u}` be a function of a vector, such as `reshape({x}, ...)`"
        if len(given) == 2:
            advice = f"write `shape: []`, or {advice}"
    return Finding("SC212", function.value.shape_span, message, advice)
