"""Which mistake a wrong claim has: the nearest formula that is right, and what leads back from it.

Every candidate is judged as the claim itself was, so what is proposed is right.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import reduce
from itertools import chain, combinations, islice
from typing import NamedTuple

from shapecalc.claims.edits import (
    Edit,
    edits,
    places,
    same_slip_twice,
    sign_edits,
    without_factor,
)
from shapecalc.claims.reading import Claim, Reader
from shapecalc.claims.scale import ONE, Scale
from shapecalc.dims import Shape
from shapecalc.expression import Syntax
from shapecalc.matrix import make
from shapecalc.matrix.factors import multiplied
from shapecalc.matrix.printing import text
from shapecalc.sweep import Sweep
from shapecalc.tree import Call, Tree, call, calls, leaves, rebuilt

Judge = Callable[[Tree], Scale | None]
"""Returns the constant factor between a formula and the gradient; None where there is none."""
MOST_NAMES = 40
MOST_FACTORS = 5
MOST_PAIRS = 1_000
MOST_PLACES = 80
"""How many operands a formula may have for slips in it to be looked for."""
MOST_CANDIDATES = 1_000
MOST_LEFT_OUT = 2


class Diagnosis(NamedTuple):
    """What is wrong, by the names of the catalogue, and the claim with that put right."""

    mistakes: tuple[str, ...]
    right: Tree
    names: tuple[str, str] = ("", "")  # the one that is written, and the one that is meant
    times: Scale = ONE  # what is left when all other mistakes are put right


class _Candidate(NamedTuple):
    """A formula that is the gradient if the claim has these mistakes, and how it is written."""

    mistakes: tuple[str, ...]
    tree: Tree
    shown: Tree
    names: tuple[str, str] = ("", "")


def off_by(
    claim: Claim, tree: Tree, scale: Scale, right: Tree, reader: Reader, judge: Judge
) -> Diagnosis:
    """Name the factor of a claim whose formula is the gradient but for that."""
    formula = claim.source.expression
    plainer = () if _is_long(formula) else map(reader.attempt, without_factor(formula))
    return _scaled(_Candidate((), tree, tree), scale, right, plainer, judge)


def _is_long(formula: Syntax) -> bool:
    return next(islice(places(formula), MOST_PLACES, None), None) is not None


def diagnosis(
    claim: Claim,
    right: Tree,
    sweep: Sweep,
    reader: Reader,
    judge: Judge,
    carried: Collection[Scale],
) -> Diagnosis:
    """Find the mistakes of a claim that is no multiple of the gradient; none where none is near.

    A factor that is `carried` by the gradients in it, as a convention, is none of them.
    """
    if _is_long(claim.source.expression):
        return Diagnosis((), right)
    scaled: tuple[_Candidate, Scale] | None = None
    for candidate in islice(_candidates(claim, right, sweep, reader), MOST_CANDIDATES):
        scale = judge(candidate.tree)
        if scale == ONE:
            return Diagnosis(candidate.mistakes, candidate.shown, candidate.names)
        if scale is not None and scaled is None:
            scaled = candidate, scale
    if scaled is None:
        return Diagnosis((), right)
    candidate, scale = scaled
    found = _scaled(candidate, scale, right, (), judge)
    return found._replace(mistakes=candidate.mistakes) if scale in carried else found


def _scaled(
    candidate: _Candidate,
    scale: Scale,
    right: Tree,
    plainer: Iterable[Tree | None],
    judge: Judge,
) -> Diagnosis:
    """Name a factor; put it right by leaving out what made it, where something did."""
    is_minus = scale.is_number and scale.number == -1
    own = (*candidate.mistakes, "sign" if is_minus else "factor")
    tree = candidate.tree
    for other in () if is_minus else plainer:
        if other is not None and other.shape == tree.shape and judge(other) == ONE:
            return Diagnosis(own, other, candidate.names, scale)
    mended = scale.dividing(tree)
    if is_minus:  # not `-(Y - A)` for `A - Y`
        mended = min(mended, right, key=lambda each: len(text(each)))
    return Diagnosis(own, mended, candidate.names, scale)


def _candidates(claim: Claim, right: Tree, sweep: Sweep, reader: Reader) -> Iterator[_Candidate]:
    """Yield formulas near the claim, of the gradient's shape, the plainest mistakes first."""
    shape = claim.gradient.shape
    seen: set[Tree] = set()
    formula = claim.source.expression
    signs = sign_edits(formula)
    if claim.tree is not None:
        if len(claim.tree.shape) == 2 and claim.tree.shape[::-1] == shape:
            turned = make.transposed(claim.tree)
            yield _Candidate(("other-layout",), turned, turned)
        if claim.tree.shape == shape:
            yield from _read(signs, shape, reader, seen)
            yield from _other_derivatives(claim.tree, sweep)
            yield from _left_out(claim.tree, right)
            yield from _entry_by_entry(claim.tree, right, sweep)
    gradients = {found.name.name for found in sweep.gradients.values()}
    gradients |= set(sweep.graph.upstream.values())
    every = chain(
        edits(formula, _names_like(claim, sweep), gradients),
        islice(same_slip_twice(formula), MOST_PAIRS),
    )
    yield from _read(chain(signs, every), shape, reader, seen)


