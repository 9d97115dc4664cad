"""A call that no op takes → what to say, and what to write instead, with the user's own operands.

Knows the slips that people make with ops; knows no place in a file.
"""

from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.diagnostics import nearest
from shapecalc.dims import shape_text
from shapecalc.matrix import make
from shapecalc.matrix.printing import text
from shapecalc.ops.names import (
    ALIASES,
    ELSEWHERE,
    METHODS,
    NOT_BUILT,
    OTHERWISE,
    PAIRWISE,
    SPLITS,
    TORCH,
)
from shapecalc.ops.registry import OPS, REQUIRED, Op
from shapecalc.tree import Tree

_EXAMPLES = {
    "axis": "axis=0",
    "axes": "(1, 0)",
    "subscripts": '"ij,jk->ik"',
    "shape": "[m, n]",
    "n": "n",
}


class Refusal(NamedTuple):
    """What a finding will say: its code, the fact, the next step."""

    code: str
    message: str
    help: str


def unknown_op(name: str, prefix: str) -> Refusal:
    """Say that no op has a name; propose the one that was meant."""
    message = f"no op `{prefix}{name}`"
    near = ELSEWHERE.get(name.casefold()) or nearest(name, [*OPS, *ALIASES])
    near = near or nearest(name, sorted(NOT_BUILT))
    if near is None:
        return Refusal("SC209", message, "write its formula with ops that there are")
    if near in NOT_BUILT:
        return Refusal("SC209", message, f"`{near}` is not supported yet: write its formula")
    return Refusal("SC209", message, f"did you mean `{near}`?")


def not_built(name: str, prefix: str) -> Refusal:
    """Say that an op comes in a later version."""
    advice = "write its formula, or declare its result under `inputs`"
    return Refusal("SC212", f"`{prefix}{name}` is not supported in this version", advice)


def not_in_library(name: str, prefix: str, library: str) -> Refusal:
    """Say that a library's name is not read, or takes other arguments than the op of that name."""
    if name in SPLITS.get(library, ()):
        return makes_several(name, prefix)
    if (library, name) in OTHERWISE:
        message = f"the arguments of {library}'s `{prefix}{name}` are not read"
        return Refusal("SC212", message, OTHERWISE[library, name])
    return not_built(name, prefix) if name in NOT_BUILT else unknown_op(name, prefix)


def makes_several(name: str, prefix: str) -> Refusal:
    """Say that an equation has one value, and how one of several is named."""
    message = f"`{prefix}{name}` makes several values, and an equation has one"
    arguments = "" if prefix == "." else "X, 3"
    return Refusal("SC202", message, f"write `{prefix}{name}({arguments})[0]` for the first")


def axis_or_operand(op: Op, given: Sequence[Tree]) -> Refusal:
    """Say that a number may be an axis of `max`, or the other operand of `maximum`."""
    value, number = map(text, given)
    message = f"`{op.name}({value}, {number})`: {number} may be an axis, or an operand"
    both = f"`{PAIRWISE[op.name]}({value}, {number})`"
    return Refusal("SC210", message, f"write {both}, or `{op.name}({value}, axis={number})`")


def computed_places(op: Op, operand: str, given: Tree) -> Refusal:
    """Say that what entries are picked by is worked out, and so may be no whole number."""
    message = f"`{op.name}` picks entries by `{operand}`, the whole numbers of an input"
    return Refusal("SC210", f"{message}, not by `{text(given)}`", "name an input there")


def method(name: str, value: Tree) -> Refusal:
    """Say that a method is not read; propose the op of its name."""
    message = f"the method `.{name}` is not read"
    op = OPS.get(ALIASES.get(name, name))
    if op is not None:
        return Refusal("SC202", message, f"write `{example(op, [value])}`")
    if name in SPLITS[TORCH]:
        return makes_several(name, ".")
    if name in NOT_BUILT:
        return not_built(name, ".")
    methods = ", ".join(f"`.{each}()`" for each in METHODS)
    return Refusal("SC202", message, f"take it out; the methods are {methods}")


def attribute(name: str, value: Tree) -> Refusal:
    """Say that an attribute other than `.T` is not read; a size is a dim."""
    message = f"`.{name}` is not read"
    dims = [str(dim) for dim in value.shape if not dim.is_one]
    if name in ("size", "shape") and dims:
        sign = " * " if name == "size" else "`, or `"
        message = f"{message}, `{text(value)}` is {shape_text(value.shape)}"
        return Refusal("SC202", message, f"write `{sign.join(dims)}`")
    return Refusal("SC202", message, "take it out, only `.T` and `.mT` are read")


