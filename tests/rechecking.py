"""Every formula and number of an explanation's JSON, worked out anew from its values.

The truth is what the printed equation does when entries of the value are moved: by NumPy, with no
part in it of what made the explanation. Each check counts what it has seen in `seen`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise, product
from typing import Any

import numpy as np
from oracles import Array, World, matrix_transposed
from sentences import Sentence, dims, read
from written import Numbers, product_in, shape, split_at_top

from shapecalc.tree import leaf, leaves, with_marker

Json = Mapping[str, Any]
BY = 1e-5
NONE = 1e-6
"""What differences leave of a slope that is 0."""
MARKED = "<moved>"
INDICES = re.compile(r"(.*)\[([^\[\]]*)\]")

Checker = Callable[["Step", Json], None]


def close(one: Any, other: Any) -> bool:
    """Say whether two arrays are one, but for what differences leave."""
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    scale = max(1.0, np.abs(other).max(initial=0))
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=0, atol=1e-5 * scale))


def is_multiple(one: Array, other: Array) -> bool:
    """Say whether two arrays are one but for a number in front."""
    if one.shape != other.shape:
        return False
    at = np.unravel_index(np.argmax(np.abs(other)), other.shape)
    return bool(one[at]) and close(one * (other[at] / one[at]), other)


class Step:
    """A step of an explanation: its numbers, and the truth about them."""

    def __init__(self, step: Json, document: Json) -> None:
        self.step = step
        self.document = document
        self.explanation = explanation = document["explanation"]
        self.level: Json = {}
        self.told: dict[str, str] = {}
        self.matrices_shown: list[Json] = []
        self.is_numerator = explanation["layout"] == "numerator"
        values = {v["name"]: np.reshape(v["entries"], v["size"]) for v in step["values"]}
        shapes = {v["name"]: shape(v["shape"]) for v in step["values"]}
        self.numbers = Numbers(dict(step["sizes"]), shapes, values)
        self.seen: Counter[str] = Counter()

    def require(self, holds: Any, kind: str, what: Any) -> None:
        """Fail where something that is printed is not so; else count it."""
        key = f"{self.step['output']}:{self.step['wrt']}:{self.step['use']}"
        assert holds, f"{key} {kind}: {what}"
        self.seen[kind] += 1

    def read(self, text: str, known: Sequence[Sentence]) -> None:
        """Check each sentence of a text. Raises where one is not known."""
        for check, blanks in read(text, known, self.names):
            if check is not None:
                check(self, *blanks)
            self.seen["sentences"] += 1

    def prose(self, known: Sequence[Sentence]) -> None:
        """Check each sentence of the level."""
        for block in self.level["blocks"]:
            if block["kind"] == "prose":
                self.read(block["text"], known)

    def formulas(self) -> list[str]:
        """Return the lines of the level."""
        blocks = [block for block in self.level["blocks"] if block["kind"] == "lines"]
        return [text for block in blocks for text, _ in block["lines"]]

    # --- the truth ------------------------------------------------------------------------------

    @cached_property
    def value(self) -> Array:
        return self.numbers.world.values[self.step["wrt"]]

    @cached_property
    def output(self) -> Array:
        return self.numbers.world.values[self.step["output"]]

    def output_at(self, name: str, use: int, entries: Array) -> Array:
        """Return the output where one use of a name has other entries."""
        tree = self.numbers.tree(self.step["equation"])
        places = [at for at, each in enumerate(leaves(tree)) if each.name == name]
        moved = with_marker(tree, places[use], leaf(MARKED, self.numbers.shapes[name]))
        values = {**self.numbers.world.values, MARKED: entries}
        return World(self.numbers.sizes, values).at(moved)

    def differences(self, name: str, use: int) -> Array:
        """Return how the output moves with each entry of one use of a name, by differences."""
        point = self.numbers.world.values[name]
        columns = []
        for place in np.ndindex(point.shape):
            shift = np.zeros(point.shape)
            shift[place] = BY
            ahead, behind = (self.output_at(name, use, point + by) for by in (shift, -shift))
            columns.append((ahead - behind) / (2 * BY))
        return np.stack(columns, axis=-1).reshape(self.output.shape + point.shape)

    @cached_property
    def jacobian(self) -> Array:
        """Return ∂Y/∂X, the axes of Y first."""
        return self.differences(self.step["wrt"], self.step["use"])

    @cached_property
    def upstream(self) -> Array:
        """Return the upstream in the shape of the output."""
        name = self.step["upstream"]
        found = self.numbers.world.values[name] if name else np.ones(())
        return matrix_transposed(found) if self.is_numerator else found

    def pulled(self, jacobian: Array) -> Array:
        """Contract the upstream with a Jacobian."""
        return np.asarray(np.tensordot(self.upstream, jacobian, axes=self.upstream.ndim))

    @cached_property
    def gradient(self) -> Array:
        """Return the gradient in the shape of its value."""
        return self.pulled(self.jacobian)

    @cached_property
    def stored(self) -> Array:
        """Return the gradient as the layout of the spec stores it."""
        return matrix_transposed(self.gradient) if self.is_numerator else self.gradient

    @property
    def dX(self) -> str:
        return str(self.explanation["gradient"])

    @property
    def X(self) -> str:
        return str(self.step["wrt"])

    @property
    def Y(self) -> str:
        return str(self.step["output"])

    @property
    def loss(self) -> str:
        found = re.search(r" is ∂(\S+)/∂", self.step["note"])
        return str(self.document["loss"] or (found and found[1]))

    @cached_property
    def names(self) -> dict[str, str]:
        """Return the names that sentences have."""
        dY = self.step["upstream"] or "1"
        names = {"X": self.X, "Y": self.Y, "dX": self.dX, "dY": dY, "J": self.loss}
        return {**names, "m": str(self.document["batch"])}

    def dims(self, name: str) -> list[str]:
        """Return the dims of a value."""
        return [str(dim) for dim in self.numbers.shapes[name]]

    # --- diagonals ------------------------------------------------------------------------------

    def block_of(self, one: int, other: int, jacobian: Array | None = None) -> Array | None:
        """Return the blocks along a diagonal, last axis first of all; None where it is none."""
        found = self.jacobian if jacobian is None else jacobian
        axes = one, self.output.ndim + other
        if found.shape[axes[0]] != found.shape[axes[1]]:
            return None
        apart = np.moveaxis(found, axes, (0, 1))
        away = ~np.eye(apart.shape[0], dtype=bool)
        return None if np.abs(apart[away]).max(initial=0) > NONE else np.diagonal(apart)

    def diagonals(self, dim: str, jacobian: Array | None = None) -> Iterator[Array]:
        """Yield the blocks on each diagonal along a dim."""
        axes = [[at for at, d in enumerate(self.dims(n)) if d == dim] for n in (self.Y, self.X)]
        for one, other in product(*axes):
            if (found := self.block_of(one, other, jacobian)) is not None:
                yield found

    # --- the whole step -------------------------------------------------------------------------

    def check(self, levels: Mapping[int, "Checker"]) -> None:
        """Work out the step and all its levels."""
        step = self.step
        told = {n for numbers, _ in step["left_out"] for n in numbers}
        found = [level["number"] for level in step["levels"]]
        self.require(sorted([*found, *told]) == [*range(1, 8)], "levels", (found, told))
        self.require(all(why for _, why in step["left_out"]), "left out", step["left_out"])
        for name, axes in step["shapes"]:
            size = self.numbers.world.values[name].shape
            self.require(self.numbers.size(axes) == size, "shape", name)
        shape_of = self.explanation["shape"]
        self.require(self.document["shapes"][self.dX] == shape_of, "the gradient's shape", shape_of)
        self.require(self.numbers.size(shape_of) == self.stored.shape, "its size", shape_of)
        equation = self.numbers.at(step["equation"])
        self.require(close(equation, self.output), "equation", step["equation"])
        self.require(close(self.numbers.at(step["formula"]), self.stored), "formula", step)
        sizes = re.match(r"at ([\w, ]+) = ([\d, ]+?)(?: and|$)", step["at"])
        if sizes:
            pairs = zip(sizes[1].split(", "), map(int, sizes[2].split(", ")), strict=True)
            self.require(dict(pairs) == self.numbers.sizes, "sizes", step["at"])
        for level in step["levels"]:
            self.level = level
            levels[level["number"]](self, level)

    def check_whole(self) -> None:
        """Hold the gradient itself to the step, where there is no other."""
        formula = self.explanation["formula"]
        self.require(close(self.numbers.at(formula), self.stored), "gradient", formula)

    def conform(self, formula: str, shapes: str) -> None:
        """Hold printed shapes of factors to the factors, and to each other."""
        parts = split_at_top(product_in(formula), " @ ")
        own = [[str(dim) for dim in self.numbers.tree(part).shape] for part in parts]
        told = [dims(each) for each in shapes.split(" @ ")]
        self.require(told == own, "shapes of factors", (told, own))
        self.require(all(a[-1] == b[-2] for a, b in pairwise(told)), "factors conform", shapes)

    # --- blocks ---------------------------------------------------------------------------------

    def boxes(self, block: Json) -> None:
        """Hold boxes to their dims, their values to their sizes, their signs to what they make."""
        drawn = block["boxes"]
        values = []
        for box in drawn:
            size = tuple(box["size"])
            self.require(self.numbers.size(box["dims"]) == size, "box size", box)
            name = box["name"].removesuffix(", repeated")
            value = self.stored if name == self.dX else self.numbers.at(name)
            if name == box["name"]:
                rows = value.reshape((1, -1)) if value.ndim == 1 else value
                self.require(rows.shape == size, "box of a value", box)
            values.append(value)
        signs = block["signs"]
        self.require(not block["clash"] or signs == ["@"], "signs", signs)
        for left, sign, right in zip(drawn, signs, drawn[1:], strict=False):
            if sign == "@":
                inner = left["dims"][1], right["dims"][0]
                is_clash = bool(block["clash"])
                self.require((inner[0] == inner[1]) != is_clash, "inner dims", block)
                if is_clash:
                    self.require(block["clash"] == f"{inner[0]} ≠ {inner[1]}", "clash", block)
        if "=" in signs and signs.index("=") == len(signs) - 1:
            made = values[0]
            for sign, value in zip(signs, values[1:-1], strict=False):
                made = made @ value if sign == "@" else made * value
            self.require(close(made, values[-1]), "boxes' product", block)

    def matrices(self, block: Json) -> None:
        """Hold shown numbers to the values."""
        for each in block["matrices"]:
            entries = np.reshape(each["entries"], each["size"])
            value = self.numbers.world.values[each["name"]]
            self.require(close(entries, value), "shown numbers", each["name"])
            self.require(each["shape"] == self.dims(each["name"]), "shown shape", each["name"])

    def lengths(self, indexed: str, sizes: Sequence[int]) -> dict[str, int]:
        """Return how far the letters in `A1[p,q]` run; an index 0 has none."""
        found = INDICES.fullmatch(indexed)
        letters = found[2].split(",") if found else []
        pairs = zip(letters, sizes, strict=True)
        self.require(all((e == "0") == (n == 1) for e, n in pairs), "indices", indexed)
        return {e: n for e, n in zip(letters, sizes, strict=True) if not e.isdigit()}

    def ranges(self) -> dict[str, int]:
        """Read how far letters run that no value has."""
        text = " ".join(each["text"] for each in self.level["blocks"] if each["kind"] == "prose")
        found = re.search(r"run that no value has: (.+?)\.(?: |$)", text)
        pairs = [each.split(" < ") for each in found[1].split(", ")] if found else []
        return {letter: self.numbers.number(dim) for letter, dim in pairs}

    def index_line(self, left: str, text: str, truth: Array, kind: str) -> None:
        """Evaluate an index form at all places of what stands on its left."""
        self.require(left.partition("[")[0] == self.dX, "left side", left)
        lengths = self.lengths(left, truth.shape)
        found = self.numbers.form(text, lengths, self.ranges())
        self.require(close(found, truth.reshape(tuple(lengths.values()))), kind, f"{left} = {text}")


def are_same(blocks: Array) -> bool:
    """Say whether all entries along the last axis are one."""
    return bool(np.abs(blocks - blocks[..., :1]).max(initial=0) < BY)


def are_one(step: Step, name: str, dim: str) -> None:
    """Add up the entries of a value along an axis."""
    value = step.numbers.at(name)
    axes = [at for at, each in enumerate(step.numbers.tree(name).shape) if str(each) == dim]
    step.require(
        any(close(value.sum(axis=at), 1 + 0 * value.sum(axis=at)) for at in axes), "1, in all", name
    )
