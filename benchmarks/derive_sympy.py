"""SymPy's matrix expressions at numbers: with shapes checked, as `lambdify` does not."""

from collections.abc import Mapping
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np


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
    if name == "ElementwiseApplyFunction":
        return _entrywise(tree, values, sizes)
    parts = [valued(part, values, sizes) for part in tree.args if name != "PermuteDims"]
    match name:
        case "MatAdd" | "Add" | "ArrayAdd":
            return _sum(parts)
        case "MatMul" | "Mul":
            return reduce(_product, parts)
        case "HadamardProduct":
            return reduce(np.multiply, parts)
        case "HadamardPower" | "Pow":
            return np.power(*parts)
        case "MatPow":
            return np.linalg.matrix_power(parts[0], int(parts[1]))
        case "Transpose":
            return parts[0].T
        case "Inverse":
            return np.linalg.inv(parts[0])
        case "Trace":
            return np.trace(parts[0])
        case "Determinant":
            return np.linalg.det(parts[0])
        case "Identity":
            return np.eye(int(parts[0]))
        case "ZeroMatrix" | "ZeroArray":
            return np.zeros([int(each) for each in parts])
        case "OneMatrix":
            return np.ones([int(each) for each in parts])
        case "DiagMatrix":
            return np.diagflat(parts[0])
        case "MatrixElement":
            return parts[0][int(parts[1]), int(parts[2])]
        case "ArrayTensorProduct":
            return reduce(np.multiply.outer, parts)
        case "PermuteDims":
            turned = tree.permutation.array_form
            return np.transpose(valued(tree.expr, values, sizes), turned)
        case _:
            raise ValueError(f"{name} has no value here")


def _sum(parts: list[Any]) -> Any:
    shapes = [np.shape(part) for part in parts]
    if any(one != other for one, other in pairwise(shapes)):
        raise ValueError(f"a sum of shapes {' and '.join(map(str, dict.fromkeys(shapes)))}")
    return sum(parts)


def _product(left: Any, right: Any) -> Any:
    return left @ right if np.ndim(left) and np.ndim(right) else left * right


def _entrywise(tree: Any, values: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    matrix = np.asarray(valued(tree.expr, values, sizes))
    return np.vectorize(lambda entry: float(tree.function(entry)))(matrix)
