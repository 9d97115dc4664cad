"""What `derive` prints for other programs: code that runs as it stands, LaTeX, Markdown."""

import json
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from oracles import Step, World, all_steps, names_of, tree_of, world_of
from typer.testing import CliRunner

from shapecalc import api, cli
from shapecalc.ops import OPS
from shapecalc.records import Code, Derived
from shapecalc.report.code import Sources, Wanted, codes
from shapecalc.spec.lines import Expression, function_of
from shapecalc.tree import leaf, leaves

Run = Callable[[str, str, dict[str, Any]], Any]
runner = CliRunner()

EXPRESSIONS = [
    ("x.T @ A @ x", "x", "A=n,n x=n,1"),
    ("A @ x + b", "x", "A=m,n x=n b=m"),
    ("sum(x)", "x", "x=n,1"),
    ("x", "x", "x=n"),
    ("x", "z", "x=n z=m"),
    ("x**3 / n", "x", "x=n"),
    ("a * x", "x", "a= x=n"),
    ("tanh(A @ x)", "x", "A=m,n x=n,1"),
    ("relu(A @ x)", "x", "A=m,n x=n"),
    ("relu6(4 * x)", "x", "x=n"),
    ("hardtanh(x)", "x", "x=n"),
    ("gelu(x)", "x", "x=n"),
    ("gelu(x, approximate='tanh')", "x", "x=n"),
    ("sigmoid(x) * softplus(x)", "x", "x=n,1"),
    ("where(x > 0.5, x**2, 2 * x)", "x", "x=n"),
    ("maximum(x, 0.5) + minimum(y, x)", "x", "x=n y=n"),
    ("clip(x, 0.3, 0.6)", "x", "x=n"),
    ("abs(x - 0.5)", "x", "x=n"),
    ("softmax(A @ x + b, axis=0)", "x", "A=k,n x=n,1 b=k,1"),
    ("log_softmax(x, axis=0)", "x", "x=n"),
    ("sum(logsumexp(X @ w, axis=0))", "w", "X=m,n w=n"),
    ("logsumexp(X)", "X", "X=m,n"),
    ("sum(layer_norm(X, g, b)**2)", "X", "X=m,n g=n b=n"),
    ("sum(var(X, axis=1, ddof=1))", "X", "X=m,n"),
    ("sum(std(X, axis=0))", "X", "X=m,n"),
    ("prod(x)", "x", "x=n"),
    ("max(x)", "x", "x=n"),
    ("norm(x)", "x", "x=n"),
    ("norm(A @ x - b)**2 / m", "x", "A=m,n x=n b=m"),
    ("x / norm(x)", "x", "x=n"),
    ("trace(A @ X @ B)", "X", "A=m,n X=n,p B=p,m"),
    ("logdet(X)", "X", "X=n,n"),
    ("det(X)", "X", "X=n,n"),
    ("trace(inv(X))", "X", "X=n,n"),
    ("solve(A, x)", "x", "A=n,n x=n"),
    ("trace(matrix_power(X, 3))", "X", "X=n,n"),
    ("inv(S + t * A)", "t", "S=n,n A=n,n t="),
    ("outer(x, y) @ z", "x", "x=m y=n z=n"),
    ("einsum('ij,j->i', A, x)", "x", "A=m,n x=n"),
    ("sum(kron(A, B) * C)", "A", "A=m,n B=p,q C=m*p,n*q"),
    ("concatenate([x, 2 * x], axis=0)", "x", "x=n"),
    ("cumsum(x)", "x", "x=n"),
    ("x[1:] - x[:-1]", "x", "x=n"),
    ("sum(triu(X)**2)", "X", "X=n,n"),
    ("mse(A @ x, y)", "x", "A=m,n x=n y=m"),
    ("exp(2) * t**2 + sqrt(n) * sum(y)", "t", "t= y=n"),
    ("np * torch * like", "torch", "np=n,n torch=n like="),
    ("where(n > 2, x, 2 * x)", "x", "x=n"),
    ("A @ X", "X", "A=m,n X=n,p"),
    ("tanh(X) * B", "X", "X=m,n B=m,n"),
    ("(X > 0.5) * (X < 0.8) * 2 @ w", "w", "X=m,n w=n"),
]


