"""Quotients of dims that are no whole number at a spec's sizes → the finding that says so."""

from collections.abc import Mapping
from fractions import Fraction

from shapecalc.diagnostics import Problem
from shapecalc.dims import Dim
from shapecalc.span import Span
from shapecalc.spec.typed import problem

MOST_TRIED = 10_000


def inexact(dim: Dim, sizes: Mapping[str, int], span: Span) -> Problem:
    """Refuse a quotient that is no whole number; propose the nearest smaller size that divides."""
    above, below = dim.divided_part, dim.divisor
    whole, divisor = above.size(sizes), below.size(sizes)
    at = ", ".join(f"{name} = {sizes[name]}" for name in dim.names)
    number = Fraction((dim * below).size(sizes), divisor)
    message = f"`{dim}` is {number} at {at}, and no whole number"
    advice = f"choose sizes where {below} divides {above}"
    if name := below.only_name:
        near = range(divisor, max(0, divisor - MOST_TRIED), -1)
        fitting = next((size for size in near if whole % size == 0), 1)
        advice = f"write `{name}: {fitting}`, which divides {whole}"
    return problem("SC307", span, message, advice)
