"""Pooling: the mean or the largest entry of each window that slides over the last axes.

A window slides by its own width unless a `stride` is given; a rest at the end is dropped.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any, NamedTuple

from shapecalc.dims import Dim, Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.registry import Spelling, Written, op
from shapecalc.ops.windows import Slide, each_of, hold_to_room, ways_of
from shapecalc.tree import Attribute

Shapes = tuple[Shape, ...]
Given = Mapping[str, Attribute]


class _Pool(NamedTuple):
    """Windows at concrete operands: letters in front, axes of space, widths, and their deltas."""

    front: list[str]
    axes: list[int]
    widths: list[Dim]
    slides: list[Slide]

    @property
    def dims(self) -> dict[str, Dim]:
        """Return the dims of all letters of space."""
        return {letter: dim for slide in self.slides for letter, dim in slide.dims.items()}

    def letters(self, side: str) -> str:
        """Return the letters of an operand, those of space with this one in front."""
        return ",".join([*self.front, *(f"{side}{axis}" for axis in self.axes)])

    @property
    def deltas(self) -> str:
        """Return the deltas of all axes."""
        return " ".join(slide.deltas for slide in self.slides)


def _with_stride(given: Given) -> dict[str, Attribute]:
    """Put the width of a window for a stride that is not given."""
    stride = given.get("stride")
    return {**given, "stride": given["kernel_size"] if stride is None else stride}


def _pool(name: str, space: int, shapes: Shapes, given: Given) -> _Pool:
    (shape,) = shapes
    if len(shape) < space:
        fact = f"`{name}` takes operands of {space} axes and more, not {len(shape)}-D"
        raise ShapeMismatch("SC303", fact, help="the last axes are those of space")
    widths = each_of(given["kernel_size"], space, name, "kernel_size")
    ways = ways_of(_with_stride(given), space, name)
    axes = list(range(len(shape) - space, len(shape)))
    counts = [way.fits(shape[i], r) for way, i, r in zip(ways, axes, widths, strict=True)]
    hold_to_room(name, counts)
    each = zip(axes, ways, widths, counts, strict=True)
    slides = [Slide(axis, way, shape[axis], width, count) for axis, way, width, count in each]
    return _Pool([f"a{axis}" for axis in range(axes[0])], axes, widths, slides)


# --- means --------------------------------------------------------------------------------------


def _torch_name(name: str, space: int) -> Spelling:
    """Name a pooling of PyTorch's, which has an axis of channels in front."""
    called = f"torch.nn.functional.{name}"
    return lambda shapes, _: called if len(shapes[0]) > space else None


def _mean(name: str, space: int) -> dict[str, Any]:
    """Return what an op states that averages windows of so many axes."""

    def shape(shapes: Shapes, given: Given) -> Written:
        pool = _pool(name, space, shapes, given)
        return Written(f"X[{pool.letters('x')}] -> Y[{pool.letters('y')}]", pool.dims)

    def formula(shapes: Shapes, given: Given) -> str:
        pool = _pool(name, space, shapes, given)
        sizes = " ".join(f"/ |r{axis}|" for axis in pool.axes)
        return f"X[{pool.letters('x')}] {pool.deltas} {sizes}"

    torch = _torch_name(name, space)
    return {"shape": shape, "formula": formula, "numbers": ((0, space),), "torch": torch}


