"""`derive`: an expression and a name in, the record of a derivative out.

Index form, layouts, differential and vec form; of a scalar, its Hessian as well, which is the
derivative of its gradient.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from shapecalc.backprop import JacobianTooLarge, NoJacobian
from shapecalc.calculus.derivation import Derivation
from shapecalc.calculus.evaluating import At, NotEvaluated, evaluated
from shapecalc.calculus.facts import facts_of
from shapecalc.calculus.functions import Dependence, NoTangent
from shapecalc.calculus.mistakes import as_asked, place_in, without_left_side
from shapecalc.calculus.writing import derived, written_out
from shapecalc.diagnostics import Finding, Problem, Severity
from shapecalc.expression import Syntax
from shapecalc.graph import Graph, build_graph
from shapecalc.matrix import make
from shapecalc.matrix.joining import Unreadable
from shapecalc.matrix.printing import text
from shapecalc.ops.build import CONSTANTS
from shapecalc.ops.names import ALIASES, PREFIXES
from shapecalc.ops.registry import OPS
from shapecalc.parsing import names_in, parse_expression
from shapecalc.records import Report
from shapecalc.report.axes import listed
from shapecalc.report.matrices import assumption_findings
from shapecalc.report.most import first_findings
from shapecalc.source import lines_of
from shapecalc.span import Span
from shapecalc.spec import read_network
from shapecalc.spec.lines import Expression, dims_in, spec_of, without_calls
from shapecalc.spec.network import Network
from shapecalc.spec.single import network_of
from shapecalc.sweep.checking import SelfCheckFailed, TooLarge
from shapecalc.tree import Call, Tree, call, rebuilt

MOST_OPEN = 20
"""Axes and values whose shapes nobody gave, and no equation tells."""
SCALARS = frozenset({"t", "s", "alpha", "beta", "lam", "tau"})
"""Names that are taken for numbers where nobody gave them a shape."""
OUTPUTS = ("Y", "G", "H", "Z")
"""Names for the expression: the first that is free."""


def differentiated(
    asked: Expression, path: str, *, order: int, by_rows: bool, at: At | None
) -> Report:
    """Differentiate once, or twice. What stands in the way is a finding of the report."""
    if (amiss := _amiss(asked)) is not None:
        return _refused(path, *amiss)
    if order > 1 and asked.functions:
        message = "a function that is not spelled out has no second derivative in this version"
        return _refused(path, message, "write it out")
    try:
        report, derivation = _once(asked, path, by_rows=by_rows)
    except RecursionError:
        message, advice = "the expression is too deep", "name its parts, in a spec"
        return Report(path, findings=(Finding("SC901", Span(path, 1, 1), message, advice),))
    if derivation is not None and order > 1:
        gradient = derivation.denominator
        if derivation.kinds[0] != "scalar" or gradient is None:
            message = f"a Hessian is that of a scalar, and this is a {derivation.kinds[0]}"
            return _refused(path, message, "sum the entries, `sum(...)`")
        whole = text(derivation.shown(written_out(gradient.tree, derivation)))
        report, derivation = _once(asked._replace(text=whole), path, by_rows=by_rows)
        if report.derived is not None:
            second = report.derived._replace(gradient_of=asked.text)
            report = report._replace(derived=second)
    if derivation is None or report.derived is None or at is None:
        return report
    if asked.functions:
        return _refused(path, "a function that is not spelled out has no numbers", "write it out")
    try:
        found = evaluated(derivation, at)
    except NotEvaluated as reason:
        return _refused(path, str(reason), "give other numbers, or leave out `--evaluate`")
    return report._replace(derived=report.derived._replace(evaluated=found))


def _refused(path: str, message: str, advice: str) -> Report:
    return Report(path, findings=(Finding("SC210", Span(path, 1, 1), message, advice),))


def _amiss(asked: Expression) -> tuple[str, str] | None:
    """Say what is wrong with what is told of an expression, and what to write instead."""
    names = set(dict(asked.shapes)) | set(re.findall(r"[^\W\d]\w*", asked.text))
    for said in (fact.partition(":")[0].strip() for fact in asked.assume):
        if said not in names | {each.name for each in asked.functions}:
            return f"`{said}` is not in the expression", f"leave out what is assumed of `{said}`"
    of = {each.name: each.of for each in asked.functions}
    for each in asked.functions:
        made = f"d{each.name}_d{each.of}"
        if each.name in OPS or each.name in ALIASES:
            return f"`{each.name}` is an op, and so no function of yours", "take another name"
        if each.name in dict(asked.shapes):
            return f"`{each.name}` has two shapes", "leave out its `--shape`"
        if made in names:
            return f"`{made}` is the name of ∂{each.name}/∂{each.of} here", "take another name"
        at, seen = each.of, {each.name}
        while at in of and at not in seen:
            seen.add(at)
            at = of[at]
        if at in seen:
            return f"`{at}` is a function of itself", "let it be one of what it depends on"
        if re.search(rf"(?<![\w.]){each.name}\s*\(", without_calls(asked.text, asked.functions)):
            return f"`{each.name}` is a function of `{each.of}`, and of nothing else", (
                f"write `{each.name}({each.of})`, or declare another function"
            )
    return None


def _once(asked: Expression, path: str, *, by_rows: bool) -> tuple[Report, Derivation | None]:
    """Differentiate; what stays open of the shapes is settled: a matrix, a dim of its own."""
    if asked.functions:
        asked = _with_functions(asked)
    report, found = _tried(asked, path, by_rows=by_rows)
    for fresh in range(MOST_OPEN):
        if (place := place_in(report, asked)) is not None:
            asked = asked._replace(places=(*asked.places, place))
            report, found = _tried(asked, path, by_rows=by_rows)
            continue
        settled = next((_settled(each, asked, fresh + 1) for each in report.findings), None)
        if settled is None:
            break
        asked = asked._replace(shapes=settled)
        report, found = _tried(asked, path, by_rows=by_rows)
    return report, found


def _with_functions(asked: Expression) -> Expression:
    """Write functions as the values that they are; give what they are of a likely shape."""
    shapes = (*asked.shapes, *((each.name, each.shape) for each in asked.functions))
    known = dict(shapes)
    open_ = dict.fromkeys(each.of for each in asked.functions if each.of not in known)
    shapes += tuple((name, _likely(name, known, name)) for name in open_)
    whole = without_calls(asked.text, asked.functions)
    return asked._replace(text=whole, shapes=shapes)


def _settled(finding: Finding, asked: Expression, fresh: int) -> tuple[tuple[str, str], ...] | None:
    """Return the shapes with one axis more that is known; None where that is not what is amiss."""
    if finding.code != "SC310":
        return None
    name, given = finding.message.split("`")[1], dict(asked.shapes)
    axis = re.search(r"what axis (\d+) of", finding.message)
    if axis is None:
        return None if name in given else (*asked.shapes, (name, _likely(name, given, asked.wrt)))
    axes = [part.strip() for part in given.get(name, "_, _").split(",")]
    if int(axis[1]) >= len(axes) or axes[int(axis[1])] != "_":
        return None
    axes[int(axis[1])] = f"d{fresh}"
    return tuple((given | {name: ", ".join(axes)}).items())


def _likely(name: str, given: Mapping[str, str], wrt: str) -> str:
    """Guess whether a name is a number, a matrix, or a vector of the variable's kind."""
    if name in SCALARS:
        return ""
    if name[:1].isupper():
        return "_, _"
    return "_" if "," not in given.get(wrt, "_, 1") else "_, 1"


