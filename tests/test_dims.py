"""Dims: polynomials that are equal for all sizes or not, and sizes that stand in for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import shape

from shapecalc.dims import ONE, Dim, dims_text, shape_text
from shapecalc.parsing import parse_dim
from shapecalc.span import Span
from shapecalc.verify.standins import small_sizes, stand_ins

NAMES = "bhkmn"
SIZES = {"b": 2, "h": 11, "k": 7, "m": 3, "n": 5}
DIMS = st.recursive(
    st.one_of(st.sampled_from(NAMES).map(Dim.named), st.integers(0, 4).map(Dim.number)),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: pair[0] + pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] * pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] - pair[1]),
    ),
    max_leaves=5,
)


def dim(text: str) -> Dim:
    return parse_dim(text, lambda offset, length: Span("spec.yaml", 1, offset + 1, length))


# --- arithmetic ------------------------------------------------------------------------------


@given(a=DIMS, b=DIMS, c=DIMS)
def test_dims_form_a_ring(a: Dim, b: Dim, c: Dim) -> None:
    assert a + b == b + a
    assert a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert (a * b) * c == a * (b * c)
    assert a * (b + c) == a * b + a * c
    assert a - a == Dim.number(0)
    assert a * ONE == a
    assert (a + b) - b == a


@given(a=DIMS, b=DIMS)
def test_size_of_a_result_is_the_result_of_the_sizes(a: Dim, b: Dim) -> None:
    assert (a + b).size(SIZES) == a.size(SIZES) + b.size(SIZES)
    assert (a - b).size(SIZES) == a.size(SIZES) - b.size(SIZES)
    assert (a * b).size(SIZES) == a.size(SIZES) * b.size(SIZES)


@given(a=DIMS, b=DIMS)
def test_equal_dims_have_equal_hashes(a: Dim, b: Dim) -> None:
    assert hash(a * b + a) == hash(a + b * a)


def test_dim_is_no_text_and_no_number() -> None:
    assert Dim.named("m") != "m"
    assert Dim.number(3) != 3


@given(a=DIMS)
def test_factors_multiply_to_the_dim(a: Dim) -> None:
    product = ONE
    for factor in a.factors:
        product *= factor
    assert product == a


def test_factors_of_a_product_are_its_names() -> None:
    assert dim("n*m").factors == (dim("n"), dim("m"))
    assert dim("2*n*n").factors == (dim("2"), dim("n"), dim("n"))
    assert dim("n+m").factors == (dim("n+m"),)


def test_constant_is_the_size_where_no_name_occurs() -> None:
    assert [dim(text).constant for text in ("m-m+7", "7", "m", "m+1", "m-m+2")] == [
        7,
        7,
        None,
        None,
        2,
    ]


def test_only_the_literal_one_is_one() -> None:
    assert dim("1").is_one
    assert Dim.number(0).constant == 0
    assert dim("m-m+1").is_one
    assert not any(dim(text).is_one for text in ("m", "2", "m+1"))


@given(a=DIMS, b=DIMS)
def test_renaming_is_substitution(a: Dim, b: Dim) -> None:
    renamed = a.renamed({"m": b})
    assert renamed.size(SIZES) == a.size({**SIZES, "m": b.size(SIZES)})


@given(a=DIMS)
def test_names_are_those_that_the_size_needs(a: Dim) -> None:
    assert a.size({name: SIZES[name] for name in a.names}) == a.size(SIZES)


# --- printing --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["m", "7", "n*m", "m*n", "2*n", "n+m", "m+n", "h+n*m", "n-1", "n+1-m"],
)
def test_author_s_order_is_printed(text: str) -> None:
    assert str(dim(text)) == text


def test_powers_and_nothing_print_as_python() -> None:
    assert str(dim("n*n")) == "n*n"
    assert str(dim("2*n*m*n")) == "2*n*n*m"
    assert str(Dim.number(0)) == "0"


def test_equal_monomials_keep_the_first_spelling() -> None:
    assert str(dim("n*m") + dim("m*n")) == "2*n*m"
    assert str(dim("m+n") - dim("m")) == "n"


@given(a=DIMS)
def test_printed_dim_reads_as_the_same_dim(a: Dim) -> None:
    if "**" not in str(a) and not str(a).startswith(("-", "0")):
        assert dim(str(a)) == a
        assert str(dim(str(a))) == str(a)


def test_shapes_print_as_tuples() -> None:
    assert shape_text(shape("k,m")) == "(k, m)"
    assert shape_text(shape("k")) == "(k,)"
    assert shape_text(()) == "()"
    assert dims_text(("n*m", "1")) == "(n*m, 1)"


# --- stand-in sizes --------------------------------------------------------------------------

EXPRESSIONS = ("m", "n", "k", "m*n", "h", "n*k", "k*k", "b", "2*m", "m*n*k")


@given(
    texts=st.lists(st.sampled_from(EXPRESSIONS), min_size=1, unique=True),
    sums=st.lists(st.tuples(st.sampled_from("mnkhb"), st.sampled_from("mnkhb")), max_size=3),
    literals=st.frozensets(st.integers(0, 40)),
)
def test_stand_ins_tell_every_dim_from_every_other_and_from_literals(
    texts: list[str], sums: list[tuple[str, str]], literals: frozenset[int]
) -> None:
    dims = [dim for text in texts for dim in shape(text)]
    dims += [Dim.named(a) + Dim.named(b) for a, b in sums]
    distinct = list(dict.fromkeys(dims))
    for assignment in (0, 1):
        sizes = stand_ins(dims, literals, assignment)
        values = [dim.size(sizes) for dim in distinct]
        assert len(set(values)) == len(values)
        assert not literals & set(values)


@given(names=st.lists(st.sampled_from("abcdefghkmn"), min_size=1, unique=True))
def test_two_assignments_differ_in_every_name(names: list[str]) -> None:
    dims = [Dim.named(name) for name in names]
    first, second = (stand_ins(dims, frozenset({2, 5}), each) for each in (0, 1))
    assert all(first[name] != second[name] for name in names)
    small = small_sizes(dims)
    assert len(set(small.values())) == len(names)
    assert min(small.values()) > 1


def test_two_assignments_differ_in_every_name_where_dims_are_sums() -> None:
    dims = [
        Dim.named("a") + Dim.named("b"),
        *map(Dim.named, "abc"),
        Dim.named("c") + Dim.named("d"),
    ]
    first, second = (stand_ins(dims, frozenset({1, 7}), each) for each in (0, 1))
    assert all(first[name] != second[name] for name in first)
