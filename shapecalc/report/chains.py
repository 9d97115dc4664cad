"""The links from the loss down to a value → one product of matrices, in both layouts.

Along elementwise links a product exists for one example at a time: there an activation is a
diagonal matrix. The chain begins at the gradient from which a single path leads down.
"""

from collections.abc import Sequence

from shapecalc.graph import Graph
from shapecalc.matrix.printing import text
from shapecalc.records import Chain
from shapecalc.report.links import LinkMatrix, Links, tied_axis
from shapecalc.report.products import Lane, Path, Product, filled
from shapecalc.sweep import Link, Sweep
from shapecalc.tree import Leaf


def chain_record(sweep: Sweep, name: str) -> Chain | None:
    """Write the chain to a value, by its name or its gradient's; None where it has no gradient."""
    found = [each for each in sweep.gradients.values() if name in (each.value.name, each.name.name)]
    return _Writer(sweep, found[0].value).record() if found else None


class _Writer:
    def __init__(self, sweep: Sweep, wrt: Leaf) -> None:
        self.sweep = sweep
        self.graph: Graph = sweep.graph
        self.wrt = wrt
        self.then: Link | None = None
        self.value = wrt
        links = sweep.gradients[wrt].links
        if len(links) == 1 and self._leaves_examples(links[0]):
            self.then, self.value = links[0], links[0].use.node.output

    def _leaves_examples(self, link: Link) -> bool:
        """Say whether a link leads from a value with examples to one without, as to a weight."""
        return (
            link.gradient is not None
            and self._has_examples(link.use.node.output)
            and not self._has_examples(self.wrt)
        )

    def _has_examples(self, value: Leaf) -> bool:
        return any(str(dim) == self.graph.batch for dim in value.shape)

    def record(self) -> Chain:
        """Return the record."""
        path = _path(self.sweep, self.value)
        top = path.links[-1].use.node.output if path.links else self.value
        gradient = self.sweep.gradients.get(top)
        start = f"d{top.name}" if gradient is None else gradient.name.name
        paths = _paths(self.sweep, self.wrt)
        plain = Chain(self.wrt.name, self.value.name, start, path.ends, paths, self._then())
        if self.sweep.numerator:
            return plain._replace(why="`layout: numerator`: chains are written in the other one")
        if not path.links:
            return plain._replace(why=path.ends or "it is the first gradient: nothing leads to it")
        return filled(plain, Product(path, self.value, top, start), self.graph)

    def _then(self) -> str:
        if self.then is None:
            return ""
        return f"d{self.wrt.name} = {text(self.then.derived.formula)}"


def _paths(sweep: Sweep, wrt: Leaf) -> int:
    """Count the paths from the loss to a value, each use being one."""
    counts: dict[Leaf, int] = {}
    for value, gradient in sweep.gradients.items():
        given = int(value in sweep.graph.upstream)
        counts[value] = given + sum(
            1 if link.gradient is None else counts.get(link.use.node.output, 1)
            for link in gradient.links
        )
    return counts[wrt]


def _path(sweep: Sweep, value: Leaf) -> Path:
    """Walk up from a value while a single step leads to it, and examples stay apart."""
    finder, links = Links(), []
    lanes: list[Lane] = [{value: axis} for axis, dim in enumerate(value.shape) if not dim.is_one]
    on_the_way, widest, ends = [value], _width(value), ""
    while not ends:
        here = on_the_way[-1]
        link, ends = _next(sweep, here)
        if link is None:
            break
        above = link.use.node.output
        tried = _followed(link, lanes, here, above)
        widest = max(widest, _width(above))
        if widest - len(tried) > 1:
            ends = f"{above.name}:{here.name} has no matrix for each example alone"
            break
        links.append(link)
        on_the_way.append(above)
        lanes = tried
    lanes = _with_one_axis(lanes, on_the_way, sweep.graph.batch)
    return _with_matrices(finder, links, lanes, ends)


def _next(sweep: Sweep, value: Leaf) -> tuple[Link | None, str]:
    """Return the only step to a value, or why there is none to go on with."""
    gradient = sweep.gradients.get(value)
    if gradient is None or gradient.fused_with is not None:
        return None, ""
    if (parts := sweep.parts(gradient)) > 1:
        return None, f"{gradient.name.name} adds up {parts} steps"
    if not gradient.links or gradient.links[0].gradient is None:
        return None, ""
    return gradient.links[0], ""


def _followed(link: Link, lanes: Sequence[Lane], here: Leaf, above: Leaf) -> list[Lane]:
    """Return the lanes that go on through a link."""
    (found,) = link.derived.derivation.jacobians
    tied = [(lane, tied_axis(found, lane[here])) for lane in lanes]
    return [{**lane, above: axis} for lane, axis in tied if axis is not None]


def _width(value: Leaf) -> int:
    return sum(not dim.is_one for dim in value.shape)


def _with_one_axis(lanes: list[Lane], values: Sequence[Leaf], batch: str | None) -> list[Lane]:
    """Leave an axis to the matrices where all are diagonal, one that does not count examples."""
    first = values[0]
    widest = max(map(_width, values))
    if len(lanes) < _width(first) or not lanes or widest > len(lanes):
        return lanes
    spare = [lane for lane in lanes if str(first.shape[lane[first]]) != batch] or lanes
    return [lane for lane in lanes if lane is not spare[-1]]


def _with_matrices(finder: Links, links: Sequence[Link], lanes: Sequence[Lane], ends: str) -> Path:
    """Find the matrix of each link, up to the first that has none."""
    matrices: list[LinkMatrix] = []
    for link in links:
        pairs = tuple((lane[link.use.node.output], lane[link.value]) for lane in lanes)
        found = finder.matrix(link, pairs)
        if isinstance(found, str):
            ends = f"{link.use.node.output.name}:{link.value.name}: {found}"
            break
        matrices.append(found)
    return Path(tuple(links[: len(matrices)]), tuple(lanes), tuple(matrices), ends)
