"""Random expressions over the whole op table, each with the shapes and the values of its names."""

import re
from collections.abc import Iterator, Mapping
from itertools import count
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from oracles import SIZES, Step, World, steps_of, tree_of
from oracles import shape as shape_of

from shapecalc.dims import Shape
from shapecalc.ops import OPS
from shapecalc.ops.indices import indices_in

Array = NDArray[np.float64]
DEEPEST = 6
OTHER = {"b": 3, "m": 4, "n": 6, "k": 2, "h": 9}
DIMS = tuple(SIZES)
SPELT = {
    "add": "A + B",
    "sub": "A - B",
    "mul": "A * B",
    "div": "A / B",
    "matmul": "A @ B",
    "neg": "-A",
    "transpose": "A.T",
}
"""How a person writes these; their operands are called so in the steps."""
LARGEST = 30.0  # of a part of an expression; more is drawn in by tanh
MOST_ENTRIES = 4_000  # of the derivative
RANKS = 2  # of nearly all parts


class Name(NamedTuple):
    """A name: its shape, where its entries are drawn from, and below what if they are places."""

    shape: Shape
    sign: int  # -1 where entries of both signs are drawn
    below: int | None = None
    is_mask: bool = False

    def drawn(self, sizes: Mapping[str, int], random: np.random.Generator) -> Array:
        """Draw its entries."""
        size = [dim.size(sizes) for dim in self.shape]
        if self.below is not None:
            return np.asarray(random.integers(0, self.below, size), dtype=float)
        entries = random.uniform(0.1, 0.9, size)
        if self.is_mask:
            return np.asarray(entries > 0.5, dtype=float)
        return np.asarray(entries * random.choice([1, self.sign], size))


class Part(NamedTuple):
    """An expression, its shape, the ops in it, and its value at the sizes of the oracles."""

    text: str
    shape: Shape
    ops: tuple[str, ...]
    depth: int
    value: Array


class Grown(NamedTuple):
    """A random expression with the names in it."""

    text: str
    wrt: str
    names: Mapping[str, Name]
    ops: tuple[str, ...]
    depth: int

    def shapes(self) -> tuple[tuple[str, str], ...]:
        """Return the shapes as they are given to `derive`; a name more for dims that have none."""
        listed = [(name, ",".join(map(str, each.shape))) for name, each in self.names.items()]
        known = {dim for each in self.names.values() for dims in each.shape for dim in dims.names}
        loose = [dim for dim in re.findall(r"\b[bmnkh]\b(?!=[^=])", self.text) if dim not in known]
        return (*listed, *((f"of_{dim}", dim) for dim in dict.fromkeys(loose)))

    def values(self, sizes: Mapping[str, int], seed: int) -> dict[str, Array]:
        """Draw the entries of all names."""
        random = np.random.default_rng(seed)
        return {name: each.drawn(sizes, random) for name, each in self.names.items()}


class Template(NamedTuple):
    """A step of the op table, with the shapes of its operands and of what comes out."""

    op: str
    step: Step
    operands: Mapping[str, Shape]
    output: Shape
    places: Mapping[str, int]  # operands that are places, and below what

    @property
    def rank(self) -> int:
        """Return the largest number of axes in it."""
        return max(len(shape) for shape in (*self.operands.values(), self.output))


def _templates() -> Iterator[Template]:
    for name, entry in OPS.items():
        for step in steps_of(entry):
            if step.shapes:
                tree = tree_of(*step)
                pairs = (each.split("=") for each in step.shapes.split())
                operands = {key: shape_of(dims) for key, dims in pairs}
                picked = {
                    place.name: min(dim.size(SIZES) for dim in dims)
                    for place, dims in indices_in([tree]).items()
                }
                yield Template(name, _spelt(name, step, operands), operands, tree.shape, picked)


def _spelt(name: str, step: Step, operands: Mapping[str, Shape]) -> Step:
    """Write a step with an operator, where there is one and its operands are called alike."""
    text = SPELT.get(name, "")
    return Step(text, step.shapes) if set(re.findall(r"\b[AB]\b", text)) == {*operands} else step


TEMPLATES = list(_templates())
OF_OP: dict[str, list[Template]] = {}
for _each in TEMPLATES:
    OF_OP.setdefault(_each.op, []).append(_each)
REACHED = tuple(OF_OP)


def expression(random: Random) -> Grown:
    """Draw an expression of depth 1 to 6, and one of its names."""
    while True:
        grower = _Grower(random)
        depth = random.randint(1, DEEPEST)
        made = grower.rooted(depth)
        names = {
            name: each
            for name, each in grower.names.items()
            if re.search(rf"\b{name}\b", made.text) is not None
        }
        free = [name for name, each in names.items() if each.below is None]
        fit = [
            name
            for name in free
            if _count(names[name].shape, SIZES) * _count(made.shape, SIZES) <= MOST_ENTRIES
        ]
        if fit:
            return Grown(made.text, random.choice(fit), names, made.ops, made.depth)


def _count(shape: Shape, sizes: Mapping[str, int]) -> int:
    return int(np.prod([dim.size(sizes) for dim in shape], dtype=int))


