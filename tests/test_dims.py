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


QUOTIENTS = ("d/heads", "n+d/heads", "n*d/(heads*heads)", "d/(2*heads)", "h/2", "(d+n)/heads")


@given(a=DIMS, b=st.sampled_from(NAMES).map(Dim.named), count=st.integers(1, 6))
def test_quotient_times_divisor_is_the_dim(a: Dim, b: Dim, count: int) -> None:
    divisor = b * Dim.number(count)
    if a.terms:
        quotient = a.divided(divisor)
        assert quotient is not None
        assert quotient * divisor == a
        assert (a * divisor).divided(divisor) == a
        assert (a * divisor).divided(a) == divisor


def test_quotient_by_a_sum_is_a_dim_only_where_it_cancels() -> None:
    assert dim("n+m").divided(dim("m+n")) == ONE
    assert dim("2*h*n+2*h*m").divided(dim("n+m")) == dim("2*h")
    assert dim("n").divided(dim("n+m")) is None
    assert dim("n").divided(Dim.number(0)) is None


@pytest.mark.parametrize(
    ("text", "divisor", "divided"),
    [
        ("d/heads", "heads", "d"),
        ("n+d/heads", "heads", "d"),
        ("(d+n)/heads", "heads", "d+n"),
        ("h/2", "2", "h"),
        ("n*d/(heads*heads)", "heads*heads", "n*d"),
    ],
)
def test_what_a_quotient_assumes(text: str, divisor: str, divided: str) -> None:
    assert dim(text).has_divisor
    assert dim(text).divisor == dim(divisor)
    assert dim(text).divided_part == dim(divided)
    assert not dim("d/heads*heads").has_divisor


def test_quotient_is_whole_at_some_sizes_only() -> None:
    assert dim("d/heads").is_whole({"d": 12, "heads": 3})
    assert not dim("d/heads").is_whole({"d": 12, "heads": 5})
    assert dim("n+d/heads").size({"n": 2, "d": 12, "heads": 3}) == 6


@pytest.mark.parametrize("text", QUOTIENTS)
def test_quotient_reads_as_it_is_printed(text: str) -> None:
    assert dim(str(dim(text))) == dim(text)
    renamed = dim(text).renamed({"heads": dim("a"), "d": dim("b*c")})
    assert renamed == dim(text.replace("heads", "a").replace("d", "b*c"))


@pytest.mark.parametrize("text", QUOTIENTS)
@pytest.mark.parametrize("assignment", [0, 1])
def test_stand_ins_make_quotients_whole(text: str, assignment: int) -> None:
    dims = [dim(text), *map(Dim.named, dim(text).names)]
    sizes = stand_ins(dims, frozenset({2, 3}), assignment)
    assert dim(text).is_whole(sizes)
    assert len({each.size(sizes) for each in dims}) == len(dims)


def test_stand_ins_of_a_number_are_the_number() -> None:
    sizes = stand_ins([dim("7"), dim("n")], frozenset(), 0)
    assert sizes["n"] != 7


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
