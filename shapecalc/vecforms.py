"""A differential → its vec form, the one matrix that it is to a stack: Kronecker products."""

from collections.abc import Iterator
from functools import reduce

from shapecalc.matrix import make
from shapecalc.matrix.factors import multiplied
from shapecalc.matrix.printing import INFIX, text
from shapecalc.tree import Call, Leaf, Tree, leaves


def vec_form(differential: Tree, output: str, change: Leaf, *, by_rows: bool) -> str | None:
    """Write a differential for stacked columns: vec(L X R) = (Rᵀ ⊗ L) vec(X).

    With stacked rows it is (L ⊗ Rᵀ); of a transpose, K is the matrix that turns the one stack into
    the other. None where a term is no product. Source: Magnus and Neudecker, ch. 2 and 3.
    """
    parts = [_stacked(term, change, by_rows=by_rows) for term in _terms(differential)]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    line = known[0]
    for part in known[1:]:
        line += f" - {part[1:]}" if part.startswith("-") else f" + {part}"
    if len(known) > 1:
        line = f"({line})"
    return f"vec(d{output}) = {line} vec({change.name})"


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


def _stacked(term: Tree, change: Leaf, *, by_rows: bool) -> str | None:
    if isinstance(term, Call) and term.op == "neg":
        inner = _stacked(term.operands[0], change, by_rows=by_rows)
        return None if inner is None else f"-{inner}"
    if isinstance(term, Call) and term.op == "mul":
        return _entrywise(term, change)
    first, *others = make.chain(term)
    if others and isinstance(first, Call) and first.op == "neg":
        positive = make.product([first.operands[0], *others])
        inner = _stacked(positive, change, by_rows=by_rows)
        return None if inner is None else f"-{inner}"
    chain = [first, *others]
    turned = make.transposed(change)
    place = next((i for i, factor in enumerate(chain) if factor in (change, turned)), None)
    if place is None or any(len(factor.shape) != 2 for factor in chain):
        return None
    if any(change in leaves(factor) for i, factor in enumerate(chain) if i != place):
        return None
    left = make.product(chain[:place]) if chain[:place] else None
    right = make.product(chain[place + 1 :]) if chain[place + 1 :] else None
    if by_rows:
        written = f"({_side(left)} ⊗ {_side(right, turned=True)})"
    else:
        written = f"({_side(right, turned=True)} ⊗ {_side(left)})"
    if left is None and right is None:
        written = ""
    swap = "K" if chain[place] is turned and turned is not change else ""
    return " ".join(part for part in (written, swap) if part) or "I"


def _entrywise(term: Tree, change: Leaf) -> str | None:
    """Write a product entry by entry: vec(M * X) = diag(vec(M)) vec(X)."""
    factors = list(multiplied(term))
    if factors.count(change) != 1 or any(change in leaves(f) for f in factors if f is not change):
        return None
    factors.remove(change)
    matrix = reduce(make.times, factors)
    if matrix.shape == change.shape:
        return f"diag(vec({text(matrix)}))"
    return f"{text(matrix)} I" if not matrix.shape and isinstance(matrix, Leaf) else None


def _side(tree: Tree | None, *, turned: bool = False) -> str:
    if tree is None:
        return "I"
    written = make.transposed(tree) if turned else tree
    is_plain = isinstance(written, Leaf) or (isinstance(written, Call) and written.op not in INFIX)
    return text(written) if is_plain else f"({text(written)})"
