"""How large axes must be for an op's deltas and masks to tell a right formula from a wrong one.

Along an axis of 2 entries a turn by 2 is none, and the third diagonal of a matrix is not there.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from math import prod

from shapecalc.dims import ONE, Dim
from shapecalc.ops.inside import quotients_of
from shapecalc.ops.registry import OPS
from shapecalc.ops.terms import BoundTerm
from shapecalc.tree import Call, Leaf, Tree
from shapecalc.verify.by_letters import has_conditions, is_by_letters
from shapecalc.verify.ranks import room_for_inverse

LITTLE = 5_000
"""Products that nobody minds, whatever they are exactly."""


@cache
def _asks_for_room(op: str) -> bool:
    known = OPS[op]
    by_sizes = known.definition is not None and known.sizes
    by_conditions = known.formula is not None and has_conditions(op)
    return bool(by_sizes or by_conditions or known.nonsingular)


def room_of(tree: Call, equations: Mapping[Leaf, Tree]) -> Iterator[Dim]:
    """Yield dims that are to be more than nothing, for all that an op needs."""
    if _asks_for_room(tree.op):
        yield from room_for(tree)
        yield from room_for_inverse(tree, equations)


def room_for(tree: Call) -> Iterator[Dim]:
    """Yield dims that are to be more than nothing, from the numbers in an op's conditions.

    Of an op that is defined by its sizes, the parts that its definition divides them into, too.
    """
    op = OPS[tree.op]
    yield from quotients_of(tree)
    if op.formula is None or not has_conditions(tree.op):
        return
    bound = op.bound(tuple(operand.shape for operand in tree.operands), tree.attributes)
    yield from (dim for dim in bound.dims.values() if dim.has_divisor)
    for condition in (each for term in op.terms(tree) for each in term.conditions):
        if condition.left is not None and not condition.is_cyclic:
            for letter, step in condition.parts if len(condition.parts) > 1 else ():
                if step != ONE:  # of one window, no one sees how far it is to the next
                    yield bound.dims[letter] - ONE
        number = condition.offset.constant
        if not number or (condition.left is not None and not condition.is_cyclic):
            continue
        for letter in condition.letters:
            yield bound.dims[letter] - Dim.number(2 * abs(number.numerator))


def work_of(tree: Call, sizes: Mapping[str, int], largest: int) -> int:
    """Return how many products an op takes whose formula ties letters of several operands.

    That is at most as many as its axes have entries, the `largest` size each: a bound that is low
    is enough.
    """
    op = OPS[tree.op]
    if op.formula is None or len(tree.operands) < 2:
        return 0
    if is_by_letters(tree.op):
        most: int = largest ** sum(len(operand.shape) for operand in tree.operands)
        if most < LITTLE:
            return most
    dims = op.bound(tuple(operand.shape for operand in tree.operands), tree.attributes).dims
    works = (_work(term, dims, sizes) for term in op.terms(tree))
    return max((work for work in works), default=0)


def _work(term: BoundTerm, dims: Mapping[str, Dim], sizes: Mapping[str, int]) -> int:
    """Multiply the sizes of all letters but one for each delta."""
    letters = prod(dims[letter].size(sizes) for letter in term.letters)
    fixed = prod(dims[each.left].size(sizes) for each in term.conditions if each.left)
    return letters // fixed
