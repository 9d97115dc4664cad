"""Drawings of networks → Mermaid, DOT, SVG, or a tree of text."""

from shapecalc.records import Back
from shapecalc.records.steps import Dims


def shape_label(dims: Dims) -> str:
    """Print a shape for beside an edge."""
    return f"({dims[0]},)" if len(dims) == 1 else f"({', '.join(dims)})"


def back_label(back: Back) -> str:
    """Print what is handed back, with its shape."""
    note = f", {back.note}" if back.note else ""
    return f"{back.label}   {shape_label(back.shape)}{note}"
