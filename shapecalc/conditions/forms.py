"""Affine forms of index labels, `d*a + b`, and the conditions that terms hold them to.

A delta `δ[i, d*a + b]` says which entry goes where in a reshape, a slice, a concatenation; a mask
`[j <= i]` which entries take part in a cumulative sum. All for every size at once: what cannot be
told of all sizes is left as it is.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from shapecalc.dims import ONE, Dim, Floor, Shape

ZERO = Dim.number(0)
MINUS_ONE = ZERO - ONE


class Label:
    """An index letter with the dim that it runs over. Two labels are the same if they are one."""

    __slots__ = ("dim",)

    def __init__(self, dim: Dim) -> None:
        self.dim = dim

    def __repr__(self) -> str:
        return f"{self.dim}@{id(self) % 9973}"


class Form(NamedTuple):
    """Σ coefficient · label + offset, each label once, no coefficient 0."""

    parts: tuple[tuple[Label, Dim], ...]
    offset: Dim

    @property
    def labels(self) -> tuple[Label, ...]:
        """Return the labels that the form depends on."""
        return tuple(label for label, _ in self.parts)

    def times(self, factor: Dim) -> "Form":
        """Multiply by a number that may depend on sizes."""
        return form([(label, count * factor) for label, count in self.parts], self.offset * factor)

    def plus(self, other: "Form") -> "Form":
        """Add another form."""
        return form([*self.parts, *other.parts], self.offset + other.offset)

    def minus(self, other: "Form") -> "Form":
        """Subtract another form."""
        return self.plus(other.times(MINUS_ONE))

    def of(self, label: Label) -> Dim:
        """Return a label's coefficient; 0 where the form has it not."""
        return next((count for each, count in self.parts if each is label), ZERO)

    def without(self, label: Label) -> "Form":
        """Return the form with a label at 0."""
        return self._replace(parts=tuple(part for part in self.parts if part[0] is not label))

    def put(self, label: Label, other: "Form") -> "Form":
        """Put a form for a label."""
        return self.without(label).plus(other.times(self.of(label)))

    def ends(self) -> "tuple[Dim, Dim] | None":
        """Return the least and the largest value; None where a coefficient may have either sign."""
        least = largest = self.offset
        for label, count in self.parts:
            reach = count * (label.dim - ONE)
            if is_never_negative(count):
                largest += reach
            elif is_never_negative(ZERO - count):
                least += reach
            else:
                return None
        return least, largest


class Affine(NamedTuple):
    """δ[label, form]: 1 where the label is at the form, which never leaves the label's range.

    With `is_cyclic` the form counts around: modulo the label's dim.
    """

    left: Label
    form: Form
    is_cyclic: bool = False

    @property
    def labels(self) -> tuple[Label, ...]:
        """Return all labels of the condition."""
        return (self.left, *self.form.labels)


class Mask(NamedTuple):
    """[form >= 0]: 1 where that holds, else 0."""

    form: Form

    @property
    def labels(self) -> tuple[Label, ...]:
        """Return all labels of the condition."""
        return self.form.labels


Condition = Affine | Mask


def form(parts: Iterable[tuple[Label, Dim]], offset: Dim) -> Form:
    """Collect the coefficients of each label."""
    counts: dict[Label, Dim] = {}
    for label, count in parts:
        counts[label] = counts.get(label, ZERO) + count
    return Form(tuple((label, count) for label, count in counts.items() if count.terms), offset)


def at(label: Label) -> Form:
    """Return the form that a label itself is."""
    return Form(((label, ONE),), ZERO)


def renamed(condition: Condition, change: Mapping[Label, Label]) -> Condition:
    """Put one label for another wherever it occurs."""
    parts = [(change.get(label, label), count) for label, count in condition.form.parts]
    new = form(parts, condition.form.offset)
    if isinstance(condition, Mask):
        return Mask(new)
    return condition._replace(left=change.get(condition.left, condition.left), form=new)


def with_dims(condition: Condition, change: Callable[[Shape], Shape]) -> Condition:
    """Put other dims for the coefficients and the offset."""
    labels = [label for label, _ in condition.form.parts]
    *counts, offset = change((*(count for _, count in condition.form.parts), condition.form.offset))
    return condition._replace(form=form(zip(labels, counts, strict=True), offset))


