"""`derive`: an expression and a name in, the record of a derivative out.

Index form, layouts, differential and vec form; of a scalar, its Hessian as well, which is the
derivative of its gradient.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from shapecalc.backprop import JacobianTooLarge
from shapecalc.calculus.closing import by_symmetry
from shapecalc.calculus.derivation import Derivation, Form
from shapecalc.calculus.evaluating import At, NotEvaluated, evaluated
from shapecalc.calculus.functions import Dependence, NoTangent
from shapecalc.calculus.vecforms import VecForm, vec_form
from shapecalc.diagnostics import Finding, Problem, Severity
from shapecalc.expression import Syntax
from shapecalc.graph import Graph, build_graph
from shapecalc.index import Factor, Term, fresh_labels
from shapecalc.matrix import make
from shapecalc.matrix.entries import Letters, sum_text
from shapecalc.matrix.printing import text
from shapecalc.ops.build import CONSTANTS
from shapecalc.ops.names import ALIASES, PREFIXES
from shapecalc.ops.registry import OPS
from shapecalc.parsing import names_in, parse_expression
from shapecalc.records import Derived, Dims, Formula, LaidOut, Report
from shapecalc.report.axes import listed
from shapecalc.report.formulas import formula_record
from shapecalc.report.kinks import kink
from shapecalc.report.matrices import assumption_findings
from shapecalc.report.most import first_findings
from shapecalc.source import lines_of
from shapecalc.span import Span
from shapecalc.spec import read_network
from shapecalc.spec.lines import Expression, dims_in, spec_of, without_calls
from shapecalc.spec.network import Network
from shapecalc.spec.single import network_of
from shapecalc.sweep.checking import SelfCheckFailed, TooLarge
from shapecalc.tree import Call, Tree, call, calls, leaf, leaves, number, rebuilt

LONG = 24
"""An expression of more letters keeps its name where the derivative has it twice."""
MOST_OPEN = 20
"""Axes and values whose shapes nobody gave, and no equation tells."""
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
    report, derivation = _once(asked, path, by_rows=by_rows)
    if derivation is not None and order > 1:
        gradient = derivation.denominator
        if derivation.kinds[0] != "scalar" or gradient is None:
            message = f"a Hessian is that of a scalar, and this is a {derivation.kinds[0]}"
            return _refused(path, message, "sum the entries, `sum(...)`")
        whole = text(derivation.shown(_written_out(gradient.tree, derivation)))
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
    """Say what is wrong with the functions of an expression, and what to write instead."""
    names = set(dict(asked.shapes)) | set(re.findall(r"[^\W\d]\w*", asked.text))
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
    """Guess from its letter whether a name is a matrix or a vector: of the variable's kind."""
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
        return Report(path, findings=(problem.finding,), source=(asked.text,)), None
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
        found = Derivation(node.output, node.tree, values[asked.wrt], functions, dims)
        record = derived(found, asked.text, by_rows=by_rows, symmetric=_symmetric(graph))
    except (JacobianTooLarge, TooLarge, RecursionError):
        message, advice = "the derivative is too large to be checked", "name its parts, in a spec"
        finding = Finding("SC901", place, message, advice)
    except NoTangent as name:
        message = f"the derivative of `{name}` is no matrix"
        advice = "a function is a scalar or vector of one, or a matrix of a scalar"
        finding = Finding("SC212", place, message, advice)
    except SelfCheckFailed as failure:
        message = f"the derivative failed its own check: {failure}"
        finding = Finding("SC902", place, message, "this is our bug: please report it")
    else:
        return Report(path, ok=True, derived=record, source=source), found
    return Report(path, findings=(finding,), source=source), None


def _graph(
    network: Network | None, findings: Iterable[Finding]
) -> tuple[Graph | None, list[Finding]]:
    """Build the graph of a network without findings; return the errors of both."""
    every = [*findings]
    graph = build_graph(network) if network is not None and not every else None
    if graph is not None:
        every += (*graph.findings, *assumption_findings(graph))
    return graph, [each for each in every if each.severity is Severity.ERROR]


