"""A spec → the spec of the same network in another convention, proved to be the same."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from shapecalc.claims import Judged, judge
from shapecalc.claims.reading import asked_for, read_claims
from shapecalc.claims.worlds import World
from shapecalc.dims import Shape
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
    made = Rewritten(spec, convention.name, to.value, len(at), (*left_out, *changed))
    head = "".join(f"# {line}\n" for line in _comments(made, path, len(found.gradients)))
    return made._replace(text=head + spec, **_sides(found, other))


def _comments(made: Rewritten, path: str, gradients: int) -> Iterator[str]:
    yield f"{path} in another convention: {made.to}. It was in {made.was}."
    yield (
        f"Proved at {made.points} points of stand-in values: the loss is the same, and so are all "
        f"{gradients} gradients,"
    )
    yield "each equal to the one before, or its transpose, as its value is stored."
    for claim, reason in made.left_out:
        yield f"Left out: {' '.join(claim.split())} ({reason})"


# --- the network ---------------------------------------------------------------------------------


def _network(found: Sweep, rewriter: Rewriter, at: Sequence[World]) -> Network:
    """Rewrite all but the claims."""
    network = found.graph.network
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
    kept, left_out = [], []
    claims, _ = read_claims(found)
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


def _sides(found: Sweep, other: Sweep) -> dict[str, tuple[Pair, ...]]:
    """Return the same values and gradients in both."""
    left, right = _values(found), _values(other)
    made = [node.output.name for node in found.graph.nodes]
    given = [name for name in left if name not in made]
    gradients = {
        each.name.name: (text(each.formula), each.name.shape) for each in found.gradients.values()
    }
    others = {
        each.name.name: (text(each.formula), each.name.shape) for each in other.gradients.values()
    }
    return {
        "given": _pairs(given, left, right),
        "forward": _pairs(made, left, right),
        "backward": _pairs(gradients, gradients, others),
    }


_Formulas = Mapping[str, tuple[str, Shape]]


def _values(found: Sweep) -> _Formulas:
    sources = {node.output.name: node.source.text for node in found.graph.nodes}
    values = found.graph.values
    return {name: (sources.get(name, ""), value.shape) for name, value in values.items()}


def _pairs(names: Sequence[str] | _Formulas, left: _Formulas, right: _Formulas) -> tuple[Pair, ...]:
    return tuple(Pair(name, _side(*left[name]), _side(*right[name])) for name in names)


def _side(formula: str, shape: Shape) -> Side:
    return Side(" ".join(formula.split()), tuple(map(str, shape)))
