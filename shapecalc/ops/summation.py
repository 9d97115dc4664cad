"""einsum: its subscripts, `"bij,bjk->bik"`, read and written out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shapecalc.dims import Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.registry import op
from shapecalc.tree import Attribute

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
EXAMPLE = 'write letters such as `"ij,jk->ik"`'


class Subscripts(NamedTuple):
    """A letter for each axis of each operand, and those of the output."""

    operands: tuple[str, ...]
    output: str

    def __str__(self) -> str:
        return f"{','.join(self.operands)}->{self.output}"


def subscripts_of(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> Subscripts:
    """Read subscripts at operands of these shapes: letters for `...` too, and for the output.

    Raises ShapeMismatch.
    """
    text = str(attributes["subscripts"]).replace(" ", "")
    inputs, arrow, output = text.partition("->")
    parts = inputs.split(",")
    _hold_to_letters(text, (*parts, output))
    if len(parts) != len(shapes):
        fact = f'"{text}" is for {_counted(len(parts))}, `einsum` got {len(shapes)}'
        raise ShapeMismatch("SC303", fact, help="name the axes of each operand, commas between")
    written, stack = _without_dots(parts, shapes)
    for letters, shape in zip(written, shapes, strict=True):
        if len(letters) != len(shape):
            fact = f'"{letters}" has {len(letters)} letters, its operand {len(shape)} axes'
            raise ShapeMismatch("SC303", fact, help="write one letter for each axis")
    if not arrow:
        counts = Counter(inputs)
        alone = sorted(letter for letter in counts if letter.isalpha() and counts[letter] == 1)
        return Subscripts(written, stack + "".join(alone))
    return Subscripts(written, _output(output, inputs, stack))


def _counted(count: int) -> str:
    return f"{count} operand{'s' * (count != 1)}"


def _hold_to_letters(text: str, parts: Sequence[str]) -> None:
    for part in parts:
        letters = part.replace("...", "", 1)
        if letters and not (letters.isalpha() and letters.isascii()):
            raise ShapeMismatch("SC303", f'"{text}" is not read by `einsum`', help=EXAMPLE)


def _without_dots(parts: Sequence[str], shapes: tuple[Shape, ...]) -> tuple[tuple[str, ...], str]:
    """Write letters for `...`, lined up at its last axis; return those of the output as well.

    An axis of size 1 that another operand repeats has a letter of its own, which is summed.
    """
    spare = iter([letter for letter in LETTERS if letter not in "".join(parts)])
    stacks = [_under_dots(part, shape) for part, shape in zip(parts, shapes, strict=True)]
    rank = max(map(len, stacks))
    aligned = [(None,) * (rank - len(stack)) + tuple(stack) for stack in stacks]
    common = [next(spare) for _ in range(rank)]
    is_wide = [any(dim and not dim.is_one for dim in dims) for dims in zip(*aligned, strict=True)]
    written = []
    for part, dims in zip(parts, aligned, strict=True):
        letters = [
            next(spare) if dim.is_one and is_wide[place] else common[place]
            for place, dim in enumerate(dims)
            if dim is not None
        ]
        written.append(part.replace("...", "".join(letters)))
    return tuple(written), "".join(common)


def _under_dots(part: str, shape: Shape) -> Shape:
    """Return the dims that `...` stands for in one operand."""
    before, dots, after = part.partition("...")
    return shape[len(before) : max(len(before), len(shape) - len(after))] if dots else ()


def _output(output: str, inputs: str, stack: str) -> str:
    if stack and "..." not in output:
        fact = "the output of `einsum` lacks the `...` of its operands"
        raise ShapeMismatch("SC303", fact, help=f"write `->...{output}`")
    letters = output.replace("...", "")
    if missing := [letter for letter in letters if letter not in inputs]:
        fact = f"the output of `einsum` has `{missing[0]}`, which is in no operand"
        raise ShapeMismatch("SC303", fact, help=f"drop `{missing[0]}`, or give it to an operand")
    if len(set(letters)) < len(letters):
        fact = f'the output "{letters}" of `einsum` has a letter twice'
        raise ShapeMismatch("SC303", fact, help="give each axis of the output its own letter")
    return output.replace("...", stack)


def _shape(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    operands, output = subscripts_of(shapes, attributes)
    patterns = (f"X{place}[{','.join(each)}]" for place, each in enumerate(operands, start=1))
    return f"{', '.join(patterns)} -> Y[{','.join(output)}]"


def _terms(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str:
    operands, _ = subscripts_of(shapes, attributes)
    return " ".join(f"X{place}[{','.join(each)}]" for place, each in enumerate(operands, start=1))


def _plainer(shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]) -> str | None:
    """Write subscripts out in full; a mere order of axes is that of `permute`."""
    found = subscripts_of(shapes, attributes)
    if len(found.operands) == 1 and sorted(found.operands[0]) == sorted(found.output):
        order = tuple(found.operands[0].index(letter) for letter in found.output)
        return "X1" if list(order) == sorted(order) else f"permute(X1, axes={order})"
    if attributes["subscripts"] == str(found):
        return None
    names = ", ".join(f"X{place}" for place in range(1, len(shapes) + 1))
    return f'einsum("{found}", {names})'


@op(_shape, formula=_terms, numpy="np.einsum", spelling=_plainer, torch="torch.einsum")
def einsum(*operands: Array, subscripts: str) -> Array:
    """Multiply operands in index notation: letters that the output lacks are summed.

    A letter twice in one operand takes its diagonal; `...` stands for axes that broadcast.
    """
    return np.asarray(np.einsum(subscripts, *operands))
