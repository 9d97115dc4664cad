"""Pictures of an explanation → inline SVG: boxes to scale, the blocks of a Jacobian, a walk.

What a colour says is said by a shape too: what clashes is dashed and has a cross, what fits is
drawn through.
"""

from collections.abc import Collection, Iterator

from shapecalc.records import WalkEdge
from shapecalc.records.explained import Box, Boxes, Grid, Walked
from shapecalc.render.web.svg import LETTER, label, picture, tip, words

_UNIT, _HEAD, _SIGN = 24, 26, 44


# --- boxes --------------------------------------------------------------------------------------


def boxes_svg(drawn: Boxes, names: Collection[str]) -> str:
    """Draw a product: the two edges that must agree are thick, and crossed out where they clash."""
    unit = _unit(drawn.boxes)
    tallest = max(box.size[0] for box in drawn.boxes) * unit
    middle = _HEAD + tallest / 2
    parts: list[str] = []
    x = 0.0
    for at, box in enumerate(drawn.boxes):
        x += _room_of(box.dims[0])
        beside = (_slot(box, unit) - box.size[1] * unit) / 2
        parts += _box(box, x + beside, middle, unit, _edges(drawn, at), names)
        x += _slot(box, unit)
        if at < len(drawn.signs):
            parts.append(words(x + _SIGN / 2, middle + 6, drawn.signs[at], css="sign"))
            if drawn.clash and at == 0:
                parts.append(words(x + _SIGN / 2, middle + 28, "✗", css="bad"))
            x += _SIGN
    has_room = all(_is_inside(box, unit) for box in drawn.boxes)
    height = max(_HEAD + tallest + (8 if has_room else 30), middle + 36)
    return picture(x + 6, height, _boxes_title(drawn), parts)


def _slot(box: Box, unit: int) -> float:
    """Return the width of a box, or of its name where that has no room inside and is wider."""
    width = box.size[1] * unit
    return width if _is_inside(box, unit) else max(width, LETTER * len(box.name))


