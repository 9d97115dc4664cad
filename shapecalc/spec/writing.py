"""A network → the text of a spec that describes it: what layers stand for is written out.

Reading the text gives the same network again, but for places and comments.
"""

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction

from shapecalc.dims import Dim
from shapecalc.spec.network import Equation, FunctionEntry, Network, ValueEntry


def written(network: Network) -> str:
    """Print a network as a spec, with its equations as text."""
    return "".join(f"{line}\n" for line in _lines(network))


def _lines(network: Network) -> Iterator[str]:
    yield f"name: {_quoted(network.name)}"
    if network.dims:
        sizes = (f"{entry.name}: {entry.size or '_'}" for entry in network.dims)
        yield f"dims: {{{', '.join(sizes)}}}"
    if network.constants:
        numbers = (f"{each.name}: {_number(each.value)}" for each in network.constants)
        yield f"constants: {{{', '.join(numbers)}}}"
    yield from _assumptions(network)
    if network.batch:
        yield f"batch: {network.batch.name}"
    spelling = _Spelling(network)
    yield from spelling.section("inputs", network.inputs)
    yield from spelling.section("params", network.params)
    if network.functions:
        yield "functions:"
        yield from map(spelling.function, network.functions)
    yield from _equations("forward", network.forward)
    if network.loss:
        yield f"loss: {network.loss.name}"
    if network.upstream:
        given = (f"{each.name}: {each.gradient}" for each in network.upstream)
        yield f"upstream: {{{', '.join(given)}}}"
    yield from spelling.section("shapes", network.shapes)
    yield from _equations("gradients", network.gradients)
    if network.layout != "denominator":
        yield f"layout: {network.layout}"
    if network.scale != "free":
        yield f"scale: {network.scale}"


class _Spelling:
    """How axes are written: a dim, or where an axis is open, its number or `_`."""

    def __init__(self, network: Network) -> None:
        self._open_shapes = {each.name for each in network.open_shapes}
        self._numbers = {each.variable: str(each.size or "_") for each in network.open_axes}

    def section(self, key: str, entries: Sequence[ValueEntry]) -> Iterator[str]:
        """Print a section of names with their shapes."""
        if entries:
            yield f"{key}:"
            yield from (f"  {entry.name}: {self._shape(entry)}" for entry in entries)

    def function(self, entry: FunctionEntry) -> str:
        """Print a function that is not spelled out."""
        return f"  {entry.name}: {{of: {entry.of.name}, shape: {self._shape(entry.value)}}}"

    def _shape(self, entry: ValueEntry) -> str:
        if entry.name in self._open_shapes:
            return "_"
        return f"[{', '.join(map(self._axis, entry.shape))}]"

    def _axis(self, dim: Dim) -> str:
        return self._numbers.get(str(dim), str(dim))


def _equations(key: str, equations: Sequence[Equation]) -> Iterator[str]:
    if equations:
        yield f"{key}: |"
        yield from (f"  {equation.name} = {equation.text}" for equation in equations)


def _assumptions(network: Network) -> Iterator[str]:
    properties: dict[str, list[str]] = {}
    for entry in network.assume:
        axis = "" if entry.axis is None else f" axis={entry.axis}"
        properties.setdefault(entry.name, []).append(f"{entry.property}{axis}")
    if properties:
        yield "assume:"
        yield from (f"  {name}: [{', '.join(each)}]" for name, each in properties.items())


def _number(value: Fraction | None) -> str:
    """Print a number that was read from digits exactly: as a whole one and a power of ten."""
    if value is None:
        return "_"
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    return f"{value * 10**places}e-{places}" if places else str(value)


def _quoted(text: str) -> str:
    """Print a title in quotes, as YAML reads it."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in quoted)
