"""Which convention claims are in, and what they are in another.

A layout, an orientation (examples as columns or as rows), and where 1/m is taken. What is said to
be the same claims in another convention is derived there, or judged there.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from shapecalc.api import check, judged
from shapecalc.claims.reading import asked_for
from shapecalc.graph import build_graph
from shapecalc.matrix import make
from shapecalc.matrix.factors import multiplied
from shapecalc.matrix.printing import text
from shapecalc.records import Report
from shapecalc.report.ledger import enters
from shapecalc.rewriting import NoRewriting, turned
from shapecalc.spec import read_network
from shapecalc.spec.lines import Asked
from shapecalc.sweep import Memory, Sweep, sweep
from shapecalc.tree import Call, Leaf, Tree, leaf, leaves

LAYOUTS = ("denominator", "numerator")
_AXIS = re.compile(r"(?<=axis=)-?\d+")
Formulas = tuple[tuple[str, str], ...]


class Convention(NamedTuple):
    """Claims judged in one convention, and what they are in it, as names and formulas."""

    layout: str
    orientation: str
    report: Report
    formulas: Formulas

    @property
    def name(self) -> str:
        """Return how it is called."""
        return ", ".join(part for part in (f"{self.layout} layout", self.orientation) if part)

    @property
    def holds(self) -> int:
        """Return how many claims are right, or carry a factor on purpose."""
        return sum(claim.verdict in ("right", "convention") for claim in self.report.claims)


class Found(NamedTuple):
    """The conventions that were tried, the one in which most claims hold first; translations."""

    tried: tuple[Convention, ...]
    translations: tuple[tuple[str, Formulas], ...]


def conventions(asked: Asked, path: str) -> Found:
    """Judge claims in each layout and orientation, and translate them."""
    text_, report = judged(asked._replace(is_numerator=False), path)
    network, findings = read_network(text_, path)
    if network is None or findings or not report.claims:
        return Found((Convention("denominator", "", report, ()),), ())
    found = sweep(build_graph(network), asked_for(network), Memory())
    count = found.graph.batch or _averaged(found)
    every = list(_in_layouts(asked, path, ""))
    try:
        other = _turned(asked, found)
        every += _in_layouts(other, path, _orientation(found, count))
    except NoRewriting:
        pass
    best, *rest = sorted(every, key=lambda each: -each.holds)
    near = [each for each in rest if each.formulas and _is_next_to(each, best)]
    translations = [(f"in {each.name}", each.formulas) for each in near]
    if best.report.ledger is not None:
        translations.insert(0, ("with each factor where the chain rule has it", best.formulas))
    elif best.name == "denominator layout" and (late := _late(asked, path, found, best, count)):
        translations.insert(0, (f"with 1/{count} taken late", late))
    return Found((best, *rest), tuple(translations))


def _averaged(found: Sweep) -> str | None:
    """Return the dim that the loss alone divides by: it counts the examples."""
    loss = found.graph.loss
    dims = [leaf(entry.name, ()) for entry in found.graph.network.dims]
    entered = [(factor, value) for factor, value in enters(found, dims) if factor[:2] == "1/"]
    if loss is None or len(entered) != 1 or entered[0][1] != loss.name:
        return None
    return entered[0][0].removeprefix("1/")


def _is_next_to(one: Convention, other: Convention) -> bool:
    """Say whether two conventions have the layout or the orientation in common."""
    return one.layout == other.layout or one.orientation == other.orientation


def _in_layouts(asked: Asked, path: str, orientation: str) -> Iterator[Convention]:
    for name in LAYOUTS:
        text_, report = judged(asked._replace(is_numerator=name == "numerator"), path)
        named = {claim.gradient for claim in report.claims}
        derived = check(text_, path).gradients if named else ()
        formulas = tuple((g.gradient, g.formula.text) for g in derived if g.gradient in named)
        yield Convention(name, orientation, report, formulas)


# --- rows and columns ----------------------------------------------------------------------------


def _turned(asked: Asked, found: Sweep) -> Asked:
    """Ask the same of the network whose matrices are stored transposed. Raises NoRewriting."""
    network = turned(found)
    return asked._replace(
        shapes=tuple((name, ",".join(map(str, dims))) for name, dims in network.shapes),
        forward=tuple(f"{name} = {formula}" for name, formula in network.forward),
        assume=tuple(_AXIS.sub(lambda axis: str(1 - int(axis[0]) % 2), a) for a in asked.assume),
    )


def _orientation(found: Sweep, count: str | None) -> str:
    """Name the orientation that the network has not: by its examples, where they are known."""
    shapes = [tuple(map(str, value.shape)) for value in found.graph.values.values()]
    places = [shape.index(count) for shape in shapes if len(shape) == 2 and count in shape]
    if not places or len(set(places)) > 1:
        return "every matrix transposed"
    return "examples in rows" if places[0] == 1 else "examples in columns"


# --- early and late ------------------------------------------------------------------------------


def _late(
    asked: Asked, path: str, found: Sweep, early: Convention, counted: str | None
) -> Formulas:
    """Leave 1/m out of what the loss hands down, and take it in the params' gradients.

    Nothing where the formulas that come out are not judged to be just that.
    """
    if counted is None:
        return ()
    count = leaf(counted, ())
    names = {name for name, _ in early.formulas}
    params = {entry.name for entry in found.graph.network.params}
    chosen = [g for g in found.gradients.values() if g.name.name in names]
    carrying = {g.name for g in chosen if g.value.name not in params}
    gradients = {g.name for g in found.gradients.values()}
    formulas = []
    for gradient in chosen:
        used = gradients & set(leaves(gradient.formula))
        formula = gradient.formula
        if gradient.name in carrying and not used & carrying:
            formula = _times(count, formula)
        elif gradient.name not in carrying and used & carrying:
            formula = make.divided(formula, count)
        formulas.append((gradient.name.name, text(formula)))
    lines = tuple(f"{name} = {formula}" for name, formula in formulas)
    _, report = judged(asked._replace(claims=lines, is_numerator=False), path)
    is_proved = bool(report.claims) and all(
        claim.verdict in ("right", "convention") and claim.times in (None, str(count))
        for claim in report.claims
    )
    return tuple(formulas) if is_proved and report.ledger is not None else ()


def _times(count: Leaf, formula: Tree) -> Tree:
    """Multiply by a dim: take it out of the divisor, where it is a factor of that."""
    if isinstance(formula, Call) and formula.op == "div":
        above, below = formula.operands
        factors = list(multiplied(below))
        if count in factors:
            factors.remove(count)
            return make.quotient(make.UNITY.value, [above], factors)
    return make.times(count, formula)
