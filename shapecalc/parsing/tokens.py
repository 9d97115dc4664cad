"""Text of an expression → tokens with their offsets. Knows the alphabet, and no grammar."""

import re
from functools import cache
from keyword import iskeyword
from typing import NamedTuple

_NOT_IN_NAMES = "ᵀ⁰¹²³⁴-⁹¼-¾"
_NAME = f"[^\\W\\d₀-₉{_NOT_IN_NAMES}](?:[^\\W{_NOT_IN_NAMES}]|[\u0300-\u036f])*"


def _pattern(name: str, foreign: str, operators: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<space>\s+)|(?P<name>{name})"
        r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
        r"|(?P<string>'[^'\n]*'|\"[^\"\n]*\")"
        rf"|(?P<foreign>\.\*|<<|>>|&&|\|\||:={foreign})"
        rf"|(?P<operator>\*\*|//|[<>=!]=|[-+*/@<>().,\[\]{operators}])"
        r"|(?P<other>.)",
        re.DOTALL,
    )


_ASCII = _pattern("[A-Za-z_][A-Za-z_0-9]*", "", "")


@cache
def _unicode() -> re.Pattern[str]:
    """Return the pattern of all tokens; it costs a millisecond, and few files need it."""
    return _pattern(_NAME, "|[⁻⁰¹²³⁴-⁹]+", "⊙·⋅ᵀ")


class Token(NamedTuple):
    """One token; kind is name, number, string, operator, foreign, other or end."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def shown(self) -> str:
        """Return the token as a message names it."""
        if self.kind == "end":
            return "the end"
        return f"`{self.text}`" if self.text.isprintable() else f"U+{ord(self.text[0]):04X}"


def tokens_of(text: str) -> list[Token]:
    """Split a text into tokens, without spaces; the last one is the end."""
    pattern = _ASCII if text.isascii() else _unicode()
    tokens = [
        Token(match.lastgroup or "other", match[0], match.start(), match.end())
        for match in pattern.finditer(text)
        if match.lastgroup != "space"
    ]
    end = tokens[-1].end if tokens else 0
    return [*tokens, Token("end", "", end, end)]


def is_name(text: str) -> bool:
    """Say whether a text can name a value, a dim or a constant."""
    if text.isascii():
        return text.isidentifier() and not iskeyword(text)
    match = _unicode().fullmatch(text)
    return match is not None and match.lastgroup == "name" and not iskeyword(text)


def normal_name(text: str) -> str:
    """Return the one spelling (NFC) of a name whose accents can be written in two ways.

    Never NFKC: that would make `Wᵀ` a `WT`, and `x₁` an `x1`.
    """
    if text.isascii():
        return text
    from unicodedata import normalize

    return normalize("NFC", text)
