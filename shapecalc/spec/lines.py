"""Equations, shapes and claims from a command line → the text of the spec that they stand for."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

_LEFT_SIDE = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")
_NAME = re.compile(r"[^\W\d]\w*")
_DEEPEST = 50  # functions of functions
_DIMS = r"\s*[\[(]?([^\[\]()]*)[\])]?\s*"
_FUNCTION = re.compile(rf"\s*([^\W\d]\w*)\s*\(\s*([^\W\d]\w*)\s*\)\s*[:=]{_DIMS}")
_DIM = re.compile(r"[\w(][\w\s*+/()-]*")
_SHAPE = re.compile(rf"\s*([^\W\d]\w*)\s*[=:]{_DIMS}")
_OF_FACTS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-= ")


class NoShape(ValueError):
    """A text that gives no name a shape: what to write."""


class NoFact(ValueError):
    """A text that says nothing of a name: what to write."""


class Asked(NamedTuple):
    """What is asked in one line: claims and equations as lines, shapes by name."""

    claims: tuple[str, ...]
    forward: tuple[str, ...]
    shapes: tuple[tuple[str, str], ...]
    sizes: tuple[str, ...] = ()
    assume: tuple[str, ...] = ()
    loss: str | None = None
    is_numerator: bool = False


def lines_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Split pasted code at line ends and semicolons; comments and empty lines are no lines."""
    parts = (part for text in texts for line in text.splitlines() for part in line.split(";"))
    stripped = (part.split("#")[0].strip() for part in parts)
    return tuple(part for part in stripped if part)


def shape_of(text: str) -> tuple[str, str]:
    """Read `W2=k,h`, the name and the dims. Raises NoShape."""
    found = _SHAPE.fullmatch(text)
    if found is None or not _are_dims(found[2]):
        raise NoShape(f"`{text}` is no shape: write `W2=k,h`, or `s=` for a scalar")
    return found[1], found[2].strip().strip(",")


def fact_of(text: str) -> str:
    """Read `S: symmetric`, also without its colon. Raises NoFact."""
    name, _, fact = map(str.strip, text.replace(":", " ", 1).strip().partition(" "))
    if not name or not set(fact) <= _OF_FACTS or not fact:
        raise NoFact(f"`{text}` is no fact: write `S symmetric`")
    return f"{name}: {fact}"


def _are_dims(text: str) -> bool:
    """Say whether a text is dims, and no more: it goes into a spec."""
    parts = [part.strip() for part in text.strip().strip(",").split(",") if text.strip()]
    return all(_DIM.fullmatch(part) for part in parts)


def as_spec(asked: Asked, *, is_loss: bool) -> str:
    """Write the spec. Without a loss, what no other equation uses has a gradient from above.

    Values with a claim are params; of the others nobody asks for a gradient.
    """
    lines = [f"dims: {{{', '.join(_dims(asked))}}}"] if asked.sizes else []
    lines += _section("assume:", _grouped(asked.assume))
    claimed = {found[1] for line in asked.claims if (found := _LEFT_SIDE.match(line))}
    for head in ("inputs:", "params:"):
        chosen = [
            each for each in asked.shapes if (f"d{each[0]}" in claimed) == (head == "params:")
        ]
        lines += _section(head, (f"{name}: [{dims}]" for name, dims in chosen))
    lines += _section("forward: |", asked.forward)
    if asked.loss is not None:
        lines.append(f"loss: {asked.loss}")
    elif not is_loss:
        lines.append(f"upstream: [{', '.join(_ends(asked.forward))}]")
    lines += ["layout: numerator"] if asked.is_numerator else []
    lines += _section("gradients: |", asked.claims)
    return "\n".join(lines) + "\n"


def _dims(asked: Asked) -> list[str]:
    """Return the dims with the sizes that are given, and those of the shapes that have none."""
    sized = {size.partition(":")[0].strip() for size in asked.sizes}
    named = dict.fromkeys(name for _, dims in asked.shapes for name in _NAME.findall(dims))
    return [*asked.sizes, *(f"{name}: _" for name in named if name not in sized)]


def _grouped(facts: Iterable[str]) -> Iterator[str]:
    """Write all that is said of one name on one line: `S: [symmetric, orthogonal]`."""
    said: dict[str, list[str]] = {}
    for fact in facts:
        name, _, what = map(str.strip, fact.partition(":"))
        said.setdefault(name, []).append(what)
    for name, each in said.items():
        yield f"{name}: {each[0]}" if len(each) == 1 else f"{name}: [{', '.join(each)}]"


def _section(head: str, entries: Iterable[str]) -> list[str]:
    found = [f"  {entry}" for entry in entries]
    return [head, *found] if found else []


def _ends(forward: Sequence[str]) -> list[str]:
    """Return the names that equations set and none uses."""
    sides = [line.partition("=") for line in forward if _LEFT_SIDE.match(line)]
    used = {name for _, _, right in sides for name in _NAME.findall(right)}
    return [name for left, _, _ in sides if (name := left.strip()) not in used]


class Function(NamedTuple):
    """A function of one value that is not spelled out: `u(x): k,1`."""

    name: str
    of: str
    shape: str


class Expression(NamedTuple):
    """What is to be differentiated by one name. `shapes` may lack those that can be inferred.

    A function of the name, or of another function, is a value like others; what it depends on is
    in `functions`. The `places` pick entries of other values, and have no derivative.
    """

    text: str
    wrt: str
    shapes: tuple[tuple[str, str], ...]
    assume: tuple[str, ...] = ()
    functions: tuple[Function, ...] = ()
    places: tuple[str, ...] = ()


def function_of(text: str) -> Function:
    """Read `u(x): k,1`. Raises NoShape."""
    found = _FUNCTION.fullmatch(text)
    if found is None or not _are_dims(found[3]):
        raise NoShape(f"`{text}` is no function: write `u(x): k,1`, or `f(x):` for a scalar")
    return Function(found[1], found[2], found[3].strip().strip(","))


def without_calls(text: str, functions: Iterable[Function]) -> str:
    """Write `u` for `u(x)`, also where one function is given to another."""
    for _ in range(_DEEPEST):
        before = text
        for each in functions:
            text = re.sub(rf"(?<![\w.]){each.name}\s*\(\s*{each.of}\s*\)", each.name, text)
        if text == before:
            break
    return text


def dims_in(shape: str) -> tuple[str, ...]:
    """Return the names of dims in the text of a shape."""
    return tuple(_NAME.findall(shape))


def spec_of(asked: Expression, output: str, names: Iterable[str]) -> str:
    """Write the spec in which an expression is the one equation; `names` are the values in it."""
    given = dict(asked.shapes)
    shapes = [(name, given.get(name)) for name in dict.fromkeys((*given, *names))]
    known = {name: f"{name}: {'_' if dims is None else f'[{dims}]'}" for name, dims in shapes}
    places = [known.pop(name) for name in asked.places if name in known]
    lines = [
        *_section("inputs:", places),
        *_section("params:", known.values()),
        *_section("forward: |", [f"{output} = {asked.text}"]),
    ]
    lines += [f"upstream: [{output}]", *_section("assume:", _grouped(asked.assume))]
    return "\n".join(lines) + "\n"
