"""The value of one option of a layer → what its place asks for, or a Problem that says what does.

Knows how a value is written; knows no kind of layer.
"""

from shapecalc.diagnostics import Problem, nearest, short
from shapecalc.expression import Literal, Name, Unary
from shapecalc.parsing import over, parse_expression
from shapecalc.source import Node, Scalar
from shapecalc.span import Span
from shapecalc.spec.layers.kinds import REDUCTIONS, Option, functions
from shapecalc.spec.layers.records import Function
from shapecalc.spec.network import Reference
from shapecalc.spec.shapes import Axis, DeclaredDims
from shapecalc.spec.typed import described, name_at, problem

LAYER_LIMIT = 10_000
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def dim_in(node: Node, option: Option, dims: DeclaredDims) -> Axis:
    """Read a dim: `units: h`, `units: 128`, `units: 2*h`."""
    text = _text(node, option, "a dim")
    return dims.axis(text.text, text.locate)


def name_in(node: Node, option: Option) -> Reference:
    """Read the name of an input."""
    text = _text(node, option, "a name")
    return name_at(text.text, text.span)


def flag_in(node: Node, option: Option) -> bool:
    """Read `true` or `false`; `yes` and `on` are plain words."""
    expected = "`true` or `false`"
    text = _text(node, option, expected)
    if text.text not in _FLAGS:
        raise _unexpected(node, option, expected)
    return _FLAGS[text.text]


def count_in(node: Node, option: Option) -> int:
    """Read a whole number of at least 1."""
    expected = "a whole number of at least 1"
    text = _text(node, option, expected)
    digits = text.text.lstrip("0")
    if not (digits.isascii() and digits.isdecimal()):
        raise _unexpected(node, option, expected)
    if len(digits) > len(str(LAYER_LIMIT)) or int(digits) > LAYER_LIMIT:
        message = f"`{option.name}` is {short(digits)}, over the limit of {LAYER_LIMIT:,} layers"
        advice = f"write `{option.name}: 10`, or a number of at most {LAYER_LIMIT:,}"
        raise problem("SC901", text.span, message, advice)
    return int(digits)


def number_in(node: Node, option: Option) -> str:
    """Read a number, or the name of a constant; return it as an expression has it."""
    expected = "a number"
    text = _text(node, option, expected)
    syntax = parse_expression(text.text, text.locate)
    bare = syntax.operand if isinstance(syntax, Unary) else syntax
    if not isinstance(bare, Literal | Name):
        raise _unexpected(node, option, expected)
    if option.name == "p" and not (isinstance(bare, Name) or _is_share(syntax)):
        raise _unexpected(node, option, "a number of at least 0 and below 1")
    return text.text.strip()


def _is_share(syntax: object) -> bool:
    return isinstance(syntax, Literal) and 0 <= syntax.value < 1


def reduction_in(node: Node, option: Option) -> str:
    """Read how a loss makes one number of many; return it in quotes, as an expression has it."""
    expected = " or ".join(f"`{each}`" for each in REDUCTIONS)
    text = _text(node, option, expected)
    if text.text not in REDUCTIONS:
        raise _unexpected(node, option, expected)
    return f"'{text.text}'"


def function_in(node: Node, option: Option) -> Function:
    """Read the name of an activation."""
    text = _text(node, option, "the name of a function")
    known = list(functions())
    if text.text not in known:
        raise _no_function(text, option, known)
    return Function(text.span, text.text)


def too_many(count: int, place: Span) -> Problem:
    """Refuse more layers than a network may have."""
    return over("a list of {} layers", count, LAYER_LIMIT, place, "repeat them fewer times")


def _text(node: Node, option: Option, expected: str) -> Scalar:
    if not isinstance(node, Scalar) or node.is_empty:
        raise _unexpected(node, option, expected)
    return node


def _unexpected(node: Node, option: Option, expected: str) -> Problem:
    message = f"`{option.name}` is {described(node)}, {expected} is expected"
    return problem("SC204", node.span, message, f"write `{option.name}: {option.example}`")


def _no_function(text: Scalar, option: Option, known: list[str]) -> Problem:
    name = text.text.rpartition(".")[2].partition("(")[0]
    near = nearest(name, known)
    advice = f"did you mean `{near}`?" if near else "leave it out, and write it under `forward`"
    message = f"`{short(text.text)}` is no function for `{option.name}`"
    return problem("SC209", text.span, message, advice)
