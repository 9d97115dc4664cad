"""What is known of matrices by name, used on formulas that hold, and are checked, without.

`A.T` is A where A is symmetric, `Q.T @ Q` the identity where Q is orthogonal. What comes out is
compared with what went in, at points where the facts hold.
"""

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from shapecalc.calculus.closing import OF_ONE_MATRIX, Rewriting, closed
from shapecalc.calculus.collecting import is_number_like
from shapecalc.graph import Graph
from shapecalc.matrix import make
from shapecalc.sweep.checking import SelfCheckFailed
from shapecalc.tree import Call, Leaf, Tree, call, calls, leaf, leaves, number, rebuilt
from shapecalc.verify.cases import Case, Domain, drawn, symbols
from shapecalc.verify.field import NoValue, Unsupported
from shapecalc.verify.plans import Plans
from shapecalc.verify.standins import small_sizes
from shapecalc.verify.structured import kind_of

ATTEMPTS, TOLERANCE = 4, 1e-8
ROUNDS = 4
DIAGONAL = frozenset({"diagonal", "positive-diagonal", "signs", "identity"})
SYMMETRIC = DIAGONAL | {"symmetric", "positive-definite", "reflection"}


class Facts(NamedTuple):
    """Values by name, each with what is said of it."""

    said: frozenset[tuple[str, str]] = frozenset()

    def names(self, *properties: str) -> frozenset[str]:
        """Return the values of which one of some properties is said, or follows."""
        return frozenset(
            name
            for name, each in self.said
            if each in properties or self.kind_of(name) in properties
        )

    def kind_of(self, name: str, *more: str) -> str | None:
        """Return the kind of a matrix by all that is said of it, and some more."""
        return kind_of({*more, *(each for who, each in self.said if who == name)})


def facts_of(graph: Graph) -> Facts:
    """Return what a network says of its values."""
    return Facts(frozenset((entry.name, entry.property) for entry in graph.network.assume))


def by_facts(
    tree: Tree, facts: Facts, *, is_jacobian: bool = False
) -> tuple[Tree, tuple[Rewriting, ...]]:
    """Simplify a formula by facts. Raises SelfCheckFailed where that changed its value."""
    whole = tree
    steps: list[Rewriting] = []
    for _ in range(ROUNDS):
        before = whole
        for name, rule in (("orthogonal", _without_inverses), ("symmetric", _without_transposes)):
            new = rule(whole, facts)
            if new is not whole:
                steps.append(Rewriting(name, new))
                whole = new
        if whole is before:
            break
        whole, more = closed(whole, is_jacobian=is_jacobian)
        steps += more
    equal = _are_equal(tree, whole, facts) if steps else None
    if equal is False:
        raise SelfCheckFailed("what is assumed of matrices changed a formula")
    return (whole, tuple(steps)) if equal else (tree, ())


def _without_transposes(tree: Tree, facts: Facts) -> Tree:
    """A.T is A, and inv(A).T is inv(A), where A is symmetric."""
    names = facts.names(*SYMMETRIC)
    turned = [part.operands[0] for part in calls(tree) if part.op == "transpose"]
    if not any(isinstance(each, Call) or is_symmetric(each, names) for each in turned):
        return tree

    def put(part: Tree) -> Tree | None:
        if not isinstance(part, Call) or part.op != "transpose":
            return None
        (operand,) = part.operands
        found = _turned(operand, names)
        return None if found is make.transposed(operand) else rebuilt(found, put)

    return rebuilt(tree, put)


def _turned(tree: Tree, names: frozenset[str]) -> Tree:
    """Transpose a matrix; of a sum, each term, if one of them stays as it is."""
    if is_symmetric(tree, names):
        return tree
    if isinstance(tree, Call) and tree.op in ("add", "sub"):
        operands = tuple(_turned(operand, names) for operand in tree.operands)
        plain = tuple(map(make.transposed, tree.operands))
        if operands != plain and all(each.shape == tree.shape for each in tree.operands):
            return call(tree.op, operands, (), tree.shape)
    return make.transposed(tree)


def _without_inverses(tree: Tree, facts: Facts) -> Tree:
    """inv(Q) is Q.T, and Q.T @ Q and Q @ Q.T are nothing in a product, where Q is orthogonal."""
    names = facts.names("orthogonal")
    own = names & facts.names(*SYMMETRIC)

    def is_one(part: Tree) -> bool:
        return isinstance(part, Leaf) and part.name in names

    def put(part: Tree) -> Tree | None:
        if isinstance(part, Call) and part.op == "inv" and is_one(part.operands[0]):
            return make.transposed(part.operands[0])
        if not isinstance(part, Call) or part.op != "matmul":
            return None
        kept: list[Tree] = []
        for factor in make.chain(part):
            turned = make.transposed(factor)
            is_own = isinstance(factor, Leaf) and factor.name in own and kept[-1:] == [factor]
            if is_own or (kept[-1:] == [turned] and (is_one(factor) or is_one(turned))):
                kept.pop()
            else:
                kept.append(factor)
        if len(kept) == len(make.chain(part)):
            return None
        return make.product(kept) if kept else make.eye(part.shape[0])

    return rebuilt(rebuilt(tree, put), put) if names else tree


