"""The engine against JAX and PyTorch themselves: every op, and every name as their users write it.

Skipped where they are not installed; `pip install -e '.[dev,frameworks]'` brings them.
"""

from types import FunctionType
from typing import Any

import numpy as np
import pytest
from oracles import (
    SIZES,
    Derived,
    Step,
    World,
    all_steps,
    arguments,
    derivatives,
    derived,
    executed,
    pulled_back,
    world_of,
)

from shapecalc.ops import OPS
from shapecalc.ops.registry import Op
from shapecalc.tree import Call, Tree, leaf, with_marker

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
JAX_ITSELF = pytest.importorskip("jax")
STEPS = all_steps()


# --- JAX: the bodies of all ops, differentiated by it --------------------------------------------


@pytest.fixture(scope="module")
def jax() -> Any:
    JAX_ITSELF.config.update("jax_enable_x64", True)
    return JAX_ITSELF


class _JaxNumpy:
    """Stands in for `np` in a body: JAX's, where a function of the entries takes arrays as well."""

    def __init__(self, jax: Any) -> None:
        self.jax = jax

    def __getattr__(self, name: str) -> Any:
        return getattr(self.jax.numpy, name)

    @staticmethod
    def vectorize(function: Any, **_: Any) -> Any:
        return function


def with_jax(entry: Op, jax: Any) -> Any:
    """Return the body of an op, and what it calls in its module, with JAX's NumPy."""
    scope = {**entry.body.__globals__, "np": _JaxNumpy(jax)}
    if "math" in scope:
        scope["math"] = jax.scipy.special  # of it, bodies have erf alone
    for name, found in entry.body.__globals__.items():
        if isinstance(found, FunctionType) and found.__module__ == entry.body.__module__:
            scope[name] = FunctionType(found.__code__, scope, name, found.__defaults__)
    body = FunctionType(entry.body.__code__, scope)
    body.__kwdefaults__ = entry.body.__kwdefaults__
    return body


def jacobian_by_jax(one: Derived, world: World, jax: Any) -> Any:
    marker = leaf("<wrt>", one.jacobian.wrt.shape)
    equation = with_marker(one.equation, one.use, marker)

    def at(tree: Tree, entries: Any) -> Any:
        if tree is marker:
            return entries
        if not isinstance(tree, Call):
            return world.at(tree)
        operands = (at(operand, entries) for operand in tree.operands)
        return jax.numpy.asarray(
            with_jax(OPS[tree.op], jax)(*operands, **arguments(tree, world.sizes)), dtype=float
        )

    point = jax.numpy.asarray(world.values[one.jacobian.wrt.name], dtype=float)
    return np.asarray(jax.jacrev(lambda entries: at(equation, entries))(point))


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_every_formula_is_what_jax_gives(step: Step, jax: Any) -> None:
    world = world_of(step)
    for one in derived(step):
        truth = pulled_back(jacobian_by_jax(one, world, jax), world.values["dR"])
        np.testing.assert_allclose(executed(one.formula, world), truth, rtol=1e-9, atol=1e-9)


# --- names, as the users of JAX and PyTorch write them -------------------------------------------

