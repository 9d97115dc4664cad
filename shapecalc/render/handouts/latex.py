"""One explanation → a LaTeX document that a plain distribution sets: no package but the basic ones.

All that is written is ASCII, but for accented letters in names. Formulas that are too wide for a
line are set smaller, so that nothing runs into the margin, on A4 or on letter paper.
"""

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
from shapecalc.render.glyphs import raised
from shapecalc.render.handouts import drawn
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
from shapecalc.render.handouts.words import SIGNS, carried, escaped, prose
from shapecalc.render.mathlatex import broken
from shapecalc.render.mathtext import formula

FIT = r"""\providecommand{\fit}[1]{\leavevmode\setbox0=\hbox{$\displaystyle #1$}%
  \ifdim\wd0>\linewidth \resizebox{\linewidth}{!}{\box0}\else \box0 \fi}"""
HEAD = rf"""\documentclass[a4paper]{{article}} % or letterpaper: the text is right for both
\usepackage[utf8]{{inputenc}}
\usepackage{{amsmath,amssymb,graphicx}}
\usepackage[textwidth=155mm,textheight=230mm]{{geometry}}
\setlength{{\parindent}}{{0pt}}
\setlength{{\parskip}}{{6pt plus 2pt}}
\setlength{{\emergencystretch}}{{5em}}
\setlength{{\abovedisplayskip}}{{5pt plus 2pt}}
\setlength{{\belowdisplayskip}}{{5pt plus 2pt}}
\setlength{{\abovedisplayshortskip}}{{3pt plus 2pt}}
\setlength{{\belowdisplayshortskip}}{{5pt plus 2pt}}
{FIT}
\begin{{document}}
"""
GAP = r"\qquad "
MOST = 8  # entries that move are held together on a page up to so many


def latex_document(explanation: Explanation, report: Report) -> str:
    """Write a whole document."""
    return f"{HEAD}\n{latex_body(explanation, report)}\n\\end{{document}}\n"


def latex_fragment(explanation: Explanation, report: Report) -> str:
    """Write what goes into a document that loads `amsmath`, `amssymb` and `graphicx`."""
    return f"{FIT}\n\n{latex_body(explanation, report)}\n"


def latex_body(explanation: Explanation, report: Report) -> str:
    """Write the sections."""
    body = _Body(explanation, report)
    return carried("\n".join(body.lines()))


