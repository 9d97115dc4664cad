"""An explanation → a page in the terminal: levels with their prose, formulas and pictures."""

from collections.abc import Sequence

from shapecalc.diagnostics import Finding
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
from shapecalc.render.frames import frame
from shapecalc.render.glyphs import raised
from shapecalc.render.notation import shape
from shapecalc.render.output import NARROWEST, Look
from shapecalc.render.page import SIGN_STYLES, Page, Row, cell, mark, own, width_of
from shapecalc.render.pictures import boxes_lines, grid_lines, numbers_lines, walk_lines

INDENT = 3


def explanation_page(explanation: Explanation, report: Report, look: Look) -> str:
    """Print an explanation, and what of it failed its check."""
    page = Page(look)
    for step in explanation.steps:
        page.blank()
        _step(page, explanation, step)
    if explanation.together:
        page.head(
            f"TOGETHER  {explanation.gradient}" if explanation.steps else explanation.gradient
        )
        for block in explanation.together:
            _block(page, block)
    page.hold_to_width()
    _failures(page, report.findings, report)
    return page.text()


def level_page(level: Level, look: Look) -> str:
    """Print one level alone, below something else: so without its number, and indented."""
    page = Page(look)
    page.line(cell(level.title, "bold"), indent=INDENT)
    _blocks(page, level)
    page.hold_to_width()
    return page.text()


def choices_page(choices: Sequence[tuple[str, str]], report: Report, look: Look) -> str:
    """List the values whose gradients can be explained."""
    page = Page(look)
    if not choices:
        _failures(page, report.findings, report)
        return page.text()
    page.line(own(report.path), cell(": choose one with --wrt NAME"))
    page.rows([Row(cell(name), (cell(formula),)) for name, formula in choices])
    page.hold_to_width()
    return page.text()


def _failures(page: Page, findings: Sequence[Finding], report: Report) -> None:
    for finding in findings:
        frame(page, finding, report.source)


def _step(page: Page, explanation: Explanation, step: ExplainedStep) -> None:
    if len(explanation.steps) > 1:
        at = explanation.steps.index(step) + 1
        head = f"USE {at} OF {len(explanation.steps)}  {step.output}:{step.wrt}"
        page.line(cell(head, "bold"))
    if step.alike:
        _prose(page, f"As {step.alike} above: {step.output} = {step.equation}, {step.formula}.", 0)
        return
    _prose(page, step.question, 0, "bold")
    if step.note:
        _prose(page, step.note, 0)
    named = ", ".join(f"{name} {shape(dims)}" for name, dims in step.shapes)
    _prose(page, f"{step.output} = {step.equation}, line {step.line}. {named}.", 0)
    if step.sizes and any(level.blocks for level in step.levels):
        sizes = ", ".join(f"{name} = {size}" for name, size in step.sizes)
        _prose(page, f"Pictures and numbers use {sizes}; entries count from 0.", 0)
    for level in step.levels:
        _level(page, level)
    if step.left_out:
        page.blank()
        for numbers, why in step.left_out:
            _hung(page, f"left out  {_listed(numbers)}: ", why)
    _checks(page, step)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _checks(page: Page, step: ExplainedStep) -> None:
    """Say how each level was checked, and the formula beyond them."""
    texts = [f"{level.number} {level.check}" for level in step.levels if level.check]
    page.blank()
    lead = "CHECKED  "
    if texts:
        _hung(page, lead, f"in numbers, {step.at}: {' · '.join(texts)}", style="bold")
        lead = " " * len(lead)
    _hung(page, lead, f"{step.formula}: {raised(step.checked)}", style="bold")


def _hung(page: Page, lead: str, text: str, *, style: str = "") -> None:
    for number, line in enumerate(page.told(text, page.width - len(lead))):
        page.line(cell(lead if number == 0 else " " * len(lead), style), cell(line))


def _level(page: Page, level: Level) -> None:
    page.blank()
    head = f"{level.number}  {level.title}"
    if level.remark and page.fits(f"{head}  {level.remark}", page.width):
        page.line(cell(head, "bold"), cell(f"  {level.remark}"))
    else:
        page.line(cell(head, "bold"))
        if level.remark:
            page.formula(cell(f"   {level.remark}"), hang=7)
    _blocks(page, level)


def _blocks(page: Page, level: Level) -> None:
    for number, block in enumerate(level.blocks):
        if number and isinstance(block, Boxes | Numbers | Grid | Walked | Moves | Sides):
            page.blank()
        _block(page, block)


def _block(page: Page, block: Block) -> None:
    match block:
        case Prose(text):
            _prose(page, text)
        case Lines():
            _lines(page, block)
        case Moves():
            _moves(page, block)
        case Sides(left, right):
            _sides(page, left, right)
        case Boxes():
            _boxes(page, block)
        case Numbers():
            _verbatim(page, numbers_lines(page, block))
        case Grid():
            _verbatim(page, grid_lines(page, block))
        case Walked():
            _verbatim(page, walk_lines(page, block))


def _prose(page: Page, text: str, indent: int = INDENT, style: str = "") -> None:
    for line in page.told(text, page.width - indent):
        page.line(cell(line, style), indent=indent)


