"""Level 2 of an explanation's JSON, worked out anew: one entry moves, and what moves with it."""

import re
from typing import Any

import numpy as np
from rechecking import INDICES, Json, Step, are_one, close
from sentences import sentence
from written import bare, product_in, split_at_top

STILL = re.compile(
    r"(?:nothing in the other examples: (\d+) entr(?:y|ies)|the other(?: (\d+) of the (\d+))? "
    r"entr(?:y|ies)) of (\S+) stands? still"
)
NO_PARENTHESES = {ord(each): None for each in "()"}


def place_of(entry: str) -> tuple[int, ...]:
    """Read the place in `A1[3,1]`."""
    found = INDICES.fullmatch(entry)
    return tuple(map(int, found[2].split(","))) if found else ()


def _raised(step: Step, entry: str, use: str | None, small: str) -> None:
    (block,) = (each for each in step.level["blocks"] if each["kind"] == "moves")
    step.require((entry, small) == (block["of"], block["step"]), "what is raised", entry)
    step.told["small"] = small
    step.require(bool(use) == (len(step.explanation["steps"]) > 1), "in this use", entry)


def _indices(step: Step, name: str) -> list[str]:
    """Return the indices that a factor has in the sum."""
    (line,) = step.formulas()
    found = re.search(rf"(?:^|[ (]){re.escape(bare(name))}\)?\[([^\]]*)\]", line)
    assert found, (line, name)
    return found[1].split(",")


def _met_in_stacks(step: Step, *told: str) -> None:
    *pairs, matrix = told
    (left,) = {block["left"] for block in step.level["blocks"] if block["kind"] == "lines"}
    inside = left.partition("[")[2][:-1].split(",")
    step.require(matrix.split(",") == inside[:-2], "which matrix", matrix)
    _met(step, *pairs)


def _met(step: Step, *told: str) -> None:
    """Hold `column p of W2 meets column q of dZ2` to the places of the letters in the sum."""
    for axis, letter, name in (told[:3], told[3:]):
        place = -1 if axis == "column" else -2
        step.require(_indices(step, name)[place] == letter, "what meets what", told)
        step.told[name] = axis


def _in_front(step: Step, letter: str, indices: str, name: str, again: str) -> None:
    (left,) = {block["left"] for block in step.level["blocks"] if block["kind"] == "lines"}
    step.require(left == f"{step.dX}[{indices}]", "left side", indices)
    step.require(indices.split(",")[-2] == letter, "the row", letter)
    step.require(name == again and letter in _indices(step, name), "an index of it", name)
    front = split_at_top(product_in(step.step["formula"]), " @ ")[0]
    step.require(bare(front.removeprefix("-")) == bare(name), "in front", front)


def _there_turned(step: Step, axis: str, name: str, other: str, turned: str) -> None:
    step.require(
        axis == f"{step.told[name]}s" and {axis, other} == {"rows", "columns"}, "axes", name
    )
    formula = step.step["formula"].translate(NO_PARENTHESES)
    step.require(turned.translate(NO_PARENTHESES) in formula, "transposed", turned)
    step.require(turned in (f"{name}.T", f"{name}.mT"), "it", turned)


def _none_turned(step: Step) -> None:
    step.require(not re.search(r"\.m?T\b", step.step["formula"]), "none transposed", step.step)


def _one_number(step: Step, number: str) -> None:
    found = step.numbers.form(number, {})
    step.require(
        found.shape == () and number.replace("1 /", "/") in step.formulas()[0], "one", number
    )


def _at_zero(step: Step, text: str, slope: str) -> None:
    """Put 0 where the slope jumps, and see what is left of the gradient."""
    if text == step.X:
        zero = step.numbers.with_value(step.X, np.zeros(step.value.shape))
        zero = zero.with_value(step.Y, step.output_at(step.X, step.step["use"], zero.at(step.X)))
        found, above = zero.at(step.step["formula"]), step.upstream
        step.require(close(found, float(slope) * above), "at a kink", text)


