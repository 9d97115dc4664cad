"""A line that is wider than the page → lines that are not, broken where a reader would.

First at a gap between columns or before a verdict, then before an operator, then between words;
within brackets only where nothing else has room.
"""

import re

from shapecalc.render.widths import cell_len

_GAP = re.compile(r" {2,}(?=\S)| (?=(?:→|->|✓|✗|!) )")
_OPERATOR = re.compile(r" (?=[-+*/@=]+ )")
_SPACE = re.compile(r" (?=\S)")
HANG = 4
"""How much further in than the first line the others begin."""


def place_to_break(text: str, width: int) -> int:
    """Return where the next line is to begin; 0 where there is no such place."""
    indent = len(text) - len(text.lstrip())
    best, found = (-len(text), 0, 0), 0
    for rank, pattern in enumerate((_SPACE, _OPERATOR, _GAP)):
        for match in pattern.finditer(text, indent):
            place = match.start()
            if indent < place and width * 2 // 5 <= cell_len(text[:place]) <= width:
                best, found = max((best, found), ((-_depth(text[:place]), rank, place), place))
    return found or _last_resort(text, indent, width)


def _last_resort(text: str, indent: int, width: int) -> int:
    """Return the last space that has room, however early."""
    places = [match.start() for match in _SPACE.finditer(text, indent)]
    fitting = [each for each in places if each > indent and cell_len(text[:each]) <= width]
    return fitting[-1] if fitting else 0


def hanging(text: str, width: int) -> int:
    """Return how far in the lines after the first begin: less where that would leave no room."""
    indent = len(text) - len(text.lstrip())
    return min(indent + HANG, width // 4)


def _depth(text: str) -> int:
    return sum(text.count(each) for each in "([") - sum(text.count(each) for each in ")]")
