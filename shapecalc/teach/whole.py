"""Level 3: the whole Jacobian, drawn as blocks, and whether its diagonal may be dropped."""

from collections.abc import Iterable, Iterator, Sequence

from shapecalc.conditions import Label
from shapecalc.dims import dims_text
from shapecalc.matrix.entries import sum_text
from shapecalc.records.explained import Block, Grid, Level, Prose
from shapecalc.report.axes import listed
from shapecalc.teach.instance import Place, are_close, places_of
from shapecalc.teach.solving import may_leave
from shapecalc.teach.stillness import mixed_examples, stillness
from shapecalc.teach.study import Study, require

TITLE = "THE WHOLE JACOBIAN"
MOST_COLUMNS, MOST_ROWS = 25, 21
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def whole(study: Study) -> Level:
    """Write the level."""
    jacobian = study.opened.jacobian
    _require_pattern(study)
    told = (*_dropped(study), *mixed_examples(study), *stillness(study))
    labels = (*study.writer.jacobian.output_labels, *study.writer.jacobian.wrt_labels)
    short = study.solved(study.writer.jacobian.terms, labels)
    index_form = f"{jacobian.left} = {short or jacobian.index_form}"
    ranges = [] if short else study.ranges(study.writer.jacobian.terms)
    known = {label for label in labels if label is not None}
    if short and may_leave(study.writer.jacobian.terms, known):
        ranges = [Prose("What is outside counts 0.")]
    blocks = [*ranges, Prose(_counted(study)), *_picture(study), *map(Prose, told)]
    return Level(3, TITLE, index_form, tuple(blocks), "every entry by differences")


def _counted(study: Study) -> str:
    here, shape = study.here, study.opened.jacobian.shape
    sizes = (*here.out_sizes, *here.wrt_sizes)
    count = 1
    for size in sizes:
        count *= size
    named = dims_text(shape)
    if not study.writer.output.shape:
        return f"{study.Y} is one number, so the Jacobian has the axes of {study.X}: {named}."
    many = NUMBERS[len(shape)] if len(shape) < len(NUMBERS) else str(len(shape))
    told = f"{many.capitalize()} {'index' if len(shape) == 1 else 'indices'}"
    each = f"{' × '.join(map(str, sizes))} = " if len(sizes) > 1 else ""
    entries = "entry" if count == 1 else "entries"
    text = (
        f"The Jacobian has an entry for each entry of {study.Y} with each of {study.X}. "
        f"{told}, {named}, here {each}{count} {entries}."
    )
    deltas = [delta for term in study.writer.jacobian.terms for delta in term.deltas]
    if deltas:
        one, other = (study.writer.letters.of(label) for label in deltas[-1])
        sign = study.writer.letters.delta
        text += f" {sign}[{one},{other}] is 1 where {one} = {other}, and else 0."
    return text


# --- the picture --------------------------------------------------------------------------------


def _picture(study: Study) -> Iterator[Block]:
    here = study.here
    if len(here.out_sizes) != 2 or len(here.wrt_sizes) != 2:
        return
    rows, columns = here.out_sizes[0] * here.out_sizes[1], here.wrt_sizes[0] * here.wrt_sizes[1]
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        return
    out_axis, wrt_axis = _outer(study)
    outs = _all(_stacked(here.out_sizes, out_axis))
    wrts = _all(_stacked(here.wrt_sizes, wrt_axis))
    cells = tuple(tuple(_is_filled(study, out, wrt) for wrt in wrts) for out in outs)
    heads = _heads(study.Y, here.out_sizes, out_axis), _heads(study.X, here.wrt_sizes, wrt_axis)
    names = ["columns" if axis else "rows" for axis in (out_axis, wrt_axis)]
    stacked = (
        f"the {names[0]} of each are"
        if names[0] == names[1]
        else f"the {names[0]} of {study.Y} and the {names[1]} of {study.X} are"
    )
    yield Prose(f"As a table, in which {stacked} stacked, with one block for each pair of them:")
    yield Grid(*heads, cells, _legend(study, out_axis, wrt_axis))


def _outer(study: Study) -> tuple[int, int]:
    """Choose the axes by which entries are stacked: a diagonal pair, the examples' if it can be."""
    jacobian = study.writer.jacobian
    pairs = []
    for delta in study.writer.tied:
        for one, other in (delta, (delta.right, delta.left)):
            if one in jacobian.output_labels and other in jacobian.wrt_labels:
                pairs.append((jacobian.output_labels.index(one), jacobian.wrt_labels.index(other)))
    return max(pairs, default=(1, 1))


