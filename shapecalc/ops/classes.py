"""Losses whose targets are numbers of classes, one for each example, rather than rows of shares.

They are what the losses of the same names are at one-hot targets; the targets lack the class axis.
"""

from collections.abc import Mapping

from shapecalc.dims import Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.registry import op
from shapecalc.tree import Attribute

Shapes = tuple[Shape, ...]
Given = Mapping[str, Attribute]
ONE_HOT = "moveaxis(one_hot(y, n=v), source=-1, destination=axis)"


def _letters(shapes: Shapes, given: Given) -> str:
    """Give the class axis the letter v, and each other axis that of the targets' axis."""
    scores, targets = shapes
    axis = given["axis"]
    if not isinstance(axis, int):
        raise ShapeMismatch("SC210", "the classes are along one axis", help="write `axis=1`, say")
    others = [place for place in range(len(scores)) if place != axis]
    if len(targets) != len(others):
        fact = f"scores of {len(scores)} axes have targets of {len(others)}, not {len(targets)}"
        advice = "give the targets the axes of the scores, but for that of the classes"
        raise ShapeMismatch("SC303", fact, help=advice)
    for place, own in enumerate(others):
        if scores[own] != targets[place]:
            fact = f"{scores[own]} ≠ {targets[place]}"
            advice = "give the targets the axes of the scores, but for that of the classes"
            raise ShapeMismatch("SC302", fact, ((0, own), (1, place)), advice)
    left = ",".join("v" if place == axis else f"a{place}" for place in range(len(scores)))
    right = ",".join(f"a{place}" for place in others)
    return f"P[{left}], y[{right}] -> Y[{right if given['reduction'] == 'none' else ''}]"


def _at(scores: Array, y: Array, axis: int, reduction: str) -> Array:
    """Take the entry of each example's class, and reduce."""
    rows = np.moveaxis(scores, axis, -1)
    chosen = np.sum(rows * np.eye(rows.shape[-1])[np.rint(y).astype(int)], axis=-1)
    if reduction == "none":
        return np.asarray(-chosen)
    return np.asarray(-np.mean(chosen) if reduction == "mean" else -np.sum(chosen))


@op(
    _letters,
    definition=f"-{{reduction}}(sum({ONE_HOT} * log(P), axis=axis))",
    indices={"y": "v"},
)
def class_cross_entropy(P: Array, y: Array, *, axis: int, reduction: str = "mean") -> Array:
    """Compare probabilities with the numbers of the classes that are right."""
    return _at(np.log(P), y, axis, reduction)


@op(
    _letters,
    definition=f"-{{reduction}}(sum({ONE_HOT} * log_softmax(P, axis=axis), axis=axis))",
    indices={"y": "v"},
    takes_logits="softmax",
)
def class_softmax_cross_entropy(P: Array, y: Array, *, axis: int, reduction: str = "mean") -> Array:
    """Compare scores (logits) with the numbers of the classes that are right."""
    shifted = P - np.max(P, axis=axis, keepdims=True)
    log_P = shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
    return _at(log_P, y, axis, reduction)


@op(
    _letters,
    definition=f"-{{reduction}}(sum({ONE_HOT} * P, axis=axis))",
    indices={"y": "v"},
)
def class_nll(P: Array, y: Array, *, axis: int, reduction: str = "mean") -> Array:
    """Average the negative log-probabilities P of the classes that are right."""
    return _at(P, y, axis, reduction)
