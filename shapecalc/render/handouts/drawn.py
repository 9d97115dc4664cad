"""Pictures of an explanation in LaTeX's own `picture`: boxes to scale, blocks, a walk; numbers."""

from collections.abc import Iterator, Sequence

from shapecalc.matrix.latex import latex_dim
from shapecalc.records.explained import Box, Boxes, Grid, Matrix, Numbers, Walked
from shapecalc.render.handouts.words import prose
from shapecalc.render.mathlatex import MathWriter, tree_width
from shapecalc.render.mathtext import formula
from shapecalc.render.pictures import number

WIDEST = 150  # millimetres
CELL, LEAST = 5.0, 7.0  # of an entry in a box; of a box
LETTER = 2.1  # how wide a letter is in formulas
SIGNS = {"@": r"\cdot", "=": "=", "→": r"\to", "*": r"\odot"}


def _picture(width: float, height: float, inside: Sequence[str]) -> Iterator[str]:
    """Set a picture in millimetres, in the middle, made smaller where it is too wide."""
    scale = min(1.0, WIDEST / width)
    yield f"{{\\centering\\setlength{{\\unitlength}}{{{scale:.3f}mm}}%"
    yield f"\\begin{{picture}}({width:.1f},{height:.1f})"
    yield from inside
    yield r"\end{picture}\par}\nobreak"


def _put(x: float, y: float, what: str) -> str:
    return f"\\put({x:.2f},{y:.2f}){{{what}}}"


def _label(x: float, y: float, text: str, side: str = "") -> str:
    place = f"[{side}]" if side else ""
    return _put(x, y, f"\\makebox(0,0){place}{{{text}}}")


# --- boxes --------------------------------------------------------------------------------------


def boxes(picture: Boxes, writer: MathWriter) -> Iterator[str]:
    """Draw boxes side by side, with signs between them; edges that clash are thick."""
    sizes = [_size(box) for box in picture.boxes]
    below = max((4.0 for box in picture.boxes if not _has_room(box, writer)), default=0.5)
    middle = max(height for _, height in sizes) / 2 + below
    inside: list[str] = []
    x = 0.0
    for at, (box, (width, height)) in enumerate(zip(picture.boxes, sizes, strict=True)):
        rows, columns = (f"${latex_dim(dim)}$" for dim in box.dims)
        x += 3 + LETTER * len(box.dims[0])
        low = middle - height / 2
        name = prose(box.name, writer)
        is_inside = _has_room(box, writer)
        inside.append(_put(x, low, f"\\framebox({width:.2f},{height:.2f}){{{name * is_inside}}}"))
        if not is_inside:
            inside.append(_label(x + width / 2, low - 1, name, "t"))
        inside.append(_label(x + width / 2, low + height + 1.2, columns, "b"))
        inside.append(_label(x - 1.2, middle, rows, "r"))
        if picture.clash and at < 2:
            inside.append(_edge(x, low, width, height, is_top=at == 0))
        x += width
        if at < len(picture.signs):
            inside.append(_label(x + 4.5, middle, f"${SIGNS[picture.signs[at]]}$"))
            x += 7
    yield from _picture(x + 2, 2 * middle - below + 5, inside)


def _has_room(box: Box, writer: MathWriter) -> bool:
    """Say whether a name has room in its box."""
    return tree_width(formula(box.name, writer.names)) * LETTER + 1 <= _size(box)[0]


def _size(box: Box) -> tuple[float, float]:
    rows, columns = box.size
    return max(CELL * columns, LEAST), max(CELL * rows, LEAST)


def _edge(x: float, y: float, width: float, height: float, *, is_top: bool) -> str:
    line = f"\\line(1,0){{{width:.2f}}}" if is_top else f"\\line(0,1){{{height:.2f}}}"
    thick = _put(x, y + height if is_top else y, line)
    return f"\\linethickness{{1.6pt}}{thick}\\thinlines"


# --- numbers ------------------------------------------------------------------------------------


def numbers(picture: Numbers, writer: MathWriter) -> Iterator[str]:
    """Write values side by side; of a stack, each matrix with its place."""
    yield r"{\centering\lineskip=4pt\lineskiplimit=4pt"
    for matrix in picture.matrices:
        for name, rows in _matrices(matrix):
            yield f"\\mbox{{\\fit{{{writer.text(name)} = {_array(rows)}}}}}\\quad"
    yield r"\par}"


