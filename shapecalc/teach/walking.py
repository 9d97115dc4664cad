"""Level 4: the deltas substituted line by line, and the walk that the letters leave."""

from collections.abc import Iterator
from operator import mul

from shapecalc.dims import dims_text
from shapecalc.matrix.printing import text
from shapecalc.records import View, WalkEdge
from shapecalc.records.explained import Block, Level, Lines, Prose, Walked
from shapecalc.report.views import factors_in
from shapecalc.teach.instance import Instance, are_close, places_of
from shapecalc.teach.study import Study, require, total

WALK = "THE ONLY WALK FROM {} TO {}"
CONTRACTION = "THE CHAIN RULE, WORKED OUT"


def walking(study: Study) -> Level:
    """Write the level."""
    contraction, walk = study.opened.contraction, study.opened.walk
    for instance in study.instances:
        _require_lines(instance)
    study.require_formula(study.writer.formula, turned=study.sweep.numerator)
    above = ("", *(line for line, _ in contraction.lines))
    lines = tuple(
        each for each, last in zip(contraction.lines, above, strict=False) if each[0] != last
    )
    blocks: list[Block] = [Lines(contraction.left, lines)]
    blocks += study.ranges((*study.writer.jacobian.terms, *study.writer.derivation.terms))
    for value, axis in study.writer.derivation.assumed:
        own = study.writer.spell(value)
        blocks.append(Prose(f"Here the entries of {text(own)} add up to 1 over {own.shape[axis]}."))
    drawn = _walked(walk, study.opened.denominator)
    if drawn is not None and study.sweep.numerator:
        drawn = _backwards(drawn, study.opened.numerator)
    if drawn is not None and not _has_ends(study, drawn):
        drawn = None
    check = "each line at every entry"
    if drawn is None:
        blocks += [Prose(each) for each in _without_walk(study)]
        blocks.append(Lines(study.dX, ((study.formula, ""),)))
        return Level(4, CONTRACTION, "", tuple(blocks), check)
    _require_walk(study)
    blocks += [drawn, *(Prose(each) for each in _told(study, drawn))]
    title = WALK.format(drawn.indices[0], drawn.indices[-1])
    return Level(4, title, "", tuple(blocks), f"{check}, the walk by its factors")


def _require_lines(instance: Instance) -> None:
    """Hold the chain rule as it stands, and what is left of it, to differences at every entry."""
    for wrt in places_of(instance.wrt_sizes):
        first = sum(map(mul, instance.upstreams, instance.slopes[wrt]))
        last, expected = instance.contracted[wrt], total(instance, wrt)
        require(are_close(first, expected), "the chain rule is not what differences give")
        require(are_close(last, expected), "the deltas are not put as they should be")


def _walked(walk: tuple[WalkEdge, ...], view: View) -> Walked | None:
    """Follow the edges; None where they do not hang together."""
    if not walk:
        return None
    indices = [walk[0].row if walk[0].along else walk[0].column]
    for edge in walk:
        start, end = (edge.row, edge.column) if edge.along else (edge.column, edge.row)
        if start != indices[-1]:
            return None
        indices.append(end)
    shapes = " @ ".join(map(dims_text, view.factors))
    shown = tuple(index or "0" for index in indices)
    return Walked(walk, shown, view.formula, shapes)


def _backwards(drawn: Walked, view: View) -> Walked:
    """Walk from the column to the row, as the numerator layout does."""
    edges = tuple(edge._replace(along=not edge.along) for edge in drawn.edges[::-1])
    shapes = " @ ".join(map(dims_text, view.factors))
    return Walked(edges, drawn.indices[::-1], view.formula, shapes)


def _has_ends(study: Study, drawn: Walked) -> bool:
    """Say whether a walk leads from the row of the gradient to its column."""
    labels = study.stored_labels[-2:]
    letters = [study.writer.letters.of(label) for label in labels]
    return [drawn.indices[0], drawn.indices[-1]] == letters


def _require_walk(study: Study) -> None:
    """Multiply the factors as the walk takes them, and hold the product to the gradient."""
    writer = study.writer
    factors = factors_in(writer.denominator)
    names = {text(factor): factor for factor in factors}
    for edge, factor in zip(study.opened.walk, factors, strict=True):
        bare = edge.factor.removeprefix("(").removesuffix(")")
        printed = text(factor).removeprefix("(").removesuffix(")")
        is_turned = printed.removesuffix(".T").removesuffix(".mT").strip("()") == bare.strip("()")
        require(is_turned and text(factor) in names, "the walk has other factors than the product")
        turned = text(factor).endswith((".T", ".mT"))
        require(turned != edge.along, f"the walk takes {edge.factor} the wrong way")


def _told(study: Study, drawn: Walked) -> Iterator[str]:
    yield (
        "Against an arrow is a transpose, and the order of the walk is the order of the product. "
        f"There is no other walk from {drawn.indices[0]} to {drawn.indices[-1]}."
    )
    ends = study.ends
    if ends is None or study.link.gradient is None:
        return
    first, last = (study.name_of(each) for each in ends)
    p, q = study.letter(0), study.letter(1)
    if last == study.dY:
        yield (
            f"{p}, the row of {study.dX}, is held by {first}; {q}, its column, by {last}. So the "
            f"upstream comes last: the order of the chain rule is reversed."
        )
    elif first == study.dY:
        yield (
            f"{p}, the row of {study.dX}, is held by {first}; {q}, its column, by {last}. So the "
            f"upstream stays in front: here the order is not reversed."
        )


def _without_walk(study: Study) -> Iterator[str]:
    X, dX = study.X, study.dX
    match study.step.relation:
        case "elementwise":
            yield (
                f"No letter is summed: each entry of {dX} is made of single numbers, and numbers "
                f"commute. There is no walk to be taken and no order to be found."
            )
        case "sum":
            over = " and ".join(study.opened.jacobian.summed)
            why = f"{X} does not have" if over else "the result does not have"
            yield (f"One factor alone is left, with a letter that {why}: it is summed.")
        case "softmax":
            yield (
                f"No walk along matrices reads this sum of terms: read entry by entry, for all "
                f"entries of {dX} at once, it is"
            )
        case _:
            yield f"Read as one formula for all entries of {dX}:"
