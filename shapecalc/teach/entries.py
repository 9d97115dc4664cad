"""Level 2: one entry of the variable is raised by t; what moves, by how much, and the sum of it."""

from collections.abc import Iterator, Mapping
from operator import mul

from shapecalc.conditions import Label
from shapecalc.index import Term
from shapecalc.matrix.entries import Letters, sum_text
from shapecalc.records.explained import Block, Level, Lines, Move, Moves, Numbers, Prose
from shapecalc.teach.instance import Instance, Place, are_close, flat, places_of
from shapecalc.teach.study import Study, require, total
from shapecalc.tree import Leaf, leaves

TITLE = "ONE ENTRY AT A TIME"


class Numbered(Letters):
    """Letters of which some are numbers: `W2[0,3]`."""

    def __init__(self, letters: Letters, places: Mapping[Label, int]) -> None:
        super().__init__((), ())
        self._known = letters
        self._places = places

    def of(self, label: Label | None) -> str:
        if label is not None and label in self._places:
            return str(self._places[label])
        return self._known.of(label)


def entries(study: Study) -> Level:
    """Write the level."""
    moves = moved(study)
    in_use = ", in this use alone," if study.is_part else ""
    shown = tuple(study.here.matrix(name.name, name) for name in _shown(study))
    blocks: list[Block] = [Numbers(shown)] if shown else []
    blocks += [
        Prose(f"Raise {moves.of}{in_use} by a small t. What moves?"),
        moves,
        *_in_general(study),
    ]
    for each in study.instances:
        _require_sum(each)
    return Level(2, TITLE, "", tuple(blocks), "every product, and the sum, by differences")


def _shown(study: Study) -> list[Leaf]:
    """Return the values whose numbers stand in the sums: of the Jacobian, then the upstream."""
    found: dict[Leaf, None] = {}
    for term in study.writer.jacobian.terms:
        for factor in term.factors:
            for name in leaves(study.writer.spell(factor.tree)):
                if name.shape:
                    found[name] = None
    if study.link.gradient is not None:
        found[study.link.gradient] = None
    return list(found)


def moved(study: Study) -> Moves:
    """Raise the entry that shows most, and tell what moves."""
    here = study.here
    place = _telling(here)
    X = study.X
    moves = []
    for out in places_of(here.out_sizes):
        at = here.labels_at(out, place)
        if here.is_filled(at):
            moves.append(_move(study, out, place, at))
    found = sum(move.product for move in moves)
    formula = here.entry(study.writer.formula, here.stored(place))
    require(are_close(found, total(here, place)), "the products do not add up to the difference")
    require(are_close(found, formula), "the products do not add up to the formula's entry")
    left = f"{study.dX}{_indices(here.stored(place))}"
    still = _still(study, len(moves))
    return Moves(f"{X}{_indices(place)}", study.loss, tuple(moves), still, left, found, formula)


def _move(study: Study, out: Place, place: Place, at: Mapping[Label, int]) -> Move:
    here = study.here
    slope, upstream = here.slope(out, place), here.upstream_at(out)
    text = _slope_text(study, at)
    name = study.link.gradient
    above = "" if name is None else f"{name.name}{_indices(here.stored(out))}"
    moved = f"{study.Y}{_indices(out)}"
    difference = here.differences[place][flat(out, here.out_sizes)]
    require(are_close(slope, difference), f"{moved} does not move by {text}")
    return Move(moved, text, slope, above, upstream, slope * upstream)


def _slope_text(study: Study, at: Mapping[Label, int]) -> str:
    """Print the index form at one entry of each: `W2[0,3]`.

    A sum whose letters are tied is written out: of a window one product is left, or a few.
    """
    writer = study.writer
    texts: list[str] = []
    for term in writer.jacobian.terms:
        solutions = list(study.here.solutions(term, at))
        if not _is_tied(term):
            solutions = [at] if solutions else []
            bare = term._replace(deltas=(), conditions=())
        else:
            bare = term._replace(deltas=(), conditions=(), summed=())
        texts += [
            sum_text((bare,), Numbered(writer.letters, places), writer.spell)
            for places in solutions
        ]
    line = texts[0]
    for each in texts[1:]:
        line += f" - {each[1:]}" if each.startswith("-") else f" + {each}"
    return line


