"""Values, steps and gradients, written out: the part of a report that a quick run does without."""

from collections.abc import Collection, Iterable, Sequence
from functools import partial

from shapecalc.dims import Dim, Shape
from shapecalc.graph import Graph, Node, Signature, Use
from shapecalc.matrix.printing import numpy_text, text
from shapecalc.ops.registry import OPS, axes_of
from shapecalc.records import Dims, Gradient, Late, Report, Spelled, Value
from shapecalc.report.axes import listed
from shapecalc.report.formulas import NUMPY_NAMES, formula_record
from shapecalc.report.independence import independence
from shapecalc.report.kinks import kink
from shapecalc.report.steps import Writer
from shapecalc.sweep import Gradient as Derived
from shapecalc.sweep import Link, Sweep, known_sums
from shapecalc.tree import Call, Leaf, Tree, calls, leaves


def with_detail(report: Report, sweep: Sweep) -> Report:
    """Add values, steps and gradients to a report.

    One step and one gradient of each kind are written out here, so that what fails does so within
    the check; the others when they are asked for.
    """
    likeness = _Likeness(sweep)
    writer = Writer(sweep)
    steps = tuple(writer.step(link, likeness.of_step(link)) for link in sweep.links)
    gradients = tuple(_gradients(sweep, likeness))
    for step in {step.kind: step for step in reversed(steps)}.values():
        step.opened()
    for gradient in {gradient.pattern: gradient for gradient in reversed(gradients)}.values():
        gradient.spelled()
    return report._replace(
        values=tuple(_values(sweep)),
        steps=steps,
        gradients=gradients,
        examples=independence(sweep),
    )


def with_steps_to(report: Report, sweep: Sweep, names: Collection[str]) -> Report:
    """Add the steps to some values, and all gradients; each is written out when it is asked for."""
    likeness = _Likeness(sweep)
    writer = Writer(sweep)
    links = (link for link in sweep.links if link.value.name in names)
    steps = tuple(writer.step(link, likeness.of_step(link)) for link in links)
    return report._replace(steps=steps, gradients=tuple(_gradients(sweep, likeness)))


class _Likeness:
    """Numbers for what is alike but for its names."""

    def __init__(self, sweep: Sweep) -> None:
        self._dims = frozenset(entry.name for entry in sweep.graph.network.dims)
        self._numbers: dict[object, int] = {}
        self._known: dict[object, int] = {}  # by derivation

    def of_step(self, link: Link) -> int:
        """Return the number of a step: by its formula, and the shapes on both of its sides.

        It is the same where only dims differ.
        """
        key = link.derived.derivation.number
        if key not in self._known:
            trees = (link.derived.formula, link.use.node.output, link.value)
            self._known[key] = self._number(self._signature(*trees).tokens)
        return self._known[key]

    def of_gradient(self, found: Derived) -> int:
        """Return the number of a gradient: by its formula, and the names of its dims."""
        key = (found.derived.derivation.number, found.derived.dims) if found.derived else found
        if key not in self._known:
            signature = self._signature(found.formula, found.name)
            self._known[key] = self._number([*signature.tokens, *signature.dims])
        return self._known[key]

    def _signature(self, *trees: Tree) -> Signature:
        signature = Signature(self._dims)
        for tree in trees:
            signature.tree(tree)
        return signature

    def _number(self, tokens: Iterable[object]) -> int:
        return self._numbers.setdefault(tuple(tokens), len(self._numbers))


def _values(sweep: Sweep) -> Iterable[Value]:
    graph = sweep.graph
    sums = {value: axis for value, axis in known_sums(graph).items() if isinstance(value, Leaf)}
    unknown = _of_functions(graph)
    for kind, entries in (("input", graph.network.inputs), ("param", graph.network.params)):
        for entry in entries:
            value = graph.values[entry.name]
            note = f"sum over {value.shape[sums[value]]} is 1" if value in sums else ""
            note = note or _below(graph.indices.get(value, ())) or unknown.get(entry.name, "")
            size = _size(graph, value.shape)
            dims = _dims(value.shape)
            yield Value(entry.name, kind, dims, size, None, entry.span.line, note, 0)
    patterns: dict[object, int] = {}
    for node in graph.nodes:
        pattern = patterns.setdefault(_pattern(node.tree), len(patterns) + 1)
        yield Value(
            node.output.name,
            "value",
            _dims(node.output.shape),
            _size(graph, node.output.shape),
            node.source.text,
            node.source.expression_span.line,
            unknown.get(node.output.name) or _note(node, graph),
            pattern,
        )


def _of_functions(graph: Graph) -> dict[str, str]:
    """Say what functions are that are not spelled out, and the inputs that they bring with them."""
    found: dict[str, str] = {}
    for function in graph.network.functions:
        u, x = function.name, function.of.name
        J, u_0 = function.made
        found[u] = f"any function of {x}, near {x}"
        found[J] = f"∂{u}/∂{x}, numerator layout"
        found[u_0] = f"constant part of {u}"
    return found


def _below(dims: Sequence[Dim]) -> str:
    """Say which whole numbers pick entries along axes of these dims."""
    return f"whole numbers below {listed([str(dim) for dim in dims])}" if dims else ""


def _pattern(tree: Tree) -> object:
    """Return what an equation is but for its names and dims."""
    if isinstance(tree, Call):
        return (tree.op, tree.attributes, tuple(_pattern(operand) for operand in tree.operands))
    return "" if isinstance(tree, Leaf) else tree


