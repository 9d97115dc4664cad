"""Shapes forward and backward of long chains: shapecalc beside ONNX's inference and JAX.

`python benchmarks/peers.py` needs onnx and jax beside shapecalc; README.md, beside this file, says
how to read what it prints. Each measurement is a process of its own, and they take turns.
"""

import argparse
import gc
import json
import math
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

KIB = 1 if sys.platform != "darwin" else 1024  # what `ru_maxrss` counts in
WIDTHS = (128, 96)
EXAMPLES = 64
AIMS = {"onnx": 1.0, "jax": 0.01}
MEMORY_AIM = 0.25


def network_of(layers: int) -> Any:
    """Make what is read from a spec of dense layers; as a file, 100,000 would be over the limit."""
    from shapecalc.dims import ONE, Dim
    from shapecalc.parsing import Expression
    from shapecalc.span import Span
    from shapecalc.spec.network import DimEntry, Equation, Network, ValueEntry

    here = Span("chain.yaml", 1, 1)
    both = (here, here)
    n, p, q, m = map(Dim.named, "npqm")
    sizes = {"n": 784, "p": WIDTHS[1], "q": WIDTHS[0], "m": EXAMPLES}
    weights, columns = {(p, n): (p, n), (p, q): (p, q), (q, p): (q, p)}, {p: (p, ONE), q: (q, ONE)}
    widths = [n, *((q, p)[layer % 2] for layer in range(1, layers + 1))]
    params, forward = [], []

    def place(_offset: int, _length: int) -> Span:
        return here

    def declared(name: str, shape: tuple[Dim, ...]) -> ValueEntry:
        return ValueEntry(name, shape, here, here, both)

    def equation(name: str, text: str) -> Equation:
        return Equation(name, Expression(text, place), text, here, here)

    for layer in range(1, layers + 1):
        before, after = widths[layer - 1], widths[layer]
        params += [
            declared(f"W{layer}", weights[after, before]),
            declared(f"b{layer}", columns[after]),
        ]
        forward += [
            equation(f"Z{layer}", f"W{layer} @ A{layer - 1} + b{layer}"),
            equation(f"A{layer}", f"relu(Z{layer})"),
        ]
    forward.append(equation("J", f"mse(A{layers}, Y)"))
    return Network(
        "chain.yaml",
        "A chain",
        dims=tuple(DimEntry(name, size, here, here) for name, size in sizes.items()),
        inputs=(declared("A0", (n, m)), declared("Y", (widths[-1], m))),
        params=tuple(params),
        forward=tuple(forward),
    )


def shapes(layers: int) -> Callable[[], object]:
    """Work out the shapes of all values and of all gradients; the equations are read before."""
    from shapecalc.graph import build_graph
    from shapecalc.sweep import gradient_shapes

    network = network_of(layers)

    def run() -> object:
        found = gradient_shapes(graph := build_graph(network))
        assert len(found) == 4 * layers + 1  # Z, A, W and b of each layer, and the loss
        return graph, found

    return run


def formulas(layers: int) -> Callable[[], object]:
    """Derive and check all gradients as well."""
    from shapecalc.graph import build_graph
    from shapecalc.sweep import sweep

    network = network_of(layers)
    return lambda: sweep(build_graph(network), ())


def onnx(layers: int) -> Callable[[], object]:
    """Infer the shapes of the forward values; ONNX has no backward pass."""
    import onnx as package
    from onnx import TensorProto, helper

    sizes = [784, *(WIDTHS[layer % 2] for layer in range(layers))]
    nodes, given = [], [("A0", [784, EXAMPLES])]
    for layer in range(1, layers + 1):
        given += [(f"W{layer}", [sizes[layer], sizes[layer - 1]]), (f"b{layer}", [sizes[layer], 1])]
        nodes += [
            helper.make_node("MatMul", [f"W{layer}", f"A{layer - 1}"], [f"P{layer}"]),
            helper.make_node("Add", [f"P{layer}", f"b{layer}"], [f"Z{layer}"]),
            helper.make_node("Relu", [f"Z{layer}"], [f"A{layer}"]),
        ]
    float_ = TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info(name, float_, shape) for name, shape in given]
    output = helper.make_tensor_value_info(f"A{layers}", float_, None)
    model = helper.make_model(helper.make_graph(nodes, "chain", inputs, [output]))
    return lambda: package.shape_inference.infer_shapes(model, strict_mode=True)


