"""Network → graph: values tied by ops, with shapes, in topological order."""

from shapecalc.graph.build import build_graph
from shapecalc.graph.graph import Graph, Node, Use, sizes_of_numbers
from shapecalc.graph.kinds import Equations, Signature
from shapecalc.graph.parts import built

__all__ = [
    "Equations",
    "Graph",
    "Node",
    "Signature",
    "Use",
    "build_graph",
    "built",
    "sizes_of_numbers",
]
