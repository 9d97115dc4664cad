"""What a check is about: a formula, the equations that it is a gradient of, and points to try.

Knows how values are drawn, so that each has a value, and nothing is equal by accident.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from math import prod
from random import Random
from typing import NamedTuple, TypeVar

from shapecalc.conditions.forms import ZERO, is_never_negative
from shapecalc.dims import Dim, unfloored
from shapecalc.ops.indices import Shift, picks_in, shifts_in
from shapecalc.ops.registry import OPS
from shapecalc.tree import Call, Leaf, Number, Tree, calls, constants, leaves
from shapecalc.verify.arrays import Sizes
from shapecalc.verify.evaluate import Evaluation, Point, branches_itself
from shapecalc.verify.field import Element, NoValue, P, Tables, Unsupported, elements
from shapecalc.verify.plans import Plans
from shapecalc.verify.room import room_of, work_of
from shapecalc.verify.standins import stand_ins
from shapecalc.verify.structured import KINDS, are_square, of_kind

ATTEMPTS = 40
MOST_WORK = 20_000
"""How many products an op with deltas takes at most before smaller sizes are looked for."""
LARGEST_PLACE = 10**9
OF_POSITIVE = frozenset({"sqrtm", "cholesky"})
"""Ops of a matrix that is in some sense positive."""
POSITIVE = {
    **dict.fromkeys(("", "nonsingular"), "dominant"),
    "symmetric": "positive-definite",
    "diagonal": "positive-diagonal",
    **dict.fromkeys(("reflection", "signs"), "identity"),
}
"""By the kind of a matrix: that of those with a root; a dominant one has a large diagonal."""
_Entry = TypeVar("_Entry")

__all__ = ["ATTEMPTS", "Case", "Domain", "Unsupported", "drawn", "sizes_for"]


class Domain(NamedTuple):
    """What is known of a name's value: a property, and the axis that it is about.

    An `index` is a whole number. By each of `picks` it is shifted, and is then less than a dim.
    """

    property: str
    axis: int | None = None
    picks: tuple[tuple[tuple[Shift, ...], Dim], ...] = ()


def index_domains(trees: Iterable[Tree]) -> dict[Leaf, Domain]:
    """Return the domains of the values that name places in an axis of another."""
    found: dict[Leaf, dict[tuple[tuple[Shift, ...], Dim], None]] = {}
    for operand, dim in picks_in(trees):
        for value in leaves(operand):
            found.setdefault(value, {})[shifts_in(operand, value), dim] = None
    return {value: Domain("index", None, tuple(picks)) for value, picks in found.items()}


class Case(NamedTuple):
    """A formula and what it claims: the gradient of `wrt` through these equations.

    `equations` are evaluated in order; those with an upstream gradient (None for a loss: 1) feed
    the result. `wrt` stands in the equations where it is moved; `value` is the name whose value it
    has. `transposed`: gradients are stored in numerator layout.
    """

    equations: tuple[tuple[Leaf, Tree], ...]
    upstream: tuple[tuple[Leaf, Leaf | None], ...]
    wrt: Leaf
    value: Leaf
    formula: Tree
    transposed: bool = False
    domains: tuple[tuple[Leaf, Domain], ...] = ()


def trees_of(case: Case) -> list[Tree]:
    """Return every tree that a case is made of."""
    return [tree for _, tree in case.equations] + [case.formula]


@lru_cache(maxsize=16)
def parts_of(case: Case) -> tuple[Call, ...]:
    """Return every call in a case, each once."""
    return tuple(dict.fromkeys(part for tree in trees_of(case) for part in calls(tree)))


@lru_cache(maxsize=16)
def _ops_of(case: Case) -> frozenset[str]:
    return frozenset(part.op for part in parts_of(case))


def sizes_for(case: Case, assignment: int) -> dict[str, int]:
    """Return stand-in sizes for a case."""
    return _sizes_at(parts_of(case), *symbols_of(case), assignment)


def sizes_at(
    trees: Iterable[Tree], dims: Iterable[Dim], literals: frozenset[int], assignment: int
) -> dict[str, int]:
    """Return stand-in sizes at which trees are evaluated: primes, or smaller for windows in space.

    Those multiply six sizes and more.
    """
    parts = dict.fromkeys(part for tree in trees for part in calls(tree))
    return _sizes_at(parts, tuple(dims), literals, assignment)


def _sizes_at(
    parts: Iterable[Call], dims: tuple[Dim, ...], literals: frozenset[int], assignment: int
) -> dict[str, int]:
    sizes = stand_ins(dims, literals, assignment)
    largest = max((dim.size(sizes) for dim in dims), default=1)
    if not any(work_of(part, sizes, largest) >= MOST_WORK for part in parts):
        return sizes
    with suppress(Unsupported):
        return stand_ins(dims, literals, assignment, least_work=True)
    return sizes


@lru_cache(maxsize=16)
def symbols_of(case: Case) -> tuple[tuple[Dim, ...], frozenset[int]]:
    """Return all dims that a case uses, and all whole numbers that stand in it."""
    gradients = [each for _, each in case.upstream if each is not None]
    given = [*trees_of(case), case.value, *gradients]
    dims, literals = symbols(given, dict(case.equations))
    return tuple(dims), literals


def symbols(
    trees: Iterable[Tree], equations: Mapping[Leaf, Tree]
) -> tuple[list[Dim], frozenset[int]]:
    """Return all dims that trees use, and all whole numbers that stand in them."""
    dims: dict[Dim, None] = {}
    literals: set[int] = set()
    seen: set[Tree] = set()

    def visit(tree: Tree) -> None:
        if tree in seen:
            return
        seen.add(tree)
        for dim in tree.shape:
            if not (dim.is_one or dim in dims or _has_rest(dim)):
                dims[dim] = None
        if isinstance(tree, Number):
            literals.update((abs(tree.value.numerator), tree.value.denominator))
        elif isinstance(tree, Call):
            for dim in (*_held(tree.attributes), *room_of(tree, equations)):
                if dim.names and not _has_rest(dim):
                    dims[dim] = None
            for operand in tree.operands:
                visit(operand)

    for tree in trees:
        visit(tree)
    return list(dims), frozenset(literals)


def _held(value: object) -> Iterator[Dim]:
    """Yield the dims in attributes: what is cut off, or put around, is more than nothing."""
    if isinstance(value, Dim) and not is_never_negative(ZERO - value):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _held(item)


def _has_rest(dim: Dim) -> bool:
    """Say whether a dim is what a division leaves, `h - 2*floor(h/2)`: one of few numbers, or 0."""
    if dim.only_name is not None:
        return False
    smooth = unfloored(dim)
    return bool(dim.names) and smooth is not None and smooth.constant is not None


def drawn(
    case: Case, plans: Plans, randoms: Mapping[int, Random], functions: Tables | None
) -> Evaluation:
    """Draw a value for every name that the case does not work out, at one point per attempt."""
    shadow = functions is None or _branches(case)
    world = Evaluation(plans.sizes, {}, functions, shadow=shadow, plans=plans)
    world.equations = dict(case.equations)
    domains = {**_mask_domains_of(case), **_with_roots_of(case), **_index_domains_of(case)}
    for name in _names_to_draw(case):
        if not name.shape and name.name in plans.sizes:
            continue
        if shadow or name in domains:
            points = [draw(name, domains.get(name), world, randoms[each], each) for each in randoms]
            world.values[name] = _joined(points)
        else:
            world.values[name] = _anywhere(world.size(name.shape), randoms.values())
    if case.wrt is not case.value:
        world.values[case.wrt] = world.values[case.value]
    return world


def _anywhere(sizes: Sizes, randoms: Iterable[Random]) -> Point:
    """Draw from the whole field, at one point for each generator."""
    return Point(sizes, [], elements(randoms, prod(sizes)))


def _joined(points: Sequence[Point]) -> Point:
    if len(points) == 1:
        return points[0]
    floats = [entry for point in points for entry in point.floats]
    if points[0].exact is None:
        return Point(points[0].sizes, floats)
    return Point(points[0].sizes, floats, [entry for each in points for entry in each.exact or ()])


@lru_cache(maxsize=16)
def _branches(case: Case) -> bool:
    return any(map(branches_itself, parts_of(case)))


@lru_cache(maxsize=16)
def _index_domains_of(case: Case) -> dict[Leaf, Domain]:
    """Return the domains of the case's indices; the marker that is moved stands for its value."""
    if not any(OPS[op].indices for op in _ops_of(case)):
        return {}
    found = index_domains(trees_of(case))
    return {case.value if name is case.wrt else name: known for name, known in found.items()}