def _read(
    every: Iterable[Edit], shape: Shape, reader: Reader, seen: set[Tree]
) -> Iterator[_Candidate]:
    """Build what is written, and keep what is new and has the gradient's shape."""
    for mistakes, syntax, names in every:
        tree = reader.attempt(syntax)
        if tree is not None and tree.shape == shape and tree not in seen:
            seen.add(tree)
            yield _Candidate(mistakes, tree, tree, names)


def _names_like(claim: Claim, sweep: Sweep) -> Callable[[str], Iterable[str]]:
    """Return what tells the names for which one may have been taken: of its shape, if that fits."""
    known = {value.name: value.shape for value in sweep.graph.values.values()}
    known |= {found.name.name: found.name.shape for found in sweep.gradients.values()}
    known |= {name: value.shape for value, name in sweep.graph.upstream.items()}
    own = claim.gradient.name

    def alike(name: str) -> Iterable[str]:
        shape = known.get(name)
        fits = not claim.reason
        found = (n for n, s in known.items() if n not in (name, own) and (s == shape or not fits))
        return list(found)[:MOST_NAMES] if shape is not None else ()

    return alike


# --- terms and factors ---------------------------------------------------------------------------


def _left_out(claim: Tree, right: Tree) -> Iterator[_Candidate]:
    """Add what is missing where the claim is some terms of the right formula, and not all."""
    terms = _terms(right)
    if not 1 < len(terms) <= MOST_FACTORS:
        return
    for count in range(1, len(terms)):
        for rest in combinations(terms, count):
            tree = make.added(claim, make.total(rest))
            yield _Candidate(("dropped-term",), tree, right)


def _entry_by_entry(claim: Tree, right: Tree, sweep: Sweep) -> Iterator[_Candidate]:
    """Tell a softmax whose derivative was taken as that of a sigmoid: dY * Y * (1 - Y)."""
    for link in sweep.links:
        output, gradient = link.use.node.output, link.gradient
        is_softmax = getattr(link.use.node.template.tree, "op", "") == "softmax"
        if is_softmax and gradient is not None and gradient.shape == claim.shape:
            slope = make.times(output, make.added(make.UNITY, make.negative(output)))
            taken = make.times(gradient, slope)
            tree = make.added(right, make.added(claim, make.negative(taken)))
            yield _Candidate(("derivative",), tree, right)


def _terms(tree: Tree) -> list[Tree]:
    """Take a sum apart, and a product with one sum in it."""
    match tree:
        case Call(op="add", operands=(left, right)):
            return [*_terms(left), *_terms(right)]
        case Call(op="sub", operands=(left, right)):
            return [*_terms(left), *map(make.negative, _terms(right))]
        case Call(op="div", operands=(above, below)):
            return [make.divided(term, below) for term in _terms(above)]
        case Call(op="sum", operands=(inner,)):
            return [call("sum", (term,), tree.attributes, tree.shape) for term in _terms(inner)]
        case Call(op="mul" | "matmul" as op, operands=(left, right)):
            times = make.times if op == "mul" else make.matmul
            if len(terms := _terms(right)) > 1:
                return [times(left, term) for term in terms]
            if len(terms := _terms(left)) > 1:
                return [times(term, right) for term in terms]
        case _:
            pass
    return [tree]


def _other_derivatives(claim: Tree, sweep: Sweep) -> Iterator[_Candidate]:
    """Put the derivative of another activation, or one that is missing, or take one away.

    In the whole, or in a factor of it: in what is summed, or multiplied by a weight.
    """
    gradients = {found.name for found in sweep.gradients.values()}
    parts = [claim, *(part for part in calls(claim) if part.op == "mul")]
    parts += [part for part in leaves(claim) if part in gradients]
    for part in dict.fromkeys(parts):
        slopes = list(dict.fromkeys(_slopes(part.shape, sweep)))
        for new in _with_slopes(list(multiplied(part)), part.shape, slopes):
            change: dict[Tree, Tree] = {part: new}
            tree = rebuilt(claim, change.get)
            yield _Candidate(("derivative",), tree, tree)


def _with_slopes(
    factors: Sequence[Tree], shape: Shape, slopes: Sequence[tuple[Tree, ...]]
) -> Iterator[Tree]:
    """Yield a product without some of its factors, and with the derivative of an activation."""
    if len(factors) > MOST_FACTORS:
        return
    for count in range(min(MOST_LEFT_OUT, len(factors) - 1) + 1):
        for gone in combinations(range(len(factors)), count):
            kept = [factor for place, factor in enumerate(factors) if place not in gone]
            for slope in (*([()] if count else []), *slopes):
                parts = [*kept, *slope]
                shapes = [part.shape for part in parts if part.shape]
                if shapes and all(each == shape for each in shapes):
                    yield reduce(make.times, parts)


def _slopes(shape: Shape, sweep: Sweep) -> Iterator[tuple[Tree, ...]]:
    """Yield what elementwise steps multiply the gradient from above by, in a shape.

    An activation may have an equation of its own, or be the outer part of one: `tanh(X @ W)`.
    """
    for link in sweep.links:
        gradient = link.gradient
        if gradient is None or gradient.shape != shape:
            continue
        formula = link.derived.formula
        for part in calls(formula):
            factors = list(multiplied(part)) if part.op == "mul" else []
            slope = tuple(factor for factor in factors if factor is not gradient)
            is_function = part is formula or any(isinstance(each, Call) for each in slope)
            if gradient in factors and is_function:
                yield slope
