"""The registry of ops: one decorated function states an op's shape, meaning and documentation.

From an entry follow its shape rule, its Jacobian, its evaluation, its manual page and its tests.
The body is the op in NumPy, and so an oracle that knows nothing of the algebra.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from shapecalc.dims import Shape
from shapecalc.ops.binding import Bound, Letters, ShapeMismatch, bind, fits_rank, resolved
from shapecalc.ops.notation import (
    FactorPattern,
    NotationError,
    Signature,
    TermPattern,
    read_formula,
    read_signatures,
)
from shapecalc.tree import Attribute, Attributes, Call, Tree, call

Body = Callable[..., Any]
Notation = str | Callable[[tuple[Shape, ...], Mapping[str, Attribute]], str]
"""Text, or what makes it from the operands' shapes and the attributes (einsum)."""


class BoundFactor(NamedTuple):
    """A factor of a formula at concrete operands: which one (None: an expression), its letters."""

    operand: int | None
    text: str
    letters: Letters
    power: Fraction


class BoundTerm(NamedTuple):
    """One term of a formula at concrete operands; `sizes` are letters whose size divides it."""

    coefficient: Fraction
    factors: tuple[BoundFactor, ...]
    deltas: tuple[tuple[str, str], ...]
    sizes: tuple[str, ...]


class Op:
    """One entry. Exactly one of `formula`, `definition`, `primitive` says what the op computes.

    formula: a polynomial in index notation; the Jacobian follows by the product rule.
    definition: an expression of other ops, `{attribute}` filled in, from which the shape follows
    where none is stated; `jacobian` or `derivative` may
    state a nicer Jacobian than the one that follows from it, and is checked against it.
    primitive: one of the few functions that every arithmetic knows by itself.
    jacobian: by operand, in index notation.
    derivative: by operand, elementwise, as an expression of the operands and of the result Y; "0"
    where the op is piecewise constant.
    axis: the letter that stands for the axes that the attribute `axis` names.
    sums_to_one: operands that must sum to 1 along `axis` (the targets of a cross-entropy).
    takes_logits: the activation that the op applies to its first operand by itself.
    idempotent: of two equal operands, the result is that operand (a tie in every entry).
    """

    def __init__(
        self,
        body: Body,
        shape: Notation | None,
        *,
        formula: Notation | None = None,
        definition: str | None = None,
        jacobian: Mapping[str, str] | None = None,
        derivative: Mapping[str, str] | None = None,
        axis: str | None = None,
        primitive: bool = False,
        numpy: str | None = None,
        sums_to_one: tuple[str, ...] = (),
        at_kink: str | None = None,
        takes_logits: str | None = None,
        idempotent: bool = False,
    ) -> None:
        self.body = body
        self.name = body.__name__.rstrip("_")
        code = body.__code__
        self.operands = code.co_varnames[: code.co_argcount]
        keywords = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]
        defaults = body.__kwdefaults__ or {}
        self.attributes = {name: defaults.get(name, REQUIRED) for name in keywords}
        self.shape = shape
        self.formula = formula
        self.definition = definition
        self.jacobian = jacobian
        self.derivative = derivative
        self.axis = axis
        self.primitive = primitive
        self.numpy = numpy
        self.sums_to_one = sums_to_one
        self.at_kink = at_kink
        self.takes_logits = takes_logits
        self.idempotent = idempotent
        self._bounds: dict[object, Bound] = {}
        self._terms: dict[object, tuple[BoundTerm, ...]] = {}
        self._validate()

    def _validate(self) -> None:
        if (self.formula is not None) + (self.definition is not None) + self.primitive != 1:
            raise NotationError(
                f"{self.name}: state one of formula=, definition= and primitive=True"
            )
        for operand in {**(self.jacobian or {}), **(self.derivative or {})}:
            if operand not in self.operands:
                raise NotationError(f"{self.name}: {operand!r} is no operand of it")
        try:
            self._validate_notation()
        except NotationError as error:
            raise NotationError(f"{self.name}: {error}") from None

    def _validate_notation(self) -> None:
        """Read everything that is stated as text."""
        for text in (self.jacobian or {}).values():
            read_formula(text)
        if not isinstance(self.shape, str):
            return
        signatures = self._signatures
        if isinstance(self.formula, str):
            formulas = self.formula.split(" | ")
            if len(formulas) not in (1, len(signatures)):
                raise NotationError(f"{len(formulas)} formulas for {len(signatures)} shapes")
            for formula, signature in zip(formulas, signatures, strict=False):
                self._validate_formula(formula, signature)

    def _validate_formula(self, formula: str, signature: Signature) -> None:
        letters = {letter for pattern in signature.operands for letter in pattern.letters}
        for term in read_formula(formula):
            for factor in term.factors:
                if factor.text not in self.operands:
                    raise NotationError(f"{factor.text!r} in {formula!r} is no operand of it")
                if unknown := [letter for letter in factor.letters if letter not in letters]:
                    raise NotationError(
                        f"the letter {unknown[0]!r} in {formula!r} is in no operand"
                    )

    @property
    def documentation(self) -> str:
        """Return the op's docstring."""
        return self.body.__doc__ or ""

    @cached_property
    def _signatures(self) -> tuple[Signature, ...]:
        assert isinstance(self.shape, str)
        signatures = read_signatures(self.shape)
        for signature in signatures:
            if tuple(pattern.name for pattern in signature.operands) != self.operands:
                raise NotationError(f"operands of {self.shape!r} are not {self.operands}")
        return signatures

    def bound(self, shapes: tuple[Shape, ...], attributes: Attributes) -> Bound:
        """Bind the op to operands of these shapes. Raises ShapeMismatch."""
        key = (shapes, attributes)
        if key not in self._bounds:
            self._bounds[key] = self._bind(shapes, dict(attributes))
        return self._bounds[key]

    def _bind(self, shapes: tuple[Shape, ...], attributes: dict[str, Attribute]) -> Bound:
        _, signature = self._chosen(shapes, attributes)
        axes = axes_of(attributes, shapes[0]) if self.axis else None
        target = attributes.get("shape")
        return bind(
            signature,
            shapes,
            axes,
            target if isinstance(target, tuple) else None,  # type: ignore[arg-type]  # a Shape
            keepdims=bool(attributes.get("keepdims")),
        )

    def _chosen(
        self, shapes: tuple[Shape, ...], attributes: dict[str, Attribute]
    ) -> tuple[int, Signature]:
        if callable(self.shape):
            return 0, read_signatures(self.shape(shapes, attributes))[0]
        for place, signature in enumerate(self._signatures):
            if fits_rank(signature, shapes):
                return place, signature
        if any(len(shape) > 2 for shape in shapes):
            fact = f"`{self.name}` of more than 2 axes is not supported in this version"
            raise ShapeMismatch("SC212", fact, help="write it with `einsum`")
        given = " and ".join(f"{len(shape)}-D" for shape in shapes)
        patterns = [signature.operands for signature in self._signatures]
        taken = [" and ".join(f"{len(each.letters)}-D" for each in found) for found in patterns]
        fact = f"`{self.name}` takes {', or '.join(taken)} operands, not {given}"
        raise ShapeMismatch("SC303", fact, help="give each operand as many axes as that")

    def terms(self, tree: Call) -> tuple[BoundTerm, ...]:
        """Return the op's formula at the operands of a tree."""
        shapes = tuple(operand.shape for operand in tree.operands)
        key = (shapes, tree.attributes)
        if key not in self._terms:
            self._terms[key] = self._terms_at(shapes, tree)
        return self._terms[key]

    def _terms_at(self, shapes: tuple[Shape, ...], tree: Call) -> tuple[BoundTerm, ...]:
        bound = self.bound(shapes, tree.attributes)
        place, _ = self._chosen(shapes, dict(tree.attributes))
        assert self.formula is not None
        if callable(self.formula):
            text = self.formula(shapes, dict(tree.attributes))
        else:
            alternatives = self.formula.split(" | ")
            text = alternatives[place] if len(alternatives) > 1 else alternatives[0]
        return tuple(self._bound_term(bound, term) for term in read_formula(text))

    def jacobian_terms(self, tree: Call, operand: str) -> tuple[BoundTerm, ...] | None:
        """Return the Jacobian that the op states by an operand; None where it states none."""
        if self.jacobian is None or operand not in self.jacobian:
            return None
        shapes = tuple(each.shape for each in tree.operands)
        bound = self.bound(shapes, tree.attributes)
        return tuple(self._bound_term(bound, term) for term in read_formula(self.jacobian[operand]))

    def _bound_term(self, bound: Bound, term: TermPattern) -> BoundTerm:
        factors = tuple(self._bound_factor(bound, factor) for factor in term.factors)
        sizes = tuple(
            letter for size in term.sizes for letter in bound.dims if _is_of(letter, size)
        )
        deltas = tuple(
            (own, right + own.removeprefix(left))
            for left, right in term.deltas
            for own in bound.dims
            if _is_of(own, left) and not bound.dims[own].is_one
        )
        return BoundTerm(term.coefficient, factors, deltas, sizes)

    def _bound_factor(self, bound: Bound, factor: FactorPattern) -> BoundFactor:
        if factor.text in self.operands:
            place = self.operands.index(factor.text)
            owner, axes = bound.signature.operands[place], bound.operands[place]
        else:
            place, owner, axes = None, bound.signature.output, bound.output
        letters = resolved(bound, owner, axes, factor.letters)
        return BoundFactor(place, factor.text, letters, factor.power)


