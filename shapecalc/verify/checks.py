"""A formula against the truth, in three ways that share no step with one another.

algebra: the formula multiplied out again is the contraction it was read from. Exact: in a prime
field, at random points and two assignments of sizes, it moves the output as the forward equations
do. Components: in floats, entry by entry, it is what differences of the forward equations give.
"""

from collections.abc import Iterable, Iterator
from math import log2, prod
from random import Random
from typing import NamedTuple

from shapecalc.dims import Dim
from shapecalc.index import Labels, Sum, fresh_labels
from shapecalc.tree import Call, Leaf, Number, Tree, leaves
from shapecalc.verify.evaluate import Evaluation, NoValue, Point, Unsupported
from shapecalc.verify.expansion import TooManyTerms, expanded, same
from shapecalc.verify.field import Element, Functions, P
from shapecalc.verify.standins import small_sizes, stand_ins

ASSIGNMENTS = 2
TRIALS = 3
ATTEMPTS = 40
STEP = 1e-5


class Domain(NamedTuple):
    """What is known of a name's value: a property, and the axis that it is about."""

    property: str
    axis: int | None = None


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


class Exactness(NamedTuple):
    """The outcome of an exact comparison; degree is the formula's, for the error bound."""

    equal: bool
    degree: int


def trees_of(case: Case) -> list[Tree]:
    """Return every tree that a case is made of."""
    return [tree for _, tree in case.equations] + [case.formula]


def sizes_for(case: Case, assignment: int) -> dict[str, int]:
    """Return stand-in sizes for a case."""
    gradients = [each for _, each in case.upstream if each is not None]
    dims, literals = symbols([*trees_of(case), case.value, *gradients])
    return stand_ins(dims, literals, assignment)


def symbols(trees: Iterable[Tree]) -> tuple[list[Dim], frozenset[int]]:
    """Return all dims that trees use, and all whole numbers that stand in them."""
    dims: dict[Dim, None] = {}
    literals: set[int] = set()
    seen: set[Tree] = set()

    def visit(tree: Tree) -> None:
        if tree in seen:
            return
        seen.add(tree)
        dims.update(dict.fromkeys(dim for dim in tree.shape if not dim.is_one))
        if isinstance(tree, Number):
            literals.update((abs(tree.value.numerator), tree.value.denominator))
        elif isinstance(tree, Call):
            for operand in tree.operands:
                visit(operand)

    for tree in trees:
        visit(tree)
    return list(dims), frozenset(literals)


# --- algebra ---------------------------------------------------------------------------------


def agrees_by_algebra(formula: Tree, terms: Sum, free: Labels) -> bool | None:
    """Compare a formula, multiplied out, with the contraction; None where it grows too large."""
    try:
        return same(expanded(formula, free), terms, free)
    except TooManyTerms:
        return None


# --- exact -----------------------------------------------------------------------------------


def agrees_exactly(case: Case) -> Exactness:
    """Compare in the prime field. Raises Unsupported where the field cannot carry the ops."""
    masks: dict[Tree, set[bool]] = {}
    for assignment in range(ASSIGNMENTS):
        sizes = sizes_for(case, assignment)
        done = 0
        for attempt in range(ATTEMPTS):
            try:
                equal = _equal_at(case, sizes, Random(1000 * assignment + attempt), attempt, masks)
            except NoValue:
                continue
            if not equal:
                return Exactness(False, 0)
            done += 1
            if done >= TRIALS and all(len(sides) > 1 for sides in masks.values()):
                break
            if done >= 2 * TRIALS:
                break
        if done < TRIALS:
            raise Unsupported("no point was found at which the equations have a value")
    return Exactness(True, degree(case))


