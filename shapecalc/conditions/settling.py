"""Conditions → fewer of them: what holds at all sizes is dropped, what is summed is put in place.

Each rule keeps the value of the sum. Where a rule would need to know sizes, it does not fire.
"""

from collections.abc import Callable, Collection, Sequence
from itertools import combinations
from typing import NamedTuple

from shapecalc.conditions.forms import (
    MINUS_ONE,
    ZERO,
    Affine,
    Condition,
    Form,
    Label,
    Mask,
    are_apart,
    digits,
    is_always_positive,
    is_never_negative,
    is_onto,
    is_plain,
    solved,
    turned,
)
from shapecalc.dims import ONE


class Settled(NamedTuple):
    """Conditions that are left, labels still summed, labels found equal; or that all is zero."""

    conditions: tuple[Condition, ...]
    summed: tuple[Label, ...]
    ties: tuple[tuple[Label, Label], ...]
    is_zero: bool


def settled(
    conditions: Sequence[Condition],
    summed: Sequence[Label],
    held: Collection[Label],
    *,
    fully: bool = False,
) -> Settled:
    """Apply the rules until none fires, or until labels are found equal: those come first.

    `held` are the labels that factors and plain deltas have. What is left can be read as ops that
    have names; `fully` goes on as far as it can, for comparing.
    """
    work = _Work(list(conditions), list(summed), frozenset(held), _LEVELS if fully else _LEVELS[:1])
    while not work.ties and not work.is_zero and work.fires():
        pass
    return Settled(tuple(work.conditions), tuple(work.summed), tuple(work.ties), work.is_zero)


class _Work:
    def __init__(
        self,
        conditions: list[Condition],
        summed: list[Label],
        held: frozenset[Label],
        levels: "Sequence[_Accepts]",
    ) -> None:
        self.conditions = conditions
        self.summed = summed
        self.held = held
        self.levels = levels
        self.ties: list[tuple[Label, Label]] = []
        self.is_zero = False

    def fires(self) -> bool:
        """Apply the first rule that fires."""
        rules = (
            self._decided,
            self._plain,
            self._put_in_place,
            self._complete,
            self._paired,
        )
        is_full = len(self.levels) > 1
        return any(rule() for rule in rules) or (is_full and self._oriented())

    @property
    def _deltas(self) -> list[Affine]:
        return [each for each in self.conditions if isinstance(each, Affine)]

    def _is_idle(self, label: Label, *inside: Condition) -> bool:
        """Say whether a label is summed, and occurs in these conditions alone."""
        others = (each for each in self.conditions if each not in inside)
        is_summed = label in self.summed and label not in self.held
        return is_summed and not any(label in each.labels for each in others)

    def _drop(self, conditions: Sequence[Condition], labels: Sequence[Label] = ()) -> bool:
        self.conditions = [each for each in self.conditions if each not in conditions]
        self.summed = [label for label in self.summed if label not in labels]
        return True

    def _decided(self) -> bool:
        """Drop what always holds; where one never does, all is zero."""
        for place, each in enumerate(self.conditions):
            if isinstance(each, Affine) and each.is_cyclic and _never_leaves(each):
                self.conditions[place] = each._replace(is_cyclic=False)
                return True
            if each in self.conditions[:place] or _holds(each) is True:
                del self.conditions[place]
                return True
            if _holds(each) is False:
                self.is_zero = True
                return True
        return False

    def _plain(self) -> bool:
        """Take δ[i, a] over one dim for what it is: i = a."""
        for delta in self._deltas:
            if len(delta.form.parts) != 1 or delta.form.offset.terms:
                continue
            ((label, count),) = delta.form.parts
            if count == ONE and label.dim == delta.left.dim:
                self.ties.append((delta.left, label))
                return self._drop([delta])
        return False

    def _put_in_place(self) -> bool:
        """Remove a summed label that is at a form: Σ_i δ[i, f] g(i) = g(f)."""
        for accepts in self.levels:
            for given in self._deltas:
                for delta in (given, turned(given)):
                    if delta is not None and self._puts(delta, given, accepts):
                        return True
        return False

    def _puts(self, delta: Affine, given: Affine, accepts: "_Accepts") -> bool:
        users = [e for e in self.conditions if e is not given and delta.left in e.labels]
        if delta.left in delta.form.labels or not self._is_idle(delta.left, given, *users):
            return False
        put = {id(user): _with(user, delta) for user in users}
        if not all(new is not None and accepts(new) for new in put.values()):
            return False
        self.conditions = [put.get(id(each)) or each for each in self.conditions]
        return self._drop([given], [delta.left])

    def _complete(self) -> bool:
        """Sum out labels that count through all values of one: Σ_ab δ[i, d*a + b] = 1."""
        for delta in self._deltas:
            labels = delta.form.labels
            if is_onto(delta) and all(self._is_idle(label, delta) for label in labels):
                return self._drop([delta], labels)
        return self._equal()

    def _equal(self) -> bool:
        """Tie labels that are at one form."""
        for given, another in combinations(self._deltas, 2):
            for one in (given, turned(given)):
                for other in (another, turned(another)):
                    if one is not None and other is not None and _is_one_form(one, other):
                        self.ties.append((one.left, other.left))
                        return self._drop([another])
        return False

    def _paired(self) -> bool:
        """Join two deltas of one summed label: it is at both forms, so they are equal."""
        for one, other in combinations(self._deltas, 2):
            if one.left is not other.left or not self._is_idle(one.left, one, other):
                continue
            if one.is_cyclic or other.is_cyclic:
                joined = _around(one, other)
            elif are_apart(one.form, other.form):
                self.is_zero = True
                return True
            elif pairs := _digit_by_digit(one.form, other.form):
                self.ties += pairs
                return self._drop([one, other], [one.left])
            else:
                joined = _solved_either_way(one.form, other.form)
            if joined is not None and any(accepts(joined) for accepts in self.levels):
                self._drop([one, other], [one.left])
                self.conditions.append(joined)
                return True
        return False

    def _oriented(self) -> bool:
        """Let a label count up where it can be turned around: Σ_i g(n - 1 - i) = Σ_i g(i)."""
        for label in self.summed:
            users = [each for each in self.conditions if label in each.labels]
            lefts = [each.left for each in users if isinstance(each, Affine)]
            if label in lefts or not users or not self._is_idle(label, *users):
                continue
            back = Form(((label, MINUS_ONE),), label.dim - ONE)
            turned_users = [each._replace(form=each.form.put(label, back)) for each in users]
            if _counts_up(label, turned_users) > _counts_up(label, users):
                put = dict(zip(map(id, users), turned_users, strict=True))
                self.conditions = [put.get(id(each), each) for each in self.conditions]
                return True
        return False


