"""Libraries' names of ops: each means what it means there, or is refused by name."""

import numpy as np
import pytest
from oracles import SIZES, Step, derivatives, derived, executed, tree_of, world_of

from shapecalc import api
from shapecalc.diagnostics import Problem
from shapecalc.matrix.printing import text
from shapecalc.ops import OPS
from shapecalc.ops.build import Misfit
from shapecalc.ops.names import (
    ALIASES,
    KEYWORDS,
    LIBRARIES,
    METHODS,
    NOT_BUILT,
    OTHERWISE,
    PREFIXES,
)
from shapecalc.tree import Tree

SHAPES = "X=m,n Y=m,n g=n h=n mu=n v=n"
SAME = {
    "np.linalg.inv(X @ X.T)": "inv(X @ X.T)",
    "torch.linalg.det(X @ X.T)": "det(X @ X.T)",
    "(X @ X.T).logdet()": "logdet(X @ X.T)",
    "torch.linalg.solve(X @ X.T, X)": "solve(X @ X.T, X)",
    "torch.kron(X, Y)": "kron(X, Y)",
    "np.inner(X, Y)": "X @ Y.T",
    "np.tensordot(X, Y.T, axes=1)": "X @ Y.T",
    "torch.arange(n) * X": "arange(n) * X",
    "X.matmul(Y.T)": "X @ Y.T",
    "X @ np.identity(n)": "X @ eye(n)",
    "torch.var(X, dim=1)": "var(X, axis=1, ddof=1)",
    "torch.var(X, dim=1, unbiased=False)": "var(X, axis=1, ddof=0)",
    "torch.std(X, dim=0, keepdim=True)": "std(X, axis=0, keepdims=True, ddof=1)",
    "torch.std(X, correction=0)": "std(X, ddof=0)",
    "np.var(X, axis=1)": "var(X, axis=1)",
    "jnp.std(X, axis=1, ddof=1)": "std(X, axis=1, ddof=1)",
    "X.var(0)": "var(X, axis=0)",
    "X.max(axis=-1)": "max(X, axis=1)",
    "np.amax(X, 1)": "max(X, axis=1)",
    "np.max(X, 0)": "max(X, axis=0)",
    "torch.amin(X, dim=(0, 1))": "min(X, axis=(0, 1))",
    "F.gelu(X)": "gelu(X)",
    'F.gelu(X, approximate="tanh")': 'gelu(X, approximate="tanh")',
    "jax.nn.gelu(X)": 'gelu(X, approximate="tanh")',
    "jax.nn.gelu(X, approximate=False)": "gelu(X, approximate=False)",
    "jax.nn.softmax(X)": "softmax(X, axis=1)",
    "jax.nn.log_softmax(X, axis=0)": "log_softmax(X, axis=0)",
    "torch.softmax(X, dim=-1)": "softmax(X, axis=1)",
    "torch.nn.functional.softmax(X, 0)": "softmax(X, axis=0)",
    "F.cross_entropy(X, Y)": "softmax_cross_entropy(X, Y, axis=1)",
    'torch.nn.functional.cross_entropy(X, Y, reduction="sum")': (
        'softmax_cross_entropy(X, Y, axis=1, reduction="sum")'
    ),
    "F.nll_loss(X, Y)": "nll(X, Y, axis=1)",
    "F.mse_loss(X, Y)": "mse(X, Y)",
    "F.l1_loss(X, Y)": "l1(X, Y)",
    "F.cosine_similarity(X, Y)": "cosine_similarity(X, Y, axis=1)",
    "F.cosine_similarity(X, Y, dim=0)": "cosine_similarity(X, Y, axis=0)",
    "F.leaky_relu(X, negative_slope=0.2)": "leaky_relu(X, slope=0.2)",
    "F.hardtanh(X, min_val=-2, max_val=2)": "hardtanh(X, lo=-2, hi=2)",
    "torch.clamp(X, min=0, max=6)": "clip(X, 0, 6)",
    "np.clip(X, a_min=0, a_max=6)": "clip(X, 0, 6)",
    "np.linalg.norm(X)": "norm(X)",
    "jnp.linalg.norm(X, axis=1)": "norm(X, axis=1)",
    "torch.linalg.norm(X, dim=1)": "norm(X, axis=1)",
    "torch.norm(X, p=1)": "vector_norm(X, ord=1)",
    "torch.transpose(X, 0, 1)": "swapaxes(X, 0, 1)",
    "torch.dot(g, h)": "g @ h",
    "scipy.special.expit(X)": "sigmoid(X)",
    "jax.scipy.special.logsumexp(X, axis=0)": "logsumexp(X, axis=0)",
    "swish(X)": "silu(X)",
    "math.sqrt(n) * X": "sqrt(n) * X",
    "np.pi * X": "pi * X",
    "max(0, X)": "maximum(0, X)",
    "min(X, Y)": "minimum(X, Y)",
    "σ(X)": "sigmoid(X)",
    "X.std(-1, keepdim=True)": "std(X, axis=1, keepdims=True, ddof=1)",
    "X.var(axis=0)": "var(X, axis=0)",
    "X.max(1, keepdim=True).values": "max(X, axis=1, keepdims=True)",
    "X.unsqueeze(0)": "expand_dims(X, 0)",
    "X.mm(Y.t())": "X @ Y.T",
    "X.contiguous().view(n, m)": "reshape(X, n, m)",
    "layer_norm(X, beta=h)": "layer_norm(X, 1, h, axis=1)",
    "batch_norm_inference(X, mu, v)": "batch_norm_inference(X, mu, v, 1, 0)",
}
REFUSED = {
    "torch.max(X, dim=1)": "torch.amax",
    "F.layer_norm(X, (n,))": "layer_norm(X, gamma, beta, axis=-1)",
    "F.batch_norm(X, mu, v)": "batch_norm_inference",
    "F.dropout(X, 0.5)": "dropout(X, mask, p=0.5)",
    "torch.linalg.svd(X)": "write its formula",
    "torch.Relu(X)": "did you mean `relu`",
    "torch.var(X, 1, False)": "write `var(X)`",
    "max(X, 0)": "write `maximum(X, 0)`, or `max(X, axis=0)`",
    "max(0, X) + max(X, Y, X)": "write `max(X)`",
    "leaky_relu(X, slope=s)": "declare it under `constants`",
    "leaky_relu(X, slope=Y)": "declare it under `constants`",
    "clip(X, 0, 1, hi=2)": "drop `hi=`",
    "clip(X)": "write `clip(X, lo, hi)`",
    "X.masked_fill(Y, float('-inf'))": "write `-1e9`",
    "torch.masked_fill(X, Y, -np.inf)": "write `-1e9`",
    "where(Y, -torch.inf, X)": "write `-1e9`",
    "dropout(X)": "write `dropout(X, M)`",
}
NO_NORM_OF_ENTRIES = (
    "norm(X, 2, axis=(0, 1))",
    "np.linalg.norm(X, 2, keepdims=True)",
    "norm(X, 3, axis=1)",
)


