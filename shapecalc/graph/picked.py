"""Inputs that entries are picked by: they are whole numbers, and have no gradient to ask for."""

from collections.abc import Iterator, Mapping

from shapecalc.diagnostics import Finding
from shapecalc.dims import Dim
from shapecalc.spec.network import Network
from shapecalc.tree import Leaf

PICKS = "picks entries by their numbers"
Indices = Mapping[Leaf, tuple[Dim, ...]]


def asked_of_indices(network: Network, indices: Indices) -> Iterator[Finding]:
    """Yield a finding for each param, and each claim, that takes an index for what can move."""
    names = {value.name for value in indices}
    for entry in network.params:
        if entry.name in names:
            fact = f"`{entry.name}` {PICKS}, so no gradient moves it"
            advice = f"declare `{entry.name}` under `inputs`"
            yield Finding("SC204", entry.span, fact, advice)
    given = {entry.name for entry in network.inputs} & names
    for claim in network.gradients:
        if claim.name[:1] == "d" and claim.name[1:] in given:
            fact = f"`{claim.name}` is no gradient: `{claim.name[1:]}` holds whole numbers"
            yield Finding("SC205", claim.span, fact, "take it out")
