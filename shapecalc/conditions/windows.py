"""Windows that slide along an axis, `δ[x, s*y + d*r - p]`: the entry x at place r of window y.

How far apart windows are, how wide, how many there are; and where conditions say just that.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from shapecalc.conditions.forms import ZERO, Affine, Condition, Label
from shapecalc.dims import ONE, Dim, floored


class Way(NamedTuple):
    """How windows slide along one axis: steps between windows, zeros around, steps within one."""

    stride: Dim
    padding: Dim
    dilation: Dim

    def reach(self, width: Dim) -> Dim:
        """Return how many entries a window spans, those that it skips included."""
        return self.dilation * (width - ONE) + ONE

    def fits(self, size: Dim, width: Dim) -> Dim:
        """Return how many windows there are: floor((size + 2·padding - reach) / stride) + 1."""
        room = size + self.padding + self.padding - self.reach(width)
        return floored(room, self.stride) + ONE

    def size(self, count: Dim, width: Dim) -> Dim:
        """Return how many entries so many windows take at least, without the zeros around."""
        return self.stride * (count - ONE) + self.reach(width) - self.padding - self.padding


class Window(NamedTuple):
    """An entry that is at `Σ count · label - padding` of one or two labels, and what says so."""

    entry: Label
    ends: tuple[tuple[Label, Dim], ...]
    padding: Dim
    conditions: tuple[Condition, ...]


def windows_in(conditions: Collection[Condition], held: Collection[Label]) -> Iterator[Window]:
    """Yield the windows that conditions describe; `held` are labels that others than these have."""
    for each in conditions:
        if not isinstance(each, Affine) or each.is_cyclic or each.form.offset.terms:
            continue
        is_strided = len(each.form.parts) == 1 and each.form.parts[0][1] != ONE
        padded = next((p for p in conditions if _pads(p, each)), None)
        alone = padded is not None and _is_idle(each.left, conditions, held)
        if not (len(each.form.parts) == 2 or is_strided or (alone and each.form.parts)):
            continue
        if alone and isinstance(padded, Affine):
            ((entry, _),) = padded.form.parts
            yield Window(entry, each.form.parts, padded.form.offset, (each, padded))
        else:
            yield Window(each.left, each.form.parts, ZERO, (each,))


def _pads(padded: Condition, around: Affine) -> bool:
    """Say whether a condition puts as many zeros in front of an axis as behind it."""
    if padded is around or not isinstance(padded, Affine) or padded.is_cyclic:
        return False
    parts, offset = padded.form
    if padded.left is not around.left or len(parts) != 1 or parts[0][1] != ONE:
        return False
    return bool(offset.terms) and padded.left.dim == parts[0][0].dim + offset + offset


def _is_idle(label: Label, conditions: Collection[Condition], held: Collection[Label]) -> bool:
    """Say whether two conditions alone have a label."""
    return label not in held and sum(label in each.labels for each in conditions) == 2
