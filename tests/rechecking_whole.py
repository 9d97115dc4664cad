"""Level 3 of an explanation's JSON, worked out anew: the whole Jacobian, and what is said of it."""

import re
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from oracles import Array
from rechecking import NONE, Json, Step, are_same, close
from rechecking_still import axes_of, shifted, stretched, sum_stays, takes_out
from sentences import dims, listed, sentence
from written import Numbers, signed

COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NOUNS = {"row": 0, "column": 1, "entry": 0}


def counted(text: str) -> int:
    """Read a number in words or in digits."""
    return COUNTS.index(text.lower()) if text.lower() in COUNTS else int(text)


def whole(step: Step, level: Json) -> None:
    """The index form at every entry of the Jacobian, and each cell of the picture."""
    left, text = level["remark"].split(" = ", 1)
    names = [each.partition("[")[0] for each in left.removeprefix("∂").split("/∂")]
    step.require(names == [step.Y, step.X], "whose Jacobian", left)
    above, below = re.fullmatch(r"∂(.+?)/∂(.+)", left).groups()  # type: ignore[union-attr]
    out, wrt = step.output.shape, step.value.shape
    lengths = step.lengths(above, out) | step.lengths(below, wrt)
    found = step.numbers.form(text, lengths, step.ranges())
    truth = step.jacobian.reshape(tuple(lengths.values()))
    step.require(close(found, truth), "index form", level["remark"])
    for block in level["blocks"]:
        if block["kind"] == "grid":
            _grid(step, block, text, lengths)
    step.prose(LEVEL_3)


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
    _legend(step, block, cells, lengths, laid)
    for name, heads, size, column in (
        (step.Y, block["rows"], out, by_column[0]),
        (step.X, block["columns"], wrt, by_column[1]),
    ):
        ways = "[{}]" if len(step.dims(name)) == 1 else "[:,{}]" if column else "[{},:]"
        made = [name + ways.format(at) for at in range(size[column])]
        step.require(heads == made, "heads", heads)
    block_of = re.match(r"■ (.+?), (.+) × (.+), in each block", block["legend"][0])
    if block_of:
        name = block_of[1]
        effective = step.numbers.at(name.removesuffix("ᵀ"))
        effective = effective.T if name.endswith("ᵀ") else effective
        size = step.numbers.size((block_of[2], block_of[3]))
        step.require(effective.shape == size, "block's shape", block_of[0])
        count = truth.shape[0] // effective.shape[0]
        step.require(close(truth, np.kron(np.eye(count), effective)), "blocks", block_of[0])


def _legend(
    step: Step,
    block: Json,
    cells: Array,
    lengths: Mapping[str, int],
    laid: Callable[[Array], Array],
) -> None:
    """Hold what stands in filled cells to the Jacobian, and the reason of empty ones to them."""
    filled, empty = block["legend"]
    if not filled.endswith(", in each block"):
        found = laid(step.numbers.form(filled.removeprefix("■ "), lengths))
        step.require(close(found * cells, laid(step.jacobian) * cells), "legend", filled)
    pairs = [each.split(" ≠ ") for each in empty.partition(", as ")[2].split(" or ") if each]
    if pairs:
        tied = " ".join(f"δ[{one},{other}]" for one, other in pairs)
        where = laid(step.numbers.form(tied, lengths)) > 0
        step.require((where == cells).all(), "empty cells, by letters", empty)


# --- how many -----------------------------------------------------------------------------------


def _indices(step: Step, count: str, axes: str, sizes: str, every: str) -> None:
    own = [*step.dims(step.Y), *step.dims(step.X)]
    step.require(dims(axes) == own and counted(count) == len(own), "axes of the Jacobian", axes)
    told = tuple(map(int, sizes.split(" × ")))
    step.require(told == step.jacobian.shape, "sizes of the Jacobian", sizes)
    step.require(int(every) == step.jacobian.size, "its entries", every)


def _one_number(step: Step, name: str, axes: str) -> None:
    step.require(name == step.Y and step.output.ndim == 0, "one number", name)
    step.require(dims(axes) == step.dims(step.X), "axes of the Jacobian", axes)


def _delta(step: Step, one: str, other: str, *again: str) -> None:
    step.require(f"δ[{one},{other}]" in step.level["remark"], "delta", (one, other))
    step.require((one, other) == again, "where it is 1", again)


def _lost(step: Step, lost: str, every: str, upstream: str) -> None:
    effective = step.numbers.at(step.told["effective"])
    step.require(counted(every) == step.jacobian.ndim, "of how many indices", every)
    step.require(counted(every) - counted(lost) == effective.ndim, "indices lost", lost)
    step.require(upstream == step.step["upstream"], "the upstream", upstream)


def _effective(step: Step, name: str) -> None:
    """Hold the effective Jacobian to the numbers that stand in the blocks."""
    step.told["effective"] = name
    found = np.round(step.jacobian[np.abs(step.jacobian) > NONE], 5)
    own = np.asarray(step.numbers.at(name))
    step.require({*found} <= {*np.round(own, 5).ravel()}, "effective Jacobian", name)
    used = np.round(own[np.abs(own) > NONE], 5)
    step.require({*used} <= {*found}, "all of it", name)