def derived(expression: str, wrt: str, shapes: str, **options: Any) -> Derived:
    pairs = tuple((each.partition("=")[0], each.partition("=")[2]) for each in shapes.split())
    report = api.derive(Expression(expression, wrt, pairs), "<expression>", **options)
    assert report.derived is not None, report.findings
    return report.derived


def in_numpy(text: str, name: str, values: dict[str, Any]) -> Any:
    return called(text, name, values)


def in_torch(text: str, name: str, values: dict[str, Any]) -> Any:
    torch = import_module("torch")
    tensors = {key: torch.tensor(np.array(value)) for key, value in values.items()}
    found = called(text, name, tensors)
    if isinstance(found, torch.Tensor):
        assert found.dtype in (torch.float64, torch.int64)
        return found.numpy()
    return found


def in_jax(text: str, name: str, values: dict[str, Any]) -> Any:
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    arrays = {key: jax.numpy.asarray(value) for key, value in values.items()}
    return np.asarray(called(text, name, arrays))


def called(text: str, name: str, values: dict[str, Any]) -> Any:
    """Run code as it stands, and call a function of it with the arguments that it names."""
    scope: dict[str, Any] = {}
    exec(text, scope)  # noqa: S102  # it is ours
    function = scope[name]
    arguments = function.__code__.co_varnames[: function.__code__.co_argcount]
    return function(**{each: values[each.rstrip("_")] for each in arguments})


LIBRARIES: dict[str, Run] = {"numpy": in_numpy, "pytorch": in_torch, "jax": in_jax}
MODULES = {"numpy": "numpy", "pytorch": "torch", "jax": "jax"}
INSTALLED = [name for name, module in MODULES.items() if find_spec(module) is not None]


def whole_of(code: Code) -> str:
    return "\n".join([*code.imports, *(text for _, text in code.functions)])


def drawn(shapes: str, sizes: dict[str, int]) -> dict[str, Any]:
    random = np.random.default_rng(5)
    values = {}
    for name, each in names_of(shapes).items():
        size = tuple(dim.size(sizes) for dim in each.shape)
        entries = random.uniform(0.2, 0.9, size)
        if len(size) == 2 and size[0] == size[1]:
            entries = entries @ entries.T + np.eye(size[0])
        values[name] = entries
    return values


def differences(case: tuple[str, str, str], values: dict[str, Any], sizes: dict[str, int]) -> Any:
    """Return the Jacobian of the expression, by differences of what the ops' bodies give."""
    expression, wrt, shapes = case
    tree = tree_of(expression, shapes)

    def at(entries: Any) -> Any:
        return World(sizes, {**values, wrt: entries}).at(tree)

    columns = []
    for place in np.ndindex(*values[wrt].shape):
        step = np.zeros(values[wrt].shape)
        step[place] = 1e-6
        columns.append((at(values[wrt] + step) - at(values[wrt] - step)) / 2e-6)
    return np.stack(columns, axis=-1).reshape((*at(values[wrt]).shape, *values[wrt].shape))


@pytest.mark.parametrize("library", LIBRARIES)
def test_library_is_there_for_the_tests_that_follow(library: str) -> None:
    pytest.importorskip(MODULES[library])


