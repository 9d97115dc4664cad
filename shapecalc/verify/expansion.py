"""Trees multiplied out into index terms: the canonical form in which formulas are compared.

Goes the way of reading backwards, by the ops' formulas; what is no polynomial stays whole.
"""

from collections.abc import Iterable
from fractions import Fraction

from shapecalc import maps
from shapecalc.conditions import Label
from shapecalc.dims import matrix_turned
from shapecalc.index import (
    ONCE,
    Factor,
    Labels,
    Term,
    canonical,
    contracted,
    multiply,
    size_powers,
)
from shapecalc.matrix import make
from shapecalc.matrix.factors import entry, raised
from shapecalc.matrix.printing import text
from shapecalc.ops.build import expression_of
from shapecalc.ops.constraints import constraints
from shapecalc.ops.registry import OPS
from shapecalc.ops.terms import BoundTerm
from shapecalc.tree import Call, Leaf, Number, Tree

MOST_TERMS = 300


class Undecided(Exception):
    """What algebra cannot tell; another check has to decide."""


class TooManyTerms(Undecided):
    """A product of sums that would not stay small."""


class WrittenOtherwise(Undecided):
    """Two sums look different, and so do their factors that are no polynomials."""


class ConditionsLeft(Undecided):
    """Two sums look different, and conditions on their labels are left: they may be equal."""


def same(left: Iterable[Term], right: Iterable[Term], free: Labels) -> bool:
    """Say whether two sums are one polynomial. Raises Undecided."""
    one, other = (expanded_terms(each) for each in (left, right))
    if canonical(one, free) == canonical(other, free):
        return True
    if any(contracted(term, fully=True).conditions for term in (*one, *other)):
        raise ConditionsLeft
    if any(maps.has_identities(f.tree) for term in (*one, *other) for f in term.factors):
        raise Undecided
    whole = _kept_whole(one), _kept_whole(other)
    if whole[0] - whole[1] and whole[1] - whole[0]:
        raise WrittenOtherwise
    return False


def _kept_whole(terms: Iterable[Term]) -> set[tuple[Tree, Fraction]]:
    """Return what is raised to a power and not multiplied out."""
    factors = (factor for term in terms for factor in term.factors)
    return {(tree, power) for tree, _, power in factors if isinstance(tree, Call) and power != 1}


def expanded_terms(terms: Iterable[Term]) -> list[Term]:
    """Multiply out every factor that is a sum."""
    done: list[Term] = []
    for term in terms:
        if all(isinstance(tree, Leaf) and power == 1 for tree, _, power in term.factors):
            done.append(term)
            continue
        products = [term._replace(factors=())]
        for factor in term.factors:
            products = _times(products, expanded(factor.tree, factor.labels, factor.power))
        done += products
    return done


def expanded(tree: Tree, labels: Labels, power: Fraction = ONCE) -> list[Term]:
    """Write an entry of a tree, to a power, as a sum of products."""
    if isinstance(tree, Leaf) and (power is ONCE or power == 1):
        return [Term(ONCE, (Factor(tree, labels),))]
    if (inside := make.squared_root(tree, power)) is not None:
        return expanded(inside, labels, power / 2)
    if power is not ONCE and power != 1:
        return _to_power(tree, labels, power)
    match tree:
        case Number(value=value):
            return [Term(value, ())] if value else []
        case Call(op="pow", operands=(base, Number(value=exponent))):
            return expanded(base, labels, exponent)
        case Call(op="where"):
            return _choice(tree, labels)
        case Call(op="le" | "lt" | "ne"):
            opposite = Factor(make.opposite(tree), labels)
            return [Term(ONCE, ()), Term(Fraction(-1), (opposite,))]
        case Call() if OPS[tree.op].formula is not None:
            return _by_formula(tree, labels)
        case Call() if OPS[tree.op].linear is not None:
            return _by_jacobian(tree, labels)
        case Call() if OPS[tree.op].applied_by is not None:
            return [Term(Fraction(1), (maps.in_one_way(tree, labels),))]
        case _:
            return [Term(ONCE, (Factor(tree, labels),))]


