"""Parts that a long formula has more than once get a name: `where P = pinv(X)`."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from shapecalc.matrix.printing import text
from shapecalc.tree import Call, Leaf, Tree, leaf, leaves, rebuilt

LONG = 72
"""A formula with no more letters is read as it stands."""
SHORT = 6
"""A part with no more letters has no need of a name."""
MOST = 6
MATRICES, OTHERS = "PQRSTUVWKLM", "uvwrst"
"""Names for matrices, and for vectors and numbers: the first that are free."""


def named(
    trees: Sequence[Tree], taken: Collection[str], change: Leaf
) -> tuple[list[Tree], list[tuple[Leaf, Tree]]]:
    """Name the parts that a long formula repeats, the same in all; what is named comes first.

    What moves with `change` has no name. A formula that is short at first is left as it is.
    """
    is_long = [len(text(tree)) > LONG for tree in trees]
    found = list(trees)
    names: list[tuple[Leaf, Tree]] = []
    used = {*taken}
    while len(names) < MOST and any(len(text(tree)) > LONG for tree in found):
        part = _repeated(found, change)
        if part is None:
            break
        name = leaf(next(_free(part, used)), part.shape)
        used.add(name.name)
        put: dict[Tree, Tree] = {part: name}
        found = [
            rebuilt(tree, put.get) if long else tree
            for tree, long in zip(found, is_long, strict=True)
        ]
        names = [(each, rebuilt(whole, put.get)) for each, whole in names]
        names.append((name, part))
    return found, list(_in_order(names))


def _repeated(trees: Sequence[Tree], change: Leaf) -> Call | None:
    """Return the part whose name saves most, in a formula that is long."""
    savings: dict[Call, int] = {}
    for tree in trees:
        if len(text(tree)) > LONG:
            for part, times in _parts(tree).items():
                saved = (times - 1) * len(text(part))
                is_worth_it = times > 1 and len(text(part)) > SHORT and part.op not in PLAIN
                if is_worth_it and change not in leaves(part):
                    savings[part] = max(saved, savings.get(part, 0))
    return max(savings, key=lambda part: savings[part], default=None)


PLAIN = frozenset({"transpose", "matrix_transpose", "neg", "eye", "ones", "zeros"})
"""Ops whose results are named by their operands' names."""


def _parts(tree: Tree) -> Counter[Call]:
    found: Counter[Call] = Counter()
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Call):
            found[part] += 1
            waiting += part.operands
    return found


def _free(part: Tree, taken: Collection[str]) -> Iterator[str]:
    letters = MATRICES if len(part.shape) > 1 and not part.shape[-1].is_one else OTHERS
    number = 0
    while True:
        yield from (f"{x}{number or ''}" for x in letters if f"{x}{number or ''}" not in taken)
        number += 1


def _in_order(names: Sequence[tuple[Leaf, Tree]]) -> Iterator[tuple[Leaf, Tree]]:
    """Yield each name behind those that its part is made of."""
    waiting = list(names)
    while waiting:
        open_ = {name for name, _ in waiting}
        ready = [pair for pair in waiting if not open_ & {*leaves(pair[1])}]
        yield from ready
        waiting = [pair for pair in waiting if pair not in ready]
