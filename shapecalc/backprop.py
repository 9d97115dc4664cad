"""The Jacobian of an equation by one of its operands, contracted with the upstream gradient.

All in index notation. The chain rule through the ops nested in one equation is a sum over the
labels in between; nothing is expanded across equations.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from shapecalc.conditions import Label
from shapecalc.dims import matrix_turned
from shapecalc.index import (
    ONCE,
    Factor,
    Labels,
    Sum,
    Term,
    contracted,
    fresh_labels,
    merged_powers,
    merged_terms,
    multiply,
    size_powers,
    tied,
)
from shapecalc.matrix.by_name import with_own_name
from shapecalc.matrix.factors import entry
from shapecalc.matrix.make import tidied
from shapecalc.ops.build import defined, expression_of, names_in_definition
from shapecalc.ops.constraints import constraints
from shapecalc.ops.registry import OPS, Op, spelled
from shapecalc.ops.terms import BoundFactor, BoundTerm
from shapecalc.tree import Call, Leaf, Number, Tree, calls, leaf, leaves, rebuilt, with_marker

Letters = Mapping[str, Label]
SumsToOne = Mapping[Tree, int]
"""Values whose entries add up to 1 along an axis: one-hot targets, probabilities, softmax."""


MOST_TERMS = 128
"""How many terms the Jacobian of one equation may have; softmax in softmax doubles them."""


class NoJacobian(Exception):
    """An op, by name, whose derivative is not known: that of `expm` has no derivative here."""


class JacobianTooLarge(Exception):
    """A Jacobian that would not stay small."""


class Jacobian(NamedTuple):
    """`∂output/∂wrt` as a sum of index terms, with the labels of the output's and wrt's axes."""

    output: Leaf
    wrt: Leaf
    output_labels: Labels
    wrt_labels: Labels
    terms: Sum

    @property
    def free(self) -> Labels:
        """Return all labels that are not summed."""
        return self.output_labels + self.wrt_labels


def jacobian(output: Leaf, equation: Tree, occurrence: int, *, is_named: bool = True) -> Jacobian:
    """Differentiate an equation by one occurrence of a name, counted over all names from 0.

    Where the output is a product, and `is_named`, it is put for its factors: `-N / s`, and not
    `-D / s²`. Raises JacobianTooLarge.
    """
    wrt = list(leaves(equation))[occurrence]
    marker = leaf("<wrt>", wrt.shape)
    marked = with_marker(equation, occurrence, marker)
    output_labels, wrt_labels = fresh_labels(output.shape), fresh_labels(wrt.shape)
    plain: dict[Tree, Tree] = {marker: wrt, marked: output, equation: output}
    rule = _Differentiation(plain, marker, wrt_labels)
    terms = list(islice(rule.terms(marked, output_labels), MOST_TERMS + 1))
    if len(terms) > MOST_TERMS:
        raise JacobianTooLarge
    found = merged_terms(
        (merged_powers(contracted(term)) for term in terms), output_labels + wrt_labels
    )
    if is_named:
        found = with_own_name(found, output, equation)
    return Jacobian(output, wrt, output_labels, wrt_labels, found)


class _Differentiation:
    """The chain rule through one equation, from its root down to the marked operand."""

    def __init__(self, plain: Mapping[Tree, Tree], marker: Leaf, wrt_labels: Labels) -> None:
        self.plain = plain
        self.marker = marker
        self.wrt_labels = wrt_labels
        self._marked: dict[Tree, bool] = {}

    def terms(self, tree: Tree, labels: Labels) -> Iterator[Term]:
        """Yield the derivative of a tree's entry at some labels by an entry of the operand."""
        if tree is self.marker:
            yield Term(ONCE, (), tied(labels, self.wrt_labels))
        elif isinstance(tree, Call) and self._is_marked(tree):
            op = OPS[tree.op]
            if op.jacobian is not None or op.derivative is not None:
                yield from self._stated(op, tree, labels)
            elif op.formula is not None:
                yield from self._by_product_rule(op, tree, labels)
            elif op.primitive:
                raise NoJacobian(op.name)
            else:
                yield from self.terms(defined(op, tree.operands, tree.attributes), labels)

    def _is_marked(self, tree: Tree) -> bool:
        if tree is self.marker:
            return True
        if not isinstance(tree, Call):
            return False
        if tree not in self._marked:
            self._marked[tree] = any(self._is_marked(operand) for operand in tree.operands)
        return self._marked[tree]

    def _plain(self, tree: Tree) -> Tree:
        """Return a tree without the marker, the equation's whole right side by its name."""
        return rebuilt(tree, self.plain.get)

    def _by_product_rule(self, op: Op, tree: Call, labels: Labels) -> Iterator[Term]:
        bound = op.bound(tuple(each.shape for each in tree.operands), tree.attributes)
        for pattern in op.terms(tree):
            for place, factor in enumerate(pattern.factors):
                assert factor.operand is not None
                operand = tree.operands[factor.operand]
                if not self._is_marked(operand):
                    continue
                letters = _letters(bound.output, labels, pattern, bound.dims)
                others = [f for other, f in enumerate(pattern.factors) if other != place]
                outside = self._outside(tree, pattern, letters, labels, others)
                if factor.power != 1:
                    base = entry(
                        self._plain(operand), _at(factor.letters, letters), factor.power - 1
                    )
                    outside = multiply(outside, base)
                    outside = outside._replace(coefficient=outside.coefficient * factor.power)
                for inside in self.terms(operand, _at(factor.letters, letters)):
                    yield multiply(outside, inside)

    def _outside(
        self,
        tree: Call,
        pattern: BoundTerm,
        letters: Letters,
        labels: Labels,
        factors: list[BoundFactor],
    ) -> Term:
        """Return a term of the formula without the factor that is differentiated."""
        term = Term(pattern.coefficient, (), (), _summed(letters, labels))
        term = multiply(term, constraints(pattern, letters))
        for factor in factors:
            operand = self._plain(tree.operands[factor.operand or 0])
            term = multiply(term, entry(operand, _at(factor.letters, letters), factor.power))
        return multiply(term, _over_sizes(pattern, tree)) if pattern.sizes else term

    def _stated(self, op: Op, tree: Call, labels: Labels) -> Iterator[Term]:
        for name, operand in zip(op.operands, tree.operands, strict=True):
            if self._is_marked(operand):
                patterns = op.jacobian_terms(tree, name)
                if patterns is not None:
                    yield from self._stated_jacobian(op, tree, labels, patterns, operand)
                elif name in (op.derivative or ()):
                    yield from self._stated_derivative(op, tree, labels, name, operand)
                else:
                    yield from self.terms(defined(op, tree.operands, tree.attributes), labels)

    def _stated_jacobian(
        self,
        op: Op,
        tree: Call,
        labels: Labels,
        patterns: tuple[BoundTerm, ...],
        operand: Tree,
    ) -> Iterator[Term]:
        bound = op.bound(tuple(each.shape for each in tree.operands), tree.attributes)
        own = bound.operands[op.operands.index(_name_of(op, tree, operand))]
        for pattern in patterns:
            letters = _letters(bound.output, labels, pattern, bound.dims)
            moved = {letter: "p" + letter[1:] for letter in own if letter and letter[0] == op.axis}
            letters = {**letters, **_new(moved, letters, bound.dims)}
            child = _at(
                tuple(moved.get(letter, letter) if letter else None for letter in own), letters
            )
            outside = Term(pattern.coefficient, (), (), _summed(letters, labels))
            outside = multiply(outside, constraints(pattern, letters))
            outside = multiply(outside, _over_sizes(pattern, tree))
            for factor in pattern.factors:
                value = self._plain(self._expression(op, tree, factor.text))
                at = _aligned(value, _at(factor.letters, letters))
                outside = multiply(outside, entry(value, at, factor.power))
            for inside in self.terms(operand, child):
                yield multiply(outside, inside)

    def _expression(self, op: Op, tree: Call, text: str) -> Tree:
        """Build an expression of the op's operands, attributes and result Y."""
        operands = tuple(map(self._plain, tree.operands))
        names = names_in_definition(op, operands, tree.attributes)
        return tidied(expression_of(text, {**names, "Y": self._plain(tree)}))

    def _stated_derivative(
        self, op: Op, tree: Call, labels: Labels, name: str, operand: Tree
    ) -> Iterator[Term]:
        assert op.derivative is not None
        shapes = tuple(each.shape for each in tree.operands)
        text = spelled(op.derivative[name], shapes, dict(tree.attributes))
        slope = min((self._expression(op, tree, way) for way in text.split(" | ")), key=_length)
        if isinstance(slope, Number) and not slope.value:
            return
        outside = entry(slope, _aligned(slope, labels))
        for inside in self.terms(operand, _aligned(operand, labels)):
            yield multiply(outside, inside)


