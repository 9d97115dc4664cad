"""What a step of the chain shows: its Jacobian, layouts, orderings, and how it was checked."""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

Dims = tuple[str, ...]
T = TypeVar("T")


class Late(Generic[T]):
    """A part of a record that is written when it is asked for, and once.

    A long network has many thousand steps alike, of which a page shows one. Two parts are equal
    where what is written is.
    """

    __slots__ = ("_write", "_written")

    def __init__(self, write: Callable[[], T]) -> None:
        self._write: Callable[[], T] | None = write
        self._written: tuple[T, ...] = ()

    def __call__(self) -> T:
        if self._write is not None:
            self._written, self._write = (self._write(),), None
        return self._written[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Late) and self() == other()

    def __hash__(self) -> int:
        return hash(self())

    def __repr__(self) -> str:
        return repr(self())


class Formula(NamedTuple):
    """One formula in every spelling: `text` is the spec's own language, to be pasted back."""

    text: str
    spelt: Late["Spellings"]

    @property
    def numpy(self) -> str:
        """Return it as Python that runs with NumPy."""
        return self.spelt().numpy

    @property
    def unicode(self) -> str:
        """Return it with signs such as `ᵀ`."""
        return self.spelt().unicode

    @property
    def latex(self) -> str:
        """Return it as LaTeX, for math mode."""
        return self.spelt().latex


class Spellings(NamedTuple):
    """One formula in the spellings that a page in the terminal has no need of."""

    numpy: str
    unicode: str
    latex: str


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
    mixed: Dims = ()  # of the output's axes: each entry depends on several of wrt, as in a softmax


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


class Opened(NamedTuple):
    """What a step shows when it is opened."""

    note: str
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
    upstream: str | None  # "dZ2"; None where output is the loss itself
    checked: Checked
    opened: Late[Opened]

    @property
    def note(self) -> str:
        return self.opened().note

    @property
    def upstream_shape(self) -> Dims:
        return self.opened().upstream_shape

    @property
    def wrt_shape(self) -> Dims:
        return self.opened().wrt_shape

    @property
    def jacobian(self) -> Jacobian:
        return self.opened().jacobian

    @property
    def denominator(self) -> View:
        return self.opened().denominator

    @property
    def numerator(self) -> View:
        return self.opened().numerator

    @property
    def mixed(self) -> View | None:
        return self.opened().mixed

    @property
    def mixed_why(self) -> str:
        return self.opened().mixed_why

    @property
    def vec(self) -> View | None:
        return self.opened().vec

    @property
    def orderings(self) -> Orderings:
        return self.opened().orderings

    @property
    def contraction(self) -> Contraction:
        return self.opened().contraction

    @property
    def walk(self) -> tuple[WalkEdge, ...]:
        return self.opened().walk

    @property
    def formula(self) -> Formula:
        return self.opened().formula
