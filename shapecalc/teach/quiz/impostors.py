"""A right formula → formulas that look like it. The engine judges whether they are wrong."""

import re
from collections.abc import Iterator

_SUM = re.compile(r"sum\((.*), axis=\d(?:, keepdims=True)?\)")
_TURNED = re.compile(r"\.T\b")
_PLAIN = re.compile(r"\b[A-Z]\w*\b(?!\.T|\()")
_DIFFERENCE = re.compile(r"\((\w+) - (\w+)\)")


def lookalikes(formula: str) -> Iterator[str]:
    """Yield what a learner might write instead, as the classic mistakes have it."""
    yield from _products(formula)
    yield from _sums(formula)
    yield from _factors(formula)
    for sign in (" + ", " * "):
        parts = split(formula, sign)
        if len(parts) > 1:
            rests = (sign.join(p for p in parts if p is not left_out) for left_out in parts)
            yield from map(_bare, rests)
    for found in _DIFFERENCE.finditer(formula):
        yield _replaced(formula, found, f"({found[2]} - {found[1]})")


def split(formula: str, sign: str) -> list[str]:
    """Split a formula at a sign, outside of all brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(formula):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and formula.startswith(sign, place):
            parts.append(formula[start:place])
            start = place + len(sign)
    return [*parts, formula[start:]]


def _bare(formula: str) -> str:
    """Take brackets around the whole away."""
    inner = formula[1:-1]
    is_whole = formula[:1] == "(" and formula[-1:] == ")" and _is_balanced(inner)
    return inner if is_whole else formula


def _is_balanced(text: str) -> bool:
    depth = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return False
    return depth == 0


def _products(formula: str) -> Iterator[str]:
    factors = split(formula, " @ ")
    if len(factors) == 2:
        left, right = factors
        yield f"{right} @ {left}"
        yield f"{left} * {right}"
    for found in _TURNED.finditer(formula):
        yield _replaced(formula, found, "")
        if len(factors) == 2:
            left, right = split(_replaced(formula, found, ""), " @ ")
            yield f"{right} @ {left}"
    for found in _PLAIN.finditer(formula):
        yield _replaced(formula, found, f"{found[0]}.T")


def _sums(formula: str) -> Iterator[str]:
    for one, other in (("axis=0", "axis=1"), ("axis=1", "axis=0"), (", keepdims=True", "")):
        if one in formula:
            yield formula.replace(one, other)
    whole = _SUM.fullmatch(formula)
    if whole:
        yield whole[1]


def _factors(formula: str) -> Iterator[str]:
    parts = split(formula, " / ")
    if len(parts) == 2:
        above, below = parts
        yield above.removeprefix("(").removesuffix(")") if above[:1] == "(" else above
        if above[:1] == "(" and above[-1:] == ")":
            yield f"{above[1:-1]} / {below}"
    else:
        yield f"{formula} / m"
    for one, other in ((" * ", " @ "), ("1 - ", "1 + "), ("> 0", "< 0"), ("**2", "")):
        if one in formula:
            yield formula.replace(one, other, 1)


def _replaced(formula: str, found: re.Match[str], new: str) -> str:
    return formula[: found.start()] + new + formula[found.end() :]
