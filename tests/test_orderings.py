"""Arrangements of factors, held against NumPy: each one is multiplied out, and shapes must fit."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, permutations, product
from math import factorial
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shapecalc.dims import ONE, Dim, Shape
from shapecalc.matrix.printing import text
from shapecalc.ops.build import expression_of
from shapecalc.orderings import coincidences, factors_of, has_impostors, orderings
from shapecalc.orderings.factors import product_of
from shapecalc.parsing.dims import parse_dim
from shapecalc.records import OrderingItem, Orderings
from shapecalc.span import Span
from shapecalc.tree import Tree, leaf

Array = NDArray[np.int64]
PRIMES = (2, 3, 5, 7, 11, 13, 17, 19)
NAMES = "ABCDEFGH"
RANDOM = np.random.default_rng(20240611)


class Chain(NamedTuple):
    """A formula as NumPy sees it: names in order, which are transposed, dims of each as stored."""

    names: tuple[str, ...]
    turned: tuple[bool, ...]
    shapes: Mapping[str, tuple[str, ...]]

    @property
    def text(self) -> str:
        return _text(zip(self.names, self.turned, strict=True))

    @property
    def tree(self) -> Tree:
        return _tree(self.text, {name: " ".join(shape) for name, shape in self.shapes.items()})

    @property
    def dims(self) -> tuple[str, ...]:
        found = dict.fromkeys(dim for name in self.names for dim in self.shapes[name])
        return tuple(dim for dim in found if dim != "1")


def _text(word: "zip[tuple[str, bool]] | tuple[tuple[str, bool], ...]") -> str:
    return " @ ".join(name + ".T" * turned for name, turned in word)


def _dim(written: str) -> Dim:
    return parse_dim(written, lambda start, length: Span("", 1, start + 1, length))


def _shape(written: str) -> Shape:
    return tuple(ONE if dim == "1" else _dim(dim) for dim in written.split())


def _tree(formula: str, shapes: Mapping[str, str]) -> Tree:
    return expression_of(formula, {name: leaf(name, _shape(dims)) for name, dims in shapes.items()})


# --- the oracle: every arrangement multiplied by NumPy --------------------------------------------


class Seen(NamedTuple):
    """What NumPy makes of an arrangement: None where it cannot be multiplied, else the verdict."""

    word: tuple[tuple[str, bool], ...]
    value: str | None


def _arrays(chain: Chain, sizes: Mapping[str, int]) -> dict[str, Array]:
    """Fill with random numbers modulo 2**64, in which sums and products are exact."""
    low, high = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    known = {**sizes, "1": 1}
    return {
        name: RANDOM.integers(low, high, [known[dim] for dim in shape], dtype=np.int64)
        for name, shape in chain.shapes.items()
    }


def _product(factors: Sequence[Array]) -> Array | None:
    so_far = factors[0]
    for factor in factors[1:]:
        if not so_far.ndim or so_far.shape[-1] != factor.shape[0]:
            return None
        so_far = np.asarray(so_far @ factor)
    return so_far


def _is(left: Array, right: Array) -> bool:
    return left.shape == right.shape and bool((left == right).all())


def _seen(chain: Chain, sizes: Mapping[str, int]) -> list[Seen]:
    """Multiply every arrangement over places; equal factors count as often as they can swap."""
    arrays = _arrays(chain, sizes)
    own = _product([_of(arrays, letter) for letter in zip(chain.names, chain.turned, strict=True)])
    assert own is not None
    found = []
    for order in permutations(chain.names):
        for turns in product(*((False, True)[: arrays[name].ndim] for name in order)):
            word = tuple(zip(order, turns, strict=True))
            value = _product([_of(arrays, letter) for letter in word])
            found.append(Seen(word, None if value is None else _verdict(value, own)))
    return found


def _of(arrays: Mapping[str, Array], letter: tuple[str, bool]) -> Array:
    name, turned = letter
    return arrays[name].T if turned else arrays[name]


def _verdict(value: Array, own: Array) -> str:
    return "right" if _is(value, own) else "transposed" if _is(value, own.T) else "wrong"


def _holds(chain: Chain, sizes: Mapping[str, int]) -> None:
    """Hold what is said of a chain against NumPy, at sizes that differ and at those given."""
    apart = _seen(chain, dict(zip(chain.dims, PRIMES, strict=False)))
    here = _seen(chain, sizes)
    always = {seen.word: seen.value for seen in apart if seen.value}
    found = orderings(chain.tree, False, sizes)
    counts = Counter(seen.value for seen in apart)
    assert found.total == len(apart)
    assert found.conformable == len(apart) - counts[None]
    assert (found.right, found.transposed) == (counts["right"], counts["transposed"])
    assert found.at_these_sizes == sum(seen.value is not None for seen in here)
    _holds_items(found, {seen.word: seen.value for seen in here}, always)
    count, names = coincidences(chain.tree, sizes)
    assert count == sum(seen.value == "wrong" and seen.word not in always for seen in here)
    assert all(len({sizes[name] for name in group}) == 1 for group in names)
    assert bool(count) == bool(names)
    assert has_impostors(chain.tree) is bool(counts["wrong"])


RANKS = [
    ("always", "right"),
    ("always", "transposed"),
    ("always", "wrong"),
    ("here", "right"),
    ("here", "transposed"),
    ("here", "wrong"),
    ("never", None),
]


def _holds_items(
    found: Orderings,
    here: Mapping[tuple[tuple[str, bool], ...], str | None],
    always: Mapping[tuple[tuple[str, bool], ...], str | None],
) -> None:
    expected = {}
    for word, value in here.items():
        conforms = "always" if word in always else "here" if value else "never"
        expected[_text(word)] = (conforms, always.get(word, value))
    listed = {item.formula: (item.conforms, item.value) for item in found.items}
    assert len(listed) == len(found.items) == min(48, len(expected))
    assert listed.items() <= expected.items()
    first = Counter(verdict for verdict, _ in expected.values())
    assert [item.conforms for item in found.items] == (
        ["always"] * first["always"] + ["here"] * first["here"] + ["never"] * first["never"]
    )[:48]
    places = [RANKS.index((i.conforms, i.value)) for i in found.items if i.conforms == "always"]
    assert places == sorted(places)


# --- every pattern of equal dims -----------------------------------------------------------------


def _partitions(count: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to put places into classes; class 0 holds place 0."""

    def extend(classes: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(classes) == count:
            yield classes
            return
        for each in range(max(classes, default=-1) + 2):
            yield from extend((*classes, each))

    return extend(())


def _chain(dims: Sequence[str], kind: str, turned: Sequence[bool]) -> Chain:
    """Put factors between dims; a 1-D value stands in front, at the end, or at both."""
    shapes: list[tuple[str, ...]] = list(pairwise(dims))
    if kind[0] == "v":
        shapes.insert(0, (dims[0],))
    if kind[-1] == "v":
        shapes.append((dims[-1],))
    turns = [t and len(shape) == 2 for t, shape in zip(turned, shapes, strict=False)]
    names = tuple(NAMES[: len(shapes)])
    stored = [shape[::-1] if t else shape for t, shape in zip(turns, shapes, strict=True)]
    return Chain(names, tuple(turns), dict(zip(names, stored, strict=True)))


KINDS = {"matrices": "M", "1-D first": "vM", "1-D last": "Mv", "1-D at both": "vv"}
TURNS = (False, True, True, False, True, False)


def _patterns(factors: int, kind: str) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Yield the dims of a chain as names, class 0 being the literal 1, and classes as numbers."""
    for classes in _partitions(factors - KINDS[kind].count("v") + 2):
        names = tuple("1" if each == 0 else f"d{each}" for each in classes[1:])
        yield names, classes[1:]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factors", [2, 3, 4])
def test_counts_and_verdicts_are_numpys_where_dims_are_equal(factors: int, kind: str) -> None:
    for dims, _ in _patterns(factors, kind):
        chain = _chain(dims, KINDS[kind], TURNS)
        _holds(chain, dict(zip(chain.dims, PRIMES[::-1], strict=False)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factors", [2, 3, 4])
def test_counts_and_verdicts_are_numpys_where_sizes_agree(factors: int, kind: str) -> None:
    for _, classes in _patterns(factors, kind):
        names = [f"d{place}" for place in range(len(classes))]
        sizes = {name: (1, *PRIMES)[each] for name, each in zip(names, classes, strict=True)}
        _holds(_chain(names, KINDS[kind], TURNS), sizes)


@st.composite
def _chains(draw: st.DrawFn, fewest: int, most: int) -> tuple[Chain, dict[str, int]]:
    """Draw a chain in which factors may be equal, and sizes that may agree."""
    kind = draw(st.sampled_from(["M", "M", "vM", "Mv", "vv"]))
    count = draw(st.integers(fewest, most)) - kind.count("v")
    dims = draw(st.lists(st.sampled_from("1abcd"), min_size=count + 1, max_size=count + 1))
    turned = draw(st.lists(st.booleans(), min_size=most, max_size=most))
    chain = _chain(dims, kind, turned)
    names = list(chain.names)
    turns = list(chain.turned)
    for place, name in enumerate(chain.names):
        shape = chain.shapes[name]
        for other in chain.names[:place]:
            same = chain.shapes[other] == shape
            if (same or chain.shapes[other] == shape[::-1]) and draw(st.booleans()):
                names[place], turns[place] = names[chain.names.index(other)], turns[place]
                if chain.shapes[names[place]] != shape:
                    turns[place] = not turns[place]
                break
    shapes = {name: chain.shapes[name] for name in names}
    values = st.sampled_from([1, 2, 3, 5])
    return Chain(tuple(names), tuple(turns), shapes), {name: draw(values) for name in "abcd"}


@given(_chains(2, 4))
@settings(max_examples=250)
def test_equal_factors_and_mixed_coincidences_are_numpys(
    case: tuple[Chain, dict[str, int]],
) -> None:
    _holds(*case)


@given(_chains(5, 5))
@settings(max_examples=25)
def test_five_factors_are_numpys(case: tuple[Chain, dict[str, int]]) -> None:
    _holds(*case)


@given(_chains(6, 6))
@settings(max_examples=4)
def test_six_factors_are_numpys(case: tuple[Chain, dict[str, int]]) -> None:
    _holds(*case)


# --- by hand -------------------------------------------------------------------------------------


W2_dZ2 = {"W2": "k h", "dZ2": "k m"}


def _counts(found: Orderings) -> tuple[int, int, int | None, int, int]:
    return (
        found.total,
        found.conformable,
        found.at_these_sizes,
        found.right,
        found.transposed,
    )


def test_two_of_eight_conform_where_dims_differ() -> None:
    tree = _tree("W2.T @ dZ2", W2_dZ2)
    assert _counts(orderings(tree, False, None)) == (8, 2, None, 1, 1)
    assert not has_impostors(tree)


def test_six_more_conform_where_all_sizes_are_equal_and_are_wrong() -> None:
    tree = _tree("W2.T @ dZ2", W2_dZ2)
    sizes = {"h": 64, "k": 64, "m": 64}
    assert _counts(orderings(tree, False, sizes)) == (8, 2, 8, 1, 1)
    assert coincidences(tree, sizes) == (6, (("k", "h", "m"),))
    assert coincidences(tree, {"h": 2, "k": 3, "m": 5}) == (0, ())


def test_a_square_weight_has_impostors_at_every_size() -> None:
    tree = _tree("Whh.T @ dh", {"Whh": "h h", "dh": "h m"})
    assert _counts(orderings(tree, False, {"h": 5, "m": 7})) == (8, 4, 4, 1, 1)
    assert has_impostors(tree)


def test_columns_have_impostors_at_every_size() -> None:
    tree = _tree("u @ v.T @ w", {"u": "n 1", "v": "n 1", "w": "n 1"})
    assert _counts(orderings(tree, False, None)) == (48, 12, None, 2, 2)
    assert has_impostors(tree)


def test_all_arrangements_of_a_step_are_listed() -> None:
    items = orderings(_tree("W2.T @ dZ2", W2_dZ2), False, None).items
    assert items[0] == OrderingItem(
        "W2.T @ dZ2",
        (("h", "k"), ("k", "m")),
        "always",
        ("h", "m"),
        "right",
        "denominator",
        "",
    )
    assert [(item.formula, item.why or item.layout) for item in items[1:]] == [
        ("dZ2.T @ W2", "numerator"),
        ("W2 @ dZ2", "h ≠ k"),
        ("W2 @ dZ2.T", "h ≠ m"),
        ("W2.T @ dZ2.T", "k ≠ m"),
        ("dZ2 @ W2", "m ≠ k"),
        ("dZ2 @ W2.T", "m ≠ h"),
        ("dZ2.T @ W2.T", "k ≠ h"),
    ]


def test_in_numerator_layout_the_names_of_the_layouts_swap() -> None:
    items = orderings(_tree("dZ2.T @ W2", W2_dZ2), True, None).items
    assert [(item.formula, item.layout) for item in items[:2]] == [
        ("dZ2.T @ W2", "numerator"),
        ("W2.T @ dZ2", "denominator"),
    ]


def test_a_fit_by_size_names_the_dims_that_coincide() -> None:
    items = orderings(_tree("W2.T @ dZ2", W2_dZ2), False, {"h": 5, "k": 64, "m": 64}).items
    fits = [(i.formula, i.shape, i.why, i.value) for i in items if i.conforms == "here"]
    assert fits == [
        ("W2.T @ dZ2.T", ("h", "k"), "k = m = 64", "wrong"),
        ("dZ2 @ W2", ("k", "h"), "m = k = 64", "wrong"),
    ]
    tree = _tree("u @ v.T @ W", {"u": "n 1", "v": "m 1", "W": "m k"})
    items = orderings(tree, False, {"n": 1, "m": 2, "k": 2}).items
    whys = {item.why for item in items if item.conforms == "here"}
    assert {"n = 1", "m = k = 2", "k = m = 2, n = 1"} <= whys


def test_a_pair_whose_sizes_agree_does_not_clash_at_these_sizes() -> None:
    tree = _tree("A @ B @ C", {"A": "a b", "B": "b c", "C": "c d"})
    items = orderings(tree, False, {"a": 2, "b": 3, "c": 3, "d": 5}).items
    why = {item.formula: item.why for item in items}
    assert why["A @ B.T @ C"] == "b = c = 3"
    assert why["B @ A @ C"] == "c ≠ a"


def test_a_scalar_can_be_multiplied_no_further() -> None:
    items = orderings(_tree("x @ A @ x", {"x": "n", "A": "n n"}), False, None).items
    why = {item.formula: item.why for item in items}
    assert why["x @ x @ A"] == "a scalar has no inner dim"


def test_sizes_that_are_not_known_are_not_counted() -> None:
    tree = _tree("W2.T @ dZ2", W2_dZ2)
    assert orderings(tree, False, {"h": 2, "k": 2}).at_these_sizes is None
    assert coincidences(tree, {"h": 2, "k": 2}) == (0, ())


def test_dims_are_equal_as_polynomials() -> None:
    found = orderings(_tree("A @ B", {"A": "n h+k", "B": "k+h m"}), False, None)
    assert found.conformable == 2
    tree = _tree("A.T @ B", {"A": "2*h k", "B": "2*h m"})
    assert coincidences(tree, {"h": 2, "k": 4, "m": 3}) == (2, (("h", "k"),))


def test_the_first_right_arrangement_is_the_formula() -> None:
    shapes = {"A": "n k", "B": "k m", "v": "m", "w": "n", "u": "m 1"}
    for formula in ("A @ B @ v", "w @ A @ B", "A @ B @ u", "u.T @ B.T @ A.T", "w @ A @ B @ v"):
        assert orderings(_tree(formula, shapes), False, None).items[0].formula == formula


# --- factors -------------------------------------------------------------------------------------

SHAPES = {
    "X": "n m",
    "G": "n k",
    "W": "k h",
    "dY": "k m",
    "Y": "k m",
    "v": "m",
    "g": "k",
    "m": "",
    "u": "m 1",
}


@pytest.mark.parametrize(
    ("formula", "factors"),
    [
        ("W.T @ dY", "W | dY"),
        ("2 * X.T @ G / m", "X | G"),
        ("-(X.T @ G) * 0.5", "X | G"),
        ("(G.T / m) @ (-X)", "G | X"),
        ("W.T @ (dY * (1 - Y**2))", "W | dY * (1 - Y**2)"),
        ("W.T @ (dY - Y) / m", "W | dY - Y"),
        ("(dY.T - Y.T) @ W", "dY - Y | W"),
        ("(X.T @ G).T", "X | G"),
        ("dY @ (dY.T @ W)", "dY | dY | W"),
        ("W.T @ (dY @ v)", "W | dY | v"),
        ("m * (g @ dY @ v)", "g | dY | v"),
        ("W.T @ sum(dY, axis=1, keepdims=True)", "W | sum(dY, axis=1, keepdims=True)"),
    ],
)
def test_factors_are_untransposed_and_without_scalars(formula: str, factors: str) -> None:
    found = factors_of(_tree(formula, SHAPES))
    assert not isinstance(found, str)
    assert " | ".join(map(text, found)) == factors


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        ("dY * (1 - Y**2)", "each entry by itself: there is no product to order"),
        ("dY * (Y > 0)", "each entry by itself: there is no product to order"),
        ("-Y / (m * dY)", "each entry by itself: there is no product to order"),
        ("sum(dY, axis=1, keepdims=True)", "a sum over m, not a product"),
        ("sum(dY)", "a sum over k and m, not a product"),
        ("W @ W.T + dY @ dY.T", "a sum of terms has no single product"),
        ('einsum("ij,ij->i", dY, Y)', "an einsum has no order of factors"),
        ("outer(v, g)", "an outer product of 1-D values: `outer`, not @"),
        ("2 * dY / m", "one factor alone: there is nothing to order"),
        (
            "(W @ W.T @ dY) * Y",
            "entry by entry around a product: the order is that of each link by itself",
        ),
        (
            "Y * (dY - sum(dY * Y, axis=0, keepdims=True))",
            "entry by entry around a sum, not a product of matrices",
        ),
        ("exp(Y)", "`exp` is no matrix product: there is nothing to order"),
    ],
)
def test_where_there_is_no_product_the_reason_is_given(formula: str, why: str) -> None:
    tree = _tree(formula, SHAPES)
    assert factors_of(tree) == why
    assert orderings(tree, False, None) == Orderings(defined=False, why=why)
    assert coincidences(tree, {}) == (0, ())
    assert not has_impostors(tree)


@pytest.mark.parametrize(
    ("formula", "flat"),
    [
        ("W.T @ (dY @ v)", "W.T @ dY @ v"),
        ("W.T @ (v @ dY.T)", "W.T @ dY @ v"),
        ("g @ (dY @ v)", "g @ dY @ v"),
        ("(dY @ v) @ (W @ W.T)", "dY @ v @ W @ W.T"),
        ("(W.T @ dY).T @ W.T", "dY.T @ W @ W.T"),
    ],
)
def test_parentheses_do_not_count(formula: str, flat: str) -> None:
    nested, plain = _tree(formula, SHAPES), _tree(flat, SHAPES)
    found, other = orderings(nested, False, None), orderings(plain, False, None)
    assert _counts(found) == _counts(other)
    right = {item.formula for item in found.items if item.value == "right"}
    assert flat in right
    assert right == {item.formula for item in other.items if item.value == "right"}


@pytest.mark.parametrize(
    "formula",
    ["W.T @ (dY * (1 - Y**2))", "(dY - Y) @ X.T", "W.T @ dY**2", "W.T @ exp(dY)", "W.T @ (dY / Y)"],
)
def test_formulas_of_items_read_back(formula: str) -> None:
    tree = _tree(formula, SHAPES)
    for item in orderings(tree, False, None).items:
        if item.conforms == "always":
            again = _tree(item.formula, SHAPES)
            assert text(again) == item.formula
            assert tuple(map(str, again.shape)) == item.shape
            assert set(factors_of(again)) == set(factors_of(tree))


def test_a_group_is_one_factor_in_parentheses() -> None:
    items = orderings(_tree("W.T @ (dY * (1 - Y**2)) / m", SHAPES), False, None).items
    assert [item.formula for item in items[:2]] == [
        "W.T @ (dY * (1 - Y**2))",
        "(dY * (1 - Y**2)).T @ W",
    ]


# --- names, length, speed ------------------------------------------------------------------------


@given(_chains(2, 4))
@settings(max_examples=50)
def test_no_verdict_depends_on_a_name(case: tuple[Chain, dict[str, int]]) -> None:
    chain, sizes = case
    names = {name: f"{'zyxwvu'[place]}9" for place, name in enumerate(sorted(chain.shapes))}
    dims = {"1": "1", **{dim: f"{'srqp'['abcd'.index(dim)]}_" for dim in "abcd"}}
    other = Chain(
        tuple(names[name] for name in chain.names),
        chain.turned,
        {names[name]: tuple(dims[d] for d in shape) for name, shape in chain.shapes.items()},
    )
    first = orderings(chain.tree, False, sizes)
    second = orderings(other.tree, False, {dims[dim]: size for dim, size in sizes.items()})
    assert first._replace(items=()) == second._replace(items=())
    for item, renamed in zip(first.items, second.items, strict=True):
        letters = [
            names[part.removesuffix(".T")] + ".T" * part.endswith(".T")
            for part in item.formula.split(" @ ")
        ]
        assert " @ ".join(letters) == renamed.formula
        assert (item.conforms, item.value, item.layout) == renamed[2:3] + renamed[4:6]


def _long(count: int, dims: Sequence[str]) -> Tree:
    shapes = {f"M{i}": f"{dims[i]} {dims[i + 1]}" for i in range(count)}
    return _tree(" @ ".join(shapes), shapes)


def test_a_chain_of_fifty_factors_is_counted_by_structure() -> None:
    dims = [f"d{i}" for i in range(51)]
    tree = _long(50, dims)
    start = time.perf_counter()
    found = orderings(tree, False, dict.fromkeys(dims, 7))
    assert time.perf_counter() - start < 1
    total = factorial(50) * 2**50
    assert _counts(found) == (total, 2, total, 1, 1)
    assert len(found.items) == 48
    assert coincidences(tree, dict.fromkeys(dims, 7))[0] == total - 2


def test_counting_gives_up_where_there_are_too_many_ways_around() -> None:
    order = [(i * step) % 11 for step in range(1, 6) for i in range(11)] + [0]
    start = time.perf_counter()
    tree = _long(55, [f"d{i}" for i in order])
    found = orderings(tree, False, None)
    assert time.perf_counter() - start < 2
    assert found == Orderings(defined=False, why="too many arrangements to count")
    assert has_impostors(tree)
    assert coincidences(tree, {f"d{i}": 2 for i in range(11)}) == (0, ())


def test_a_reading_gives_each_place_one_letter() -> None:
    found = product_of(_tree("dY @ (dY.T @ W)", SHAPES))
    assert not isinstance(found, str)
    assert found.word == ((0, False), (1, True), (2, False))


def test_the_common_case_takes_less_than_a_millisecond() -> None:
    tree = _tree("W2.T @ dZ2", W2_dZ2)
    took = []
    for _ in range(50):
        start = time.perf_counter()
        orderings(tree, False, {"h": 5, "k": 5, "m": 7})
        took.append(time.perf_counter() - start)
    assert min(took) < 1e-3