def built(expression: str) -> Tree:
    return tree_of(expression, SHAPES)


@pytest.mark.parametrize(("written", "meant"), SAME.items())
def test_name_of_a_library_means_the_op(written: str, meant: str) -> None:
    assert built(written) is built(meant)


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_name_of_a_library_is_that_of_an_op(library: str) -> None:
    for name, meaning in LIBRARIES[library].items():
        entry = OPS[meaning.op]
        assert {key for key, _ in meaning.defaults} <= set(entry.attributes), name


def test_tables_of_names_fit_each_other() -> None:
    assert set(ALIASES.values()) <= set(OPS)
    assert not set(ALIASES) & set(OPS)
    assert not set(NOT_BUILT) & (set(OPS) | set(ALIASES))
    assert {ALIASES.get(name, name) for name in METHODS} <= set(OPS)
    assert not {(library, name) for library in LIBRARIES for name in LIBRARIES[library]} & set(
        OTHERWISE
    )
    known = {name for entry in OPS.values() for name in (*entry.operands, *entry.attributes)}
    assert set(KEYWORDS.values()) <= known
    assert set(LIBRARIES) | {"NumPy"} == set(PREFIXES.values())


@pytest.mark.parametrize(("written", "advice"), REFUSED.items())
def test_what_another_library_means_otherwise_is_refused(written: str, advice: str) -> None:
    spec = f"""
        dims: {{m: 3, n: 5}}
        params: {{X: [m, n], Y: [m, n], s: [], mu: [n], v: [n]}}
        forward:
          R: {written}
        upstream: R
        """
    refusals = [each for each in api.check(spec, "spec.yaml").findings if each.code != "SC601"]
    assert refusals[0].code in ("SC209", "SC210", "SC212")
    assert advice in refusals[0].help


