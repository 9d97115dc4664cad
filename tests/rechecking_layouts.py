"""Level 5 of an explanation's JSON, worked out anew: both layouts, other texts, and the chain."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from oracles import Array, matrix_transposed
from rechecking import Json, Step, close
from sentences import dims, sentence
from written import bare, dim, enclosed, product_in, shape, split_at_top

TOLD = re.compile(
    r"(?P<here>here, )?(?P<product>.+): examples in (?P<examples>rows|columns)"
    r"(?:, (?P<weight>\w+) (?P<how>transposed too|as it is here))?(?P<torch> \(PyTorch\))?"
)


def layouts(step: Step, level: Json) -> None:
    """Both formulas, their shapes, the links with stacked entries, and the Kronecker product."""
    step.prose(LEVEL_5)
    for block in level["blocks"]:
        if block["kind"] == "sides":
            _side(step, block["left"], matrix_transposed(step.gradient), is_numerator=True)
            _side(step, block["right"], step.gradient, is_numerator=False)
        elif block["kind"] == "lines":
            if block["left"]:
                _chain(step, block["left"], *block["lines"][0])
            else:
                _elsewhere(step, block["lines"])


def _side(step: Step, lines: Sequence[str], truth: Array, *, is_numerator: bool) -> None:
    *rows, shapes = lines[1:]
    J, X, Y = step.loss, step.X, step.Y
    turn = ".T" if step.is_numerator else ""
    name = f"∂{J}/∂{X}" if is_numerator else f"{step.dX}{turn}"
    above = f"{step.step['upstream']}{turn}"
    rule = f"∂{J}/∂{Y} · ∂{Y}/∂{X}" if is_numerator else f"(∂{Y}/∂{X})ᵀ · {above}"
    step.require(rows[0].split(" = ", 1)[0] == name, "name of a side", rows)
    step.require(len(rows) == 1 or rows[0] == f"{name} = {rule}", "chain rule of a side", rows)
    formula = rows[-1].split(" = ", 1)[1].strip()
    step.require(close(step.numbers.at(formula), truth), "layout's formula", formula)
    made, *rest = shapes.split(" = ")
    step.require(step.numbers.size(dims(made)) == truth.shape, "layout's shape", shapes)
    own = step.dims(X)
    step.require(dims(made) == ([*matrix_turned(own)] if is_numerator else own), "its dims", made)
    for each in rest:
        step.conform(formula, each)


def _chain(step: Step, left: str, text: str, shapes: str) -> None:
    """Hold each Jacobian to the next one in a chain, by names and by shapes."""
    links = re.findall(r"∂(\w+)/∂(\w+)", text)
    links = links if "vec(" not in text else [(b, a) for a, b in links]
    step.require(all(a[1] == b[0] for a, b in pairwise(links)), "links meet", text)
    end = links[0][0] if "vec(" in text else links[-1][1]
    step.require(end == step.X, "links' end", text)
    step.require(left in (f"∂{links[0][0]}/∂{step.X}", f"vec({step.dX})"), "left side", left)
    if "vec(" in text:
        step.require(re.fullmatch(r"(?:\(∂\w+/∂\w+\)ᵀ )+vec\(\w+\)", text), "transposes", text)
        step.require(text.endswith(f"vec({step.told['top']})"), "where it begins", text)
    if not shapes:
        return
    chain, result = shapes.split(" → ")
    pairs = [each.split(", ") for each in enclosed(chain)]
    step.require(all(a[1] == b[0] for a, b in pairwise(pairs)), "links' shapes", shapes)
    step.require(f"({pairs[0][0]}, {pairs[-1][1]})" == result, "links' result", shapes)
    sizes = {n: at + 2 for at, n in enumerate(step.document["dims"])}
    for link, pair in zip(_links(text), pairs, strict=True):
        for name, told in zip(link, pair, strict=True):
            own = step.document["shapes"].get(name, [])
            length = int(np.prod([each.size(sizes) for each in shape(own)]))
            step.require(_stacked(told, sizes) == length, "stacked size", (name, told))


def _links(text: str) -> list[tuple[str, str]]:
    """Return what each matrix of a chain leads from and to; a vector has one column or row."""
    links = re.findall(r"∂(\w+)/∂(\w+)", text)
    if "vec(" not in text:
        return links
    return [*((b, a) for a, b in links), (links[-1][0], "")]


def _stacked(text: str, sizes: Mapping[str, int]) -> int:
    """Read `km`, the size of a stacked value: a product of dims."""
    if text.isalpha() and text not in sizes:
        return int(np.prod([sizes[letter] for letter in text]))
    return dim(text).size(sizes)


def _kronecker(step: Step, name: str, one: str, other: str, upstream: str) -> None:
    above = step.numbers.at(upstream)
    known = {e: step.numbers.product(e) for e in (one, other) if e != "I"}
    matrix = next(iter(known.values()), None)
    size = above.size // matrix.shape[0] if matrix is not None else above.size
    left, right = (known.get(each, np.eye(size)) for each in (one, other))
    made = np.kron(left, right).T @ above.ravel(order="F")
    step.require(name == step.dX, "whose it is", name)
    step.require(close(made, step.gradient.ravel(order="F")), "Kronecker product", (one, other))


# --- the same step in other texts ---------------------------------------------------------------


def _elsewhere(step: Step, lines: Sequence[Sequence[str]]) -> None:
    """Store values as each text has them, and multiply: forwards and backwards."""
    batch = step.document["batch"]
    own, other = (TOLD.fullmatch(why) for _, why in lines[:2])
    assert own
    assert other
    weight = other["weight"]
    forward = own["product"]
    values = {n: v for n, v in step.numbers.world.values.items() if v.ndim == 2}
    every = {*re.findall(r"\w+", forward.replace(".T", "")), step.Y, step.step["upstream"]}
    examples = every - {weight}
    axis = step.dims(step.Y).index(batch)
    made = eval(forward, dict(values))
    for number, (line, why) in enumerate(lines):
        found = TOLD.fullmatch(why)
        assert found
        is_own = number == 0
        turned = (
            set()
            if is_own
            else examples | ({weight} if found["how"] == "transposed too" else set())
        )
        stored = {n: v.T if n in turned else v for n, v in values.items()}
        step.require(bool(found["here"]) == is_own, "here", why)
        step.require(is_own or found["weight"] == weight, "the weight", why)
        forwards = eval(found["product"], dict(stored))
        step.require(close(forwards, made if is_own else made.T), "forwards, elsewhere", why)
        name, formula = line.split(" = ", 1)
        truth = step.gradient.T if step.X in turned else step.gradient
        step.require(name == step.dX, "the gradient's name", line)
        step.require(close(eval(formula, dict(stored)), truth), "backwards, elsewhere", line)
        rows = ("columns", "rows")[(axis == 0) == is_own]
        step.require(found["examples"] == rows, "where examples are", why)
        one, last = found["product"].split(" @ ")
        is_torch = rows == "rows" and last == f"{weight}.T" and not one.endswith(".T")
        step.require(bool(found["torch"]) == is_torch, "PyTorch", why)


# --- sentences ----------------------------------------------------------------------------------


def matrix_turned(each: Sequence[str]) -> tuple[str, ...]:
    """Swap the last two."""
    return (*each[:-2], *each[:-3:-1])


def _convention(step: Step, *told: str) -> None:
    X, dX_at, turned, shape_of, own, again, axes = told
    step.require(X == again == step.X and dX_at == own, "whose place it is", told)
    step.require(tuple(turned.split(",")) == matrix_turned(dX_at.split(",")), "turned", told)
    step.require(dims(axes) == step.dims(X), "its shape", axes)
    step.require(tuple(dims(shape_of)) == matrix_turned(step.dims(X)), "the shape turned", shape_of)


def _transposed(step: Step, turned: str, _: str, right: str) -> None:
    step.require(close(step.numbers.at(right), step.gradient), "layout", right)
    made = matrix_transposed(step.numbers.at(turned))
    step.require(close(made, step.gradient), "layout transposed", turned)


def _told_apart(step: Step) -> None:
    own = [step.document["dims"].get(dim) or dim for dim in step.dims(step.X)[-2:]]
    step.require(own[0] != own[1], "sizes differ", own)


def _alike(step: Step) -> None:
    own = [step.document["dims"].get(dim) or dim for dim in step.dims(step.X)[-2:]]
    step.require(own[0] == own[1], "sizes are one", own)


def _of_its_shape(step: Step, name: str, axes: str) -> None:
    step.require(name == step.X and dims(axes) == step.dims(name), "the gradient's shape", axes)
    step.require(step.value.ndim != 2, "no matrix", axes)


def _begins(step: Step, top: str) -> None:
    lines = [block["lines"][0][0] for block in step.level["blocks"] if block["kind"] == "lines"]
    chain = next(each for each in lines if each.startswith("∂"))
    first = re.match(r"∂\w+/∂(\w+) · ", chain)
    assert first
    gradients = [each["gradient"].partition(" = ")[0] for each in step.document["choices"]]
    step.require(top == "the loss" or f"d{first[1]}" == top, "where it begins", (top, chain))
    known = [*gradients, step.step["upstream"]]
    step.require(f"d{first[1]}" in known or not step.document["loss"], "a gradient", chain)
    step.told["top"] = f"d{first[1]}"


def _walk(step: Step, *told: str) -> None:
    formula, upstream, place, here, name, other, where, wrt = told
    step.require(close(step.numbers.at(formula or here), step.gradient), "the formula", told)
    if formula:
        end = split_at_top(formula, " @ ")[0 if place == "in front" else -1]
        step.require(bare(end.removeprefix("-")) == upstream, "where it has it", told)
        step.require(upstream == step.step["upstream"], "the upstream", told)
    if other:
        truth = step.pulled(step.differences(wrt, 0))
        step.require(close(step.numbers.at(other), truth), "other factor", told)
        end = split_at_top(product_in(other), " @ ")[0 if where == "in front" else -1]
        step.require(bare(end.removeprefix("-")) == step.step["upstream"], "its upstream", told)
        step.require(name == f"d{wrt}", "its name", told)


LEVEL_5 = [
    sentence(
        r"Where the numbers of ∂<J>/∂<X> are written is a convention\. The numerator layout has "
        r"that of (\w+)\[(\S+)\] at \[(\S+)\], so its shape is (\(.+?\)); the denominator layout "
        r"has it at \[(\S+)\], in the shape of (\w+), (\(.+?\)), so that a step can be subtracted "
        r"from <X>\.",
        _convention,
    ),
    sentence(
        r"One is the other transposed: \((.+)\)\.(m?T) = (.+), by \(AB\)ᵀ = BᵀAᵀ\.", _transposed
    ),
    sentence("One is the other transposed."),
    sentence("The shape that a text gives ∂<J>/∂<X> tells which of them it uses.", _told_apart),
    sentence(
        "Here both have the same size, so only its formulas tell which of them a text uses.", _alike
    ),
    sentence(
        "PyTorch, TensorFlow, JAX and most courses use the denominator layout, many books on "
        "matrix calculus the numerator layout. Both are right; to mix them is not."
    ),
    sentence(
        "A value with fewer than two axes has no transpose: both are the same.",
        lambda step: step.require(step.value.ndim < 2, "fewer than two axes", step.X),
    ),
    sentence(
        r"The gradient has the shape of (\S+), (\(.*?\)), so that a step can be subtracted from "
        r"it\. It is no matrix, so the two layouts of matrices have no say\.",
        _of_its_shape,
    ),
    sentence(
        r"The gradient has the shape of (\S+), (\(.*?\)): the \d axes of <X> are no matrices in a "
        r"batch, so only this form is defined\.",
        _of_its_shape,
    ),
    sentence("Another text may have the same numbers stored otherwise, and so other transposes:"),
    sentence(
        r"Stack all entries of each value to one column, vec\( \)\. From (the loss|\S+) on, each "
        r"Jacobian is a matrix then, and the chain rule is a product as it stands:",
        _begins,
    ),
    sentence(
        r"Here, with columns stacked, vec\((\w+)\) = \((.+) ⊗ (.+)\)ᵀ vec\((\w+)\)\. ⊗ is the "
        r"Kronecker product: each number of its left side times all of the right side\.",
        _kronecker,
    ),
    sentence(
        r"Does the order always reverse\? Stacked, yes\. As matrices the walk decides: "
        r"(?:(.+?) has (\S+) (last|in front)|here it is (.+?))"
        r"(?:, but (\S+) = (.+) has it (in front|last) \(--wrt (\S+) says why\))?\.",
        _walk,
    ),
]
