"""A network in another convention: examples in rows or columns, weights stored either way."""

from shapecalc.rewriting.convention import Convention
from shapecalc.rewriting.rewritten import rewritten
from shapecalc.rewriting.trees import NoRewriting
from shapecalc.rewriting.turning import Turned, turned

__all__ = ["Convention", "NoRewriting", "Turned", "rewritten", "turned"]
