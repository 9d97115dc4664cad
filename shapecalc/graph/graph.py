"""The graph of a network: its values with trees and shapes, in topological order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from shapecalc.diagnostics import Finding
from shapecalc.dims import Dim
from shapecalc.graph.kinds import Kind, Recipe, Template
from shapecalc.spec.network import Equation, Network
from shapecalc.tree import Leaf, Tree


class Node:
    """One equation: the value that it makes, its tree, and where the author wrote it."""

    __slots__ = ("_kind", "_like", "_tree", "_values", "output", "source")

    def __init__(
        self,
        output: Leaf,
        source: Equation,
        like: Template | Recipe,
        of: Kind | Sequence[Leaf],
    ) -> None:
        """Take the template and the kind of an equation, or the recipe and what its text names."""
        self.output = output
        self.source = source
        self._like = like
        self._kind = of if isinstance(of, Kind) else None
        self._values = () if isinstance(of, Kind) else of
        self._tree: Tree | None = None

    @property
    def kind(self) -> Kind:
        """Return the equation's kind, with what stands in its places here."""
        if self._kind is None:
            assert isinstance(self._like, Recipe)
            dims = dict.fromkeys(
                dim.only_name for value in self._values for dim in value.shape if dim.only_name
            )
            self._kind = self._like.kind(self._values, list(dims), self.output)
        return self._kind

    @property
    def operands(self) -> Sequence[Leaf]:
        """Return the names in the tree, each once."""
        if isinstance(self._like, Recipe):
            return self._like.operands(self._values)
        return self.kind.leaves[:-1]

    @property
    def template(self) -> Template:
        """Return the first equation of the kind."""
        return self._like.template if isinstance(self._like, Recipe) else self._like

    @property
    def tree(self) -> Tree:
        """Return the equation's tree; it is made when first asked for."""
        if self._tree is None:
            self._tree = self.template.tree_of(self.kind)
        return self._tree

    @property
    def is_plain(self) -> bool:
        """Say whether all there is to know of the equation is in the shapes of its names."""
        return self.template.is_plain

    @property
    def occurrences(self) -> Iterator[tuple[int, Leaf]]:
        """Yield the names in the tree, but for dims, each with its place among all of them."""
        leaves = self.operands
        for place, number in enumerate(self.template.order):
            if number >= 0:
                yield place, leaves[number]


class Use(NamedTuple):
    """One occurrence of a value in an equation: its place among all names, and among its uses."""

    node: Node
    occurrence: int
    number: int


class Graph(NamedTuple):
    """A network whose names, ops and shapes are known. `loss` is None where upstreams are given.

    `lost` are the names without a value, for a mistake in their equation or before it;
    `not_checked` those of them whose own equation is not at fault.
    """

    network: Network
    values: dict[str, Leaf]
    nodes: tuple[Node, ...]
    loss: Leaf | None
    upstream: dict[Leaf, str]
    sizes: dict[str, int]
    batch: str | None
    not_checked: tuple[str, ...]
    lost: frozenset[str]
    findings: tuple[Finding, ...]
    assumptions: tuple[str, ...] = ()  # about dims
    indices: Mapping[Leaf, tuple[Dim, ...]] = {}  # whole numbers, and the dims they are below

    def uses(self) -> dict[Leaf, list[Use]]:
        """Return where each value is used, in the order of the equations."""
        found: dict[Leaf, list[Use]] = {}
        for node in self.nodes:
            counts: dict[Leaf, int] = {}
            for occurrence, name in node.occurrences:
                if self.values.get(name.name) is name:
                    number = counts[name] = counts.get(name, -1) + 1
                    found.setdefault(name, []).append(Use(node, occurrence, number))
        return found

    def gradient_name(self, value: str) -> str:
        """Return the name of a value's gradient: `dA1`, or what `upstream` calls it."""
        given = self.upstream.get(self.values[value])
        return given if given is not None else f"d{value}"

    def size(self, dim: Dim) -> int | None:
        """Return a dim's size; None where the spec leaves a name of it symbolic."""
        return dim.size(self.sizes) if all(name in self.sizes for name in dim.names) else None


def sizes_of_numbers(network: Network) -> Callable[[Dim], int | None]:
    """Return what tells the sizes of dims that stand for numbers of the spec; None of others."""
    sizes = {each.name: each.size for each in network.dims if each.is_inferred and each.size}

    def size_of(dim: Dim) -> int | None:
        names = dim.names
        return dim.size(sizes) if names and sizes.keys() >= set(names) else None

    return size_of
