"""Numbers of an explanation → tables: the values, and what moves when one entry is raised."""

from collections.abc import Sequence

from shapecalc.records.explained import Matrix, Move, Moves
from shapecalc.render.glyphs import visible
from shapecalc.render.mathml import math
from shapecalc.render.mathtext import formula
from shapecalc.render.web.prose import TYPED, Writing, code, display, number, text_html

_MOST_MOVES = 12
_MOST_IN_SIGHT = 8  # columns of a table on a phone
Marked = frozenset[tuple[str, str]]  # entries that a level speaks of: ("W2", "0,3")


def matrix_html(matrix: Matrix, writing: Writing, marked: Marked) -> str:
    """Write a value as a table with its indices; of a stack, each matrix in turn."""
    columns = matrix.size[-1] if matrix.size else 1
    deep = matrix.size[-2] if len(matrix.size) > 1 else 1
    entries = [number(entry) for entry in matrix.entries]
    block = max(1, columns * deep)
    tables = []
    for start in range(0, max(1, len(entries)), block):
        place = _unravelled(start // block, matrix.size[:-2])
        name = f"{matrix.name}[{','.join([*map(str, place), ':', ':'])}]" if place else matrix.name
        rows = [entries[at : at + columns] for at in range(start, start + block, columns)]
        tables.append(_table(name, rows, matrix, place, writing, marked))
    return f'<div class="stack">{"".join(tables)}</div>'


def _unravelled(at: int, size: Sequence[int]) -> tuple[int, ...]:
    place: list[int] = []
    for count in reversed(size):
        at, rest = divmod(at, count)
        place.insert(0, rest)
    return tuple(place)


def _table(
    name: str,
    rows: Sequence[Sequence[str]],
    matrix: Matrix,
    place: tuple[int, ...],
    writing: Writing,
    marked: Marked,
) -> str:
    count = len(matrix.size)
    head = "".join(f'<th scope="col">{at}</th>' for at in range(len(rows[0]))) if count else ""
    body = ""
    for row, entries in enumerate(rows):
        lead = f'<th scope="row">{row}</th>' if count > 1 else ""
        cells = ""
        for column, entry in enumerate(entries):
            at = (*place, row, column)[-count:] if count else ()
            is_marked = (matrix.name, ",".join(map(str, at))) in marked
            cells += f"<td><mark>{entry}</mark></td>" if is_marked else f"<td>{entry}</td>"
        body += f"<tr>{lead}{cells}</tr>"
    corner = "<td></td>" if count > 1 else ""
    top = f"<thead><tr>{corner}{head}</tr></thead>" if count else ""
    caption = f"<caption>{display(name, writing)}</caption>"
    kind = "matrix" if len(rows[0]) <= _MOST_IN_SIGHT else "matrix long"
    table = f'<table class="{kind}">{caption}{top}<tbody>{body}</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def moves_html(block: Moves, writing: Writing) -> str:
    """List what moves and what the loss gets of it; then the sum, as the formula has it too."""
    shown = block.moves[:_MOST_MOVES]
    is_loss = bool(shown) and not shown[0].upstream_text
    small = display(block.step, writing)
    rows = "".join(_move(move, small, writing, is_loss=is_loss) for move in shown)
    heads = ["entry", "moves by"]
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    if not is_loss:
        head += f'<th scope="col" colspan="2">and with it {display(block.loss, writing)} by</th>'
    more = len(block.moves) - len(shown)
    notes = [f"and {more} more, in the same way"] if more else []
    notes += [text_html(block.still, writing)] if block.still else []
    below = "".join(f'<p class="moves-note">{note}</p>' for note in notes)
    table = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    shown_table = f'<div class="scroll"><table class="moves">{table}</table></div>' if rows else ""
    return (
        f'{shown_table}{below}<p class="total">{display(block.left, writing)} = {_sum(block)} '
        '<span class="good">✓</span></p>'
    )


def _move(move: Move, small: str, writing: Writing, *, is_loss: bool) -> str:
    """Write a row; why an entry moves so far is beside it, or in a row of its own."""
    slope = number(move.slope)
    by = f"{slope} {small}"
    below = ""
    if len(move.slope_text) > TYPED:
        below = f'<tr><td colspan="4" class="below">{code(move.slope_text)} = {slope}</td></tr>'
    elif move.slope_text.replace("-", "−") != slope:
        nodes = formula(visible(move.slope_text), writing.names)
        by = f"{math(nodes)} {small} = {by}"
    cells = f"<td>{display(move.entry, writing)}</td><td>{by}</td>"
    if not is_loss:
        above = display(move.upstream_text, writing)
        cells += f"<td>{above} · {slope} {small} =</td><td>{number(move.product)} {small}</td>"
    return f"<tr>{cells}</tr>{below}"


def _sum(block: Moves) -> str:
    """Write the sum out where it has a few parts."""
    total = number(block.total)
    parts = [number(move.product) for move in block.moves]
    if not 1 < len(parts) <= _MOST_MOVES:
        return total
    signed = (f" − {part[1:]}" if part[0] == "−" else f" + {part}" for part in parts[1:])
    return f"{parts[0]}{''.join(signed)} = {total}"
