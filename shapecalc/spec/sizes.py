"""The sections `dims` and `constants` → entries: names with their numbers. Knows no shape."""

import re
from fractions import Fraction

from shapecalc.diagnostics import Finding, Problem, Related, short
from shapecalc.source import List, Mapping, Node, Scalar
from shapecalc.spec.network import ConstantEntry, DimEntry, Reference
from shapecalc.spec.typed import Findings, described, entries, name_at, name_of, problem

DIGIT_LIMIT = 18
EXPONENT_LIMIT = 400
_NUMBER = r"(?ai)[-+]?(?:\d+\.?\d*|\.\d+)(?:e([-+]?\d+))?"
_OTHER_BASE = r"(?ai)0(?:x[0-9a-f]{1,14}|o[0-7]{1,19}|b[01]{1,59})"
_JOINED = r"([^:\s]+):(\S+)"

_Given = tuple[Reference, Reference | None]
"""A name, and the text of its number with its place; None where it is left symbolic."""


def read_dims(node: Node, findings: Findings) -> list[DimEntry]:
    """Read `{n: 784, h: 128}`; a list of names leaves all symbolic, `{n: 784, h: _}` one."""
    return [
        DimEntry(
            name.name,
            findings.attempt(_size, name.name, number) if number else None,
            name.span,
            number.span if number else None,
        )
        for name, number in _once(_given(node, "dims", "h: 128", findings), findings)
    ]


def read_constants(node: Node, findings: Findings) -> list[ConstantEntry]:
    """Read `{eps: 1.0e-5}`, or a list of names that leaves them symbolic."""
    return [
        ConstantEntry(
            name.name,
            findings.attempt(_number, name.name, number) if number else None,
            name.span,
        )
        for name, number in _once(_given(node, "constants", "eps: 1.0e-5", findings), findings)
    ]


def _given(node: Node, key: str, example: str, findings: Findings) -> list[_Given]:
    if isinstance(node, List):
        names = [findings.attempt(name_of, item) for item in node.items]
        return [(name, None) for name in names if name]
    expected = "a mapping of names to numbers, or a list of names,"
    pairs = findings.attempt(entries, node, key, expected, f"{{{example}}}") or ()
    if isinstance(node, Mapping) and _is_set(node):
        findings.append(_set_for_list(node, key, example).finding)
        names = [findings.attempt(name_of, name) for name, _ in pairs]
        return [(name, None) for name in names if name]
    given = [findings.attempt(_pair, name, value, example, findings) for name, value in pairs]
    return [pair for pair in given if pair]


def _once(given: list[_Given], findings: Findings) -> list[_Given]:
    """Keep the first of each name; lists can repeat one, and so can two spellings."""
    firsts: dict[str, _Given] = {}
    for name, number in given:
        first, _ = firsts.setdefault(name.name, (name, number))
        if first is not name:
            related = (Related(first.span, "first here"),)
            message = f"`{name.name}` is given twice"
            findings.append(Finding("SC103", name.span, message, "drop one", related=related))
    return list(firsts.values())


def _is_set(node: Mapping) -> bool:
    """Say whether this is `{n, h}`: braces, and not one number."""
    return node.is_flow and all(
        isinstance(value, Scalar) and value.is_empty and ":" not in name.text
        for name, value in node.entries
    )


def _pair(name: Scalar, value: Node, example: str, findings: Findings) -> _Given:
    joined = re.fullmatch(_JOINED, name.text) if ":" in name.text else None
    if not isinstance(value, Scalar):
        findings.append(_no_number(name.text, value, example).finding)
    elif joined and value.is_empty:
        findings.append(_no_space(name, joined).finding)
        number = Reference(joined[2], name.locate(joined.start(2), len(joined[2])))
        return name_at(joined[1], name.locate(0, len(joined[1]))), number
    elif value.is_empty:
        findings.append(_no_number(name.text, name, example).finding)
    elif value.text == "_":
        return name_of(name), None
    else:
        return name_of(name), Reference(value.text, value.span)
    return name_of(name), None


def _size(name: str, written: Reference) -> int:
    """Read a size: a whole number of at least 1."""
    number = _number(name, written)
    if number < 1 or number.denominator != 1:
        message = f"`{name}` is {written.name}, a size is a whole number of at least 1"
        raise problem("SC308", written.span, message, f"write `{name}: 128`, or what it should be")
    if number >= 10**DIGIT_LIMIT:
        message = f"`{name}` has {len(str(number))} digits, over the limit of {DIGIT_LIMIT}"
        raise problem("SC901", written.span, message, "write a smaller size")
    return int(number)


def _number(name: str, written: Reference) -> Fraction:
    """Read a number exactly: `0.1` is 1/10."""
    if written.name.isascii() and written.name.isdecimal() and len(written.name) <= 100:
        return Fraction(int(written.name))
    match = re.fullmatch(_NUMBER, written.name)
    if match is None:
        plain = written.name.replace("_", "")
        is_number = re.fullmatch(_NUMBER, plain) is not None
        advice = f"write `{plain}`" if is_number else f"write digits, `{name}: 128`"
        if other := _other_notation(written.name):
            advice = f"write `{other}`"
        found = f"`{short(written.name)}`" if written.name.strip() else "empty"
        message = f"`{name}` is {found}, a number is expected"
        raise problem("SC204", written.span, message, advice)
    exponent = (match[1] or "").lstrip("+-0")
    if len(written.name) > 100 or len(exponent) > 3 or int(exponent or 0) > EXPONENT_LIMIT:
        message = f"the number of `{name}` is over the limit of 100 digits or 1e{EXPONENT_LIMIT}"
        raise problem("SC901", written.span, message, "write a shorter one")
    return Fraction(written.name)


def _other_notation(text: str) -> str:
    """Return the plain digits of a number in base 2, 8 or 16, or in digits of another script."""
    if re.fullmatch(_OTHER_BASE, text):
        return str(int(text, 0))
    return str(int(text)) if text.isdecimal() and len(text) <= DIGIT_LIMIT else ""


def _set_for_list(node: Mapping, key: str, example: str) -> Problem:
    names = ", ".join(name.text for name, _ in node.entries)
    message = f"`{{{names}}}` gives its names no numbers"
    advice = f"write `{key}: [{names}]` to leave them symbolic, `{{{example}}}` for numbers"
    return problem("SC204", node.span, message, advice)


def _no_space(name: Scalar, joined: re.Match[str]) -> Problem:
    message = f"`{name.text}` is read as one key, a space belongs behind the colon"
    return problem("SC204", name.span, message, f"write `{joined[1]}: {joined[2]}`")


def _no_number(name: str, node: Node, example: str) -> Problem:
    found = f"is {described(node)}, a number is expected"
    message = f"`{name}` {'has no number' if isinstance(node, Scalar) else found}"
    return problem("SC204", node.span, message, f"write `{name}: {example.partition(': ')[2]}`")
