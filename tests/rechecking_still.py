"""What moves nothing, of level 3: shifts and stretches, worked out with finite moves."""

import re

import numpy as np
from rechecking import Step, close
from written import signed


def axes_of(step: Step, name: str, dim: str) -> list[int]:
    """Return the axes of a value along a dim."""
    return [at for at, each in enumerate(step.dims(name)) if each == dim]


def still_axis(step: Step, dim: str) -> int | None:
    """Return the axis along which the slopes add up to 0."""
    for axis in axes_of(step, step.X, dim):
        if close(
            step.jacobian.sum(axis=step.output.ndim + axis),
            0 * step.jacobian.sum(axis=step.output.ndim + axis),
        ):
            return axis
    return None


def shifted(step: Step, small: str, *told: str) -> None:
    """Shift all entries along an axis, by no small number, and hold the output to itself."""
    name, along, Y, again, dX, last = told
    step.require(small == step.told["small"], "a small number", small)
    step.require((name, Y, dX) == (step.X, step.Y, step.dX), "names", told)
    step.require(along == again == last, "along what", told)
    axis = still_axis(step, along)
    step.require(axis is not None, "slopes add up to 0", along)
    assert axis is not None
    by = np.random.default_rng(4).uniform(0.2, 0.7, step.value.shape).mean(axis, keepdims=True)
    moved = step.output_at(step.X, step.step["use"], step.value + by)
    step.require(close(moved, step.output), "no shift moves it", along)
    total = step.gradient.sum(axis=axis)
    step.require(close(total, 0 * total), "the gradient adds up to 0", along)


def stretched(step: Step, name: str, along: str, Y: str, constant: str | None) -> None:
    (axis,) = axes_of(step, step.X, along)
    away = step.value - step.value.mean(axis=axis, keepdims=True)
    moved = step.output_at(step.X, step.step["use"], step.value + away / 2)
    step.require(np.abs(moved - step.output).max() < (0.01 if constant else 1e-6), "stretch", along)
    step.require((name, Y) == (step.X, step.Y), "names", (name, Y))


def takes_out(step: Step, along: str) -> None:
    """Take the mean and the part along the distance out of the upstream, line by line."""
    (axis,) = axes_of(step, step.X, along)
    away = step.value - step.value.mean(axis=axis, keepdims=True)
    left = step.upstream - step.upstream.mean(axis=axis, keepdims=True)
    part = (left * away).sum(axis=axis, keepdims=True) / (away**2).sum(axis=axis, keepdims=True)
    left = left - part * away
    scale = (step.gradient * left).sum(axis=axis, keepdims=True)
    scale = scale / (left**2).sum(axis=axis, keepdims=True)
    step.require(np.allclose(step.gradient, scale * left, atol=1e-3), "what is left", along)
    text = step.level["remark"].partition(" = ")[2]
    inner = re.search(r"\((.+)\)", text)
    count = max(len(list(signed(each))) for each in (text, inner[1] if inner else ""))
    step.require(count == 3, "three terms", text)


def sum_stays(step: Step, name: str, along: str) -> None:
    own = axes_of(step, step.Y, along)
    sums = [step.jacobian.sum(axis=axis) for axis in own]
    step.require(name == step.Y and any(close(s, 0 * s) for s in sums), "sum never moves", along)
