"""The docstring of a code's class → the parts of its page. Knows nothing of how a page looks.

Python strips docstrings under `-OO`, so they are always read from the source of the module.
"""

import re
import sys
from functools import lru_cache
from typing import NamedTuple

from shapecalc.diagnostics.rule import Rule

_SECTION = re.compile(r"^(Bad|Good|Fix):(.*?)(?=^(?:Bad|Good|Fix):|\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"```(\w+) ?([\w-]*)\n(.*?)```", re.DOTALL)


class Example(NamedTuple):
    """A block of a page: a spec (`yaml`), settings (`toml`), what a terminal shows (`console`)."""

    language: str
    text: str
    encoding: str = "utf-8"


class RulePage(NamedTuple):
    """What there is to read about a code; `why` is in paragraphs."""

    summary: str
    why: tuple[str, ...]
    bad: Example | None
    good: Example | None
    fix: str
    silence: str


def page_of(rule: type[Rule]) -> RulePage:
    """Read the page of a code."""
    text = _docstrings(rule.__module__)[rule.__name__]
    summary, _, body = text.partition("\n")
    sections = {found[1]: found[2] for found in _SECTION.finditer(body)}
    why = body[: found.start()] if (found := _SECTION.search(body)) else body
    return RulePage(
        summary,
        _paragraphs(why),
        _example(sections.get("Bad", "")),
        _example(sections.get("Good", "")),
        " ".join(_paragraphs(sections.get("Fix", ""))),
        rule.silence(),
    )


@lru_cache
def _docstrings(module: str) -> dict[str, str]:
    """Return the docstrings of the classes in a module, by class."""
    import ast
    import inspect

    tree = ast.parse(inspect.getsource(sys.modules[module]))
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    return {node.name: ast.get_docstring(node) or "" for node in classes}


def _paragraphs(text: str) -> tuple[str, ...]:
    parts = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return tuple(part for part in parts if part)


def _example(section: str) -> Example | None:
    block = _BLOCK.search(section)
    return block and Example(block[1], block[3], block[2] or "utf-8")
