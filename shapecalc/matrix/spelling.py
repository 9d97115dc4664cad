"""Formula trees for people: in Unicode, `W2ᵀ dZ2`, and in LaTeX."""

import re
from collections.abc import Callable
from fractions import Fraction

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
_NAME = re.compile(r"(d?)([^\W\d_]+)_?(\w*)")
_LATEX_SIGNS = {"gt": ">", "ge": r"\ge", "lt": "<", "le": r"\le", "eq": "=", "ne": r"\ne"}
_NAMES = {"permute": "transpose"}
_LATEX_FUNCTIONS = frozenset({"exp", "log", "sin", "cos", "tanh"})
ATOM, PRODUCT, SUM = 6, 3, 2


def unicode_text(tree: Tree) -> str:
    """Print for reading: juxtaposition is the matrix product, ⊙ the elementwise one."""
    return _unicode(tree)[0]


def latex_text(tree: Tree) -> str:
    """Print for LaTeX's math mode; needs no package."""
    return _latex(tree)[0]


def _within(printed: tuple[str, int], least: int, marks: tuple[str, str] = ("(", ")")) -> str:
    text, level = printed
    return text if level >= least else f"{marks[0]}{text}{marks[1]}"


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
        operands.insert(0, str(tree.attribute("subscripts")))
    if "shape" in dict(tree.attributes):
        shape = tree.attribute("shape")
        assert isinstance(shape, tuple)
        named.append(f"({', '.join(map(str, shape))})")
    return operands + named


def _latex(tree: Tree) -> tuple[str, int]:
    match tree:
        case Leaf(name=name):
            return _latex_name(name), ATOM
        case Number(value=value):
            return _latex_number(value), ATOM if value >= 0 else SUM
        case Call(op="neg", operands=(operand,)):
            return f"-{_wrapped(operand, PRODUCT)}", SUM
        case Call(op="transpose" | "matrix_transpose", operands=(operand,)):
            return f"{{{_wrapped(operand, ATOM)}}}^\\top", ATOM
        case Call(op="pow", operands=(base, exponent)):
            return f"{{{_wrapped(base, ATOM)}}}^{{{latex_text(exponent)}}}", 5
        case Call(op="div", operands=(above, below)):
            return f"\\frac{{{latex_text(above)}}}{{{latex_text(below)}}}", PRODUCT
        case Call(op="matmul", operands=(left, right)):
            return f"{_latex_factor(left)}\\, {_latex_factor(right)}", PRODUCT
        case Call(op="mul", operands=(left, right)):
            sign = r"\odot" if left.shape and right.shape else r"\cdot"
            return f"{_latex_factor(left, 'mul')} {sign} {_latex_factor(right, 'mul')}", PRODUCT
        case Call(op=op, operands=(left, right)) if op in _LATEX_SIGNS:
            return f"[{latex_text(left)} {_LATEX_SIGNS[op]} {latex_text(right)}]", ATOM
        case Call(op=op, operands=(left, right)) if op in INFIX:
            return f"{_wrapped(left, SUM)} {INFIX[op][0]} {_wrapped(right, PRODUCT)}", SUM
        case Call():
            return _latex_call(tree), ATOM


def _latex_factor(tree: Tree, op: str = "matmul") -> str:
    inner = tree.op if isinstance(tree, Call) else ""
    mixed = {op, inner} == {"matmul", "mul"} and bool(tree.shape)
    return _wrapped(tree, ATOM if mixed else PRODUCT)


def _wrapped(tree: Tree, least: int) -> str:
    return _within(_latex(tree), least, (r"\left(", r"\right)"))


def _latex_call(tree: Call) -> str:
    if tree.op == "eye":
        return f"I_{{{attribute_text(tree.attribute('n'))}}}"
    if tree.op == "slice":
        return f"{_wrapped(tree.operands[0], ATOM)}[{places_text(tree)}]"
    if tree.op == "pi":
        return r"\pi"
    if tree.op == "sqrt":
        return f"\\sqrt{{{latex_text(tree.operands[0])}}}"
    written = _NAMES.get(tree.op, tree.op)
    name = f"\\{written}" if written in _LATEX_FUNCTIONS else _operator(written)
    arguments = ", ".join(_arguments(tree, latex_text)).replace("keepdims=True", r"\text{keepdims}")
    return f"{name}\\left({arguments}\\right)"


def _operator(name: str) -> str:
    escaped = name.replace("_", r"\_")
    return f"\\operatorname{{{escaped}}}"


def _latex_name(name: str) -> str:
    """Set `W2` as W with the index 2, `dZ2` as dZ with it, a word upright."""
    found = _NAME.fullmatch(name)
    if found is None:
        return _operator(name)
    stem = found[1] + found[2]
    body = stem if len(found[2]) <= 1 else _operator(stem)
    rest = found[3].replace("_", r"\_")
    return f"{body}_{{{rest}}}" if len(rest) > 1 else f"{body}_{rest}" if rest else body


def _latex_number(value: Fraction) -> str:
    decimal = decimal_text(value)
    return decimal if decimal is not None else f"\\frac{{{value.numerator}}}{{{value.denominator}}}"
