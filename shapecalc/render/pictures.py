"""Pictures of an explanation as lines of text: boxes to scale, numbers, blocks, a walk.

Every line is spelled as the page can carry it, before columns are counted.
"""

from collections.abc import Sequence
from itertools import product, zip_longest

from shapecalc.records import WalkEdge
from shapecalc.records.explained import Box, Boxes, Grid, Matrix, Numbers, Walked
from shapecalc.render.page import Page
from shapecalc.render.widths import cell_len

WIDE = 2  # a column of a matrix takes two cells, a row one
MOST_MATRICES = 6
"""How many matrices of a stack are written out at most."""


def number(value: float) -> str:
    """Print a number: whole where it is, else rounded."""
    if abs(value - round(value)) < 1e-9:
        return str(round(value))
    return f"{value:.3f}" if abs(value) >= 0.001 else f"{value:.1e}"


# --- boxes --------------------------------------------------------------------------------------


def boxes_lines(page: Page, picture: Boxes) -> list[str]:
    """Draw boxes side by side with signs between them, their dims on their edges."""
    drawn = [_box(page, box) for box in picture.boxes]
    height = max(len(lines) for lines in drawn)
    columns: list[list[str]] = []
    for at, lines in enumerate(drawn):
        columns.append(_filled(lines, height))
        if at < len(picture.signs):
            columns.append(_filled(["", "", f" {page.spelled(picture.signs[at])} "], height))
    found = [" ".join(parts).rstrip() for parts in zip(*columns, strict=True)]
    if sum(cell_len(column[0]) + 1 for column in columns) > page.width - 4:
        return [page.spelled("(too wide to be drawn)")]
    if picture.clash:
        found.append(page.spelled(_clash(page, picture, columns)))
    return found


def _box(page: Page, box: Box) -> list[str]:
    """Draw one box: the dim of its columns above it, that of its rows at its left."""
    name, (rows, columns) = page.spelled(box.name), box.dims
    inner = max(WIDE * box.size[1], 2)
    height = max(box.size[0] - 1, 1)
    is_inside = cell_len(name) <= inner
    left = page.spelled(rows)
    pad = " " * cell_len(left)
    line = page.spelled("─") * inner
    corners = [page.spelled(sign) for sign in "┌┐└┘│"]
    middle = (height - 1) // 2
    lines = [f"{pad} {columns:^{inner + 2}}", f"{pad} {corners[0]}{line}{corners[1]}"]
    for row in range(height):
        own = name.center(inner) if row == middle and is_inside else " " * inner
        lead = left if row == middle else pad
        lines.append(f"{lead} {corners[4]}{own}{corners[4]}")
    lines.append(f"{pad} {corners[2]}{line}{corners[3]}")
    if not is_inside:
        lines.append(f"{pad} {name}")
    wide = max(map(cell_len, lines))
    return [each + " " * (wide - cell_len(each)) for each in lines]


def _filled(lines: Sequence[str], height: int) -> list[str]:
    wide = max(map(cell_len, lines), default=0)
    padded = [each + " " * (wide - cell_len(each)) for each in lines]
    return [*padded, *[" " * wide] * (height - len(padded))]


def _clash(page: Page, picture: Boxes, columns: Sequence[Sequence[str]]) -> str:
    """Write which dims clash, below the sign between the boxes."""
    before = cell_len(columns[0][0]) + 1 + cell_len(columns[1][0]) // 2
    first, _, last = picture.boxes[0].name, None, picture.boxes[1].name
    at = page.spelled(picture.clash).find(" ")
    told = f"{picture.clash}   columns of {first}, rows of {last}"
    return " " * max(0, before - at - 1) + page.spelled(told)


# --- numbers ------------------------------------------------------------------------------------


def numbers_lines(page: Page, picture: Numbers) -> list[str]:
    """Write values side by side, as many on a line as have room."""
    drawn = [_matrix(page, matrix) for matrix in picture.matrices]
    groups: list[list[list[str]]] = [[]]
    width = 0
    for lines in drawn:
        own = cell_len(lines[0]) + 6
        if width and width + own > page.width - 6:
            groups.append([])
            width = 0
        groups[-1].append(lines)
        width += own
    found: list[str] = []
    for group in groups:
        height = max(map(len, group))
        columns = [_filled(lines, height) for lines in group]
        found += ["      ".join(parts).rstrip() for parts in zip(*columns, strict=True)]
    return found


def _matrix(page: Page, matrix: Matrix) -> list[str]:
    """Write `W2 =  2 -1  3`, the rows below each other; of a stack, each matrix with its place."""
    columns = matrix.size[-1] if matrix.size else 1
    printed = [number(entry) for entry in matrix.entries]
    wide = max(map(len, printed), default=1)
    rows = [
        " ".join(f"{each:>{wide}}" for each in printed[at : at + columns])
        for at in range(0, len(printed), columns)
    ]
    if len(matrix.size) < 3:
        return _filled(_led(page, f"{matrix.name} = ", rows), len(rows))
    deep, lines = matrix.size[-2], []
    places = list(product(*map(range, matrix.size[:-2])))
    shown = places if len(places) <= MOST_MATRICES else places[: MOST_MATRICES - 1]
    for at, place in enumerate(shown):
        lead = f"{matrix.name}[{','.join(map(str, place))}] = "
        lines += ["", *_led(page, lead, rows[at * deep : (at + 1) * deep])]
    if len(shown) < len(places):
        lines += ["", f"and {len(places) - len(shown)} more"]
    return _filled(lines[1:], len(lines) - 1)


