"""Values that depend on no other: numbers in a row, from which masks are made by comparing."""

from collections.abc import Mapping
from typing import Any

from shapecalc.dims import Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.rearranging import as_dim
from shapecalc.ops.registry import Written, op
from shapecalc.tree import Attribute


def _counted(_: tuple[Shape, ...], given: Mapping[str, Attribute]) -> Written:
    count = as_dim(given["n"], "arange", "how far `arange` counts is a whole number or a dim")
    return Written("-> Y[i]", {"i": count, "j": count})


@op(_counted, formula="[j + 1 <= i]", numpy="np.arange", torch="torch.arange")
def arange(*, n: Any) -> Array:
    """Count 0, 1, 2, … up to below n: `arange(n) < k` is a mask, 1 for the first k entries.

    Source: i is how many j there are with j + 1 <= i.
    """
    return np.arange(n, dtype=float)