MEETS = r"In general, (row|column) (\S+) of {} meets (row|column) (\S+) of {}"
LEVEL_2 = [
    sentence(r"Raise (\S+?)(, in this use alone,)? by a small (\S+)\. What moves\?", _raised),
    sentence("In general:"),
    sentence(rf"{MEETS}, in each matrix of the stacks, and all that is added up:", _met),
    sentence(rf"{MEETS}, in matrix ([\w,]+) of each stack:", _met_in_stacks),
    sentence(rf"{MEETS}:", _met),
    sentence("A product takes rows of its left factor and columns of its right one."),
    sentence(
        r"(\S+), the row in <dX>\[([\w,]+)\], is an index of {}: so {} stands in front\. There is "
        r"the order\.",
        _in_front,
    ),
    sentence(
        r"The (columns|rows) of {} are the (columns|rows) of {}(?:: there is the transpose)?\.",
        _there_turned,
    ),
    sentence("Both are met as a product takes them: so nothing is transposed.", _none_turned),
    sentence(
        "{} is one number and in every slope, so it is taken out of the sum, and may stand "
        "anywhere in the product.",
        _one_number,
    ),
    sentence("Where the slope of <Y> jumps it has no derivative, and one has to be chosen."),
    sentence(r"Here, at (.+) = 0: (\d) by convention\.", _at_zero),
    sentence("Here, at ties: 1 for each, by convention."),
    sentence("Here, where entries tie for the largest: 1 for each, by convention."),
    sentence("The slope is this one where the norm is not 0."),
    sentence(r"Here the entries of (.+) add up to 1 over (\S+)\.", are_one),
    sentence("How far letters run that no value has: .+?[.]"),
]


def entries(step: Step, level: Json) -> None:
    """Every product and the sum, what stands still, and the sum in general."""
    for block in level["blocks"]:
        if block["kind"] == "numbers":
            step.matrices(block)
        elif block["kind"] == "lines":
            for text, _ in block["lines"]:
                step.index_line(block["left"], text, step.stored, "sum in general")
        elif block["kind"] == "moves":
            _moves(step, block)
    step.prose(LEVEL_2)


def _moves(step: Step, block: Json) -> None:
    place = place_of(block["of"])
    at_entry: Any = (..., *place)
    slopes = np.asarray(step.jacobian[at_entry])
    seen = np.zeros(slopes.shape)
    names = [block["of"], block["left"], *(move["entry"] for move in block["moves"])]
    own = [step.X, step.dX, *(step.Y for _ in block["moves"])]
    step.require([each.partition("[")[0] for each in names] == own, "what moves", names)
    step.require(block["loss"] == step.loss, "the loss", block["loss"])
    for move in block["moves"]:
        at = place_of(move["entry"])
        seen[at] = move["slope"]
        step.require(close(step.numbers.form(move["slope_text"], {}), move["slope"]), "slope", move)
        if move["upstream_text"]:
            above = step.numbers.form(move["upstream_text"], {})
            step.require(close(above, move["upstream"]), "upstream", move)
            place = at[:-2] + at[:-3:-1] if step.is_numerator and len(at) > 1 else at
            step.require(place_of(move["upstream_text"]) == place, "which upstream", move)
        step.require(close(step.upstream[at], move["upstream"]), "upstream's value", move)
        step.require(close(move["slope"] * move["upstream"], move["product"]), "product", move)
    step.require(close(seen, slopes), "what moves", block["of"])
    count = seen.size - len(block["moves"])
    if block["still"]:
        still = STILL.fullmatch(block["still"])
        assert still, block["still"]
        step.require(int(still[1] or still[2] or 1) == count, "how many stand still", still[0])
        step.require(int(still[3] or seen.size) == seen.size, "of how many", still[0])
        step.require(still[4] == step.Y, "of what", still[0])
    else:
        step.require(count == 0, "nothing stands still", block["of"])
    total = sum(move["product"] for move in block["moves"])
    step.require(close(total, block["total"]), "total", block["left"])
    step.require(close(step.stored[place_of(block["left"])], block["formula"]), "entry", block)
    step.require(close(block["total"], block["formula"]), "sum", block["left"])
