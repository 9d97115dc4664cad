"""The formulas of a derivative as Python that runs as it stands: one function for each.

Its arguments are the values; dims are taken from their shapes, and a long part that stands in a
formula more than once has a name of its own.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from keyword import kwlist
from typing import NamedTuple

from shapecalc.dims import Dim
from shapecalc.matrix.libraries import LIKE, WITHOUT_NAMES, JaxPrinter, TorchPrinter
from shapecalc.matrix.printing import Printer, is_count, with_numbers
from shapecalc.ops.registry import OPS
from shapecalc.records import Code
from shapecalc.report.formulas import NUMPY_NAMES
from shapecalc.report.translated import JAX, NUMPY, PYTORCH, Library, NoName, translated
from shapecalc.tree import Call, Leaf, Renaming, Tree, call, constants, leaf, leaves

IMPORTS = {
    "np": "import numpy as np",
    "torch": "import torch",
    "jax": "import jax",
    "jnp": "import jax.numpy as jnp",
}
LONG = 6
"""A part of so many names, numbers and ops that a formula has twice gets a name."""


class Wanted(NamedTuple):
    """A function to write: its name, what it returns, and what that is."""

    name: str
    tree: Tree
    told: str


class Sources(NamedTuple):
    """What functions are written of.

    `values` are the arguments, in order, and `by` is the variable; `output` is the name of the
    expression in formulas, and `whole` what it stands for.
    """

    wanted: tuple[Wanted, ...]
    values: tuple[Leaf, ...]
    by: Leaf
    output: Leaf
    whole: Tree


def codes(sources: Sources) -> tuple[Code, Code, Code]:
    """Write the functions for NumPy, PyTorch and JAX."""
    return _code(sources, NUMPY), _code(sources, PYTORCH), _code(sources, JAX)


def _code(sources: Sources, library: Library) -> Code:
    try:
        functions = [_Function(sources, each, library) for each in sources.wanted]
    except NoName as op:
        return Code((), (), f"`{op}` has no equivalent in {library.name}")
    written = [(each.wanted.name, each.text()) for each in functions]
    bodies = [body.split('"""')[2] for _, body in written]
    used = {word for body in bodies for word in re.findall(r"(?<![\w.])\w+(?=\.\w)", body)}
    lines = [line for module, line in IMPORTS.items() if module in used]
    ours = sorted({name for each in functions for name in each.ours})
    lines += [f"from shapecalc.ops import {', '.join(ours)}"] if ours else []
    return Code(tuple(written), tuple(lines))


class _Function:
    """One function in one library. `ours` are the ops that it has of us, where NumPy has none."""

    def __init__(self, sources: Sources, wanted: Wanted, library: Library) -> None:
        """Write the formulas in the library's ops. Raises NoName."""
        self.wanted, self.library = wanted, library
        is_named = sources.output in leaves(wanted.tree)
        given = [sources.whole] if is_named else []
        trees = [translated(tree, library) for tree in (*given, wanted.tree)]
        self.ours = ours_in(trees) if library is NUMPY else set()
        inside = [name for tree in trees for name in (*leaves(tree), *constants(tree))]
        names = dict.fromkeys([*sources.values, *inside, sources.by])
        names.pop(sources.output, None)
        axes = {dim for name in names for each in name.shape for dim in each.names}
        values = [name for name in names if name.shape or name.name not in axes]
        is_used = sources.by in (*sources.values, *inside) or len(values) == 1
        spare = [] if is_used else [values.pop()]
        dims = [*axes, *(dim for tree in trees for dim in dims_in(tree))]
        change = renaming(
            [*values, *spare, sources.output], dims, {*IMPORTS, *kwlist, LIKE, *self.ours}
        )
        self.values = [_changed(change, each) for each in values]
        self.spare = tuple(_changed(change, each) for each in spare)
        self.by = _changed(change, sources.by if is_used else values[0])
        self.dims = list(dict.fromkeys(str(change.dim(Dim.named(dim))) for dim in sorted({*dims})))
        self.counts = {*self.dims} - {each.name for each in self.values}
        self.output = _changed(change, sources.output)
        self.trees = [change.tree(tree) for tree in trees]

    def text(self) -> str:
        """Print the function."""
        body = [f"{name} = {line}" if name else f"return {line}" for name, line in self._lines()]
        needed = [dim for dim in self.dims if dim in self.counts and has_name(body, dim)]
        bound: list[str] = []
        sizes = list(sizes_of(self.values, needed, bound))
        more = list(sizes_of(self.spare, needed, bound))
        values = [*self.values, *(self.spare if more else ())]
        sizes += more
        if has_name(body, LIKE):
            name = self.by.name
            sizes.append(f'{LIKE} = {{"dtype": {name}.dtype, "device": {name}.device}}')
        arguments = [each.name for each in values]
        arguments += [dim for dim in needed if dim not in bound]
        lines = [f'"""{self.wanted.told}"""', *sizes, *body]
        return "".join(
            f"{line}\n"
            for line in (
                f"def {self.wanted.name}({', '.join(arguments)}):",
                *(f"    {line}" for line in lines),
            )
        )

    def _lines(self) -> Iterator[tuple[str, str]]:
        """Yield each name with what it stands for, and last, without a name, the result."""
        is_strict = self.library is PYTORCH
        trees = [with_numbers(tree, self.counts if is_strict else None) for tree in self.trees]
        taken = {*(each.name for each in self.values), *self.dims, self.output.name}
        parts = _Parts(trees, self.counts, taken)
        names = ["", self.output.name][: len(trees)][::-1]
        printer = self._printer()
        for name, tree in zip(names, trees, strict=True):
            result = parts.named(tree, is_whole=True)
            for part, inner in parts.taken():
                yield part, printer.printed(inner)[0]
            yield name, printer.printed(result)[0]

    def _printer(self) -> Printer:
        def name_of(tree: Call) -> str:
            return self.library.named(tree) or tree.op

        if self.library is PYTORCH:
            return TorchPrinter(name_of, self.counts)
        return JaxPrinter(name_of) if self.library is JAX else Printer(NUMPY_NAMES, "np.")


