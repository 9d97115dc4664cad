"""Formula trees for people: in Unicode, `W2ᵀ dZ2`."""

from collections.abc import Callable

from shapecalc.matrix.printing import (
    INFIX,
    attribute_text,
    decimal_text,
    is_said,
    number_text,
    places_text,
    said,
)
from shapecalc.tree import Call, Leaf, Number, Tree

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_NAMES = {"permute": "transpose"}
ATOM, PRODUCT = 6, 3


def unicode_text(tree: Tree) -> str:
    """Print for reading: juxtaposition is the matrix product, ⊙ the elementwise one."""
    return _unicode(tree)[0]


def _within(printed: tuple[str, int], least: int) -> str:
    text, level = printed
    return text if level >= least else f"({text})"


def _unicode(tree: Tree) -> tuple[str, int]:
    match tree:
        case Leaf(name=name):
            return name, ATOM
        case Number(value=value):
            return number_text(value), ATOM if value >= 0 and decimal_text(value) else PRODUCT
        case Call(op="pi"):
            return "π", ATOM
        case Call(op="eye"):
            return f"I_{attribute_text(tree.attribute('n'))}", ATOM
        case Call(op="neg", operands=(operand,)):
            return f"-{_within(_unicode(operand), PRODUCT)}", PRODUCT
        case Call(op="transpose" | "matrix_transpose", operands=(operand,)):
            return f"{_within(_unicode(operand), ATOM)}ᵀ", ATOM
        case Call(op="slice", operands=(operand,)):
            return f"{_within(_unicode(operand), ATOM)}[{places_text(tree)}]", ATOM
        case Call(op="pow", operands=(base, Number(value=power))) if power.denominator == 1:
            raised = str(power.numerator).translate(_SUPERSCRIPTS)
            return f"{_within(_unicode(base), ATOM)}{raised}", 5
        case Call(op="pow", operands=(base, power_tree)):
            return f"{_within(_unicode(base), ATOM)}^{_within(_unicode(power_tree), ATOM)}", 5
        case Call(op=op, operands=(left, right)) if op in INFIX:
            sign, level = INFIX[op]
            shown = {"matmul": " ", "mul": _times(left, right)}.get(op, f" {sign} ")
            first = _operand(_unicode(left), op, left, level)
            return f"{first}{shown}{_operand(_unicode(right), op, right, level + 1)}", level
        case Call(op=op):
            return f"{_NAMES.get(op, op)}({', '.join(_arguments(tree, unicode_text))})", ATOM


def _operand(printed: tuple[str, int], op: str, tree: Tree, level: int) -> str:
    """Put parentheses where a matrix product has an elementwise one inside, or the reverse."""
    inner = tree.op if isinstance(tree, Call) else ""
    mixed = {op, inner} in ({"matmul", "mul"}, {"matmul", "div"}) and bool(tree.shape)
    return _within(printed, ATOM if mixed else level)


def _times(left: Tree, right: Tree) -> str:
    return " ⊙ " if left.shape and right.shape else " · "


def _arguments(tree: Call, spell: Callable[[Tree], str]) -> list[str]:
    operands = [spell(operand) for operand in said(tree)]
    named = [
        f"{key}={attribute_text(value)}"
        for key, value in tree.attributes
        if is_said(tree, key, value) and key not in ("shape", "subscripts")
    ]
    if "subscripts" in dict(tree.attributes):
        operands.insert(0, f'"{tree.attribute("subscripts")}"')
    if "shape" in dict(tree.attributes):
        shape = tree.attribute("shape")
        assert isinstance(shape, tuple)
        named.append(f"({', '.join(map(str, shape))})")
    return operands + named
