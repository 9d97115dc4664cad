"""Symbolic sizes: integer polynomials in dim names, compared for all sizes at once.

A dim remembers the order in which its author wrote it, for printing; equality ignores that order.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import prod

Monomial = tuple[tuple[str, int], ...]
"""Names with their powers, `((“n”, 1), (“h”, 2))` for n·h²; empty for a plain number."""


class Dim:
    """A polynomial with integer coefficients; immutable, hashable, equal for all sizes or not."""

    __slots__ = ("_hash", "_key", "only_name", "terms")

    def __init__(self, terms: Iterable[tuple[Monomial, int]]) -> None:
        self.terms = tuple(terms)
        self._key = frozenset((frozenset(monomial), count) for monomial, count in self.terms)
        self._hash = hash(self._key)
        self.only_name = self._only_name()

    def _only_name(self) -> str | None:
        """Return the name where the dim is a plain one, else None."""
        if len(self.terms) != 1:
            return None
        ((monomial, count),) = self.terms
        return monomial[0][0] if count == 1 and len(monomial) == 1 == monomial[0][1] else None

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

    @property
    def is_one(self) -> bool:
        """Say whether this is the literal 1: the only dim that broadcasts."""
        return self.terms == (((), 1),)

    @property
    def constant(self) -> int | None:
        """Return the size where no name occurs, else None."""
        if not self.terms:
            return 0
        return self.terms[0][1] if len(self.terms) == 1 and not self.terms[0][0] else None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names that occur, each once, in the author's order."""
        return tuple(dict.fromkeys(name for monomial, _ in self.terms for name, _ in monomial))

    @property
    def factors(self) -> tuple["Dim", ...]:
        """Split a product into its factors, `n*m` into n and m; any other dim is its own factor."""
        if len(self.terms) != 1:
            return (self,)
        monomial, count = self.terms[0]
        parts = [Dim.number(count)] if count != 1 else []
        return (*parts, *(Dim.named(name) for name, power in monomial for _ in range(power)))

    def size(self, sizes: Mapping[str, int]) -> int:
        """Return the number that the dim is at the given sizes of its names."""
        total = 0
        for monomial, count in self.terms:
            total += count * prod(sizes[name] ** power for name, power in monomial)
        return total

    def renamed(self, names: Mapping[str, "Dim"]) -> "Dim":
        """Put a dim for each name that the mapping holds."""
        if self.only_name is not None:
            return names.get(self.only_name, self)
        total = Dim.number(0)
        for monomial, count in self.terms:
            product = Dim.number(count)
            for name, power in monomial:
                for _ in range(power):
                    product *= names.get(name, Dim.named(name))
            total += product
        return total

    def __str__(self) -> str:
        text = ""
        for monomial, count in self.terms or (((), 0),):
            sign = "-" if count < 0 else "+" if text else ""
            text += sign + _monomial_text(monomial, abs(count))
        return text

    def __repr__(self) -> str:
        return f"Dim({self})"


ONE = Dim.number(1)
Shape = tuple[Dim, ...]
"""The dims of a value's axes; `()` is a scalar."""


def shape_text(shape: Shape) -> str:
    """Print a shape as a tuple of names: `(k, m)`, `(k,)`, `()`."""
    return dims_text(tuple(str(dim) for dim in shape))


def dims_text(dims: tuple[str, ...]) -> str:
    """Print names of dims as a tuple: `(k, m)`, `(k,)`, `()`."""
    return f"({dims[0]},)" if len(dims) == 1 else f"({', '.join(dims)})"


def _times(left: Monomial, right: Monomial) -> Monomial:
    powers = dict(left)
    for name, power in right:
        powers[name] = powers.get(name, 0) + power
    return tuple(powers.items())


def _collect(terms: Iterable[tuple[Monomial, int]]) -> Dim:
    """Add up equal monomials; the first to occur keeps its place and its spelling."""
    counts: dict[frozenset[tuple[str, int]], tuple[Monomial, int]] = {}
    for monomial, count in terms:
        key = frozenset(monomial)
        spelling, so_far = counts.get(key, (monomial, 0))
        counts[key] = (spelling, so_far + count)
    return Dim((monomial, count) for monomial, count in counts.values() if count)


def _monomial_text(monomial: Monomial, count: int) -> str:
    parts = [name for name, power in monomial for _ in range(power)]
    return "*".join([str(count)] * (count != 1 or not parts) + parts)
