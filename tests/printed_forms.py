"""What `derive` prints, evaluated as it stands: NumPy texts, the index form, the vec form.

Each comes out as ∂Y/∂X contracted with upstream gradients, an axis for which is in front.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from math import prod
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from oracles import World, tree_of

import shapecalc.ops
from shapecalc.calculus.vecforms import IDENTITIES
from shapecalc.ops import OPS
from shapecalc.records import Derived, LaidOut
from shapecalc.tree import Tree

Array = NDArray[np.float64]
Operand = tuple[list[str], Array]
SIGNS = ("+", "-", "*", "/", "@", "<", ">", "<=", ">=", "==", "!=")
MOST_ENTRIES = 3_000_000  # of one term of the index form


class NotRead(Exception):
    """A printed form that is not read back here."""


class Place(NamedTuple):
    """Where a derivative is evaluated."""

    shapes: str  # as in oracles: `A=m,n x=`
    sizes: Mapping[str, int]
    values: Mapping[str, Array]
    output: Array
    upstreams: Array  # some of the shape of the output, in front their number
    order: Literal["F", "C"] = "F"  # of the stacks in the vec form

    def names(self, found: Derived) -> dict[str, Any]:
        """Return what the names of printed NumPy mean."""
        names: dict[str, Any] = {op: getattr(shapecalc.ops, op) for op in OPS}
        names |= {"np": np, **self.sizes, **self.values}
        for name, whole in found.where:
            names[name] = _run(whole.numpy, names)
        return names

    def at(self, text: str, found: Derived) -> Array:
        """Evaluate a part of a formula in the language of specs, by the bodies of the ops."""
        output = f"{found.output}={','.join(found.output_shape).replace(' ', '')}"
        tree: Tree = tree_of(text, f"{self.shapes} {output}")
        return World(self.sizes, {**self.values, found.output: self.output}).at(tree)


def _run(text: str, names: dict[str, Any]) -> Any:
    with np.errstate(all="ignore"):
        return eval(text, {}, names)


def size_of(shape: tuple[str, ...], sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Evaluate a shape that is printed with the names of its dims."""
    return tuple(eval(dim.replace("floor(", "int("), {}, dict(sizes)) for dim in shape)


def gradients(found: Derived, place: Place) -> Iterator[tuple[str, Array]]:
    """Yield what each printed form makes of the upstream gradients, in the variable's shape."""
    own = place.values[found.wrt].shape
    for layout in ("numerator", "denominator"):
        laid: LaidOut = getattr(found, layout)
        if laid.formula is not None:
            result = np.asarray(_run(laid.formula.numpy, place.names(found)), dtype=float)
            assert result.shape == size_of(laid.shape, place.sizes), (layout, laid)
            yield layout, _contracted(_as_jacobian(result, found, layout), place, own)
    with suppress(NotRead):
        yield "index form", _contracted(_of_index_form(found, place), place, own)
    if found.vec is not None:
        yield "vec form", _of_vec_form(found.vec, found, place)


def _as_jacobian(result: Array, found: Derived, layout: str) -> Array:
    """Turn a formula in a layout into an array with the output's axes in front."""
    of, by = found.kinds
    if layout == "numerator" and of == "scalar" and by != "scalar" and result.ndim > 1:
        return np.swapaxes(result, -1, -2)
    if layout == "denominator" and of != "scalar":
        return result.T
    return result


def _contracted(jacobian: Array, place: Place, own: tuple[int, ...]) -> Array:
    count = len(place.upstreams)
    flat = jacobian.reshape(place.output.size, -1)
    return np.asarray((place.upstreams.reshape(count, -1) @ flat).reshape(count, *own))


def change(found: Derived, place: Place, direction: Array) -> Array:
    """Return the change of the output by a change of the variable, as it is printed."""
    assert found.differential is not None
    names = place.names(found) | {f"d{found.wrt}": direction}
    result = np.asarray(_run(found.differential.numpy, names), dtype=float)
    assert result.shape == place.output.shape, found.differential.numpy
    return result


# --- the index form: `Σa 2 A[i,a] δ[a,p] / (n s)` -------------------------------------------------


