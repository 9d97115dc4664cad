"""Signs → what the output can carry: ASCII spellings, escapes for controls and for the rest.

Text in, text out, before any column is laid out, so that columns are aligned in both spellings.
"""

import re

SIGNS = {
    "→": "->",
    "←": "<-",
    "▶": ">",
    "◀": "<",
    "·": ".",
    "×": "x",
    "⊗": "(x)",
    "⊙": "*",
    "∘": "o",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
    "−": "-",
    "✓": "ok",
    "✗": "NO",
    "Σ": "sum",
    "∑": "sum",
    "δ": "delta",
    "Δ": "Delta",
    "∂": "d",
    "ᵀ": ".T",
    "⊤": ".T",
    "⟨": "<",
    "⟩": ">",
    "′": "'",
    "…": "...",
    "–": "-",
    "—": "-",
    "─": "-",
    "│": "|",
    "■": "#",
    **dict.fromkeys("┌┐└┘├┤┬┴┼", "+"),
}
_SPELLED = str.maketrans(SIGNS)
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"
_LOWERED = "0123456789+-"
_LOWER = str.maketrans(_RAISED, _LOWERED)
_RAISE = str.maketrans(_LOWERED, _RAISED)
_RAISED_RUN = re.compile(f"[{_RAISED}]+")
_POWER = re.compile(r"\^([+-]?\d+)")
_TURNED_BEFORE = re.compile(r"[ᵀ⊤](?=[^\W\d_])")
_SUM_OVER = re.compile(r"[Σ∑](?=\w)")
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ud800-\udfff\ufeff]"
)


def to_ascii(text: str) -> str:
    """Spell the signs in ASCII: `2⁻¹⁷⁰` is `2^-170`, `Σij` is `sum_ij`; letters of names stay."""
    text = _RAISED_RUN.sub(lambda run: "^" + run[0].translate(_LOWER), text)
    text = _TURNED_BEFORE.sub(".T ", text)
    return _SUM_OVER.sub("sum_", text).translate(_SPELLED)


def raised(power: str) -> str:
    """Raise the exponents of a text, `2^-170` to `2⁻¹⁷⁰`."""
    return _POWER.sub(lambda found: found[1].translate(_RAISE), power)


def visible(text: str) -> str:
    """Escape what a terminal obeys, as Python does: controls, line ends, changes of direction."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def carried(text: str, encoding: str) -> str:
    """Escape the characters that an encoding lacks."""
    return text.encode(encoding, "backslashreplace").decode(encoding)


def can_carry_signs(encoding: str) -> bool:
    """Say whether an encoding has all signs of the reports."""
    try:
        "".join(SIGNS).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
