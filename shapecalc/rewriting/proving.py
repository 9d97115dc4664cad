"""Two networks that should be one in two conventions: their losses and gradients at equal values.

The other network is read and differentiated by itself; only the values that are given to it come
from the first one.
"""

from collections.abc import Iterator, Sequence

from shapecalc.claims.worlds import World
from shapecalc.dims import Shape
from shapecalc.ops.build import Misfit
from shapecalc.rewriting.trees import NoRewriting, Rewriter, are_close
from shapecalc.sweep import Sweep
from shapecalc.tree import Leaf, Tree, leaf
from shapecalc.verify.evaluate import Evaluation, Point
from shapecalc.verify.field import NoValue, Unsupported


def proved(sweep: Sweep, other: Sweep, rewriter: Rewriter, worlds: Sequence[World]) -> int:
    """Compare all values and gradients at all points, and count them. Raises NoRewriting."""
    count = 0
    for world in worlds:
        try:
            beside = _beside(sweep, other, rewriter, world)
            for name, value, tree in _compared(sweep, other):
                found, wanted = beside.value(value).floats, _stored(rewriter, world, name, tree)
                if not are_close(found, wanted):
                    raise NoRewriting(f"`{name}` has another value there")
                count += 1
        except (Unsupported, NoValue, Misfit) as reason:
            raise NoRewriting(f"the values could not be compared, {reason}") from None
    return count // len(worlds)


def _compared(sweep: Sweep, other: Sweep) -> Iterator[tuple[str, Leaf, Tree]]:
    """Yield the names that both networks should have, with what each has by them."""
    pairs = [(value, other.graph.values.get(value.name)) for value in sweep.graph.values.values()]
    others = {gradient.name.name: gradient.name for gradient in other.gradients.values()}
    pairs += [(found.name, others.get(found.name.name)) for found in sweep.gradients.values()]
    for value, found in pairs:
        if found is None:
            raise NoRewriting(f"`{value.name}` is not derived there")
        yield value.name, found, value


def _stored(rewriter: Rewriter, world: World, name: str, tree: Tree) -> Sequence[float]:
    """Return the entries of a value, or of a gradient, as they are stored in the other network."""
    return world.value(rewriter.of(name).new(tree)).floats


def _beside(sweep: Sweep, other: Sweep, rewriter: Rewriter, world: World) -> World:
    """Evaluate the other network where the first one was."""
    evaluation = Evaluation(world.evaluation.dims, {}, None, plans=world.evaluation.plans)
    evaluation.equations = {node.output: node.tree for node in other.graph.nodes}

    def give(old: Leaf, shape: Shape) -> Leaf:
        point = world.value(rewriter.of(old.name).new(old))
        new = leaf(old.name, shape)
        evaluation.set(new, Point(evaluation.size(shape), point.floats, None))
        return new

    made = {node.output for node in sweep.graph.nodes}
    for value in sweep.graph.values.values():
        if value not in made:
            give(value, other.graph.values[value.name].shape)
    network = sweep.graph.network
    names = [entry.name for entry in network.constants] + [entry.name for entry in network.dims]
    for name in names:
        symbol = leaf(name, ())
        if symbol in world.evaluation.values:
            evaluation.give(symbol, world.evaluation.values[symbol])
    for node in other.graph.nodes:
        point = evaluation.at(node.tree)
        evaluation.set(node.output, point._replace(sizes=evaluation.size(node.output.shape)))
    truth: dict[Leaf, Point] = {}
    for value, name in other.graph.upstream.items():
        new = other.given_gradient(value, name)
        old = sweep.given_gradient(sweep.graph.values[value.name], name)
        give(old, new.shape)
        truth[new] = evaluation.values[new]
    gradients = {found.name: found for found in other.gradients.values()}
    return World(evaluation, truth, gradients, world.assignment)