def _of_index_form(found: Derived, place: Place) -> Array:
    left = re.fullmatch(r"∂\w+?(\[.*\])?/∂\w+?(\[.*\])?", found.left)
    assert left is not None, found.left
    free = [each for part in left.groups() if part for each in part[1:-1].split(",")]
    sizes = (*place.output.shape, *place.values[found.wrt].shape)
    known = {letter: size for letter, size in zip(free, sizes, strict=True) if letter != "0"}
    total = np.zeros(list(known.values()))
    for sign, term in _split(found.index_form, (" + ", " - ")):
        if term != "0":
            total = total + sign * _term(term, known, found, place)
    return total.reshape(place.output.shape + place.values[found.wrt].shape)


def _term(text: str, free: Mapping[str, int], found: Derived, place: Place) -> Array:
    sign, text = (-1.0, text[1:]) if text.startswith("-") else (1.0, text)
    summed: list[str] = []
    if text.startswith("Σ"):
        letters, _, text = text[1:].partition(" ")
        summed = re.findall(r"[a-z]\d*", letters)
    operands: list[Operand] = []
    conditions: list[str] = []
    for part, power in _factors(text):
        if part.startswith(("δ[", "[")):
            conditions.append(part)
        else:
            labels, values = _factor(part, found, place)
            operands.append((labels, values if power == 1 else 1 / values))
    sizes = dict(free)
    for labels, values in operands:
        sizes |= dict(zip(labels, values.shape, strict=True))
    axes = [*free, *summed]
    known = all(letter in sizes for letter in axes)
    if not known or prod(sizes[letter] for letter in axes) > MOST_ENTRIES:
        raise NotRead(text)
    sized = {letter: sizes[letter] for letter in axes}
    operands += [_condition(condition, sized, place) for condition in conditions]
    operands += [([letter], np.ones(size)) for letter, size in sized.items()]
    return sign * _contraction(operands, axes, len(free))


def _factors(text: str) -> Iterator[tuple[str, int]]:
    """Yield the factors of a term, and whether they multiply or divide it."""
    above, *below = [side for _, side in _split(text, (" / ",))]
    assert len(below) < 2, f"two quotients in a row: {text}"
    yield from ((part, 1) for _, part in _split(above, (" ",)))
    for side in below:
        parts = [part for _, part in _split(_in_parentheses(side) or side, (" ",))]
        if any(part in SIGNS for part in parts):
            parts = [side]
        assert len(parts) == 1 or _in_parentheses(side), f"more than one divisor: {text}"
        yield from ((part, -1) for part in parts)


def _contraction(operands: list[Operand], axes: list[str], free: int) -> Array:
    numbers = {letter: number for number, letter in enumerate(axes)}
    given: list[Any] = []
    for labels, values in operands:
        given += [values, [numbers[letter] for letter in labels]]
    if not given:
        return np.asarray(1.0)
    return np.asarray(np.einsum(*given, list(range(free)), optimize=len(operands) > 4))


def _factor(text: str, found: Derived, place: Place) -> tuple[list[str], Array]:
    """Evaluate a factor with its indices and its power."""
    bare = _in_parentheses(text)
    if bare is not None:
        return [], place.at(bare, found)
    parts = [part for _, part in _split(text, ("**",))]
    name, _, power = text.rpartition("**") if len(parts) > 1 else (text, "", "")
    if re.search(r"[a-z]", power):
        name, power = text, ""
    split = re.fullmatch(r"(.*?)(?:\[([a-z0-9,]*)\])?", name)
    assert split is not None
    name, indices = split.groups()
    values = place.at(_in_parentheses(name) or name, found)
    if power:
        values = values ** float(eval(power))
    letters = [] if indices is None else indices.split(",")
    if len(letters) != values.ndim:
        raise AssertionError(f"{text} has {values.ndim} axes")
    kept = [letter for letter in letters if letter != "0"]
    return kept, values.reshape([s for s, a in zip(values.shape, letters, strict=True) if a != "0"])


