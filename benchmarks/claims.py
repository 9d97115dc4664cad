"""How long a claim takes: judged right, judged wrong and told which mistake it is.

`python benchmarks/claims.py` prints a table; README.md, beside this file, says how to read it.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Mapping

from shapecalc import api

LAYERS = (2, 10, 50, 250)
AIMS = {"right": 2.0, "wrong": 100.0}
"""Milliseconds: of each right claim, and of one other."""


def network(layers: int) -> tuple[str, dict[str, str]]:
    """Write a chain of dense layers, and every gradient in it as its author would."""
    widths = ["n", *("pq"[layer % 2] for layer in range(layers))]
    lines = ["dims: {n: 784, p: 128, q: 96, m: 64}"]
    lines += [f"inputs: {{A0: [n, m], Y: [{widths[-1]}, m]}}", "params:"]
    for layer in range(1, layers + 1):
        before, after = widths[layer - 1], widths[layer]
        lines += [f"  W{layer}: [{after}, {before}]", f"  b{layer}: [{after}, 1]"]
    lines.append("forward:")
    for layer in range(1, layers + 1):
        lines += [f"  Z{layer}: W{layer} @ A{layer - 1} + b{layer}", f"  A{layer}: tanh(Z{layer})"]
    lines += [f"  J: mse(A{layers}, Y)", "loss: J", ""]
    claims = {f"dA{layers}": f"2 * (A{layers} - Y) / ({widths[-1]} * m)"}
    for layer in range(layers, 0, -1):
        if layer < layers:
            claims[f"dA{layer}"] = f"W{layer + 1}.T @ dZ{layer + 1}"
        claims[f"dZ{layer}"] = f"dA{layer} * (1 - A{layer}**2)"
        claims[f"dW{layer}"] = f"dZ{layer} @ A{layer - 1}.T"
        claims[f"db{layer}"] = f"sum(dZ{layer}, axis=1, keepdims=True)"
    return "\n".join(lines), claims


def spellings(layers: int) -> dict[str, dict[str, str]]:
    """Return what is claimed of the middle layer instead, by what is the matter with it."""
    k = (layers + 1) // 2
    values = f"dA{k} * (1 - exp(log((A{k} * A{k}))))"
    return {
        "one right by its values alone": {f"dZ{k}": values},
        "a transpose missing": {f"dW{k}": f"dZ{k} @ A{k - 1}"},
        "another operand": {f"dZ{k}": f"dA{k} * (1 - Z{k}**2)"},
        "a factor": {f"dW{k}": f"dZ{k} @ A{k - 1}.T / m"},
        "a sign": {f"dZ{k}": f"dA{k} * (1 + A{k}**2)"},
        "no known mistake": {f"dZ{k}": f"dA{k} * sin(A{k}) + cos(Z{k})"},
    }


def milliseconds(spec: str, claims: Mapping[str, str], runs: int, verdicts: set[str]) -> float:
    """Return the median time of a check, the equations known from one before."""
    lines = "".join(f"  {name}: {formula}\n" for name, formula in claims.items())
    text = f"{spec}gradients:\n{lines}" if lines else spec
    memory, times = api.Memory(), []
    for _ in range(runs + 1):
        start = time.perf_counter()
        report = api.check(text, "chain.yaml", detail=False, memory=memory)
        times.append(time.perf_counter() - start)
        if not verdicts >= (found := {claim.verdict for claim in report.claims}):
            sys.exit(f"verdicts {found} where {verdicts} belong:\n{text}")
    return 1000 * statistics.median(times[1:])


def main() -> None:
    """Print the table; right claims first, then one other among them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--layers", type=int, nargs="+", default=LAYERS)
    options = parser.parse_args()
    sys.stdout.write(f"{'claims':>7}  {'ms':>9}  what\n")
    for layers in options.layers:
        spec, claims = network(layers)
        bare = milliseconds(spec, {}, options.runs, set())
        right = milliseconds(spec, claims, options.runs, {"right"})
        each, whole = (right - bare) / len(claims), f"{right:,.0f} ms for the whole spec"
        aim = AIMS["right"]
        sys.stdout.write(f"{len(claims):>7,}  {each:>9.2f}  a right claim, aim {aim}; {whole}\n")
        for what, others in spellings(layers).items():
            verdicts = {"right"} if what.startswith("one right") else {"right", "wrong"}
            took = milliseconds(spec, {**claims, **others}, options.runs, verdicts) - right
            aim = AIMS["wrong"]
            sys.stdout.write(f"{'':>7}  {took:>9.2f}  {what}, aim {aim:.0f}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
