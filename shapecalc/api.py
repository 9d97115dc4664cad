"""Text or path in, records out. Prints nothing, and raises nothing for a user's mistake.

What checks need, derivations do not load, and the other way round: start-up is counted in ms.
"""

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Finding, Severity
from shapecalc.graph import build_graph
from shapecalc.records import Claim, Drawing, Report, Rewritten
from shapecalc.report.matrices import assumption_findings
from shapecalc.report.most import first_findings
from shapecalc.source import glimpse, lines_of, read_file, read_stream
from shapecalc.span import Span
from shapecalc.spec import looks_like_spec, read_network
from shapecalc.spec.lines import Asked, Expression, as_spec
from shapecalc.spec.reader import no_garbage_collection
from shapecalc.sweep import Memory, Sweep, sweep

if TYPE_CHECKING:
    from shapecalc.calculus.evaluating import At

__all__ = [
    "Extras",
    "Memory",
    "check",
    "derive",
    "drawn",
    "equations",
    "fixed",
    "internal",
    "judged",
    "looks_like_spec",
    "may_be_spec",
    "read",
    "read_stream",
    "rewritten",
    "script",
    "selected",
    "studied",
    "traced",
    "verify",
]


class Extras(NamedTuple):
    """What a report holds where it is asked for.

    `sizes`: those at which no dims coincide. `chain`: the value to which the chain of links leads.
    """

    sizes: bool = False
    chain: str | None = None


NONE = Extras()


def read(path: str) -> str:
    """Return the text of a spec's file. Raises diagnostics.Problem where there is none to read."""
    return read_file(path)


def may_be_spec(path: str, finding: Finding) -> bool:
    """Say whether a file that could not be read may be a spec; then the finding is worth saying.

    A file in another encoding is looked at all the same, and so is the start of a huge one.
    """
    return finding.code not in ("SC104", "SC901") or looks_like_spec(glimpse(path))


def selected(report: Report, keeps: Callable[[Finding], bool]) -> Report:
    """Leave out the findings that are not wanted; they count as silenced."""
    left = tuple(finding for finding in report.findings if keeps(finding))
    if len(left) == len(report.findings):
        return report
    dropped = tuple(finding for finding in report.findings if finding not in left)
    ok = not any(finding.severity is Severity.ERROR for finding in left)
    return report._replace(findings=left, silenced=(*report.silenced, *dropped), ok=ok)


def equations(text: str, path: str) -> str:
    """Return a spec with its layers written out as equations; empty where it has a mistake."""
    from shapecalc.spec.writing import written

    network, findings = read_network(text, path)
    return "" if network is None or findings else written(network)


def drawn(text: str, path: str, *, backward: bool) -> tuple[Drawing | None, tuple[Finding, ...]]:
    """Return the graph of a network, or the errors for which it has none.

    With `backward`, the gradients too; claims are not looked at.
    """
    from shapecalc.report.drawing import drawing, drawing_with_gradients

    network, findings = read_network(text, path)
    if network is None:
        return None, first_findings(findings)
    graph = build_graph(network)
    found = [*findings, *graph.findings]
    if not _errors(found) and not backward:
        return drawing(graph), ()
    derived = sweep(graph, (), Memory())
    found += derived.findings
    return (None, _errors(found)) if _errors(found) else (drawing_with_gradients(derived), ())


def _errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return first_findings([each for each in findings if each.severity is Severity.ERROR])