def _condition(text: str, sizes: Mapping[str, int], place: Place) -> tuple[list[str], Array]:
    """Evaluate `δ[p,2*i+a]`, `δ[p,i+2 mod n]` or `[p ≤ i]`; a letter is an index, if it is one."""
    used = [letter for letter in sizes if re.search(rf"\b{letter}\b", text)]
    grids = np.indices([sizes[letter] for letter in used])
    names: dict[str, Any] = {"np": np, **place.sizes, **dict(zip(used, grids, strict=True))}

    def value(part: str) -> Any:
        return eval(part.replace("floor(", "np.floor("), {}, names)

    inner = text[text.index("[") + 1 : -1]
    if text.startswith("["):
        left, right = inner.split(" ≤ ")
        holds = value(left) <= value(right)
    else:
        left, _, right = inner.partition(",")
        right, _, around = right.partition(" mod ")
        counted = value(right) % value(around) if around else value(right)
        holds = value(left) == counted
    return used, np.asarray(holds, dtype=float) * np.ones([sizes[letter] for letter in used])


def _in_parentheses(text: str) -> str | None:
    """Return what one pair of parentheses holds, if a text is one."""
    if not text.startswith("("):
        return None
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if not depth:
            return text[1:-1] if place == len(text) - 1 else None
    return None


def _split(text: str, signs: tuple[str, ...]) -> Iterator[tuple[float, str]]:
    """Split outside all brackets; each part with the sign in front of it."""
    depth, start, place, sign = 0, 0, 0, 1.0
    while place < len(text):
        depth += (text[place] in "([") - (text[place] in ")]")
        here = next((each for each in signs if not depth and text.startswith(each, place)), None)
        if here is None:
            place += 1
            continue
        yield sign, text[start:place]
        sign = -1.0 if here == " - " else 1.0
        place = start = place + len(here)
    yield sign, text[start:]


# --- the vec form: `vec(dY) = (B.T ⊗ A) vec(dX)` --------------------------------------------------


def _of_vec_form(text: str, found: Derived, place: Place) -> Array:
    """Contract the upstream gradients, stacked, with the matrix of the form."""
    own = place.values[found.wrt].shape
    whole = re.fullmatch(rf"vec\(d{found.output}\) = (.*) vec\(d{found.wrt}\)", text)
    assert whole is not None, text
    matrix = _sum(whole[1], found, place)
    stacked = [each.ravel(place.order) @ matrix for each in place.upstreams]
    return np.stack([each.reshape(own, order=place.order) for each in stacked])


def _sum(text: str, found: Derived, place: Place) -> Array:
    inner = _in_parentheses(text)
    if inner is not None and len(list(_split(inner, (" ⊗ ",)))) == 1:
        text = inner
    rows, columns = place.output.size, place.values[found.wrt].size
    total = np.zeros((rows, columns))
    for sign, term in _split(text, (" + ", " - ")):
        first = term.removeprefix("-")
        product = np.eye(columns) * (sign if first == term else -sign)
        for _, part in reversed(list(_split(first, (" ",)))):
            product = _item(part, found, place) @ product
        total = total + product
    return total


def _item(text: str, found: Derived, place: Place) -> Array:
    """Evaluate `(A ⊗ B)`, `K`, `I`, `diag(vec(A))` or a number."""
    own = place.values[found.wrt].shape
    columns = int(np.prod(own))
    if text == found.swap:
        places = np.arange(columns).reshape(own, order=place.order)
        return np.asarray(np.eye(columns)[places.T.ravel(place.order)])
    if text in IDENTITIES:
        return np.eye(columns)
    if text.startswith("inv(") and " ⊗ " in text:
        terms = _split(text[len("inv(") : -1], (" + ",))
        return np.asarray(np.linalg.inv(sum(_item(f"({term})", found, place) for _, term in terms)))
    if text.startswith("diag(vec("):
        return np.diag(place.at(text[len("diag(vec(") : -2], found).ravel(place.order))
    inner = _in_parentheses(text)
    if inner is None:
        return np.eye(columns) * place.at(text, found)
    sides = [side for _, side in _split(inner, (" ⊗ ",))]
    known = [None if each in IDENTITIES else place.at(each, found) for each in sides]
    left, right = known
    if left is None and right is not None:
        left = np.eye(columns // right.shape[1])
    if right is None and left is not None:
        right = np.eye(columns // left.shape[1])
    return np.asarray(np.kron(left, right))  # type: ignore[arg-type]


__all__ = ["NotRead", "Place", "change", "gradients", "size_of"]
