"""A guided first quarter of an hour: stops from the scalar chain rule to a batch of examples.

Each stop is a small network, some sentences, and one exercise, which the quiz's own code makes and
judges.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from shapecalc.teach.quiz.drawing import MAKERS
from shapecalc.teach.quiz.network import Asked
from shapecalc.teach.quiz.records import Question
from shapecalc.teach.quiz.specs import spec_named


class Stop(NamedTuple):
    """A stop: its network, what is said there, and what the exercise is about."""

    title: str
    network: str
    text: str
    topic: str
    about: str


class Visit(NamedTuple):
    """A stop with its exercise."""

    stop: Stop
    question: Question


TOUR = (
    Stop(
        "One number after another",
        "scalar",
        "J depends on w by way of z and e. Write dV for ∂J/∂V, whatever V is. The chain rule goes"
        " backwards, link by link: the gradient of what comes next, times the link's derivative.",
        "formula",
        "dw",
    ),
    Stop(
        "Two ways to the loss",
        "two_ways",
        "w reaches J by way of a, and by way of b. A small change of w changes both, and the two"
        " effects add up. So a gradient has a term for each way.",
        "formula",
        "dw",
    ),
    Stop(
        "A matrix and a column",
        "column",
        "Each entry of z is a sum over the columns of W. Backwards, x[p] is in every entry of z,"
        " so its gradient is a sum over the rows of W. A product sums over the columns of its left"
        " factor: so something has to be transposed.",
        "formula",
        "dx",
    ),
    Stop(
        "Each entry by itself",
        "elementwise",
        "An activation takes each entry alone, so its Jacobian is diagonal: nothing is summed, and"
        " entries are multiplied one by one. As a full matrix it would be almost all zeros.",
        "choice",
        "dz",
    ),
    Stop(
        "A Jacobian with four axes",
        "batch",
        "With a batch, Z and W are matrices, and a derivative of each entry of one by each entry of"
        " the other has two axes from either. Nobody stores it, but its shape says what the rest of"
        " the work is.",
        "jacobian",
        "∂Z/∂W, with",
    ),
    Stop(
        "The weights of a batch",
        "batch",
        "Every example has its part in the gradient of W: the sum runs over the examples, the"
        " columns of dZ and of X. The order is that of the indices of W, its row first: here it is"
        " not reversed.",
        "formula",
        "dW",
    ),
    Stop(
        "What is repeated, adds up",
        "batch",
        "b is one column, and is added to each column of W @ X: it is repeated along m. Its"
        " gradient collects a part from each copy, and keeps the shape of b.",
        "formula",
        "db",
    ),
    Stop(
        "By numbers",
        "classes",
        "When all matrices are square, wrong products have the right shape as well, and no error"
        " betrays them. One entry, worked out by hand, does.",
        "entry",
        "dW",
    ),
    Stop(
        "Softmax with its loss",
        "classes",
        "Each entry of P depends on all entries in its column of Z, so softmax is no elementwise"
        " function. Together with the cross-entropy, nearly all of it cancels. The loss is a mean"
        " over the examples: do not forget what that divides by.",
        "formula",
        "dZ",
    ),
    Stop(
        "The same, with examples in rows",
        "rows",
        "Many programs keep an example in each row. Then all products are the other way round, and"
        " the same sum over the same index gives another formula. Let the indices decide, not what"
        " a formula looked like elsewhere.",
        "formula",
        "dA",
    ),
)


def tour(seed: int) -> Iterator[Visit]:
    """Make the exercises of all stops."""
    for stop in TOUR:
        asked = Asked(spec_named(f"tour/{stop.network}"), stop.network)
        every = MAKERS[stop.topic](asked, Random(seed))
        yield Visit(stop, next(each for each in every if _is_about(each, stop.about)))


def _is_about(question: Question, about: str) -> bool:
    return any(f" {about}{end}" in question.text for end in ("", ",", "[", " "))