# --- diagonals ----------------------------------------------------------------------------------


def _blocks(step: Step, axes: str) -> Iterator[list[Array]]:
    for dim in listed(axes):
        found = list(step.diagonals(dim))
        step.require(found, "diagonal", dim)
        yield found


def _along(step: Step, axes: str) -> None:
    step.told["axes"] = axes
    list(_blocks(step, axes))


def _sees(step: Step, one: str, other: str) -> None:
    """Read `each row of Y depends on the same column of X only`."""
    if one == "example":
        step.told["axes"] = step.document["batch"]
    else:
        axis = min(NOUNS[one], step.output.ndim - 1)
        noun = one if other.startswith("same") else other
        wrt_axis = min(NOUNS[noun], step.value.ndim - 1)
        step.require(step.block_of(axis, wrt_axis) is not None, "diagonal", (one, other))
        step.told["axes"] = step.dims(step.X)[wrt_axis]
    list(_blocks(step, step.told["axes"]))


def _are_copies(step: Step) -> None:
    for found in _blocks(step, step.told["axes"]):
        step.require(any(map(are_same, found)), "copies", step.told["axes"])


def _generic(step: Step) -> Array:
    """Evaluate the index form at other values, some of them negative."""
    left, text = step.level["remark"].split(" = ", 1)
    above, below = left.removeprefix("∂").split("/∂")
    out, wrt = step.output.shape, step.value.shape
    lengths = step.lengths(above, out) | step.lengths(below, wrt)
    found = step.numbers.at_random(-1, 1).form(text, lengths, step.ranges())
    return found.reshape((*out, *wrt))


def _differ(step: Step, axes: str, own: str, copied: str | None) -> None:
    said = [*listed(own), *(listed(copied) if copied else [])]
    step.require(sorted(said) == sorted(listed(axes)), "which axes", (axes, said))
    every = _blocks(step, axes)
    for dim, found in zip(listed(axes), every, strict=True):
        if dim in listed(own):
            blocks = [*found, *step.diagonals(dim, _generic(step))]
            step.require(any(not are_same(each) for each in blocks), "blocks differ", dim)
        else:
            step.require(copied and dim in listed(copied), "said of all", dim)
            step.require(any(map(are_same, found)), "copies", dim)


def _no_diagonal(step: Step) -> None:
    pairs = [(a, b) for a in range(step.output.ndim) for b in range(step.value.ndim)]
    found = [pair for pair in pairs if step.output.shape[pair[0]] > 1]
    step.require(all(step.block_of(*pair) is None for pair in found), "none diagonal", found)


def _one_each(step: Step, which: str) -> None:
    flat = np.abs(step.jacobian.reshape((step.output.size, step.value.size))) > NONE
    step.require((flat.sum(axis=1) <= 1).all(), "one entry each", which)
    if which == "same":
        away = ~np.eye(flat.shape[0], dtype=bool)
        step.require(flat.shape[0] == flat.shape[1] and not flat[away].any(), "the same", which)


def _on_diagonal(step: Step, how: str, name: str) -> None:
    whole = step.numbers.at(name)
    step.require((how == "in") == (whole.shape == step.value.shape), "its shape", (how, name))
    found = np.diag(np.broadcast_to(whole, step.value.shape).ravel())
    step.require(close(step.jacobian.reshape(found.shape), found), "the diagonal", name)


def _all_one(step: Step) -> None:
    found = step.jacobian[np.abs(step.jacobian) > NONE]
    step.require(close(found, np.full(found.shape, found[0])), "one number", found)


def _stacked(step: Step, one: str, name: str = "", other: str = "", *_: str) -> None:
    grid = next(each for each in step.level["blocks"] if each["kind"] == "grid")
    told = (one, other or one)
    step.require(not name or name == step.Y, "whose", name)
    for noun, heads in zip(told, (grid["rows"], grid["columns"]), strict=True):
        ends = {"columns": "[:,0]", "rows": "[0,:]", "entries": "[0]"}
        step.require(heads[0].endswith(ends[noun]), "stacked", noun)


# --- who is mixed -------------------------------------------------------------------------------


def _takes_all(step: Step, name: str, batch: str, X: str) -> None:
    step.require(batch == step.document["batch"] and name == step.Y, "examples", batch)
    step.require(batch not in step.dims(step.Y), "that it has not", batch)
    (axis,) = axes_of(step, X, batch)
    apart = np.moveaxis(np.abs(step.jacobian) > NONE, step.output.ndim + axis, 0)
    rows = apart.reshape((step.value.shape[axis], step.output.size, -1))
    step.require(rows.any(axis=2).all() or not step.value.all(), "all go into each", batch)


def _mixed(step: Step, batch: str, name: str, X: str) -> None:
    step.require(batch == step.document["batch"] and (name, X) == (step.Y, step.X), "it", batch)
    step.require(not list(step.diagonals(batch)), "examples are mixed", batch)


