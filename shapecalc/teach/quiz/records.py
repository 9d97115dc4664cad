"""Questions and what becomes of an answer: plain records, printed by nobody here."""

from typing import NamedTuple

from shapecalc.records import Dims

TOPICS = {
    "shape": "the shape of a value",
    "product": "does a product conform",
    "jacobian": "the shape of a Jacobian",
    "choice": "which gradient is right",
    "entry": "one entry by numbers",
    "formula": "write the gradient",
}
"""What may be asked, the easiest first."""


class ShapeKey(NamedTuple):
    """A shape by its dims; by its sizes too, where no two dims have the same."""

    shape: Dims
    size: tuple[int, ...] | None


class ProductKey(NamedTuple):
    """The shape of a product, None where it has none; `factors` are the shapes in it, as text."""

    shape: Dims | None
    factors: str
    size: tuple[int, ...] | None


class ChoiceKey(NamedTuple):
    """The letter of the right choice, and what is wrong with each of the others, by letter."""

    letter: str
    faults: tuple[tuple[str, str], ...]


class EntryKey(NamedTuple):
    """A number; `others` are those that a known mistake leads to, and which mistake it is."""

    number: float
    others: tuple[tuple[float, str], ...]


class FormulaKey(NamedTuple):
    """A formula for a gradient, and the spec in which an answer is judged as a claim."""

    formula: str
    gradient: str
    spec: str


Key = ShapeKey | ProductKey | ChoiceKey | EntryKey | FormulaKey


class Matrix(NamedTuple):
    """A value with its numbers, row by row."""

    name: str
    rows: tuple[tuple[float, ...], ...]


class Question(NamedTuple):
    """What is asked, with what is given, the key as text, and the reason for it.

    `answer` says in what form an answer is expected. `walk` is a spec, and the value whose gradient
    is asked for, where its explanation has the reason in full.
    """

    topic: str
    text: str
    given: tuple[tuple[str, Dims], ...]
    equations: tuple[str, ...]
    key: Key
    shown: str
    why: tuple[str, ...]
    answer: str
    choices: tuple[tuple[str, str], ...] = ()
    matrices: tuple[Matrix, ...] = ()
    walk: tuple[str, str] | None = None


class Mark(NamedTuple):
    """What an answer is worth: "right", "wrong", or "unread", which is no try; and what to say."""

    verdict: str
    hint: str = ""
    notes: tuple[str, ...] = ()


class Score(NamedTuple):
    """How one topic went; a question is counted as right whichever try it was."""

    topic: str
    asked: int
    right: int
    first: int
    skipped: int
