"""How long a derivation takes, beside SymPy and tensorgrad: derived, simplified, checked, printed.

`python benchmarks/derive.py` prints a table; README.md, beside this file, says how to read it.
"""

import argparse
import gc
import importlib
import multiprocessing
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from derive_cases import CASES, TENSORGRAD, Case
from derive_sympy import NotDerived, valued

from shapecalc import api, ops
from shapecalc.ops import OPS
from shapecalc.records import Derived
from shapecalc.render.derived import derived_page
from shapecalc.render.output import look_of
from shapecalc.spec.lines import Expression

ROUNDS = 7
AIM = 50
CLOSE = 1e-5
STEP = 1e-6
LOOK = look_of(None, color=False, ascii_only=False)
Arrays = Mapping[str, Any]


class Refused(Exception):
    """A tool has no derivative of an expression: what it says."""


class Tool(NamedTuple):
    """A tool: its name, how it derives and prints a case under some names, how that is valued.

    `derive` is what is timed. It is given the case's names with a number behind each.
    """

    name: str
    prepare: Callable[[Case, int], Any]
    derive: Callable[[Any], Any]
    jacobian: Callable[[Case, Any, Arrays, Mapping[str, int]], Any]


# --- shapecalc ----------------------------------------------------------------------------------


def _expression(case: Case, number: int) -> Expression:
    """Put a number behind every name and every dim: no tree is one of an earlier derivation."""
    names = [*case.shapes, *case.dims]
    pattern = re.compile(rf"\b({'|'.join(names)})\b(?!\()")

    def fresh(text: str) -> str:
        return pattern.sub(lambda found: f"{found[1]}{number}", text)

    shapes = tuple((fresh(name), fresh(",".join(dims))) for name, dims in case.shapes.items())
    return Expression(fresh(case.text), fresh(case.wrt), shapes)


def _derived(asked: Expression) -> tuple[Derived, str]:
    report = api.derive(asked, "<expression>")
    if report.derived is None:
        raise Refused(report.findings[0].message)
    page = derived_page(report, LOOK, layout="both", steps=False, stacked="columns")
    return report.derived, page


def _of_formula(
    case: Case, found: tuple[Derived, str], values: Arrays, sizes: Mapping[str, int]
) -> Any:
    derived = found[0]
    number = derived.wrt.removeprefix(case.wrt)
    names: dict[str, Any] = {op: getattr(ops, op) for op in OPS}
    names |= {f"{name}{number}": value for name, value in {**values, **sizes}.items()}
    for name, whole in derived.where:
        names[name] = eval(whole.numpy, {"np": np}, names)  # noqa: S307 (ours, and what is tried)
    laid = derived.denominator if derived.denominator.formula else derived.numerator
    formula = laid.formula or derived.differential
    assert formula is not None
    change = f"d{derived.wrt}"
    if laid.formula is not None:
        return np.asarray(eval(formula.numpy, {"np": np}, names))  # noqa: S307 (see above)
    columns = []
    for place in np.ndindex(*values[case.wrt].shape):
        names[change] = np.zeros(values[case.wrt].shape)
        names[change][place] = 1
        columns.append(np.asarray(eval(formula.numpy, {"np": np}, names)))  # noqa: S307
    return np.stack(columns, axis=-1)


# --- the others ---------------------------------------------------------------------------------


def _sympy() -> Tool:
    sympy = importlib.import_module("sympy")

    def prepare(case: Case, number: int) -> tuple[Any, Any]:
        if case.sympy is None:
            raise Refused("has no such expression")
        dims = {dim: sympy.Symbol(f"{dim}{number}") for dim in case.dims}
        known = {
            name: sympy.MatrixSymbol(f"{name}{number}", *(dims.get(d, 1) for d in (*axes, "1")[:2]))
            for name, axes in case.shapes.items()
        }
        return case.sympy(sympy, SimpleNamespace(**known, **dims)), known[case.wrt]

    def derive(asked: tuple[Any, Any]) -> tuple[Any, str]:
        found = asked[0].diff(asked[1]).doit()
        return found, str(found)

    def jacobian(_: Case, found: tuple[Any, str], values: Arrays, sizes: Mapping[str, int]) -> Any:
        return valued(found[0], values, sizes)

    return Tool("SymPy", prepare, derive, jacobian)