@pytest.mark.parametrize("library", INSTALLED)
@pytest.mark.parametrize("case", EXPRESSIONS, ids=lambda case: f"{case[0]} by {case[1]}")
def test_code_runs_as_it_stands_and_gives_the_differences(
    case: tuple[str, str, str], library: str
) -> None:
    _, wrt, shapes = case
    sizes = {"n": 3, "m": 4, "k": 5, "p": 2, "q": 6}
    code: Code = getattr(derived(*case).elsewhere(), library)
    assert not code.why
    values = drawn(shapes, sizes)
    wanted = differences(case, values, sizes)
    rows = int(np.prod(wanted.shape[: wanted.ndim - values[wrt].ndim]))
    matrix = wanted.reshape(rows, -1)
    known = {**values, **sizes}
    for name, _ in code.functions:
        change = np.random.default_rng(7).uniform(-1, 1, values[wrt].shape)
        found = LIBRARIES[library](whole_of(code), name, {**known, f"d{wrt}": change})
        if name == "differential":
            np.testing.assert_allclose(found.ravel(), matrix @ change.ravel(), 1e-6, 1e-7)
            continue
        is_turned = name == "denominator" if rows > 1 else name == "numerator"
        other = wanted.reshape(rows, *values[wrt].shape).T if rows == 1 else matrix.T
        expected = other if is_turned else matrix
        np.testing.assert_allclose(np.ravel(found), expected.ravel(), 1e-6, 1e-7, err_msg=name)


def code_of(step: Step) -> tuple[Code, Code, Code]:
    """Write an op, as it stands in an expression, for each library."""
    tree = tree_of(*step)
    wanted = (Wanted("value", tree, "The op."),)
    return codes(
        Sources(wanted, tuple(leaves(tree)), leaf("spare", ()), leaf("R", tree.shape), tree)
    )


@pytest.mark.parametrize("library", INSTALLED)
@pytest.mark.parametrize("step", all_steps(), ids=str)
def test_every_op_runs_or_is_refused_by_name(step: Step, library: str) -> None:
    place = list(LIBRARIES).index(library)
    code = code_of(step)[place]
    world = world_of(step)
    if code.why:
        assert library != "numpy"
        entry = OPS[code.why.split("`")[1]]
        stated = (entry.name, entry.torch, entry.jax)[place]
        assert not isinstance(stated, str)
        assert entry.definition is None
        return
    values = {**world.sizes, **world.values, "spare": 0.0}
    found = LIBRARIES[library](whole_of(code), "value", values)
    np.testing.assert_allclose(np.asarray(found, float), world.values["R"], rtol=1e-7, atol=1e-9)


# --- what the command prints ---------------------------------------------------------------------


def page(*arguments: str) -> tuple[int, str]:
    result = runner.invoke(cli.app, ["derive", *arguments])
    return result.exit_code, result.stdout + result.stderr


QUADRATIC = ("x.T @ A @ x", "--wrt", "x", "--shape", "A=n,n", "--shape", "x=n,1")


@pytest.mark.parametrize("library", LIBRARIES)
def test_code_has_a_function_for_each_layout_asked_for(library: str) -> None:
    code, text = page(*QUADRATIC, "--output-format", library)
    assert code == 0
    assert text.count("def ") == 2
    _, text = page(*QUADRATIC, "--output-format", library, "--layout", "numerator")
    assert text == (
        'def numerator(x, A):\n    """dY/dx of Y = x.T @ A @ x, numerator layout."""\n'
        "    return x.T @ (A.T + A)\n"
    )


def test_dims_are_taken_from_shapes() -> None:

    given = ("x / n + sum(A) * x", "--wrt", "x", "--shape", "A=m,n", "--shape", "x=n")
    _, text = page(*given, "--output-format", "pytorch", "--layout", "numerator")
    lines = text.splitlines()
    assert lines[0] == "import torch"
    assert "    n = x.shape[0]" in lines
    assert '    like = {"dtype": x.dtype, "device": x.device}' in lines
    assert "torch.eye(n, **like)" in lines[-1]


def test_dim_that_is_no_axis_is_an_argument() -> None:
    found = derived("sum(reshape(x, (2, n)) @ y)", "y", "x=2*n y=n")
    text = dict(found.elsewhere().numpy.functions)["denominator"]
    assert text.startswith("def denominator(x, y):\n") or ", n)" in text.splitlines()[0]


def test_long_part_that_stands_twice_gets_a_name() -> None:
    found = derived("sum(layer_norm(X @ W, g, b)**2)", "W", "X=m,n W=n,k g=k b=k")
    text = dict(found.elsewhere().pytorch.functions)["denominator"]
    assert "    part1 = " in text
    assert text.count("torch.var(") == 1


