"""A network without errors → what is doubtful in it: unused names, slips that run all the same."""

from collections.abc import Iterator

from shapecalc.diagnostics import Finding, Problem, Related
from shapecalc.dims import Dim, Shape, shape_text
from shapecalc.expression import Binary, Call, Syntax
from shapecalc.graph import Graph, Node, built
from shapecalc.matrix.printing import text
from shapecalc.ops.build import Misfit
from shapecalc.ops.names import INFIX_OPS
from shapecalc.ops.registry import OPS
from shapecalc.parsing import every_part, names_in
from shapecalc.span import Span
from shapecalc.spec.network import Equation
from shapecalc.tree import Attribute, Leaf, Tree, calls, leaves
from shapecalc.tree import Call as CallTree

_ELEMENTWISE = frozenset(INFIX_OPS.values()) - {"matmul"}


def lint_findings(graph: Graph) -> Iterator[Finding]:
    """Say what is unused or does not reach the loss, and what is written but hardly meant."""
    used = {name for node in graph.nodes for name in _names_of(node)}
    yield from _unused(graph, used)
    yield from _not_in_loss(graph, used)
    yield from _convention_without_layers(graph)
    makers = {node.output: node for node in graph.nodes}
    silent: set[int] = set()
    for node in graph.nodes:
        yield from _mixed_precedence(node.source, graph)
        if node.is_plain and node.kind.number in silent:
            continue
        silent.add(node.kind.number)
        for part in calls(node.tree):
            if part.op in _ELEMENTWISE:
                if _repeats_both(part):
                    silent.discard(node.kind.number)
                    yield _broadcast(part, node, graph)
            elif OPS[part.op].takes_logits:
                yield from _squashed_twice(part, node, makers, graph)
    for claim in graph.network.gradients:
        yield from _mixed_precedence(claim, graph)


def _names_of(node: Node) -> Iterator[str]:
    """Yield what an equation uses; most can tell without their tree."""
    if node.is_plain and -1 not in node.template.order:
        return (name.name for _, name in node.occurrences)
    return _names_in(node.tree)


def _names_in(tree: Tree) -> Iterator[str]:
    """Yield the names of values, dims and constants that an equation uses."""
    for part in leaves(tree):
        yield part.name
    for call in calls(tree):
        for _, attribute in call.attributes:
            yield from _dims_in(attribute)


def _dims_in(attribute: Attribute) -> Iterator[str]:
    if isinstance(attribute, Dim):
        yield from attribute.names
    elif isinstance(attribute, Leaf):
        yield attribute.name
    elif isinstance(attribute, tuple):
        for each in attribute:
            yield from _dims_in(each)


def _unused(graph: Graph, in_equations: set[str]) -> Iterator[Finding]:
    """Name what is declared and never used (SC601)."""
    network = graph.network
    used = in_equations | {upstream.name for upstream in network.upstream}
    used |= {assumed.name for assumed in network.assume}
    for claim in network.gradients:
        used |= {claim.name.removeprefix("d")}
        used |= {name.text.removeprefix("d") for name in names_in(claim.expression)}
        used |= {name.text for name in names_in(claim.expression)}
    used |= {network.batch.name} if network.batch else set()
    values = (*network.inputs, *network.params)
    for value in (*values, *network.shapes):
        used.update(name for dim in value.shape for name in dim.names)
    declared = [(dim.name, dim.span) for dim in network.dims]
    declared += [(constant.name, constant.span) for constant in network.constants]
    declared += [(value.name, value.span) for value in values]
    for name, span in declared:
        if name not in used:
            yield Finding("SC601", span, f"`{name}` is never used", "remove it")


def _convention_without_layers(graph: Graph) -> Iterator[Finding]:
    """Say that `convention` is for layers, where there are none (SC601)."""
    convention = graph.network.convention
    if convention and not any(equation.is_made for equation in graph.network.forward):
        message = f"`convention: {convention.name}` says how `layers` are written, and has none"
        yield Finding("SC601", convention.span, message, "remove it")


def _not_in_loss(graph: Graph, used: set[str]) -> Iterator[Finding]:
    """Name the results that lead nowhere, so that no gradient comes back (SC602)."""
    targets = {graph.loss, *graph.upstream} - {None}
    if not targets:
        return
    target = graph.loss.name if graph.loss else "an upstream"
    for node in graph.nodes:
        name = node.output.name
        if name not in used and node.output not in targets:
            message = f"`{name}` does not reach {target}: its gradient is 0"
            yield Finding("SC602", node.source.span, message, "use it, or remove it")


