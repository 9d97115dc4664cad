"""A token that does not belong where it stands → what to say, and what to write instead.

Knows the slips that people make in expressions; knows no place in a file.
"""

import re
from typing import NamedTuple

from shapecalc.parsing.tokens import Token

_INSTEAD = {
    "%": "write the remainder out; no op takes it",
    "^": "write `**` for a power, `.T` for a transpose",
    ".*": "write `*`",
    "&": "write `*` between masks",
    "&&": "write `*` between masks",
    "|": "write `maximum(a, b)` of two masks",
    "||": "write `maximum(a, b)` of two masks",
    "~": "write `1 - mask`",
    "!": "write `1 - mask`",
    "{": "write `(` and `)`",
    ":=": "give it an equation of its own",
    "×": "write `*` elementwise, `@` for a matrix product",
    "∘": "write `*`",
    "⊗": "write `kron(A, B)` or `outer(a, b)`",
    "−": "write `-`",
    "–": "write `-`",
    "÷": "write `/`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "√": "write `sqrt(x)`",
    "∑": "write `sum(x, axis=0)`",
    "⊤": "write `.T`",
    "′": "write `.T` for a transpose, or choose a name without it",
    "and": "write `*` between masks, `(a > 0) * (b > 0)`",
    "or": "write `maximum(a > 0, b > 0)`",
    "not": "write `1 - mask`",
    "if": "write `where(mask, a, b)`",
    "else": "write `where(mask, a, b)`",
    "lambda": "write the formula itself; as a name, `lam`",
    "for": "write a sum over an axis, `sum(x, axis=0)`",
    "is": "write `==`",
}
_BARS = {"|": "write `abs(x)`, or `det(X)` of a matrix", "||": "write `norm(x)`"}
"""What bars stand for in front of an operand."""
_SUPERSCRIPTS = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
_PLAIN = str.maketrans(_SUPERSCRIPTS, "-0123456789")


class Refusal(NamedTuple):
    """What a finding will say: its code, the fact, the next step."""

    code: str
    message: str
    help: str


def no_operand(before: Token | None, token: Token, expected: str) -> Refusal:
    """Say that something else stands where an operand is expected."""
    if token.text in _BARS:
        return Refusal("SC202", f"`{token.text}` is not read", _BARS[token.text])
    if foreign := _foreign(before, token):
        return foreign
    place = f" after {before.shown}" if before else ""
    advice = "complete it" if token.kind == "end" else f"drop {token.shown}, or complete it"
    return Refusal("SC201", f"expected {expected}{place}, found {token.shown}", advice)


def no_operator(before: Token, token: Token, *, is_method: bool = False) -> Refusal:
    """Say that something else stands where an operator, or nothing more, is expected.

    `is_method`: a point stands before the token before, as in `x.T A`.
    """
    if foreign := _foreign(before, token):
        return foreign
    if token.text in (")", "]"):
        return Refusal("SC201", f"`{token.text}` closes nothing", f"drop `{token.text}`")
    if token.text == ",":
        advice = "write one expression, or put a tuple in parentheses"
        return Refusal("SC201", "expected an operator, found `,`", advice)
    if before.kind == "number" and before.end == token.start and token.kind == "name":
        return _bad_number(before, token)
    if token.kind in ("name", "number", "string") or token.text in ("(", "["):
        return _neighbours(before, token, "." if is_method else "")
    return Refusal("SC201", f"{token.shown} is no operator", f"drop {token.shown}")


def keyword(token: Token) -> Refusal:
    """Say that a word which Python reserves cannot be a name."""
    if token.text in _INSTEAD:
        return Refusal("SC202", f"`{token.text}` is not read", _INSTEAD[token.text])
    message = f"`{token.text}` is a word of Python, and cannot be a name"
    return Refusal("SC202", message, "choose another name")


def conditional(text: str, token: Token) -> Refusal:
    """Say what to write for Python's `a if mask else b`."""
    mask, _, otherwise = text[token.end :].partition(" else ")
    given = [part.strip() for part in (mask, text[: token.start], otherwise)]
    advice = f"write `where({', '.join(given)})`" if all(given) else _INSTEAD["if"]
    return Refusal("SC202", "`if` is not read", advice)


def _foreign(before: Token | None, token: Token) -> Refusal | None:
    """Return what to write for another language's notation, None where it is not that."""
    if not token.text.isascii() and (unseen := _unseen(token)):
        return unseen
    if token.kind == "string":
        return None
    if token.text == "=":
        advice = "compare with `==`; give each equation a line of its own"
        return Refusal("SC201", "`=` stands inside an expression", advice)
    if token.text in _INSTEAD:
        return Refusal("SC202", f"`{token.text}` is not read", _INSTEAD[token.text])
    if token.kind == "foreign":
        return _superscript(token)
    return _quote(before, token) if token.text in ("'", '"') else None


def _unseen(token: Token) -> Refusal | None:
    """Name a character that takes no room: nobody finds it by looking."""
    from shapecalc.diagnostics.lookalikes import unseen_in

    if found := unseen_in(token.text) if token.kind == "other" else "":
        return Refusal("SC201", f"{found} stands here, and cannot be seen", "take it out")
    return None


def _superscript(token: Token) -> Refusal:
    power = token.text.translate(_PLAIN)
    inverse = ", or `inv(X)` of a matrix" if power == "-1" else ""
    return Refusal("SC202", f"`{token.text}` is not read", f"write `**{power}`{inverse}")


def _quote(before: Token | None, token: Token) -> Refusal:
    if before and before.kind == "name" and before.end == token.start:
        message = f"a name cannot contain `{token.text}`"
        advice = f"write `{before.text}.T` for a transpose, or choose another name"
        return Refusal("SC201", message, advice)
    return Refusal("SC201", "a quote is not closed", f"add `{token.text}`")


def _bad_number(before: Token, token: Token) -> Refusal:
    written = before.text + token.text
    if re.fullmatch("_[0-9_]+", token.text):
        return Refusal("SC201", f"`{written}` is no number", f"write `{written.replace('_', '')}`")
    message = f"`{written}` is neither a number nor a name"
    return Refusal("SC201", message, f"write `{before.text} * {token.text}`")


def _neighbours(before: Token, token: Token, point: str) -> Refusal:
    left, right = f"{point}{before.text}", token.text
    message = f"expected an operator between `{left}` and `{right}`"
    kinds = {before.kind, token.kind}
    if not kinds <= {"name", "number"}:
        return Refusal("SC201", message, "write `*` or `@` between them")
    if point:
        return Refusal("SC201", message, f"write `{left} @ {right}`")
    product = "" if "number" in kinds else f", or `{left} @ {right}`"
    return Refusal("SC201", message, f"write `{left} * {right}`{product}")
