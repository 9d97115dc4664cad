"""Levels 1 and 5 to 7 of an explanation's JSON, and what comes after its steps, worked out anew."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, permutations, product
from typing import Any

import numpy as np
from oracles import Array, matrix_transposed
from rechecking import (
    Checker,
    Json,
    Step,
    close,
    entries,
    is_multiple,
    said,
    walking,
    whole,
)
from written import Numbers, enclosed, is_enclosed, shape, split_at_top

from shapecalc.dims import Dim

KRONECKER = re.compile(r"vec\((\w+)\) = \((.+) ⊗ (.+)\)ᵀ vec\((\w+)\)\.")
OTHER = re.compile(r"but \S+ = (.+) has it (in front|last) \(--wrt (\S+) says")
COUNTED = re.compile(r"(\d+) arrangements of the (\d+) factors; for all sizes (\d+) conform")
ALIKE = re.compile(r"Where ([\w =]+) all (\d+) do, and the other (\d+) are wrong")
HERE = re.compile(r"At the sizes of this spec (\d+) run, by coincidence: (\d+) are wrong")
RIGHT = re.compile(
    r"conform(?:, |: \d+ right \()(.+?) and (?:its transpose )?(.+?)(?:\.( |$)|\), and)"
)
IMPOSTOR = re.compile(r"One that fits and is wrong: (.+?)\. (?:`|At|Where)")


def random_like(truth: Array, seed: int) -> Array:
    """Draw an array of the same size."""
    return np.asarray(np.random.default_rng(seed).uniform(0.5, 2, truth.shape))


# --- level 1 ------------------------------------------------------------------------------------


def naive(step: Step, level: Json) -> None:
    """The wrong product: its boxes, its shape, or its numbers and the gradient's beside them."""
    text = said(level)
    for block in level["blocks"]:
        if block["kind"] == "boxes":
            step.boxes(block)
    does = re.search(rf"This one does: {step.dX} = (.+?)(?: A fit|$)", text)
    if does:
        step.require(close(step.numbers.at(does[1]), step.stored), "this one does", does[0])
    alike = re.search(r"reads like (.+?), but that.+where ([\w =]+) both run", text)
    if alike and does:
        sizes = {**step.numbers.sizes, **dict.fromkeys(alike[2].split(" = "), 3)}
        square = step.numbers.at_sizes(sizes)
        made, right = square.at(alike[1]), square.at(does[1])
        step.require(made.shape == right.shape, "both run", alike[0])
        step.require(not close(made, right), "one is right", alike[0])
    shapes = re.search(
        r"reads like (.+), and that .+: it has the shape (\(.+\)), the gradient has (\(.+\))\.",
        text,
    )
    if shapes:
        sizes_of = [step.numbers.size(each[1:-1].split(", ")) for each in shapes.groups()[1:]]
        made = step.numbers.at(shapes[1])
        step.require(made.shape == sizes_of[0] != sizes_of[1], "its shape", shapes[0])
        step.require(step.stored.shape == sizes_of[1], "right shape", shapes[0])
    numbers = [block["matrices"] for block in level["blocks"] if block["kind"] == "numbers"]
    if numbers:
        _impostor(step, text, *numbers)


def _impostor(step: Step, text: str, given: Sequence[Json], made: Sequence[Json]) -> None:
    """Multiply the shown factors, and look at the entry that is told."""
    names = {each["name"]: np.reshape(each["entries"], each["size"]) for each in given}
    upstream, effective = names.values()
    wrong, right = (np.reshape(each["entries"], each["size"]) for each in made)
    step.require(close(wrong, upstream @ effective), "impostor", made[0]["name"])
    formula = made[1]["name"]
    if set(re.findall(r"[A-Za-z_]\w*", re.sub(r"\.m?T\b", "", formula))) <= names.keys():
        scope = dict(names)
        step.require(close(right, eval(formula, scope)), "right beside impostor", formula)
    told = re.search(r"At \[([\d,]+)\] the product has (\S+)\. But .* moves by (\S+) t", text)
    assert told
    place = tuple(map(int, told[1].split(",")))
    step.require(close(wrong[place], float(told[2])), "impostor's entry", told[0])
    step.require(close(right[place], float(told[3])), "right entry", told[0])
    step.require(not close(wrong[place], right[place]), "that differs", told[0])


# --- level 5 ------------------------------------------------------------------------------------


