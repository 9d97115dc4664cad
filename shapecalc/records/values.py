"""What a report lists: values, gradients, claims, and what is said of the whole network."""

from typing import NamedTuple

from shapecalc.records.steps import Checked, Dims, Formula, Late


class Value(NamedTuple):
    """An input, a param or an intermediate. `note`: `b1 repeated along m`, `mean over m`."""

    name: str
    kind: str  # "input", "param" or "value"
    shape: Dims
    size: tuple[int, ...] | None
    equation: str | None
    line: int
    note: str
    pattern: int  # equal for values whose equations are alike but for the names


class Spelled(NamedTuple):
    """The formula of a gradient, written out."""

    formula: Formula
    steps: tuple[tuple[str, int, str], ...]  # (output, use, numpy) of each step that contributes
    note: str  # "softmax with cross_entropy", "at Z1 = 0: 0 by convention"
    given: str = ""  # the gradient from outside that it adds up too, "dA"


class Gradient(NamedTuple):
    """The gradient of one value, in the layout of the spec."""

    wrt: str
    gradient: str  # its name, "dA1"
    kind: str  # of wrt: "input", "param" or "value"
    shape: Dims
    layout: str
    checked: Checked
    pattern: int  # equal for gradients that differ by the names of values alone
    spelled: Late[Spelled]

    @property
    def formula(self) -> Formula:
        return self.spelled().formula

    @property
    def steps(self) -> tuple[tuple[str, int, str], ...]:
        return self.spelled().steps

    @property
    def note(self) -> str:
        return self.spelled().note

    @property
    def parts(self) -> int:
        """Return how many parts it adds up: those of its steps, and what is given."""
        spelled = self.spelled()
        return len(spelled.steps) + bool(spelled.given)


class Claim(NamedTuple):
    """The author's formula for a gradient, judged."""

    wrt: str
    gradient: str
    claim: str
    verdict: str  # "right", "convention", "wrong" or "undecided"
    kind: str | None
    mistakes: tuple[str, ...]
    times: str | None  # "m" where the claim is m times the gradient
    right: str | None
    how: str  # "algebra, for all sizes", "exact, error < 2^-160", "float"
    line: int


class Entry(NamedTuple):
    """What a claim does with a constant factor of the loss.

    `times` is the claim over the gradient, and `itself` the same where all gradients in the claim
    are the true ones: `m` and `1` for a claim that passes on what a claim before it left out. None
    where there is no such factor.
    """

    gradient: str
    does: str  # "leaves out", "settles", "passes on" or "changes"
    times: str | None
    itself: str | None


class Ledger(NamedTuple):
    """Where constant factors enter, and what each claim that is not just the gradient does."""

    enters: tuple[tuple[str, str], ...]  # the factor, and the value whose equation has it
    claims: tuple[Entry, ...]


class Mixing(NamedTuple):
    """An equation in which examples meet, or may: the op or part that makes them, or why not."""

    by: str
    value: str
    line: int


class Independence(NamedTuple):
    """Whether what the loss has of each example depends on that example alone.

    `verdict` is "independent", "mixed" or "undecided"; `at` are the equations where they mix, or
    where that is in doubt.
    """

    axis: str
    verdict: str
    at: tuple[Mixing, ...]


class Distinct(NamedTuple):
    """Sizes at which no wrong product runs by chance; `dims` is empty where none were found.

    `wrong` products in `steps` steps run at the spec's own sizes alone. `square` are the factors
    with two axes of one name, which hide a wrong order at every size; `hidden` are the steps that
    have such orders without one. `axes` are the inputs and params with their axes by name, where
    the spec has numbers for axes.
    """

    dims: tuple[tuple[str, int], ...]
    changed: tuple[str, ...]
    wrong: int
    steps: int
    square: tuple[tuple[str, Dims], ...]
    hidden: tuple[str, ...]
    axes: tuple[tuple[str, str, Dims], ...]
