"""Closed forms as a person writes them: a small set of named rules, applied until none fits.

Each rule replaces one part of a formula by an equal one. What comes out is checked as a whole, and
each rule by itself in the tests.
"""

from collections.abc import Callable
from typing import NamedTuple

from shapecalc.calculus import factoring, scaling, shortening
from shapecalc.calculus.collecting import (
    FRECHET,
    inverse_of_product,
    is_number_like,
    like_terms,
    numbers,
    to_trace,
    turned_map,
)
from shapecalc.maps import slope
from shapecalc.matrix import make
from shapecalc.tree import Call, Number, Tree, call

MOST = 60
TRANSPARENT = frozenset(
    {
        *("add", "sub", "mul", "div", "neg", "matmul", "transpose", "sum", "diag", "squeeze"),
        *("expand_dims", "trace", "outer", "reshape", "solve_sylvester", *FRECHET),
    }
)
"""Ops into whose operands rules go; what a function is of stays as its author wrote it."""


IN_ORDER = frozenset({"squeeze", "expand_dims", "reshape", "ravel"})
"""Ops that keep entries in their order."""
OF_ONE_MATRIX = frozenset({"neg", "inv", "pinv", "expm", "sinm", "cosm", "sqrtm"})
"""Ops of a matrix whose transpose is that of the transposed matrix."""
UNITY = make.UNITY
"""Stands for the identity where it is asked what a matrix is a function of."""


class Rewriting(NamedTuple):
    """One application of a rule: its name, and the whole formula after it."""

    rule: str
    formula: Tree


Rule = Callable[[Call], Tree | None]


def closed(tree: Tree, *, is_jacobian: bool) -> tuple[Tree, tuple[Rewriting, ...]]:
    """Apply rules from the inside out until none fits.

    In a Jacobian, whose axes are not the variable's, entrywise factors become diagonal matrices.
    """
    found: list[Rewriting] = []
    fixed: set[Tree] = set()
    for _ in range(MOST):
        step = _step(tree, fixed, is_jacobian=is_jacobian)
        if step is None:
            break
        name, tree = step
        found.append(Rewriting(name, tree))
    return tree, tuple(found)


def _step(tree: Tree, fixed: set[Tree], *, is_jacobian: bool) -> tuple[str, Tree] | None:
    """Apply the first rule that fits; parts where none does are `fixed`."""
    if not isinstance(tree, Call) or tree in fixed:
        return None
    for place, operand in enumerate(tree.operands if tree.op in TRANSPARENT else ()):
        if (inner := _step(operand, fixed, is_jacobian=is_jacobian)) is not None:
            name, new = inner
            operands = (*tree.operands[:place], new, *tree.operands[place + 1 :])
            return name, call(tree.op, operands, tree.attributes, tree.shape)
    for name in _AT.get(tree.op, ()):
        if is_jacobian or name not in OF_JACOBIANS:
            found = RULES[name](tree)
            if found is not None and found is not tree and found.shape == tree.shape:
                return name, found
    fixed.add(tree)
    return None


# --- rules: each is given a part of a formula, and returns an equal one, or None ------------------


def _zeros(tree: Call) -> Tree | None:
    """A product with zeros is zeros, and so is their transpose; M + zeros is M."""
    is_zero = [isinstance(each, Call) and each.op == "zeros" for each in tree.operands]
    match tree:
        case Call(op="transpose" | "neg" | "mul" | "matmul") if any(is_zero):
            return make.zeros(tree.shape)
        case Call(op="mul", operands=(Number(value=0), _)) if tree.shape:
            return make.zeros(tree.shape)
        case Call(op="div") if is_zero[0]:
            return make.zeros(tree.shape)
        case Call(op="add", operands=(left, right)) if any(is_zero):
            return right if is_zero[0] else left
        case Call(op="sub", operands=(left, right)) if any(is_zero):
            return left if is_zero[1] else make.negative(right)
        case _:
            return None


