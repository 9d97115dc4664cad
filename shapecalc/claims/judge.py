"""Claims judged one by one, then together: a factor that is carried on purpose is a convention.

A claim may use the author's own earlier claims where those are right or a convention, and the true
gradient otherwise, so one mistake does not make all that follows look wrong.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.claims.comparing import BY_ALGEBRA, Comparison, Outcome
from shapecalc.claims.forms import is_zero, parts
from shapecalc.claims.reading import Claim, Reader, read_claims
from shapecalc.claims.scale import ONE, Scale
from shapecalc.claims.together import accepted_factors
from shapecalc.diagnostics import MOST_PROPOSALS, Finding
from shapecalc.matrix import make
from shapecalc.sweep import Sweep
from shapecalc.tree import Leaf, Number, Tree, leaf, leaves, rebuilt

if TYPE_CHECKING:
    from shapecalc.claims.diagnosis import Diagnosis
    from shapecalc.claims.sums import Needs

ENTRIES_OF_A_TRY = 2_000
MOST_TRIES = 4_000
"""After so many formulas that might have been meant, no more wrong claims are looked into."""


class Judged(NamedTuple):
    """A claim with its verdict, how that was found, and the formula that is right."""

    claim: Claim
    verdict: str
    outcome: Outcome
    right: Tree
    needs: "Needs | None" = None  # what would have to sum to 1
    diagnosis: "Diagnosis | None" = None
    is_vacuous: bool = False  # equal only since both are 0
    itself: Scale | None = None  # its factor where the gradients in it are the true ones

    @property
    def mistakes(self) -> tuple[str, ...]:
        """Return what leads from the right formula to a wrong claim, as far as that was found."""
        return self.diagnosis.mistakes if self.diagnosis else ()


def judge(sweep: Sweep) -> tuple[list[Judged], list[Finding]]:
    """Judge all claims of a spec; what cannot be read as a claim is a finding."""
    claims, findings = read_claims(sweep)
    return _Court(sweep, claims).verdicts(), findings


class _Court:
    def __init__(self, sweep: Sweep, claims: Sequence[Claim]) -> None:
        self.sweep = sweep
        self.claims = claims
        self.params = {entry.name for entry in sweep.graph.network.params}
        trees = [claim.tree for claim in claims if claim.tree is not None]
        self.comparison = Comparison(sweep, trees)
        self._diagnosed = self._tries = 0

    def verdicts(self) -> list[Judged]:
        """Judge until no convention is taken back."""
        refused: frozenset[Leaf] = frozenset()
        while True:
            outcomes = self._outcomes(refused)
            accepted = self._accepted(outcomes)
            taken_back = {
                claim.gradient
                for claim, outcome in outcomes.items()
                if outcome.scale is not None
                and claim not in accepted
                and not self.is_param(claim)
                and claim.gradient not in refused
            }
            if not taken_back:
                judged = [self._judged(claim, outcomes, accepted) for claim in outcomes]
                return self._by_themselves(judged, outcomes)
            refused |= taken_back

    def _by_themselves(
        self, judged: list[Judged], outcomes: Mapping[Claim, Outcome]
    ) -> list[Judged]:
        """Say what factor each claim makes by itself, where there is a factor in any."""
        if {each.outcome.scale for each in judged} <= {None, ONE}:
            return judged
        return [
            each._replace(itself=self.outcome(each.claim, {}, outcomes).scale) for each in judged
        ]

    def _accepted(self, outcomes: Mapping[Claim, Outcome]) -> frozenset[Claim]:
        scales = {claim: outcome.scale for claim, outcome in outcomes.items()}
        params = [claim for claim in outcomes if self.is_param(claim)]
        return accepted_factors(
            scales, params, lambda claim: self.outcome(claim, {}, outcomes).scale == ONE
        )

    def is_param(self, claim: Claim) -> bool:
        """Say whether a claim is about a param."""
        return claim.value.name in self.params

    def _outcomes(self, refused: frozenset[Leaf]) -> dict[Claim, Outcome]:
        """Judge each claim by itself, in the author's order."""
        own: dict[Leaf, Claim] = {}
        outcomes: dict[Claim, Outcome] = {}
        for written in self.claims:
            alone = self.outcome(written, own, outcomes)
            claim, outcome = self._with_dims(written, alone, own, outcomes)
            outcomes[claim] = outcome
            if outcome.scale is not None and claim.gradient not in refused:
                own[claim.gradient] = claim
        return outcomes

    def _with_dims(
        self,
        claim: Claim,
        outcome: Outcome,
        own: Mapping[Leaf, Claim],
        outcomes: Mapping[Claim, Outcome],
    ) -> tuple[Claim, Outcome]:
        """Take a number for the dim of its size, `/ 64` for `/ m`, where that makes it right."""
        if claim.tree is None or claim.reason or outcome.scale == ONE:
            return claim, outcome
        for number_, dim in self._sizes_in(claim.tree):
            change: dict[Tree, Tree] = {number_: leaf(dim, ())}
            other = claim._replace(tree=rebuilt(claim.tree, change.get))
            again = self.outcome(other, own, outcomes)
            if again.scale == ONE:
                return other, again._replace(literal=(str(number_), dim))
        return claim, outcome

    def _sizes_in(self, tree: Tree) -> list[tuple[Number, str]]:
        numbers = dict.fromkeys(part for part in parts(tree) if isinstance(part, Number))
        sizes = self.sweep.graph.sizes.items()
        return [(part, dim) for part in numbers for dim, size in sizes if part.value == size > 1]

    def outcome(
        self, claim: Claim, own: Mapping[Leaf, Claim], outcomes: Mapping[Claim, Outcome]
    ) -> Outcome:
        """Judge one claim, in which the gradients of `own` are the author's."""
        if claim.tree is None or claim.reason:
            return Outcome(None, "shapes", claim.reason)
        return self.comparison.outcome(_meant(claim.tree, own, outcomes), claim)

    def _judged(
        self, claim: Claim, outcomes: Mapping[Claim, Outcome], accepted: frozenset[Claim]
    ) -> Judged:
        outcome = outcomes[claim]
        if outcome.is_undecided:
            verdict = "undecided"
        elif outcome.scale == ONE:
            verdict = "right"
        else:
            is_free = self.sweep.graph.network.scale == "free"
            verdict = "convention" if claim in accepted and is_free else "wrong"
        right = self._right(claim, outcomes, accepted)
        needs = self._needs(claim, verdict, outcome)
        judged = Judged(claim, verdict, outcome, right, needs)
        if verdict == "right":
            return judged._replace(is_vacuous=self._is_vacuous(claim, outcome))
        if verdict != "wrong" or needs is not None:
            return judged
        return self._with_mistakes(judged, outcomes, accepted)

    def _is_vacuous(self, claim: Claim, outcome: Outcome) -> bool:
        """Say whether a right claim is so only since it is 0, and so is the gradient.

        What is equal by algebra is equal whatever the values are.
        """
        if claim.tree is None or is_zero(claim.tree):
            return False
        if is_zero(self.sweep.gradients[claim.value].formula):
            return True
        if outcome.how == BY_ALGEBRA:
            return False
        return self.comparison.is_zero(claim.gradient)

    def _with_mistakes(
        self, judged: Judged, outcomes: Mapping[Claim, Outcome], accepted: frozenset[Claim]
    ) -> Judged:
        """Find what is wrong with a claim, by trying what may have been meant."""
        from shapecalc.claims.diagnosis import diagnosis, off_by

        claim, scale = judged.claim, judged.outcome.scale
        earlier = takewhile(lambda each: each is not claim, outcomes)
        own = {each.gradient: each for each in earlier if each in accepted}

        def judge(tree: Tree) -> Scale | None:
            self._tries += 1 + self.comparison.entries // ENTRIES_OF_A_TRY
            if self._tries > MOST_TRIES:
                return None
            return self.comparison.outcome(_meant(tree, own, outcomes), claim).scale

        if scale is not None and claim.tree is not None:
            found = off_by(claim, claim.tree, scale, judged.right, self._reader, judge)
        elif self._diagnosed >= MOST_PROPOSALS or self._tries > MOST_TRIES:
            return judged
        else:
            self._diagnosed += 1
            scales = () if self.is_param(claim) else map(outcomes.__getitem__, own.values())
            carried = {each.scale for each in scales if each.scale not in (None, ONE)}
            found = diagnosis(claim, judged.right, self.sweep, self._reader, judge, carried)
        return judged._replace(diagnosis=found, right=found.right)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.sweep)

    def _needs(self, claim: Claim, verdict: str, outcome: Outcome) -> "Needs | None":
        if verdict != "wrong" or claim.reason or outcome.scale is not None:
            return None
        from shapecalc.claims.sums import missing_sum

        return missing_sum(self.sweep, claim, self.comparison.symbols)

    def _right(
        self, claim: Claim, outcomes: Mapping[Claim, Outcome], accepted: frozenset[Claim]
    ) -> Tree:
        """Return the right formula; by the author's own gradients where all carry one factor."""
        formula = self.sweep.gradients[claim.value].formula
        names = {name for name in leaves(formula) if name in self.sweep_names}
        carried = {
            earlier.gradient: outcomes[earlier].scale
            for earlier in accepted
            if earlier.gradient in names and outcomes[earlier].scale is not None
        }
        factors = {carried.get(name, ONE) for name in names}
        scale = factors.pop() if len(factors) == 1 else None
        return formula if scale is None or scale == ONE else scale.dividing(formula)

    @cached_property
    def sweep_names(self) -> set[Leaf]:
        """Return the names of all derived gradients."""
        return {gradient.name for gradient in self.sweep.gradients.values()}


def _meant(tree: Tree, own: Mapping[Leaf, Claim], outcomes: Mapping[Claim, Outcome]) -> Tree:
    """Put for each of the author's own gradients what it is: the true one, times its factor."""
    scales = {name: outcomes[own[name]].scale for name in leaves(tree) if name in own}
    change: dict[Tree, Tree] = {
        name: make.times(scale.tree, name)
        for name, scale in scales.items()
        if scale is not None and scale != ONE
    }
    return rebuilt(tree, change.get) if change else tree
