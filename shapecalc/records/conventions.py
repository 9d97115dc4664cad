"""A network beside itself in another convention."""

from typing import NamedTuple

from shapecalc.records.steps import Dims


class Side(NamedTuple):
    """A value in one convention: its formula, empty for what is given, and its shape."""

    formula: str
    shape: Dims


class Pair(NamedTuple):
    """The same value, or the same gradient, in both conventions.

    `relation` is what was proved of them: "equal", "transposed", "as a column", "as a vector".
    """

    name: str
    left: Side
    right: Side
    relation: str


class Rewritten(NamedTuple):
    """The spec of a network in another convention, and how it was proved to be the same network.

    `points` is how often the loss and all gradients were compared; 0 where the network was in the
    convention already, and its text is what it was. `left_out` are claims with the reasons.
    `refused` is why there is no such spec.
    """

    text: str
    was: str
    to: str
    points: int = 0
    refused: str = ""
    left_out: tuple[tuple[str, str], ...] = ()
    given: tuple[Pair, ...] = ()
    forward: tuple[Pair, ...] = ()
    backward: tuple[Pair, ...] = ()
