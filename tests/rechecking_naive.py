"""Level 1 of an explanation's JSON, worked out anew: what the chain rule seems to say."""

import re
from typing import Any

import numpy as np
from rechecking import BY, NONE, Json, Step, close
from sentences import dims, listed, sentence
from written import dim, split_at_top


def naive(step: Step, level: Json) -> None:
    """The wrong product: its boxes, its shape, or its numbers and the gradient's beside them."""
    for block in level["blocks"]:
        if block["kind"] == "boxes":
            step.boxes(block)
        elif block["kind"] == "numbers" and len(step.matrices_shown) < 4:
            step.matrices_shown += block["matrices"]
    step.prose(LEVEL_1)


def _chain(step: Step, text: str) -> None:
    found = re.fullmatch(r"∂(\S+)/∂(\S+) = ∂(\S+)/∂(\S+) · ∂(\S+)/∂(\S+)", text)
    assert found
    J, X, again, Y, one, other = found.groups()
    step.require((again, other, one) == (J, X, Y), "the chain rule", text)
    step.require((X, Y) == (step.X, step.Y), "whose it is", text)


def _factors(step: Step, text: str) -> list[list[str]]:
    """Return the dims of the two factors of the wrong product."""
    step.told["wrong"] = text
    step.require(step.told.get("asked", text) == text, "what the question has", text)
    parts = split_at_top(text, " @ ")
    parts = [parts[0], " @ ".join(parts[1:])]
    found = [[str(dim) for dim in step.numbers.tree(part).shape] for part in parts]
    step.told["dims"] = " ".join([*found[0], *found[1], *step.dims(step.X)])
    return found


def _clash(step: Step, chain: str, wrong: str) -> None:
    _chain(step, chain)
    one, other = _factors(step, wrong)
    step.require(one[-1] != other[-2 if len(other) > 1 else -1], "that it does not conform", wrong)
    step.require(any(each["kind"] == "boxes" for each in step.level["blocks"]), "boxes", wrong)


def _clash_in_stacks(step: Step, chain: str, wrong: str, *told: str) -> None:
    _chain(step, chain)
    shapes = _factors(step, wrong)
    step.require(shapes == [dims(told[0]), dims(told[1])], "shapes that clash", told)
    step.require((shapes[0][-1], shapes[1][-2]) == told[2:], "inner dims", told)
    step.require(told[2] != told[3], "that they differ", told)


def _does(step: Step, name: str, right: str, shapes: str | None = None) -> None:
    step.told["right"] = right
    step.require(name == step.dX, "the gradient's name", name)
    step.require(close(step.numbers.at(right), step.stored), "this one does", right)
    if shapes:
        step.conform(right, shapes)


def _both_run(step: Step, names: str) -> None:
    own = {name for each in step.told["dims"].split() for name in dim(each).names}
    step.require({*names.split(" = ")} == own, "which dims", names)
    sizes = {**step.numbers.sizes, **dict.fromkeys(names.split(" = "), 3)}
    square = step.numbers.at_sizes(sizes)
    made, right = square.at(step.told["wrong"]), square.at(step.told["right"])
    step.require(made.shape == right.shape, "both run", names)
    step.require(not close(made, right), "one is right", names)


def _runs(step: Step, chain: str, wrong: str, same: str | None) -> None:
    _chain(step, chain)
    _factors(step, wrong)
    if same:
        *names, size = same.split(" = ")
        own = {step.document["dims"][name] for name in names}
        step.require(own == {int(size)}, "sizes of this spec", same)
    else:
        step.require(step.numbers.at(wrong).ndim > 0, "that it runs", wrong)


def _other_shape(step: Step, chain: str, wrong: str, same: str | None, *shapes: str) -> None:
    _runs(step, chain, wrong, same)
    made = step.numbers.at(wrong)
    step.require(made.shape == step.numbers.size(dims(shapes[0])), "its shape", shapes)
    step.require(step.stored.shape == step.numbers.size(dims(shapes[1])), "right shape", shapes)
    step.require(made.shape != step.stored.shape, "that they differ", shapes)