def rewritten(text: str, path: str, to: str) -> tuple[Rewritten | None, tuple[Finding, ...]]:
    """Return the spec of a network in another convention, or the errors in the one that is given.

    `to` is "columns", "rows" or "torch-layout". The record says so where there is no counterpart.
    """
    from shapecalc.claims.reading import asked_for
    from shapecalc.rewriting import Convention, NoRewriting
    from shapecalc.rewriting import rewritten as rewrite

    network, findings = read_network(text, path)
    if network is None:
        return None, first_findings(findings)
    graph = build_graph(network)
    found = [*findings, *graph.findings]
    if _errors(found):
        return None, _errors(found)
    derived = sweep(graph, asked_for(network), Memory())
    if _errors(derived.findings):
        return None, _errors(derived.findings)
    try:
        return rewrite(derived, text, Convention(to)), ()
    except NoRewriting as reason:
        return Rewritten("", "", to, refused=str(reason)), ()


def script(text: str, path: str, library: str) -> tuple[str, tuple[Finding, ...], str]:
    """Return a script that runs a network and its gradients; else the errors, or why there is none.

    `library` is "numpy", "pytorch" or "jax".
    """
    from shapecalc.report.script import NoScript
    from shapecalc.report.script import script as write

    network, findings = read_network(text, path)
    if network is None:
        return "", first_findings(findings), ""
    derived = sweep(build_graph(network), (), Memory())
    errors = _errors([*findings, *derived.graph.findings, *derived.findings])
    if errors:
        return "", errors, ""
    try:
        return write(derived, library), (), ""
    except NoScript as reason:
        return "", (), str(reason)


def fixed(text: str, path: str, memory: Memory) -> tuple[str, tuple[Claim, ...]]:
    """Return a spec with its wrong claims put right, and those claims; all else stays as it is."""

    def checked(candidate: str) -> Report:
        return check(candidate, path, detail=False, memory=memory)

    report = checked(text)
    if not any(claim.verdict == "wrong" for claim in report.claims):
        return text, ()
    from shapecalc.claims.mending import mended

    return mended(text, report, checked)


def verify(asked: Asked, path: str) -> Report:
    """Judge claims without a file: errors, and what is to be said of the claims themselves."""
    _, report = judged(asked, path)
    return report


def judged(asked: Asked, path: str) -> tuple[str, Report]:
    """Return the spec that claims stand in, with a loss if the last line is one, and a report."""
    text = as_spec(asked, is_loss=True)
    report = check(text, path, detail=False)
    if any(finding.code == "SC211" for finding in report.findings) and asked.loss is None:
        text = as_spec(asked, is_loss=False)
        report = check(text, path, detail=False)
    report = report._replace(findings=tuple(map(_as_asked, report.findings)))
    return text, selected(report, _is_asked)


def _is_asked(finding: Finding) -> bool:
    """Say whether a finding is an error, or about a claim: a number in it that stands for a dim."""
    return (
        finding.severity is Severity.ERROR or finding.code[:3] == "SC4" or finding.code == "SC503"
    )


def derive(
    asked: Expression, path: str, *, order: int = 1, by_rows: bool = False, at: "At | None" = None
) -> Report:
    """Differentiate an expression by a name; the report holds the derivative, or why there is none.

    With order 2, the gradient of a scalar is differentiated once more: the Hessian. `at` says at
    which numbers the derivative is evaluated, if at any.
    """
    from shapecalc.calculus.running import differentiated

    with no_garbage_collection():
        return differentiated(asked, path, order=order, by_rows=by_rows, at=at)


