"""A part of an equation or a claim, as syntax → its tree, in a graph that is built."""

from shapecalc.dims import matrix_turned
from shapecalc.expression import Name, Syntax
from shapecalc.graph.graph import Graph, sizes_of_numbers
from shapecalc.ops.build import Builder
from shapecalc.ops.names import PREFIXES
from shapecalc.tree import Tree, leaf


def built(graph: Graph, part: Syntax) -> Tree:
    """Build the tree of a part of an equation or a claim that is known to be without mistakes.

    Raises KeyError for a name that is none of the network's.
    """
    network = graph.network
    given = {entry.gradient: entry.name for entry in network.upstream}
    dims = {entry.name for entry in network.dims}
    numbers = dims | {entry.name for entry in network.constants}

    def lookup(name: Name) -> Tree | None:
        if name.text in graph.values:
            return graph.values[name.text]
        if name.text in numbers:
            return leaf(name.text, ())
        wrt = given.get(name.text, name.text.removeprefix("d"))
        if wrt not in graph.values and name.text in PREFIXES:
            return None  # a library
        shape = graph.values[wrt].shape
        return leaf(name.text, matrix_turned(shape) if network.layout == "numerator" else shape)

    sizes = sizes_of_numbers(network)
    return Builder(lookup, dims.__contains__, size_of=sizes).tree(part)
