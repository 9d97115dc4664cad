"""Places in the user's source. Knows nothing of what stands there."""

from typing import NamedTuple


class Span(NamedTuple):
    """One stretch of one source line: line and column count from 1, length in characters."""

    path: str
    line: int
    column: int
    length: int = 1

    @property
    def end_column(self) -> int:
        """Return the column just behind the stretch."""
        return self.column + self.length

    def to(self, end: "Span") -> "Span":
        """Stretch to the end of a later span; across lines, to the first line's own part."""
        if end.line != self.line:
            return self
        return self._replace(length=max(self.length, end.end_column - self.column))
