"""The graph of a network, as it is drawn: values, what flows from one to another, and back."""

from typing import NamedTuple

from shapecalc.records.steps import Dims


class Vertex(NamedTuple):
    """A value: what is given, or made by an equation.

    `given` is the name of its gradient where that comes from outside, as `upstream` says.
    """

    name: str
    kind: str  # "input", "param", "value" or "loss"
    shape: Dims
    equation: str  # its right side; empty for what is given
    given: str = ""

    @property
    def label(self) -> str:
        """Return the name, with the equation that makes it."""
        return f"{self.name} = {self.equation}" if self.equation else self.name


class Flow(NamedTuple):
    """A value that goes into the equation of another."""

    tail: str
    head: str
    shape: Dims


class Back(NamedTuple):
    """What an equation hands back: all of the gradient of a value, or a part of a sum.

    `note` says why it comes from an equation that has not the value: `softmax with cross_entropy`.
    """

    output: str
    wrt: str
    gradient: str
    shape: Dims
    formula: str
    is_part: bool
    note: str = ""

    @property
    def label(self) -> str:
        """Return the gradient with its formula; a part is added."""
        return f"{self.gradient} {'+=' if self.is_part else '='} {self.formula}"


class Drawing(NamedTuple):
    """The graph of a network, its values in an order in which they can be worked out."""

    name: str
    vertices: tuple[Vertex, ...]
    flows: tuple[Flow, ...]
    backs: tuple[Back, ...] = ()
