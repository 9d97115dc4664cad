"""How large axes must be for an op's deltas and masks to tell a right formula from a wrong one.

Along an axis of 2 entries a turn by 2 is none, and the third diagonal of a matrix is not there.
"""

from collections.abc import Iterator

from shapecalc.dims import Dim
from shapecalc.ops.registry import OPS
from shapecalc.tree import Call


def room_for(tree: Call) -> Iterator[Dim]:
    """Yield dims that are to be more than nothing, from the numbers in an op's conditions."""
    op = OPS[tree.op]
    if op.formula is None:
        return
    bound = op.bound(tuple(operand.shape for operand in tree.operands), tree.attributes)
    for condition in (each for term in op.terms(tree) for each in term.conditions):
        number = condition.offset.constant
        if not number or (condition.left is not None and not condition.is_cyclic):
            continue
        for letter in condition.letters:
            yield bound.dims[letter] - Dim.number(2 * abs(number.numerator))
