"""The networks that the quiz, the gallery and the tour bring with them, a file each."""

from pathlib import Path

BUILT_IN = ("columns", "rows", "outputs", "residual")
_FOLDER = Path(__file__).parent


def spec_named(name: str) -> str:
    """Return the text of a network: `columns`, `tour/scalar`."""
    return (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
