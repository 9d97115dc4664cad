"""The names of a spec, held against each other: each is set once, and means one thing."""

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from shapecalc.diagnostics import Finding, Problem, Related, fresh
from shapecalc.span import Span
from shapecalc.spec.network import (
    ConstantEntry,
    DimEntry,
    Equation,
    FunctionEntry,
    Network,
    Reference,
    UpstreamEntry,
    ValueEntry,
)
from shapecalc.spec.typed import Findings

_Setting = TypeVar("_Setting", DimEntry, ConstantEntry, ValueEntry, FunctionEntry, Equation)


_INPUT, _PARAM, _VALUE = _VALUES = ("an input", "a param", "a value")


class _Use(NamedTuple):
    """What a name is, in words, and where that was said."""

    what: str
    span: Span


def with_names_set_once(network: Network, findings: Findings) -> Network:
    """Keep the first setting of each name; every other one is a finding."""
    names = _Names(network, findings)
    network = network._replace(
        inputs=names.first(_INPUT, network.inputs),
        params=names.first(_PARAM, network.params),
        functions=names.first("a function", network.functions),
        forward=names.first(_VALUE, network.forward),
    )
    findings += _gradients_that_clash(network, names.uses)
    network = network._replace(upstream=tuple(_told_apart(network, names.uses)))
    return network._replace(redefined=(*network.redefined, *names.redefined))


class _Names:
    """What each name is so far."""

    __slots__ = ("_findings", "_last_numbers", "redefined", "uses")

    def __init__(self, network: Network, findings: Findings) -> None:
        self._findings = findings
        self._last_numbers: dict[str, int] = {}
        self.uses: dict[str, _Use] = {}
        self.redefined: list[Reference] = []
        self.first("a dim", network.dims)
        self.first("a constant", network.constants)

    def first(self, what: str, entries: tuple[_Setting, ...]) -> tuple[_Setting, ...]:
        """Take in some entries; return those whose name is new."""
        kept = [self._findings.attempt(self._set, what, entry) for entry in entries]
        return tuple(entry for entry in kept if entry)

    def _set(self, what: str, entry: _Setting) -> _Setting:
        earlier = self.uses.setdefault(entry.name, _Use(what, entry.span))
        if earlier.what in _VALUES and what in _VALUES and earlier.span is not entry.span:
            self.redefined.append(Reference(entry.name, entry.span))
            raise self._redefined(entry.name, entry.span, earlier.span)
        if earlier.span is not entry.span:
            self.redefined.append(Reference(entry.name, entry.span))
            raise _clash(entry.name, earlier, _Use(what, entry.span), self._fresh(entry.name))
        return entry

    def _redefined(self, name: str, span: Span, first: Span) -> Problem:
        message = f"`{name}` is already set on line {first.line}"
        advice = f"call this `{self._fresh(name)}`"
        related = (Related(first, "set first here"),)
        return Problem(Finding("SC213", span, message, advice, related=related))

    def _fresh(self, name: str) -> str:
        """Return a name of the same stem that is not taken: `x2` for `x`."""
        stem = name.rstrip("0123456789")
        number = self._last_numbers.get(stem, int(name[len(stem) :][:9] or 1)) + 1
        while f"{stem}{number}" in self.uses:
            number += 1
        self._last_numbers[stem] = number
        return f"{stem}{number}"


def _gradients_that_clash(network: Network, uses: dict[str, _Use]) -> Iterator[Finding]:
    """Find names that are also the name of a gradient: a dim `dv` beside a value `v`."""
    given = {entry.name: entry.gradient for entry in network.upstream}
    for value in _values(network):
        for gradient in dict.fromkeys((f"d{value.name}", given.get(value.name, ""))):
            if use := uses.get(gradient):
                what = f"the gradient of `{value.name}`"
                message = f"`{gradient}` is {use.what} (line {use.span.line}) and {what}"
                related = (Related(value.span, f"its gradient is `{gradient}`"),)
                advice = f"call the {use.what.split()[-1]} `{fresh(gradient, uses)}`, say"
                yield Finding("SC208", use.span, message, advice, related=related)


def _told_apart(network: Network, uses: dict[str, _Use]) -> Iterator[UpstreamEntry]:
    """Give another name to a gradient that clashes, so that the rest can be checked."""
    for entry in network.upstream:
        is_taken = entry.gradient in uses
        yield entry._replace(gradient=fresh(entry.gradient, uses)) if is_taken else entry


def _values(network: Network) -> Iterator[Reference]:
    for entry in (*network.inputs, *network.params):
        yield Reference(entry.name, entry.span)
    for equation in network.forward:
        yield Reference(equation.name, equation.span)


def _clash(name: str, first: _Use, second: _Use, free: str) -> Problem:
    there, here = sorted((first, second), key=lambda use: use.span[1:3])
    message = f"`{name}` is {there.what} (line {there.span.line}) and {here.what}"
    related = (Related(there.span, there.what),)
    advice = f"call one of them `{free}`"
    return Problem(Finding("SC208", here.span, message, advice, related=related))
