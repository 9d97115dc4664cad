"""The layouts of a step as products, with the shapes of the factors and why one does not fit."""

from collections.abc import Mapping, Sequence

from shapecalc.dims import Dim, Shape
from shapecalc.matrix import make
from shapecalc.matrix.printing import text
from shapecalc.records import Dims, View
from shapecalc.tree import Call, Leaf, Tree, call


def view_of(formula: Tree) -> View:
    """Show a formula of one layout, with the factors of its product."""
    factors = tuple(_dims(factor.shape) for factor in factors_in(formula))
    return View(text(formula), factors, _dims(formula.shape), "", fits_here=False)


def no_view(why: str) -> View:
    """Say why a step has no formula in a layout."""
    return View("", (), None, why, fits_here=False)


def factors_in(formula: Tree) -> list[Tree]:
    """Return the factors of a matrix product, without numbers, scalars and sums around it."""
    inner = _without_scalars(formula)
    if isinstance(inner, Call) and inner.op == "sum" and len(make.chain(inner.operands[0])) > 1:
        inner = inner.operands[0]
    return [_without_scalars(factor) for factor in make.chain(inner)]


def _without_scalars(tree: Tree) -> Tree:
    if not isinstance(tree, Call):
        return tree
    match tree.op, tree.operands:
        case "neg", (operand,):
            return _without_scalars(operand)
        case "div", (operand, below) if not below.shape and operand.shape:
            return _without_scalars(operand)
        case "mul", (scalar, operand) if not scalar.shape and operand.shape:
            return _without_scalars(operand)
        case _:
            return tree


def mixed_view(
    upstream: Leaf | None, effective: Tree | None, sizes: Mapping[str, int]
) -> tuple[View | None, str]:
    """Multiply the upstream as stored by the effective Jacobian as stored, in the chain's order.

    Returns no view, and the reason, where there are no two matrices to multiply.
    """
    if upstream is None:
        return None, "the output is the loss: there is no upstream to multiply by"
    if effective is None:
        return None, "the Jacobian is no single matrix, even without its diagonal axes"
    if not _are_matrices(upstream.shape, effective.shape):
        return None, "upstream and effective Jacobian are not both matrices"
    written = _product_text(upstream, effective)
    factors = (_dims(upstream.shape), _dims(effective.shape))
    left, right = upstream.shape[-1], effective.shape[-2]
    if left == right:
        shape = _dims(make.matmul(upstream, effective).shape)
        return View(written, factors, shape, "", fits_here=False), ""
    size = _size(left, sizes)
    if size is not None and size == _size(right, sizes):
        why = f"{left} = {right} = {size}"
        return View(written, factors, None, why, fits_here=True), ""
    return View(written, factors, None, f"{left} ≠ {right}", fits_here=False), ""


def _product_text(left: Tree, right: Tree) -> str:
    return text(call("matmul", (left, right), (), make.matmul(left, right).shape))


def _are_matrices(left: Shape, right: Shape) -> bool:
    """Say whether two values are matrices, or stacks of them that go side by side."""
    pairs = zip(left[-3::-1], right[-3::-1], strict=False)
    is_stack = all(one == other or one.is_one or other.is_one for one, other in pairs)
    return min(len(left), len(right)) >= 2 and is_stack


def vec_view(formula: Tree, upstream: Leaf | None, value: Leaf) -> View | None:
    """Write L @ dY @ R with its columns stacked: vec(LXR) = (Rᵀ ⊗ L) vec(X).

    The Jacobian is the transpose of what multiplies the gradient: (R ⊗ Lᵀ)ᵀ vec(dY).
    """
    chain = make.chain(formula)
    if upstream is None or upstream not in chain or len(chain) < 2 or len(value.shape) != 2:
        return None
    if any(len(factor.shape) != 2 for factor in chain):
        return None
    place = chain.index(upstream)
    left, right = chain[:place], chain[place + 1 :]
    outer = _factor(make.product(right) if right else None)
    inner = _factor(make.transposed(make.product(left)) if left else None)
    written = f"({outer} ⊗ {inner})ᵀ vec({upstream.name})"
    rows, columns = stacked(value.shape), stacked(upstream.shape)
    shape = (rows, "1")
    return View(written, ((rows, columns), (columns, "1")), shape, "", fits_here=False)


def _factor(tree: Tree | None) -> str:
    if tree is None:
        return "I"
    if isinstance(tree, Call) and tree.op == "transpose" and isinstance(tree.operands[0], Leaf):
        return f"{tree.operands[0].name}ᵀ"
    return text(tree) if isinstance(tree, Leaf) else f"({text(tree)})"


def stacked(shape: Shape) -> str:
    """Print the size of a matrix whose columns are stacked: `hm` for h times m."""
    dims = [f"({dim})" if len(dim.terms) > 1 else str(dim) for dim in shape if not dim.is_one]
    are_letters = all(len(dim) == 1 and dim.isalpha() for dim in dims)
    return ("" if are_letters else "*").join(dims) or "1"


def _size(dim: Dim, sizes: Mapping[str, int]) -> int | None:
    return dim.size(sizes) if all(name in sizes for name in dim.names) else None


def _dims(shape: Sequence[Dim]) -> Dims:
    return tuple(map(str, shape))
