"""The error bound of an exact comparison of a claim with the whole network's gradient."""

from collections.abc import Iterable

from shapecalc.sweep import Sweep
from shapecalc.tree import Tree
from shapecalc.verify.degree import HIGHEST, bound_text, degrees


def bound(sweep: Sweep, claims: Iterable[Tree], trials: int) -> str | None:
    """Return the chance that a wrong claim passes; None where the degree makes it worthless.

    Degrees grow along a network, exponentially where values are squared again and again.
    """
    known: dict[Tree, tuple[int, int]] = {}
    for node in sweep.graph.nodes:
        known[node.output] = degrees(node.tree, known)
    for gradient in sweep.gradients.values():
        known[gradient.name] = degrees(gradient.formula, known)
    highest = max((sum(each) for each in known.values()), default=1)
    highest += sum(sum(degrees(claim, known)) for claim in claims)
    return None if highest > HIGHEST else bound_text(highest, trials)
