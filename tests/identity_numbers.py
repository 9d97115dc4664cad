"""Values for the rows of identity tables, and their derivatives by differences.

Nothing of shapecalc takes part: expressions and what the tables say are evaluated with NumPy.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from identity_rows import Row
from numpy.typing import NDArray

Array = NDArray[np.float64]
Names = dict[str, Any]
SIZES = (
    {"k": 2, "q": 3, "n": 4, "p": 5, "m": 6},
    {"k": 3, "q": 4, "n": 2, "m": 5, "p": 6},
)
"""In both, k < q < p: a matrix p,q has full column rank, det(A X B) is not 0."""
STEP, LARGE_STEP = 1e-3, 3e-3  # of a stencil of order four, and of one in another


class Value(np.ndarray[Any, np.dtype[np.float64]]):
    """The value of a function: `u(x)` is `u`."""

    def __call__(self, *_: Any) -> "Value":
        return self


# --- what NumPy has not ---------------------------------------------------------------------


def _series(X: Array, coefficient: Callable[[int], float]) -> Array:
    power, total = np.eye(len(X)), np.zeros_like(X)
    for degree in range(30):
        total = total + coefficient(degree) / math.factorial(degree) * power
        power = power @ X
    return total


def expm(X: Array) -> Array:
    return _series(X, lambda _: 1.0)


def sinm(X: Array) -> Array:
    return _series(X, lambda degree: (0.0, 1.0, 0.0, -1.0)[degree % 4])


def cosm(X: Array) -> Array:
    return _series(X, lambda degree: (1.0, 0.0, -1.0, 0.0)[degree % 4])


def frechet(X: Array, E: Array) -> Array:
    """Return what a small change E of X changes in expm(X)."""
    size = len(X)
    return expm(np.block([[X, E], [np.zeros_like(X), X]]))[:size, size:]


def sqrtm(X: Array) -> Array:
    values, vectors = np.linalg.eig(X)
    return np.real(vectors @ np.diag(np.sqrt(values)) @ np.linalg.inv(vectors))


def polar(X: Array) -> Array:
    """Return U V.T of the singular value decomposition X = U S V.T."""
    U, _, Vt = np.linalg.svd(X, full_matrices=False)
    return np.asarray(U @ Vt)


def leading_outer(X: Array) -> Array:
    """Return u v.T of the largest singular value, by an eigenvector of X.T X."""
    v = np.linalg.eigh(X.T @ X)[1][:, -1:]
    return np.asarray(X @ v @ v.T / np.linalg.norm(X @ v))


def softmax(X: Array, axis: int) -> Array:
    return np.asarray(np.exp(X) / np.sum(np.exp(X), axis=axis, keepdims=True))


def _is_square(X: Array) -> bool:
    return X.ndim == 2 and X.shape[0] == X.shape[1]


def unit(size: int, place: int) -> Array:
    return np.eye(size)[:, [place]]


def kron_adjoint(G: Array, A: Array) -> Array:
    """Return the gradient of sum(G * kron(A, X)) by X."""
    (m, n), (rows, columns) = A.shape, G.shape
    return np.asarray(np.einsum("ij,ipjq->pq", A, G.reshape(m, rows // m, n, columns // n)))


def kron_trace(B: Array, A: Array) -> Array:
    """Return the gradient of trace(kron(X, A) @ B) by X."""
    m, size = len(A), len(B) // len(A)
    return np.asarray(np.einsum("kl,ikjl->ij", A, B.T.reshape(size, m, size, m)))


def _shaped(make: Callable[..., Array]) -> Callable[..., Array]:
    return lambda *shape: make(shape[0] if isinstance(shape[0], tuple) else shape)


NUMPY = """exp log sqrt abs sign sin cos tan tanh sum mean max prod var trace outer kron cross dot
eye reshape ravel concatenate einsum tril triu cumsum diagflat diagonal"""
LINALG = "inv det solve norm pinv"
OWN: Names = {
    **{name: getattr(np, name) for name in NUMPY.split()},
    **{name: getattr(np.linalg, name) for name in LINALG.split()},
    **{each.__name__: each for each in (expm, sinm, cosm, frechet, sqrtm, polar, softmax)},
    "leading_outer": leading_outer,
    "cholesky": lambda A: np.linalg.cholesky((A + A.T) / 2),  # of any matrix, its symmetric part
    **{each.__name__: each for each in (kron_adjoint, kron_trace)},
    "np": np,
    "matrix_power": np.linalg.matrix_power,
    "logdet": lambda X: np.log(np.linalg.det(X)),
    "sigmoid": lambda X: 1 / (1 + np.exp(-X)),
    "relu": lambda X: np.maximum(X, 0),
    "logsumexp": lambda X, axis: np.log(np.sum(np.exp(X), axis=axis)),
    "log_softmax": lambda X, axis: np.log(softmax(X, axis)),
    "diag": lambda X: np.diag(X) if _is_square(X) else np.diagflat(X),
    "ones": _shaped(np.ones),
    "zeros": _shaped(np.zeros),
    "vec": lambda X: np.reshape(X.T, (-1, 1)),
    "first": lambda size: unit(size, 0),
    "second": lambda size: unit(size, 1),
}


# --- values ----------------------------------------------------------------------------------


def shapes_of(row: Row) -> dict[str, list[str]]:
    pairs = (each.split("=") for each in row.shapes.split())
    return {name: [dim for dim in dims.split(",") if dim] for name, dims in pairs}


def functions_of(row: Row) -> list[tuple[str, str, list[str]]]:
    """Return the name of each function, that of what it is of, and its shape."""
    found = []
    for each in filter(None, row.functions.split("; ")):
        head, dims = each.split(":")
        name, argument = head.rstrip(")").split("(")
        found.append((name, argument, [dim for dim in dims.strip().split(",") if dim]))
    return found


def _shape(dims: list[str], sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(eval(dim, {}, dict(sizes)) for dim in dims)


def _of_kind(kind: str, entries: Array) -> Array:
    match kind:
        case "posdet":
            return 0.4 * entries + 1.5 * np.eye(len(entries))
        case "spd":
            return np.asarray(0.5 * entries @ entries.T + np.eye(len(entries)))
        case "sym":
            return np.asarray(entries + entries.T)
        case "diagonal":
            return np.diag(np.diag(entries))
        case "lower":
            return np.tril(entries)
        case "small":
            return 0.2 * entries
        case "positive":
            return 0.2 + np.abs(entries)
        case _:
            return entries


def drawn(row: Row, sizes: Mapping[str, int], seed: int) -> Names:
    """Draw a value for each name that has a shape, of both signs where nothing is said of it."""
    random = np.random.default_rng(seed)
    kinds = dict(each.split() for each in row.domain.split(", ") if each)
    names: Names = {**OWN, **sizes}
    for name, dims in shapes_of(row).items():
        entries = np.asarray(random.uniform(-0.9, 0.9, _shape(dims, sizes)))
        names[name] = _of_kind(kinds.get(name, ""), entries)
    return names


def with_functions(row: Row, names: Names) -> Names:
    """Add the values of the functions, and their derivatives in numerator layout."""
    known = dict(names)
    for place, (name, argument, dims) in enumerate(functions_of(row)):
        given = np.asarray(known[argument])
        sizes = {each: size for each, size in known.items() if isinstance(size, int)}
        shape = _shape(dims, sizes)
        random = np.random.default_rng(100 + place)
        factor = random.uniform(-0.9, 0.9, (math.prod(shape), given.size))
        level = (2 * np.eye(*shape) if len(shape) == 2 else 2 * np.ones(shape)).ravel()
        angle = factor @ given.ravel()
        known[name] = (np.sin(angle) + level).reshape(shape).view(Value)
        full = (np.cos(angle)[:, None] * factor).reshape(shape + given.shape)
        known[f"d{name}_d{argument}"] = laid_out(full, shape, given.shape)
    return known


def value(row: Row, text: str, names: Names) -> Array:
    return np.asarray(eval(text, {}, with_functions(row, names)), dtype=float)


# --- derivatives -----------------------------------------------------------------------------


def _stencil(at: Callable[[float], Array], step: float) -> Array:
    near, far = at(step) - at(-step), at(2 * step) - at(-2 * step)
    return np.asarray((8 * near - far) / (12 * step))


def moved(row: Row, names: Names, direction: Array, step: float) -> Names:
    return {**names, row.wrt: names[row.wrt] + step * direction}


def directions(row: Row, names: Names) -> list[Array]:
    """Return one direction for each entry, in the order of NumPy's `ravel`."""
    shape = np.shape(names[row.wrt])
    return [row_.reshape(shape) for row_ in np.eye(math.prod(shape))]


