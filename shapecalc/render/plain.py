"""An explanation → sentences for a screen reader: a statement a line, no pictures, no columns.

Each picture is told from the same record that it is drawn from. Formulas stay as the spec has them,
`W2.T @ dZ2`; signs that readers swallow are words: `Σi` is "sum over i of", `∂` is "partial".
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, product

from shapecalc.records import Report
from shapecalc.records.explained import (
    Block,
    Boxes,
    ExplainedStep,
    Explanation,
    Grid,
    Level,
    Lines,
    Matrix,
    Moves,
    Numbers,
    Prose,
    Sides,
    Walked,
)
from shapecalc.render.frames import frame
from shapecalc.render.glyphs import to_ascii
from shapecalc.render.notation import shape
from shapecalc.render.output import Look
from shapecalc.render.page import Page, cell, own
from shapecalc.render.pictures import number, turned

WORDS = (
    (re.compile(r"Σ((?:[a-z]\d*)+) "), lambda found: f"sum over {_letters(found[1])} of "),
    (re.compile(r"∂([^\s/∂]+)/∂([^\s/∂)ᵀ,:]+)"), r"partial \1 by partial \2"),
    (re.compile(r"⟨ , ⟩"), "( , )"),
    (re.compile(r"⟨([^⟨⟩]*)⟩"), r"inner(\1)"),
    (re.compile(r"\(AB\)ᵀ = BᵀAᵀ"), "(A @ B).T = B.T @ A.T"),
    (re.compile(r"\(f∘g\)\* = g\*∘f\*"), "(f after g)* = g* after f*"),
    (re.compile(r"δ\["), "delta["),
    (re.compile(r"Δ\["), "Delta["),
    (re.compile(r" ≠ "), " is not "),
    (re.compile(r" → "), " to "),
    (re.compile(r" · "), " times "),
    (re.compile(r" × "), " by "),
    (re.compile(r" ⊗ "), " kron "),
    (re.compile(r"⊗ "), "kron "),
    (re.compile(r"sum\(…\)"), "sum"),
    (re.compile(r"π"), "pi"),
)
"""Signs, and the words that a listener is given for them."""
_SENTENCE = re.compile(r"(?<=[.?!:]) (?=\S)")


def plain_page(explanation: Explanation, report: Report, look: Look) -> str:
    """Print an explanation for a screen reader, and what of it failed its check."""
    page = Page(look)
    for step in explanation.steps:
        page.blank()
        _step(page, explanation, step)
    if explanation.together:
        page.blank()
        _say(page, f"Together: {explanation.gradient}.")
        for block in explanation.together:
            _block(page, block)
    _findings(page, report)
    return page.text()


def plain_choices(choices: Sequence[tuple[str, str]], report: Report, look: Look) -> str:
    """List the values whose gradients can be explained, a sentence each."""
    page = Page(look)
    if not choices:
        _findings(page, report)
        return page.text()
    page.line(own(report.path), cell(": choose one with --wrt NAME."))
    for name, formula in choices:
        _say(page, f"{name}: {formula}.")
    return page.text()


def _findings(page: Page, report: Report) -> None:
    for finding in report.findings:
        frame(page, finding, report.source)


def _step(page: Page, explanation: Explanation, step: ExplainedStep) -> None:
    if len(explanation.steps) > 1:
        at = explanation.steps.index(step) + 1
        _say(page, f"Use {at} of {len(explanation.steps)}: {step.wrt} in {step.output}.")
    if step.alike:
        _say(page, f"As {step.alike} above: {step.output} = {step.equation}, {step.formula}.")
        return
    _say(page, step.question)
    _say(page, step.note)
    _say(page, f"Line {step.line} of the spec: {step.output} = {step.equation}.")
    for name, dims in step.shapes:
        _say(page, f"{name} has the shape {shape(dims)}.")
    if step.sizes and any(level.blocks for level in step.levels):
        sizes = ", ".join(f"{name} = {size}" for name, size in step.sizes)
        _say(page, f"The numbers use {sizes}; entries count from 0.")
        _say(page, "Names side by side, with no sign between them, are multiplied.")
    for level in step.levels:
        _level(page, level, step)
    page.blank()
    for numbers, why in step.left_out:
        levels = "Level" if len(numbers) == 1 else "Levels"
        _say(page, f"{levels} {', '.join(map(str, numbers))} left out: {why}.")
    ways = step.checked.replace(" · ", "; ")
    _say(page, f"How {step.formula} was checked beside that: {ways}.")


def _level(page: Page, level: Level, step: ExplainedStep) -> None:
    page.blank()
    words = [word.lower() if word.isupper() else word for word in level.title.split()]
    title = " ".join(words).replace("jacobian", "Jacobian")
    _say(page, f"Level {level.number}: {title}.")
    if level.remark:
        _say(page, f"{level.remark}.")
    for block in level.blocks:
        _block(page, block)
    if level.check:
        _say(page, f"Checked, {step.at}: {level.check}.")


def _block(page: Page, block: Block) -> None:
    for sentence in _told(block):
        _say(page, sentence)


def _told(block: Block) -> Iterator[str]:
    match block:
        case Prose(text):
            yield text
        case Lines(left, lines):
            for line, why in lines:
                formula = f"{left} = {line}" if left else line
                yield f"{formula}; {why}." if why else f"{formula}."
        case Moves():
            yield from _moves(block)
        case Sides(left, right):
            yield from _side(left)
            yield from _side(right)
        case Boxes():
            yield from _boxes(block)
        case Numbers(matrices):
            for matrix in matrices:
                yield from _matrix(matrix)
        case Grid():
            yield from _grid(block)
        case Walked():
            yield from _walked(block)


# --- what is told instead of a picture ----------------------------------------------------------


def _boxes(picture: Boxes) -> Iterator[str]:
    for box in picture.boxes:
        rows, columns = box.dims
        yield f"{box.name} has {_many(rows, 'row')} and {_many(columns, 'column')}."
    first, second = picture.boxes[:2]
    inner = (first.dims[1], second.dims[0])
    if picture.clash:
        yield (
            f"The inner dims, {inner[0]} columns of {first.name} and {inner[1]} rows of "
            f"{second.name}, differ, so the product does not exist."
        )
    elif picture.signs[0] == "@" and len(picture.boxes) == 3:
        yield (
            f"The inner dims are both {inner[0]}, so the product {first.name} @ {second.name} "
            f"exists, and it is {picture.boxes[-1].name}."
        )
    elif picture.signs[0] == "*":
        yield "All have one shape, and are multiplied entry by entry."


def _many(dim: str, what: str) -> str:
    return f"1 {what}" if dim == "1" else f"{dim} {what}s"


def _matrix(matrix: Matrix) -> Iterator[str]:
    columns = matrix.size[-1] if matrix.size else 1
    printed = [number(entry) for entry in matrix.entries]
    rows = [printed[at : at + columns] for at in range(0, len(printed), columns)]
    if len(matrix.size) < 2:
        yield f"{matrix.name}: {', '.join(printed)}."
        return
    for place, row in zip(product(*map(range, matrix.size[:-1])), rows, strict=True):
        stack = f", matrix {', '.join(map(str, place[:-1]))}" if place[:-1] else ""
        yield f"{matrix.name}{stack}, row {place[-1]}: {', '.join(row)}."


def _moves(block: Moves) -> Iterator[str]:
    t = block.step
    for move in block.moves:
        slope = number(move.slope)
        own = "" if move.slope_text == slope else f"{move.slope_text} {t}, which is "
        line = f"{move.entry} moves by {own}{slope} {t}"
        if move.upstream_text:
            above = f"{move.upstream_text}, {number(move.upstream)}"
            line += f"; and with it {block.loss} by {above}, times that: {number(move.product)} {t}"
        yield f"{line}."
    if block.still:
        yield f"{block.still[0].upper()}{block.still[1:]}."
    parts = [number(move.product) for move in block.moves]
    added = " + ".join(parts).replace("+ -", "- ")
    whole = f"{added} = " if 1 < len(parts) <= 8 else ""
    yield f"The sum is {block.left} = {whole}{number(block.total)}, as the formula has it: checked."


def _grid(picture: Grid) -> Iterator[str]:
    down, across = len(picture.rows), len(picture.columns)
    yield (
        f"The table has {down} by {across} blocks: {_ends(picture.rows)} down, "
        f"{_ends(picture.columns)} across."
    )
    high, wide = len(picture.cells) // down, len(picture.cells[0]) // across
    kinds: dict[str, list[tuple[int, int]]] = {}
    for i in range(down):
        for j in range(across):
            rows = [row[j * wide : (j + 1) * wide] for row in picture.cells[i * high :][:high]]
            kinds.setdefault(_kind(rows), []).append((i, j))
    for kind, places in kinds.items():
        if kind == "zero":
            continue
        is_diagonal = places == [(i, i) for i in range(down)] and down == across
        which = (
            f"The {down} blocks on the diagonal"
            if is_diagonal
            else f"The {len(places)} blocks "
            + "; ".join(f"{picture.rows[i]} with {picture.columns[j]}" for i, j in places)
            if len(places) < down * across
            else "All blocks"
        )
        yield f"{which} {kind}."
    if "zero" in kinds:
        yield "All other blocks are zero."
    filled, zero = (line.split(" ", 1)[1] for line in picture.legend[:2])
    yield f"What is not zero: {filled}."
    yield f"The others: {zero}."


def _ends(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def _kind(rows: Sequence[Sequence[bool]]) -> str:
    """Say what of a block is filled."""
    filled = [(i, j) for i, row in enumerate(rows) for j, each in enumerate(row) if each]
    count = len(rows) * len(rows[0])
    if not filled:
        return "zero"
    if len(filled) == count:
        return "are filled"
    if filled == [(i, i) for i in range(min(len(rows), len(rows[0])))]:
        return "are filled on their own diagonal alone"
    return f"are filled at {', '.join(f'[{i},{j}]' for i, j in filled)} alone"


def _walked(picture: Walked) -> Iterator[str]:
    for edge in picture.edges:
        entry = f"{edge.factor}[{edge.row or '0'},{edge.column or '0'}]"
        yield f"{entry} is an arrow from {edge.row or '0'} to {edge.column or '0'}."
    pairs = zip(picture.edges, pairwise(picture.indices), strict=True)
    for at, (edge, (here, there)) in enumerate(pairs):
        lead = "Then from" if at else "The walk: from"
        way = "along" if edge.along else "against"
        factor = edge.factor if edge.along else turned(edge, picture)
        yield f"{lead} {here} {way} {edge.factor} to {there}, so {factor}."
    yield f"Together {picture.result}, with the shapes {picture.shapes}."


def _side(lines: Sequence[str]) -> Iterator[str]:
    """Join the lines of one side: its name, and the formulas below each other."""
    head, *rest = (line.strip() for line in lines)
    left = rest[0].split(" = ")[0] if rest else ""
    said = [f"{left} {line}" if line.startswith("= ") else line for line in rest]
    yield f"{head[0].upper()}{head[1:]}: {'; '.join(said)}."


# --- words --------------------------------------------------------------------------------------


def _say(page: Page, text: str) -> None:
    """Add sentences, each on a line of its own, folded where it is longer."""
    for sentence in _sentences(_spoken(text)):
        for line in page.told(sentence, page.width):
            page.line(cell(line))


def _spoken(text: str) -> str:
    """Put words for signs, ASCII for what is left of them."""
    for pattern, word in WORDS:
        text = pattern.sub(word, text)
    return to_ascii(text)


def _sentences(text: str) -> Iterator[str]:
    """Split a paragraph into its sentences; what is in brackets stays whole."""
    start = 0
    for found in _SENTENCE.finditer(text):
        part = text[start : found.start()]
        is_open = part.count("(") + part.count("[") > part.count(")") + part.count("]")
        if is_open or part.endswith(":"):
            continue
        yield part
        start = found.end()
    if text[start:].strip():
        yield text[start:]


def _letters(run: str) -> str:
    return ", ".join(re.findall(r"[a-z]\d*", run))
