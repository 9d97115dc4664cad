"""A signature at concrete operands: which letter each axis carries, and the shape that comes out.

Broadcasting, reduced axes and unit axes are decided here, once for all ops. A unit axis carries no
letter, for it has nothing to run over.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from shapecalc.dims import ONE, Dim, Shape, shape_text
from shapecalc.ops.notation import Pattern, Signature

Letters = tuple[str | None, ...]


class ShapeMismatch(Exception):
    """Operands that do not go together: a code, the fact, the axes that clash, what to write.

    `dim` is what the one axis has to be, where that is a number.
    """

    def __init__(
        self,
        code: str,
        fact: str,
        axes: tuple[tuple[int, int], ...] = (),
        help: str = "",
        dim: Dim | None = None,
    ) -> None:
        super().__init__(fact)
        self.code = code
        self.fact = fact
        self.axes = axes  # (operand, axis)
        self.help = help
        self.dim = dim


class Bound(NamedTuple):
    """An op at concrete operands: letters of every axis, the dims of the letters, the shape."""

    signature: Signature
    operands: tuple[Letters, ...]
    output: Letters
    dims: dict[str, Dim]
    shape: Shape


def bind(
    signature: Signature,
    shapes: tuple[Shape, ...],
    axes: tuple[int, ...] | None,
    target: Shape | None,
    *,
    keepdims: bool,
) -> Bound:
    """Give letters to the axes of the operands and work out the output.

    `axes`: the positions that the op's axis letter stands for; None where it has no such letter.
    `target`: the shape that `Y[shape]` stands for. Raises ShapeMismatch.
    """
    dims: dict[str, Dim] = {}
    if target is not None:
        return _to_target(signature, shapes, target, dims)
    if axes is not None:
        return _along_axes(signature, shapes, axes, dims, keepdims=keepdims)
    return _by_letters(signature, shapes, dims)


def fits_rank(signature: Signature, shapes: tuple[Shape, ...]) -> bool:
    """Say whether the operands have as many axes as the signature has letters."""
    return len(shapes) == len(signature.operands) and all(
        len(pattern.own) == len(shape) or (pattern.is_stacked and len(pattern.own) < len(shape))
        for pattern, shape in zip(signature.operands, shapes, strict=True)
    )


def _by_letters(signature: Signature, shapes: tuple[Shape, ...], dims: dict[str, Dim]) -> Bound:
    """Give an operand's last axes the letters that its pattern names, those in front `...`'s."""
    found = _lettering(signature, tuple([tuple([d.is_one for d in shape]) for shape in shapes]))
    for letter, place, axis in found.bound:
        dim = shapes[place][axis]
        known = dims.setdefault(letter, dim)
        if known is not dim and known != dim:
            owner = next((at, own) for other, at, own in found.bound if other == letter)
            if letter.startswith("..."):
                raise _not_broadcastable(shapes, owner, (place, axis))
            raise ShapeMismatch("SC301", f"{known} ≠ {dim}", (owner, (place, axis)))
    shape = tuple([dims.get(letter, ONE) for letter in found.shape])
    return Bound(signature, found.operands, found.output, dims, shape)


class _Lettering(NamedTuple):
    """The letters of all axes, those of the output's shape, and which axes bind a letter's dim."""

    operands: tuple[Letters, ...]
    output: Letters
    shape: tuple[str, ...]
    bound: tuple[tuple[str, int, int], ...]


@lru_cache(maxsize=1024)
def _lettering(signature: Signature, units: tuple[tuple[bool, ...], ...]) -> _Lettering:
    """Give letters to the axes of operands of which it is known which are unit axes.

    Axes that broadcast as in NumPy bind nothing where they are unit axes.
    """
    pairs = list(zip(signature.operands, units, strict=True))
    ranks = [len(of_units) - len(pattern.own) for pattern, of_units in pairs]
    letters = [
        (*_stack_letters(rank), *pattern.own)
        for rank, (pattern, _) in zip(ranks, pairs, strict=True)
    ]
    axes = [
        (letter, place, axis)
        for place, own in enumerate(letters)
        for axis, letter in enumerate(own)
    ]
    bound = [each for each in axes if each[2] >= ranks[each[1]]]
    bound += [each for each in axes if each[2] < ranks[each[1]] and not units[each[1]][each[2]]]
    shape = signature.output.own
    if signature.output.is_stacked:
        shape = (*_stack_letters(max(ranks, default=0)), *shape)
    lettered = {letter for letter, place, axis in bound if not units[place][axis]}
    operands = tuple(
        tuple([None if unit else letter for letter, unit in zip(*both, strict=True)])
        for both in zip(letters, units, strict=True)
    )
    output = tuple([letter if letter in lettered else None for letter in shape])
    return _Lettering(operands, output, shape, tuple(bound))


def _stack_letters(rank: int) -> tuple[str, ...]:
    """Return the letters that `...` stands for, counted from its last axis as broadcasting does."""
    return tuple(f"...{rank - axis}" for axis in range(rank))


def _not_broadcastable(
    shapes: tuple[Shape, ...], first: tuple[int, int], second: tuple[int, int]
) -> ShapeMismatch:
    left, right = (shapes[place][axis] for place, axis in (first, second))
    return ShapeMismatch("SC302", f"{left} ≠ {right}", (first, second))


def _along_axes(
    signature: Signature,
    shapes: tuple[Shape, ...],
    axes: tuple[int, ...],
    dims: dict[str, Dim],
    *,
    keepdims: bool,
) -> Bound:
    shape = shapes[0]
    for pattern, other in zip(signature.operands[1:], shapes[1:], strict=True):
        if pattern.own:
            hold_to_one_shape(shape, other)
        else:
            _hold_to_broadcast(shape, other)
    (own,) = (letter for letter in signature.operands[0].letters if letter != "...")
    letters: list[str | None] = []
    for axis, dim in enumerate(shape):
        letter = f"{own}{axis}" if axis in axes else f"...{axis}"
        letters.append(None if dim.is_one else letter)
        dims[letter] = dim
    operands = tuple(_repeated(tuple(letters), other) for other in shapes)
    if own in signature.output.letters:
        return Bound(signature, operands, tuple(letters), dims, shape)
    kept = [(letters[axis], dim) for axis, dim in enumerate(shape) if axis not in axes]
    if keepdims:
        kept = [
            (None, ONE) if axis in axes else (letters[axis], dim) for axis, dim in enumerate(shape)
        ]
    output = tuple(letter for letter, _ in kept)
    return Bound(signature, operands, output, dims, tuple(dim for _, dim in kept))


def _repeated(letters: Letters, shape: Shape) -> Letters:
    """Return the letters of an operand that broadcasts to axes with these letters."""
    own = letters[len(letters) - len(shape) :]
    return tuple(None if dim.is_one else letter for letter, dim in zip(own, shape, strict=True))


def _hold_to_broadcast(shape: Shape, other: Shape) -> None:
    """Refuse a second operand that does not broadcast to the first. Raises ShapeMismatch."""
    if len(other) > len(shape):
        fact = f"{shape_text(other)} has more axes than {shape_text(shape)}"
        raise ShapeMismatch("SC303", fact, help="give it the axes of the first operand, or fewer")
    for axis, dim in enumerate(other):
        place = len(shape) - len(other) + axis
        if not dim.is_one and dim != shape[place]:
            raise ShapeMismatch("SC302", f"{shape[place]} ≠ {dim}", ((0, place), (1, axis)))


def hold_to_one_shape(shape: Shape, other: Shape) -> None:
    """Refuse two operands of different shapes. Raises ShapeMismatch."""
    if shape == other:
        return
    fact = f"{shape_text(shape)} and {shape_text(other)} are not one shape"
    pairs = enumerate(zip(shape, other, strict=False))
    clash = next((axis for axis, (left, right) in pairs if left != right), None)
    axes = () if clash is None else ((0, clash), (1, clash))
    raise ShapeMismatch("SC302", fact, axes, "give both operands the same axes")


def _to_target(
    signature: Signature, shapes: tuple[Shape, ...], target: Shape, dims: dict[str, Dim]
) -> Bound:
    names = [f"...{len(target) - axis}" for axis in range(len(target))]
    dims.update(zip(names, target, strict=True))
    for shape in shapes:
        for axis, dim in enumerate(reversed(shape), start=1):
            if not dim.is_one and dims.get(f"...{axis}") != dim:
                fact = f"{shape_text(shape)} does not broadcast to {shape_text(target)}"
                advice = "give the operand a unit axis there, or name another shape"
                raise ShapeMismatch("SC302", fact, ((0, len(shape) - axis),), advice)
    operands = tuple(
        tuple(None if dim.is_one else f"...{len(shape) - axis}" for axis, dim in enumerate(shape))
        for shape in shapes
    )
    output = tuple(None if dim.is_one else name for name, dim in zip(names, target, strict=True))
    return Bound(signature, operands, output, dims, target)


def resolved(bound: Bound, owner: Pattern, axes: Letters, letters: tuple[str, ...]) -> Letters:
    """Return the letters of a factor's axes, where a formula writes `letters` for it.

    `owner` and `axes` are the pattern and the bound letters of the operand (or output) that the
    factor is: `Y[..., p]` takes the place of `Y[..., c]`, with p for c on the op's own axis, and
    `s[...]` has unit axes there.
    """
    if "..." not in letters:
        return tuple(None if bound.dims.get(i, ONE).is_one else i for i in letters)
    if letters == ("...",) and owner.own:
        return tuple(each if each is None or each.startswith("...") else None for each in axes)
    change = dict(zip(owner.own, (letter for letter in letters if letter != "..."), strict=False))
    return tuple(_swapped(letter, change) for letter in axes)


def _swapped(letter: str | None, change: Mapping[str, str]) -> str | None:
    """Put a new letter for an old one; one that stands for several axes keeps their numbers."""
    if letter is None or letter.startswith("..."):
        return letter
    family = letter if letter in change else letter.rstrip("0123456789")
    return change.get(family, family) + letter.removeprefix(family)
