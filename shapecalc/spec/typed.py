"""A node → the type that its place in the spec gives it, or a Problem that says what belongs there.

Knows how names, sections and sizes are written; knows no section's meaning.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from shapecalc.diagnostics import Finding, Problem, short
from shapecalc.parsing import NAME_LIMIT, is_name, normal_name, over
from shapecalc.source import List, Mapping, Node, Scalar
from shapecalc.span import Span
from shapecalc.spec.network import Reference

ENTRY_LIMIT = 25_000
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Findings(list[Finding]):
    """The findings so far: one bad entry does not hide the next."""

    def attempt(self, read: Callable[_P, _T], *given: _P.args, **named: _P.kwargs) -> _T | None:
        """Return what a reader returns; where it raises a Problem, keep the finding."""
        try:
            return read(*given, **named)
        except Problem as problem:
            self.append(problem.finding)
            return None


def problem(code: str, span: Span, message: str, advice: str) -> Problem:
    """Return the problem with one place that most readers raise."""
    return Problem(Finding(code, span, message, advice))


def described(node: Node) -> str:
    """Say what a node is, as a message puts it: `a list`, `empty`, the text itself."""
    if isinstance(node, List):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    return "empty" if node.is_empty else f"`{short(node.text)}`"


def reference(node: Node, key: str, expected: str, example: str) -> Reference:
    """Read a value that is one name, `batch: m`."""
    if not isinstance(node, Scalar) or node.is_empty:
        message = f"`{key}` is {described(node)}, {expected} is expected"
        raise problem("SC204", node.span, message, f"write `{key}: {example}`")
    if node.text.isdecimal():
        message = f"`{key}` is {node.text}, {expected} is expected"
        raise problem("SC204", node.span, message, f"write `{key}: {example}`")
    return name_at(node.text, node.span)


def name_of(scalar: Node) -> Reference:
    """Read a key or an item of a list that must be a name."""
    if not isinstance(scalar, Scalar):
        message = f"{described(scalar)} stands where a name is expected"
        raise problem("SC204", scalar.span, message, "write a name")
    return name_at(scalar.text, scalar.span)


def name_at(text: str, span: Span) -> Reference:
    """Return a name in its one spelling; raise a Problem where a text is none."""
    if is_name(text) and text != "_":
        if len(text) > NAME_LIMIT:
            advice = "choose a shorter one"
            raise over("a name of {} characters", len(text), NAME_LIMIT, span, advice)
        return Reference(normal_name(text), span)
    if text.isidentifier() and text != "_":
        advice = f"choose another name, `{text}_`"
        raise problem("SC204", span, f"`{text}` is a word of Python, and no name", advice)
    if not text.isascii():
        from shapecalc.diagnostics.lookalikes import unseen_in, without_unseen

        if unseen := unseen_in(text):
            message = f"there is {unseen} in a name, which cannot be seen"
            raise problem("SC204", span, message, f"write `{short(without_unseen(text))}`")
    advice = "begin with a letter; letters, digits and `_` may follow"
    raise problem("SC204", span, f"`{short(text)}` is no name", advice)


def entries(node: Node, key: str, expected: str, example: str) -> tuple[tuple[Scalar, Node], ...]:
    """Return the entries of a section that is a mapping; an empty section has none."""
    if isinstance(node, Mapping):
        if len(node.entries) > ENTRY_LIMIT:
            where, count = node.entries[ENTRY_LIMIT][0].span, len(node.entries)
            raise over(f"`{key}` with {{}} names", count, ENTRY_LIMIT, where, "split the network")
        return node.entries
    if isinstance(node, Scalar) and node.is_empty:
        return ()
    message = f"`{key}` is {described(node)}, {expected} is expected"
    raise problem("SC204", node.span, message, f"write `{key}: {example}`")