def _tensorgrad() -> Tool:
    tg = importlib.import_module("tensorgrad")
    functions = importlib.import_module("tensorgrad.functions")
    evaluate = importlib.import_module("tensorgrad.extras.evaluate").evaluate
    torch = importlib.import_module("torch")
    torch.set_default_dtype(torch.float64)

    def prepare(case: Case, number: int) -> tuple[Any, Any, Any]:
        if case.text not in TENSORGRAD:
            raise Refused("has no such expression")
        dims = {dim: tg.symbols(f"{dim}{number}") for dim in case.dims}
        known = {}
        for name, axes in case.shapes.items():
            edges = zip("rc", (dims[dim] for dim in axes if dim != "1"), strict=False)
            known[name] = tg.Variable(f"{name}{number}", **dict(edges))

        def named(variable: Any) -> Callable[..., Any]:
            return lambda *edges: variable.rename(**dict(zip("rc", edges, strict=False)))

        given = SimpleNamespace(**{name: named(each) for name, each in known.items()})
        return TENSORGRAD[case.text](functions, given), known, known[case.wrt]

    def derive(asked: tuple[Any, Any, Any]) -> tuple[Any, Any, str]:
        expression, known, wrt = asked
        found = expression.grad(wrt, {edge: f"d{edge}" for edge in wrt.edges}).full_simplify()
        return found, (expression, known), str(found)

    def jacobian(case: Case, found: Any, values: Arrays, sizes: Mapping[str, int]) -> Any:
        tensor, (expression, known), _ = found
        given = {}
        for name, variable in known.items():
            array = torch.tensor(np.squeeze(values[name]) if variable.edges else values[name])
            given[variable] = array.rename(*variable.edges) if variable.edges else array
        dims = {size: sizes[dim] for dim in case.dims for size in _sizes(known, dim)}
        front = [edge for edge in ("i", "j") if edge in expression.edges]
        order = [*front, *(f"d{edge}" for edge in known[case.wrt].edges)]
        result = evaluate(tensor, given, dims)
        return (result.align_to(*order) if order else result).rename(None).numpy()

    return Tool("tensorgrad", prepare, derive, jacobian)


def _sizes(known: Mapping[str, Any], dim: str) -> Iterator[Any]:
    for variable in known.values():
        for size in variable.shape.values():
            if re.fullmatch(rf"{dim}\d+", str(size)):
                yield size


def tools() -> tuple[list[Tool], list[str]]:
    """Return what is installed, and the names of what is not."""
    shapecalc = Tool("shapecalc", _expression, _derived, _of_formula)
    found, missing = [shapecalc], []
    for name, make in (("sympy", _sympy), ("tensorgrad", _tensorgrad)):
        try:
            found.append(make())
        except ImportError:
            missing.append(name)
    return found, missing


# --- right or wrong -----------------------------------------------------------------------------


def verdict(tool: Tool, case: Case) -> str:
    """Say whether a derivative is what differences give: right, wrong and how, or refused."""
    sizes = {dim: 2 + place for place, dim in enumerate(case.dims)}
    random = np.random.default_rng(3)
    values = {}
    for name, axes in case.shapes.items():
        values[name] = random.uniform(0.2, 0.9, [sizes.get(dim, 1) for dim in axes])
        if len(axes) == 2 and axes[0] == axes[1]:
            values[name] = values[name] + 2 * np.eye(sizes[axes[0]])
    wanted = _by_differences(case, values)
    try:
        derived = tool.derive(tool.prepare(case, 0))
    except Refused as reason:
        return f"no: {reason}"
    except Exception as error:  # noqa: BLE001 (another's, of any kind)
        return f"no: {type(error).__name__}, {error}"
    try:
        found = tool.jacobian(case, derived, values, sizes)
    except NotDerived as reason:
        return f"no: {reason}"
    except ValueError as reason:
        return f"wrong: {reason}"
    flat = np.squeeze(np.asarray(found, dtype=float))
    half = flat.ndim // 2
    orders = (range(flat.ndim), range(flat.ndim)[::-1], (*range(half, flat.ndim), *range(half)))
    for other in (np.transpose(flat, order) for order in orders):
        if other.size == wanted.size and np.allclose(
            other.reshape(wanted.shape), wanted, CLOSE, CLOSE
        ):
            return "right"
    return "wrong" + (": 0" if not flat.any() else "")


def _by_differences(case: Case, values: Arrays) -> Any:
    """Return the Jacobian, the output's axes in front and those of the variable behind."""
    columns = []
    value = values[case.wrt]
    for place in np.ndindex(*value.shape):
        ahead, behind = value.copy(), value.copy()
        ahead[place] += STEP
        behind[place] -= STEP
        ends = (
            np.asarray(case.plain(SimpleNamespace(**{**values, case.wrt: moved})))
            for moved in (ahead, behind)
        )
        first, second = ends
        columns.append((first - second) / (2 * STEP))
    full = np.stack(columns, axis=-1)
    return np.squeeze(full.reshape(*full.shape[:-1], *value.shape))


