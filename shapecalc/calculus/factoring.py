"""Rules that take factors out of sums, or multiply sums out: numbers, matrices, signs.

Each is given a part of a formula, and returns an equal one, or None.
"""

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from math import prod

from shapecalc.calculus.collecting import (
    FRECHET,
    Product,
    is_number_like,
    key_of,
    powers_in,
    terms_of,
)
from shapecalc.matrix import make
from shapecalc.tree import Call, Tree, call

SUMS = ("add", "sub")
MOST_TERMS = 16
"""Of a sum that is multiplied out."""


def common_scalar(tree: Call) -> Tree | None:
    """A / s + B / s is (A + B) / s, and s * A + s * B is s * (A + B), for a number s."""
    if tree.op not in ("add", "sub"):
        return None
    terms = list(terms_of(tree))
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
        factor = (
            Product(Fraction(1), (), scalars) if place == "below" else Product(Fraction(1), scalars)
        )
        joined = factor.times(Product(Fraction(1), (whole,))).tree
        return make.total([joined, *(term.tree for term in terms if term not in group)])
    return None


def _without(term: Product, place: str) -> Product:
    kept = tuple(each for each in getattr(term, place) if not is_number_like(each))
    return term._replace(above=kept) if place == "above" else term._replace(below=kept)


def common_factor(tree: Call) -> Tree | None:
    """A @ x + B @ x is (A + B) @ x, and x @ A - 2 * (x @ B) is x @ (A - 2 * B).

    For a 1-D x, A @ x + x @ B is (A + B.T) @ x.
    """
    if tree.op not in ("add", "sub"):
        return None
    terms = list(terms_of(tree))
    if len(tree.shape) == 1:
        terms = _with_vectors_last(terms)
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


def identity_of_sum(tree: Call) -> Tree | None:
    """A + B - M @ (A + B) is (eye(n) - M) @ (A + B), and so from the right."""
    if tree.op not in SUMS or len(tree.shape) != 2:
        return None
    terms = list(terms_of(tree))
    for term in terms:
        others = [each for each in terms if each is not term]
        chain = make.chain(term.above[0]) if len(term.above) == 1 and not term.below else []
        for place in (-1, 0) if len(chain) > 1 else ():
            shared = chain[place]
            found = _with_identity(others, _rest(term, place), shared)
            if found is not None:
                return make.matmul(found, shared) if place else make.matmul(shared, found)
    return None


def _with_identity(others: list[Product], rest: Tree, shared: Tree) -> Tree | None:
    """Add the identity to the rest of a product, if the other terms make the factor left out."""
    inside = list(terms_of(shared))
    if len(inside) < 2 or rest.shape[0] != rest.shape[1]:
        return None
    one = make.eye(rest.shape[0])
    for sign, plain in ((1, one), (-1, make.negative(one))):
        if _numbers_by_key(others) == _numbers_by_key(inside, sign):
            return make.total([plain, rest])
    return None


def _numbers_by_key(terms: list[Product], sign: int = 1) -> list[tuple[str, Fraction]]:
    return sorted((repr(key_of(term)), sign * term.number) for term in terms)


def common_entries(tree: Call) -> Tree | None:
    """A * u - A**2 * v is A * (u - A * v), entry by entry, where that is shorter."""
    if tree.op not in SUMS:
        return None
    terms = list(terms_of(tree))
    powers = [powers_in(term._replace(below=())) for term in terms]
    shared = {
        base: least
        for base in powers[0]
        if (least := min(each.get(base, Fraction(0)) for each in powers)) > 0
    }
    if not shared:
        return None
    rests = [_divided(term, known, shared) for term, known in zip(terms, powers, strict=True)]
    inner = make.total([rest.tree for rest in rests])
    front = tuple(make.power(base, power) for base, power in shared.items())
    found = Product(Fraction(1), (*front, inner)).tree
    return found if found.shape == tree.shape and size_of(found) < size_of(tree) else None


def _divided(
    term: Product, powers: Mapping[Tree, Fraction], shared: Mapping[Tree, Fraction]
) -> Product:
    left = {base: power - shared.get(base, Fraction(0)) for base, power in powers.items()}
    return term._replace(above=tuple(make.power(b, power) for b, power in left.items() if power))


def common_vector(tree: Call) -> Tree | None:
    """outer(u, x) + outer(v, x) is outer(u + v, x), and so for the first vector."""
    match tree:
        case Call(
            op="add" | "sub" as op,
            operands=(Call(op="outer", operands=(a, b)), Call(op="outer", operands=(c, d))),
        ):
            if b is d and a.shape == c.shape:
                return call("outer", (call(op, (a, c), (), a.shape), b), (), tree.shape)
            if a is c and b.shape == d.shape:
                return call("outer", (a, call(op, (b, d), (), b.shape)), (), tree.shape)
        case _:
            pass
    return None


