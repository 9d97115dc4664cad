"""The checks of a derivation: by algebra, in a prime field, and by components.

Each rejects a wrong formula by itself; nothing is printed that one of them rejects.
"""

from shapecalc import maps
from shapecalc.dims import matrix_turned
from shapecalc.index import Labels, Sum
from shapecalc.matrix.joining import Unreadable
from shapecalc.ops.registry import OPS
from shapecalc.records import Checked, Exact
from shapecalc.tree import Tree, calls
from shapecalc.verify import exact
from shapecalc.verify.algebra import agrees_by_algebra
from shapecalc.verify.cases import Case, Unsupported, trees_of
from shapecalc.verify.components import TOLERANCE, error_by_components
from shapecalc.verify.field import NAME, Nowhere
from shapecalc.verify.ties import Ties, ties

LAWS = "its functions have laws that it does not know"


class TooLarge(Exception):
    """A formula over one of the limits: what of it."""


class SelfCheckFailed(Exception):
    """A formula of ours that one of its checks rejects: what failed."""


def _has_conditions(terms: Sum) -> bool:
    return any(term.conditions for term in terms)


def check(
    case: Case,
    terms: Sum,
    labels: Labels,
    *,
    numerator: bool,
    by_laws: bool = False,
    in_every_way: bool = True,
) -> Checked:
    """Check a formula in every way that applies; or, where algebra proves it, by that alone.

    One that was simplified `by_laws` of functions, as inv(A @ B) @ A is inv(B), algebra does not
    reject, since it does not know them. Raises SelfCheckFailed where a check rejects it, Unreadable
    where it has no derivative that they could agree on, TooLarge where none applies.
    """
    if not _has_its_shapes(case.formula):
        raise Unreadable("its formula has that shape at some sizes alone")
    free = matrix_turned(labels) if numerator else labels
    by_algebra = agrees_by_algebra(case.formula, terms, free)
    if by_algebra is False and not by_laws:
        raise SelfCheckFailed("the formula, multiplied out, is not the contraction")
    if by_algebra and not in_every_way:
        return Checked(canonical=True, components=None, exact=None, note="")
    notes = [] if by_algebra else [f"not by algebra: {LAWS if by_laws else _why_not(case, terms)}"]
    return _by_values(case, notes, by_algebra=by_algebra is True)


def check_values(case: Case) -> Checked:
    """Check a formula that agrees with its index form in the field and by components.

    Raises what `check` does.
    """
    return _by_values(case, [], by_algebra=True)


def _by_values(case: Case, notes: list[str], *, by_algebra: bool) -> Checked:
    outcome, error, is_nowhere = None, None, False
    try:
        found = exact.agrees_exactly(case)
        if not found.equal:
            message = "the formula differs from the forward equations in the field"
            raise _rejected(case, message, has_ties=found.has_ties)
        bound = exact.bound_text(found.degree)
        outcome = Exact(NAME, exact.ASSIGNMENTS, exact.TRIALS, bound)
    except Unsupported as reason:
        is_nowhere = isinstance(reason, Nowhere)
        notes.append(f"not exactly: {reason}")
    try:
        error = error_by_components(case)
        if is_nowhere and not error < TOLERANCE:
            raise Unreadable("it has no derivative at any point that was tried")
        if not error < TOLERANCE:
            raise _rejected(case, f"the formula differs from differences by component, {error:.1e}")
    except Unsupported as reason:
        notes.append(f"not by components: {reason}")
    if outcome is None and error is None and not by_algebra:
        raise TooLarge("; ".join(notes))
    return Checked(by_algebra, error, outcome, "; ".join(notes))


def _why_not(case: Case, terms: Sum) -> str:
    if _has_conditions(terms):
        return "ranges of indices are left"
    if any(map(maps.has_identities, trees_of(case))):
        return LAWS
    return "too many terms, or one that is written in two ways"


def _has_its_shapes(formula: Tree) -> bool:
    """Say whether every call in a formula has the shape that its op makes of its operands.

    Windows that are put together may be fewer than would fit; then their gradient is not all
    windows of the upstream gradient.
    """
    for part in calls(formula):
        op = OPS[part.op]
        if op.shape is not None:
            shapes = tuple(operand.shape for operand in part.operands)
            if op.bound(shapes, part.attributes).shape != part.shape:
                return False
    return True


def _rejected(case: Case, message: str, *, has_ties: bool = False) -> Exception:
    """Say why a formula is rejected: it is wrong, or no formula is right."""
    match ties(case):
        case Ties.ALWAYS:
            return Unreadable("it compares entries that are always equal; write one of them alone")
        case Ties.NEVER if not has_ties:
            return SelfCheckFailed(message)
        case Ties.NEVER | Ties.SOMETIMES:
            return Unreadable("entries that it compares are equal not only at rare points")
