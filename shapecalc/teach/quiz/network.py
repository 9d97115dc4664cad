"""A spec → what questions are made of: its report, and formulas judged against its gradients."""

import re
from functools import cached_property
from typing import NamedTuple

from shapecalc import api
from shapecalc.diagnostics import Finding, Severity
from shapecalc.graph import build_graph
from shapecalc.records import Claim, Report, Step
from shapecalc.spec import read_network
from shapecalc.spec.writing import written
from shapecalc.sweep import Memory, Sweep, sweep

PATH = "<answer>"
_NAME = re.compile(r"[^\W\d]\w*")


class NothingToAsk(Exception):
    """A spec that has errors, or too little in it: what of it."""


class Judgement(NamedTuple):
    """A formula judged as a claim; without a claim, `finding` says why it cannot be read."""

    claim: Claim | None
    finding: Finding | None

    @property
    def is_right(self) -> bool:
        return self.claim is not None and self.claim.verdict == "right"


class Asked:
    """A network that questions are about, without the claims that its author made."""

    def __init__(self, text: str, path: str) -> None:
        network, findings = read_network(text, path)
        errors = [each for each in findings if each.severity is Severity.ERROR]
        if network is None or errors:
            raise NothingToAsk(f"it has errors: see `shapecalc check {path}`")
        bare = network._replace(gradients=(), shapes=(), ignores=(), scale="strict")
        self.spec = written(bare)
        self.path = path
        self.memory = Memory()
        self._network = bare
        self._judged: dict[tuple[str, str], Judgement] = {}
        if any(each.severity is Severity.ERROR for each in self.report.findings):
            raise NothingToAsk(f"it has errors: see `shapecalc check {path}`")

    @cached_property
    def report(self) -> Report:
        """Return all that is known of the network; its gradients are proved by algebra."""
        return api.check(self.spec, self.path, memory=self.memory, in_full=())

    @cached_property
    def sweep(self) -> Sweep:
        """Return its gradients as trees."""
        return sweep(build_graph(self._network, self.memory.equations), (), self.memory, ())

    @cached_property
    def shapes(self) -> dict[str, tuple[str, ...]]:
        """Return the shapes of all values and gradients, by name."""
        found = {value.name: value.shape for value in self.report.values}
        found |= {each.gradient: each.shape for each in self.report.gradients}
        for step in self.report.steps:
            if step.upstream is not None:
                found.setdefault(step.upstream, step.upstream_shape)
        return found

    def given(self, text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the names in a text that have a shape, with it."""
        names = dict.fromkeys(_NAME.findall(text))
        return tuple((name, self.shapes[name]) for name in names if name in self.shapes)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Return the sizes of the dims that have one."""
        return {name: size for name, size in self.report.dims if size is not None}

    @cached_property
    def differ(self) -> bool:
        """Say whether all dims have sizes, and no two the same: then a size names a dim."""
        every = list(self.sizes.values())
        return len(every) == len(self.report.dims) and len(set(every)) == len(every)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Return the steps that are all there is to the gradient of their value."""
        every = [step.wrt for step in self.report.steps]
        return tuple(step for step in self.report.steps if every.count(step.wrt) == 1)

    def size(self, shape: tuple[str, ...]) -> tuple[int, ...] | None:
        """Return a shape in numbers, where no two dims have the same."""
        if not self.differ:
            return None
        found = [1 if dim == "1" else self.sizes.get(dim) for dim in shape]
        known = tuple(size for size in found if size is not None)
        return known if len(known) == len(shape) else None

    def judged(self, gradient: str, formula: str) -> Judgement:
        """Judge a formula for a gradient, as `check` judges a claim."""
        asked = gradient, formula
        if asked not in self._judged:
            self._judged[asked] = judged(self.spec, gradient, formula, self.memory)
        return self._judged[asked]


def judged(spec: str, gradient: str, formula: str, memory: Memory | None = None) -> Judgement:
    """Judge a formula for a gradient in a spec that has no claims."""
    text = f"{spec}gradients: |\n  {gradient} = {formula}\n"
    report = api.check(text, PATH, detail=False, memory=memory, in_full=())
    about = [each for each in report.findings if each.code[:3] == "SC4"]
    errors = [each for each in report.findings if each.severity is Severity.ERROR]
    claim = report.claims[0] if len(report.claims) == 1 else None
    if claim is None or claim.gradient != gradient:
        return Judgement(None, errors[0] if errors else None)
    return Judgement(claim, about[0] if about else None)
