"""What is taken for granted of matrices: that they have an inverse, or are symmetric."""

from collections.abc import Iterator

from shapecalc.diagnostics import Finding
from shapecalc.dims import shape_text
from shapecalc.graph import Graph
from shapecalc.matrix.printing import text
from shapecalc.ops.registry import OPS
from shapecalc.sweep import Sweep
from shapecalc.tree import Leaf, Tree, calls

SAID = {
    "symmetric": "symmetric",
    "positive-definite": "symmetric and positive definite",
    "nonsingular": "nonsingular",
    "orthogonal": "orthogonal",
    "diagonal": "diagonal",
    "lower-triangular": "lower triangular",
    "upper-triangular": "upper triangular",
}
SYMMETRIC = ("symmetric", "positive-definite", "diagonal")
INVERTIBLE = ("positive-definite", "nonsingular", "orthogonal")


def assumption_findings(graph: Graph) -> Iterator[Finding]:
    """Refuse what is said of a value as a matrix that has not as many rows as columns (SC303)."""
    for entry in graph.network.assume:
        value = graph.values.get(entry.name)
        if entry.property in SAID and value is not None and not _is_square(value):
            message = f"`{value.name}` is assumed to be {entry.property}, and is"
            message += f" {shape_text(value.shape)}"
            advice = "give it as many rows as columns, or drop what is assumed"
            yield Finding("SC303", entry.span, message, advice)


def _is_square(value: Leaf) -> bool:
    return len(value.shape) > 1 and value.shape[-1] == value.shape[-2]


def assumed_of_matrices(sweep: Sweep) -> Iterator[str]:
    """Say what ops imply of their operands, and what the author says of values."""
    values = sweep.graph.values
    said = [each for each in sweep.graph.network.assume if each.property in SAID]
    known = {each.name for each in said if each.property in INVERTIBLE}
    for matrix, ops in _inverted(sweep).items():
        if text(matrix) not in known:
            verb = "implies" if len(ops) == 1 else "imply"
            yield f"{text(matrix)} has an inverse, as {' and '.join(ops)} {verb}"
    yield from (f"{e.name} is {SAID[e.property]}, as assumed" for e in said if e.name in values)


def symmetric_names(sweep: Sweep) -> frozenset[str]:
    """Return the values whose transpose is themselves, as the author says."""
    said = sweep.graph.network.assume
    return frozenset(e.name for e in said if e.property in SYMMETRIC)


def inverted_names(sweep: Sweep) -> frozenset[str]:
    """Return the values that have as many rows as columns because an op inverts them."""
    return frozenset(matrix.name for matrix in _inverted(sweep) if isinstance(matrix, Leaf))


def _inverted(sweep: Sweep) -> dict[Tree, dict[str, None]]:
    """Return what is inverted, and by which ops."""
    found: dict[Tree, dict[str, None]] = {}
    for node in sweep.graph.nodes:
        for part in calls(node.tree):
            op = OPS[part.op]
            for name in op.nonsingular:
                matrix = part.operands[op.operands.index(name)]
                found.setdefault(matrix, {})[part.op] = None
    return found
