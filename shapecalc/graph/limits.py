"""What one equation may hold: so much that its gradients are derived quickly, and whole sizes.

What is over a limit can be split over several equations; no equation of a person is near one.
"""

from collections.abc import Iterator, Mapping

from shapecalc.diagnostics import Finding, Problem
from shapecalc.dims import Dim
from shapecalc.ops.inside import quotients_inside
from shapecalc.spec.network import Equation
from shapecalc.spec.quotients import inexact
from shapecalc.tree import Attribute, Call, Tree, calls

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


def hold_to_sizes(equation: Equation, tree: Tree, sizes: Mapping[str, int]) -> None:
    """Raise a Problem where a quotient of dims in an equation does not come out whole."""
    inside = tuple(quotients_inside(tree))
    is_plain = "/" not in equation.text and not any(dim.has_divisor for dim in tree.shape)
    if is_plain and not inside:
        return
    dims = [dim for each in calls(tree) for _, value in each.attributes for dim in _dims(value)]
    for dim in (*tree.shape, *dims, *inside):
        if dim.has_divisor and all(name in sizes for name in dim.names) and not dim.is_whole(sizes):
            raise inexact(dim, sizes, equation.expression_span)


def _dims(value: Attribute) -> Iterator[Dim]:
    if isinstance(value, Dim):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _dims(item)


def _nesting(tree: Tree) -> int:
    """Return how many operations are inside each other, the links of a sum or `*` not counted."""
    if not isinstance(tree, Call):
        return 0
    inside = max(map(_nesting, tree.operands), default=0)
    return inside + (tree.op not in _FLAT)
