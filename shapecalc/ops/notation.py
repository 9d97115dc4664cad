"""The index notation in which ops state their shape and meaning, read into patterns.

`A[i,k], B[k,j] -> Y[i,j]` is a signature. `A[i,k] B[k,j]` is a formula: factors beside each other,
terms joined by + and -, `1/2` for a number, `B[...]^-1` for a power, `|r|` for an axis' size,
`δ[c,p]` for a delta, `δ[i, |b|*a + b]` for one whose right side counts through two axes (and never
leaves the left letter's range), `δ[i, p + |s| mod |i|]` for one that counts around, `[p <= i]` for
a mask.
`...` stands for the axes in front, which broadcast as in NumPy: `A[..., i, k], B[..., k, j] ->
Y[..., i, j]` is a product of stacked matrices. `|` between spaces separates alternatives of
different rank.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache, lru_cache
from typing import NamedTuple


class Pattern(NamedTuple):
    """An operand or the output, with a letter for each axis: `A`, ("i", "k")."""

    name: str
    letters: tuple[str, ...]

    @property
    def own(self) -> tuple[str, ...]:
        """Return the letters of single axes: all but `...`."""
        return _own(self.letters)

    @property
    def is_stacked(self) -> bool:
        """Say whether `...` stands for axes in front, as many as there are."""
        return "..." in self.letters


@lru_cache(maxsize=512)
def _own(letters: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(letter for letter in letters if letter != "...")


class Signature(NamedTuple):
    """The operands' patterns and the output's."""

    operands: tuple[Pattern, ...]
    output: Pattern


class FactorPattern(NamedTuple):
    """One factor of a formula: an operand, or an expression of operands, to a power."""

    text: str
    letters: tuple[str, ...]
    power: Fraction


class FormPart(NamedTuple):
    """One product in an affine form: a number, sizes, and a letter or none: `2*|d|*a`."""

    times: int
    sizes: tuple[str, ...]
    letter: str


class ConditionPattern(NamedTuple):
    """`δ[left, form]`, or where there is no left letter the mask `[form >= 0]`."""

    left: str
    form: tuple[FormPart, ...]
    is_cyclic: bool = False


class TermPattern(NamedTuple):
    """One term of a formula; `sizes` are the letters whose axis' size divides it."""

    coefficient: Fraction
    factors: tuple[FactorPattern, ...] = ()
    deltas: tuple[tuple[str, str], ...] = ()
    sizes: tuple[str, ...] = ()
    conditions: tuple[ConditionPattern, ...] = ()


class NotationError(ValueError):
    """A registration that cannot be read; a mistake of ours, never of a user."""


class _Scanner:
    """What is left of a text of ours; no regular expression, for those are dear at start."""

    def __init__(self, text: str) -> None:
        self.rest = text

    def is_done(self) -> bool:
        """Skip spaces, and say whether nothing is left."""
        self.rest = self.rest.lstrip()
        return not self.rest

    def takes(self, *starts: str) -> str:
        """Read one of these pieces where one stands here, else nothing."""
        for start in starts:
            if self.rest.startswith(start):
                self.rest = self.rest[len(start) :]
                return start
        return ""

    def until(self, end: str) -> str:
        """Read up to a mark and over it, and return what stands before it."""
        piece, found, rest = self.rest.partition(end)
        if not found:
            raise NotationError(f"no {end!r} behind {self.rest!r}")
        self.rest = rest
        return piece

    def digits(self) -> str:
        """Read digits, as many as stand here."""
        rest = self.rest.lstrip("0123456789")
        found = self.rest[: len(self.rest) - len(rest)]
        self.rest = rest
        return found


@cache
def read_signatures(text: str) -> tuple[Signature, ...]:
    """Read alternatives of a signature, `… | …`."""
    return tuple(_signature(part) for part in text.split(" | "))


def _signature(text: str) -> Signature:
    operands, arrow, output = text.partition("->")
    if not arrow:
        raise NotationError(f"no -> in {text!r}")
    made = next(_patterns(output), None)
    if made is None:
        raise NotationError(f"no output in {text!r}")
    return Signature(tuple(_patterns(operands)), made)


