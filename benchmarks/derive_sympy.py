"""SymPy's matrix expressions at numbers: with shapes checked, as `lambdify` does not."""

from collections.abc import Callable, Mapping
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np


class NotDerived(Exception):
    """A derivative that was left undone."""


def valued(tree: Any, values: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    """Evaluate a tree. Raises ValueError where its parts do not conform.

    A number behind a name in the tree is none of the name.
    """
    name = str(tree.func.__name__)
    if name == "Str":
        return str(tree)
    if tree.is_Symbol or name == "MatrixSymbol":
        bare = str(tree).rstrip("0123456789")
        return values.get(bare, sizes.get(bare))
    if tree.is_Number:
        return float(tree)
    if "Derivative" in name:
        raise NotDerived("leaves the derivative as it is")
    if name == "ElementwiseApplyFunction":
        return _entrywise(tree, values, sizes)
    if name in _OF_AXES:
        return _OF_AXES[name](tree, valued(tree.expr, values, sizes))
    return _OPS[name](*(valued(part, values, sizes) for part in tree.args))


def _sum(*parts: Any) -> Any:
    shapes = [np.shape(part) for part in parts]
    if any(one != other for one, other in pairwise(shapes)):
        raise ValueError(f"a sum of shapes {' and '.join(map(str, dict.fromkeys(shapes)))}")
    return sum(parts)


def _product(*parts: Any) -> Any:
    def times(left: Any, right: Any) -> Any:
        return left @ right if np.ndim(left) and np.ndim(right) else left * right

    return reduce(times, parts)


def _tied(array: Any, groups: Any, *, summed: bool) -> Any:
    """Let some axes run together: summed over, or moved behind the others."""
    letters = list("abcdefghijkl"[: np.ndim(array)])
    kept = []
    for group in groups:
        for axis in group[1:]:
            letters[axis] = letters[group[0]]
        kept += [] if summed else [letters[group[0]]]
    tied = {axis for group in groups for axis in group}
    front = [letter for axis, letter in enumerate(letters) if axis not in tied]
    return np.einsum(f"{''.join(letters)}->{''.join([*front, *kept])}", array)


def _entrywise(tree: Any, values: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    matrix = np.asarray(valued(tree.expr, values, sizes))
    return np.vectorize(lambda entry: float(tree.function(entry)))(matrix)


def _whole(*sizes: float) -> list[int]:
    return [int(size) for size in sizes]


_OPS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("MatAdd", "Add", "ArrayAdd"), _sum),
    **dict.fromkeys(("MatMul", "Mul"), _product),
    **dict.fromkeys(("HadamardPower", "Pow"), np.power),
    "HadamardProduct": lambda *parts: reduce(np.multiply, parts),
    "MatPow": lambda base, power: np.linalg.matrix_power(base, int(power)),
    "Transpose": np.transpose,
    "Inverse": lambda matrix, _: np.linalg.inv(matrix),
    "Trace": np.trace,
    "Determinant": np.linalg.det,
    "Identity": lambda size: np.eye(int(size)),
    "ZeroMatrix": lambda *sizes: np.zeros(_whole(*sizes)),
    "OneMatrix": lambda *sizes: np.ones(_whole(*sizes)),
    "DiagMatrix": np.diagflat,
    "ArrayTensorProduct": lambda *parts: reduce(np.multiply.outer, parts),
}
_OF_AXES: dict[str, Callable[[Any, Any], Any]] = {
    "PermuteDims": lambda tree, array: np.transpose(array, tree.permutation.array_form),
    "ArrayContraction": lambda tree, array: _tied(array, tree.contraction_indices, summed=True),
    "ArrayDiagonal": lambda tree, array: _tied(array, tree.diagonal_indices, summed=False),
}
