"""One step → a page of its own: Jacobian, contraction, walk, layouts, orderings, result."""

import re
from collections.abc import Sequence
from math import factorial

from shapecalc.records import OrderingItem, Report, Step, View, WalkEdge
from shapecalc.render.checked import checked_line
from shapecalc.render.glyphs import raised
from shapecalc.render.notation import (
    counted,
    gradient_name,
    key,
    listed,
    shape,
    size,
    unique,
    with_sizes,
)
from shapecalc.render.page import Cell, Page, Row, cell, joined, mark, own, padded, width_of
from shapecalc.render.steps import LABEL, layout_rows, mixed_mark

_DELTA = re.compile(r"(?<!\w)([δΔ]0?)\[(\w+), ?(\w+)\]")
_SIGN = re.compile(r"(?= [+-] )")
_LABELS = re.compile(r"\[([^]]*)\]")
_AXES = {2: ("row", "column"), 1: ("entry",)}


def step_page(page: Page, report: Report, step: Step) -> None:
    """Fill a page with one step, opened."""
    _head(page, report, step)
    _jacobian(page, report, step)
    _contract(page, step)
    _walk(page, step)
    _layouts(page, report, step)
    _orderings(page, report, step)
    _result(page, report, step)


def _head(page: Page, report: Report, step: Step) -> None:
    head = (cell(f"STEP {key(step)}", "bold"), cell("  "), own(report.path))
    where, equation = f"  line {step.line}", f"{step.output} = {step.equation}"
    whole = (*head, cell(f"{where}  {equation}"))
    if width_of(page.spell(joined(whole))) <= page.width:
        page.line(*whole)
    else:
        page.line(*head, cell(where))
        page.line(cell(equation), indent=2)


def _jacobian(page: Page, report: Report, step: Step) -> None:
    jacobian = step.jacobian
    upstream = step.upstream or f"1, as {step.output} is the loss"
    rows = [("upstream", upstream, shape(step.upstream_shape)), *_entrywise(page, step)]
    if jacobian.diagonal:
        rows.append(("diagonal", _sees(report, step), f"in {', '.join(jacobian.diagonal)}"))
    if jacobian.effective is not None and jacobian.effective_shape is not None:
        rows.append(("effective", jacobian.effective, shape(jacobian.effective_shape)))
    rows += _stack(step)
    page.blank()
    page.rows([Row(cell(f"{name:<11}{text}"), (cell(end, "dim"),)) for name, text, end in rows])
    if jacobian.entries is not None:
        _prose(page, "entries    ", _entries(step, jacobian.entries), "dim")


def _stack(step: Step) -> list[tuple[str, str, str]]:
    """Tell the axes of the output that are not diagonal; of a matrix only those that mix."""
    jacobian = step.jacobian
    several = f"each entry of {step.output} depends on several of {step.wrt}"
    rows = [("mixed", several, jacobian.mixed)] if jacobian.mixed else []
    if len(step.upstream_shape) < 3:
        return [(name, text, f"over {listed(dims)}") for name, text, dims in rows]
    if jacobian.contracted:
        rows.append(("contracted", "summed in the product with the upstream", jacobian.contracted))
    if jacobian.summed:
        own = jacobian.shape[len(step.upstream_shape) :]
        is_repeated = all(dim in (*jacobian.diagonal, "1") for dim in own)
        copies = f"{step.wrt} was repeated" if is_repeated else f"one of {step.wrt} is in several"
        rows.append(("summed", copies, jacobian.summed))
    return [(name, text, f"over {listed(dims)}") for name, text, dims in rows]


def _entrywise(page: Page, step: Step) -> list[tuple[str, str, str]]:
    """Write the Jacobian by entries, broken before its `=` where it has no room."""
    jacobian = step.jacobian
    whole = f"{jacobian.left} = {jacobian.index_form}"
    if page.fits(whole, page.width - 2 - 11):
        return [("Jacobian", whole, shape(jacobian.shape))]
    first = ("Jacobian", jacobian.left, shape(jacobian.shape))
    return [first, ("", f"= {jacobian.index_form}", "")]


