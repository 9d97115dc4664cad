"""How high the degree of an identity can be: for the error bound of the exact check."""

from math import log2

from shapecalc.ops.registry import OPS
from shapecalc.tree import Leaf, Number, Tree
from shapecalc.verify.cases import Case
from shapecalc.verify.elimination import MOST_ROWS
from shapecalc.verify.plans import MOST_ENTRIES

HIGHEST = 2**40
"""Beyond this degree, a chance of 2^-63 for one formula is no longer met by three points."""

OF_OTHERS = frozenset({"orthogonal", "reflection", "positive-diagonal"})
"""Kinds of matrices whose entries are quotients, or powers, of what is drawn."""


def degree(case: Case) -> int:
    """Bound the degree of the identity as a rational function: above plus below, plus direction."""
    made = [name for name, domain in case.domains if domain.property in OF_OTHERS]
    known: dict[Tree, tuple[int, int]] = dict.fromkeys(made, (2 * MOST_ROWS, 2 * MOST_ROWS))
    for output, tree in case.equations:
        known[output] = degrees(tree, known)
    above, below = degrees(case.formula, known)
    return above + below + sum(sum(known[output]) for output, _ in case.equations) + 1


def degrees(tree: Tree, known: dict[Tree, tuple[int, int]]) -> tuple[int, int]:
    """Bound the degrees above and below the line of an entry as a rational function."""
    if tree not in known:
        known[tree] = _degrees_of(tree, known)
    return known[tree]


def _degrees_of(tree: Tree, known: dict[Tree, tuple[int, int]]) -> tuple[int, int]:
    if isinstance(tree, Leaf):
        return 1, 0
    if isinstance(tree, Number):
        return 0, 0
    parts = [degrees(operand, known) for operand in tree.operands]
    match tree.op:
        case "mul" | "matmul" | "dot" | "outer" | "einsum":
            return sum(above for above, _ in parts), sum(below for _, below in parts)
        case "div":
            return parts[0][0] + parts[1][1], parts[0][1] + parts[1][0]
        case "pow" if isinstance(tree.operands[1], Number):
            times = max(1, int(abs(tree.operands[1].value) + 1))
            return times * sum(parts[0]), times * sum(parts[0])
        case op if OPS[op].nonsingular or op == "pinv":
            highest = MOST_ROWS * MOST_ROWS * sum(a + b for a, b in parts)
            return highest, highest
        case "prod":
            return MOST_ENTRIES * parts[0][0], MOST_ENTRIES * parts[0][1]
        case "exp" | "log" | "sqrt" | "sin" | "cos" | "erf" | "arctan":
            return 2 + sum(parts[0]), 2 + sum(parts[0])
        case _:
            return 4 + sum(a + b for a, b in parts), 2 + sum(b for _, b in parts)


def bound_text(degree_bound: int, trials: int = 3) -> str:
    """Return the chance that a wrong formula passes, (degree / p)^trials, as a power of two."""
    return f"2^{int(trials * (log2(max(degree_bound, 1)) - 61))}"
