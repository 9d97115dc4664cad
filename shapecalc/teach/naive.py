"""Level 1: the product that the chain rule seems to say, and why it fails or is wrong.

The counter-example is worked out here in plain numbers, at sizes that coincide.
"""

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

from shapecalc.dims import dims_text
from shapecalc.records.explained import Block, Boxes, Level, Matrix, Numbers, Prose
from shapecalc.report.axes import listed
from shapecalc.teach.instance import Instance, NoNumbers, Place, are_close, flat, places_of
from shapecalc.teach.study import Study
from shapecalc.tree import Tree

TITLE = "THE PRODUCT THAT THE CHAIN RULE SEEMS TO SAY"


class Impostor(NamedTuple):
    """Numbers at which the wrong product runs; `place` is where it is not the gradient."""

    instance: Instance
    product: Matrix
    right: Matrix
    place: Place | None


def naive(study: Study) -> Level:
    """Write the level."""
    mixed = study.opened.mixed
    if mixed is None:
        return Level(1, TITLE, "", tuple(_no_product(study)), "by the index form")
    chain = f"{_chain(study)} reads like {mixed.formula}"
    if mixed.shape is None and not mixed.fits_here:
        blocks = tuple(_clash(study, chain, mixed.why))
        return Level(1, TITLE, "", blocks, "by shapes, and by numbers at equal sizes")
    blocks = tuple(_fits(study, chain, mixed.why))
    return Level(1, TITLE, "", blocks, "by numbers")


def _chain(study: Study) -> str:
    J, Y, X = study.loss, study.Y, study.X
    return f"∂{J}/∂{X} = ∂{J}/∂{Y} · ∂{Y}/∂{X}"


def _no_product(study: Study) -> Iterator[Block]:
    X, Y, dY = study.X, study.Y, study.dY
    if study.link.gradient is None:
        loss = "" if Y == "loss" else "the loss, "
        yield Prose(
            f"{Y} is {loss}one number. So ∂{Y}/∂{X} needs no chain rule: it has one entry for "
            f"each entry of {X}, and there are no two matrices to be put in an order."
        )
        return
    seems = f"{_chain(study)} looks like a product of two matrices, but is none here"
    lacking = study.opened.jacobian.summed
    if study.step.relation == "sum" and lacking:
        along = listed(lacking)
        copies = (
            f"{X} was repeated along {along} to be added, so one" if study.is_repeated else "One"
        )
        what = "over these copies" if study.is_repeated else "over them"
        yield Prose(
            f"{seems}. {copies} entry of {X} is in many entries of {Y}. What comes back to it is a "
            f"sum {what}, not a product."
        )
        if study.is_repeated and (drawn := _repeated(study)) is not None:
            yield drawn
        return
    if study.step.relation == "elementwise" and not study.writer.output.shape:
        yield Prose(
            f"{seems}. {Y} is one number, and so is {dY}: each entry of {X} gets {dY} times how "
            f"far {Y} moves with it."
        )
        return
    if study.step.relation == "elementwise":
        yield Prose(
            f"{seems}. Each entry of {Y} depends on one entry of {X}, so each entry of {dY} goes "
            f"back to one entry, times one number."
        )
        return
    if study.opened.jacobian.mixed:
        over = listed(study.opened.jacobian.mixed)
        yield Prose(
            f"{seems}. Along {over}, each entry of {Y} depends on several entries of {X}, in its "
            f"own way each time. No single matrix beside {dY} can hold that."
        )
        return
    if study.opened.jacobian.effective is None and _moves_many(study):
        yield Prose(
            f"{seems}. Each entry of {X} moves many entries of {Y}, each by another number. No "
            f"single matrix beside {dY} can hold that."
        )
        return
    yield Prose(f"{seems}. {_lacking(study)}")


def _lacking(study: Study) -> str:
    """Say which of the two matrices there is not."""
    X, Y, upstream = study.X, study.Y, study.link.gradient
    if not any(factor.labels for term in study.writer.rest for factor in term.factors):
        return f"Where {Y} moves with {X}, it is by one number: there is no second matrix."
    if upstream is not None and len(upstream.shape) < 2:
        shape = dims_text(tuple(map(str, upstream.shape)))
        return f"{upstream.name} has the shape {shape}, and is no matrix."
    why = study.opened.mixed_why
    return f"{why[0].upper()}{why[1:]}."


