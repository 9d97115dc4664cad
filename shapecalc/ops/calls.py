"""A call as written → the op that it names, and which argument is which operand or attribute.

Knows the libraries' names and keywords; knows no value and no shape.
"""

from collections.abc import Mapping
from collections.abc import Sequence as Items
from typing import NamedTuple

from shapecalc.diagnostics import Finding, Problem
from shapecalc.expression import Attribute as Dotted
from shapecalc.expression import Keyword, Name, Syntax
from shapecalc.ops import refusals
from shapecalc.ops.names import KEYWORDS, MORE_KEYWORDS, NUMPY, PREFIXES, meaning
from shapecalc.ops.registry import OPS, Op
from shapecalc.tree import Attribute


class Named(NamedTuple):
    """The op of a name, and the values of attributes where the name stands for one of them."""

    op: Op
    defaults: Mapping[str, Attribute]


def dotted(node: Syntax) -> str:
    """Return `torch.nn.functional` as written; nothing for what is no dotted name."""
    if isinstance(node, Name):
        return node.text
    if isinstance(node, Dotted):
        before = dotted(node.value)
        return f"{before}.{node.name}" if before else ""
    return ""


def named(name: str, prefix: str = "") -> Named | refusals.Refusal:
    """Return the op of a name in a library, `torch` and `var`; or why there is none."""
    library = PREFIXES[prefix] if prefix else NUMPY
    found = meaning(library, name)
    entry = OPS.get(found.op) if found is not None else None
    if found is None or entry is None:
        return refusals.not_in_library(name, f"{prefix}." if prefix else "", library)
    return Named(entry, dict(found.defaults))


def by_own_name(entry: Op, keywords: Items[Keyword]) -> dict[str, Keyword]:
    """Return keywords by the op's names of them. Raises Problem for one that is given twice."""
    given: dict[str, Keyword] = {}
    for keyword in keywords:
        name = _own_name(entry, keyword.name)
        if name not in entry.attributes and name not in entry.operands:
            raise _problem(keyword, *refusals.no_such_keyword(entry, keyword.name))
        if name in given:
            raise given_twice(keyword, name)
        given[name] = keyword
    return given


def _own_name(entry: Op, written: str) -> str:
    if written in entry.attributes or written in entry.operands:
        return written
    for own in (KEYWORDS.get(written, ""), MORE_KEYWORDS.get(written, "")):
        if own in entry.attributes or own in entry.operands:
            return own
    return written


def given_twice(keyword: Keyword, name: str) -> Problem:
    """Say that an argument is given by position and by name, or by two names."""
    return _problem(keyword, "SC210", f"`{name}` is given twice", f"drop `{keyword.name}=`")


def _problem(keyword: Keyword, code: str, message: str, advice: str) -> Problem:
    return Problem(Finding(code, keyword.span, message, advice))
