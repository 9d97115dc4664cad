"""Random networks over the whole op table, and what their printed gradients are held against.

`python tests/table_networks.py --networks 10000 --seed 1` tries as many as one likes, and counts
how their gradients are written. Pytest runs some of them by test_table_networks.py.
"""

import argparse
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

import numpy as np
from autograd import grad
from checking import json_of, report_on
from numpy.typing import NDArray
from oracles import SIZES, Step, World, arguments, steps_of, with_autograd

import shapecalc.ops
from shapecalc.graph import Graph, build_graph
from shapecalc.ops import OPS
from shapecalc.spec import read_network
from shapecalc.tree import Call, Leaf, Tree

Array = NDArray[np.float64]
Values = dict[str, Array]
LONGEST = 4
PROGRESS = 500
LARGEST = 1e7  # of the values of a network; beyond, its oracles are no judges of it
FINER = 2e-6
SMALLEST = 1e-9  # between the entries of a value
STEPS = {name: list(steps_of(entry)) for name, entry in OPS.items()}
REACHED = [
    name
    for name, steps in STEPS.items()
    if any(step.shapes for step in steps) and not OPS[name].indices  # those have tests of their own
]
# What ties a value of any shape to a part of the chain, with entries between 0 and 1.
BRIDGES = ("sigmoid({gate} * mean({value}))", "sigmoid({gate} + sin(sum({value})))")


class Grown(NamedTuple):
    """A network: its spec, the ops that it was made of."""

    spec: str
    ops: tuple[str, ...]


def network(random: Random) -> Grown:
    """Draw a chain of ops, each fed with what comes out of the one before, and with params."""
    params: dict[str, str] = {}
    equations: list[str] = []

    def param(shape: str) -> str:
        name = f"w{len(params) + 1}"
        params[name] = shape
        return name

    value, ops = param(random.choice(("m,n", "n", "b,m,n", "m,1", ""))), []
    for place in range(random.randint(1, LONGEST)):
        name = random.choice(REACHED)
        step = random.choice([each for each in STEPS[name] if each.shapes])
        fed, names = f"u{place + 1}", _operands(step)
        of_chain = random.choice(list(names))
        equations.append(f"{fed} = {_fed(random, value, params, names[of_chain], param)}")
        change = {each: fed if each == of_chain else param(names[each]) for each in names}
        value = f"v{place + 1}"
        equations.append(f"{value} = {_renamed(step.text, change)}")
        ops.append(name)
    equations.append(f"J = {random.choice(('mean', 'sum'))}(sin({value}) + {value}**2)")
    listed = ", ".join(f"{name}: [{shape}]" for name, shape in params.items())
    sizes = ", ".join(f"{name}: {size}" for name, size in SIZES.items())
    lines = "\n".join(f"  {each}" for each in equations)
    return Grown(
        f"dims: {{{sizes}}}\nparams: {{{listed}}}\nforward: |\n{lines}\nloss: J\n", tuple(ops)
    )


def _operands(step: Step) -> dict[str, str]:
    """Return the names of a step, with their shapes as text."""
    pairs = (entry.split("=") for entry in step.shapes.split())
    return {name: shape.replace(",", ", ") for name, shape in pairs}


def _fed(
    random: Random, value: str, params: Mapping[str, str], shape: str, param: Callable[[str], str]
) -> str:
    if params.get(value, "?").replace(" ", "") == shape.replace(" ", ""):
        return f"sin({value}) + 0.1"
    gate = param(shape)
    return random.choice(BRIDGES).format(gate=gate, value=value)


def _renamed(text: str, change: Mapping[str, str]) -> str:
    names = "|".join(map(re.escape, change))
    return re.sub(rf"(?<![\w\"])({names})\b(?!\s*=[^=]|\w*\")", lambda m: change[m[1]], text)


# --- the gradients, and the truth about them -------------------------------------------------


class Judged(NamedTuple):
    """What came of a network: how each gradient is written, or why nothing was compared."""

    forms: tuple[str, ...]
    skipped: str = ""


def judged(grown: Grown, seed: int) -> Judged:
    """Run every printed gradient. Raises AssertionError where one is wrong."""
    report = report_on(grown.spec)
    if refused := [each for each in report.findings if each.severity.name == "ERROR"]:
        return Judged((), f"{refused[0].code} {refused[0].message}")
    network_, _ = read_network(grown.spec, "spec.yaml")
    assert network_ is not None
    graph = build_graph(network_)
    values = _drawn(graph, seed)
    with np.errstate(all="ignore"):
        try:
            known = run(graph, values, {})
            if not all(np.isfinite(entries).all() for entries in known.values()):
                return Judged((), "no value")
            if max(float(np.max(np.abs(each), initial=0)) for each in known.values()) > LARGEST:
                return Judged((), "ill-conditioned")
            if any(_is_flat(known[name]) for name in known if name[:1] == "u"):
                return Judged((), "entries that tie")
            truth = _truth(graph, values)
        except np.linalg.LinAlgError:
            return Judged((), "no value")
    if truth is None:
        return Judged((), "ill-conditioned")
    if not all(np.isfinite(entries).all() for entries in truth.values()):
        return Judged((), "no derivative")
    return Judged(tuple(_compared(json_of(report), known, truth)))


