"""What is said of a chain of links: the product, its arrangements, what it costs."""

from typing import NamedTuple

from shapecalc.records.steps import Dims, View


class Counted(NamedTuple):
    """A number of arrangements: exactly, None where that is not worked out, and at most."""

    exact: int | None
    bound: int


class ChainLink(NamedTuple):
    """A link of a chain: its Jacobian for one example, and what it does to a whole vec(dY)."""

    output: str
    wrt: str
    matrix: str
    kind: str  # "matrix"; "diagonal" of an elementwise link; "block" of a softmax
    shape: Dims
    vec: str  # columns stacked; empty where there is none


class ChainCost(NamedTuple):
    """Multiplications for one example, by where one begins; `least` is None for a long chain."""

    from_start: int
    from_value: int
    least: int | None


class Chain(NamedTuple):
    """The links from a gradient above down to that of a value, as one product.

    Without a formula in `denominator` there is none, and `why` says why. `links` begin at the
    value. `lanes` are the axes along which each index has a product of its own; none where the
    product holds for the whole matrices. `then` is the step to a value that has not these axes.
    """

    wrt: str
    value: str  # that the product leads to: wrt itself, or the value before `then`
    start: str  # the gradient that it begins with
    begins: str  # why there
    paths: int  # how many lead from the loss to wrt
    then: str
    why: str = ""
    links: tuple[ChainLink, ...] = ()
    lanes: Dims = ()
    denominator: View | None = None
    numerator: View | None = None
    vec: str = ""
    total: int = 0
    conformable: Counted = Counted(0, 0)
    here: Counted | None = None
    right: int = 0
    transposed: int = 0
    cost: ChainCost | None = None
