"""Channels standardized in groups, or each by itself; then scaled and shifted channel by channel.

Axis 0 of X counts the examples, axis 1 the channels; the others, if any, are positions.
"""

from collections.abc import Mapping

from shapecalc.dims import Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.normalisation import Operand
from shapecalc.ops.rearranging import as_dim
from shapecalc.ops.registry import op
from shapecalc.tree import Attribute

Shapes = tuple[Shape, ...]
Given = Mapping[str, Attribute]
_POSITIONS = ("a2", "a3", "a4", "a5")
SIZES = ("n", "c", *_POSITIONS)


def _letters(shapes: Shapes, _: Given) -> str:
    rank = len(shapes[0])
    if not 2 <= rank <= 2 + len(_POSITIONS):
        fact = f"channels are axis 1 of a value with 2 to 6 axes, and X has {rank}"
        raise ShapeMismatch("SC303", fact, help="give X the axes (examples, channels, positions)")
    own = ",".join(SIZES[:rank])
    scales = [
        _scale(name, shape) for name, shape in zip(("gamma", "beta"), shapes[1:], strict=True)
    ]
    return f"X[{own}], {', '.join(scales)} -> Y[{own}]"


def _scale(name: str, shape: Shape) -> str:
    """Give a scale the letter of the channels; a number has none."""
    if len(shape) > 1:
        fact = f"`{name}` is {len(shape)}-D, and there is one for each channel"
        raise ShapeMismatch("SC303", fact, help=f"declare `{name}` with one axis, the channels")
    return f"{name}[{'c' if shape else ''}]"


def _scaled(standard: str, shapes: Shapes) -> str:
    """Scale and shift what is standard, along the axis of the channels."""
    positions = tuple(range(1, len(shapes[0]) - 1))
    gamma, beta = (
        f"expand_dims({name}, axis={_axis(positions)})" if shape and positions else name
        for name, shape in zip(("gamma", "beta"), shapes[1:], strict=True)
    )
    return f"{gamma} * {standard} + {beta}"


def _axis(axes: tuple[int, ...]) -> int | tuple[int, ...]:
    """Write one axis as a number."""
    return axes if axes[1:] else axes[0]


def _in_groups(shapes: Shapes, given: Given) -> str:
    """Split the channels into groups, standardize each, and put them side by side again."""
    _letters(shapes, given)
    rank = len(shapes[0])
    fact = "the number of groups is a whole number or a dim"
    count = as_dim(given["groups"], "group_norm", fact)
    if shapes[0][1].divided(count) is None:
        fact = f"{count} groups do not divide {shapes[0][1]} channels for sure"
        raise ShapeMismatch("SC303", fact, help="name the channels of a group, and multiply")
    groups = str(count.constant) if count.constant is not None else "groups"
    others = SIZES[2:rank]
    split = ", ".join(["n", groups, f"c / {groups}", *others])
    axes = tuple(range(2, rank + 1))
    standard = f"standardize(reshape(X, [{split}]), axis={_axis(axes)}, eps=eps)"
    return _scaled(f"reshape({standard}, [{', '.join(SIZES[:rank])}])", shapes)


def _each_channel(shapes: Shapes, given: Given) -> str:
    _letters(shapes, given)
    axes = tuple(range(2, len(shapes[0])))
    if not axes:
        fact = "`instance_norm` standardizes along positions, and X has none"
        raise ShapeMismatch("SC303", fact, help="give X the axes (examples, channels, positions)")
    return _scaled(f"standardize(X, axis={_axis(axes)}, eps=eps)", shapes)


def _standard(X: Array, axis: int | tuple[int, ...], eps: float) -> Array:
    centred = X - np.mean(X, axis=axis, keepdims=True)
    return np.asarray(centred / np.sqrt(np.mean(centred**2, axis=axis, keepdims=True) + eps))


def _along_channels(scale: Operand, X: Array) -> Operand:
    """Give a scale for each channel the unit axes that X has behind the channels."""
    return np.reshape(scale, (-1,) + (1,) * (np.ndim(X) - 2)) if np.ndim(scale) else scale


@op(_letters, definition=_in_groups, sizes=SIZES)
def group_norm(
    X: Array, gamma: Operand = 1, beta: Operand = 0, *, groups: int, eps: float = 1e-5
) -> Array:
    """Standardize groups of channels, each example by itself; then scale and shift each channel."""
    parts = np.reshape(X, (X.shape[0], groups, -1))
    standard = np.reshape(_standard(parts, 2, eps), X.shape)
    return np.asarray(_along_channels(gamma, X) * standard + _along_channels(beta, X))


@op(_letters, definition=_each_channel, sizes=SIZES)
def instance_norm(X: Array, gamma: Operand = 1, beta: Operand = 0, *, eps: float = 1e-5) -> Array:
    """Standardize each channel of each example along its positions; then scale and shift it."""
    standard = _standard(X, tuple(range(2, np.ndim(X))), eps)
    return np.asarray(_along_channels(gamma, X) * standard + _along_channels(beta, X))
