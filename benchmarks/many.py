"""How fast is `shapecalc check` on many small specs, and how much memory does it take?

`python benchmarks/many.py` prints two tables; README.md, beside this file, says how to read them.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
AIM = 0.2
ACTIVATIONS = ("relu", "tanh", "sigmoid", "softplus")
SIZES = (784, 128, 64, 32, 16, 10, 100, 50, 300, 512)


class Outcome(NamedTuple):
    """The wall time of one run in seconds, and the largest memory it took in MB."""

    seconds: float
    memory: float


def network(draw: random.Random, number: int) -> Iterator[str]:
    """Write a small network: one to four dense layers, names, sizes and a loss drawn by chance."""
    depth = draw.randint(1, 4)
    widths = draw.sample(["n", "h", "k", "d", "p", "q", "r", "c"], depth + 1)
    examples, data, weight = draw.choice("mN"), draw.choice("XUV"), draw.choice("WKM")
    sizes = draw.sample(SIZES, depth + 2)
    pairs = zip([*widths, examples], sizes, strict=True)
    yield f"name: Network {number}"
    yield f"dims: {{{', '.join(f'{dim}: {size}' for dim, size in pairs)}}}"
    yield f"inputs: {{{data}: [{widths[0]}, {examples}], Y: [{widths[-1]}, {examples}]}}"
    yield "params:"
    for layer in range(1, depth + 1):
        yield f"  {weight}{layer}: [{widths[layer]}, {widths[layer - 1]}]"
        yield f"  b{layer}: [{widths[layer]}, 1]"
    yield "forward:"
    before = data
    for layer in range(1, depth + 1):
        yield f"  Z{layer}: {weight}{layer} @ {before} + b{layer}"
        if layer < depth:
            before = f"A{layer}"
            yield f"  {before}: {draw.choice(ACTIVATIONS)}(Z{layer})"
    if draw.random() < 0.5:
        yield f"  A{depth}: softmax(Z{depth}, axis=0)"
        yield f"  J: cross_entropy(A{depth}, Y, axis=0)"
    else:
        yield f"  J: mse(Z{depth}, Y)"
    yield "loss: J"
    yield f"gradients: {{d{weight}{depth}: dZ{depth} @ {before}.T}}"


def write_specs(folder: Path, count: int) -> None:
    """Write as many specs as asked for, the same ones each time, and remove all others."""
    for path in folder.glob("*.yaml"):
        path.unlink()
    draw = random.Random(20)
    for number in range(count):
        text = "\n".join(network(draw, number)) + "\n"
        (folder / f"{number:05}.yaml").write_text(text, encoding="utf-8")


def run(command: Sequence[str], folder: Path) -> Outcome:
    """Run a command in a folder, and stop where it fails."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(command[:4])}: {output.read().decode(errors='replace')[-2000:]}")
    return Outcome(seconds, usage.ru_maxrss / 1024)


def rivals(folder: Path) -> dict[str, list[str]]:
    """Return the commands of those other checkers that are installed, at their least strict."""
    schema = folder.parent / "schema.json"
    schema.write_text('{"type": "object", "required": ["forward"]}', encoding="utf-8")
    files = sorted(str(path) for path in folder.glob("*.yaml"))
    commands = {
        "check-jsonschema": ["check-jsonschema", "--schemafile", str(schema), *files],
        "yamllint": ["yamllint", "-d", "{rules: {}}", "."],
    }
    places = {name: shutil.which(name, path=_search_path()) for name in commands}
    return {
        name: [place, *commands[name][1:]] for name, place in places.items() if place is not None
    }


def _search_path() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def ours() -> list[str]:
    """Return the command that is measured."""
    return [sys.executable, "-m", "shapecalc", "check", ".", "--output-format", "concise"]


def report_ratios(folder: Path, count: int, runs: int) -> None:
    """Print how long each checker takes on the same files, taking turns, and the ratios."""
    write_specs(folder, count)
    commands = {"shapecalc": ours(), **rivals(folder)}
    for command in commands.values():
        run(command, folder)  # writes the bytecode
    rounds = [{name: run(c, folder).seconds for name, c in commands.items()} for _ in range(runs)]
    medians = {name: statistics.median(each[name] for each in rounds) for name in commands}
    print(f"{count:,} small specs, medians of {runs} interleaved runs")
    for name, seconds in medians.items():
        print(f"  {name:<18} {seconds:>7.2f} s {seconds / count * 1e3:>8.2f} ms a file")
    fastest = min(
        (name for name in medians if name != "shapecalc"), key=medians.__getitem__, default=""
    )
    if not fastest:
        print("  (neither check-jsonschema nor yamllint is installed: no ratio)")
        return
    ratio = medians["shapecalc"] / medians[fastest]
    met = "met" if ratio <= AIM else "missed"
    print(f"  ratio to {fastest}: {ratio:.2f}, aim {AIM}: {met}")


def report_memory(folder: Path, counts: Sequence[int]) -> None:
    """Print the largest memory of runs over ever more files."""
    print("\nlargest memory of one run")
    for count in counts:
        write_specs(folder, count)
        outcome = run(ours(), folder)
        print(f"  {count:>7,} files {outcome.memory:>7.0f} MB {outcome.seconds:>8.2f} s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1_000, help="files for the ratios")
    parser.add_argument("--runs", type=int, default=5, help="rounds for the ratios")
    parser.add_argument("--counts", type=int, nargs="*", default=[100, 1_000, 10_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "specs")
        folder.mkdir()
        report_ratios(folder, options.files, options.runs)
        report_memory(folder, options.counts)


if __name__ == "__main__":
    main()
