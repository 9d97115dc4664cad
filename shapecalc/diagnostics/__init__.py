"""Findings: what shapecalc has to say about a place in the user's source."""

from shapecalc.diagnostics.finding import Finding, Problem, Related, Severity

__all__ = ["Finding", "Problem", "Related", "Severity"]
