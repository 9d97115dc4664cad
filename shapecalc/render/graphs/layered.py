"""A drawing → boxes in columns, with places for its lines of text: a simple layered layout.

A value stands right of all that it is made of. An edge over several columns has a slot of its own
in each column between, so that no edge crosses a box or a label. Labels stand right of the box of
their value, each on its own line: the shape of what flows on, and below it what flows back.
Units are the cells of a monospaced font, and its lines.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from shapecalc.records import Drawing, Vertex
from shapecalc.render.glyphs import visible
from shapecalc.render.graphs import back_label, shape_label
from shapecalc.render.widths import cell_len

PADDING = 2.0  # cells at both sides of the text in a box
CURVE = 9.0  # cells between the labels of a column and the next one, for edges to bend in
SPACE = 0.9  # lines between boxes
LINE = 1.35  # of a label, in lines
_SWEEPS = 4


class Point(NamedTuple):
    """A place on the page."""

    x: float
    y: float


class Label(NamedTuple):
    """A line of text right of a box, and the height at which its edges leave or arrive."""

    text: str
    y: float
    is_back: bool


class Box(NamedTuple):
    """A value on the page: its left upper corner, its size, its text, and the labels beside it."""

    vertex: Vertex
    corner: Point
    width: float
    height: float
    texts: tuple[str, ...]
    labels: tuple[Label, ...]


class Edge(NamedTuple):
    """A line through points; `is_back` where its arrow is at the first of them."""

    points: tuple[Point, ...]
    is_back: bool


class Layout(NamedTuple):
    """Boxes and edges, and the size of the page around them."""

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    width: float
    height: float


class _Slot(NamedTuple):
    """What takes a place in a column: a value, or an edge that passes by (its tail and head)."""

    name: str
    passes: tuple[str, str] | None = None


def laid_out(drawing: Drawing) -> Layout:
    """Place all values and edges of a drawing."""
    return _Layered(drawing).layout()


class _Layered:
    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.vertices = {vertex.name: vertex for vertex in drawing.vertices}
        self.flows = dict.fromkeys((flow.tail, flow.head) for flow in drawing.flows)
        self.shapes = {flow.tail: shape_label(flow.shape) for flow in drawing.flows}
        self.backs = [(back.wrt, back.output, back_label(back)) for back in drawing.backs]
        pairs = dict.fromkeys([*self.flows, *((tail, head) for tail, head, _ in self.backs)])
        self.pairs = list(pairs)
        self.depths = self._depths()
        self.columns = self._columns()
        self._order()

    def _depths(self) -> Mapping[str, int]:
        """Put a value right of its operands, and what is given next to its first use."""
        tails: dict[str, list[str]] = {}
        heads: dict[str, list[str]] = {}
        for tail, head in self.flows:
            tails.setdefault(head, []).append(tail)
            heads.setdefault(tail, []).append(head)
        found: dict[str, int] = {}
        for name in self.vertices:
            found[name] = 1 + max((found[each] for each in tails.get(name, ())), default=-1)
        for name, vertex in self.vertices.items():
            if not vertex.equation:
                found[name] = min((found[head] - 1 for head in heads.get(name, ())), default=0)
        return found

    def _columns(self) -> list[list[_Slot]]:
        columns: list[list[_Slot]] = [[] for _ in range(1 + max(self.depths.values(), default=0))]
        for name, depth in self.depths.items():
            columns[depth].append(_Slot(name))
        for tail, head in self.pairs:
            for depth in range(self.depths[tail] + 1, self.depths[head]):
                columns[depth].append(_Slot(f"{tail} {head}", (tail, head)))
        return columns

    def _way(self, tail: str, head: str) -> list[_Slot]:
        """Return the slots that an edge goes through."""
        passed = self.depths[head] - self.depths[tail] - 1
        return [_Slot(tail), *[_Slot(f"{tail} {head}", (tail, head))] * passed, _Slot(head)]

    def _order(self) -> None:
        """Put each slot at the mean height of its neighbours, to the right and back again."""
        near: dict[tuple[int, _Slot], list[_Slot]] = {}  # by the column that they are in
        for tail, head in self.pairs:
            way = list(enumerate(self._way(tail, head), self.depths[tail]))
            for (depth, one), (beyond, other) in pairwise(way):
                near.setdefault((depth, other), []).append(one)
                near.setdefault((beyond, one), []).append(other)
        for sweep in range(_SWEEPS):
            step = 1 if sweep % 2 == 0 else -1
            ordered = self.columns[::step]
            depths = range(len(self.columns))[::step]
            for before, column, depth in zip(ordered, ordered[1:], depths, strict=False):
                places = {slot: _share(at, before) for at, slot in enumerate(before)}
                means = {
                    slot: _mean([places[each] for each in near.get((depth, slot), ())])
                    for slot in column
                }
                own = {slot: _share(at, column) for at, slot in enumerate(column)}
                column.sort(key=lambda each: (means[each], own[each]))

    # --- places ----------------------------------------------------------------------------------

    def _texts(self, vertex: Vertex) -> tuple[str, ...]:
        given = (f"{vertex.given} is given",) if vertex.given else ()
        return tuple(map(visible, (vertex.label, *given)))

    def _labels(self, name: str) -> list[tuple[str, bool]]:
        shape = self.shapes.get(name)
        forward = [(visible(shape), False)] if shape is not None else []
        return forward + [(visible(text), True) for tail, _, text in self.backs if tail == name]

    def _height(self, slot: _Slot) -> float:
        if slot.passes:
            return LINE
        lines = max(len(self._labels(slot.name)), len(self._texts(self.vertices[slot.name])), 1)
        return lines * LINE + SPACE

    def layout(self) -> Layout:
        """Work out all coordinates, column by column."""
        heights = [sum(self._height(s) + SPACE for s in column) for column in self.columns]
        tallest = max(heights, default=0.0)
        boxes: dict[str, Box] = {}
        passing: dict[_Slot, list[Point]] = {}
        x = 1.0
        for column, height in zip(self.columns, heights, strict=True):
            y = (tallest - height) / 2 + SPACE
            names = [slot.name for slot in column if not slot.passes]
            width = max((self._width(name) for name in names), default=0.0)
            beside = [cell_len(text) for name in names for text, _ in self._labels(name)]
            room = max(beside, default=0) + 2
            for slot in column:
                if slot.passes:
                    middle = y + LINE / 3
                    ends = (Point(x, middle), Point(x + width + room, middle))
                    passing.setdefault(slot, []).extend(ends)
                else:
                    boxes[slot.name] = self._box(slot, Point(x, y), width)
                y += self._height(slot) + SPACE
            x += width + room + CURVE
        rooms = self._rooms(boxes)
        edges = tuple(self._edges(boxes, passing, rooms))
        return Layout(tuple(boxes.values()), edges, x - CURVE + 1, tallest + 2 * SPACE)

    def _width(self, name: str) -> float:
        return max(map(cell_len, self._texts(self.vertices[name]))) + PADDING

    def _box(self, slot: _Slot, corner: Point, width: float) -> Box:
        vertex = self.vertices[slot.name]
        first = corner.y + SPACE / 2 + LINE
        labels = tuple(
            Label(text, first + place * LINE, is_back)
            for place, (text, is_back) in enumerate(self._labels(slot.name))
        )
        return Box(vertex, corner, width, self._height(slot), self._texts(vertex), labels)

    def _rooms(self, boxes: Mapping[str, Box]) -> Mapping[int, float]:
        """Return, of each column, where its labels end."""
        found: dict[int, float] = {}
        for name, box in boxes.items():
            ends = [cell_len(label.text) for label in box.labels]
            end = box.corner.x + box.width + max(ends, default=0) + 2
            found[self.depths[name]] = max(found.get(self.depths[name], 0.0), end)
        return found

    def _edges(
        self,
        boxes: Mapping[str, Box],
        passing: Mapping[_Slot, list[Point]],
        rooms: Mapping[int, float],
    ) -> Iterator[Edge]:
        """Yield the edges; those that arrive at a box do so one below the other."""
        ends = [(tail, head, 0) for tail, head in self.flows]
        counts: dict[str, int] = {}
        for tail, head, _ in self.backs:
            line = counts[tail] = counts.get(tail, 0) + 1
            ends.append((tail, head, line))
        arriving: dict[str, list[tuple[str, int]]] = {}
        for tail, head, line in sorted(ends, key=lambda e: (boxes[e[0]].corner.y, e[2])):
            arriving.setdefault(head, []).append((tail, line))
        for head, found in arriving.items():
            box = boxes[head]
            for place, (tail, line) in enumerate(found):
                start = boxes[tail]
                y = start.labels[line].y
                below = Point(0, LINE / 3 if line else 0)
                passed = passing.get(_Slot(f"{tail} {head}", (tail, head)), ())
                points = [
                    Point(start.corner.x + start.width, y),
                    Point(rooms[self.depths[tail]], y),
                    *(Point(each.x, each.y + below.y) for each in passed),
                    Point(box.corner.x, box.corner.y + box.height * (place + 1) / (len(found) + 1)),
                ]
                yield Edge(tuple(points), is_back=line > 0)


def _share(place: int, column: list[_Slot]) -> float:
    """Say how far down its column a slot is, between 0 and 1."""
    return (place + 0.5) / len(column)


def _mean(heights: list[float]) -> float:
    return sum(heights) / len(heights) if heights else 0.5
