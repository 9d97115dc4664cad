"""Formula trees, names and dims in LaTeX's math mode, with the signs of `amsmath`."""

import re
from fractions import Fraction

from shapecalc.dims import Dim
from shapecalc.matrix.printing import (
    INFIX,
    attribute_text,
    decimal_text,
    is_said,
    places_text,
    said,
)
from shapecalc.tree import Attribute, Call, Leaf, Number, Tree

ATOM, RAISED, PRODUCT, SUM = 6, 5, 3, 2
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ",
        (
            *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota"),
            *("kappa", "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi"),
            *("chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma"),
            *("Upsilon", "Phi", "Psi", "Omega"),
        ),
        strict=True,
    )
)
_ACCENTS = {name: name for name in ("hat", "bar", "tilde", "dot", "vec")} | {"prime": ""}
_STEM = re.compile(r"(d?)([^\W\d_]+)_?(\w*(?<!_))")
_QUOTIENT = re.compile(r"d([^\W\d_]\w*?)_d([^\W\d_]\w*)")
_WORD = re.compile(r"[^\W\d]\w*")
_SIGNS = {"gt": ">", "ge": r"\geq", "lt": "<", "le": r"\leq", "eq": "=", "ne": r"\ne"}
_FUNCTIONS = frozenset(
    {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan", "det", "max", "min"}
)
_NAMES = {"permute": "transpose", "trace": "tr"}
_FILLED = {"ones": "1", "zeros": "0"}
_FENCES = {"norm": r"\Vert", "abs": r"\vert"}


def latex_text(tree: Tree) -> str:
    """Print a formula."""
    return _latex(tree)[0]


def latex_name(name: str) -> str:
    """Set `W2` as W with the index 2, `x_hat` with a hat, `alpha` as the letter; a word upright."""
    found = _STEM.fullmatch(name)
    if found is None:
        return _operator(name)
    body, rest = _stem(found[1], found[2]), found[3]
    if rest in _ACCENTS:
        return f"{body}'" if rest == "prime" else f"\\{_ACCENTS[rest]}{{{body}}}"
    return f"{body}_{_index(rest)}" if rest else body


def latex_function(name: str) -> str:
    """Set the name of a function: upright, `tr` for `trace`."""
    written = _NAMES.get(name, name)
    return f"\\{written}" if written in _FUNCTIONS else _operator(written)


def latex_dim(dim: object) -> str:
    """Print a dim, `2*d_model`, or a number."""
    return _WORD.sub(lambda word: latex_name(word[0]), str(dim)).replace("*", r" \cdot ")


def _stem(d: str, rest: str) -> str:
    for front, letters in (("", d + rest), (d, rest)):
        letter = _GREEK.get(letters, letters)
        if letter in _GREEK.values():
            return f"{front}\\{letter}" if letter != "epsilon" else f"{front}\\varepsilon"
    return d + rest if len(rest) <= 1 else _operator(d + rest)


def _index(text: str) -> str:
    letter = _GREEK.get(text, text)
    if letter in _GREEK.values():
        return f"{{\\{letter}}}"
    if len(text) == 1:
        return text
    plain = text.isdigit() or (len(text) <= 2 and text.isalnum())
    return f"{{{text}}}" if plain else f"{{{_upright(text)}}}"


def _upright(text: str) -> str:
    escaped = re.sub(r"([_%&#$])", r"\\\1", text)
    return f"\\mathrm{{{escaped}}}"


def _operator(name: str) -> str:
    escaped = name.replace("_", r"\_")
    return f"\\operatorname{{{escaped}}}"


def _within(printed: tuple[str, int], least: int) -> str:
    text, level = printed
    return text if level >= least else rf"\left({text}\right)"


def _wrapped(tree: Tree, least: int) -> str:
    return _within(_latex(tree), least)


def _latex(tree: Tree) -> tuple[str, int]:
    match tree:
        case Leaf(name=name):
            return _leaf(name)
        case Number(value=value):
            return _number(value)
        case Call(operands=(operand,)):
            return _of_one(tree, operand)
        case Call(operands=(left, right)):
            return _of_two(tree, left, right)
        case Call():
            return _call(tree), ATOM


def _of_one(tree: Call, operand: Tree) -> tuple[str, int]:
    match tree.op:
        case "neg":
            return f"-{_wrapped(operand, PRODUCT)}", SUM
        case "transpose" | "matrix_transpose":
            return f"{{{_wrapped(operand, ATOM)}}}^\\top", RAISED
        case "inv":
            return f"{{{_wrapped(operand, ATOM)}}}^{{-1}}", RAISED
        case "sqrt":
            return f"\\sqrt{{{latex_text(operand)}}}", ATOM
        case "slice":
            return f"{_wrapped(operand, ATOM)}[{places_text(tree, latex_dim)}]", ATOM
        case _:
            return _call(tree), ATOM


def _of_two(tree: Call, left: Tree, right: Tree) -> tuple[str, int]:
    match tree.op:
        case "pow":
            return f"{{{_wrapped(left, ATOM)}}}^{{{latex_text(right)}}}", RAISED
        case "div":
            return f"\\frac{{{latex_text(left)}}}{{{latex_text(right)}}}", PRODUCT
        case "matmul":
            return f"{_factor(left)}\\, {_factor(right)}", PRODUCT
        case "kron":
            return f"{_wrapped(left, RAISED)} \\otimes {_wrapped(right, RAISED)}", PRODUCT
        case "mul":
            sign = r"\odot" if left.shape and right.shape else r"\cdot"
            return f"{_factor(left, 'mul')} {sign} {_factor(right, 'mul')}", PRODUCT
        case op if op in _SIGNS:
            return rf"\left[{latex_text(left)} {_SIGNS[op]} {latex_text(right)}\right]", ATOM
        case op if op in INFIX:
            return f"{_wrapped(left, SUM)} {INFIX[op][0]} {_wrapped(right, PRODUCT)}", SUM
        case _:
            return _call(tree), ATOM


def _leaf(name: str) -> tuple[str, int]:
    """Print a name; `du_dx` as the derivative that it is."""
    found = _QUOTIENT.fullmatch(name)
    if found is None:
        return latex_name(name), ATOM if _STEM.fullmatch(name) else RAISED
    above, below = map(latex_name, found.groups())
    return rf"\frac{{\partial {above}}}{{\partial {below}}}", PRODUCT


def _factor(tree: Tree, op: str = "matmul") -> str:
    inner = tree.op if isinstance(tree, Call) else ""
    mixed = {op, inner} in ({"matmul", "mul"}, {"matmul", "kron"}, {"mul", "kron"})
    return _wrapped(tree, ATOM if mixed and tree.shape else PRODUCT)


def _call(tree: Call) -> str:
    if tree.op == "pi":
        return r"\pi"
    if tree.op == "eye":
        return f"I_{{{latex_dim(tree.attribute('n'))}}}"
    if tree.op in _FILLED:
        shape = r" \times ".join(map(latex_dim, tree.shape))
        return f"\\mathbf{{{_FILLED[tree.op]}}}_{{{shape}}}"
    arguments = _arguments(tree)
    if tree.op in _FENCES and len(arguments) == 1:
        fence = _FENCES[tree.op]
        return f"\\left{fence} {arguments[0]} \\right{fence}"
    return f"{latex_function(tree.op)}\\left({', '.join(arguments)}\\right)"


def _arguments(tree: Call) -> list[str]:
    """Print operands, and attributes by name."""
    given = dict(tree.attributes)
    subscripts = [_upright(str(given["subscripts"]))] if "subscripts" in given else []
    operands = [latex_text(operand) for operand in said(tree)]
    named = [
        f"{_upright(key)} = {_attribute(value)}"
        for key, value in tree.attributes
        if is_said(tree, key, value) and key not in ("shape", "subscripts")
    ]
    shape = [_attribute(given["shape"])] if "shape" in given else []
    return subscripts + operands + named + shape


def _attribute(value: Attribute) -> str:
    match value:
        case tuple():
            return f"({', '.join(map(_attribute, value))})"
        case Dim():
            return latex_dim(value)
        case Leaf(name=name):
            return _leaf(name)[0]
        case Fraction():
            return _number(value)[0]
        case bool() | str():
            return _upright(str(value))
        case _:
            return attribute_text(value)


def _number(value: Fraction) -> tuple[str, int]:
    decimal = decimal_text(value)
    if decimal is not None:
        return decimal, ATOM if value >= 0 else SUM
    sign = "-" if value < 0 else ""
    whole = f"{sign}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    return whole, SUM if sign else PRODUCT
