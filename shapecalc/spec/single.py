"""One expression → the network of one equation, without the text of a spec and its YAML.

It is the network that is read from the spec of spec.lines. Where anything is not as it should be
there is none: then the spec is written and read, and its findings have places in it.
"""

import re
from collections.abc import Sequence

from shapecalc.expression import Locate, Syntax
from shapecalc.span import Span
from shapecalc.spec.lines import Expression
from shapecalc.spec.names import with_names_set_once
from shapecalc.spec.network import Equation, Network, Reference, UpstreamEntry, ValueEntry
from shapecalc.spec.shapes import RANK_LIMIT, DeclaredDims
from shapecalc.spec.typed import Findings, name_at

_DIM = re.compile(r"\s*[\w(][\w\s*+/()-]*")


def network_of(
    asked: Expression, syntax: Syntax, output: str, names: Sequence[str], path: str
) -> Network | None:
    """Return the network in which an expression, read already, is the one equation.

    Places are those that things would have in the text; those in `syntax` are as they are.
    """
    if asked.assume or asked.places or "\n" in asked.text:
        return None
    findings = Findings()
    dims = DeclaredDims(None, findings)
    params = findings.attempt(_values, asked, names, dims, path)
    if params is None or findings:
        return None
    line = len(params) + (3 if params else 2)
    place = Span(path, line, 3, len(output))
    right = Span(path, line, len(output) + 6, len(asked.text))
    below = Span(path, line + 1, len("upstream: [") + 1, len(output))
    network = Network(
        path,
        path,
        dims=dims.in_order(),
        params=params,
        forward=(Equation(output, syntax, asked.text, place, right),),
        upstream=(UpstreamEntry(output, f"d{output}", below),),
        open_axes=tuple(dims.open_axes),
        open_shapes=tuple(dims.open_shapes),
    )
    network = with_names_set_once(network, findings)
    return None if findings else network


def _values(
    asked: Expression, names: Sequence[str], dims: DeclaredDims, path: str
) -> tuple[ValueEntry, ...] | None:
    """Read the shapes; a name without one is open as a whole. None where one is not plain."""
    given = dict(asked.shapes)
    entries = []
    for line, written in enumerate(dict.fromkeys((*given, *names)), start=2):
        place = Span(path, line, 3, len(written))
        name = name_at(written, place).name
        text = given.get(written)
        if text is None:
            dims.open_shapes.append(Reference(name, place))
            entries.append(ValueEntry(name, (), place, place, ()))
            continue
        parts = text.split(",") if text.strip() else []
        if len(parts) > RANK_LIMIT or not all(map(_DIM.fullmatch, parts)):
            return None
        axes, column = [], place.end_column + 3
        for part in parts:
            start = column + len(part) - len(part.lstrip())
            axes.append(dims.axis(part.strip(), _places(path, line, start)))
            column += len(part) + 1
        spans = tuple(axis.span for axis in axes)
        entries.append(ValueEntry(name, dims.opened(name, axes), place, place, spans))
    return tuple(entries)


def _places(path: str, line: int, column: int) -> Locate:
    return lambda start, length: Span(path, line, column + start, length)
