"""Words of an explanation → LaTeX's text: its own signs escaped, formulas between dollars."""

import re
from unicodedata import normalize

from shapecalc.render.glyphs import visible
from shapecalc.render.handouts.content import LINE
from shapecalc.render.mathlatex import MathWriter, tree_width
from shapecalc.render.mathprose import Code, Formula, Said, sentence

_ESCAPED = re.compile(r"[\\%&#$_{}~^<>|]")
_MINUS = re.compile(r"(?<![\w-])-(?=\d)")
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    **{sign: f"\\{sign}" for sign in "%&#$_{}"},
}
SIGNS = {
    "·": r"\cdot",
    "×": r"\times",
    "δ": r"\delta",
    "Σ": r"\Sigma",
    "∂": r"\partial",
    "≠": r"\ne",
    "≤": r"\leq",
    "≥": r"\geq",
    "→": r"\to",
    "…": r"\dots",
    "⊗": r"\otimes",
    "⊙": r"\odot",
    "∘": r"\circ",
    "ᵀ": r"^\top",
    "⟨": r"\langle",
    "⟩": r"\rangle",
    "✓": r"\checkmark",
    "■": r"\blacksquare",
    "−": "-",
}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_RAISED_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
_LATIN = frozenset("\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327")


def prose(text: str, writer: MathWriter) -> str:
    """Write a sentence, its formulas between dollars."""
    found = ""
    for piece in sentence(text, writer.names):
        match piece:
            case Formula(nodes):
                is_long = tree_width(nodes) > LINE / 3
                written = writer.within.nodes(nodes)
                found += f"${_breakable(written) if is_long else written}$"
            case Code(code):
                found += f"\\texttt{{{escaped(code.strip('`')).replace('--', '-{}-')}}}"
            case Said(said):
                found += escaped(said)
    return found


def escaped(text: str) -> str:
    """Write words so that LaTeX takes no sign in them for its own."""
    text = _ESCAPED.sub(lambda found: _ESCAPES[found[0]], visible(text))
    text = _MINUS.sub("$-$", text)
    text = _RAISED_RUN.sub(lambda run: f"$^{{{run[0].translate(_RAISED)}}}$", text)
    return "".join(f"${SIGNS[each]}$" if each in SIGNS else each for each in text)


def carried(written: str) -> str:
    """Write what is not ASCII, letters of names, as far as plain LaTeX has them."""
    return "".join(each if each.isascii() else f"\\text{{{_letter(each)}}}" for each in written)


def _letter(letter: str) -> str:
    decomposed = normalize("NFD", letter)
    base, marks = decomposed[0], decomposed[1:]
    if base.isascii() and base.isalpha() and set(marks) <= _LATIN:
        return letter
    return f"U+{ord(letter):04X}"


def _breakable(written: str) -> str:
    """Let a formula in a sentence be broken behind its commas and between its factors."""
    return written.replace(", ", r",\allowbreak ").replace(r"\, ", r"\,\allowbreak ")
