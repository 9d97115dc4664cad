"""Level 2: one entry of the variable is raised by t; what moves, by how much, and the sum of it."""

from collections.abc import Iterator, Mapping
from operator import mul

from shapecalc.conditions import Label
from shapecalc.index import Factor, Term
from shapecalc.matrix.entries import Letters, sum_text
from shapecalc.records.explained import Block, Level, Lines, Move, Moves, Numbers, Prose
from shapecalc.report.kinks import kink
from shapecalc.teach.instance import Instance, Place, are_close, flat, places_of
from shapecalc.teach.shorter import long_factors
from shapecalc.teach.study import Study, require, total
from shapecalc.tree import Tree, leaves

TITLE = "ONE ENTRY AT A TIME"


class Numbered(Letters):
    """Letters of which some are numbers: `W2[0,3]`."""

    def __init__(self, letters: Letters, places: Mapping[Label, int]) -> None:
        super().__init__((), ())
        self._known = letters
        self.delta = letters.delta
        self._places = places

    def of(self, label: Label | None) -> str:
        if label is not None and label in self._places:
            return str(self._places[label])
        return self._known.of(label)


def entries(study: Study) -> Level:
    """Write the level."""
    moves = moved(study)
    in_use = ", in this use alone," if study.is_part else ""
    shown = tuple(study.here.matrix(name, tree) for name, tree in _shown(study).items())
    blocks: list[Block] = [Numbers(shown)] if shown else []
    blocks += [
        Prose(f"Raise {moves.of}{in_use} by a small {study.small}. What moves?"),
        moves,
        *_in_general(study),
    ]
    for each in study.instances:
        _require_sum(each)
    return Level(2, TITLE, "", tuple(blocks), "every product, and the sum, by differences")


def _shown(study: Study) -> dict[str, Tree]:
    """Return the values whose numbers stand in the sums: of the Jacobian, then the upstream."""
    found: dict[str, Tree] = {}
    letters = {tree: letter for letter, tree in long_factors(study).items()}
    for term in study.writer.jacobian.terms:
        for factor in term.factors:
            tree = study.writer.spell(factor.tree)
            if tree in letters:
                found[letters[tree]] = tree
                continue
            found |= {name.name: name for name in leaves(tree) if name.shape}
    if study.link.gradient is not None:
        found[study.link.gradient.name] = study.link.gradient
    return found


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
    of, step = f"{X}{_indices(place)}", study.small
    return Moves(of, study.loss, tuple(moves), still, left, found, formula, step)


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
    return f"({line})" if len(texts) > 1 or " / " in line else line


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
    left = every - count
    stand = "stands" if left == 1 else "stand"
    if study.is_batch_apart and len(study.opened.jacobian.diagonal) == 1:
        entries = "entry" if left == 1 else "entries"
        return f"nothing in the other examples: {left} {entries} of {study.Y} {stand} still"
    if left == 1:
        return f"the other entry of {study.Y} stands still"
    return f"the other {left} of the {every} entries of {study.Y} {stand} still"


def _in_general(study: Study) -> Iterator[Block]:
    contraction = study.opened.contraction
    if not contraction.lines:
        return
    text = study.contracted
    if (ends := study.ends) is None or not study.is_product:
        yield Prose("In general:")
        yield Lines(contraction.left, ((text, study.outside),))
        if study.contracted == contraction.lines[-1][0]:  # its conditions are not solved
            yield from study.ranges(study.writer.derivation.terms)
        yield from study.assumed()
        yield from map(Prose, _at_a_kink(study))
        return
    first, last = ends
    labels = study.writer.jacobian.wrt_labels[-2:]
    p, q = study.letter(-2), study.letter(-1)
    rows = [
        "row" if factor.labels[0] is label else "column"
        for factor, label in ((first, labels[0]), (last, labels[1]))
    ]
    left, right = study.name_of(first), study.name_of(last)
    own = study.writer.jacobian.wrt_labels[:-2]
    each = [study.writer.letters.of(label) for label in own]
    stacks = f", in matrix {','.join(each)} of each stack" if each else ""
    if not each and len(first.tree.shape) > 2:
        stacks = ", in each matrix of the stacks, and all that is added up"
    yield Prose(f"In general, {rows[0]} {p} of {left} meets {rows[1]} {q} of {right}{stacks}:")
    yield Lines(contraction.left, ((text, ""),))
    yield Prose(_why(study, ends, rows, p))
    yield from map(Prose, _scalars(study))


def _why(study: Study, ends: tuple[Factor, Factor], rows: list[str], p: str) -> str:
    """Say where order and transposes come from: from which index is whose."""
    left, right = map(study.name_of, ends)
    texts = ["A product takes rows of its left factor and columns of its right one."]
    indices = study.writer.letters.indices(study.writer.jacobian.wrt_labels)
    texts.append(
        f"{p}, the row in {study.dX}{indices}, is an index of {left}: so {left} stands in front. "
        f"There is the order."
    )
    turn = ".mT" if len(ends[0].tree.shape) > 2 else ".T"
    turned = []
    if rows[0] == "column":
        turned.append(f"The columns of {left} are the rows of {left}{turn}")
    if rows[1] == "row":
        turned.append(f"The rows of {right} are the columns of {right}{turn}")
    if turned:
        texts.append(f"{'. '.join(turned)}: there is the transpose.")
    else:
        texts.append("Both are met as a product takes them: so nothing is transposed.")
    return " ".join(texts)


def _scalars(study: Study) -> Iterator[str]:
    """Say that a number before the product is in every slope."""
    (term,) = study.writer.jacobian.terms
    bare = term._replace(
        factors=tuple(factor for factor in term.factors if not factor.labels),
        deltas=(),
        conditions=(),
        summed=(),
    )
    if bare.factors or bare.coefficient not in (1, -1):
        number = sum_text((bare,), study.writer.letters, study.writer.spell)
        yield (
            f"{number} is one number and in every slope, so it is taken out of the sum, and may "
            f"stand anywhere in the product."
        )


def _at_a_kink(study: Study) -> Iterator[str]:
    """Say what is taken where the slope jumps."""
    told = kink(study.link.use.node.tree)
    if told.startswith("where ") and ":" not in told:
        yield f"The slope is this one {told}."
    elif told:
        yield (
            f"Where the slope of {study.Y} jumps it has no derivative, and one has to be chosen. "
            f"Here, {told}."
        )


def _require_sum(instance: Instance) -> None:
    """Hold the last line of the contraction to the differences, at every entry."""
    for place, found in instance.contracted.items():
        same = are_close(found, total(instance, place))
        require(same, "the contraction is not what differences give")


__all__ = ["entries", "moved"]
