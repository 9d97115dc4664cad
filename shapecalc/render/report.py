"""One report → its sections: head, forward, backward, claims, assumptions. Computes nothing.

Where there are many equations, lines that are alike but for the names are folded to one.
"""

from collections.abc import Container, Hashable, Mapping, Sequence
from string import digits

from shapecalc.records import Claim, Dims, Gradient, Independence, Report, Value
from shapecalc.render.ledger import ledger_lines
from shapecalc.render.notation import counted, names_in, shape, size
from shapecalc.render.page import Page, Row, cell, own, width_of
from shapecalc.render.runs import in_blocks, runs

MANY = 24  # with more equations than this, lines that are alike are folded
_WIDEST_PAD = 4  # names are filled up to the longest where they differ by no more
Signature = tuple[int, tuple[str, ...], tuple[tuple[str, ...], ...]]


def has_many(report: Report) -> bool:
    """Say whether a report has too many equations, or too many names, to list each."""
    equations = sum(value.equation is not None for value in report.values)
    return equations > MANY or len(report.values) > 10 * MANY


def head_section(page: Page, report: Report) -> None:
    """Name the spec, and its dims with their sizes."""
    name, path = cell(report.name, "bold"), own(report.path)
    is_short = width_of(page.spell((*name, *path))) + 2 <= page.width
    if report.name and is_short:
        page.line(name, cell("  "), path)
    else:
        for line in [name, path] if report.name else [path]:
            page.line(line)
    _dims(page, report)


def _dims(page: Page, report: Report) -> None:
    """List the dims; of many inferred ones that are alike, the first and the last."""
    _wrapped(page, _dim_texts(report) + ([_inferred(report)] if report.inferred_dims else []))


def _dim_texts(report: Report) -> list[str]:
    if len(report.dims) <= MANY:
        runs = [(dim, dim, number) for dim, number in report.dims]
    else:
        runs = _runs(report.dims, set(report.inferred_dims))
    texts = []
    for first, last, number in runs:
        text = first if first == last else f"{first} … {last}"
        text += "" if number is None else f" = {number}"
        texts.append(text + (", the examples" if first == report.batch else ""))
    return texts


def _runs(
    dims: Sequence[tuple[str, int | None]], inferred: Container[str]
) -> list[tuple[str, str, int | None]]:
    """Join inferred dims of one size that are numbered on: the first, the last, the size."""
    runs: list[tuple[str, str, int | None]] = []
    for dim, number in dims:
        first, last, size = runs[-1] if runs else ("", "", None)
        is_next = dim in inferred and size == number and last[-1:].isdigit()
        if is_next and last.rstrip(digits) == dim.rstrip(digits):
            runs[-1] = (first, dim, size)
        else:
            runs.append((dim, dim, number))
    return runs


def _inferred(report: Report) -> str:
    """Say which names are not the spec's."""
    if len(report.inferred_dims) == len(report.dims):
        return "(names inferred)"
    few = report.inferred_dims[:4]
    more = ", …" if len(report.inferred_dims) > len(few) else ""
    return f"({', '.join(few)}{more} inferred)"


def _wrapped(page: Page, texts: list[str]) -> None:
    line = ""
    for text in texts:
        if line and len(line) + 3 + len(text) > page.width:
            page.line(cell(line, "dim"))
            line = ""
        line += f"   {text}" if line else text
    if line:
        page.line(cell(line, "dim"))


def forward_section(page: Page, report: Report) -> None:
    """List inputs, params and equations with their shapes."""
    if not report.values:
        return
    page.head("FORWARD")
    names = [value.name for value in report.values if value.equation is not None]
    pad = _pad(names)
    shapes = _shapes(report)
    alike = [_value_signature(value, shapes) for value in report.values]
    blocks = runs(report.values, [value.name for value in report.values], alike)
    in_blocks(page, blocks, lambda value: _value_row(value, pad), lambda value: value.name, right=1)


def _value_signature(value: Value, shapes: Mapping[str, Dims]) -> Hashable:
    return value.kind, *_signature(value.pattern, value.shape, value.equation or "", shapes)


def _signature(pattern: int, shape: Dims, formula: str, shapes: Mapping[str, Dims]) -> Signature:
    """Return what is equal for lines alike but for the names, and whose names have one shape."""
    return pattern, shape, tuple(shapes[name] for name in names_in(formula) if name in shapes)


def _shapes(report: Report) -> dict[str, Dims]:
    """Return the shapes of all values and gradients."""
    shapes = {value.name: value.shape for value in report.values}
    return shapes | {gradient.gradient: gradient.shape for gradient in report.gradients}


def _value_row(value: Value, pad: int) -> Row:
    text = value.name if value.equation is None else f"{value.name:<{pad}} = {value.equation}"
    kind = "" if value.kind == "value" else value.kind
    note = ", ".join(part for part in (kind, value.note) if part)
    cells = (cell(shape(value.shape)), cell(size(value.size), "dim"))
    return Row(cell(text), cells, cell(note, "dim"))


def folded_forward(page: Page, report: Report) -> None:
    """List one equation of each kind and shape, with how many are alike."""
    values = [value for value in report.values if value.equation is not None]
    kinds = len({value.pattern for value in values})
    given = [counted(_kind_count(report, kind), kind) for kind in ("param", "input")]
    told = f"{counted(len(values), 'equation')} in {counted(kinds, 'kind')}"
    page.head("FORWARD", f"{told}; {', '.join(given)} (--full lists them)")
    page.rows(
        [
            Row(
                cell(f"{group[0].name} = {group[0].equation}"),
                (cell(shape(group[0].shape)),),
                cell(_alike([value.name for value in group])),
            )
            for group in _folded(report, values)
        ]
    )


