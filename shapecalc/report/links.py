"""A link of a chain → one matrix for each example: the Jacobian without its diagonal axes.

What a link does to the gradient of one example, by which the links of a chain are multiplied. Each
matrix is compared with the step's own formula before it is used.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from random import Random
from typing import NamedTuple

from shapecalc import layout
from shapecalc.backprop import Jacobian
from shapecalc.conditions import Label
from shapecalc.dims import ONE, Dim
from shapecalc.index import Delta, Factor, Term, with_labels
from shapecalc.matrix.joining import Unreadable
from shapecalc.matrix.printing import text
from shapecalc.sweep import Link
from shapecalc.tree import Leaf, Renaming, Tree, leaf, leaves
from shapecalc.verify.algebra import agrees_by_algebra
from shapecalc.verify.evaluate import Evaluation, Point
from shapecalc.verify.field import NoValue, Unsupported
from shapecalc.verify.standins import stand_ins

TOLERANCE = 1e-9

Lanes = tuple[tuple[int, int], ...]
"""For each diagonal axis of a chain, its place in the output and in the variable of a link."""


class LinkMatrix(NamedTuple):
    """The matrix of a link, output by variable: `tree` has it, with the lanes of `held` in front.

    A "scalar" times the identity has that in `tree`; a "diagonal" has its entries there, in the
    shape of the variable; a "block" has no formula of its own. `axes` are those of output and
    variable that are on no lane, None where there is none; then `rows` or `columns` is 1.
    """

    kind: str
    tree: Tree
    held: tuple[int, ...]
    rows: Dim
    columns: Dim
    axes: tuple[int | None, int | None]
    depends: bool = False  # on the example, where `held` is empty as it is written at one


def tied_axis(found: Jacobian, axis: int) -> int | None:
    """Return the axis of the output that all terms tie to an axis of the variable."""
    label = found.wrt_labels[axis]
    places = {_tied(term, label, found) for term in found.terms}
    return places.pop() if len(places) == 1 else None


def _tied(term: Term, label: Label | None, found: Jacobian) -> int | None:
    pairs = [delta for delta in term.deltas if label in delta]
    if len(pairs) != 1 or any(label in condition.labels for condition in term.conditions):
        return None
    other = pairs[0].right if pairs[0].left is label else pairs[0].left
    return found.output_labels.index(other) if other in found.output_labels else None


class Links:
    """Finds the matrices of links; once for links alike."""

    def __init__(self) -> None:
        self._known: dict[object, LinkMatrix | str] = {}

    def matrix(self, link: Link, lanes: Lanes) -> LinkMatrix | str:
        """Return the matrix of a link along some lanes, in this network's names, or why not."""
        key = (link.derived.derivation.number, lanes)
        if key not in self._known:
            self._known[key] = _checked(link, lanes)
        found = self._known[key]
        if isinstance(found, str):
            return found
        renaming = link.derived.renaming
        rows, columns = renaming.dim(found.rows), renaming.dim(found.columns)
        if found.held:
            return _at_example(link, lanes)
        if found.kind == "block":
            name = f"∂{link.use.node.output.name}/∂{link.value.name}"
            return found._replace(tree=leaf(name, (rows, columns)), rows=rows, columns=columns)
        return found._replace(tree=renaming.tree(found.tree), rows=rows, columns=columns)


def letters(count: int) -> str:
    """Return the letters of lanes; a single one is j, as examples are columns."""
    return "j" if count == 1 else "ijab"[:count]


