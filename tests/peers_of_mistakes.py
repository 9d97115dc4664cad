"""The broken formulas of mistakes.py, before the tools that one would use otherwise.

`python tests/peers_of_mistakes.py` needs torch, jaxtyping and beartype. *gradcheck*: the formula is
the backward pass of a `torch.autograd.Function`, and is compared with differences of the loss, with
the tool's own tolerances and in double precision. *shapes*: the formula is what a function returns
whose annotation has the gradient's shape, checked as it runs. Both at small sizes, all different:
what gradcheck rejects it goes through entry by entry. Neither says which mistake it is, so there is
only what they find.
"""

import argparse
import re
import sys
import warnings
from collections import Counter
from importlib import import_module
from typing import Any

import numpy as np
from mistakes import NAMES, SPECS, Broken, Network, broken

torch, jaxtyping, beartype = map(import_module, ("torch", "jaxtyping", "beartype"))


def is_found_by_gradcheck(network: Network, formula: Broken) -> bool:
    """Say whether PyTorch's check by differences rejects a formula."""
    name = formula.gradient.removeprefix("d")

    def forward(_: Any, x: Any) -> Any:
        return torch.tensor(network.loss_by(name, x.detach().numpy()), dtype=torch.float64)

    def backward(_: Any, upstream: Any) -> Any:
        return torch.from_numpy(np.array(network.at(formula))) * upstream

    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    claimed: Any = type("Claimed", (torch.autograd.Function,), methods)
    x = torch.from_numpy(np.array(network.points[0][name], dtype=float)).requires_grad_()
    try:
        return not torch.autograd.gradcheck(claimed.apply, (x,), fast_mode=True)
    except (RuntimeError, ValueError, TypeError, IndexError, AttributeError):
        return True


def is_found_by_shapes(network: Network, formula: Broken) -> bool:
    """Say whether an annotation with the gradient's shape rejects a formula."""
    size = network.sizes[formula.gradient.removeprefix("d")]

    def gradient() -> Any:
        return network.at(formula)

    annotation = jaxtyping.Float[np.ndarray, " ".join(map(str, size))]
    gradient.__annotations__["return"] = annotation
    checked = jaxtyping.jaxtyped(gradient, typechecker=beartype.beartype)
    try:
        checked()
    except (jaxtyping.TypeCheckError, ValueError, TypeError, IndexError, AttributeError):
        return True
    return False


def small(text: str) -> str:
    """Give the dims of a spec small sizes, all different."""
    sizes = iter((5, 7, 3, 11, 4, 6, 9, 8))
    head = re.search(r"(?m)^dims: .*$", text)
    assert head is not None
    return text.replace(head[0], re.sub(r"(?<=: )\d+", lambda _: str(next(sizes)), head[0]), 1)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="try every so-manieth formula")
    every = parser.parse_args().every
    wrong: Counter[str] = Counter()
    found: dict[str, Counter[str]] = {"gradcheck": Counter(), "shapes": Counter()}
    for name in NAMES:
        network = Network(name, small((SPECS / f"{name}.yaml").read_text(encoding="utf-8")))
        for each in list(broken(network))[::every]:
            if network.is_right(each) or network.judged(each) is None:
                continue
            kind = " + ".join(sorted(each.mistakes))
            wrong[kind] += 1
            found["gradcheck"][kind] += is_found_by_gradcheck(network, each)
            found["shapes"][kind] += is_found_by_shapes(network, each)
    sys.stdout.write(f"{'mistake':<32} {'wrong':>6} {'gradcheck':>10} {'shapes':>8}\n")
    for kind, count in [*sorted(wrong.items()), ("all", wrong.total())]:
        shares = [
            (each.total() if kind == "all" else each[kind]) / count for each in found.values()
        ]
        sys.stdout.write(f"{kind:<32} {count:>6,} {shares[0]:>10.1%} {shares[1]:>8.1%}\n")


if __name__ == "__main__":
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        main()
