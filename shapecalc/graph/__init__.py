"""Network → graph: values tied by ops, with shapes, in topological order."""

from shapecalc.graph.build import build_graph, built
from shapecalc.graph.graph import Graph, Node, Use, sizes_of_numbers

__all__ = ["Graph", "Node", "Use", "build_graph", "built", "sizes_of_numbers"]
