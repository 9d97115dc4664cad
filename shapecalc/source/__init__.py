"""Bytes of a file → YAML nodes with spans. Knows no key of the language.

Scalars stay text. PyYAML stays in here: its events are read, its constructors are not used.
"""

from shapecalc.source.events import Document, read_yaml
from shapecalc.source.files import decode, read_file
from shapecalc.source.nodes import Comment, List, Mapping, Node, Scalar

__all__ = [
    "Comment",
    "Document",
    "List",
    "Mapping",
    "Node",
    "Scalar",
    "decode",
    "read_file",
    "read_yaml",
]
