"""What explanations print, read back and worked out: formulas, index forms, Unicode products.

Formulas run by the NumPy bodies of the ops, index forms by one einsum for each term. Nothing of the
engine's derivatives, and nothing of what made the text, takes part.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from oracles import Array, World

from shapecalc.dims import Dim, Shape
from shapecalc.ops.build import expression_of
from shapecalc.parsing.dims import parse_dim
from shapecalc.span import Span
from shapecalc.tree import Attribute, Tree, leaf

Letters = tuple[str, ...]
LETTER = re.compile(r"[a-z]\d*")
FORM = re.compile(r"[\w+*()-]*[+*-][\w+*()-]*")  # an index such as `k+r-1`
SUM = re.compile(r"Σ((?:[a-z]\d*)+) ")
CALLED = re.compile(r"\b(\w+)\(\w+\)")  # `u(x)`, where u is a value
CONSTANT = re.compile(r"\beps=([A-Za-z_]\w*)")
OPERAND_END = re.compile(r"[\w)\]ᵀ⁰¹²³⁴⁵⁶⁷⁸⁹]$")
OPERAND_START = re.compile(r"[\w(-]")
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


class Tensor(NamedTuple):
    """An array with a letter for each axis."""

    entries: Array
    letters: Letters


@cache
def dim(text: str) -> Dim:
    """Read a dim, as `2*h`."""
    return parse_dim(text, lambda offset, length: Span("<json>", 1, offset + 1, length))


def shape(dims: Sequence[str]) -> Shape:
    """Read a shape."""
    return tuple(map(dim, dims))


class Numbers:
    """Names with shapes and values, and sizes: where what is printed is worked out."""

    def __init__(
        self, sizes: Mapping[str, int], shapes: Mapping[str, Shape], values: Mapping[str, Array]
    ) -> None:
        self.sizes = dict(sizes)
        self.shapes = dict(shapes)
        self.world = World(self.sizes, dict(values))

    def with_value(self, name: str, value: Array, like: str = "") -> "Numbers":
        """Give a name a value; its shape is that of another name, or its own."""
        shapes = {**self.shapes, name: self.shapes[like or name]}
        return Numbers(self.sizes, shapes, {**self.world.values, name: value})

    def at_sizes(self, sizes: Mapping[str, int]) -> "Numbers":
        """Return the same names at other sizes, which alone count, with other values."""
        random = np.random.default_rng(23)
        known = {n: tuple(each.size(sizes) for each in own) for n, own in self.shapes.items()}
        shapes = {name: tuple(map(Dim.number, size)) for name, size in known.items()}
        values = {name: random.uniform(0.2, 0.9, size) for name, size in known.items()}
        return Numbers(sizes, shapes, values)

    def at_random(self, low: float = 0.2, high: float = 0.9) -> "Numbers":
        """Return the same names at the same sizes, with values for all of them."""
        random = np.random.default_rng(29)
        known = {n: tuple(each.size(self.sizes) for each in own) for n, own in self.shapes.items()}
        values = {name: random.uniform(low, high, size) for name, size in known.items()}
        return Numbers(self.sizes, self.shapes, values)

    def size(self, dims: Sequence[str]) -> tuple[int, ...]:
        """Return a shape in numbers."""
        return tuple(each.size(self.sizes) for each in shape(dims))

    # --- formulas -------------------------------------------------------------------------------

    def tree(self, text: str) -> Tree:
        """Build the tree of a formula."""
        text = CALLED.sub(lambda m: m[1] if m[1] in self.shapes else m[0], text)
        text = CONSTANT.sub(lambda m: f"eps={self.world.values[m[1]]}", text)
        dims: dict[str, Tree | Attribute] = {name: Dim.named(name) for name in self.sizes}
        return expression_of(text, {**dims, **{n: leaf(n, s) for n, s in self.shapes.items()}})

    def at(self, text: str) -> Array:
        """Evaluate a formula of the spec language."""
        return self.world.at(self.tree(text))

    def product(self, text: str) -> Array:
        """Evaluate a formula as people write it, `(dZ2 A1ᵀ)ᵀ H`."""
        return self.at(as_formula(text))

    def scalar(self, text: str) -> float:
        """Evaluate `⟨A, B⟩`, `tr(…)`, or a formula that is one number."""
        if text.startswith("⟨"):
            left, right = split_at_top(text[1:-1], ", ")
            return float(np.sum(self.product(left) * self.product(right)))
        if text.startswith("tr("):
            return float(np.trace(self.product(text[3:-1])))
        return float(self.product(text))

    # --- index forms ----------------------------------------------------------------------------

    def form(
        self, text: str, lengths: Mapping[str, int], ranges: Mapping[str, int] | None = None
    ) -> Array:
        """Evaluate an index form as an array with an axis for each letter, in their order.

        `ranges` say how far letters run that no value has.
        """
        found = np.zeros(tuple(lengths.values()))
        for term, summed in self._terms(text, {**(ranges or {}), **lengths}):
            letters = {letter for factor in term for letter in factor.letters}
            assert letters - {*lengths} == summed, f"what is summed: {text}"
            ones = [(np.ones(length), (letter,)) for letter, length in lengths.items()]
            found += contracted([*term, *(Tensor(*one) for one in ones)], tuple(lengths))
        return found

    def _terms(
        self, text: str, lengths: Mapping[str, int]
    ) -> Iterator[tuple[list[Tensor], set[str]]]:
        """Yield the factors of each term, and the letters that it is summed over."""
        for sign, term in signed(text):
            above, below = divided(term)
            factors = [Tensor(np.asarray(sign), ()), *self._factors(above, lengths)]
            if below:
                inner = below[1:-1] if is_enclosed(below) else below
                is_product = len(list(signed(inner))) == 1
                under = self._factors(inner if is_product else below, lengths)
                factors += [Tensor(1 / entries, letters) for entries, letters in under]
            sums = [each for each in split_at_top(term, " ") if each.startswith("Σ")]
            yield factors, {letter for each in sums for letter in LETTER.findall(each)}

    def _factors(self, text: str, lengths: Mapping[str, int]) -> list[Tensor]:
        """Read factors; those with letters first, which say how far their letters run."""
        every = split_at_top(text, " ")
        parts = [part for part in every if part and not part.startswith("Σ")]
        known = dict(lengths)
        found: list[Tensor] = []
        for part in sorted(parts, key=_order):
            made = self._factor(part, known, {*lengths})
            found.append(made)
            known.update(zip(made.letters, made.entries.shape, strict=True))
        return found

    def _factor(self, part: str, known: dict[str, int], given: Collection[str]) -> Tensor:
        if part.startswith("δ["):
            return self._delta(part[2:-1], known)
        if part.startswith("["):
            low, high = part[1:-1].split(" ≤ ")
            return self._where(lambda a, b: a <= b, low, high, known)
        base, power = powered(part)
        if is_enclosed(base):
            return self._group(base[1:-1], known)
        name, indices = indexed(base)
        entries = np.asarray(self.at(name) ** power)
        pairs = list(zip(indices, entries.shape, strict=True)) if indices else []
        if any(FORM.fullmatch(i) or (i in given and known[i] != n) for i, n in pairs):
            return self._placed(entries, indices, known)
        places = tuple(int(i) if i.isdigit() else slice(None) for i in indices)
        letters = tuple(i for i in indices if not i.isdigit())
        return diagonal(Tensor(np.asarray(entries[places]), letters))

    def _placed(self, entries: Array, indices: Letters, known: Mapping[str, int]) -> Tensor:
        """Take entries at forms of letters, `X[i,k+r-1]`; what is outside of X counts 0."""
        runs = {i: n for i, n in zip(indices, entries.shape, strict=True) if LETTER.fullmatch(i)}
        runs |= known
        letters = self._letters(" ".join(indices), runs)
        places = [np.asarray(self._value(each, letters, runs)) for each in indices]
        inside = np.ones([runs[each] for each in letters], dtype=bool)
        for place, length in zip(places, entries.shape, strict=True):
            inside &= (place >= 0) & (place < length)
        kept = tuple(np.where(inside, place, 0) for place in places)
        return Tensor(np.where(inside, entries[kept], 0.0), letters)

    def _group(self, text: str, known: Mapping[str, int]) -> Tensor:
        """Evaluate a sum in parentheses over all the letters that it has free."""
        bare = re.sub(r"Σ\S+", "", text)
        free = dict.fromkeys(re.findall(r"(?<![\w.])[a-z]\d*(?!\w)", bare))
        summed = {e for each in SUM.findall(text) for e in LETTER.findall(each)}
        letters = tuple(e for e in free if e in known and e not in summed)
        return Tensor(self.form(text, {each: known[each] for each in letters}), letters)

    def _delta(self, text: str, known: dict[str, int]) -> Tensor:
        left, right = text.split(",")
        right, _, cycle = right.partition(" mod ")
        around = self.number(cycle) if cycle else 0
        return self._where(lambda a, b: a == (b % around if around else b), left, right, known)

    def _where(self, holds: Any, left: str, right: str, known: Mapping[str, int]) -> Tensor:
        letters = self._letters(f"{left},{right}", known)
        one, other = (self._value(each, letters, known) for each in (left, right))
        return Tensor(np.asarray(holds(one, other), dtype=float), letters)

    def _letters(self, text: str, known: Mapping[str, int]) -> Letters:
        names = re.findall(r"[A-Za-z_]\w*", text)
        return tuple(e for e in dict.fromkeys(names) if e in known)

    def _value(self, text: str, letters: Letters, known: Mapping[str, int]) -> Any:
        grid = np.indices([known[each] for each in letters])
        places = dict(zip(letters, grid, strict=True))
        found = eval(text, {"floor": np.floor, **self.sizes, **places})
        return np.broadcast_to(found, grid.shape[1:])

    def number(self, text: str) -> int:
        """Evaluate a dim."""
        return dim(text).size(self.sizes)


def contracted(factors: Sequence[Tensor], free: Letters) -> Array:
    """Multiply, and sum over all letters that are not free."""
    numbers: dict[str, int] = {}
    operands: list[Any] = []
    for entries, letters in factors:
        operands += [entries, [numbers.setdefault(each, len(numbers)) for each in letters]]
    return np.asarray(np.einsum(*operands, [numbers[each] for each in free], optimize=True))


def diagonal(tensor: Tensor) -> Tensor:
    """Keep a letter that occurs twice once."""
    letters = tuple(dict.fromkeys(tensor.letters))
    return Tensor(contracted([tensor], letters), letters)


# --- text ---------------------------------------------------------------------------------------


def as_formula(text: str) -> str:
    """Put `@`, `*`, `.mT` and `**` for what people write."""
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda m: f"**{m[0].translate(SUPERSCRIPTS)}", text)
    text = text.replace("ᵀ", ".mT").replace("⊙", "*").replace("·", "*").replace("^", "**")
    text = re.sub(r"\bI_(\w+)", r"eye(\1)", text).replace("π", "pi")
    found = ""
    for part in re.split(r"( )", text):
        if part == " " or not found.endswith(" "):
            found += part
            continue
        before = found.rstrip()
        is_product = OPERAND_END.search(before) and re.match(r"[\w(]", part)
        found += f"@ {part}" if is_product else part
    return found


def split_at_top(text: str, sign: str) -> list[str]:
    """Split where no parenthesis or bracket is open."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "([⟨") - (letter in ")]⟩")
        if depth == 0 and text.startswith(sign, at) and at >= start:
            parts.append(text[start:at])
            start = at + len(sign)
    return [*parts, text[start:]]


