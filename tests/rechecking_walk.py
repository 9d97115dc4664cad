"""Level 4 of an explanation's JSON, worked out anew: each line, the walk, and where 1/m is."""

import re
from collections.abc import Sequence
from itertools import pairwise, permutations

from oracles import matrix_transposed
from rechecking import INDICES, Json, Step, are_one, close, is_multiple
from sentences import listed, sentence
from written import Numbers, bare, once_and_twice, product_in, shape, split_at_top


def _last(step: Step) -> str:
    """Return the last line of the chain rule."""
    return str(step.level["blocks"][0]["lines"][-1][0])


SUM_OF = re.compile(r"sum\((.+), axis=(\d+|\([\d, ]+\))(?:, keepdims=True)?\)")
PUT = re.compile(r"(\S+) for ([^\s,]+)")


def _reasons(step: Step, lines: Sequence[tuple[str, str]]) -> None:
    """Hold why a line follows from the one above it."""
    for (before, _), (text, why) in pairwise(lines):
        if why.startswith("δ puts "):
            for new, old in PUT.findall(why):
                has = f"δ[{old},{new}]" in before or f"δ[{new},{old}]" in before
                is_left = re.search(rf"\b{old}\b", text.partition(" ")[2])
                step.require(has and not is_left, "what δ puts", (before, text, why))
        elif why == "numbers commute; matrices do not":
            one, other = (sorted(split_at_top(each, " ")) for each in (before, text))
            step.require(one == other, "that numbers commute", (before, text))
        elif why:
            step.require(why.startswith("with the conditions solved"), "why", why)
            step.require("δ[" in before and "δ[" not in text, "that they are solved", text)


def _ends(step: Step, p: str, q: str) -> None:
    walked = next(each for each in step.level["blocks"] if each["kind"] == "walked")
    step.require([p, q] == [walked["indices"][0], walked["indices"][-1]], "ends", (p, q))
    found = INDICES.fullmatch(step.level["blocks"][0]["left"])
    assert found
    own = found[2].split(",")[-2:]
    step.require([p, q] == (own[::-1] if step.is_numerator else own), "row and column", (p, q))


def _only(step: Step, p: str, q: str) -> None:
    """Try all orders and directions of the arrows: one walk takes each and leads from p to q."""
    walked = next(each for each in step.level["blocks"] if each["kind"] == "walked")
    step.require([p, q] == [walked["indices"][0], walked["indices"][-1]], "ends", (p, q))
    arrows = [(edge["row"] or "0", edge["column"] or "0") for edge in walked["edges"]]
    count = 0
    for order in permutations(arrows):
        walks: set[tuple[str, ...]] = {(p,)}
        for start, end in order:
            walks = {
                (*walk, there)
                for walk in walks
                for here, there in ((start, end), (end, start))
                if walk[-1] == here
            }
        count += sum(walk[-1] == q for walk in walks)
    step.require(count == 1, "the only walk", (p, q))


def _stands(step: Step, *told: str) -> None:
    """Hold where the upstream stands to the axis that it shares with the variable."""
    name, where, own, other, delta, letter, order = told
    is_last = where == "last"
    axes = {"row": -2, "column": -1}
    ends = split_at_top(product_in(step.step["formula"]), " @ ")
    end = ends[-1 if is_last else 0]
    step.require(bare(end.removeprefix("-")) == name == step.step["upstream"], "where", told)
    pair = step.output.ndim + axes[other], step.value.ndim + axes[own]
    step.require(step.block_of(*pair) is not None, "whose index it is", told)
    left = step.level["blocks"][0]["left"]
    shared = INDICES.fullmatch(left)[2].split(",")[axes[own]]  # type: ignore[index]
    step.require(shared == letter, "its letter", told)
    first = step.level["blocks"][0]["lines"][0][0]
    step.require(not delta or (delta in first and letter in delta), "its delta", told)
    step.require((order == "reversed here") == is_last, "order", told)