def wrong_count(op: Op, given: Sequence[Tree], got: int) -> Refusal:
    """Say how many operands an op takes, with a call of it."""
    if op.name in PAIRWISE and got == 2:
        both = ", ".join(map(text, given)) if len(given) > 1 else "A, B"
        message = f"`{op.name}` is along an axis of one operand, got {got}"
        return Refusal("SC210", message, f"write `{PAIRWISE[op.name]}({both})`")
    count = 1 if op.is_variadic else len(op.operands)
    message = f"`{op.name}` takes {count} operand{'s' * (count != 1)}, got {got}"
    return Refusal("SC210", message, f"write `{example(op, given)}`")


def no_such_keyword(op: Op, written: str) -> Refusal:
    """Say that an op does not take a keyword; propose the one that was meant."""
    message = f"`{op.name}` takes no `{written}=`"
    if near := nearest(written, op.attributes):
        return Refusal("SC210", message, f"did you mean `{near}=`?")
    takes = ", ".join(f"`{name}=`" for name in op.attributes)
    advice = f"drop `{written}=`; it takes {takes}" if takes else f"drop `{written}=`"
    return Refusal("SC210", message, advice)


def missing_keyword(op: Op, name: str, given: Sequence[Tree]) -> Refusal:
    """Say that a keyword must be given; of an axis, what each choice means."""
    message, advice = f"`{op.name}` needs `{name}=`", f"write `{example(op, given)}`"
    shape = given[0].shape if given else ()
    if name == "axis" and len(shape) > 1:
        message = f"{message}, `{text(given[0])}` is {shape_text(shape)}"
        others = [f"`axis={axis}` over {dim}" for axis, dim in enumerate(shape) if axis]
        advice = f"{advice} to go over {shape[0]}, or {', '.join(others)}"
    return Refusal("SC210", message, advice)


def no_such_axis(op: Op, operand: Tree, axis: int) -> Refusal:
    """Say which axes a value has, and the dim of each."""
    shape = operand.shape
    if not shape:
        return Refusal("SC304", f"`{text(operand)}` is a scalar, without axes", "take `axis` out")
    rank = f"{len(shape)}-D, {shape_text(shape)}"
    message = f"`{op.name}` has `axis={axis}`, and `{text(operand)}` is {rank}"
    if op.name == "expand_dims":
        return Refusal("SC304", message, f"write an axis from 0 to {len(shape)}")
    named = [f"`axis={place}` for {dim}" for place, dim in enumerate(shape)]
    return Refusal("SC304", message, f"write {', or '.join(named)}")


def transpose_of_stack(value: Tree) -> Refusal:
    """Say that `.T` turns all axes of a value around, which only matrices have use for."""
    shape = value.shape
    message = f"`.T` is for matrices, and `{text(value)}` is {len(shape)}-D, {shape_text(shape)}"
    swapped = make.transposed(value)
    order = ", ".join(map(str, reversed(range(len(shape)))))
    turned = f"`transpose({text(value)}, ({order}))` to turn all axes around"
    advice = f"write `{text(swapped)}` to transpose each matrix, or {turned}"
    return Refusal("SC303", message, advice)


def transpose_of_vector(value: Tree) -> Refusal:
    """Say that `.mT` needs two axes to swap."""
    rank = f"{len(value.shape)}-D, {shape_text(value.shape)}"
    message = f"`.mT` swaps the last two axes, and `{text(value)}` is {rank}"
    return Refusal("SC303", message, "take it out, or declare a unit axis")


def example(op: Op, given: Sequence[Tree]) -> str:
    """Write a call of an op with the operands that there are, the op's own names for the others."""
    names = ("A", "B") if op.is_variadic else op.operands
    operands = [text(each) for each in given[: len(names)]] + list(names[len(given) :])
    needed = [name for name, default in op.attributes.items() if default is REQUIRED]
    extra = [_EXAMPLES.get(name, f"{name}=") for name in needed]
    parts = [*extra, *operands] if "subscripts" in needed else [*operands, *extra]
    return f"{op.name}({', '.join(parts)})"