def common_map(tree: Call) -> Tree | None:
    """solve_sylvester(A, B, C) + solve_sylvester(A, B, D) is solve_sylvester(A, B, C + D)."""
    match tree:
        case Call(op="add" | "sub" as op, operands=(Call() as one, Call() as other)):
            *given, left = one.operands or (tree,)
            *same, right = other.operands or (tree,)
            is_map = one.op in FRECHET or one.op == "solve_sylvester"
            if is_map and one.op == other.op and given == same and left.shape == right.shape:
                whole = call(op, (left, right), (), left.shape)
                return call(one.op, (*given, whole), (), tree.shape)
        case _:
            pass
    return None


def _with_vectors_last(terms: list[Product]) -> list[Product]:
    """Write x @ A as A.T @ x where another term is a matrix times x."""
    chains = [_vector_chain(term) for term in terms]
    last = {chain[-1] for chain in chains if chain and len(chain[-1].shape) == 1}

    def turned(term: Product, chain: list[Tree]) -> Product:
        if not chain or not last & {chain[0], chain[-1]}:
            return term
        matrices, vector = chain[:-1], chain[-1]
        if vector not in last:
            vector, *others = chain
            matrices = [make.transposed(each) for each in reversed(others)]
        return term._replace(above=(make.matmul(make.product(matrices), vector),))

    return [turned(*pair) for pair in zip(terms, chains, strict=True)]


def _vector_chain(term: Product) -> list[Tree]:
    """Return the factors of a product of matrices and one vector, at an end; else none."""
    if len(term.above) != 1 or term.below:
        return []
    chain = _factors(term.above[0])
    vectors = [place for place, factor in enumerate(chain) if len(factor.shape) == 1]
    return chain if len(chain) > 1 and vectors in ([0], [len(chain) - 1]) else []


def _factors(tree: Tree) -> list[Tree]:
    if isinstance(tree, Call) and tree.op == "matmul":
        return [factor for operand in tree.operands for factor in _factors(operand)]
    return [tree]


def _rest(term: Product, place: int) -> Tree:
    """Return a product of matrices without its first factor, or its last, times its number."""
    chain = make.chain(term.above[0])
    del chain[place]
    return term._replace(above=(make.product(chain),)).tree


def minus_in_front(tree: Call) -> Tree | None:
    """(-A - B) @ x is -(A + B) @ x, s * (-A @ x) is -s * (A @ x), and -A + B is B - A."""
    match tree:
        case Call(op="add", operands=(left, right)) if make.starts_with_minus(right):
            return make.added(left, right)
        case Call(op="add", operands=(left, right)) if make.starts_with_minus(left):
            return make.added(right, left)
        case Call(op="mul", operands=(left, right)) if make.starts_with_minus(right):
            return make.negative(make.times(left, make.negative(right)))
        case Call(op="matmul", operands=(left, right)) if make.starts_with_minus(right):
            return make.negative(make.matmul(left, make.negative(right)))
        case Call(op="mul" | "matmul"):
            pass
        case _:
            return None
    for place, operand in enumerate(tree.operands):
        terms = list(terms_of(operand))
        if len(terms) > 1 and all(term.number < 0 for term in terms):
            plain = make.total([term._replace(number=-term.number).tree for term in terms])
            if plain.shape != operand.shape:
                return None
            operands = [*tree.operands]
            operands[place] = plain
            return make.negative(call(tree.op, tuple(operands), (), tree.shape))
    return None


def common_number(tree: Call) -> Tree | None:
    """2 * A - 2 * B is 2 * (A - B)."""
    if tree.op not in SUMS:
        return None
    terms = list(terms_of(tree))
    sizes = {abs(term.number) for term in terms}
    if len(sizes) > 1 or sizes == {1} or not all(term.above for term in terms):
        return None
    (size,) = sizes
    inner = make.total([term._replace(number=term.number / size).tree for term in terms])
    return Product(size, (inner,)).tree if inner.shape == tree.shape else None


def multiplied_out(tree: Call) -> Tree | None:
    """(1 - y) * s - y * (1 - s) is s - y: products of sums, where that leaves less."""
    if tree.op not in SUMS:
        return None
    terms = list(terms_of(tree))
    parts = [part for term in terms for part in _multiplied_out(term)]
    if not len(terms) < len(parts) <= MOST_TERMS:
        return None
    groups: dict[object, list[Product]] = {}
    for part in parts:
        groups.setdefault(key_of(part), []).append(part)
    sums = [
        group[0]._replace(number=sum((each.number for each in group), start=Fraction(0)))
        for group in groups.values()
    ]
    kept = [part.tree for part in sums if part.number]
    if not kept or make.broadcast_shape([each.shape for each in kept]) != tree.shape:
        return None
    found = make.total(kept)
    return found if size_of(found) < size_of(tree) else None


def _multiplied_out(term: Product) -> list[Product]:
    sums = [list(terms_of(factor)) for factor in term.above]
    if prod(map(len, sums)) > MOST_TERMS:
        return [term]
    found = []
    for chosen in product(*sums):
        part = term._replace(above=())
        for each in chosen:
            part = part.times(each)
        found.append(part)
    return found


def size_of(tree: Tree) -> int:
    """Count the names, numbers and ops of a formula."""
    return 1 + sum(map(size_of, tree.operands)) if isinstance(tree, Call) else 1
