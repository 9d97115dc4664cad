"""Classes of dims that no name of the spec is in → names: short, predictable, and free.

`m` counts the examples, `n` is of the first input, `k` of another one, `h` of params alone; with
numbers where there are several.
"""

from collections.abc import Iterable, Mapping, Sequence

from shapecalc.dims import Dim, Shape
from shapecalc.parsing import names_in
from shapecalc.spec.network import Network


def names_for(
    variables: Sequence[str], network: Network, shapes: Mapping[str, Shape]
) -> dict[str, str]:
    """Return a name for each variable, which stands for a class; `shapes` are in classes."""
    stems = _stems(network, shapes)
    taken = _taken(network)
    by_stem: dict[str, list[str]] = {}
    for variable in variables:
        by_stem.setdefault(stems.get(variable, "h"), []).append(variable)
    found: dict[str, str] = {}
    for stem, members in by_stem.items():
        found.update(_numbered(stem, members, taken))
    return {variable: found[variable] for variable in variables}


def _numbered(stem: str, members: list[str], taken: set[str]) -> dict[str, str]:
    if len(members) == 1 and stem not in taken:
        return {members[0]: stem}
    found: dict[str, str] = {}
    number = 0
    for member in members:
        number += 1
        while f"{stem}{number}" in taken:
            number += 1
        found[member] = f"{stem}{number}"
    return found


def _stems(network: Network, shapes: Mapping[str, Shape]) -> dict[str, str]:
    """Return the letter for each class that an input has."""
    made = {name for each in network.functions for name in each.made}
    given = [entry for entry in network.inputs if entry.name not in made]
    inputs = [shapes[entry.name] for entry in given if shapes.get(entry.name)]
    params = [shapes[entry.name] for entry in network.params if entry.name in shapes]
    stems: dict[str, str] = {}
    for place, shape in enumerate(inputs):
        for variable in _names(shape):
            stems.setdefault(variable, "k" if place else "n")
    inside = {name for shape in params for name in _names(shape)}
    inside |= {name for each in made if each in shapes for name in _names(shapes[each])}
    shared = [
        name
        for name in dict.fromkeys(_names(inputs[0] if inputs else ()))
        if name not in inside and all(name in _names(shape) for shape in inputs)
    ]
    if len(shared) == 1:
        stems[shared[0]] = "m"
    return stems


def _names(shape: Iterable[Dim]) -> list[str]:
    return [name for dim in shape for name in dim.names]


def _taken(network: Network) -> set[str]:
    """Return every name that the spec has or uses, so that none comes to mean a dim unasked."""
    taken = {entry.name for entry in (*network.inputs, *network.params)}
    taken |= {name for each in network.functions for name in (each.name, *each.made)}
    taken |= {entry.name for entry in network.dims} | {entry.name for entry in network.constants}
    taken |= {entry.name for entry in (*network.forward, *network.gradients)}
    taken |= {name for entry in network.upstream for name in (entry.name, entry.gradient)}
    taken |= set(network.unread)
    for equation in (*network.forward, *network.gradients):
        taken |= {name.text for name in names_in(equation.expression)}
    return taken