def is_symmetric(tree: Tree, names: frozenset[str]) -> bool:
    """Say whether a matrix is its own transpose, as far as its form tells."""
    match tree:
        case Leaf(name=name):
            return name in names
        case Call(op=op, operands=(operand,)) if op in OF_ONE_MATRIX or op == "transpose":
            return is_symmetric(operand, names)
        case Call(op="add" | "sub", operands=operands):
            return all(is_symmetric(operand, names) for operand in operands)
        case Call(op="mul" | "div", operands=(left, right)):
            parts = [part for part in (left, right) if not is_number_like(part)]
            return all(is_symmetric(part, names) for part in parts) and bool(parts)
        case Call(op="matmul"):
            chain = [each for factor in make.chain(tree) for each in _factors(factor)]
            turned = [make.transposed(factor) for factor in reversed(chain)]
            pairs = zip(chain, turned, strict=True)
            return all(
                _are_same(a, b) or (a is make.transposed(b) and is_symmetric(a, names))
                for a, b in pairs
            )
        case Call(op="eye"):
            return True
        case _:
            return False


def _are_same(tree: Tree, other: Tree) -> bool:
    """Say whether two matrices are one, if only as (A + B).T and A.T + B.T are."""
    return tree is other or make.transposed(tree) is make.transposed(other)


def _factors(tree: Tree) -> list[Tree]:
    """Return the factors of (A @ B).T, which are B.T and A.T; of anything else, that itself."""
    match tree:
        case Call(op="transpose", operands=(Call(op="matmul" | "transpose") as inner,)):
            return make.chain(make.transposed(inner))
        case _:
            return [tree]


def structured(tree: Tree, name: str, facts: Facts) -> tuple[Tree, str] | None:
    """Return the derivative of a scalar by the entries that a matrix really has, and why.

    `tree` is the gradient as if all entries were free. Source: Petersen and Pedersen, The Matrix
    Cookbook, section 2.8; of an orthogonal matrix Edelman, Arias and Smith, section 2.4.
    """
    kind = facts.kind_of(name)
    if kind in ("diagonal", "positive-diagonal"):
        return _only_diagonal(tree), f"{name} is diagonal: its other entries stay 0"
    if kind == "lower-triangular":
        lower = call("tril", (tree,), (("k", 0),), tree.shape)
        return lower, f"{name} is lower triangular: what is above the diagonal stays 0"
    if kind == "upper-triangular":
        upper = call("triu", (tree,), (("k", 0),), tree.shape)
        return upper, f"{name} is upper triangular: what is below the diagonal stays 0"
    if kind in ("symmetric", "positive-definite"):
        turned, _ = by_facts(make.transposed(tree), facts)
        twice = make.times(number(2), tree) if turned is tree else make.added(tree, turned)
        whole = make.added(twice, make.negative(_only_diagonal(tree)))
        told = f"{name} is symmetric: off its diagonal, an entry stands in two places"
        return _closed(whole, facts), told
    if kind == "orthogonal":
        matrix = leaf(name, tree.shape)
        against = make.product([matrix, make.transposed(tree), matrix])
        half = make.divided(make.added(tree, make.negative(against)), number(2))
        told = f"{name} stays orthogonal: what is left of the gradient along such matrices"
        return _closed(by_facts(half, facts)[0], facts), told
    return None


def shortened(tree: Tree, facts: Facts) -> Tree:
    """Simplify a formula; as it was, if the shorter one has no value to compare with.

    Raises SelfCheckFailed where that changed its value.
    """
    found, steps = by_facts(tree, facts)
    if not steps:
        found, _ = closed(tree, is_jacobian=False)
    equal = found is tree or _are_equal(tree, found, facts)
    if equal is False:
        raise SelfCheckFailed("a differential was simplified to another")
    return found if equal else tree


def _closed(tree: Tree, facts: Facts) -> Tree:
    """Simplify a formula. Raises SelfCheckFailed where that changed its value."""
    found, _ = closed(tree, is_jacobian=False)
    if differ(tree, found, facts):
        raise SelfCheckFailed("a structured derivative was simplified to another")
    return found


def _only_diagonal(tree: Tree) -> Tree:
    return call("diag", (call("diag", (tree,), (), tree.shape[:1]),), (), tree.shape)


def differ(tree: Tree, other: Tree, facts: Facts) -> bool:
    """Say whether two formulas differ at a point where the facts hold, and both have a value."""
    return _are_equal(tree, other, facts) is False


def _are_equal(tree: Tree, other: Tree, facts: Facts) -> bool | None:
    """Compare two formulas at a point where the facts hold; None where no such point is found.

    Where a symmetric matrix has no root, say, a positive definite one is taken.
    """
    names = dict.fromkeys(name for each in (tree, other) for name in leaves(each))
    kinds = {name: facts.kind_of(name.name) for name in names}
    definite = {
        name: facts.kind_of(name.name, "positive-definite") if kind in SYMMETRIC else kind
        for name, kind in kinds.items()
    }
    equal = _are_equal_at(tree, other, kinds)
    return _are_equal_at(tree, other, definite) if equal is None else equal


def _are_equal_at(tree: Tree, other: Tree, kinds: Mapping[Leaf, str | None]) -> bool | None:
    domains = tuple((name, Domain(kind)) for name, kind in kinds.items() if kind is not None)
    whole = leaf("<whole>", tree.shape)
    case = Case(((whole, tree),), (), whole, whole, other, domains=domains)
    dims, _ = symbols([tree, other], {})
    try:
        plans = Plans(small_sizes(dims))
    except Unsupported:
        return None
    for attempt in range(ATTEMPTS):
        try:
            world = drawn(case, plans, {attempt: Random(attempt)}, None)
            left, right = world.at(tree).floats, world.at(other).floats
        except (NoValue, Unsupported):
            continue
        largest = max([1.0, *map(abs, left)])
        return all(abs(a - b) < TOLERANCE * largest for a, b in zip(left, right, strict=True))
    return None
