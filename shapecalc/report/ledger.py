"""The ledger of constant factors: where 1/m enters, and what each claim does with it."""

from collections.abc import Iterator, Sequence

from shapecalc.claims import Judged
from shapecalc.claims.scale import ONE, Scale
from shapecalc.matrix.printing import text
from shapecalc.records import Entry, Ledger
from shapecalc.sweep import Gradient, Sweep
from shapecalc.tree import Call, Leaf, Tree, leaves


def ledger(sweep: Sweep, judged: Sequence[Judged]) -> Ledger | None:
    """Enter each claim that is a multiple of the gradient, or makes a factor; None without one."""
    entries = tuple(entry for each in judged if (entry := _entry(each)))
    if not entries:
        return None
    scales = [scale for each in judged for scale in (each.outcome.scale, each.itself) if scale]
    names = dict.fromkeys(name for scale in scales for name in (*scale.above, *scale.below))
    return Ledger(tuple(enters(sweep, list(names))), entries)


def _entry(judged: Judged) -> Entry | None:
    times, itself = judged.outcome.scale, judged.itself
    if times is None or (times == ONE and itself in (None, ONE)):
        return None
    if itself == times:
        does = "leaves out"
    elif times == ONE:
        does = "settles"
    else:
        does = "passes on" if itself == ONE else "changes"
    return Entry(judged.claim.gradient.name, does, _text(times), _text(itself))


def _text(scale: Scale | None) -> str | None:
    return None if scale is None else text(scale.tree)


def enters(sweep: Sweep, names: Sequence[Leaf]) -> Iterator[tuple[str, str]]:
    """Find the equations whose derivatives have a dim or a constant as a factor."""
    for name in names:
        found: dict[str, str] = {}
        for gradient in sweep.gradients.values():
            for value, formula in _formulas(gradient):
                if name in leaves(formula):
                    divides = any(name in leaves(below) for below in _divisors(formula))
                    found.setdefault(value, f"1/{name.name}" if divides else name.name)
        yield from ((factor, value) for value, factor in found.items())


def _formulas(gradient: Gradient) -> Iterator[tuple[str, Tree]]:
    """Yield what each step adds to a gradient, with the value in whose equation it is taken."""
    if gradient.fused_with is not None:
        yield gradient.fused_with.output.name, gradient.formula
        return
    for link in gradient.links:
        yield link.use.node.output.name, link.derived.formula


def _divisors(tree: Tree) -> Iterator[Tree]:
    if isinstance(tree, Call):
        if tree.op == "div":
            yield tree.operands[1]
        for operand in tree.operands:
            yield from _divisors(operand)