def _equal_at(
    case: Case, sizes: dict[str, int], random: Random, attempt: int, masks: dict[Tree, set[bool]]
) -> bool:
    world = drawn(case, sizes, random, Functions(random), attempt)
    value = world.values[case.value]
    direction: list[Element] = [random.getrandbits(60) for _ in value.floats]
    if case.wrt is case.value:
        world.set(case.value, value._replace(slope=direction))
    else:
        world.set(case.wrt, value._replace(slope=direction))
    moved = run(case, world)
    world.set(case.value, value)
    gradient = world.at(case.formula).exact
    for tree, sides in world.masks.items():
        masks.setdefault(tree, set()).update(sides)
    assert gradient is not None
    if case.transposed:
        gradient = _turned(gradient, world.size(case.formula.shape))
    return (moved - _inner(gradient, direction)) % P == 0


def run(case: Case, world: Evaluation) -> Element:
    """Evaluate the equations in order; return how far the upstream gradients see the outputs move."""
    moved: Element = 0
    upstream = dict(case.upstream)
    for output, tree in case.equations:
        point = world.at(tree)
        if output in upstream and point.slope is not None:
            gradient = upstream[output]
            if gradient is None:
                moved = (moved + point.slope[0]) % P
            else:
                entries = world.values[gradient].exact or []
                if case.transposed:
                    entries = _turned(entries, world.size(gradient.shape))
                moved = (moved + _inner(entries, point.slope)) % P
        world.set(output, point._replace(sizes=world.size(output.shape)))
    for output, _ in case.equations:
        world.set(output, world.values[output].without_slope())
    return moved


def _inner(left: list[Element], right: list[Element]) -> Element:
    return sum(a * b for a, b in zip(left, right, strict=True)) % P


def _turned(entries: list, sizes: tuple[int, ...]) -> list:
    """Transpose a flat array of the given sizes."""
    if len(sizes) < 2:
        return entries
    rows, columns = sizes
    return [entries[i * columns + j] for j in range(columns) for i in range(rows)]


def drawn(
    case: Case,
    sizes: dict[str, int],
    random: Random,
    functions: Functions | None,
    attempt: int,
) -> Evaluation:
    """Draw a value for every name that the case does not work out."""
    world = Evaluation(sizes, {}, functions)
    world.equations = dict(case.equations)
    outputs = {output for output, _ in case.equations}
    domains = dict(case.domains)
    names = [found for tree in trees_of(case) for found in leaves(tree)]
    names += [gradient for _, gradient in case.upstream if gradient is not None] + [case.value]
    for name in dict.fromkeys(names):
        if name in outputs or name is case.wrt is not case.value or name.name in sizes:
            continue
        world.values[name] = draw(name, domains.get(name), world, random, attempt)
    if case.wrt is not case.value:
        world.values[case.wrt] = world.values[case.value]
    return world


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
    floats = [low + (high - low) * random.random() for _ in range(count)]
    if not kind or kind == "nonzero":
        floats = [entry if random.random() < 0.5 else -entry for entry in floats]
    exact: list[Element] = [1 + random.getrandbits(60) for _ in range(count)]
    if kind == "binary":
        exact = [random.randrange(2) for _ in range(count)]
        floats = [float(bit) for bit in exact if isinstance(bit, int)]
    if kind in ("probabilities", "one-hot") and domain and domain.axis is not None:
        floats, exact = _on_simplex(floats, exact, sizes, domain.axis)
    if kind == "one-hot-only" and domain and domain.axis is not None:
        exact = _one_hot(sizes, domain.axis, random)
        floats = [float(bit) for bit in exact if isinstance(bit, int)]
    return Point(sizes, floats, exact if world.functions else None)


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
        weights = [abs(floats[place]) + 0.1 for place in line]
        for place, weight in zip(line, weights, strict=True):
            floats[place] = weight / sum(weights)
        *most, last = line
        exact[last] = (1 - sum(exact[place] for place in most)) % P
    return floats, exact


def _one_hot(sizes: tuple[int, ...], axis: int, random: Random) -> list[Element]:
    entries: list[Element] = [0] * prod(sizes)
    for line in lines_along(sizes, axis):
        entries[random.choice(line)] = 1
    return entries


# --- components ------------------------------------------------------------------------------


