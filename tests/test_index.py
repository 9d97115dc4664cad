"""Index terms: contraction keeps the value, and one form stands for all ways to write a term."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations
from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import Array, World, shape, value_of

from shapecalc.conditions import Label
from shapecalc.dims import Dim
from shapecalc.index import (
    Delta,
    Factor,
    Labels,
    Term,
    canonical,
    contracted,
    fresh_labels,
    merged_powers,
    merged_terms,
    multiply,
    relabelled,
    size_powers,
    tied,
)
from shapecalc.tree import Leaf, leaf

VALUES = {"A": "m,n", "B": "m,n", "S": "m,m", "v": "m", "w": "n", "c": ""}
LEAVES = {name: leaf(name, shape(dims)) for name, dims in VALUES.items()}
SIZE_LEAVES = [leaf(name, ()) for name in "mn"]  # kept, as equations keep them
POOL = {"m": 4, "n": 3}
"""How many labels of each dim a random term may use; the first of each is free."""


def world(m: int, n: int) -> World:
    random = np.random.default_rng(97)
    sizes = {"m": m, "n": n}
    drawn: dict[str, Array] = {}
    for name, each in LEAVES.items():
        size = tuple(dim.size(sizes) for dim in each.shape)
        drawn[name] = np.asarray(random.uniform(0.5, 1.5, size))
    return World(sizes, drawn)


WORLDS = (world(5, 7), world(7, 3))


class Recipe(NamedTuple):
    """A random term by numbers: it can be written with other labels, in another order."""

    coefficient: int
    factors: tuple[tuple[str, tuple[int, ...]], ...]
    deltas: tuple[tuple[str, int, int], ...]


def recipes(*, deltas: bool) -> st.SearchStrategy[Recipe]:
    factor = st.sampled_from(sorted(VALUES)).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.tuples(*(st.integers(0, POOL[str(dim)] - 1) for dim in LEAVES[name].shape)),
        )
    )
    pair = st.sampled_from("mn").flatmap(
        lambda dim: st.lists(
            st.integers(0, POOL[dim] - 1), min_size=2, max_size=2, unique=True
        ).map(lambda ends: (dim, *ends))
    )
    return st.builds(
        Recipe,
        st.sampled_from([1, -1, 2, 3]),
        st.lists(factor, min_size=1, max_size=4).map(tuple),
        (st.lists(pair, max_size=3) if deltas else st.just([])).map(tuple),
    )


FREE = {dim: Label(Dim.named(dim)) for dim in POOL}


def written(recipe: Recipe, order: Sequence[int] = ()) -> Term:
    """Write a recipe as a term with new summed labels, its parts in an order of choice."""
    made = {dim: [FREE[dim], *fresh_labels((Dim.named(dim),) * (n - 1))] for dim, n in POOL.items()}
    factors = [
        Factor(
            LEAVES[name],
            tuple(made[str(d)][i] for d, i in zip(LEAVES[name].shape, at, strict=True)),
        )
        for name, at in recipe.factors
    ]
    deltas = [Delta(_label(made, d, i), _label(made, d, j)) for d, i, j in recipe.deltas]
    used = {x for f in factors for x in f.labels} | {x for d in deltas for x in d}
    summed = [x for labels in made.values() for x in labels[1:] if x in used]
    if order:
        factors = [factors[i] for i in order if i < len(factors)]
        summed = summed[::-1] if order[0] % 2 else summed[order[0] // 2 :] + summed[: order[0] // 2]
        deltas = [Delta(d.right, d.left) for d in reversed(deltas)]
    return Term(Fraction(recipe.coefficient), tuple(factors), tuple(deltas), tuple(summed))  # type: ignore[arg-type]  # no label is None here


def _label(made: dict[str, list[Label | None]], dim: str, place: int) -> Label:
    found = made[dim][place]
    assert found is not None
    return found


FREE_LABELS: Labels = (FREE["m"], FREE["n"])
ORDERS = st.permutations(range(4))


def agree(left: Sequence[Term], right: Sequence[Term]) -> bool:
    """Compare by brute force, at two assignments of sizes."""
    return all(
        np.allclose(value_of(tuple(left), FREE_LABELS, at), value_of(tuple(right), FREE_LABELS, at))
        for at in WORLDS
    )


# --- contraction -----------------------------------------------------------------------------


@given(recipe=recipes(deltas=True))
def test_contraction_keeps_the_value(recipe: Recipe) -> None:
    term = written(recipe)
    assert agree([term], [contracted(term)])


@given(recipe=recipes(deltas=True))
def test_contraction_leaves_no_delta_at_a_summed_label(recipe: Recipe) -> None:
    term = contracted(written(recipe))
    assert not {label for delta in term.deltas for label in delta} & set(term.summed)
    assert all(delta.left is not delta.right for delta in term.deltas)


def test_contraction_keeps_a_delta_between_free_labels() -> None:
    m = Dim.named("m")
    i, j, s = Label(m), Label(m), Label(m)
    v = Factor(LEAVES["v"], (i,))
    kept = Term(Fraction(1), (v,), (Delta(i, j),))
    assert contracted(kept) == kept
    joined = contracted(Term(Fraction(1), (v,), (Delta(i, s), Delta(s, j)), (s,)))
    assert [set(delta) for delta in joined.deltas] == [{i, j}]
    assert joined.summed == ()


def test_contraction_removes_a_delta_and_its_summed_label_together() -> None:
    i, s = Label(Dim.named("m")), Label(Dim.named("m"))
    term = contracted(Term(Fraction(1), (Factor(LEAVES["v"], (s,)),), (Delta(s, i),), (s,)))
    assert term == Term(Fraction(1), (Factor(LEAVES["v"], (i,)),))


def names_in(term: Term) -> tuple[str, ...]:
    return tuple(factor.tree.name for factor in term.factors if isinstance(factor.tree, Leaf))


def test_idle_sum_becomes_the_size_of_its_axis() -> None:
    s, t = Label(Dim.named("m")), Label(shape("n*m")[0])
    term = contracted(Term(Fraction(3), (), (), (s, t)))
    assert names_in(term) == ("m", "n", "m")
    assert term.summed == ()
    traced = contracted(Term(Fraction(1), (), (Delta(s, Label(Dim.named("m"))),), (s,)))
    assert names_in(traced) == ()


def test_trace_of_a_delta_is_the_size_of_its_axis() -> None:
    s, t = Label(Dim.named("m")), Label(Dim.named("m"))
    assert names_in(contracted(Term(Fraction(1), (), (Delta(s, t),), (s, t)))) == ("m",)


def test_sizes_of_sums_are_written_out() -> None:
    ((size, power),) = size_powers(Dim.named("m") + Dim.named("n") - Dim.number(1))
    assert power == 1
    assert float(WORLDS[0].at(size)) == 5 + 7 - 1


# --- terms -----------------------------------------------------------------------------------


@given(left=recipes(deltas=True), right=recipes(deltas=True))
def test_product_of_terms_is_the_product_of_their_values(left: Recipe, right: Recipe) -> None:
    a, b = written(left), written(right)
    for at in WORLDS:
        values = [value_of((term,), FREE_LABELS, at) for term in (a, b)]
        np.testing.assert_allclose(
            value_of((multiply(a, b),), FREE_LABELS, at), values[0] * values[1], rtol=1e-9
        )


@given(recipe=recipes(deltas=False))
def test_merging_powers_keeps_the_value(recipe: Recipe) -> None:
    term = written(recipe)
    inverse = tuple(factor._replace(power=Fraction(-1)) for factor in term.factors[:1])
    doubled = term._replace(factors=term.factors + inverse + term.factors[1:2] * 2)
    merged = merged_powers(doubled)
    assert len({(f.tree, f.labels) for f in merged.factors}) == len(merged.factors)
    assert agree([doubled], [merged])


@given(pair=st.lists(recipes(deltas=False), min_size=2, max_size=3), order=ORDERS)
def test_merging_terms_keeps_the_value(pair: list[Recipe], order: list[int]) -> None:
    terms = [written(recipe) for recipe in pair]
    terms += [written(pair[0], order)]
    merged = merged_terms(terms, FREE_LABELS)
    assert agree(terms, merged)
    assert len(merged) <= len(pair)


def test_terms_that_cancel_leave_nothing() -> None:
    term = written(Recipe(2, (("A", (0, 1)), ("w", (1,))), ()))
    other = written(Recipe(-2, (("w", (2,)), ("A", (0, 2))), ()))
    assert merged_terms([term, other], FREE_LABELS) == ()


def test_unit_axes_have_no_label_and_no_delta() -> None:
    labels = fresh_labels(shape("m,1"))
    assert labels[1] is None
    assert len(tied(labels, fresh_labels(shape("m,1")))) == 1
    assert tied(labels, labels) == ()
    assert relabelled(labels, {}) == labels


# --- the canonical form ----------------------------------------------------------------------


@given(recipe=recipes(deltas=True), order=ORDERS)
@settings(max_examples=200)
def test_canonical_form_ignores_order_and_names(recipe: Recipe, order: list[int]) -> None:
    term, other = written(recipe), written(recipe, order)
    assert canonical([term], FREE_LABELS) == canonical([other], FREE_LABELS)


def test_canonical_form_ignores_the_order_in_which_ties_are_broken() -> None:
    m, n = shape("m,n")
    a, b, c, d, e, f = (Label(m), Label(m), Label(n), Label(n), Label(m), Label(m))
    factors = (
        Factor(LEAVES["A"], (a, c)),
        Factor(LEAVES["A"], (b, d)),
        Factor(LEAVES["v"], (e,)),
        Factor(LEAVES["v"], (f,)),
    )  # (Σ A)² (Σ v)²
    found = {
        canonical([Term(Fraction(1), factors, (), summed)], ())
        for summed in permutations((a, b, c, d, e, f))
    }
    assert len(found) == 1


def of_a_size(name: str) -> frozenset[tuple[object, Fraction]]:
    """Return the canonical form of a sum of deltas, a size whose tree nobody else holds."""
    i, j = Label(Dim.named(name)), Label(Dim.named(name))
    return canonical([Term(Fraction(1), (), (Delta(i, j),), (i, j))], ())


def test_canonical_form_does_not_depend_on_trees_that_are_gone() -> None:
    first = of_a_size("q")
    kept = [leaf(f"in between {count}", ()) for count in range(9)]
    assert of_a_size("q") == first, kept
    assert of_a_size("p") != of_a_size("q")


@given(left=recipes(deltas=True), right=recipes(deltas=True))
@settings(max_examples=200)
def test_canonical_forms_are_equal_where_the_values_are(left: Recipe, right: Recipe) -> None:
    a, b = [written(left)], [written(right)]
    assert (canonical(a, FREE_LABELS) == canonical(b, FREE_LABELS)) is agree(a, b)


@given(recipe=recipes(deltas=False), place=st.integers(0, 3), other=st.integers(0, 3))
@settings(max_examples=200)
def test_canonical_form_tells_one_changed_label(recipe: Recipe, place: int, other: int) -> None:
    name, at = recipe.factors[place % len(recipe.factors)]
    moved = tuple(
        other % POOL[str(d)] if k == 0 else i
        for k, (d, i) in enumerate(zip(LEAVES[name].shape, at, strict=True))
    )
    factors = list(recipe.factors)
    factors[place % len(factors)] = (name, moved)
    a, b = [written(recipe)], [written(recipe._replace(factors=tuple(factors)))]
    assert (canonical(a, FREE_LABELS) == canonical(b, FREE_LABELS)) is agree(a, b)
