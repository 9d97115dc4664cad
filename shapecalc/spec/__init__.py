"""Text of a spec → the network that it describes. Derives no shape, and knows no op."""

from shapecalc.spec.reader import looks_like_spec, read_network

__all__ = ["looks_like_spec", "read_network"]
