"""A formula → its arrangements: how many conform and are right, and a bounded list of them."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from shapecalc.dims import ONE, Dim
from shapecalc.orderings import counting
from shapecalc.orderings.counting import TooMany
from shapecalc.orderings.factors import product_of
from shapecalc.orderings.items import Arranged, Printer, Verdict
from shapecalc.orderings.trails import (
    UNIT,
    Chain,
    Ends,
    Judge,
    all_words,
    conforms,
    trails,
    words_of,
)
from shapecalc.records import Orderings
from shapecalc.tree import Tree

MOST_ITEMS = 48
MOST_WORDS = 20_000


class _Found(NamedTuple):
    """What is found by structure: how many conform, here too, how many are right, and a list."""

    always: int
    fitting: int
    right: int
    transposed: int
    verdicts: tuple[Verdict, ...]


def factors_of(formula: Tree) -> tuple[Tree, ...] | str:
    """Return the untransposed factors of a product, in the formula's order, or why it is none."""
    found = product_of(formula)
    return found if isinstance(found, str) else found.factors


def orderings(
    formula: Tree,
    numerator: bool,  # noqa: FBT001 the layout that the formula is in
    sizes: Mapping[str, int] | None,
) -> Orderings:
    """Judge every arrangement of a formula's factors, each transposed or not.

    Counts are over places, with equal factors told apart; items show those once. `right` and
    `transposed` count arrangements that conform for all sizes. An item that conforms only here is
    judged at these sizes: at size 1 it may be right.
    """
    arranged = _arranged(formula)
    if isinstance(arranged, str):
        return Orderings(defined=False, why=arranged)
    chain = arranged.chain
    here = arranged.sizes(sizes)
    try:
        found = _found(chain, _merged(chain, here))
    except TooMany:
        return Orderings(defined=False, why="too many arrangements to count")
    return Orderings(
        defined=True,
        why="",
        total=counting.total(chain),
        conformable=found.always,
        at_these_sizes=None if here is None else found.fitting,
        right=found.right,
        transposed=found.transposed,
        items=tuple(Printer(arranged, here, numerator).items(found.verdicts)),
    )


def coincidences(
    formula: Tree, sizes: Mapping[str, int]
) -> tuple[int, tuple[tuple[str, ...], ...]]:
    """Count the wrong arrangements that conform only here; name the dims that coincide."""
    arranged = _arranged(formula)
    if isinstance(arranged, str):
        return 0, ()
    here = arranged.sizes(sizes)
    if here is None or len(set(here)) == len(here):
        return 0, ()
    chain, merged = arranged.chain, _merged(arranged.chain, here)
    try:
        fitting = counting.conforming(merged) - counting.conforming(chain)
        wrong = fitting - _good_here(chain, merged)
    except TooMany:
        return 0, ()
    return (wrong, _groups(arranged, here)) if wrong else (0, ())


def has_impostors(formula: Tree) -> bool:
    """Say whether an arrangement conforms at every size and is wrong all the same."""
    arranged = _arranged(formula)
    if isinstance(arranged, str):
        return False
    try:
        conforming = counting.conforming(arranged.chain)
    except TooMany:
        # Uncountable are only the dims that one can go around in many ways.
        return True
    return conforming > sum(counting.good(Judge(arranged.chain)))


# --- structure ----------------------------------------------------------------------------------


def _arranged(formula: Tree) -> Arranged | str:
    found = product_of(formula)
    if isinstance(found, str):
        return found
    kinds: dict[Tree, int] = {}
    vertices: dict[Dim, int] = {ONE: UNIT}
    for factor in found.factors:
        kinds.setdefault(factor, len(kinds))
        for dim in factor.shape[-2:]:
            vertices.setdefault(dim, len(vertices))
    word = tuple((kinds[found.factors[place]], turned) for place, turned in found.word)
    ends = tuple(tuple(vertices[dim] for dim in factor.shape[-2:]) for factor in kinds)
    return Arranged(Chain(word, ends), tuple(kinds), tuple(vertices), found.sum)


def _merged(chain: Chain, sizes: tuple[int, ...] | None) -> Chain:
    """Make one vertex of those that have one size."""
    if sizes is None or len(set(sizes)) == len(sizes):
        return chain
    ends = tuple(tuple(sizes.index(sizes[vertex]) for vertex in each) for each in chain.ends)
    return Chain(chain.word, ends)


def _has_lost_labels(chain: Chain, merged: Chain) -> bool:
    """Say whether a named dim has size 1: nothing else makes right here what is wrong elsewhere."""
    return _unit_axes(merged.ends) > _unit_axes(chain.ends)


def _unit_axes(ends: Ends) -> int:
    return sum(each.count(UNIT) for each in ends)


def _good_here(chain: Chain, merged: Chain) -> int:
    """Count the arrangements that conform only at these sizes, and are right or transposed."""
    if not _has_lost_labels(chain, merged):
        return 0
    judge = Judge(merged)
    if sum(counting.good(judge)) > MOST_WORDS * counting.repeats(merged):
        raise TooMany
    good = (*judge.right_trails(), *judge.transposed_trails())
    words = (word for trail in good for word in words_of(trail, merged))
    return sum(not conforms(word, chain.ends) for word in words) * counting.repeats(merged)


def _groups(arranged: Arranged, sizes: tuple[int, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the names in the dims that have one size, in the order of the formula."""
    used = {vertex for ends in arranged.chain.ends for vertex in ends}
    groups: dict[int, list[Dim]] = {}
    for vertex, dim in enumerate(arranged.dims):
        if vertex in used:
            groups.setdefault(sizes[vertex], []).append(dim)
    return tuple(
        tuple(dict.fromkeys(name for dim in group for name in dim.names))
        for group in groups.values()
        if len(group) > 1
    )


# --- the list -----------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _found(chain: Chain, merged: Chain) -> _Found:
    """Count arrangements, and list: right, transposed, others that conform, here, never."""
    repeats = counting.repeats(chain)
    always, fitting = counting.conforming(chain), counting.conforming(merged)
    counts = (always, fitting - always, counting.total(chain) - fitting)
    judge = Judge(chain)
    generators = (_always(judge), _here(chain, merged), _never(merged))
    verdicts: list[Verdict] = []
    for count, generator in zip(counts, generators, strict=True):
        verdicts += islice(generator, min(count // repeats, MOST_ITEMS - len(verdicts)))
    return _Found(always, fitting, *counting.good(judge), tuple(verdicts))


def _always(judge: Judge) -> Iterator[Verdict]:
    chain = judge.chain
    for value, good in (
        ("right", judge.right_trails()),
        ("transposed", judge.transposed_trails()),
        ("wrong", (trail for trail in trails(chain) if judge.verdict(trail) == "wrong")),
    ):
        for trail in good:
            for word in words_of(trail, chain):
                yield Verdict(word, "always", value)


def _here(chain: Chain, merged: Chain) -> Iterator[Verdict]:
    judge = Judge(merged) if _has_lost_labels(chain, merged) else None
    for trail in trails(merged):
        value = judge.verdict(trail) if judge else "wrong"
        for word in words_of(trail, chain):
            if not conforms(word, chain.ends):
                yield Verdict(word, "here", value)


def _never(merged: Chain) -> Iterator[Verdict]:
    for word in all_words(merged):
        if not conforms(word, merged.ends):
            yield Verdict(word, "never", None)