def _symmetric(graph: Graph) -> frozenset[str]:
    said = graph.network.assume
    return frozenset(e.name for e in said if e.property in ("symmetric", "positive-definite"))


def _read_expression(asked: Expression, path: str) -> Syntax:
    """Raises Problem where it is none."""
    return parse_expression(asked.text, lambda start, length: Span(path, 1, start + 1, length))


def _values_in(syntax: Syntax, asked: Expression) -> list[str]:
    """Return the names of values in an expression."""
    dims = {name for _, shape in asked.shapes for name in dims_in(shape)}
    known = {*dims, *CONSTANTS, *PREFIXES} - set(dict(asked.shapes))
    return [name.text for name in names_in(syntax) if name.text not in known]


def derived(
    derivation: Derivation,
    expression: str,
    *,
    by_rows: bool = False,
    symmetric: frozenset[str] = frozenset(),
) -> Derived:
    """Write out a derivative. `by_rows` stacks the rows of a matrix in the vec form.

    That some matrices are `symmetric` simplifies formulas that hold, and are checked, without.
    """
    output, wrt, jacobian = derivation.output, derivation.wrt, derivation.jacobian
    terms = tuple(map(_unfolded, (_read(term, derivation) for term in jacobian.terms)))
    letters = Letters(jacobian.output_labels, jacobian.wrt_labels)
    above = f"∂{output.name}{letters.indices(jacobian.output_labels)}"
    below = f"∂{derivation.name}{letters.indices(jacobian.wrt_labels)}"
    forms = derivation.numerator, derivation.denominator
    trees = [None if form is None else _in_full(form.tree, derivation) for form in forms]
    numerator, denominator = (
        _laid_out(form, tree, derivation.kinds, symmetric)
        for form, tree in zip(forms, trees, strict=True)
    )
    effective = derivation.effective
    effective = None if effective is None else derivation.shown(derivation.read(effective))
    differential = derivation.differential if derivation.kinds[0] != "scalar" else None
    is_tensor = forms == (None, None)
    vec = _vec(differential, derivation, by_rows=by_rows) if is_tensor else None
    return Derived(
        expression=expression,
        output=output.name,
        output_shape=_dims(derivation.dims(output.shape)),
        wrt=derivation.name,
        wrt_shape=_dims(derivation.dims(wrt.shape)),
        kinds=derivation.kinds,
        full_shape=_dims(derivation.dims((*output.shape, *wrt.shape))),
        left=f"{above}/{below}",
        index_form=sum_text(terms, letters, lambda tree: tree),
        diagonal=tuple(str(derivation.dims((delta.left.dim,))[0]) for delta in derivation.diagonal),
        effective=(text(effective), _dims(effective.shape)) if effective and is_tensor else None,
        numerator=numerator,
        denominator=denominator,
        differential=_spelled(differential, derivation) if differential is not None else None,
        vec=None if vec is None else vec.text,
        swap=None if vec is None else vec.swap,
        checked=derivation.checked,
        where=tuple(_where(trees, derivation)),
        kinks=tuple(_kinks(derivation)),
        structured=_structured(derivation, symmetric),
    )


def _read(term: Term, derivation: Derivation) -> Term:
    factors = (each._replace(tree=derivation.read(each.tree)) for each in term.factors)
    return term._replace(factors=tuple(factors))


