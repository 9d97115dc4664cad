"""Calls as code of NumPy, PyTorch and JAX has them mean what they mean there.

NumPy's are run by NumPy itself. Of the others the same is written in NumPy beside each.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from checking import report_on
from oracles import SIZES, STATED, Array, Step, arguments, names_of, tree_of, world_of

from shapecalc.diagnostics import Problem
from shapecalc.dims import Dim
from shapecalc.expression import Call as Syntax
from shapecalc.ops import OPS
from shapecalc.ops.arguments import told_apart
from shapecalc.ops.build import Builder, Misfit
from shapecalc.ops.calls import by_own_name
from shapecalc.ops.registry import Op
from shapecalc.parsing import parse_expression
from shapecalc.span import Span
from shapecalc.tree import Call, call

SHAPES = "X=m,n Y=m,n W=n,k V=k,n S=n,n T=b,m,n U=b,n,k g=n h=n c=m,1 s= i=m"
NUMPY = """
np.add(X, Y) | np.subtract(X, Y) | np.multiply(X, Y) | np.divide(X, Y) | np.true_divide(X, Y)
np.negative(X) | np.abs(X) | np.absolute(X) | np.fabs(X) | np.sign(X) | np.square(X)
np.exp(X) | np.exp2(X) | np.expm1(X) | np.log(X**2) | np.log1p(X**2) | np.log2(X**2)
np.log10(X**2) | np.sqrt(X**2) | np.reciprocal(X) | np.power(X, 2) | np.float_power(X, 3)
np.sin(X) | np.cos(X) | np.tan(X) | np.sinh(X) | np.cosh(X) | np.tanh(X) | np.arctan(X)
np.floor(X) | np.ceil(X) | np.maximum(X, Y) | np.minimum(X, g) | np.logaddexp(X, Y)
np.clip(X, 0, 1) | np.clip(X, 0, None) | np.clip(X, None, 0.4) | np.where(X > 0, X, Y)
np.greater(X, Y) | np.less_equal(X, Y) | np.equal(X, X) | np.not_equal(X, Y)
np.sum(X) | np.sum(X, axis=1) | np.sum(X, 0) | np.mean(X, axis=(0, 1)) | np.average(X, axis=0)
np.max(X, axis=1, keepdims=True) | np.amax(X, 0) | np.min(X) | np.amin(X, axis=1) | np.prod(X, 0)
np.var(X, axis=1) | np.std(X, axis=0, ddof=1) | np.cumsum(X, axis=1)
np.linalg.norm(X) | np.linalg.norm(g) | np.linalg.norm(X, axis=1) | np.linalg.norm(g, 1)
np.matmul(T, U) | np.dot(X, W) | np.dot(T, W) | np.inner(g, h) | np.inner(X, Y) | np.vdot(X, Y)
np.outer(g, h) | np.kron(X, W) | np.einsum("ij,jk->ik", X, W) | np.einsum("bij,bjk", T, U)
np.tensordot(X, W, axes=1) | np.tensordot(T, U, axes=([0, 2], [0, 1])) | np.trace(S)
np.transpose(X) | np.transpose(T, (2, 0, 1)) | np.swapaxes(T, 0, 1) | np.moveaxis(T, 0, -1)
np.reshape(T, (b, m * n)) | np.reshape(X, -1) | np.ravel(X) | np.squeeze(c) | np.squeeze(c, axis=1)
np.expand_dims(X, 0) | np.expand_dims(X, axis=(0, 1)) | np.broadcast_to(g, (m, n))
np.concatenate([X, c], axis=1) | np.stack([X, Y]) | np.stack([X, Y], axis=-1)
np.hstack([X, c]) | np.hstack((g, h)) | np.vstack([X, Y]) | np.vstack([g, h])
np.column_stack([g, h]) | np.column_stack([X, i]) | np.tile(X, (2, 1)) | np.tile(g, 3)
np.repeat(X, 2, axis=0) | np.repeat(g, 3) | np.flip(X) | np.flip(X, axis=1) | np.fliplr(X)
np.flipud(X) | np.roll(X, 2, axis=1) | np.pad(X, 1) | np.pad(X, ((1, 0), (0, 2)))
np.triu(S) | np.tril(X, -1) | np.diag(g) | np.diag(S) | np.diagonal(S)
np.ones((m, n)) | np.zeros((m, n)) | np.full((m, n), 2) | np.ones_like(X) | np.zeros_like(X)
np.full_like(X, 3) | np.eye(n) | np.identity(n) | np.arange(n)
np.split(X, 5, axis=1)[2] | np.split(X, [1, 3], axis=1)[1] | np.array_split(X, 3)[-1]
np.hsplit(X, 5)[0] | np.vsplit(X, 3)[1] | np.pi * X
np.linalg.inv(S) | np.linalg.det(S) | np.linalg.solve(S, W)
X[:, np.newaxis] | X[..., None] | X[None] | X[1:, :-1] | X[-1] | X[::-1]
X.sum(axis=1) | X.mean(0) | X.max(axis=1) | X.min() | X.prod(axis=0) | X.var(axis=0) | X.std()
X.dot(W) | X.T | X.transpose() | T.transpose(1, 0, 2) | T.swapaxes(0, 1) | X.reshape(n, m)
T.reshape(b, -1) | X.ravel() | X.flatten() | c.squeeze() | c.squeeze(1) | X.repeat(2, axis=1)
X.cumsum(axis=0) | S.trace() | S.diagonal() | X.clip(0, 1) | X.copy()
"""
OTHERS = {
    "torch.add(X, Y)": "X + Y",
    "torch.mm(X, W)": "X @ W",
    "torch.bmm(T, U)": "T @ U",
    "torch.mv(X, g)": "X @ g",
    "torch.matmul(T, U)": "T @ U",
    "torch.addmm(c, X, W)": "c + X @ W",
    "torch.outer(g, h)": "np.outer(g, h)",
    "torch.tensordot(X, W, dims=1)": "X @ W",
    "torch.t(X)": "X.T",
    "torch.transpose(T, 0, 1)": "np.swapaxes(T, 0, 1)",
    "torch.permute(T, (2, 0, 1))": "np.transpose(T, (2, 0, 1))",
    "torch.cat([X, Y], dim=1)": "np.concatenate([X, Y], axis=1)",
    "torch.cat((X, Y), -1)": "np.concatenate([X, Y], axis=-1)",
    "torch.stack([X, Y], dim=1)": "np.stack([X, Y], axis=1)",
    "torch.unsqueeze(X, 1)": "X[:, None]",
    "torch.squeeze(c, 1)": "c[:, 0]",
    "torch.flatten(T, 1)": "T.reshape(2, 15)",
    "torch.flatten(T, start_dim=0, end_dim=1)": "T.reshape(6, 5)",
    "torch.chunk(X, 5, dim=1)[1]": "X[:, 1:2]",
    "torch.split(X, [2, n - 2], dim=1)[1]": "X[:, 2:]",
    "torch.split(T, 1, dim=0)[1]": "T[1:]",
    "torch.unbind(X, dim=1)[3]": "X[:, 3]",
    "torch.clamp(X, min=0)": "np.maximum(X, 0)",
    "torch.pow(X, 2)": "X**2",
    "torch.rsqrt(X**2)": "1 / np.abs(X)",
    "torch.sigmoid(X)": "1 / (1 + np.exp(-X))",
    "torch.var(X, dim=1)": "X.var(axis=1, ddof=1)",
    "torch.logsumexp(X, dim=1)": "np.log(np.exp(X).sum(1))",
    "torch.flip(X, dims=[0])": "X[::-1]",
    "torch.roll(X, shifts=1, dims=0)": "np.roll(X, 1, axis=0)",
    "torch.cumsum(X, dim=1)": "np.cumsum(X, axis=1)",
    "torch.zeros_like(X)": "np.zeros((3, 5))",
    "torch.full((m, n), 2)": "np.full((3, 5), 2)",
    "torch.linalg.inv(S)": "np.linalg.inv(S)",
    "torch.linalg.solve(S, W)": "np.linalg.solve(S, W)",
    "torch.eye(n)": "np.eye(5)",
    "torch.arange(n)": "np.arange(5)",
    "F.linear(X, V)": "X @ V.T",
    "F.relu(X)": "np.maximum(X, 0)",
    "F.softplus(X)": "np.logaddexp(0, X)",
    "F.softmax(X, dim=1)": "np.exp(X) / np.exp(X).sum(1, keepdims=True)",
    "F.normalize(X)": "X / np.sqrt((X**2).sum(1, keepdims=True))",
    "F.mse_loss(X, Y)": "np.mean((X - Y) ** 2)",
    "F.scaled_dot_product_attention(X, Y, Y, scale=1)": (
        "np.exp(X @ Y.T) / np.exp(X @ Y.T).sum(1, keepdims=True) @ Y"
    ),
    "F.scaled_dot_product_attention(S, S, W, is_causal=True, scale=1)": (
        "np.tril(np.exp(S @ S.T)) / np.tril(np.exp(S @ S.T)).sum(1, keepdims=True) @ W"
    ),
    "X.mm(W)": "X @ W",
    "X.t()": "X.T",
    "X.view(-1)": "X.ravel()",
    "T.view(b, -1)": "T.reshape(2, -1)",
    "X.unsqueeze(0)": "X[None]",
    "T.permute(0, 2, 1)": "np.swapaxes(T, 1, 2)",
    "T.transpose(1, 2)": "np.swapaxes(T, 1, 2)",
    "X.sum(dim=1, keepdim=True)": "X.sum(1, keepdims=True)",
    "X.var(dim=1)": "X.var(axis=1, ddof=1)",
    "X.amax(dim=1)": "X.max(1)",
    "X.pow(2)": "X**2",
    "X.clamp(min=0)": "np.maximum(X, 0)",
    "X.chunk(5, dim=-1)[-1]": "X[:, 4:]",
    "X.split(1, dim=0)[2]": "X[2:]",
    "X.unbind(1)[0]": "X[:, 0]",
    "g.expand(m, n)": "np.broadcast_to(g, (3, 5))",
    "jnp.concatenate([X, Y], axis=0)": "np.concatenate([X, Y])",
    "jnp.where(X > 0, X, 0)": "np.maximum(X, 0)",
    "jnp.linalg.det(S)": "np.linalg.det(S)",
    "jax.nn.relu(X)": "np.maximum(X, 0)",
    "jax.nn.softmax(X)": "np.exp(X) / np.exp(X).sum(1, keepdims=True)",
    "jax.nn.standardize(X, epsilon=0.1)": (
        "(X - X.mean(1, keepdims=True)) / np.sqrt(X.var(1, keepdims=True) + 0.1)"
    ),
}
PICKED = {
    "np.take(W, j, axis=0)": "W[j]",
    "W[j]": "W[j]",
    "W[j, :]": "W[j]",
    "F.embedding(j, W)": "W[j]",
    "F.embedding(j, weight=W)": "W[j]",
    "X[arange(m), j]": "X[range(3), j]",
    "X[range(m), j]": "X[range(3), j]",
    "X[list(range(m)), j]": "X[range(3), j]",
    "X[torch.arange(m), j]": "X[range(3), j]",
    "F.one_hot(j, n)": "np.eye(5)[j]",
    "F.one_hot(j, num_classes=n)": "np.eye(5)[j]",
    "jax.nn.one_hot(j, n)": "np.eye(5)[j]",
    "F.cross_entropy(X, j)": "-np.mean((X - np.log(np.exp(X).sum(1))[:, None])[range(3), j])",
    "F.nll_loss(X, j)": "-np.mean(X[range(3), j])",
    'nll(X, j, axis=1, reduction="sum")': "-np.sum(X[range(3), j])",
    "nll(X.T, j, axis=0)": "-np.mean(X[range(3), j])",
}
REFUSED = {
    "split(X, 5)": "split(X, 3)[0]",
    "X.chunk(5)": ".chunk()[0]",
    "split(X, 2, axis=1)[2]": "from 0 to 1",
    "split(X, 4, axis=5)[0]": "from 0 to 1",
    "split(X, 3)[1:]": "write the number of the part",
    "torch.split(X, [2, 2], dim=1)[0]": "fill the axis",
    "F.group_norm(X, 2)": "groups=8",
    "F.pad(X, (1, 2))": "pairs from the first axis on",
    "torch.gather(X, 1, X)": "pick(X, ids)",
    "jax.nn.dot_product_attention(T, T, T)": "scaled_dot_product_attention(Q, K, V)",
    "F.dropout(X)": "with the mask as an input",
}


def split_names(text: str) -> list[str]:
    return [each.strip() for line in text.split("\n") for each in line.split(" | ") if each.strip()]


def by_python(text: str, values: Mapping[str, Any]) -> Array:
    scope = {"np": np, "range": range, **SIZES, **values}
    return np.asarray(eval(text, scope), dtype=float)  # it is ours


def ours(text: str, more: str = "") -> tuple[Array, dict[str, Any]]:
    world = world_of(Step(text, f"{SHAPES}{more}"))
    return world.at(tree_of(text, f"{SHAPES}{more}")), dict(world.values)


@pytest.mark.parametrize("written", split_names(NUMPY))
def test_call_of_numpy_has_the_value_that_numpy_gives(written: str) -> None:
    found, values = ours(written)
    truth = by_python(written, values)
    assert found.shape == truth.shape
    np.testing.assert_allclose(found, truth, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("written", "meant"), OTHERS.items())
def test_call_of_another_library_has_the_value_that_it_has_there(written: str, meant: str) -> None:
    found, values = ours(written)
    truth = by_python(meant, values)
    assert found.shape == truth.shape
    np.testing.assert_allclose(found, truth, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("written", "meant"), PICKED.items())
def test_value_in_the_place_of_an_index_picks_as_numpy_does(written: str, meant: str) -> None:
    found, values = ours(written, " j=m")
    values["j"] = values["j"].astype(int)
    truth = by_python(meant, values)
    assert len(set(values["j"].tolist())) > 1
    assert found.shape == truth.shape
    np.testing.assert_allclose(found, truth, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("written", "advice"), REFUSED.items())
def test_what_is_not_read_is_told_what_to_write(written: str, advice: str) -> None:
    with pytest.raises((Problem, Misfit)) as caught:
        tree_of(written, SHAPES)
    found = caught.value
    assert isinstance(found, Problem | Misfit)
    assert advice in (found.finding if isinstance(found, Problem) else found.mismatch).help


@pytest.mark.parametrize(
    "entry",
    [entry for entry in OPS.values() if entry.shape is None and entry.spelling],
    ids=lambda entry: entry.name,
)
def test_body_of_a_shorthand_is_what_it_is_read_as(entry: Op) -> None:
    for given, shapes in STATED[entry.name]:
        step = Step(f"{entry.name}({given})", shapes)
        world = world_of(step)
        tree = as_called(entry, given, shapes)
        operands = [world.at(operand) for operand in tree.operands]
        truth = entry.body(*operands, **arguments(tree, SIZES))
        np.testing.assert_allclose(world.at(tree_of(*step)), truth, rtol=1e-12, err_msg=str(step))


def as_called(entry: Op, given: str, shapes: str) -> Call:
    """Return a call as it is written, rather than as what it is read as."""
    names: dict[str, Any] = {**{name: Dim.named(name) for name in SIZES}, **names_of(shapes)}
    builder = Builder(lambda name: names[name.text], lambda name: isinstance(names[name], Dim))
    node = parse_expression(f"f({given})", lambda *_: Span("", 1, 1, 1))
    assert isinstance(node, Syntax)
    keywords = by_own_name(entry, node.keywords)
    operands, extra = told_apart(builder, node, entry, node.arguments, keywords)
    attributes = builder.reader.attributes(node, entry, operands, extra, keywords, {})
    return call(entry.name, operands, attributes, ())


@pytest.mark.parametrize(
    "equation", ["hstack(Q, Y)", "hstack(s, Y)", "vstack(w, Y)", "addmm(s, Y, Q)"]
)
def test_mistake_in_a_shorthand_is_told_at_the_call(equation: str) -> None:
    spec = "dims: [n, m, k]\nparams: {Y: [k, m], Q: [n, n], s: [], w: [n]}\nforward: |\n"
    found = report_on(f"{spec}  Z = {equation}\n  J = sum(Z)\n").findings
    errors = [each.span for each in found if each.severity.name == "ERROR"]
    assert errors == [("spec.yaml", 4, 7, len(equation))]