def _matrices(matrix: Matrix) -> Iterator[tuple[str, list[list[str]]]]:
    """Cut a value into matrices, by its first axes; a value with one axis is one row."""
    printed = [number(entry) for entry in matrix.entries]
    columns = matrix.size[-1] if matrix.size else 1
    rows = [printed[at : at + columns] for at in range(0, len(printed), columns)]
    deep = matrix.size[-2] if len(matrix.size) > 2 else len(rows)
    for at in range(0, len(rows), deep):
        place = "".join(f"{index}," for index in _place(at // deep, matrix.size[:-2]))
        yield f"{matrix.name}[{place}:,:]" if place else matrix.name, rows[at : at + deep]


def _place(number: int, sizes: Sequence[int]) -> list[int]:
    found: list[int] = []
    for size in reversed(sizes):
        number, index = divmod(number, size)
        found.insert(0, index)
    return found


def _array(rows: Sequence[Sequence[str]]) -> str:
    if len(rows) == 1 and len(rows[0]) == 1:
        return rows[0][0]
    inside = r" \\ ".join(" & ".join(row) for row in rows)
    return (
        f"\\left(\\begin{{array}}{{@{{}}{'r' * len(rows[0])}@{{}}}}{inside}\\end{{array}}\\right)"
    )


# --- the Jacobian -------------------------------------------------------------------------------


def grid(picture: Grid, writer: MathWriter) -> Iterator[str]:
    """Draw the blocks of a Jacobian: a square for what is not zero, a dot for what is."""
    down, across = len(picture.cells), len(picture.cells[0])
    names = [f"${writer.text(name)}$" for name in picture.columns]
    wide = across // len(names)
    needed = max(LETTER * len(name) + 1 for name in picture.columns) / wide
    cell = min(max(needed, 4.0), 18.0, 125 / across)
    high = down // len(picture.rows)
    left = LETTER * max(map(len, picture.rows)) + 3
    step = min(cell, 4.0)
    inside = []
    for at, name in enumerate(names):
        inside.append(_label(left + (at + 0.5) * wide * cell, down * step + 1.5, name, "b"))
    for at, name in enumerate(picture.rows):
        y = (down - (at + 0.5) * high) * step
        inside.append(_label(left - 1.5, y, f"${writer.text(name)}$", "r"))
    upright, level = f"\\line(0,1){{{down * step:.2f}}}", f"\\line(1,0){{{across * cell:.2f}}}"
    inside += [_put(left + at * wide * cell, 0, upright) for at in range(len(names) + 1)]
    inside += [_put(left, at * high * step, level) for at in range(len(picture.rows) + 1)]
    for row, cells in enumerate(picture.cells):
        y = (down - row - 0.5) * step
        for column, is_there in enumerate(cells):
            x = left + (column + 0.5) * cell
            sign = r"{\tiny$\blacksquare$}" if is_there else r"{\tiny$\cdot$}"
            inside.append(_label(x, y, sign))
    yield from _picture(left + across * cell + 1, down * step + 6, inside)


# --- the walk -----------------------------------------------------------------------------------


def walk(picture: Walked, writer: MathWriter) -> Iterator[str]:
    """Draw the factors as arrows from row to column; below them, the walk."""
    inside = [_label(13, 18, f"${writer.text(picture.indices[0])}$")]
    inside.append(_label(0, 8, "walk", "l"))
    x = 13.0
    for edge, there in zip(picture.edges, picture.indices[1:], strict=True):
        entry = f"{edge.factor}[{edge.row or '0'},{edge.column or '0'}]"
        way = f"along: ${writer.text(edge.factor)}$"
        if not edge.along:
            way = f"against: ${writer.text(f'{edge.factor}.T')}$"
        length = max(24.0, LETTER * (tree_width(formula(entry, writer.names)) + 7))
        start, end = x + 3, x + length - 3
        line = f"{length - 6:.2f}"
        arrow = f"\\vector(1,0){{{line}}}" if edge.along else f"\\vector(-1,0){{{line}}}"
        inside.append(_put(start if edge.along else end, 18, arrow))
        inside.append(_label((start + end) / 2, 20, f"${writer.text(entry)}$", "b"))
        inside.append(_put(start, 8, f"\\vector(1,0){{{line}}}"))
        inside.append(_label((start + end) / 2, 6, way, "t"))
        x += length
        inside.append(_label(x, 18, f"${writer.text(there)}$"))
    inside.append(_label(x + 5, 18, r"{\small arrows run from row to column}", "l"))
    first, last = (writer.text(each) for each in (picture.indices[0], picture.indices[-1]))
    inside.append(_label(x + 5, 8, f"{{\\small from ${first}$ to ${last}$}}", "l"))
    yield from _picture(x + 60, 24, inside)