def _impostor(step: Step, *told: str) -> None:
    """Multiply the shown factors, and look at the entry that is told."""
    at, wrong_entry, entry, use, small, again, right_entry, last = told
    upstream, effective, made, good = (
        np.reshape(each["entries"], each["size"]) for each in step.matrices_shown
    )
    names = [each["name"] for each in step.matrices_shown]
    for each in step.matrices_shown[:2]:
        own = [str(axis) for axis in step.numbers.tree(each["name"]).shape]
        step.require(each["shape"] == own, "shown shape", each["name"])
    step.require(names[2] == step.told["wrong"], "impostor's name", names)
    step.require(names[3] == step.step["formula"], "right one's name", names)
    step.require(close(made, upstream @ effective), "impostor", names)
    formula = names[3].replace(names[1], "effective").replace(names[0], "upstream")
    scope = {"upstream": upstream, "effective": effective}
    step.require(close(good, eval(formula, dict(scope))), "right beside impostor", formula)
    place = tuple(map(int, at.split(",")))
    step.require(entry == f"{step.X}[{at}]", "which entry", told)
    step.require(bool(use) == (len(step.explanation["steps"]) > 1), "in this use", told)
    step.require(small == last, "letters", told)
    step.require(again == step.loss, "the loss", told)
    step.require(f"{made[place]:.4g}" == wrong_entry, "impostor's entry", told)
    step.require(f"{good[place]:.4g}" == right_entry, "right entry", told)
    step.require(not close(made[place], good[place]), "that differs", told)


def _is_right(step: Step, chain: str, right: str) -> None:
    _chain(step, chain)
    step.require(close(step.numbers.at(right), step.stored), "it is the gradient", right)


def _stored(step: Step, _: str, Y: str, equation: str) -> None:
    step.require((Y, equation) == (step.Y, step.step["equation"]), "the equation", equation)


def _moves(step: Step) -> Any:
    """Return which entry moves with which: a row for each of the output."""
    return np.abs(step.jacobian.reshape((step.output.size, step.value.size))) > NONE


def _repeated(step: Step, name: str, along: str, *_: str) -> None:
    step.require(name == step.X, "what is repeated", name)
    sizes = step.numbers.size(listed(along))
    step.require((_moves(step).sum(axis=0) == np.prod(sizes)).all(), "copies", along)
    own = step.jacobian[np.abs(step.jacobian) > NONE]
    step.require(np.allclose(np.abs(own), np.abs(own[0]), atol=BY), "each copy is one", along)


def _by_one_number(step: Step) -> None:
    own = step.jacobian[np.abs(step.jacobian) > NONE]
    step.require(close(own, np.full(own.shape, own[0])), "one number", own)


def _of_one(step: Step) -> None:
    step.require((_moves(step).sum(axis=1) <= 1).all(), "one entry each", step.level)


def _of_several(step: Step, along: str) -> None:
    picks = step.value.size > step.output.size  # which one it is, depends on the numbers
    step.require(picks or (_moves(step).sum(axis=1) > 1).any(), "several entries", along)
    step.require({*listed(along)} <= {*step.dims(step.Y)}, "along what", along)


def _moves_many(step: Step) -> None:
    flat = step.jacobian.reshape((step.output.size, step.value.size))
    own = [{*np.round(column[np.abs(column) > NONE], 5)} for column in flat.T]
    step.require((_moves(step).sum(axis=0) > 1).any(), "many entries", step.level)
    step.require(any(len(each) > 1 for each in own), "other numbers", own)


def _one_loss(step: Step) -> None:
    step.require(step.output.ndim == 0 and not step.step["upstream"], "the loss", step.Y)


def _is_one(step: Step, name: str, *_: str) -> None:
    step.require(step.output.ndim == 0 and name == step.Y, "one number", name)


