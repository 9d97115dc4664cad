"""A formula beside the gradient that it is claimed to be: by algebra, at a glance, or at points.

The plainest that settles it is taken: equal by algebra is equal for all sizes; what differs at one
point, in floats and in the field, is wrong; all else is evaluated at several points of the field,
or in floats where that cannot be.
"""

from collections.abc import Sequence
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.claims.forms import has_function
from shapecalc.claims.reading import Claim
from shapecalc.claims.scale import ONE, Ratio, Scale, at_a_glance, named, ratio
from shapecalc.index import fresh_labels
from shapecalc.sweep import Sweep, known_domains
from shapecalc.tree import Leaf, Tree, calls, leaf
from shapecalc.verify.cases import Domain
from shapecalc.verify.expansion import Undecided, expanded, same
from shapecalc.verify.field import NoValue, Unsupported

if TYPE_CHECKING:
    from shapecalc.claims.worlds import World

WORK_LIMIT = 20_000_000
UNIT_OF_WORK = 1_000  # what a comparison costs beside the values that it could use
TOO_MANY = "the claims before it took all the work that one network gets"
BY_ALGEBRA = "algebra, for all sizes"
OWN_FLOOR = "its `floor` is not the gradient's, and may be another at some sizes"
BY_A_POINT = "it differs at a point"
BOTH_ZERO = "both are 0, as far as floats can tell"
ROUNDING = 1e-12
"""What is smaller may be 0, where values are about 1."""


class Outcome(NamedTuple):
    """What one claim is by itself: its factor (1 where it is right), or why there is none."""

    scale: Scale | None
    how: str
    reason: str = ""
    is_undecided: bool = False
    literal: tuple[str, str] | None = None  # a number, and the dim that it stands for


