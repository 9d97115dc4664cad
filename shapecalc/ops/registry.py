"""The registry of ops: one decorated function states an op's shape, meaning and documentation.

From an entry follow its shape rule, its Jacobian, its evaluation, its manual page and its tests.
The body is the op in NumPy, and so an oracle that knows nothing of the algebra.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from shapecalc.dims import ONE, Dim, Shape
from shapecalc.ops.binding import Bound, ShapeMismatch, bind, fits_rank
from shapecalc.ops.notation import (
    NotationError,
    Pattern,
    Signature,
    read_formula,
    read_signatures,
)
from shapecalc.ops.terms import BoundTerm, bound_term
from shapecalc.tree import Attribute, Attributes, Call, Tree, call

Body = Callable[..., Any]
Spelling = Callable[[tuple[Shape, ...], Mapping[str, Attribute]], str | None]
_CO_VARARGS = 0x04  # inspect's name for it; the module takes milliseconds to load


class Written(NamedTuple):
    """A signature, and the dims of what no operand has: new letters, and sizes `|s|` by name."""

    text: str
    dims: Mapping[str, Dim]


Notation = str | Callable[[tuple[Shape, ...], Mapping[str, Attribute]], str | Written]
"""Text, or what makes it from the operands' shapes and the attributes (einsum, reshape)."""


def spelled(
    notation: Notation, shapes: tuple[Shape, ...], attributes: Mapping[str, Attribute]
) -> str:
    """Return the text of a notation at concrete operands."""
    return str(notation(shapes, attributes)) if callable(notation) else notation


