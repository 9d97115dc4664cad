"""Index notation: sums of terms, a term being coefficient × factors × deltas and masks.

Here every derivative is formed and contracted. The letters carry the meaning; a layout, an order
of factors or a transpose does not exist at this level, and nothing here may know of one.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from shapecalc.conditions import Condition, Label, renamed, settled
from shapecalc.conditions.faces import face_of
from shapecalc.dims import Count, Dim, Floor, Monomial, Shape
from shapecalc.tree import Tree, call, leaf, number

Labels = tuple[Label | None, ...]
"""One label for each axis; None at a unit axis, which has nothing to run over."""


ONCE = Fraction(1)
"""The coefficient of most terms: multiplied by it, a number stays as it is."""


def plain(number: Fraction) -> Fraction:
    """Return the number, and ONCE for 1."""
    return ONCE if number == 1 else number


def times(one: Fraction, other: Fraction) -> Fraction:
    """Multiply two numbers, most of which are ONCE."""
    return one if other is ONCE else other if one is ONCE else one * other


class Factor(NamedTuple):
    """A value with its labels, `W2[i,p]`, to a power: `A2[i,j]**-1`."""

    tree: Tree
    labels: Labels
    power: Fraction = ONCE


class Delta(NamedTuple):
    """A Kronecker delta: 1 where both labels have one value, else 0."""

    left: Label
    right: Label


class Term(NamedTuple):
    """coefficient × factors × deltas, summed over the labels of `summed`; the others are free.

    `conditions` are deltas and masks of affine forms, `δ[i, d*a + b]` and `[j <= i]`.
    """

    coefficient: Fraction
    factors: tuple[Factor, ...]
    deltas: tuple[Delta, ...] = ()
    summed: tuple[Label, ...] = ()
    conditions: tuple[Condition, ...] = ()


Sum = tuple[Term, ...]

Key = tuple[tuple[tuple[str, Tree], ...], tuple[str, ...], tuple[str, ...]]
"""What a term is but for the order of its factors and the names of its summed labels."""

UNIT = Term(ONCE, ())


def fresh_labels(shape: Shape) -> Labels:
    """Return a new label for each axis that has something to run over."""
    return tuple([None if dim.is_one else Label(dim) for dim in shape])


def multiply(left: Term, right: Term) -> Term:
    """Multiply two terms whose summed labels are their own."""
    return Term(
        times(left.coefficient, right.coefficient),
        left.factors + right.factors,
        left.deltas + right.deltas,
        left.summed + right.summed,
        left.conditions + right.conditions,
    )


def tied(labels: Labels, others: Labels) -> tuple[Delta, ...]:
    """Return the deltas that say of two values of one shape: the same entry."""
    return tuple(
        Delta(left, right)
        for left, right in zip(labels, others, strict=True)
        if left is not None and right is not None and left is not right
    )


def relabelled(labels: Labels, change: Mapping[Label, Label]) -> Labels:
    """Put one label for another wherever it occurs."""
    return tuple([None if label is None else change.get(label, label) for label in labels])


def with_labels(term: Term, change: Mapping[Label, Label]) -> Term:
    """Put one label for another in a whole term; a delta of one label is 1."""
    deltas = [Delta(change.get(d.left, d.left), change.get(d.right, d.right)) for d in term.deltas]
    return Term(
        term.coefficient,
        tuple([Factor(f.tree, relabelled(f.labels, change), f.power) for f in term.factors]),
        tuple([d for d in deltas if d.left is not d.right]),
        tuple([change.get(label, label) for label in term.summed]),
        tuple([renamed(each, change) for each in term.conditions]),
    )


def contracted(term: Term, *, fully: bool = False) -> Term:
    """Remove every delta that touches a summed label, by putting its other label in its place.

    `fully`: settle conditions as far as can be, also where that leaves forms without a name.
    Source: the sifting property, Σ_j a[j] δ[j,q] = a[q].
    """
    while (delta := _removable(term)) is not None:
        old, new = delta if delta.left in term.summed else (delta.right, delta.left)
        summed = tuple(label for label in term.summed if label is not old)
        term = with_labels(term._replace(summed=summed), {old: new})
    if term.conditions:
        return _with_settled(term, fully=fully)
    return _without_idle_sums(term)


def _with_settled(term: Term, *, fully: bool) -> Term:
    """Work out what the conditions say at all sizes; labels found equal make plain deltas."""
    held = {label for factor in term.factors for label in factor.labels if label is not None}
    held |= {label for delta in term.deltas for label in delta}
    conditions, summed, ties, is_zero = settled(term.conditions, term.summed, held, fully=fully)
    if is_zero:
        return Term(Fraction(0), ())
    deltas = tuple(Delta(*tie) for tie in ties if tie[0] is not tie[1])
    term = term._replace(conditions=conditions, summed=summed, deltas=term.deltas + deltas)
    return contracted(term, fully=fully) if ties else _without_idle_sums(term)


def _removable(term: Term) -> Delta | None:
    summed = term.summed
    return next((d for d in term.deltas if d.left in summed or d.right in summed), None)


def _without_idle_sums(term: Term) -> Term:
    """Replace a sum over a label that no factor has by the number of its values."""
    if not term.summed:
        return term
    used = {label for factor in term.factors for label in factor.labels}
    used |= {label for delta in term.deltas for label in delta}
    used |= {label for condition in term.conditions for label in condition.labels}
    idle = [label for label in term.summed if label not in used]
    if not idle:
        return term
    kept = tuple(label for label in term.summed if label in used)
    sizes = tuple(
        Factor(tree, (), power) for label in idle for tree, power in size_powers(label.dim)
    )
    return term._replace(factors=term.factors + sizes, summed=kept)


def size_powers(dim: Dim) -> tuple[tuple[Tree, Fraction], ...]:
    """Return the numbers whose product a dim is, with powers: `n*m` as n and m, `n/h` as n and 1/h.

    The sum of several terms is one number.
    """
    if len(dim.terms) == 1:
        return tuple(_powers(*dim.terms[0]))
    return ((_total(dim), Fraction(1)),)


def _total(dim: Dim) -> Tree:
    """Return a sum of products as one number."""
    total = _product(*dim.terms[0])
    for monomial, count in dim.terms[1:]:
        op = "sub" if count < 0 else "add"
        total = call(op, (total, _product(monomial, -count if count < 0 else count)), (), ())
    return total


def _powers(monomial: Monomial, count: Count) -> Iterator[tuple[Tree, Fraction]]:
    if count != 1 or not monomial:
        yield number(count), Fraction(1)
    for name, power in monomial:
        for _ in range(abs(power)):
            yield _atom(name), Fraction(1 if power > 0 else -1)


def _atom(name: str) -> Tree:
    """Return a name as a number in a formula, and the whole part of a quotient as `floor`."""
    if not isinstance(name, Floor):
        return leaf(name, ())
    above, below = (_total(dim) for dim in (name.above, name.below))
    return call("floor", (call("div", (above, below), (), ()),), (), ())


def _product(monomial: Monomial, count: Count) -> Tree:
    """Return a product as one tree: `2 * n`, `n / h`."""
    product: Tree | None = None
    for tree, power in sorted(_powers(monomial, count), key=lambda pair: -pair[1]):
        if product is None:
            product = tree if power > 0 else call("div", (number(1), tree), (), ())
        else:
            product = call("mul" if power > 0 else "div", (product, tree), (), ())
    assert product is not None
    return product


def merged_powers(term: Term) -> Term:
    """Collect equal factors at equal labels into one with the sum of their powers."""
    powers: dict[tuple[Tree, Labels], Fraction] = {}
    for tree, labels, power in term.factors:
        key = (tree, labels)
        powers[key] = powers[key] + power if key in powers else power
    if len(powers) == len(term.factors) and all(powers.values()):
        return _without_idle_sums(term)
    factors = tuple(Factor(*key, power) for key, power in powers.items() if power)
    return _without_idle_sums(term._replace(factors=factors))


def merged_terms(terms: Iterable[Term], free: Labels) -> Sum:
    """Add up the terms that differ by their coefficient and the names of summed labels alone."""
    given = tuple(terms)
    merged = _by_key(given, free).values() if len(given) > 1 else given
    return tuple(term for term in merged if term.coefficient)


def _by_key(terms: Iterable[Term], free: Labels) -> dict[Key, Term]:
    """Add up the terms that have one canonical key."""
    totals: dict[Key, Term] = {}
    for term in terms:
        key = canonical_key(term, free)
        if key in totals:
            coefficient = totals[key].coefficient + term.coefficient
            totals[key] = totals[key]._replace(coefficient=coefficient)
        else:
            totals[key] = term
    return totals


def canonical(terms: Iterable[Term], free: Labels) -> frozenset[tuple[object, Fraction]]:
    """Return a form that two sums share exactly if they are equal as polynomials in their factors.

    Factors are compared as they stand: expand products of sums first.
    """
    settled_terms = (_tied_as_one(contracted(term, fully=True), free) for term in terms)
    merged = _by_key(map(merged_powers, settled_terms), free)
    return frozenset((key, term.coefficient) for key, term in merged.items() if term.coefficient)


def _tied_as_one(term: Term, free: Labels) -> Term:
    """Write all with the first of the labels that deltas tie: δ[p,q] a[q] is δ[p,q] a[p]."""
    if not term.deltas:
        return term
    first: dict[Label, Label] = {label: label for label in free if label is not None}
    for delta in (*term.deltas, *term.deltas):  # once more, for ties that meet later
        roots = {first.get(label, label) for label in delta}
        root = next((label for label in first if label in roots), delta.left)
        first.update({label: root for label, own in list(first.items()) if own in roots})
    moved = with_labels(term._replace(deltas=()), first)
    ties = [Delta(root, label) for label, root in first.items() if root is not label]
    return moved._replace(deltas=tuple(ties))


SUMMED = -1
"""The colour of labels that are summed; of those that are free, it is their place."""


def canonical_key(term: Term, free: Labels) -> Key:
    """Return a key that ignores the order of factors and the names of summed labels.

    Labels are told apart by refining colours (what a label's factors and their other labels look
    like); where that leaves a tie, the smallest key over all ways to break it is taken.
    """
    colours: dict[Label, object] = {
        label: place for place, label in enumerate(free) if label is not None
    }
    for label in term.summed:
        colours[label] = SUMMED
    keys = _keys(term, colours)
    return min(keys, key=_order) if len(keys) > 1 else keys[0]


def _order(key: Key) -> str:
    factors, deltas, conditions = key
    return repr(([face for face, _ in factors], deltas, conditions))


def _keys(term: Term, colours: dict[Label, object]) -> list[Key]:
    if len(term.summed) > 1:  # a label alone needs no colour of its own
        colours = _refined(term, colours)
    groups: dict[str, list[Label]] = {}
    for label in term.summed:
        groups.setdefault(repr(colours[label]), []).append(label)
    tied_labels = next((groups[name] for name in sorted(groups) if len(groups[name]) > 1), None)
    if tied_labels is None:
        return [_key(term, colours)]
    return [
        key for label in tied_labels for key in _keys(term, {**colours, label: (colours[label], 1)})
    ]


def _refined(term: Term, colours: dict[Label, object]) -> dict[Label, object]:
    """Refine until all labels differ, or as many colours stay as there were."""
    for _ in term.summed:
        around: dict[Label, list[str]] = {label: [] for label in term.summed}
        for factor in term.factors:
            face = _face(factor, colours)
            for place, label in enumerate(factor.labels):
                if label in around:
                    around[label].append(f"{place}{face}")
        for condition in term.conditions:
            for label in condition.labels:
                if label in around:
                    around[label].append(face_of(condition, colours, label))
        finer = dict(colours)
        for label, faces in around.items():
            finer[label] = hash((repr(colours[label]), tuple(sorted(faces))))
        count = len(set(map(repr, finer.values())))
        if count == len(set(map(repr, colours.values()))):
            return colours
        colours = finer
        if count == len(colours):
            break
    return colours


def _face(factor: Factor, colours: Mapping[Label, object]) -> str:
    marks = [None if label is None else colours[label] for label in factor.labels]
    power = "" if factor.power is ONCE or factor.power == 1 else factor.power
    return f"{id(factor.tree)}{power}{marks}"


def _key(term: Term, colours: Mapping[Label, object]) -> Key:
    faces = [(_face(factor, colours), id(factor.tree), factor.tree) for factor in term.factors]
    deltas = [str(sorted((repr(colours[d.left]), repr(colours[d.right])))) for d in term.deltas]
    conditions = [face_of(condition, colours) for condition in term.conditions]
    return (  # the trees are in the key, so that none dies and hands on its id
        tuple([(face, tree) for face, _, tree in sorted(faces)]),
        tuple(sorted(deltas)),
        tuple(sorted(conditions)),
    )
