"""Network → graph: every value with its tree and shape, in topological order, and the findings.

One equation that cannot be read does not stop the others; what depends on it is named, not checked.
"""

from typing import NamedTuple

from shapecalc.diagnostics import Finding, Problem, Related
from shapecalc.dims import Dim, shape_text
from shapecalc.expression import Name
from shapecalc.graph.misfits import misfit_finding
from shapecalc.ops.build import Builder, Misfit
from shapecalc.span import Span
from shapecalc.spec.network import Equation, Network, ValueEntry
from shapecalc.tree import Attribute, Leaf, Tree, leaf, leaves


class Node(NamedTuple):
    """One equation: the value that it makes, its tree, and where the author wrote it."""

    output: Leaf
    tree: Tree
    source: Equation


class Use(NamedTuple):
    """One occurrence of a value in an equation: its place among all names, and among its uses."""

    node: Node
    occurrence: int
    number: int


class Graph(NamedTuple):
    """A network whose names, ops and shapes are known. `loss` is None where upstreams are given.

    `lost` are the names without a value, for a mistake in their equation or before it;
    `not_checked` those of them whose own equation is not at fault.
    """

    network: Network
    values: dict[str, Leaf]
    nodes: tuple[Node, ...]
    loss: Leaf | None
    upstream: dict[Leaf, str]
    sizes: dict[str, int]
    batch: str | None
    not_checked: tuple[str, ...]
    lost: frozenset[str]
    findings: tuple[Finding, ...]

    def uses(self) -> dict[Leaf, list[Use]]:
        """Return where each value is used, in the order of the equations."""
        found: dict[Leaf, list[Use]] = {}
        for node in self.nodes:
            counts: dict[Leaf, int] = {}
            for occurrence, name in enumerate(leaves(node.tree)):
                if self.values.get(name.name) is name:
                    number = counts[name] = counts.get(name, -1) + 1
                    found.setdefault(name, []).append(Use(node, occurrence, number))
        return found

    def gradient_name(self, value: str) -> str:
        """Return the name of a value's gradient: `dA1`, or what `upstream` calls it."""
        given = self.upstream.get(self.values[value])
        return given if given is not None else f"d{value}"

    def size(self, dim: Dim) -> int | None:
        """Return a dim's size; None where the spec leaves a name of it symbolic."""
        return dim.size(self.sizes) if all(name in self.sizes for name in dim.names) else None


class _Skipped(Exception):
    """An equation that depends on one that could not be read."""


def build_graph(network: Network) -> Graph:
    """Look up names, work out shapes, and find the loss."""
    return _GraphBuilder(network).graph()


