"""Every formula and number of an explanation's JSON, worked out anew from its values.

The truth is what the printed equation does when entries of the value are moved: by NumPy, with no
part in it of what made the explanation. Each check counts what it has seen in `seen`.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from oracles import Array, World, matrix_transposed
from written import Numbers, shape, signed

from shapecalc.tree import leaf, leaves, with_marker

Json = Mapping[str, Any]
BY = 1e-5
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

    def __init__(self, step: Json, explanation: Json) -> None:
        self.step = step
        self.explanation = explanation
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

    # --- the truth ------------------------------------------------------------------------------

    @cached_property
    def value(self) -> Array:
        return self.numbers.world.values[self.step["wrt"]]

    @cached_property
    def output(self) -> Array:
        return self.numbers.world.values[self.step["output"]]

    def differences(self, name: str, use: int) -> Array:
        """Return how the output moves with each entry of one use of a name, by differences."""
        tree = self.numbers.tree(self.step["equation"])
        places = [at for at, each in enumerate(leaves(tree)) if each.name == name]
        marker = leaf(MARKED, self.numbers.shapes[name])
        moved = with_marker(tree, places[use], marker)
        point = self.numbers.world.values[name]

        def at(entries: Array) -> Array:
            values = {**self.numbers.world.values, MARKED: entries}
            return World(self.numbers.sizes, values).at(moved)

        columns = []
        for place in np.ndindex(point.shape):
            shift = np.zeros(point.shape)
            shift[place] = BY
            columns.append((at(point + shift) - at(point - shift)) / (2 * BY))
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

    def knows(self, text: str) -> bool:
        """Say whether all names in a text have numbers here."""
        names = set(re.findall(r"\bd?[A-Z]\w*|\bd[a-z]\w*\b", text)) - {self.dX}
        return names <= self.numbers.shapes.keys()

    # --- the whole step -------------------------------------------------------------------------

    def check(self, levels: Mapping[int, "Checker"]) -> None:
        """Work out the step and all its levels."""
        step = self.step
        told = {n for numbers, _ in step["left_out"] for n in numbers}
        found = [level["number"] for level in step["levels"]]
        self.require(sorted([*found, *told]) == [*range(1, 8)], "levels", (found, told))
        self.require(all(why for _, why in step["left_out"]), "left out", step["left_out"])
        for name, dims in step["shapes"]:
            size = self.numbers.world.values[name].shape
            self.require(self.numbers.size(dims) == size, "shape", name)
        equation = self.numbers.at(step["equation"])
        self.require(close(equation, self.output), "equation", step["equation"])
        self.require(close(self.numbers.at(step["formula"]), self.stored), "formula", step)
        sizes = re.match(r"at ([\w, ]+) = ([\d, ]+?)(?: and|$)", step["at"])
        if sizes:
            pairs = zip(sizes[1].split(", "), map(int, sizes[2].split(", ")), strict=True)
            self.require(dict(pairs) == self.numbers.sizes, "sizes", step["at"])
        for level in step["levels"]:
            levels[level["number"]](self, level)

    def check_whole(self) -> None:
        """Hold the gradient itself to the step, where there is no other."""
        formula, shape_of = self.explanation["formula"], self.explanation["shape"]
        self.require(close(self.numbers.at(formula), self.stored), "gradient", formula)
        self.require(self.numbers.size(shape_of) == self.stored.shape, "its shape", shape_of)

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

    def lengths(self, indexed: str, sizes: Sequence[int]) -> dict[str, int]:
        """Return how far the letters in `A1[p,q]` run; an index 0 has none."""
        found = INDICES.fullmatch(indexed)
        letters = found[2].split(",") if found else []
        return {e: n for e, n in zip(letters, sizes, strict=True) if not e.isdigit()}

    def ranges(self, level: Json) -> dict[str, int]:
        """Read how far letters run that no value has."""
        found = re.search(r"run that no value has: (.+?)\.(?: |$)", said(level))
        pairs = [each.split(" < ") for each in found[1].split(", ")] if found else []
        return {letter: self.numbers.number(dim) for letter, dim in pairs}

    def index_line(
        self, left: str, text: str, truth: Array, kind: str, ranges: Mapping[str, int]
    ) -> None:
        """Evaluate an index form at all places of what stands on its left."""
        lengths = self.lengths(left, truth.shape)
        found = self.numbers.form(text, lengths, ranges)
        self.require(close(found, truth.reshape(tuple(lengths.values()))), kind, f"{left} = {text}")


def said(level: Json) -> str:
    """Return the prose of a level."""
    return " ".join(block["text"] for block in level["blocks"] if block["kind"] == "prose")


# --- level 2 ------------------------------------------------------------------------------------


def place_of(entry: str) -> tuple[int, ...]:
    """Read the place in `A1[3,1]`."""
    found = INDICES.fullmatch(entry)
    return tuple(map(int, found[2].split(","))) if found else ()


def entries(step: Step, level: Json) -> None:
    """Every product and the sum, what stands still, and the sum in general."""
    told = step.ranges(level)
    for block in level["blocks"]:
        if block["kind"] == "numbers":
            step.matrices(block)
        elif block["kind"] == "lines":
            for text, _ in block["lines"]:
                step.index_line(block["left"], text, step.stored, "sum in general", told)
        elif block["kind"] == "moves":
            _moves(step, block)


def _moves(step: Step, block: Json) -> None:
    place = place_of(block["of"])
    at_entry: Any = (..., *place)
    slopes = np.asarray(step.jacobian[at_entry])
    seen = np.zeros(slopes.shape)
    for move in block["moves"]:
        at = place_of(move["entry"])
        seen[at] = move["slope"]
        step.require(close(step.numbers.form(move["slope_text"], {}), move["slope"]), "slope", move)
        if move["upstream_text"]:
            above = step.numbers.form(move["upstream_text"], {})
            step.require(close(above, move["upstream"]), "upstream", move)
        step.require(close(step.upstream[at], move["upstream"]), "upstream's value", move)
        step.require(close(move["slope"] * move["upstream"], move["product"]), "product", move)
    step.require(close(seen, slopes), "what moves", block["of"])
    still = re.search(r"(\d+)(?: of the (\d+))? entries|: (\d+) entr", block["still"])
    count = seen.size - len(block["moves"])
    if block["still"]:
        told = next(int(each) for each in re.findall(r"\d+", block["still"]))
        step.require(still and told == count, "how many stand still", block["still"])
    else:
        step.require(count == 0, "nothing stands still", block["of"])
    total = sum(move["product"] for move in block["moves"])
    step.require(close(total, block["total"]), "total", block["left"])
    step.require(close(step.stored[place_of(block["left"])], block["formula"]), "entry", block)
    step.require(close(block["total"], block["formula"]), "sum", block["left"])


# --- level 3 ------------------------------------------------------------------------------------


def whole(step: Step, level: Json) -> None:
    """The index form at every entry of the Jacobian, and each cell of the picture."""
    left, text = level["remark"].split(" = ", 1)
    above, below = re.fullmatch(r"∂(.+?)/∂(.+)", left).groups()  # type: ignore[union-attr]
    out, wrt = step.output.shape, step.value.shape
    lengths = step.lengths(above, out) | step.lengths(below, wrt)
    found = step.numbers.form(text, lengths, step.ranges(level))
    truth = step.jacobian.reshape(tuple(lengths.values()))
    step.require(close(found, truth), "index form", level["remark"])
    counted = re.search(r"(\([^()]*\)), here ([\d ×]+) = (\d+) entries", said(level))
    if counted:
        sizes = tuple(map(int, counted[2].split(" × ")))
        step.require(sizes == (*out, *wrt), "sizes of the Jacobian", counted[0])
        step.require(int(counted[3]) == step.jacobian.size, "its entries", counted[0])
    for block in level["blocks"]:
        if block["kind"] == "grid":
            _grid(step, block, text, lengths)


def _grid(step: Step, block: Json, text: str, lengths: Mapping[str, int]) -> None:
    by_column = [not block[side][0].endswith("[0,:]") for side in ("rows", "columns")]
    out, wrt = ((1, *shape)[-2:] for shape in (step.output.shape, step.value.shape))

    def laid(entries: Array) -> Array:
        full = entries.reshape((*out, *wrt))
        full = full.transpose((*((1, 0) if by_column[0] else (0, 1)), 2, 3))
        full = full.transpose((0, 1, *((3, 2) if by_column[1] else (2, 3))))
        return full.reshape((out[0] * out[1], wrt[0] * wrt[1]))

    cells = np.array(block["cells"])
    truth = laid(step.jacobian)
    step.require((np.abs(truth[~cells]) < 1e-6).all(), "empty cells", block["legend"])
    random = np.random.default_rng(3)
    values = {n: random.uniform(1, 2, v.shape) for n, v in step.numbers.world.values.items()}
    generic = Numbers(step.numbers.sizes, step.numbers.shapes, values)
    picks = any(sign in text for sign in ("one_hot", "==", "<", ">"))  # zero wherever they are
    numbers = step.numbers if picks else generic
    filled = sum(np.abs(numbers.form(term, lengths)) for _, term in signed(text))
    where = laid(np.asarray(filled)) > 0
    step.require((where <= cells).all(), "cells that are filled", block["legend"])
    if not picks:
        step.require((where == cells).all(), "cells, one by one", block["legend"])
    block_of = re.match(r"■ (.+?), (.+) × (.+), in each block", block["legend"][0])
    if block_of:
        name = block_of[1]
        effective = step.numbers.at(name.removesuffix("ᵀ"))
        effective = effective.T if name.endswith("ᵀ") else effective
        size = step.numbers.size((block_of[2], block_of[3]))
        step.require(effective.shape == size, "block's shape", block_of[0])
        count = truth.shape[0] // effective.shape[0]
        step.require(close(truth, np.kron(np.eye(count), effective)), "blocks", block_of[0])


# --- level 4 ------------------------------------------------------------------------------------


def walking(step: Step, level: Json) -> None:
    """Each line at each entry; the walk as a product of its factors."""
    told = step.ranges(level)
    for number, block in enumerate(level["blocks"]):
        if block["kind"] == "lines":
            for text, _ in block["lines"]:
                if number and block["left"] == step.dX:
                    step.require(close(step.numbers.at(text), step.stored), "formula", text)
                else:
                    step.index_line(block["left"], text, step.stored, "line", told)
        elif block["kind"] == "walked":
            _walked(step, block)


def _walked(step: Step, block: Json) -> None:
    made = None
    at = block["indices"][0]
    for edge, after in zip(block["edges"], block["indices"][1:], strict=True):
        ends = (edge["row"], edge["column"]) if edge["along"] else (edge["column"], edge["row"])
        step.require((at, after) == tuple(e or "0" for e in ends), "edge", edge)
        at = after
        factor = step.numbers.at(edge["factor"])
        factor = factor if edge["along"] else matrix_transposed(factor)
        made = factor if made is None else made @ factor
    result = step.numbers.at(block["result"])
    step.require(close(result, step.stored), "walk's result", block["result"])
    assert made is not None
    if made.shape == result.shape:  # else stacks are added up, which a walk does not show
        step.require(is_multiple(made, result), "walk's product", block["result"])
    parts = [part[1:-1].split(", ") for part in block["shapes"].split(" @ ")]
    inner = [(a[-1], b[-2]) for a, b in pairwise(parts)]
    step.require(all(one == other for one, other in inner), "walk's shapes", block["shapes"])
    ends_of = step.numbers.size((parts[0][-2], parts[-1][-1]))
    step.require(ends_of == result.shape[-2:], "walk's ends", block["shapes"])