def _led(page: Page, lead: str, rows: Sequence[str]) -> list[str]:
    spelled = page.spelled(lead)
    pad = " " * cell_len(spelled)
    return [f"{pad if at else spelled}{row}" for at, row in enumerate(rows)]


# --- the Jacobian -------------------------------------------------------------------------------


def grid_lines(page: Page, picture: Grid) -> list[str]:
    """Draw the blocks of a Jacobian, with its legend at the right where there is room."""
    across, down = len(picture.columns), len(picture.rows)
    wide, high = len(picture.cells[0]) // across, len(picture.cells) // down
    block = max(2 * wide + 1, *map(len, picture.columns))
    head = max(map(len, picture.rows))
    lines = [" " * (head + 2) + " ".join(name.center(block) for name in picture.columns)]
    lines.append(_rule(head, across, block, "┌┬┐"))
    for at, row in enumerate(picture.cells):
        if at and at % high == 0:
            lines.append(_rule(head, across, block, "├┼┤"))
        name = picture.rows[at // high] if at % high == 0 else ""
        cells = [
            " ".join("■" if each else "·" for each in row[i : i + wide])
            for i in range(0, len(row), wide)
        ]
        lines.append(f"{name:<{head}} │" + "│".join(each.center(block) for each in cells) + "│")
    lines.append(_rule(head, across, block, "└┴┘"))
    spelled = [page.spelled(line) for line in lines]
    legend = [page.spelled(text) for text in picture.legend]
    beside = max(map(cell_len, spelled)) + 4
    if beside + max(map(cell_len, legend), default=0) <= page.width - 3:
        starts = ["", "", *legend]
        pairs = zip_longest(spelled, starts, fillvalue="")
        return [f"{line:<{beside}}{text}".rstrip() for line, text in pairs]
    return [*spelled, *(f"{' ' * (head + 2)}{text}" for text in legend)]


def _rule(head: int, across: int, block: int, signs: str) -> str:
    return " " * (head + 1) + signs[0] + signs[1].join(["─" * block] * across) + signs[2]


# --- the walk -----------------------------------------------------------------------------------


def turned(edge: WalkEdge, picture: Walked) -> str:
    """Write a factor transposed, as the product has it: each matrix of a stack by `.mT`."""
    stack = f"{edge.factor}.mT"
    return stack if stack in picture.result else f"{edge.factor}.T"


def _edge_by_edge(page: Page, picture: Walked) -> list[str]:
    """Write each edge on a line of its own, where the walk has no room on one."""
    pairs = zip(picture.indices, picture.indices[1:], strict=False)
    found = []
    for edge, (here, there) in zip(picture.edges, pairs, strict=True):
        arrow = f"{here} ───▶ {there}" if edge.along else f"{here} ◀─── {there}"
        told = f"along: {edge.factor}" if edge.along else f"against: {turned(edge, picture)}"
        found.append(page.spelled(f"{arrow}   {told}"))
    return found


def walk_lines(page: Page, picture: Walked) -> list[str]:
    """Draw the factors as arrows from row to column, and the walk along or against them."""
    arrows, names, steps, ways = picture.indices[0], "", "", ""
    names = " " * len(arrows)
    steps, ways = names, names
    for edge, there in zip(picture.edges, picture.indices[1:], strict=True):
        way = f"along: {edge.factor}" if edge.along else f"against: {turned(edge, picture)}"
        entry = f"{edge.factor}[{edge.row or '0'},{edge.column or '0'}]"
        dashes = max(len(way), len(entry), 10)
        line = "─" * (dashes - 1)
        arrows += f" {line}▶ {there}" if edge.along else f" ◀{line} {there}"
        names += f" {entry.center(dashes)} {' ' * len(there)}"
        steps += f" {line}▶ {' ' * len(there)}"
        ways += f" {way.center(dashes)} {' ' * len(there)}"
    width = len(arrows)
    rows = [
        ("", names, ""),
        ("", arrows, "arrows run from row to column"),
        ("walk", steps, f"from {picture.indices[0]} to {picture.indices[-1]}"),
        ("", ways, ""),
    ]
    result = f"{picture.result}, {picture.shapes}"
    spelled = [(lead, page.spelled(row), page.spelled(note)) for lead, row, note in rows]
    if max(cell_len(row) + 9 + cell_len(note) for _, row, note in spelled) > page.width - 3:
        spelled = [(lead, row, "") for lead, row, _ in spelled]
    if max(cell_len(row) for _, row, _ in spelled) + 9 > page.width - 3:
        return [
            *_edge_by_edge(page, picture),
            "",
            page.spelled(f"{picture.result}, {picture.shapes}"),
        ]
    found = [f"{lead:<6}{row:<{width}}   {note}".rstrip() for lead, row, note in spelled]
    return [*found, "", page.spelled(f"{' ' * 6}{result}")]