def _kind_count(report: Report, kind: str) -> int:
    return sum(value.kind == kind for value in report.values)


def backward_section(page: Page, report: Report, gradients: Sequence[Gradient]) -> None:
    """List gradients as code that runs, with their shapes."""
    if not gradients:
        return
    page.head("BACKWARD", _meaning(report))
    names = [gradient.gradient for gradient in gradients]
    pad = _pad(names)
    blocks = runs(gradients, names, [(each.pattern, each.shape) for each in gradients])
    in_blocks(page, blocks, lambda g: _gradient_row(g, pad, _note(g)), lambda g: g.gradient)


def folded_backward(page: Page, report: Report) -> None:
    """List one gradient of each kind and shape, with how many are alike."""
    if not report.gradients:
        return
    page.head("BACKWARD", _meaning(report))
    groups: dict[int, list[Gradient]] = {}
    for gradient in report.gradients:
        groups.setdefault(gradient.pattern, []).append(gradient)
    page.rows(
        [
            _gradient_row(group[0], 0, _alike([g.gradient for g in group]) or _note(group[0]))
            for group in groups.values()
        ]
    )


def _meaning(report: Report) -> str:
    shaped = "in the shape of V" if report.layout == "denominator" else "transposed"
    what = "the gradient by V" if report.loss is None else f"∂{report.loss}/∂V"
    return f"dV is {what} {shaped} ({report.layout} layout)"


def _gradient_row(gradient: Gradient, pad: int, note: str) -> Row:
    formula = cell(f"{gradient.gradient:<{pad}} = {gradient.formula.text}", "bold")
    return Row(formula, (cell(shape(gradient.shape)),), cell(note, "dim"))


def _note(gradient: Gradient) -> str:
    kind = "" if gradient.kind == "value" else gradient.kind
    return ", ".join(part for part in (kind, gradient.note) if part)


def _folded(report: Report, values: Sequence[Value]) -> list[list[Value]]:
    """Group equations alike but for the names, and whose names have the same shapes."""
    shapes = _shapes(report)
    groups: dict[Signature, list[Value]] = {}
    for value in values:
        key = _signature(value.pattern, value.shape, value.equation or "", shapes)
        groups.setdefault(key, []).append(value)
    return list(groups.values())


def _alike(names: Sequence[str]) -> str:
    """Say how many lines are alike: `and 38 alike, to A39`."""
    return f"and {len(names) - 1:,} alike, to {names[-1]}" if len(names) > 1 else ""


def _pad(names: Sequence[str]) -> int:
    lengths = [len(name) for name in names]
    if not lengths or max(lengths) - min(lengths) > _WIDEST_PAD:
        return 0
    return max(lengths)


def claims_section(page: Page, report: Report) -> None:
    """Count the claims by verdict, and name them."""
    texts = [
        text
        for verdict in ("right", "convention", "wrong", "undecided")
        if (text := _claims([claim for claim in report.claims if claim.verdict == verdict]))
    ]
    room, line = page.width - len(_lead("CLAIMS")), "   ".join(texts)
    lines = [part for text in texts for part in page.folded(text, room)]
    _headed(page, "CLAIMS", [line] if line and page.fits(line, room) else lines)


def ledger_section(page: Page, report: Report) -> None:
    """Say where constant factors enter, and what claims do with them."""
    if report.ledger is not None:
        room = page.width - len(_lead("FACTORS"))
        every = ledger_lines(report.ledger)
        _headed(page, "FACTORS", [part for line in every for part in page.folded(line, room)])


def _claims(claims: Sequence[Claim]) -> str:
    if not claims:
        return ""
    verdict = claims[0].verdict
    noun = "conventions" if verdict == "convention" and len(claims) > 1 else verdict
    return f"{len(claims):,} {noun}: {', '.join(map(_claim, claims))}"


def _claim(claim: Claim) -> str:
    if claim.verdict == "convention" and claim.times:
        return f"{claim.gradient} = {claim.times} · gradient"
    return claim.gradient


def assumptions_section(page: Page, report: Report) -> None:
    """Say what the report takes for granted."""
    room = page.width - len(_lead("ASSUMED"))
    lines = [line for text in report.assumptions for line in page.folded(text, room)]
    _headed(page, "ASSUMED", lines)


def examples_section(page: Page, report: Report) -> None:
    """Say whether examples are independent, and if not, where they mix."""
    if report.examples is not None:
        text = _independence(report.examples)
        _headed(page, "EXAMPLES", page.folded(text, page.width - len(_lead("EXAMPLES"))))


def _independence(examples: Independence) -> str:
    axis, first = examples.axis, next(iter(examples.at), None)
    if first is None:
        return f"independent: {axis} is diagonal in every step"
    more = f", and at {counted(len(examples.at) - 1, 'more place')}" if examples.at[1:] else ""
    at = f"at {first.value} (line {first.line}){more}"
    if examples.verdict == "undecided":
        return f"not known to be independent along {axis}, {at}: {first.by}"
    return f"mixed by {first.by} {at}: each depends on the others along {axis}"


def _lead(name: str) -> str:
    return f"{name:<9}"


def _headed(page: Page, name: str, lines: Sequence[str]) -> None:
    lead = cell(_lead(name), "bold")
    for text in lines:
        page.line(lead, cell(text))
        lead = cell(_lead(""))