def layouts(step: Step, level: Json) -> None:
    """Both formulas, their shapes, the links with stacked entries, and the Kronecker product."""
    for block in level["blocks"]:
        if block["kind"] == "sides":
            _side(step, block["left"], matrix_transposed(step.gradient))
            _side(step, block["right"], step.gradient)
        elif block["kind"] == "lines":
            for text, shapes in block["lines"]:
                _chain(step, block["left"], text, shapes)
    text = said(level)
    both = re.search(r"transposed: (\(.+\)\.T) = (.+), by", text)
    if both:
        step.require(close(step.numbers.at(both[2]), step.gradient), "layout", both[2])
        turned = matrix_transposed(step.numbers.at(both[1][1:-3]))
        step.require(close(turned, step.gradient), "layout transposed", both[1])
    found = KRONECKER.search(text)
    if found:
        _kronecker(step, found)
    other = OTHER.search(text)
    if other:
        formula, place, name = other.groups()
        truth = step.pulled(step.differences(name, 0))
        step.require(close(step.numbers.at(formula), truth), "other factor", other[0])
        ends = split_at_top(formula, " @ ")
        end = ends[0 if place == "in front" else -1]
        step.require(end.startswith(step.step["upstream"]), "its upstream", other[0])


def _side(step: Step, lines: Sequence[str], truth: Array) -> None:
    *rows, shapes = lines[1:]
    formula = rows[-1].split(" = ", 1)[1].strip()
    step.require(close(step.numbers.at(formula), truth), "layout's formula", formula)
    made, *rest = shapes.split(" = ")
    dims = [each for each in made[1:-1].rstrip(",").split(", ") if each]
    step.require(step.numbers.size(dims) == truth.shape, "layout's shape", shapes)
    if rest:
        factors = [each[1:-1].split(", ") for each in rest[0].split(" @ ")]
        pairs = pairwise(factors)
        step.require(all(a[-1] == b[-2] for a, b in pairs), "factors conform", shapes)
        ends = step.numbers.size((factors[0][-2], factors[-1][-1]))
        step.require(ends == truth.shape[-2:], "factors make it", shapes)


def _chain(step: Step, left: str, text: str, shapes: str) -> None:
    """Hold each Jacobian to the next one in a chain, by names and by shapes."""
    links = re.findall(r"∂(\w+)/∂(\w+)", text)
    links = links if "vec(" not in text else [(b, a) for a, b in links]
    step.require(all(a[1] == b[0] for a, b in pairwise(links)), "links meet", text)
    ends = {links[0][0], links[-1][1]}
    step.require(step.step["wrt"] in ends and step.step["wrt"] in left, "links' ends", text)
    if not shapes:
        return
    chain, result = shapes.split(" → ")
    pairs = [each.split(", ") for each in enclosed(chain)]
    step.require(all(a[1] == b[0] for a, b in pairwise(pairs)), "links' shapes", shapes)
    step.require(f"({pairs[0][0]}, {pairs[-1][1]})" == result, "links' result", shapes)
    size = _stacked(
        step, next(e for e in result[1:-1].split(", ") if e != "1" or result == "(1, 1)")
    )
    step.require(size == step.value.size, "stacked size", shapes)


def _stacked(step: Step, text: str) -> int:
    """Read `km`, the size of a stacked value: a product of dims."""
    sizes = step.numbers.sizes
    if text.isalpha() and text not in sizes:
        return int(np.prod([sizes[letter] for letter in text]))
    return step.numbers.number(text)


def _kronecker(step: Step, found: Any) -> None:
    upstream = step.numbers.at(found[4])
    known = {e: step.numbers.product(e) for e in (found[2], found[3]) if e != "I"}
    one = next(iter(known.values()), None)
    size = upstream.size // one.shape[0] if one is not None else upstream.size
    left, right = (known.get(each, np.eye(size)) for each in (found[2], found[3]))
    made = np.kron(left, right).T @ upstream.ravel(order="F")
    step.require(close(made, step.gradient.ravel(order="F")), "Kronecker product", found[0])


# --- level 6 ------------------------------------------------------------------------------------


