"""An explanation of one gradient: levels made of plain blocks, each number with its check.

Pictures are data: boxes with their sizes, a grid of cells, the edges of a walk. Who prints them
decides how they look; whoever reads the JSON finds the same.
"""

from typing import NamedTuple

from shapecalc.records.steps import WalkEdge


class Prose(NamedTuple):
    """A paragraph, to be folded."""

    text: str


class Lines(NamedTuple):
    """Formulas, a line each, with the reason beside each, and a left side that all continue."""

    left: str
    lines: tuple[tuple[str, str], ...]


class Box(NamedTuple):
    """A matrix drawn to scale: its name, the names of its dims, and its size."""

    name: str
    dims: tuple[str, str]
    size: tuple[int, int]


class Boxes(NamedTuple):
    """A product drawn as boxes. `signs` stand between them; `clash` says which dims differ."""

    boxes: tuple[Box, ...]
    signs: tuple[str, ...]
    clash: str = ""


class Matrix(NamedTuple):
    """A value with its numbers, row by row; a value with one axis or none is one row."""

    name: str
    shape: tuple[str, ...]
    size: tuple[int, ...]
    entries: tuple[float, ...]


class Numbers(NamedTuple):
    """Values shown side by side."""

    matrices: tuple[Matrix, ...]


class Move(NamedTuple):
    """An entry that moves: by `slope` times t, and the loss by `upstream` times that."""

    entry: str
    slope_text: str
    slope: float
    upstream_text: str
    upstream: float
    product: float


class Moves(NamedTuple):
    """All that moves when one entry is raised by `step`, and the sum, as the formula has it."""

    of: str
    loss: str
    moves: tuple[Move, ...]
    still: str
    left: str
    total: float
    formula: float
    step: str = "t"


class Grid(NamedTuple):
    """The Jacobian as a matrix of blocks: a cell is true where the index form is not zero."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[bool, ...], ...]
    legend: tuple[str, ...]


class Walked(NamedTuple):
    """A walk along the factors from the row of the result to its column, and its product."""

    edges: tuple[WalkEdge, ...]
    indices: tuple[str, ...]
    result: str
    shapes: str


class Sides(NamedTuple):
    """Two columns of lines."""

    left: tuple[str, ...]
    right: tuple[str, ...]


Block = Prose | Lines | Boxes | Numbers | Moves | Grid | Walked | Sides


class Level(NamedTuple):
    """One level: its blocks, and how what it says was checked."""

    number: int
    title: str
    remark: str
    blocks: tuple[Block, ...]
    check: str


class ExplainedStep(NamedTuple):
    """One use of the value. `values` are all numbers that the levels use; `left_out`: why not.

    `upstream` names the gradient that the step is handed, empty where it is 1.
    """

    output: str
    wrt: str
    use: int
    equation: str
    line: int
    formula: str
    question: str
    note: str  # what the step is a part of, where it is not all of the gradient
    shapes: tuple[tuple[str, tuple[str, ...]], ...]
    sizes: tuple[tuple[str, int], ...]
    values: tuple[Matrix, ...]
    levels: tuple[Level, ...]
    left_out: tuple[tuple[tuple[int, ...], str], ...]
    at: str  # the sizes at which the levels were checked, "at k, m = 2, 3 and 3, 5"
    alike: str  # the step that is explained already, where this one is like it
    checked: str
    upstream: str = ""


class Explanation(NamedTuple):
    """Why a gradient is what it is: a step for each use, and how they add up."""

    wrt: str
    gradient: str
    formula: str
    shape: tuple[str, ...]
    steps: tuple[ExplainedStep, ...]
    together: tuple[Block, ...]
    layout: str = "denominator"