def _moves_many(study: Study) -> bool:
    """Say whether some entry of the variable moves entries of the output by unlike numbers."""
    for wrt in places_of(study.here.wrt_sizes) if study.instances else ():
        slopes = [study.here.slope(out, wrt) for out in places_of(study.here.out_sizes)]
        moved = [each for each in slopes if not are_close(each, 0)]
        if len({round(each, 6) for each in moved}) > 1:
            return True
    return False


def _repeated(study: Study) -> Boxes | None:
    X, Y = study.link.value, study.writer.output
    own, copies = study.box(X.name, X), study.box(f"{X.name}, repeated", Y)
    if own is None or copies is None:
        return None
    return Boxes((own, copies), ("→",))


def _clash(study: Study, chain: str, why: str) -> Iterator[Block]:
    upstream, effective = study.link.gradient, study.writer.effective_tree
    assert upstream is not None
    assert effective is not None
    wrong = study.boxes([upstream, effective], "@", clash=why)
    if wrong is not None:
        yield Prose(f"{chain}, but that does not conform, as the inner dims differ:")
        yield wrong
    else:
        pair = (upstream, effective)
        shapes = " @ ".join(dims_text(tuple(map(str, each.shape))) for each in pair)
        yield Prose(
            f"{chain}. In each matrix of the stacks, the inner dims of {shapes} differ, {why}, so "
            f"that does not conform."
        )
    right = study.product_boxes()
    if right is not None:
        yield Prose(f"This one does: {study.dX} = {study.formula}")
        yield right
    elif study.is_product:
        shapes = " @ ".join(map(dims_text, study.view.factors))
        yield Prose(f"This one does: {study.dX} = {study.formula}, with {shapes}.")
    else:
        yield Prose(f"This one does: {study.dX} = {study.formula}.")
    names = _names(study)
    found = impostor(study, dict.fromkeys(names, 2)) or impostor(study, dict.fromkeys(names, 3))
    if found is not None and found.place is not None and len(names) > 1:
        text = "That it fits is no reason, though: where {} both run, and only one is right."
        yield Prose(f"{text.format(' = '.join(names))} The reason follows.")


def _fits(study: Study, chain: str, why: str) -> Iterator[Block]:
    if mixed_is_right(study):
        yield from _right(study, chain)
        return
    same = f" here, as {why}" if why else " at every size"
    runs = f"{chain}, and that product runs{same}. It is wrong all the same"
    if study.here.special:
        names = " and ".join(study.here.special)
        raise NoNumbers(f"{names} is assumed to be special: some wrong products have right values")
    every = (impostor(study, _coinciding(study, numbers)) for numbers in ((2, 3, 5, 7), (2, 3)))
    found = next(filter(None, every), None)
    if found is None:
        raise NoNumbers("its factors are stacks of matrices that are repeated to be multiplied")
    mixed = study.opened.mixed
    if found.place is None and mixed is not None and mixed.shape is not None:
        own = dims_text(study.view.shape or ())
        yield Prose(f"{runs}: it has the shape {dims_text(mixed.shape)}, the gradient has {own}.")
        return
    yield Prose(f"{runs}. In small:")
    instance = found.instance
    upstream, effective = study.link.gradient, study.writer.effective_tree
    assert upstream is not None
    assert effective is not None
    yield Numbers(
        (
            instance.matrix(upstream.name, upstream),
            instance.matrix(study.opened.jacobian.effective or "", effective),
        )
    )
    yield Numbers((found.product, found.right))
    if found.place is None:
        shapes = [" × ".join(map(str, each.size)) for each in (found.product, found.right)]
        yield Prose(
            f"It has the shape {shapes[0]}; the gradient has that of {study.X}, {shapes[1]}."
        )
        return
    at = f"[{','.join(map(str, found.place))}]"
    wrong, right = (_at(each, found.place) for each in (found.product, found.right))
    yield Prose(
        f"At {at} the product has {wrong:.4g}. But raise {study.X}{at}"
        f"{', in this use alone,' if study.is_part else ''} by a small {study.small}, and "
        f"{study.loss} moves by {right:.4g} {study.small}. The shapes do not tell; "
        f"the reasons that follow do."
    )


