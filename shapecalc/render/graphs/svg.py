"""A drawing → an SVG file that needs nothing else, in the colours of a light or a dark page."""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from shapecalc.records import Drawing
from shapecalc.render.glyphs import visible
from shapecalc.render.graphs.layered import Box, Edge, Label, laid_out
from shapecalc.render.widths import cell_len

CELL, LINE = 8.0, 18.0  # pixels of a cell of the font at 13 pixels, and of a line
_STYLE = """\
svg { --page: #fff; --ink: #1b1f24; --soft: #57606a; --back: #b3261e; --box: #f3f5f7; }
@media (prefers-color-scheme: dark) {
  svg { --page: #0d1117; --ink: #e6edf3; --soft: #9da7b1; --back: #ff8a80; --box: #1c2330; }
}
.page { fill: var(--page); }
text { font: 13px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: var(--ink); }
.shape { fill: var(--soft); }
.backs { fill: var(--back); }
.box { fill: var(--box); stroke: var(--soft); }
.param { stroke-dasharray: 4 3; }
.loss { stroke: var(--ink); stroke-width: 2; }
.flow { fill: none; stroke: var(--soft); }
.back { fill: none; stroke: var(--back); stroke-dasharray: 5 3; }
.tip { fill: var(--soft); }
.backtip { fill: var(--back); }"""
_TIP = '<marker id="{0}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8"'
_TIP += ' orient="auto"><path class="{0}" d="M0 0 L8 4 L0 8 Z"/></marker>'


def svg(drawing: Drawing) -> str:
    """Draw a network from left to right; gradients go back on dashed lines.

    All signs beyond ASCII are references, so that the file is the same in every encoding.
    """
    written = "".join(f"{line}\n" for line in _lines(drawing))
    return written.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _lines(drawing: Drawing) -> Iterator[str]:
    layout = laid_out(drawing)
    width, height = f"{layout.width * CELL:g}", f"{layout.height * LINE:g}"
    title = escape(visible(drawing.name)) or "A network"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">'
    )
    yield f"<title>{title}</title>"
    yield f"<style>\n{_STYLE}\n</style>"
    yield f"<defs>{_TIP.format('tip')}{_TIP.format('backtip')}</defs>"
    yield '<rect class="page" width="100%" height="100%"/>'
    yield from map(_edge, layout.edges)
    for box in layout.boxes:
        yield from _box(box)
    yield "</svg>"


def _edge(edge: Edge) -> str:
    """Draw a line that leaves and arrives horizontally; the arrow is where it ends."""
    points = edge.points[::-1] if edge.is_back else edge.points
    x, y = points[0].x * CELL, points[0].y * LINE
    path = f"M{x:g} {y:g}"
    for point in points[1:]:
        next_x, next_y = point.x * CELL, point.y * LINE
        middle = (x + next_x) / 2
        path += f" C{middle:g} {y:g} {middle:g} {next_y:g} {next_x:g} {next_y:g}"
        x, y = next_x, next_y
    kind, tip = ("back", "backtip") if edge.is_back else ("flow", "tip")
    return f'<path class="{kind}" d="{path}" marker-end="url(#{tip})"/>'


def _box(box: Box) -> Iterator[str]:
    left, top = box.corner.x * CELL, box.corner.y * LINE
    corner = 12 if box.vertex.kind == "input" else 3
    yield (
        f'<rect class="box {box.vertex.kind}" x="{left:g}" y="{top:g}" '
        f'width="{box.width * CELL:g}" height="{box.height * LINE:g}" rx="{corner}"/>'
    )
    first = top + box.height * LINE / 2 - (len(box.texts) - 1) * LINE / 2 + 4
    for place, text in enumerate(box.texts):
        width = box.width * CELL
        yield _text(text, left + (width - cell_len(text) * CELL) / 2, first + place * LINE, "")
    for label in box.labels:
        yield _label(label, left + box.width * CELL + CELL)


def _label(label: Label, x: float) -> str:
    return _text(label.text, x, label.y * LINE - 4, "backs" if label.is_back else "shape")


def _text(text: str, x: float, y: float, kind: str) -> str:
    """Print a text exactly as wide as its cells, whatever font the reader has."""
    attributes = f' class="{kind}"' if kind else ""
    attributes += f' x="{x:g}" y="{y:g}" textLength="{cell_len(text) * CELL:g}"'
    return f'<text{attributes} xml:space="preserve">{escape(text)}</text>'
