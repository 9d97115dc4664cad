"""What structural ops have in common: letters of axes, and which of them change, and how."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from shapecalc.dims import ONE, Dim, Shape, shape_text
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.registry import Written
from shapecalc.tree import Attribute

ZERO = Dim.number(0)


class Changes:
    """The letters of X and of Y, new dims and sizes by name, and the deltas that tie them."""

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        self.before = list(before)
        self.after: list[str | None] = list(after)
        self.names: dict[str, Dim] = {}
        self.deltas: list[str] = []

    def put(self, axis: int, dim: Dim) -> None:
        """Give an axis a letter of its own on either side, and its dim in Y."""
        self.before[axis], self.after[axis] = f"x{axis}", f"y{axis}"
        self.names[f"y{axis}"] = dim

    def drop(self, axis: int, place: Dim) -> None:
        """Take one entry along an axis, which Y has not."""
        self.before[axis], self.after[axis] = f"x{axis}", None
        self.names[f"b{axis}"] = place
        self.deltas.append(f"δ[x{axis}, |b{axis}|]")

    @property
    def signature(self) -> Written:
        """Return the signature."""
        kept = [letter for letter in self.after if letter is not None]
        return Written(f"X[{','.join(self.before)}] -> Y[{','.join(kept)}]", self.names)

    @property
    def formula(self) -> str:
        """Return the one term of the formula."""
        return " ".join([f"X[{','.join(self.before)}]", *self.deltas])


def changed(shape: Shape) -> Changes:
    """Return letters for a value of which no axis is changed yet."""
    letters = [f"a{axis}" for axis in range(len(shape))]
    return Changes(letters, letters)


def axis_of(given: Mapping[str, Attribute], name: str, rank: int) -> int:
    """Return the one axis that an op is asked for; a vector has no other."""
    axis = given["axis"]
    if isinstance(axis, int) and not isinstance(axis, bool):
        return axis
    if axis is None and rank == 1:
        return 0
    fact = f"`{name}` needs one `axis=`"
    raise ShapeMismatch("SC210", fact, help="write `axis=0`, say")


def each_axis(given: Attribute, rank: int) -> tuple[int, ...]:
    """Return the axes that an op is asked for, all of them where none is named."""
    if given is None:
        return tuple(range(rank))
    axes = given if isinstance(given, tuple) else (given,)
    return tuple(dict.fromkeys(axis for axis in axes if isinstance(axis, int)))


def as_dim(value: Attribute, name: str, fact: str) -> Dim:
    """Read a number that may depend on sizes. Raises ShapeMismatch."""
    if isinstance(value, Dim):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Dim.number(value)
    raise ShapeMismatch("SC210", fact, help=f"see `shapecalc ops {name}`")


def pairs_of(given: Attribute, shape: Shape, name: str) -> list[tuple[Dim, Dim]]:
    """Read how much goes in front and behind of each axis: one number, a pair, or pairs."""
    fact = f"`{name}` takes two whole numbers or dims for each axis"
    pairs = _each_pair(given, len(shape))
    if pairs is None:
        raise ShapeMismatch("SC210", fact, help="write `((1, 0), (0, 2))`, say")
    found = [(as_dim(low, name, fact), as_dim(high, name, fact)) for low, high in pairs]
    if len(found) != len(shape):
        message = f"`{name}` has pairs for {len(found)} axes, its operand is {shape_text(shape)}"
        raise ShapeMismatch("SC303", message, help="write a pair for each axis")
    sizes = [dim.constant for pair in found for dim in pair]
    if any(size is not None and size < 0 for size in sizes):
        raise ShapeMismatch("SC210", f"`{name}` has a negative width", help="write 0 or more")
    return found


def _each_pair(given: Attribute, rank: int) -> list[tuple[Attribute, Attribute]] | None:
    if not isinstance(given, tuple):
        return [(given, given)] * rank
    if len(given) == 2 and not any(isinstance(each, tuple) for each in given):
        return [(given[0], given[1])] * rank
    pairs = [each for each in given if isinstance(each, tuple) and len(each) == 2]
    return [(low, high) for low, high in pairs] if len(pairs) == len(given) else None


# --- reshape ------------------------------------------------------------------------------------


def reshaped(shape: Shape, target: Attribute) -> Changes:
    """Tie the axes of a value to those of its new shape, group by group of as many entries."""
    wanted = _completed(shape, target)
    changes = Changes(
        [f"x{axis}" for axis in range(len(shape))], [f"y{axis}" for axis in range(len(wanted))]
    )
    old = [axis for axis, dim in enumerate(shape) if not dim.is_one]
    new = [axis for axis, dim in enumerate(wanted) if not dim.is_one]
    for (i, j), (i_end, j_end) in pairwise(_cuts(shape, old, wanted, new)):
        _tie(changes, shape, old[i:i_end], wanted, new[j:j_end])
    changes.names.update({f"y{axis}": wanted[axis] for axis in range(len(wanted))})
    return changes


def _tie(
    changes: Changes, shape: Shape, old: Sequence[int], wanted: Shape, new: Sequence[int]
) -> None:
    before, after = [f"x{axis}" for axis in old], [f"y{axis}" for axis in new]
    if len(old) == len(new) == 1:
        changes.after[new[0]] = before[0]
        changes.names[before[0]] = shape[old[0]]
    elif len(old) == 1:
        changes.deltas.append(f"δ[{before[0]}, {_counted(after)}]")
    elif len(new) == 1:
        changes.deltas.append(f"δ[{after[0]}, {_counted(before)}]")
    else:
        whole = f"z{old[0]}"
        changes.names[whole] = _entries(wanted[axis] for axis in new)
        changes.deltas += [f"δ[{whole}, {_counted(each)}]" for each in (before, after)]


def _counted(letters: Sequence[str]) -> str:
    """Write the form that counts through letters, the last running fastest."""
    parts = []
    for place, letter in enumerate(letters):
        sizes = [f"|{other}|" for other in letters[place + 1 :]]
        parts.append("*".join([*sizes, letter]))
    return " + ".join(parts)


def _entries(dims: Iterable[Dim]) -> Dim:
    total = ONE
    for dim in dims:
        total *= dim
    return total


def _completed(shape: Shape, target: Attribute) -> Shape:
    """Return the new shape, with the size that -1 stands for. Raises ShapeMismatch."""
    given = target if isinstance(target, tuple) else (target,)
    dims = [each for each in given if isinstance(each, Dim)]
    total = _entries(shape)
    known = _entries([dim for dim in dims if dim.constant != -1])
    text = f"{shape_text(shape)} has {total} entries"
    if len(known_places := [dim for dim in dims if dim.constant == -1]) == 1:
        left = total.divided(known)
        if left is None or not left.divisor.is_one:
            fact = f"{text}, which {known} does not divide for sure"
            raise ShapeMismatch("SC303", fact, help="write all dims of the new shape")
        return tuple(left if dim.constant == -1 else dim for dim in dims)
    if known_places:
        raise ShapeMismatch("SC303", "-1 stands twice in the shape", help="keep one of them")
    if total != known:
        fact = f"{text}, and {shape_text(tuple(dims))} has {known}"
        axes, number = _one_number(shape, known)
        raise ShapeMismatch("SC303", fact, axes, "name a shape with as many entries", number)
    return tuple(dims)


def _one_number(shape: Shape, known: Dim) -> tuple[tuple[tuple[int, int], ...], Dim | None]:
    """Return the axis, and the number that it has to be, for a shape with so many entries."""
    for axis in range(len(shape)):
        number = known.divided(_entries((*shape[:axis], *shape[axis + 1 :])))
        if number is not None and isinstance(number.constant, int):
            return ((0, axis),), number
    return (), None


def _cuts(
    shape: Shape, old: Sequence[int], wanted: Shape, new: Sequence[int]
) -> list[tuple[int, int]]:
    """Return after how many axes of either shape there are as many entries in front."""
    found = []
    front = ONE
    for i in range(len(old) + 1):
        other = ONE
        for j in range(len(new) + 1):
            if front == other:
                found.append((i, j))
            if j < len(new):
                other *= wanted[new[j]]
        if i < len(old):
            front *= shape[old[i]]
    return found