@lru_cache(maxsize=16)
def _with_roots_of(case: Case) -> dict[Leaf, Domain]:
    """Return the case's domains; the marker that is moved stands for its value."""
    known = dict(case.domains)
    if case.value in known:
        known[case.wrt] = known[case.value]
    if _ops_of(case).isdisjoint(OF_POSITIVE):
        return known
    found = with_roots(trees_of(case), known)
    if case.wrt in found and found[case.wrt] != known.get(case.wrt):
        found[case.value] = found[case.wrt]
    return found


def with_roots(trees: Iterable[Tree], domains: Mapping[Leaf, Domain]) -> dict[Leaf, Domain]:
    """Narrow the domains of matrices, so that they have a root or a factor where one is taken."""
    roots = [part for tree in trees for part in calls(tree) if part.op in OF_POSITIVE]
    squares = dict.fromkeys(name for part in roots for name in _terms(part.operands[0]))
    kinds = {name: domains[name].property if name in domains else "" for name in squares}
    narrow = {name: Domain(POSITIVE[kind]) for name, kind in kinds.items() if kind in POSITIVE}
    return {**domains, **narrow}


def _terms(tree: Tree) -> Iterator[Leaf]:
    """Yield the matrices whose sum a matrix is, each times a number.

    A product is left as it is: sqrtm(A @ A) is A for some matrices alone, and has a value for more.
    """
    match tree:
        case Leaf(shape=(rows, columns)) if rows == columns:
            yield tree
        case Call(op="add" | "sub" | "mul" | "div" | "neg" | "transpose", operands=operands):
            for operand in operands:
                yield from _terms(operand)
        case _:
            pass