def _added_up(step: Step, away: str, inner: str = "", outer: str = "") -> None:
    step.require(not {*listed(away)} & {*step.dims(step.X)}, "axes that it has not", away)
    found = SUM_OF.search(step.step["formula"])
    assert found
    made = step.numbers.tree(found[1]).shape
    axes = eval(f"[{found[2]}]")
    summed = [made[at] for at in (axes[0] if isinstance(axes[0], tuple) else axes)]
    if outer:
        left = step.numbers.tree(split_at_top(found[1], " @ ")[0]).shape
        step.require([str(left[-1])] == listed(inner), "what @ adds", inner)
        step.require([*map(str, summed)] == listed(outer), "what sum adds", outer)


def _evaluated(step: Step, formula: str) -> None:
    step.require(close(step.numbers.at(formula), step.stored), "the same otherwise", formula)


def _made_one(step: Step, axes: str, formula: str) -> None:
    step.require(f"[{'*'.join(listed(axes))}," in formula, "axes made one", axes)
    _evaluated(step, formula)


def _none_summed(step: Step) -> None:
    step.require("Σ" not in _last(step), "no sum", _last(step))


def _factors_left(step: Step) -> list[str]:
    parts = split_at_top(_last(step).partition(" ")[2].partition(" / ")[0], " ")
    return [part for part in parts if part.endswith("]")]


def _summed_letters(step: Step, letters: str) -> None:
    found = re.match(r"-?Σ([a-z]+) ", _last(step))
    step.require(found and [*found[1]] == listed(letters), "what is summed", letters)
    left = step.level["blocks"][0]["left"].partition("[")[2]
    step.require(not {*listed(letters)} & {*left}, "letters that it has not", letters)


def _slid(step: Step, entry: str, letters: str, sign: str, *told: str | None) -> None:
    meets, name, again = told
    step.require((meets == "earlier") == (sign == "minus"), "which it meets", told)
    own = entry.partition("[")[0]
    step.require(name == own and again in (None, own), "what is met", told)
    step.require(entry in _last(step), "window", entry)
    indices = entry.partition("[")[2][:-1].split(",")
    for letter in listed(letters):
        found = next(each for each in indices if letter in each)
        step.require((f"-{letter}" in found) == (sign == "minus"), "its sign", entry)


# --- 1 / m --------------------------------------------------------------------------------------


def _counts(step: Step, formula: str, batch: str) -> None:
    """Take all examples twice: a formula that has 1/m once gives half for each."""
    document = step.document
    shapes = {**document["shapes"], **dict(step.step["shapes"])}
    names = [n for d in shapes.values() for each in shape(d) for n in each.names]
    sizes = {name: at + 2 for at, name in enumerate(dict.fromkeys(names))}
    numbers = Numbers(sizes, {n: shape(d) for n, d in shapes.items()}, {}).at_random()
    once, kept = once_and_twice(numbers, formula, batch)
    step.require(close(kept, once / 2), f"1/{batch}, once", formula)


def _brings(step: Step, *told: str) -> None:
    batch, loss, again, name = told
    step.require(batch == again == step.document["batch"], "examples", told)
    step.require((loss, name) == (step.Y, step.dX), "the loss", told)
    _counts(step, step.step["formula"], batch)


def _not_averaged(step: Step, letter: str, batch: str) -> None:
    found = re.match(r"-?Σ([a-z]+) ", _last(step))
    step.require(found and letter in found[1], "summed over the examples", letter)
    step.require(batch == step.document["batch"], "examples", batch)
    step.require(batch not in step.dims(step.X), "that it has not", batch)


def _is_in(step: Step, loss: str, name: str, formula: str, via: str | None, batch: str) -> None:
    known = [each["gradient"] for each in step.document["choices"]]
    step.require(f"{name} = {formula}" in known, "the gradient at the loss", (name, formula))
    step.require(loss == step.document["loss"], "the loss", loss)
    step.require((via or name) == step.step["upstream"], "upstream's name", (name, via))
    _counts(step, formula, batch)


