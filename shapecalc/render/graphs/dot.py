"""A drawing → the DOT language of Graphviz. Names and formulas stand in quoted strings alone."""

from collections.abc import Iterator

from shapecalc.records import Drawing, Vertex
from shapecalc.render.glyphs import visible
from shapecalc.render.graphs import back_label, shape_label

_SHAPES = {
    "input": "shape=ellipse",
    "param": "shape=hexagon",
    "value": "shape=box",
    "loss": "shape=box, peripheries=2",
}
_COLOR = "firebrick"


def dot(drawing: Drawing) -> str:
    """Print a drawing as a digraph from left to right; gradients go back on dashed edges."""
    return "".join(f"{line}\n" for line in _lines(drawing))


def _lines(drawing: Drawing) -> Iterator[str]:
    ids = {vertex.name: f"v{place}" for place, vertex in enumerate(drawing.vertices)}
    yield f"digraph {_quoted(drawing.name)} {{"
    yield '  rankdir=LR; node [fontname="monospace"]; edge [fontname="monospace", fontsize=10];'
    for vertex in drawing.vertices:
        label = _quoted(*_texts(vertex))
        yield f"  {ids[vertex.name]} [label={label}, {_SHAPES[vertex.kind]}];"
    for flow in drawing.flows:
        label = _quoted(shape_label(flow.shape))
        yield f"  {ids[flow.tail]} -> {ids[flow.head]} [label={label}];"
    for back in drawing.backs:
        style = f"style=dashed, color={_COLOR}, fontcolor={_COLOR}, constraint=false"
        label = _quoted(back_label(back))
        yield f"  {ids[back.output]} -> {ids[back.wrt]} [label={label}, {style}];"
    yield "}"


def _texts(vertex: Vertex) -> Iterator[str]:
    yield vertex.label
    if vertex.given:
        yield f"{vertex.given} is given"


def _quoted(*lines: str) -> str:
    """Print lines as one string, in which backslashes and quotes are escaped."""
    escaped = (visible(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
