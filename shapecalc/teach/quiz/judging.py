"""An answer → a mark: right, wrong with a hint, or unread, which is no try.

A formula is judged by the same code as a claim in a spec, and the diagnosis is the hint.
"""

import re
from fractions import Fraction
from functools import partial
from typing import assert_never

from shapecalc.diagnostics import Finding, Problem
from shapecalc.parsing import names_in, parse_expression
from shapecalc.parsing.dims import parse_dim
from shapecalc.records import Dims
from shapecalc.span import Span
from shapecalc.teach.quiz.network import judged
from shapecalc.teach.quiz.records import (
    ChoiceKey,
    EntryKey,
    FormulaKey,
    Mark,
    ProductKey,
    Question,
    ShapeKey,
)

RIGHT = Mark("right")
CLOSE = 1e-9
LONGEST = 400
_NO = {"no", "none", "never", "does not conform", "doesn't conform", "n"}
_SCALAR = {"scalar", "()", "[]", "a scalar"}
_PLACE = re.compile(r", line \d+|(?<= )\(line \d+\) ?")
_NAME = re.compile(r"[^\W\d]\w*")
_LEFT_SIDE = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")


def mark(question: Question, answer: str) -> Mark:
    """Judge an answer to a question."""
    text = " ".join(answer.split())
    if len(text) > LONGEST:
        return Mark("unread", f"that is longer than {LONGEST} signs")
    match question.key:
        case ShapeKey(shape=shape, size=size):
            return _shape(shape, size, text, _dims(question, shape))
        case ProductKey():
            return _product(question, question.key, text)
        case ChoiceKey():
            return _choice(question, question.key, text)
        case EntryKey():
            return _entry(question.key, text)
        case FormulaKey():
            return _formula(question.key, text)
        case _:
            assert_never(question.key)


def _dims(question: Question, shape: Dims) -> set[str]:
    """Return the names that dims may be made of."""
    every = (*shape, *(dim for _, dims in question.given for dim in dims))
    return {name for dim in every for name in _NAME.findall(dim)}


def _shape(shape: Dims, size: tuple[int, ...] | None, text: str, names: set[str]) -> Mark:
    found = _axes(text)
    if found is None:
        return Mark("unread", "that is no shape: write its dims, as (a, b), or () for a scalar")
    unknown = [name for dim in found for name in _NAME.findall(dim) if name not in names]
    if unknown:
        return Mark("unread", f"there is no dim `{unknown[0]}` here")
    if _same(found, shape) or (size is not None and found == tuple(map(str, size))):
        return RIGHT
    if len(found) != len(shape):
        return Mark("wrong", f"it has {_counted(len(shape))}, and not {len(found)}")
    if _same(found[::-1], shape):
        return Mark("wrong", "these are its axes, in the other order")
    pairs = enumerate(zip(found, shape, strict=True), 1)
    wrong = [str(place) for place, (one, other) in pairs if not _same((one,), (other,))]
    axes = f"axis {wrong[0]}" if len(wrong) == 1 else f"axes {' and '.join(wrong)}"
    return Mark("wrong", f"it has as many axes, but not this size along {axes}, counted from 1")


def _counted(count: int) -> str:
    return "no axes: it is a scalar" if not count else f"{count} {'axis' if count == 1 else 'axes'}"


def _axes(text: str) -> Dims | None:
    """Read a shape: `(k, m)`, `k,m`, `k × m`; None where it is none."""
    if text.lower() in _SCALAR:
        return ()
    inner = text[1:-1] if text[:1] + text[-1:] in ("()", "[]") else text
    parts = [part.strip() for part in inner.replace(" x ", ",").replace("×", ",").split(",")]
    parts = parts[:-1] if len(parts) > 1 and not parts[-1] else parts
    return tuple(parts) if all(_is_dim(part) for part in parts) else None


def _is_dim(text: str) -> bool:
    try:
        parse_dim(text, _nowhere)
    except Problem:
        return False
    return True


def _nowhere(start: int, stop: int) -> Span:
    return Span("<answer>", 1, start + 1, max(stop - start, 1))


def _same(found: Dims, shape: Dims) -> bool:
    """Compare dims as what they count: `2*h` is `h*2`."""
    read = partial(parse_dim, locate=_nowhere)
    return len(found) == len(shape) and all(map(lambda a, b: read(a) == read(b), found, shape))


def _product(question: Question, key: ProductKey, text: str) -> Mark:
    says_no = text.lower().rstrip(".") in _NO
    if key.shape is None:
        if says_no:
            return RIGHT
        if _axes(text) is None:
            return Mark("unread", "write a shape, or no")
        return Mark("wrong", f"look at the inner dims of {key.factors}")
    if says_no:
        return Mark("wrong", f"the inner dims of {key.factors} are the same")
    return _shape(key.shape, key.size, text, _dims(question, key.shape))


def _choice(question: Question, key: ChoiceKey, text: str) -> Mark:
    letter = text.lower().strip("().: ")
    for each, formula in question.choices:  # the letter, the formula, or the key's `d: dZ2 @ W2`
        if text in (formula, f"{each}: {formula}"):
            letter = each
    if letter == key.letter:
        return RIGHT
    faults = dict(key.faults)
    if letter not in faults:
        return Mark("unread", f"write one of {', '.join(each for each, _ in question.choices)}")
    return Mark("wrong", faults[letter])


def _entry(key: EntryKey, text: str) -> Mark:
    number = _number(text)
    if number is None:
        return Mark("unread", "write a number")
    if abs(number - key.number) < CLOSE:
        return RIGHT
    if abs(number + key.number) < CLOSE:
        return Mark("wrong", "the sign is wrong")
    taken = (said for other, said in key.others if abs(other - number) < CLOSE)
    return Mark("wrong", next(taken, "write out the sum, product by product"))


def _number(text: str) -> float | None:
    plain = text.rsplit("=", maxsplit=1)[-1].replace("−", "-").replace(" ", "")
    if not re.fullmatch(r"[-+]?\d{1,12}(?:\.\d{0,12})?(?:/\d{1,12})?", plain):
        return None
    above, _, below = plain.partition("/")
    return (
        None if below and not int(below) else float(Fraction(above.rstrip(".")) / int(below or 1))
    )


def _formula(key: FormulaKey, text: str) -> Mark:
    side = _LEFT_SIDE.match(text)
    if side is not None and side[1] != key.gradient:
        return Mark("unread", f"this is about {side[1]}, and {key.gradient} is what is asked for")
    formula = text[side.end() :].strip() if side is not None else text
    try:
        names = {name.text for name in names_in(parse_expression(formula, _nowhere))}
    except Problem as problem:
        return _unread(problem.finding)
    if key.gradient in names:
        return Mark("unread", f"{key.gradient} is what is asked for: write it without itself")
    claim, finding = judged(key.spec, key.gradient, formula)
    if claim is None or claim.verdict == "undecided":
        return _unread(finding)
    if claim.verdict == "right":
        return RIGHT
    if finding is None:
        return Mark("wrong", f"this is not {key.gradient}")
    label = finding.label.split("\n")[0]
    why = [text for kind, text in finding.notes if kind == "why"]
    said = _PLACE.sub("", finding.message)
    return Mark("wrong", said, tuple(each for each in (label, *why) if each not in said))


def _unread(finding: Finding | None) -> Mark:
    if finding is None:
        return Mark("unread", "it cannot be judged")
    return Mark("unread", f"{finding.message}: {finding.help}" if finding.help else finding.message)
