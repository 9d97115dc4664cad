"""What is wrong with an equation, in the numbers that the spec has, not in names for them."""

from collections.abc import Callable

from shapecalc.diagnostics import Finding, Problem
from shapecalc.dims import Shape
from shapecalc.expression import Name
from shapecalc.graph.misfits import Sizes, misfit_finding
from shapecalc.graph.open_axes import Closed
from shapecalc.graph.origins import Origins
from shapecalc.ops.build import Builder, Misfit
from shapecalc.spec.network import Equation
from shapecalc.tree import Attribute, Leaf, Tree, leaf

FITS_HERE = "at these numbers it fits, for others it may not: name the dims, and use the names here"
Lookup = Callable[[Name], Tree | Attribute]


class Written:
    """The findings on a network whose dims were inferred, as its author can read them."""

    def __init__(self, closed: Closed, origins: Origins, sizes: Sizes) -> None:
        self.closed = closed
        self.origins = origins
        self.sizes = sizes
        self.dims = {entry.name for entry in closed.network.dims}

    def shape(self, shape: Shape) -> Shape:
        """Put the numbers of the spec for the names that were found for them."""
        numbers = self.closed.numbers
        return tuple(dim.renamed(numbers) for dim in shape) if numbers else shape

    def finding(self, equation: Equation, lookup: Lookup, otherwise: Finding) -> Finding:
        """Say what is wrong with an equation; `otherwise` where that has no number in it."""
        if not self.closed.numbers and not self.closed.clashes:
            return otherwise
        found = self._on_operation(equation, lookup)
        clash = self.closed.clashes.get(equation.name)
        if clash is not None and not (found and clash.yields_to(found)):
            return clash.finding
        return found or otherwise._replace(help=FITS_HERE)

    def _on_operation(self, equation: Equation, lookup: Lookup) -> Finding | None:
        """Build an equation again, with numbers for dims."""

        def in_numbers(name: Name) -> Tree | Attribute:
            found = lookup(name)
            return leaf(found.name, self.shape(found.shape)) if isinstance(found, Leaf) else found

        try:
            Builder(in_numbers, self.dims.__contains__).tree(equation.expression)
        except Problem as problem:
            return problem.finding
        except Misfit as misfit:
            return misfit_finding(misfit, self._origins(), self.sizes)
        return None

    def _origins(self) -> Origins:
        entries = self.origins.declared.items()
        written = {name: entry._replace(shape=self.shape(entry.shape)) for name, entry in entries}
        return Origins(written, self.origins.made)