def _to_power(tree: Tree, labels: Labels, power: Fraction) -> list[Term]:
    if power.denominator != 1 or not 1 < power <= 4:
        return _inverted(tree, labels, power)
    products = expanded(tree, labels)
    for _ in range(int(power) - 1):
        products = _times(products, expanded(tree, labels))
    return products


def _choice(tree: Call, labels: Labels) -> list[Term]:
    """Write where(C, A, B) as M·A + B - M·B, M being 1 where C holds and 0 elsewhere."""
    mask, chosen, otherwise = tree.operands
    indicator = make.where(mask, make.UNITY, make.ZERO)
    one = [Term(ONCE, (Factor(indicator, _aligned(indicator, labels)),))]
    both = (
        expanded(chosen, _aligned(chosen, labels)),
        expanded(otherwise, _aligned(otherwise, labels)),
    )
    less = [term._replace(coefficient=-term.coefficient) for term in _times(one, both[1])]
    return _times(one, both[0]) + both[1] + less


def _aligned(tree: Tree, labels: Labels) -> Labels:
    """Return the labels of an operand that broadcasts to `labels`."""
    own = labels[len(labels) - len(tree.shape) :]
    return tuple(None if dim.is_one else i for dim, i in zip(tree.shape, own, strict=True))


def _inverted(tree: Tree, labels: Labels, power: Fraction) -> list[Term]:
    """Raise to a power that is not multiplied out: a product factor by factor, a sum as a whole."""
    if (taken := _taken(tree, labels)) is not None:
        return expanded(taken.tree, taken.labels, taken.power * power)
    product = entry(tree, labels, power)
    if product.factors == (Factor(tree, labels, power),):
        return _single(tree, labels, power)
    products = [product._replace(factors=())]
    for factor in product.factors:
        products = _times(products, expanded(factor.tree, factor.labels, factor.power))
    return products


def _taken(tree: Tree, labels: Labels) -> Factor | None:
    """Return the entry of the operand that an op takes as it stands, as `squeeze` does."""
    if not isinstance(tree, Call) or (op := OPS[tree.op]).formula is None:
        return None
    patterns = op.terms(tree)
    if len(patterns) != 1 or len(patterns[0].factors) != 1 or patterns[0].coefficient != 1:
        return None
    (pattern,) = patterns
    (factor,) = pattern.factors
    if pattern.deltas or pattern.conditions or pattern.sizes:
        return None
    bound = op.bound(tuple(each.shape for each in tree.operands), tree.attributes)
    letters = dict(zip(bound.output, labels, strict=True))
    if any(letter is not None and letter not in letters for letter in factor.letters):
        return None
    own = tuple(letters[i] if i else None for i in factor.letters)
    return Factor(tree.operands[factor.operand or 0], own, Fraction(factor.power))


def _single(tree: Tree, labels: Labels, power: Fraction) -> list[Term]:
    inside = expanded(tree, labels)
    term = inside[0] if len(inside) == 1 else None
    held = term is not None and (term.summed or term.deltas or term.conditions)
    number = None if term is None or held else raised(term.coefficient, power)
    if term is not None and number is not None:
        factors = tuple(f._replace(power=f.power * power) for f in term.factors)
        return [Term(number, factors)]
    return [Term(ONCE, (_in_one_way(Factor(tree, labels, power)),))]


def _in_one_way(factor: Factor) -> Factor:
    """Choose one of the ways to write a factor that is kept whole: a sum, a product, turned."""
    tree, labels, power = _without_kept_axes(factor)
    if len(tree.shape) < 2:
        return Factor(tree, labels, power)
    turned = make.transposed(tree)
    plain = make.transposed(turned)  # two transposes in a row are gone
    if turned is plain and labels[-2] is not labels[-1]:
        raise Undecided  # its own transpose: two orders of its indices are the same thing
    if text(turned) < text(plain):
        return Factor(turned, matrix_turned(labels), power)
    return Factor(plain, labels, power)