def _identity(tree: Call) -> Tree | None:
    """eye(n) @ M is M, inv(eye(n)) is eye(n), and eye(n) * v, entry by entry, is diag(v)."""
    match tree:
        case Call(op="inv" | "transpose", operands=(Call(op="eye") as one,)):
            return one
        case Call(op="mul", operands=(Call(op="mul", operands=(scale, Call(op="eye") as one)), v)):
            found = _diagonal_of(v, one) if is_number_like(scale) else None
            return None if found is None else make.times(scale, found)
        case Call(op="matmul", operands=(Call(op="eye"), other)):
            return other
        case Call(op="matmul", operands=(other, Call(op="eye"))):
            return other
        case Call(op="mul", operands=(Call(op="eye") as one, other)):
            return _diagonal_of(other, one)
        case Call(op="mul", operands=(other, Call(op="eye") as one)):
            return _diagonal_of(other, one)
        case Call(op="div", operands=(Call(op="eye") as one, other)):
            return _diagonal_of(make.divided(make.UNITY, other), one)
        case _:
            return None


def _diagonal_of(vector: Tree, identity: Tree) -> Tree | None:
    if vector.shape == identity.shape[1:]:
        return call("diag", (vector,), (), identity.shape)
    units = [place for place, dim in enumerate(vector.shape) if dim.is_one]
    if len(vector.shape) != 2 or len(units) != 1:
        return None
    found = scaling.diagonal_matrix(vector, units[0])
    return found if found.shape == identity.shape else None


def _transposes(tree: Call) -> Tree | None:
    """(A @ B).T is B.T @ A.T, outer(u, v).T is outer(v, u), and diag(A.T) is diag(A)."""
    match tree:
        case Call(op="transpose", operands=(Call(op="transpose", operands=(matrix,)),)):
            return matrix
        case Call(op="diag" | "trace", operands=(Call(op="transpose", operands=operands),)):
            return call(tree.op, operands, (), tree.shape)
        case Call(op="transpose", operands=(Call(op="matmul") as product,)):
            return make.transposed(product)
        case Call(op="transpose", operands=(Call(op="outer", operands=(u, v)),)):
            return call("outer", (v, u), (), tree.shape)
        case Call(op="transpose", operands=(Call(op="kron", operands=operands),)):
            return call("kron", tuple(map(make.transposed, operands)), (), tree.shape)
        case Call(op="transpose", operands=(Call(op="mul" | "div" as op, operands=inner),)):
            is_turned = any(isinstance(each, Call) and each.op == "transpose" for each in inner)
            if not is_turned or any(len(each.shape) != 2 for each in inner):
                return None
            return call(op, tuple(map(make.transposed, inner)), (), tree.shape)
        case _:
            return None


def _same_entries(tree: Call) -> Tree | None:
    """A matrix whose entries are put into other axes and back is that matrix."""
    base: Tree = tree
    while isinstance(base, Call) and base.op in IN_ORDER:
        base = base.operands[0]
    return base if base is not tree and base.shape == tree.shape else None


def _map_transposed(tree: Call) -> Tree | None:
    """solve_sylvester(A, B, C).T is solve_sylvester(B.T, A.T, C.T), and expm(A.T).T is expm(A)."""
    match tree:
        case Call(
            op="transpose",
            operands=(Call(op=op, operands=(Call(op="transpose", operands=(matrix,)),)),),
        ) if op in OF_ONE_MATRIX:
            return call(op, (matrix,), (), tree.shape)
        case Call(op="transpose", operands=(Call() as applied,)):
            return turned_map(applied)
        case _:
            return None


def _commuting(tree: Call) -> Tree | None:
    """expm_frechet(A, E) is E @ expm(A) where A and E are functions of one matrix."""
    if tree.op not in FRECHET and tree.op != "solve_sylvester":
        return None
    *operands, change = tree.operands
    of, by = _generator(operands[0]), _generator(change)
    found = slope(tree.op, tuple(operands))
    if found is None or by not in (of, UNITY):
        return None
    is_identity = isinstance(change, Call) and change.op == "eye"
    return found if is_identity else make.matmul(change, found)