class _GraphBuilder:
    def __init__(self, network: Network) -> None:
        self.network = network
        self.findings: list[Finding] = []
        self.values: dict[str, Leaf] = {}
        self.places: dict[str, Span] = {}
        self.lost: set[str] = set(network.unread)
        self.not_checked: list[str] = []
        self.later = {equation.name: equation.span for equation in network.forward}
        self.dims = {entry.name: entry for entry in network.dims}
        self.constants = {entry.name: entry for entry in network.constants}
        self.sizes = {entry.name: entry.size for entry in network.dims if entry.size is not None}
        self.nodes: list[Node] = []

    def graph(self) -> Graph:
        """Build all of it."""
        for entry in (*self.network.inputs, *self.network.params):
            self._define(entry.name, leaf(entry.name, entry.shape), entry.span)
        for equation in self.network.forward:
            self._equation(equation)
        for stated in self.network.shapes:
            self._check_stated(stated)
        upstream = self._upstream()
        return Graph(
            self.network,
            self.values,
            tuple(self.nodes),
            self._loss() if not upstream else None,
            upstream,
            self.sizes,
            self._batch(),
            tuple(self.not_checked),
            frozenset(self.lost),
            tuple(self.findings),
        )

    def _define(self, name: str, value: Leaf, place: Span) -> None:
        self.values[name] = value
        self.places[name] = place
        self.later.pop(name, None)

    def _equation(self, equation: Equation) -> None:
        try:
            tree = Builder(self._lookup, self.dims.__contains__).tree(equation.expression)
        except Problem as problem:
            self.findings.append(problem.finding)
        except Misfit as misfit:
            self.findings.append(misfit_finding(misfit, self._declared(), self.sizes))
        except _Skipped:
            self.not_checked.append(equation.name)
        else:
            output = leaf(equation.name, tree.shape)
            self.nodes.append(Node(output, tree, equation))
            self._define(equation.name, output, equation.span)
            return
        self.lost.add(equation.name)
        self.later.pop(equation.name, None)

    def _declared(self) -> dict[str, ValueEntry]:
        return {entry.name: entry for entry in (*self.network.inputs, *self.network.params)}

    def _lookup(self, name: Name) -> Tree | Attribute:
        text = name.text
        if text in self.values:
            return self.values[text]
        if text in self.dims or text in self.constants:
            return leaf(text, ())
        if text in self.lost:
            raise _Skipped
        if text in self.later:
            raise Problem(self._too_early(name))
        raise Problem(self._undefined(name))

    def _too_early(self, name: Name) -> Finding:
        place = self.later[name.text]
        if place.line == name.span.line or place == name.span:
            message = f"`{name.text}` is used in its own equation"
            return Finding("SC207", name.span, message, "give the result another name")
        message = f"`{name.text}` is used on line {name.span.line}, defined on line {place.line}"
        related = (Related(place, f"{name.text} is defined here"),)
        return Finding("SC206", name.span, message, "move its equation up", related=related)

    def _undefined(self, name: Name) -> Finding:
        from difflib import get_close_matches

        known = [*self.values, *self.dims, *self.constants, *self.later, *self.lost]
        near = get_close_matches(name.text, known, n=1)
        hint = "declare it under `inputs` or `params`, or write an equation for it"
        if near:
            place = self.places.get(near[0])
            where = f" (line {place.line})" if place else ""
            hint = f"nearest is `{near[0]}`{where}"
        elif name.text[:1] == "d" and name.text[1:] in self.values:
            hint = "gradients may be used in `gradients` only"
        return Finding("SC205", name.span, f"`{name.text}` is not defined", hint)

    def _check_stated(self, stated: ValueEntry) -> None:
        if stated.name in self.lost:
            return
        value = self.values.get(stated.name)
        if value is None:
            self.findings.append(self._undefined(Name(stated.span, stated.name)))
        elif value.shape != stated.shape:
            shapes = shape_text(value.shape), shape_text(stated.shape)
            message = (
                f"`{stated.name}` is {shapes[0]}, line {stated.shape_span.line} says {shapes[1]}"
            )
            dims = ", ".join(map(str, value.shape))
            related = (Related(self.places[stated.name], f"{stated.name} is made here"),)
            self.findings.append(
                Finding("SC305", stated.shape_span, message, f"write `[{dims}]`", related=related)
            )

    def _upstream(self) -> dict[Leaf, str]:
        found: dict[Leaf, str] = {}
        for entry in self.network.upstream:
            if entry.name in self.values:
                found[self.values[entry.name]] = entry.gradient
            elif entry.name not in self.lost:
                self.findings.append(self._undefined(Name(entry.span, entry.name)))
        if found and self.network.loss is not None:
            message = "`loss` and `upstream` are both given"
            self.findings.append(
                Finding("SC208", self.network.loss.span, message, "keep one of them")
            )
        return found

    def _loss(self) -> Leaf | None:
        named = self.network.loss
        if named is not None:
            return self._named_loss(Name(named.span, named.name))
        scalars = [node.output for node in self.nodes if not node.output.shape]
        if scalars and (len(scalars) == 1 or scalars[-1] is self.nodes[-1].output):
            return scalars[-1]
        if self.nodes and not self.lost and (self.network.params or self.network.gradients):
            self.findings.append(self._no_loss(scalars))
        return None

    def _no_loss(self, scalars: list[Leaf]) -> Finding:
        last = self.nodes[-1]
        if scalars:
            message = f"no loss is named, and {len(scalars)} values are scalars"
            help_ = f"write `loss: {scalars[-1].name}`"
        else:
            message = f"no loss: no value is a scalar, `{last.output.name}` is"
            message += f" {shape_text(last.output.shape)}"
            help_ = f"sum or average it, or write `upstream: {last.output.name}`"
        return Finding("SC211", last.source.span, message, help_)

    def _named_loss(self, name: Name) -> Leaf | None:
        if name.text in self.lost:
            return None
        value = self.values.get(name.text)
        if value is None:
            self.findings.append(self._undefined(name))
        elif value.shape:
            message = f"the loss `{name.text}` is {shape_text(value.shape)}, a scalar is expected"
            self.findings.append(Finding("SC211", name.span, message, "sum or average it"))
            return None
        return value

    def _batch(self) -> str | None:
        """Return the dim of the examples: as stated, or the only one in all inputs and no param."""
        if self.network.batch is not None:
            return self.network.batch.name
        shapes = [entry.shape for entry in self.network.inputs if entry.shape]
        inside = {dim for entry in self.network.params for dim in entry.shape}
        shared = [
            str(dim)
            for dim in dict.fromkeys(shapes[0] if shapes else ())
            if not dim.is_one and dim not in inside and all(dim in shape for shape in shapes)
        ]
        return shared[0] if len(shared) == 1 else None
