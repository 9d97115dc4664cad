"""What the user names on the command line → the step or the value of a report that is meant."""

from collections.abc import Iterable

from shapecalc.records import Report, Step
from shapecalc.render.notation import key

FEW = 24  # up to so many names are all listed where a name is not among them


class UnknownName(Exception):
    """A name that the report lacks; the message says which are there."""


def step_named(report: Report, name: str) -> Step:
    """Find a step by `OUT:WRT`, or `OUT:WRT:USE` for a later use of WRT in the equation."""
    steps = {key(step): step for step in report.steps}
    found = steps.get(name.removesuffix(":0"))
    if found is None:
        raise UnknownName(f"no step {name}; {_near(name, steps)}")
    return found


def value_named(report: Report, name: str) -> str:
    """Find the value that steps lead to by its name, or by that of its gradient."""
    names = {step.wrt: step.wrt for step in report.steps}
    names |= {gradient.gradient: gradient.wrt for gradient in report.gradients}
    names |= {gradient.wrt: gradient.wrt for gradient in report.gradients}
    if name not in names:
        near = _near(name, dict.fromkeys(names.values()))
        raise UnknownName(f"no gradient of {name}; {near}")
    return names[name]


def _near(name: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    every = list(names)
    if not every:
        return "there are none: nothing is asked for by params or claims"
    if len(every) <= FEW:
        return f"there are {', '.join(every)}"
    close = get_close_matches(name, every, n=4, cutoff=0.3)
    return f"near are {', '.join(close)}" if close else f"there are {len(every)} others"