def _sees(report: Report, step: Step) -> str:
    """Say what a diagonal means: `j = q: example j of Z2 sees example j of A1 only`."""
    ties = _ties(step)
    labels = _output_labels(step)
    tied = ", ".join(f"{left} = {right}" for left, right in ties)
    if len(ties) == 1:
        noun, index = _noun(report, step, labels, ties[0][0]), ties[0][0]
        return f"{tied}: {noun} {index} of {step.output} sees {noun} {index} of {step.wrt} only"
    return f"{tied}: each entry sees its own only" if len(ties) == len(labels) else tied


def _noun(report: Report, step: Step, labels: Sequence[str], index: str) -> str:
    if step.jacobian.diagonal == (report.batch,):
        return "example"
    names = _AXES.get(len(labels), ())
    return names[labels.index(index)] if names and index in labels else "slice"


def _output_labels(step: Step) -> list[str]:
    """List the indices of the output, `i` and `j` of `∂Z2[i,j]/∂A1[p,q]`."""
    output = step.jacobian.left.partition("/")[0]
    found = _LABELS.search(output)
    return [label.strip() for label in found[1].split(",")] if found else []


def _ties(step: Step) -> list[tuple[str, str]]:
    """List the pairs of indices that make the diagonal, by the axes that they run along."""
    found = _DELTA.findall(step.jacobian.index_form)
    own = [pair for sign, *pair in found if sign == found[-1][0]]  # a value may be named δ
    pairs = list(dict.fromkeys((left, right) for left, right in own))
    axis = dict(zip(_output_labels(step), step.jacobian.shape, strict=False))
    diagonal = step.jacobian.diagonal
    return [pair for pair in pairs if axis.get(pair[0]) in diagonal][: len(diagonal)]


def _entries(step: Step, entries: tuple[int, ...]) -> str:
    texts = [f"{entries[0]:,} in full"]
    ties = ", ".join(f"{left} = {right}" for left, right in _ties(step))
    if len(entries) > 1 and ties and entries[1] != entries[0]:
        texts.append(f"{entries[1]:,} where {ties}")
    if len(entries) > 2 and step.jacobian.effective is not None:
        texts.append(f"{entries[2]:,} in {step.jacobian.effective}")
    return "; ".join(texts)


def _contract(page: Page, step: Step) -> None:
    if not step.contraction.lines:
        return
    page.head("CONTRACT")
    left = step.contraction.left
    lines = [line for line, last in _with_last(step.contraction.lines) if line != (last, "")]
    sums = _aligned([text for text, _ in lines])
    leads = [left, *([" " * len(left)] * (len(sums) - 1))]
    rows: list[Row] = []
    for lead, text, (_, why) in zip(leads, sums, lines, strict=True):
        *above, last = _terms(page, text, page.width - len(lead) - 5)
        starts = [f"{lead} = ", *[" " * (len(lead) + 3)] * len(above)]
        rows += [Row(cell(f"{start}{part}")) for start, part in zip(starts, above, strict=False)]
        rows.append(Row(cell(f"{starts[-1]}{last}"), note=cell(why)))
    page.rows(rows)


def _with_last(lines: Sequence[tuple[str, str]]) -> list[tuple[tuple[str, str], str]]:
    """Pair each line with the text of the line before it."""
    return list(zip(lines, ["", *(text for text, _ in lines)], strict=False))


def _terms(page: Page, text: str, width: int) -> list[str]:
    """Break a sum that is too wide before its signs; each line but the first is set in by 4."""
    lines = [""]
    for term in _SIGN.split(text):
        if lines[-1] and not page.fits(lines[-1] + term, width):
            lines.append(f"    {term.lstrip()}")
        else:
            lines[-1] += term
    return lines