class _Parts:
    """Gives names to the long parts of formulas that stand there more than once."""

    def __init__(self, trees: list[Tree], counts: Collection[str], names: Collection[str]) -> None:
        uses = Counter(operand for part in _parts(trees) for operand in part.operands)
        self._often = {
            part
            for part, times in uses.items()
            if times > 1 and not is_count(part, counts) and _is_worth_a_name(part)
        }
        self._names = names
        self._found: dict[Tree, Tree] = {}
        self._new: list[tuple[str, Tree]] = []
        self._count = 0

    def named(self, tree: Tree, *, is_whole: bool = False) -> Tree:
        """Put names for parts."""
        if not isinstance(tree, Call):
            return tree
        if tree not in self._found:
            operands = tuple(map(self.named, tree.operands))
            inner = call(tree.op, operands, tree.attributes, tree.shape)
            if tree not in self._often or is_whole:
                return inner
            self._new.append((self._name(), inner))
            self._found[tree] = leaf(self._new[-1][0], tree.shape)
        return self._found[tree]

    def taken(self) -> list[tuple[str, Tree]]:
        """Return the names that are new, with what they stand for."""
        new, self._new = self._new, []
        return new

    def _name(self) -> str:
        while True:
            self._count += 1
            if (name := f"part{self._count}") not in self._names:
                return name


def _parts(trees: Iterable[Tree]) -> list[Call]:
    """Return every call, each shared one once."""
    found: dict[Call, None] = {}
    level = [tree for tree in trees if isinstance(tree, Call)]
    while level:
        found.update(dict.fromkeys(level))
        inner = dict.fromkeys(operand for part in level for operand in part.operands)
        level = [part for part in inner if isinstance(part, Call) and part not in found]
    return list(found)


def _size(tree: Tree) -> int:
    """Count names, numbers and ops, as far as that matters."""
    if not isinstance(tree, Call):
        return 1
    size = 1
    for operand in tree.operands:
        size += _size(operand) if size < LONG else 0
    return size


def _is_worth_a_name(part: Tree) -> bool:
    """Say whether a part that is repeated is long, or takes time."""
    takes_time = isinstance(part, Call) and OPS[part.op].has_identities
    return takes_time or _size(part) >= LONG


def ours_in(trees: Iterable[Tree]) -> set[str]:
    ops = {part.op for part in _parts(trees)} - WITHOUT_NAMES
    return {op for op in ops if OPS[op].numpy is None}


def dims_in(tree: Tree) -> Iterator[str]:
    """Yield the dims that shapes and attributes have."""
    for part in _parts([tree]):
        for dim in part.shape:
            yield from dim.names
        for _, value in part.attributes:
            yield from _dims_of(value)


def _dims_of(value: object) -> Iterator[str]:
    if isinstance(value, Dim):
        yield from value.names
    elif isinstance(value, tuple):
        for each in value:
            yield from _dims_of(each)


def renaming(values: Iterable[Leaf], dims: Iterable[str], taken: Collection[str]) -> Renaming:
    """Rename what has the name of a module, a keyword or an op of the function."""
    names = dict.fromkeys([*(each.name for each in values), *dims])
    new: dict[str, str] = {}
    for name in names:
        if name in taken:
            new[name] = f"{name}_"
            while new[name] in names or new[name] in taken:
                new[name] += "_"
    return Renaming(new, {name: Dim.named(other) for name, other in new.items()})


def _changed(change: Renaming, name: Leaf) -> Leaf:
    found = change.tree(name)
    assert isinstance(found, Leaf)
    return found


def has_name(lines: Iterable[str], name: str) -> bool:
    """Say whether code has a name, not as a keyword."""
    return any(re.search(rf"(?<![\w.]){name}(?!\w|=(?!=))", line) for line in lines)


def sizes_of(values: Iterable[Leaf], needed: Collection[str], bound: list[str]) -> Iterator[str]:
    """Yield the lines that take dims from shapes; put these dims into `bound`."""
    for value in values:
        new = []
        for dim in value.shape:
            name = dim.only_name or "_"
            is_new = name in needed and name not in bound
            new.append(name if is_new else "_")
            bound += [name] if is_new else []
        kept = [name for name in new if name != "_"]
        if len(kept) == 1:
            yield f"{kept[0]} = {value.name}.shape[{new.index(kept[0])}]"
        elif kept:
            yield f"{', '.join(new)} = {value.name}.shape"