def _unit(boxes: tuple[Box, ...]) -> int:
    """Choose how long an entry's side is, so that no product is wider or higher than a page."""
    columns = sum(box.size[1] for box in boxes)
    rows = max(box.size[0] for box in boxes)
    return max(4, min(_UNIT, 420 // max(1, columns), 300 // max(1, rows)))


def _room_of(dim: str) -> float:
    return max(11.0 * len(dim), 2 * LETTER) + 8


def _is_inside(box: Box, unit: int) -> bool:
    return LETTER * len(box.name) <= box.size[1] * unit - 6 and box.size[0] * unit >= 18


def _edges(drawn: Boxes, at: int) -> tuple[str, str]:
    """Say how the edges of the rows and of the columns are drawn: they meet the box beside."""
    before = drawn.signs[at - 1] if at else ""
    behind = drawn.signs[at] if at < len(drawn.signs) else ""
    bad = "bad" if drawn.clash and at < 2 else "fit"
    return bad if before == "@" else "", bad if behind == "@" else ""


def _box(
    box: Box, x: float, middle: float, unit: int, edges: tuple[str, str], names: Collection[str]
) -> Iterator[str]:
    width, height = box.size[1] * unit, box.size[0] * unit
    y = middle - height / 2
    yield f'<rect class="box" x="{x:g}" y="{y:g}" width="{width}" height="{height}"/>'
    lines = [f"M{x + at * unit:g} {y:g}v{height}" for at in range(1, box.size[1])]
    lines += [f"M{x:g} {y + at * unit:g}h{width}" for at in range(1, box.size[0])]
    if lines and unit >= 8:
        yield f'<path class="hair" d="{"".join(lines)}"/>'
    rows, columns = edges
    if rows:
        yield f'<path class="edge {rows}" d="M{x:g} {y:g}v{height}"/>'
    if columns:
        yield f'<path class="edge {columns}" d="M{x:g} {y:g}h{width}"/>'
    yield label(x - 7, middle + 5, box.dims[0], names, css=f"dim {rows}".strip(), anchor="end")
    yield label(x + width / 2, y - 8, box.dims[1], names, css=f"dim {columns}".strip())
    if _is_inside(box, unit):
        back = LETTER * len(box.name) + 4
        yield (
            f'<rect class="under" x="{x + (width - back) / 2:g}" y="{middle - 11:g}" '
            f'width="{back:g}" height="22"/>'
        )
        yield label(x + width / 2, middle + 5, box.name, names)
    else:
        yield label(x + width / 2, y + height + 20, box.name, names)


def _boxes_title(drawn: Boxes) -> str:
    told = ""
    for at, box in enumerate(drawn.boxes):
        told += f"{box.name}, {box.dims[0]} × {box.dims[1]}"
        told += f" {drawn.signs[at]} " if at < len(drawn.signs) else ""
    return f"{told}: {drawn.clash}" if drawn.clash else told


# --- the Jacobian -------------------------------------------------------------------------------


def grid_svg(drawn: Grid, names: Collection[str]) -> str:
    """Draw the blocks: a square for each entry that is not zero for all values, else a dot."""
    across, down = len(drawn.columns), len(drawn.rows)
    wide, high = len(drawn.cells[0]) // across, len(drawn.cells) // down
    side = 16 if len(drawn.cells[0]) <= 20 else 12
    longest = max(map(len, drawn.columns))
    block = max(wide * side + 8, LETTER * longest + 4)
    left = LETTER * max(map(len, drawn.rows)) + 10
    tall = high * side + 8
    full, empty = [], []
    for row, cells in enumerate(drawn.cells):
        y = _HEAD + row // high * tall + 4 + row % high * side
        for column, is_full in enumerate(cells):
            start = left + column // wide * block + (block - wide * side) / 2
            x = start + column % wide * side
            if is_full:
                full.append(f"M{x + 1.5:g} {y + 1.5:g}h{side - 3}v{side - 3}h{3 - side}z")
            else:
                empty.append(f"M{x + side / 2:g} {y + side / 2:g}h0")
    right, bottom = left + across * block, _HEAD + down * tall
    rules = [f"M{left + at * block:g} {_HEAD}V{bottom:g}" for at in range(across + 1)]
    rules += [f"M{left:g} {_HEAD + at * tall:g}H{right:g}" for at in range(down + 1)]
    parts = [
        f'<path class="rule" d="{"".join(rules)}"/>',
        f'<path class="full" d="{"".join(full)}"/>',
        f'<path class="empty" d="{"".join(empty)}"/>',
    ]
    for at, name in enumerate(drawn.columns):
        parts.append(label(left + (at + 0.5) * block, _HEAD - 9, name, names))
    for at, name in enumerate(drawn.rows):
        middle = _HEAD + (at + 0.5) * tall + 5
        parts.append(label(left - 8, middle, name, names, anchor="end"))
    title = f"The Jacobian in {down} × {across} blocks: {'; '.join(drawn.legend)}"
    return picture(right + 2, bottom + 2, title, parts)


def swatch(kind: str) -> str:
    """Draw one cell, full or empty, for the legend."""
    drawn = "M2 2h12v12h-12z" if kind == "full" else "M8 8h0"
    path = f'<path class="{kind}" d="{drawn}"/>'
    return f'<svg class="swatch" aria-hidden="true" viewBox="0 0 16 16">{path}</svg>'


# --- the walk -----------------------------------------------------------------------------------


def walk_svg(drawn: Walked, names: Collection[str]) -> str:
    """Draw the factors as arrows from row to column, and under them the way that is walked."""
    radius, line, way = 15.0, 52.0, 104.0
    parts: list[str] = []
    x = radius + 4.0
    centres = [x]
    for edge in drawn.edges:
        reach = max(len(_entry(edge)), len(_way(edge)) + 1) * LETTER + 2 * radius
        length = max(reach, 130)
        parts += _factor(edge, x + radius, x + length - radius, line, names)
        parts += _walked(edge, x + radius, x + length - radius, way, names)
        x += length
        centres.append(x)
    for centre, index in zip(centres, drawn.indices, strict=True):
        parts.append(f'<circle class="node" cx="{centre:g}" cy="{line:g}" r="{radius:g}"/>')
        parts.append(label(centre, line + 5, index, names))
        parts.append(f'<path class="drop" d="M{centre:g} {line + radius + 3:g}V{way - 4:g}"/>')
    title = (
        f"The walk from {drawn.indices[0]} to {drawn.indices[-1]}: "
        f"{', then '.join(map(_told, drawn.edges))}. It reads {drawn.result}, {drawn.shapes}."
    )
    return picture(x + radius + 4, way + 36, title, parts)


def _entry(edge: WalkEdge) -> str:
    return f"{edge.factor}[{edge.row or '0'},{edge.column or '0'}]"


def _way(edge: WalkEdge) -> str:
    return f"along: {edge.factor}" if edge.along else f"against: {edge.factor}.T"


def _told(edge: WalkEdge) -> str:
    way = "along the arrow" if edge.along else "against the arrow, so transposed"
    return f"{_entry(edge)} {way}"


def _factor(
    edge: WalkEdge, start: float, end: float, y: float, names: Collection[str]
) -> Iterator[str]:
    """Draw a factor's own arrow, from its row to its column."""
    yield label((start + end) / 2, y - 14, _entry(edge), names)
    if edge.along:
        yield f'<path class="arrow" d="M{start + 2:g} {y:g}H{end - 10:g}"/>'
        yield tip(end - 2, y, 1, "tip")
    else:
        yield f'<path class="arrow" d="M{start + 10:g} {y:g}H{end - 2:g}"/>'
        yield tip(start + 2, y, -1, "tip")


def _walked(
    edge: WalkEdge, start: float, end: float, y: float, names: Collection[str]
) -> Iterator[str]:
    """Draw a stretch of the walk, dashed where it goes against the arrow."""
    kind = "along" if edge.along else "against"
    first, last = start - 12, end + 12
    yield f'<path class="walk {kind}" d="M{first:g} {y:g}H{last - 9:g}"/>'
    yield tip(last, y, 1, f"walktip {kind}")
    word, factor = _way(edge).split(": ", 1)
    centre = (start + end) / 2
    yield words(centre, y + 22, f"{word} ", css=kind, anchor="end")
    yield label(centre + 4, y + 22, factor, names, css=kind, anchor="start")
