"""What was derived and judged → the report, a record of plain data."""

from collections.abc import Iterable, Sequence

from shapecalc.claims import Judged
from shapecalc.claims.catalogue import first_of
from shapecalc.claims.scale import ONE
from shapecalc.diagnostics import Finding, Severity
from shapecalc.dims import Dim
from shapecalc.graph import Graph
from shapecalc.matrix.printing import text
from shapecalc.ops.indices import picks_in
from shapecalc.records import Claim, Report
from shapecalc.report.ledger import ledger
from shapecalc.report.matrices import assumed_of_matrices
from shapecalc.sweep import Sweep
from shapecalc.tree import Tree, leaves


def report(
    sweep: Sweep, judged: Sequence[Judged], findings: Iterable[Finding], *, detail: bool
) -> Report:
    """Write the report of one spec; without detail, no values, steps and gradients."""
    graph = sweep.graph
    network = graph.network
    found = tuple(sorted(findings, key=lambda each: (each.span.line, each.span.column, each.code)))
    written = Report(
        path=network.path,
        name=network.name,
        ok=not any(finding.severity is Severity.ERROR for finding in found),
        loss=graph.loss.name if graph.loss else None,
        dims=tuple((entry.name, entry.size) for entry in network.dims),
        batch=graph.batch,
        layout=network.layout,
        claims=tuple(_claim(each) for each in judged),
        findings=found,
        assumptions=tuple(_assumptions(sweep)),
        not_checked=graph.not_checked,
        inferred_dims=tuple(entry.name for entry in network.dims if entry.is_inferred),
        step_count=len(sweep.links),
        ledger=ledger(sweep, judged),
    )
    if not detail:
        return written
    from shapecalc.report.detail import with_detail

    return with_detail(written, sweep)


def _assumptions(sweep: Sweep) -> Iterable[str]:
    yield from sweep.graph.assumptions
    yield from _functions(sweep.graph)
    assumed = {entry.name for entry in sweep.graph.network.assume if entry.axis is not None}
    made = {node.output for node in sweep.graph.nodes}
    for value, axis in sweep.assumed:
        if value in made:  # its equation says so: one-hot rows
            continue
        source = "as assumed" if value.name in assumed else "as its loss implies"
        yield f"{value.name} sums to 1 over {value.shape[axis]}, {source}"
    yield from _picking(sweep)
    yield from assumed_of_matrices(sweep)


def _functions(graph: Graph) -> Iterable[str]:
    """Say what functions that are not spelled out stand for."""
    if graph.network.functions:
        written = {node.output.name: node.source.text for node in graph.nodes}
        for u in graph.network.functions:
            if u.name in written:
                x = u.of.name
                near = f"near {x} it is {written[u.name]}"
                yield f"{u.name} is any differentiable function of {x}; {near}"


def _picking(sweep: Sweep) -> Iterable[str]:
    graph = sweep.graph
    if not graph.indices:
        return
    given = {entry.name for entry in graph.network.inputs}
    found: dict[Tree, dict[Dim, None]] = {}
    for operand, dim in picks_in(node.tree for node in graph.nodes if not node.is_plain):
        if any(value.name in given for value in leaves(operand)):
            found.setdefault(operand, {})[dim] = None
    for operand, dims in found.items():
        below = " and ".join(map(str, dims))
        yield f"{text(operand)} holds whole numbers from 0 on, below {below}"


def _claim(judged: Judged) -> Claim:
    claim, outcome = judged.claim, judged.outcome
    is_wrong = judged.verdict == "wrong"
    scaled = outcome.scale is not None and outcome.scale != ONE and outcome.scale
    return Claim(
        wrt=claim.value.name,
        gradient=claim.gradient.name,
        claim=claim.source.text,
        verdict=judged.verdict,
        kind=_kind(judged) if is_wrong else None,
        mistakes=judged.mistakes,
        times=text(scaled.tree) if scaled else None,
        right=text(judged.right) if is_wrong or judged.verdict == "undecided" else None,
        how=outcome.how,
        line=claim.source.expression_span.line,
    )


def _kind(judged: Judged) -> str:
    """Return the coarse kind of a mistake."""
    entry = first_of(judged.mistakes)
    if entry is None:
        return "shape" if judged.claim.reason else "other"
    return entry.kind
