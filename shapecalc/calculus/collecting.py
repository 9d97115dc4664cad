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
            product = product_of(tree)
            if product is None:
                return None
            powers = powers_in(product)
            plain = len(powers) == len(product.above) + len(product.below)
            if plain and (_count(tree) == 0 or (_count(tree) == 1 and _is_first(tree))):
                return None
            above = tuple(make.power(base, power) for base, power in powers.items() if power > 0)
            below = tuple(make.power(base, -power) for base, power in powers.items() if power < 0)
            return Product(product.number, above, below).tree
        case _:
            return None


def product_of(tree: Tree) -> Product | None:
    """Take a product apart, entry by entry; None where it divides by 0."""
    match tree:
        case Number(value=value):
            return Product(value, ()) if value else None
        case Call(op="neg", operands=(operand,)):
            inner = product_of(operand)
            return None if inner is None else inner._replace(number=-inner.number)
        case Call(op="mul" | "div" as op, operands=operands):
            left, right = map(product_of, operands)
            if left is None or right is None:
                return None
            return left.times(right if op == "mul" else right.inverse)
        case Call(op="matmul") if make.starts_with_minus(tree):
            return Product(Fraction(-1), (make.negative(tree),))
        case _:
            return Product(ONCE, (tree,))


def powers_in(product: Product) -> dict[Tree, Fraction]:
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


def terms_of(tree: Tree, sign: int = 1) -> Iterator[Product]:
    """Take a sum apart; what is no product of numbers is a factor as a whole."""
    match tree:
        case Call(op="add", operands=(left, right)):
            yield from terms_of(left, sign)
            yield from terms_of(right, sign)
        case Call(op="sub", operands=(left, right)):
            yield from terms_of(left, sign)
            yield from terms_of(right, -sign)
        case Call(op="neg", operands=(operand,)):
            yield from terms_of(operand, -sign)
        case _:
            found = product_of(tree) or Product(ONCE, (tree,))
            yield found if sign > 0 else found._replace(number=-found.number)


def like_terms(tree: Call) -> Tree | None:
    """X + X is 2 * X, and 2 * X - X is X."""
    if tree.op not in ("add", "sub"):
        return None
    terms = list(terms_of(tree))
    groups: dict[object, list[Product]] = {}
    for term in terms:
        groups.setdefault(key_of(term), []).append(term)
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


def key_of(term: Product) -> object:
    """Return what a product is but for its number and the order of its factors."""
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
            terms = sorted(f"{each.number} {key_of(each)}" for each in terms_of(tree))
            return f"({' + '.join(terms)})"
        case _:
            return text(tree)


def to_trace(tree: Call) -> Tree | None:
    """The sum of A * B.T, entry by entry, is trace(A @ B); that of a diagonal is the trace."""
    if tree.op != "sum" or tree.shape or dict(tree.attributes).get("axis") is not None:
        return None
    parts = [_one_trace(term) for term in terms_of(tree.operands[0])]
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
            found = min(ways, key=transposes_in)
            if transposes_in(found) >= transposes_in(left) + transposes_in(right):
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


def transposes_in(tree: Tree) -> int:
    """Count the transposes in a formula."""
    return sum(part.op == "transpose" for part in calls(tree))


def inverse_of_product(tree: Call) -> Tree | None:
    """inv(A @ B) @ A is inv(B), and B @ inv(A @ B) is inv(A), where all are square.

    inv(inv(A)) is A, and inv(A.T) is inv(A).T.
    """
    match tree:
        case Call(op="inv", operands=(Call(op="inv", operands=(matrix,)),)):
            return matrix
        case Call(op="inv", operands=(Call(op="transpose", operands=(matrix,)),)):
            return make.transposed(call("inv", (matrix,), (), matrix.shape))
        case Call(op="matmul") if make.starts_with_minus(tree):
            plain = make.negative(tree)
            inside = inverse_of_product(plain) if isinstance(plain, Call) else None
            return None if inside is None else make.negative(inside)
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
            first, *rest = _factors(inner)
            if first is factor:
                return [_inverse(rest)] if rest else [make.eye(factor.shape[0])]
        case factor, Call(op="inv", operands=(inner,)) if _is_square(factor):
            *rest, last = _factors(inner)
            if last is factor:
                return [_inverse(rest)] if rest else [make.eye(factor.shape[0])]
        case _:
            pass
    return None


def _factors(tree: Tree) -> list[Tree]:
    """Return the factors of a product of matrices, or of a power of one."""
    power = (
        dict(tree.attributes)["n"] if isinstance(tree, Call) and tree.op == "matrix_power" else 0
    )
    if isinstance(tree, Call) and isinstance(power, int) and power > 0:
        return [*tree.operands] * power
    return make.chain(tree)


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
