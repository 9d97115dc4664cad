"""Verdicts → the items of a record: the only place where factors and dims have names again."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from shapecalc.dims import ONE, Dim, Shape, matrix_turned
from shapecalc.matrix import make
from shapecalc.matrix.printing import INFIX, attribute_text, text
from shapecalc.orderings.trails import Chain, Word, multiplied
from shapecalc.records import OrderingItem
from shapecalc.tree import Call, Tree

LAYOUTS = ("denominator", "numerator")


class Verdict(NamedTuple):
    """What an arrangement is worth, in the words of its record."""

    word: Word
    conforms: str
    value: str | None


class Arranged(NamedTuple):
    """A product with its dims as vertices; `factors` are its different factors.

    `sum` is what adds up the products of a stack, where something does.
    """

    chain: Chain
    factors: tuple[Tree, ...]
    dims: tuple[Dim, ...]
    sum: Call | None

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
        self.shapes = [(shape, matrix_turned(shape)) for shape in shapes]
        self.stack = tuple(map(str, _stack(arranged)))
        self.around = _around(arranged.sum)

    def items(self, verdicts: Sequence[Verdict]) -> Iterator[OrderingItem]:
        """Print each verdict."""
        for word, fit, value in verdicts:
            meetings, shape = multiplied(word, self.chain.ends)
            dims = self.dims
            product = " @ ".join([self.texts[kind][turned] for kind, turned in word])
            inner = None if fit == "never" or shape is None else tuple([dims[v] for v in shape])
            yield OrderingItem(
                self.around.format(product),
                tuple([self.shapes[kind][turned] for kind, turned in word]),
                fit,
                None if inner is None else self.stack + inner,
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


def _stack(arranged: Arranged) -> Shape:
    """Return the axes that are left in front of every arrangement."""
    stack = make.broadcast_shape([factor.shape[:-2] for factor in arranged.factors])
    if arranged.sum is None:
        return stack
    axis, is_kept = (arranged.sum.attribute(name) for name in ("axis", "keepdims"))
    axes = axis if isinstance(axis, tuple) else (axis,)
    ones = [ONE if place in axes else dim for place, dim in enumerate(stack)]
    return tuple(dim for place, dim in enumerate(ones) if is_kept or place not in axes)


def _around(tree: Call | None) -> str:
    """Print what adds up the products of a stack, `{}` in place of the product."""
    if tree is None:
        return "{}"
    kept = ", keepdims=True" if tree.attribute("keepdims") else ""
    return f"sum({{}}, axis={attribute_text(tree.attribute('axis'))}{kept})"


def _operand(tree: Tree) -> str:
    """Print a factor as an operand of `@`, a group in parentheses."""
    is_group = isinstance(tree, Call) and tree.op in INFIX
    return f"({text(tree)})" if is_group else text(tree)


def _turned(tree: Tree) -> str:
    """Print a factor transposed: a group as a whole, since it is one factor."""
    if len(tree.shape) < 2:
        return text(tree)
    return text(make.turned(tree))
