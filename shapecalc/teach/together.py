"""What comes after the steps: how several uses add up, and how a loss joins its activation."""

from collections.abc import Iterator
from random import Random

from shapecalc.index import (
    Sum,
    Term,
    contracted,
    merged_powers,
    merged_terms,
    multiply,
    with_labels,
)
from shapecalc.matrix.entries import Letters, Spell, sum_text
from shapecalc.matrix.printing import text
from shapecalc.records.explained import Block, Lines, Prose
from shapecalc.report.steps import StepWriter
from shapecalc.sweep import Gradient, Link, Sweep
from shapecalc.teach.average import divides
from shapecalc.teach.instance import Instance, NoNumbers, are_close, places_of
from shapecalc.teach.study import require
from shapecalc.tree import Leaf, leaves
from shapecalc.verify.cases import Domain, draw
from shapecalc.verify.field import NoValue

SEED = 7
MOST_USES = 4
"""Of how many uses it is said one by one what each adds."""


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
    if given is None:
        yield Prose(
            f"{X} is used {_times(len(gradient.links))}, and by each use it moves the loss in its "
            f"own way. Move {X} a little, and all of them act at once: to first order they add up."
        )
    else:
        yield Prose(
            f"{X} is used {_times(len(gradient.links))}, and {given} is given: how {X} moves the "
            f"loss beside that. Move {X} a little, and all act at once: to first order they add up."
        )
    if len(gradient.links) <= MOST_USES:
        yield Prose(_through(gradient))
    whole = [f"({part})" if _is_sum(part) else part for part in parts]
    formula = text(gradient.formula)
    if sorted(formula.split(" + ")) == sorted(whole):
        yield Lines(name, ((formula, "one part for each use"),))
        return
    added = " + ".join(whole).replace(" + -", " - ")
    lines = [(added, "one part for each use"), (formula, "the same, written shorter")]
    yield Lines(name, tuple(lines[:1] if added == formula else lines))


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _through(gradient: Gradient) -> str:
    """Say by which equation each part comes."""
    parts = [
        f"by {link.use.node.output.name} = {link.use.node.source.text} it adds "
        f"{text(link.derived.formula)}"
        for link in gradient.links
    ]
    told = "; ".join(parts)
    return f"{told[0].upper()}{told[1:]}."


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
        f"{Y.name} and {gradient.fused_with.output.name} are taken as one link, as the result is "
        f"plainer. Link by link it comes to the same: put {_written(Y, above)} into the step:"
    )
    letters = Letters(
        link.derived.derivation.jacobians[0].output_labels,
        link.derived.derivation.labels,
        {*sweep.graph.values},
    )
    spell = link.derived.renaming.tree
    lines = [(sum_text(link.derived.derivation.terms, letters, spell), "the step")]
    own = gradient.derived
    if above is not None and above.derived is not None:
        joined = _joined(link, above)
        if _is_the_gradient(joined, gradient, sweep):
            line = sum_text(joined, letters, lambda tree: tree)
            lines.append((line, f"{above.name.name} put in, and cancelled"))
    ends = Letters((), own.derivation.labels, {*sweep.graph.values})
    last = sum_text(own.derivation.terms, ends, own.renaming.tree)
    assumed = [own.renaming.tree(value) for value, _ in own.derivation.assumed]
    sums = f"the entries of {text(assumed[0])} add up to 1" if assumed else ""
    lines.append((last, sums))
    indices = letters.indices(link.derived.derivation.labels)
    yield Lines(f"{name}{indices}", tuple(lines))
    told = f"So {name} = {text(gradient.formula)}."
    batch = sweep.graph.batch
    if batch is not None and divides(gradient.formula, str(batch)):
        loss = gradient.fused_with.output.name
        told += f" 1/{batch} comes from the mean over the {batch} examples that {loss} takes."
    yield Prose(told)


def _written(Y: Leaf, above: Gradient | None) -> str:
    if above is None:
        return f"the gradient of {Y.name}"
    return f"{above.name.name} = {text(above.formula)}"


def _joined(link: Link, above: Gradient) -> Sum:
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
    return merged_terms(joined, found.wrt_labels)


def _is_the_gradient(terms: Sum, gradient: Gradient, sweep: Sweep) -> bool:
    """Evaluate terms in this network's names at one point, and hold them to the formula.

    Where there are no numbers to do that with, they are not shown. Raises CheckFailed.
    """
    (link,) = gradient.links
    derived = gradient.derived
    assert derived is not None
    domains = {
        derived.renaming.tree(value): Domain("one-hot-only", axis)
        for value, axis in derived.derivation.assumed
    }
    try:
        instance = Instance(StepWriter(link, sweep))
        for name in dict.fromkeys(leaves(gradient.formula)):
            if name.shape and name not in instance.world.values:
                drawn = draw(name, domains.get(name), instance.world, Random(SEED), 0)
                instance.world.values[name] = drawn
    except (NoNumbers, NoValue):
        return False
    labels = link.derived.derivation.jacobians[0].wrt_labels
    for place in places_of(instance.wrt_sizes):
        at = {label: i for label, i in zip(labels, place, strict=True) if label is not None}
        found = instance.plain_sum(terms, at)
        expected = instance.entry(gradient.formula, instance.stored(place))
        require(are_close(found, expected), "the loss, put into the step, is not the gradient")
    return True
