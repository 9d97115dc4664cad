"""The records that leave the engine: plain, frozen, printed by nobody here.

Dims are strings as printed, `"k"`, `"2*h"`; a shape is a tuple of them. Sizes are numbers, None
where the spec leaves a dim symbolic.
"""

from typing import NamedTuple

from shapecalc.diagnostics import Finding

Dims = tuple[str, ...]


class Formula(NamedTuple):
    """One formula in every spelling: `text` is the spec's own language, to be pasted back."""

    text: str
    numpy: str
    unicode: str
    latex: str


class Value(NamedTuple):
    """An input, a param or an intermediate. `note`: `b1 repeated along m`, `mean over m`."""

    name: str
    kind: str  # "input", "param" or "value"
    shape: Dims
    size: tuple[int, ...] | None
    equation: str | None
    line: int
    note: str
    pattern: int  # equal for values whose equations are alike but for the names


class Jacobian(NamedTuple):
    """`∂output/∂wrt`: the full shape (output's axes, then wrt's), and what a diagonal leaves."""

    shape: Dims
    index_form: str  # "W2[i,p] δ[j,q]"
    left: str  # "∂Z2[i,j]/∂A1[p,q]"
    diagonal: Dims
    effective: str | None  # "W2" where one factor is left, else None
    effective_shape: Dims | None
    entries: tuple[int, ...] | None  # in full; where the deltas hold; in the effective part
    contracted: Dims = ()  # of the output's axes: summed in a product with the upstream
    summed: Dims = ()  # of the output's axes: added up, as wrt was repeated along them


class View(NamedTuple):
    """A step in one layout: the product, the shape of each factor in it, and of the result.

    `shape` is None where the product does not conform for all sizes; `why` then says at which dims,
    `m ≠ k`. `fits_here` is true where it conforms only because sizes coincide. Without a formula
    the layout is not defined, and `why` says why.
    """

    formula: str
    factors: tuple[Dims, ...]
    shape: Dims | None
    why: str
    fits_here: bool


class OrderingItem(NamedTuple):
    """One arrangement of a step's factors, each transposed or not, with its verdict."""

    formula: str
    factors: tuple[Dims, ...]
    conforms: str  # "always", "here" or "never"
    shape: Dims | None
    value: str | None  # "right", "transposed" or "wrong"; None where it never conforms
    layout: str | None  # "denominator" or "numerator" where right or transposed
    why: str  # "m ≠ k", or "m = k = 64" where it conforms only here


class Orderings(NamedTuple):
    """All arrangements of a step's factors, counted; `items` is a bounded list of them."""

    defined: bool
    why: str  # why none is defined
    total: int = 0
    conformable: int = 0  # for all sizes
    at_these_sizes: int | None = None  # for all sizes, and by coincidence
    right: int = 0
    transposed: int = 0
    items: tuple[OrderingItem, ...] = ()


class Contraction(NamedTuple):
    """The chain rule of one step, rewritten line by line: the expression, and the reason for it."""

    left: str  # "dA1[p,q]"
    lines: tuple[tuple[str, str], ...]  # ("Σij dZ2[i,j] W2[i,p] δ[j,q]", "the chain rule, …")


class WalkEdge(NamedTuple):
    """A factor as an edge of the walk: from its row's index to its column's; `along` its arrow?"""

    factor: str
    row: str
    column: str
    along: bool


class Step(NamedTuple):
    """One link of the chain: how `wrt`, in its `use`-th place in the equation, moves `output`.

    `relation` says what kind of link: "product", "elementwise", "sum", "softmax", "other".
    Steps with the same `kind` differ by names alone.
    """

    loss: str | None
    output: str
    wrt: str
    use: int
    equation: str
    line: int
    kind: int
    relation: str
    note: str
    upstream: str | None  # "dZ2"; None where output is the loss itself
    upstream_shape: Dims  # as the layout stores it
    wrt_shape: Dims  # of the gradient of wrt, as the layout stores it
    jacobian: Jacobian
    denominator: View
    numerator: View
    mixed: View | None
    mixed_why: str  # where there is no mixed product: why
    vec: View | None
    orderings: Orderings
    contraction: Contraction
    walk: tuple[WalkEdge, ...]  # empty where the formula is no walk
    formula: Formula  # the contribution to the gradient of wrt
    checked: "Checked"


class Exact(NamedTuple):
    """Exact evaluation over a prime field: how many assignments and points, and the error bound."""

    field: str  # "2^61-1"
    assignments: int
    trials: int
    error_bound: str  # "2^-170"


class Checked(NamedTuple):
    """How a formula was checked; None where a check does not apply, with the reason in `note`."""

    canonical: bool
    components: float | None  # largest relative error against differences by component
    exact: Exact | None
    note: str


class Gradient(NamedTuple):
    """The gradient of one value, in the layout of the spec."""

    wrt: str
    gradient: str  # its name, "dA1"
    kind: str  # of wrt: "input", "param" or "value"
    shape: Dims
    layout: str
    formula: Formula
    steps: tuple[tuple[str, int, str], ...]  # (output, use, numpy) of each step that contributes
    checked: Checked
    note: str  # "softmax with cross_entropy", "at Z1 = 0: 0 by convention"
    pattern: int  # equal for gradients that differ by names alone


class Claim(NamedTuple):
    """The author's formula for a gradient, judged."""

    wrt: str
    gradient: str
    claim: str
    verdict: str  # "right", "convention", "wrong" or "undecided"
    kind: str | None
    mistakes: tuple[str, ...]
    times: str | None  # "m" where the claim is m times the gradient
    right: str | None
    how: str  # "algebra, for all sizes", "exact, error < 2^-160", "float"
    line: int


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
    source: tuple[str, ...] = ()  # the lines of the file, for frames
