"""The registry of ops. What NumPy lacks is importable from here by its name: `softmax`, `relu`."""

from typing import Any

from shapecalc.ops import (
    activations,
    arithmetic,
    distances,
    elementwise,
    linear,
    losses,
    normalisation,
    reductions,
    structure,
    summation,
)
from shapecalc.ops.registry import OPS

FAMILIES = (
    arithmetic,
    elementwise,
    activations,
    linear,
    summation,
    structure,
    reductions,
    normalisation,
    distances,
    losses,
)

__all__ = ["FAMILIES", "OPS"]


def __getattr__(name: str) -> Any:
    if name in OPS:
        return OPS[name].body
    raise AttributeError(f"shapecalc.ops has no op {name!r}")