def _counts_up(label: Label, users: Sequence[Condition]) -> tuple[int, int, int]:
    """Rate a direction of a label: by deltas that it counts up in, by names, by masks."""
    deltas = sum(isinstance(each, Affine) and each.form.of(label) == ONE for each in users)
    masks = len(users) == 1 and isinstance(users[0], Mask) and users[0].form.of(label) == ONE
    return deltas, sum(map(is_plain, users)), int(masks)


def _never_leaves(delta: Affine) -> bool:
    """Say whether a form that counts around never gets so far."""
    ends = delta.form.ends()
    return ends is not None and all(
        is_never_negative(room) for room in (ends[0], delta.left.dim - ONE - ends[1])
    )


def _holds(condition: Condition) -> bool | None:
    """Say whether a condition always or never holds; None where that depends."""
    if isinstance(condition, Mask):
        ends = condition.form.ends()
        if ends is None:
            return None
        if is_never_negative(ends[0]):
            return True
        return False if is_always_positive(MINUS_ONE * ends[1]) else None
    rest = condition.form.without(condition.left)
    if condition.form.of(condition.left) != ONE or rest.parts:
        return None
    if not rest.offset.terms:
        return True
    apart = is_always_positive(rest.offset) or is_always_positive(MINUS_ONE * rest.offset)
    return False if apart and not condition.is_cyclic else None


def _with(user: Condition, delta: Affine) -> Condition | None:
    """Put the form of a delta's label for it in another condition; None where that cannot be."""
    if isinstance(user, Affine) and user.left is delta.left:
        other = turned(user)
        return None if other is None else _with(other, delta)
    around = isinstance(user, Affine) and user.is_cyclic and user.left.dim == delta.left.dim
    if delta.is_cyclic and not around:
        return None
    return user._replace(form=user.form.put(delta.left, delta.form))


def _is_one_form(one: Affine, other: Affine) -> bool:
    alike = one.left.dim == other.left.dim and one.is_cyclic == other.is_cyclic
    is_new = one.left is not other.left
    return alike and is_new and one.form.minus(other.form) == Form((), ZERO)


_Accepts = Callable[[Condition], bool]
_LEVELS: tuple[_Accepts, ...] = (
    is_plain,
    lambda condition: isinstance(condition, Mask),
    lambda _: True,
)
"""Which conditions may come out where one is put into others: the first that fit are taken."""


def _around(one: Affine, other: Affine) -> Affine | None:
    """Join two turns of one circle: p + x = i + y, so i = p + (x - y)."""
    if not (one.is_cyclic and other.is_cyclic and is_onto(one) and is_onto(other)):
        return None
    (label,) = other.form.labels
    if other.form.of(label) != ONE:
        return None
    return Affine(label, one.form.minus(other.form.without(label)), is_cyclic=True)


def _digit_by_digit(one: Form, other: Form) -> list[tuple[Label, Label]]:
    """Tie the digits of two numbers that count alike; empty where they do not."""
    if one.offset != other.offset or len(one.parts) != len(other.parts):
        return []
    if _is_turned(one) and _is_turned(other):
        first, second = one.labels, other.labels
    else:
        first = digits(one._replace(offset=ZERO)) or ()
        second = digits(other._replace(offset=ZERO)) or ()
    alike = first and [label.dim for label in first] == [label.dim for label in second]
    return list(zip(first, second, strict=True)) if alike else []


def _is_turned(form: Form) -> bool:
    return len(form.parts) == 1 and form.parts[0][1] == MINUS_ONE


def _solved_either_way(one: Form, other: Form) -> Affine | None:
    for known, unknown in ((one, other), (other, one)):
        if len(unknown.parts) == 1 and (found := solved(unknown.labels[0], known, unknown)):
            return found
    return None
