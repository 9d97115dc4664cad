"""Formulas as a person writes them; they read back as printed, whatever things are called."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import SIZES, Step, all_steps, derivatives, derived, tree_of

from shapecalc.matrix.printing import text
from shapecalc.tree import Tree, leaves

# --- the classical cases ---------------------------------------------------------------------

COLUMNS = ("W @ A + b", "W=k,h A=h,m b=k,1")
ROWS = ("A @ W + b", "A=m,h W=h,k b=k")
TORCH = ("A @ W.T + b", "A=m,h W=k,h b=k")
VECTORS = ("W @ x + b", "W=k,n x=n b=k")
CELL = ("tanh(x @ Wx + s @ Ws + b)", "x=m,n Wx=n,k s=m,h Ws=h,k b=k")
LOGISTIC = ("sigmoid(w.T @ X + c)", "w=n,1 X=n,m c=")
CHAIN = ("A @ X @ B", "A=m,n X=n,h B=h,k")

CLASSICAL = [
    (COLUMNS, "W", "dR @ A.T"),
    (COLUMNS, "A", "W.T @ dR"),
    (COLUMNS, "b", "sum(dR, axis=1, keepdims=True)"),
    (ROWS, "A", "dR @ W.T"),
    (ROWS, "W", "A.T @ dR"),
    (ROWS, "b", "sum(dR, axis=0)"),
    (("A @ W + b", "A=m,h W=h,k b=1,k"), "b", "sum(dR, axis=0, keepdims=True)"),
    (TORCH, "A", "dR @ W"),
    (TORCH, "W", "dR.T @ A"),
    (TORCH, "b", "sum(dR, axis=0)"),
    (VECTORS, "W", "outer(dR, x)"),
    (VECTORS, "x", "dR @ W"),
    (VECTORS, "b", "dR"),
    (("v @ A", "A=m,n v=m"), "v", "A @ dR"),
    (("v @ A", "A=m,n v=m"), "A", "outer(v, dR)"),
    (("u @ v", "u=n v=n"), "u", "dR * v"),
    (("outer(u, v)", "u=m v=n"), "u", "dR @ v"),
    (("outer(u, v)", "u=m v=n"), "v", "u @ dR"),
    (("u @ v.T", "u=m,1 v=n,1"), "u", "dR @ v"),
    (("u @ v.T", "u=m,1 v=n,1"), "v", "dR.T @ u"),
    (CHAIN, "A", "dR @ B.T @ X.T"),
    (CHAIN, "X", "A.T @ dR @ B.T"),
    (CHAIN, "B", "X.T @ A.T @ dR"),
    (CELL, "Wx", "x.T @ (dR * (1 - R**2))"),
    (CELL, "s", "(dR * (1 - R**2)) @ Ws.T"),
    (CELL, "b", "sum(dR * (1 - R**2), axis=0)"),
    (LOGISTIC, "w", "X @ (dR * R * (1 - R)).T"),
    (LOGISTIC, "X", "w @ (dR * R * (1 - R))"),
    (LOGISTIC, "c", "sum(dR * R * (1 - R))"),
    (("softmax(Z, axis=0)", "Z=k,m"), "Z", "R * (dR - sum(dR * R, axis=0, keepdims=True))"),
    (("softmax(Z, axis=1)", "Z=m,k"), "Z", "R * (dR - sum(dR * R, axis=1, keepdims=True))"),
    (("log_softmax(Z, axis=0)", "Z=k,m"), "Z", "dR - exp(R) * sum(dR, axis=0, keepdims=True)"),
    (("log_softmax(Z, axis=1)", "Z=m,k"), "Z", "dR - exp(R) * sum(dR, axis=1, keepdims=True)"),
    (("sigmoid(Z)", "Z=h,m"), "Z", "dR * R * (1 - R)"),
    (("relu(Z)", "Z=h,m"), "Z", "dR * (Z > 0)"),
    (("exp(Z)", "Z=h,m"), "Z", "dR * R"),
    (("sqrt(Z)", "Z=h,m"), "Z", "dR / (2 * R)"),
    (("maximum(0, Z)", "Z=h,m"), "Z", "dR * (Z > 0)"),
    (("A * B", "A=m,n B=m,n"), "A", "dR * B"),
    (("X - c", "X=m,n c=n"), "c", "-sum(dR, axis=0)"),
    (("X * s", "X=m,n s=m,1"), "s", "sum(dR * X, axis=1, keepdims=True)"),
    (("X * s", "X=m,n s="), "s", "sum(dR * X)"),
    (("X / s", "X=m,n s=n"), "s", "-sum(dR * R, axis=0) / s"),
    (("sum(X, axis=0)", "X=m,n"), "X", "broadcast_to(dR, [m, n])"),
    (("mean(X, axis=1, keepdims=True)", "X=m,n"), "X", "broadcast_to(dR, [m, n]) / n"),
    (("A.T", "A=m,n"), "A", "dR.T"),
    (("relu(A @ W)", "A=m,h W=h,k"), "W", "A.T @ (dR * (R > 0))"),
    (("maximum(0, A @ W)", "A=m,h W=h,k"), "A", "(dR * (R > 0)) @ W.T"),
    (("where(Z > 0, 0, Y)", "Z=h,m Y=h,m"), "Y", "dR * (Z <= 0)"),
    (("X / sqrt(v + 1)", "X=m,n v=n"), "v", "-sum(dR * R, axis=0) / (2 * (v + 1))"),
    (("linear(X, W, c)", "X=m,n W=k,n c=k"), "W", "dR.T @ X"),
    (("log(sum(X * Y, axis=1))", "X=m,n Y=m,n"), "X", "(Y.T * dR / sum(X * Y, axis=1)).T"),
    (
        ("-mean(log(sum(X * Y, axis=1)))", "X=m,n Y=m,n"),
        "X",
        "-dR * Y / (m * sum(X * Y, axis=1, keepdims=True))",
    ),
    (("mean(X * w, axis=1)", "X=m,n w=n"), "w", "dR @ X / n"),
    (("W @ A", "W=n,n A=n,n"), "A", "W.T @ dR"),
]
STACKS = ("A @ B", "A=b,m,n B=b,n,k")
SCORES = ("Q @ K.mT / sqrt(n)", "Q=b,m,n K=b,k,n")
DENSE = ("tanh(X @ W + c)", "X=b,m,n W=n,k c=k")
HEADS = ("A @ B", "A=h,1,m,n B=b,n,k")
MIXED = ("L @ X", "L=m,n X=b,n,k")
WEIGHTED = ("softmax(S, axis=-1) @ V", "S=b,m,n V=b,n,k")
STACKED = [
    (STACKS, "A", "dR @ B.mT"),
    (STACKS, "B", "A.mT @ dR"),
    (SCORES, "Q", "dR @ K / sqrt(n)"),
    (SCORES, "K", "dR.mT @ Q / sqrt(n)"),
    (DENSE, "X", "(dR * (1 - R**2)) @ W.T"),
    (DENSE, "W", "sum(X.mT @ (dR * (1 - R**2)), axis=0)"),
    (DENSE, "c", "sum(dR * (1 - R**2), axis=(0, 1))"),
    (HEADS, "A", "sum(dR @ B.mT, axis=1, keepdims=True)"),
    (HEADS, "B", "sum(A.mT @ dR, axis=0)"),
    (MIXED, "L", "sum(dR @ X.mT, axis=0)"),
    (MIXED, "X", "L.T @ dR"),
    (WEIGHTED, "V", "softmax(S, axis=2).mT @ dR"),
    (("A @ B @ A.mT", "A=b,m,n B=n,n"), "B", "sum(A.mT @ dR @ A, axis=0)"),
    (("A @ x", "A=b,m,n x=b,n,1"), "A", "dR @ x.mT"),
    (("W @ x", "W=m,n x=b,n,1"), "W", "sum(dR @ x.mT, axis=0)"),
    (("A @ v", "A=b,m,n v=n"), "v", 'einsum("ij,ijk->k", dR, A)'),
    (("X * s", "X=b,m,n s=m,1"), "s", "expand_dims(sum(dR * X, axis=(0, 2)), axis=1)"),
    (("transpose(X, (2, 0, 1))", "X=b,m,n"), "X", "transpose(dR, (1, 2, 0))"),
    (("X.mT", "X=b,m,n"), "X", "dR.mT"),
    (("X @ v", "X=b,m,n v=n"), "X", "expand_dims(dR, axis=2) * v"),
    (
        ("sum(X * v / s, axis=2)", "X=b,m,n v=n s=b,m,1"),
        "v",
        'einsum("ij,ijk->k", dR / squeeze(s, axis=2), X)',
    ),
    (("X / s * v", "X=b,m,n v=n s=b,m,1"), "v", "sum(dR * X / s, axis=(0, 1))"),
    (
        ("(X @ W).reshape(b, m, 1, h, k).mT", "X=b,m,n W=n,h*k"),
        "W",
        "sum(X.mT @ reshape(dR.mT, [b, m, h*k]), axis=0)",
    ),
    (("softmax(Z, axis=-1)", "Z=b,m,n"), "Z", "R * (dR - sum(dR * R, axis=2, keepdims=True))"),
    (('einsum("ii->", A)', "A=n,n"), "A", "dR * eye(n)"),
    (
        ('einsum("bthd,bshd->bhts", Q, K)', "Q=b,m,h,n K=b,k,h,n"),
        "Q",
        'einsum("ijkl,iljm->ikjm", dR, K)',
    ),
    (('einsum("ij,jk,kl->il", A, B, C)', "A=b,m B=m,n C=n,k"), "B", "A.T @ dR @ C.T"),
]
LOSSES = [
    (("mse(P, T)", "P=k,m T=k,m"), "P", "2 * (P - T) / (k * m)"),
    (('mse(P, T, reduction="sum")', "P=k,m T=k,m"), "T", "-2 * (P - T)"),
    (("cross_entropy(P, T, axis=0)", "P=k,m T=k,m"), "P", "-T / (m * P)"),
    (("cross_entropy(P, T, axis=1)", "P=m,k T=m,k"), "P", "-T / (m * P)"),
    (("0.5 * sum(W**2)", "W=k,h"), "W", "W"),
    (("sum(X)", "X=m,n"), "X", "ones(m, n)"),
    (("mean(X)", "X=m,n"), "X", "ones(m, n) / (m * n)"),
]


@pytest.mark.parametrize(("case", "name", "formula"), CLASSICAL + STACKED)
def test_formula_is_the_classical_one(case: tuple[str, str], name: str, formula: str) -> None:
    (one,) = derivatives(Step(*case), name)
    assert text(one.formula) == formula


@pytest.mark.parametrize(("case", "name", "formula"), LOSSES)
def test_gradient_of_a_loss_needs_no_upstream(
    case: tuple[str, str], name: str, formula: str
) -> None:
    (one,) = derivatives(Step(*case), name)
    assert text(one.of_loss) == formula


def test_two_uses_of_one_name_have_a_formula_each() -> None:
    formulas = [text(one.formula) for one in derivatives(Step("X @ X.T", "X=m,n"), "X")]
    assert formulas == ["dR @ X", "dR.T @ X"]


SAME = [
    ("A @ B", 'einsum("ij,jk->ik", A, B)', "A=m,n B=n,k"),
    ("A @ B.T", 'einsum("ij,kj->ik", A, B)', "A=m,n B=k,n"),
    ("A.T @ B", 'einsum("ji,jk->ik", A, B)', "A=n,m B=n,k"),
    ("A @ B", 'einsum("ij,j->i", A, B)', "A=m,n B=n"),
    ("A @ B", 'einsum("i,ij->j", A, B)', "A=m B=m,n"),
    ("A @ B", 'einsum("i,i->", A, B)', "A=n B=n"),
    ("outer(A, B)", 'einsum("i,j->ij", A, B)', "A=m B=n"),
    ("A * B", 'einsum("ij,ij->ij", A, B)', "A=m,n B=m,n"),
    ("sum(A * B)", 'einsum("ij,ij->", A, B)', "A=m,n B=m,n"),
    ("sum(A * B, axis=1)", 'einsum("ij,ij->i", A, B)', "A=m,n B=m,n"),
    ("A @ B", "dot(A, B)", "A=m,n B=n,k"),
    ("A @ B", 'einsum("ij,jk->ik", A, B)', "A=n,n B=n,n"),
    ("A @ B", 'einsum("bij,bjk->bik", A, B)', "A=b,m,n B=b,n,k"),
    ("A @ B", 'einsum("...ij,...jk->...ik", A, B)', "A=b,m,n B=b,n,k"),
    ("A @ B.mT", 'einsum("bij,bkj->bik", A, B)', "A=b,m,n B=b,k,n"),
    ("A.mT @ B", 'einsum("bji,bjk->bik", A, B)', "A=b,n,m B=b,n,k"),
    ("A @ B", 'einsum("bij,jk->bik", A, B)', "A=b,m,n B=n,k"),
    ("A @ B", 'einsum("ij,bjk->bik", A, B)', "A=m,n B=b,n,k"),
    ("A @ B", 'einsum("bij,j->bi", A, B)', "A=b,m,n B=n"),
    ("A @ B", 'einsum("i,bij->bj", A, B)', "A=n B=b,n,k"),
    ("A @ B", 'einsum("hbij,hbjk->hbik", A, B)', "A=h,b,m,n B=h,b,n,k"),
    ("A @ B", 'einsum("hbij,bjk->hbik", A, B)', "A=h,b,m,n B=b,n,k"),
    ("A @ B", 'einsum("...ij,...jk->...ik", A, B)', "A=h,1,m,n B=b,n,k"),
    ("A @ B", "dot(A, B)", "A=b,m,n B=n,k"),
    ("A.mT", "swapaxes(A, -1, -2)", "A=h,b,m,n"),
    ("A.mT", "transpose(A, (0, 1, 3, 2))", "A=h,b,m,n"),
    ("A.mT", 'einsum("...ij->...ji", A)', "A=b,m,n"),
    ("A.T", "A.mT", "A=m,n"),
    ("A.T", "A.transpose(1, 0)", "A=m,n"),
    ("transpose(A, (1, 2, 0))", "moveaxis(A, 0, -1)", "A=b,m,n"),
    ("transpose(A, (2, 1, 0))", 'einsum("ijk->kji", A)', "A=b,m,n"),
]


@pytest.mark.parametrize(("one_way", "other_way", "shapes"), SAME)
def test_one_meaning_has_one_formula_however_it_is_written(
    one_way: str, other_way: str, shapes: str
) -> None:
    for left, right in zip(
        derived(Step(one_way, shapes)), derived(Step(other_way, shapes)), strict=True
    ):
        assert left.formula is right.formula


# --- printed and read back -------------------------------------------------------------------


@pytest.mark.parametrize("step", all_steps(), ids=str)
def test_formula_of_every_op_reads_back_as_it_is_printed(step: Step) -> None:
    for one in derived(step):
        for formula in (one.formula, one.equation):
            assert reread(formula) is formula


def reread(tree: Tree) -> Tree:
    """Print a tree, and build it again where its names have the shapes that they have in it."""
    values = {each.name: ",".join(map(str, each.shape)) for each in leaves(tree)}
    listed = " ".join(f"{name}={dims}" for name, dims in values.items() if name not in SIZES)
    return tree_of(text(tree), listed)


@pytest.mark.parametrize("shape", ["n*m", "n+m", "n*n", "2*n"])
def test_dim_in_a_formula_reads_back(shape: str) -> None:
    (one,) = derived(Step("sum(X)", f"X={shape}"))
    assert reread(one.formula) is one.formula


ATOMS = st.sampled_from(["A", "B", "c", "2", "0.5", "3", "n", "(1 / 3)", "-1", "(-2)"])


def spelt(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Write an expression of square matrices and scalars with every group in parentheses."""
    pairs = st.tuples(inner, st.sampled_from(["+", "-", "*", "/", ">", "=="]), inner)
    squares = st.tuples(st.sampled_from(["A", "B", "A.T"]), inner)
    return st.one_of(
        pairs.map(lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"),
        squares.map(lambda parts: f"({parts[0]}) @ (({parts[1]}) * B)"),
        squares.map(lambda parts: f"(A * ({parts[1]})) @ ({parts[0]})"),
        inner.map(lambda part: f"-({part})"),
        inner.map(lambda part: f"({part}).T" if part.strip("(-)").isalpha() else f"(A * {part}).T"),
        inner.map(lambda part: f"({part}) ** 2"),
        inner.map(lambda part: f"({part}) ** (-0.5)"),
        inner.map(lambda part: f"2 ** ({part})"),
        inner.map(lambda part: f"exp({part})"),
        inner.map(lambda part: f"sum({part})"),
        inner.map(lambda part: f"where(A > 0, {part}, ({part}) - B)"),
    )


@given(expression=st.recursive(ATOMS, spelt, max_leaves=8))
@settings(max_examples=300)
def test_any_tree_reads_back_as_it_is_printed(expression: str) -> None:
    tree = tree_of(expression, "A=n,n B=n,n c=")
    assert tree_of(text(tree), "A=n,n B=n,n c=") is tree


def test_transposed_number_reads_back() -> None:
    tree = tree_of("(2).T", "")
    assert reread(tree) is tree


@given(expression=st.recursive(ATOMS, spelt, max_leaves=8))
def test_printing_needs_no_more_parentheses_than_were_written(expression: str) -> None:
    tree = tree_of(expression, "A=n,n B=n,n c=")
    assert text(tree).count("(") <= expression.count("(")


# --- renaming --------------------------------------------------------------------------------

VALUE_NAMES = ("zeta", "A", "b1", "Q", "x_2", "W10", "aa", "Z")
DIM_NAMES = ("z", "d0", "q", "n", "y", "a")


def renamed(printed: str, names: dict[str, str]) -> str:
    return re.sub(r"[A-Za-z_]\w*", lambda found: names.get(found[0], found[0]), printed)


def renamed_step(step: Step, values: dict[str, str], dims: dict[str, str]) -> Step:
    pairs = (entry.split("=") for entry in step.shapes.split())
    shapes = " ".join(f"{values[name]}={renamed(shape, dims)}" for name, shape in pairs)
    return Step(renamed(step.text, {**dims, **values}), shapes)


@given(
    value_names=st.permutations(VALUE_NAMES),
    dim_names=st.permutations(DIM_NAMES),
)
@settings(max_examples=25)
def test_renaming_changes_a_formula_by_that_renaming_only(
    value_names: list[str], dim_names: list[str]
) -> None:
    for case in dict.fromkeys(case for case, _, _ in CLASSICAL + STACKED[:12] + LOSSES):
        step = Step(*case)
        values = dict(zip(re.findall(r"(\w+)=", step.shapes), value_names, strict=False))
        dims = dict(zip(("m", "n", "k", "h", "b"), dim_names, strict=False))
        for one, other in zip(
            derived(step), derived(renamed_step(step, values, dims)), strict=True
        ):
            for formula, new in ((one.formula, other.formula), (one.of_loss, other.of_loss)):
                assert renamed(text(formula), values | dims) == text(new)
                if one.equation.shape:
                    break  # only a scalar is a loss
