"""Read an index form as a reader does, `Σa A[i,a] δ[a,p] / norm(x)`, and evaluate all its entries.

A letter that is an index is that index wherever it stands, so one that is also the name of a value
or of a dim gives another number than was meant.
"""

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import shapecalc.ops

Grid = NDArray[Any]
_LABEL = re.compile(r"[a-z]\d*")
_BETWEEN = {"@", "*", "/", "<", "<=", ">", ">=", "==", "!="}
_INDEXED = re.compile(r"(.+?)\[([^\[\]]*)\]")


class Names(dict[str, Any]):
    """What names stand for; what is not given is NumPy's, or an op that NumPy lacks."""

    def __missing__(self, name: str) -> Any:
        return getattr(np, name) if hasattr(np, name) else getattr(shapecalc.ops, name)


class Entry(NamedTuple):
    """Names, and for each index the numbers that it counts through, along an axis of its own."""

    names: Mapping[str, Any]
    labels: Mapping[str, Grid]

    def at(self, text: str) -> Grid:
        """Evaluate what stands between brackets: `p`, `0`, `2*a+b-1 mod 3`."""
        form, _, size = text.partition(" mod ")
        found = np.asarray(eval(form, {}, Names({**self.names, **self.labels})))
        return found % int(size) if size else found


def pieces(text: str, marks: str) -> Iterator[str]:
    """Split a text at spaces and marks that stand in no bracket; the marks are pieces too."""
    depth, start = 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if depth == 0 and sign in marks:
            yield text[start:place]
            yield sign
            start = place + 1
    yield text[start:]


def terms_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """Split a sum at `+` and `-` with spaces around them, or at its start."""
    sign = 1
    words: list[str] = []
    for piece in pieces(text, " "):
        if piece in ("+", "-") and words:
            yield sign, words
            sign, words = (1 if piece == "+" else -1), []
        elif piece.strip():
            words.append(piece)
    yield sign, words


def factor(word: str, entry: Entry) -> Grid:
    """Evaluate one factor: a number, a delta, a mask, a value with or without indices."""
    base, exponent = powered(word)
    if base.startswith("["):
        return np.asarray(entry.at(base[1:-1].replace("≤", "<=").replace("≥", ">=")), dtype=float)
    if base in entry.labels:
        return np.asarray(entry.labels[base] ** exponent)
    if base.startswith("(") and len(factors := list(terms_of(base[1:-1]))) == 1:
        words = factors[0][1]
        if len(words) > 1 and not set(words) & _BETWEEN:
            return np.asarray(math.prod(factor(each, entry) for each in words) ** exponent)
    found = _INDEXED.fullmatch(base)
    if found is None:
        return np.asarray(eval(base, {}, Names(entry.names))) ** exponent
    places = [entry.at(each) for each in found[2].split(",")]
    if found[1] == "δ":
        return np.asarray(places[0] == places[1], dtype=float)
    value = np.asarray(eval(found[1], {}, Names(entry.names)))
    return np.asarray(value[tuple(places)], dtype=float) ** exponent


def powered(word: str) -> tuple[str, float]:
    """Split `x[p]**2` into what is raised and the exponent."""
    parts = word.split("**")
    ends = [place for place in range(1, len(parts)) if _is_closed("**".join(parts[:place]))]
    if not ends:
        return word, 1
    base = "**".join(parts[: ends[-1]])
    return base, float(eval("**".join(parts[ends[-1] :]), {}, {}))


def _is_closed(text: str) -> bool:
    return all(text.count(left) == text.count(right) for left, right in ("()", "[]"))


def counted(word: str, names: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Say of the indices of a value how far they count: as far as its axes."""
    found = _INDEXED.fullmatch(powered(word)[0])
    if found is None or found[1] == "δ":
        return
    value = np.asarray(eval(found[1], {}, Names({**names})))
    for axis, label in enumerate(found[2].split(",")):
        if label.isidentifier():
            yield label, value.shape[axis]


def product(words: list[str], free: Mapping[str, int], names: Mapping[str, Any]) -> Grid:
    """Multiply the factors of a term, and sum over its other indices."""
    summed: list[str] = []
    if words[0].startswith("Σ"):
        summed = _LABEL.findall(words[0][1:])
        words = words[1:]
    sizes = dict(pair for word in words if word != "/" for pair in counted(word, names))
    most = max([*free.values(), 1]) ** 2
    every = {**free, **{label: sizes.get(label, most) for label in summed}}
    axes = itertools.count()
    labels = {
        label: np.arange(size).reshape([-1 if axis == at else 1 for at in range(len(every))])
        for (label, size), axis in zip(every.items(), axes, strict=False)
    }
    entry = Entry(names, labels)
    total, divides = np.ones([1] * len(every)), False
    for word in words:
        if word == "/":
            divides = True
            continue
        value = factor(word, entry)
        with np.errstate(divide="ignore"):
            total = total / value if divides else total * value
        divides = False
    whole = np.broadcast_to(total, tuple(every.values()))
    return np.asarray(whole.sum(axis=tuple(range(len(free), len(every)))))


def entries(left: str, text: str, shape: tuple[int, ...], names: Mapping[str, Any]) -> Grid:
    """Evaluate `left = text` at all entries; the axes are those of `left` that have an index."""
    letters = [each for part in re.findall(r"\[([^\]]*)\]", left) for each in part.split(",")]
    free = {label: size for label, size in zip(letters, shape, strict=True) if label != "0"}
    found = np.zeros(tuple(free.values()))
    for sign, words in terms_of(text):
        is_minus = words[0].startswith("-") and len(words[0]) > 1
        unsigned = [words[0][1:], *words[1:]] if is_minus else words
        found = found + (-sign if is_minus else sign) * product(unsigned, free, names)
    return found
