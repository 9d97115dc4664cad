"""How much one equation may hold: beyond that, deriving its gradients takes too long.

What is over a limit can be split over several equations; no equation of a person is near one.
"""

from shapecalc.diagnostics import Finding, Problem
from shapecalc.spec.network import Equation
from shapecalc.tree import Call, Tree, calls

OPERATION_LIMIT = 100
PRODUCT_LIMIT = 20
NESTING_LIMIT = 24
_PRODUCTS = ("matmul", "dot", "einsum", "outer")
_FLAT = ("add", "sub", "mul")  # a long sum nests, but its derivatives do not


def hold_to_limits(equation: Equation, tree: Tree) -> None:
    """Raise a Problem where an equation is longer than its gradients can be derived quickly."""
    ops = [call.op for call in calls(tree)]
    products = sum(op in _PRODUCTS for op in ops)
    counts = (
        ("{} operations in one equation", len(ops), OPERATION_LIMIT),
        ("{} matrix products in one equation", products, PRODUCT_LIMIT),
        ("{} operations inside each other", _nesting(tree), NESTING_LIMIT),
    )
    for what, count, limit in counts:
        if count > limit:
            message = f"{what.format(count)} are over the limit of {limit}"
            place = equation.expression_span
            raise Problem(Finding("SC901", place, message, "split it over several equations"))


def _nesting(tree: Tree) -> int:
    """Return how many operations are inside each other, the links of a sum or `*` not counted."""
    if not isinstance(tree, Call):
        return 0
    inside = max(map(_nesting, tree.operands), default=0)
    return inside + (tree.op not in _FLAT)