def _boxes(page: Page, block: Boxes) -> None:
    """Add a picture of boxes; what clashes is below it, its sign in the sign's colour."""
    lines = boxes_lines(page, block)
    if not block.clash or len(lines) == 1:  # too wide to be drawn
        _verbatim(page, lines)
        return
    for line in lines[:-1]:
        page.line(cell(line), indent=INDENT)
    sign, text = lines[-1].split(maxsplit=1)
    before = INDENT + len(lines[-1]) - len(lines[-1].lstrip())
    page.line(cell(sign, SIGN_STYLES["✗"]), cell(f" {text}"), indent=before)
    page.blank()


def _verbatim(page: Page, lines: Sequence[str]) -> None:
    """Add a picture, with a line of space below it."""
    for line in lines:
        page.line(cell(line), indent=INDENT)
    page.blank()


def _lines(page: Page, block: Lines) -> None:
    """Add formulas, each with its reason beside it, or below it where there is no room."""
    sums = [page.spelled(text) for text in _aligned([text for text, _ in block.lines])]
    left = page.spelled(block.left)
    lead = f"{left} = " if left else ""
    start = INDENT + 2 + len(lead)
    column = max((len(text) for text in sums if start + len(text) <= page.width), default=0)
    for number, (text, (_, why)) in enumerate(zip(sums, block.lines, strict=True)):
        head = lead if number == 0 or not left else f"{' ' * len(left)} = "
        note = page.spelled(why)
        room = page.width - start - column - 2
        is_beside = bool(note) and len(text) <= column and len(note) <= room
        filled = f"{text:<{column}}  " if is_beside else text
        if start + len(text) > page.width:
            page.formula(cell(f"{' ' * (INDENT + 2)}{head}{text}"), hang=INDENT + 6)
        else:
            beside = cell(note if is_beside else "", "dim")
            page.line(cell(f"{head}{filled}"), beside, indent=INDENT + 2)
        if note and not is_beside:
            for line in page.told(note, page.width - start - 2):
                page.line(cell(line, "dim"), indent=start + 2)


def _aligned(texts: Sequence[str]) -> list[str]:
    """Put what is summed in one column, behind the widest `Σij`."""
    pairs = [text.split(" ", 1) if text.startswith("Σ") else ["", text] for text in texts]
    width = max((len(head) for head, *_ in pairs), default=0)
    return [" ".join([f"{head:<{width}}", *rest]) if width else rest[0] for head, *rest in pairs]


def _sides(page: Page, left: Sequence[str], right: Sequence[str]) -> None:
    room = page.width - INDENT
    wide = max(width_of(page.spell(cell(line))) for line in left)
    other = max(width_of(page.spell(cell(line))) for line in right)
    if wide + 4 + other > room:
        for lines in (left, right):
            for line in lines:
                page.line(cell(line), indent=INDENT)
            page.blank()
        return
    column = max(wide + 4, room // 2)
    column = column if column + other <= room else wide + 4
    count = max(len(left), len(right))
    for at in range(count):
        one = page.spelled(left[at]) if at < len(left) else ""
        two = right[at] if at < len(right) else ""
        page.line(cell(one + " " * (column - len(one))), cell(two), indent=INDENT)
    page.blank()


def _moves(page: Page, block: Moves) -> None:
    """List what moves: how far, and with it the loss; then the sum, with its check."""
    many = len(block.moves)
    shown = block.moves[:8]
    rows, results = [], []
    for move in shown:
        slope = number(move.slope)
        moved = f"{slope} {block.step}"
        told = moved if move.slope_text == slope else f"{move.slope_text} {block.step} = {moved}"
        if not move.upstream_text:  # the output is the loss
            rows.append((page.spelled(f"{move.entry} by {told}"), ""))
            results.append("")
            continue
        above = f"{move.upstream_text} · {moved}"
        then = f" and with it {block.loss} by {above} = "
        rows.append((page.spelled(f"{move.entry} by {told},"), page.spelled(then)))
        results.append(f"{number(move.product)} {block.step}")
    first = max(len(row[0]) for row in rows)
    second = max(len(row[1]) for row in rows)
    last = max(map(len, results))
    is_wide = INDENT + 2 + first + second + last > page.width
    for (one, two), result in zip(rows, results, strict=True):
        if is_wide:
            page.formula(cell(f"{' ' * (INDENT + 2)}{one}"), hang=INDENT + 6)
            if two:
                page.line(cell(f"{two.lstrip()}{result}"), indent=INDENT + 6)
        else:
            page.line(cell(f"{one:<{first}}{two:<{second}}{result:>{last}}"), indent=INDENT + 2)
    if many > len(shown):
        page.line(cell(f"and {many - len(shown)} more, in the same way"), indent=INDENT + 2)
    if block.still:
        page.line(cell(block.still), indent=INDENT + 2)
    parts = [number(move.product) for move in block.moves]
    total = number(block.total)
    whole = parts[0] + "".join(
        f" - {part[1:]}" if part.startswith("-") else f" + {part}" for part in parts[1:]
    )
    text = f"{block.left} = {whole} = {total}" if many > 1 else f"{block.left} = {total}"
    if len(text) + INDENT + 10 > page.width:
        text = f"{block.left} = {total}, the sum of these {many}"
    gap = " " * max(2, min(page.width, NARROWEST) - INDENT - 2 - len(text) - 12)
    page.line(cell(f"{gap}{text}  "), mark("✓", ""), indent=INDENT)
    page.blank()


def number(value: float) -> str:
    """Print a number: whole where it is, else with three digits behind the point."""
    if abs(value - round(value)) < 1e-9:
        return str(round(value))
    return f"{value:.3f}" if abs(value) >= 0.001 else f"{value:.1e}"