def _stacked(sizes: Sequence[int], axis: int) -> list[list[Place]]:
    """List the places of a matrix by its columns, or by its rows."""
    other = 1 - axis
    return [
        [(i, j) if axis == 0 else (j, i) for j in range(sizes[other])] for i in range(sizes[axis])
    ]


def _all(blocks: Iterable[list[Place]]) -> list[Place]:
    return [place for block in blocks for place in block]


def _heads(name: str, sizes: Sequence[int], axis: int) -> tuple[str, ...]:
    return tuple(f"{name}[:,{i}]" if axis else f"{name}[{i},:]" for i in range(sizes[axis]))


def _is_filled(study: Study, out: Place, wrt: Place) -> bool:
    """Say whether some term of the index form has all its deltas and conditions met."""
    return study.here.is_filled(study.here.labels_at(out, wrt))


def _legend(study: Study, out_axis: int, wrt_axis: int) -> tuple[str, ...]:
    filled = _filling(study, out_axis, wrt_axis)
    ties = " or ".join(
        f"{study.writer.letters.of(d.left)} ≠ {study.writer.letters.of(d.right)}"
        for d in study.writer.tied
    )
    is_told = bool(ties) and not _has_other_zeros(study)
    return (f"■ {filled}", f"· zero, as {ties}" if is_told else "· zero")


def _has_other_zeros(study: Study) -> bool:
    """Say whether entries are zero by their letters although all diagonal deltas hold."""
    here = study.here
    for out in places_of(here.out_sizes):
        for wrt in places_of(here.wrt_sizes):
            at = here.labels_at(out, wrt)
            ties_hold = all(at[delta.left] == at[delta.right] for delta in study.writer.tied)
            if ties_hold and not _is_filled(study, out, wrt):
                return True
    return False


def _filling(study: Study, out_axis: int, wrt_axis: int) -> str:
    """Say what stands in a block: the effective Jacobian where it does, or its transpose."""
    effective = study.writer.effective_tree
    jacobian, here = study.opened.jacobian, study.here
    if len(study.writer.tied) != 1 or effective is None or len(effective.shape) != 2:
        return _beside(study)
    rows, columns = here.out_sizes[1 - out_axis], here.wrt_sizes[1 - wrt_axis]
    outs, wrts = _stacked(here.out_sizes, out_axis)[0], _stacked(here.wrt_sizes, wrt_axis)[0]
    block = [[here.slope(out, wrt) for wrt in wrts] for out in outs]
    size, entries = here.size(effective.shape), here.entries(effective)
    dims = [str(dim) for dim in effective.shape]
    for turned in (False, True):
        if ((columns, rows) if turned else (rows, columns)) != size:
            continue
        same = all(
            are_close(block[i][j], entries[j * rows + i] if turned else entries[i * columns + j])
            for i in range(rows)
            for j in range(columns)
        )
        if same:
            name = f"{jacobian.effective}ᵀ" if turned else jacobian.effective
            shape = dims[::-1] if turned else dims
            return f"{name}, {' × '.join(shape)}, in each block"
    return _beside(study)


def _beside(study: Study) -> str:
    """Print what the index form has beside its diagonal deltas."""
    return sum_text(study.writer.rest, study.writer.letters, study.writer.spell)


def _require_pattern(study: Study) -> None:
    """Hold every entry of the index form to differences; outside of its deltas all must be zero."""
    for instance in study.instances:
        for wrt, found in instance.differences.items():
            same = all(map(are_close, instance.slopes[wrt], found))
            require(same, "the index form is not what differences give")


# --- the diagonal -------------------------------------------------------------------------------