class _Grower:
    """Grows expressions of given shapes, from the root to the names."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.names: dict[str, Name] = {}
        self.values: dict[str, Array] = {}
        self.numbers = count(1)
        self.draws = np.random.default_rng(random.randrange(2**32))

    def rooted(self, depth: int) -> Part:
        """Grow an expression with any op of the table at its root."""
        while True:
            op = self.random.choice(REACHED)
            flat = [each for each in OF_OP[op] if each.rank <= RANKS]
            template = self.random.choice(flat or OF_OP[op])
            if self.random.random() < 0.1:
                template = self.random.choice(OF_OP[op])
            made = self._applied(template, {}, depth)
            if made is not None:
                return made

    def _applied(self, template: Template, dims: Mapping[str, str], depth: int) -> Part | None:
        """Apply an op to expressions; None where that has no finite value."""
        sizes = {name: SIZES[dims.get(name, name)] for name in DIMS}
        deep = self.random.choice(list(template.operands))
        operands: dict[str, Part] = {}
        for name, shape in template.operands.items():
            own = _renamed_shape(shape, dims)
            if any(dim.size(sizes) < 1 for sizes in (SIZES, OTHER) for dim in own):
                return None
            if name in template.places:
                operands[name] = self._name(own, below=template.places[name])
            elif template.op == "where" and name == "C":
                operands[name] = self._name(own, is_mask=True)
            else:
                least = depth - 1 if name == deep else self.random.choice((0, 0, depth - 1))
                operands[name] = self._part(own, least)
        value = _value(template.step, sizes, operands)
        if value is None:
            operands = {
                name: self._tamed(part, "sigmoid") if name not in template.places else part
                for name, part in operands.items()
            }
            value = _value(template.step, sizes, operands)
        if value is None:
            return None
        change = {**dims, **{name: _closed(part.text) for name, part in operands.items()}}
        made = Part(
            _substituted(template.step.text, change),
            _renamed_shape(template.output, dims),
            (template.op, *(op for part in operands.values() for op in part.ops)),
            1 + max(part.depth for part in operands.values()),
            value,
        )
        return self._tamed(made, "tanh") if np.max(np.abs(value), initial=0) > LARGEST else made

    def _tamed(self, part: Part, op: str) -> Part:
        value = np.tanh(part.value) if op == "tanh" else 1 / (1 + np.exp(-part.value))
        return Part(f"{op}({part.text})", part.shape, (op, *part.ops), part.depth + 1, value)

    def _part(self, shape: Shape, depth: int) -> Part:
        """Grow an expression of a shape."""
        if depth > 0:
            for _ in range(6):
                found = self._fitting(shape)
                made = None if found is None else self._applied(*found, depth)
                if made is not None:
                    return made
        known = [
            name
            for name, each in self.names.items()
            if each.shape == shape and each.below is None and not each.is_mask
        ]
        if known and self.random.random() < 0.5:
            return self._part_of(self.random.choice(known))
        return self._name(shape)

    def _fitting(self, shape: Shape) -> tuple[Template, Mapping[str, str]] | None:
        """Find an op whose output can have a shape, and what its dims are called then."""
        for _ in range(60):
            options = OF_OP[self.random.choice(REACHED)]
            template = self.random.choice(options)
            if template.rank > max(RANKS, len(shape)) and self.random.random() < 0.9:
                continue
            dims = _matched(template, shape, self.random)
            if dims is not None:
                return template, dims
        return None

    def _name(self, shape: Shape, *, below: int | None = None, is_mask: bool = False) -> Part:
        axes = sum(not dim.is_one for dim in shape)
        letter = "sxXTT"[min(axes, 4)]
        name = f"{letter}{next(self.numbers)}"
        sign = self.random.choice((1, 1, -1))
        self.names[name] = Name(shape, sign, below, is_mask)
        self.values[name] = self.names[name].drawn(SIZES, self.draws)
        return self._part_of(name)

    def _part_of(self, name: str) -> Part:
        return Part(name, self.names[name].shape, (), 0, self.values[name])


def _matched(template: Template, shape: Shape, random: Random) -> Mapping[str, str] | None:
    """Rename the dims of an op, so that its output has a shape; None where no names do."""
    if template.output == shape:
        return {}
    if len(template.output) != len(shape) or template.places:
        return None
    change: dict[str, str] = {}
    for own, wanted in zip(template.output, shape, strict=True):
        name, new = own.only_name, wanted.only_name
        if name is None or new is None:
            if own != wanted:
                return None
        elif change.setdefault(name, new) != new:
            return None
    if len(set(change.values())) < len(change):
        return None
    left = [dim for dim in DIMS if dim not in change.values()]
    random.shuffle(left)
    return {dim: change[dim] if dim in change else left.pop() for dim in DIMS}


def _renamed_shape(shape: Shape, dims: Mapping[str, str]) -> Shape:
    if not dims:
        return shape
    return shape_of(",".join(_substituted(str(dim), dims).replace(" ", "") for dim in shape))


def _substituted(text: str, change: Mapping[str, str]) -> str:
    """Put other texts for names, but for keywords and what is quoted."""
    pattern = re.compile(r"\"[^\"]*\"|(?<![\w.])[A-Za-z]\w*(?!\w|\s*=[^=])")
    return pattern.sub(lambda found: change.get(found[0], found[0]), text)


def _closed(text: str) -> str:
    """Put parentheses around all but names and calls."""
    found = re.match(r"\w+\(", text)
    if found is not None:
        depth = 0
        for place, sign in enumerate(text):
            depth += (sign in "([") - (sign in ")]")
            if sign == ")" and not depth:
                return text if place == len(text) - 1 else f"({text})"
    return text if re.fullmatch(r"\w+", text) else f"({text})"


def _value(step: Step, sizes: Mapping[str, int], operands: Mapping[str, Part]) -> Array | None:
    """Evaluate a step where the names of its dims have other sizes; None where it has no value."""
    values = {name: part.value for name, part in operands.items()}
    try:
        with np.errstate(all="ignore"):
            value = World(sizes, values).at(tree_of(*step))
    except (ValueError, IndexError, ZeroDivisionError, ArithmeticError, np.linalg.LinAlgError):
        return None
    return value if np.isfinite(value).all() else None


__all__ = ["DIMS", "OTHER", "REACHED", "Array", "Grown", "Name", "expression"]
