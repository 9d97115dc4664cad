"""Lines of styled pieces → text with the escape sequences of a terminal. The one user of Rich."""

from collections.abc import Sequence
from io import StringIO
from typing import Protocol

from rich.console import Console
from rich.text import Text


class Styled(Protocol):
    """A stretch of text in one style."""

    @property
    def text(self) -> str: ...

    @property
    def style(self) -> str: ...


def coloured(lines: Sequence[Sequence[Styled]], width: int) -> str:
    """Print lines with their colours."""
    file = StringIO()
    text = Text("\n").join(
        Text.assemble(*((piece.text, piece.style) for piece in line)) for line in lines
    )
    _console(file, width).print(text, soft_wrap=True)
    return file.getvalue()


def _console(file: StringIO, width: int) -> Console:
    return Console(
        file=file,
        width=width,
        color_system="standard",
        force_terminal=True,
        no_color=False,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
