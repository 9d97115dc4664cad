"""Levels 6 and 7 of an explanation's JSON, worked out anew: adjoints, and all arrangements."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, permutations, product
from typing import Any

import numpy as np
from oracles import Array, matrix_transposed
from rechecking import Checker, Json, Step, close, is_multiple
from rechecking_entries import entries
from rechecking_layouts import layouts
from rechecking_naive import naive
from rechecking_walk import walking
from rechecking_whole import whole
from sentences import sentence
from written import Numbers, bare, product_in, split_at_top

COUNTED = re.compile(
    r"The (\d+) factors, .+?, have (\d+) arrangements\. For all sizes (\d+) conform"
)
ALIKE = re.compile(r"Where ([\w =]+) all (\d+) do, and the other (\d+) are wrong")
HERE = re.compile(r"At the sizes of this spec (\d+) run, by coincidence: (\d+) are wrong")
RIGHT = re.compile(
    r"conform(?:, |: \d+ right \()(.+?) and (?:its transpose )?(.+?)(?:\.( |$)|\), and)"
)
IMPOSTOR = re.compile(r"One that fits and is wrong: (.+?)\. (?:`|At|Where)")
WHOLE = re.compile(
    r"The \d+ factors, in any order and each transposed or not, have \d+ arrangements\. For all "
    r"sizes \d+ conform(?:, .+ and .+?\.|: \d+ right \(.+ and .+?\), "
    r"and \d+ wrong although they fit at every size\.(?: One that fits and is wrong: .+?\.)?)(?: "
    r"At the sizes of this spec \d+ run, by coincidence: \d+ are wrong\.)?(?: Where [\w =]+ all "
    r"\d+ do, and the other \d+ are wrong\.)? `check --step \S+` lists them\."
)
"""All that the level says."""


def random_like(truth: Array, seed: int) -> Array:
    """Draw an array of the same size."""
    return np.asarray(np.random.default_rng(seed).uniform(0.5, 2, truth.shape))


# --- level 6 ------------------------------------------------------------------------------------


def _first_order(step: Step, name: str, direction: str, Y: str, formula: str | None = None) -> None:
    step.require((name, Y) == (step.X, step.Y), "names", (name, Y))
    step.told["direction"] = direction
    if formula:
        numbers, along = _along(step, direction)
        step.require(close(numbers.product(formula), along), "to first order", formula)


def _along(step: Step, direction: str) -> tuple[Numbers, Array]:
    """Give the direction numbers; return how the output moves along it."""
    H = random_like(step.value, 11)
    numbers = step.numbers.with_value(direction, H, like=step.X)
    return numbers, np.tensordot(step.jacobian, H, axes=H.ndim)


def _no_inverse(step: Step, moved: str, upstream: str, direction: str, X: str, Y: str) -> None:
    """Put what a direction makes of the output in the place of the upstream."""
    numbers, along = _along(step, direction)
    names = (upstream, direction, X, Y)
    step.require(
        names == (step.step["upstream"], step.told["direction"], step.X, step.Y), "it", names
    )
    step.require(close(numbers.product(moved), along), "what is put", moved)
    back = step.numbers.with_value(upstream, along).at(step.step["formula"])
    step.require(not close(back, numbers.at(direction)), "no inverse", moved)


def _is_direction(step: Step, direction: str) -> None:
    step.require(direction == step.told["direction"], "direction", direction)


def _weighs(step: Step, loss: str, upstream: str) -> None:
    step.require(upstream == step.step["upstream"], "upstream", upstream)
    step.require(loss == step.loss, "the loss", loss)


MOVE = r"Move ([^\s,]+)(?:, in this use alone,)?"
LEVEL_6 = [
    sentence(rf"{MOVE} by any (\S+)\. To first order, (\S+) moves by", _first_order),
    sentence(rf"{MOVE} by any (\S+): to first order (\S+) moves by (.+)\.", _first_order),
    sentence(
        r"and (\S+) by the inner product ⟨ , ⟩ of (\S+) with that: entry times entry, added up\.",
        _weighs,
    ),
    sentence(r"For matrices that is a trace, tr\(<dY>ᵀ …\)\."),
    sentence(r"⊙ is \* here: entry times entry\."),
    sentence(r"for every (\S+), and so", _is_direction),
    sentence(r"for every (\S+); ⟨ , ⟩ is entry times entry, added up\. And so", _is_direction),
    sentence(
        r"What a linear map does to (\S+) on the one side of ⟨ , ⟩, its adjoint does to <dY> on "
        r"the other\. Adjoints reverse a chain, \(f∘g\)\* = g\*∘f\*: so backpropagation runs from "
        r"the loss to the start\.",
        _is_direction,
    ),
    sentence(
        r"An adjoint is no inverse and takes nothing back to what it was: put (.+) in the place "
        r"of (\S+), and what comes out is not (\S+)\. It says how much each entry of (\S+) "
        r"counts, by all the entries of (\S+) that it moves\.",
        _no_inverse,
    ),
]


def adjoint(step: Step, level: Json) -> None:
    """The derivative along a direction, and each inner product, on both sides."""
    step.prose(LEVEL_6)
    name = re.search(r"by any (\w+)", level["blocks"][0]["text"])
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
    text = level["blocks"][0]["text"]
    assert WHOLE.fullmatch(text), text
    counted, right = COUNTED.search(text), RIGHT.search(text)
    assert counted
    assert right
    key = re.search(r"`check --step (\S+)`", text)
    own = f"{step.Y}:{step.X}" + (f":{step.step['use']}" if step.step["use"] else "")
    step.require(key and key[1] == own, "the step's name", own)
    count, total, conform = map(int, counted.groups())
    factors = [bare(each) for each in split_at_top(product_in(right[1]), " @ ")]
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
        used = {str(dim) for each in shapes for dim in each}
        step.require({*alike[1].split(" = ")} == used, "which dims", alike[0])
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


def _wrapped(text: str, made: Array) -> Array:
    """Sum over the stacks as the right formula does."""
    found = re.fullmatch(r"sum\(.+, axis=(\d+|\([\d, ]+\))(, keepdims=True)?\)", text)
    return made if found is None else np.sum(made, axis=eval(found[1]), keepdims=bool(found[2]))


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