@lru_cache(maxsize=16)
def _mask_domains_of(case: Case) -> dict[Leaf, Domain]:
    """Return bits for names that are masks of `where` and no more, so that both sides occur."""
    if "where" not in _ops_of(case):
        return {}
    parts = parts_of(case)
    masks = {part.operands[0] for part in parts if part.op == "where"}
    others = {operand for part in parts for operand in part.operands[part.op == "where" :]}
    names = (each for each in masks - others if isinstance(each, Leaf))
    return {name: Domain("binary") for name in names if name not in (case.wrt, case.value)}


@lru_cache(maxsize=16)
def _names_to_draw(case: Case) -> tuple[Leaf, ...]:
    outputs = {output for output, _ in case.equations}
    names: list[Leaf] = []
    for tree in trees_of(case):
        names += leaves(tree)
        if any(part.attributes for part in parts_of(case)):
            names += constants(tree)
    names += [gradient for _, gradient in case.upstream if gradient is not None] + [case.value]
    marker = case.wrt if case.wrt is not case.value else None
    return tuple(n for n in dict.fromkeys(names) if n not in outputs and n is not marker)


def draw(
    name: Leaf, domain: Domain | None, world: Evaluation, random: Random, attempt: int
) -> Point:
    """Draw one value in its domain. Later attempts stay within 0..1, where log has a value."""
    sizes = world.size(name.shape)
    count = prod(sizes)
    kind = domain.property if domain else "positive" if attempt % 4 == 3 else ""
    if attempt % 4 in (1, 2) and not domain:
        kind = "unit-interval"
    low, high = {"unit-interval": (0.1, 0.9)}.get(kind, (0.3, 1.5))
    floats: list[float] = []
    if world.shadow:
        floats = [low + (high - low) * random.random() for _ in range(count)]
    if kind in ("", "nonzero", "nonsingular", "dominant", *KINDS):
        floats = [entry if random.random() < 0.5 else -entry for entry in floats]
    exact: list[Element] = []
    if world.functions:
        exact = [random.getrandbits(61) % P for _ in range(count)]
    if kind in ("binary", "index"):
        start, stop = _range_of(domain.picks if domain else (), world)
        exact = [random.randrange(start, stop) % P for _ in range(count)]
        floats = [float(signed(number)) for number in exact]
    if kind in ("probabilities", "one-hot") and domain and domain.axis is not None:
        floats, exact = _on_simplex(floats, exact, sizes, domain.axis)
    if kind == "one-hot-only" and domain and domain.axis is not None:
        exact = _one_hot(sizes, domain.axis, random)
        floats = [float(bit) for bit in exact if isinstance(bit, int)]
    if kind == "dominant" and floats:
        floats = [e + 2 * sizes[-1] * (n % (sizes[-1] + 1) == 0) for n, e in enumerate(floats)]
    if kind in KINDS and are_square(sizes):
        floats, exact = of_kind(kind, floats, exact, sizes[-1])
    return Point(sizes, floats if world.shadow else [], exact if world.functions else None)


