"""A spec → the spec of the same network in another convention, proved to be the same."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath

from shapecalc.claims import Judged, judge
from shapecalc.claims.reading import asked_for, read_claims
from shapecalc.claims.worlds import World
from shapecalc.graph import build_graph
from shapecalc.matrix.printing import text
from shapecalc.records import Pair, Rewritten, Side
from shapecalc.rewriting.convention import Convention, convention_of, rewriter_to
from shapecalc.rewriting.proving import proved
from shapecalc.rewriting.trees import NoRewriting, Rewriter, Stored
from shapecalc.rewriting.turning import equations, points
from shapecalc.spec import read_network
from shapecalc.spec.network import AssumeEntry, Network, ValueEntry
from shapecalc.spec.writing import written
from shapecalc.sweep import Memory, Sweep, sweep
from shapecalc.tree import Tree

_OTHER_TRIANGLE = {
    "lower-triangular": "upper-triangular",
    "upper-triangular": "lower-triangular",
}
_MEAN = ', reduction="mean"'
_Claims = tuple[tuple[str, str], ...]


def rewritten(found: Sweep, original: str, to: Convention) -> Rewritten:
    """Write a network in another convention. Raises NoRewriting."""
    convention = convention_of(found.graph)
    rewriter = rewriter_to(found.graph, convention, to)
    if not rewriter.stored and not rewriter.is_turned:
        return Rewritten(original, convention.name, to.value)
    at = points(found)
    network = _network(found, rewriter, at)
    claims, left_out = _claims(found, rewriter, at)
    other = _read(_with_claims(network, claims), found)
    kept, changed = _judged_alike(found, other, claims)
    proved(found, other, rewriter, at)
    spec = written(_with_claims(network, kept))
    path = PurePath(found.graph.network.path).name
    left, right = _Sides(found, rewriter), _Sides(other, rewriter)
    names = [value.name for value in found.graph.values.values()]
    made = Rewritten(
        spec,
        convention.name,
        to.value,
        len(at),
        left_out=(*left_out, *changed),
        given=left.beside(right, [name for name in names if name not in left.equations]),
        forward=left.beside(right, left.equations),
        backward=left.beside(right, left.gradients),
    )
    head = "".join(f"# {line}\n" for line in _comments(made, path))
    return made._replace(text=head + spec)


def _comments(made: Rewritten, path: str) -> Iterator[str]:
    yield f"{path} in another convention: {made.to}. It was in {made.was}."
    yield (
        f"Proved at {made.points} points of stand-in values: all {len(made.forward)} values and "
        f"{len(made.backward)} gradients are those of before,"
    )
    yield "or their transposes, where what they belong to is stored transposed."
    for claim, reason in made.left_out:
        yield f"Left out: {' '.join(claim.split())} ({reason})"


# --- the network ---------------------------------------------------------------------------------


def _network(found: Sweep, rewriter: Rewriter, at: Sequence[World]) -> Network:
    """Rewrite all but the claims."""
    network = found.graph.network
    for function in network.functions:
        raise NoRewriting(f"`{function.name}` is a function that is not spelled out")
    sources = {node.output.name: node for node in found.graph.nodes}
    forward = []
    for name, tree in equations(found, rewriter, at):
        node = sources[name]
        spelled = node.source.text if tree is node.tree else _spelled(tree, node.source.text)
        forward.append(node.source._replace(text=spelled))

    def entries(given: Sequence[ValueEntry]) -> tuple[ValueEntry, ...]:
        return tuple(_entry(entry, found, rewriter) for entry in given)

    return network._replace(
        inputs=entries(network.inputs),
        params=entries(network.params),
        shapes=entries(network.shapes),
        forward=tuple(forward),
        assume=tuple(_assumed(entry, rewriter) for entry in network.assume),
        open_axes=(),
        open_shapes=(),
    )


def _spelled(tree: Tree, was: str) -> str:
    """Print an equation; a mean that the author left unsaid stays so."""
    printed = text(tree)
    return printed if "reduction" in was else printed.replace(_MEAN, "")


def _entry(entry: ValueEntry, found: Sweep, rewriter: Rewriter) -> ValueEntry:
    value = found.graph.values[entry.name]
    return entry._replace(shape=rewriter.of(entry.name).shape(value.shape))


def _assumed(entry: AssumeEntry, rewriter: Rewriter) -> AssumeEntry:
    """Say of a transpose what was assumed of a value: along the other axis, the other triangle."""
    if rewriter.of(entry.name) is not Stored.TRANSPOSED:
        return entry
    axis = None if entry.axis is None else 1 - entry.axis % 2
    word = _OTHER_TRIANGLE.get(entry.property, entry.property)
    return entry._replace(axis=axis, property=word)


def _read(network: Network, found: Sweep) -> Sweep:
    """Read what was written, as anybody would, and derive its gradients."""
    path = found.graph.network.path
    other, findings = read_network(written(network), path)
    if other is None or findings:
        said = findings[0].message if findings else "it cannot be read"
        raise NoRewriting(f"what comes out is no spec: {said}")
    graph = build_graph(other)
    if graph.findings:
        raise NoRewriting(f"what comes out has a mistake: {graph.findings[0].message}")
    names = [*asked_for(found.graph.network), *asked_for(other)]
    return sweep(graph, dict.fromkeys(names), Memory())


# --- claims --------------------------------------------------------------------------------------


def _claims(found: Sweep, rewriter: Rewriter, at: Sequence[World]) -> tuple[_Claims, _Claims]:
    """Rewrite what the author claims; return what has no counterpart, with the reason, beside."""
    kept = []
    claims, _ = read_claims(found)
    read = {claim.source.name for claim in claims}
    left_out = [
        (f"{source.name} = {source.text}", "it could not be read")
        for source in found.graph.network.gradients
        if source.name not in read
    ]
    for claim in claims:
        name, stored = claim.gradient.name, rewriter.of(claim.gradient.name)
        as_written = f"{claim.source.name} = {claim.source.text}"
        if claim.tree is None or claim.reason:
            left_out.append((as_written, "its shape is wrong"))
            continue
        try:
            tree = rewriter.written(claim.tree, stored)
        except NoRewriting as reason:
            left_out.append((as_written, str(reason)))
            continue
        if rewriter.agrees(tree, stored, claim.tree, at):
            spelled = claim.source.text if tree is claim.tree else text(tree)
            kept.append((claim.source.name, spelled))
        else:
            left_out.append((as_written, f"no formula was found for {name} there"))
    return tuple(kept), tuple(left_out)


def _with_claims(network: Network, claims: _Claims) -> Network:
    sources = {source.name: source for source in network.gradients}
    equations_ = [sources[name]._replace(text=formula) for name, formula in claims]
    return network._replace(gradients=tuple(equations_))


def _judged_alike(found: Sweep, other: Sweep, claims: _Claims) -> tuple[_Claims, _Claims]:
    """Keep the claims that are judged as they were."""
    before, after = _verdicts(judge(found)[0]), _verdicts(judge(other)[0])
    kept, changed = [], []
    for name, formula in claims:
        if after.get(name) == before[name]:
            kept.append((name, formula))
        else:
            verdicts = f"{before[name]} before, {after.get(name, 'unread')} there"
            changed.append((f"{name} = {formula}", verdicts))
    return tuple(kept), tuple(changed)


def _verdicts(judged: Sequence[Judged]) -> Mapping[str, str]:
    return {each.claim.source.name: each.verdict for each in judged}


# --- both beside each other ----------------------------------------------------------------------


_RELATIONS = {
    Stored.AS_IT_WAS: "equal",
    Stored.TRANSPOSED: "transposed",
    Stored.AS_A_COLUMN: "as a column",
    Stored.AS_A_VECTOR: "as a vector",
}


class _Sides:
    """The values and gradients of one network, to be put beside those of another."""

    def __init__(self, found: Sweep, rewriter: Rewriter) -> None:
        self.rewriter = rewriter
        self.equations = {node.output.name: node.source.text for node in found.graph.nodes}
        self.gradients = {each.name.name: text(each.formula) for each in found.gradients.values()}
        leaves = [*found.graph.values.values(), *(g.name for g in found.gradients.values())]
        self.shapes = {each.name: each.shape for each in leaves}

    def side(self, name: str) -> Side:
        formula = self.equations.get(name) or self.gradients.get(name, "")
        return Side(" ".join(formula.split()), tuple(map(str, self.shapes[name])))

    def beside(self, other: "_Sides", names: Iterable[str]) -> tuple[Pair, ...]:
        """Return what both have for each name."""
        return tuple(
            Pair(name, self.side(name), other.side(name), _RELATIONS[self.rewriter.of(name)])
            for name in names
        )