class Op:
    """One entry. Exactly one of `formula`, `definition`, `primitive` says what the op computes.

    formula: a polynomial in index notation; the Jacobian follows by the product rule.
    definition: an expression of other ops, `{attribute}` filled in, from which the shape follows
    where none is stated; `jacobian` or `derivative` may
    state a nicer Jacobian than the one that follows from it, and is checked against it. Where the
    op has an axis letter, `size` is the number of entries along it, and `axes` those of `axis`.
    primitive: one of the few functions that every arithmetic knows by itself.
    jacobian: by operand, in index notation.
    derivative: by operand, elementwise, as an expression of the operands and of the result Y; "0"
    where the op is piecewise constant; of ways with `|` between them, the shortest is taken.
    axis: the letter that stands for the axes that the attribute `axis` names.
    at_kink: what the derivative is taken to be where there is none, `{X}` for the operand; text, or
    what makes it.
    A default of an operand is the number that stands for it where it is not given.
    sums_to_one: operands that must sum to 1 along `axis` (the targets of a cross-entropy).
    takes_logits: the activation that the op applies to its first operand by itself.
    idempotent: of two equal operands, the result is that operand (a tie in every entry).
    positional: how many attributes may be given by position, as the libraries agree on them.
    spelling: what else says the same at operands of these shapes, None where nothing does; that
    alone is in trees, so that one meaning has one formula however it is written (swapaxes).
    nonsingular: operands that must have an inverse.
    linear: the operand in which the op is linear: its Jacobian times that operand is the result.
    applied_by: of a Jacobian with four axes, the op that multiplies a matrix by it (see `maps`).
    of_identity: what it makes of the identity.
    has_identities: its results obey laws that algebra does not know: it never tells them apart.
    numpy, torch, jax: its name there, or `f({0}, {axis})`, or what makes either; JAX has NumPy's
    names unless stated. Without, its definition is written out.
    adds_axis: the attribute `axis` counts the axes of the result, which has one more.
    numbers: operands with how many of their last axes keep a size that is written as a number.
    indices: operands whose entries are whole numbers, each with the letter of the axis in which
    they name places.
    sizes: letters that the definition uses as numbers, besides those of `indices`.
    unit_sum: the letter of an axis along which the result sums to 1.
    notes: what else to say of the gradient by an operand, names in braces, the result's as `{Y}`.

    A body with `*operands` takes any number of them.
    """

    def __init__(
        self,
        body: Body,
        shape: Notation | None,
        *,
        formula: Notation | None = None,
        definition: Notation | None = None,
        jacobian: Mapping[str, Notation] | None = None,
        derivative: Mapping[str, Notation] | None = None,
        axis: str | None = None,
        primitive: bool = False,
        numpy: str | None = None,
        torch: str | Spelling | None = None,
        jax: str | Spelling | None = None,
        sums_to_one: tuple[str, ...] = (),
        at_kink: str | Spelling | None = None,
        takes_logits: str | None = None,
        idempotent: bool = False,
        positional: int | None = None,
        spelling: Spelling | None = None,
        adds_axis: bool = False,
        numbers: tuple[tuple[int, int], ...] = (),
        nonsingular: tuple[str, ...] = (),
        indices: Mapping[str, str] | None = None,
        unit_sum: str | None = None,
        notes: Mapping[str, str] | None = None,
        sizes: tuple[str, ...] = (),
        linear: str | None = None,
        applied_by: str | None = None,
        of_identity: str | None = None,
        has_identities: bool = False,
    ) -> None:
        self.body = body
        self.name = body.__name__.rstrip("_")
        code = body.__code__
        self.operands = code.co_varnames[: code.co_argcount]
        self.is_variadic = bool(code.co_flags & _CO_VARARGS)
        keywords = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]
        defaults = body.__kwdefaults__ or {}
        self.attributes = {name: defaults.get(name, REQUIRED) for name in keywords}
        given = body.__defaults__ or ()
        self.operand_defaults = dict(zip(reversed(self.operands), reversed(given), strict=False))
        self.shape = shape
        self.formula = formula
        self.definition = definition
        self.jacobian = jacobian
        self.derivative = derivative
        self.axis = axis
        self.primitive = primitive
        self.numpy = numpy
        self.torch = torch
        self.jax = jax or (numpy and f"j{numpy}")
        self.sums_to_one = sums_to_one
        self.at_kink = at_kink
        self.takes_logits = takes_logits
        self.idempotent = idempotent
        self.positional = len(self.attributes) if positional is None else positional
        self.spelling = spelling
        self.adds_axis = adds_axis
        self.numbers = numbers
        self.nonsingular = nonsingular
        self.indices = dict(indices or {})
        self.unit_sum = unit_sum
        self.notes = dict(notes or {})
        self.sizes = (*self.indices.values(), *sizes)
        self.linear = linear
        self.applied_by = applied_by
        self.of_identity = of_identity
        self.has_identities = has_identities
        self._bounds: dict[object, Bound] = {}
        self._terms: dict[object, tuple[BoundTerm, ...]] = {}
        self._validate()

    def _validate(self) -> None:
        if (self.formula is not None) + (self.definition is not None) + self.primitive != 1:
            raise NotationError(
                f"{self.name}: state one of formula=, definition= and primitive=True"
            )
        stated = (self.jacobian or {}, self.derivative or {}, self.indices, self.notes)
        for operand in (name for each in stated for name in each):
            if operand not in self.operands:
                raise NotationError(f"{self.name}: {operand!r} is no operand of it")
        try:
            self._validate_notation()
        except NotationError as error:
            raise NotationError(f"{self.name}: {error}") from None

    def _validate_notation(self) -> None:
        """Read everything that is stated as text."""
        for text in (self.jacobian or {}).values():
            if isinstance(text, str):
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

    def names(self, count: int) -> tuple[str, ...]:
        """Return the names of so many operands, as the op's notation has them."""
        if not self.is_variadic:
            return self.operands
        return tuple(f"X{place}" for place in range(1, count + 1))

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

    @cached_property
    def _plain_signatures(self) -> list[tuple[Signature, Mapping[str, Dim]]]:
        return [(signature, {}) for signature in self._signatures]

    def bound(self, shapes: tuple[Shape, ...], attributes: Attributes) -> Bound:
        """Bind the op to operands of these shapes. Raises ShapeMismatch."""
        key = (shapes, attributes)
        found = self._bounds.get(key)
        if found is None:
            found = self._bounds[key] = self._bind(shapes, dict(attributes))
        return found

    def _bind(self, shapes: tuple[Shape, ...], attributes: dict[str, Attribute]) -> Bound:
        _, signature, named = self._chosen(shapes, attributes)
        axes = axes_of(attributes, shapes[0]) if self.axis else None
        target = attributes.get("shape")
        bound = bind(
            signature,
            shapes,
            axes,
            target if isinstance(target, tuple) and not named else None,  # type: ignore[arg-type]  # a Shape
            keepdims=bool(attributes.get("keepdims")),
        )
        return _with_named(bound, named) if named else bound

    def _chosen(
        self, shapes: tuple[Shape, ...], attributes: dict[str, Attribute]
    ) -> tuple[int, Signature, Mapping[str, Dim]]:
        written = self._written(shapes, attributes)
        for place, (signature, named) in enumerate(written):
            if self.axis or fits_rank(signature, shapes):
                return place, signature, named
        given = " and ".join(f"{len(shape)}-D" for shape in shapes)
        patterns = [signature.operands for signature, _ in written]
        taken = [" and ".join(map(_rank_text, found)) for found in patterns]
        fact = f"`{self.name}` takes {', or '.join(taken)} operands, not {given}"
        raise ShapeMismatch("SC303", fact, help="give each operand as many axes as that")

    def _written(
        self, shapes: tuple[Shape, ...], attributes: dict[str, Attribute]
    ) -> list[tuple[Signature, Mapping[str, Dim]]]:
        """Return the signatures that may fit, with the dims of letters that no operand has."""
        if not callable(self.shape):
            return self._plain_signatures
        found = self.shape(shapes, attributes)
        text, named = found if isinstance(found, Written) else (found, {})
        return [(read_signatures(text)[0], named)]

    def terms(self, tree: Call) -> tuple[BoundTerm, ...]:
        """Return the op's formula at the operands of a tree."""
        shapes = tuple([operand.shape for operand in tree.operands])
        key = (shapes, tree.attributes)
        found = self._terms.get(key)
        if found is None:
            if self._is_by_units:  # then the dims are nothing to it
                units = tuple([tuple([d.is_one for d in shape]) for shape in shapes])
                if (units, tree.attributes) not in self._terms:
                    self._terms[units, tree.attributes] = self._terms_at(shapes, tree)
                found = self._terms[key] = self._terms[units, tree.attributes]
            else:
                found = self._terms[key] = self._terms_at(shapes, tree)
        return found

    @cached_property
    def _is_by_units(self) -> bool:
        """Say whether a formula at operands differs by which of their axes are unit axes alone."""
        if not isinstance(self.shape, str) or not isinstance(self.formula, str):
            return False
        terms = [term for text in self.formula.split(" | ") for term in read_formula(text)]
        return not any(term.deltas or term.conditions for term in terms)

    def _terms_at(self, shapes: tuple[Shape, ...], tree: Call) -> tuple[BoundTerm, ...]:
        bound = self.bound(shapes, tree.attributes)
        place, *_ = self._chosen(shapes, dict(tree.attributes))
        assert self.formula is not None
        alternatives = spelled(self.formula, shapes, dict(tree.attributes)).split(" | ")
        text = alternatives[place] if len(alternatives) > 1 else alternatives[0]
        return tuple(bound_term(bound, term, self.axis) for term in read_formula(text))

    def jacobian_terms(self, tree: Call, operand: str) -> tuple[BoundTerm, ...] | None:
        """Return the Jacobian that the op states by an operand; None where it states none."""
        if self.jacobian is None or operand not in self.jacobian:
            return None
        shapes = tuple(each.shape for each in tree.operands)
        bound = self.bound(shapes, tree.attributes)
        text = spelled(self.jacobian[operand], shapes, dict(tree.attributes))
        return tuple(bound_term(bound, term, self.axis) for term in read_formula(text))


def _rank_text(pattern: Pattern) -> str:
    """Name the ranks that a pattern takes: `2-D`, or `2-D and more`."""
    return f"{len(pattern.own)}-D{' or more' * pattern.is_stacked}"


def _with_named(bound: Bound, named: Mapping[str, Dim]) -> Bound:
    """Give the output's new letters their dims, behind those of its stack."""
    dims = {**bound.dims, **named}
    own = bound.signature.output.own
    stack = len(bound.output) - len(own)
    output = tuple(None if dims.get(i, ONE).is_one else i for i in own)
    shape = tuple(dims.get(i, ONE) for i in own)
    return bound._replace(
        output=(*bound.output[:stack], *output), dims=dims, shape=(*bound.shape[:stack], *shape)
    )


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
