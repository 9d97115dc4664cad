"""Equations like one that was built before, in this network or in another, are not built again."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from shapecalc.dims import Shape
from shapecalc.graph.graph import Node
from shapecalc.graph.kinds import Equations, Recipe, Template
from shapecalc.parsing import Expression
from shapecalc.spec.network import Equation
from shapecalc.tree import Leaf, leaf


class Found(NamedTuple):
    """What an equation's names stand for: the key of all that are alike, its values and dims."""

    key: tuple[object, ...]
    values: tuple[Leaf, ...]
    dims: tuple[str, ...]


class Alike:
    """Makes the nodes of one network that are like those known.

    `values` are those defined so far, `sizes` the dims and `constants` the numbers that there are.
    It is idle where a name may mean two things.
    """

    __slots__ = (
        "_constants",
        "_found",
        "_here",
        "_is_idle",
        "_known",
        "_shapes",
        "_sizes",
        "_values",
    )

    def __init__(
        self,
        known: Equations,
        values: Mapping[str, Leaf],
        sizes: Collection[str],
        constants: Collection[str],
        *,
        is_idle: bool = False,
    ) -> None:
        self._is_idle = is_idle
        self._known = known
        self._values = values
        self._sizes = sizes
        self._constants = constants
        self._here: dict[object, tuple[Recipe, Shape]] = {}
        self._shapes: dict[Shape, Shape] = {}
        self._found: Found | None = None

    def node(self, equation: Equation) -> Node | None:
        """Make the node of an equation; None where it has to be built."""
        self._found = None
        written = equation.written
        if not isinstance(written, Expression) or written.pattern is None or self._is_idle:
            return None
        try:
            values = tuple([self._values[name] for name in written.names])
        except KeyError:  # a dim or a number, or a name that is not defined
            values = ()
        here = (written.pattern, *[id(value.shape) for value in values])
        near = self._here.get(here)
        if near is None:
            self._found = found = self._told_apart(written.pattern, written.names)
            recipe = self._known.recipe(found.key) if found else None
            if found is None or recipe is None:
                return None
            shape = recipe.shape(found.dims)
            near = recipe, self._shapes.setdefault(shape, shape)
            if not len(found.values) == len(values) == len(written.names):  # one twice, or a number
                kind = recipe.kind(found.values, found.dims, leaf(equation.name, shape))
                return Node(kind.leaves[-1], equation, recipe.template, kind)
            self._here[here] = near
        recipe, shape = near
        output = leaf(equation.name, shape)
        return Node(output, equation, recipe, values)

    def learn(self, template: Template) -> None:
        """Keep what was built where none was alike."""
        if self._found is not None:
            self._known.learn(*self._found, template)

    def _told_apart(self, pattern: str, names: tuple[str, ...]) -> Found | None:
        """Look up the names of an equation's text; None where some need a closer look."""
        key: list[object] = [pattern]
        found: dict[Leaf, int] = {}
        dims: dict[str, int] = {}
        for name in names:
            value = self._values.get(name)
            if value is not None:
                place = found.get(value)
                if place is not None:
                    key += ("again", place)
                    continue
                found[value] = len(found)
                for dim in value.shape:
                    if (own := dim.only_name) is not None:
                        key.append(dims.setdefault(own, len(dims)))
                    elif dim.is_one:
                        key.append(-1)
                    else:
                        return None
                key.append("value")
            elif name in self._sizes:
                key += ("size", dims.setdefault(name, len(dims)))
            elif name in self._constants:
                key.append((name,))
            else:
                return None
        return Found(tuple(key), tuple(found), tuple(dims))
