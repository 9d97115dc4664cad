"""A formula → its arrangements: how many conform and are right, and a bounded list of them."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from shapecalc.dims import ONE, Dim, Shape
from shapecalc.matrix.printing import INFIX, text
from shapecalc.orderings import counting
from shapecalc.orderings.counting import TooMany
from shapecalc.orderings.factors import product_of
from shapecalc.orderings.trails import (
    UNIT,
    Chain,
    Ends,
    Judge,
    Word,
    all_words,
    conforms,
    multiplied,
    trails,
    words_of,
)
from shapecalc.records import OrderingItem, Orderings
from shapecalc.tree import Call, Tree, call

MOST_ITEMS = 48
MOST_WORDS = 20_000


class _Verdict(NamedTuple):
    word: Word
    conforms: str
    value: str | None


class _Arranged(NamedTuple):
    """A product with its dims as vertices; `factors` are its different factors."""

    chain: Chain
    factors: tuple[Tree, ...]
    dims: tuple[Dim, ...]

    def sizes(self, sizes: Mapping[str, int] | None) -> tuple[int, ...] | None:
        """Return the size of each vertex; None where one is not known."""
        if sizes is None or any(name not in sizes for dim in self.dims for name in dim.names):
            return None
        return tuple(dim.size(sizes) for dim in self.dims)


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
    merged = _merged(chain, here)
    try:
        always, fitting = counting.conforming(chain), counting.conforming(merged)
        found = _listed(chain, merged)
    except TooMany:
        return Orderings(defined=False, why="too many arrangements to count")
    right, transposed = counting.good(Judge(chain))
    return Orderings(
        defined=True,
        why="",
        total=counting.total(chain),
        conformable=always,
        at_these_sizes=None if here is None else fitting,
        right=right,
        transposed=transposed,
        items=tuple(_Printer(arranged, here, _layouts(in_numerator=numerator)).items(found)),
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


def _arranged(formula: Tree) -> _Arranged | str:
    found = product_of(formula)
    if isinstance(found, str):
        return found
    kinds: dict[Tree, int] = {}
    vertices: dict[Dim, int] = {ONE: UNIT}
    for factor in found.factors:
        kinds.setdefault(factor, len(kinds))
        for dim in factor.shape:
            vertices.setdefault(dim, len(vertices))
    word = tuple((kinds[found.factors[place]], turned) for place, turned in found.word)
    ends = tuple(tuple(vertices[dim] for dim in factor.shape) for factor in kinds)
    return _Arranged(Chain(word, ends), tuple(kinds), tuple(vertices))


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


def _groups(arranged: _Arranged, sizes: tuple[int, ...]) -> tuple[tuple[str, ...], ...]:
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
def _listed(chain: Chain, merged: Chain) -> tuple[_Verdict, ...]:
    """Return the first arrangements: right, transposed, other that conform, here, never."""
    repeats = counting.repeats(chain)
    always, fitting = counting.conforming(chain), counting.conforming(merged)
    counts = (always, fitting - always, counting.total(chain) - fitting)
    generators = (_always(chain), _here(chain, merged), _never(merged))
    listed: list[_Verdict] = []
    for count, generator in zip(counts, generators, strict=True):
        listed += islice(generator, min(count // repeats, MOST_ITEMS - len(listed)))
    return tuple(listed)


def _always(chain: Chain) -> Iterator[_Verdict]:
    judge = Judge(chain)
    for value, good in (
        ("right", judge.right_trails()),
        ("transposed", judge.transposed_trails()),
        ("wrong", (trail for trail in trails(chain) if judge.verdict(trail) == "wrong")),
    ):
        for trail in good:
            for word in words_of(trail, chain):
                yield _Verdict(word, "always", value)


def _here(chain: Chain, merged: Chain) -> Iterator[_Verdict]:
    judge = Judge(merged)
    for trail in trails(merged):
        for word in words_of(trail, chain):
            if not conforms(word, chain.ends):
                yield _Verdict(word, "here", judge.verdict(trail))


def _never(merged: Chain) -> Iterator[_Verdict]:
    for word in all_words(merged):
        if not conforms(word, merged.ends):
            yield _Verdict(word, "never", None)


def _layouts(*, in_numerator: bool) -> dict[str | None, str]:
    """Return the layout of a right arrangement, and that of a transposed one."""
    names = ("numerator", "denominator") if in_numerator else ("denominator", "numerator")
    return dict(zip(("right", "transposed"), names, strict=True))


class _Printer:
    """Prints verdicts: the only place where factors have names again."""

    def __init__(
        self, arranged: _Arranged, sizes: tuple[int, ...] | None, layouts: Mapping[str | None, str]
    ) -> None:
        self.chain = arranged.chain
        self.sizes = sizes
        self.layouts = layouts
        self.dims = tuple(map(str, arranged.dims))
        self.texts = [(_operand(tree), _turned(tree)) for tree in arranged.factors]
        shapes = [tuple(map(str, tree.shape)) for tree in arranged.factors]
        self.shapes = [(shape, shape[::-1]) for shape in shapes]

    def items(self, verdicts: tuple[_Verdict, ...]) -> Iterator[OrderingItem]:
        """Print each verdict."""
        for word, fit, value in verdicts:
            meetings, shape = multiplied(word, self.chain.ends)
            dims = self.dims
            yield OrderingItem(
                " @ ".join([self.texts[kind][turned] for kind, turned in word]),
                tuple([self.shapes[kind][turned] for kind, turned in word]),
                fit,
                None if fit == "never" or shape is None else tuple([dims[v] for v in shape]),
                value,
                self.layouts.get(value),
                self._why(fit, meetings),
            )

    def _why(self, fit: str, meetings: list[tuple[int, int]]) -> str:
        if fit == "always":
            return ""
        differing = [(a, b) for a, b in meetings if a != b]
        if fit == "here":
            return self._coinciding(differing)
        sizes = self.sizes
        for a, b in differing:
            if sizes is None or sizes[a] != sizes[b]:
                return f"{self.dims[a]} ≠ {self.dims[b]}"
        return "a scalar has no inner dim"

    def _coinciding(self, meetings: list[tuple[int, int]]) -> str:
        """Name the dims that meet, by their size: `m = k = 64`."""
        assert self.sizes is not None
        groups: dict[int, dict[str, None]] = {}
        for vertex in (vertex for meeting in meetings for vertex in meeting):
            groups.setdefault(self.sizes[vertex], {})[self.dims[vertex]] = None
        return ", ".join(
            " = ".join([*(dim for dim in dims if dim != str(size)), str(size)])
            for size, dims in groups.items()
        )


def _operand(tree: Tree) -> str:
    """Print a factor as an operand of `@`, a group in parentheses."""
    is_group = isinstance(tree, Call) and tree.op in INFIX
    return f"({text(tree)})" if is_group else text(tree)


def _turned(tree: Tree) -> str:
    """Print a factor transposed: a group as a whole, since it is one factor."""
    if len(tree.shape) < 2:
        return text(tree)
    shape: Shape = tree.shape[::-1]
    return text(call("transpose", (tree,), (), shape))