class _Body:
    """Writes an explanation's sections."""

    def __init__(self, explanation: Explanation, report: Report) -> None:
        self.explanation = explanation
        self.report = report
        self.writer = writer_of(explanation, report)

    def lines(self) -> Iterator[str]:
        steps = self.explanation.steps
        if len(steps) > 1:
            whole = f"{self.explanation.gradient} = {self.explanation.formula}"
            yield f"\\section*{{\\raggedright {self.inline(whole)}}}"
        for at, step in enumerate(steps):
            if len(steps) > 1:
                use = f"Use {at + 1} of {len(steps)}: {step.output}:{step.wrt}"
                yield from ("", f"\\section*{{{self.prose(use)}}}")
            yield from self.step(step, is_one=len(steps) == 1)
        if self.explanation.together:
            whole = f"${self.writer.text(self.explanation.gradient)}$"
            yield from ("", f"\\section*{{{f'Together: {whole}' if steps else whole}}}")
            for block in self.explanation.together:
                yield from self.block(block)

    def step(self, step: ExplainedStep, *, is_one: bool) -> Iterator[str]:
        if step.alike:
            text = f"As {step.alike} above: {step.output} = {step.equation}, {step.formula}."
            yield self.prose(text)
            return
        if is_one:
            yield f"\\section*{{\\raggedright {self.prose(step.question)}}}"
        else:
            yield f"\\textbf{{{self.prose(step.question)}}}"
        yield ""
        if step.note:
            yield from (self.prose(step.note), "")
        yield self.prose(f"{step.output} = {step.equation}, line {step.line} of ") + (
            f"\\texttt{{{escaped(self.report.path)}}}."
        )
        shapes = (f"${self.writer.text(name)}$ is {_shape(dims)}" for name, dims in step.shapes)
        yield ", ".join(shapes) + "."
        if step.sizes and any(level.blocks for level in step.levels):
            sizes = ", ".join(f"${latex_dim(name)} = {size}$" for name, size in step.sizes)
            yield f"Pictures and numbers use {sizes}; entries count from 0."
        for level in step.levels:
            yield from self.level(level)
        if step.left_out:
            yield ""
            for numbers, why in step.left_out:
                listed = ", ".join(map(str, numbers))
                yield f"Left out, {listed}: {self.prose(why)}."
        yield from self.checks(step)

    def level(self, level: Level) -> Iterator[str]:
        yield ""
        yield f"\\subsection*{{{level.number}\\quad {self.prose(title_of(level.title))}}}"
        if level.remark:
            yield self.display(equation(level.remark, self.writer))
        for block in level.blocks:
            yield from self.block(block)
        if level.check:
            yield from ("", rf"{{\small $\checkmark$ Checked: {self.prose(level.check)}.\par}}")

    def checks(self, step: ExplainedStep) -> Iterator[str]:
        """Say in a box how the levels were checked, and the formula beyond them."""
        numbers = ", ".join(str(level.number) for level in step.levels if level.check)
        told = []
        if numbers:
            plural = "s" if "," in numbers else ""
            told.append(f"Level{plural} {numbers} in numbers, {self.prose(step.at)}.\\\\")
        written = f"{self.inline(step.formula)}:"
        if width_of(step.formula, self.writer) > LINE / 2:
            written = f"\\fit{{{self.writer.within.text(step.formula)}}}\\\\"
        told.append(f"{written} {self.prose(raised(step.checked))}.")
        width = r"\dimexpr\linewidth-2\fboxsep-2\fboxrule\relax"
        yield ""
        yield f"\\medskip\\fbox{{\\parbox{{{width}}}{{\\raggedright\\textbf{{CHECKED}}\\quad"
        yield from told
        yield "}}"

    def block(self, block: Block) -> Iterator[str]:
        if not isinstance(block, Lines | Moves):  # a display goes on with the paragraph before it
            yield ""
        match block:
            case Prose(text):
                yield self.prose(text)
            case Lines():
                yield self.display(chain(block, self.writer))
            case Moves():
                yield from self.moves(block)
            case Sides(left, right):
                yield from self.sides(left, right)
            case Boxes():
                yield from drawn.boxes(block, self.writer)
                if block.clash:
                    first, second = block.boxes[:2]
                    names = self.prose(f"columns of {first.name}, rows of {second.name}")
                    yield f"{{\\centering {self.inline(block.clash)}: {names}\\par}}"
            case Numbers():
                yield from drawn.numbers(block, self.writer)
            case Grid():
                yield from drawn.grid(block, self.writer)
                signs = (line.partition(" ") for line in block.legend)
                told = [f"${SIGNS[sign]}$ {self.prose(text)}" for sign, _, text in signs]
                yield f"{{\\centering {GAP.join(told)}\\par}}"
            case Walked():
                yield from drawn.walk(block, self.writer)
                text = f"{block.result}, {block.shapes}"
                yield f"{{\\centering {self.prose(text)}\\par}}"

    def moves(self, block: Moves) -> Iterator[str]:
        rows = list(moved(block))
        widths = [width_of(f"{row.entry} {row.by} {row.then}", self.writer) for row in rows]
        each = self.in_lines if max(widths) + 8 > LINE else self.in_one
        for start in range(0, len(rows), MOST):
            lines = [line for row in rows[start : start + MOST] for line in each(row)]
            inside = " \\\\\n".join(lines)
            yield self.display(f"\\begin{{aligned}}\n{inside}\n\\end{{aligned}}")
        if block.still:
            yield self.prose(block.still[0].upper() + block.still[1:]) + "."
        yield self.display(f"{self.writer.text(total(block))} \\quad\\checkmark")

    def in_one(self, row: Moved) -> Iterator[str]:
        """Write on one line what moves, and what that does to the loss."""
        line = f"{self.writer.text(row.entry)} &\\text{{ by }} {_signed(self.writer.text(row.by))}"
        if row.then:
            line += f", &&\\text{{and with it }} {self.writer.text(row.loss)} \\text{{ by }} "
            line += self.writer.text(row.then)
        yield line

    def in_lines(self, row: Moved) -> Iterator[str]:
        """Write the same on several lines."""
        slope, _, number = row.by.partition(" = ")
        lead = f"{self.writer.text(row.entry)} &\\text{{ by }} "
        for part in broken(formula(slope, self.writer.names), LINE - 12):
            written = self.writer.nodes(part)
            yield lead + (_signed(written) if "by" in lead else written)
            lead = "&\\qquad\\quad "
        then = f"= {self.writer.text(number)}" if number else ""
        if row.then:
            loss = self.writer.text(row.loss)
            then += f"\\text{{, and with it }} {loss} \\text{{ by }} {self.writer.text(row.then)}"
        yield f"&\\qquad\\quad {then}"

    def sides(self, left: Sequence[str], right: Sequence[str]) -> Iterator[str]:
        """Set two layouts beside each other, or below each other where they are wide."""
        lines = [*left[1:], *right[1:]]
        widest = max(width_of(line.strip(), self.writer) for line in lines)
        half = widest < LINE / 2
        boxes = []
        for head, *rest in (left, right):
            inside = f"\\textit{{{self.prose(head)}}}\n" + self.display(sides_of(rest, self.writer))
            if half:
                boxes.append(f"\\begin{{minipage}}[t]{{.48\\linewidth}}{inside}\\end{{minipage}}")
            else:
                boxes.append(inside)
        yield "\\hfill\n".join(boxes) if half else "\n\n".join(boxes)

    def display(self, written: str) -> str:
        return f"\\[\\fit{{{written}}}\\]"

    def inline(self, text: str) -> str:
        return f"${self.writer.within.text(text)}$"

    def prose(self, text: str) -> str:
        return prose(text, self.writer)


def _signed(written: str) -> str:
    """Hold a minus to the number behind it, where words stand before it."""
    return "{-}" + written[2:] if written.startswith("- ") else written


def _shape(dims: Sequence[str]) -> str:
    written = r" \times ".join(map(latex_dim, dims))
    return f"${written or '1'}$"
