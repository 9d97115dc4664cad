"""What the numbers of a Jacobian say beside its index form: what moves nothing, and who is mixed.

Each sentence is held to every entry at all sizes before it is said.
"""

from collections.abc import Iterator, Sequence
from math import prod

from shapecalc.teach.instance import Instance, Place, are_close, flat, places_of
from shapecalc.teach.study import Study, require

ALMOST = 1e-3
"""How far an output may move, of what it could, and still be said to stay but for a constant."""


def stillness(study: Study) -> Iterator[str]:
    """Say along which axes the variable may be shifted or stretched and the output stays."""
    if len(study.writer.jacobian.terms) < 2 or len(study.instances) < 2:
        return
    for axis, label in enumerate(study.writer.jacobian.wrt_labels):
        if label is None or not all(_stays_shifted(each, axis) for each in study.instances):
            continue
        yield from _shifted(study, axis)
        if study.writer.output.shape:
            yield from _kept(study)
            yield from _stretched(study, axis)


def _shifted(study: Study, axis: int) -> Iterator[str]:
    X, Y, dX = study.X, study.Y, study.dX
    along = study.link.value.shape[axis]
    for instance in study.instances:
        _require_zero_sum(study, instance, axis)
    yield (
        f"Add the same {study.small} to all entries of {X} along {along}, and {Y} stays: along "
        f"{along} the slopes add up to 0. So {dX} adds up to 0 along {along} as well."
    )


def _stretched(study: Study, axis: int) -> Iterator[str]:
    X, Y, dX, dY = study.X, study.Y, study.dX, study.dY
    along = study.link.value.shape[axis]
    moves = [_largest_move(each, _from_mean(each, axis)) for each in study.instances]
    if any(found > ALMOST * scale for found, scale in moves):
        return
    is_exact = all(are_close(found, 0) for found, _ in moves)
    but = "" if is_exact else ", but for the small constant in the divisor"
    yield f"Stretch the entries of {X} along {along} away from their mean, and {Y} stays too{but}."
    if len(study.writer.jacobian.terms) == 3 and all(
        _takes_both_out(study, each, axis) for each in study.instances
    ):
        yield (
            f"That is what the three terms of {dX} are for. {dY} goes back to where it came from; "
            f"its mean along {along} is taken out, as no shift moves {Y}; and its part along the "
            f"distance of {X} from its mean is taken out, as no stretch does."
        )


def _takes_both_out(study: Study, instance: Instance, axis: int) -> bool:
    """Say whether the gradient is, along each line, the upstream less those parts, scaled.

    Beside the stretch, both have one direction; along it the gradient has next to nothing.
    """
    if instance.out_sizes != instance.wrt_sizes or study.sweep.numerator:
        return False
    found, stretch = instance.entries(study.writer.formula), _from_mean(instance, axis)
    for line in _lines(instance.wrt_sizes, axis):
        places = [flat(place, instance.wrt_sizes) for place in line]
        above = [instance.upstream_at(place) for place in line]
        mean = sum(above) / len(line)
        along = [stretch[at] for at in places]
        one = _beside([each - mean for each in above], along)
        other = _beside([found[at] for at in places], along)
        pairs = list(zip(one, other, strict=True))
        if not all(are_close(a * d, b * c) for a, b in pairs for c, d in pairs):
            return False
    return True


def _beside(entries: Sequence[float], along: Sequence[float]) -> list[float]:
    """Take out of a vector what it has along another."""
    size = sum(each * each for each in along)
    part = sum(a * b for a, b in zip(entries, along, strict=True)) / size if size else 0.0
    return [a - part * b for a, b in zip(entries, along, strict=True)]


def _kept(study: Study) -> Iterator[str]:
    """Say along which axes the output keeps its sum, whatever moves."""
    tied = {label for delta in study.writer.tied for label in delta}
    for axis, label in enumerate(study.writer.jacobian.output_labels):
        if label is None or label in tied:
            continue
        if all(_keeps_sum(each, axis) for each in study.instances):
            yield (
                f"Nor does the sum of {study.Y} along {study.writer.output.shape[axis]} ever move. "
                f"So the slopes of {study.Y}, just added up, give 0; it takes {study.dY}, which "
                f"gives each its weight, to make a gradient of them."
            )


# --- numbers ------------------------------------------------------------------------------------


def _lines(sizes: Sequence[int], axis: int) -> Iterator[list[Place]]:
    """Yield the places of an array in lines along an axis."""
    others = (*sizes[:axis], 1, *sizes[axis + 1 :])
    for place in places_of(others):
        yield [(*place[:axis], at, *place[axis + 1 :]) for at in range(sizes[axis])]