def jax(layers: int) -> Callable[[], object]:
    """Infer the shapes of all gradients, of a loss in plain JAX."""
    import jax as package
    from jax import numpy as jnp

    sizes = [784, *(WIDTHS[layer % 2] for layer in range(layers))]

    def loss(params: Any, entries: Any) -> Any:
        for weight, bias in params:
            entries = jnp.maximum(weight @ entries + bias, 0)
        return jnp.mean(entries**2)

    def shape(*axes: int) -> Any:
        return package.ShapeDtypeStruct(axes, jnp.float32)

    params = [
        (shape(sizes[layer], sizes[layer - 1]), shape(sizes[layer], 1))
        for layer in range(1, layers + 1)
    ]
    sys.setrecursionlimit(1_000_000)
    return lambda: package.eval_shape(package.grad(loss), params, shape(784, EXAMPLES))


TOOLS = {"shapes": shapes, "formulas": formulas, "onnx": onnx, "jax": jax}


def measured(tool: str, layers: int) -> dict[str, float]:
    """Measure here: seconds, and how far the largest memory grew from that of one layer, in MB."""
    TOOLS[tool](1)()  # imports, and what is made once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run = TOOLS[tool](layers)
    gc.collect()
    gc.freeze()
    gc.disable()  # for all tools alike: it would look through the networks again and again
    start = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    del result
    return {"seconds": seconds, "megabytes": grown / KIB / 1024}


def alone(tool: str, layers: int) -> dict[str, float] | None:
    """Measure in a process of its own; None where the tool is missing or fails."""
    command = [sys.executable, __file__, "--one", tool, str(layers)]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    found: dict[str, float] | None = json.loads(run.stdout) if not run.returncode else None
    return found


def report(
    lengths: list[int], jax_lengths: list[int], formula_lengths: list[int], runs: int
) -> None:
    """Print the table: times a layer and memory, ratios and exponent."""
    print(f"{'layers':>8}  {'':<10} {'a layer':>12} {'memory':>9}   shapes are")
    only = {"jax": jax_lengths, "formulas": formula_lengths}
    seconds: dict[int, float] = {}
    for layers in lengths:
        tools = [tool for tool in TOOLS if layers in only.get(tool, lengths)]
        rounds = [{tool: alone(tool, layers) for tool in tools} for _ in range(runs)]
        ours: dict[str, float] | None = None
        for tool in tools:
            found = [each for turn in rounds if (each := turn[tool]) is not None]
            if not found:
                print(f"{layers:>8,}  {tool:<10} not here, or it failed")
                continue
            middle = {key: statistics.median(each[key] for each in found) for key in found[0]}
            ours = ours or middle
            taken = f"{middle['seconds'] / layers * 1e6:>9.1f} µs"
            print(
                f"{layers:>8,}  {tool:<10} {taken} {middle['megabytes']:>6.0f} MB"
                f"   {compared(tool, ours, middle)}"
            )
        if ours is not None:
            seconds[layers] = ours["seconds"]
    least, most = min(seconds), max(seconds)
    if least < most:
        exponent = math.log(seconds[most] / seconds[least]) / math.log(most / least)
        print(f"The time of shapes grows as layers to the power {exponent:.2f}; aim at most 1.1")


def compared(tool: str, ours: dict[str, float], theirs: dict[str, float]) -> str:
    """Say what part of another tool's time and memory ours takes, and what the aim is."""
    if tool not in AIMS:
        return ""
    said = f"{ours['seconds'] / theirs['seconds']:.4f} of its time, aim {AIMS[tool]}"
    if tool == "onnx" and theirs["megabytes"]:
        part = ours["megabytes"] / theirs["megabytes"]
        said += f"; {part:.2f} of its memory, aim {MEMORY_AIM}"
    return said


def main() -> None:
    """Measure one tool for the parent process, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("TOOL", "LAYERS"), help=argparse.SUPPRESS)
    parser.add_argument("--lengths", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--jax-lengths", type=int, nargs="*", default=[1_000])
    parser.add_argument("--formula-lengths", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if options.one:
        tool, layers = options.one
        print(json.dumps(measured(tool, int(layers))))
    else:
        report(options.lengths, options.jax_lengths, options.formula_lengths, options.runs)


if __name__ == "__main__":
    main()