def _mixed_precedence(equation: Equation, graph: Graph) -> Iterator[Finding]:
    """Point at products that may be read in another order than they run (SC604)."""
    if "@" not in equation.text or not ("*" in equation.text or "/" in equation.text):
        return
    for part in every_part(equation.expression):
        if not (isinstance(part, Binary) and part.operator == "@"):
            continue
        left = part.left
        is_bare = left.span[1:3] == part.span[1:3]
        if not (is_bare and isinstance(left, Binary) and left.operator in "*/"):
            continue
        if _is_number(left.left, graph) or _is_number(left.right, graph):
            continue
        offset = part.left.span.column - equation.expression_span.column
        written = _written(equation, part.span)
        first = _written(equation, left.span)
        reads = f"({first}){written.removeprefix(first)}"
        message = f"`{written}` is `{reads}`: `{left.operator}` and `@` go from left to right"
        if offset >= 0 and written.startswith(first):
            yield Finding("SC604", part.span, message, f"write `{reads}`, or as you meant it")


def _written(equation: Equation, span: Span) -> str:
    """Return the author's text of a part of an equation that stands on one line."""
    start = span.column - equation.expression_span.column
    return equation.text[start : start + span.length]


def _is_number(syntax: Syntax, graph: Graph) -> bool:
    """Say whether an operand is a plain number, so that the order does not matter."""
    try:
        return not built(graph, syntax).shape
    except (Misfit, Problem, KeyError):
        return True  # a claim with a mistake of its own, which has its own finding


def _squashed_twice(
    part: CallTree, node: Node, makers: dict[Leaf, Node], graph: Graph
) -> Iterator[Finding]:
    """Point at an op that takes logits and gets probabilities (SC603)."""
    squash, logits = OPS[part.op].takes_logits, part.operands[0]
    maker = makers.get(logits) if isinstance(logits, Leaf) else None
    inner = maker.tree if maker else logits
    if not (isinstance(inner, CallTree) and inner.op == squash):
        return
    call = _syntax_of(part, node, graph)
    place = call.arguments[0].span if isinstance(call, Call) and call.arguments else call.span
    gets = "gets a second one" if part.op == squash else f"`{part.op}` takes logits"
    message = f"`{text(logits)}` is a {squash} already, and {gets}"
    related: tuple[Related, ...] = ()
    if maker:
        related = (Related(maker.source.span, f"{logits} is {text(inner)}"),)
    yield Finding("SC603", place, message, f"pass `{text(inner.operands[0])}`", related=related)


def _repeats_both(part: CallTree) -> bool:
    """Say whether both operands are repeated, and the result has a dim twice that neither has."""
    shapes = [operand.shape for operand in part.operands]
    return all(shape != part.shape for shape in shapes) and any(
        _count(dim, part.shape) > max(_count(dim, shape) for shape in shapes)
        for dim in part.shape
        if not dim.is_one
    )


def _count(dim: object, shape: Shape) -> int:
    return sum(each == dim for each in shape)


def _broadcast(part: CallTree, node: Node, graph: Graph) -> Finding:
    """Describe a broadcast that makes a matrix of two vectors (SC309)."""
    left, right = part.operands
    shapes = f"{shape_text(left.shape)} and {shape_text(right.shape)}"
    named = [f"`{text(each)}` {shape_text(each.shape)}" for each in part.operands]
    message = f"{' and '.join(named)} give {shape_text(part.shape)}: each is repeated"
    place = _syntax_of(part, node, graph).span
    return Finding("SC309", place, message, _one_shape(part, graph), label=shapes)


def _one_shape(part: CallTree, graph: Graph) -> str:
    """Propose a declaration that gives both operands one shape."""
    declared = {entry.name for entry in (*graph.network.inputs, *graph.network.params)}
    for one, other in (part.operands, part.operands[::-1]):
        if isinstance(one, Leaf) and one.name in declared and len(one.shape) < len(other.shape):
            return f"declare `{one.name}: [{', '.join(map(str, other.shape))}]`"
    return "give both one shape"


def _syntax_of(part: Tree, node: Node, graph: Graph) -> Syntax:
    """Find what the author wrote for a part of an equation's tree; equal trees are one object."""
    whole = node.source.expression
    found = (syntax for syntax in every_part(whole) if isinstance(syntax, Binary | Call))
    return next((each for each in found if built(graph, each) is part), whole)