def _is_flat(entries: Array) -> bool:
    """Say whether all entries of a value are the same: fed with the mean of what sums to 0."""
    return np.size(entries) > 1 and bool(np.ptp(entries) < SMALLEST)


def _drawn(graph: Graph, seed: int) -> Values:
    random = np.random.default_rng(seed)
    sizes = {leaf.name: leaf.shape for leaf in graph.values.values()}
    given = {entry.name for entry in graph.network.params}
    return {
        name: random.uniform(0.1, 0.9, [dim.size(graph.sizes) for dim in shape])
        for name, shape in sizes.items()
        if name in given
    }


def run(graph: Graph, values: Mapping[str, Any], moved: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate the equations by the ops' bodies, each value moved by its own variable."""
    known = {name: entries + moved.get(name, 0.0) for name, entries in values.items()}
    for node in graph.nodes:
        name = node.output.name
        known[name] = _at(node.tree, known, graph.sizes) + moved.get(name, 0.0)
    return known


def _at(tree: Tree, known: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    if isinstance(tree, Leaf) and tree.name in known:
        return known[tree.name]
    if not isinstance(tree, Call):
        return World(sizes, {}).at(tree)
    operands = (_at(operand, known, sizes) for operand in tree.operands)
    return with_autograd(OPS[tree.op])(*operands, **arguments(tree, sizes))


def _truth(graph: Graph, values: Values) -> Values | None:
    """Return the gradient of the loss by every value, by autograd, else by differences.

    None where differences with two steps do not agree: near a matrix that has no inverse.
    """
    zeros = {name: np.zeros(np.shape(entries)) for name, entries in run(graph, values, {}).items()}
    del zeros["J"]
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Output seems independent")
            found: Values = grad(lambda moved: run(graph, values, moved)["J"])(zeros)
    except (NotImplementedError, AssertionError, ValueError, TypeError):
        found = _by_differences(graph, values, zeros)
        finer = _by_differences(graph, values, zeros, by=FINER)
        agree = (np.allclose(found[name], finer[name], 1e-6, 1e-7) for name in found)
        return found if all(agree) else None
    return found


def _by_differences(graph: Graph, values: Values, zeros: Values, by: float = 1e-5) -> Values:
    truth = {}
    for name, entries in zeros.items():
        found = np.zeros(entries.shape)
        for place in np.ndindex(entries.shape):
            step = np.zeros(entries.shape)
            step[place] = by
            ahead, behind = (run(graph, values, {name: x})["J"] for x in (step, -step))
            found[place] = (ahead - behind) / (2 * by)
        truth[name] = found
    return truth


def _compared(data: Mapping[str, Any], known: Values, truth: Values) -> Iterator[str]:
    """Run each gradient as it is printed, with the others by name, and yield how it is written."""
    names: dict[str, Any] = {"np": np, **data["dims"]}
    names |= {op: getattr(shapecalc.ops, op) for op in OPS} | known
    for each in data["gradients"]:
        wrt, text = each["wrt"], each["formula"]["numpy"]
        with np.errstate(all="ignore"):
            found = np.asarray(eval(text, {}, names), dtype=float)
        names[f"d{wrt}"] = found
        assert found.shape == np.shape(known[wrt]), each
        scale = 1e-5 * max(1.0, float(np.max(np.abs(truth[wrt]), initial=0.0)))
        np.testing.assert_allclose(found, truth[wrt], rtol=1e-5, atol=scale, err_msg=str(each))
        yield _form(text, found.ndim)


def _form(text: str, rank: int) -> str:
    if "einsum" in text:
        return "an einsum"
    return "a batched form" if rank > 2 else "a matrix form"


def main() -> None:
    """Try many, and print the counts; fail where a formula is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    wrong, start = 0, time.monotonic()
    for number in range(options.networks):
        grown = network(Random(options.seed * 1_000_003 + number))
        try:
            found = judged(grown, number)
        except Exception as error:  # noqa: BLE001 (one more that is wrong; the rest are tried)
            wrong += 1
            sys.stdout.write(f"{grown.spec}\n{type(error).__name__}: {error}\n\n")
            continue
        counts.update([*found.forms, re.sub(r"`.*", "", found.skipped) or "compared"])
        if (number + 1) % PROGRESS == 0:
            seconds = time.monotonic() - start
            sys.stdout.write(f"{number + 1:,} networks, {seconds:.0f} s, {wrong} wrong\n")
            sys.stdout.flush()
    for what, count in counts.most_common():
        sys.stdout.write(f"{count:>8,}  {what}\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
