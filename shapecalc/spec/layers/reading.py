"""The node of `layers` → records of layers; what is no layer is a finding that says what to write.

Every item is read, so that one mistake does not hide the next.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from shapecalc.diagnostics import Problem, nearest, short
from shapecalc.source import List, Mapping, Node, Scalar
from shapecalc.span import Span
from shapecalc.spec.layers.kinds import (
    KINDS,
    LOSSES,
    NORMS,
    OTHER_NAMES,
    Kind,
    Option,
    Value,
    functions,
    kind_of_function,
)
from shapecalc.spec.layers.options import (
    LAYER_LIMIT,
    count_in,
    dim_in,
    flag_in,
    function_in,
    name_in,
    number_in,
    reduction_in,
    too_many,
)
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
from shapecalc.spec.network import Reference
from shapecalc.spec.shapes import Axis, DeclaredDims
from shapecalc.spec.typed import Findings, described, problem

_CALL = r"(?:\w+\.)*(\w+)\s*\((.*)\)"
_EXAMPLE = "- dense: {units: h, activation: relu}"
_T = TypeVar("_T")


def read_layers(node: Node, dims: DeclaredDims, findings: Findings) -> tuple[Layer, ...] | None:
    """Read the list; None where a layer has a mistake, so that nothing can be made of it."""
    known = len(findings)
    layers = _Reader(dims, findings).layers(node, "layers")
    if len(findings) > known:
        return None
    for misplaced in _misplaced(layers):
        findings.append(misplaced.finding)
    findings.attempt(_hold_to_limit, layers)
    return layers if len(findings) == known else None


class _Given(NamedTuple):
    """One layer as written: its kind, the key that says so, and the options by name."""

    kind: Kind
    span: Span
    options: dict[str, Node]


class _Reader:
    def __init__(self, dims: DeclaredDims, findings: Findings) -> None:
        self._dims = dims
        self._findings = findings
        self._functions = frozenset(functions())

    def layers(self, node: Node, key: str) -> tuple[Layer, ...]:
        """Read a list of layers."""
        if not isinstance(node, List) or not node.items:
            what = "empty" if isinstance(node, List) else described(node)
            message = f"`{key}` is {what}, a list of layers is expected"
            advice = f"write one layer a line, `{_EXAMPLE}`"
            self._findings.append(problem("SC204", node.span, message, advice).finding)
            return ()
        read = [self._findings.attempt(self._layer, item) for item in node.items]
        return tuple(layer for layer in read if layer)

    def _layer(self, node: Node) -> Layer:
        given = self._given(*_key_and_value(node))
        if given.kind.name in KINDS:
            return self._of_kind(given)
        return Function(given.span, given.kind.name, self._numbers(given))

    def _of_kind(self, given: _Given) -> Layer:
        match given.kind.name:
            case "input":
                name = self._read(given, "name", name_in) or Reference("X", given.span)
                return Input(given.span, name, self._read(given, "features", self._dim))
            case "dense":
                return self._dense(given)
            case "activation":
                return self._needed(given, "function", function_in)
            case "dropout":
                mask = self._read(given, "mask", name_in)
                return Dropout(given.span, mask, self._numbers(given))
            case name if name in NORMS:
                return Norm(given.span, name, self._numbers(given))
            case name if name in LOSSES:
                targets = self._needed(given, "targets", name_in)
                return Loss(given.span, name, targets, self._numbers(given))
            case _:
                times = self._needed(given, "times", count_in)
                inner = self._needed(given, "layers", lambda node, _: node)
                return Repeat(given.span, times, self.layers(inner, "layers"))

    def _dense(self, given: _Given) -> Dense:
        units = self._needed(given, "units", self._dim)
        activation = self._read(given, "activation", function_in)
        bias = self._read(given, "bias", flag_in)
        return Dense(given.span, units, activation, has_bias=bias is not False)

    def _dim(self, node: Node, option: Option) -> Axis:
        return dim_in(node, option, self._dims)

    def _read(self, given: _Given, name: str, reader: Callable[[Node, Option], _T]) -> _T | None:
        """Read an option; None where it is not given."""
        option = given.kind.option(name)
        if option is None or name not in given.options:
            return None
        return reader(given.options[name], option)

    def _needed(self, given: _Given, name: str, reader: Callable[[Node, Option], _T]) -> _T:
        option = given.kind.option(name)
        assert option is not None
        if name not in given.options:
            message = f"`{given.kind.name}` has no `{name}`"
            raise problem("SC204", given.span, message, f"write `{given.kind.example}`")
        return reader(given.options[name], option)

    def _numbers(self, given: _Given) -> str:
        """Return the options that are arguments of the op, as a call has them."""
        readers = {Value.NUMBER: number_in, Value.REDUCTION: reduction_in}
        return "".join(
            f", {option.name}={readers[option.value](given.options[option.name], option)}"
            for option in given.kind.options
            if option.value in readers and option.name in given.options
        )

    # --- what is written ------------------------------------------------------------------------

    def _given(self, key: Scalar, value: Node | None) -> _Given:
        kind = self._kind(key)
        options: dict[str, Node] = {}
        if isinstance(value, Mapping):
            for name, each in value.entries:
                if found := self._option(kind, name, each):
                    options.setdefault(found.name, each)
        elif isinstance(value, Scalar) and not value.is_empty and kind.short:
            options[kind.short] = value
        elif value is not None and not (isinstance(value, Scalar) and value.is_empty):
            message = f"`{kind.name}` is {described(value)}, options are expected"
            raise problem("SC204", value.span, message, f"write `{kind.example}`")
        return _Given(kind, key.span, options)

    def _option(self, kind: Kind, key: Scalar, value: Node) -> Option | None:
        """Return the option that a key names; of a misspelt one, the option that was meant."""
        if found := kind.option(key.text):
            return found
        name, colon, written = key.text.partition(":")
        if colon and written and isinstance(value, Scalar) and value.is_empty:
            message = f"`{short(key.text)}` is read as one key, a space belongs behind the colon"
            raise problem("SC204", key.span, message, f"write `{name}: {written}`")
        names = [option.name for option in kind.options]
        near = nearest(key.text, names)
        advice = f"did you mean `{near}`?" if near else f"the options are {', '.join(names)}"
        if not names:
            advice = f"write `{kind.name}` alone"
        message = f"`{short(key.text)}` is no option of `{kind.name}`"
        self._findings.append(problem("SC203", key.span, message, advice).finding)
        return kind.option(near) if near else None

    def _kind(self, key: Scalar) -> Kind:
        """Return the kind of a name; of a misspelt one, the kind that was meant."""
        if key.text in KINDS:
            return KINDS[key.text]
        if key.text in self._functions:
            return kind_of_function(key.text)
        if call := re.fullmatch(_CALL, key.text, re.DOTALL):
            raise self._is_call(key, call)
        name = key.text.rpartition(".")[2]
        near = self._near(name)
        message = f"`{short(key.text)}` is no kind of layer"
        every = f"the kinds are {', '.join(KINDS)}, and functions such as relu"
        advice = f"did you mean `{near}`?" if near else every
        found = problem("SC203", key.span, message, advice)
        if near not in KINDS:
            raise found
        self._findings.append(found.finding)
        return KINDS[near]

    def _near(self, name: str) -> str:
        known = (*KINDS, *sorted(self._functions))
        return OTHER_NAMES.get(name.casefold()) or nearest(name, known) or ""

    def _is_call(self, key: Scalar, call: re.Match[str]) -> Problem:
        """Say how a call, `dense(128)`, is written as a layer."""
        name = call[1] if call[1] in KINDS else self._near(call[1])
        kind = KINDS.get(name)
        advice = f"write `{kind.example if kind else name}`" if name else f"write `{_EXAMPLE}`"
        if kind and kind.short and call[1] == name and re.fullmatch(r"\w+", call[2]):
            advice = f"write `{name}: {call[2]}`"
        message = f"`{short(key.text)}` is a call, a layer is expected"
        return problem("SC204", key.span, message, advice)


def _key_and_value(node: Node) -> tuple[Scalar, Node | None]:
    """Split an item: `relu`, or a mapping with one key."""
    if isinstance(node, Scalar) and not node.is_empty:
        return node, None
    if not isinstance(node, Mapping) or not node.entries:
        message = f"{described(node)} stands where a layer is expected".removeprefix("empty ")
        if isinstance(node, Scalar):
            message = "an item of the list is empty, a layer is expected"
        raise problem("SC204", node.span, message, f"write `{_EXAMPLE}`")
    if len(node.entries) > 1:
        raise _several_keys(node)
    return node.entries[0]


def _several_keys(node: Mapping) -> Problem:
    """Say that an item has several keys: options that are indented too little, or two layers."""
    (key, value), (second, _) = node.entries[:2]
    kind = KINDS.get(key.text)
    message = f"a layer has one key, its kind, here are `{short(key.text)}` and"
    message = f"{message} `{short(second.text)}`"
    advice = f"write `- {short(second.text)}` as an item of its own"
    if kind and kind.option(second.text):
        advice = f"write `{kind.name}: {{{_in_braces(kind, value, node.entries[1:])}}}`"
    elif key.text in ("type", "kind", "layer", "name") and isinstance(value, Scalar):
        advice = f"write the kind as the key, `{KINDS.get(value.text, KINDS['dense']).example}`"
    return problem("SC204", second.span, message, advice)


def _in_braces(kind: Kind, value: Node, more: tuple[tuple[Scalar, Node], ...]) -> str:
    """Print the options of a layer, those that are inside and those that should be."""
    given = [(name.text, each) for name, each in more if kind.option(name.text)]
    if isinstance(value, Mapping):
        given = [*((name.text, each) for name, each in value.entries), *given]
    elif kind.short:
        given = [(kind.short, value), *given]
    texts = [(name, each) for name, each in given if isinstance(each, Scalar)]
    return ", ".join(f"{name}: {each.text}" for name, each in texts if each.text)


# --- the list as a whole ----------------------------------------------------------------------


def _misplaced(layers: tuple[Layer, ...]) -> Iterator[Problem]:
    """Find inputs that are not first, and losses that are not last."""
    if layers and not isinstance(layers[0], Input):
        message = "the first layer is no input, so nothing says what the layers begin with"
        advice = "write `- input: {name: X, features: n}` above it"
        yield problem("SC204", layers[0].span, message, advice)
    for place, layer in enumerate(layers):
        inner = tuple(_inside(layer))
        for each in (*inner, *([layer] if place else [])):
            if isinstance(each, Input):
                message = "an `input` stands behind other layers, and begins anew"
                yield problem("SC204", each.span, message, "put it first, or take it out")
        for each in (*inner, *([layer] if place < len(layers) - 1 else [])):
            if isinstance(each, Loss):
                message = f"layers come after `{each.name}`, which is one number"
                yield problem("SC204", each.span, message, "put it last, or take it out")


def _inside(layer: Layer) -> Iterator[Layer]:
    """Walk over the layers that a repeat holds."""
    if isinstance(layer, Repeat):
        for each in layer.layers:
            yield each
            yield from _inside(each)


def _hold_to_limit(layers: tuple[Layer, ...]) -> None:
    """Raise a Problem where the list, written out, is too long."""
    total = 0
    for layer in layers:
        total += _count(layer)
        if total > LAYER_LIMIT:
            raise too_many(total, layer.span)


def _count(layer: Layer) -> int:
    if isinstance(layer, Repeat):
        return layer.times * sum(map(_count, layer.layers))
    return 1
