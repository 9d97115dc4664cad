"""Index terms as text, `W2[i,p] δ[j,q]`: letters for labels, factors with their indices."""

from collections.abc import Callable, Collection, Iterable, Iterator
from fractions import Fraction
from itertools import count as numbers

from shapecalc.conditions import Condition, Label, Mask
from shapecalc.conditions.forms import ZERO, is_never_negative
from shapecalc.dims import Dim
from shapecalc.index import Factor, Labels, Sum, Term
from shapecalc.matrix.printing import decimal_text, is_infix, number_text, text
from shapecalc.tree import Call, Leaf, Tree, leaves

OUTPUT, VARIABLE, SUMMED = "ijklmno", "pqrstuv", "abcdefgh"
DELTAS = ("δ", "Δ", "δ0", "Δ0", "Kronecker")
"""How a Kronecker delta is written: by the first of these that is no name."""

Spell = Callable[[Tree], Tree]


class Letters:
    """A letter for each label: i, j, … for the output, p, q, … for the variable, a, b, … inside.

    None is one of the names that are `taken`, by a value or a dim. Dims are printed
    as `shown` makes them.
    """

    def __init__(
        self,
        output: Labels,
        variable: Labels,
        taken: Collection[str] = (),
        shown: Callable[[Dim], Dim] = lambda dim: dim,
    ) -> None:
        self.shown = shown
        self.delta = next(each for each in DELTAS if each not in taken)
        self._letters: dict[Label, str] = {}
        self._spare = _free(SUMMED, taken)
        for labels, letters in ((output, OUTPUT), (variable, VARIABLE)):
            for label, letter in zip(labels, _free(letters, taken), strict=False):
                if label is not None:
                    self._letters[label] = letter

    def of(self, label: Label | None) -> str:
        """Return the letter of a label; a unit axis has the index 0."""
        if label is None:
            return "0"
        if label not in self._letters:
            self._letters[label] = next(self._spare)
        return self._letters[label]

    def indices(self, labels: Labels) -> str:
        """Print the indices of a value: `[i,j]`, nothing for a scalar."""
        return f"[{','.join(map(self.of, labels))}]" if labels else ""


def _free(letters: str, taken: Collection[str]) -> Iterator[str]:
    """Yield letters that are no name, then the same with numbers: `a1`, `b1`, …, `a2`."""
    for number in numbers():
        known = (f"{letter}{number or ''}" for letter in letters)
        yield from (letter for letter in known if letter not in taken)


def names_in(
    terms: Sum,
    spell: Spell = lambda tree: tree,
    shown: Callable[[Dim], Dim] = lambda dim: dim,
) -> frozenset[str]:
    """Return the names of values and dims that terms are printed with."""
    found: set[str] = set()
    for term in terms:
        for factor in term.factors:
            found.update(name.name for name in leaves(spell(factor.tree)))
        for condition in term.conditions:
            parts, offset = condition.form
            dims = [offset, *(size for _, size in parts)]
            if not isinstance(condition, Mask) and condition.is_cyclic:
                dims.append(condition.left.dim)
            found.update(name for dim in dims for name in shown(dim).names)
    return frozenset(found)


def term_text(term: Term, letters: Letters, spell: Spell) -> str:
    """Print one term, without its sum sign: `-Y[i,j] / (m A2[i,j])`."""
    above = [_factor(f, letters, spell) for f in term.factors if f.power > 0]
    inverse = [f._replace(power=-f.power) for f in term.factors if f.power < 0]
    below = [_factor(f, letters, spell) for f in inverse]
    above += [f"{letters.delta}[{letters.of(d.left)},{letters.of(d.right)}]" for d in term.deltas]
    above += [_condition(each, letters) for each in term.conditions]
    size = abs(term.coefficient)
    if decimal_text(size) is None:
        below, size = [str(size.denominator), *below], Fraction(size.numerator)
    front = [number_text(size)] if size != 1 or not above else []
    sign = "-" if term.coefficient < 0 else ""
    line = sign + " ".join(front + above)
    if not below:
        return line
    return f"{line} / {below[0] if len(below) == 1 else '(' + ' '.join(below) + ')'}"


def _front(size: Fraction, *, is_alone: bool) -> str:
    """Print a coefficient: before factors `(1 / 3)`, which none of them divides."""
    printed = number_text(size)
    return printed if is_alone or "/" not in printed else f"({printed})"


def _condition(condition: Condition, letters: Letters) -> str:
    """Print `δ[p,d*a+b]`, `δ[p,i+2 mod n]` or `[p ≤ i]`."""
    parts, offset = condition.form
    if isinstance(condition, Mask):
        high = [(label, count) for label, count in parts if is_never_negative(count)]
        low = [(label, ZERO - count) for label, count in parts if (label, count) not in high]
        return f"[{_form(low, ZERO, letters)} ≤ {_form(high, offset, letters)}]"
    around = f" mod {letters.shown(condition.left.dim)}" if condition.is_cyclic else ""
    return f"{letters.delta}[{letters.of(condition.left)},{_form(parts, offset, letters)}{around}]"


def _form(parts: Iterable[tuple[Label, Dim]], offset: Dim, letters: Letters) -> str:
    line = ""
    offset = letters.shown(offset)
    for label, own in parts:
        count = letters.shown(own)
        minus = is_never_negative(ZERO - count)
        times = ZERO - count if minus else count
        size = f"({times})*" if len(times.terms) > 1 else "" if times.is_one else f"{times}*"
        line += f"{'-' if minus else '+' if line else ''}{size}{letters.of(label)}"
    if offset.terms or not line:
        line += f"+{offset}" if line else str(offset)
    return line.replace("+-", "-")


def _factor(factor: Factor, letters: Letters, spell: Spell) -> str:
    tree = spell(factor.tree)
    printed = text(tree)
    is_whole = not (factor.labels or factor.power != 1 or is_infix(tree))
    if not isinstance(tree, Leaf) and not is_whole and not _is_call(tree):
        printed = f"({printed})"
    power = "" if factor.power == 1 else f"**{_power(factor.power)}"
    return f"{printed}{letters.indices(factor.labels)}{power}"


def _power(value: Fraction) -> str:
    return number_text(value) if value.denominator == 1 else f"({number_text(value)})"


def _is_call(tree: Tree) -> bool:
    return isinstance(tree, Call) and text(tree).startswith(f"{tree.op}(")


def sum_text(terms: Sum, letters: Letters, spell: Spell) -> str:
    """Print a sum of terms, each with the sum over its own labels."""
    if not terms:
        return "0"
    parts = [_summed(term, letters, spell) for term in terms]
    line = parts[0]
    for part in parts[1:]:
        line += f" - {part[1:]}" if part.startswith("-") else f" + {part}"
    return line


def _summed(term: Term, letters: Letters, spell: Spell) -> str:
    line = term_text(term, letters, spell)
    if not term.summed:
        return line
    sign, rest = ("-", line[1:]) if line.startswith("-") else ("", line)
    return f"{sign}{sigma(term.summed, letters)} {rest}"


def sigma(labels: Iterable[Label], letters: Letters) -> str:
    """Print the sign of a sum with its letters: `Σij`."""
    return "Σ" + "".join(letters.of(label) for label in labels)


__all__ = ["Letters", "names_in", "sigma", "sum_text", "term_text"]