def _outputs() -> Iterator[str]:
    yield from OUTPUTS
    yield from (f"Y{number}" for number in count(1))


def _tried(asked: Expression, path: str, *, by_rows: bool) -> tuple[Report, Derivation | None]:
    try:
        syntax = _read_expression(asked, path)
    except Problem as problem:
        finding = without_left_side(problem.finding, asked.text)
        return Report(path, findings=(finding,), source=(asked.text,)), None
    names = _values_in(syntax, asked)
    if asked.wrt not in {*names, *dict(asked.shapes)}:
        message = f"`{asked.wrt}` is not in the expression, and has no shape"
        advice = (
            f"its names are {listed(list(dict.fromkeys(names)))}" if names else "it has no name"
        )
        unknown = Finding("SC205", Span(path, 1, 1), message, advice)
        return Report(path, findings=(unknown,)), None
    used = {*re.findall(r"[^\W\d]\w*", asked.text), asked.wrt, *dict(asked.shapes)}
    output = next(name for name in _outputs() if not {name, f"d{name}"} & used)
    written = spec_of(asked, output, names)
    source = lines_of(written)
    graph, errors = _graph(network_of(asked, syntax, output, names, path), ())
    if graph is None or errors:  # once more from the text, in which the findings have places
        graph, errors = _graph(*read_network(written, path))
    if graph is None or errors:
        return Report(path, findings=first_findings(errors), source=source), None
    (node,) = graph.nodes
    place = node.source.expression_span
    try:
        values = graph.values
        functions = [Dependence(values[f.name], values[f.of]) for f in asked.functions]
        dims = {e.name: e.size for e in graph.network.dims if e.is_inferred and e.size is not None}
        tree = _of_the_smaller_square(node.tree, dims)
        found = Derivation(node.output, tree, values[asked.wrt], functions, dims)
        record = derived(found, asked.text, by_rows=by_rows, facts=facts_of(graph))
    except (JacobianTooLarge, TooLarge, RecursionError):
        message, advice = "the derivative is too large to be checked", "name its parts, in a spec"
        finding = Finding("SC901", place, message, advice)
    except NoJacobian as op:
        message = f"the derivative of `{op}` is not known"
        finding = Finding("SC212", place, message, "write it out in other ops")
    except Unreadable as reason:
        ties = "write it without a choice between equal entries"
        advice = ties if "compare" in str(reason) else "write parts of it in other ops"
        finding = Finding("SC212", place, f"it cannot be derived: {reason}", advice)
    except NoTangent as name:
        message = f"the derivative of `{name}` is no matrix"
        advice = "a function is a scalar, a vector of a vector, or a matrix of a scalar"
        finding = Finding("SC212", place, message, advice)
    except SelfCheckFailed as failure:
        message = f"the derivative failed its own check: {failure}"
        finding = Finding("SC902", place, message, "this is our bug: please report it")
    else:
        return Report(path, ok=True, derived=record, source=source), found
    return Report(path, findings=(finding,), source=source), None