@pytest.mark.parametrize("written", NO_NORM_OF_ENTRIES)
def test_norm_that_is_none_of_the_entries_is_refused(written: str) -> None:
    with pytest.raises(Misfit) as caught:
        built(written)
    assert caught.value.mismatch.code == "SC212"


def test_unbiased_variance_is_numpys_with_one_degree_less() -> None:
    (one,) = derived(Step("torch.var(X, dim=1)", "X=m,n"))
    world = world_of(one.step)
    assert np.allclose(world.at(one.equation), world.values["X"].var(axis=1, ddof=1))
    assert text(one.formula).endswith("/ (n - 1)")


def test_logits_of_torch_have_examples_in_rows() -> None:
    step = Step("F.cross_entropy(Z, T)", "Z=m,n T=m,n")
    world = world_of(step)
    Z, T = world.values["Z"], world.values["T"]
    log_P = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    truth = -(T * log_P).sum() / SIZES["m"]
    assert np.allclose(world.at(tree_of(*step)), truth)


def test_value_goes_before_a_library_of_its_name() -> None:
    """An LSTM's forget gate is called F, a policy pi."""
    spec = """
        dims: {m: 3, n: 5}
        params: {F: [m, n], pi: [n]}
        forward:
          A: F.sum(axis=0) * pi
          B: A * np.pi
        upstream: B
        """
    report = api.check(spec, "spec.yaml")
    assert not report.findings
    formulas = {gradient.wrt: gradient.formula for gradient in report.gradients}
    assert formulas["A"].text == "np.pi * dB"
    assert formulas["pi"].text == "dA * sum(F, axis=0)"
    assert "np.pi" not in formulas["F"].numpy


def test_unknown_name_stays_unknown_where_pi_is_not() -> None:
    with pytest.raises((Problem, KeyError)):
        built("tau * X")


def test_constant_in_an_attribute_is_used_and_renamed() -> None:
    spec = """
        dims: {m: 3, n: 5}
        constants: {small: 0.001}
        params: {X: [m, n], Z: [m, n]}
        forward:
          A: layer_norm(X, eps=small)
          B: layer_norm(Z, eps=small) * A
        upstream: B
        """
    report = api.check(spec, "spec.yaml")
    assert not report.findings
    for gradient in report.gradients:
        assert gradient.checked.exact is not None, gradient.wrt
    found = {gradient.wrt: gradient.formula.text for gradient in report.gradients}
    assert found["X"].endswith("/ sqrt(var(X, axis=1, keepdims=True) + small)")