def _no_matrix(step: Step, name: str, shape: str) -> None:
    step.require(name == step.step["upstream"] and step.dims(name) == dims(shape), "shape", shape)
    step.require(len(dims(shape)) < 2, "no matrix", shape)


SEEMS = "looks like a product of two matrices, but is none here"
RUNS = "(.+) reads like (.+), and that product runs (?:here, as (.+?)|at every size)"
LEVEL_1 = [
    sentence("(.+) reads like (.+), but that does not conform, as the inner dims differ:", _clash),
    sentence(
        r"(.+) reads like (.+)\. In each matrix of the stacks, the inner dims of (\(.+?\)) @ "
        r"(\(.+?\)) differ, (\S+) ≠ (\S+), so that does not conform\.",
        _clash_in_stacks,
    ),
    sentence(r"This one does: (\S+) = (.+), with (\(.+?\) @ .+)\.", _does),
    sentence(r"This one does: (\S+) = (.+)\.", _does),
    sentence(r"This one does: (\S+) = (.+)", _does),
    sentence(
        r"That it fits is no reason, though: where (.+?) both run, and only one is right\. The "
        r"reason follows\.",
        _both_run,
    ),
    sentence(rf"{RUNS}\. It is wrong all the same\. In small:", _runs),
    sentence(
        rf"{RUNS}\. It is wrong all the same: it has the shape (\(.+?\)), the gradient has "
        r"(\(.+?\))\.",
        _other_shape,
    ),
    sentence(
        r"At \[([\d,]+)\] the product has (\S+)\. But raise (\S+?)(, in this use alone,)? by a "
        r"small (\S+), and (\S+) moves by (\S+) (\S+)\. The shapes do not tell; the reasons that "
        r"follow do\.",
        _impostor,
    ),
    sentence(r"(.+) reads like (.+), and in this network that is the gradient\.", _is_right),
    sentence(
        r"That comes from how {} is stored in (\S+) = (.+), and is no rule: where it is stored "
        r"transposed, the same reading is wrong\. What follows shows why it is right here\.",
        _stored,
    ),
    sentence(
        "The spec has `layout: numerator`, where gradients are stored transposed. For what stands "
        "last in a product that keeps the order of the chain rule."
    ),
    sentence(rf"(.+) {SEEMS}\.", _chain),
    sentence(
        "One entry of <X> is in many entries of <Y>. What comes back to it is a sum over them, not "
        "a product."
    ),
    sentence(
        r"(\S+) was repeated along {} to be added, so one entry of <X> is in many entries of "
        r"<Y>\. What comes back to it is a sum over these copies, not a product\.",
        _repeated,
    ),
    sentence(
        r"Where <Y> moves with <X>, it is by one number: there is no second matrix\.",
        _by_one_number,
    ),
    sentence(
        r"Each entry of <Y> depends on one entry of <X>, so each entry of <dY> goes back to one "
        r"entry, times one number\.",
        _of_one,
    ),
    sentence(
        r"Along {}, each entry of <Y> depends on several entries of <X>, in its own way each "
        r"time\. No single matrix beside <dY> can hold that\.",
        _of_several,
    ),
    sentence(
        r"Each entry of <X> moves many entries of <Y>, each by another number\. No single matrix "
        r"beside <dY> can hold that\.",
        _moves_many,
    ),
    sentence("The Jacobian is no single matrix, even without its diagonal axes."),
    sentence(
        r"<Y> is (?:the loss, )?one number\. So ∂<Y>/∂<X> needs no chain rule: it has one entry "
        r"for each entry of <X>, and there are no two matrices to be put in an order\.",
        _one_loss,
    ),
    sentence(
        r"(\S+) is one number, and so is <dY>: each entry of <X> gets <dY> times how far <Y> moves "
        r"with it\.",
        _is_one,
    ),
    sentence(r"(\S+) has the shape (\(.*?\)), and is no matrix\.", _no_matrix),
]
