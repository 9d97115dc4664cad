"""What stands before and after the levels of an explanation's JSON, worked out anew."""

import re
from collections import Counter
from typing import Any

from rechecking import Json, Step, close
from sentences import read, sentence
from written import Numbers, once_and_twice, shape

from shapecalc.ops.build import Misfit

# --- before the levels --------------------------------------------------------------------------


def opening(step: Step) -> None:
    """Read the question and what the names stand for."""
    step.read(step.step["question"], QUESTIONS)
    step.read(step.step["note"], NOTES)


def _asked(step: Step, name: str, formula: str, wrong: str | None = None) -> None:
    own = (step.step["formula"], step.explanation["formula"])
    step.require(name == step.dX and formula in own, "what is asked", formula)
    if wrong:
        step.told["asked"] = wrong
        _not(step, wrong)


def _asked_of_part(step: Step, formula: str, name: str, wrong: str | None = None) -> None:
    _asked(step, name, formula, wrong)


def _not(step: Step, wrong: str) -> None:
    """Hold what is said not to be the gradient to that, if it runs at all."""
    try:
        made = step.numbers.at(wrong)
    except Misfit:
        step.seen["that does not conform"] += 1
        return
    same = made.shape == step.stored.shape and close(made, step.stored)
    step.require(not same, "not the gradient", wrong)


def _defined(step: Step, written: str, definition: str) -> None:
    one, other = step.numbers.at(written), step.numbers.at(definition)
    step.require(close(one, other), "definition", (written, definition))


def _parts(step: Step, count: str, name: str) -> None:
    step.require(int(count) == len(step.explanation["steps"]), "how many parts", count)
    step.require(name == step.dX, "whose parts", name)


def _two_links(step: Step, key: str, name: str, formula: str) -> None:
    step.require(key == f"{step.Y}:{step.X}" and name == step.dX, "which link", key)
    step.require(formula == step.step["formula"], "the first alone", formula)


QUESTIONS = [
    sentence(r"Why is (\S+) = (.+), and not (.+)\?", _asked),
    sentence(r"Why is (\S+) = (.+), a sum\?", _asked),
    sentence(r"Why is (\S+) = (.+)\?", _asked),
    sentence(r"Why is (.+) a part of (\S+), and not (.+)\?", _asked_of_part),
    sentence(r"Why is (.+) a part of (\S+), a sum\?", _asked_of_part),
    sentence(r"Why is (.+) a part of (\S+)\?", _asked_of_part),
]
NOTES = [
    sentence(
        "<dX> is ∂<J>/∂<X>: (?:for each entry of <X>, )?how much <J> moves with it.",
    ),
    sentence("<m> counts the examples."),
    sentence(r"The spec has no loss: \S+ stands for any one number made of .+?\."),
    sentence(
        r"Written shorter, (\S+) is (.+?)\.",
        _defined,
    ),
    sentence(r"What \S+ does: .+?\."),
    sentence(r"It adds up (\d+) parts; in the levels, (\S+) is this one alone\.", _parts),
    sentence(
        r"This formula is two links in one\. The levels explain the first alone, (\S+), where "
        r"(\S+) = (.+); the end puts the loss into it\.",
        _two_links,
    ),
    sentence(r"(.+?) is (.+?)\.", _defined),
]

# --- after them ---------------------------------------------------------------------------------