def _length(tree: Tree) -> int:
    """Count the names and ops of a formula."""
    return sum(1 for _ in leaves(tree)) + sum(1 for _ in calls(tree))


def _name_of(op: Op, tree: Call, operand: Tree) -> str:
    return op.operands[tree.operands.index(operand)]


def _aligned(tree: Tree, labels: Labels) -> Labels:
    """Return the labels of a value that broadcasts to `labels`."""
    aligned = labels[len(labels) - len(tree.shape) :]
    return tuple(
        None if dim.is_one else label for dim, label in zip(tree.shape, aligned, strict=True)
    )


def _letters(
    output: tuple[str | None, ...], labels: Labels, pattern: BoundTerm, dims: Mapping[str, object]
) -> dict[str, Label]:
    """Give a label to each letter of a term: the output's own, and new ones to those summed."""
    found = {
        letter: label
        for letter, label in zip(output, labels, strict=True)
        if letter is not None and label is not None
    }
    inner = {letter: letter for letter in pattern.letters if letter in dims}
    return {**found, **_new(inner, found, dims)}


def _new(
    letters: Mapping[str, str], known: Letters, dims: Mapping[str, object]
) -> dict[str, Label]:
    """Make labels for letters that have none yet, over the dim of the letter of origin."""
    made: dict[str, Label] = {}
    for origin, letter in letters.items():
        if letter not in known and letter not in made:
            made[letter] = Label(dims[origin])  # type: ignore[arg-type]  # dims hold Dim
    return made


