"""Steps → the STEPS section: a line for each, and one of each kind opened."""

from collections.abc import Hashable, Sequence

from shapecalc.records import Orderings, Report, Step
from shapecalc.render.notation import counted, key, product, shape
from shapecalc.render.page import Cell, Page, Row, cell, mark, width_of
from shapecalc.render.runs import runs, told

LABEL = 13  # columns that `denominator` and the space behind it take
_RANKS = {"product": 0, "sum": 1, "elementwise": 2, "softmax": 3}
_LONGEST_ANSWER = 30
_BLOCKS = "every step is opened, of blocks once"
_DEEPEST = 16  # the indent of a block below a step, however long the names


def steps_section(page: Page, report: Report, *, full: bool) -> None:
    """Add each step on a line, the first product of each kind opened; with `full`, all opened.

    Of a block of steps that repeats, layer after layer, the first comes once.
    """
    if not report.steps:
        return
    alike, names = _likenesses(report), [key(step) for step in report.steps]
    found = list(runs(report.steps, names, alike))
    shown = [step for run in found for step in run.block]
    opens = "every step is opened" if full else "one step of each kind is opened"
    opens = _BLOCKS if full and len(shown) < len(report.steps) else opens
    page.head("STEPS", f"why each product has this order; {opens}")
    firsts = _first_of_kind(report.steps)
    opened = [full or (firsts[s.kind] is s and s.relation == "product") for s in shown]
    said = [
        _text(step, None if is_opened else firsts[step.kind])
        for step, is_opened in zip(shown, opened, strict=True)
    ]
    ends = [told(run, key) if run.times > 1 else "" for run in found]
    before = [[""] * (len(run.block) - 1) for run in found]
    after = [text for texts, end in zip(before, ends, strict=True) for text in (*texts, end)]
    step_lines(page, shown, opened, said, after)


def _likenesses(report: Report) -> list[Hashable]:
    """Return for each step what is equal for those that differ by the numbers in names alone."""
    shapes = {value.name: value.shape for value in report.values}
    return [
        (step.kind, step.relation, shapes.get(step.output), shapes.get(step.wrt))
        for step in report.steps
    ]


def opened_steps(page: Page, steps: Sequence[Step]) -> None:
    """Add steps, all opened."""
    step_lines(page, steps, [True] * len(steps), [_text(step, None) for step in steps])


def step_lines(
    page: Page,
    steps: Sequence[Step],
    opened: Sequence[bool],
    said: Sequence[str],
    after: Sequence[str] = (),
) -> None:
    """Add a line for each step, in common columns, with a block below those that are opened.

    `after` says of each step how often the block comes that it ends; of most, nothing.
    """
    rows = [_row(step) for step in steps]
    indent = min(4 + max(width_of(page.spell(row.formula)) for row in rows), _DEEPEST)
    was_opened = False
    columns = page.columns(rows)
    for place, (step, is_opened) in enumerate(zip(steps, opened, strict=True)):
        if (is_opened and step is not steps[0]) or was_opened:
            page.blank()
        _with_text(page, columns[place], page.spell(cell(said[place])), indent)
        if is_opened:
            _block(page, step, indent)
        was_opened = is_opened
        if after and after[place]:
            if is_opened:
                page.blank()
            page.line(cell(after[place], "dim"), indent=4)


