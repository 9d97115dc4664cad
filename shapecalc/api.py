"""Text or path in, records out. Prints nothing, and raises nothing for a user's mistake."""

from collections.abc import Iterable

from shapecalc.claims import Judged, judge
from shapecalc.claims.reading import asked_for
from shapecalc.diagnostics import Finding
from shapecalc.graph import build_graph
from shapecalc.matrix.printing import text as printed
from shapecalc.records import Report
from shapecalc.report.coincidence import coincidence_findings
from shapecalc.report.whole import report
from shapecalc.source import read_file
from shapecalc.spec import looks_like_spec, read_network
from shapecalc.sweep import Memory, sweep

__all__ = ["Memory", "check", "looks_like_spec", "read"]


def read(path: str) -> str:
    """Return the text of a spec's file. Raises diagnostics.Problem where there is none to read."""
    return read_file(path)


def check(
    text: str,
    path: str,
    *,
    detail: bool = True,
    asked: Iterable[str] = (),
    memory: Memory | None = None,
) -> Report:
    """Check a spec: derive and check every gradient, judge every claim.

    `asked` names inputs whose gradients are wanted too. Without `detail` the report holds findings
    and claims alone. A memory that is handed from spec to spec makes many of them quick. A mistake
    in the spec is a finding of the report, and never raised.
    """
    network, findings = read_network(text, path)
    source = tuple(text.removeprefix("\ufeff").split("\n"))
    if network is None:
        return Report(path, findings=findings, source=source)
    graph = build_graph(network)
    if any(finding.code == "SC212" for finding in findings):
        return Report(path, network.name, findings=(*findings, *graph.findings), source=source)
    found = sweep(graph, [*asked_for(network), *asked], memory)
    judged, unread = judge(found)
    every = [*findings, *graph.findings, *found.findings, *unread]
    every += [finding for each in judged if (finding := claim_finding(each)) is not None]
    if not graph.findings and not findings:
        every += coincidence_findings(found)
    return report(found, judged, every, detail=detail)._replace(source=source)


def claim_finding(judged: Judged) -> Finding | None:
    """Describe what is to be said of a claim, at its place, with the formula that is right."""
    claim = judged.claim
    place = claim.source.expression_span
    name, written, right = claim.gradient.name, claim.source.text, printed(judged.right)
    if judged.outcome.literal is not None:
        number, dim = judged.outcome.literal
        return Finding("SC503", place, f"{number} stands for {dim}", f"write `{dim}`")
    if judged.verdict == "undecided":
        message = f"no proof of `{name} = {written}` either way: {judged.outcome.reason}"
        return Finding("SC415", place, message, "simplify it", notes=(("derived", f"`{right}`"),))
    if judged.verdict != "wrong":
        return None
    help_ = f"write `{right}`"
    if claim.reason:
        message = f"{name}: {claim.reason}" if claim.tree is None else f"`{written}` {claim.reason}"
        return Finding("SC413", place, message, help_, label=claim.reason)
    scale = judged.outcome.scale
    if scale is not None:
        factor = printed(scale.tree)
        times = "minus" if factor == "-1" else f"{factor} times"
        message = f"`{written}` is {times} {name}"
        return Finding("SC414", place, message, help_, label=f"off by the factor {factor}")
    message = f"`{written}` is not {name}"
    notes: tuple[tuple[str, str], ...] = ()
    if judged.needs is not None:
        value, axis = judged.needs
        fact = f"right where {value.name} sums to 1 over {value.shape[axis]}: say so, write"
        notes = (("note", f"{fact} `assume: {{{value.name}: probabilities axis={axis}}}`"),)
    return Finding("SC414", place, message, help_, label="other values", notes=notes)