def is_never_negative(dim: Dim) -> bool:
    """Say whether a dim is at least 0 at all sizes: put 1 + t for each name, t at least 0.

    Names of quotients are left whole, for `d/heads` grows with one and shrinks with the other.
    """
    total = ZERO
    for monomial, count in dim.terms:
        if any(power < 0 for _, power in monomial):
            if count < 0:
                return False
            continue
        expanded = Dim([((), count)])
        for name, power in monomial:
            if (least := _least(name)) is None:
                return False
            for _ in range(power):
                expanded *= Dim.number(least) + Dim.named(name)
        total += expanded
    return all(count >= 0 for _, count in total.terms)


def _least(atom: str) -> int | None:
    """Return what a name is at least, or the whole part of a quotient; None where that is open."""
    if not isinstance(atom, Floor):
        return 1
    is_positive = is_never_negative(atom.above) and is_never_negative(atom.below)
    return 0 if is_positive else None


def is_always_positive(dim: Dim) -> bool:
    """Say whether a dim is at least 1 at all sizes."""
    return is_never_negative(dim - ONE)


def digits(given: Form) -> tuple[Label, ...] | None:
    """Return the labels of a form that counts through them, the last running fastest.

    `(h*d)*n + d*a + b` with a over h and b over d takes each value from 0 on once: so n, a, b.
    None for any other form.
    """
    if given.offset.terms or not given.parts:
        return None
    found: list[Label] = []
    stride, left = ONE, list(given.parts)
    while left:
        place = next((i for i, (_, count) in enumerate(left) if count == stride), None)
        if place is None:
            return None
        label, _ = left.pop(place)
        found.insert(0, label)
        stride *= label.dim
    return tuple(found)


def span_of(labels: Iterable[Label]) -> Dim:
    """Return how many values digits count through."""
    total = ONE
    for label in labels:
        total *= label.dim
    return total


def is_onto(delta: Affine) -> bool:
    """Say whether each value of the left label has exactly one place in the form."""
    if delta.is_cyclic:
        return _is_single(delta.form) and delta.form.labels[0].dim == delta.left.dim
    if mirrored(delta):
        return True
    found = digits(delta.form)
    return found is not None and span_of(found) == delta.left.dim


def _is_single(given: Form) -> bool:
    return len(given.parts) == 1 and given.parts[0][1] in (ONE, MINUS_ONE)


def is_plain(condition: Condition) -> bool:
    """Say whether people have a name for what a condition does: a part, a turn, a triangle."""
    counts = [count for _, count in condition.form.parts]
    if isinstance(condition, Mask):
        return counts in ([ONE], [MINUS_ONE], [ONE, MINUS_ONE], [MINUS_ONE, ONE])
    if condition.is_cyclic:
        return counts == [ONE]
    whole = digits(condition.form._replace(offset=ZERO))
    return whole is not None or counts in ([], [MINUS_ONE])


def mirrored(delta: Affine) -> bool:
    """Say whether a delta turns an axis around: δ[p, n - 1 - i]."""
    parts, offset = delta.form
    if len(parts) != 1 or delta.is_cyclic:
        return False
    ((label, count),) = parts
    return count == MINUS_ONE and label.dim == delta.left.dim and offset == label.dim - ONE


def turned(delta: Affine) -> Affine | None:
    """Return a delta that pairs off the values of two axes, seen from the other axis."""
    if mirrored(delta):
        ((label, count),) = delta.form.parts
        return Affine(label, Form(((delta.left, count),), delta.form.offset))
    if not (delta.is_cyclic and is_onto(delta)):
        return None
    ((label, count),) = delta.form.parts
    offset = ZERO - delta.form.offset * count
    return Affine(label, Form(((delta.left, count),), offset), is_cyclic=True)


def solved(label: Label, other: Form, own: Form) -> Affine | None:
    """Solve `other = own` for a label of `own` alone; None where it may leave its range."""
    count = own.of(label)
    if count not in (ONE, MINUS_ONE):
        return None
    rest = own.without(label)
    value = other.minus(rest).times(count)
    if value.of(label).terms:
        return None
    ends = value.ends()
    if ends is None:
        return None
    inside = is_never_negative(ends[0]) and is_never_negative(label.dim - ONE - ends[1])
    return Affine(label, value) if inside else None


def are_apart(one: Form, other: Form) -> bool:
    """Say whether two forms have no value in common at any size."""
    ends, others = one.ends(), other.ends()
    if ends is None or others is None:
        return False
    return is_always_positive(ends[0] - others[1]) or is_always_positive(others[0] - ends[1])


def sorted_dim(dim: Dim) -> str:
    """Spell a dim in one way, whatever the order in which it was written."""
    return str(sorted((sorted(monomial), str(count)) for monomial, count in dim.terms))