def _is_of(letter: str, family: str) -> bool:
    return letter == family or (letter.startswith(family) and letter.removeprefix(family).isdigit())


REQUIRED = object()
"""Stands for the default of an attribute that has none."""

OPS: dict[str, Op] = {}


def op(shape: Notation | None = None, **meaning: Any) -> Callable[[Body], Body]:
    """Register a function as an op; see Op for what to state. Fails at import, naming the op."""

    def register(body: Body) -> Body:
        made = Op(body, shape, **meaning)
        if made.name in OPS:
            raise NotationError(f"{made.name}: registered twice")
        OPS[made.name] = made
        return body

    return register


def axes_of(attributes: Mapping[str, Attribute], shape: Shape) -> tuple[int, ...]:
    """Return the positions that the attribute `axis` names; None stands for all of them."""
    axis = attributes.get("axis")
    if axis is None:
        return tuple(range(len(shape)))
    places = axis if isinstance(axis, tuple) else (axis,)
    return tuple(place for place in places if isinstance(place, int))


def apply(name: str, *operands: Tree, **attributes: Attribute) -> Call:
    """Return the tree of an op applied to operands. Raises ShapeMismatch."""
    entry = OPS[name]
    given = tuple((key, attributes.get(key, default)) for key, default in entry.attributes.items())
    return applied(entry, operands, given)


def applied(entry: Op, operands: tuple[Tree, ...], attributes: Attributes) -> Call:
    """Return the tree of an op with all its attributes given, in the op's order."""
    shapes = tuple(operand.shape for operand in operands)
    return call(entry.name, operands, attributes, entry.bound(shapes, attributes).shape)
