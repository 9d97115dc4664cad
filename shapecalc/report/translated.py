"""A formula in the ops of a library: what it has no name for is written out by its definition."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from shapecalc.matrix.libraries import WITHOUT_NAMES
from shapecalc.ops.build import defined
from shapecalc.ops.rearranging import pairs_of
from shapecalc.ops.registry import OPS, Spelling, applied, axes_of
from shapecalc.tree import Attribute, Call, Leaf, Tree, call


class NoName(Exception):
    """An op that a library has not, and that no other ops define."""


class Library(NamedTuple):
    """A library of arrays: its ops' names, and what it takes otherwise than NumPy."""

    name: str
    named: Callable[[Call], str | None]
    changed: Callable[[Call], Tree]


def translated(tree: Tree, library: Library) -> Tree:
    """Write a formula in the ops that a library has. Raises NoName."""
    seen: dict[Tree, Tree] = {}

    def visit(part: Tree) -> Tree:
        if not isinstance(part, Call):
            return part
        if part not in seen:
            operands = tuple(map(visit, part.operands))
            seen[part] = written(call(part.op, operands, part.attributes, part.shape))
        return seen[part]

    def written(part: Call) -> Tree:
        if part.op in WITHOUT_NAMES or library.named(part) is not None:
            return library.changed(part)
        entry = OPS[part.op]
        if entry.definition is None:
            raise NoName(part.op)
        return visit(defined(entry, part.operands, part.attributes))

    return visit(tree)


def _resolved(name: str | Spelling | None, part: Call) -> str | None:
    if not callable(name):
        return name
    return name(tuple(each.shape for each in part.operands), dict(part.attributes))


def _numpy_name(part: Call) -> str:
    """Return NumPy's name, or that of a function of ours."""
    return OPS[part.op].numpy or part.op


def _jax_name(part: Call) -> str | None:
    return _resolved(OPS[part.op].jax, part)


def _torch_name(part: Call) -> str | None:
    """Return PyTorch's name; not where an attribute is a value, which its functions do not take."""
    if any(isinstance(value, Leaf) for _, value in part.attributes):
        return None
    return _resolved(OPS[part.op].torch, part)


def _as_it_is(part: Call) -> Tree:
    return part


def _for_torch(part: Call) -> Tree:
    """Give axes and sizes as PyTorch takes them."""
    given = dict(part.attributes)
    rank = len(part.operands[0].shape) if part.operands else 0
    match part.op:
        case "transpose" if rank < 2:
            return part.operands[0]
        case "prod" | "expand_dims" if isinstance(given["axis"], tuple) or given.get("keepdims"):
            return _axis_by_axis(part, given)
        case "logsumexp":
            return _with(part, axis=_all_axes(part, given))
        case "var" | "std":
            return _with(part, axis=_all_axes(part, given), ddof=given["ddof"] or 0)
        case "cumsum" if given["axis"] is None and rank > 1:
            flat = call("ravel", part.operands, (), part.shape)
            return call("cumsum", (flat,), (("axis", 0),), part.shape)
        case "cumsum" if given["axis"] is None:
            return _with(part, axis=0)
        case "flip":
            return _with(part, axis=axes_of(given, part.shape))
        case "tile" if not isinstance(given["reps"], tuple):
            return _with(part, reps=(given["reps"],))
        case "pad":
            pairs = pairs_of(given["pad_width"], part.operands[0].shape, "pad")
            return _with(part, pad_width=tuple(size for pair in pairs[::-1] for size in pair))
        case _ if given.get("keepdims") and given.get("axis", 0) is None:
            return _with(part, axis=_all_axes(part, given))
    return part


def _with(part: Call, **changed: Attribute) -> Call:
    attributes = tuple((key, changed.get(key, value)) for key, value in part.attributes)
    return call(part.op, part.operands, attributes, part.shape)


def _all_axes(part: Call, given: Mapping[str, Attribute]) -> Attribute:
    if given["axis"] is not None:
        return given["axis"]
    axes = axes_of(given, part.operands[0].shape)
    return axes[0] if len(axes) == 1 else axes


def _axis_by_axis(part: Call, given: Mapping[str, Attribute]) -> Tree:
    """Take one axis after another: new ones from the first on, those that go from the last."""
    (tree,) = part.operands
    is_new = OPS[part.op].adds_axis
    rank = len(part.shape if is_new else tree.shape)
    axes = sorted((axis % rank for axis in axes_of(given, tree.shape)), reverse=not is_new)
    for axis in axes:
        attributes = tuple((key, axis if key == "axis" else v) for key, v in part.attributes)
        tree = applied(OPS[part.op], (tree,), attributes)
    return tree


NUMPY = Library("NumPy", _numpy_name, _as_it_is)
PYTORCH = Library("PyTorch", _torch_name, _for_torch)
JAX = Library("JAX", _jax_name, _as_it_is)