def _stays_shifted(instance: Instance, axis: int) -> bool:
    outs = list(places_of(instance.out_sizes))
    return all(
        are_close(sum(instance.slope(out, wrt) for wrt in line), 0)
        for line in _lines(instance.wrt_sizes, axis)
        for out in outs
    )


def _keeps_sum(instance: Instance, axis: int) -> bool:
    wrts = list(places_of(instance.wrt_sizes))
    return all(
        are_close(sum(instance.slope(out, wrt) for out in line), 0)
        for line in _lines(instance.out_sizes, axis)
        for wrt in wrts
    )


def _require_zero_sum(study: Study, instance: Instance, axis: int) -> None:
    entries = instance.entries(study.writer.formula)
    for line in _lines(instance.wrt_sizes, axis):
        stored = [instance.stored(place) for place in line]
        size = instance.size(study.writer.formula.shape)
        found = sum(entries[flat(place, size)] for place in stored)
        require(are_close(found, 0), f"{study.dX} does not add up to 0")


def _from_mean(instance: Instance, axis: int) -> list[float]:
    """Return how far each entry of the variable is from the mean of its line."""
    entries, sizes = instance.entries(instance.value), instance.wrt_sizes
    found = [0.0] * prod(sizes)
    for line in _lines(sizes, axis):
        places = [flat(place, sizes) for place in line]
        mean = sum(entries[at] for at in places) / len(places)
        for at in places:
            found[at] = entries[at] - mean
    return found


def _largest_move(instance: Instance, direction: Sequence[float]) -> tuple[float, float]:
    """Return how far an output moves at most along a direction, and how large one is."""
    wrts = list(enumerate(places_of(instance.wrt_sizes)))
    found = max(
        abs(sum(instance.slope(out, wrt) * direction[at] for at, wrt in wrts))
        for out in places_of(instance.out_sizes)
    )
    return found, max(map(abs, instance.entries(instance.output)))


# --- examples -----------------------------------------------------------------------------------


def mixed_examples(study: Study) -> Iterator[str]:
    """Say that examples are mixed, where an entry of one moves what belongs to another."""
    batch = study.report.batch
    own = [str(dim) for dim in study.link.value.shape]
    if batch is None or study.is_batch_apart or own.count(batch) != 1:
        return
    axis = own.index(batch)
    outs = [str(dim) for dim in study.writer.output.shape]
    X, Y = study.X, study.Y
    if outs and batch not in outs:
        if all(_takes_all(each, axis) for each in study.instances):
            yield (
                f"{Y} has no axis {batch}: every example of {X} goes into each entry of it. What "
                f"is made of {Y} later depends on all examples, and so they are mixed here."
            )
        return
    instances = study.instances
    if outs.count(batch) == 1 and any(_mixes(each, outs.index(batch), axis) for each in instances):
        too = " too" if any(_sees_own(each, outs.index(batch), axis) for each in instances) else ""
        yield (
            f"Along {batch} there is no diagonal to be dropped: an example of {Y} depends on other "
            f"examples of {X}{too}, and so examples are mixed here."
        )


def _takes_all(instance: Instance, axis: int) -> bool:
    """Say whether every index along an axis moves every output through some entry."""
    wrts = list(places_of(instance.wrt_sizes))
    for out in places_of(instance.out_sizes):
        seen = {wrt[axis] for wrt in wrts if not are_close(instance.slope(out, wrt), 0)}
        if len(seen) < instance.wrt_sizes[axis]:
            return _is_linear_zero(instance, out, seen, axis)
    return True


def _is_linear_zero(instance: Instance, out: Place, seen: set[int], axis: int) -> bool:
    """Forgive an entry whose slope is 0 by its value alone: its term is there all the same."""
    for at in range(instance.wrt_sizes[axis]):
        if at in seen:
            continue
        places = [wrt for wrt in places_of(instance.wrt_sizes) if wrt[axis] == at]
        if not any(instance.is_filled(instance.labels_at(out, wrt)) for wrt in places):
            return False
    return True


def _mixes(instance: Instance, out_axis: int, axis: int) -> bool:
    return any(
        out[out_axis] != wrt[axis] and not are_close(instance.slope(out, wrt), 0)
        for out in places_of(instance.out_sizes)
        for wrt in places_of(instance.wrt_sizes)
    )


def _sees_own(instance: Instance, out_axis: int, axis: int) -> bool:
    """Say whether an example depends on the same one, beside the others."""
    return any(
        out[out_axis] == wrt[axis] and not are_close(instance.slope(out, wrt), 0)
        for out in places_of(instance.out_sizes)
        for wrt in places_of(instance.wrt_sizes)
    )
