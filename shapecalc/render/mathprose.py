"""A sentence with formulas in it → its words and its formulas, told apart with care.

A word is a formula where it names a value, a gradient or a dim of the spec, is a single letter, or
is written as a formula is: with indices, a transpose, a sign between. What is in doubt is a word.
"""

from collections.abc import Collection, Iterable
from re import compile as pattern
from typing import NamedTuple

from shapecalc.records import Report
from shapecalc.records.explained import Explanation
from shapecalc.render.mathtext import Node, is_dims, parsed, tokens

_CODE = pattern(r"`[^`]*`|--wrt [^\W\d]\w*|--[a-z][\w-]*|\b\w+:\w+(?::\d+)?\b")
_INFIX = frozenset("@*·/+-=<>≠≤≥×⊗⊙∘→") | {"<=", ">=", "==", "!="}
_BEHIND_STAR = frozenset({"", " ", "∘", ",", ".", ")", ":", ";"})
_VERBS = frozenset({"is", "was", "has", "and", "or", "depends"})
_ORDINARY = frozenset(
    pattern(r"\w+").findall(
        "a an and as at by do for from has have in is it its no not of on one or so that the then "
        "this to was what where with all each every here there two three many more most other "
        "sum loss mean row rows column columns entry entries example examples axis axes block "
        "blocks copy copies shape size sizes index step part parts product chain layout text "
        "order number"
    )
)


class Code(NamedTuple):
    """What is typed, with the marks that it stands in."""

    text: str


class Formula(NamedTuple):
    """A formula within a sentence."""

    nodes: tuple[Node, ...]


class Said(NamedTuple):
    """Words between the formulas."""

    text: str


Piece = Code | Formula | Said


def names_in(report: Report, explanations: Iterable[Explanation] = ()) -> frozenset[str]:
    """Collect the names of values, gradients and dims, by which formulas are told from words.

    A report on one gradient has no values: then the explanations say what there is besides.
    """
    names = {report.loss} if report.loss else set()
    shapes = [(value.name, value.shape) for value in report.values]
    shapes += [(each.wrt, each.shape) for each in report.gradients]
    for explanation in explanations:
        for step in explanation.steps:
            shapes += [(step.output, ()), *step.shapes]
    for name, dims in shapes:
        names |= {name, f"d{name}", *filter(str.isidentifier, dims)}
    return frozenset(names | {gradient.gradient for gradient in report.gradients})


def sentence(text: str, names: Collection[str]) -> tuple[Piece, ...]:
    """Tell words, formulas and code apart."""
    pieces: list[Piece] = []
    end = 0
    for found in _CODE.finditer(text):
        pieces += _Reader(text[end : found.start()], names).pieces()
        pieces.append(Code(found[0]))
        end = found.end()
    pieces += _Reader(text[end:], names).pieces()
    return tuple(_merged(pieces))


def _merged(pieces: Iterable[Piece]) -> Iterable[Piece]:
    waiting = ""
    for piece in pieces:
        if isinstance(piece, Said):
            waiting += piece.text
            continue
        if waiting:
            yield Said(waiting)
        waiting = ""
        yield piece
    if waiting:
        yield Said(waiting)


