"""What a formula is made of: numbers, functions, nothing but 0."""

from collections.abc import Iterator

from shapecalc.ops.build import defined
from shapecalc.ops.registry import OPS
from shapecalc.tree import Call, Number, Tree

FUNCTIONS = frozenset({"exp", "log", "sqrt", "sin", "cos"})


def is_zero(tree: Tree) -> bool:
    """Say whether a formula is written as 0, in whatever shape."""
    if isinstance(tree, Call):
        return tree.op == "zeros"
    return isinstance(tree, Number) and not tree.value


def parts(tree: Tree) -> Iterator[Tree]:
    """Yield a formula, and every operand in it."""
    yield tree
    if isinstance(tree, Call):
        for operand in tree.operands:
            yield from parts(operand)


def has_function(tree: Tree) -> bool:
    """Say whether there is a function in a formula that the field has a table for."""
    if not isinstance(tree, Call):
        return False
    if tree.op in FUNCTIONS:
        return True
    if tree.op == "pow":
        exponent = tree.operands[1]
        if not (isinstance(exponent, Number) and exponent.value.denominator == 1):
            return True
    if OPS[tree.op].definition is not None:
        return has_function(defined(OPS[tree.op], tree.operands, tree.attributes))
    return any(has_function(operand) for operand in tree.operands)
