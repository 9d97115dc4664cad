"""Network → graph: every value with its tree and shape, in topological order, and the findings.

One equation that cannot be read does not stop the others; what depends on it is named, not checked.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise

from shapecalc.diagnostics import MOST_PROPOSALS, Finding, Problem, Related, nearest
from shapecalc.dims import Shape, shape_text
from shapecalc.expression import Name
from shapecalc.graph.alike import Alike
from shapecalc.graph.graph import Graph, Node, sizes_of_numbers
from shapecalc.graph.kinds import Equations
from shapecalc.graph.limits import hold_to_limits, hold_to_sizes
from shapecalc.graph.misfits import misfit_finding
from shapecalc.graph.open_axes import closed
from shapecalc.graph.origins import Origins
from shapecalc.graph.picked import asked_of_indices
from shapecalc.graph.ranges import hold_to_ranges, ranges_assumed
from shapecalc.graph.written import Written
from shapecalc.ops.build import Builder, Misfit
from shapecalc.ops.indices import indices_in
from shapecalc.ops.inside import quotients_inside
from shapecalc.parsing import names_in
from shapecalc.span import Span
from shapecalc.spec.network import Equation, Network, ValueEntry
from shapecalc.tree import Attribute, Leaf, Tree, leaf

LONGEST_CYCLE = 12


def _way_back(before: Mapping[str, str], own: str) -> list[str]:
    """Return the names of a circle, from its first to the same as its last."""
    way = [own, before[own]]
    while way[-1] != own:
        way.append(before[way[-1]])
    return way[::-1]


class _Skipped(Exception):
    """An equation that depends on one that could not be read."""


def build_graph(network: Network, known: Equations | None = None) -> Graph:
    """Look up names, work out shapes, and find the loss.

    Equations alike but for their names are built once, in many networks where `known` is handed on.
    """
    known = known or Equations()
    if not network.functions:
        return _GraphBuilder(network, known).graph()
    from shapecalc.graph.functions import spelled_out

    def shapes(part: Network) -> dict[str, Shape]:
        values = _GraphBuilder(part, known).graph().values
        return {name: value.shape for name, value in values.items()}

    spelled = spelled_out(network, shapes)
    graph = _GraphBuilder(spelled.network, known).graph()
    found = (*spelled.findings, *spelled.asked(graph.values), *graph.findings)
    return graph._replace(findings=found)


class _GraphBuilder:
    def __init__(self, network: Network, known: Equations) -> None:
        self.known = known
        self.closed = closed(network)
        self.network = network = self.closed.network
        self.findings: list[Finding] = list(self.closed.findings)
        self.values: dict[str, Leaf] = {}
        self.lost: set[str] = set(network.unread)
        self.not_checked: list[str] = []
        self.redefined = dict(reversed(network.redefined))
        self.dims = {entry.name: entry for entry in network.dims}
        self.size_of_number = sizes_of_numbers(network)
        self.constants = {entry.name: entry for entry in network.constants}
        self.symbols = self.dims.keys() | self.constants.keys()
        self.sizes = {entry.name: entry.size for entry in network.dims if entry.size is not None}
        self.nodes: list[Node] = []
        self._trees: dict[str, Node] = {}
        every = (self.values, self.dims, self.constants)
        self.alike = Alike(known, *every, is_idle=bool(self.redefined))

    def graph(self) -> Graph:
        """Build all of it."""
        values, nodes = self.values, self.nodes
        for entry in (*self.network.inputs, *self.network.params):
            values[entry.name] = leaf(entry.name, entry.shape)
        for equation in self.network.forward:
            node = self.alike.node(equation) or self._built(equation)
            if node is not None:
                nodes.append(node)
                values[equation.name] = node.output
        for stated in self.network.shapes:
            self._check_stated(stated)
        upstream = self._upstream()
        trees = [node.tree for node in nodes if not node.is_plain]
        indices = indices_in(trees)
        self.findings += asked_of_indices(self.network, indices)
        return Graph(
            self.network,
            self.values,
            tuple(nodes),
            self._loss() if not upstream else None,
            upstream,
            self.sizes,
            self._batch(),
            tuple(self.not_checked),
            frozenset(self.lost),
            tuple(self.findings),
            tuple(self._assumptions(trees)),
            indices,
        )

    def _assumptions(self, trees: Sequence[Tree]) -> Iterator[str]:
        """Say what was taken for granted of dims: what `_` is, and that quotients are whole.

        Nothing is taken for granted by equations that are plain.
        """
        yield from self.closed.assumptions
        yield from ranges_assumed(trees, self.sizes)
        dims = dict.fromkeys(
            dim for value in self.values.values() for dim in value.shape if dim.only_name is None
        )
        dims |= dict.fromkeys(dim for tree in trees for dim in quotients_inside(tree))
        yield from dict.fromkeys(
            f"{dim.divisor} divides {dim.divided_part}" for dim in dims if dim.has_divisor
        )

    @cached_property
    def origins(self) -> Origins:
        """Return what knows where axes come from."""
        declared = (*self.network.inputs, *self.network.params)
        return Origins({entry.name: entry for entry in declared}, self._tree_of)

    @cached_property
    def written(self) -> Written:
        """Return what knows shapes as the author writes them."""
        return Written(self.closed, self.origins, self.sizes)

    @cached_property
    def _places(self) -> dict[str, Span]:
        """Return where each value is defined."""
        declared = (*self.network.inputs, *self.network.params)
        return {**self._made, **{entry.name: entry.span for entry in declared}}

    @cached_property
    def _made(self) -> dict[str, Span]:
        """Return where the equations are that define values."""
        return {equation.name: equation.span for equation in self.network.forward}

    def _is_later(self, name: str) -> bool:
        return name in self._made and name not in self.values and name not in self.lost

    def _tree_of(self, name: str) -> Tree | None:
        for new in self.nodes[len(self._trees) :]:
            self._trees[new.output.name] = new
        node = self._trees.get(name)
        return node.tree if node else None

    def _built(self, equation: Equation) -> Node | None:
        """Build an equation; None where it has a mistake, or depends on one that has."""
        self.reading = equation
        try:
            builder = Builder(
                self._lookup,
                self.dims.__contains__,
                self.symbols.__contains__,
                self.size_of_number,
            )
            tree = builder.tree(equation.expression)
            hold_to_limits(equation, tree)
            hold_to_sizes(equation, tree, self.sizes)
            hold_to_ranges(tree, self.sizes, equation.expression_span)
        except Problem as problem:
            self._report(equation, problem.finding)
        except Misfit as misfit:
            self._report(equation, misfit_finding(misfit, self.origins, self.sizes))
        except _Skipped:
            self.not_checked.append(equation.name)
        else:
            template = self.known.template(leaf(equation.name, tree.shape), tree, self.dims)
            self.alike.learn(template)
            return Node(template.kind.leaves[-1], equation, template, template.kind)
        self.lost.add(equation.name)
        return None

    def _report(self, equation: Equation, finding: Finding) -> None:
        found = self.written.finding(equation, self._lookup, finding)
        if self.findings[-1:] != [found]:  # of `a, b = split(X, 2)` once, not for each name
            self.findings.append(found)

    def _lookup(self, name: Name) -> Tree | Attribute:
        text = name.text
        if self._means_two_things(name):
            raise _Skipped
        if text in self.values:
            return self.values[text]
        if text in self.dims or text in self.constants:
            return leaf(text, ())
        if text in self.lost:
            raise _Skipped
        if self._is_later(text):
            raise Problem(self._too_early(name))
        raise Problem(self._undefined(name))

    def _means_two_things(self, name: Name) -> bool:
        """Say whether a name was set again above, so that no one knows what is meant by it."""
        again = self.redefined.get(name.text)
        return again is not None and name.span[1:3] > again[1:3]

    def _too_early(self, name: Name) -> Finding:
        place = self._made[name.text]
        if place.line == name.span.line or place == name.span:
            message = f"`{name.text}` is used in its own equation"
            advice = f"drop `{name.text}` here, or use another value for it"
            return Finding("SC207", name.span, message, advice)
        if len(self.findings) < MOST_PROPOSALS and (cycle := self._cycle(name)):
            return cycle
        here, there = name.span.line, place.line
        message = f"`{name.text}` is used on line {here}, defined on line {there}"
        related = (Related(place, f"{name.text} is defined here"),)
        advice = f"move line {there} above line {here}"
        return Finding("SC206", name.span, message, advice, related=related)

    @cached_property
    def _uses(self) -> dict[str, list[str]]:
        """Return the names that each equation uses."""
        return {
            each.name: [name.text for name in names_in(each.expression)]
            for each in self.network.forward
        }

    def _cycle(self, name: Name) -> Finding | None:
        """Describe a way from a name that is set later back to the equation that uses it."""
        own = self.reading.name
        uses = self._uses
        before = {name.text: own}
        waiting = deque([name.text])
        while own not in before and waiting:
            last = waiting.popleft()
            for used in uses.get(last, ()):
                if used not in before and self._is_later(used):
                    before[used] = last
                    waiting.append(used)
        if own not in before:
            return None
        way = _way_back(before, own)
        if len(way) > LONGEST_CYCLE:
            message = f"a circle of {len(way) - 1:,} equations goes through `{own}`"
            advice = f"break it: use an earlier value for `{name.text}`"
            return Finding("SC207", name.span, message, advice, f"for {own}")
        message = f"{' → '.join(way)} is a circle, each is made from the next"
        related = tuple(
            Related(self._made[each], f"{each} is made from {after}")
            for each, after in pairwise(way[1:])
        )
        advice = f"break it: use an earlier value for `{name.text}`"
        return Finding("SC207", name.span, message, advice, f"for {own}", related)

    def _undefined(self, name: Name) -> Finding:
        known: list[str] = []
        if len(self.findings) < MOST_PROPOSALS:
            dims = (name for name, entry in self.dims.items() if not entry.is_inferred)
            known = [
                *self.values,
                *dims,
                *self.constants,
                *filter(self._is_later, self._made),
                *self.lost,
            ]
        hint = f"declare `{name.text}` under `params` or `inputs`, or write an equation for it"
        if name.text[:1] == "d" and name.text[1:] in self.values:
            hint = f"say `{name.text}` under `gradients` only"
        elif alike := self._lookalike(name, known):
            hint = alike
        elif near := nearest(name.text, known):
            hint = f"nearest is `{near}`{self._line_of(near)}"
        return Finding("SC205", name.span, f"`{name.text}` is not defined", hint)

    def _lookalike(self, name: Name, known: Sequence[str]) -> str:
        """Say which known name looks the same, where one does."""
        if name.text.isascii() and all(map(str.isascii, known)):
            return ""
        from shapecalc.diagnostics.lookalikes import lookalike

        found = lookalike(name.text, known)
        if found is None:
            return ""
        other, difference = found
        return f"write `{other}`{self._line_of(other)}, which looks the same: {difference}"

    def _line_of(self, name: str) -> str:
        entry = self.dims.get(name) or self.constants.get(name)
        place = self._places.get(name) or (entry and entry.span)
        return f" (line {place.line})" if place else ""

    def _check_stated(self, stated: ValueEntry) -> None:
        if stated.name in self.lost:
            return
        value = self.values.get(stated.name)
        if value is None:
            self.findings.append(self._undefined(Name(stated.span, stated.name)))
        elif value.shape != stated.shape:
            shape = self.written.shape(value.shape)
            shapes = shape_text(shape), shape_text(self.written.shape(stated.shape))
            message = (
                f"`{stated.name}` is {shapes[0]}, line {stated.shape_span.line} says {shapes[1]}"
            )
            dims = ", ".join(map(str, shape))
            advice = f"write `{stated.name}: [{dims}]`, or correct its equation"
            place = self._places[stated.name]
            related = (Related(place, f"{stated.name} is made here, {shapes[0]}"),)
            label = f"said to be {shapes[1]}"
            self.findings.append(
                Finding("SC305", stated.shape_span, message, advice, label, related)
            )

    def _upstream(self) -> dict[Leaf, str]:
        found: dict[Leaf, str] = {}
        for entry in self.network.upstream:
            if entry.name in self.values:
                found[self.values[entry.name]] = entry.gradient
            elif entry.name not in self.lost:
                self.findings.append(self._undefined(Name(entry.span, entry.name)))
        if found and self.network.loss is not None:
            message = "`loss` and `upstream` are both given"
            self.findings.append(
                Finding("SC208", self.network.loss.span, message, "keep one of them")
            )
        return found

    def _loss(self) -> Leaf | None:
        named = self.network.loss
        if named is not None:
            return self._named_loss(Name(named.span, named.name))
        nodes = self.nodes
        scalars = [node.output for node in nodes if not node.output.shape]
        if scalars and (len(scalars) == 1 or scalars[-1] is nodes[-1].output):
            return scalars[-1]
        if nodes and not self.lost and (self.network.params or self.network.gradients):
            self.findings.append(self._no_loss(nodes[-1], scalars))
        return None

    def _no_loss(self, last: Node, scalars: list[Leaf]) -> Finding:
        name = last.output.name
        if scalars:
            message = f"no loss is named, and {len(scalars)} values are scalars"
            help_ = f"write `loss: {scalars[-1].name}`"
        else:
            shape = shape_text(self.written.shape(last.output.shape))
            message = f"no value is a scalar loss, `{name}` is {shape}"
            help_ = f"write `upstream: {name}`, or a loss, `J: mean({name})`"
        return Finding("SC211", last.source.span, message, help_)

    def _named_loss(self, name: Name) -> Leaf | None:
        if name.text in self.lost or name.text in self.redefined:
            return None
        value = self.values.get(name.text)
        if value is None:
            self.findings.append(self._undefined(name))
        elif value.shape:
            shape = shape_text(self.written.shape(value.shape))
            message = f"the loss `{name.text}` is {shape}, a scalar is expected"
            self.findings.append(Finding("SC211", name.span, message, self._averaged(name.text)))
            return None
        return value

    def _averaged(self, name: str) -> str:
        """Propose the equation of a loss with its mean taken."""
        made = [each for each in self.network.forward if each.name == name]
        return f"average it, `{name}: mean({made[0].text})`" if made else "choose another loss"

    def _batch(self) -> str | None:
        """Return the dim of the examples: as stated, or the only one in all inputs and no param."""
        if self.network.batch is not None:
            return self.network.batch.name
        made = {name for each in self.network.functions for name in each.made}
        inputs = [entry for entry in self.network.inputs if entry.name not in made]
        shapes = [entry.shape for entry in inputs if entry.shape]
        inside = {dim for entry in self.network.params for dim in entry.shape}
        inside |= {dim for name in made if name in self.values for dim in self.values[name].shape}
        shared = [
            str(dim)
            for dim in dict.fromkeys(shapes[0] if shapes else ())
            if not dim.is_one and dim not in inside and all(dim in shape for shape in shapes)
        ]
        return shared[0] if len(shared) == 1 else None
