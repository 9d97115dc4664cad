"""Which convention a network is in, and how each of its values is stored in another.

Where weights stand in front, `W @ X`, each example is a column; where they stand behind, `X @ W`, a
row. A weight is (out, in) in `W @ X` and in `X @ W.T`, and (in, out) in the other two.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from shapecalc.graph import Graph
from shapecalc.matrix import make
from shapecalc.rewriting.trees import NoRewriting, Rewriter, Stored
from shapecalc.rewriting.vectors import lying, standing
from shapecalc.tree import Call, Leaf, Tree, calls, leaves


class Convention(Enum):
    """How a network is written; the values are the names that users know them by."""

    COLUMNS = "columns"
    ROWS = "rows"
    TORCH = "torch-layout"

    @property
    def weights_in_front(self) -> bool:
        """Say whether each example is a column."""
        return self is Convention.COLUMNS

    @property
    def weights_out_in(self) -> bool:
        """Say whether a weight has as many rows as what comes out has entries."""
        return self is not Convention.ROWS


class Weight(NamedTuple):
    """A param in a matrix product: does it stand in front of what it multiplies, as `W.T`?"""

    name: str
    in_front: bool
    is_transposed: bool
    equation: str

    @property
    def out_in(self) -> bool:
        """Say whether it is stored (out, in)."""
        return self.in_front is not self.is_transposed


class Found(NamedTuple):
    """The convention of a network: where its weights stand, and how each is stored."""

    in_front: bool
    out_in: Mapping[str, bool]

    @property
    def name(self) -> str:
        """Return what the convention is called, as far as it has a name."""
        kinds = set(self.out_in.values())
        for each in Convention:
            if each.weights_in_front == self.in_front and kinds <= {each.weights_out_in}:
                return each.value
        side = "columns" if self.in_front else "rows"
        return f"{side}, weights stored {'(in, out)' if kinds == {False} else 'both ways'}"


def convention_of(graph: Graph) -> Found:
    """Find the convention of a network by its weights, or by its examples. Raises NoRewriting."""
    weights = list(_weights(graph))
    sides = {weight.in_front: weight for weight in weights}
    if len(sides) == 2:
        front, behind = sides[True], sides[False]
        raise NoRewriting(
            f"`{front.name}` stands in front in `{front.equation}`, "
            f"but `{behind.name}` behind in `{behind.equation}`: it is in no one convention"
        )
    out_in: dict[str, bool] = {}
    for weight in weights:
        out_in.setdefault(weight.name, weight.out_in)
    return Found(next(iter(sides)) if sides else _by_examples(graph), out_in)


def _by_examples(graph: Graph) -> bool:
    """Say whether examples are columns, where no weight multiplies anything."""
    inputs = [graph.values[entry.name] for entry in graph.network.inputs]
    shapes = [tuple(map(str, value.shape)) for value in inputs if len(value.shape) == 2]
    places = {shape.index(graph.batch) for shape in shapes if graph.batch in shape}
    if len(places) != 1:
        raise NoRewriting("no weight multiplies a value: `W @ X` or `X @ W` would show which it is")
    return places == {1}


def _weights(graph: Graph) -> Iterator[Weight]:
    """Yield the params beside a value in a product, from left to right."""
    params = {entry.name for entry in graph.network.params}
    for node in graph.nodes:
        for part in calls(node.tree):
            if part.op != "matmul":
                continue
            factors = make.chain(part)
            data = [place for place, each in enumerate(factors) if _has_value(each, graph, params)]
            for place, factor in enumerate(factors):
                tree = _untransposed(factor)
                if not isinstance(tree, Leaf) or tree.name not in params:
                    continue
                if not data or data[0] < place < data[-1]:
                    continue
                is_front, source = place < data[0], f"{node.output.name} = {node.source.text}"
                yield Weight(tree.name, is_front, tree is not factor, source)


def _untransposed(tree: Tree) -> Tree:
    return tree.operands[0] if isinstance(tree, Call) and tree.op == "transpose" else tree


def _has_value(tree: Tree, graph: Graph, params: set[str]) -> bool:
    return any(each.name in graph.values and each.name not in params for each in leaves(tree))


def rewriter_to(graph: Graph, found: Found, to: Convention) -> Rewriter:
    """Say how each value is stored in another convention. Raises NoRewriting."""
    stored: dict[str, Stored] = {}
    is_turned = found.in_front is not to.weights_in_front
    for value in graph.values.values():
        if value.name in found.out_in:
            is_transposed = found.out_in[value.name] is not to.weights_out_in
        else:
            is_transposed = is_turned
        if is_transposed and len(value.shape) > 2:
            raise NoRewriting(f"`{value.name}` has more than two axes")
        if is_transposed and len(value.shape) == 2:
            stored[value.name] = Stored.TRANSPOSED
    if is_turned:
        _refuse_stacks(graph)
        if graph.network.layout == "denominator":
            vectors = lying(graph) if found.in_front else standing(graph)
            kind = Stored.AS_A_VECTOR if found.in_front else Stored.AS_A_COLUMN
            stored |= dict.fromkeys(vectors, kind)
    for value in graph.values.values():
        if value.name in stored:
            stored[graph.gradient_name(value.name)] = stored[value.name]
    return Rewriter(stored, is_turned=is_turned)


def _refuse_stacks(graph: Graph) -> None:
    stack = next((value for value in graph.values.values() if len(value.shape) > 2), None)
    if stack is not None:
        raise NoRewriting(f"`{stack.name}` has more than two axes")