def error_by_components(case: Case) -> float:
    """Return the largest relative error of an entry against central differences, in floats.

    Raises Unsupported where no point has a value.
    """
    sizes = small_sizes(symbols([*trees_of(case), case.value])[0])
    for attempt in range(ATTEMPTS):
        random = Random(77 + attempt)
        try:
            world = drawn(case, sizes, random, None, attempt)
            return _error_at(case, world)
        except NoValue:
            continue
    raise Unsupported("no point was found at which the equations have a value")


def _error_at(case: Case, world: Evaluation) -> float:
    value = world.values[case.value]
    differences = []
    for place in range(len(value.floats)):
        ahead, behind = (
            _float_output(case, world, _moved(value, place, sign * STEP)) for sign in (1, -1)
        )
        differences.append((ahead - behind) / (2 * STEP))
    world.set(case.wrt, value)
    _float_output(case, world, value)
    formula = world.at(case.formula).floats
    if case.transposed:
        formula = _turned(formula, world.size(case.formula.shape))
    scale = max(1.0, *(abs(entry) for entry in differences))
    return max(abs(a - b) for a, b in zip(formula, differences, strict=True)) / scale


def _moved(value: Point, place: int, by: float) -> Point:
    floats = list(value.floats)
    floats[place] += by
    return value._replace(floats=floats)


def _float_output(case: Case, world: Evaluation, value: Point) -> float:
    """Return the sum of upstream times output, the scalar whose entry derivatives are the gradient."""
    world.set(case.wrt, value)
    total = 0.0
    upstream = dict(case.upstream)
    for output, tree in case.equations:
        point = world.at(tree)
        if output in upstream:
            gradient = upstream[output]
            entries = [1.0] if gradient is None else world.values[gradient].floats
            if case.transposed and gradient is not None:
                entries = _turned(entries, world.size(gradient.shape))
            total += sum(a * b for a, b in zip(entries, point.floats, strict=True))
        world.set(output, point._replace(sizes=world.size(output.shape)))
    return total


# --- the error bound -------------------------------------------------------------------------


def degree(case: Case) -> int:
    """Bound the degree of the identity as a rational function: above plus below, plus direction."""
    known: dict[Tree, tuple[int, int]] = {}
    for output, tree in case.equations:
        known[output] = _degrees(tree, known)
    above, below = _degrees(case.formula, known)
    return above + below + sum(sum(known[output]) for output, _ in case.equations) + 1


def _degrees(tree: Tree, known: dict[Tree, tuple[int, int]]) -> tuple[int, int]:
    """Bound the degrees above and below the line of an entry as a rational function."""
    if tree not in known:
        known[tree] = _degrees_of(tree, known)
    return known[tree]


def _degrees_of(tree: Tree, known: dict[Tree, tuple[int, int]]) -> tuple[int, int]:
    if isinstance(tree, Leaf):
        return 1, 0
    if isinstance(tree, Number):
        return 0, 0
    parts = [_degrees(operand, known) for operand in tree.operands]
    match tree.op:
        case "mul" | "matmul" | "dot" | "outer" | "einsum":
            return parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]
        case "div":
            return parts[0][0] + parts[1][1], parts[0][1] + parts[1][0]
        case "pow" if isinstance(tree.operands[1], Number):
            times = max(1, int(abs(tree.operands[1].value) + 1))
            return times * sum(parts[0]), times * sum(parts[0])
        case "exp" | "log" | "sqrt" | "sin" | "cos":
            return 2 + sum(parts[0]), 2 + sum(parts[0])
        case _:
            return 4 + sum(a + b for a, b in parts), 2 + sum(b for _, b in parts)


def bound_text(degree_bound: int, trials: int = TRIALS) -> str:
    """Return the chance that a wrong formula passes, (degree / p)^trials, as a power of two."""
    return f"2^{int(trials * (log2(max(degree_bound, 1)) - 61))}"


def labels_of(value: Leaf) -> Labels:
    """Return labels for the axes of a value."""
    return fresh_labels(value.shape)

