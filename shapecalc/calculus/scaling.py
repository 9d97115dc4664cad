"""Rules about what scales a matrix: numbers beside it, and the diagonal matrices that columns make.

Each is given a part of a formula, and returns an equal one, or None.
"""

from shapecalc.calculus.collecting import is_number_like
from shapecalc.matrix import make
from shapecalc.tree import Call, Tree, call


def flat_scalar(tree: Call) -> Tree | None:
    """A sum that kept its axes, as ones, is a number where it is spread over a matrix."""
    if tree.op not in ("mul", "div") or is_number_like(tree):
        return None
    operands = tuple(map(_flattened, tree.operands))
    return None if operands == tree.operands else call(tree.op, operands, (), tree.shape)


def _flattened(tree: Tree) -> Tree:
    match tree:
        case Call(op="sum", operands=operands) if tree.shape and is_number_like(tree):
            return call("sum", operands, (("axis", None), ("keepdims", False)), ())
        case Call(op="add" | "sub" | "mul" | "div" | "neg" as op) if is_number_like(tree):
            operands = tuple(map(_flattened, tree.operands))
            return call(op, operands, (), make.broadcast_shape([each.shape for each in operands]))
        case _:
            return tree


def _is_scaled(tree: Tree) -> tuple[Tree, Tree, str] | None:
    """Take a factor, or a divisor, of one entry off a matrix: the factor, the rest, the op."""
    match tree:
        case Call(op="mul", operands=(left, right)):
            for one, other in ((left, right), (right, left)):
                if is_number_like(one) and not is_number_like(other):
                    return one, other, "mul"
        case Call(op="div", operands=(above, below)):
            if is_number_like(below) and not is_number_like(above):
                return below, above, "div"
        case _:
            pass
    return None


def scalars_in_front(tree: Call) -> Tree | None:
    """A @ (s * B) is s * A @ B, and (s * A).T is s * A.T."""
    if tree.op == "matmul":
        for place, operand in enumerate(tree.operands):
            if isinstance(operand, Call) and operand.op == "neg":
                plain = (*tree.operands[:place], *operand.operands, *tree.operands[place + 1 :])
                return make.negative(make.matmul(*plain))
            if (found := _is_scaled(operand)) is not None:
                scale, rest, op = found
                operands = [*tree.operands]
                operands[place] = rest
                if len(rest.shape) != 2:
                    return None
                return _scaling(scale, make.matmul(*operands), op)
    if tree.op == "transpose" and (found := _is_scaled(tree.operands[0])) is not None:
        scale, rest, op = found
        return _scaling(scale, make.transposed(rest), op)
    return None


def _scaling(scale: Tree, rest: Tree, op: str) -> Tree | None:
    if is_number_like(rest):
        return None
    return make.times(scale, rest) if op == "mul" else make.divided(rest, scale)


def one_quotient(tree: Call) -> Tree | None:
    """X / a / b is X / (a * b)."""
    match tree:
        case Call(op="div", operands=(Call(op="div", operands=(above, one)), other)):
            if is_number_like(one) and is_number_like(other):
                return make.divided(above, make.times(other, one))
        case _:
            pass
    return None


def number_first(tree: Call) -> Tree | None:
    """X * s is s * X, and s * (t * X) is (s * t) * X, for numbers s and t."""
    match tree:
        case Call(op="mul", operands=(matrix, scale)) if not is_number_like(matrix):
            if is_number_like(scale):
                return make.times(scale, matrix)
        case Call(op="mul", operands=(outer, Call(op="mul", operands=(inner, rest)))):
            if is_number_like(outer) and is_number_like(inner) and not is_number_like(rest):
                return make.times(make.times(outer, inner), rest)
        case _:
            pass
    return None


def diagonal(tree: Call) -> Tree | None:
    """A matrix times a column, entry by entry, is diag(v) @ M; times a row, M @ diag(v).

    Over a column it is diag(1 / v) @ M.
    """
    if len(tree.shape) != 2 or any(dim.is_one for dim in tree.shape):
        return None
    match tree:
        case Call(op="mul", operands=(left, right)):
            pairs = [(left, right), (right, left)]
        case Call(op="div", operands=(left, right)):
            pairs = [(left, _reciprocal(right))]
        case _:
            return None
    for one, other in pairs:
        if one.shape != tree.shape or len(other.shape) != 2:
            continue
        rows, columns = other.shape
        if columns.is_one and not rows.is_one:
            return make.matmul(diagonal_matrix(other, 1), one)
        if rows.is_one and not columns.is_one:
            return make.matmul(one, diagonal_matrix(other, 0))
    return None


def _reciprocal(tree: Tree) -> Tree:
    """Divide 1 by each entry, inside of what only adds an axis."""
    if isinstance(tree, Call) and tree.op in ("expand_dims", "transpose"):
        inner = _reciprocal(tree.operands[0])
        return call(tree.op, (inner,), tree.attributes, tree.shape)
    return make.divided(make.UNITY, tree)


def diagonal_matrix(vector: Tree, axis: int) -> Tree:
    if axis == 0 and isinstance(vector, Call) and vector.op == "transpose":
        return diagonal_matrix(vector.operands[0], 1)
    dim = vector.shape[1 - axis]
    if (
        isinstance(vector, Call)
        and vector.op == "expand_dims"
        and len(vector.operands[0].shape) == 1
    ):
        return call("diag", vector.operands, (), (dim, dim))
    return call("diag", (make.squeezed(vector, (axis,)),), (), (dim, dim))