def adjoint(step: Step, level: Json) -> None:
    """The derivative along a direction, and each inner product, on both sides."""
    name = re.search(r"by any (\w+)", said(level))
    assert name
    H = random_like(step.value, 11)
    numbers = step.numbers.with_value(name[1], H, like=step.step["wrt"])
    along = np.tensordot(step.jacobian, H, axes=H.ndim)
    inner = float(np.sum(step.gradient * H))
    step.require(close(np.sum(step.upstream * along), inner), "adjoint", name[0])
    for block in level["blocks"]:
        for text, _ in block["lines"] if block["kind"] == "lines" else ():
            if block["left"].startswith("⟨"):
                step.require(close(numbers.scalar(block["left"]), inner), "left side", block)
                step.require(close(numbers.scalar(text), inner), "right side", text)
            elif block["left"] == step.dX:
                step.require(close(numbers.product(text), step.gradient), "adjoint's formula", text)
            elif " = ⟨" in text:
                one, other = text.split(" = ")
                step.require(close(numbers.scalar(one), inner), "derivative", text)
                step.require(close(numbers.scalar(other), inner), "its inner product", text)
            else:
                step.require(close(numbers.product(text), along), "derivative", text)


# --- level 7 ------------------------------------------------------------------------------------


def arrangements(step: Step, level: Json, dims: Mapping[str, int | None]) -> None:
    """Count all arrangements anew, by their dims and by their values."""
    text = said(level)
    counted, right = COUNTED.search(text), RIGHT.search(text)
    assert counted
    assert right
    total, count, conform = map(int, counted.groups())
    factors = [_bare(each) for each in split_at_top(_product_in(right[1]), " @ ")]
    step.require(len(factors) == count, "how many factors", factors)
    every = list(_arranged(len(factors)))
    shapes = [step.numbers.tree(each).shape[-2:] for each in factors]
    fitting = [each for each in every if _fits(shapes, each)]
    step.require(len(every) == total, "all arrangements", text)
    step.require(len(fitting) == conform, "those that conform", text)
    for formula, truth in ((right[1], step.gradient), (right[2], matrix_transposed(step.gradient))):
        step.require(is_multiple(step.numbers.at(formula), truth), "right one", formula)
    values = [step.numbers.at(each) for each in factors]
    good = 0
    for each in fitting:
        made = _wrapped(right[1], _multiplied(values, each))
        good += any(is_multiple(made, t) for t in (step.gradient, matrix_transposed(step.gradient)))
    told = re.search(r"(\d+) right \(.+?, and (\d+) wrong", text)
    expected = int(told[1]) if told else conform
    step.require(good == expected, "right ones", (good, text))
    if told:
        step.require(conform - good == int(told[2]), "wrong ones", text)
    impostor = IMPOSTOR.search(text)
    if impostor:
        wrong = step.numbers.at(impostor[1])
        same = [is_multiple(wrong, t) for t in (step.gradient, matrix_transposed(step.gradient))]
        step.require(not any(same), "impostor that fits", impostor[0])
    here = HERE.search(text)
    if here:
        sizes = {name: size for name, size in dims.items() if size is not None}
        run = [e for e in every if _fits([[d.size(sizes) for d in s] for s in shapes], e)]
        step.require(len(run) == int(here[1]), "those that run here", here[0])
        step.require(len(run) - good == int(here[2]), "of them wrong", here[0])
    alike = ALIKE.search(text)
    if alike:
        squares = [np.random.default_rng(n).uniform(-1, 1, (3, 3)) for n, _ in enumerate(factors)]
        one = next(each for each in fitting if _is_right(step, values, each))
        truth = _multiplied(squares, one)
        same = [any(close(_multiplied(squares, e), t) for t in (truth, truth.T)) for e in every]
        step.require(len(every) == int(alike[2]), "all at equal sizes", alike[0])
        step.require(same.count(False) == int(alike[3]), "wrong at equal sizes", alike[0])


def _arranged(count: int) -> Iterator[tuple[tuple[int, bool], ...]]:
    for order in permutations(range(count)):
        for turned in product((False, True), repeat=count):
            yield tuple(zip(order, turned, strict=True))


def _fits(shapes: Sequence[Sequence[Any]], each: tuple[tuple[int, bool], ...]) -> bool:
    """Say whether inner dims are the same."""
    known = [shapes[at][::-1] if turned else shapes[at] for at, turned in each]
    return all(one[1] == other[0] for one, other in pairwise(known))


def _multiplied(values: Sequence[Array], each: tuple[tuple[int, bool], ...]) -> Array:
    made: Array | None = None
    for at, turned in each:
        factor = matrix_transposed(values[at]) if turned else values[at]
        made = factor if made is None else made @ factor
    assert made is not None
    return made


def _is_right(step: Step, values: Sequence[Array], each: tuple[tuple[int, bool], ...]) -> bool:
    return is_multiple(_multiplied(values, each), step.gradient)


def _bare(text: str) -> str:
    text = text.removesuffix(".T").removesuffix(".mT")
    return text[1:-1] if is_enclosed(text) else text


