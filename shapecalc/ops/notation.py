"""The index notation in which ops state their shape and meaning, read into patterns.

`A[i,k], B[k,j] -> Y[i,j]` is a signature. `A[i,k] B[k,j]` is a formula: factors beside each other,
terms joined by + and -, `B[...]^-1` for a power, `|r|` for an axis' size, `δ[c,p]` for a delta.
`...` stands for the axes that broadcast as in NumPy; `|` between spaces separates alternatives of
different rank.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import NamedTuple


class Pattern(NamedTuple):
    """An operand or the output, with a letter for each axis: `A`, ("i", "k")."""

    name: str
    letters: tuple[str, ...]


class Signature(NamedTuple):
    """The operands' patterns and the output's."""

    operands: tuple[Pattern, ...]
    output: Pattern


class FactorPattern(NamedTuple):
    """One factor of a formula: an operand, or an expression of operands, to a power."""

    text: str
    letters: tuple[str, ...]
    power: Fraction


class TermPattern(NamedTuple):
    """One term of a formula; `sizes` are the letters whose axis' size divides it."""

    coefficient: Fraction
    factors: tuple[FactorPattern, ...]
    deltas: tuple[tuple[str, str], ...]
    sizes: tuple[str, ...]


class NotationError(ValueError):
    """A registration that cannot be read; a mistake of ours, never of a user."""


_PATTERN = re.compile(r"\s*(\w*)\[([^\]]*)\]\s*")
_PART = re.compile(
    r"\s*(?:(?P<sign>[+-])"
    r"|δ\[(?P<delta>[^\]]*)\]"
    r"|(?P<name>[A-Za-z_]\w*|\((?:[^()]|\([^()]*\))*\))\[(?P<letters>[^\]]*)\](?:\^(?P<power>-?\d+))?"
    r"|(?P<call>[a-z_]+\([^()]*\))\[(?P<call_letters>[^\]]*)\]"
    r"|/\s*\|(?P<size>\w+)\|"
    r"|(?P<number>\d+))"
)


@cache
def read_signatures(text: str) -> tuple[Signature, ...]:
    """Read alternatives of a signature, `… | …`."""
    return tuple(_signature(part) for part in text.split(" | "))


def _signature(text: str) -> Signature:
    operands, arrow, output = text.partition("->")
    if not arrow:
        raise NotationError(f"no -> in {text!r}")
    return Signature(tuple(_patterns(operands)), next(_patterns(output)))


def _patterns(text: str) -> Iterator[Pattern]:
    place, text = 0, text.strip().strip(",")
    while place < len(text):
        found = _PATTERN.match(text, place)
        if found is None:
            raise NotationError(f"no pattern at {text[place:]!r}")
        yield Pattern(found[1], letters_of(found[2]))
        place = found.end() + (text[found.end() : found.end() + 1] == ",")


def letters_of(text: str) -> tuple[str, ...]:
    """Split `i, k` into its letters."""
    return tuple(letter.strip() for letter in text.split(",") if letter.strip())


@cache
def read_formula(text: str) -> tuple[TermPattern, ...]:
    """Read a formula into its terms."""
    terms: list[TermPattern] = []
    for found in _parts(text):
        if found["sign"]:
            terms.append(TermPattern(Fraction(-1 if found["sign"] == "-" else 1), (), (), ()))
        else:
            term = terms.pop() if terms else TermPattern(Fraction(1), (), (), ())
            terms.append(_extended(term, found))
    return tuple(terms)


def _parts(text: str) -> Iterator[re.Match[str]]:
    place = 0
    while place < len(text):
        found = _PART.match(text, place)
        if found is None:
            raise NotationError(f"cannot read {text[place:]!r}")
        yield found
        place = found.end()


def _extended(term: TermPattern, found: re.Match[str]) -> TermPattern:
    coefficient, factors, deltas, sizes = term
    if found["number"]:
        return TermPattern(coefficient * int(found["number"]), factors, deltas, sizes)
    if found["size"]:
        return TermPattern(coefficient, factors, deltas, (*sizes, found["size"]))
    if found["delta"]:
        left, right = letters_of(found["delta"])
        return TermPattern(coefficient, factors, (*deltas, (left, right)), sizes)
    letters = letters_of(found["call_letters"] if found["call"] else found["letters"])
    factor = FactorPattern(found["call"] or found["name"], letters, Fraction(found["power"] or 1))
    return TermPattern(coefficient, (*factors, factor), deltas, sizes)
