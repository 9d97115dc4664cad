"""What code that is pasted has and formulas do not: copies, PyTorch's methods, `max` of two.

Turns each into the op that it means. Knows no place in a file but those of the syntax it is given.
"""

from collections.abc import Callable
from collections.abc import Sequence as Items
from typing import TYPE_CHECKING

from shapecalc.expression import (
    Attribute,
    Binary,
    Call,
    Constant,
    Keyword,
    Literal,
    Sequence,
    Syntax,
    Unary,
)
from shapecalc.ops import refusals
from shapecalc.ops.attributes import refused
from shapecalc.ops.calls import Named, dotted, named
from shapecalc.ops.names import METHODS, METHODS_OF_TORCH, NUMPY, PAIRWISE, TORCH, meaning
from shapecalc.ops.registry import OPS, Op
from shapecalc.ops.sizes import whole_number
from shapecalc.tree import Tree

if TYPE_CHECKING:
    from shapecalc.ops.build import Builder

SAME_VALUE = ("contiguous", "clone", "copy", "float", "double")
"""Methods that return the same numbers."""
_FLOATS = frozenset({"float", "float32", "float64", "double"})
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
_WHOLE = frozenset({"int", "int32", "int64", "bool"})
_OF_TORCH = frozenset({"dim", "keepdim", "unbiased", "correction"})
"""Keywords that tell a method of PyTorch's from NumPy's of the same name."""


def keeps_value(node: Call, function: Attribute) -> bool:
    """Say whether a method returns the same numbers: a copy, or another type of them.

    Whole numbers are those that a comparison gives, and no others.
    """
    if function.name in SAME_VALUE:
        return not node.arguments
    if function.name != "astype" or len(node.arguments) != 1 or node.keywords:
        return False
    kind = dotted(node.arguments[0]).rpartition(".")[2]
    is_mask = isinstance(function.value, Binary) and function.value.operator in _COMPARISONS
    return kind in _FLOATS or (kind in _WHOLE and is_mask)


def is_method(name: str) -> bool:
    """Say whether `X.name()` is read as a call of an op."""
    return name in METHODS or name in METHODS_OF_TORCH


def method_named(name: str, keywords: Items[Keyword]) -> Named | refusals.Refusal:
    """Return the op of a method: PyTorch's where the call has its keywords, or NumPy has none."""
    own = meaning(NUMPY, name)
    is_torch = own is None or own.op not in OPS or any(each.name in _OF_TORCH for each in keywords)
    return named(name, "torch" if is_torch and meaning(TORCH, name) else "")


def swaps_two_axes(entry: Op, arguments: Items[Syntax], operand: Callable[[], Tree]) -> bool:
    """Say whether two axes are given to the transpose of a stack, as PyTorch has it.

    NumPy wants all axes; of a matrix it is NumPy's that counts, since there both have a meaning.
    """
    if entry.name != "permute" or len(arguments) != 3:
        return False
    return None not in map(whole_number, arguments[1:]) and len(operand().shape) > 2


def pairwise(builder: "Builder", node: Call, entry: Op, arguments: Items[Syntax]) -> Op:
    """Return `maximum` for `max(0, Z)` and `max(A, B)`; refuse `max(Z, 0)`, where 0 may be an axis.

    The op stays where its second argument is an axis for sure: `max(Z, None)`.
    """
    second = arguments[1]
    if isinstance(second, Constant | Sequence):
        return entry
    operands = [builder.tree(argument) for argument in arguments[:2]]
    if len(arguments) > 2 or node.keywords:
        raise refused(node.span, refusals.wrong_count(entry, operands, len(arguments)))
    if isinstance(second, Literal | Unary):
        raise refused(node.span, refusals.axis_or_operand(entry, operands))
    return OPS[PAIRWISE[entry.name]]
