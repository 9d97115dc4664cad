"""Where 1 / m comes in: once, where the loss takes its mean; and who has it after that."""

from collections.abc import Iterator, Sequence

from shapecalc.matrix.printing import text
from shapecalc.report.steps import StepWriter
from shapecalc.sweep import Gradient, Link
from shapecalc.teach.instance import Instance, NoNumbers, are_close, flat, places_of
from shapecalc.teach.study import Study
from shapecalc.tree import Call, Leaf, Tree, leaves
from shapecalc.verify.evaluate import Evaluation, Point
from shapecalc.verify.field import NoValue

RAISED = 1.25
"""By how much one example is multiplied to see whether the others mind."""


def average(study: Study) -> Iterator[str]:
    """Say of a step at the loss that it brings 1 / m, and of a sum over examples why it does not.

    That the loss adds up what each example gives is seen in numbers.
    """
    batch = study.report.batch
    if batch is None:
        return
    if study.link.gradient is None:
        is_mean = study.writer.output.shape == () and brings(study, batch)
        if is_mean and _adds_examples(study.instances[:1], batch):
            enough = "" if _needs_another(study, batch) else ", and none of them needs another"
            yield (
                f"1/{batch} is there as {study.Y} takes a mean over the {batch} examples: in it "
                f"each counts 1/{batch}. The gradients further back get it from {study.dX}{enough}"
                f". (A text that leaves it out of {study.dX} puts it in front of the gradients of "
                f"the parameters, which come out the same.)"
            )
        return
    letter = _summed_over(study, batch)
    source = None if letter is None else _source(study, batch)
    if letter is None or source is None:
        return
    own = source.name.name
    via = "" if own == study.dY else f", and so in {study.dY}"
    yield (
        f"{letter} runs over the {batch} examples: what they say is added, not averaged. The mean "
        f"that {study.loss} takes is in {own} = {text(source.formula)} already{via}, and a second "
        f"1/{batch} would be wrong. (A text that leaves it out of {own} has it here: the result "
        f"is the same.)"
    )


def brings(study: Study, batch: str) -> bool:
    """Say whether all terms of a step are divided by the number of examples, once."""
    return all(
        sum(
            factor.power
            for factor in term.factors
            if not factor.labels and _is_named(study.writer.spell(factor.tree), batch)
        )
        == -1
        for term in study.writer.derivation.terms
    )


def _adds_examples(instances: Sequence[Instance], batch: str) -> bool:
    """Say whether the loss is a sum of what each example gives: no example minds another."""
    if not instances:
        return False
    here = instances[0]
    formula = here.writer.formula
    own = [str(dim) for dim in here.value.shape]
    if own.count(batch) != 1 or here.output in leaves(formula):
        return False
    axis = own.index(batch)
    places = list(places_of(here.wrt_sizes))
    moved = [
        entry if place[axis] else entry * RAISED
        for entry, place in zip(here.entries(here.value), places, strict=True)
    ]
    world = {**here.world.values, here.value: Point(here.wrt_sizes, moved)}
    try:
        after = Evaluation(here.sizes, world, None).at(formula).floats
    except NoValue:
        return False
    size, before = here.size(formula.shape), here.entries(formula)
    others = (flat(here.stored(place), size) for place in places if place[axis])
    return all(are_close(before[at], after[at]) for at in others)


def _needs_another(study: Study, batch: str) -> bool:
    """Say whether a step further back is divided by the number of examples again."""
    reached = {study.link.value}
    for link in study.sweep.links:  # from the loss to the start
        if link.use.node.output not in reached:
            continue
        reached.add(link.value)
        if _counts(link, batch):
            return True
    return False


def _counts(link: Link, batch: str) -> bool:
    """Say whether the number of examples is a factor in a step."""
    spell = link.derived.renaming.tree
    return any(
        any(_is_named(each, batch) for each in leaves(spell(factor.tree)))
        for term in link.derived.derivation.terms
        for factor in term.factors
        if not factor.labels
    )


def _is_named(tree: Tree, name: str) -> bool:
    return isinstance(tree, Leaf) and tree.name == name and not tree.shape


def _summed_over(study: Study, batch: str) -> str | None:
    """Return the letter of the examples, where the gradient is a sum over them alone."""
    if batch in map(str, study.link.value.shape) or _counts(study.link, batch):
        return None
    for term in study.writer.derivation.terms:
        over = [label for label in term.summed if str(study.writer.dim(label)) == batch]
        if over:
            return study.writer.letters.of(over[0]) if len(over) == 1 else None
    return None


def _source(study: Study, batch: str) -> Gradient | None:
    """Find the gradient that brought 1 / m, going up one way only."""
    gradient = study.sweep.gradients.get(study.link.use.node.output)
    while gradient is not None:
        is_at_loss = gradient.fused_with is not None or any(
            link.gradient is None for link in gradient.links
        )
        if len(gradient.links) != 1 or is_at_loss:
            is_source = len(gradient.links) == 1 and divides(gradient.formula, batch)
            return gradient if is_source and _is_mean(gradient, study, batch) else None
        gradient = study.sweep.gradients.get(gradient.links[0].use.node.output)
    return None


def _is_mean(gradient: Gradient, study: Study, batch: str) -> bool:
    """Say whether the step at the loss adds up what each example gives."""
    if gradient.fused_with is not None:
        return batch in map(str, gradient.value.shape)
    try:
        return _adds_examples([Instance(StepWriter(gradient.links[0], study.sweep))], batch)
    except NoNumbers:
        return False


def divides(tree: Tree, name: str) -> bool:
    """Say whether a formula as a whole is divided by a name."""
    if not isinstance(tree, Call):
        return False
    if tree.op == "neg":
        return divides(tree.operands[0], name)
    if tree.op != "div":
        return False
    return _has_factor(tree.operands[1], name)


def _has_factor(tree: Tree, name: str) -> bool:
    if isinstance(tree, Call) and tree.op == "mul":
        return any(_has_factor(each, name) for each in tree.operands)
    return _is_named(tree, name)
