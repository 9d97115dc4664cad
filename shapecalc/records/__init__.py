"""The records that leave the engine: plain, frozen, printed by nobody here.

Dims are strings as printed, `"k"`, `"2*h"`; a shape is a tuple of them. Sizes are numbers, None
where the spec leaves a dim symbolic.
"""

from typing import NamedTuple

from shapecalc.diagnostics import Finding
from shapecalc.records.chains import (
    Chain,
    ChainCost,
    ChainLink,
    Counted,
)
from shapecalc.records.conventions import Pair, Rewritten, Side
from shapecalc.records.derived import Code, Derived, Elsewhere, EntryAt, Evaluated, LaidOut
from shapecalc.records.drawings import Back, Drawing, Flow, Vertex
from shapecalc.records.steps import (
    Checked,
    Contraction,
    Dims,
    Exact,
    Formula,
    Jacobian,
    Late,
    Opened,
    OrderingItem,
    Orderings,
    Spellings,
    Step,
    View,
    WalkEdge,
)
from shapecalc.records.values import (
    Claim,
    Distinct,
    Entry,
    Gradient,
    Independence,
    Ledger,
    Mixing,
    Spelled,
    Value,
)

__all__ = [
    "Back",
    "Chain",
    "ChainCost",
    "ChainLink",
    "Checked",
    "Claim",
    "Code",
    "Contraction",
    "Counted",
    "Derived",
    "Dims",
    "Distinct",
    "Drawing",
    "Elsewhere",
    "Entry",
    "EntryAt",
    "Evaluated",
    "Exact",
    "Flow",
    "Formula",
    "Gradient",
    "Independence",
    "Jacobian",
    "LaidOut",
    "Late",
    "Ledger",
    "Mixing",
    "Opened",
    "OrderingItem",
    "Orderings",
    "Pair",
    "Report",
    "Rewritten",
    "Side",
    "Spelled",
    "Spellings",
    "Step",
    "Value",
    "Vertex",
    "View",
    "WalkEdge",
]


class Report(NamedTuple):
    """All that `check` has to say about one spec; of one that cannot be read, findings alone."""

    path: str
    name: str = ""
    ok: bool = False
    loss: str | None = None
    dims: tuple[tuple[str, int | None], ...] = ()
    batch: str | None = None
    layout: str = "denominator"
    values: tuple[Value, ...] = ()
    steps: tuple[Step, ...] = ()
    gradients: tuple[Gradient, ...] = ()
    claims: tuple[Claim, ...] = ()
    findings: tuple[Finding, ...] = ()
    silenced: tuple[Finding, ...] = ()  # by comments in the spec
    assumptions: tuple[str, ...] = ()  # "Y sums to 1 over k, as its loss implies"
    not_checked: tuple[str, ...] = ()  # values that depend on an equation with an error
    inferred_dims: tuple[str, ...] = ()  # names that the spec has not, made for numbers and `_`
    step_count: int = 0
    examples: Independence | None = None  # None where there are none, or no loss
    ledger: Ledger | None = None  # None where no claim makes or carries a factor
    distinct: Distinct | None = None  # where asked for
    derived: Derived | None = None  # by `derive` alone
    chains: tuple[Chain, ...] = ()  # where asked for
    source: tuple[str, ...] = ()  # the lines of the file, for frames
