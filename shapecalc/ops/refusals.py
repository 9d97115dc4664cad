"""A call that no op takes → what to say, and what to write instead, with the user's own operands.

Knows the slips that people make with ops; knows no place in a file.
"""

from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.diagnostics import nearest
from shapecalc.dims import shape_text
from shapecalc.matrix.printing import text
from shapecalc.ops.names import ALIASES, ELSEWHERE, FORMULAS, METHODS, NOT_BUILT
from shapecalc.ops.registry import OPS, REQUIRED, Op
from shapecalc.tree import Tree

_EXAMPLES = {"axis": "axis=0", "subscripts": '"ij,jk->ik"', "shape": "[m, n]"}


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


def not_built(name: str, prefix: str, operands: Sequence[Tree]) -> Refusal:
    """Say that an op comes in a later version; propose its formula where that is short."""
    advice = "write its formula, or declare its result under `inputs`"
    if name in FORMULAS and len(operands) == 1:
        advice = f"write `{FORMULAS[name].format(x=_grouped(operands[0]))}`"
    return Refusal("SC212", f"`{prefix}{name}` is not supported in this version", advice)


def library(prefix: str, name: str) -> Refusal:
    """Say that the ops of PyTorch are not read by their own names."""
    here = "softmax_cross_entropy" if name == "cross_entropy" else ELSEWHERE.get(name, name)
    advice = f"write `{here}`" if here in OPS else f"write the formula of `{name}`"
    if here == ALIASES.get(name, name) and here in OPS:
        advice = f"drop `{prefix}.`"
    return Refusal("SC212", f"the prefix `{prefix}.` is not supported in this version", advice)


def method(name: str, value: Tree) -> Refusal:
    """Say that a method is not read; propose the op of its name."""
    message = f"the method `.{name}` is not read"
    op = OPS.get(ALIASES.get(name, name))
    if op is not None:
        return Refusal("SC202", message, f"write `{example(op, [value])}`")
    if name in NOT_BUILT:
        return not_built(name, ".", [value])
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
    return Refusal("SC202", message, "take it out, only `.T` is read")


def wrong_count(op: Op, given: Sequence[Tree], got: int) -> Refusal:
    """Say how many operands an op takes, with a call of it."""
    count = len(op.operands)
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


def transpose_of_stack(value: Tree, *, is_declared: bool) -> Refusal:
    """Say that `.T` turns all axes of a value around, which only matrices have use for."""
    shape = value.shape
    message = f"`.T` is for matrices, and `{text(value)}` is {len(shape)}-D, {shape_text(shape)}"
    dims = ", ".join(map(str, reversed(shape)))
    advice = f"declare `{text(value)}: [{dims}]` for it" if is_declared else "name its axes anew"
    return Refusal("SC303", message, advice)


def example(op: Op, given: Sequence[Tree]) -> str:
    """Write a call of an op with the operands that there are, the op's own names for the others."""
    count = len(op.operands)
    operands = [text(each) for each in given[:count]] + list(op.operands[len(given) :])
    needed = [name for name, default in op.attributes.items() if default is REQUIRED]
    extra = [_EXAMPLES.get(name, f"{name}=") for name in needed]
    parts = [*extra, *operands] if "subscripts" in needed else [*operands, *extra]
    return f"{op.name}({', '.join(parts)})"


def _grouped(tree: Tree) -> str:
    written = text(tree)
    is_atom = written.isidentifier() or (written.endswith(")") and written.count("(") == 1)
    return written if is_atom and not written.startswith("(") else f"({written})"
