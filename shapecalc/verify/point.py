"""A value at a point: its entries in floats and in the field, and how they move."""

from typing import NamedTuple

from shapecalc.verify.arrays import Sizes
from shapecalc.verify.field import Element


class Point(NamedTuple):
    """A value: its entries in floats, and in the field with a derivative beside them.

    An evaluation may be at several points at once: then one point's entries stand behind another's.
    The floats decide branches (`>`, where); the field does the arithmetic. `exact` is None in an
    evaluation by floats alone, `slope` where the value does not depend on the variable.
    """

    sizes: Sizes
    floats: list[float]
    exact: list[Element] | None = None
    slope: list[Element] | None = None

    def without_slope(self) -> "Point":
        """Return the value alone."""
        return self if self.slope is None else Point(self.sizes, self.floats, self.exact)