def _note(node: Node, graph: Graph) -> str:
    tree = node.tree
    if isinstance(tree, Call):
        if OPS[tree.op].axis == "c":
            return _along_axis(tree, graph)
        if "reduction" in OPS[tree.op].attributes:
            return _reduced(tree)
    return ", ".join(dict.fromkeys(_repeated(tree)))


def _along_axis(tree: Call, graph: Graph) -> str:
    axes = axes_of(dict(tree.attributes), tree.shape)
    dims = [(place in axes, str(dim)) for place, dim in enumerate(tree.shape) if not dim.is_one]
    others = [dim for is_own, dim in dims if not is_own]
    own = [dim for is_own, dim in dims if is_own]
    over = f"over {listed(own) if own else 'one entry'}"
    return f"{over}, for each example" if others == [graph.batch] else over


def _reduced(tree: Call) -> str:
    """Say over what a loss averages or sums its entries."""
    attributes = dict(tree.attributes)
    if attributes.get("reduction") == "none":
        return ""
    shape = tree.operands[0].shape
    axes = axes_of(attributes, shape) if attributes.get("axis") is not None else ()
    left = [str(dim) for place, dim in enumerate(shape) if place not in axes and not dim.is_one]
    return f"{attributes['reduction']} over {listed(left)}" if left else ""


def _repeated(tree: Tree) -> Iterable[str]:
    """Say which named operands were repeated by broadcasting, and along which dims."""
    if not isinstance(tree, Call):
        return
    for operand in tree.operands:
        if isinstance(operand, Leaf) and operand.shape and OPS[tree.op].axis is None:
            yield from _repeated_operand(tree, operand)
        yield from _repeated(operand)


def _repeated_operand(tree: Call, operand: Leaf) -> Iterable[str]:
    bound = (
        OPS[tree.op].bound(tuple(each.shape for each in tree.operands), tree.attributes)
        if OPS[tree.op].shape
        else None
    )
    if bound is None or bound.signature.output.letters != ("...",):
        return
    own = bound.operands[tree.operands.index(operand)]
    missing = [bound.dims[i] for i in bound.output if i is not None and i not in own]
    if missing:
        yield f"{operand.name} repeated along {' and '.join(map(str, missing))}"


def _gradients(sweep: Sweep, likeness: _Likeness) -> Iterable[Gradient]:
    graph = sweep.graph
    uses = graph.uses()
    params = {entry.name for entry in graph.network.params}
    inputs = {entry.name for entry in graph.network.inputs}
    for found in sweep.gradients.values():
        name, given = found.value.name, graph.upstream.get(found.value, "")
        yield Gradient(
            wrt=name,
            gradient=found.name.name,
            kind="param" if name in params else "input" if name in inputs else "value",
            shape=_dims(found.name.shape),
            layout=graph.network.layout,
            checked=found.checked,
            pattern=likeness.of_gradient(found),
            spelled=Late(partial(_spelled, found, uses.get(found.value, []), given)),
        )


def _spelled(found: Derived, uses: Sequence[Use], given: str) -> Spelled:
    return Spelled(
        formula=formula_record(found.formula),
        steps=tuple(_part(link) for link in found.links),
        note=_gradient_note(found) or _constancy(found, uses),
        given=given if found.links else "",
    )


def _part(link: Link) -> tuple[str, int, str]:
    formula = numpy_text(link.derived.formula, NUMPY_NAMES)
    return link.use.node.output.name, link.use.number, formula


def _gradient_note(found: Derived) -> str:
    if found.fused_with is not None:
        activation = found.links[0].use.node.tree
        loss = found.fused_with.tree
        assert isinstance(activation, Call)
        entry = OPS[loss.op] if isinstance(loss, Call) else None
        named = (
            loss.op
            if isinstance(loss, Call) and entry and "reduction" in entry.attributes
            else "the loss"
        )
        return f"{activation.op} with {named if len(named) < 15 else 'its loss'}"
    if len(found.links) == 1:
        node = found.links[0].use.node
        return _said(node, found.value) or kink(node.tree)
    return ""


def _said(node: Node, wrt: Leaf) -> str:
    """Say what the op of an equation has to say of the gradient by one of its operands."""
    if not isinstance(node.tree, Call):
        return ""
    names = dict(zip(OPS[node.tree.op].operands, map(text, node.tree.operands), strict=False))
    own = [name for name, value in names.items() if value == wrt.name]
    said = OPS[node.tree.op].notes.get(own[0], "") if own else ""
    return said.format(**{"Y": node.output.name, **names})


def _constancy(found: Derived, uses: Sequence[Use]) -> str:
    """Say why a gradient is 0 where all that uses a value is piecewise constant in it."""
    if found.links:
        return ""
    trees = (part for use in uses for part in calls(use.node.tree))
    ops = dict.fromkeys(each.op for each in trees if _is_constant_in(each, found.value))
    return f"{' and '.join(ops)} is piecewise constant" if ops else ""


def _is_constant_in(tree: Call, value: Leaf) -> bool:
    slopes = OPS[tree.op].derivative or {}
    return set(slopes.values()) == {"0"} and any(
        name is value for operand in tree.operands for name in leaves(operand)
    )


def _size(graph: Graph, shape: Shape) -> tuple[int, ...] | None:
    sizes = [graph.size(dim) for dim in shape]
    return tuple(size for size in sizes if size is not None) if None not in sizes else None


def _dims(shape: Sequence[Dim]) -> Dims:
    return tuple(map(str, shape))
