"""Right formulas broken in the ways of the catalogue: is each mistake found, and by its name?

`python tests/mistakes.py` breaks every derived formula of the shipped specs in every way and prints
the table; a test does so with some of them. The mistakes are made on Python's own syntax trees, and
whether a formula is still right is NumPy's to say: nothing here knows how they are looked for.
"""

import argparse
import ast
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

import shapecalc.ops
from shapecalc import api
from shapecalc.render import json as renderer
from shapecalc.render.tally import tally

SPECS = Path(__file__).resolve().parent.parent / "specs"
NAMES = (
    *(
        "logistic_regression",
        "softmax_regression",
        "two_layer",
        "two_layer_rows",
        "two_layer_torch",
    ),
    *("mlp_4", "tied_autoencoder", "rnn_3_steps", "vae", "mixture_of_two_experts"),
)
"""Those with a loss: of the others NumPy knows no gradient from above."""


class Broken(NamedTuple):
    """A formula with one mistake, or two that go together."""

    gradient: str
    text: str
    mistakes: frozenset[str]


class Network:
    """A spec with its derived formulas, and its numbers at two points."""

    def __init__(self, name: str, text: str, *, is_signed: bool = True) -> None:
        self.head = re.sub(r"(?ms)^gradients:.*?(?=^\w|\Z)", "", text)
        report = api.check(self.head, name)
        (data,) = json.loads(renderer.document([report], tally([report])))["specs"]
        self.name = name
        self.memory = api.Memory()
        self.formulas = {
            g["gradient"]: g["formula"]["text"] for g in data["gradients"] if g["steps"]
        }
        self.shapes = {value["name"]: tuple(value["shape"]) for value in data["values"]}
        self.shapes |= {g["gradient"]: tuple(g["shape"]) for g in data["gradients"]}
        self.loss: str = data["loss"]
        self.sizes = {value["name"]: tuple(value["size"] or ()) for value in data["values"]}
        self.equations = {v["name"]: v["equation"] for v in data["values"] if v["equation"]}
        self.points = [_point(data, seed, is_signed=is_signed) for seed in (1, 2)]

    @classmethod
    def shipped(cls, name: str) -> Self:
        """Return the network of a spec in `specs`."""
        return cls(name, (SPECS / f"{name}.yaml").read_text(encoding="utf-8"))

    def is_right(self, broken: Broken) -> bool:
        """Say whether a formula has the gradient's numbers after all."""
        for point in self.points:
            try:
                found = np.asarray(eval(broken.text, {}, dict(point)), dtype=float)
            except (AttributeError, IndexError, TypeError, ValueError):
                return False
            truth = np.asarray(point[broken.gradient])
            if found.shape != truth.shape or not np.allclose(found, truth, 1e-8, 1e-11):
                return False
        return True

    def at(self, broken: Broken) -> Any:
        """Evaluate a formula at the first point."""
        return np.asarray(eval(broken.text, {}, dict(self.points[0])), dtype=float)

    def loss_by(self, name: str, entries: Any) -> float:
        """Run the equations with other entries in one value."""
        names = {**self.points[0], name: entries}
        for made, equation in self.equations.items():
            if made != name:
                names[made] = eval(equation, {}, names)
        return float(names[self.loss])

    def judged(self, broken: Broken) -> tuple[str, frozenset[str]] | None:
        """Return the verdict on a formula and the mistakes named; None where it is none."""
        claims = f"gradients:\n  {broken.gradient}: {json.dumps(broken.text)}\n"
        report = api.check(f"{self.head}\n{claims}", self.name, detail=False, memory=self.memory)
        if not report.claims:
            return None
        (claim,) = report.claims
        return claim.verdict, frozenset(claim.mistakes)


