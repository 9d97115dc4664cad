"""Records of layers → the inputs, params and equations that they stand for, added to a network.

The names are those of the courses: the first dense layer has W1 and b1, makes Z1, and with an
activation A1; a norm makes N1 with gamma1 and beta1, dropout D1 with the mask M1, the loss is J.
A layer goes on to the next number where a name that it makes is taken, by a layer or by the author.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, assert_never

from shapecalc.diagnostics import Finding, Problem, Related, fresh
from shapecalc.dims import ONE, Dim, shape_text
from shapecalc.parsing import Expression, names_in
from shapecalc.source import Node
from shapecalc.span import Span
from shapecalc.spec.layers.kinds import takes_axis
from shapecalc.spec.layers.reading import read_layers
from shapecalc.spec.layers.records import (
    Dense,
    Dropout,
    Function,
    Input,
    Layer,
    Loss,
    Norm,
    Repeat,
)
from shapecalc.spec.network import DimEntry, Equation, Network, Reference, ValueEntry
from shapecalc.spec.shapes import Axis, DeclaredDims
from shapecalc.spec.typed import Findings

_BATCH = "m"


class _Convention(NamedTuple):
    """How a dense layer is written: the product, and in which order axes are stored."""

    product: str
    is_stored_out_in: bool
    has_columns: bool

    def weight(self, units: Axis, width: Axis) -> list[Axis]:
        """Return the axes of a weight."""
        return [units, width] if self.is_stored_out_in else [width, units]

    def value(self, features: Axis, batch: Axis) -> list[Axis]:
        """Return the axes of a value: features by examples, or examples by features."""
        return [features, batch] if self.has_columns else [batch, features]

    def vector(self, features: Axis) -> list[Axis]:
        """Return the axes of a param with one entry a feature, repeated for each example."""
        return [features, Axis(ONE, features.span)] if self.has_columns else [features]

    @property
    def features_axis(self) -> int:
        """Return the axis of the features in a value."""
        return 0 if self.has_columns else 1


_CONVENTIONS = {
    "columns": _Convention("{W} @ {X}", is_stored_out_in=True, has_columns=True),
    "rows": _Convention("{X} @ {W}", is_stored_out_in=False, has_columns=False),
    "torch": _Convention("{X} @ {W}.T", is_stored_out_in=True, has_columns=False),
}


def with_layers(network: Network, node: Node, dims: DeclaredDims, findings: Findings) -> Network:
    """Read `layers` and put what they stand for before what the spec has itself.

    Where a layer has a mistake nothing is made, and the names that may be its own are no news.
    """
    known = len(findings)
    if layers := read_layers(node, dims, findings):
        made = findings.attempt(_Expansion(network, dims, findings).network, layers)
        if made is not None and len(findings) == known:
            return made
    return network._replace(unread=tuple(_mentioned(network)))


class _Expansion:
    def __init__(self, network: Network, dims: DeclaredDims, findings: Findings) -> None:
        self._network = network
        self._dims = dims
        self._findings = findings
        convention = network.convention.name if network.convention else "columns"
        self._convention = _CONVENTIONS[convention]
        self._declared = {entry.name: entry for entry in network.inputs}
        self._taken = _names_of(network, dims)
        self._known = _values_of(network)
        self._number = 1
        self._inputs: list[ValueEntry] = []
        self._params: list[ValueEntry] = []
        self._forward: list[Equation] = []

    def network(self, layers: tuple[Layer, ...]) -> Network:
        """Write out all layers."""
        batch = self._network.batch or Reference(_BATCH, _behind_features(layers[0]))
        self._batch = self._batch_axis(batch)
        self._add_all(layers)
        self._hold_batch_apart()
        made, own = tuple(self._inputs), self._network.inputs
        is_first = bool(made) and made[0].span is layers[0].span
        return self._network._replace(
            batch=batch,
            inputs=(*made, *own) if is_first else (*own, *made),
            params=(*self._params, *self._network.params),
            forward=(*self._forward, *self._network.forward),
        )

    def _batch_axis(self, batch: Reference) -> Axis:
        """Return the axis of the examples; where no dim has the name, make one without a size."""
        entry = DimEntry(batch.name, None, batch.span, None)
        self._dims.entries.setdefault(batch.name, entry)
        return self._dims.axis(batch.name, lambda *_: batch.span)

    def _hold_batch_apart(self) -> None:
        """Refuse a dim that nobody calls that of the examples as both that and a width."""
        if self._network.batch is not None:
            return
        for param in self._params:
            for dim, place in zip(param.shape, param.dim_spans, strict=True):
                if _BATCH in dim.names:
                    message = f"`{_BATCH}` is a width here, and layers count the examples by it"
                    advice = "name the dim of the examples, `batch: B`"
                    raise Problem(Finding("SC208", place, message, advice))

    def _add_all(self, layers: tuple[Layer, ...]) -> None:
        for layer in layers:
            self._add(layer)

    def _add(self, layer: Layer) -> None:
        match layer:
            case Input():
                self._add_input(layer)
            case Dense():
                self._add_dense(layer)
            case Function():
                self._add_function(layer)
            case Norm():
                self._add_norm(layer)
            case Dropout():
                self._add_dropout(layer)
            case Loss():
                self._add_loss(layer)
            case Repeat():
                for _ in range(layer.times):
                    self._add_all(layer.layers)
            case _:
                assert_never(layer)

    def _add_input(self, layer: Input) -> None:
        self._value = layer.name.name
        declared = self._declared.get(self._value)
        if declared is None:
            if layer.features is None:
                raise _no_features(layer)
            self._width = layer.features
            self._input(layer.name)
        else:
            width = self._findings.attempt(self._declared_width, declared, layer)
            self._width = width or Axis.open_at(layer.span)

    def _declared_width(self, declared: ValueEntry, layer: Input) -> Axis:
        """Return the axis of the features of an input that the spec declares itself."""
        place = layer.name.span
        if self._dims.has_open_shape(declared.name):
            return layer.features or Axis.open_at(place)
        if len(declared.shape) != 2:
            raise _no_matrix(declared, layer)
        dim = declared.shape[self._convention.features_axis]
        width = Axis.open_at(place) if self._dims.is_variable(dim) else Axis(dim, place)
        features = layer.features or Axis.open_at(place)
        stated = self._convention.value(features, self._batch)
        pairs = zip(stated, declared.shape, strict=True)
        if not all(self._may_agree(axis, dim) for axis, dim in pairs):
            raise self._other_shape(declared, stated, layer)
        return layer.features or width

    def _other_shape(self, declared: ValueEntry, stated: list[Axis], layer: Input) -> Problem:
        """Say that an input has other axes than its layer; as a rule it is turned."""
        expected = shape_text(tuple(axis.dim for axis in stated)).replace("?", "_")
        message = f"`{declared.name}` is {shape_text(declared.shape)}, this layer takes {expected}"
        turned = declared.shape[::-1]
        shape = [str(axis.dim) for axis in stated]
        other = ""
        if any(dim == axis.dim for dim, axis in zip(turned, stated, strict=True)):
            shape = [str(dim) for dim in turned]
            sides = ("rows", "columns")
            side = sides[not self._convention.has_columns]
            other = f", or write `convention: {side}`, for examples in {side}"
        advice = f"declare `{declared.name}: [{', '.join(shape)}]`{other}"
        return _at_input("SC305", message, advice, declared, layer)

    def _may_agree(self, axis: Axis, dim: Dim) -> bool:
        return not axis.is_closed or self._dims.is_variable(dim) or axis.dim == dim

    def _add_dense(self, layer: Dense) -> None:
        number = self._numbered("WbZ" + "A" * (layer.activation is not None), spared="A")
        W, b, Z = (f"{letter}{number}" for letter in "WbZ")
        self._param(W, self._convention.weight(layer.units, self._width), layer.span)
        text = self._convention.product.format(W=W, X=self._value)
        if layer.has_bias:
            self._param(b, self._convention.vector(layer.units), layer.span)
            text = f"{text} + {b}"
        self._width = layer.units
        self._equation(Z, text, layer.span)
        if layer.activation:
            self._call_function(layer.activation, f"A{number}")

    def _add_function(self, layer: Function) -> None:
        self._call_function(layer, f"A{self._numbered('A')}")

    def _call_function(self, layer: Function, name: str) -> None:
        axis = f", axis={self._convention.features_axis}" if takes_axis(layer.name) else ""
        self._equation(name, f"{layer.name}({self._value}{axis}{layer.options})", layer.span)

    def _add_norm(self, layer: Norm) -> None:
        stems = ("N", "gamma") if layer.name == "rms_norm" else ("N", "gamma", "beta")
        number = self._numbered(stems)
        scales = [f"{stem}{number}" for stem in stems[1:]]
        for scale in scales:
            self._param(scale, self._convention.vector(self._width), layer.span)
        features = self._convention.features_axis
        axis = 1 - features if layer.name == "batch_norm" else features
        operands = ", ".join((self._value, *scales))
        text = f"{layer.name}({operands}, axis={axis}{layer.options})"
        self._equation(f"N{number}", text, layer.span)

    def _add_dropout(self, layer: Dropout) -> None:
        number = self._numbered("D" if layer.mask else "DM")
        mask = layer.mask or Reference(f"M{number}", layer.span)
        self._given(mask)
        text = f"dropout({self._value}, {mask.name}{layer.options})"
        self._equation(f"D{number}", text, layer.span)

    def _add_loss(self, layer: Loss) -> None:
        self._given(layer.targets)
        name = "J" if "J" not in self._taken else fresh("J", self._taken)
        axis = f", axis={self._convention.features_axis}" if "softmax" in layer.name else ""
        text = f"{layer.name}({self._value}, {layer.targets.name}{axis}{layer.options})"
        self._equation(name, text, layer.span)

    # --- what is made ---------------------------------------------------------------------------

    def _numbered(self, stems: Iterable[str], *, spared: str = "") -> int:
        """Go on to the first number for which no name of these is taken, and take them.

        `spared` is a stem that must be free, for what follows, and stays so unless it is taken.
        """
        asked = {*stems, *spared}
        while any(f"{stem}{self._number}" in self._taken for stem in asked):
            self._number += 1
        self._taken.update(f"{stem}{self._number}" for stem in stems)
        return self._number

    def _given(self, name: Reference) -> None:
        """Make an input in the shape of the value before it, unless the spec has the name."""
        if name.name not in self._known:
            self._input(name)

    def _input(self, name: Reference) -> None:
        self._known.add(name.name)
        axes = self._convention.value(self._width, self._batch)
        self._inputs += self._entry(name.name, axes, name.span)

    def _param(self, name: str, axes: list[Axis], place: Span) -> None:
        self._params += self._entry(name, axes, place)

    def _entry(self, name: str, axes: list[Axis], place: Span) -> list[ValueEntry]:
        shape = self._findings.attempt(self._dims.opened, name, axes)
        spans = tuple(axis.span for axis in axes)
        if shape is None:
            return []
        return [ValueEntry(name, shape, place, spans[0], spans, is_made=True)]

    def _equation(self, name: str, text: str, place: Span) -> None:
        written = Expression(text, lambda *_: place)
        self._forward.append(Equation(name, written, text, place, place, is_made=True))
        self._value = name


def _behind_features(first: Layer) -> Span:
    """Return where the dim of the examples is made: the dims are listed by their places."""
    return first.features.span if isinstance(first, Input) and first.features else first.span


def _names_of(network: Network, dims: DeclaredDims) -> set[str]:
    """Return the names that the author has given to anything."""
    return _values_of(network) | set(dims.entries) | {each.name for each in network.constants}


def _values_of(network: Network) -> set[str]:
    values = {entry.name for entry in (*network.inputs, *network.params)}
    values |= {name for each in network.functions for name in (each.name, *each.made)}
    return values | {equation.name for equation in network.forward}


def _mentioned(network: Network) -> Iterator[str]:
    """Walk over the names that the spec uses and does not set: a layer may be what makes them."""
    known = _values_of(network) | {each.name for each in network.constants}
    used = [entry.name for entry in network.shapes]
    used += [entry.name for entry in network.upstream]
    used += [entry.name for entry in network.assume]
    used += [network.loss.name] if network.loss else []
    for equation in (*network.forward, *network.gradients):
        used += [name.text for name in names_in(equation.expression)]
    used += [claim.name for claim in network.gradients]
    both = (each for name in used for each in (name, name.removeprefix("d")))
    yield from (name for name in dict.fromkeys(both) if name not in known)


def _no_features(layer: Input) -> Problem:
    name = layer.name.name
    message = f"`inputs` has no `{name}`, and the layer does not say how many features it has"
    advice = f"write `input: {{name: {name}, features: n}}`"
    return Problem(Finding("SC205", layer.name.span, message, advice))


def _no_matrix(declared: ValueEntry, layer: Input) -> Problem:
    shape = shape_text(declared.shape)
    message = f"layers begin with a matrix, `{declared.name}` is {shape}"
    advice = "write its equations under `forward`, or reshape it there"
    return _at_input("SC303", message, advice, declared, layer)


def _at_input(code: str, message: str, advice: str, declared: ValueEntry, layer: Input) -> Problem:
    related = (Related(declared.shape_span, f"{declared.name} is {shape_text(declared.shape)}"),)
    return Problem(Finding(code, layer.name.span, message, advice, related=related))
