"""The same step as other texts have it: examples in rows or columns, a weight stored transposed.

Each formula is multiplied out on the numbers of the step, stored as that text stores them.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from shapecalc.records.explained import Block, Lines, Prose
from shapecalc.report.views import factors_in
from shapecalc.teach.instance import Instance, are_close, places_of
from shapecalc.teach.study import Study, require, total
from shapecalc.tree import Call, Leaf, Tree, calls, leaf, with_marker

Rows = list[list[float]]
MARKED = "<wrt>"
WRONG = "the gradient where values are stored otherwise is not right"


class Factor(NamedTuple):
    """A name in a product, and whether it stands there transposed."""

    name: Leaf
    turned: bool

    def text(self) -> str:
        """Print it."""
        return f"{self.name.name}.T" if self.turned else self.name.name


def elsewhere(study: Study) -> Iterator[Block]:
    """Say how the step reads where examples are stored the other way."""
    batch = study.report.batch
    forward, backward = _forward(study), _plain(factors_in(study.writer.formula))
    if forward is None or backward is None or batch is None or study.sweep.numerator:
        return
    if _text(backward) != study.formula:  # a number stands before the product
        return
    values = [*(factor.name for factor in forward), study.writer.output]
    is_batch = {name: [str(dim) == batch for dim in name.shape] for name in values}
    if sum(is_batch[study.writer.output]) != 1 or sum(map(any, is_batch.values())) < 2:
        return
    examples = {name for name, each in is_batch.items() if any(each)}
    if study.link.gradient is not None:
        examples.add(study.link.gradient)
    weights = [factor.name.name for factor in forward if factor.name not in examples]
    if len(weights) != 1:
        return
    every = {*examples, *values}
    here = "rows" if is_batch[study.writer.output][0] else "columns"
    there = "columns" if here == "rows" else "rows"
    own = f"here, {_text(forward)}: examples in {here}"
    rows = [(f"{study.dX} = {study.formula}", f"{own}{_as_torch(forward, weights[0], here)}")]
    for stored, how in ((every, "transposed too"), (examples, "as it is here")):
        _require(study, backward, stored)
        product = _turned(forward, stored, every)
        told = f"{_text(product)}: examples in {there}, {weights[0]} {how}"
        told += _as_torch(product, weights[0], there)
        rows.append((_gradient(study, backward, stored), told))
    yield Prose("Another text may have the same numbers stored otherwise, and so other transposes:")
    yield Lines("", tuple(rows))


def _as_torch(product: Sequence[Factor], weight: str, examples: str) -> str:
    """Say that a product is that of PyTorch's Linear: rows times a weight stored (out, in)."""
    first, second = product
    is_torch = second.turned and not first.turned and second.name.name == weight
    return " (PyTorch)" if is_torch and examples == "rows" else ""


def _forward(study: Study) -> list[Factor] | None:
    """Return the product of two names in the equation that this use of the variable is in."""
    use, X = study.link.use, study.link.value
    marker = leaf(MARKED, X.shape)
    for call in calls(with_marker(use.node.tree, use.occurrence, marker)):
        if call.op != "matmul":
            continue
        found = _plain(call.operands)
        if found is not None and marker in [factor.name for factor in found]:
            own = [factor._replace(name=X) if factor.name == marker else factor for factor in found]
            return own if own[0].name != own[1].name else None
    return None


def _plain(trees: Sequence[Tree]) -> list[Factor] | None:
    """Read two factors as names, transposed or not."""
    found = []
    for tree in trees:
        is_turned = isinstance(tree, Call) and tree.op == "transpose" and not tree.attributes
        name = tree.operands[0] if isinstance(tree, Call) and is_turned else tree
        if not isinstance(name, Leaf) or len(name.shape) != 2:
            return None
        found.append(Factor(name, is_turned))
    return found if len(found) == 2 and found[0].name != found[1].name else None


def _turned(
    product: Sequence[Factor], stored: Collection[Leaf], result: Collection[Leaf]
) -> list[Factor]:
    """Write a product by how its factors are stored; turn it round where its result is turned."""
    factors = [Factor(f.name, f.turned != (f.name in stored)) for f in product]
    if not result:
        return factors
    return [Factor(f.name, not f.turned) for f in factors[::-1]]


def _gradient(study: Study, backward: Sequence[Factor], stored: Collection[Leaf]) -> str:
    result = stored if study.link.value in stored else ()
    return f"{study.dX} = {_text(_turned(backward, stored, result))}"


def _text(product: Sequence[Factor]) -> str:
    return " @ ".join(factor.text() for factor in product)


# --- numbers ------------------------------------------------------------------------------------


def _require(study: Study, backward: Sequence[Factor], stored: Collection[Leaf]) -> None:
    """Multiply the factors as they are stored there, and hold the product to the gradient."""
    result = stored if study.link.value in stored else ()
    for instance in study.instances:
        left, right = [
            _rows(instance, factor, is_stored_turned=factor.name in stored)
            for factor in _turned(backward, stored, result)
        ]
        require(len(left[0]) == len(right), WRONG)
        columns = list(zip(*right, strict=True))
        found = [[sum(a * b for a, b in zip(row, c, strict=True)) for c in columns] for row in left]
        rows, width = instance.wrt_sizes[::-1] if result else instance.wrt_sizes
        require((len(found), len(found[0])) == (rows, width), WRONG)
        for p, q in places_of(instance.wrt_sizes):
            own = found[q][p] if result else found[p][q]
            require(are_close(own, total(instance, (p, q))), WRONG)


def _rows(instance: Instance, factor: Factor, *, is_stored_turned: bool) -> Rows:
    entries, (_, width) = instance.entries(factor.name), instance.size(factor.name.shape)
    rows = [entries[at : at + width] for at in range(0, len(entries), width)]
    for turn in (is_stored_turned, factor.turned):
        if turn:
            rows = [list(each) for each in zip(*rows, strict=True)]
    return rows


__all__ = ["elsewhere"]