class _Reader:
    """Finds runs of tokens that are formulas."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        self.tokens, self.names = tokens(text), names

    def pieces(self) -> list[Piece]:
        found: list[Piece] = []
        at = 0
        while at < len(self.tokens):
            end = self.run(at)
            if end is None:
                found.append(Said(self.tokens[at].text))
                at += 1
            else:
                found.append(Formula(parsed(self.tokens[at:end], self.names)))
                at = end
        return found

    def text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def kind(self, at: int) -> str:
        return self.tokens[at].kind if 0 <= at < len(self.tokens) else ""

    def past_space(self, at: int) -> int:
        return at + 1 if self.kind(at) == "space" else at

    def run(self, start: int) -> int | None:
        """Return where the formula ends that starts here, if one does."""
        end = self.atom(start, is_alone=True)
        if end is None:
            end = self.atom(start, is_alone=False)
            if end is None or self.further(end) is None:
                return None
        while (further := self.further(end)) is not None:
            end = further
        return end

    def further(self, end: int) -> int | None:
        """Return where one more sign and atom end, or one more factor."""
        at = self.past_space(end)
        if self.text(at) in _INFIX and (at > end or self.text(at) in _INFIX):
            return self.atom(self.past_space(at + 1), is_alone=False)
        is_entry = self.text(end - 1) == "]" or self.kind(end - 1) == "sum"
        if is_entry and (at > end):
            found = self.atom(at, is_alone=False)
            ends_in_entry = found is not None and self.text(found - 1) == "]"
            return found if ends_in_entry and self.kind(at) in ("name", "open") else None
        if self.text(end - 1) == ")" and self.text(end) == "(":
            return self.atom(end, is_alone=False)
        if self.kind(end - 1) == "raised" and self.text(at + 1) == "(":
            return self.atom(at, is_alone=False)
        return None

    def atom(self, at: int, *, is_alone: bool) -> int | None:
        """Return where the atom ends that starts here; `is_alone`: no formula is around it."""
        if self.text(at) == "-" and self.kind(at + 1) != "space":
            end = self.atom(at + 1, is_alone=is_alone)
            return None if self.kind(at - 1) not in ("", "space") else end
        kind, text = self.kind(at), self.text(at)
        if kind == "sum":
            return at + 1 if text != "Σ" else None
        if text == "∂":
            return self.with_marks(at + 2) if self.kind(at + 1) == "name" else None
        if kind == "number":
            return None if is_alone else self.with_marks(at + 1)
        if kind == "open":
            is_place = text == "["
            return self.place(at) if is_place else self.bracket(at, is_alone=is_alone)
        return self.named(at, is_alone=is_alone) if kind == "name" else None

    def named(self, at: int, *, is_alone: bool) -> int | None:
        text, behind = self.text(at), at + 1
        if self.text(behind) == "(":
            close = self.close_of(behind)
            if close is not None:
                return self.with_marks(close)
        end = self.with_marks(behind)
        if end > behind:  # indices or a transpose: a formula, whatever the name
            following = self.kind(end) == "name" and self.kind(end - 1) == "raised"
            return self.named(end, is_alone=False) if following else end
        if not is_alone:
            is_name = text in self.names or len(text) == 1 or is_dims(text, self.names)
            return end if is_name else None
        return end if self.stands_alone(at) else None

    def stands_alone(self, at: int) -> bool:
        """Say whether a word with nothing around it names a value or an index."""
        text = self.text(at)
        if text == "A" and self.kind(at + 1) == "space":
            is_first = at == 0 or self.text(at - 1) == "(" or self.text(at - 2) in (".", ":", "?")
            return text in self.names and (not is_first or self.text(at + 2) in _VERBS)
        if text in ("a", "I") or text in _ORDINARY or self.text(at - 1) in ("'", "’", "-"):
            return False
        return text in self.names or (len(text) == 1 and text != "A")

    def bracket(self, at: int, *, is_alone: bool) -> int | None:
        """Read what stands in brackets, where all of it is a formula."""
        close = self.close_of(at)
        if close is None:
            return None
        inside = self.tokens[at + 1 : close - 1]
        end = self.with_marks(close)
        if self.text(at) == "(" and end == close and not self.is_formula(at + 1, close - 1):
            return None
        has_sign = any(each.text in _INFIX or each.text in ",∂" for each in inside)
        is_enough = end > close or has_sign or not is_alone or not inside
        return end if is_enough and self.text(close - 1) in ")⟩" else None

    def place(self, at: int) -> int | None:
        """Read a place, `[p,q]`, of an entry that is not named."""
        close = self.close_of(at)
        inside = self.tokens[at + 1 : close - 1] if close is not None else ()
        is_place = inside and all(len(text) == 1 and text not in "aA" for _, text in inside)
        return close if is_place and self.text(close or 0) != "(" else None

    def is_formula(self, start: int, end: int) -> bool:
        """Say whether nothing between two places is a word; what a function takes may be."""
        at = start
        while at < end:
            kind, text = self.tokens[at]
            if kind == "name" and self.text(at + 1) == "(":
                at = self.close_of(at + 1) or end
                continue
            is_name = len(text) == 1 or text in self.names or is_dims(text, self.names)
            if (kind == "name" and not is_name) or text in (".", ";", "?"):
                return False
            at += 1
        return True

    def is_adjoint(self, star: int) -> bool:
        return self.text(star - 1) in ("f", "g", ")") and self.text(star + 1) in _BEHIND_STAR

    def close_of(self, at: int) -> int | None:
        """Return the place behind the bracket that closes the one here."""
        depth = 0
        for end in range(at, len(self.tokens)):
            depth += {"open": 1, "close": -1}.get(self.kind(end), 0)
            if depth == 0:
                return end + 1
        return None

    def with_marks(self, end: int) -> int:
        """Pass indices, transposes and powers, and a star that is no product."""
        while True:
            if self.kind(end) == "raised":
                end += 1
            elif self.text(end) == "[" and (close := self.close_of(end)) is not None:
                end = close
            elif self.text(end) == "*" and self.is_adjoint(end):
                end += 1
            else:
                return end