def signed(text: str) -> Iterator[tuple[float, str]]:
    """Yield the terms of a sum with their signs."""
    for plus in split_at_top(text, " + "):
        for number, term in enumerate(split_at_top(plus, " - ")):
            sign = -1.0 if bool(number) != term.startswith("-") else 1.0
            yield sign, term.removeprefix("-")


def divided(term: str) -> tuple[str, str]:
    """Return what stands above a fraction's line and what below."""
    above, *below = split_at_top(term, " / ")
    assert len(below) < 2
    return above, below[0] if below else ""


def is_enclosed(text: str) -> bool:
    """Say whether the parenthesis that a text begins with ends it."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0:
            return text[0] == "(" and at == len(text) - 1
    return False


def powered(part: str) -> tuple[str, float]:
    """Return a factor and its power: that of the whole, not one inside."""
    found = re.fullmatch(r"(.*[\w)\]])\*\*(\d+(?:\.\d+)?|\(.*\))", part)
    if not found or ("(" in found[1] and not split_at_top(part, "**")[1:]):
        return part, 1.0
    return found[1], float(eval(found[2]))


def indexed(part: str) -> tuple[str, tuple[str, ...]]:
    """Return the formula of a factor, and its indices."""
    found = re.fullmatch(r"(.*)\[([^\[\]: ]*)\]", part)
    indices = tuple(found[2].split(",")) if found else ()
    is_index = all(LETTER.fullmatch(i) or i.isdigit() or FORM.fullmatch(i) for i in indices)
    return (found[1], indices) if found and is_index else (part, ())


def _order(part: str) -> int:
    """Put factors with plain letters first, then those with forms, then what has no range."""
    if part[0] in "δ[" or is_enclosed(part):
        return 2
    return int(any(FORM.fullmatch(index) for index in indexed(part)[1]))


def enclosed(text: str) -> list[str]:
    """Return what stands in each outer pair of parentheses: `(1, k)(k, m)`."""
    found, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "(" and depth == 1:
            start = at + 1
        if letter == ")" and depth == 0:
            found.append(text[start:at])
    return found


def bare(text: str) -> str:
    """Return a factor as it is before it is transposed."""
    text = text.removesuffix(".T").removesuffix(".mT")
    return text[1:-1] if is_enclosed(text) else text


def product_in(text: str) -> str:
    """Return the product that a sum over stacks goes over."""
    found = re.fullmatch(
        r"sum\((.+), axis=(?:\d+|\([\d, ]+\))(?:, keepdims=True)?\)(?: / .+)?", text
    )
    return found[1] if found else text


def once_and_twice(numbers: Numbers, formula: str, batch: str) -> tuple[Array, Array]:
    """Evaluate a formula as it is, and for the same examples with all of them taken twice."""
    values = {}
    for name, value in numbers.world.values.items():
        axes = [at for at, each in enumerate(numbers.shapes[name]) if str(each) == batch]
        values[name] = np.tile(value, [2 if at in axes else 1 for at in range(value.ndim)])
    sizes = {**numbers.sizes, batch: 2 * numbers.sizes[batch]}
    once, found = numbers.at(formula), Numbers(sizes, numbers.shapes, values).at(formula)
    return once, found[tuple(slice(length) for length in once.shape)]
