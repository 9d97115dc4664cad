"""An activation followed by its loss, taken as one link: `dZ2 = (A2 - Y) / m`.

The one exception to never expanding across equations, made where the result is plainer than what
it is made of: no quotient by the activation is left, and at most two terms.
"""

from shapecalc import layout
from shapecalc.backprop import jacobian, simplified
from shapecalc.graph import Use
from shapecalc.index import Term, contracted, merged_powers, merged_terms, multiply, with_labels
from shapecalc.matrix.joining import Unreadable
from shapecalc.sweep.checking import check
from shapecalc.sweep.kinds import Derivation, Derived, Kinds
from shapecalc.tree import Leaf
from shapecalc.verify.cases import Case, Domain
from shapecalc.verify.expansion import TooManyTerms, expanded_terms

MOST_TERMS = 2


def fused_link(kinds: Kinds, use: Use, value: Leaf, after: tuple[Use, ...]) -> Derived | None:
    """Derive the gradient of a value through its activation and the loss at once.

    Returns None where that is no plainer. Raises SelfCheckFailed.
    """
    uses = (use, *after)
    key, names, dims = kinds.likeness(uses, [None] * len(uses))
    places = tuple(each.occurrence for each in uses)
    found = kinds.recalled(
        ("fused", key, places, kinds.is_in_full(value)),
        lambda number: _derive(kinds, use, value, after, number, names, dims),
    )
    return None if found is None else Derived(found, names, dims)


def _derive(
    kinds: Kinds,
    use: Use,
    value: Leaf,
    after: tuple[Use, ...],
    number: int,
    names: tuple[str, ...],
    dims: tuple[str, ...],
) -> Derivation | None:
    activation = jacobian(use.node.output, use.node.tree, use.occurrence)
    losses = tuple(jacobian(u.node.output, u.node.tree, u.occurrence) for u in after)
    middle = activation.output_labels
    outer, _ = kinds.contracted(losses, [None] * len(losses), middle)
    joined = [_joined(a, b, middle) for a in outer for b in activation.terms]
    free = activation.wrt_labels
    try:
        plain = merged_terms(map(merged_powers, expanded_terms(joined)), free)
    except TooManyTerms:
        return None
    terms = simplified(iter(plain), free, kinds.sums_to_one)
    if len(terms) > MOST_TERMS or _divides(terms, use.node.output):
        return None
    try:
        formula = layout.formula(terms, free, value.shape, (), numerator=kinds.numerator)
    except Unreadable:
        return None
    assumed = _assumed(kinds, plain, terms)
    case = Case(
        ((use.node.output, use.node.tree), (after[0].node.output, after[0].node.tree)),
        ((after[0].node.output, None),),
        value,
        value,
        formula,
        kinds.numerator,
        _domains(kinds, assumed),
    )
    full = kinds.is_in_full(value)
    checked = check(case, terms, free, numerator=kinds.numerator, in_every_way=full)
    return Derivation(
        number, value, (activation,), free, terms, formula, checked, assumed, names, dims
    )


def _joined(outer: Term, inner: Term, middle: tuple) -> Term:  # type: ignore[type-arg]  # Labels
    """Put the loss's gradient for the upstream of the activation's Jacobian, and contract."""
    copies = {label: type(label)(label.dim) for label in inner.summed}
    inner = with_labels(inner, copies)
    term = multiply(outer, inner)
    summed = (*term.summed, *(label for label in middle if label is not None))
    return merged_powers(contracted(term._replace(summed=summed)))


def _divides(terms: tuple[Term, ...], value: Leaf) -> bool:
    """Say whether a quotient by the activation is left."""
    return any(f.power < 0 and f.tree.shape for term in terms for f in term.factors) or any(
        f.tree is value and f.power < 0 for term in terms for f in term.factors
    )


def _assumed(
    kinds: Kinds, plain: tuple[Term, ...], terms: tuple[Term, ...]
) -> tuple[tuple[Leaf, int], ...]:
    """Return what was taken to sum to 1, where that made a difference."""
    before = sum(len(term.factors) for term in plain)
    if sum(len(term.factors) for term in terms) >= before:
        return ()
    trees = {factor.tree for term in plain for factor in term.factors}
    return tuple(
        (tree, axis)
        for tree, axis in kinds.sums_to_one.items()
        if tree in trees and isinstance(tree, Leaf)
    )


def _domains(
    kinds: Kinds, assumed: tuple[tuple[Leaf, int], ...]
) -> tuple[tuple[Leaf, Domain], ...]:
    domains = {value: known[0] for value, known in kinds.domains.items() if known}
    domains.update({value: Domain("probabilities", axis) for value, axis in assumed})
    return tuple(domains.items())