def _at_example(link: Link, lanes: Lanes) -> LinkMatrix | str:
    """Write a matrix that depends on the example with what it holds at one, `V[j]`."""
    found = _found(link, lanes)
    assert isinstance(found, LinkMatrix)
    (jacobian,) = link.derived.derivation.jacobians
    terms, row, column = _along(jacobian, lanes)
    spell = link.derived.renaming
    named: dict[Label | None, str] = {
        label: letter
        for (_, axis), letter in zip(lanes, letters(len(lanes)), strict=False)
        if (label := jacobian.wrt_labels[axis]) is not None
    }
    at_one = tuple(
        term._replace(factors=tuple(_picked(factor, named, spell) for factor in term.factors))
        for term in terms
    )
    try:
        tree = layout.formula(
            at_one, (row, column), (found.rows, found.columns), (), numerator=False
        )
    except Unreadable:
        return "its Jacobian is no single matrix"
    if not agrees_by_algebra(tree, at_one, (row, column)):
        return "its matrix failed its own check"
    dims = spell.dim(found.rows), spell.dim(found.columns)
    return LinkMatrix("matrix", spell.tree(tree), (), *dims, found.axes, depends=True)


def _picked(factor: Factor, named: Mapping[Label | None, str], spell: Renaming) -> Factor:
    """Take a factor at one index of each lane that it has."""
    if named.keys().isdisjoint(factor.labels):
        return factor
    keeps = len(factor.labels) == 2 and len(named.keys() & set(factor.labels)) == 1
    parts = [named.get(label, ":") for label in factor.labels]
    parts = [f"[{part}]" if keeps and part != ":" else part for part in parts]
    while parts[-1] == ":":
        parts.pop()
    written = text(spell.tree(factor.tree))
    is_name = isinstance(factor.tree, Leaf)
    name = f"{written if is_name else f'({written})'}[{', '.join(parts)}]"
    pairs = list(zip(factor.labels, factor.tree.shape, strict=True))
    kept = [(None, ONE) if label in named else (label, dim) for label, dim in pairs]
    if not keeps:
        kept = [pair for pair, label in zip(kept, factor.labels, strict=True) if label not in named]
    shape = tuple(dim for _, dim in kept)
    return Factor(leaf(name, shape), tuple(label for label, _ in kept), factor.power)


def _checked(link: Link, lanes: Lanes) -> LinkMatrix | str:
    """Find the matrix of the first link of a kind, in that one's names."""
    try:
        found = _found(link, lanes)
    except Unreadable:
        return "its Jacobian is no single matrix"
    if isinstance(found, str) or found.kind == "block":
        return found
    try:
        agrees = _agrees(link, lanes, found)
    except (Unsupported, NoValue):
        return "its matrix cannot be compared with the step's formula"
    return found if agrees else "its matrix failed its own check"


def _found(link: Link, lanes: Lanes) -> LinkMatrix | str:
    (found,) = link.derived.derivation.jacobians
    terms, row, column = _along(found, lanes)
    if any(term.conditions for term in terms):
        return "its Jacobian holds masks or ranges of indices"
    dims = (ONE if row is None else row.dim, ONE if column is None else column.dim)
    axes = (_place(row, found.output_labels), _place(column, found.wrt_labels))
    tied = [_is_tied(term, row, column) for term in terms]
    if all(tied) and not any(factor.labels for term in terms for factor in term.factors):
        own = {row: column} if row is not None and column is not None else {}
        tree = layout.formula([with_labels(t, own) for t in terms], (), (), (), numerator=False)
        return LinkMatrix("scalar", tree, (), *dims, axes)
    if all(tied):
        own = {row: column} if row is not None and column is not None else {}
        entries = [with_labels(term, own) for term in terms]
        shape = link.derived.derivation.value.shape
        tree = layout.formula(entries, found.wrt_labels, shape, (), numerator=False)
        return LinkMatrix("diagonal", tree, (), *dims, axes)
    if any(tied):
        return LinkMatrix("block", leaf("∂", dims), (), *dims, axes)
    labels = [found.wrt_labels[p] for _, p in lanes]
    used = {label for term in terms for factor in term.factors for label in factor.labels}
    held = tuple(place for place, label in enumerate(labels) if label in used)
    free = (*(labels[place] for place in held), row, column)
    shape = tuple(ONE if label is None else label.dim for label in free)
    tree = layout.formula(terms, free, shape, (), numerator=False)
    return LinkMatrix("matrix", tree, held, *dims, axes)


