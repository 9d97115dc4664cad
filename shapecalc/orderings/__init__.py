"""All arrangements of a formula's factors: which conform, which are right, and which only seem so.

Conforming is not being right: what an arrangement is worth is told by which axes meet in it, never
by sizes.
"""

from shapecalc.orderings.factors import product_of
from shapecalc.orderings.verdicts import coincidences, factors_of, has_impostors, orderings

__all__ = ["coincidences", "factors_of", "has_impostors", "orderings", "product_of"]
