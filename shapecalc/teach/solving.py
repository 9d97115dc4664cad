"""Conditions such as δ[c,k+r] δ[c,a+1], solved for the summed labels that they leave no choice.

In letters: X[i,k+r-1] stands for X[i,a]. An entry outside of X counts 0, as a has no such place.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from shapecalc.conditions import Affine, Form, Label, form
from shapecalc.conditions.forms import MINUS_ONE, ZERO, is_never_negative
from shapecalc.dims import ONE, Dim
from shapecalc.index import Sum, Term
from shapecalc.matrix.entries import Letters, Spell, sum_text


class Solved(NamedTuple):
    """A label, and the form that it has to be; None where it is free to run."""

    label: Label
    form: Form | None


def plan(term: Term, known: Collection[Label]) -> tuple[Solved, ...]:
    """Order the summed labels of a term: each is run over, or follows from those before it."""
    seen, found = set(known), []
    left = list(term.summed)
    while left:
        following = next(_following(term, left, seen), None) or Solved(left[0], None)
        found.append(following)
        seen.add(following.label)
        left.remove(following.label)
    return tuple(found)


def _following(term: Term, left: list[Label], seen: set[Label]) -> Iterator[Solved]:
    for condition in term.conditions:
        if not isinstance(condition, Affine) or condition.is_cyclic:
            continue
        unknown = [label for label in dict.fromkeys(condition.labels) if label not in seen]
        if len(unknown) != 1 or unknown[0] not in left:
            continue
        label = unknown[0]
        whole = condition.form.plus(form([(condition.left, MINUS_ONE)], ZERO))
        times = whole.of(label)
        if times == ONE:
            yield Solved(label, whole.without(label).times(MINUS_ONE))
        elif times == MINUS_ONE:
            yield Solved(label, whole.without(label))


# --- letters ------------------------------------------------------------------------------------


class Put(Letters):
    """Letters of which some are forms of others: `k+r-1`."""

    def __init__(self, letters: Letters, forms: Mapping[Label, Form]) -> None:
        super().__init__((), (), shown=letters.shown)
        self._known = letters
        self.delta = letters.delta
        self._forms = forms

    def of(self, label: Label | None) -> str:
        """Return the letter of a label, or what is put for it."""
        if label is None or label not in self._forms:
            return self._known.of(label)
        own = self._forms[label]
        parts = [self._part(each, self.shown(count)) for each, count in own.parts]
        text = "".join(sorted(parts, key=lambda part: part.startswith("-")))
        offset = self.shown(own.offset)
        if offset.terms:
            printed = str(offset)
            text += printed if printed.startswith("-") else f"+{printed}"
        return text.removeprefix("+") or "0"

    def _part(self, label: Label, count: Dim) -> str:
        letter = self._known.of(label)
        if count == ONE:
            return f"+{letter}"
        if count == MINUS_ONE:
            return f"-{letter}"
        printed = f"({count})" if len(count.terms) > 1 else str(count)
        return f"{printed}*{letter}" if printed.startswith("-") else f"+{printed}*{letter}"


def forms_of(term: Term, known: Collection[Label]) -> dict[Label, Form] | None:
    """Return what is put for the labels that follow; None where a condition stays."""
    found: dict[Label, Form] = {}
    used = 0
    for label, own in plan(term, known):
        if own is None:
            continue
        for other, inner in found.items():
            if other in own.labels:
                own = own.put(other, inner)  # noqa: PLW2901 (written out step by step)
        found[label] = own
        used += 1
    is_whole = used and used == len(term.conditions)
    return found if is_whole and all(_is_held(each, term, found) for each in found) else None


def _is_held(label: Label, term: Term, forms: Collection[Label]) -> bool:
    """Say whether a label that is put away still cannot leave its range.

    An index of a factor cannot, as what is outside counts 0; nor can what another form stands for,
    where that is made of labels that cannot.
    """
    indices = {each for factor in term.factors for each in factor.labels}
    return label in indices or any(
        isinstance(each, Affine)
        and each.left is label
        and all(part in indices or part not in forms for part in each.form.labels)
        for each in term.conditions
    )


def may_leave(terms: Sum, known: Collection[Label]) -> bool:
    """Say whether what is put for a label may be outside of its range."""
    for term in terms:
        for label, own in (forms_of(term, known) or {}).items():
            if not any(label in factor.labels for factor in term.factors):
                continue
            ends = own.ends()
            if ends is None or not (
                is_never_negative(ends[0]) and is_never_negative(label.dim - ONE - ends[1])
            ):
                return True
    return False


def put(terms: Sum, known: Collection[Label], letters: Letters, spell: Spell) -> str:
    """Print terms with their conditions solved; nothing where they are not, or there are none."""
    if len(terms) != 1:
        return ""
    (term,) = terms
    forms = forms_of(term, known)
    if forms is None:
        return ""
    bare = term._replace(
        conditions=(), summed=tuple(label for label in term.summed if label not in forms)
    )
    return sum_text((bare,), Put(letters, forms), spell)


__all__ = ["Put", "Solved", "forms_of", "may_leave", "plan", "put"]
