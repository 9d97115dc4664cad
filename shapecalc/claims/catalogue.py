"""The catalogue of mistakes: what each is called, its kind and code, and how it is told."""

from collections.abc import Sequence
from typing import NamedTuple


class Mistake(NamedTuple):
    """One entry: the coarse kind, the code, what is said of a claim, and why it is wrong."""

    kind: str
    code: str
    said: str
    why: str


CATALOGUE = {
    "other-layout": Mistake(
        "transpose",
        "SC412",
        "is the transpose of {gradient}",
        "this is the gradient in the other layout: here each has the shape of its variable",
    ),
    "reversed": Mistake(
        "order",
        "SC401",
        "has its factors in the wrong order",
        "the sum runs over the rows of both factors, and a product sums over the columns of its"
        " left one",
    ),
    "star-for-at": Mistake(
        "wrong-operand",
        "SC403",
        "multiplies entry by entry, where a product sums",
        "`*` keeps every axis; what the product sums over has to go",
    ),
    "at-for-star": Mistake(
        "wrong-operand",
        "SC403",
        "is a matrix product, where entries are multiplied",
        "the step is elementwise: its Jacobian is diagonal, and nothing is summed",
    ),
    "missing-transpose": Mistake(
        "transpose",
        "SC402",
        "lacks a transpose",
        "the index that is summed has to be the last of the left factor and the first of the right",
    ),
    "extra-transpose": Mistake(
        "transpose",
        "SC402",
        "has a transpose too many",
        "the index that is summed has to be the last of the left factor and the first of the right",
    ),
    "missing-sum": Mistake(
        "missing-sum",
        "SC404",
        "lacks a sum",
        "what is repeated on the way forward gets a part of its gradient from each copy",
    ),
    "wrong-axis": Mistake(
        "axis",
        "SC405",
        "sums along the wrong axis",
        "the sum runs along the axis in which the value was repeated",
    ),
    "keepdims": Mistake(
        "shape",
        "SC406",
        "has not the axes of {value}",
        "a sum drops its axis, unless `keepdims=True` keeps it as one of size 1",
    ),
    "operand": Mistake(
        "wrong-operand",
        "SC409",
        "has {found} where {meant} belongs",
        "the derivative is taken at the value that the equation has",
    ),
    "derivative": Mistake(
        "wrong-operand",
        "SC410",
        "has not the derivative that the equation has",
        "each activation on the way is a factor: its own derivative, once, where it was taken",
    ),
    "dropped-term": Mistake(
        "wrong-operand",
        "SC411",
        "lacks a term of {gradient}",
        "each way from the value to the loss adds a term",
    ),
    "sign": Mistake(
        "sign",
        "SC408",
        "has the wrong sign in a term",
        "a step against the gradient subtracts it: the gradient itself keeps its sign",
    ),
    "parentheses": Mistake(
        "scale",
        "SC407",
        "has a factor on one term that belongs on the whole sum",
        "`*` and `/` bind tighter than `+` and `-`: a sum needs parentheses",
    ),
    "factor": Mistake(
        "scale",
        "SC407",
        "is {times} times {gradient}",
        "a constant of the loss is a factor of every gradient, once",
    ),
}
"""By the fine name, the more telling ones first: a claim with several has the code of the first."""


def first_of(mistakes: Sequence[str]) -> Mistake | None:
    """Return the entry that a claim is filed under; None where no mistake was found."""
    return next((entry for name, entry in CATALOGUE.items() if name in mistakes), None)
