"""Right gradients, written in other ways: none of them may be called wrong.

`python tests/respelled.py --networks 2000 --seed 1` takes random networks over the whole op table
and rewrites what is derived for them: factors grouped and ordered otherwise, products transposed
twice, sums multiplied out, quotients as products, gradients written out where they have a name.
NumPy says which of these are still the gradient; the others are left out. Pytest runs a few.
"""

import argparse
import ast
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

import numpy as np
from mistakes import Broken, Network
from table_networks import network

A_GRADIENT = 4  # spellings of each
DEEPEST = 4  # rewritings of one formula
LONGEST = 300  # characters; sums that are multiplied out grow
PROGRESS = 100


class Outcome(NamedTuple):
    """How many spellings were judged, by verdict; those that were called wrong."""

    verdicts: Counter[str]
    alarms: list[str]


def respelled(text: str, named: dict[str, str], random: Random) -> str:
    """Rewrite a formula at random places by identities; `named` are gradients by their formulas."""
    tree = ast.parse(text, mode="eval").body
    for _ in range(random.randint(1, DEEPEST)):
        choices = list(_rewritings(tree, named))
        if not choices:
            break
        tree = random.choice(choices)
    return ast.unparse(tree)


def _rewritings(tree: ast.expr, named: dict[str, str]) -> Iterator[ast.expr]:
    for place, part in enumerate(ast.walk(tree)):
        if isinstance(part, ast.expr):
            for new in _written_otherwise(part, named):
                yield _put(tree, place, new)


def _put(tree: ast.expr, place: int, new: ast.expr) -> ast.expr:
    old = list(ast.walk(tree))[place]

    def visit(node: Any) -> Any:
        if node is old:
            return new
        if isinstance(node, list):
            return [visit(each) for each in node]
        if not isinstance(node, ast.AST):
            return node
        return type(node)(**{name: visit(value) for name, value in ast.iter_fields(node)})

    found: ast.expr = visit(tree)
    return found


def _written_otherwise(part: ast.expr, named: dict[str, str]) -> Iterator[ast.expr]:
    yield from _regrouped(part)
    yield from _multiplied_out(part)
    match part:
        case ast.Name(id=name) if name in named:
            yield ast.parse(named[name], mode="eval").body
        case ast.BinOp(left=a, op=ast.MatMult(), right=b):
            yield _turned(ast.BinOp(_turned(b), ast.MatMult(), _turned(a)))
        case ast.BinOp(left=a, op=ast.Mult() | ast.Add() as op, right=b):
            yield ast.BinOp(b, op, a)
        case ast.BinOp(left=a, op=ast.Sub(), right=b):
            yield ast.BinOp(ast.UnaryOp(ast.USub(), b), ast.Add(), a)
        case ast.BinOp(left=a, op=ast.Div(), right=b):
            yield ast.BinOp(ast.BinOp(ast.Constant(1), ast.Div(), b), ast.Mult(), a)
        case ast.BinOp(left=a, op=ast.Pow(), right=ast.Constant(value=2)):
            yield ast.BinOp(a, ast.Mult(), a)
        case ast.UnaryOp(op=ast.USub(), operand=a) if not isinstance(a, ast.Constant):
            yield ast.BinOp(ast.Constant(-1), ast.Mult(), a)
        case _:
            pass


def _regrouped(part: ast.expr) -> Iterator[ast.expr]:
    match part:
        case ast.BinOp(left=ast.BinOp(left=a, op=inner, right=b), op=op, right=c):
            if _are_alike(inner, op):
                yield ast.BinOp(a, op, ast.BinOp(b, op, c))
        case ast.BinOp(left=a, op=op, right=ast.BinOp(left=b, op=inner, right=c)):
            if _are_alike(inner, op):
                yield ast.BinOp(ast.BinOp(a, op, b), op, c)
        case _:
            pass


def _are_alike(inner: ast.operator, outer: ast.operator) -> bool:
    return type(inner) is type(outer) and isinstance(inner, ast.MatMult | ast.Mult | ast.Add)


def _multiplied_out(part: ast.expr) -> Iterator[ast.expr]:
    match part:
        case ast.BinOp(left=ast.BinOp(op=ast.Add() | ast.Sub()) as left, op=op, right=right):
            if isinstance(op, ast.Mult | ast.Div | ast.MatMult):
                parts = [ast.BinOp(each, op, right) for each in (left.left, left.right)]
                yield ast.BinOp(parts[0], left.op, parts[1])
        case ast.BinOp(left=left, op=op, right=ast.BinOp(op=ast.Add() | ast.Sub()) as right):
            if isinstance(op, ast.Mult | ast.MatMult):
                parts = [ast.BinOp(left, op, each) for each in (right.left, right.right)]
                yield ast.BinOp(parts[0], right.op, parts[1])
        case _:
            pass


def _turned(part: ast.expr) -> ast.expr:
    return ast.Attribute(part, "T")


def judged(seed: int) -> Outcome:
    """Judge other spellings of every gradient of one random network."""
    random = Random(seed)
    outcome = Outcome(Counter(), [])
    try:
        net = Network(str(seed), network(random).spec, is_signed=False)
    except (SyntaxError, NameError, IndexError, TypeError, ValueError, AttributeError):
        return outcome  # a network that NumPy cannot run as it is printed
    if not all(np.isfinite(entries).all() for point in net.points for entries in _arrays(point)):
        return outcome
    for gradient, text in net.formulas.items():
        others = {name: f"({known})" for name, known in net.formulas.items() if name != gradient}
        spellings = {respelled(text, others, random) for _ in range(A_GRADIENT)} - {text}
        for spelling in sorted(spellings):
            written = Broken(gradient, spelling, frozenset())
            if len(spelling) > LONGEST or not net.is_right(written):
                continue
            verdict, _ = net.judged(written) or ("unread", frozenset())
            outcome.verdicts[verdict] += 1
            if verdict in ("wrong", "convention"):
                outcome.alarms.append(f"{gradient} = {spelling}\n{verdict}, in\n{net.head}")
    return outcome


def _arrays(point: dict[str, Any]) -> Iterator[Any]:
    return (each for each in point.values() if isinstance(each, np.ndarray | float))


def main() -> None:
    """Try many, and print the counts; fail where a right formula is called wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    verdicts: Counter[str] = Counter()
    alarms, networks, start = 0, 0, time.monotonic()
    for number in range(options.networks):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = judged(options.seed * 1_000_003 + number)
        verdicts.update(found.verdicts)
        networks += bool(found.verdicts)
        alarms += len(found.alarms)
        sys.stdout.writelines(f"{alarm}\n" for alarm in found.alarms)
        if (number + 1) % PROGRESS == 0:
            seconds = time.monotonic() - start
            sys.stdout.write(f"{number + 1:,} networks, {networks:,} judged, {seconds:.0f} s\n")
            sys.stdout.flush()
    counts = ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.most_common())
    sys.stdout.write(f"{counts}; {alarms} false alarms\n")
    sys.exit(bool(alarms))


if __name__ == "__main__":
    main()