def _summed(letters: Letters, labels: Labels) -> tuple[Label, ...]:
    return tuple(label for label in letters.values() if label not in labels)


def _at(letters: tuple[str | None, ...], labels: Letters) -> Labels:
    return tuple(None if letter is None else labels[letter] for letter in letters)


def _over_sizes(pattern: BoundTerm, tree: Call) -> Term:
    op = OPS[tree.op]
    dims = op.bound(tuple(each.shape for each in tree.operands), tree.attributes).dims
    term = Term(ONCE, ())
    for letter in pattern.sizes:
        for size, power in size_powers(dims[letter]):
            term = multiply(term, entry(size, (), -power))
    return term


def contribution(
    jacobian: Jacobian, upstream: Tree | None, sums_to_one: SumsToOne, *, transposed: bool
) -> Sum:
    """Contract the upstream gradient with a Jacobian: what one step adds to the gradient of wrt.

    `upstream` is None where the output is the loss itself. With `transposed` (numerator layout) the
    upstream's last two axes are swapped. Source: dX[p] = Σ_i dY[i] ∂Y[i]/∂X[p].
    """
    summed = tuple(label for label in jacobian.output_labels if label is not None)
    front = Term(ONCE, (), (), summed)
    if upstream is not None:
        labels = jacobian.output_labels
        factor = Factor(upstream, matrix_turned(labels) if transposed else labels)
        front = front._replace(factors=(factor,))
    terms = (multiply(front, term) for term in jacobian.terms)
    return simplified((contracted(term) for term in terms), jacobian.wrt_labels, sums_to_one)


def simplified(terms: Iterator[Term], free: Labels, sums_to_one: SumsToOne) -> Sum:
    """Merge powers and equal terms, and use what is known to sum to 1."""
    reduced = (merged_powers(_ones_summed(merged_powers(t), sums_to_one)) for t in terms)
    return merged_terms(reduced, free)


def _is_held(label: Label, term: Term) -> bool:
    """Say whether a delta or a mask has a label."""
    return any(label in each for each in term.deltas) or any(
        label in each.labels for each in term.conditions
    )


def unit_axis(tree: Tree) -> int | None:
    """Return the axis along which an op makes its result sum to 1, as one-hot rows do."""
    if not isinstance(tree, Call) or (letter := OPS[tree.op].unit_sum) is None:
        return None
    shapes = tuple(each.shape for each in tree.operands)
    output = OPS[tree.op].bound(shapes, tree.attributes).output
    return output.index(letter) if letter in output else None


def _ones_summed(term: Term, sums_to_one: SumsToOne) -> Term:
    """Put 1 for a sum of entries that add up to 1."""
    for factor in term.factors:
        axis = sums_to_one.get(factor.tree, unit_axis(factor.tree))
        if axis is None or factor.power != 1:
            continue
        label = factor.labels[axis]
        others = any(label in f.labels for f in term.factors if f is not factor)
        if label in term.summed and not others and not _is_held(label, term):
            factors = tuple(f for f in term.factors if f is not factor)
            summed = tuple(each for each in term.summed if each is not label)
            return _ones_summed(term._replace(factors=factors, summed=summed), sums_to_one)
    return term
