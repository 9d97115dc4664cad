"""The matrices of a chain → its product in both layouts, with arrangements, cost and vec form."""

from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.dims import ONE, Dim
from shapecalc.graph import Graph
from shapecalc.matrix import make
from shapecalc.matrix.printing import INFIX, text
from shapecalc.orderings.association import Piece, cost
from shapecalc.orderings.long import Count, arrangements
from shapecalc.orderings.trails import UNIT, Ends
from shapecalc.orderings.trails import Chain as Arranged
from shapecalc.records import Chain, ChainCost, ChainLink, Counted, View
from shapecalc.report.links import LinkMatrix, letters
from shapecalc.report.views import vec_view
from shapecalc.sweep import Link
from shapecalc.tree import Call, Leaf, Tree

Lane = dict[Leaf, int]
"""Where a diagonal axis of the whole chain is in each value on the path."""


class Path(NamedTuple):
    """The links from a value up, as far as there is one path, and why it ends there."""

    links: tuple[Link, ...]
    lanes: tuple[Lane, ...]
    matrices: tuple[LinkMatrix, ...]
    ends: str


class Factor(NamedTuple):
    """A factor: as it is, rows by columns, and transposed; equal matrices have one `base`.

    `is_turned`: it is the transpose of its base.
    """

    text: str
    turned_text: str
    rows: Dim
    columns: Dim
    base: object
    is_turned: bool = False
    is_diagonal: bool = False
    is_scalar: bool = False  # times the identity: it has no place in the order

    def turned(self) -> "Factor":
        """Transpose it."""
        return self._replace(
            text=self.turned_text,
            turned_text=self.text,
            rows=self.columns,
            columns=self.rows,
            is_turned=not self.is_turned,
        )


class Product:
    """The product of a chain, for one example, or for all where no matrix depends on the example.

    `factors` make a column: from the value's Jacobian, transposed, up to the gradient above.
    """

    def __init__(self, path: Path, value: Leaf, top: Leaf, start: str) -> None:
        self.path = path
        self.value = value
        self.top = top
        self.start = start
        own = [self._own_axis(each) for each in (value, top)]
        depends = any(
            each.kind not in ("matrix", "scalar") or each.depends for each in path.matrices
        )
        self.is_whole = not depends and len(value.shape) == len(top.shape) == 2 and own[0] == own[1]
        self.is_row = len(value.shape) > 1 and own[0] == len(value.shape) - 1
        self.scalars = [found.tree for found in path.matrices if found.kind == "scalar"]
        self.jacobians = [self._factor(*each) for each in enumerate(path.matrices)]
        matrices = [factor for factor in self.jacobians if not factor.is_scalar]
        self.factors = [*(each.turned() for each in matrices), self._gradient()]

    def _own_axis(self, value: Leaf) -> int:
        """Return the axis along which a value's vector for one example lies."""
        lanes = {lane[value] for lane in self.path.lanes}
        free = [axis for axis in range(len(value.shape)) if axis not in lanes]
        long = [axis for axis in free if not value.shape[axis].is_one]
        return (long or free or [0])[0]

    def _subscript(self, value: Leaf, *, keeps: bool) -> str:
        """Print what picks one example's vector, `[:, j]`; with `keeps`, the lane's axis stays."""
        own = self._own_axis(value)
        names = letters(len(self.path.lanes))
        named = {lane[value]: names[n] for n, lane in enumerate(self.path.lanes)}
        if not named and len(value.shape) < 2:
            return ""
        parts = [":" if axis == own else named.get(axis, "0") for axis in range(len(value.shape))]
        if keeps:
            parts = [part if part == ":" else f"[{part}]" for part in parts]
        while parts and parts[-1] == ":":
            parts.pop()
        return f"[{', '.join(parts)}]" if parts else ""

    def _factor(self, place: int, found: LinkMatrix) -> Factor:
        """Write the Jacobian of a link."""
        if found.kind == "scalar":
            written = "I" if make.is_number(found.tree, 1) else f"{_operand(found.tree)} * I"
            return Factor(written, written, found.rows, found.columns, place, is_scalar=True)
        if found.kind == "diagonal":
            value = self.path.links[place].value
            written = f"diag({_operand(found.tree)}{self._subscript(value, keeps=False)})"
            return Factor(written, written, found.rows, found.columns, place, is_diagonal=True)
        if found.kind == "block":
            written = text(found.tree)
            return Factor(written, f"({written}).T", found.rows, found.columns, place)
        turned_tree = make.transposed(found.tree)
        is_turned = isinstance(found.tree, Call) and found.tree.op in make.TRANSPOSES
        base = turned_tree if is_turned else found.tree
        texts = (_operand(found.tree), _operand(turned_tree))
        return Factor(*texts, found.rows, found.columns, base, is_turned)

    def _gradient(self) -> Factor:
        """Write the gradient above, as a column for one example, or as columns for all."""
        top, own = self.top, self._own_axis(self.top)
        if self.is_whole:
            texts = (self.start, f"{self.start}.T")
            dims = (top.shape[own], top.shape[1 - own])
            texts = texts if own == 0 else texts[::-1]
            return Factor(*texts, *dims, "gradient")
        if len(top.shape) == 2:
            lanes = "" if not self.path.lanes else self._subscript(top, keeps=True)
            written = self.start + lanes
            texts = (written, f"{written}.T") if own == 0 else (f"{written}.T", written)
        else:
            written = self.start + self._subscript(top, keeps=False)
            texts = (f"{written}[:, None]", f"{written}[None, :]")
        rows = top.shape[own] if top.shape else ONE
        lanes_of_top = [lane[top] for lane in self.path.lanes]
        return Factor(*texts, ONE if own in lanes_of_top else rows, ONE, "gradient")

    @property
    def counted_factors(self) -> list[Factor]:
        """Return the factors that have an order: a gradient of one entry is a scalar."""
        *matrices, gradient = self.factors
        is_scalar = gradient.rows.is_one and gradient.columns.is_one
        return matrices if is_scalar else self.factors