def along(row: Row, names: Names, direction: Array, step: float = STEP) -> Array:
    """Return what a change of the variable in a direction changes, at first order."""
    return _stencil(lambda at: value(row, row.expr, moved(row, names, direction, at)), step)


def jacobian(row: Row, names: Names) -> Array:
    """Return the derivative, the output's axes before the variable's; the Hessian for order 2."""
    shape = np.shape(names[row.wrt])
    ways = directions(row, names)
    if row.order == 1:
        columns = [along(row, names, way) for way in ways]
        return np.stack(columns, axis=-1).reshape((*columns[0].shape, *shape))

    def second(one: Array, other: Array) -> Array:
        return _stencil(
            lambda at: along(row, moved(row, names, one, at), other, LARGE_STEP), LARGE_STEP
        )

    entries = np.zeros((len(ways), len(ways)))
    for i, j in itertools.combinations_with_replacement(range(len(ways)), 2):
        entries[i, j] = entries[j, i] = second(ways[i], ways[j]).item()
    return entries.reshape((*shape, *shape))


def laid_out(full: Array, output: tuple[int, ...], wrt: tuple[int, ...]) -> Array:
    """Return the numerator layout: the output's axes, then the variable's reversed.

    Unit axes are dropped and come back as those of a row or a column: a scalar's derivative by a
    column is a row. By a scalar the output's shape is kept.
    """
    if not wrt:
        return full
    kept, by = ([size for size in shape if size > 1] for shape in (output, wrt))
    flat = full.reshape((*kept, *by))
    turned = flat.transpose((*range(len(kept)), *reversed(range(len(kept), flat.ndim))))
    if not kept and len(by) == 1 and len(wrt) == 2:
        return turned.reshape(wrt[::-1])
    return turned
