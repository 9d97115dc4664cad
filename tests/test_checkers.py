"""The checks themselves: of corrupted formulas, each check alone rejects every wrong one."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import (
    OTHER_SIZES,
    SIZES,
    Derived,
    Step,
    by_differences,
    derivatives,
    executed,
    pulled_back,
    tree_of,
    world_of,
)

from shapecalc.backprop import Jacobian
from shapecalc.conditions import Label
from shapecalc.index import Delta, Factor, Term, relabelled
from shapecalc.matrix.joining import Unreadable
from shapecalc.tree import Tree, leaves
from shapecalc.verify.checks import agrees_by_algebra, agrees_exactly, error_by_components
from shapecalc.verify.field import (
    Complex,
    Element,
    Functions,
    NoValue,
    P,
    inverse,
    square_root,
    to_power,
)

DISTINCT = {
    "dense left": (Step("W @ A + b", "W=k,h A=h,m b=k,1"), "W"),
    "dense right": (Step("W @ A + b", "W=k,h A=h,m b=k,1"), "A"),
    "dense bias": (Step("W @ A + b", "W=k,h A=h,m b=k,1"), "b"),
    "rows left": (Step("A @ W + b", "W=h,k A=m,h b=k"), "A"),
    "rows right": (Step("A @ W + b", "W=h,k A=m,h b=k"), "W"),
    "rows bias": (Step("A @ W + b", "W=h,k A=m,h b=k"), "b"),
    "tanh": (Step("tanh(W @ A + b)", "W=k,h A=h,m b=k,1"), "W"),
    "softmax of columns": (Step("softmax(Z, axis=0)", "Z=k,m"), "Z"),
    "softmax of rows": (Step("softmax(Z, axis=1)", "Z=m,k"), "Z"),
    "cross entropy": (Step("cross_entropy(A, T, axis=0)", "A=k,m T=k,m"), "A"),
    "mean": (Step("mean(X, axis=1, keepdims=True)", "X=m,n"), "X"),
}
SQUARE = {
    f"{name}, square": (Step(step.text, step.shapes.translate(str.maketrans("khm", "nnn"))), wrt)
    for name, (step, wrt) in DISTINCT.items()
}
LINEAR_ALGEBRA = {
    "inverse": (Step("inv(A)", "A=n,n"), "A"),
    "determinant": (Step("det(A)", "A=n,n"), "A"),
    "logarithm of a determinant": (Step("logdet(A @ A.T)", "A=n,n"), "A"),
    "linear equations, the matrix": (Step("solve(A, B)", "A=n,n B=n,k"), "A"),
    "linear equations, right sides": (Step("solve(A, B)", "A=n,n B=n,k"), "B"),
    "Kronecker product, left": (Step("kron(A, B)", "A=m,n B=k,b"), "A"),
    "Kronecker product, right": (Step("kron(A, B)", "A=m,n B=k,b"), "B"),
    "cross product": (Step("cross(A, B)", "A=m,3 B=3"), "A"),
}
# What algebra cannot tell from others, for ranges of indices are left, it leaves undecided.
WITH_RANGES = ("Kronecker product, left", "Kronecker product, right", "cross product")
SUBJECTS = DISTINCT | SQUARE | LINEAR_ALGEBRA


class Corrupted(NamedTuple):
    """A Jacobian with one slip in it, and what was done."""

    kind: str
    jacobian: Jacobian


# --- one slip at a time ----------------------------------------------------------------------


def corruptions(jac: Jacobian) -> Iterator[Corrupted]:
    """Yield the Jacobian with one delta, label, sign or factor changed."""
    for place, term in enumerate(jac.terms):
        for kind, changed in [
            *(("delta", each) for each in _other_deltas(jac, term)),
            *(("label", each) for each in _other_labels(jac, term)),
            ("sign", term._replace(coefficient=-term.coefficient)),
            *(("factor", each) for each in _other_factors(jac, term)),
        ]:
            terms = (*jac.terms[:place], changed, *jac.terms[place + 1 :])
            yield Corrupted(kind, jac._replace(terms=terms))


def _labels(jac: Jacobian, term: Term) -> list[Label]:
    return [label for label in (*jac.free, *term.summed) if label is not None]


def _other_deltas(jac: Jacobian, term: Term) -> Iterator[Term]:
    """Drop a delta, or tie another axis of the same dim."""
    for place, (left, right) in enumerate(term.deltas):
        others = (*term.deltas[:place], *term.deltas[place + 1 :])
        yield term._replace(deltas=others)
        for label in _labels(jac, term):
            if label.dim == left.dim and label not in (left, right):
                yield term._replace(deltas=(*others, Delta(label, right)))
                yield term._replace(deltas=(*others, Delta(left, label)))


def _other_labels(jac: Jacobian, term: Term) -> Iterator[Term]:
    """Swap two labels of one dim throughout a factor, or put another for one of them."""
    for place, factor in enumerate(term.factors):
        for left, right in combinations(_labels(jac, term), 2):
            if left.dim == right.dim and {left, right} & set(factor.labels):
                labels = relabelled(factor.labels, {left: right, right: left})
                factors = list(term.factors)
                factors[place] = factor._replace(labels=labels)
                yield term._replace(factors=tuple(factors))


def _other_factors(jac: Jacobian, term: Term) -> Iterator[Term]:
    """Double a factor, drop it, give it another power, put another value for it; scale the term."""
    for place, factor in enumerate(term.factors):
        before, after = term.factors[:place], term.factors[place + 1 :]
        yield term._replace(factors=(*before, factor, factor, *after))
        if all(label in jac.free for label in factor.labels):
            yield term._replace(factors=(*before, *after))
        yield term._replace(factors=(*before, factor._replace(power=-factor.power), *after))
        for other in _values_like(factor, jac):
            yield term._replace(factors=(*before, factor._replace(tree=other), *after))
    yield term._replace(coefficient=2 * term.coefficient)
    yield term._replace(coefficient=term.coefficient * Fraction(1, 2))


def _values_like(factor: Factor, jac: Jacobian) -> Iterator[Tree]:
    known = dict.fromkeys([jac.output, jac.wrt, *leaves(factor.tree)])
    for value in known:
        if value is not factor.tree and value.shape == factor.tree.shape:
            yield value


# --- each check alone ------------------------------------------------------------------------


def is_wrong(one: Derived, formula: Tree) -> bool:
    """Judge by NumPy alone, at two assignments of sizes."""
    for sizes in (SIZES, OTHER_SIZES):
        world = world_of(one.step, sizes)
        truth = pulled_back(by_differences(one, world), world.values["dR"])
        if not np.allclose(executed(formula, world), truth, rtol=1e-5, atol=1e-7):
            return True
    return False


def wrong_formulas(one: Derived) -> list[tuple[str, Tree]]:
    """Read every corrupted Jacobian that can be read and is wrong, each formula once."""
    found: dict[Tree, str] = {}
    for kind, jac in corruptions(one.jacobian):
        try:
            formula = one.read(jac)
        except Unreadable:
            continue
        if formula is not one.formula and is_wrong(one, formula):
            found.setdefault(formula, kind)
    return [(kind, formula) for formula, kind in found.items()]


def subject(name: str) -> Derived:
    step, wrt = SUBJECTS[name]
    return derivatives(step, wrt)[0]


@pytest.fixture(scope="module")
def wrong() -> dict[str, list[tuple[str, Tree]]]:
    return {name: wrong_formulas(subject(name)) for name in SUBJECTS}


of_every_subject = pytest.mark.parametrize("name", SUBJECTS)


def test_slips_of_every_kind_are_tried(wrong: dict[str, list[tuple[str, Tree]]]) -> None:
    for subjects in (DISTINCT, SQUARE):
        counts = Counter(kind for name in subjects for kind, _ in wrong[name])
        assert set(counts) == {"delta", "label", "sign", "factor"}
    assert all(wrong.values())


@of_every_subject
def test_algebra_alone_rejects_every_slip(
    name: str, wrong: dict[str, list[tuple[str, Tree]]]
) -> None:
    one = subject(name)
    terms, labels = one.terms(one.jacobian), one.jacobian.wrt_labels
    assert agrees_by_algebra(one.formula, terms, labels)
    for kind, formula in wrong[name]:
        verdict = agrees_by_algebra(formula, terms, labels)
        assert verdict is False or (verdict is None and name in WITH_RANGES), (kind, formula)


@of_every_subject
def test_prime_field_alone_rejects_every_slip(
    name: str, wrong: dict[str, list[tuple[str, Tree]]]
) -> None:
    one = subject(name)
    assert agrees_exactly(one.case(one.formula)).equal
    for kind, formula in wrong[name]:
        assert not agrees_exactly(one.case(formula)).equal, (kind, formula)


@of_every_subject
def test_components_alone_reject_every_slip(
    name: str, wrong: dict[str, list[tuple[str, Tree]]]
) -> None:
    one = subject(name)
    assert error_by_components(one.case(one.formula)) < 1e-7
    for kind, formula in wrong[name]:
        assert error_by_components(one.case(formula)) > 1e-4, (kind, formula)


# --- the field -------------------------------------------------------------------------------


def table_of(seed: int) -> Functions:
    return Functions(Random(seed))  # nothing is kept secret


BASE = st.integers(0, P - 1)
ELEMENTS = st.one_of(
    BASE, st.builds(Complex, BASE, st.integers(1, P - 1)), st.sampled_from([0, 1, P - 1])
)
NONZERO = ELEMENTS.filter(lambda value: value != 0)


@given(a=ELEMENTS, b=ELEMENTS, c=ELEMENTS)
def test_elements_form_a_ring(a: Element, b: Element, c: Element) -> None:
    assert (a + b) % P == (b + a) % P
    assert a * b % P == b * a % P
    assert ((a + b) + c) % P == (a + (b + c)) % P
    assert (a * b) * c % P == a * (b * c) % P
    assert a * (b + c) % P == (a * b + a * c) % P
    assert (a - b + b) % P == a % P
    assert (a + -a) % P == 0


@given(value=NONZERO)
def test_inverse_undoes_a_product(value: Element) -> None:
    assert value * inverse(value) % P == 1


def test_zero_has_no_inverse_and_no_logarithm() -> None:
    for act in (inverse, table_of(1).log):
        with pytest.raises(NoValue):
            act(0)
    with pytest.raises(NoValue):
        to_power(0, -1)


@given(value=BASE)
def test_square_of_the_root_is_the_value(value: int) -> None:
    root = square_root(value)
    assert root * root % P == value


def test_root_of_a_root_that_left_the_base_field_has_no_value() -> None:
    with pytest.raises(NoValue):
        square_root(Complex(3, 5))


@given(value=NONZERO, exponent=st.integers(-9, 9))
def test_power_is_the_repeated_product(value: Element, exponent: int) -> None:
    product: Element = 1
    for _ in range(abs(exponent)):
        product = product * (value if exponent > 0 else inverse(value)) % P
    assert to_power(value, exponent) % P == product


@given(value=ELEMENTS, seed=st.integers(0, 99))
def test_tables_carry_the_identities_of_the_functions(value: Element, seed: int) -> None:
    table = table_of(seed)
    assert table.exp(value) * table.exp(-value % P) % P == 1
    assert table.log(table.exp(value)) == value
    sin, cos = table.sin_cos(value)
    assert (sin * sin + cos * cos) % P == 1
    assert table.sin_cos(-value % P) == (-sin % P, cos)
    if value not in (0, P - 1):  # -1 is its own inverse, and has no logarithm that is not complex
        assert table.exp(table.log(value)) == value
        assert (table.log(value) + table.log(inverse(value))) % P == 0
    assert table.exp(0) == 1
    assert table.log(1) == 0
    assert table.sin_cos(0) == (0, 1)


def test_tables_give_one_value_for_one_argument() -> None:
    table = table_of(3)
    for act in (table.exp, table.log, table.sin_cos):
        assert act(5) == act(5)
        assert act(5) != act(6)


# --- values that agree at one size, or have one shape -----------------------------------------


def test_factor_that_equals_a_size_at_one_assignment_is_rejected() -> None:
    (one,) = derivatives(Step("mean(X)", "X=m,"), "X")
    for count in (2, 3, 5, 7, 11, 13):
        formula = tree_of(f"broadcast_to(dR, [m]) / {count}", "dR=")
        assert not agrees_exactly(one.case(formula)).equal


def test_transposed_formula_of_a_square_value_is_rejected_by_each_check() -> None:
    (one,) = derivatives(Step("A @ B", "A=n,n B=n,n"), "A")
    terms, labels = one.terms(one.jacobian), one.jacobian.wrt_labels
    for text in ("B @ dR.T", "dR @ B", "dR.T @ B.T", "B.T @ dR"):
        formula = tree_of(text, "B=n,n dR=n,n")
        assert agrees_by_algebra(formula, terms, labels) is False
        assert not agrees_exactly(one.case(formula)).equal
        assert error_by_components(one.case(formula)) > 1e-4