def _operand(tree: Tree) -> str:
    written = text(tree)
    return f"({written})" if isinstance(tree, Call) and tree.op in INFIX else written


def filled(plain: Chain, product: Product, graph: Graph) -> Chain:
    """Fill in what there is to say of a product."""
    down = product.factors
    up = [factor.turned() for factor in reversed(down)]
    views = _view(down, product.scalars), _view(up, product.scalars)
    chain, dims = _arranged(product.counted_factors)
    sizes = [graph.size(dim) for dim in dims]
    known = [size for size in sizes if size is not None]
    is_known = len(known) == len(sizes)
    diagonal = [place for place, each in enumerate(product.counted_factors) if each.is_diagonal]
    counts = arrangements(chain, known if is_known else None, diagonal)
    return plain._replace(
        links=tuple(_links(product)),
        lanes=() if product.is_whole else _lanes(product),
        denominator=views[product.is_row],
        numerator=views[not product.is_row],
        vec=_vec(product),
        total=counts.total,
        conformable=_record(counts.conformable),
        here=_record(counts.here) if is_known else None,
        right=counts.right,
        transposed=counts.transposed,
        cost=_cost(product.counted_factors, graph),
    )


def _view(factors: Sequence[Factor], scalars: Sequence[Tree]) -> View:
    shapes = tuple((str(factor.rows), str(factor.columns)) for factor in factors)
    written = " @ ".join(factor.text for factor in factors)
    in_front = [_operand(tree) for tree in scalars if not make.is_number(tree, 1)]
    written = " * ".join([*in_front, written])
    return View(written, shapes, (shapes[0][0], shapes[-1][1]), "", fits_here=False)


def _lanes(product: Product) -> tuple[str, ...]:
    return tuple(str(product.value.shape[lane[product.value]]) for lane in product.path.lanes)


def _record(count: Count) -> Counted:
    return Counted(count.exact, count.bound)


def _arranged(factors: Sequence[Factor]) -> tuple[Arranged, list[Dim]]:
    """Make numbers of factors and dims: equal factors are one kind, equal dims one vertex."""
    kinds: dict[object, int] = {}
    vertices: dict[Dim, int] = {ONE: UNIT}
    ends: list[tuple[int, ...]] = []
    for each in factors:
        pair = [vertices.setdefault(dim, len(vertices)) for dim in (each.rows, each.columns)]
        if each.base not in kinds:
            kinds[each.base] = len(kinds)
            ends.append(tuple(pair[::-1] if each.is_turned else pair))
    word = tuple((kinds[each.base], each.is_turned) for each in factors)
    found: Ends = tuple(ends)
    return Arranged(word, found), list(vertices)


def _cost(factors: Sequence[Factor], graph: Graph) -> ChainCost | None:
    """Count multiplications, where all dims have sizes."""
    pieces = []
    for each in factors:
        rows, columns = graph.size(each.rows), graph.size(each.columns)
        if rows is None or columns is None:
            return None
        pieces.append(Piece(rows, columns, each.is_diagonal))
    found = cost(pieces)
    return ChainCost(found.from_right, found.from_left, found.least)


def _links(product: Product) -> list[ChainLink]:
    return [
        ChainLink(
            link.use.node.output.name,
            link.value.name,
            factor.text,
            matrix.kind,
            (str(matrix.rows), str(matrix.columns)),
            _vec_of(link, matrix),
        )
        for link, matrix, factor in zip(
            product.path.links, product.path.matrices, product.jacobians, strict=True
        )
    ]


def _vec_of(link: Link, matrix: LinkMatrix) -> str:
    """Write what a step does to its upstream with its columns stacked."""
    assert link.gradient is not None
    if len(link.value.shape) != 2 or len(link.gradient.shape) != 2:
        return ""
    if matrix.kind == "scalar":
        return "I" if make.is_number(matrix.tree, 1) else f"{_operand(matrix.tree)} I"
    if matrix.kind == "diagonal":
        return f"diag(vec({text(matrix.tree)}))"
    view = vec_view(link.derived.formula, link.gradient, link.value)
    return "" if view is None else view.formula.removesuffix(f" vec({link.gradient.name})")


def _vec(product: Product) -> str:
    """Write the chain for all examples at once, where each link has such a form."""
    found = [
        _vec_of(link, matrix)
        for link, matrix in zip(product.path.links, product.path.matrices, strict=True)
    ]
    written = " ".join([*(part for part in found if part != "I"), f"vec({product.start})"])
    return written if all(found) else ""
