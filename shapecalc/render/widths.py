"""How many cells of a terminal a text takes. Rich knows it of all signs, and is rarely asked."""

import re

NARROW = (
    " -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482"
    "\u1d2c-\u1d6a\u2010-\u2027\u2030-\u205e\u2070-\u20cf\u2100-\u22ff\u2500-\u25fc\u2713\u2717\u27e6-\u27eb"
)
"""Latin, Greek, raised digits, arrows, operators and boxes: all of our own signs, and more."""
_NARROW = re.compile(f"[{NARROW}]*")


def cell_len(text: str) -> int:
    """Measure a text in terminal cells: a CJK letter takes two, an accent none."""
    if (text.isascii() and text.isprintable()) or _NARROW.fullmatch(text):
        return len(text)
    from rich.cells import cell_len as exactly

    return exactly(text)
