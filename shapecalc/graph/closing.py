"""What the equations say of open axes → the network with a dim for each, and what to say of it."""

from collections.abc import Iterator
from typing import NamedTuple

from shapecalc.diagnostics import Finding
from shapecalc.dims import Dim, Shape
from shapecalc.graph.clashes import clashes
from shapecalc.graph.infer import solved
from shapecalc.graph.naming import names_for
from shapecalc.graph.open_axes import Closed
from shapecalc.graph.unify import is_variable
from shapecalc.span import Span
from shapecalc.spec.network import DimEntry, Network, ValueEntry


class _Place(NamedTuple):
    """Where a dim is first written: the value, the axis, and its place."""

    entry: ValueEntry
    axis: int
    span: Span


class Closing:
    """Gives every axis of a network a dim."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.solution = solution = solved(network)
        self.classes = solution.classes
        self.whole = {each.name for each in network.open_shapes}
        self.lost = {name for name in self.whole if name not in solution.shapes}
        self.open = {axis.variable: axis for axis in network.open_axes}
        self.places = self._places()
        shapes = {
            name: tuple(map(self.classes.resolved, shape))
            for name, shape in solution.shapes.items()
        }
        self.names = names_for(tuple(self.places), network, shapes)

    def _places(self) -> dict[str, _Place]:
        """Return where each class without a name of the spec is first written."""
        places: dict[str, _Place] = {}
        for entry in (*self.network.inputs, *self.network.params, *self.network.shapes):
            if entry.name in self.lost:
                continue
            shape, spans = self._written(entry)
            for axis, (dim, span) in enumerate(zip(shape, spans, strict=True)):
                for name in self.classes.resolved(dim).names:
                    if is_variable(name):
                        places.setdefault(name, _Place(entry, axis, span))
        return places

    def _written(self, entry: ValueEntry) -> tuple[Shape, tuple[Span, ...]]:
        """Return an entry's axes in variables, those of a whole `_` too, and their places."""
        if entry.name not in self.whole:
            return entry.shape, entry.dim_spans
        shape = self.solution.shapes[entry.name]
        return shape, (entry.shape_span,) * len(shape)

    def closed(self) -> Closed:
        """Put the dims into the network."""
        inputs, params, shapes = (
            tuple(self._entry(entry) for entry in entries if entry.name not in self.lost)
            for entries in (self.network.inputs, self.network.params, self.network.shapes)
        )
        network = self.network._replace(
            dims=self._dims(),
            inputs=inputs,
            params=params,
            shapes=shapes,
            unread=(*self.network.unread, *self.lost),
            open_axes=(),
            open_shapes=(),
        )
        sizes = self.classes.sizes
        numbers = {
            name: Dim.number(sizes[each]) for each, name in self.names.items() if each in sizes
        }
        findings = (*self._without_axes(), *self._without_dim())
        made = clashes(self.network, self.solution)
        return Closed(network, findings, made, numbers, tuple(self._assumptions()))

    def _entry(self, entry: ValueEntry) -> ValueEntry:
        shape, spans = self._written(entry)
        return entry._replace(shape=tuple(map(self._dim, shape)), dim_spans=spans)

    def _dim(self, dim: Dim) -> Dim:
        dim = self.classes.resolved(dim)
        change = {name: Dim.named(self.names[name]) for name in dim.names if is_variable(name)}
        return dim.renamed(change)

    def _dims(self) -> tuple[DimEntry, ...]:
        """Return the spec's dims, with sizes that numbers gave them, and the new ones behind."""
        sizes = self.classes.sizes
        known = [
            entry if entry.size is not None else entry._replace(size=sizes.get(entry.name))
            for entry in self.network.dims
        ]
        for variable, name in self.names.items():
            span, size = self.places[variable].span, sizes.get(variable)
            place = span if size is not None else None
            known.append(DimEntry(name, size, span, place, is_inferred=True))
        return tuple(known)

    def _without_axes(self) -> Iterator[Finding]:
        """Name the values that may have one number of axes or another."""
        for name, span in self.network.open_shapes:
            if name in self.lost:
                ranks = self.solution.ranks.get(name, ())
                message = f"`{name}` may have {_counts(ranks)} axes, and no equation says how many"
                axes = ", ".join("_" * (2 if not ranks or 2 in ranks else ranks[0]))
                advice = f"write `{name}: [{axes}]`, or as many axes as are meant"
                yield Finding("SC310", span, message, advice)

    def _without_dim(self) -> Iterator[Finding]:
        """Name the axes that are `_`, and so is all that they are one with."""
        for variable, (entry, axis, span) in self.places.items():
            if variable not in self.classes.sizes:
                dims = ", ".join(map(str, map(self._dim, self._written(entry)[0])))
                message = f"no equation says what axis {axis} of `{entry.name}` is"
                advice = f"write `{entry.name}: [{dims}]`, or a number there"
                yield Finding("SC310", span, message, advice)

    def _assumptions(self) -> Iterator[str]:
        """Name the axes that were taken for a dim where 1 would do as well."""
        axes = {each.variable: (each.value, each.axis) for each in self.network.open_axes}
        for name in self.whole - self.lost:
            for axis, dim in enumerate(self.solution.shapes[name]):
                axes.setdefault(str(dim), (name, axis))
        for name in self.solution.ranked:
            if name in self.whole:
                count = len(self.solution.shapes[name])
                yield f"{name} is {count}-D: otherwise both sides of a broadcast would be repeated"
        for dims in self.solution.assumed:
            known = [axes[str(dim)] for dim in dims if str(dim) in axes]
            said = [f"axis {axis} of {value}" for value, axis in known]
            dim = self._dim(dims[0])
            if len(said) == 1:
                yield f"{said[0]} is {dim}, where 1 would do as well"
            elif said:
                yield f"{' and '.join(said)} are {dim}, where 1 would do for one of them"


def _counts(ranks: tuple[int, ...]) -> str:
    """Print numbers of axes: `1 or 2`, `1 to 4`."""
    if len(ranks) > 2 and ranks[-1] - ranks[0] == len(ranks) - 1:
        return f"{ranks[0]} to {ranks[-1]}"
    return " or ".join(map(str, ranks)) or "any number of"
