"""Convolutions as the libraries mean them: windows of X, each times the same weights, added up.

The window is not reversed (mathematics calls this a cross-correlation). X is (examples, channels,
…space), the weights (channels out, channels in, …window). Where `groups` part the channels, g is
the group, e and j the channels out and in within one.
"""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, NamedTuple

from shapecalc.dims import Dim, Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.normalisation import Operand
from shapecalc.ops.rearranging import as_dim
from shapecalc.ops.registry import Written, op
from shapecalc.ops.windows import Slide, each_of, hold_to_room, ways_of
from shapecalc.tree import Attribute

Shapes = tuple[Shape, ...]
Given = Mapping[str, Attribute]


class _Reading(NamedTuple):
    """A convolution at concrete operands: its signature, and the one term beside the bias."""

    signature: Written
    formula: str


def _hold_to_ranks(name: str, shapes: Shapes, space: int) -> None:
    """Refuse operands of other ranks than a batch of channels of space, and weights."""
    for letter, shape in zip("XW", shapes, strict=False):
        if len(shape) != space + 2:
            fact = f"`{name}` takes {space + 2}-D operands, and `{letter}` is {len(shape)}-D"
            advice = "X is (examples, channels, …space), W (channels out, channels in, …window)"
            if letter == "X" and len(shape) == space + 1:
                advice = "give it an axis of examples, `expand_dims(X, axis=0)`"
            raise ShapeMismatch("SC303", fact, help=advice)
    if len(shapes[2]) > 1:
        fact = f"the bias of `{name}` is 1-D, one number for each channel, not {len(shapes[2])}-D"
        raise ShapeMismatch("SC303", fact, help="reshape it to one axis")


class _Channels(NamedTuple):
    """Letters of the channel axes of X, W and Y, deltas that part them in groups, their dims.

    `owners` are what must be of one dim: of which operands which axes.
    """

    given: str
    weights: tuple[str, str]
    made: str
    deltas: str
    dims: dict[str, Dim]


def _channels(name: str, shapes: Shapes, given: Given, *, turned: bool) -> _Channels:
    """Tie channels; `turned` where the weights' first axis is that of X, as in a transpose."""
    groups = as_dim(given["groups"], name, f"`groups` of `{name}` is one whole number or dim")
    if groups.is_one:
        return _Channels("c", ("c", "k") if turned else ("k", "c"), "k", "", {})
    first, second = shapes[1][:2]
    inner = first.divided(groups)
    if inner is None:
        raise _not_parted(name, first, groups, 1)
    per_group = (inner, second) if turned else (second, inner)
    if shapes[0][1] != groups * per_group[0]:
        raise _not_parted(name, shapes[0][1], groups, 0, per_group[0])
    dims = {"g": groups, "j": per_group[0], "e": per_group[1], "k": groups * per_group[1]}
    deltas = "δ[c, |j|*g + j] δ[k, |e|*g + e]"
    return _Channels("c", ("c", "e") if turned else ("k", "j"), "k", deltas, dims)


def _not_parted(
    name: str, dim: Dim, groups: Dim, operand: int, per_group: Dim | None = None
) -> ShapeMismatch:
    """Say that channels are no whole number of groups, or not as many as the weights want."""
    advice = "the weights have channels of one group only"
    if per_group is None:
        fact = f"{groups} groups of `{name}` do not part {dim} channels of `{'XW'[operand]}`"
        return ShapeMismatch("SC303", fact, help=advice)
    fact = f"{groups} groups of {per_group} channels are not the {dim} of `X`"
    return ShapeMismatch("SC303", fact, ((operand, 1),), advice, groups * per_group)


def _space(shape: Shape) -> list[str]:
    return [str(axis) for axis in range(2, len(shape))]


def _indexed(*letters: str) -> str:
    return f"[{','.join(letters)}]"


def _read(
    shapes: Shapes, channels: _Channels, slides: list[Slide], sides: tuple[str, str]
) -> _Reading:
    """Put letters together; `sides` are those of the axes of space in X and in Y."""
    space = _space(shapes[0])
    before, after = ([side + axis for axis in space] for side in sides)
    given = f"X{_indexed('n', channels.given, *before)}"
    weights = f"W{_indexed(*channels.weights, *(f'r{axis}' for axis in space))}"
    bias = f"b{_indexed(*channels.made * len(shapes[2]))}"
    made = _indexed("n", channels.made, *after)
    dims = dict(channels.dims)
    for slide in slides:
        dims |= slide.dims
    deltas = " ".join(filter(None, [channels.deltas, *(slide.deltas for slide in slides)]))
    signature = Written(f"{given}, {weights}, {bias} -> Y{made}", dims)
    return _Reading(signature, f"{given} {weights} {deltas} + {bias}")


