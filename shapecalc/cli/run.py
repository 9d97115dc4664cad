"""One run of `check`: file after file read and checked, findings kept, the rest counted."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import typer

from shapecalc import api
from shapecalc.cli.options import ERRORS, UNDECIDED, UNUSABLE, OutputFormat, Wish
from shapecalc.cli.targets import Target, targets_of, watched
from shapecalc.diagnostics import Finding, Problem, Severity
from shapecalc.records import Report
from shapecalc.render.output import Look, look_of
from shapecalc.render.tally import Tally, with_report
from shapecalc.settings import Project, Settings

Chosen = TypeVar("Chosen")


class Run:
    """What a run has found. Of many files, only reports with findings are kept."""

    def __init__(self, wish: Wish, project: Project, *, is_single: bool) -> None:
        self.wish = wish
        self.project = project
        self.is_single = is_single
        self.reports: list[Report] = []
        self.tally = Tally(0, 0, 0, 0)
        self.memory = api.Memory()
        self.equations = ""
        self._codes = {0}

    def over(self, paths: Sequence[str]) -> None:
        """Check all files. Raises Problem where the settings have a mistake."""
        targets = list(targets_of(paths, self.project))
        for target in watched(targets, is_quiet=self.wish.quiet):
            report = self._report(target)
            if report is None:
                self.tally = self.tally._replace(not_specs=self.tally.not_specs + 1)
            else:
                self._add(report, self._settings(target))

    def stop_at(self, finding: Finding) -> None:
        """End with a finding about the settings themselves."""
        source = _lines_of(finding.span.path)
        self._add(Report(finding.span.path, findings=(finding,), source=source), Settings())
        self.tally = self.tally._replace(specs=self.tally.specs - 1)  # the settings are no spec

    def exit_code(self) -> int:
        """Return the worst of what the files gave; unusable input is the worst."""
        order = (UNUSABLE, ERRORS, UNDECIDED)
        return next((code for code in order if code in self._codes), 0)

    def _settings(self, target: Target) -> Settings:
        path = self.wish.stdin_filename if target.path == "-" else target.path
        return self.project.settings(os.path.dirname(path))  # noqa: PTH120 (no path, no folder)

    def _add(self, report: Report, settings: Settings) -> None:
        """Take what is selected of a report, count it, and keep it where it is shown."""
        selection = settings.selection.with_flags(self.wish.select, self.wish.ignore)
        report = api.selected(report, selection.keeps)
        self.tally = with_report(self.tally, report)
        self._codes.add(self._code(report, settings))
        if report.findings or self._has_detail():
            self.reports.append(report)

    def _code(self, report: Report, settings: Settings) -> int:
        findings = report.findings
        if any(finding.is_unusable_input for finding in findings):
            return UNUSABLE
        if self.wish.exit_zero:
            return 0
        fail_on = self.wish.fail_on or settings.fail_on
        if any(f.severity is Severity.ERROR or fail_on == "warning" for f in findings):
            return ERRORS
        is_strict = self.wish.strict or settings.strict
        return UNDECIDED if is_strict and any(f.code == "SC415" for f in findings) else 0

    def _has_detail(self) -> bool:
        if self.wish.statistics or self.equations:
            return False
        if self.wish.output_format is OutputFormat.FULL:
            return (self.is_single or self.wish.full) and not self.wish.quiet
        return self.wish.output_format is OutputFormat.JSON

    def _report(self, target: Target) -> Report | None:
        """Check one file; None where a file that nobody named is no spec."""
        path = self.wish.stdin_filename if target.path == "-" else target.path
        is_named = target.is_named and not self.wish.hook
        try:
            is_piped = target.path == "-"
            text = api.read_stream(sys.stdin.buffer, path) if is_piped else api.read(path)
            if not is_named and not api.looks_like_spec(text):
                return None
            if self.wish.equations:
                self.equations = api.equations(text, path)
            asked = (
                () if self.wish.wrt is None else (self.wish.wrt, self.wish.wrt.removeprefix("d"))
            )
            return api.check(
                text,
                path,
                detail=self._has_detail(),
                asked=asked,
                memory=self.memory,
                extras=api.Extras(self.wish.distinct, self.wish.wrt),
            )
        except Problem as problem:
            is_passed_over = not is_named and not api.may_be_spec(path, problem.finding)
            return None if is_passed_over else Report(path, findings=(problem.finding,))
        except Exception as error:  # noqa: BLE001 (our bug; the other files still have a report)
            return api.internal(path, error)


def _lines_of(path: str) -> tuple[str, ...]:
    try:
        return tuple(api.read(path).split("\n"))
    except Problem:
        return ()


def rendered(run: Run) -> str:
    """Print what a run has found, in the format that is wished for."""
    wish = run.wish
    if wish.statistics:
        return _statistics(run)
    if run.equations:
        return run.equations
    match wish.output_format:
        case OutputFormat.JSON:
            from shapecalc.render.json import document
            from shapecalc.render.output import encoding_of

            return document(run.reports, run.tally, encoding=encoding_of(wish.output_file))
        case OutputFormat.CONCISE:
            from shapecalc.render.concise import lines

            return lines(run.reports, ascii_only=wish.ascii)
        case OutputFormat.GITHUB:
            from shapecalc.render.github import annotations

            return annotations(run.reports)
        case OutputFormat.SARIF:
            from shapecalc.render.sarif import document as sarif

            return sarif(run.reports)
        case OutputFormat.FULL if run.is_single:
            return _one_report(run.reports, run.tally, wish)
        case OutputFormat.FULL:
            return _many_reports(run)


def _statistics(run: Run) -> str:
    from shapecalc.render import statistics

    if run.wish.output_format is OutputFormat.JSON:
        return statistics.as_json(run.reports)
    return statistics.table(run.reports)


def _look(wish: Wish) -> Look:
    color = None if wish.color == "auto" else wish.color == "always"
    return look_of(wish.output_file, color=color, ascii_only=wish.ascii)


def _one_report(reports: Sequence[Report], tally: Tally, wish: Wish) -> str:
    from shapecalc.render import terminal

    look = _look(wish)
    if wish.quiet:
        return terminal.findings_page(reports, look)
    report = reports[0]
    has_choice = bool(report.steps) or not tally.errors
    if report.distinct is not None:
        return terminal.distinct_page(report, report.distinct, look)
    if wish.step is not None and has_choice:
        from shapecalc.render.choice import step_named

        return terminal.one_step_page(report, _chosen(step_named, report, wish.step), look)
    if wish.wrt is not None and has_choice:
        from shapecalc.render.choice import value_named

        name = _chosen(value_named, report, wish.wrt)
        return terminal.gradient_page(report, name, look, vec=wish.vec)
    return terminal.report_page(report, look, full=wish.full)


def _chosen(choose: Callable[[Report, str], Chosen], report: Report, name: str) -> Chosen:
    from shapecalc.render.choice import UnknownName

    try:
        return choose(report, name)
    except UnknownName as error:
        raise typer.BadParameter(str(error)) from None


def _many_reports(run: Run) -> str:
    from shapecalc.render import terminal

    wish, look = run.wish, _look(run.wish)
    if not wish.full or wish.quiet:
        return terminal.findings_page(run.reports, look, None if wish.quiet else run.tally)
    pages = [terminal.report_page(report, look, full=True) for report in run.reports]
    return "\n".join([*pages, terminal.summary_line(run.tally, look)])