class Whole:
    """All parts of a gradient, at sizes that all steps share."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self.explanation = document["explanation"]
        self.seen: Counter[str] = Counter()
        shapes = {name: shape(dims) for name, dims in document["shapes"].items()}
        for step in self.explanation["steps"]:
            shapes |= {name: shape(dims) for name, dims in step["shapes"]}
            shapes |= {each["name"]: shape(each["shape"]) for each in step["values"]}
        names = [n for dims in shapes.values() for dim in dims for n in dim.names]
        sizes = {name: at + 2 for at, name in enumerate(dict.fromkeys(names))}
        self.numbers = Numbers(sizes, shapes, {}).at_random()
        self.told = ""

    def require(self, holds: Any, kind: str, what: Any) -> None:
        """Fail where something that is printed is not so; else count it."""
        assert holds, f"{self.explanation['gradient']} {kind}: {what}"
        self.seen[kind] += 1

    def check(self) -> None:
        """Work out how parts add up, or the loss that is put into its activation."""
        wrts = {step["wrt"] for step in self.explanation["steps"]}
        self.require(wrts <= {self.explanation["wrt"]}, "whose gradient", wrts)
        for block in self.explanation["together"]:
            if block["kind"] == "prose":
                for check, blanks in read(block["text"], AFTER, {}):
                    self.seen["sentences"] += 1
                    if check is not None:
                        check(self, *blanks)
            elif block["left"] == self.explanation["gradient"]:
                self.added(block)
            else:
                self.fused(block)

    def added(self, block: Json) -> None:
        """Add up all parts."""
        parts = [step["formula"] for step in self.explanation["steps"]]
        total = sum(self.numbers.at(part) for part in parts)
        for text in (*(line for line, _ in block["lines"]), self.explanation["formula"]):
            self.require(close(self.numbers.at(text), total), "together", text)

    def fused(self, block: Json) -> None:
        """Put the gradient above in by its formula; let entries add up to 1 where that is said."""
        (step,) = self.explanation["steps"]
        name, _, inside = block["left"].partition("[")
        self.require(name == self.explanation["gradient"], "left side", name)
        indexed = inside[:-1].split(",")
        numbers = self.numbers
        given = re.search(r"the entries of (\w+) add up to 1", block["lines"][-1][1])
        if given:
            name = given[1]
            lines = " ".join(text for text, _ in block["lines"])
            indices = re.search(rf"Σ(\S+) {name}\[([^\]]+)\]", lines)
            assert indices
            axis = indices[2].split(",").index(indices[1])
            self.require(indices[1] not in indexed, "what is summed", indices[0])
            value = numbers.world.values[name]
            numbers = numbers.with_value(name, value / value.sum(axis=axis, keepdims=True))
        numbers = numbers.with_value(step["upstream"], numbers.at(self.told))
        truth = numbers.at(self.explanation["formula"])
        reasons = [why for _, why in block["lines"][1:-1]]
        self.require(
            all(e.startswith(f"{step['upstream']} put in") for e in reasons), "why", reasons
        )
        lengths = {e: n for e, n in zip(indexed, truth.shape, strict=True) if not e.isdigit()}
        for text, _ in block["lines"]:
            found = numbers.form(text, lengths)
            same = close(found, truth.reshape(tuple(lengths.values())))
            self.require(same, "two links in one", text)


def _above(whole: Whole, Y: str, loss: str, name: str, formula: str) -> None:
    (step,) = whole.explanation["steps"]
    known = [each["gradient"] for each in whole.document["choices"]]
    whole.require(f"{name} = {formula}" in known, "the gradient above", formula)
    whole.require((Y, name) == (step["output"], step["upstream"]), "its name", name)
    whole.require(loss == whole.document["loss"], "the loss", loss)
    whole.told = formula


def _so(whole: Whole, name: str, formula: str) -> None:
    whole.require(name == whole.explanation["gradient"], "its name", name)
    whole.require(formula == whole.explanation["formula"], "what it comes to", formula)


def _from_mean(whole: Whole, batch: str, again: str, loss: str) -> None:
    """Take all examples twice, and see half of each entry."""
    formula = whole.explanation["formula"]
    whole.require(batch == again == whole.document["batch"], "examples", batch)
    whole.require(loss == whole.document["loss"], "the loss", loss)
    once, found = once_and_twice(whole.numbers, formula, batch)
    whole.require(close(found, once / 2), f"1/{batch}, once", formula)


def _used(whole: Whole, name: str, count: str, again: str) -> None:
    whole.require(name == again == whole.explanation["wrt"], "what is used", name)
    number = {"once": 1, "twice": 2}.get(count) or int(count.removesuffix(" times"))
    whole.require(number == len(whole.explanation["steps"]), "how many times", count)


def _by_each(whole: Whole, text: str) -> None:
    parts = [each.removeprefix("by ") for each in text.split("; by ")]
    steps = whole.explanation["steps"]
    for part, step in zip(parts, steps, strict=True):
        equation, formula = part.split(" it adds ")
        whole.require(formula == step["formula"], "what it adds", part)
        name, written = equation.split(" = ", 1)
        whole.require(name == step["output"], "by which equation", part)
        whole.require(written == step["equation"], "the equation", part)


AFTER = [
    sentence(
        r"(\S+) and (\S+) are taken as one link, as the result is plainer\. Link by link it comes "
        r"to the same: put (\S+) = (.+) into the step:",
        _above,
    ),
    sentence(r"So (\S+) = (.+?)\.", _so),
    sentence(r"1/(\S+) comes from the mean over the (\S+) examples that (\S+) takes\.", _from_mean),
    sentence(
        r"(\S+) is used (once|twice|\d+ times), and by each use it moves the loss in its own way\. "
        r"Move (\S+) a little, and all of them act at once: to first order they add up\.",
        _used,
    ),
    sentence(r"By (.+? it adds .+)\.", _by_each),
]


def together(document: Json) -> Counter[str]:
    """Work out what stands after the steps."""
    whole = Whole(document)
    whole.check()
    return whole.seen
