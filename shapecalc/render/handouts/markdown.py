"""One explanation → Markdown as GitHub reads it: formulas between dollars, pictures as text."""

import re
from collections.abc import Iterator, Sequence

from shapecalc.matrix.latex import latex_dim
from shapecalc.records import Report
from shapecalc.records.explained import (
    Block,
    Boxes,
    ExplainedStep,
    Explanation,
    Grid,
    Level,
    Lines,
    Moves,
    Numbers,
    Prose,
    Sides,
    Walked,
)
from shapecalc.render.glyphs import raised, to_ascii, visible
from shapecalc.render.handouts.content import (
    LINE,
    Moved,
    chain,
    equation,
    moved,
    sides_of,
    title_of,
    total,
    width_of,
    writer_of,
)
from shapecalc.render.mathlatex import THIN
from shapecalc.render.mathprose import Code, Formula, Said, sentence
from shapecalc.render.output import Look
from shapecalc.render.page import Page
from shapecalc.render.pictures import boxes_lines, grid_lines, numbers_lines, walk_lines

_MARKED = re.compile(r"[\\`*_\[\]<>#|$~]")
_SPACE = r"\thinspace"  # to Markdown, `\,` is a comma


def markdown_handout(explanation: Explanation, report: Report, look: Look) -> str:
    """Write a page of Markdown; `look` says in which signs."""
    lines = _Handout(explanation, report, look).lines()
    written = "\n".join(lines).strip("\n") + "\n"
    return to_ascii(written) if look.ascii else written


class _Handout:
    """Writes an explanation, level by level."""

    def __init__(self, explanation: Explanation, report: Report, look: Look) -> None:
        self.explanation = explanation
        self.report = report
        self.look = look
        self.writer = writer_of(explanation, report)

    def lines(self) -> Iterator[str]:
        steps = self.explanation.steps
        if len(steps) > 1:
            whole = f"{self.explanation.gradient} = {self.explanation.formula}"
            yield from (f"# {self.inline(whole)}", "")
        for at, step in enumerate(steps):
            if len(steps) > 1:
                yield from (f"## Use {at + 1} of {len(steps)}: `{step.output}:{step.wrt}`", "")
            yield from self.step(step, "#" if len(steps) == 1 else "##")
        if self.explanation.together:
            whole = self.inline(self.explanation.gradient)
            yield from (f"## Together: {whole}" if steps else f"# {whole}", "")
            for block in self.explanation.together:
                yield from self.block(block)

    def step(self, step: ExplainedStep, head: str) -> Iterator[str]:
        if step.alike:
            text = f"As {step.alike} above: {step.output} = {step.equation}, {step.formula}."
            yield from (self.prose(text), "")
            return
        question = self.prose(step.question)
        yield from (f"# {question}" if head == "#" else f"**{question}**", "")
        if step.note:
            yield from (self.prose(step.note), "")
        yield f"`{step.output} = {step.equation}`, line {step.line} of `{self.report.path}`."
        if step.sizes and any(level.blocks for level in step.levels):
            sizes = ", ".join(f"${latex_dim(name)} = {size}$" for name, size in step.sizes)
            yield f"Pictures and numbers use {sizes}; entries count from 0."
        yield from ("", "| value | shape |", "| --- | --- |")
        for name, dims in step.shapes:
            written = r" \times ".join(map(latex_dim, dims))
            yield f"| {self.inline(name)} | ${written or '1'}$ |"
        yield ""
        for level in step.levels:
            yield from self.level(level, f"{head}#")
        for numbers, why in step.left_out:
            listed = ", ".join(map(str, numbers))
            yield from (f"Left out, {listed}: {self.prose(why)}.", "")
        yield from self.checks(step)

    def level(self, level: Level, head: str) -> Iterator[str]:
        yield from (f"{head} {level.number}. {self.prose(title_of(level.title))}", "")
        if level.remark:
            yield from self.display(equation(level.remark, self.writer))
        for block in level.blocks:
            yield from self.block(block)
        if level.check:
            yield from (f"✓ *Checked: {self.prose(level.check)}.*", "")

    def checks(self, step: ExplainedStep) -> Iterator[str]:
        numbers = ", ".join(str(level.number) for level in step.levels if level.check)
        if numbers:
            plural = "s" if "," in numbers else ""
            told = f"level{plural} {numbers} in numbers, {self.prose(step.at)}."
            yield from (f"> **Checked**: {told}", ">")
        yield f"> {self.inline(step.formula)}: {self.prose(raised(step.checked))}."
        yield ""

    def block(self, block: Block) -> Iterator[str]:
        page = Page(self.look)
        match block:
            case Prose(text):
                yield from (self.prose(text), "")
            case Lines():
                yield from self.display(chain(block, self.writer))
            case Moves():
                yield from self.moves(block)
            case Sides(left, right):
                for head, *rest in (left, right):
                    yield from (f"*{self.prose(head)}:*", "")
                    yield from self.display(sides_of(rest, self.writer))
            case Boxes():
                yield from _fenced(boxes_lines(page, block))
            case Numbers():
                yield from _fenced(numbers_lines(page, block))
            case Grid():
                yield from _fenced(grid_lines(page, block))
            case Walked():
                yield from _fenced(walk_lines(page, block))

    def moves(self, block: Moves) -> Iterator[str]:
        rows = list(moved(block))
        if max(width_of(row.by, self.writer) for row in rows) < LINE:
            yield from self.table(rows, block)
        else:
            for row in rows:
                then = f", and with it {self.inline(row.loss)} by {self.inline(row.then)}"
                by = f"{self.inline(row.entry)} by {self.inline(row.by)}"
                yield f"- {by}{then if row.then else ''}"
        yield ""
        if block.still:
            yield from (f"{self.prose(block.still[0].upper() + block.still[1:])}.", "")
        yield from self.display(f"{self.writer.text(total(block))} \\quad\\checkmark")

    def table(self, rows: Sequence[Moved], block: Moves) -> Iterator[str]:
        has_loss = any(row.then for row in rows)
        loss = self.inline(block.loss)
        yield f"| entry | moves by |{f' and with it {loss} by |' if has_loss else ''}"
        yield f"| --- | --- |{' --- |' if has_loss else ''}"
        for row in rows:
            then = f" {self.inline(row.then)} |" if has_loss else ""
            yield f"| {self.inline(row.entry)} | {self.inline(row.by)} |{then}"

    def display(self, written: str) -> Iterator[str]:
        yield from ("$$", written, "$$", "")

    def inline(self, text: str) -> str:
        return f"${_unlike_markdown(self.writer.within.text(text))}$"

    def prose(self, text: str) -> str:
        found = ""
        for piece in sentence(text, self.writer.names):
            match piece:
                case Formula(nodes):
                    found += f"${_unlike_markdown(self.writer.within.nodes(nodes))}$"
                case Code(code):
                    found += f"`{code.strip('`')}`"
                case Said(said):
                    found += _MARKED.sub(lambda sign: f"\\{sign[0]}", visible(said))
        return found


def _unlike_markdown(written: str) -> str:
    """Write a formula within a sentence with no sign that Markdown takes for its own."""
    return written.replace(THIN, _SPACE).replace("|", r"\vert ")


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    yield from ("```text", *(line.rstrip() for line in lines), "```", "")
