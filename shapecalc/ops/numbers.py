"""Numbers in a new shape → the dims that they are the sizes of, where axes are written as numbers.

`reshape(X, (32, 840))` of an X with 32, 28 and 30 entries along its axes n1, n2 and n3 has the
shape (n1, n2*n3). Entries keep their order, so as many are in front on either side.
"""

from collections.abc import Callable, Iterator, Sequence
from math import prod

from shapecalc.dims import ONE, Dim, Shape

SizeOf = Callable[[Dim], int | None]
"""The size of a dim whose name stands for a number; None for a dim that the spec has named."""


def named_by_size(shape: Shape, target: Shape, size_of: SizeOf) -> Shape:
    """Put dims of a value's shape for the numbers of a shape that has as many entries."""
    old = [_known(dim, size_of) for dim in shape]
    new = [_known(dim, size_of) for dim in target]
    whole = _filled(old, new)
    if whole is None:
        return target
    named = list(target)
    for before, after in _groups([size or 1 for size in old], whole):
        dims = [shape[axis] for axis in before if not shape[axis].is_one]
        places = [axis for axis in after if whole[axis] != 1]
        if len(places) == 1 and named[places[0]].constant is not None:
            named[places[0]] = prod(dims, start=ONE)
        elif len(places) > 1:
            atoms = [Dim.named(name) for dim in dims for name in dim.names]
            for axis in places:
                named[axis] = _of_size(named[axis], whole[axis], atoms, size_of)
    return tuple(named)


def _of_size(dim: Dim, size: int, atoms: list[Dim], size_of: SizeOf) -> Dim:
    """Return the first name of that size, which is then taken; else the number."""
    if dim.constant is None:
        return dim
    found = next((atom for atom in atoms if size_of(atom) == size), None)
    if found is None:
        return Dim.number(size)
    atoms.remove(found)
    return found


def _known(dim: Dim, size_of: SizeOf) -> int | None:
    size = dim.constant
    return int(size) if size is not None else size_of(dim)


def _filled(old: Sequence[int | None], new: Sequence[int | None]) -> list[int] | None:
    """Return the sizes of a new shape, -1 worked out; None where they are not known, or differ."""
    sizes = [size for size in old if size is not None]
    wanted = [size for size in new if size is not None]
    if len(sizes) < len(old) or len(wanted) < len(new):
        return None
    total, known = prod(sizes), prod(size for size in wanted if size != -1)
    left = total // known if known and total % known == 0 else 0
    filled = [left if size == -1 else size for size in wanted]
    return filled if prod(filled) == total and wanted.count(-1) < 2 else None


def _groups(old: Sequence[int], new: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield axes of either shape, as few as have as many entries."""
    before: list[int] = []
    after: list[int] = []
    waiting = list(range(len(new)))
    for axis, size in enumerate(old):
        before.append(axis)
        while waiting and prod(old[a] for a in before) >= prod(new[a] for a in after) * _next(
            new, waiting
        ):
            after.append(waiting.pop(0))
        if size != 1 and prod(old[a] for a in before) == prod(new[a] for a in after):
            yield before, after
            before, after = [], []


def _next(sizes: Sequence[int], waiting: Sequence[int]) -> int:
    return sizes[waiting[0]]
