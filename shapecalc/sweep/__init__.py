"""The reverse sweep: every gradient that is asked for, derived and checked kind by kind."""

from shapecalc.sweep.chain import Gradient, Link, Sweep, sweep
from shapecalc.sweep.facts import known_domains, known_sums
from shapecalc.sweep.kinds import Memory
from shapecalc.sweep.reach import gradient_shapes

__all__ = [
    "Gradient",
    "Link",
    "Memory",
    "Sweep",
    "gradient_shapes",
    "known_domains",
    "known_sums",
    "sweep",
]
