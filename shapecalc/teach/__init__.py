"""Explanations of a step, built from its own derivation. Makes records; prints nothing."""

from shapecalc.teach.explaining import ALL, Answer, explain, explained

__all__ = ["ALL", "Answer", "explain", "explained"]
