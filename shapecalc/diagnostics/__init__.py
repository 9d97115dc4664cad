"""Findings: what shapecalc has to say about a place in the user's source."""

from shapecalc.diagnostics.excerpts import short
from shapecalc.diagnostics.finding import Finding, Problem, Related
from shapecalc.diagnostics.proposals import MOST_PROPOSALS, fresh, nearest
from shapecalc.diagnostics.rule import Rule, Severity

__all__ = [
    "MOST_PROPOSALS",
    "Finding",
    "Problem",
    "Related",
    "Rule",
    "Severity",
    "fresh",
    "nearest",
    "short",
]
