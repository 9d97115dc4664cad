"""Findings on what layers stand for → the same at the layer, with its equation named, each once.

The author has not written the equation: what would change it is no help, and of the copies that a
repeat makes, one speaks for all.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from shapecalc.diagnostics import Finding
from shapecalc.parsing import names_in
from shapecalc.span import Span
from shapecalc.spec.network import Equation, Network

_WAYS = r"; or |, or "
_VERBS = ("compare", "declare", "give", "remove", "use", "write")
_OTHERWISE = "change the layer, or what comes before it; `check --equations` writes it out"
_Places = Mapping[Span, Sequence[Equation]]


def at_layers(findings: Sequence[Finding], network: Network) -> list[Finding]:
    """Name the equation that a layer stands for in each finding that points at the layer."""
    if not findings or not any(equation.is_made for equation in network.forward):
        return list(findings)
    places, made = _places(network), _made(network)
    alike: dict[tuple[str, Span], list[Finding]] = {}
    for number, finding in enumerate(findings):
        code = finding.code if finding.span in places else str(number)
        alike.setdefault((code, finding.span), []).append(finding)
    return [_at_layer(group, places, made) for group in alike.values()]


def _at_layer(group: Sequence[Finding], places: _Places, made: frozenset[str]) -> Finding:
    finding = group[0]
    equations = places.get(finding.span)
    if equations is None:
        return finding
    equation = _meant(finding, equations)
    note = f"it stands for `{equation.name} = {equation.text}`"
    if len(group) > 1:
        note += f"; {len(group) - 1:,} more are alike"
    advice = ", or ".join(_ways(finding.help, made)) or _OTHERWISE
    return finding._replace(help=advice, notes=(*finding.notes, ("layer", note)))


def _ways(advice: str, made: frozenset[str]) -> Iterator[str]:
    """Keep the ways of a help that change what the author has written: words, and declarations."""
    for way in re.split(_WAYS, advice):
        is_declaration = ": [" in way and made.isdisjoint(re.findall(r"\w+", way))
        is_section = way.startswith("write `upstream:")
        if way.startswith(_VERBS) and ("`" not in way or is_declaration or is_section):
            yield way


def _meant(finding: Finding, equations: Sequence[Equation]) -> Equation:
    """Return the equation whose names the finding has; the first where none has."""
    said = set(re.findall(r"\w+", finding.message))
    return next((each for each in equations if said & {each.name, *_own(each)}), equations[0])


def _own(equation: Equation) -> Iterator[str]:
    return (name.text for name in names_in(equation.expression))


def _made(network: Network) -> frozenset[str]:
    values = [entry.name for entry in (*network.inputs, *network.params) if entry.is_made]
    return frozenset([*values, *(each.name for each in network.forward if each.is_made)])


def _places(network: Network) -> _Places:
    """Return the equations that each place in the layers stands for."""
    users: dict[str, Equation] = {}
    found: dict[Span, list[Equation]] = {}
    for equation in network.forward:
        if equation.is_made:
            found.setdefault(equation.span, []).append(equation)
            for name in _own(equation):
                users.setdefault(name, equation)
    for entry in network.params:
        if entry.is_made and entry.name in users:
            for place in dict.fromkeys((entry.shape_span, *entry.dim_spans)):
                found.setdefault(place, []).append(users[entry.name])
    return found
