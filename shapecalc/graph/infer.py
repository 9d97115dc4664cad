"""A network with open axes, `_` and numbers → the same with a dim for each, by unification.

Where shapes do not go together, that is an equation between two dims: they are made equal, and the
equation is read again. So each op's own shape rule is what is solved, and no op is known here. The
graph is built from the result as from any other network, so what is inferred is checked like what
is written.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import product
from typing import NamedTuple

from shapecalc.diagnostics import Problem
from shapecalc.dims import ONE, Dim, Shape
from shapecalc.expression import Name
from shapecalc.graph.unify import Classes, is_variable
from shapecalc.matrix import make
from shapecalc.ops.build import Builder, Misfit
from shapecalc.ops.registry import OPS
from shapecalc.parsing import names_in
from shapecalc.spec.network import Equation, Network
from shapecalc.tree import Attribute, Call, Tree, calls, leaf

MOST_AXES = 4
MOST_TRIED = 2
MOST_ROUNDS = 20
LARGEST_NUMBER = 32
"""Up to which size an axis stays a number; larger ones are checked at stand-in sizes."""


class Tie(NamedTuple):
    """Two axes of operands that an equation makes one dim."""

    equation: str
    left: tuple[Tree, int]
    right: tuple[Tree, int]


class Choice(NamedTuple):
    """Two axes that broadcast, one of which is open: it is the other's dim, or 1."""

    left: Dim
    right: Dim
    result: Dim


class Solution(NamedTuple):
    """What the equations say of the open axes, and what each equation made equal."""

    classes: Classes
    shapes: Mapping[str, Shape]
    unknown: tuple[str, ...]  # the values that may have one number of axes or another
    ranks: Mapping[str, tuple[int, ...]]  # those that such a value may have
    ranked: tuple[str, ...]  # values that could have other axes, if both sides were repeated
    assumed: tuple[tuple[Dim, ...], ...]  # open axes, of which one could be 1, taken to be one dim
    ties: tuple[Tie, ...]
    clashes: Mapping[str, Tie]  # by equation: the two axes that cannot be one dim
    trees: Mapping[str, Tree]


class _Way(NamedTuple):
    """Shapes that values of an equation may have, and the shape that results."""

    shapes: tuple[Shape, ...]
    result: Shape
    repeats_both: bool  # some operation repeats both of its operands: hardly ever meant


class _Unread(KeyError):
    """An equation that has a mistake, or a name without a shape; whoever builds it says so.

    The name may be a library's: `np` has no value, and `np.dot(W, X)` is read all the same.
    """


def _repeats_both(part: Call) -> bool:
    """Say whether an elementwise operation makes a matrix of a row and a column."""
    return part.op in make.ELEMENTWISE and all(each.shape != part.shape for each in part.operands)


def solved(network: Network) -> Solution:
    """Find the dims of the open axes of a network."""
    return _Inference(network).solution()