def _without_kept_axes(factor: Factor) -> Factor:
    """Write a sum that is a factor as a whole in one way, whether it keeps its unit axes or not."""
    tree, labels, power = factor
    if not (isinstance(tree, Call) and tree.op == "sum"):
        return factor
    (operand,) = tree.operands
    axis = tree.attribute("axis")
    if axis is None:
        axis = tuple(range(len(operand.shape)))
    named = axis if isinstance(axis, tuple) else (axis,)
    summed = {each for each in named if isinstance(each, int)}
    ones = {place for place, dim in enumerate(operand.shape) if dim.is_one}
    plain = make.summed(operand, tuple(sorted(summed | ones)), keepdims=False)
    return Factor(plain, tuple(label for label in labels if label is not None), power)


def _by_formula(tree: Call, labels: Labels) -> list[Term]:
    op = OPS[tree.op]
    bound = op.bound(tuple(each.shape for each in tree.operands), tree.attributes)
    given = {
        letter: label
        for letter, label in zip(bound.output, labels, strict=True)
        if letter is not None and label is not None
    }
    done: list[Term] = []
    for pattern in op.terms(tree):
        letters = dict(given)
        for letter in pattern.letters:
            if letter not in letters:
                letters[letter] = Label(bound.dims[letter])
        summed = tuple(letters.values())[len(given) :]
        products = [Term(pattern.coefficient, (), (), summed)]
        if pattern.deltas or pattern.conditions:
            products = [multiply(products[0], constraints(pattern, letters))]
        if pattern.sizes:
            products = _times(products, _sizes(pattern, tree))
        for factor in pattern.factors:
            own = tuple([letters[i] if i else None for i in factor.letters])
            operand = tree.operands[factor.operand or 0]
            products = _times(products, expanded(operand, own, factor.power))
        done += [term for term in products if term.coefficient]
    return done


def _by_jacobian(tree: Call, labels: Labels) -> list[Term]:
    """Write an op that is linear in an operand as its Jacobian times that operand."""
    op = OPS[tree.op]
    assert op.linear is not None
    place = op.operands.index(op.linear)
    bound = op.bound(tuple(each.shape for each in tree.operands), tree.attributes)
    output = dict(zip(bound.output, labels, strict=True))
    names = dict(zip(op.operands, tree.operands, strict=True))
    done: list[Term] = []
    for pattern in op.jacobian_terms(tree, op.linear) or ():
        letters = [*pattern.letters, *bound.operands[place]]
        inner = dict.fromkeys(x for x in letters if x is not None and x not in output)
        summed = {letter: Label(bound.dims[letter]) for letter in inner}
        known: dict[str | None, Label | None] = {None: None}
        known.update(output)
        known.update(summed)
        products = [Term(pattern.coefficient, (), (), tuple(summed.values()))]
        for factor in pattern.factors:
            value = expression_of(factor.text, dict(names))
            own = tuple(known[letter] for letter in factor.letters)
            products = _times(products, expanded(value, own, factor.power))
        own = tuple(known[letter] for letter in bound.operands[place])
        done += _times(products, expanded(tree.operands[place], own))
    return done


def _sizes(pattern: BoundTerm, tree: Call) -> list[Term]:
    op = OPS[tree.op]
    dims = op.bound(tuple(each.shape for each in tree.operands), tree.attributes).dims
    products = [Term(ONCE, ())]
    for letter in pattern.sizes:
        for size, power in size_powers(dims[letter]):
            products = _times(products, expanded(size, (), -power))
    return products


def _times(left: list[Term], right: list[Term]) -> list[Term]:
    if len(left) * len(right) > MOST_TERMS:
        raise TooManyTerms
    return [multiply(a, b) for a in left for b in right]