def kinds_section(page: Page, report: Report) -> None:
    """Add a line for each kind of step, with how many steps there are of it."""
    if not report.steps:
        return
    kinds = _by_kind(report.steps)
    longest = max(kinds, key=lambda steps: (steps[0].relation == "product", len(steps)))
    example = key(longest[len(longest) // 2])
    told = f"{len(report.steps):,} in {counted(len(kinds), 'kind')}"
    page.head("STEPS", f"{told}; --step {example} opens one, --full all")
    rows = [_kind_row(steps) for steps in kinds]
    page.rows(rows, right=2)


def conforming_mark(step: Step) -> Cell:
    """Say of the right formula that its shape proves it, or only that it is right."""
    if not is_checked(step):
        return mark("?", "not checked")
    orderings = step.orderings
    good = orderings.right + orderings.transposed
    is_proof = orderings.defined and good == orderings.conformable
    if is_proof and orderings.at_these_sizes in (None, orderings.conformable):
        return mark("✓", f"shape of {step.wrt}")
    return mark("✓", "right")


def mixed_mark(step: Step) -> Cell:
    """Say why the product in mixed layout fails, or that it fits all the same."""
    view = step.mixed
    if view is None:
        return ()
    if view.fits_here:
        return mark("!", f"fits: {view.why}")
    if view.shape is None:
        return mark("✗", view.why)
    layouts = {step.numerator.formula: "numerator", step.denominator.formula: "denominator"}
    if view.formula in layouts:
        return mark("✓", f"is the {layouts[view.formula]}")
    return mark("!", "fits always: wrong")


def is_checked(step: Step) -> bool:
    """Say whether a step's formula was shown to be right in at least one way."""
    checked = step.checked
    return checked.canonical or checked.exact is not None or checked.components is not None


def layout_rows(step: Step, *, mixed: Cell) -> list[Row]:
    """Set a step's layouts as rows: the formula, its shapes, and what becomes of it."""
    is_same = step.numerator.formula == step.denominator.formula
    said = "the same" if is_same else "its transpose"
    transposed = mark("✓", said) if is_checked(step) else mark("?", "not checked")
    views = [
        ("denominator", step.denominator, conforming_mark(step)),
        *([("numerator", step.numerator, transposed)] if step.numerator.formula else []),
    ]
    if step.mixed is not None:
        views.append(("mixed", step.mixed, mixed))
    return [
        Row(cell(f"{name:<{LABEL}}{view.formula}"), (cell(product(view)), verdict))
        for name, view, verdict in views
    ]


def orderings_text(orderings: Orderings, noun: str = "arrangement") -> str:
    """Count the arrangements: how many conform for all sizes, only at these, and are wrong."""
    good = orderings.right + orderings.transposed
    here = max(0, (orderings.at_these_sizes or 0) - orderings.conformable)
    never = orderings.total - orderings.conformable - here
    parts = [_conforming(orderings, good, here)]
    if here:
        parts[0] += f", {here:,} fit only at these sizes: wrong"
    if never:
        parts.append(f"{never:,} do not")
    return f"{counted(orderings.total, noun)}: {'; '.join(parts)}"


def _conforming(orderings: Orderings, good: int, here: int) -> str:
    conformable = orderings.conformable
    if conformable > good:
        return f"{conformable:,} conform, {conformable - good:,} of them wrong"
    if here:
        return f"{good} right"
    if orderings.right == orderings.transposed == 1:
        return "2 conform, one for each layout"
    return f"{conformable:,} conform, none of them wrong"


def _row(step: Step) -> Row:
    diagonal = ", ".join(step.jacobian.diagonal)
    cells = (
        cell(shape(step.jacobian.shape), "dim"),
        cell(f"diagonal in {diagonal}" if diagonal else "", "dim"),
    )
    return Row(cell(key(step)), cells)


def _with_text(page: Page, lines: list[Cell], text: Cell, indent: int) -> None:
    """Put a text behind a step's line, or on a line of its own."""
    *above, last = lines
    page.lines.extend(above)
    if width_of(last) + 2 + width_of(text) <= page.width:
        page.line(last, cell("  "), text)
        return
    page.line(last)
    for line in page.folded("".join(piece.text for piece in text), page.width - indent):
        page.line(cell(line), indent=indent)


def _text(step: Step, first: Step | None) -> str:
    """Say what a step is; of one like an earlier step, that it is like it."""
    if first is None or first is step:
        jacobian = step.jacobian
        if step.relation == "product" and jacobian.effective and jacobian.effective_shape:
            text = f"effective: {jacobian.effective} {shape(jacobian.effective_shape)}"
            return f"{text}, {step.note}" if step.note else text
        return _reason(step)
    match step.relation:
        case "product":
            return f"as {key(first)}:  {product(step.denominator)}"
        case "sum":
            return f"as {key(first)}:  {step.note.rpartition(', so ')[2]}"
        case _:
            return f"as {key(first)}"


def _reason(step: Step) -> str:
    if step.note:
        return step.note
    match step.relation:
        case "other":
            return step.formula.text
        case "product":
            return ""  # the product is opened below
        case relation:
            return relation


def _block(page: Page, step: Step, indent: int) -> None:
    page.rows(layout_rows(step, mixed=mixed_mark(step)), indent=indent, least=LABEL)
    if not step.numerator.formula:
        _labelled(page, "numerator", f"none: {step.numerator.why}", indent)
    if step.mixed is None and step.mixed_why:
        _labelled(page, "mixed", f"none: {step.mixed_why}", indent)
    orderings = step.orderings
    text = orderings_text(orderings) if orderings.defined else f"none: {orderings.why}"
    _labelled(page, "orderings", text, indent)


def _labelled(page: Page, label: str, text: str, indent: int) -> None:
    for number, line in enumerate(page.folded(text, page.width - indent - LABEL)):
        page.line(cell(f"{label if number == 0 else '':<{LABEL}}{line}"), indent=indent)


def _first_of_kind(steps: Sequence[Step]) -> dict[int, Step]:
    firsts: dict[int, Step] = {}
    for step in steps:
        firsts.setdefault(step.kind, step)
    return firsts


def _by_kind(steps: Sequence[Step]) -> list[list[Step]]:
    """Group steps by kind: products first, what leads to the loss last."""
    kinds: dict[int, list[Step]] = {}
    for step in steps:
        kinds.setdefault(step.kind, []).append(step)

    def rank(group: list[Step]) -> tuple[bool, int]:
        return group[0].output == group[0].loss, _RANKS.get(group[0].relation, len(_RANKS))

    return sorted(kinds.values(), key=rank)


def _kind_row(steps: Sequence[Step]) -> Row:
    step = steps[0]
    note, _, tail = step.note.partition(", so ")
    answer = tail if step.relation == "sum" and tail else step.relation
    if step.relation in ("product", "other"):
        answer = step.formula.text if len(step.formula.text) <= _LONGEST_ANSWER else ""
    if step.relation == "product" and step.orderings.defined:
        note = _in_short(step.orderings)
    times = cell(f" × {len(steps):,}" if len(steps) > 1 else "", "dim")
    return Row(cell(key(step)), (cell(answer), cell(note), times))


def _in_short(orderings: Orderings) -> str:
    good = orderings.right + orderings.transposed
    count = f"{orderings.total:,} orderings"
    here = max(0, (orderings.at_these_sizes or 0) - orderings.conformable)
    if here:
        return f"{count}, {good} right, {here:,} fit by coincidence"
    if orderings.conformable > good:
        wrong = orderings.conformable - good
        return f"{count}, {orderings.conformable:,} conform, {wrong:,} of them wrong"
    if orderings.right == orderings.transposed == 1:
        return f"{count}, 2 conform, one a layout"
    return f"{count}, {orderings.conformable:,} conform"
