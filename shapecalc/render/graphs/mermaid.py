"""A drawing → a Mermaid flowchart. Names and formulas stand in quoted labels alone."""

from collections.abc import Iterator

from shapecalc.records import Drawing
from shapecalc.render.glyphs import visible
from shapecalc.render.graphs import back_label, shape_label

_OPEN = {"input": '(["', "param": '[/"', "value": '["', "loss": '{{"'}
_CLOSE = {"input": '"])', "param": '"/]', "value": '"]', "loss": '"}}'}
_SPECIAL = '"#&<>`\\*_~'
_ESCAPES = {ord(sign): f"#{ord(sign)};" for sign in _SPECIAL}


def mermaid(drawing: Drawing) -> str:
    """Print a drawing as a flowchart from left to right; gradients go back on dotted edges."""
    return "".join(f"{line}\n" for line in _lines(drawing))


def _lines(drawing: Drawing) -> Iterator[str]:
    ids = {vertex.name: f"v{place}" for place, vertex in enumerate(drawing.vertices)}
    yield "flowchart LR"
    for vertex in drawing.vertices:
        label = _label(vertex.label)
        if vertex.given:
            label += f"<br/>{_label(vertex.given)} is given"
        yield f"  {ids[vertex.name]}{_OPEN[vertex.kind]}{label}{_CLOSE[vertex.kind]}"
    for flow in drawing.flows:
        label = _label(shape_label(flow.shape))
        yield f'  {ids[flow.tail]} -->|"{label}"| {ids[flow.head]}'
    for back in drawing.backs:
        yield f'  {ids[back.output]} -.->|"{_label(back_label(back))}"| {ids[back.wrt]}'


def _label(text: str) -> str:
    """Escape all that Mermaid, Markdown or HTML would read in a label."""
    return visible(text).translate(_ESCAPES)