def _of_the_smaller_square(tree: Tree, sizes: Mapping[str, int]) -> Tree:
    """Write trace(sqrtm(X @ X.T)) for trace(sqrtm(X.T @ X)) where X has fewer rows than columns.

    Both add up the singular values, but the larger square has eigenvalues that are 0, and there a
    root has no derivative.
    """

    def put(part: Tree) -> Tree | None:
        match part:
            case Call(op="transpose", operands=(Call(op="transpose", operands=(matrix,)),)):
                return matrix
            case Call(op="trace", operands=(Call(op="sqrtm", operands=(square,)),)):
                chain = make.chain(square)
            case _:
                return None
        if len(chain) != 2 or make.transposed(chain[0]) is not chain[1]:
            return None
        known = all({*dim.names} <= {*sizes} for dim in chain[1].shape)
        if not known or chain[1].shape[0].size(sizes) >= chain[1].shape[1].size(sizes):
            return None
        smaller = make.matmul(*reversed(chain))
        return call("trace", (call("sqrtm", (smaller,), (), smaller.shape),), (), ())

    return rebuilt(tree, put)


def _graph(
    network: Network | None, findings: Iterable[Finding]
) -> tuple[Graph | None, list[Finding]]:
    """Build the graph of a network without findings; return the errors of both."""
    every = [*findings]
    graph = build_graph(network) if network is not None and not every else None
    if graph is not None:
        every += (*graph.findings, *assumption_findings(graph))
    return graph, [as_asked(each) for each in every if each.severity is Severity.ERROR]


def _read_expression(asked: Expression, path: str) -> Syntax:
    """Raises Problem where it is none."""
    return parse_expression(asked.text, lambda start, length: Span(path, 1, start + 1, length))


def _values_in(syntax: Syntax, asked: Expression) -> list[str]:
    """Return the names of values in an expression."""
    dims = {name for _, shape in asked.shapes for name in dims_in(shape)}
    known = {*dims, *CONSTANTS, *PREFIXES} - set(dict(asked.shapes))
    return [name.text for name in names_in(syntax) if name.text not in known]
