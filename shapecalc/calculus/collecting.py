"""Rules that collect: numbers of a product, like terms of a sum, common factors, traces.

Each is given a part of a formula, and returns an equal one, or None.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from typing import NamedTuple

from shapecalc.index import ONCE, times
from shapecalc.matrix import make
from shapecalc.matrix.printing import text
from shapecalc.tree import Call, Number, Tree, call, calls, number

FRECHET = frozenset({"expm_frechet", "sinm_frechet", "cosm_frechet"})
"""Ops that apply the derivative of a function of a matrix."""


class Product(NamedTuple):
    """A product, entry by entry: its number, what is multiplied, and what that is divided by."""

    number: Fraction
    above: tuple[Tree, ...]
    below: tuple[Tree, ...] = ()

    def times(self, other: "Product") -> "Product":
        """Multiply by another product."""
        above, below = self.above + other.above, self.below + other.below
        return Product(times(self.number, other.number), above, below)

    @property
    def inverse(self) -> "Product":
        """Return what divides by it."""
        under = ONCE if self.number is ONCE else 1 / self.number
        return Product(under, self.below, self.above)

    @property
    def tree(self) -> Tree:
        """Write it out: the number, then numbers of one entry, then matrices."""
        front = [number(abs(self.number.numerator))] * (abs(self.number.numerator) != 1)
        ordered = sorted(self.above, key=lambda each: not is_number_like(each))
        whole = _multiplied([*front, *ordered])
        under = [number(self.number.denominator)] * (self.number.denominator != 1)
        if under or self.below:
            whole = make.divided(whole, _multiplied([*under, *self.below]))
        return make.negative(whole) if self.number < 0 else whole


def is_number_like(tree: Tree) -> bool:
    """Say whether a value has a single entry."""
    return all(dim.is_one for dim in tree.shape)


def numbers(tree: Call) -> Tree | None:
    """2 * X / 2 is X, 2 + 1 is 3, and x * x * A is x**2 * A for a number x."""
    match tree:
        case Call(op="add", operands=(Number(value=left), Number(value=right))):
            return number(left + right)
        case Call(op="sub", operands=(Number(value=left), Number(value=right))):
            return number(left - right)
        case Call(op="mul" | "div" | "neg"):
            product = _product(tree)
            if product is None:
                return None
            powers = _powers(product)
            plain = len(powers) == len(product.above) + len(product.below)
            if plain and (_count(tree) == 0 or (_count(tree) == 1 and _is_first(tree))):
                return None
            above = tuple(make.power(base, power) for base, power in powers.items() if power > 0)
            below = tuple(make.power(base, -power) for base, power in powers.items() if power < 0)
            return Product(product.number, above, below).tree
        case _:
            return None


def _product(tree: Tree) -> Product | None:
    """Take a product apart, entry by entry; None where it divides by 0."""
    match tree:
        case Number(value=value):
            return Product(value, ()) if value else None
        case Call(op="neg", operands=(operand,)):
            inner = _product(operand)
            return None if inner is None else inner._replace(number=-inner.number)
        case Call(op="mul" | "div" as op, operands=operands):
            left, right = map(_product, operands)
            if left is None or right is None:
                return None
            return left.times(right if op == "mul" else right.inverse)
        case _:
            return Product(ONCE, (tree,))


def _powers(product: Product) -> dict[Tree, Fraction]:
    """Return the power of each factor; what has several entries may cancel, but keeps its shape."""
    found: dict[Tree, Fraction] = {}
    for sign, factors in ((1, product.above), (-1, product.below)):
        for factor in factors:
            base, power = factor, ONCE
            if isinstance(factor, Call) and factor.op == "pow":
                exponent = factor.operands[1]
                if isinstance(exponent, Number):
                    base, power = factor.operands[0], exponent.value
            found[base] = found.get(base, Fraction(0)) + sign * power
    return found


def _count(tree: Tree) -> int:
    """Count the numbers and the signs in a product."""
    match tree:
        case Number():
            return 1
        case Call(op="neg", operands=(operand,)):
            return 1 + _count(operand)
        case Call(op="mul" | "div", operands=operands):
            return sum(map(_count, operands))
        case _:
            return 0


def _is_first(tree: Tree) -> bool:
    """Say whether the one number, or sign, of a product is where it belongs: in front, or below."""
    match tree:
        case Call(op="neg") | Number():
            return True
        case Call(op="mul", operands=(left, _)):
            return _count(left) == 1 and _is_first(left)
        case Call(op="div", operands=(above, below)):
            return _is_first(below if _count(below) else above)
        case _:
            return False


def _multiplied(trees: Sequence[Tree]) -> Tree:
    return reduce(make.times, trees) if trees else make.UNITY


def _terms(tree: Tree, sign: int = 1) -> Iterator[Product]:
    """Take a sum apart; what is no product of numbers is a factor as a whole."""
    match tree:
        case Call(op="add", operands=(left, right)):
            yield from _terms(left, sign)
            yield from _terms(right, sign)
        case Call(op="sub", operands=(left, right)):
            yield from _terms(left, sign)
            yield from _terms(right, -sign)
        case Call(op="neg", operands=(operand,)):
            yield from _terms(operand, -sign)
        case _:
            found = _product(tree) or Product(ONCE, (tree,))
            yield found if sign > 0 else found._replace(number=-found.number)


def like_terms(tree: Call) -> Tree | None:
    """X + X is 2 * X, and 2 * X - X is X."""
    if tree.op not in ("add", "sub"):
        return None
    terms = list(_terms(tree))
    groups: dict[object, list[Product]] = {}
    for term in terms:
        groups.setdefault(_key(term), []).append(term)
    if len(groups) == len(terms):
        return None
    merged = [
        group[0]._replace(number=sum((each.number for each in group), start=Fraction(0)))
        for group in groups.values()
    ]
    kept = [term.tree for term in merged if term.number]
    if any(each.shape != tree.shape for each in kept):
        return None
    return make.total(kept) if kept else make.zeros(tree.shape)


def _key(term: Product) -> object:
    above = sorted(map(_looks, term.above))
    return tuple(above), tuple(sorted(map(_looks, term.below)))


def _looks(tree: Tree) -> str:
    """Print a factor in one way: x.T @ y is y.T @ x, trace(A @ B) is trace(B @ A)."""
    match tree:
        case Call(op="trace", operands=(matrix,)):
            chain = make.chain(matrix)
            turned = [make.transposed(each) for each in reversed(chain)]
            return "trace " + min(
                _spelt(make.product([*one[place:], *one[:place]]))
                for one in (chain, turned)
                for place in range(len(chain))
            )
        case Call() if len(tree.shape) == 2 and is_number_like(tree):
            return min(_spelt(tree), _spelt(make.transposed(tree)))
        case _:
            return _spelt(tree)


def _spelt(tree: Tree) -> str:
    """Print a product with its sums in one order: A @ (B + C) is A @ (C + B)."""
    match tree:
        case Call(op="matmul"):
            return " @ ".join(map(_spelt, make.chain(tree)))
        case Call(op="add" | "sub"):
            return f"({' + '.join(sorted(f'{each.number} {_key(each)}' for each in _terms(tree)))})"
        case _:
            return text(tree)


def common_scalar(tree: Call) -> Tree | None:
    """A / s + B / s is (A + B) / s, and s * A + s * B is s * (A + B), for a number s."""
    if tree.op not in ("add", "sub"):
        return None
    terms = list(_terms(tree))
    for place in ("below", "above"):
        groups: dict[tuple[Tree, ...], list[Product]] = {}
        for term in terms:
            scalars = tuple(each for each in getattr(term, place) if is_number_like(each))
            groups.setdefault(scalars, []).append(term)
        scalars, group = max(groups.items(), key=lambda pair: bool(pair[0]) * len(pair[1]))
        if not scalars or len(group) < 2 or is_number_like(tree):
            continue
        inner = [_without(term, place) for term in group]
        whole = make.total([term.tree for term in inner])
        factor = Product(ONCE, (), scalars) if place == "below" else Product(ONCE, scalars)
        joined = factor.times(Product(ONCE, (whole,))).tree
        return make.total([joined, *(term.tree for term in terms if term not in group)])
    return None


def _without(term: Product, place: str) -> Product:
    kept = tuple(each for each in getattr(term, place) if not is_number_like(each))
    return term._replace(above=kept) if place == "above" else term._replace(below=kept)


def common_factor(tree: Call) -> Tree | None:
    """A @ x + B @ x is (A + B) @ x, and x @ A - 2 * (x @ B) is x @ (A - 2 * B)."""
    if tree.op not in ("add", "sub"):
        return None
    terms = list(_terms(tree))
    for place in (-1, 0):
        groups: dict[Tree, list[Product]] = {}
        for term in terms:
            chain = make.chain(term.above[0]) if len(term.above) == 1 and not term.below else []
            if len(chain) > 1:
                groups.setdefault(chain[place], []).append(term)
        shared, group = max(groups.items(), key=lambda pair: len(pair[1]), default=(tree, []))
        rests = [_rest(term, place) for term in group]
        if len(rests) < 2 or len({rest.shape for rest in rests}) > 1:
            continue
        inner = make.total(rests)
        whole = make.matmul(inner, shared) if place else make.matmul(shared, inner)
        return make.total([whole, *(term.tree for term in terms if term not in group)])
    return None


def _rest(term: Product, place: int) -> Tree:
    """Return a product of matrices without its first factor, or its last, times its number."""
    chain = make.chain(term.above[0])
    del chain[place]
    return term._replace(above=(make.product(chain),)).tree


def to_trace(tree: Call) -> Tree | None:
    """The sum of A * B.T, entry by entry, is trace(A @ B); that of a diagonal is the trace."""
    if tree.op != "sum" or tree.shape or dict(tree.attributes).get("axis") is not None:
        return None
    parts = [_one_trace(term) for term in _terms(tree.operands[0])]
    known = [part for part in parts if part is not None]
    return make.total(known) if len(known) == len(parts) else None


def _one_trace(term: Product) -> Tree | None:
    """Write the sum over the entries of a product as a trace, if that has fewer transposes."""
    matrices = [each for each in term.above if not is_number_like(each)]
    scalars = [each for each in term.above if is_number_like(each)]
    if any(each.shape for each in scalars) or not all(map(is_number_like, term.below)):
        return None
    match matrices:
        case [Call(op="diag", operands=(matrix,))] if len(matrix.shape) == 2:
            found = matrix
        case [Call(op="eye"), other] | [other, Call(op="eye")] if len(other.shape) == 2:
            found = other
        case [left, right] if left.shape == right.shape and len(left.shape) == 2:
            ways = [
                make.matmul(left, _turned(right)),
                make.matmul(_turned(left), right),
            ]
            found = min(ways, key=_transposes)
            if _transposes(found) >= _transposes(left) + _transposes(right):
                return None
        case _:
            return None
    if found.shape[0] != found.shape[1]:
        return None
    trace = call("trace", (found,), (), ())
    return Product(term.number, (*scalars, trace), term.below).tree


def turned_map(tree: Call) -> Tree | None:
    """Transpose what a map makes of a matrix; None where it is no map."""
    operands = tuple(map(make.transposed, tree.operands))
    if tree.op == "solve_sylvester":
        left, right, matrix = operands
        operands = right, left, matrix
    elif tree.op not in FRECHET:
        return None
    return call(tree.op, operands, (), tree.shape[::-1])


def _turned(tree: Tree) -> Tree:
    turned = turned_map(tree) if isinstance(tree, Call) else None
    return make.transposed(tree) if turned is None else turned


def _transposes(tree: Tree) -> int:
    return sum(part.op == "transpose" for part in calls(tree))


def inverse_of_product(tree: Call) -> Tree | None:
    """inv(A @ B) @ A is inv(B), and B @ inv(A @ B) is inv(A), where all are square."""
    match tree:
        case Call(op="inv", operands=(Call(op="inv", operands=(matrix,)),)):
            return matrix
        case Call(op="matmul"):
            chain = make.chain(tree)
            if not any(map(_is_inverse, chain)):
                return None
        case _:
            return None
    for place, (left, right) in enumerate(pairwise(chain)):
        found = _both_ways(left, right)
        if found is not None:
            return make.product([*chain[:place], *found, *chain[place + 2 :]])
    return None


def _is_inverse(tree: Tree) -> bool:
    """Say whether a factor is an inverse, or its transpose."""
    if isinstance(tree, Call) and tree.op in make.TRANSPOSES:
        return _is_inverse(tree.operands[0])
    return isinstance(tree, Call) and tree.op == "inv"


def _cancelled(left: Tree, right: Tree) -> list[Tree] | None:
    """Return the factors that two neighbours are, where one is inside the other's inverse."""
    match left, right:
        case Call(op="inv", operands=(inner,)), factor if _is_square(factor):
            first, *rest = make.chain(inner)
            if first is factor:
                return [_inverse(rest)] if rest else [make.eye(factor.shape[0])]
        case factor, Call(op="inv", operands=(inner,)) if _is_square(factor):
            *rest, last = make.chain(inner)
            if last is factor:
                return [_inverse(rest)] if rest else [make.eye(factor.shape[0])]
        case _:
            pass
    return None


def _both_ways(left: Tree, right: Tree) -> list[Tree] | None:
    """Do so of two neighbours, or of their transposes."""
    found = _cancelled(left, right)
    if found is None:
        turned = _cancelled(make.transposed(right), make.transposed(left))
        found = None if turned is None else [make.transposed(each) for each in reversed(turned)]
    return found


def _inverse(factors: list[Tree]) -> Tree:
    product = make.product(factors)
    return call("inv", (product,), (), product.shape)


def _is_square(tree: Tree) -> bool:
    return len(tree.shape) == 2 and tree.shape[0] == tree.shape[1]
