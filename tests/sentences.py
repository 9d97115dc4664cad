"""Sentences with blanks, each with the check of what stands in them.

What is printed has to be made of such sentences alone: one that is new has no check, and fails.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

BLANK = r"((?:(?!\.(?: |$)).)+?)"


NAME = re.compile(r"<(\w+)>")


class Sentence(NamedTuple):
    """A pattern of one sentence or a few, and what its blanks are held to."""

    pattern: re.Pattern[str]
    check: Callable[..., None] | None


def sentence(pattern: str, check: Callable[..., None] | None = None) -> Sentence:
    """Make a sentence of a regular expression; the check takes its blanks.

    `{}` is a blank, and `<X>` a name that has to be that of X.
    """
    count = itertools.count()
    named = NAME.sub(lambda name: rf"(?P<{name[1]}_{next(count)}>\S+?)", pattern)
    return Sentence(re.compile(f"{named.replace('{}', BLANK)}(?: |$)"), check)


def read(
    text: str, known: Sequence[Sentence], names: Mapping[str, str]
) -> Iterator[tuple[Callable[..., None] | None, list[Any]]]:
    """Take a text apart into sentences. Raises where one is not known, or names another value."""
    at = 0
    while at < len(text):
        every = ((each, each.pattern.match(text, at)) for each in known)
        each, found = next((pair for pair in every if pair[1]), (None, None))
        assert each, f"no such sentence is known: {text[at:]}"
        assert found
        for place, name in found.groupdict().items():
            own = names[place.partition("_")[0]]
            assert name in (None, own), f"{name} is said of {own}: {found[0]}"
        taken = {*each.pattern.groupindex.values()}
        blanks = [each for at, each in enumerate(found.groups(), 1) if at not in taken]
        yield each.check, blanks
        at = found.end()


def listed(text: str) -> list[str]:
    """Read `m, 2*h and w`."""
    return re.split(r", | and | or ", text)


def dims(text: str) -> list[str]:
    """Read a shape, `(m, h)`."""
    return [each for each in text[1:-1].rstrip(",").split(", ") if each]
