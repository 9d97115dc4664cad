"""Symbolic sizes: sums of products and exact quotients of dim names, compared for all sizes.

A dim remembers the order in which its author wrote it, for printing; equality ignores that order.
A quotient is a negative power, so that `d/heads * heads` is d. The whole part of one, `floor(h/2)`,
counts as a name, compared by what is divided by what.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from math import lcm, prod
from typing import TypeVar

Monomial = tuple[tuple[str, int], ...]
"""Names with their powers, `((“n”, 1), (“h”, 2))` for n·h²; empty for a plain number."""
Count = int | Fraction
"""A coefficient; a fraction only where it is no whole number."""


class Floor(str):
    """The whole part of `above / below`, which stands among names: equal ones are one text."""

    above: "Dim"
    below: "Dim"

    def __new__(cls, above: "Dim", below: "Dim") -> "Floor":
        """Spell the quotient in one way, whatever the order in which it was written."""
        made = super().__new__(cls, f"floor({_sorted_text(above)}/{_sorted_text(below)})")
        made.above, made.below = above, below
        return made

    def printed(self, *, as_code: bool) -> str:
        """Return it as specs have it, `floor((h+1)/2)`, or as Python has: `(h+1)//2`."""
        above, below = (_operand(dim, as_code=as_code) for dim in (self.above, self.below))
        return f"({above}//{below})" if as_code else f"floor({above}/{below})"


class Dim:
    """A sum of products and quotients; immutable, hashable, equal for all sizes or not."""

    __slots__ = ("_hash", "_key", "_text", "is_one", "only_name", "terms")

    def __init__(self, terms: Iterable[tuple[Monomial, Count]]) -> None:
        self.terms = tuple(terms)
        self._key = frozenset((frozenset(monomial), count) for monomial, count in self.terms)
        self._hash = hash(self._key)
        self.only_name = self._only_name()
        self.is_one = self.terms == (((), 1),)  # the literal 1: the only dim that broadcasts
        self._text = ""

    def _only_name(self) -> str | None:
        """Return the name where the dim is a plain one, else None."""
        if len(self.terms) != 1:
            return None
        ((monomial, count),) = self.terms
        is_plain = count == 1 and len(monomial) == 1 == monomial[0][1]
        return monomial[0][0] if is_plain and not isinstance(monomial[0][0], Floor) else None

    @staticmethod
    @lru_cache(maxsize=1024)
    def named(name: str) -> "Dim":
        """Return the dim that a name stands for."""
        return Dim([(((name, 1),), 1)])

    @staticmethod
    def number(count: int) -> "Dim":
        """Return the dim of a fixed size."""
        return Dim([((), count)] if count else [])

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Dim) and self._key == other._key)

    def __hash__(self) -> int:
        return self._hash

    def __add__(self, other: "Dim") -> "Dim":
        return _collect([*self.terms, *other.terms])

    def __sub__(self, other: "Dim") -> "Dim":
        return _collect([*self.terms, *((monomial, -count) for monomial, count in other.terms)])

    def __mul__(self, other: "Dim") -> "Dim":
        return _collect(
            (_times(left, right), count * other_count)
            for left, count in self.terms
            for right, other_count in other.terms
        )

    def divided(self, other: "Dim") -> "Dim | None":
        """Return the exact quotient; None where it is no sum of products and quotients."""
        if not self.terms or not other.terms:
            return None
        monomial, count = other.terms[0]
        inverse = Dim([(_over(monomial), _plain(1 / Fraction(count)))])
        if len(other.terms) == 1:
            return self * inverse
        candidates = (Dim([term]) * inverse for term in self.terms)
        return next((each for each in candidates if each * other == self), None)

    @property
    def has_divisor(self) -> bool:
        """Say whether the dim is a quotient, or holds one."""
        return any(
            count.denominator != 1 or any(power < 0 for _, power in monomial)
            for monomial, count in self.terms
        )

    @property
    def divisor(self) -> "Dim":
        """Return what the rest of the dim must be divisible by, `heads` of `d/heads`; 1 of most."""
        powers: dict[str, int] = {}
        count = 1
        for monomial, coefficient in self.terms:
            count = lcm(count, coefficient.denominator)
            for name, power in monomial:
                if power < 0:
                    powers[name] = max(powers.get(name, 0), -power)
        return Dim([(tuple(powers.items()), count)])

    @property
    def divided_part(self) -> "Dim":
        """Return what the divisor must divide, `d` of `n + d/heads`."""
        parts = [term for term in self.terms if Dim([term]).divisor != ONE]
        return Dim(parts) * self.divisor

    @property
    def constant(self) -> Count | None:
        """Return the size where no name occurs, else None."""
        if not self.terms:
            return 0
        return self.terms[0][1] if len(self.terms) == 1 and not self.terms[0][0] else None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names that occur, each once, in the author's order."""
        if self.only_name is not None:
            return (self.only_name,)
        return tuple(dict.fromkeys(chain.from_iterable(map(_names_in, self.atoms))))

    @property
    def atoms(self) -> tuple[str, ...]:
        """Return what is multiplied: names, and whole parts of quotients."""
        return tuple(dict.fromkeys(name for monomial, _ in self.terms for name, _ in monomial))

    def size(self, sizes: Mapping[str, int]) -> int:
        """Return the number that the dim is at the given sizes; quotients must come out whole."""
        if self.only_name is not None:
            return sizes[self.only_name]
        total: Count = 0
        for monomial, count in self.terms:
            total += count * prod(_power(_size_of(name, sizes), power) for name, power in monomial)
        return total if isinstance(total, int) else total.numerator // total.denominator

    def is_whole(self, sizes: Mapping[str, int]) -> bool:
        """Say whether the quotients in the dim come out whole at the given sizes of its names."""
        return not self.has_divisor or not self.divided_part.size(sizes) % self.divisor.size(sizes)

    def renamed(self, names: Mapping[str, "Dim"]) -> "Dim":
        """Put a dim for each name that the mapping holds."""
        if self.only_name is not None:
            return names.get(self.only_name, self)
        total = Dim.number(0)
        for monomial, count in self.terms:
            product = Dim([((), count)])
            for name, power in monomial:
                product *= _raised(_renamed(name, names), power)
            total += product
        return total

    def __str__(self) -> str:
        if not self._text:  # a name is printed with every axis that has it
            self._text = self._printed(as_code=False)
        return self._text

    def code(self) -> str:
        """Print as Python that gives a whole number: `d//heads`, `(h-1)//2+1`."""
        return self.only_name or self._printed(as_code=True)

    def _printed(self, *, as_code: bool) -> str:
        text = ""
        for monomial, count in self.terms or (((), 0),):
            sign = "-" if count < 0 else "+" if text else ""
            text += sign + _monomial_text(monomial, count, as_code=as_code)
        return text

    def __repr__(self) -> str:
        return f"Dim({self})"