def _unfolded(term: Term) -> Term:
    """Write every matrix product among the factors as the sum that it is."""
    factors, summed = list(term.factors), list(term.summed)
    place = 0
    while place < len(factors):
        tree, labels, power = factors[place]
        if isinstance(tree, Call) and tree.op == "transpose":
            factors[place] = Factor(tree.operands[0], labels[::-1], power)
        elif isinstance(tree, Call) and tree.op == "matmul" and power == 1 and len(labels) == 2:
            left, right = tree.operands
            (inner,) = fresh_labels(left.shape[-1:])
            pair = Factor(left, (labels[0], inner)), Factor(right, (inner, labels[1]))
            if inner is None or len(left.shape) != 2 or len(right.shape) != 2:
                place += 1
                continue
            factors[place : place + 1] = pair
            summed.append(inner)
        else:
            place += 1
    return term._replace(factors=tuple(factors), summed=tuple(summed))


def _laid_out(
    form: Form | None, tree: Tree | None, kinds: tuple[str, str], symmetric: frozenset[str]
) -> LaidOut:
    """Write out a form, of which `tree` is the formula in full."""
    if form is None or tree is None:
        of, by = kinds
        if {of, by} <= {"scalar", "vector"} or (of == "scalar" and by == "matrix"):
            return LaidOut(None, (), "no product of matrices makes its entries")
        return LaidOut(None, (), f"of a {of} by a {by}, it is not defined")
    tree, more = by_symmetry(tree, symmetric)
    steps = tuple((each.rule, each.formula) for each in (*form.rewritings, *more))
    return LaidOut(formula_record(tree), _dims(tree.shape), "", steps)


def _structured(derivation: Derivation, symmetric: frozenset[str]) -> Formula | None:
    """Return the derivative by the entries that a symmetric matrix has: G + G.T - diag(diag(G)).

    Source: Petersen and Pedersen, The Matrix Cookbook, section 2.8.
    """
    form = derivation.denominator
    if derivation.kinds != ("scalar", "matrix") or form is None:
        return None
    if derivation.name not in symmetric:
        return None
    whole, _ = by_symmetry(_in_full(form.tree, derivation), symmetric)
    turned, _ = by_symmetry(make.transposed(whole), symmetric)
    rows = whole.shape[:1]
    diagonal = call("diag", (call("diag", (whole,), (), rows),), (), whole.shape)
    twice = make.times(number(2), whole) if turned is whole else make.added(whole, turned)
    return formula_record(make.added(twice, make.negative(diagonal)))


def _vec(differential: Tree | None, derivation: Derivation, *, by_rows: bool) -> VecForm | None:
    if differential is None:
        return None
    change = leaf(f"d{derivation.name}", derivation.dims(derivation.wrt.shape))
    whole = _in_full(differential, derivation)
    names = {name.name for name in leaves(whole)}
    return vec_form(whole, derivation.output.name, change, names, by_rows=by_rows)


def _spelled(tree: Tree, derivation: Derivation) -> Formula:
    """Write the expression for its name, unless it is long and there more than once."""
    return formula_record(_in_full(tree, derivation))


def _in_full(tree: Tree, derivation: Derivation) -> Tree:
    tree = derivation.read(tree)
    times = sum(name is derivation.output for name in leaves(tree))
    if times < 2 or len(text(derivation.written)) <= LONG:
        tree = _written_out(tree, derivation)
    return derivation.shown(tree)


def _written_out(tree: Tree, derivation: Derivation) -> Tree:
    put: dict[Tree, Tree] = {derivation.output: derivation.written}
    return rebuilt(tree, put.get)


def _where(trees: Iterable[Tree | None], derivation: Derivation) -> Iterator[tuple[str, Formula]]:
    names = {name.name for tree in trees if tree is not None for name in leaves(tree)}
    if derivation.output.name in names:
        yield derivation.output.name, formula_record(derivation.shown(derivation.written))


def _kinks(derivation: Derivation) -> Iterator[str]:
    parts = dict.fromkeys(calls(derivation.written))
    found = {part: said for part in parts if (said := kink(part))}
    yield from dict.fromkeys(
        said
        for part, said in found.items()
        if any(name.name == derivation.name for name in leaves(part))
    )


def _dims(shape: tuple[object, ...]) -> Dims:
    return tuple(map(str, shape))
