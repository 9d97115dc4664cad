"""Arithmetic in GF(p²), p = 2^61 - 1: exact, and an accidental zero has probability about 1/p.

An element is a plain int, or a Complex where a square root leaves GF(p). Sums and products of
either are reduced by `% P`.
"""

from random import Random

P = 2**61 - 1
NAME = "2^61-1"


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


def inverse(value: Element) -> Element:
    """Return 1 / value. Raises NoValue at 0."""
    if isinstance(value, int):
        if value % P == 0:
            raise NoValue
        return pow(value, -1, P)
    norm = inverse((value.real**2 + value.imaginary**2) % P)
    return Complex(value.real, -value.imaginary) * norm % P


def inverse_of(count: int) -> int:
    """Return 1 / count for a whole number that is no multiple of p."""
    return 1 if count == 1 else pow(count, -1, P)


def to_power(value: Element, exponent: int) -> Element:
    """Raise to a whole power, which may be negative."""
    if isinstance(value, int) and (exponent >= 0 or value % P):
        return pow(value, exponent, P)
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


class Functions:
    """exp, log, sin and cos as tables of random values that carry the functions' identities.

    E(-z) = 1/E(z), log is E's inverse, sin² + cos² = 1 with sin odd and cos even. What holds for
    every such table holds for the functions.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._exp: dict[Element, Element] = {}
        self._log: dict[Element, Element] = {}
        self._half: dict[Element, int] = {}

    def exp(self, value: Element) -> Element:
        """Return E(value), drawn when first asked for."""
        if value == 0:
            return 1
        if value not in self._exp:
            self._pair(value, self._random.randrange(2, P))
        return self._exp[value]

    def log(self, value: Element) -> Element:
        """Return the z with E(z) = value, drawn when first asked for. Raises NoValue at 0."""
        if value == 0:
            raise NoValue
        if value == 1:
            return 0
        if value not in self._log:
            self._pair(self._random.randrange(1, P), value)
        return self._log[value]

    def _pair(self, argument: Element, value: Element) -> None:
        opposite, reciprocal = -argument % P, inverse(value)
        self._exp[argument], self._exp[opposite] = value, reciprocal
        self._log[value], self._log[reciprocal] = argument, opposite

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
