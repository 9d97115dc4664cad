"""A text of the user's → what a message can hold of it."""

LONGEST = 60


def short(text: str) -> str:
    """Return the first characters of a text, on one line."""
    return " ".join(text.lstrip()[: 4 * LONGEST].split())[:LONGEST]
