"""Questions with numbers: one entry of a gradient, of small whole numbers, by hand.

Matrices are square in a product, where they can be: then wrong products have entries as well, and
an answer may be recognised as one of those.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from random import Random

from shapecalc.claims.worlds import domains_of
from shapecalc.records import Gradient, Step
from shapecalc.teach.quiz.formulas import reasons
from shapecalc.teach.quiz.network import Asked
from shapecalc.teach.quiz.numbers import CLOSE, integers
from shapecalc.teach.quiz.records import EntryKey, Matrix, Question
from shapecalc.tree import Leaf, leaves
from shapecalc.verify.evaluate import Evaluation, Point

Rows = list[list[float]]
ATTEMPTS = 20
_PRODUCT = re.compile(r"\w+(?:\.T)?(?: @ \w+(?:\.T)?)+")
_PLAIN = re.compile(r"sum\(\w+, axis=\d(?:, keepdims=True)?\)|\w+ \* \(\w+ > 0\)")


def entry_questions(asked: Asked, random: Random) -> Iterator[Question]:
    """Ask for one entry of each gradient that is a plain product, a sum, or masked."""
    steps = list(asked.steps)
    random.shuffle(steps)
    for step in steps:
        formula = _gradient(asked, step).formula.text
        if _PRODUCT.fullmatch(formula) or _PLAIN.fullmatch(formula):
            for _ in range(ATTEMPTS):
                question = _question(asked, step, random)
                if question is not None:
                    yield question
                    break


def _question(asked: Asked, step: Step, random: Random) -> Question | None:
    """Draw numbers and an entry; None where a wrong product would have the same entry."""
    gradient = _gradient(asked, step)
    formula = gradient.formula.text
    value = asked.sweep.graph.values[step.wrt]
    derived = asked.sweep.gradients[value]
    tree, shape = derived.formula, derived.name.shape
    names = list(dict.fromkeys(leaves(tree)))
    if any(not 1 <= len(name.shape) <= 2 or _is_bounded(asked, name) for name in names):
        return None
    is_product = "@" in formula
    dims = dict.fromkeys(dim for name in names for each in name.shape for dim in each.names)
    sizes = {dim: 2 if is_product else 2 + place % 2 for place, dim in enumerate(dims)}
    world = Evaluation(sizes, {}, None)
    for name in names:
        drawn = integers(world.size(name.shape), random)
        is_positive = "relu(" in _equation(asked, name)
        floats = [abs(each) for each in drawn.floats] if is_positive else drawn.floats
        world.set(name, drawn._replace(floats=floats))
    found = _rows(world.at(tree), world.size(shape))
    places = list(product(*map(range, world.size(shape))))
    place = random.choice(places)
    number = _at(found, place)
    matrices = {name.name: _rows(world.at(name), world.size(name.shape)) for name in names}
    are_square = all(len(rows) == len(rows[0]) for rows in matrices.values())
    others = _others(step, formula, matrices, place) if is_product and are_square else {}
    if any(abs(each - number) < CLOSE for each in others.values()):
        return None
    taken = tuple((each, f"that is the entry of {text}") for text, each in others.items())
    index = ", ".join(map(str, place))
    return Question(
        "entry",
        f"What is {gradient.gradient}[{index}]?",
        asked.given(f"{step.equation} {formula}"),
        (f"{step.output} = {step.equation}",),
        EntryKey(number, taken),
        f"{number:g}",
        (f"{gradient.gradient} = {formula}", *reasons(asked, gradient)),
        "a number",
        matrices=tuple(Matrix(name, tuple(map(tuple, rows))) for name, rows in matrices.items()),
    )


def _gradient(asked: Asked, step: Step) -> Gradient:
    return next(each for each in asked.report.gradients if each.wrt == step.wrt)


def _equation(asked: Asked, name: Leaf) -> str:
    values = {value.name: value.equation or "" for value in asked.report.values}
    return values.get(name.name, "")


def _is_bounded(asked: Asked, name: Leaf) -> bool:
    """Say whether not all whole numbers can be in a value: of probabilities, or of a function."""
    if name in domains_of(asked.sweep):
        return True
    equation = _equation(asked, name)
    return "(" in equation and "relu(" not in equation


def _rows(point: Point, sizes: tuple[int, ...]) -> Rows:
    """Write a vector as one row."""
    width = sizes[-1]
    return [point.floats[start : start + width] for start in range(0, len(point.floats), width)]


def _at(rows: Rows, place: tuple[int, ...]) -> float:
    return rows[0][place[0]] if len(place) == 1 else rows[place[0]][place[1]]


def _others(
    step: Step, formula: str, matrices: Mapping[str, Rows], place: tuple[int, ...]
) -> dict[str, float]:
    """Return the same entry of the wrong arrangements of a product's factors."""
    return {
        item.formula: _at(_multiplied(item.formula, matrices), place)
        for item in step.orderings.items
        if item.formula != formula and _PRODUCT.fullmatch(item.formula)
    }


def _multiplied(formula: str, matrices: Mapping[str, Rows]) -> Rows:
    total: Rows = []
    for factor in formula.split(" @ "):
        rows = matrices[factor.removesuffix(".T")]
        own = [list(column) for column in zip(*rows, strict=True)] if factor[-2:] == ".T" else rows
        total = [_row_times(row, own) for row in total] if total else own
    return total


def _row_times(row: Sequence[float], rows: Rows) -> list[float]:
    columns = zip(*rows, strict=True)
    return [sum(a * b for a, b in zip(row, column, strict=True)) for column in columns]