def _aligned(texts: Sequence[str]) -> list[str]:
    """Put what is summed in one column, behind the widest `Σij`."""
    pairs = [text.split(" ", 1) if text.startswith("Σ") else ["", text] for text in texts]
    width = max(len(head) for head, *_ in pairs)
    return [" ".join([f"{head:<{width}}", *rest]) if width else rest[0] for head, *rest in pairs]


def _walk(page: Page, step: Step) -> None:
    if not step.walk or step.numerator.shape is None:
        return
    page.head("WALK")
    picture = max((_picture(step.walk, dashes) for dashes in (1, 4)), key=len)
    if width_of(page.spell(cell(picture))) + 2 > page.width:
        picture = _picture(step.walk, 1)
    page.rows([Row(cell(picture), note=cell("      an arrow runs from row to column"))])
    start, end = _ends(step.walk)
    there = (f"{start} to {end}:", _told(step.walk), step.denominator)
    back = tuple(edge._replace(along=not edge.along) for edge in reversed(step.walk))
    rows = [there, (f"{end} to {start}:", _told(back), step.numerator)]
    page.rows([_walked(*row) for row in rows])


def _walked(ends: str, told: str, view: View) -> Row:
    result = cell("" if view.shape is None else f"   {shape(view.shape)}", "dim")
    return Row(cell(f"{ends}  {told}    "), (cell(view.formula), result))


def _picture(walk: Sequence[WalkEdge], dashes: int) -> str:
    line = "─" * dashes
    picture = _ends(walk)[0]
    for edge in walk:
        end = edge.column if edge.along else edge.row
        near, far = (line, f"{line}▶") if edge.along else (f"◀{line}", line)
        picture += f" {near} {edge.factor} {far} {end or '·'}"
    return picture


def _ends(walk: Sequence[WalkEdge]) -> tuple[str, str]:
    first, last = walk[0], walk[-1]
    start = first.row if first.along else first.column
    end = last.column if last.along else last.row
    return start or "·", end or "·"


def _told(walk: Sequence[WalkEdge]) -> str:
    """Tell a walk: `W2 against its arrow, dZ2 along it`."""
    ways = [("along" if edge.along else "against") for edge in walk]
    whose = ["its arrow", *["it"] * (len(walk) - 1)]
    steps = zip(walk, ways, whose, strict=True)
    return ", ".join(f"{edge.factor} {way} {arrow}" for edge, way, arrow in steps)


def _layouts(page: Page, report: Report, step: Step) -> None:
    page.head("LAYOUTS")
    rows = layout_rows(step, mixed=_sized_mixed_mark(report, step))
    if step.vec is not None:
        shapes = " @ ".join(shape(factor) for factor in step.vec.factors)
        name = gradient_name(report, step.wrt)
        end = (cell(shapes), mark("✓", f"is vec({name})"))
        rows.append(Row(cell(f"{'vec':<{LABEL}}{step.vec.formula}"), end))
    page.rows(rows, least=LABEL)
    if not step.numerator.formula:
        _prose(page, f"{'numerator':<{LABEL}}", f"none: {step.numerator.why}")
    if step.mixed is None and step.mixed_why:
        _prose(page, f"{'mixed':<{LABEL}}", f"none: {step.mixed_why}")


def _sized_mixed_mark(report: Report, step: Step) -> Cell:
    if step.mixed is None or step.mixed.shape is not None or step.mixed.fits_here:
        return mixed_mark(step)
    return mark("✗", with_sizes(step.mixed.why, dict(report.dims)))


def _prose(page: Page, lead: str, text: str, style: str = "") -> None:
    for number, line in enumerate(page.folded(text, page.width - 2 - len(lead))):
        page.line(cell((lead if number == 0 else " " * len(lead)) + line, style), indent=2)