def _dropped(study: Study) -> Iterator[str]:
    """Say what is diagonal, why that may be dropped, and what must stay."""
    jacobian, X, Y = study.opened.jacobian, study.X, study.Y
    tied = {label for delta in study.writer.tied for label in delta}
    if not study.writer.output.shape:
        return
    if not tied:
        if any(term.conditions for term in study.writer.jacobian.terms):
            yield (
                "Which entries meet is said by the conditions on the letters, and none of them "
                "makes a plain diagonal. So nothing is dropped, and the Jacobian stays whole."
            )
            return
        if not study.link.value.shape:
            yield f"{X} is one number, so there is no diagonal, and the Jacobian stays whole."
            return
        yield (
            f"No axis of {Y} is diagonal with one of {X}: an entry of {Y} may depend on all of {X} "
            f"along each axis. So there is no copy to be dropped, and the Jacobian stays whole."
        )
        return
    held = _labels_beside(study)
    if study.step.relation == "elementwise":
        yield from _elementwise(study, is_constant=not (held & tied))
        return
    dims = listed(jacobian.diagonal)
    if held & tied:
        own, copied = _own_and_copied(study, held)
        copies = f" Along {listed(copied)} they are copies of each other." if copied else ""
        yield (
            f"The blocks off the diagonal in {dims} are zero. Those on it differ from one index of "
            f"{listed(own)} to the next, so all of them are kept.{copies}"
        )
    elif jacobian.effective is not None:
        yield (
            f"{_sees(study)}, through the same block each time, so one copy says it all: "
            f"{jacobian.effective} is the effective Jacobian, what is left when the copies are "
            f"dropped. But it has lost {_lost(study)}, and with them the side of {study.dY} where "
            f"it belongs: to multiply by it as it stands, as in 1, is a guess. The sum over the "
            f"indices, in 4, is not."
        )
    else:
        yield f"{_sees(study)}, and each block is the same."
    if study.is_batch_apart and not held & tied:
        yield (
            "Not every step has copies to drop: batch norm mixes its examples, and its blocks off "
            "the diagonal are not zero."
        )


def _lost(study: Study) -> str:
    """Say how many indices the effective Jacobian lacks."""
    jacobian = study.opened.jacobian
    every = len(jacobian.shape)
    lost = every - len(jacobian.effective_shape or ())
    return f"{NUMBERS[lost]} of the {NUMBERS[every]} indices"


def _own_and_copied(study: Study, held: set[Label]) -> tuple[list[str], list[str]]:
    """Tell the diagonal axes along which the blocks differ from those along which they do not."""
    own: list[str] = []
    copied: list[str] = []
    for delta in study.writer.tied:
        is_own = not held.isdisjoint(delta)
        (own if is_own else copied).append(str(study.writer.dim(delta.left)))
    return own, copied


def _labels_beside(study: Study) -> set[Label]:
    """Return the labels that the factors of the Jacobian have beside the diagonal deltas."""
    found = {
        label
        for term in study.writer.rest
        for factor in term.factors
        for label in factor.labels
        if label is not None
    }
    held = (*(delta for term in study.writer.rest for delta in term.deltas),)
    conditions = (each for term in study.writer.rest for each in term.conditions)
    found |= {label for delta in held for label in delta}
    return found | {label for each in conditions for label in each.labels}


def _sees(study: Study) -> str:
    X, Y = study.X, study.Y
    if study.is_batch_apart and len(study.opened.jacobian.diagonal) == 1:
        return f"{study.in_this_use('Each')} example of {Y} depends on the same example of {X} only"
    if max(len(study.here.out_sizes), len(study.here.wrt_sizes)) > 2:
        along = listed(study.opened.jacobian.diagonal)
        return f"{study.in_this_use('Along')} {along}, {Y} depends on {X} at the same place only"
    axes = _outer(study)
    nouns = [
        ("row", "column")[axis] if len(sizes) == 2 else "entry" if len(sizes) == 1 else "slice"
        for sizes, axis in zip((study.here.out_sizes, study.here.wrt_sizes), axes, strict=True)
    ]
    same = f"the same {nouns[1]}" if nouns[0] == nouns[1] else f"the {nouns[1]} of the same number"
    return f"{study.in_this_use('Each')} {nouns[0]} of {Y} depends on {same} of {X} only"


def _elementwise(study: Study, *, is_constant: bool) -> Iterator[str]:
    X, Y, jacobian = study.X, study.Y, study.opened.jacobian
    labels = study.writer.jacobian
    pairs = {(delta.left, delta.right) for delta in study.writer.tied}
    own = zip(labels.output_labels, labels.wrt_labels, strict=False)
    same = all(a is b or (a, b) in pairs or (b, a) in pairs for a, b in own)
    which = "the same entry" if same else "one entry"
    yield (
        f"{study.in_this_use('Each')} entry of {Y} depends on {which} of {X} and no other, so "
        f"the Jacobian is diagonal in every axis. A diagonal matrix times a vector multiplies "
        f"entry by entry."
    )
    if is_constant:
        yield "All entries on the diagonal are one number, so it stands before the whole gradient."
    elif jacobian.effective is not None:
        effective = study.writer.effective_tree
        is_whole = effective is not None and effective.shape == study.link.value.shape
        shape = f"{'in' if is_whole else 'repeated to'} the shape of {X}"
        yield (
            f"The entries on the diagonal, {shape}, are {jacobian.effective}. So it is * here, "
            f"entry times entry. @ adds up over a row and a column, and is right where entries of "
            f"the output depend on many entries of {X}, as those of a matrix product do."
        )
