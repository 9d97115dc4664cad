"""What both handouts are made of: sentences in pieces, chains of formulas, what moves."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shapecalc.records import Report
from shapecalc.records.explained import Explanation, Lines, Move, Moves
from shapecalc.render.mathlatex import MathWriter, broken, tree_width
from shapecalc.render.mathprose import Code, Formula, Said, names_in, sentence
from shapecalc.render.mathtext import Sign, formula
from shapecalc.render.pictures import number

LINE = 72  # how many letters a line of formulas has, in signs of middling width


class Moved(NamedTuple):
    """An entry that moves, by how much, and what that does to the loss; each a formula."""

    entry: str
    by: str
    then: str
    loss: str


def writer_of(explanation: Explanation, report: Report) -> MathWriter:
    """Make the writer of an explanation's formulas."""
    scalars = {name for name, _ in report.dims}
    scalars |= {value.name for value in report.values if not value.shape}
    names = names_in(report, [explanation]) | scalars | {explanation.wrt, explanation.gradient}
    for step in explanation.steps:
        names |= {name for name, _ in step.sizes}
        scalars |= {name for name, _ in step.sizes}
    return MathWriter(names, scalars)


def title_of(text: str) -> str:
    """Write a title as a sentence: `THE WALK FROM p TO q`, The walk from p to q."""
    words = [word.lower() if word.isupper() else word for word in text.split(" ")]
    return " ".join([words[0].capitalize(), *words[1:]]).replace("jacobian", "Jacobian")


def chain(block: Lines, writer: MathWriter) -> str:
    """Write a chain of equations with their reasons, one below the other, for a display."""
    left = writer.text(block.left) if block.left else ""
    taken = width_of(block.left, writer)
    is_long = taken > LINE / 3 and taken + width_of(block.lines[0][0], writer) > LINE
    room = LINE - (3 if is_long else taken)
    rows = [f"& {left}"] if is_long else []
    for text, why in block.lines:
        lead = f"{left if not rows else ''} &= " if left else "& "
        parts = broken(formula(text, writer.names), room)
        written = [writer.nodes(part) for part in parts]
        reason = reason_of(why, writer)
        rows += [f"{lead}{written[0]}", *(f"&\\qquad {part}" for part in written[1:])]
        if reason and tree_width(parts[-1]) + len(why) * 0.8 + 4 <= room:
            rows[-1] += f" &&{reason}"
        elif reason:
            rows.append(f"&\\qquad\\qquad {reason}")
    if len(rows) == 1 and "&&" not in rows[0]:
        return rows[0].replace("&", "", 1).strip()
    inside = " \\\\\n".join(rows)
    return f"\\begin{{aligned}}\n{inside}\n\\end{{aligned}}"


def reason_of(text: str, writer: MathWriter) -> str:
    """Write a reason within a formula."""
    found = ""
    for piece in sentence(text, writer.names):
        match piece:
            case Formula(nodes):
                found += writer.within.nodes(nodes)
            case Said(said) | Code(said):
                found += f"\\text{{{said}}}"
    return found


def width_of(text: str, writer: MathWriter) -> float:
    """Estimate how wide a formula is, in letters."""
    return tree_width(formula(text, writer.names))


def equation(text: str, writer: MathWriter) -> str:
    """Write one equation for a display; a sum on its right that is too wide is broken."""
    left, sign, right = text.partition(" = ")
    block = Lines(left, ((right, ""),)) if sign else Lines("", ((left, ""),))
    return chain(block, writer)


def sides_of(lines: Sequence[str], writer: MathWriter) -> str:
    """Write one layout's lines below each other, their equal signs in a column."""
    rows = []
    for line in lines:
        nodes = formula(line.strip(), writer.names)
        at = next((at for at, node in enumerate(nodes) if node == Sign("=")), None)
        if at is None:
            rows.append(f"& {writer.nodes(nodes)}")
        else:
            rows.append(f"{writer.nodes(nodes[:at])} &= {writer.nodes(nodes[at + 1 :])}")
    inside = " \\\\\n".join(rows)
    return f"\\begin{{aligned}}\n{inside}\n\\end{{aligned}}"


def moved(block: Moves) -> Iterator[Moved]:
    """Say of each entry that moves by how much it does."""
    for move in block.moves:
        slope = number(move.slope)
        told = f"{slope} {block.step}"
        by = told if move.slope_text == slope else f"{move.slope_text} {block.step} = {told}"
        if not move.upstream_text:  # the output is the loss
            yield Moved(move.entry, by, "", block.loss)
            continue
        yield Moved(move.entry, by, _then(move, slope, block.step), block.loss)


def _then(move: Move, slope: str, step: str) -> str:
    factor = f"({slope})" if slope.startswith("-") else slope
    return f"{move.upstream_text} · {factor} {step} = {number(move.product)} {step}"


def total(block: Moves) -> str:
    """Add up what moves: `dA1[3,1] = 2 - 10 = -8`."""
    parts = [number(move.product) for move in block.moves]
    whole = parts[0] + "".join(
        f" - {part[1:]}" if part.startswith("-") else f" + {part}" for part in parts[1:]
    )
    found = number(block.total)
    return f"{block.left} = {whole} = {found}" if len(parts) > 1 else f"{block.left} = {found}"