def mixed_is_right(study: Study) -> bool:
    """Say whether the product as the chain rule seems to say it is the formula."""
    return study.opened.mixed is not None and study.opened.mixed.formula == study.formula


def _right(study: Study, chain: str) -> Iterator[Block]:
    study.require_formula(study.writer.formula, turned=study.sweep.numerator)
    yield Prose(f"{chain}, and in this network that is the gradient.")
    right = study.product_boxes()
    if right is not None:
        yield right
    if study.sweep.numerator:
        yield Prose(
            "The spec has `layout: numerator`, where gradients are stored transposed. For what "
            "stands last in a product that keeps the order of the chain rule."
        )
        return
    yield Prose(
        f"That comes from how {study.opened.jacobian.effective} is stored in "
        f"{study.Y} = {study.step.equation}, and is no rule: where it is stored transposed, the "
        f"same reading is wrong. What follows shows why it is right here."
    )


def _at(matrix: Matrix, place: Place) -> float:
    return matrix.entries[flat(place, matrix.size)]


def _names(study: Study) -> list[str]:
    """Return the names of the dims in the product, in the order of the spec."""
    formula: Sequence[Tree | None] = (study.link.gradient, study.writer.effective_tree)
    every = [*(each for each in formula if each is not None), study.link.value]
    used = {name for tree in every for dim in tree.shape for name in dim.names}
    return [name for name, _ in study.report.dims if name in used]


def _coinciding(study: Study, numbers: Sequence[int]) -> dict[str, int]:
    """Give one small size to all dims that have one size in the spec."""
    sizes: dict[int, int] = {}
    found: dict[str, int] = {}
    known = dict(study.report.dims)
    for name in _names(study):
        own = known.get(name)
        if own is not None:
            found[name] = sizes.setdefault(own, numbers[len(sizes) % len(numbers)])
    return found


def impostor(study: Study, sizes: dict[str, int]) -> Impostor | None:
    """Multiply the upstream by the effective Jacobian, both as stored, at sizes where that runs."""
    upstream, effective = study.link.gradient, study.writer.effective_tree
    if upstream is None or effective is None:
        return None
    try:
        instance = Instance(study.writer, sizes=sizes)
    except NoNumbers:
        return None
    left, right = instance.size(upstream.shape), instance.size(effective.shape)
    if min(len(left), len(right)) < 2 or left[:-2] != right[:-2] or left[-1] != right[-2]:
        return None
    size = (*left[:-1], right[-1])
    entries = tuple(
        _multiplied(instance.entries(upstream), instance.entries(effective), size, left[-1])
    )
    mixed = study.opened.mixed
    assert mixed is not None
    wrong = Matrix(mixed.formula, (), size, entries)
    good = instance.matrix(study.formula, study.writer.formula)
    if wrong.size != good.size:
        return Impostor(instance, wrong, good, None)
    pairs = zip(entries, good.entries, strict=True)
    apart = [at for at, (a, b) in enumerate(pairs) if not are_close(a, b)]
    if not apart and mixed.formula == study.formula:
        return Impostor(instance, wrong, good, None)
    if not apart:
        raise NoNumbers(f"laws of its factors make {mixed.formula} right too")
    places = list(places_of(good.size))
    return Impostor(instance, wrong, good, places[apart[0]])


def _multiplied(
    one: Sequence[float], other: Sequence[float], size: Sequence[int], inner: int
) -> Iterator[float]:
    """Multiply matrices, or stacks of them one by one; `inner` is what is summed over."""
    rows, columns = size[-2:]
    for stack in range(prod(size[:-2])):
        left, right = stack * rows * inner, stack * inner * columns
        for i, j in places_of((rows, columns)):
            yield sum(
                one[left + i * inner + k] * other[right + k * columns + j] for k in range(inner)
            )


__all__ = ["naive"]