def _orderings(page: Page, report: Report, step: Step) -> None:
    if not step.orderings.defined:
        page.head("ORDERINGS", "none")
        _prose(page, "", step.orderings.why)
        return
    page.head("ORDERINGS", _arrangements(step))
    items = step.orderings.items
    chosen = [item for item in items if item.value in ("right", "transposed")]
    _items(page, [*chosen, *(item for item in items if item not in chosen)])
    if len(items) < step.orderings.total:
        page.line(cell(f"and {step.orderings.total - len(items):,} more"), indent=2)
    _where_all_conform(page, report, step)


def _arrangements(step: Step) -> str:
    count, total = len(step.denominator.factors), step.orderings.total
    text = counted(total, "arrangement")
    if count > 1 and factorial(count) * 2**count == total:
        return raised(f"{count} factors, {count}! · 2^{count} = {text}")
    return text


def _items(page: Page, items: Sequence[OrderingItem]) -> None:
    """List arrangements in two columns, read downwards; in one where two have no room."""
    half = (len(items) + 1) // 2
    left, right = _column(page, items[:half]), _column(page, items[half:])
    width = max((width_of(each) for each in left), default=0)
    other = max((width_of(each) for each in right), default=0)
    if 2 + width + 1 + other > page.width:
        for each in _column(page, items):
            page.line(each, indent=2)
        return
    for number, each in enumerate(left):
        beside = right[number] if number < len(right) else ()
        page.line(padded(each, width + 1), beside, indent=2)


def _column(page: Page, items: Sequence[OrderingItem]) -> list[Cell]:
    formulas = [page.spell(cell(item.formula)) for item in items]
    shapes = [page.spell(cell("".join(map(shape, item.factors)), "dim")) for item in items]
    first = max((width_of(each) for each in formulas), default=0)
    second = max((width_of(each) for each in shapes), default=0)
    return [
        joined(
            (padded(formula, first + 1), padded(factors, second + 1), page.spell(_verdict(item)))
        )
        for formula, factors, item in zip(formulas, shapes, items, strict=True)
    ]


def _verdict(item: OrderingItem) -> Cell:
    if item.conforms == "never":
        return mark("✗", item.why)
    if item.value in ("right", "transposed"):
        return mark("✓", f"right, {item.layout}" if item.layout else item.value)
    if item.conforms == "here":
        return mark("!", f"fits: {item.why}")
    return mark("!", "fits, and is wrong")


def _where_all_conform(page: Page, report: Report, step: Step) -> None:
    """Say how many arrangements would be wrong were all dims equal, where that is known."""
    orderings = step.orderings
    found = unique(dim for factor in step.denominator.factors for dim in factor[-2:])
    dims = [dim for dim, _ in report.dims if dim in found]
    good = orderings.right + orderings.transposed
    is_known = good == 2 == orderings.conformable and len(orderings.items) == orderings.total
    if not is_known or not 2 <= len(dims) == len(found):
        return
    total = orderings.total
    text = f"all {total} conform, and {total - good} of them give wrong numbers"
    _prose(page, "", f"if {' = '.join(dims)}, {text}")


def _result(page: Page, report: Report, step: Step) -> None:
    page.blank()
    name = gradient_name(report, step.wrt)
    count = next((each.parts for each in report.gradients if each.wrt == step.wrt), 1)
    sizes = {value.name: value.size for value in report.values}
    sign = "=" if count == 1 else "+="
    head = (*cell("RESULT", "bold"), *cell(f"   {name} {sign} {step.formula.text}", "bold"))
    told = (
        *cell(shape(step.wrt_shape)),
        *cell(f"   {size(sizes.get(step.wrt))}", "dim"),
        *cell("" if count == 1 else f"   one of {count} parts"),
    )
    if width_of(page.spell((*head, *told))) + 3 <= page.width:
        page.line(head, cell("   "), told)
    else:
        page.formula(head, hang=11)
        page.line(told, indent=9)
    checked_line(page, [(key(step), step.checked)])
