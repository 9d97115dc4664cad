"""The registry of ops. What NumPy lacks is importable from here by its name: `softmax`, `relu`."""

from typing import Any

from shapecalc.ops import (
    activations,
    arithmetic,
    attention,
    classes,
    constants,
    convolution,
    distances,
    elementwise,
    groups,
    linear,
    lookups,
    losses,
    matrices,
    normalisation,
    pooling,
    products,
    reductions,
    shorthands,
    spectral,
    structure,
    summation,
)
from shapecalc.ops.registry import OPS

FAMILIES = (
    arithmetic,
    elementwise,
    activations,
    linear,
    matrices,
    spectral,
    summation,
    products,
    structure,
    shorthands,
    constants,
    lookups,
    reductions,
    normalisation,
    groups,
    attention,
    convolution,
    pooling,
    distances,
    losses,
    classes,
)

__all__ = ["FAMILIES", "OPS"]


def __getattr__(name: str) -> Any:
    if name in OPS:
        return OPS[name].body
    raise AttributeError(f"shapecalc.ops has no op {name!r}")
