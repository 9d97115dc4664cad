"""A network with open axes → the same with dims, the findings, and what was assumed for that.

What stays open is a finding that says what to write. Most networks have no open axes: what finds
their dims is loaded late.
"""

from collections.abc import Mapping
from typing import NamedTuple

from shapecalc.diagnostics import Finding
from shapecalc.dims import Dim
from shapecalc.spec.network import Network


class Clash(NamedTuple):
    """What is to be said of an equation: `is_direct` where each axis is written as what it is.

    `has_way`: the two come from other equations, or from `dims`.
    """

    finding: Finding
    is_direct: bool
    has_way: bool

    def yields_to(self, ordinary: Finding) -> bool:
        """Say whether the finding on the operation itself is better: it shows what would fit."""
        return self.is_direct and bool(ordinary.notes or not self.has_way)


class Closed(NamedTuple):
    """A network without open axes. `numbers`: for names that are inferred, the number written."""

    network: Network
    findings: tuple[Finding, ...] = ()
    clashes: Mapping[str, Clash] = {}
    numbers: Mapping[str, Dim] = {}
    assumptions: tuple[str, ...] = ()


def closed(network: Network) -> Closed:
    """Give every axis a dim; a network that has them all stays as it is."""
    if not network.open_axes and not network.open_shapes:
        return Closed(network)
    from shapecalc.graph.closing import Closing

    return Closing(network).closed()
