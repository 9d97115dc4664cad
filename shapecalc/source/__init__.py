"""Bytes of a file → YAML nodes with spans. Knows no key of the language.

Scalars stay text. PyYAML stays in here: its events are read, its constructors are not used.
"""

from shapecalc.source.files import decode, glimpse, lines_of, read_file, read_stream
from shapecalc.source.ignores import Ignore, Ignored
from shapecalc.source.nodes import Comment, List, Mapping, Node, Scalar

__all__ = [
    "Comment",
    "Ignore",
    "Ignored",
    "List",
    "Mapping",
    "Node",
    "Scalar",
    "decode",
    "glimpse",
    "lines_of",
    "read_file",
    "read_stream",
]
