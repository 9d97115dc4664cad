"""Level 4: the deltas substituted line by line, and the walk that the letters leave."""

from collections.abc import Iterator
from operator import mul

from shapecalc.conditions.forms import is_never_negative
from shapecalc.dims import dims_text
from shapecalc.matrix import make
from shapecalc.matrix.printing import text
from shapecalc.records import View, WalkEdge
from shapecalc.records.explained import Block, Level, Lines, Prose, Walked
from shapecalc.report.axes import listed
from shapecalc.report.views import factors_in
from shapecalc.teach.average import average
from shapecalc.teach.instance import Instance, are_close, places_of
from shapecalc.teach.solving import Put, forms_of
from shapecalc.teach.study import Study, require, total
from shapecalc.tree import Call

WALK = "THE ONLY WALK FROM {} TO {}"
CONTRACTION = "THE CHAIN RULE, WORKED OUT"


def walking(study: Study) -> Level:
    """Write the level."""
    contraction, walk = study.opened.contraction, study.opened.walk
    for instance in study.instances:
        _require_lines(instance)
        _require_solved(study, instance)
    study.require_formula(study.writer.formula, turned=study.sweep.numerator)
    above = ("", *(line for line, _ in contraction.lines))
    lines = tuple(
        each for each, last in zip(contraction.lines, above, strict=False) if each[0] != last
    )
    if lines and study.contracted not in [line for line, _ in lines]:
        why = "; ".join(filter(None, ("with the conditions solved", study.outside)))
        lines = (*lines, (study.contracted, why))
    blocks: list[Block] = [Lines(contraction.left, lines)]
    blocks += map(Prose, _slid(study))
    blocks += study.ranges((*study.writer.jacobian.terms, *study.writer.derivation.terms))
    blocks += study.assumed()
    drawn = _walked(walk, study.opened.denominator)
    if drawn is not None and study.sweep.numerator:
        drawn = _backwards(drawn, study.opened.numerator)
    if drawn is not None and not _has_ends(study, drawn):
        drawn = None
    check = "each line at every entry"
    if drawn is None:
        blocks += [Prose(each) for each in _without_walk(study)]
        blocks.append(Lines(study.dX, ((study.formula, ""),)))
        blocks += [Prose(each) for each in average(study)]
        return Level(4, CONTRACTION, "", tuple(blocks), check)
    _require_walk(study)
    blocks.append(Prose(_way(study, drawn)))
    told = (*_told(study, drawn), *_added(study), *average(study))
    blocks += [drawn, *map(Prose, told)]
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
    for edge, factor in zip(study.opened.walk, factors, strict=True):
        base = factor if edge.along else make.transposed(factor)
        names = text(base), f"({text(base)})"
        require(edge.factor in names, "the walk has other factors than the product")
        is_turned = isinstance(base, Call) and base.op in make.TRANSPOSES
        require(not is_turned, f"the walk takes {edge.factor} the wrong way")


def _way(study: Study, drawn: Walked) -> str:
    p, q = drawn.indices[0], drawn.indices[-1]
    return (
        f"Draw each factor as an arrow from its row index to its column index. A product is a walk "
        f"along such arrows. This one has to lead from {p}, the row in {study.dX}, to {q}, the "
        f"column:"
    )


def _told(study: Study, drawn: Walked) -> Iterator[str]:
    yield (
        "To go against an arrow is to transpose, and the order of the walk is the order of the "
        f"product. No other walk leads from {drawn.indices[0]} to {drawn.indices[-1]}."
    )
    ends = study.ends
    if ends is None or study.link.gradient is None:
        return
    names = [study.name_of(each) for each in ends]
    if names.count(study.dY) != 1:
        return
    is_last = names[1] == study.dY
    label = study.writer.jacobian.wrt_labels[-1 if is_last else -2]
    own = "row" if ends[is_last].labels[0] is label else "column"
    letter = study.writer.letters.of(label)
    tie = f" ({delta})" if (delta := _tie(study, letter)) else ""
    axis, place = ("column", "last") if is_last else ("row", "in front")
    kept = "is reversed here" if is_last else "is kept here: it is not reversed"
    yield (
        f"Why does {study.dY} stand {place}? The {axis} of {study.X} is the {own} of "
        f"{study.Y}{tie}, so {letter} is an index of {study.dY}, the upstream, which comes from "
        f"the loss. And so the order of the chain rule {kept}."
    )


def _tie(study: Study, letter: str) -> str:
    """Print the delta that ties a letter of the variable to one of the output."""
    of = study.writer.letters.of
    pairs = ((of(delta.left), of(delta.right)) for delta in study.writer.tied)
    sign = study.writer.letters.delta
    return next((f"{sign}[{one},{other}]" for one, other in pairs if letter in (one, other)), "")