LEVEL_4 = [
    sentence(
        r"Draw each factor as an arrow from its row index to its column index\. A product is a "
        r"walk along such arrows\. This one has to lead from (\S+), the row in <dX>, to (\S+), "
        r"the column:",
        _ends,
    ),
    sentence(
        r"To go against an arrow is to transpose, and the order of the walk is the order of the "
        r"product\. No other walk leads from (\S+) to (\S+)\.",
        _only,
    ),
    sentence(
        r"Why does (\S+) stand (last|in front)\? The (row|column) of <X> is the (row|column) of "
        r"<Y>(?: \((δ.+?)\))?, so (\S+) is an index of <dY>, the upstream, which comes from the "
        r"loss\. And so the order of the chain rule is (reversed here|kept here: it is not "
        r"reversed)\.",
        _stands,
    ),
    sentence(
        r"<X> has no axis {}: each entry of it is used at every place along (?:them|it), and what "
        r"comes back from there is added up\. @ adds along {}, and sum\(…\) along {}\.",
        _added_up,
    ),
    sentence(r"<X> has no axis {}, so what comes back is added up there\.", _added_up),
    sentence(r"With all letters, it is (einsum\(.+\))\.", _evaluated),
    sentence(r"With {} made one axis, it is one plain product: (.+)\.", _made_one),
    sentence(
        r"No letter is summed: each entry of <dX> is made of single numbers, and numbers commute\. "
        r"There is no walk to be taken and no order to be found\.",
        _none_summed,
    ),
    sentence(
        "One factor alone is left.",
        lambda step: step.require(len(_factors_left(step)) == 1, "one factor", _last(step)),
    ),
    sentence(
        "The factors that are left are multiplied entry by entry.",
        lambda step: step.require(len(_factors_left(step)) > 1, "factors", _last(step)),
    ),
    sentence(
        r"<X> does not have the ind(?:ex|ices) {}, so (?:that is|those are) summed\.",
        _summed_letters,
    ),
    sentence(
        "No walk along matrices reads this sum of terms: read entry by entry, for all entries of "
        r"<dX> at once, it is"
    ),
    sentence(r"Read as one formula for all entries of <dX>:"),
    sentence(r"Here the entries of (.+) add up to 1 over (\S+)\.", are_one),
    sentence(
        r"In (\S+), {} stands? with a (plus|minus): of two entries of <dY>, the later one meets "
        r"the (later|earlier) entry of (\S+)\. So (?:nothing is turned round|(\S+) is met from "
        r"its end, that is, turned round)\.",
        _slid,
    ),
    sentence("How far letters run that no value has: .+?[.]"),
    sentence(
        r"1/<m> is there as (\S+) takes a mean over the (\S+) examples: in it each counts "
        r"1/(\S+)\. The gradients further back get it from ([^\s,.]+)(?:, and none of them needs "
        r"another)?\. \(A text that leaves it out of <dX> puts it in front of the gradients of the "
        r"parameters, which come out the same\.\)",
        lambda step, loss, batch, again, name: _brings(step, batch, loss, again, name),
    ),
    sentence(
        r"(\S+) runs over the (\S+) examples: what they say is added, not averaged\.", _not_averaged
    ),
    sentence(
        r"The mean that (\S+) takes is in (\S+) = (.+?) already(?:, and so in (\S+))?, and a "
        r"second 1/(\S+) would be wrong\. \(A text that leaves it out of \S+ has it here: the "
        r"result is the same\.\)",
        _is_in,
    ),
]


def walking(step: Step, level: Json) -> None:
    """Each line at each entry; the walk as a product of its factors."""
    for number, block in enumerate(level["blocks"]):
        if block["kind"] == "lines":
            for text, _ in block["lines"]:
                if number and block["left"] == step.dX:
                    step.require(close(step.numbers.at(text), step.stored), "formula", text)
                else:
                    step.index_line(block["left"], text, step.stored, "line")
            _reasons(step, block["lines"])
        elif block["kind"] == "walked":
            _walked(step, block)
    step.prose(LEVEL_4)


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
    step.conform(block["result"], block["shapes"])
