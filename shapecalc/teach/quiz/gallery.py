"""The catalogue of classic mistakes: each wrong line on a network, and what betrays it.

Only the wrong lines are written here. What kind of mistake each is, what happens when it runs, and
what is right instead come from the engine.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from shapecalc.claims.catalogue import CATALOGUE
from shapecalc.claims.reading import Claim, asked_for, read_claims
from shapecalc.dims import shape_text
from shapecalc.graph import build_graph
from shapecalc.spec import read_network
from shapecalc.sweep import Sweep, sweep
from shapecalc.teach.quiz.mistakes import GALLERY, Mistake
from shapecalc.teach.quiz.network import PATH, Judgement, judged
from shapecalc.teach.quiz.numbers import Difference, at_numbers, difference
from shapecalc.teach.quiz.specs import spec_named

ALIKE = 3
"""The size of all dims where they are made to coincide."""
_DIMS = re.compile(r"^dims: \{(.*)\}$", re.MULTILINE)


class Run(NamedTuple):
    """What a wrong line does when it runs.

    `outcome` is "error", "shape" where the result has another shape, "number" where it has the
    shape and differs, or "nothing" where it does not differ. `shapes` are those found and needed;
    `step` is that of the value after a step against the result, where that runs all the same.
    """

    outcome: str
    why: str = ""
    shapes: tuple[str, str] = ("", "")
    step: str = ""
    worst: Difference | None = None


class Exhibit(NamedTuple):
    """A mistake with all that the engine has to say of it.

    `here` is its run where all dims differ, `alike` where they have one size and go by one name.
    """

    mistake: Mistake
    equations: tuple[str, ...]
    shapes: tuple[tuple[str, str], ...]
    said: str
    kinds: tuple[str, ...]
    right: str
    why: tuple[str, ...]
    here: Run
    alike: Run


def exhibits() -> Iterator[Exhibit]:
    """Return every mistake with its evidence."""
    return map(exhibit, GALLERY)


@cache
def exhibit(mistake: Mistake) -> Exhibit:
    """Run a mistake, have it judged, and have it put right."""
    spec = f"{spec_named(mistake.network)}scale: strict\n"
    found = judged(spec, mistake.gradient, mistake.wrong)
    claim, finding = found
    assert claim is not None
    assert finding is not None
    network, _ = read_network(spec, mistake.network)
    assert network is not None
    shapes = [(entry.name, shape_text(entry.shape)) for entry in (*network.inputs, *network.params)]
    return Exhibit(
        mistake,
        tuple(f"{each.name} = {each.text}" for each in network.forward),
        tuple(shapes),
        finding.message,
        claim.mistakes,
        claim.right or "",
        _reasons(found),
        _run(spec, mistake.wrong, mistake.gradient),
        _run(*with_dims_alike(spec, mistake.wrong), mistake.gradient),
    )


def _reasons(found: Judgement) -> tuple[str, ...]:
    """Return why each mistake in a claim is one."""
    mistakes = found.claim.mistakes if found.claim else ()
    return tuple(dict.fromkeys(CATALOGUE[each].why for each in mistakes))


def with_dims_alike(spec: str, formula: str) -> tuple[str, str]:
    """Give all dims of a network one name, and so one size, and use it in a formula."""
    dims = _DIMS.search(spec)
    assert dims is not None
    one, *others = re.findall(r"\w+(?=:)", dims[1])
    renamed = re.compile(rf"\b(?:{'|'.join(others)})\b")
    return renamed.sub(one, _DIMS.sub(f"dims: {{{one}: {ALIKE}}}", spec)), renamed.sub(one, formula)


def _run(spec: str, formula: str, gradient: str) -> Run:
    """Run a wrong line beside the right one, at the sizes of a spec."""
    found, claim = _read(spec, gradient, formula)
    needed = shape_text(claim.gradient.shape)
    if claim.tree is None:
        return Run("error", claim.label or claim.reason)
    if claim.tree.shape != claim.gradient.shape:
        name = claim.value.name
        _, step = _read(spec, gradient, f"{name} - ({formula})")
        after = shape_text(step.tree.shape) if step.tree is not None else ""
        return Run("shape", "", (shape_text(claim.tree.shape), needed), after)
    sizes = {entry.name: entry.size for entry in found.graph.network.dims if entry.size is not None}
    world = at_numbers(found, sizes, seed=7)
    worst = difference(world.at(claim.tree), world.at(claim.gradient))
    return Run("number" if worst else "nothing", worst=worst)


def _read(spec: str, gradient: str, formula: str) -> tuple[Sweep, Claim]:
    """Derive a network, and read a formula as a claim about one of its gradients."""
    text = f"{spec}gradients: |\n  {gradient} = {formula}\n"
    network, _ = read_network(text, PATH)
    assert network is not None
    found = sweep(build_graph(network), asked_for(network))
    (claim,), _ = read_claims(found)
    return found, claim