def test_op_without_an_equivalent_is_refused_by_name() -> None:
    given = ("sum(conv1d(X, W))", "--wrt", "W", "--shape", "X=b,c,l", "--shape", "W=d,c,3")
    code, text = page(*given, "--output-format", "jax")
    assert code == 2
    assert "`conv1d` has no equivalent in JAX" in " ".join(text.split())
    assert page(*given, "--output-format", "pytorch")[0] == 0


@pytest.mark.parametrize("spelling", [*LIBRARIES, "text", "latex"])
def test_derivative_without_a_formula_is_no_empty_page(spelling: str) -> None:
    given = ("repeat(x, 3, axis=0)", "--wrt", "x", "--shape", "x=m", "--layout", "numerator")
    code, text = page(*given, "--output-format", spelling)
    assert (code, bool(text.strip())) == (0, True) or "has no formula" in text


def test_function_that_is_not_spelled_out_is_an_argument_with_its_derivative() -> None:
    functions = tuple(map(function_of, ("u(x): k,1", "v(x): p,1")))
    asked = Expression("u.T @ A @ v", "x", (("x", "n,1"), ("A", "k,p")), (), functions)
    found = api.derive(asked, "<expression>").derived
    assert found is not None
    text = dict(found.elsewhere().jax.functions)["numerator"]
    assert text.splitlines()[0] == "def numerator(u, A, v, du_dx, dv_dx):"


def test_symmetric_matrix_has_a_function_of_its_own() -> None:
    asked = Expression("logdet(S)", "S", (("S", "n,n"),), ("S: symmetric",))
    found = api.derive(asked, "<expression>").derived
    assert found is not None
    S = np.array([[2.0, 0.3], [0.3, 1.5]])
    text = whole_of(found.elsewhere().numpy)
    inverse = np.linalg.inv(S)
    expected = 2 * inverse - np.diag(np.diag(inverse))
    np.testing.assert_allclose(in_numpy(text, "structured", {"S": S}), expected)


def test_hessian_is_code_as_well() -> None:
    found = derived("sum(x**3)", "x", "x=n", order=2)
    x = np.array([0.5, 2.0, -1.0])
    result = in_numpy(whole_of(found.elsewhere().numpy), "numerator", {"x": x})
    np.testing.assert_allclose(result, np.diag(6 * x))


def test_names_of_modules_and_keywords_are_put_aside() -> None:
    found = derived("np.T @ lambda_ * relu", "np", "np=n,1 lambda_=n,1 relu=")
    assert "def numerator(np_, lambda_, relu):" in whole_of(found.elsewhere().numpy)


def test_json_has_the_code_of_each_library() -> None:
    _, text = page(*QUADRATIC, "--output-format", "json")
    code = json.loads(text)["derived"]["code"]
    assert list(code) == ["numpy", "pytorch", "jax"]
    for each in code.values():
        assert list(each["functions"]) == ["numerator", "denominator"]
        assert (each["imports"], each["why"]) == ([], None)


def test_page_of_markdown_has_both_layouts_with_their_shapes() -> None:
    _, text = page(*QUADRATIC, "--output-format", "markdown")
    lines = text.splitlines()
    assert lines[0] == "## The derivative of `x.T @ A @ x` by `x`"
    assert r"| denominator | $\left(A + {A}^\top\right)\, x$ | $n \times 1$ |" in lines
    assert lines[-1].startswith("Checked: algebra, for all sizes; exact, error < 2")
    _, text = page(*QUADRATIC, "--output-format", "markdown", "--layout", "denominator")
    assert "numerator" not in text


def test_page_of_markdown_has_the_vec_form_of_a_tensor() -> None:
    given = ("W @ X.T", "--wrt", "X", "--shape", "W=k,h", "--shape", "X=m,h")
    _, text = page(*given, "--output-format", "markdown", "--row-major")
    assert "$$\ndY = W\\, {dX}^\\top\n$$" in text
    assert "With rows stacked:" in text
    assert "`K vec(X) = vec(X.T)`" in text
