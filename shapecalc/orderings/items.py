"""Verdicts → the items of a record: the only place where factors and dims have names again."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from shapecalc.dims import Dim, Shape
from shapecalc.matrix.printing import INFIX, text
from shapecalc.orderings.trails import Chain, Word, multiplied
from shapecalc.records import OrderingItem
from shapecalc.tree import Call, Tree, call

LAYOUTS = ("denominator", "numerator")


class Verdict(NamedTuple):
    """What an arrangement is worth, in the words of its record."""

    word: Word
    conforms: str
    value: str | None


class Arranged(NamedTuple):
    """A product with its dims as vertices; `factors` are its different factors."""

    chain: Chain
    factors: tuple[Tree, ...]
    dims: tuple[Dim, ...]

    def sizes(self, sizes: Mapping[str, int] | None) -> tuple[int, ...] | None:
        """Return the size of each vertex; None where one is not known."""
        if sizes is None or any(name not in sizes for dim in self.dims for name in dim.names):
            return None
        return tuple(dim.size(sizes) for dim in self.dims)


class Printer:
    """Prints verdicts on the arrangements of one product."""

    def __init__(
        self,
        arranged: Arranged,
        sizes: tuple[int, ...] | None,
        numerator: bool,  # noqa: FBT001 the layout that the formula is in
    ) -> None:
        self.chain = arranged.chain
        self.sizes = sizes
        self.layouts = {"right": LAYOUTS[numerator], "transposed": LAYOUTS[not numerator]}
        self.dims = tuple(map(str, arranged.dims))
        self.texts = [(_operand(tree), _turned(tree)) for tree in arranged.factors]
        shapes = [tuple(map(str, tree.shape)) for tree in arranged.factors]
        self.shapes = [(shape, shape[::-1]) for shape in shapes]

    def items(self, verdicts: Sequence[Verdict]) -> Iterator[OrderingItem]:
        """Print each verdict."""
        for word, fit, value in verdicts:
            meetings, shape = multiplied(word, self.chain.ends)
            dims = self.dims
            yield OrderingItem(
                " @ ".join([self.texts[kind][turned] for kind, turned in word]),
                tuple([self.shapes[kind][turned] for kind, turned in word]),
                fit,
                None if fit == "never" or shape is None else tuple([dims[v] for v in shape]),
                value,
                self.layouts.get(value or ""),
                self._why(fit, meetings),
            )

    def _why(self, fit: str, meetings: list[tuple[int, int]]) -> str:
        if fit == "always":
            return ""
        differing = [(a, b) for a, b in meetings if a != b]
        if fit == "here":
            return self._coinciding(differing)
        sizes = self.sizes
        for a, b in differing:
            if sizes is None or sizes[a] != sizes[b]:
                return f"{self.dims[a]} ≠ {self.dims[b]}"
        return "a scalar has no inner dim"

    def _coinciding(self, meetings: list[tuple[int, int]]) -> str:
        """Name the dims that meet, by their size: `m = k = 64`."""
        assert self.sizes is not None
        groups: dict[int, dict[str, None]] = {}
        for vertex in (vertex for meeting in meetings for vertex in meeting):
            groups.setdefault(self.sizes[vertex], {})[self.dims[vertex]] = None
        return ", ".join(
            " = ".join([*(dim for dim in dims if dim != str(size)), str(size)])
            for size, dims in groups.items()
        )


def _operand(tree: Tree) -> str:
    """Print a factor as an operand of `@`, a group in parentheses."""
    is_group = isinstance(tree, Call) and tree.op in INFIX
    return f"({text(tree)})" if is_group else text(tree)


def _turned(tree: Tree) -> str:
    """Print a factor transposed: a group as a whole, since it is one factor."""
    if len(tree.shape) < 2:
        return text(tree)
    shape: Shape = tree.shape[::-1]
    return text(call("transpose", (tree,), (), shape))
