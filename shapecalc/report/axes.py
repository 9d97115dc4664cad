"""The axes of a step: diagonal, contracted with the upstream, or added up; and words for them."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from shapecalc.backprop import Jacobian
from shapecalc.conditions import Label, Mask
from shapecalc.conditions.windows import Window, windows_in
from shapecalc.dims import Dim
from shapecalc.index import Delta
from shapecalc.matrix import make
from shapecalc.orderings import product_of
from shapecalc.report.views import factors_in
from shapecalc.tree import Tree


class Axes(NamedTuple):
    """The output's axes by what becomes of them on the way to the variable's gradient.

    `untied` are all that are not diagonal: `contracted` in a product with the upstream, or `summed`
    since the variable was repeated along them, or `mixed`, where each entry of the output depends
    on several of the variable along one axis, as in a softmax; `stack` are those of `summed` that
    a product has in front of its matrices.
    """

    diagonal: tuple[Dim, ...]
    untied: tuple[Dim, ...]
    contracted: tuple[Dim, ...]
    summed: tuple[Dim, ...]
    mixed: tuple[Dim, ...]
    stack: tuple[Dim, ...]


def axes_of(jacobian: Jacobian, formula: Tree, dim_of: Callable[[Label], Dim]) -> Axes:
    """Tell the axes of a step apart; `dim_of` gives a label's dim in this network's names."""
    ties = diagonal_of(jacobian)
    tied = {label for delta in ties for label in delta}
    untied = [i for i in jacobian.output_labels if i is not None and i not in tied]
    factors = [factor for term in jacobian.terms for factor in term.factors]
    held = {label for factor in factors for label in factor.labels}
    stack = _added_up(formula)
    slid = list(_windows_of(jacobian))
    wrt = jacobian.wrt_labels
    held |= {label for window in slid if window.entry not in wrt for label in dict(window.ends)}
    inside = {label for window in slid if window.entry in wrt for label in _slid_along(window)}
    mixed = [i for i in untied if _is_mixed(i, jacobian) or i in inside]
    contracted = [dim_of(i) for i in untied if i in held and i not in mixed]
    for dim in stack:
        if dim in contracted:
            contracted.remove(dim)
    return Axes(
        tuple(dim_of(delta.left) for delta in ties),
        tuple(map(dim_of, untied)),
        tuple(contracted),
        (*stack, *(dim_of(i) for i in untied if i not in held and i not in mixed)),
        tuple(map(dim_of, mixed)),
        stack,
    )


def _windows_of(jacobian: Jacobian) -> Iterator[Window]:
    """Yield the windows of a step that have one axis of the output, not two."""
    out, wrt = jacobian.output_labels, jacobian.wrt_labels
    for term in jacobian.terms:
        held = {label for factor in term.factors for label in factor.labels} | {*out, *wrt}
        for window in windows_in(term.conditions, {label for label in held if label is not None}):
            if sum(label in out for label, _ in window.ends) == 1:
                yield window


def _slid_along(window: Window) -> tuple[Label, ...]:
    """Return the labels among windows of several entries, and within one."""
    return tuple(dict(window.ends)) if len(window.ends) > 1 else ()


def _is_mixed(label: Label, jacobian: Jacobian) -> bool:
    """Say whether an axis is tied to one of the variable's in some terms, or up to a mask."""
    return any(
        label in pair and not set(pair).isdisjoint(jacobian.wrt_labels)
        for term in jacobian.terms
        for pair in (*term.deltas, *(c.labels for c in term.conditions if isinstance(c, Mask)))
    )


def diagonal_of(jacobian: Jacobian) -> tuple[Delta, ...]:
    """Return the deltas that all terms have: they make the diagonal axes."""
    if not jacobian.terms:
        return ()
    first, *others = jacobian.terms
    return tuple(d for d in first.deltas if all(d in term.deltas for term in others))


def _added_up(formula: Tree) -> tuple[Dim, ...]:
    """Return the dims of a stack whose products a formula adds up."""
    found = product_of(formula)
    if isinstance(found, str) or found.sum is None:
        return ()
    axis = found.sum.attribute("axis")
    axes = axis if isinstance(axis, tuple) else (axis,)
    shape = found.sum.operands[0].shape
    return tuple(shape[each] for each in axes if isinstance(each, int))


def stack_note(formula: Tree, axes: Axes) -> str:
    """Say for each of what a product is made: `one product for each b, added up`."""
    shapes = [factor.shape for factor in factors_in(formula)]
    dims = make.broadcast_shape([shape[:-2] for shape in shapes])
    stack = [str(dim) for dim in dims if not dim.is_one]
    if not stack or min(map(len, shapes)) < 2:
        return ""
    each = f"one product for each {listed(stack)}"
    added = [str(dim) for dim in axes.stack]
    if len(added) == len(stack):
        return f"{each}, added up"
    return f"{each}, added up over {listed(added)}" if added else each


def listed(names: Sequence[str]) -> str:
    """List names as prose does: `b, t and d`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