def _is_tied(term: Term) -> bool:
    """Say whether a summed letter has a delta or a condition."""
    tied = {label for delta in term.deltas for label in delta}
    tied |= {label for each in term.conditions for label in each.labels}
    return not tied.isdisjoint(term.summed)


def _indices(place: Place) -> str:
    return f"[{','.join(map(str, place))}]" if place else ""


def _telling(here: Instance) -> Place:
    """Choose an entry of which all that moves counts, not the first: [3,1] of a 5 × 3 matrix."""
    best = (3, *[1] * len(here.wrt_sizes))
    preferred = tuple(min(size - 1, at) for size, at in zip(here.wrt_sizes, best, strict=False))

    def weight(place: Place) -> int:
        moved = map(mul, here.differences[place], here.upstreams)
        return sum(not are_close(each, 0) for each in moved)

    every = [preferred, *places_of(here.wrt_sizes)]
    most = max(map(weight, every))
    return next(place for place in every if weight(place) == most)


def _still(study: Study, count: int) -> str:
    """Say what stands still."""
    every = len(list(places_of(study.here.out_sizes)))
    if count == every:
        return ""
    if study.is_batch_apart and len(study.opened.jacobian.diagonal) == 1:
        return f"nothing in the other examples: {every - count} entries of {study.Y} stand still"
    left = every - count
    stand = "stands" if left == 1 else "stand"
    return f"the other {left} of the {every} entries of {study.Y} {stand} still"


def _in_general(study: Study) -> Iterator[Block]:
    contraction = study.opened.contraction
    if not contraction.lines:
        return
    text = contraction.lines[-1][0]
    if (ends := study.ends) is None or not study.is_product:
        yield Prose("In general:")
        yield Lines(contraction.left, ((text, ""),))
        yield from study.ranges(study.writer.derivation.terms)
        return
    first, last = ends
    labels = study.writer.jacobian.wrt_labels
    p, q = study.letter(0), study.letter(1)
    rows = [
        "row" if factor.labels[0] is label else "column"
        for factor, label in ((first, labels[0]), (last, labels[1]))
    ]
    left, right = study.name_of(first), study.name_of(last)
    yield Prose(f"In general, {rows[0]} {p} of {left} meets {rows[1]} {q} of {right}:")
    yield Lines(contraction.left, ((text, ""),))
    yield Prose(_why(study, (left, right), rows, (p, q)))


def _why(study: Study, names: tuple[str, str], rows: list[str], letters: tuple[str, str]) -> str:
    """Say where order and transposes come from: from which index is whose."""
    (left, right), (p, q) = names, letters
    texts = ["A product takes rows of its left factor and columns of its right one."]
    texts.append(
        f"{p} comes first in {study.dX}[{p},{q}], and {p} belongs to {left}: so {left} stands in "
        f"front. There is the order."
    )
    turned = []
    if rows[0] == "column":
        turned.append(f"The columns of {left} are the rows of {left}.T")
    if rows[1] == "row":
        turned.append(f"The rows of {right} are the columns of {right}.T")
    if turned:
        texts.append(f"{'. '.join(turned)}: there is the transpose.")
    else:
        texts.append("Both are met as a product takes them: so nothing is transposed.")
    return " ".join(texts)


def _require_sum(instance: Instance) -> None:
    """Hold the last line of the contraction to the differences, at every entry."""
    for place, found in instance.contracted.items():
        same = are_close(found, total(instance, place))
        require(same, "the contraction is not what differences give")


__all__ = ["entries", "moved"]
