"""A signature at concrete operands: which letter each axis carries, and the shape that comes out.

Broadcasting, reduced axes and unit axes are decided here, once for all ops. A unit axis carries no
letter, for it has nothing to run over.
"""

from typing import NamedTuple

from shapecalc.dims import ONE, Dim, Shape, shape_text
from shapecalc.ops.notation import Pattern, Signature

Letters = tuple[str | None, ...]


class ShapeMismatch(Exception):
    """Operands that do not go together: a code, the fact, the axes that clash, what to write."""

    def __init__(
        self, code: str, fact: str, axes: tuple[tuple[int, int], ...] = (), help: str = ""
    ) -> None:
        super().__init__(fact)
        self.code = code
        self.fact = fact
        self.axes = axes  # (operand, axis)
        self.help = help


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
        return _along_axes(signature, shapes[0], axes, dims, keepdims=keepdims)
    if any("..." in pattern.letters for pattern in signature.operands):
        return _broadcast(signature, shapes, dims)
    owners: dict[str, tuple[int, int]] = {}
    operands = tuple(
        _explicit(place, pattern, shape, dims, owners)
        for place, (pattern, shape) in enumerate(zip(signature.operands, shapes, strict=True))
    )
    output = signature.output.letters
    letters = tuple(None if dims.get(i, ONE).is_one else i for i in output)
    return Bound(signature, operands, letters, dims, tuple(dims.get(i, ONE) for i in output))


def fits_rank(signature: Signature, shapes: tuple[Shape, ...]) -> bool:
    """Say whether the operands have as many axes as the signature has letters."""
    return len(shapes) == len(signature.operands) and all(
        "..." in pattern.letters or len(pattern.letters) == len(shape)
        for pattern, shape in zip(signature.operands, shapes, strict=True)
    )


def _explicit(
    place: int,
    pattern: Pattern,
    shape: Shape,
    dims: dict[str, Dim],
    owners: dict[str, tuple[int, int]],
) -> Letters:
    for axis, (letter, dim) in enumerate(zip(pattern.letters, shape, strict=True)):
        owner = owners.setdefault(letter, (place, axis))
        known = dims.setdefault(letter, dim)
        if known != dim:
            raise ShapeMismatch("SC301", f"{known} ≠ {dim}", (owner, (place, axis)))
    return tuple(None if dims[letter].is_one else letter for letter in pattern.letters)


def _broadcast(signature: Signature, shapes: tuple[Shape, ...], dims: dict[str, Dim]) -> Bound:
    owners: dict[str, tuple[int, int]] = {}
    operands = []
    for place, shape in enumerate(shapes):
        letters: list[str | None] = []
        for axis, dim in enumerate(shape):
            letter = f"...{len(shape) - axis}"
            letters.append(None if dim.is_one else letter)
            if not dim.is_one:
                owner = owners.setdefault(letter, (place, axis))
                if dims.setdefault(letter, dim) != dim:
                    raise _not_broadcastable(shapes, owner, (place, axis))
        operands.append(tuple(letters))
    rank = max(map(len, shapes), default=0)
    names = [f"...{rank - axis}" for axis in range(rank)]
    output = tuple(name if name in dims else None for name in names)
    shape = tuple(dims.get(name, ONE) for name in names)
    return Bound(signature, tuple(operands), output, dims, shape)


def _not_broadcastable(
    shapes: tuple[Shape, ...], first: tuple[int, int], second: tuple[int, int]
) -> ShapeMismatch:
    left, right = (shapes[place][axis] for place, axis in (first, second))
    return ShapeMismatch("SC302", f"{left} ≠ {right}", (first, second))


def _along_axes(
    signature: Signature,
    shape: Shape,
    axes: tuple[int, ...],
    dims: dict[str, Dim],
    *,
    keepdims: bool,
) -> Bound:
    (own,) = (letter for letter in signature.operands[0].letters if letter != "...")
    letters: list[str | None] = []
    for axis, dim in enumerate(shape):
        letter = f"{own}{axis}" if axis in axes else f"...{axis}"
        letters.append(None if dim.is_one else letter)
        dims[letter] = dim
    if own in signature.output.letters:
        return Bound(signature, (tuple(letters),), tuple(letters), dims, shape)
    kept = [(letters[axis], dim) for axis, dim in enumerate(shape) if axis not in axes]
    if keepdims:
        kept = [
            (None, ONE) if axis in axes else (letters[axis], dim) for axis, dim in enumerate(shape)
        ]
    output = tuple(letter for letter, _ in kept)
    return Bound(signature, (tuple(letters),), output, dims, tuple(dim for _, dim in kept))


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
    factor is: `Y[..., p]` takes the place of `Y[..., c]`, with p for c on the op's own axis.
    """
    if "..." not in letters:
        return tuple(None if bound.dims.get(i, ONE).is_one else i for i in letters)
    own = next((letter for letter in owner.letters if letter != "..."), "")
    new = next((letter for letter in letters if letter != "..."), "")
    if not own or own == new:
        return axes
    return tuple(_swapped(letter, own, new) for letter in axes)


def _swapped(letter: str | None, own: str, new: str) -> str | None:
    if letter is None or letter.startswith("..."):
        return letter
    return new + letter.removeprefix(own)