def internal(path: str, error: Exception) -> Report:
    """Report a failure of ours."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    message = f"shapecalc failed on this file, {reason}"
    found = Finding("SC902", Span(path, 1, 1), message, "this is our bug: please report it")
    return Report(path, findings=(found,))


def _as_asked(finding: Finding) -> Finding:
    """Say what to write on a command line, where a spec would declare a name."""
    if finding.code != "SC205" or not finding.help.startswith("declare "):
        return finding
    name = finding.message.split("`")[1]
    return finding._replace(help=f"give its shape, `--shape {name}=n,m`, or an equation for it")


def check(
    text: str,
    path: str,
    *,
    detail: bool = True,
    asked: Iterable[str] = (),
    memory: Memory | None = None,
    extras: Extras = NONE,
    in_full: Collection[str] | None = None,
) -> Report:
    """Check a spec: derive and check every gradient, judge every claim.

    `asked` names inputs whose gradients are wanted too. Without `detail` the report holds findings
    and claims alone; `extras` are what it holds beyond. A memory that is handed from spec to spec
    makes many of them quick. `in_full` names the values whose gradients are checked in every way,
    None all; for others a proof by algebra will do. A mistake in the spec is a finding of the
    report, and never raised.
    """
    written, found = studied(text, path, detail=detail, asked=asked, memory=memory, in_full=in_full)
    return written if found is None else _with_extras(written, found, extras)


def studied(
    text: str,
    path: str,
    *,
    detail: bool = True,
    asked: Iterable[str] = (),
    memory: Memory | None = None,
    in_full: Collection[str] | None = None,
) -> tuple[Report, Sweep | None]:
    """Check a spec; return the sweep that its report is made of too, where there is one."""
    from shapecalc.claims import judge
    from shapecalc.claims.findings import claim_findings
    from shapecalc.claims.reading import asked_for
    from shapecalc.report.coincidence import coincidence_findings
    from shapecalc.report.layered import at_layers
    from shapecalc.report.lint import lint_findings
    from shapecalc.report.silence import heard
    from shapecalc.report.whole import report

    network, findings = read_network(text, path)
    source = lines_of(text)
    if network is None:
        return Report(path, findings=first_findings(findings), source=source), None
    memory = memory or Memory()
    graph = build_graph(network, memory.equations)
    every = at_layers([*findings, *graph.findings, *assumption_findings(graph)], network)
    is_whole = not every
    if any(finding.code == "SC212" for finding in findings):
        left, silenced = heard(every, network.ignores, is_whole=is_whole)
        unread = Report(
            path,
            network.name,
            findings=first_findings(left),
            not_checked=graph.not_checked,
            silenced=silenced,
            source=source,
        )
        return unread, None
    found = sweep(graph, [*asked_for(network), *asked], memory, in_full)
    judged, not_read = judge(found)
    every += [*at_layers(found.findings, network), *not_read]
    every += claim_findings(judged, graph.network)
    if is_whole:
        doubts = [*coincidence_findings(found), *lint_findings(graph)]
        every += at_layers(doubts, network)
    left, silenced = heard(every, network.ignores, is_whole=is_whole)
    written = report(found, judged, first_findings(left), detail=detail)
    return written._replace(silenced=silenced, source=source), found


def traced(text: str, path: str, names: Iterable[str]) -> tuple[Report, Sweep] | None:
    """Derive all gradients, but check in every way that applies those of some names alone.

    The report has the steps to these names and all gradients; the author's claims are not judged.
    Returns None where the spec has an error, or no such name a gradient: then a check tells why.
    """
    from shapecalc.claims.reading import asked_for
    from shapecalc.report.detail import with_steps_to
    from shapecalc.report.whole import report

    wanted = tuple(names)
    network, findings = read_network(text, path)
    if network is None or _errors(findings):
        return None
    memory = Memory()
    graph = build_graph(network, memory.equations)
    found = sweep(graph, [*asked_for(network), *wanted], memory, in_full=wanted)
    values = {each.name for each in found.gradients}.intersection(wanted)
    if _errors([*graph.findings, *found.findings]) or not values:
        return None
    written = report(found, (), (), detail=False)._replace(source=lines_of(text))
    return with_steps_to(written, found, values), found


def _with_extras(written: Report, found: Sweep, extras: Extras) -> Report:
    if extras.chain is not None:
        from shapecalc.report.chains import chain_record

        chain = chain_record(found, extras.chain)
        written = written._replace(chains=(chain,) if chain is not None else ())
    if extras.sizes and found.links and not found.graph.lost:
        from shapecalc.report.distinct import distinct

        written = written._replace(distinct=distinct(found))
    return written