# --- times --------------------------------------------------------------------------------------


def _once(tool: Tool, case: Case, number: int) -> float | None:
    """Return the processor time of one derivation, in milliseconds; None where there is none."""
    try:
        asked = tool.prepare(case, number)
        start = time.process_time()
        tool.derive(asked)
        return 1000 * (time.process_time() - start)
    except Exception:  # noqa: BLE001 (another's, of any kind; verdict tells)
        return None


def in_turns(found: Sequence[Tool], cases: Sequence[Case], rounds: int) -> dict[str, list[Any]]:
    """Return medians by tool, of each case under names that are new at each round.

    Under "again" are those of the first tool, which is asked the same once more.
    """
    times: dict[tuple[str, int], list[float]] = {}
    for number in range(1, rounds + 2):
        for place, case in enumerate(cases):
            for tool in found:
                took = _once(tool, case, number)
                if took is not None and number > 1:
                    times.setdefault((tool.name, place), []).append(took)
            if number > 1 and (took := _once(found[0], case, number)) is not None:
                times.setdefault(("again", place), []).append(took)
    return {
        name: [
            statistics.median(times[name, place]) if (name, place) in times else None
            for place in range(len(cases))
        ]
        for name in (*(tool.name for tool in found), "again")
    }


def first(tool: Tool, cases: Sequence[Case], place: int, rounds: int) -> float | None:
    """Return the median time of a case in processes that have derived all others, and not it."""
    context = multiprocessing.get_context("fork")
    times = []
    for _ in range(rounds):
        ours, theirs = context.Pipe()
        child = context.Process(target=_as_first, args=(theirs, tool, cases, place))
        child.start()
        took = ours.recv()
        child.join()
        if took is not None:
            times.append(took)
    return statistics.median(times) if times else None


def _as_first(pipe: Any, tool: Tool, cases: Sequence[Case], place: int) -> None:
    for other, case in enumerate(cases):
        if other != place:
            _once(tool, case, 0)
    pipe.send(_once(tool, cases[place], 0))


def main() -> None:
    """Print a row for each expression, then the medians and what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--first", type=int, default=3, help="processes for each first derivation")
    options = parser.parse_args()
    found, missing = tools()
    gc.freeze()  # what the imports have made is none of a derivation's
    for name in missing:
        sys.stdout.write(f"{name} is not installed, and left out\n")
    ours = found[0]
    firsts = [first(ours, CASES, place, options.first) for place in range(len(CASES))]
    verdicts = {tool.name: [verdict(tool, case) for case in CASES] for tool in found}
    times = in_turns(found, CASES, options.rounds)
    heads = "".join(f"{tool.name:>12}" for tool in found)
    sys.stdout.write(f"{'expression':<34}{'first':>8}{'again':>8}{heads}   ms\n")
    for place, case in enumerate(CASES):
        cells = "".join(
            f"{_cell(verdicts[tool.name][place], times[tool.name][place]):>12}" for tool in found
        )
        row = f"{case.text:<34}{firsts[place] or 0:>8.2f}{times['again'][place]:>8.2f}{cells}\n"
        sys.stdout.write(row)
    _summary(found, verdicts, times, firsts)


def _cell(said: str, took: float | None) -> str:
    if said.startswith("no") or took is None:
        return "–"
    return f"{took:.2f}{'' if said == 'right' else ' !'}"


def _summary(
    found: Sequence[Tool],
    verdicts: Mapping[str, Sequence[str]],
    times: Mapping[str, Sequence[Any]],
    firsts: Sequence[float | None],
) -> None:
    """Print the medians over what all tools answer, and each answer that is wrong or missing."""
    ours = found[0].name
    shared = [
        place
        for place in range(len(CASES))
        if all(
            times[tool.name][place] is not None and not verdicts[tool.name][place].startswith("no")
            for tool in found
        )
    ]
    medians = {
        tool.name: statistics.median(times[tool.name][place] for place in shared) for tool in found
    }
    of_first = statistics.median(took for at in shared if (took := firsts[at]) is not None)
    sys.stdout.write(f"\nmedian of the {len(shared)} that all answer, ms:\n")
    for name, took in medians.items():
        ratio = "" if name == ours else f"  {took / medians[ours]:.0f} times, aim {AIM}"
        sys.stdout.write(f"  {name:<12}{took:>8.2f}{ratio}\n")
    sys.stdout.write(f"  {'first':<12}{of_first:>8.2f}\n")
    for tool in found:
        for case, said in zip(CASES, verdicts[tool.name], strict=True):
            if said != "right":
                sys.stdout.write(f"{tool.name}, {case.text}: {said}\n")


if __name__ == "__main__":
    main()
