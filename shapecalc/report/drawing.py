"""A network, or all that was derived of it → the graph to draw, a record of plain data."""

from collections.abc import Iterator

from shapecalc.dims import Shape
from shapecalc.graph import Graph
from shapecalc.matrix.printing import text
from shapecalc.records import Back, Drawing, Flow, Vertex
from shapecalc.sweep import Gradient, Sweep


def drawing(graph: Graph) -> Drawing:
    """Draw the values of a network and the equations between them."""
    return Drawing(graph.network.name, tuple(_vertices(graph)), tuple(_flows(graph)))


def drawing_with_gradients(sweep: Sweep) -> Drawing:
    """Draw a network with what each equation hands back to its operands."""
    drawn = drawing(sweep.graph)
    given = {value.name: name for value, name in sweep.graph.upstream.items()}
    vertices = [each._replace(given=given.get(each.name, "")) for each in drawn.vertices]
    backs = [
        back
        for gradient in sweep.gradients.values()
        for back in _backs(gradient, is_given=gradient.value in sweep.graph.upstream)
    ]
    return drawn._replace(vertices=tuple(vertices), backs=tuple(backs))


def _vertices(graph: Graph) -> Iterator[Vertex]:
    for kind, entries in (("input", graph.network.inputs), ("param", graph.network.params)):
        for entry in entries:
            yield Vertex(entry.name, kind, _dims(graph.values[entry.name].shape), "")
    for node in graph.nodes:
        kind = "loss" if node.output is graph.loss else "value"
        equation = " ".join(node.source.text.split())
        yield Vertex(node.output.name, kind, _dims(node.output.shape), equation)


def _flows(graph: Graph) -> Iterator[Flow]:
    for node in graph.nodes:
        for value in node.operands:
            if graph.values.get(value.name) is value:
                yield Flow(value.name, node.output.name, _dims(value.shape))


def _backs(gradient: Gradient, *, is_given: bool) -> Iterator[Back]:
    """Yield what makes a gradient; an activation and its loss are one link, from the loss."""
    shape, value = _dims(gradient.name.shape), gradient.value.name
    if gradient.fused_with is not None:
        output, formula = gradient.fused_with.output.name, text(gradient.formula)
        note = f"by way of {gradient.links[0].use.node.output.name}"
        yield Back(output, value, gradient.name.name, shape, formula, is_part=False, note=note)
        return
    is_part = is_given or len(gradient.links) > 1
    for link in gradient.links:
        output, formula = link.use.node.output.name, text(link.derived.formula)
        yield Back(output, value, gradient.name.name, shape, formula, is_part=is_part)


def _dims(shape: Shape) -> tuple[str, ...]:
    return tuple(map(str, shape))
