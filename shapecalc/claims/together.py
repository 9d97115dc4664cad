"""Which factors a set of claims carries on purpose: conventions, and not mistakes.

The most popular course writes `dZ2 = A2 - Y`, m times the gradient, and divides by m in `dW2`.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc.claims.reading import Claim
from shapecalc.claims.scale import ONE, Scale
from shapecalc.tree import Leaf, leaves

if TYPE_CHECKING:
    from shapecalc.claims.judge import Outcome, _Court

MINUS = Scale(Fraction(-1))


def accepted_factors(court: "_Court", outcomes: "Mapping[Claim, Outcome]") -> frozenset[Claim]:
    """Return the claims whose constant factor is no mistake; right ones have the factor 1."""
    scaled = {claim: o.scale for claim, o in outcomes.items() if o.scale is not None}
    params = [claim for claim in scaled if court.is_param(claim)]
    accepted = {claim for claim, scale in scaled.items() if scale == ONE}
    accepted |= set(_accepted_params(court, params, scaled, outcomes))
    for claim, scale in scaled.items():
        if court.is_param(claim) or scale == ONE:
            continue
        if not scale.is_number or _is_accounted_for(claim, params, accepted, outcomes):
            accepted.add(claim)
    return frozenset(accepted)


def _accepted_params(
    court: "_Court",
    params: list[Claim],
    scaled: Mapping[Claim, Scale],
    outcomes: "Mapping[Claim, Outcome]",
) -> Iterable[Claim]:
    """Accept a factor that all params share, if it enters on the way and is carried on purpose.

    It is where it is -1 (the step that is added), or where some claim has to carry it by itself
    (`N * reg * W2`). Where every claim merely passes it on, the division was lost.
    """
    factors = {scaled[claim] for claim in params}
    if len(factors) != 1 or (factor := factors.pop()) == ONE:
        return ()
    enters = any(scale == factor and not court.is_param(claim) for claim, scale in scaled.items())
    if not enters:
        return ()
    if factor == MINUS:
        return params if all(_passes_on(court, claim, outcomes) for claim in params) else ()
    carried = any(not _passes_on(court, claim, outcomes) for claim in params)
    return params if carried else ()


def _passes_on(court: "_Court", claim: Claim, outcomes: "Mapping[Claim, Outcome]") -> bool:
    """Say whether a claim is right where the gradients in it are the true ones."""
    return court.outcome(claim, {}, outcomes).scale == ONE


def _is_accounted_for(
    claim: Claim,
    params: list[Claim],
    accepted: set[Claim],
    outcomes: "Mapping[Claim, Outcome]",
) -> bool:
    """Say whether the params' claims that are built on a claim are accepted, and there are some."""
    built: set[Leaf] = {claim.gradient}
    on_it: list[Claim] = []
    for later in outcomes:
        if later.tree is not None and built & set(leaves(later.tree)):
            built.add(later.gradient)
            if later in params:
                on_it.append(later)
    return bool(on_it) and all(each in accepted for each in on_it)
