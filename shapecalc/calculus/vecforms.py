"""A differential → its vec form, the one matrix that it is to a stack: Kronecker products."""

from collections.abc import Collection, Iterator
from functools import reduce
from typing import NamedTuple

from shapecalc.matrix import make
from shapecalc.matrix.factors import multiplied
from shapecalc.matrix.printing import INFIX, text
from shapecalc.tree import Call, Leaf, Tree, leaves

IDENTITIES, SWAPS = ("I", "Id", "I_"), ("K", "K_", "K__")
"""Names for the identity, and for the matrix with K vec(X) = vec(X.T): the first that is free."""


class VecForm(NamedTuple):
    """The form as text, and the name of the matrix that turns one stack into the other, if any."""

    text: str
    swap: str | None


def vec_form(
    differential: Tree, output: str, change: Leaf, names: Collection[str], *, by_rows: bool
) -> VecForm | None:
    """Write a differential for stacked columns: vec(L X R) = (Rᵀ ⊗ L) vec(X).

    With stacked rows it is (L ⊗ Rᵀ). `names` are those that mean something already. None where a
    term is no product. Source: Magnus and Neudecker, ch. 2 and 3.
    """
    identity = next(name for name in IDENTITIES if name not in names)
    swap = next(name for name in SWAPS if name not in names)
    stacking = _Stacking(change, identity, swap, by_rows)
    parts = [stacking.of(term) for term in _terms(differential)]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    line = known[0].text
    for part in known[1:]:
        sign, rest = ("-", part.text[1:]) if part.text.startswith("-") else ("+", part.text)
        line += f" {sign} {rest}"
    if len(known) > 1:
        line = f"({line})"
    used = any(part.swap for part in known)
    return VecForm(f"vec(d{output}) = {line} vec({change.name})", swap if used else None)


def _terms(tree: Tree) -> Iterator[Tree]:
    match tree:
        case Call(op="add", operands=(left, right)):
            yield from _terms(left)
            yield from _terms(right)
        case Call(op="sub", operands=(left, right)):
            yield from _terms(left)
            yield from map(make.negative, _terms(right))
        case _:
            yield tree


class _Stacking(NamedTuple):
    """What a term is to the stack of a change."""

    change: Leaf
    identity: str
    swap: str
    by_rows: bool

    def of(self, term: Tree) -> VecForm | None:
        """Write the matrix of one term; None where it is no product with the change in it."""
        if isinstance(term, Call) and term.op == "neg":
            return _negative(self.of(term.operands[0]))
        if isinstance(term, Call) and term.op == "mul":
            return self._entrywise(term)
        if isinstance(term, Call) and term.op == "solve_sylvester":
            return self._solved(term)
        first, *others = make.chain(term)
        if others and isinstance(first, Call) and first.op == "neg":
            return _negative(self.of(make.product([first.operands[0], *others])))
        return self._product([first, *others])

    def _product(self, chain: list[Tree]) -> VecForm | None:
        turned = make.transposed(self.change)
        found = [i for i, factor in enumerate(chain) if factor in (self.change, turned)]
        if len(found) != 1 or any(len(factor.shape) != 2 for factor in chain):
            return None
        (place,) = found
        left, right = chain[:place], chain[place + 1 :]
        if any(self.change in leaves(factor) for factor in (*left, *right)):
            return None
        sides = [self._side(right, turned=True), self._side(left)]
        if self.by_rows:
            sides.reverse()
        written = f"({sides[0]} ⊗ {sides[1]})" if left or right else ""
        is_swapped = chain[place] is not self.change
        parts = [written, self.swap if is_swapped else ""]
        line = " ".join(part for part in parts if part) or self.identity
        return VecForm(line, self.swap if is_swapped else None)

    def _entrywise(self, term: Tree) -> VecForm | None:
        """Write a product entry by entry: vec(M * X) = diag(vec(M)) vec(X)."""
        factors = list(multiplied(term))
        others = [factor for factor in factors if factor is not self.change]
        if len(factors) - len(others) != 1 or any(self.change in leaves(f) for f in others):
            return None
        matrix = reduce(make.times, others)
        if matrix.shape == self.change.shape:
            return VecForm(f"diag(vec({text(matrix)}))", None)
        if matrix.shape or not isinstance(matrix, Leaf):
            return None
        return VecForm(f"{text(matrix)} {self.identity}", None)

    def _solved(self, term: Call) -> VecForm | None:
        """Write the solution of L X + X R = dX: the inverse of a Kronecker sum."""
        left, right, change = term.operands
        if change is not self.change or any(self.change in leaves(x) for x in (left, right)):
            return None
        sides = [
            (self.identity, self._side([left])),
            (self._side([right], turned=True), self.identity),
        ]
        if self.by_rows:
            sides = [pair[::-1] for pair in sides]
        one, other = (f"{a} ⊗ {b}" for a, b in sides)
        return VecForm(f"inv({one} + {other})", None)

    def _side(self, factors: list[Tree], *, turned: bool = False) -> str:
        if not factors:
            return self.identity
        tree = make.product(factors)
        written = make.transposed(tree) if turned else tree
        is_infix = isinstance(written, Call) and written.op in INFIX
        return f"({text(written)})" if is_infix else text(written)


def _negative(found: VecForm | None) -> VecForm | None:
    return None if found is None else found._replace(text=f"-{found.text}")