def _convolved(name: str, space: int) -> Callable[[Shapes, Given], _Reading]:
    """Return what reads a convolution over so many axes of space."""

    def reading(shapes: Shapes, given: Given) -> _Reading:
        _hold_to_ranks(name, shapes, space)
        ways = ways_of(given, space, name)
        sizes = list(zip(ways, shapes[0][2:], shapes[1][2:], strict=True))
        counts = [way.fits(size, width) for way, size, width in sizes]
        hold_to_room(name, counts)
        slides = [
            Slide(axis, way, size, width, count)
            for axis, ((way, size, width), count) in enumerate(zip(sizes, counts, strict=True), 2)
        ]
        channels = _channels(name, shapes, given, turned=False)
        return _read(shapes, channels, slides, ("x", "y"))

    return reading


def _convolution(name: str, space: int) -> dict[str, Any]:
    """Return what an op states that is a convolution over so many axes of space."""
    read = _convolved(name, space)
    return {
        "torch": f"torch.nn.functional.{name}",
        "shape": lambda shapes, given: read(shapes, given).signature,
        "formula": lambda shapes, given: read(shapes, given).formula,
        "numbers": ((0, space), (1, space)),
    }


@op(**_convolution("conv1d", 1))
def conv1d(
    X: Array,
    W: Array,
    b: Operand = 0,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: Any = 1,
) -> Array:
    """Slide windows along the last axis: each is multiplied by the weights, and added up.

    X is (examples, channels, length), W (channels out, channels in / groups, window), b one number
    for each channel out. Windows are not reversed; `padding` zeros are around X.
    """
    return _correlated(X, W, b, (stride, padding, dilation), groups)


@op(**_convolution("conv2d", 2))
def conv2d(
    X: Array,
    W: Array,
    b: Operand = 0,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: Any = 1,
) -> Array:
    """Slide windows over the last two axes: each is multiplied by the weights, and added up.

    X is (examples, channels, height, width), W (channels out, channels in / groups, window's height
    and width), b one number for each channel out. Windows are not reversed; `padding` zeros are
    around X. Each of stride, padding and dilation is one number or two.
    """
    return _correlated(X, W, b, (stride, padding, dilation), groups)


# --- the adjoint in X ---------------------------------------------------------------------------


def _spread_out(name: str, space: int) -> Callable[[Shapes, Given], _Reading]:
    """Return what reads the adjoint of a convolution in X, over so many axes of space."""

    def reading(shapes: Shapes, given: Given) -> _Reading:
        _hold_to_ranks(name, shapes, space)
        ways = ways_of(given, space, name)
        counts, widths = shapes[0][2:], shapes[1][2:]
        least = [way.size(y, r) for way, y, r in zip(ways, counts, widths, strict=True)]
        sizes = _sizes_made(name, given, least)
        hold_to_room(name, sizes)
        slides = [
            Slide(axis, *each)
            for axis, each in enumerate(zip(ways, sizes, widths, counts, strict=True), 2)
        ]
        channels = _channels(name, shapes, given, turned=True)
        return _read(shapes, channels, slides, ("y", "x"))

    return reading


def _sizes_made(name: str, given: Given, least: list[Dim]) -> list[Dim]:
    """Return the sizes of space: as stated, or what windows take, and `output_padding` more."""
    if given["output_size"] is not None:
        return each_of(given["output_size"], len(least), name, "output_size")
    more = each_of(given["output_padding"], len(least), name, "output_padding")
    return [size + extra for size, extra in zip(least, more, strict=True)]


def _transposed(name: str, space: int) -> dict[str, Any]:
    read = _spread_out(name, space)
    called = f"torch.nn.functional.{name}"
    return {
        "torch": lambda _, given: called if given["output_size"] is None else None,
        "shape": lambda shapes, given: read(shapes, given).signature,
        "formula": lambda shapes, given: read(shapes, given).formula,
        "numbers": ((0, space), (1, space)),
    }


@op(**_transposed("conv_transpose1d", 1))
def conv_transpose1d(
    X: Array,
    W: Array,
    b: Operand = 0,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: Any = 1,
    dilation: Any = 1,
    output_size: Any = None,
) -> Array:
    """Spread each entry over a window along the last axis: the adjoint of `conv1d` in X.

    X is (examples, channels, length), W (channels in, channels out / groups, window), b one number
    for each channel out. `output_size` says how long the result is, where a stride leaves it open.
    """
    ways, sizes = (stride, padding, dilation), (output_size, output_padding)
    return _spread(X, W, b, ways, groups, sizes)