def _along(found: Jacobian, lanes: Lanes) -> tuple[list[Term], Label | None, Label | None]:
    """Put one label for both of each lane; return the labels that are left beside."""
    ties = {found.output_labels[i]: found.wrt_labels[p] for i, p in lanes}
    change = {i: p for i, p in ties.items() if i is not None and p is not None}
    terms = [with_labels(term, change) for term in found.terms]
    row = _rest(found.output_labels, set(change))
    return terms, row, _rest(found.wrt_labels, set(change.values()))


def _place(label: Label | None, labels: Sequence[Label | None]) -> int | None:
    return None if label is None else labels.index(label)


def _rest(labels: Sequence[Label | None], lanes: set[Label]) -> Label | None:
    """Return the one label that is on no lane; there is at most one."""
    left = [label for label in labels if label is not None and label not in lanes]
    assert len(left) < 2
    return left[0] if left else None


def _is_tied(term: Term, row: Label | None, column: Label | None) -> bool:
    """Say whether a term is 0 off the diagonal; a scalar for each example is so too."""
    if row is None or column is None:
        return row is column
    return Delta(row, column) in term.deltas or Delta(column, row) in term.deltas


# --- the check ----------------------------------------------------------------------------------


class _Array(NamedTuple):
    """Entries by place, an axis of size 1 at any place."""

    point: Point

    def at(self, place: Sequence[int]) -> float:
        offset = 0
        for size, index in zip(self.point.sizes, place, strict=True):
            offset = offset * size + (index if size > 1 else 0)
        return self.point.floats[offset]


def _agrees(link: Link, lanes: Lanes, found: LinkMatrix) -> bool:
    """Say whether a matrix does to each example what the step's formula does."""
    derivation = link.derived.derivation
    assert link.gradient is not None
    upstream_name = derivation.names[link.derived.names.index(link.gradient.name)]
    trees = (derivation.formula, found.tree)
    world = _world(trees)
    upstream = next(name for name in leaves(derivation.formula) if name.name == upstream_name)
    above, below, matrix = (_Array(world.at(t)) for t in (upstream, derivation.formula, found.tree))
    sizes = [range(size) for size in below.point.sizes]
    for place in product(*sizes):
        expected = below.at(place)
        total = _through(place, lanes, found, above, matrix)
        if abs(total - expected) > TOLERANCE * max(1.0, abs(expected)):
            return False
    return True


def _through(
    place: Sequence[int], lanes: Lanes, found: LinkMatrix, above: _Array, matrix: _Array
) -> float:
    """Multiply the matrix of a place's example, transposed, by the gradient of that example."""
    row_axis, column_axis = found.axes
    column = 0 if column_axis is None else place[column_axis]
    out = [0] * len(above.point.sizes)
    for i, p in lanes:
        out[i] = place[p]
    rows = 1 if row_axis is None else above.point.sizes[row_axis]
    front = [place[lanes[lane][1]] for lane in found.held]
    total = 0.0
    for row in range(rows):
        if row_axis is not None:
            out[row_axis] = row
        if found.kind == "matrix":
            total += above.at(out) * matrix.at([*front, row, column])
        elif row == column:
            total += above.at(out) * matrix.at(place if found.kind == "diagonal" else ())
    return total


def _world(trees: Sequence[Tree]) -> Evaluation:
    """Give every name of some trees a value, at stand-in sizes."""
    random = Random(5)
    names = dict.fromkeys(name for tree in trees for name in leaves(tree))
    dims = dict.fromkeys(dim for name in names for dim in name.shape)
    symbols = [Dim.named(name.name) for name in names if not name.shape]
    sizes = stand_ins([*dims, *symbols], frozenset(), 0)
    world = Evaluation(sizes, {}, None)
    for name in names:
        if name.shape:
            world.set(name, _drawn(name, world, random))
    return world


def _drawn(name: Leaf, world: Evaluation, random: Random) -> Point:
    sizes = world.size(name.shape)
    count = 1
    for size in sizes:
        count *= size
    return Point(sizes, [random.uniform(0.3, 1.7) for _ in range(count)])
