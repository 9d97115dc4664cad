"""Arithmetic in GF(p²), p = 2^61 - 1: exact, and an accidental zero has probability about 1/p.

An element is a plain int, or a Complex where a square root leaves GF(p). Sums and products of
either are reduced by `% P`.
"""

from array import array
from collections.abc import Iterable, Sequence
from random import Random
from typing import TypeVar

P = 2**61 - 1
NAME = "2^61-1"
MOST_DRAWN = 4
"""How many complex entries under a root are worth another point, where each may be in GF(p)."""
_Entry = TypeVar("_Entry")


class Unsupported(Exception):
    """An op, an exponent or a size that an arithmetic cannot carry: the reason."""


class Nowhere(Unsupported):
    """An expression that has no value, or no derivative, at any point that was drawn."""


class NoValue(Exception):
    """A point at which an expression has no value: draw another."""


class Complex:
    """a + b·i with i² = -1, which has no root in GF(p) since p ≡ 3 mod 4."""

    __slots__ = ("imaginary", "real")

    def __init__(self, real: int, imaginary: int) -> None:
        self.real = real
        self.imaginary = imaginary

    def __add__(self, other: "Element") -> "Complex":
        if isinstance(other, int):
            return Complex(self.real + other, self.imaginary)
        return Complex(self.real + other.real, self.imaginary + other.imaginary)

    __radd__ = __add__

    def __neg__(self) -> "Complex":
        return Complex(-self.real, -self.imaginary)

    def __sub__(self, other: "Element") -> "Complex":
        return self + -other

    def __rsub__(self, other: "Element") -> "Complex":
        return -self + other

    def __mul__(self, other: "Element") -> "Complex":
        if isinstance(other, int):
            return Complex(self.real * other, self.imaginary * other)
        real = self.real * other.real - self.imaginary * other.imaginary
        return Complex(real, self.real * other.imaginary + self.imaginary * other.real)

    __rmul__ = __mul__

    def __mod__(self, modulus: int) -> "Element":
        if self.imaginary % modulus == 0:
            return self.real % modulus
        return Complex(self.real % modulus, self.imaginary % modulus)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Complex):
            return False
        return (self.real - other.real) % P == 0 and (self.imaginary - other.imaginary) % P == 0

    def __hash__(self) -> int:
        return hash((self.real % P, self.imaginary % P))


Element = int | Complex


def elements(randoms: Iterable[Random], count: int) -> list[Element]:
    """Draw so many elements of GF(p) by each generator."""
    drawn = array("Q", b"".join(random.randbytes(8 * count) for random in randoms))
    return [(entry >> 3) % P for entry in drawn]


def inverse(value: Element) -> Element:
    """Return 1 / value. Raises NoValue at 0."""
    if isinstance(value, int):
        if value % P == 0:
            raise NoValue
        return pow(value, -1, P)
    norm = inverse((value.real**2 + value.imaginary**2) % P)
    return Complex(value.real, -value.imaginary) * norm % P


def inverses(values: Sequence[Element]) -> Sequence[Element]:
    """Return 1 / value of each, at the price of one inverse. Raises NoValue where one is 0.

    Source: Montgomery's trick, 1/b = a · 1/(ab); products only, from the front and back again.
    """
    products: list[Element] = [1]
    for value in values:
        products.append(products[-1] * value % P)
    under = inverse(products.pop())
    found: list[Element] = []
    for value, before in zip(reversed(values), reversed(products), strict=True):
        found.append(under * before % P)
        under = under * value % P
    return found[::-1]


def inverse_of(count: int) -> int:
    """Return 1 / count for a whole number that is no multiple of p."""
    return 1 if count == 1 else pow(count, -1, P)


def to_power(value: Element, exponent: int) -> Element:
    """Raise to a whole power, which may be negative."""
    if isinstance(value, int) and (exponent >= 0 or value % P):
        return value * value % P if exponent == 2 else pow(value, exponent, P)
    base = value if exponent >= 0 else inverse(value)
    result: Element = 1
    for bit in f"{abs(exponent):b}":
        result = result * result % P
        if bit == "1":
            result = result * base % P
    return result


