"""A drawing → lines of text: the last value first, and below it what it is made of.

Of the values that go into one, that with the longest way behind it goes on in the same column, so
that a deep network stays as narrow as a flat one; the others are branches. A value that several
equations use is opened once.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from shapecalc.records import Back, Drawing, Vertex
from shapecalc.render.glyphs import to_ascii, visible
from shapecalc.render.graphs import shape_label
from shapecalc.render.output import Look

_BRANCH, _TRUNK = "├─ ", "│  "
_ROUND = {"├─ ": "+- ", "│  ": "|  ", "◀": "<-"}


class Line(NamedTuple):
    """A line: the branches before it, what it says, and whether that is a gradient."""

    lead: str
    text: str
    is_back: bool = False


class _Piece(NamedTuple):
    text: str
    style: str


def tree(drawing: Drawing, look: Look) -> str:
    """Print a drawing as a tree; in colour, the gradients are bold and the branches dim."""
    lines = list(_Tree(drawing).lines())
    if look.ascii:
        lines = [line._replace(lead=_plain(line.lead), text=_plain(line.text)) for line in lines]
    if not look.color:
        return "".join(f"{line.lead}{line.text}".rstrip() + "\n" for line in lines)
    from shapecalc.render.coloured import coloured

    return coloured([_pieces(line) for line in lines], look.width)


def _pieces(line: Line) -> tuple[_Piece, _Piece]:
    return _Piece(line.lead, "dim"), _Piece(line.text, "bold" if line.is_back else "")


def _plain(line: str) -> str:
    for sign, spelled in _ROUND.items():
        line = line.replace(sign, spelled)
    return to_ascii(line)


class _Tree:
    def __init__(self, drawing: Drawing) -> None:
        self.vertices = {vertex.name: vertex for vertex in drawing.vertices}
        self.operands: dict[str, list[str]] = {name: [] for name in self.vertices}
        self.opened_by: dict[str, str] = {}  # the first equation that uses a value
        for flow in drawing.flows:
            self.operands[flow.head].append(flow.tail)
            self.opened_by.setdefault(flow.tail, flow.head)
        self.backs: dict[str, list[Back]] = {}
        for back in drawing.backs:
            self.backs.setdefault(back.wrt, []).append(back)
        self.heights = self._heights()

    def _heights(self) -> Mapping[str, int]:
        """Count the equations behind each value, along the longest way."""
        found: dict[str, int] = {}
        for name, vertex in self.vertices.items():
            behind = (found[each] for each in self.operands[name])
            found[name] = 1 + max(behind, default=0) if vertex.equation else 0
        return found

    def lines(self) -> Iterator[Line]:
        roots = [v.name for v in self.vertices.values() if v.name not in self.opened_by]
        for place, root in enumerate(reversed(roots)):
            if place:
                yield Line("", "")
            yield from self._from(root, "", "")

    def _from(self, name: str, first: str, lead: str) -> Iterator[Line]:
        """Yield a value and all behind it: `first` leads its own line, `lead` the others."""
        following: str | None = name
        while following is not None:
            name, following = following, None
            vertex = self.vertices[name]
            yield Line(first, self._said(vertex))
            first = lead
            opened = [
                each
                for each in dict.fromkeys(self.operands[name])
                if self.vertices[each].equation and self.opened_by[each] == name
            ]
            following = max(opened, key=self.heights.__getitem__, default=None)
            rest = [each for each in dict.fromkeys(self.operands[name]) if each != following]
            trunk = lead + (_TRUNK if rest or following else "   ")
            yield from self._gradients(vertex, trunk)
            for each in rest:
                yield from self._branch(each, lead, is_opened=each in opened)
            if following is not None:
                yield Line(lead, _TRUNK)

    def _branch(self, name: str, lead: str, *, is_opened: bool) -> Iterator[Line]:
        vertex = self.vertices[name]
        if is_opened:
            yield from self._from(name, lead + _BRANCH, lead + _TRUNK)
        elif vertex.equation:
            where = f"see the line of {vertex.name}"
            yield Line(lead + _BRANCH, visible(f"{name} {shape_label(vertex.shape)}  {where}"))
        else:
            yield Line(lead + _BRANCH, self._said(vertex))
            yield from self._gradients(vertex, lead + _TRUNK)

    def _gradients(self, vertex: Vertex, lead: str) -> Iterator[Line]:
        if vertex.given:
            yield Line(lead, visible(f"◀ {vertex.given} is given"), is_back=True)
        for back in self.backs.pop(vertex.name, ()):
            source = f"from {back.output}" + (f", {back.note}" if back.note else "")
            said = f"◀ {back.label}  {shape_label(back.shape)}  {source}"
            yield Line(lead, visible(said), is_back=True)

    def _said(self, vertex: Vertex) -> str:
        what = f"= {vertex.equation}" if vertex.equation else vertex.kind
        return visible(f"{vertex.name} {shape_label(vertex.shape)}  {what}")