@op(**_transposed("conv_transpose2d", 2))
def conv_transpose2d(
    X: Array,
    W: Array,
    b: Operand = 0,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: Any = 1,
    dilation: Any = 1,
    output_size: Any = None,
) -> Array:
    """Spread each entry over a window of the last two axes: the adjoint of `conv2d` in X.

    X is (examples, channels, height, width), W (channels in, channels out / groups, window's height
    and width), b one number for each channel out. `output_size` says how high and wide the result
    is, where a stride leaves it open.
    """
    ways, sizes = (stride, padding, dilation), (output_size, output_padding)
    return _spread(X, W, b, ways, groups, sizes)


# --- in NumPy -----------------------------------------------------------------------------------


def _as_list(value: Any, count: int) -> list[int]:
    return list(value) if isinstance(value, tuple) else [value] * count


def _grouped(X: Any, W: Any, groups: int) -> Any:
    """Multiply channels by one entry of the weights' window, group by group; add up."""
    n, c, *space = np.shape(X)
    parts = np.reshape(X, (n, groups, c // groups, -1))
    weights = np.reshape(W, (groups, -1, c // groups))
    return np.reshape(np.einsum("ngjp,gej->ngep", parts, weights), (n, -1, *space))


def _correlated(X: Any, W: Any, b: Operand, ways: tuple[Any, ...], groups: int) -> Array:
    count = np.ndim(X) - 2
    strides, paddings, dilations = (_as_list(each, count) for each in ways)
    X = np.pad(X, ((0, 0), (0, 0), *((p, p) for p in paddings)), "constant")
    rooms = zip(np.shape(X)[2:], np.shape(W)[2:], strides, dilations, strict=True)
    sizes = [(x - d * (r - 1) - 1) // s + 1 for x, r, s, d in rooms]
    total = _as_bias(b, count)
    for place in product(*map(range, np.shape(W)[2:])):
        starts = zip(place, dilations, strides, sizes, strict=True)
        cut = [slice(d * r, d * r + s * (y - 1) + 1, s) for r, d, s, y in starts]
        part = X[(slice(None), slice(None), *cut)]
        total = total + _grouped(part, W[(slice(None), slice(None), *place)], groups)
    return np.asarray(total)


def _as_bias(b: Operand, count: int) -> Any:
    return np.reshape(b, (-1, *(1,) * count)) if np.ndim(b) else b


def _spread(
    X: Any,
    W: Any,
    b: Operand,
    ways: tuple[Any, ...],
    groups: int,
    sizes: tuple[Any, Any],
) -> Array:
    count = np.ndim(X) - 2
    strides, paddings, dilations = (_as_list(each, count) for each in ways)
    rooms = zip(np.shape(X)[2:], np.shape(W)[2:], strides, dilations, strict=True)
    least = [s * (y - 1) + d * (r - 1) + 1 for y, r, s, d in rooms]
    more = _as_list(sizes[1], count)
    whole = [x - 2 * p + extra for x, p, extra in zip(least, paddings, more, strict=True)]
    if sizes[0] is not None:
        whole = _as_list(sizes[0], count)
    first, second = np.shape(W)[:2]
    turned: Any = np.reshape(W, (groups, first // groups, *np.shape(W)[1:]))
    turned = np.reshape(np.swapaxes(turned, 1, 2), (groups * second, -1, *np.shape(W)[2:]))
    total = _as_bias(b, count)
    for place in product(*map(range, np.shape(W)[2:])):
        part = _grouped(X, turned[(slice(None), slice(None), *place)], groups)
        for axis, s in enumerate(strides, 2):
            part = _with_gaps(part, axis, s)
        starts = [d * r for r, d in zip(place, dilations, strict=True)]
        ends = zip(starts, whole, paddings, np.shape(part)[2:], strict=True)
        around = [(a, max(0, x + 2 * p - a - y)) for a, x, p, y in ends]
        part = np.pad(part, ((0, 0), (0, 0), *around), "constant")
        cut = [slice(p, p + x) for x, p in zip(whole, paddings, strict=True)]
        total = total + part[(slice(None), slice(None), *cut)]
    return np.asarray(total)


def _with_gaps(X: Any, axis: int, stride: int) -> Any:
    """Put stride - 1 zeros between neighbours along an axis."""
    if stride == 1:
        return X
    wide = np.expand_dims(X, axis + 1)
    around = [(0, 0)] * np.ndim(wide)
    around[axis + 1] = (0, stride - 1)
    wide = np.pad(wide, around, "constant")
    shape = list(np.shape(X))
    shape[axis] = -1
    wide = np.reshape(wide, shape)
    last = stride * (np.shape(X)[axis] - 1) + 1
    return wide[(*(slice(None),) * axis, slice(0, last))]