def _patterns(text: str) -> Iterator[Pattern]:
    scanner = _Scanner(text)
    while not scanner.is_done():
        name = scanner.until("[").strip()
        if name and not name.isidentifier():
            raise NotationError(f"{name!r} is no name in {text!r}")
        yield Pattern(name, letters_of(scanner.until("]")))
        if not scanner.is_done() and not scanner.takes(","):
            raise NotationError(f"no comma at {scanner.rest!r}")


def letters_of(text: str) -> tuple[str, ...]:
    """Split `i, k` into its letters."""
    return tuple(filter(None, map(str.strip, text.split(","))))


@cache
def read_formula(text: str) -> tuple[TermPattern, ...]:
    """Read a formula into its terms."""
    scanner = _Scanner(text)
    terms: list[TermPattern] = []
    while not scanner.is_done():
        if sign := scanner.takes("+", "-"):
            terms.append(TermPattern(Fraction(-1 if sign == "-" else 1)))
        else:
            term = terms.pop() if terms else TermPattern(Fraction(1))
            terms.append(_extended(term, scanner))
    return tuple(terms)


def _extended(term: TermPattern, scanner: _Scanner) -> TermPattern:
    """Read the next part of a term: a number, a size, a delta, a mask or a factor."""
    if number := scanner.digits():
        below = int(scanner.digits()) if scanner.takes("/") else 1
        return term._replace(coefficient=term.coefficient * Fraction(int(number), below))
    if scanner.takes("/ |", "/|"):
        return term._replace(sizes=(*term.sizes, scanner.until("|")))
    if scanner.takes("δ["):
        return _with_delta(term, scanner.until("]"))
    if scanner.takes("["):
        low, sign, high = scanner.until("]").partition("<=")
        if not sign:
            raise NotationError(f"no <= in {low!r}")
        form = (*_form(high), *(part._replace(times=-part.times) for part in _form(low)))
        return term._replace(conditions=(*term.conditions, ConditionPattern("", form)))
    return term._replace(factors=(*term.factors, _factor(scanner)))


def _with_delta(term: TermPattern, text: str) -> TermPattern:
    left, _, right = (piece.strip() for piece in text.partition(","))
    if not left.isidentifier() or not right:
        raise NotationError(f"no letter and a form in {text!r}")
    if right.isidentifier():
        return term._replace(deltas=(*term.deltas, (left, right)))
    form, modulus, around = right.partition("mod")
    if modulus and around.strip() != f"|{left}|":
        raise NotationError(f"not modulo the size of {left!r}: {right!r}")
    condition = ConditionPattern(left, _form(form), bool(modulus))
    return term._replace(conditions=(*term.conditions, condition))


def _form(text: str) -> tuple[FormPart, ...]:
    """Read an affine form: `|b|*a + b - 1`."""
    products = text.replace("-", "+-").split("+")
    return tuple(_form_part(each.strip()) for each in products if each.strip())


def _form_part(text: str) -> FormPart:
    atoms = [atom.strip() for atom in text.removeprefix("-").split("*")]
    sizes = tuple(atom.strip("|") for atom in atoms if atom.startswith("|"))
    letters = [atom for atom in atoms if atom.isidentifier()]
    count = -1 if text.startswith("-") else 1
    for atom in atoms:
        count *= int(atom) if atom.isdigit() else 1
    if len(letters) > 1 or any(not atom.strip("|").isalnum() for atom in atoms):
        raise NotationError(f"cannot read {text!r}")
    return FormPart(count, sizes, letters[0] if letters else "")


def _factor(scanner: _Scanner) -> FactorPattern:
    """Read `A[i,k]`, `(A - B)[...]` or `exp(Y)[..., p]`, and its power."""
    rest = scanner.rest
    text = scanner.until("[")
    is_call = text.endswith(")") and text.count("(") == text.count(")")
    if not (is_call or text.isidentifier()):
        raise NotationError(f"cannot read {rest!r}")
    letters = letters_of(scanner.until("]"))
    power = scanner.takes("^-", "^")
    exponent = int(scanner.digits() or 0) if power else 1
    if not exponent:
        raise NotationError(f"no power at {rest!r}")
    return FactorPattern(text, letters, Fraction(-exponent if power == "^-" else exponent))
