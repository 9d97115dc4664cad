"""Network → graph: values tied by ops, with shapes, in topological order."""

from shapecalc.graph.build import Graph, Node, Use, build_graph, built

__all__ = ["Graph", "Node", "Use", "build_graph", "built"]
