"""One derivative → a page: both layouts with their shapes, index form, differential, checks."""

from shapecalc.records import Derived, Evaluated, LaidOut, Report
from shapecalc.render.checked import checked_line
from shapecalc.render.frames import frame
from shapecalc.render.notation import shape
from shapecalc.render.output import Look
from shapecalc.render.page import Page, Row, cell

MOST_ENTRIES = 12  # that are printed
LAYOUTS = {
    "both": ("numerator", "denominator"),
    "numerator": ("numerator",),
    "denominator": ("denominator",),
}


def derived_page(report: Report, look: Look, *, layout: str, steps: bool, stacked: str) -> str:
    """Print a derivative in the layouts that are asked for; or why there is none."""
    page = Page(look)
    for finding in report.findings:
        frame(page, finding, report.source)
    found = report.derived
    if found is not None:
        _head(page, found)
        wanted = wanted_of(found, layout)
        _layouts(page, found, wanted)
        if steps:
            _rules(page, found, wanted)
        _entries(page, found, stacked)
        if found.evaluated is not None:
            _numbers(page, found, found.evaluated)
        page.blank()
        checked_line(page, [("", found.checked)])
        page.hold_to_width()
    return page.text()


def wanted_of(found: Derived, layout: str) -> tuple[str, ...]:
    """Return the layouts to print; in the mixed one, gradients are columns and the rest rows."""
    if layout == "mixed":
        return ("denominator",) if found.kinds[0] == "scalar" else ("numerator",)
    return LAYOUTS[layout]


def _head(page: Page, found: Derived) -> None:
    of, by = found.kinds
    if found.gradient_of:
        page.line(cell(f"the Hessian of {found.gradient_of}", "bold"))
        page.line(cell(f"{found.output} = {found.expression}, its gradient"))
    else:
        page.line(cell(f"{found.output} = {found.expression}", "bold"))
    sizes = (
        f"{found.output} is {shape(found.output_shape)}, {found.wrt} is {shape(found.wrt_shape)}"
    )
    page.line(cell(f"{of} by {by}: {sizes}", "dim"))


def _layouts(page: Page, found: Derived, wanted: tuple[str, ...]) -> None:
    page.head(f"∂{found.output}/∂{found.wrt}")
    axes = sum(dim != "1" for dim in found.full_shape)
    if axes > 2 and found.numerator.formula is None and found.denominator.formula is None:
        page.line(cell(f"no layout: it has {axes} axes, entry by entry as below"), indent=2)
    else:
        page.rows([_row(name, getattr(found, name)) for name in wanted] + _structured(found))
    if found.structured is not None:
        page.line(cell(found.structured[1]), indent=2)
    is_laid_out = found.numerator.formula is not None or found.denominator.formula is not None
    for name, whole in found.where if is_laid_out else ():
        page.line(cell(f"where {name} = {whole.text}"), indent=2)
    for kink in found.kinks:
        page.line(cell(kink), indent=2)


def _row(name: str, laid: LaidOut) -> Row:
    if laid.formula is None:
        return Row(cell(f"{name:<12} none: {laid.why}"))
    return Row(cell(f"{name:<12} {laid.formula.text}", "bold"), (cell(shape(laid.shape)),))


def _structured(found: Derived) -> list[Row]:
    if found.structured is None:
        return []
    return [Row(cell(f"{'structured':<12} {found.structured[0].text}"))]


def _rules(page: Page, found: Derived, wanted: tuple[str, ...]) -> None:
    for name in wanted:
        laid: LaidOut = getattr(found, name)
        if laid.steps:
            page.head("STEPS", f"rules that led to the {name} form")
            page.rows([Row(cell(formula), (cell(rule),)) for rule, formula in laid.steps])


def _entries(page: Page, found: Derived, stacked: str) -> None:
    page.head("ENTRY BY ENTRY")
    full = shape(found.full_shape)
    rows = [Row(cell(f"{found.left} = {found.index_form}"), (cell(full),))]
    page.rows(rows)
    if found.diagonal:
        page.line(cell(f"diagonal in {', '.join(found.diagonal)}"), indent=2)
    if found.effective is not None:
        text, dims = found.effective
        page.line(cell(f"effective, without that: {text} {shape(dims)}"), indent=2)
    if found.differential is not None:
        page.head("DIFFERENTIAL")
        page.line(cell(f"d{found.output} = {found.differential.text}"), indent=2)
    if found.vec is not None:
        page.line(cell(f"{found.vec}, {stacked} stacked"), indent=2)
        if found.swap is not None:
            told = f"{found.swap} is the matrix with {found.swap} vec(X) = vec(X.T)"
            page.line(cell(told), indent=2)


def _numbers(page: Page, found: Derived, evaluated: Evaluated) -> None:
    sizes = ", ".join(f"{dim} = {size}" for dim, size in evaluated.sizes)
    page.head("EVALUATED", f"{f'at {sizes}: ' if sizes else ''}by the formula, by differences")
    rows = []
    for entry in evaluated.entries[:MOST_ENTRIES]:
        above = f"∂{found.output}{_place(entry.row)}"
        name = f"{above}/∂{found.wrt}{_place(entry.column)}"
        numbers = (f"{entry.formula:.6g}", f"{entry.difference:.6g}")
        rows.append(Row(cell(name), tuple(cell(f"{number:>12}") for number in numbers)))
    page.rows(rows)
    more = len(evaluated.entries) - MOST_ENTRIES
    if more > 0:
        page.line(cell(f"and {more:,} more (--output-format json has all)"), indent=2)
    page.line(cell(f"largest difference: {evaluated.worst:.0e} of the largest entry"), indent=2)


def _place(place: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, place))}]" if place else ""
