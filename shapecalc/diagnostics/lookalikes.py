"""Names that look like others and are not: letters of other alphabets, characters of no width.

Loaded only where a name is unknown and something in it, or in a known one, is not ASCII.
"""

from collections.abc import Iterable
from unicodedata import name as name_of
from unicodedata import normalize

_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеіјорсухѕԁԛԝ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲ" + "ⅼıɡ",
    "ABESIJKMHOPCTYXaeijopcyxsdqw" + "ABEZHIKMNOPTYXoc" + "lig",
)
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u180e\u200b\u200c\u200d\u2060\ufe0e\ufe0f\ufeff"))


def lookalike(name: str, known: Iterable[str]) -> tuple[str, str] | None:
    """Return the known name that looks the same, and in what this one differs from it."""
    if unseen := unseen_in(name):
        return without_unseen(name), f"this has {unseen} in it"
    skeleton = _skeleton(name)
    others = (each for each in known if each != name and not (name + each).isascii())
    other = next((each for each in others if _skeleton(each) == skeleton), None)
    return None if other is None else (other, _difference(name, other))


def unseen_in(text: str) -> str:
    """Name the first character of a text that takes no room; empty where all can be seen."""
    return next((_described(each) for each in text if ord(each) in _UNSEEN), "")


def without_unseen(text: str) -> str:
    """Return a text without the characters that take no room."""
    return text.translate(_UNSEEN)


def _difference(name: str, other: str) -> str:
    pairs = [pair for pair in zip(name, other, strict=False) if pair[0] != pair[1]]
    here, there = map(_described, pairs[0] if pairs else (name, other))
    return f"it has {there}, this has {here}"


def _described(character: str) -> str:
    """Name a character by its code point, `U+0410 CYRILLIC CAPITAL LETTER A`."""
    first = character[:1]
    return f"U+{ord(first):04X} {name_of(first, '')}".rstrip()


def _skeleton(name: str) -> str:
    return normalize("NFKC", name).translate(_ALIKE)