def _range_of(picks: Iterable[tuple[tuple[Shift, ...], Dim]], world: Evaluation) -> tuple[int, int]:
    """Return where whole numbers start and stop that stay in range however they are shifted."""
    start, stop = -LARGEST_PLACE, LARGEST_PLACE
    for shifts, dim in picks:
        moves = [[sign * number for number in _whole(world.at(by))] for sign, by in shifts]
        start = max(start, -sum(map(min, moves)))
        stop = min(stop, dim.size(world.dims) - sum(map(max, moves)))
    if stop == LARGEST_PLACE:  # picked by nobody: a bit
        return 0, 2
    if start >= stop:
        raise NoValue
    return start, stop


def _whole(point: Point) -> list[int]:
    return [round(entry) for entry in point.floats] or [signed(e) for e in point.exact or ()]


def signed(element: Element) -> int:
    """Return the whole number that an element of the field stands for, if that is small."""
    assert isinstance(element, int)
    return element if element <= P // 2 else element - P


def lines_along(sizes: tuple[int, ...], axis: int) -> Iterator[list[int]]:
    """Yield the flat places of every line of an array along an axis."""
    inner = prod(sizes[axis + 1 :])
    for start in range(prod(sizes)):
        if start // inner % sizes[axis] == 0:
            yield [start + inner * step for step in range(sizes[axis])]


def _on_simplex(
    floats: list[float], exact: list[Element], sizes: tuple[int, ...], axis: int
) -> tuple[list[float], list[Element]]:
    for line in lines_along(sizes, axis):
        if floats:
            weights = [abs(floats[place]) + 0.1 for place in line]
            for place, weight in zip(line, weights, strict=True):
                floats[place] = weight / sum(weights)
        if exact:
            *most, last = line
            exact[last] = (1 - sum(exact[place] for place in most)) % P
    return floats, exact


def _one_hot(sizes: tuple[int, ...], axis: int, random: Random) -> list[Element]:
    entries: list[Element] = [0] * prod(sizes)
    for line in lines_along(sizes, axis):
        entries[random.choice(line)] = 1
    return entries


def turned(entries: list[_Entry], sizes: tuple[int, ...], points: int = 1) -> list[_Entry]:
    """Transpose each matrix of a flat array of the given sizes, at each point."""
    if len(sizes) < 2:
        return entries
    *stack, rows, columns = sizes
    count = rows * columns
    starts = range(0, points * prod(stack) * count, count)
    return [
        entries[start + i * columns + j]
        for start in starts
        for j in range(columns)
        for i in range(rows)
    ]