def square_root(value: Element) -> Element:
    """Return a square root; every element of GF(p) has one in GF(p²). Raises NoValue beyond."""
    if not isinstance(value, int):
        raise NoValue
    root = pow(value, (P + 1) // 4, P)
    if root * root % P == value % P:
        return root
    return Complex(0, pow(-value, (P + 1) // 4, P))


def square_roots(values: Sequence[Element]) -> list[Element]:
    """Return a square root of each. Raises NoValue where one is complex: none is looked for.

    Raises Unsupported where so many are complex that another point will hardly have none.
    """
    if sum(not isinstance(value, int) for value in values) > MOST_DRAWN:
        raise Unsupported("a root of a root has no exact arithmetic")
    return [square_root(value) for value in values]


class Functions:
    """exp, log, sin and cos as tables of random values that carry the functions' identities.

    E(-z) = 1/E(z), log is E's inverse, sin² + cos² = 1 with sin odd and cos even, erf and arctan
    odd; π is a square. What holds for every such table holds for the functions.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._exp: dict[Element, Element] = {0: 1}
        self._log: dict[Element, Element] = {1: 0}
        self._half: dict[Element, int] = {}
        self._odd: dict[tuple[str, Element], Element] = {}
        self._pi: int | None = None

    def pis(self) -> list[Element]:
        """Return what stands for π: a square, so that its root is in GF(p)."""
        if self._pi is None:
            self._pi = self._drawn() ** 2 % P
        return [self._pi]

    def odds(self, name: str, values: Iterable[Element]) -> list[Element]:
        """Return an odd function at each value."""
        found = []
        for value in values:
            if (name, value) not in self._odd:
                drawn = self._drawn() if value != 0 else 0
                self._odd[name, value], self._odd[name, -value % P] = drawn, -drawn % P
            found.append(self._odd[name, value])
        return found

    def exp(self, value: Element) -> Element:
        """Return E(value), drawn when first asked for."""
        return self.exps([value])[0]

    def exps(self, values: Iterable[Element]) -> list[Element]:
        """Return E of each value."""
        values = list(values)
        new = [value for value in dict.fromkeys(values) if value not in self._exp]
        drawn: list[Element] = [self._drawn() for _ in new]
        for argument, value, reciprocal in zip(new, drawn, inverses(drawn), strict=True):
            if argument not in self._exp:  # as the opposite of one before it
                self._pair(argument, value, reciprocal)
        return [self._exp[value] for value in values]

    def log(self, value: Element) -> Element:
        """Return the z with E(z) = value, drawn when first asked for. Raises NoValue at 0."""
        return self.logs([value], [inverse(value)])[0]

    def logs(self, values: Sequence[Element], reciprocals: Sequence[Element]) -> list[Element]:
        """Return the logarithm of each value; 1 / value of each is given."""
        for value, reciprocal in zip(values, reciprocals, strict=True):
            if value not in self._log:
                self._pair(self._drawn(), value, reciprocal)
        return [self._log[value] for value in values]

    def _drawn(self) -> int:
        return 2 + self._random.getrandbits(61) % (P - 2)

    def _pair(self, argument: Element, value: Element, reciprocal: Element) -> None:
        opposite = -argument % P
        self._exp[argument], self._exp[opposite] = value, reciprocal
        self._log[value], self._log[reciprocal] = argument, opposite

    def sines_cosines(self, values: Iterable[Element]) -> list[tuple[Element, Element]]:
        """Return sine and cosine of each value."""
        return [self.sin_cos(value) for value in values]

    def sin_cos(self, value: Element) -> tuple[Element, Element]:
        """Return a point of the circle, (2t, 1 - t²)/(1 + t²); t is odd in the argument."""
        if value == 0:
            return 0, 1
        if value not in self._half:
            t = self._random.randrange(1, P)
            self._half[value], self._half[-value % P] = t, -t % P
        t = self._half[value]
        under = inverse((1 + t * t) % P)
        return 2 * t * under % P, (1 - t * t) * under % P


class PointwiseFunctions:
    """Functions of several points at once, each point with tables of its own."""

    def __init__(self, tables: Sequence[Functions]) -> None:
        self._tables = tables

    def exps(self, values: Sequence[Element]) -> list[Element]:
        """Return E of each value."""
        parts = zip(self._tables, parted(values, len(self._tables)), strict=True)
        return [value for table, part in parts for value in table.exps(part)]

    def logs(self, values: Sequence[Element], reciprocals: Sequence[Element]) -> list[Element]:
        """Return the logarithm of each value; 1 / value of each is given."""
        count = len(self._tables)
        parts = zip(self._tables, parted(values, count), parted(reciprocals, count), strict=True)
        return [value for table, part, under in parts for value in table.logs(part, under)]

    def pis(self) -> list[Element]:
        """Return what stands for π at each point."""
        return [pi for table in self._tables for pi in table.pis()]

    def odds(self, name: str, values: Sequence[Element]) -> list[Element]:
        """Return an odd function at each value."""
        parts = zip(self._tables, parted(values, len(self._tables)), strict=True)
        return [value for table, part in parts for value in table.odds(name, part)]

    def sines_cosines(self, values: Sequence[Element]) -> list[tuple[Element, Element]]:
        """Return sine and cosine of each value."""
        parts = zip(self._tables, parted(values, len(self._tables)), strict=True)
        return [both for table, part in parts for both in table.sines_cosines(part)]


Tables = Functions | PointwiseFunctions


def parted(entries: Sequence[_Entry], points: int) -> list[Sequence[_Entry]]:
    """Split the entries at several points into those at each."""
    count = len(entries) // points
    return [entries[start : start + count] for start in range(0, count * points, count or 1)]
