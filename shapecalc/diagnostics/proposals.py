"""Names that a help proposes: the known one that is most like a misspelt one, and a new one.

Knows nothing of what the names mean.
"""

import re
from collections.abc import Container, Iterable, Sequence
from itertools import islice

MOST_PROPOSALS = 20
"""For how many mistakes of one kind a name is looked for: each time all names are gone through."""
MOST_NAMES = 5_000
_NUMBERED = r"(.*?)(\d*)"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like a misspelt one, None where none is.

    Case, `_` and the order of letters count for little; `Z3` is most like the
    `Z` with the nearest number.
    """
    names = list(islice(dict.fromkeys(known), MOST_NAMES))
    plain: dict[str, str] = {}
    for each in names:
        plain.setdefault(_plain(each), each)
    if found := plain.get(_plain(name)):
        return found
    letters = sorted(_plain(name))
    if name.isalpha() and (turned := [each for each in plain if sorted(each) == letters]):
        return plain[turned[0]]
    if alike := [each for each in names if _stem(each) == _stem(name)]:
        return _nearest_number(name, alike)
    from difflib import get_close_matches

    close = get_close_matches(_plain(name), plain, 1)
    return plain[close[0]] if close else None


def fresh(name: str, taken: Container[str]) -> str:
    """Return a name of the same stem that is not taken: `x2` for `x`."""
    number = 2 if (last := _number(name)) is None else last + 1
    while f"{_stem(name)}{number}" in taken:
        number += 1
    return f"{_stem(name)}{number}"


def _nearest_number(name: str, alike: Sequence[str]) -> str:
    """Choose by number; a name without one is most like the last."""
    wanted = _number(name)
    if wanted is None:
        return alike[-1]
    return min(alike, key=lambda each: _distance(str(wanted), _number(each)))


def _distance(wanted: str, number: int | None) -> tuple[bool, bool, int]:
    """Say how far a number is: the next one is near, and so is one with a digit left out."""
    apart = abs((number or 0) - int(wanted))
    is_next = apart == 1
    return not is_next and not wanted.startswith(str(number)), not is_next, apart


def _number(name: str) -> int | None:
    match = re.fullmatch(_NUMBERED, name)
    return int(match[2][:9]) if match and match[2] else None


def _stem(name: str) -> str:
    match = re.fullmatch(_NUMBERED, name)
    return match[1] if match else name


def _plain(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")
