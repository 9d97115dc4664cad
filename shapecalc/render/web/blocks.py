"""One block of an explanation → HTML: prose, lines of formulas, numbers, and the pictures."""

from collections.abc import Iterator, Sequence
from re import compile as pattern

from shapecalc.records.explained import (
    Block,
    Boxes,
    Grid,
    Lines,
    Moves,
    Numbers,
    Prose,
    Sides,
    Walked,
)
from shapecalc.render.web.pictures import boxes_svg, grid_svg, swatch, walk_svg
from shapecalc.render.web.prose import TYPED, Writing, display, text_html
from shapecalc.render.web.tables import Marked, matrix_html, moves_html

_PLACE = pattern(r"\bAt \[([\d,]+)\]")
_ENTRY = pattern(r"([^\W\d]\w*)\[([\d,]+)\]")


def blocks_html(blocks: Sequence[Block], writing: Writing) -> str:
    """Write blocks in their order; in the tables, the entries that move something are marked."""
    marked = frozenset(_marked(blocks))
    return "".join(_block(block, writing, marked) for block in blocks)


def _marked(blocks: Sequence[Block]) -> Iterator[tuple[str, str]]:
    """List the entries that something moves by, and where two products differ."""
    texts = "".join(block.text for block in blocks if isinstance(block, Prose))
    for block in blocks:
        if isinstance(block, Moves):
            for move in block.moves:
                for found in _ENTRY.finditer(f"{move.slope_text} {move.upstream_text}"):
                    yield found[1], found[2]
        if isinstance(block, Numbers):
            for found in _PLACE.finditer(texts):
                yield from ((each.name, found[1]) for each in block.matrices if "@" in each.name)


def _block(block: Block, writing: Writing, marked: Marked) -> str:
    match block:
        case Prose(text):
            return f"<p>{text_html(text, writing)}</p>"
        case Lines():
            return _lines(block, writing)
        case Moves():
            return moves_html(block, writing)
        case Sides(left, right):
            kind = "sides" if max(map(len, (*left, *right))) <= TYPED else "sides stacked"
            return f'<div class="{kind}">{_side(left, writing)}{_side(right, writing)}</div>'
        case Numbers(matrices):
            shown = "".join(matrix_html(matrix, writing, marked) for matrix in matrices)
            return f'<div class="numbers">{shown}</div>'
        case Boxes():
            return _boxes(block, writing)
        case Grid():
            return _grid(block, writing)
        case Walked():
            return _walk(block, writing)


# --- formulas -----------------------------------------------------------------------------------


def _lines(block: Lines, writing: Writing) -> str:
    """Write formulas below each other, their relations in one column, the reasons beside."""
    rows = []
    for at, (text, why) in enumerate(block.lines):
        left = display(block.left, writing) if block.left and at == 0 else ""
        relation = "<math><mo>=</mo></math>" if block.left else ""
        reason = f'<span class="why">{text_html(why, writing)}</span>' if why else ""
        rows.append(
            f'<div class="line"><span class="left">{left}</span><span>{relation}</span>'
            f'<span class="right">{display(text, writing)}</span>{reason}</div>'
        )
    return f'<div class="scroll"><div class="lines">{"".join(rows)}</div></div>'


def _side(lines: Sequence[str], writing: Writing) -> str:
    """Write one of two columns: its head, then formulas with their relations in one column."""
    rows = []
    for line in lines[1:]:
        text = line.strip()
        left, relation, right = text.partition(" = ")
        if text.startswith("= "):
            left, relation, right = "", "=", text[2:]
        if not relation:
            rows.append(
                f'<div class="line"><span class="whole">{display(text, writing)}</span></div>'
            )
            continue
        first = display(left, writing) if left else ""
        rows.append(
            f'<div class="line"><span class="left">{first}</span>'
            f"<span><math><mo>=</mo></math></span>"
            f'<span class="right">{display(right, writing)}</span></div>'
        )
    head = text_html(lines[0], writing) if lines else ""
    body = f'<div class="scroll"><div class="lines">{"".join(rows)}</div></div>'
    return f'<div class="side"><p class="head">{head}</p>{body}</div>'


# --- pictures -----------------------------------------------------------------------------------


def _figure(drawn: str, caption: str = "") -> str:
    below = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure><div class="scroll">{drawn}</div>{below}</figure>'


def _boxes(block: Boxes, writing: Writing) -> str:
    caption = ""
    if block.clash and len(block.boxes) > 1:
        first, second = block.boxes[:2]
        told = f"{block.clash}: columns of {first.name}, rows of {second.name}"
        caption = f'<span class="bad">✗ {text_html(told, writing)}</span>'
    return _figure(boxes_svg(block, writing.names), caption)


def _grid(block: Grid, writing: Writing) -> str:
    told = ""
    for text in block.legend:
        sign = {"■": swatch("full"), "·": swatch("empty")}.get(text[:1], "")
        told += f"<div>{sign} {text_html(text[1:].strip() if sign else text, writing)}</div>"
    return _figure(grid_svg(block, writing.names), told)


def _walk(block: Walked, writing: Writing) -> str:
    told = "<div>The arrows run from row to column; the walk goes from left to right.</div>"
    result = (
        f'<div class="scroll result">{display(block.result, writing)}'
        f'<span class="why">{display(block.shapes, writing)}</span></div>'
    )
    return _figure(walk_svg(block, writing.names), told + result)
