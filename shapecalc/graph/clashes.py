"""Two axes that equations make one dim, and that cannot be one → a finding with the way to both.

Where both are declared in the same equation, the ordinary finding says it as well, and what fits.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from shapecalc.diagnostics import Finding, Related
from shapecalc.graph.infer import Solution, Tie
from shapecalc.graph.open_axes import Clash
from shapecalc.graph.origins import Origins
from shapecalc.span import Span
from shapecalc.spec.network import Network
from shapecalc.tree import Leaf, Tree

LONGEST_WAY = 12


class _Axis(NamedTuple):
    """An axis of a declared value, or a dim's name where `axis` is None: it is one for all uses."""

    name: str
    axis: int | None


class _Said(NamedTuple):
    """What an axis is, where that is written, and the equations between."""

    what: str
    where: str
    line: int
    span: Span
    way: tuple[str, ...]


def clashes(network: Network, solution: Solution) -> dict[str, Clash]:
    """Describe each equation that makes two dims one which cannot be."""
    if not solution.clashes:
        return {}
    table = _Axes(network, solution)
    found = {name: table.clash(tie) for name, tie in solution.clashes.items()}
    return {name: clash for name, clash in found.items() if clash}


class _Axes:
    """The declared axes, and which equation made which of them one dim."""

    def __init__(self, network: Network, solution: Solution) -> None:
        self.network = network
        self.classes = solution.classes
        declared = (*network.inputs, *network.params)
        self.origins = Origins({entry.name: entry for entry in declared}, solution.trees.get)
        self.entries = self.origins.declared
        self.equations = {equation.name: equation for equation in network.forward}
        self.sizes = {axis.variable: axis.size for axis in network.open_axes}
        self.dims = {entry.name: entry for entry in network.dims}
        self.known: dict[tuple[str, int], _Axis | None] = {}
        self.near: dict[_Axis, list[tuple[_Axis, str]]] = {}
        for tie in solution.ties:
            self._join(self._origin(*tie.left), self._origin(*tie.right), tie.equation)

    def _join(self, left: _Axis | None, right: _Axis | None, equation: str) -> None:
        if left is not None and right is not None:
            self.near.setdefault(left, []).append((right, equation))
            self.near.setdefault(right, []).append((left, equation))

    def _origin(self, tree: Tree, axis: int) -> _Axis | None:
        """Return the declared axis that an axis comes from; each way is gone once."""
        passed = []
        found: _Axis | None = None
        for each, place in self.origins.way(tree, axis):
            if isinstance(each, Leaf):
                if each.name in self.entries:
                    found = _Axis(each.name, place)
                    break
                if (each.name, place) in self.known:
                    found = self.known[each.name, place]
                    break
                passed.append((each.name, place))
        self.known.update(dict.fromkeys(passed, found))
        return found

    def clash(self, tie: Tie) -> Clash | None:
        """Describe two axes that cannot be one dim; None where no two uses explain it."""
        ends = [self._origin(*tie.left), self._origin(*tie.right)]
        dims = [self.classes.resolved(tree.shape[axis]) for tree, axis in (tie.left, tie.right)]
        is_named = all(dim.only_name in self.dims for dim in dims)
        written = self._name if is_named else self._size
        said = [end and self._said(end, written) for end in ends]
        if said[0] is None or said[1] is None:
            return None
        passed = [self._passed(*side) for side in (tie.left, tie.right)]
        named = [dim.only_name for dim in dims if not is_named and dim.only_name in self.dims]
        ways = [[*each.way, *way] for each, way in zip(said, passed, strict=True) if each]
        sides = sorted(zip((said[0], said[1]), ways, strict=True), key=_place)
        return Clash(
            self._finding(tie.equation, named[0] if named else None, sides),
            is_direct=not any(each.way for each in said if each),
            has_way=any(passed) or any(each.where == "dims" for each in said if each),
        )

    def _said(self, start: _Axis, written: Callable[[_Axis], str | None]) -> _Said | None:
        """Find what says the dim of an axis, by the fewest equations."""
        ways: dict[_Axis, tuple[str, ...]] = {start: ()}
        queue = deque([start])
        while queue:
            axis = queue.popleft()
            if what := written(axis):
                return self._placed(axis, what, ways[axis])
            for other, equation in self._next_to(axis):
                if other not in ways:
                    ways[other] = (*ways[axis], equation) if equation else ways[axis]
                    queue.append(other)
        return None

    def _next_to(self, axis: _Axis) -> Iterator[tuple[_Axis, str]]:
        """Yield the axes that are one with an axis: by its name, or by an equation."""
        yield from self.near.get(axis, ())
        if axis.axis is None:
            for entry in self.entries.values():
                for place, dim in enumerate(entry.shape):
                    if dim.only_name == axis.name:
                        yield _Axis(entry.name, place), ""
        elif name := self._name(axis):
            yield _Axis(name, None), ""

    def _dim(self, axis: _Axis) -> str:
        """Return the name, or the variable, that an axis is declared with; empty for others."""
        if axis.axis is None:
            return axis.name
        shape = self.entries[axis.name].shape
        return (shape[axis.axis].only_name or "") if shape else ""

    def _name(self, axis: _Axis) -> str | None:
        """Return the dim's name where an axis is written as one."""
        name = self._dim(axis)
        return name if axis.axis is not None and name in self.dims else None

    def _size(self, axis: _Axis) -> str | None:
        """Return the size where an axis is written as a number, or the dim is given one."""
        name = self._dim(axis)
        size = self.dims[name].size if axis.axis is None else self.sizes.get(name)
        return None if size is None else str(size)

    def _placed(self, axis: _Axis, what: str, way: tuple[str, ...]) -> _Said:
        if axis.axis is None:
            span = self.dims[axis.name].size_span or self.dims[axis.name].span
            return _Said(what, "dims", span.line, span, way)
        span = self.entries[axis.name].dim_spans[axis.axis]
        return _Said(what, axis.name, span.line, span, way)

    def _passed(self, tree: Tree, axis: int) -> list[str]:
        """Return the equations through which an axis came, the first of them first."""
        names = [each.name for each, _ in self.origins.way(tree, axis) if isinstance(each, Leaf)]
        return [name for name in reversed(names) if name in self.equations]

    def _finding(
        self, equation: str, named: str | None, sides: list[tuple[_Said, list[str]]]
    ) -> Finding:
        (left, _), (right, _) = sides
        message = (
            f"{f'`{named}`' if named else 'one dim'} is {left.what} in `{left.where}`"
            f" (line {left.line}) but {right.what} in `{right.where}` (line {right.line})"
        )
        related = [Related(each.span, f"{each.what} here") for each, _ in sides]
        between = dict.fromkeys(name for _, way in sides for name in way if name != equation)
        related += [
            Related(self.equations[name].span, "goes through here")
            for name in list(between)[:LONGEST_WAY]
        ]
        chains = (_chain(said.where, way, equation) for said, way in sides)
        return Finding(
            "SC306",
            self.equations[equation].expression_span,
            message,
            self._advice(left, right),
            f"{equation} makes them one dim",
            tuple(sorted(related, key=lambda each: each.span[1:3])),
            (("chain", "; ".join(chains)),),
        )

    def _advice(self, left: _Said, right: _Said) -> str:
        """Propose to write the later one as the earlier one is."""
        entry = self.entries[right.where]
        what = self._name_of_size(left) or left.what
        written = [self._text(dim.only_name, str(dim)) for dim in entry.shape]
        axis = entry.dim_spans.index(right.span)
        declared = f"{right.where}: [{', '.join([*written[:axis], what, *written[axis + 1 :]])}]"
        other = "correct `dims`" if left.where == "dims" else f"{right.what} in `{left.where}`"
        return f"write `{declared}`, or {other}"

    def _text(self, name: str | None, otherwise: str) -> str:
        """Return what is written for an axis that is declared with a name or a variable."""
        if name not in self.sizes:
            return otherwise
        size = self.sizes[name]
        return "_" if size is None else str(size)

    def _name_of_size(self, said: _Said) -> str | None:
        if said.where != "dims":
            return None
        return next((name for name, dim in self.dims.items() if dim.size_span == said.span), None)


def _place(side: tuple[_Said, list[str]]) -> tuple[bool, int, int]:
    """Put `dims` first, and then what is written first."""
    said, _ = side
    return said.where != "dims", said.span.line, said.span.column


def _chain(start: str, way: list[str], equation: str) -> str:
    """Print the way from a declaration to the equation where both meet."""
    return " → ".join(_shortened(list(dict.fromkeys([start, *way, equation]))))


def _shortened(names: list[str]) -> list[str]:
    if len(names) <= LONGEST_WAY:
        return names
    half = LONGEST_WAY // 2
    return [*names[:half], f"… {len(names) - 2 * half} more …", *names[-half:]]
