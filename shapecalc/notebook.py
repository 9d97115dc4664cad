"""The package from Python: a spec that is loaded once, and results that show themselves.

In a notebook a result is a page, elsewhere the text that the command line prints. A mistake in a
spec is raised as a SpecError, whose text is the frame that the command line prints.
"""

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from io import BytesIO
from types import MappingProxyType

from shapecalc import api, teach
from shapecalc.diagnostics import Finding, Problem, Severity
from shapecalc.parsing import normal_name
from shapecalc.records import Derived, Report
from shapecalc.records.explained import Explanation as Record
from shapecalc.render.output import NARROWEST, Look
from shapecalc.source import lines_of
from shapecalc.spec import read_network
from shapecalc.spec.lines import Expression, NoFact, NoShape, fact_of, function_of, shape_of

EXPRESSION = "<expression>"
Shape = str | Sequence[str | int]


class SpecError(Exception):
    """What is wrong with a spec, with a name that is asked for, or with what is given.

    `findings` has it as records, of a name none; the text is what the command line prints.
    """

    __module__ = "shapecalc"

    def __init__(self, text: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(text)
        self.findings = tuple(findings)


class Checked:
    """The report on a spec."""

    __module__ = "shapecalc"

    def __init__(self, report: Report) -> None:
        self.report = report

    @property
    def ok(self) -> bool:
        """Say whether the spec has no errors."""
        return self.report.ok

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what was found wrong, or doubtful."""
        return self.report.findings

    def __repr__(self) -> str:
        from shapecalc.render.terminal import report_page

        return _shown(report_page(self.report, _look()))


class Explanation:
    """Why a gradient is what it is: in a notebook a page, elsewhere text."""

    __module__ = "shapecalc"

    def __init__(self, record: Record, report: Report) -> None:
        self.record = record
        self.report = report

    def __repr__(self) -> str:
        from shapecalc.render.explained import explanation_page

        return _shown(explanation_page(self.record, self.report, _look()))

    def _repr_html_(self) -> str:
        from shapecalc.render.web.page import explanation_fragment

        return explanation_fragment(self.record, self.report)

    def _repr_latex_(self) -> str:
        from shapecalc.render.handouts.latex import latex_fragment

        return latex_fragment(self.record, self.report)

    def _repr_markdown_(self) -> str:
        from shapecalc.render.handouts.markdown import markdown_handout

        return markdown_handout(self.record, self.report, Look())


class Derivative:
    """A derivative in both layouts: in a notebook formulas, elsewhere text."""

    __module__ = "shapecalc"

    def __init__(self, report: Report, record: Derived) -> None:
        self.report = report
        self.record = record

    @property
    def numerator(self) -> str | None:
        """Return the formula in numerator layout, None where it has none."""
        formula = self.record.numerator.formula
        return None if formula is None else formula.text

    @property
    def denominator(self) -> str | None:
        """Return the formula in denominator layout, None where it has none."""
        formula = self.record.denominator.formula
        return None if formula is None else formula.text

    def __repr__(self) -> str:
        return _shown(_derived_text(self.report))

    def _repr_markdown_(self) -> str:
        from shapecalc.render.markdown import markdown

        return markdown(self.record, layout="both", stacked="columns")


class Spec:
    """A network that was read. What is asked of it is derived when it is asked."""

    __module__ = "shapecalc"

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        network, findings = read_network(text, path)
        if network is None:
            raise _spec_error(Report(path, findings=tuple(findings), source=lines_of(text)))

    def __repr__(self) -> str:
        return f"<shapecalc spec {self.path}>"

    def check(self) -> Checked:
        """Return the report: shapes, gradients, steps, claims judged; mistakes are in it."""
        return Checked(self._report)

    @property
    def gradients(self) -> Mapping[str, str]:
        """Return the formula of each gradient by the name of its value, `A1: W2.T @ dZ2`.

        Raises SpecError where the spec has errors other than wrong claims.
        """
        if any(map(_is_error, self._report.findings)):
            raise _spec_error(self._report)
        found = {each.wrt: each.formula.text for each in self._report.gradients}
        return MappingProxyType(found)

    def explain(self, wrt: str, *, levels: int | Collection[int] | None = None) -> Explanation:
        """Explain the gradient of a value, in all levels or in those that are asked for.

        Raises SpecError where there is no such gradient, ValueError for a level that there is not.
        """
        wanted = _levels(levels)
        try:
            answer = teach.explain(self.text, self.path, normal_name(wrt), wanted)
        except Exception as error:
            raise _spec_error(api.internal(self.path, error)) from error
        if answer.explanation is None:
            raise SpecError(answer.unknown) if answer.unknown else _spec_error(answer.report)
        return Explanation(answer.explanation, answer.report)

    @cached_property
    def _report(self) -> Report:
        try:
            return api.check(self.text, self.path)
        except Exception as error:
            raise _spec_error(api.internal(self.path, error)) from error


def load(path: str | os.PathLike[str]) -> Spec:
    """Read a spec from a file. Raises SpecError where it cannot be read."""
    name = os.fspath(path)
    try:
        return Spec(api.read(name), name)
    except Problem as problem:
        raise _spec_error(Report(name, findings=(problem.finding,))) from None


def loads(text: str, name: str = "<string>") -> Spec:
    """Read a spec from a text; `name` is what messages call it. Raises SpecError as `load` does."""
    try:
        stream = BytesIO(text.encode(errors="surrogatepass"))
        return Spec(api.read_stream(stream, name), name)
    except Problem as problem:
        raise _spec_error(Report(name, findings=(problem.finding,))) from None


def derive(
    expression: str,
    *,
    wrt: str,
    shapes: Mapping[str, Shape],
    assume: Sequence[str] = (),
    functions: Sequence[str] = (),
    order: int = 1,
) -> Derivative:
    """Differentiate an expression by a name, `derive("x.T @ A @ x", wrt="x", shapes={"x": "n,1"})`.

    A shape is written as "n, 1" or as ("n", 1). `assume` holds facts, "S: symmetric"; `functions`
    those that are not spelled out, "u(x): k,1"; with order 2, the result is the Hessian.
    Raises SpecError where there is no derivative, or none that could be checked.
    """
    if order not in (1, 2):
        raise ValueError(f"there is no order {order}: write 1, or 2 for the Hessian")
    try:
        given = tuple(
            shape_of(normal_name(f"{name}={_dims(shape)}")) for name, shape in shapes.items()
        )
        facts = tuple(fact_of(normal_name(fact)) for fact in assume)
        unknown = tuple(function_of(normal_name(text)) for text in functions)
    except (NoShape, NoFact) as error:
        raise SpecError(str(error)) from None
    text = " ".join(normal_name(expression).split())
    asked = Expression(text, normal_name(wrt), given, facts, unknown)
    try:
        report = api.derive(asked, EXPRESSION, order=order)
    except Exception as error:
        raise _spec_error(api.internal(EXPRESSION, error)) from error
    if report.derived is None:
        raise SpecError(_shown(_derived_text(report)), report.findings)
    return Derivative(report, report.derived)


def _dims(shape: Shape) -> str:
    return shape if isinstance(shape, str) else ",".join(map(str, shape))


def _levels(levels: int | Collection[int] | None) -> tuple[int, ...]:
    if levels is None:
        return teach.ALL
    wanted = (levels,) if isinstance(levels, int) else tuple(sorted(set(levels)))
    wrong = [level for level in wanted if level not in teach.ALL]
    if wrong or not wanted:
        first, last = teach.ALL[0], teach.ALL[-1]
        raise ValueError(f"there is no level {wrong[0] if wrong else '()'}: {first} to {last}")
    return wanted


def _is_error(finding: Finding) -> bool:
    """Say whether a finding leaves the gradients in doubt: an error, but no wrong claim."""
    return finding.severity is Severity.ERROR and not finding.code.startswith("SC4")


def _spec_error(report: Report) -> SpecError:
    """Make the exception whose text is the frames of a report."""
    from shapecalc.render.explained import choices_page

    return SpecError(_shown(choices_page((), report, _look())), report.findings)


def _derived_text(report: Report) -> str:
    from shapecalc.render.derived import derived_page

    return derived_page(report, _look(), layout="both", steps=False, stacked="columns")


def _shown(page: str) -> str:
    return page.removesuffix("\n")


def _look() -> Look:
    """Say how a text should look that is on its way to nowhere in particular: without colour."""
    from shapecalc.render.glyphs import can_carry_signs

    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # a StringIO names none
    return Look(NARROWEST, ascii=not can_carry_signs(encoding), encoding=encoding)