NOUN = "(rows|columns|entries)"
THROUGH = r"(?:Through this use, e|E)ach"
LEVEL_3 = [
    sentence("How far letters run that no value has: .+?[.]"),
    sentence("What is outside counts 0."),
    sentence(r"The Jacobian has an entry for each entry of <Y> with each of <X>\."),
    sentence(r"(\S+) ind(?:ex|ices), (\(.*?\)), here ([\d ×]+) = (\d+) entries\.", _indices),
    sentence(r"δ\[(\S+),(\S+)\] is 1 where (\S+) = (\S+), and else 0\.", _delta),
    sentence(r"(\S+) is one number, so the Jacobian has the axes of <X>: (\(.*?\))\.", _one_number),
    sentence(
        rf"As a table, in which the {NOUN} of each are stacked, with one block for each pair "
        "of them:",
        _stacked,
    ),
    sentence(
        rf"As a table, in which the {NOUN} of (\S+) and the {NOUN} of (\S+) are stacked, "
        "with one block for each pair of them:",
        _stacked,
    ),
    sentence(
        rf"{THROUGH} entry of <Y> depends on (?:the )?(same|one) entry of <X> and no other, so the "
        r"Jacobian is diagonal in every axis\. A diagonal matrix times a vector multiplies entry "
        r"by entry\.",
        _one_each,
    ),
    sentence(
        rf"{THROUGH} (\w+) of <Y> depends on the (same \w+) of <X> only,(?= through| and)", _sees
    ),
    sentence(
        rf"{THROUGH} (\w+) of <Y> depends on the (\w+) of the same number of <X> only,"
        "(?= through| and)",
        _sees,
    ),
    sentence(
        r"(?:Through this use, a|A)long {}, <Y> depends on <X> at the same place only,"
        "(?= through| and)",
        _along,
    ),
    sentence("through the same block each time, so one copy says it all:", _are_copies),
    sentence("and each block is the same.", _are_copies),
    sentence(
        r"(.+?) is the effective Jacobian, what is left when the copies are dropped\.", _effective
    ),
    sentence(
        r"But it has lost (\w+) of the (\w+) indices, and with them the side of (\S+) where it "
        r"belongs: to multiply by it as it stands, as in 1, is a guess\. The sum over the "
        r"indices, in 4, is not\.",
        _lost,
    ),
    sentence(
        r"The blocks off the diagonal in {} are zero\. Those on it differ from one index of {} to "
        r"the next, so all of them are kept\.(?: Along {} they are copies of each other\.)?",
        _differ,
    ),
    sentence(
        "Not every step has copies to drop: batch norm mixes its examples, and its blocks off "
        "the diagonal are not zero."
    ),
    sentence(
        "Which entries meet is said by the conditions on the letters, and none of them makes a "
        "plain diagonal. So nothing is dropped, and the Jacobian stays whole."
    ),
    sentence(
        r"No axis of <Y> is diagonal with one of <X>: an entry of <Y> may depend on all of <X> "
        r"along each axis\. So there is no copy to be dropped, and the Jacobian stays whole\.",
        _no_diagonal,
    ),
    sentence(
        "All entries on the diagonal are one number, so it stands before the whole gradient.",
        _all_one,
    ),
    sentence(
        r"The entries on the diagonal, (in|repeated to) the shape of <X>, are (.+?)\.", _on_diagonal
    ),
    sentence(
        r"So it is \* here, entry times entry\. @ adds up over a row and a column, and is right "
        r"where entries of the output depend on many entries of <X>, as those of a matrix "
        r"product do\."
    ),
    sentence(
        r"Add the same (\S+) to all entries of (\S+) along (\S+), and (\S+) stays: along (\S+) the "
        r"slopes add up to 0\. So (\S+) adds up to 0 along (\S+) as well\.",
        shifted,
    ),
    sentence(
        r"Stretch the entries of (\S+) along (\S+) away from their mean, and (\S+) stays too(, but "
        r"for the small constant in the divisor)?\.",
        stretched,
    ),
    sentence(
        r"That is what the three terms of <dX> are for\. <dY> goes back to where it came from; its "
        r"mean along (\S+) is taken out, as no shift moves <Y>; and its part along the distance of "
        r"<X> from its mean is taken out, as no stretch does\.",
        takes_out,
    ),
    sentence(r"Nor does the sum of (\S+) along (\S+) ever move\.", sum_stays),
    sentence(
        r"So the slopes of <Y>, just added up, give 0; it takes <dY>, which gives each its "
        r"weight, to make a gradient of them\."
    ),
    sentence(
        "<X> is one number, so there is no diagonal, and the Jacobian stays whole.",
        lambda step: step.require(not step.value.shape, "one number", step.X),
    ),
    sentence(
        r"(\S+) has no axis (\S+): every example of (\S+) goes into each entry of it\. What is "
        r"made of <Y> later depends on all examples, and so they are mixed here\.",
        _takes_all,
    ),
    sentence("<X> is one number, so there is no diagonal, and the Jacobian stays whole."),
    sentence(
        r"Along (\S+) there is no diagonal to be dropped: an example of (\S+) depends on other "
        r"examples of ([^\s,]+)(?: too)?, and so examples are mixed here\.",
        _mixed,
    ),
]
