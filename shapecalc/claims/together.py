"""Which factors a set of claims carries on purpose: conventions, and not mistakes.

The most popular course writes `dZ2 = A2 - Y`, m times the gradient, and divides by m in `dW2`.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from shapecalc.claims.reading import Claim
from shapecalc.claims.scale import ONE, Scale
from shapecalc.tree import Leaf, leaves

MINUS = Scale(Fraction(-1))
PassesOn = Callable[[Claim], bool]
"""Says whether a claim is right where the gradients in it are the true ones."""


def accepted_factors(
    scales: Mapping[Claim, Scale | None], params: Sequence[Claim], passes_on: PassesOn
) -> frozenset[Claim]:
    """Return the claims whose constant factor is no mistake; right ones have the factor 1.

    `scales` holds every claim in the author's order, None where it is no multiple of the gradient.
    """
    scaled = {claim: scale for claim, scale in scales.items() if scale is not None}
    accepted = {claim for claim, scale in scaled.items() if scale == ONE}
    accepted |= set(_accepted_params(scaled, params, passes_on))
    for claim, scale in scaled.items():
        if claim in params or scale == ONE:
            continue
        is_sum_for_mean = scale.number == 1 and not scale.is_number
        if (
            is_sum_for_mean
            or _is_accounted_for(claim, list(scales), params, accepted)
            or (_is_carried(claim, scaled, accepted) and passes_on(claim))
        ):
            accepted.add(claim)
    return frozenset(accepted)


def _is_carried(claim: Claim, scaled: Mapping[Claim, Scale], accepted: set[Claim]) -> bool:
    """Say whether a gradient in a claim has the claim's factor, on purpose."""
    used = set(leaves(claim.tree)) if claim.tree is not None else set()
    return any(each.gradient in used and scaled[each] == scaled[claim] for each in accepted)


def _accepted_params(
    scaled: Mapping[Claim, Scale], params: Sequence[Claim], passes_on: PassesOn
) -> Sequence[Claim]:
    """Accept a factor that all params share, if it enters on the way and is carried on purpose.

    It is where it is -1 (the step that is added), or where some claim has to carry it by itself
    (`N * reg * W2`). Where every claim merely passes it on, the division was lost.
    """
    with_factor = [claim for claim in params if claim in scaled]
    factors = {scaled[claim] for claim in with_factor}
    if len(factors) != 1 or (factor := factors.pop()) == ONE:
        return ()
    if not any(scale == factor and claim not in params for claim, scale in scaled.items()):
        return ()
    if factor == MINUS or not all(passes_on(claim) for claim in with_factor):
        return with_factor
    return ()


def _is_accounted_for(
    claim: Claim, claims: Sequence[Claim], params: Sequence[Claim], accepted: set[Claim]
) -> bool:
    """Say whether the params' claims that are built on a claim are accepted, and there are some."""
    built: set[Leaf] = {claim.gradient}
    on_it: list[Claim] = []
    for later in claims:
        if later.tree is not None and built & set(leaves(later.tree)):
            built.add(later.gradient)
            if later in params:
                on_it.append(later)
    return bool(on_it) and all(each in accepted for each in on_it)