class Comparison:
    """Compares formulas with the gradients of one network; `trees` are those of all its claims."""

    def __init__(self, sweep: Sweep, trees: Sequence[Tree]) -> None:
        self.sweep = sweep
        self.trees = trees
        network = sweep.graph.network
        symbols = [entry.name for entry in network.dims]
        symbols += [entry.name for entry in network.constants]
        self.symbols = [leaf(name, ()) for name in symbols]
        self.entries = 0
        self._work = 0
        self._worlds: dict[str, list[World]] = {}
        self._without_worlds: dict[str, str] = {}

    def outcome(self, tree: Tree, claim: Claim) -> Outcome:
        """Compare a formula with the gradient that a claim is about."""
        if _same_by_algebra(tree, self.sweep.gradients[claim.value].formula):
            return Outcome(ONE, BY_ALGEBRA)
        self._work += UNIT_OF_WORK + len(self.sweep.graph.values) + self.entries
        if self._work > WORK_LIMIT:
            return Outcome(None, "undecided", TOO_MANY, is_undecided=True)
        found = self._at_a_glance(tree, claim) or self._at_points(tree, claim.gradient)
        if (
            found.scale is not None
            and found.how != BY_ALGEBRA
            and self._has_own_floors(tree, claim)
        ):
            return Outcome(None, "undecided", OWN_FLOOR, is_undecided=True)
        return found

    def _at_points(self, tree: Tree, gradient: Leaf) -> Outcome:
        try:
            return self._in_field(tree, gradient)
        except (Unsupported, NoValue):
            return self._in_floats(tree, gradient)

    def _has_own_floors(self, tree: Tree, claim: Claim) -> bool:
        """Say whether a formula rounds a quotient of dims that the gradient does not.

        They may be the same at the sizes tried and not at others, where the rest is another.
        """
        derived = self.sweep.gradients[claim.value].formula
        return any(part.op == "floor" for part in set(calls(tree)) - set(calls(derived)))

    def _at_a_glance(self, tree: Tree, claim: Claim) -> Outcome | None:
        """Compare at one point; None where that does not settle it.

        Entries that differ do, in floats and in the field as well: floats may have lost their
        digits, and the field does not know what functions are to each other. So does a factor that
        algebra confirms. Where a value has to be one-hot, a difference says nothing.
        """
        try:
            world = self._glance
            found, truth = world.value(tree).floats, world.gradient(claim.gradient).floats
        except (Unsupported, NoValue):
            return None
        if not all(map(isfinite, (*found, *truth))):
            return None
        factor = at_a_glance(found, truth)
        if factor is None:
            differs = not self._has_one_hot and self._differs_exactly(tree, claim.gradient)
            return Outcome(None, BY_A_POINT) if differs else None
        scale = named([factor], [world.evaluation], self.symbols)
        if scale is None or scale == ONE:
            return None
        formula = self.sweep.gradients[claim.value].formula
        is_sure = _same_by_algebra(scale.dividing(tree), formula)
        return Outcome(scale, BY_ALGEBRA) if is_sure else None

    def _differs_exactly(self, tree: Tree, gradient: Leaf) -> bool:
        try:
            world = self._exact_glance
            return ratio(world.value(tree), world.gradient(gradient)) is None
        except (Unsupported, NoValue):
            return False

    @cached_property
    def _glance(self) -> "World":
        """Return one point, in floats. Raises Unsupported where there is none."""
        return self._one(exact=False)

    @cached_property
    def _exact_glance(self) -> "World":
        """Return one point in the field. Raises Unsupported where it cannot carry an op."""
        return self._one(exact=True)

    def _one(self, *, exact: bool) -> "World":
        from shapecalc.claims.worlds import domains_of, one_world

        world = one_world(self.sweep, self.trees, domains_of(self.sweep), exact=exact)
        self.entries = max(self.entries, world.entries)
        return world

    def _in_field(self, tree: Tree, gradient: Leaf) -> Outcome:
        if self._bound is None:
            raise Unsupported("the degree is too high")
        how = f"exact, error < {self._bound}"
        modes = ("exact", "one-hot") if self._has_one_hot else ("exact",)
        for mode in modes:
            scale = self._scale(tree, gradient, mode)
            if scale is not None:
                return Outcome(scale, how)
        if self._is_rational:
            return Outcome(None, how)
        return self._in_floats(tree, gradient)

    def _in_floats(self, tree: Tree, gradient: Leaf) -> Outcome:
        try:
            scale = self._scale(tree, gradient, "floats")
            if scale is None and self._are_rounding(tree, gradient):
                return Outcome(None, "undecided", BOTH_ZERO, is_undecided=True)
        except (Unsupported, NoValue) as reason:
            fact = str(reason) or "there is no value at the points tried"
            return Outcome(None, "undecided", fact, is_undecided=True)
        return Outcome(scale, "floats, relative error < 1e-9")

    def _scale(self, tree: Tree, gradient: Leaf, mode: str) -> Scale | None:
        found: list[Ratio] = []
        points = self._points(mode)
        for world in points:
            factor = ratio(world.value(tree), world.gradient(gradient))
            if factor is None:
                return None
            found.append(factor)
        return named(found, [world.evaluation for world in points], self.symbols)

    def _are_rounding(self, tree: Tree, gradient: Leaf) -> bool:
        """Say whether a formula and a gradient are 0, as far as floats can tell."""
        worlds = self._points("floats")
        return all(
            abs(entry) < ROUNDING
            for world in worlds
            for point in (world.value(tree), world.gradient(gradient))
            for entry in point.floats
        )

    def is_zero(self, gradient: Leaf) -> bool:
        """Say whether a gradient is 0 at every point that was looked at, and some were."""
        worlds = [world for mode in self._worlds.values() for world in mode]
        return bool(worlds) and not any(any(world.gradient(gradient).floats) for world in worlds)

    def _points(self, mode: str) -> "list[World]":
        if mode in self._without_worlds:
            raise Unsupported(self._without_worlds[mode])
        if mode not in self._worlds:
            from shapecalc.claims.worlds import domains_of, worlds

            domains = domains_of(self.sweep)
            if mode == "one-hot":
                domains = {v: _one_hot(domain) for v, domain in domains.items()}
            exact = mode != "floats"
            try:
                self._worlds[mode] = worlds(self.sweep, self.trees, domains, exact=exact)
            except Unsupported as reason:
                self._without_worlds[mode] = str(reason)
                raise
            self.entries = sum(world.entries for world in self._worlds[mode])
        return self._worlds[mode]

    @cached_property
    def _bound(self) -> str | None:
        from shapecalc.claims.bound import bound
        from shapecalc.claims.worlds import ASSIGNMENTS

        trials = len(self._points("exact")) // ASSIGNMENTS
        return bound(self.sweep, self.trees, trials)

    @cached_property
    def _has_one_hot(self) -> bool:
        known = known_domains(self.sweep.graph).values()
        return any(domain.property == "one-hot" for domains in known for domain in domains)

    @cached_property
    def _is_rational(self) -> bool:
        """Say whether the field knows no function by a table alone: then different is wrong."""
        trees = [*(node.tree for node in self.sweep.graph.nodes), *self.trees]
        return not any(has_function(tree) for tree in trees)


def _one_hot(domain: Domain) -> Domain:
    return domain._replace(property="one-hot-only") if domain.property == "one-hot" else domain


def _same_by_algebra(claim: Tree, formula: Tree) -> bool:
    labels = fresh_labels(formula.shape)
    try:
        return same(expanded(claim, labels), expanded(formula, labels), labels)
    except Undecided:
        return False