def _product_in(text: str) -> str:
    """Return the product that a sum over stacks goes over."""
    found = re.fullmatch(r"sum\((.+), axis=(?:\d+|\([\d, ]+\))(?:, keepdims=True)?\)", text)
    return found[1] if found else text


def _wrapped(text: str, made: Array) -> Array:
    """Sum over the stacks as the right formula does."""
    found = re.fullmatch(r"sum\(.+, axis=(\d+|\([\d, ]+\))(, keepdims=True)?\)", text)
    return made if found is None else np.sum(made, axis=eval(found[1]), keepdims=bool(found[2]))


# --- what comes after the steps -----------------------------------------------------------------


def together(document: Json) -> int:
    """Work out how parts add up, at sizes that all steps share; return how many lines that were."""
    explanation = document["explanation"]
    shapes: dict[str, Sequence[Dim]] = {}
    for step in explanation["steps"]:
        shapes |= {name: shape(dims) for name, dims in step["shapes"]}
        shapes |= {each["name"]: shape(each["shape"]) for each in step["values"]}
        if step["upstream"]:
            shapes[step["output"]] = shapes[step["upstream"]]
    names = [n for step in explanation["steps"] for n, _ in step["sizes"]]
    names += [n for dims in shapes.values() for dim in dims for n in dim.names]
    sizes = {name: at + 2 for at, name in enumerate(dict.fromkeys(names))}
    random = np.random.default_rng(5)
    values = {
        name: random.uniform(0.2, 0.9, tuple(d.size(sizes) for d in dims))
        for name, dims in shapes.items()
    }
    numbers = Numbers(sizes, {n: tuple(d) for n, d in shapes.items()}, values)
    count = 0
    for block in explanation["together"]:
        if block["kind"] != "lines":
            continue
        if block["left"] == explanation["gradient"]:
            added = sum(numbers.at(part) for part in _formulas(explanation))
            for text, _ in block["lines"]:
                assert close(numbers.at(text), added), text
                count += 1
            assert close(numbers.at(explanation["formula"]), added), explanation["formula"]
        else:
            count += _fused(document, block, numbers)
    return count


def _formulas(explanation: Json) -> list[str]:
    return [step["formula"] for step in explanation["steps"]]


def _fused(document: Json, block: Json, numbers: Numbers) -> int:
    """Put the gradient above in by its own formula, and let the entries of a value add up to 1."""
    explanation = document["explanation"]
    (step,) = explanation["steps"]
    above = {
        each["gradient"].split(" = ", 1)[0]: each["gradient"].split(" = ", 1)[1]
        for each in document["choices"]
    }
    formula = above[step["upstream"]]
    for name in re.findall(r"[A-Za-z_]\w*", formula):
        if name not in numbers.shapes and name not in numbers.sizes:
            dims = numbers.shapes[step["upstream"]]
            size = tuple(d.size(numbers.sizes) for d in dims)
            shapes = {**numbers.shapes, name: dims}
            value = np.random.default_rng(9).uniform(0.2, 0.9, size)
            numbers = Numbers(numbers.sizes, shapes, {**numbers.world.values, name: value})
    given = re.search(r"the entries of (\w+) add up to 1", block["lines"][-1][1])
    if given:
        name = given[1]
        value = numbers.world.values[name]
        letters = block["left"].partition("[")[2][:-1].split(",")
        lines = " ".join(text for text, _ in block["lines"])
        indices = re.search(rf"Σ(\S+) {name}\[([^\]]+)\]", lines)
        assert indices
        axis = indices[2].split(",").index(indices[1])
        assert indices[1] not in letters
        numbers = numbers.with_value(name, value / value.sum(axis=axis, keepdims=True))
    numbers = numbers.with_value(step["upstream"], numbers.at(formula))
    truth = numbers.at(explanation["formula"])
    lengths = {
        e: n
        for e, n in zip(block["left"].partition("[")[2][:-1].split(","), truth.shape, strict=True)
        if not e.isdigit()
    }
    for text, _ in block["lines"]:
        found = numbers.form(text, lengths)
        assert close(found, truth.reshape(tuple(lengths.values()))), text
    return len(block["lines"])


def checkers(dims: Mapping[str, int | None]) -> Mapping[int, Checker]:
    """Return the check of each level, for a spec with these dims."""
    return {
        1: naive,
        2: entries,
        3: whole,
        4: walking,
        5: layouts,
        6: adjoint,
        7: lambda step, level: arrangements(step, level, dims),
    }
