"""What comes after the steps: how several uses add up, and how a loss joins its activation."""

from collections.abc import Iterator

from shapecalc.index import Term, contracted, merged_powers, merged_terms, multiply, with_labels
from shapecalc.matrix.entries import Letters, Spell, sum_text
from shapecalc.matrix.printing import text
from shapecalc.records.explained import Block, Lines, Prose
from shapecalc.sweep import Gradient, Link, Sweep


def together(gradient: Gradient, sweep: Sweep) -> Iterator[Block]:
    """Tell what becomes of the steps: nothing, where there is one and its formula is the answer."""
    name, X = gradient.name.name, gradient.value.name
    if gradient.fused_with is not None:
        yield from _fused(gradient, sweep)
        return
    given = sweep.graph.upstream.get(gradient.value)
    parts = [text(link.derived.formula) for link in gradient.links]
    if given is not None:
        parts.insert(0, given)
    if len(parts) < 2:
        if not gradient.links:
            yield Prose(f"{name} = {text(gradient.formula)}: nothing that follows depends on {X}.")
        return
    yield Prose(
        f"{X} is used {len(gradient.links)} times, and each use moves the loss by its own part. "
        f"Raise {X} by a small t, and all parts move at once: to first order their effects add up."
    )
    whole = " + ".join(f"({part})" if _is_sum(part) else part for part in parts)
    lines = [(whole, "one part for each use")]
    if text(gradient.formula) != whole:
        lines.append((text(gradient.formula), "the same, shorter"))
    yield Lines(name, tuple(lines))


def _is_sum(part: str) -> bool:
    return " + " in part or " - " in part


def _fused(gradient: Gradient, sweep: Sweep) -> Iterator[Block]:
    """Put the gradient above into the step, in index form, and let what cancels cancel."""
    (link,) = gradient.links
    assert gradient.derived is not None
    assert gradient.fused_with is not None
    name, Y = gradient.name.name, link.use.node.output
    above = sweep.gradients.get(Y)
    yield Prose(
        f"The spec takes {Y.name} and {gradient.fused_with.output.name} as one link, as the result "
        f"is plainer. Put {'the gradient' if above is None else above.name.name} of {Y.name} "
        f"into the step:"
    )
    letters = Letters(
        link.derived.derivation.jacobians[0].output_labels,
        link.derived.derivation.labels,
        {*sweep.graph.values},
    )
    spell = link.derived.renaming.tree
    lines = [(sum_text(link.derived.derivation.terms, letters, spell), "the step")]
    if above is not None and above.derived is not None:
        lines.append((_joined(link, above, letters), f"{above.name.name} put in, and cancelled"))
    own = gradient.derived
    ends = Letters((), own.derivation.labels, {*sweep.graph.values})
    last = sum_text(own.derivation.terms, ends, own.renaming.tree)
    assumed = [own.renaming.tree(value) for value, _ in own.derivation.assumed]
    sums = f"the entries of {text(assumed[0])} add up to 1" if assumed else ""
    lines.append((last, sums))
    indices = letters.indices(link.derived.derivation.labels)
    yield Lines(f"{name}{indices}", tuple(lines))
    yield Prose(f"So {name} = {text(gradient.formula)}.")


def _joined(link: Link, above: Gradient, letters: Letters) -> str:
    """Contract the Jacobian with the gradient above written out."""
    assert above.derived is not None
    inner, outer = link.derived, above.derived
    (found,) = inner.derivation.jacobians
    change = {
        old: new
        for old, new in zip(outer.derivation.labels, found.output_labels, strict=True)
        if old is not None and new is not None
    }
    summed = tuple(label for label in found.output_labels if label is not None)

    def own(term: Term, spell: Spell) -> Term:
        return term._replace(factors=tuple(f._replace(tree=spell(f.tree)) for f in term.factors))

    joined = []
    for one in outer.derivation.terms:
        for other in found.terms:
            left = with_labels(own(one, outer.renaming.tree), change)
            term = multiply(left, own(other, inner.renaming.tree))
            joined.append(merged_powers(contracted(term._replace(summed=(*term.summed, *summed)))))
    return sum_text(merged_terms(joined, found.wrt_labels), letters, lambda tree: tree)
