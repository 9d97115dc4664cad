"""Shapes forward and backward of long chains: shapecalc beside ONNX's inference and JAX.

`python benchmarks/peers.py` needs onnx and jax beside shapecalc; README.md, beside this file, says
how to read what it prints. Each measurement is a process of its own, and they take turns.
"""

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from run import chain

KIB = 1 if sys.platform != "darwin" else 1024  # what `ru_maxrss` counts in
WIDTHS = (128, 96)
EXAMPLES = 64
AIMS = {"onnx": 1.0, "jax": 0.01}


def shapecalc_(layers: int) -> Callable[[], object]:
    """Build the graph and its gradients; the text is read before."""
    from shapecalc.graph import build_graph
    from shapecalc.spec import read_network
    from shapecalc.sweep import sweep

    network, _ = read_network("\n".join(chain(layers)) + "\n", "chain.yaml")
    assert network is not None
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


TOOLS = {"shapecalc": shapecalc_, "onnx": onnx, "jax": jax}


def measured(tool: str, layers: int) -> dict[str, float]:
    """Measure here: seconds, and how far the largest memory grew from that of one layer, in MB."""
    TOOLS[tool](1)()  # imports, and what is made once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run = TOOLS[tool](layers)
    start = time.perf_counter()
    run()
    seconds = time.perf_counter() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"seconds": seconds, "megabytes": grown / KIB / 1024}


def alone(tool: str, layers: int) -> dict[str, float] | None:
    """Measure in a process of its own; None where the tool is missing or fails."""
    command = [sys.executable, __file__, "--one", tool, str(layers)]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    found: dict[str, float] | None = json.loads(run.stdout) if not run.returncode else None
    return found


def report(lengths: list[int], jax_lengths: list[int], runs: int) -> None:
    """Print the table: times a layer, ratios, exponents and memory."""
    print(f"{'layers':>8}  {'tool':<10} {'a layer':>10} {'times ours':>11} {'memory':>8}")
    seconds: dict[tuple[str, int], float] = {}
    for layers in lengths:
        tools = [tool for tool in TOOLS if tool != "jax" or layers in jax_lengths]
        rounds = [{tool: alone(tool, layers) for tool in tools} for _ in range(runs)]
        for tool in tools:
            found = [each for turn in rounds if (each := turn[tool]) is not None]
            if not found:
                print(f"{layers:>8,}  {tool:<10} not here, or it failed")
                continue
            taken = statistics.median(each["seconds"] for each in found)
            memory = statistics.median(each["megabytes"] for each in found)
            seconds[tool, layers] = taken
            ratio = seconds["shapecalc", layers] / taken
            aim = f", ours is {ratio:.2f} of it, aim {AIMS[tool]}" if tool in AIMS else ""
            print(
                f"{layers:>8,}  {tool:<10} {taken / layers * 1e6:>7.1f} µs"
                f" {taken / seconds['shapecalc', layers]:>11.2f} {memory:>5.0f} MB{aim}"
            )
    least, most = lengths[0], lengths[-1]
    if least < most:
        growth = seconds["shapecalc", most] / seconds["shapecalc", least]
        exponent = math.log(growth) / math.log(most / least)
        print(f"shapecalc's time grows as layers to the power {exponent:.2f}; aim at most 1.1")


def main() -> None:
    """Measure one tool for the parent process, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("TOOL", "LAYERS"), help=argparse.SUPPRESS)
    parser.add_argument("--lengths", type=int, nargs="+", default=[1_000, 3_000, 10_000])
    parser.add_argument("--jax-lengths", type=int, nargs="*", default=[1_000])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if options.one:
        tool, layers = options.one
        print(json.dumps(measured(tool, int(layers))))
    else:
        report(options.lengths, options.jax_lengths, options.runs)


if __name__ == "__main__":
    main()