def _generator(tree: Tree) -> Tree:
    """Return the matrix that a matrix is a function of, by powers, sums and numbers alone.

    UNITY for the identity; the matrix itself where it is a function of several.
    """
    match tree:
        case Call(op="eye"):
            return UNITY
        case Call(op=op, operands=(operand,)) if op in OF_ONE_MATRIX:
            return _generator(operand)
        case Call(op="add" | "sub" | "mul" | "div" | "matmul" as op, operands=operands):
            matrices = [each for each in operands if not is_number_like(each)]
            if op in ("mul", "div") and len(matrices) > 1:
                return tree
            parts = {_generator(each) for each in matrices} - {UNITY}
            if len(parts) == 1:
                return parts.pop()
            return tree if parts else UNITY
        case _:
            return tree


_SUM = "add sub"
_PRODUCT = "mul div"
_OF = {
    "zeros": (_zeros, f"transpose neg matmul {_PRODUCT} {_SUM}"),
    "identity": (_identity, f"inv transpose matmul {_PRODUCT}"),
    "transpose of a product": (_transposes, "transpose diag trace"),
    "same entries": (_same_entries, " ".join(sorted(IN_ORDER))),
    "transpose of a map": (_map_transposed, "transpose"),
    "what commutes": (_commuting, " ".join(("solve_sylvester", *sorted(FRECHET)))),
    "inverse of a product": (inverse_of_product, "inv matmul"),
    "part of a Kronecker product": (shortening.part_of_kron, "einsum"),
    "numbers": (numbers, f"neg {_PRODUCT} {_SUM}"),
    "powers": (shortening.powers, _PRODUCT),
    "sigmoid": (shortening.as_sigmoid, _PRODUCT),
    "deviations": (shortening.deviations, "mean"),
    "like terms": (like_terms, _SUM),
    "multiplied out": (factoring.multiplied_out, _SUM),
    "sum to trace": (to_trace, "sum"),
    "sum to diagonal": (shortening.sum_to_diagonal, "sum"),
    "trace of the identity": (shortening.trace_of_identity, "trace"),
    "broadcast": (shortening.broadcast, f"broadcast_to {_PRODUCT} {_SUM}"),
    "number over a matrix": (scaling.flat_scalar, _PRODUCT),
    "scalars in front": (scaling.scalars_in_front, "matmul transpose"),
    "one quotient": (scaling.one_quotient, "div"),
    "number first": (scaling.number_first, "mul"),
    "one reshape": (shortening.one_reshape, f"squeeze expand_dims {_SUM}"),
    "product of diagonals": (shortening.product_of_diagonals, "mul matmul"),
    "names first": (shortening.names_first, _PRODUCT),
    "minus in front": (factoring.minus_in_front, "add mul matmul"),
    "common number": (factoring.common_number, _SUM),
    "common scalar": (factoring.common_scalar, _SUM),
    "common factor": (factoring.common_factor, _SUM),
    "common vector": (factoring.common_vector, _SUM),
    "common map": (factoring.common_map, _SUM),
    "identity of a sum": (factoring.identity_of_sum, _SUM),
    "common entries": (factoring.common_entries, _SUM),
    "transpose of a sum": (shortening.transposed_sum, f"transpose matmul {_SUM}"),
    "diagonal matrix": (scaling.diagonal, _PRODUCT),
}
"""By name, and the ops that a rule has anything to say of."""
RULES: dict[str, Rule] = {name: rule for name, (rule, _) in _OF.items()}
"""By name; the names are what `--steps` prints."""
_AT = {
    op: [name for name, (_, known) in _OF.items() if op in known.split()]
    for op in dict.fromkeys(" ".join(known for _, known in _OF.values()).split())
}
OF_JACOBIANS = frozenset({"diagonal matrix"})
BY_LAWS = frozenset(
    {
        *("inverse of a product", "what commutes", "transpose of a map", "sigmoid"),
        *("powers", "part of a Kronecker product"),
    }
)
"""Rules that use laws of functions, which algebra does not know."""