@op(**_mean("avg_pool1d", 1))
def avg_pool1d(X: Array, *, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Array:
    """Average each window of the last axis; `padding` zeros around X count as entries."""
    return np.asarray(np.mean(_windows(X, kernel_size, stride, padding, 1), axis=-1))


@op(**_mean("avg_pool2d", 2))
def avg_pool2d(X: Array, *, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Array:
    """Average each window of the last two axes; `padding` zeros around X count as entries."""
    return np.asarray(np.mean(_windows(X, kernel_size, stride, padding, 2), axis=(-2, -1)))


# --- the largest --------------------------------------------------------------------------------


def _width(given: Given, place: int) -> str:
    """Spell the width of a window along one axis, for a definition."""
    return f"kernel_size{place}" if isinstance(given["kernel_size"], tuple) else "kernel_size"


def _largest_of(space: int, given: Given) -> str:
    """Define the largest entries as those of windows that are taken apart."""
    widths = ", ".join(_width(given, place) for place in range(space))
    stride = "kernel_size" if given["stride"] is None else "stride"
    axes = tuple(range(-space, 0))
    return f"max(sliding_windows(X, kernel_size=({widths},), stride={stride}), axis={axes})"


def _fills(pool: _Pool, shape: Shape) -> bool:
    """Say whether windows stand side by side, and nothing is left over."""
    each = zip(pool.axes, pool.widths, pool.slides, strict=True)
    return all(
        slide.dims[f"s{axis}"] == width and slide.dims[f"y{axis}"] * width == shape[axis]
        for axis, width, slide in each
    )


def _largest(name: str, space: int) -> dict[str, Any]:
    """Return what an op states that takes the largest entry of windows of so many axes."""

    def shape(shapes: Shapes, given: Given) -> Written:
        if given["padding"] != 0:
            fact = f"`{name}` with `padding` puts -inf around its operand, which is not supported"
            advice = "after a relu `pad(X, …)` says the same; else choose windows without it"
            raise ShapeMismatch("SC212", fact, help=advice)
        pool = _pool(name, space, shapes, given)
        return Written(f"X[{pool.letters('x')}] -> Y[{pool.letters('y')}]", pool.dims)

    def spelling(shapes: Shapes, given: Given) -> str | None:
        pool = _pool(name, space, shapes, given)
        return None if _fills(pool, shapes[0]) else _largest_of(space, given)

    def jacobian(shapes: Shapes, given: Given) -> str:
        pool = _pool(name, space, shapes, given)
        spread = "Y"
        for place, axis in enumerate(pool.axes):
            spread = f"repeat({spread}, repeats={_width(given, place)}, axis={axis})"
        return f"(X == {spread})[{pool.letters('x')}] {pool.deltas}"

    return {
        "shape": shape,
        "definition": lambda _, given: _largest_of(space, given),
        "torch": _torch_name(name, space),
        "jacobian": {"X": jacobian},
        "spelling": spelling,
        "numbers": ((0, space),),
        "at_kink": "at ties: 1 for each, by convention",
    }


@op(**_largest("max_pool1d", 1))
def max_pool1d(X: Array, *, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Array:
    """Take the largest entry of each window of the last axis."""
    return np.asarray(np.max(_windows(X, kernel_size, stride, padding, 1), axis=-1))


@op(**_largest("max_pool2d", 2))
def max_pool2d(X: Array, *, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Array:
    """Take the largest entry of each window of the last two axes."""
    return np.asarray(np.max(_windows(X, kernel_size, stride, padding, 2), axis=(-2, -1)))


# --- windows taken apart and put together --------------------------------------------------------


def _sides(given: Given, name: str) -> int:
    """Return how many axes windows slide along: as many as there are sizes."""
    sizes = given[name]
    return len(sizes) if isinstance(sizes, tuple) else 1


def _apart(shapes: Shapes, given: Given) -> _Pool:
    return _pool("sliding_windows", _sides(given, "kernel_size"), shapes, given)


def _apart_shape(shapes: Shapes, given: Given) -> Written:
    pool = _apart(shapes, given)
    windows = ",".join([pool.letters("y"), *(f"r{axis}" for axis in pool.axes)])
    return Written(f"X[{pool.letters('x')}] -> Y[{windows}]", pool.dims)


def _apart_formula(shapes: Shapes, given: Given) -> str:
    pool = _apart(shapes, given)
    return f"X[{pool.letters('x')}] {pool.deltas}"


@op(_apart_shape, formula=_apart_formula)
def sliding_windows(
    X: Array, *, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> Array:
    """Take the windows apart that slide over the last axes: their own axes come behind all others.

    `kernel_size` has a width for each of the axes, `sliding_windows(X, (3, 3))`.
    """
    count = len(kernel_size) if isinstance(kernel_size, tuple) else 1
    return _windows(X, kernel_size, stride, padding, count, dilation)


def _put_together(shapes: Shapes, given: Given) -> _Pool:
    """Read windows whose axes of space, then their own, are the last axes of X."""
    (shape,) = shapes
    space = _sides(given, "output_size")
    if len(shape) < 2 * space:
        fact = f"`overlap_add` takes {space} axes of windows and {space} within, of {len(shape)}-D"
        raise ShapeMismatch("SC303", fact, help="the last axes are those within a window")
    front = len(shape) - 2 * space
    counts, widths = shape[front : front + space], shape[front + space :]
    sizes = each_of(given["output_size"], space, "overlap_add", "output_size")
    ways = ways_of(given, space, "overlap_add")
    axes = list(range(front, front + space))
    each = zip(axes, ways, sizes, widths, counts, strict=True)
    slides = [Slide(axis, way, size, width, count) for axis, way, size, width, count in each]
    return _Pool([f"a{axis}" for axis in range(front)], axes, list(widths), slides)


def _together_shape(shapes: Shapes, given: Given) -> Written:
    pool = _put_together(shapes, given)
    windows = ",".join([pool.letters("y"), *(f"r{axis}" for axis in pool.axes)])
    return Written(f"X[{windows}] -> Y[{pool.letters('x')}]", pool.dims)


def _together_formula(shapes: Shapes, given: Given) -> str:
    pool = _put_together(shapes, given)
    windows = ",".join([pool.letters("y"), *(f"r{axis}" for axis in pool.axes)])
    return f"X[{windows}] {pool.deltas}"


@op(_together_shape, formula=_together_formula, numbers=((0, 2),))
def overlap_add(
    X: Array, *, output_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> Array:
    """Put windows back in their places, adding up where they overlap.

    That is the adjoint of `sliding_windows`. The last axes of X are those within a window, those
    before them count the windows.
    """
    space = len(output_size) if isinstance(output_size, tuple) else 1
    front = np.ndim(X) - 2 * space
    ways = (_as_list(each, space) for each in (output_size, stride, padding, dilation))
    for axis, (size, s, p, d) in enumerate(zip(*ways, strict=True)):
        inner = front + space - axis
        y, r = np.indices((np.shape(X)[front], np.shape(X)[inner]))
        entries = np.arange(size)[:, None, None] == s * y + d * r - p
        X = np.tensordot(X, entries * 1.0, axes=((front, inner), (1, 2)))
    return np.asarray(X)


def _windows(
    X: Array, kernel_size: Any, stride: Any, padding: Any, count: int, dilation: Any = 1
) -> Array:
    """Stack the windows: their own axes are behind all others, one in number for each of space."""
    widths = _as_list(kernel_size, count)
    strides = widths if stride is None else _as_list(stride, count)
    dilations = _as_list(dilation, count)
    front = np.ndim(X) - count
    around = [(0, 0)] * front + [(p, p) for p in _as_list(padding, count)]
    X = np.pad(X, around, "constant")
    rooms = zip(np.shape(X)[front:], widths, strides, dilations, strict=True)
    sizes = [(x - d * (r - 1) - 1) // s + 1 for x, r, s, d in rooms]
    parts = []
    for place in product(*map(range, widths)):
        each = zip(place, strides, sizes, dilations, strict=True)
        cut = [slice(d * r, d * r + s * (y - 1) + 1, s) for r, s, y, d in each]
        parts.append(X[(*(slice(None),) * front, *cut)])
    stacked = np.stack(parts, axis=-1)
    return np.reshape(stacked, (*np.shape(stacked)[:-1], *widths))


def _as_list(value: Any, count: int) -> list[int]:
    return list(value) if isinstance(value, tuple) else [value] * count
