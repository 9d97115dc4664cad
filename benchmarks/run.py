"""How fast is `shapecalc check`? Ratios against the bare imports, and time for each layer.

`python benchmarks/run.py` prints two tables; README.md, beside this file, says how to read them.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TWO_LAYER = "specs/two_layer.yaml"
CHECK = ("-m", "shapecalc", "check")


class Pair(NamedTuple):
    """A run of the program, and the imports that it cannot do without."""

    name: str
    arguments: tuple[str, ...]
    floor: str
    aim: float


PAIRS = (
    Pair("concise", (TWO_LAYER, "--output-format", "concise"), "import typer, yaml", 1.3),
    Pair(
        "full report",
        (TWO_LAYER, "--color", "always"),
        "import typer, yaml, rich.console, rich.table",
        1.4,
    ),
)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter at the root of the repository; stop where it fails."""
    environment = {**os.environ, "COLUMNS": "80", "PYTHONUTF8": "1"}
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if run.returncode:
        sys.exit(f"exit code {run.returncode}: python {' '.join(arguments)}\n{run.stderr}")
    return run


def seconds(*arguments: str) -> float:
    """Return the wall time of one run."""
    start = time.perf_counter()
    python(*arguments)
    return time.perf_counter() - start


def medians(commands: Sequence[tuple[str, ...]], runs: int) -> list[float]:
    """Return the median of each command, all of them taking turns: a busy minute hits all alike."""
    for command in commands:
        python(*command)  # writes the bytecode
    rounds = [[seconds(*command) for command in commands] for _ in range(runs)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


def imported_by(*arguments: str) -> frozenset[str]:
    """Return the top-level packages that a run of `check` imports."""
    trace = python("-X", "importtime", *CHECK, *arguments).stderr
    rows = [line.split("|") for line in trace.splitlines() if line.startswith("import time:")]
    return frozenset(row[-1].strip().partition(".")[0] for row in rows)


def chain(layers: int) -> Iterator[str]:
    """Write a network of dense layers, its widths two dims in turn: so no weight is square."""
    widths = ["n", *("pq"[layer % 2] for layer in range(layers))]
    yield f"name: A chain of {layers} dense layers"
    yield "dims: {n: 784, p: 128, q: 96, m: 64}"
    yield "inputs:"
    yield "  A0: [n, m]"
    yield f"  Y: [{widths[-1]}, m]"
    yield "params:"
    for layer in range(1, layers + 1):
        yield f"  W{layer}: [{widths[layer]}, {widths[layer - 1]}]"
        yield f"  b{layer}: [{widths[layer]}, 1]"
    yield "forward:"
    for layer in range(1, layers + 1):
        yield f"  Z{layer}: W{layer} @ A{layer - 1} + b{layer}"
        yield f"  A{layer}: relu(Z{layer})"
    yield f"  J: mse(A{layers}, Y)"
    yield "loss: J"


def report_start_up(runs: int) -> None:
    """Print how each form of the report compares with its bare imports, run for run."""
    commands = [
        command for pair in PAIRS for command in ((*CHECK, *pair.arguments), ("-c", pair.floor))
    ]
    times = medians(commands, runs)
    print(f"check {TWO_LAYER}, medians of {runs} interleaved runs")
    print(f"  {'form':<12} {'check':>9} {'imports':>9} {'ratio':>6} {'aim':>6}")
    for index, pair in enumerate(PAIRS):
        check, floor = times[2 * index : 2 * index + 2]
        met = "met" if check / floor <= pair.aim else "missed"
        print(
            f"  {pair.name:<12} {check * 1e3:>6.0f} ms {floor * 1e3:>6.0f} ms"
            f" {check / floor:>6.2f} {pair.aim:>6.1f}  {met}; imports: {pair.floor}"
        )


def report_chains(lengths: Sequence[int], runs: int) -> None:
    """Print the time of ever longer chains; start-up, the time of one layer, is taken off."""
    with tempfile.TemporaryDirectory() as folder:
        specs = {layers: Path(folder, f"chain_{layers}.yaml") for layers in (1, *lengths)}
        for layers, path in specs.items():
            path.write_text("\n".join(chain(layers)) + "\n", encoding="utf-8")
        commands = [(*CHECK, str(path), "--output-format", "concise") for path in specs.values()]
        start_up, *times = medians(commands, runs)
    print(f"\nchains of dense layers, medians of {runs} interleaved runs")
    print(f"  {'layers':>8} {'check':>10} {'less start-up':>14} {'a layer':>11}")
    for layers, taken in zip(lengths, times, strict=True):
        own = taken - start_up
        print(
            f"  {layers:>8,} {taken * 1e3:>7.0f} ms {own * 1e3:>11.0f} ms"
            f" {own / layers * 1e6:>8.0f} µs"
        )


def main() -> None:
    """Measure, print, and fail where `check` loads what it should not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30, help="rounds for the ratios")
    parser.add_argument("--chain-runs", type=int, default=3, help="rounds for the chains")
    parser.add_argument("--chains", type=int, nargs="*", default=[100, 1_000, 10_000])
    options = parser.parse_args()
    report_start_up(options.runs)
    if options.chains:
        report_chains(options.chains, options.chain_runs)
    unwanted = {
        (pair.name, package)
        for pair in PAIRS
        for package in imported_by(*pair.arguments) & {"numpy", "pydantic"}
    }
    for name, package in sorted(unwanted):
        print(f"\ncheck ({name}) imports {package}, which it should not")
    if unwanted:
        sys.exit(1)
    print("\nneither NumPy nor pydantic is imported by check")


if __name__ == "__main__":
    main()