def _added(study: Study) -> Iterator[str]:
    """Say which axes are added up where the product alone does not do it, and the einsum."""
    terms, stack = study.writer.derivation.terms, list(study.opened.jacobian.summed)
    if len(terms) != 1 or not stack or terms[0].conditions:
        return
    dims = [str(study.writer.dim(label)) for label in terms[0].summed]
    inner = [dim for dim in dims if dim not in stack]
    own = [str(dim) for dim in study.link.value.shape]
    away = [dim for dim in dims if dim not in own]
    if away and inner:
        yield (
            f"{study.X} has no axis {' or '.join(away)}: each entry of it is used at every place "
            f"along {'it' if len(away) == 1 else 'them'}, and what comes back from there is added "
            f"up. @ adds along {listed(inner)}, and sum(…) along {listed(stack)}."
        )
    elif away:
        yield f"{study.X} has no axis {' or '.join(away)}, so what comes back is added up there."
    factors = [factor for factor in terms[0].factors if factor.labels]
    names = [study.writer.spell(factor.tree) for factor in factors]
    yield from _flat(study, dims)
    inputs = [[study.writer.letters.of(label) for label in f.labels] for f in factors]
    output = [study.writer.letters.of(label) for label in study.writer.jacobian.wrt_labels]
    is_plain = len(factors) == len(terms[0].factors) and terms[0].coefficient == 1
    if is_plain and all(
        len(each) == 1 and each.isalpha() for letters in (*inputs, output) for each in letters
    ):
        letters = f"{','.join(map(''.join, inputs))}->{''.join(output)}"
        yield f'With all letters, it is einsum("{letters}", {", ".join(map(text, names))}).'


def _slid(study: Study) -> Iterator[str]:
    """Say of windows whether one of the factors is met from its end."""
    derivation = study.writer.derivation
    known = {label for label in derivation.labels if label is not None}
    if len(derivation.terms) != 1 or study.link.gradient is None:
        return
    (term,) = derivation.terms
    forms = forms_of(term, known)
    if forms is None or not term.conditions:
        return
    upstream = [label for factor in term.factors[:1] for label in factor.labels]
    others = [factor for factor in term.factors[1:] if any(x in forms for x in factor.labels)]
    if len(others) != 1 or text(study.writer.spell(term.factors[0].tree)) != study.dY:
        return
    (other,) = others
    parts = [
        (forms[x].of(i), i) for x in other.labels if x in forms for i in upstream if i is not None
    ]
    if any(i in other.labels for count, i in parts if count.terms):
        return  # another window at each place: none is turned round
    signs = {is_never_negative(count) for count, _ in parts if count.terms}
    name, indices = study.name_of(other), Put(study.writer.letters, forms).indices(other.labels)
    letters = " and ".join(study.writer.letters.of(i) for count, i in parts if count.terms)
    slid = [forms[x] for x in other.labels if x in forms]
    if not all(known & set(own.labels) for own in slid):  # no window: it meets the same everywhere
        return
    if signs == {False}:
        yield (
            f"In {name}{indices}, {letters} {_stand(letters)} with a minus: of two entries of "
            f"{study.dY}, the later one meets the earlier entry of {name}. So {name} is met from "
            f"its end, that is, turned round."
        )
    elif signs == {True}:
        yield (
            f"In {name}{indices}, {letters} {_stand(letters)} with a plus: of two entries of "
            f"{study.dY}, the later one meets the later entry of {name}. So nothing is turned "
            f"round."
        )


def _stand(letters: str) -> str:
    return "stand" if " and " in letters else "stands"


def _require_solved(study: Study, instance: Instance) -> None:
    """Hold what is put for the letters to the conditions, wherever they hold."""
    derivation = study.writer.derivation
    known = {label for label in derivation.labels if label is not None}
    for term in derivation.terms if len(derivation.terms) == 1 else ():
        forms = {
            label: (
                instance.number(own.offset),
                [(each, instance.number(count)) for each, count in own.parts],
            )
            for label, own in (forms_of(term, known) or {}).items()
        }
        for place in places_of(instance.wrt_sizes) if forms else ():
            labels = zip(derivation.labels, place, strict=True)
            at = {label: i for label, i in labels if label is not None}
            for here in instance.solutions(term, at):
                for label, (offset, parts) in forms.items():
                    value = offset + sum(count * here[each] for each, count in parts)
                    require(here[label] == value, "the conditions are not solved as they should be")


def _flat(study: Study, dims: list[str]) -> Iterator[str]:
    """Write a product over several axes as one of matrices, with those axes made one."""
    ends = study.ends
    (term,) = study.writer.derivation.terms
    factors = [factor for factor in term.factors if factor.labels]
    if ends is None or any(f.labels[:-1] != term.summed for f in factors):
        return
    row, column = study.writer.jacobian.wrt_labels
    names = {f.labels[-1]: f for f in factors}
    flat = [
        f"reshape({study.name_of(names[label])}, [{'*'.join(dims)}, {study.writer.dim(label)}])"
        for label in (row, column)
        if label is not None
    ]
    yield f"With {listed(dims)} made one axis, it is one plain product: {flat[0]}.T @ {flat[1]}."


def _are_one(study: Study) -> str:
    """Say that what is left is one factor, or several that are multiplied entry by entry."""
    (term,) = study.writer.derivation.terms
    factors = [factor for factor in term.factors if factor.labels]
    if len(factors) == 1:
        return "One factor alone is left."
    return "The factors that are left are multiplied entry by entry."


def _without_walk(study: Study) -> Iterator[str]:
    X, dX = study.X, study.dX
    match study.step.relation:
        case "elementwise":
            yield (
                f"No letter is summed: each entry of {dX} is made of single numbers, and numbers "
                f"commute. There is no walk to be taken and no order to be found."
            )
        case "sum":
            labels = study.writer.derivation.terms[0].summed
            letters = [study.writer.letters.of(label) for label in labels]
            noun = "index" if len(letters) == 1 else "indices"
            yield (
                f"{_are_one(study)} {X} does not have the {noun} {listed(letters)}, so "
                f"{'that is' if len(letters) == 1 else 'those are'} summed."
            )
        case "softmax":
            yield (
                f"No walk along matrices reads this sum of terms: read entry by entry, for all "
                f"entries of {dX} at once, it is"
            )
        case _:
            yield f"Read as one formula for all entries of {dX}:"
