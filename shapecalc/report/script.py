"""A network with its gradients → a script in NumPy, PyTorch or JAX that runs as it stands.

Two functions, `forward` and `backward`, and a test of them: values that are drawn at small sizes,
and each gradient along one direction beside the difference of the loss along it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from keyword import kwlist
from typing import NamedTuple

from shapecalc.claims.worlds import World, domains_of, one_world
from shapecalc.dims import Dim
from shapecalc.matrix.libraries import LIKE, JaxPrinter, TorchPrinter
from shapecalc.matrix.printing import Printer, number_text, with_numbers
from shapecalc.report.code import (
    IMPORTS,
    dims_in,
    has_name,
    ours_in,
    renaming,
    sizes_of,
)
from shapecalc.report.formulas import NUMPY_NAMES
from shapecalc.report.translated import JAX, NUMPY, PYTORCH, Library, NoName, translated
from shapecalc.sweep import Sweep
from shapecalc.tree import Call, Leaf, Tree, constants, leaf, leaves
from shapecalc.verify.cases import Domain, index_domains
from shapecalc.verify.field import NoValue, Unsupported

LIBRARIES = {"numpy": NUMPY, "pytorch": PYTORCH, "jax": JAX}
_ARRAY = {"NumPy": "np.asarray", "PyTorch": "torch.as_tensor", "JAX": "jnp.asarray"}
_OURS = frozenset({"forward", "backward", "main", "random", "given", "values", "gradients"})
_WIDE = 96


class NoScript(Exception):
    """A network that a library cannot run as it stands: why."""


class _Line(NamedTuple):
    """A name, and the formula that it stands for."""

    name: str
    tree: Tree


def script(sweep: Sweep, library: str) -> str:
    """Write the script. Raises NoScript."""
    try:
        return _Script(sweep, LIBRARIES[library]).text()
    except NoName as op:
        raise NoScript(f"`{op}` has no equivalent in {LIBRARIES[library].name}") from None


class _Script:
    def __init__(self, sweep: Sweep, library: Library) -> None:
        self.sweep, self.library = sweep, library
        graph = sweep.graph
        forward = [_Line(node.output.name, node.tree) for node in graph.nodes]
        backward = [_Line(found.name.name, found.formula) for found in sweep.gradients.values()]
        made = {node.output for node in graph.nodes}
        given = [value for value in graph.values.values() if value not in made]
        upstream = [sweep.given_gradient(value, name) for value, name in graph.upstream.items()]
        self.spec_names = [*given, *made, *upstream]
        trees = [line.tree for line in (*forward, *backward)]
        written = [translated(tree, library) for tree in trees]
        self.ours = ours_in(written) if library is NUMPY else set()
        inside = [name for tree in written for name in (*leaves(tree), *constants(tree))]
        dims = [*dict.fromkeys(each for tree in written for each in dims_in(tree))]
        dims += [entry.name for entry in graph.network.dims if entry.name not in dims]
        taken = {*IMPORTS, *kwlist, LIKE, *self.ours, *_OURS}
        change = renaming([*self.spec_names, *inside], dims, taken)
        self.change = change
        self.given = [self._named(each) for each in given]
        self.upstream = [self._named(each) for each in upstream]
        self.made = [self._named(node.output) for node in graph.nodes]
        self.dims = [str(change.dim(Dim.named(each))) for each in dims]
        self.counts = {*self.dims} - {each.name for each in (*self.given, *self.made)}
        trees = [change.tree(tree) for tree in written]
        names = [change.tree(leaf(line.name, ())) for line in (*forward, *backward)]
        lines = [_Line(str(name), tree) for name, tree in zip(names, trees, strict=True)]
        self.forward, self.backward = lines[: len(forward)], lines[len(forward) :]
        bound = {dim.only_name for each in self.given for dim in each.shape}
        used = {name for tree in trees for name in (*map(str, leaves(tree)), *dims_in(tree))}
        self.unbound = [each for each in self.dims if each in used and each not in bound]
        self.constants = {
            str(change.tree(leaf(entry.name, ()))): entry.value for entry in graph.network.constants
        }

    def _named(self, old: Leaf) -> Leaf:
        found = self.change.tree(old)
        assert isinstance(found, Leaf)
        return found

    def text(self) -> str:
        """Write the whole script."""
        title = " ".join(self.sweep.graph.network.name.split()) or "A network"
        title = "".join(sign if sign.isprintable() else " " for sign in title)
        title = title.replace("\\", "\\\\").replace('"', "'")
        given = [*self.given]
        forward = self._function("forward", given, self.forward, "every value")
        handed = [*self.given, *self.made, *self.upstream]
        backward = self._function("backward", handed, self.backward, "every gradient")
        tested = [*self._test()]
        body = "\n".join([*forward, *backward, *tested])
        used = set(re.findall(r"(?<![\w.])\w+(?=\.\w)", body))
        imports = [line for module, line in IMPORTS.items() if module in used]
        imports += [f"from shapecalc.ops import {', '.join(sorted(self.ours))}"] * bool(self.ours)
        head = [f'"""{title}: forward and backward pass in {self.library.name}."""', "", *imports]
        return "\n".join(
            [*head, "", *self._constants(), "", *forward, "", "", *backward, "", "", *tested, ""]
        )

    def _constants(self) -> Iterator[str]:
        for name, value in self.constants.items():
            yield f"{name} = {1 if value is None else number_text(value)}"
        if self.constants:
            yield ""

    def _function(
        self, name: str, given: Sequence[Leaf], lines: Sequence[_Line], what: str
    ) -> list[str]:
        printer = self._printer()
        is_strict = self.library is PYTORCH
        body = [
            f"{line.name} = "
            + printer.printed(with_numbers(line.tree, self.counts if is_strict else None))[0]
            for line in lines
        ]
        needed = [dim for dim in self.dims if dim in self.counts and has_name(body, dim)]
        bound: list[str] = []
        sizes = list(sizes_of(given, needed, bound))
        if has_name(body, LIKE):
            like = next(each.name for each in given if each not in self._indices())
            sizes.append(f'{LIKE} = {{"dtype": {like}.dtype, "device": {like}.device}}')
        arguments = ", ".join([*(each.name for each in given), *self.unbound])
        found = [f'"{line.name}": {line.name}' for line in lines]
        return [
            f"def {name}({arguments}):",
            f'    """Return {what} by its name."""',
            *(f"    {line}" for line in (*sizes, *body)),
            *_returned(found),
        ]

    def _printer(self) -> Printer:
        def name_of(tree: Call) -> str:
            return self.library.named(tree) or tree.op

        if self.library is PYTORCH:
            return TorchPrinter(name_of, self.counts)
        return JaxPrinter(name_of) if self.library is JAX else Printer(NUMPY_NAMES, "np.")

    # --- the test --------------------------------------------------------------------------------

    def _indices(self) -> set[Leaf]:
        return {self._named(each) for each in self.sweep.graph.indices}

    def _test(self) -> Iterator[str]:
        """Draw values, and compare each gradient of a param with a difference of the loss."""
        world = self._world()
        array = _ARRAY[self.library.name]
        yield "def main():"
        yield '    """Compare gradients with differences of the loss, at values that are drawn."""'
        if self.library is JAX:
            yield '    jax.config.update("jax_enable_x64", True)'
        yield "    random = np.random.default_rng(0)"
        yield "    given = {"
        given = [value for value in self.sweep.graph.values.values() if value not in self._made()]
        for old, new in zip(given, self.given, strict=True):
            yield f'        "{new.name}": {array}({self._drawn(old, world)}),'
        sizes = {str(self.change.dim(Dim.named(d))): n for d, n in world.evaluation.dims.items()}
        for dim in self.unbound:
            yield f'        "{dim}": {sizes[dim]},'
        yield "    }"
        shapes = {new.name: tuple(world.evaluation.size(new.shape)) for new in self.upstream}
        drawn = (
            f'"{name}": {array}(random.standard_normal({shape}))' for name, shape in shapes.items()
        )
        yield f"    upstream = {{{', '.join(drawn)}}}"
        yield "    values = forward(**given)"
        yield "    gradients = backward(**given, **values, **upstream)"
        yield ""
        yield "    def loss(changed):"
        yield "        found = forward(**changed)"
        yield f"        return {self._loss()}"
        yield ""
        yield f"    for name, gradient in {self._params()}:"
        yield "        step = 1e-6 * random.standard_normal(np.shape(given[name]))"
        yield f"        ahead = loss({{**given, name: given[name] + {array}(step)}})"
        yield f"        behind = loss({{**given, name: given[name] - {array}(step)}})"
        yield "        difference = (ahead - behind) / 2e-6"
        turned = ".swapaxes(-1, -2) if step.ndim > 1 else step" if self.sweep.numerator else ""
        if turned:
            yield f"        step = step{turned}"
        yield "        slope = np.sum(np.asarray(gradients[gradient]) * step) / 1e-6"
        yield '        print(f"{gradient}: {slope:.6g}, by differences {difference:.6g}")'
        yield "        np.testing.assert_allclose(slope, difference, rtol=1e-4, atol=1e-6)"
        yield ""
        yield ""
        yield 'if __name__ == "__main__":'
        yield "    main()"

    def _made(self) -> set[Leaf]:
        return {node.output for node in self.sweep.graph.nodes}

    def _world(self) -> World:
        try:
            return one_world(self.sweep, (), domains_of(self.sweep), exact=False)
        except (Unsupported, NoValue) as reason:
            raise NoScript(f"no values were found for it: {reason}") from None

    def _loss(self) -> str:
        """Write the number that changes: the loss, or what is given from above times its value."""
        graph = self.sweep.graph
        if graph.loss is not None:
            return f'float(found["{self._named(graph.loss).name}"])'
        values = [self._named(value).name for value in graph.upstream]
        parts = (
            f'float(np.sum(np.asarray(upstream["{given.name}"]) * np.asarray(found["{name}"])))'
            for name, given in zip(values, self.upstream, strict=True)
        )
        return " + ".join(parts)

    def _params(self) -> str:
        """List the params with the names of their gradients."""
        params = {entry.name for entry in self.sweep.graph.network.params}
        found = [
            (self._named(each.value).name, str(self.change.tree(each.name)))
            for each in self.sweep.gradients.values()
            if each.value.name in params
        ]
        return "[" + ", ".join(f'("{name}", "{gradient}")' for name, gradient in found) + "]"

    def _drawn(self, value: Leaf, world: World) -> str:
        """Write an expression that draws a value of which something is known."""
        size = tuple(world.evaluation.size(value.shape))
        domains: Mapping[Leaf, Domain] = {
            **domains_of(self.sweep),
            **index_domains([node.tree for node in self.sweep.graph.nodes]),
        }
        domain = domains.get(value)
        if domain is None:
            return f"random.standard_normal({size})"
        return _of_domain(domain, size, world.value(value).floats)


def _returned(entries: Sequence[str]) -> list[str]:
    """Return a mapping, on one line where it fits."""
    line = f"    return {{{', '.join(entries)}}}"
    if len(line) <= _WIDE:
        return [line]
    return ["    return {", *(f"        {entry}," for entry in entries), "    }"]


def _of_domain(domain: Domain, size: tuple[int, ...], floats: Sequence[float]) -> str:
    axis = None if domain.axis is None else domain.axis % len(size)
    match domain.property:
        case "index":
            return f"np.array({[int(each) for each in floats]}).reshape({size})"
        case "one-hot" if axis is not None:
            rest = size[:axis] + size[axis + 1 :]
            chosen = f"np.eye({size[axis]})[random.integers({size[axis]}, size={rest})]"
            return chosen if axis == len(size) - 1 else f"np.moveaxis({chosen}, -1, {axis})"
        case "probabilities" if axis is not None:
            rest = size[:axis] + size[axis + 1 :]
            chosen = f"random.dirichlet(np.ones({size[axis]}), size={rest})"
            return chosen if axis == len(size) - 1 else f"np.moveaxis({chosen}, -1, {axis})"
        case "positive" | "nonzero":
            return f"np.exp(random.standard_normal({size}))"
        case "unit-interval":
            return f"random.uniform(0.1, 0.9, {size})"
        case "binary":
            return f"random.integers(0, 2, {size}).astype(float)"
        case "positive-definite":
            square = f"random.standard_normal({size})"
            return f"(lambda B: B @ B.T + np.eye({size[0]}))({square})"
        case _:
            raise NoScript(f"no values are drawn that are {domain.property}")
