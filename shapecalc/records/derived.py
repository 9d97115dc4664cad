"""What `derive` has to say: one derivative, in the layouts in which it is defined."""

from typing import NamedTuple

from shapecalc.records.steps import Checked, Dims, Formula, Late


class LaidOut(NamedTuple):
    """A derivative in one layout. Without a formula, `why` says why there is none.

    `steps` are the simplifications that led to the formula: the rule, and the whole after it.
    """

    formula: Formula | None
    shape: Dims
    why: str = ""
    steps: tuple[tuple[str, str], ...] = ()


class EntryAt(NamedTuple):
    """One entry of a derivative at numbers: by its formula, and by a difference of the values."""

    row: tuple[int, ...]  # its place in the output
    column: tuple[int, ...]  # its place in the variable
    formula: float
    difference: float


class Evaluated(NamedTuple):
    """A derivative at numbers; `worst` is relative to the largest entry."""

    sizes: tuple[tuple[str, int], ...]
    entries: tuple[EntryAt, ...]
    worst: float


class Code(NamedTuple):
    """Functions of a derivative in one library, by name; where there is none, `why` says why.

    `imports` are the lines that the functions need.
    """

    functions: tuple[tuple[str, str], ...]
    imports: tuple[str, ...]
    why: str = ""


class Elsewhere(NamedTuple):
    """A derivative as others read it: Python for each library, and the expression in LaTeX."""

    numpy: Code
    pytorch: Code
    jax: Code
    latex: str


class Derived(NamedTuple):
    """The derivative of an expression by one name.

    `kinds` are what is differentiated by what, "scalar" to "tensor"; `index_form` is an entry of
    the derivative, and `left` says which, `∂Y[i,j]/∂X[p,q]`. `diagonal` are the axes in which it is
    diagonal, and `effective` is what is left without them, where that is one factor.
    `differential` is what a small change of the variable changes; `vec` the same for stacked
    columns, or rows.
    """

    expression: str
    output: str
    output_shape: Dims
    wrt: str
    wrt_shape: Dims
    kinds: tuple[str, str]
    full_shape: Dims
    left: str
    index_form: str
    diagonal: Dims
    effective: tuple[str, Dims] | None
    numerator: LaidOut
    denominator: LaidOut
    differential: Formula | None
    vec: str | None
    swap: str | None  # the name in `vec` of the matrix that turns vec(X) into vec(X.T)
    checked: Checked
    elsewhere: Late[Elsewhere]
    where: tuple[tuple[str, Formula], ...] = ()  # a name in the formulas, and what it stands for
    kinks: tuple[str, ...] = ()  # what a derivative is taken to be where there is none
    structured: tuple[Formula, str] | None = None  # by the entries that a matrix has, and why
    evaluated: Evaluated | None = None  # where asked for
    gradient_of: str = ""  # what the expression is the gradient of, where that was asked for
