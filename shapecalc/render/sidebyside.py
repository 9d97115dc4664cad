"""The same network in two conventions → a page that has them beside each other."""

from collections.abc import Iterator, Sequence

from shapecalc.records import Pair, Rewritten, Side
from shapecalc.records.steps import Dims
from shapecalc.render.glyphs import to_ascii, visible
from shapecalc.render.notation import counted
from shapecalc.render.output import Look
from shapecalc.render.widths import cell_len

_GAP = 3


def side_by_side(made: Rewritten, look: Look) -> str:
    """Print each value and each gradient in both conventions; nothing where they are the same."""
    if not made.points:
        return ""
    lines = (visible(line.rstrip()) for line in _lines(made, look.width))
    return "".join(f"{to_ascii(line) if look.ascii else line}\n" for line in lines)


def summary(made: Rewritten, path: str, look: Look) -> str:
    """Say in a line whether there is a spec in the other convention, and what was proved of it."""
    if made.refused:
        said = f"has no counterpart in {made.to}: {made.refused}"
    elif not made.points:
        said = f"is in {made.to} already, and stays as it is"
    else:
        said = (
            f"from {made.was} to {made.to}: {counted(len(made.forward), 'value')} and "
            f"{counted(len(made.backward), 'gradient')} agree at {made.points} points"
        )
    if made.left_out:
        said += f"; {counted(len(made.left_out), 'claim')} left out"
    line = visible(f"{path}: {said}")
    return f"{to_ascii(line) if look.ascii else line}\n"


def _lines(made: Rewritten, width: int) -> Iterator[str]:
    pairs = (*made.given, *made.forward, *made.backward)
    first = max(cell_len(pair.name) for pair in pairs) + 2
    room = (width - first - _GAP) // 2
    fitting = [cell_len(_cell(pair.left)) for pair in pairs]
    left = max((cells for cells in fitting if cells <= room), default=room)
    left = max(left, cell_len(made.was))
    yield " " * first + _padded(made.was, left + _GAP) + made.to
    for head, part in (
        ("GIVEN", made.given),
        ("FORWARD", made.forward),
        ("BACKWARD", made.backward),
    ):
        yield ""
        yield head
        yield from _part(part, first, left)
    yield ""
    yield from _proof(made)


def _part(pairs: Sequence[Pair], first: int, left: int) -> Iterator[str]:
    """Print pairs; where the left side is too long, the right one stands below it."""
    for pair in pairs:
        line = _padded(pair.name, first) + _cell(pair.left)
        if cell_len(_cell(pair.left)) > left:
            yield line
            line = ""
        yield _padded(line, first + left + _GAP) + _cell(pair.right)


def _proof(made: Rewritten) -> Iterator[str]:
    """Say what was compared, and how the two sides are alike."""
    named: dict[str, list[str]] = {}
    for pair in (*made.forward, *made.backward):
        named.setdefault(pair.relation, []).append(pair.name)
    yield f"At {made.points} points of stand-in values, each side by its own formulas:"
    for relation, names in named.items():
        yield f"  {relation}: {', '.join(names)}"


def _cell(side: Side) -> str:
    shape = _shape(side.shape)
    return f"{side.formula}   {shape}" if side.formula else shape


def _shape(dims: Dims) -> str:
    return f"({dims[0]},)" if len(dims) == 1 else f"({', '.join(dims)})"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
