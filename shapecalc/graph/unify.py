"""Dims that are to be equal → classes of dims, by union-find; takes back what was only tried.

A variable, `?3`, is the dim of an axis that its author left open or wrote as a number. Names of
the spec are never made equal to each other. Knows no equation and no op.
"""

from collections.abc import Mapping, MutableMapping
from typing import TypeVar

from shapecalc.dims import Dim

_Value = TypeVar("_Value")


def is_variable(name: str) -> bool:
    """Say whether a name stands for a dim that is to be found."""
    return name[0] == "?"


class Classes:
    """Variables, what each is equal to, and the sizes of variables and names as far as known."""

    __slots__ = ("_dims", "_journal", "_members", "_parent", "meaning", "sizes")

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = dict(sizes)
        self.meaning: dict[str, Dim] = {}
        self._dims: dict[str, Dim] = {}
        self._parent: dict[str, str] = {}
        self._members: dict[str, int] = {}
        self._journal: list[tuple[MutableMapping[str, object], str, object]] = []

    def add(self, variable: str, size: int | None) -> Dim:
        """Make a variable; with a size where its axis was written as a number."""
        if size is not None:
            self.sizes[variable] = size
        dim = self._dims[variable] = Dim([(((variable, 1),), 1)])
        return dim

    def root(self, variable: str) -> str:
        """Return the variable that stands for all that are equal to one."""
        while variable in self._parent:
            variable = self._parent[variable]
        return variable

    def resolved(self, dim: Dim) -> Dim:
        """Put for each variable what it is equal to."""
        name = dim.only_name
        if name is None:
            inside = [each for each in dim.names if is_variable(each)]
            return dim.renamed({each: self._found(each) for each in inside}) if inside else dim
        return self._found(name) if is_variable(name) else dim

    def _found(self, variable: str) -> Dim:
        root = self.root(variable)
        meaning = self.meaning.get(root)
        return self._dims[root] if meaning is None else self.resolved(meaning)

    def is_open(self, dim: Dim) -> bool:
        """Say whether a resolved dim may be any, the literal 1 included."""
        name = dim.only_name
        return name is not None and is_variable(name) and name not in self.sizes

    def size(self, dim: Dim) -> int | None:
        """Return the size of a resolved dim as far as it is known."""
        return dim.size(self.sizes) if all(name in self.sizes for name in dim.names) else None

    def unify(self, left: Dim, right: Dim) -> bool:
        """Make two dims equal; return False where they cannot be, and leave all as it was."""
        left, right = self.resolved(left), self.resolved(right)
        if left == right:
            return True
        for own, other in ((left, right), (right, left)):
            if own.only_name is not None and is_variable(own.only_name):
                return self._bind(own.only_name, other)
        return self._solve(left - right)

    def _solve(self, difference: Dim) -> bool:
        """Find a variable that makes a difference vanish: linear, with the coefficient 1 or -1."""
        places = [
            (name, count)
            for monomial, count in difference.terms
            for name, power in monomial
            if is_variable(name) and power == 1 and len(monomial) == 1 and abs(count) == 1
        ]
        for name, count in sorted(places, key=lambda place: place[0] in self.sizes):
            rest = difference - Dim([(((name, 1),), count)])
            other = rest if count < 0 else Dim.number(0) - rest
            if name not in other.names and any(each > 0 for _, each in other.terms):
                return self._bind(name, other)
        return False

    def _bind(self, variable: str, dim: Dim) -> bool:
        """Give a variable its meaning; both are resolved, and differ."""
        other = dim.only_name
        size, known = self.sizes.get(variable), self.size(dim)
        if variable in dim.names or (size is not None and known not in (None, size)):
            return False
        if other is not None and size is not None and known is None:
            self._put(self.sizes, other, size)
        if other is None or not is_variable(other):
            self._put(self.meaning, variable, dim)
        else:
            self._join(variable, other)
        return True

    def _join(self, left: str, right: str) -> None:
        """Put the smaller class below the larger, so that no way to a root is long."""
        counts = self._members.get(left, 1), self._members.get(right, 1)
        small, large = (left, right) if counts[0] < counts[1] else (right, left)
        if (size := self.sizes.get(small)) is not None:
            self._put(self.sizes, large, size)
        self._put(self._parent, small, large)
        self._put(self._members, large, sum(counts))

    def _put(self, table: MutableMapping[str, _Value], key: str, value: _Value) -> None:
        self._journal.append((table, key, table.get(key)))  # type: ignore[arg-type]  # each table takes back what it had
        table[key] = value

    def mark(self) -> int:
        """Return a point to go back to."""
        return len(self._journal)

    def go_back(self, mark: int) -> None:
        """Take back all that was made equal since a point."""
        while len(self._journal) > mark:
            table, key, before = self._journal.pop()
            if before is None:
                del table[key]
            else:
                table[key] = before
