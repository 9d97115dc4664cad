"""Where 1 / m comes in: once, where the loss takes its mean; and who has it after that."""

from collections.abc import Iterator

from shapecalc.matrix.printing import text
from shapecalc.sweep import Gradient
from shapecalc.teach.study import Study
from shapecalc.tree import Call, Leaf, Tree


def average(study: Study) -> Iterator[str]:
    """Say of a step at the loss that it brings 1 / m, and of a sum over examples why it does not.

    Holds it to the formulas alone: the numbers in them are checked elsewhere.
    """
    batch = study.report.batch
    if batch is None:
        return
    if study.link.gradient is None:
        if study.writer.output.shape == () and brings(study, batch):
            yield (
                f"1/{batch} is there as {study.Y} takes a mean over the {batch} examples: in it "
                f"each counts 1/{batch}. The gradients further back get it from {study.dX}, and "
                f"none of them needs another. (A text that leaves it out of {study.dX} puts it in "
                f"front of the gradients of the parameters, which come out the same.)"
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


def _is_named(tree: Tree, name: str) -> bool:
    return isinstance(tree, Leaf) and tree.name == name and not tree.shape


def _summed_over(study: Study, batch: str) -> str | None:
    """Return the letter of the examples, where the gradient is a sum over them alone."""
    if batch in map(str, study.link.value.shape):
        return None
    for term in study.writer.derivation.terms:
        for label in term.summed:
            if str(study.writer.dim(label)) == batch:
                return study.writer.letters.of(label)
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
            return gradient if is_source else None
        gradient = study.sweep.gradients.get(gradient.links[0].use.node.output)
    return None


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