ONE = Dim.number(1)
Shape = tuple[Dim, ...]
"""The dims of a value's axes; `()` is a scalar."""
Axis = TypeVar("Axis")


def matrix_turned(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
    """Swap the last two axes, as a transpose does to a matrix, or to each matrix of a stack.

    `(h, k)` becomes `(k, h)`, and `(b, h, k)` becomes `(b, k, h)`; a vector stays as it is.
    """
    return axes if len(axes) < 2 else (*axes[:-2], axes[-1], axes[-2])


def shape_text(shape: Shape) -> str:
    """Print a shape as a tuple of names: `(k, m)`, `(k,)`, `()`."""
    return dims_text(tuple(str(dim) for dim in shape))


def dims_text(dims: tuple[str, ...]) -> str:
    """Print names of dims as a tuple: `(k, m)`, `(k,)`, `()`."""
    return f"({dims[0]},)" if len(dims) == 1 else f"({', '.join(dims)})"


def floored(above: Dim, below: Dim) -> Dim:
    """Return the whole part of a quotient, what is known to be whole in front: `h//2 + 1`."""
    whole, rest = _whole_part(above, below)
    if not rest.terms:
        return whole
    if isinstance(rest.constant, int) and isinstance(below.constant, int):
        return whole + Dim.number(rest.constant // below.constant)
    for monomial, count in rest.terms:
        if count == 1 and len(monomial) == 1 and isinstance(monomial[0][0], Floor):
            inner = monomial[0][0]  # ⌊(⌊a/b⌋ + c) / d⌋ = ⌊(a + b·c) / (b·d)⌋
            others = rest - Dim([(monomial, 1)])
            return whole + floored(inner.above + inner.below * others, inner.below * below)
    return Dim([(((Floor(rest, below), 1),), 1)]) + whole


def unfloored(dim: Dim) -> Dim | None:
    """Put each quotient for its whole part; None where it is no sum of products and quotients."""
    total = Dim.number(0)
    for monomial, count in dim.terms:
        product: Dim | None = Dim([((), count)])
        for atom, power in monomial:
            exact = atom.above.divided(atom.below) if isinstance(atom, Floor) else Dim.named(atom)
            product = product * _raised(exact, power) if exact and product else None
        if product is None:
            return None
        total += product
    return total


def _whole_part(above: Dim, below: Dim) -> tuple[Dim, Dim]:
    """Part a dim in a multiple of a divisor, divided by it, and a rest of small coefficients."""
    whole = rest = Dim.number(0)
    for monomial, count in above.terms:
        unit, term = Dim([(monomial, 1)]), Dim([(monomial, count)])
        quotient = term.divided(below)
        if quotient is not None and not quotient.has_divisor:
            whole += quotient
        elif isinstance(count, int) and isinstance(below.constant, int):
            times = -(-count // below.constant) if not monomial else count // below.constant
            left = count - times * below.constant  # of plain numbers, at most 0: (h-1)//2
            whole, rest = whole + Dim.number(times) * unit, rest + Dim.number(left) * unit
        else:
            rest += term
    return whole, rest


def _power(size: int, power: int) -> Count:
    return size**power if power > 0 else Fraction(1, size**-power)


def _raised(dim: Dim, power: int) -> Dim:
    product = ONE
    for _ in range(abs(power)):
        product *= dim
    if power > 0:
        return product
    inverse = ONE.divided(product)
    assert inverse is not None, f"1/({product}) is no dim"
    return inverse


def _names_in(atom: str) -> tuple[str, ...]:
    return (*atom.above.names, *atom.below.names) if isinstance(atom, Floor) else (atom,)


def _size_of(atom: str, sizes: Mapping[str, int]) -> int:
    if isinstance(atom, Floor):
        return atom.above.size(sizes) // atom.below.size(sizes)
    return sizes[atom]


def _renamed(atom: str, names: Mapping[str, Dim]) -> Dim:
    if isinstance(atom, Floor):
        return floored(atom.above.renamed(names), atom.below.renamed(names))
    return names.get(atom, Dim.named(atom))


def _sorted_text(dim: Dim) -> str:
    """Spell a dim in one way, whatever the order in which it was written."""
    terms = ((tuple(sorted(monomial)), count) for monomial, count in dim.terms)
    texts = (f"{'-' * (n < 0)}{_monomial_text(each, n, as_code=False)}" for each, n in terms)
    return "+".join(sorted(texts))


def _operand(dim: Dim, *, as_code: bool) -> str:
    """Print what stands beside a sign of division; parentheses around all but a name or number."""
    if dim.only_name or isinstance(dim.constant, int):
        return str(dim)
    return f"({dim._printed(as_code=as_code)})"  # noqa: SLF001 (of this module)


def _over(monomial: Monomial) -> Monomial:
    return tuple((name, -power) for name, power in monomial)


def _times(left: Monomial, right: Monomial) -> Monomial:
    powers = dict(left)
    for name, power in right:
        powers[name] = powers.get(name, 0) + power
    return tuple((name, power) for name, power in powers.items() if power)


def _collect(terms: Iterable[tuple[Monomial, Count]]) -> Dim:
    """Add up equal monomials; the first to occur keeps its place and its spelling."""
    counts: dict[frozenset[tuple[str, int]], tuple[Monomial, Count]] = {}
    for monomial, count in terms:
        key = frozenset(monomial)
        spelling, so_far = counts.get(key, (monomial, 0))
        counts[key] = (spelling, _plain(so_far + count))
    return Dim((monomial, count) for monomial, count in counts.values() if count)


def _plain(count: Count) -> Count:
    return count.numerator if count.denominator == 1 else count


def _monomial_text(monomial: Monomial, count: Count, *, as_code: bool) -> str:
    """Print a product, and what it is divided by behind it: `2*n`, `d/heads`, `n/(2*h)`."""
    above, below = abs(count.numerator), count.denominator
    spelled = [
        (each.printed(as_code=as_code) if isinstance(each, Floor) else each, power)
        for each, power in monomial
    ]
    parts = [name for name, power in spelled for _ in range(power)]
    divisors = [str(below)] * (below != 1)
    divisors += [name for name, power in spelled for _ in range(-power)]
    text = "*".join([str(above)] * (above != 1 or not parts) + parts)
    if not divisors:
        return text
    sign = "//" if as_code else "/"
    under = divisors[0] if len(divisors) == 1 else f"({'*'.join(divisors)})"
    return f"{text}{sign}{under}"
