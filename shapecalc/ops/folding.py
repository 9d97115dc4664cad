"""Calls that are worked out while a tree is built: numbers, signs, columns for vectors."""

from shapecalc.matrix import make
from shapecalc.tree import Call, Number, Tree, number


def folded(op: str, operands: tuple[Tree, ...]) -> Tree | None:
    """Work out what two numbers give; adding 0 is nothing, and so are two minus signs."""
    if op == "add" and make.is_number(operands[1], 0):
        return operands[0]
    if op == "neg" and isinstance(operands[0], Call) and operands[0].op == "neg":
        return operands[0].operands[0]
    if op == "neg" and isinstance(operands[0], Number):
        return number(-operands[0].value)
    if len(operands) != 2 or not all(isinstance(each, Number) for each in operands):
        return None
    left, right = (each.value for each in operands if isinstance(each, Number))
    if op == "div" and not right:
        return None
    results = {"add": left + right, "sub": left - right, "mul": left * right}
    result = left / right if op == "div" else results.get(op)
    return None if result is None else number(result)


def flat(tree: Tree) -> Tree:
    """Take a column or a row for the vector that it is, as matrix calculus has it: `diag(x)`."""
    units = [place for place, dim in enumerate(tree.shape) if dim.is_one]
    return make.squeezed(tree, tuple(units)) if len(tree.shape) == 2 and len(units) == 1 else tree
