"""The author's gradients against the derived ones: right, convention, wrong or undecided."""

from shapecalc.claims.judge import Judged, judge

__all__ = ["Judged", "judge"]