TORCH = [
    *(
        (f"{prefix}.{name}(X)", "X=m,n")
        for prefix, names in (
            ("torch", "relu sigmoid tanh exp log sqrt sin cos tan arctan erf abs square softplus"),
            ("F", "relu relu6 gelu silu elu selu mish softsign hardtanh softplus logsigmoid"),
        )
        for name in names.split()
        if (prefix, name) != ("torch", "softplus")
    ),
    ("F.gelu(X, approximate='tanh')", "X=m,n"),
    ("F.leaky_relu(X, negative_slope=0.2)", "X=m,n"),
    ("F.softmax(X, dim=1)", "X=m,n"),
    ("torch.softmax(X, dim=0)", "X=m,n"),
    ("F.log_softmax(X, dim=-1)", "X=b,m,n"),
    ("torch.sum(X, dim=1)", "X=m,n"),
    ("X.sum(dim=0, keepdim=True)", "X=m,n"),
    ("X.mean(dim=(0, 1))", "X=m,n"),
    ("torch.var(X, dim=1)", "X=m,n"),
    ("torch.std(X, dim=0, keepdim=True)", "X=m,n"),
    ("torch.var(X, dim=1, correction=0)", "X=m,n"),
    ("torch.logsumexp(X, dim=1)", "X=m,n"),
    ("torch.linalg.norm(X)", "X=m,n"),
    ("torch.prod(X, dim=1)", "X=m,n"),
    ("torch.cumsum(X, dim=1)", "X=m,n"),
    ("torch.clamp(X, -0.5, 0.5)", "X=m,n"),
    ("torch.matmul(A, B)", "A=b,m,n B=n,k"),
    ("torch.einsum('bij,bjk->bik', A, B)", "A=b,m,n B=b,n,k"),
    ("torch.cat([A, B], dim=1)", "A=m,n B=m,k"),
    ("torch.stack([A, B], dim=1)", "A=m,n B=m,n"),
    ("torch.transpose(X, 0, 2)", "X=b,m,n"),
    ("X.permute(2, 0, 1)", "X=b,m,n"),
    ("torch.flip(X, [0])", "X=m,n"),
    ("torch.roll(X, 1, 0)", "X=m,n"),
    ("torch.tril(X)", "X=m,n"),
    ("torch.triu(X, 1)", "X=m,n"),
    ("torch.trace(X)", "X=n,n"),
    ("F.mse_loss(P, Y)", "P=m,n Y=m,n"),
    ("F.mse_loss(P, Y, reduction='sum')", "P=m,n Y=m,n"),
    ("F.l1_loss(P, Y)", "P=m,n Y=m,n"),
    ("F.smooth_l1_loss(P, Y, beta=0.4)", "P=m,n Y=m,n"),
    ("F.huber_loss(P, Y, delta=0.4)", "P=m,n Y=m,n"),
    ("F.cosine_similarity(A, B, dim=1)", "A=m,n B=m,n"),
    ("F.normalize(X, dim=1)", "X=m,n"),
]
JAX_ENTRYWISE = (
    "relu relu6 sigmoid softplus silu swish elu selu gelu soft_sign log_sigmoid "
    "hard_tanh hard_sigmoid mish"
)
JAX = [
    *((f"jax.nn.{name}(X)", "X=m,n") for name in JAX_ENTRYWISE.split()),
    ("jax.nn.gelu(X, approximate=False)", "X=m,n"),
    ("jax.nn.leaky_relu(X, 0.2)", "X=m,n"),
    ("jax.nn.softmax(X, axis=0)", "X=m,n"),
    ("jax.nn.softmax(X)", "X=b,m,n"),
    ("jax.nn.log_softmax(X, axis=-1)", "X=m,n"),
    ("jax.nn.logsumexp(X, axis=1)", "X=m,n"),
    ("jnp.var(X, axis=1)", "X=m,n"),
    ("jnp.std(X, axis=0, ddof=1)", "X=m,n"),
    ("jnp.linalg.norm(X, axis=1)", "X=m,n"),
    ("jnp.einsum('ij,jk->ik', A, B)", "A=m,n B=n,k"),
    ("jnp.matmul(A, B)", "A=b,m,n B=b,n,k"),
    ("jnp.concatenate([A, B], axis=0)", "A=m,n B=k,n"),
    ("jnp.swapaxes(X, 0, 2)", "X=b,m,n"),
    ("jnp.moveaxis(X, 0, -1)", "X=b,m,n"),
    ("jnp.cumsum(X, axis=0)", "X=m,n"),
    ("jnp.clip(X, -0.5, 0.5)", "X=m,n"),
    ("jnp.where(X > 0, X, 0.1 * X)", "X=m,n"),
    ("jnp.tril(X, k=-1)", "X=m,n"),
    ("jnp.pad(X, ((1, 0), (0, 2)))", "X=m,n"),
    ("jnp.roll(X, 2, axis=1)", "X=m,n"),
]


def by_torch(case: tuple[Step, World, str], torch: Any) -> tuple[Any, Any]:
    """Run the text as PyTorch code; return the result and the gradient by a name."""
    step, world, name = case
    values = {
        each: torch.tensor(world.values[each], requires_grad=each == name)
        for each in world.values
        if each not in ("R", "dR")
    }
    scope = {"torch": torch, "F": torch.nn.functional, **SIZES, **values}
    found = eval(step.text, scope)
    found.backward(torch.tensor(world.values["dR"]))
    return found.detach().numpy(), values[name].grad.numpy()


def by_jax(case: tuple[Step, World, str], jax: Any) -> tuple[Any, Any]:
    """Run the text as JAX code; return the result and the gradient by a name."""
    step, world, name = case
    values = {each: jax.numpy.asarray(world.values[each]) for each in world.values}

    def run(entries: Any) -> Any:
        return eval(step.text, {"jax": jax, "jnp": jax.numpy, **SIZES, **values, name: entries})

    found, pull = jax.vjp(run, values[name])
    return np.asarray(found), np.asarray(pull(values["dR"])[0])


@pytest.mark.parametrize("case", TORCH, ids=str)
def test_pytorch_code_means_what_pytorch_does(case: tuple[str, str]) -> None:
    torch = pytest.importorskip("torch")
    _assert_same(Step(*case), lambda *given: by_torch(given, torch))


@pytest.mark.parametrize("case", JAX, ids=str)
def test_jax_code_means_what_jax_does(case: tuple[str, str], jax: Any) -> None:
    _assert_same(Step(*case), lambda *given: by_jax(given, jax))


def _assert_same(step: Step, framework: Any) -> None:
    world = world_of(step)
    for name in dict.fromkeys(one.jacobian.wrt.name for one in derived(step)):
        result, gradient = framework(step, world, name)
        np.testing.assert_allclose(world.values["R"], result, rtol=1e-9, atol=1e-9)
        total = sum(executed(one.formula, world) for one in derivatives(step, name))
        np.testing.assert_allclose(total, gradient, rtol=1e-7, atol=1e-9)