def _point(data: dict[str, Any], seed: int, *, is_signed: bool) -> dict[str, Any]:
    """Run the equations and the derived gradients at one random point."""
    random = np.random.default_rng(seed)
    ops = {name: getattr(shapecalc.ops, name) for name in shapecalc.ops.OPS}
    names: dict[str, Any] = {"np": np, **ops, **data["dims"]}
    names |= dict.fromkeys(data.get("constants", {}), 0.5)
    for value in data["values"]:
        if value["equation"]:
            names[value["name"]] = eval(value["equation"], {}, names)
            continue
        drawn = random.uniform(0.2, 0.9, value["size"])
        drawn *= random.choice([-1, 1], value["size"]) if is_signed else 1
        if "sum over" in value.get("note", ""):
            axis = value["shape"].index(re.findall(r"sum over (\S+)", value["note"])[0])
            drawn = np.abs(drawn) / np.abs(drawn).sum(axis=axis, keepdims=True)
        names[value["name"]] = drawn
    for gradient in data["gradients"]:
        names[gradient["gradient"]] = eval(gradient["formula"]["numpy"], {}, names)
    return names


def broken(network: Network) -> Iterator[Broken]:
    """Break every formula of a network in every way."""
    for gradient, text in network.formulas.items():
        tree = ast.parse(text, mode="eval").body
        seen = {ast.unparse(tree)}
        for new, mistakes in _broken(tree, network.shapes, gradient):
            written = ast.unparse(new)
            if written not in seen:
                seen.add(written)
                yield Broken(gradient, written, frozenset(mistakes))


_Made = Iterator[tuple[ast.expr, tuple[str, ...]]]


def _broken(tree: ast.expr, shapes: dict[str, tuple[str, ...]], gradient: str) -> _Made:
    if len(shapes[gradient]) == 2:
        yield _turned(tree), ("other-layout",)
    yield ast.UnaryOp(ast.USub(), tree), ("sign",)
    yield ast.BinOp(ast.Constant(2), ast.Mult(), tree), ("factor",)
    dims = [dim for dim in shapes[gradient] if dim.isidentifier()]
    if dims:
        yield ast.BinOp(tree, ast.Div(), ast.Name(dims[-1])), ("factor",)
    for number, part in enumerate(ast.walk(tree)):
        for new, mistakes in _parts(part, shapes, gradient):
            yield _with(tree, number, new), mistakes


