"""A chain of links → the CHAIN section: the product in both layouts, its counts, what it costs."""

from collections.abc import Sequence
from math import ceil, log10

from shapecalc.records import Chain, Counted, View
from shapecalc.render.notation import counted, listed, shape
from shapecalc.render.page import Page, cell
from shapecalc.render.steps import LABEL

MOST_FACTORS = 7  # of a longer product the first and the last are printed
INDICES = "ijab"
LONGEST_NUMBER = 10**12


def chain_section(page: Page, chain: Chain, *, vec: bool) -> None:
    """Add the chain of links to a value."""
    page.head("CHAIN", _title(chain))
    if chain.links:
        _prose(page, "each", _each(chain))
    shown = chain.begins and chain.links
    _prose(page, "begins", f"at {chain.start}, since {chain.begins}" if shown else "")
    if chain.paths > 1:
        _prose(page, "paths", f"{number(chain.paths)} lead from the loss to {chain.wrt}")
    if chain.denominator is not None and chain.numerator is not None:
        _product(page, "denominator", chain.denominator)
        _product(page, "numerator", chain.numerator)
        _prose(page, "orderings", _orderings(chain))
        _prose(page, "cost", _cost(chain))
    if chain.then:
        _prose(page, "then", chain.then)
    if vec:
        _vec(page, chain)


def _title(chain: Chain) -> str:
    if not chain.links:
        return f"none to d{chain.value}: {chain.why}"
    return f"{counted(len(chain.links), 'link')} from {chain.start} down to d{chain.value}"


def _each(chain: Chain) -> str:
    """Say of what there is one product each."""
    if not chain.lanes:
        return ""
    letters = INDICES if len(chain.lanes) > 1 else "j"
    named = [f"{letter} of {dim}" for letter, dim in zip(letters, chain.lanes, strict=False)]
    return f"one product for each {listed(named)}: the links are diagonal there"


def _product(page: Page, label: str, view: View) -> None:
    """Add a product with its shapes; of a long one, its ends."""
    factors = view.formula.split(" @ ")
    shapes = [shape(factor) for factor in view.factors]
    if len(shapes) > MOST_FACTORS and len(factors) == len(shapes):
        factors, shapes = _ends(factors), _ends(shapes)
    formula, told = " @ ".join(factors), " @ ".join(shapes)
    told += f" → {shape(view.shape)}" if view.shape is not None else ""
    if page.fits(f"{formula}  {told}", page.width - 2 - LABEL):
        _prose(page, label, f"{formula}  {told}")
    else:
        _prose(page, label, formula)
        _prose(page, "", told)


def _ends(parts: Sequence[str]) -> list[str]:
    return [*parts[:3], "…", *parts[-3:]]


def _orderings(chain: Chain) -> str:
    """Count the arrangements, those that conform, and those that are right."""
    exact, good = chain.conformable.exact, chain.right + chain.transposed
    conform = f"{_told(chain.conformable)} conform at every size"
    if chain.here is not None and chain.here != chain.conformable:
        conform += f", {_told(chain.here)} at these sizes"
    layouts = "one for each layout" if chain.right == chain.transposed == 1 else "in both layouts"
    if exact != good:
        conform += f"; {number(good)} of them are right"
    return f"{number(chain.total)} arrangements: {conform}, {layouts}"


def _told(count: Counted) -> str:
    return f"at most {number(count.bound)}" if count.exact is None else number(count.exact)


def _cost(chain: Chain) -> str:
    """Say what it costs to begin at either end."""
    cost = chain.cost
    if cost is None:
        return "not known: a dim has no size"
    least = "" if cost.least is None else f", {number(cost.least)} at least"
    return (
        f"{number(cost.from_start)} multiplications from {chain.start} on, as in reverse mode;"
        f" {number(cost.from_value)} from the other end{least}"
    )


def _vec(page: Page, chain: Chain) -> None:
    if not chain.vec:
        _prose(page, "vec", "none: a link has no such form")
        return
    _prose(page, "vec", "columns are stacked, vec(A X B) = (Bᵀ ⊗ A) vec(X)")
    _prose(page, "", f"vec(d{chain.value}) = {_shortened(chain)}")


def _shortened(chain: Chain) -> str:
    parts = [link.vec for link in chain.links]
    if len(parts) > MOST_FACTORS:
        return " ".join([*_ends(parts), f"vec({chain.start})"])
    return chain.vec


def _prose(page: Page, label: str, text: str) -> None:
    if not text:
        return
    for place, line in enumerate(page.folded(text, page.width - 2 - LABEL)):
        page.line(cell(f"{label if place == 0 else '':<{LABEL}}{line}"), indent=2)


def number(count: int) -> str:
    """Print a count; a huge one by its power of ten, `1.3e139`, rounded up."""
    if count < LONGEST_NUMBER:
        return f"{count:,}"
    exponent = int(log10(count))
    tenths = ceil(10 ** (log10(count) - exponent + 1))
    return f"{tenths / 10:.1f}e{exponent}"