class _Inference:
    def __init__(self, network: Network) -> None:
        sizes = {entry.name: entry.size for entry in network.dims if entry.size is not None}
        self.classes = Classes(sizes)
        self.dims = {entry.name for entry in network.dims}
        self.names = self.dims | {entry.name for entry in network.constants}
        self.network = network
        self.unknown = dict.fromkeys(each.name for each in network.open_shapes)
        self.shapes = {
            entry.name: entry.shape
            for entry in (*network.inputs, *network.params)
            if entry.name not in self.unknown
        }
        self.stated = {entry.name: entry.shape for entry in network.shapes}
        self.trees: dict[str, Tree] = {}
        self.ties: list[Tie] = []
        self.clashes: dict[str, Tie] = {}
        self.choices: list[Choice] = []
        self.assumed: list[tuple[Dim, ...]] = []
        self.ranked: dict[str, None] = {}
        self.waiting: dict[str, dict[str, Equation]] = {}
        self.ranks: dict[str, tuple[int, ...]] = {}
        self.fresh = 0
        self.queue = deque(network.forward)

    def solution(self) -> Solution:
        """Read all equations in order, and again those that a later one has told more of."""
        for axis in self.network.open_axes:
            self.classes.add(axis.variable, axis.size)
        while self.queue:
            with suppress(_Unread, Problem, Misfit):
                self._equation(self.queue.popleft())
        self._choose()
        return Solution(
            self.classes,
            self.shapes,
            tuple(self.unknown),
            self.ranks,
            tuple(self.ranked),
            tuple(self.assumed),
            tuple(self.ties),
            self.clashes,
            self.trees,
        )

    def _equation(self, equation: Equation) -> None:
        if unknown := self._unknown_in(equation):
            self._with_unknown(equation, unknown)
        else:
            self._made(equation, self._tree(equation, {}))

    def _unknown_in(self, equation: Equation) -> list[str]:
        """Return the names in an equation whose number of axes is not known."""
        if not self.unknown:
            return []
        names = dict.fromkeys(name.text for name in names_in(equation.expression))
        return [name for name in names if name in self.unknown]

    def _decide(self, name: str, shape: Shape) -> None:
        """Give a value its axes; the equations that wait for it are read again."""
        self.shapes.setdefault(name, shape)
        if name in self.unknown:
            del self.unknown[name]
            self.queue.extend(self.waiting.pop(name, {}).values())

    def _made(self, equation: Equation, tree: Tree) -> None:
        """Note the shape of an equation's value; hold it to what else is known of that."""
        name, shape = equation.name, tree.shape
        self.trees[name] = tree
        for known in (self.shapes.get(name), self.stated.get(name)):
            if known is not None:
                self._agree(shape, known)
        self._decide(name, shape)

    def _agree(self, shape: Shape, other: Shape) -> bool:
        """Make two shapes equal, if they can be."""
        mark = self.classes.mark()
        if len(shape) == len(other) and all(map(self.classes.unify, shape, other)):
            return True
        self.classes.go_back(mark)
        return False

    # --- one equation ----------------------------------------------------------------------------

    def _tree(self, equation: Equation, trial: Mapping[str, Shape]) -> Tree:
        """Build an equation's tree; make equal what must be for that.

        Of an axis that is 1 or another dim, the rest of the equation may say which it is.
        """
        start = len(self.choices)
        try:
            tree = self._built(equation, trial)
        except Misfit:
            fitting = [
                dim for dim, _ in self._open_since(start) if self._may_be_one(dim, equation, trial)
            ]
            if not fitting:
                raise
            del self.choices[start:]
            self.clashes.pop(equation.name, None)
            self.classes.unify(fitting[0], ONE)
            return self._tree(equation, trial)
        for dim, other in self._open_since(start):
            if not self._may_be_one(dim, equation, trial):
                self.classes.unify(dim, other)
        return tree

    def _open_since(self, start: int) -> list[tuple[Dim, Dim]]:
        """Return the axes that are 1 or another dim, with that dim, of the latest choices."""
        pairs = [(each.left, each.right) for each in self.choices[start:]]
        pairs += [(right, left) for left, right in pairs]
        is_open = self.classes.is_open
        return [(dim, other) for dim, other in pairs if is_open(dim) and not is_open(other)]

    def _may_be_one(self, dim: Dim, equation: Equation, trial: Mapping[str, Shape]) -> bool:
        """Say whether the equation can be built where an axis is 1."""
        with self._trying(), suppress(Problem, Misfit):
            self.classes.unify(dim, ONE)
            self._built(equation, trial)
            return True
        return False

    @contextmanager
    def _trying(self) -> Iterator[None]:
        """Take back all that is noted meanwhile."""
        ties, choices, clashes = len(self.ties), len(self.choices), dict(self.clashes)
        mark = self.classes.mark()
        try:
            yield
        finally:
            del self.ties[ties:], self.choices[choices:]
            self.clashes = clashes
            self.classes.go_back(mark)

    def _built(self, equation: Equation, trial: Mapping[str, Shape]) -> Tree:
        """Build a tree; where a broadcast leaves open which axis is 1, go on with the other dim."""
        taken: dict[Dim, Dim] = {}

        def dim_of(dim: Dim) -> Dim:
            while (dim := self.classes.resolved(dim)) in taken:
                dim = taken[dim]
            return dim

        def lookup(name: Name) -> Tree | Attribute:
            shape = trial.get(name.text, self.shapes.get(name.text))
            if shape is not None:
                return leaf(name.text, tuple(map(dim_of, shape)))
            if name.text in self.names:
                return leaf(name.text, ())
            raise _Unread

        while True:
            try:
                builder = Builder(lookup, self.dims.__contains__, bool, self._size_of_number)
                tree = builder.tree(equation.expression)
                if not self._keeps_numbers(tree):
                    return tree
            except Misfit as misfit:
                self._tie(equation, misfit, taken)

    def _keeps_numbers(self, tree: Tree) -> bool:
        """Put the number for a window's width and an image's; say whether there was one."""
        dims = [
            dim
            for part in calls(tree)
            for place, count in OPS[part.op].numbers
            for dim in part.operands[place].shape[-count:]
        ]
        sizes = [(dim, size) for dim in dims if (size := self._size_of_number(dim)) is not None]
        small = [(dim, size) for dim, size in sizes if size <= LARGEST_NUMBER]
        put = [self.classes.unify(dim, Dim.number(size)) for dim, size in small]
        return any(put)

    def _size_of_number(self, dim: Dim) -> int | None:
        """Return the size of a dim that stands for numbers of the spec."""
        names = dim.names
        return self.classes.size(dim) if names and all(map(is_variable, names)) else None

    def _tie(self, equation: Equation, misfit: Misfit, taken: dict[Dim, Dim]) -> None:
        """Make two axes equal, or leave it open where one of them may be 1; raise if neither."""
        if (number := misfit.mismatch.dim) is not None:
            ((place, own),) = misfit.mismatch.axes
            if not self.classes.unify(misfit.operands[place].shape[own], number):
                raise misfit
            return
        if len(misfit.mismatch.axes) != 2:
            raise misfit
        (left, axis), (right, other) = misfit.mismatch.axes
        trees = misfit.operands[left], misfit.operands[right]
        tie = Tie(equation.name, (trees[0], axis), (trees[1], other))
        dims = trees[0].shape[axis], trees[1].shape[other]
        broadcasts = misfit.mismatch.code == "SC302" and not misfit.needs_one_shape
        if broadcasts and any(self.classes.is_open(dim) for dim in dims):
            self._leave_open(*dims, taken)
        elif self.classes.unify(*dims):
            self.ties.append(tie)
        else:
            self.clashes[equation.name] = tie
            raise misfit

    def _leave_open(self, left: Dim, right: Dim, taken: dict[Dim, Dim]) -> None:
        """Go on with the dim that a broadcast results in, whichever of the two is the 1."""
        result = next((dim for dim in (left, right) if not self.classes.is_open(dim)), None)
        if result is None:
            self.fresh += 1
            result = self.classes.add(f"?+{self.fresh}", None)
        taken.update({dim: result for dim in (left, right) if dim != result})
        self.choices.append(Choice(left, right, result))

    # --- numbers of axes -------------------------------------------------------------------------

    def _with_unknown(self, equation: Equation, unknown: list[str]) -> None:
        """Try how many axes each value may have; take what is the only way, or wait."""
        for name in (*unknown, equation.name):
            self.waiting.setdefault(name, {})[equation.name] = equation
        ways = list(self._ways(equation, unknown)) if len(unknown) <= MOST_TRIED else []
        found = [way for way in ways if not way.repeats_both] or ways
        shapes = {way.result for way in found}
        if len(found) == 1:
            self.ranked.update(dict.fromkeys(unknown if len(ways) > 1 else ()))
            self._settle(equation, found[0].shapes)
        elif len(shapes) == 1 and not any(map(self.classes.is_open, *shapes)):
            self._decide(equation.name, *shapes)
        elif equation.name not in self.shapes:
            self.unknown[equation.name] = None
        for place, name in enumerate(unknown):
            if found and name in self.unknown:
                possible = tuple(dict.fromkeys(len(way.shapes[place]) for way in ways))
                before = self.ranks.get(name, possible)
                self.ranks[name] = tuple(rank for rank in before if rank in possible)

    def _ways(self, equation: Equation, unknown: list[str]) -> Iterator[_Way]:
        """Yield the shapes that the values may have, and the shape that results; commit to none."""
        expected = self.shapes.get(equation.name, self.stated.get(equation.name))
        ranks = [self.ranks.get(name, range(MOST_AXES + 1)) for name in unknown]
        for way in product(*ranks):
            shapes = tuple(self._open_shape(rank) for rank in way)
            with self._trying(), suppress(Problem, Misfit):
                tree = self._tree(equation, dict(zip(unknown, shapes, strict=True)))
                if expected is None or self._agree(tree.shape, expected):
                    result = tuple(map(self.classes.resolved, tree.shape))
                    yield _Way(shapes, result, any(map(_repeats_both, calls(tree))))

    def _settle(self, equation: Equation, way: tuple[Shape, ...]) -> None:
        """Give values the only shapes that they can have."""
        for name, shape in zip(self._unknown_in(equation), way, strict=True):
            self._decide(name, shape)
        self._made(equation, self._tree(equation, {}))

    def _open_shape(self, rank: int) -> Shape:
        self.fresh += rank
        return tuple(
            self.classes.add(f"?+{self.fresh - place}", None) for place in reversed(range(rank))
        )

    # --- axes that may be 1 ----------------------------------------------------------------------

    def _choose(self) -> None:
        """Settle the choices; what stays open is taken for the other dim, and that is noted."""
        rest = self.choices
        for _ in range(MOST_ROUNDS):
            before = len(rest)
            rest = [choice for choice in rest if not self._is_settled(choice)]
            if len(rest) == before:
                break
        for choice in rest:
            if not self._is_settled(choice):
                left, right, result = map(self.classes.resolved, choice)
                open_ones = tuple(dim for dim in (left, right) if self.classes.is_open(dim))
                if self.classes.unify(left, right) and self.classes.unify(left, result):
                    self.assumed.append(open_ones)

    def _is_settled(self, choice: Choice) -> bool:
        """Say whether the dims are known to be equal, or one to be 1."""
        left, right, result = map(self.classes.resolved, choice)
        for own, other in ((left, right), (right, left)):
            if own.is_one or left == right:
                return self.classes.unify(result, other)
            if not self.classes.is_open(own):
                self.classes.unify(result, own)
        return not (self.classes.is_open(left) or self.classes.is_open(right))