def _with(tree: ast.expr, number: int, new: ast.expr) -> ast.expr:
    """Put a part in the place of the one with a number, counted as `ast.walk` does."""
    copy = deepcopy(tree)
    old = list(ast.walk(copy))[number]
    if old is copy:
        return new

    class Put(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return new if node is old else self.generic_visit(node)

    found: ast.expr = Put().visit(copy)
    return found


def _parts(part: ast.AST, shapes: dict[str, tuple[str, ...]], gradient: str) -> _Made:
    match part:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield ast.BinOp(right, ast.MatMult(), left), ("reversed",)
            yield ast.BinOp(left, ast.Mult(), right), ("star-for-at",)
            for one, other, is_left in ((left, right, True), (right, left, False)):
                new, mistake = _toggled(one)
                pair = (new, other) if is_left else (other, new)
                yield ast.BinOp(pair[0], ast.MatMult(), pair[1]), (mistake,)
                yield ast.BinOp(pair[1], ast.MatMult(), pair[0]), ("reversed", mistake)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            if not isinstance(left, ast.Constant):
                yield ast.BinOp(left, ast.MatMult(), right), ("at-for-star",)
            if _is_slope(right):
                yield left, ("derivative",)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            opposite = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
            yield ast.BinOp(left, opposite, right), ("sign",)
            yield left, ("dropped-term",)
        case ast.Call(func=ast.Name(id="sum"), args=[inner, *_], keywords=keywords):
            yield inner, ("missing-sum",)
            given = {each.arg: each.value for each in keywords}
            axis = given.get("axis")
            if isinstance(axis, ast.Constant) and axis.value in (0, 1):
                changed = [k for k in keywords if k.arg != "axis"]
                changed.insert(0, ast.keyword("axis", ast.Constant(1 - axis.value)))
                yield ast.Call(part.func, [inner], changed), ("wrong-axis",)
            if "keepdims" in given:
                less = [k for k in keywords if k.arg != "keepdims"]
                yield ast.Call(part.func, [inner], less), ("keepdims",)
        case ast.Name(id=name) if name in shapes:
            alike = [
                n for n, s in shapes.items() if s == shapes[name] and n not in (name, gradient)
            ]
            for other_name in alike[:3]:
                yield ast.Name(other_name), ("operand",)


def _toggled(part: ast.expr) -> tuple[ast.expr, str]:
    if isinstance(part, ast.Attribute) and part.attr == "T":
        return part.value, "missing-transpose"
    return _turned(part), "extra-transpose"


def _turned(part: ast.expr) -> ast.expr:
    return ast.Attribute(part, "T")


def _is_slope(part: ast.expr) -> bool:
    """Say whether a factor is the derivative of an activation: a mask, `1 - A**2`."""
    return isinstance(part, ast.Compare) or ast.unparse(part).startswith("1 - ")


class Score(NamedTuple):
    """How many of the wrong formulas of each kind were found, and how many named."""

    wrong: Counter[str]
    found: Counter[str]
    named: Counter[str]
    alarms: list[Broken]
    missed: list[Broken]
    misnamed: list[tuple[Broken, frozenset[str]]]


def score(names: tuple[str, ...], every: int) -> Score:
    """Judge every so-manieth broken formula of some networks."""
    result = Score(Counter(), Counter(), Counter(), [], [], [])
    for name in names:
        network = Network.shipped(name)
        for each in list(broken(network))[::every]:
            answer = network.judged(each)
            if answer is None:
                continue
            verdict, mistakes = answer
            if network.is_right(each):
                if verdict == "wrong":
                    result.alarms.append(each)
                continue
            kind = " + ".join(sorted(each.mistakes))
            result.wrong[kind] += 1
            if verdict == "right":
                result.missed.append(each)
                continue
            result.found[kind] += 1
            if mistakes & each.mistakes or (verdict == "convention" and "factor" in each.mistakes):
                result.named[kind] += 1
            else:
                result.misnamed.append((each, mistakes))
    return result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="judge every so-manieth formula")
    parser.add_argument("--misnamed", action="store_true", help="print what was named otherwise")
    parser.add_argument("names", nargs="*", default=NAMES)
    options = parser.parse_args()
    result = score(tuple(options.names), options.every)
    rows: dict[str, tuple[int, int, int]] = {
        kind: (count, result.found[kind], result.named[kind])
        for kind, count in sorted(result.wrong.items())
    }
    wrong, found, named = (sum(row[place] for row in rows.values()) for place in range(3))
    rows["all"] = (wrong, found, named)
    sys.stdout.write(f"{'mistake':<32} {'wrong':>6} {'found':>7} {'named':>7}\n")
    for kind, (wrong, found, named) in rows.items():
        sys.stdout.write(f"{kind:<32} {wrong:>6,} {found / wrong:>7.1%} {named / wrong:>7.1%}\n")
    sys.stdout.write(f"right, and called wrong: {len(result.alarms)}\n")
    for each in (*result.alarms, *result.missed):
        sys.stdout.write(f"  {each.gradient} = {each.text}\n")
    if options.misnamed:
        others: defaultdict[str, list[str]] = defaultdict(list)
        for each, mistakes in result.misnamed:
            others[" + ".join(sorted(each.mistakes))].append(
                f"{each.gradient} = {each.text}: {', '.join(sorted(mistakes)) or 'none'}"
            )
        for kind, lines in others.items():
            sys.stdout.write(f"{kind}\n" + "".join(f"  {line}\n" for line in lines[:12]))


if __name__ == "__main__":
    main()
