"""The equations of `gradients` → claims: which gradient each is about, and its tree."""

from typing import NamedTuple

from shapecalc.diagnostics import MOST_PROPOSALS, Finding, Problem, nearest
from shapecalc.dims import shape_text
from shapecalc.expression import Name, Syntax
from shapecalc.graph import Graph, sizes_of_numbers
from shapecalc.graph.misfits import PRODUCTS, label_of
from shapecalc.ops.build import Builder, Misfit
from shapecalc.parsing import names_in
from shapecalc.span import Span
from shapecalc.spec.network import Equation, Network
from shapecalc.sweep import Sweep
from shapecalc.tree import Attribute, Call, Leaf, Tree, leaf


class Claim(NamedTuple):
    """The author's formula; `tree` is None where operands do not go together.

    Where it cannot be right for its shapes, `reason` says why, after the gradient's name; `label`
    are the shapes, for beside the caret at `place`.
    """

    source: Equation
    value: Leaf
    gradient: Leaf
    tree: Tree | None
    place: Span
    reason: str = ""
    label: str = ""


def asked_for(network: Network) -> list[str]:
    """Return the values whose gradients claims are about, or use."""
    known = {entry.name for entry in (*network.inputs, *network.params)}
    known |= {function.name for function in network.functions}
    known |= {equation.name for equation in network.forward}
    names: dict[str, None] = {}
    for claim in network.gradients:
        used = [claim.name, *(name.text for name in names_in(claim.expression))]
        names.update(dict.fromkeys(n[1:] for n in used if n[:1] == "d" and n[1:] in known))
    return list(names)


def read_claims(sweep: Sweep) -> tuple[list[Claim], list[Finding]]:
    """Build the tree of each claim; what is no claim about a gradient is a finding."""
    reader = Reader(sweep)
    claims, findings = [], []
    for equation in sweep.graph.network.gradients:
        try:
            claim = reader.claim(equation)
        except Problem as problem:
            findings.append(problem.finding)
        else:
            if claim is not None:
                claims.append(claim)
    return claims, findings


class _Skipped(Exception):
    """A claim about, or by way of, a value that could not be worked out."""


class Reader:
    """Reads claims, and formulas that might stand in their place."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.undefined = 0
        self.graph: Graph = sweep.graph
        network = self.graph.network
        self.dims = {entry.name for entry in network.dims}
        self.symbols = self.dims | {entry.name for entry in network.constants}
        self.by_name = {g.name.name: value for value, g in sweep.gradients.items()}
        for value, name in self.graph.upstream.items():
            self.by_name.setdefault(f"d{value.name}", value)
            self.by_name.setdefault(name, value)
        self.lost = self.graph.lost | {entry.name for entry in network.redefined}
        self.builder = Builder(
            self._lookup,
            self.dims.__contains__,
            self.symbols.__contains__,
            sizes_of_numbers(network),
        )

    def attempt(self, formula: Syntax) -> Tree | None:
        """Build a formula; None where it has a mistake."""
        try:
            return self.builder.tree(formula)
        except (Misfit, Problem, _Skipped):
            return None

    def claim(self, equation: Equation) -> Claim | None:
        """Read one claim; None where the network's own errors stand in the way."""
        value = self._value(equation)
        if value is None or value not in self.sweep.gradients:
            return None
        gradient = self.sweep.gradients[value].name
        try:
            tree = self.builder.tree(equation.expression)
        except _Skipped:
            return None
        except Misfit as misfit:
            label = label_of(misfit, self.graph.sizes)
            place, reason = misfit.node.span, _misfit_reason(misfit)
            return Claim(equation, value, gradient, None, place, reason, label)
        claim = Claim(equation, value, gradient, tree, equation.expression_span)
        return claim if tree.shape == gradient.shape else self._misshapen(claim, tree)

    def _misshapen(self, claim: Claim, tree: Tree) -> Claim:
        """Say which shape a claim has, and which it should have."""
        value, is_turned = claim.value, claim.gradient.shape != claim.value.shape
        needed = f"{value.name} is {shape_text(value.shape)}"
        if is_turned:
            needed = f"{shape_text(claim.gradient.shape)} in numerator layout"
        label = shape_text(tree.shape)
        if isinstance(tree, Call) and tree.op in PRODUCTS:
            label = f"{' @ '.join(shape_text(each.shape) for each in tree.operands)} → {label}"
        reason = f"is {shape_text(tree.shape)}, but {needed}"
        return claim._replace(reason=reason, label=label)

    def _value(self, equation: Equation) -> Leaf | None:
        name = equation.name
        if name[:1] == "d" and name[1:] in self.lost:
            return None
        if name in self.by_name:
            value = self.by_name[name]
            if value in self.graph.upstream and value not in self.sweep.gradients:
                message = f"`{name}` is given by `upstream`, and no claim"
                raise Problem(Finding("SC213", equation.span, message, "take it out"))
            return value
        if name[:1] == "d" and name[1:] in self.graph.values:
            return None
        raise Problem(self._undefined(Name(equation.span, name), "is the gradient of no value"))

    def _undefined(self, name: Name, fact: str) -> Finding:
        self.undefined += 1
        known: list[str] = []
        if self.undefined <= MOST_PROPOSALS:
            dims = [dim.name for dim in self.graph.network.dims if not dim.is_inferred]
            constants = [constant.name for constant in self.graph.network.constants]
            known = [*self.by_name, *self.graph.values, *dims, *constants]
        near = nearest(name.text, known)
        hint = f"nearest is `{near}`" if near else "a claim is named `d` and the value: `dW`"
        return Finding("SC205", name.span, f"`{name.text}` {fact}", hint)

    def _lookup(self, name: Name) -> Tree | Attribute:
        text_ = name.text
        if text_ in self.lost or (text_[:1] == "d" and text_[1:] in self.lost):
            raise _Skipped
        if text_ in self.graph.values:
            return self.graph.values[text_]
        if text_ in self.symbols:
            return leaf(text_, ())
        if text_ in self.by_name:
            value = self.by_name[text_]
            given = self.graph.upstream.get(value)
            if given == text_ or (given and not self._is_used(value)):
                return self.sweep.given_gradient(value, given)
            if value not in self.sweep.gradients:
                raise _Skipped
            return self.sweep.gradients[value].name
        if text_[:1] == "d" and self.graph.values.get(text_[1:]) in self.sweep.broken:
            raise _Skipped
        if text_[:1] == "d" and text_[1:] in self.graph.values:
            return self._zero_gradient(text_)
        raise Problem(self._undefined(name, "is not defined"))

    def _is_used(self, value: Leaf) -> bool:
        """Say whether a value with a given gradient is also used further on."""
        return value in self.sweep.gradients or value in self.sweep.broken

    def _zero_gradient(self, name: str) -> Tree:
        """Return the gradient of a value that nothing asked for: of the loss, 1; unreached, 0."""
        from shapecalc.matrix import make

        value = self.graph.values[name[1:]]
        return make.UNITY if value is self.graph.loss else make.zeros(value.shape)


def _misfit_reason(misfit: Misfit) -> str:
    if misfit.op in PRODUCTS and misfit.mismatch.code == "SC301":
        return f"has a product that does not conform, {misfit.mismatch.fact}"
    if len(misfit.mismatch.axes) == 2:
        left, right = (misfit.operands[place].shape[axis] for place, axis in misfit.mismatch.axes)
        return f"has operands that do not go together, {left} ≠ {right}"
    return f"has operands that do not go together: {misfit.mismatch.fact}"
