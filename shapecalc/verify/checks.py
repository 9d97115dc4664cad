"""The three checks of a formula, which share no step with one another."""

from shapecalc.verify.algebra import agrees_by_algebra
from shapecalc.verify.cases import Case, Domain, Unsupported
from shapecalc.verify.components import error_by_components
from shapecalc.verify.exact import agrees_exactly

__all__ = [
    "Case",
    "Domain",
    "Unsupported",
    "agrees_by_algebra",
    "agrees_exactly",
    "error_by_components",
]