COMPACT = {
    "standardize(X, axis=1, eps=0.1)": (
        "(dR - mean(dR, axis=1, keepdims=True) - R * mean(dR * R, axis=1, keepdims=True))"
        " / sqrt(var(X, axis=1, keepdims=True) + 0.1)"
    ),
    "rms_standardize(X, axis=0, eps=0.1)": (
        "(dR - R * mean(dR * R, axis=0, keepdims=True))"
        " / sqrt(mean(X**2, axis=0, keepdims=True) + 0.1)"
    ),
    "normalize(X, axis=0)": (
        "(dR - R * sum(dR * R, axis=0, keepdims=True)) / norm(X, axis=0, keepdims=True)"
    ),
    "batch_norm(X, axis=0, eps=0.1)": (
        "(dR - mean(dR, axis=0, keepdims=True) - standardize(X, axis=0, eps=0.1)"
        " * mean(dR * standardize(X, axis=0, eps=0.1), axis=0, keepdims=True))"
        " / sqrt(var(X, axis=0, keepdims=True) + 0.1)"
    ),
    "cosine_similarity(X, Y, axis=0)": (
        "dR * (Y / (norm(X, axis=0) * norm(Y, axis=0)) - X * R / norm(X, axis=0)**2)"
    ),
    "std(X, axis=0)": "(X - mean(X, axis=0, keepdims=True)) * dR / (m * R)",
    "logsumexp(X, axis=0)": "softmax(X, axis=0) * dR",
    "silu(X)": "dR * (R + sigmoid(X) * (1 - R))",
    "huber(X, Y)": "dR * where(abs(X - Y) <= 1, X - Y, sign(X - Y)) / (m * n)",
    "kl_divergence(X, Y, axis=0)": "dR * (log(X / Y) + 1) / n",
}


@pytest.mark.parametrize(("written", "formula"), COMPACT.items())
def test_formula_is_as_short_as_a_textbook_has_it(written: str, formula: str) -> None:
    shapes = SHAPES if "Y" in written else "X=m,n"
    one = derivatives(Step(written, shapes), "X")[0]
    assert text(one.formula) == formula


def test_layer_norm_has_three_terms_over_one_deviation() -> None:
    step = Step("layer_norm(X, g, h, eps=0.1)", "X=m,n g=n h=n")
    (one,) = derivatives(step, "X")
    printed = text(one.formula)
    assert printed.count("sqrt(") == 1
    assert printed.count("dR") == 3
    world = world_of(step)
    X, g, dR = (world.values[name] for name in ("X", "g", "dR"))
    deviation = np.sqrt(X.var(axis=1, keepdims=True) + 0.1)
    X_hat = (X - X.mean(axis=1, keepdims=True)) / deviation
    dX_hat = dR * g
    mean = dX_hat.mean(axis=1, keepdims=True)
    along = X_hat * (dX_hat * X_hat).mean(axis=1, keepdims=True)
    assert np.allclose(executed(one.formula, world), (dX_hat - mean - along) / deviation)


@pytest.mark.parametrize(
    ("written", "meant"),
    {
        "Z.transpose(1, 2)": "Z.mT",
        "Z.transpose(-2, -1)": "Z.mT",
        "torch.transpose(Z, 0, 2)": "swapaxes(Z, 0, 2)",
        "Z.view(k, Z.size(1) * Z.shape[-1])": "reshape(Z, k, m*n)",
        "Z.reshape(len(Z), m * n // 2, 2)": "reshape(Z, k, m*n/2, 2)",
        "Z.reshape(k, m * n // (7 // 2), 3)": "Z.reshape(k, m*n/3, 3)",
        "Z / math.sqrt(Z.size(-1))": "Z / sqrt(n)",
        "F.linear(Z, W, bias=h)": "linear(Z, W, h)",
        "Z.masked_fill(Z < 0, 0)": "masked_fill(Z, Z < 0, 0)",
    }.items(),
)
def test_pasted_code_means_what_it_does_there(written: str, meant: str) -> None:
    shapes = "Z=k,m,n W=n,n h=n"
    assert tree_of(written, shapes) is tree_of(meant, shapes)


def test_two_axes_of_a_matrix_are_numpys_order_and_not_a_swap() -> None:
    with pytest.raises(Misfit) as caught:
        built("X.transpose(0, 1)")
    assert "PyTorch swaps" in caught.value.mismatch.fact


def test_whole_division_is_of_dims_alone() -> None:
    with pytest.raises(Problem) as caught:
        built("X // Y")
    assert caught.value.finding.help == "write `/`"
