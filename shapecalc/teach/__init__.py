"""Explanations of a step, built from its own derivation. Makes records; prints nothing."""

from shapecalc.teach.explaining import ALL, Answer, explain, explain_each, explained

__all__ = ["ALL", "Answer", "explain", "explain_each", "explained"]
