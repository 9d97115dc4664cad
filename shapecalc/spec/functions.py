"""The section `functions` → entries; in equations and claims, `u(x)` → the value `u`.

What such a function is near a point is written out in the graph, where shapes are known.
"""

from collections.abc import Iterable, Iterator

from shapecalc.diagnostics import Finding, Problem, Related, fresh, nearest, short
from shapecalc.expression import Call, Name, Syntax
from shapecalc.ops import OPS
from shapecalc.ops.names import ALIASES
from shapecalc.parsing import names_in, over, replaced
from shapecalc.source import Mapping, Node, Scalar
from shapecalc.span import Span
from shapecalc.spec.network import Equation, FunctionEntry, Network, Reference
from shapecalc.spec.shapes import DeclaredDims, read_shape
from shapecalc.spec.typed import Findings, described, entries, name_of, problem, reference

KEYS = ("of", "shape")
FUNCTION_LIMIT = 100
_EXAMPLE = "{of: x, shape: [k, 1]}"


def read_functions(node: Node, dims: DeclaredDims, findings: Findings) -> list[FunctionEntry]:
    """Read which functions there are, of what, and the shapes of their values. Raises Problem."""
    example = f"{{u: {_EXAMPLE}}}"
    expected = "a mapping of names to functions"
    pairs = findings.attempt(entries, node, "functions", expected, example) or ()
    if len(pairs) > FUNCTION_LIMIT:
        place, advice = pairs[FUNCTION_LIMIT][0].span, "write out those that are known"
        raise over("{} functions", len(pairs), FUNCTION_LIMIT, place, advice)
    read = [findings.attempt(_entry, key, value, dims) for key, value in pairs]
    return [entry for entry in read if entry]


def _entry(key: Scalar, node: Node, dims: DeclaredDims) -> FunctionEntry:
    name = name_of(key)
    if name.name in OPS or name.name in ALIASES:
        message = f"`{name.name}` is an op, and so no function of yours"
        raise problem("SC208", name.span, message, f"call it `{name.name}_`, say")
    if not isinstance(node, Mapping):
        message = f"`{name.name}` is {described(node)}, a mapping is expected"
        raise problem("SC204", node.span, message, f"write `{name.name}: {_EXAMPLE}`")
    parts = {part.text: value for part, value in node.entries}
    for part, _ in node.entries:
        if part.text not in KEYS:
            raise _unknown(part)
    for part_ in KEYS:
        if part_ not in parts:
            message = f"`{name.name}` has no `{part_}`"
            raise problem("SC204", name.span, message, f"write `{name.name}: {_EXAMPLE}`")
    of, shape = parts["of"], parts["shape"]
    if isinstance(shape, Scalar) and shape.text == "_":
        message = f"the shape of `{name.name}` is `_`, a list of dims is expected"
        raise problem("SC204", shape.span, message, "write `shape: [k, 1]`, or `[]` for a scalar")
    argument = reference(of, "of", "the name of one value", "x")
    if argument.name == name.name:
        message = f"`{name.name}` is a function of itself"
        raise problem("SC207", argument.span, message, "write the name of another value")
    return FunctionEntry(read_shape(key, shape, dims), argument)


def _unknown(part: Scalar) -> Problem:
    near = nearest(part.text, KEYS)
    advice = f"did you mean `{near}`?" if near else f"the keys of a function are {', '.join(KEYS)}"
    return problem("SC203", part.span, f"`{short(part.text)}` is no key of a function", advice)


def with_functions(network: Network, findings: Findings) -> Network:
    """Read `u(x)` as `u`; drop the functions that clash with a name, and what calls them wrongly.

    What is dropped counts as unread.
    """
    uses = dict(_uses(network))
    clashing = [findings.attempt(_hold_apart, each, uses) for each in network.functions]
    pairs = zip(network.functions, clashing, strict=True)
    kept = tuple(each for each, is_free in pairs if is_free)
    lost = {each.name for each in network.functions} - {each.name for each in kept}
    calls = _Calls(kept, {*network.unread, *lost})
    forward = [findings.attempt(calls.equation, each) for each in network.forward]
    claims = [findings.attempt(calls.claim, each) for each in network.gradients]
    unread = [e.name for e, new in zip(network.forward, forward, strict=True) if new is None]
    findings += _asked_of_made(network, calls.made)
    findings += _assumed(network)
    return network._replace(
        functions=kept,
        forward=tuple(each for each in forward if each),
        gradients=tuple(each for each in claims if each),
        unread=tuple(dict.fromkeys((*network.unread, *lost, *unread))),
    )


def _hold_apart(function: FunctionEntry, uses: dict[str, tuple[str, Span]]) -> bool:
    """Raise a Problem where a name that the function brings with it means something else."""
    said = (f"the derivative of `{function.name}`", f"the constant part of `{function.name}`")
    for made, what in zip(function.made, said, strict=True):
        if made in uses:
            message = f"`{made}` is {uses[made][0]}, and here {what}"
            related = (Related(uses[made][1], uses[made][0]),)
            advice = f"call the function `{fresh(function.name, uses)}`, say"
            raise Problem(Finding("SC208", function.span, message, advice, related=related))
    place = f"(line {function.span.line})"
    uses |= {
        made: (f"{what} {place}", function.span)
        for made, what in zip(function.made, said, strict=True)
    }
    return True


def _uses(network: Network) -> Iterator[tuple[str, tuple[str, Span]]]:
    """Walk over the names of a spec, with what each is and where."""
    named = {entry.name: entry.gradient for entry in network.upstream}
    values: list[tuple[str, Iterable[Reference]]] = [
        (what, [Reference(each.name, each.span) for each in entries_])
        for what, entries_ in (
            ("an input", network.inputs),
            ("a param", network.params),
            ("a function", network.functions),
            ("a value", network.forward),
        )
    ]
    for what, references in values:
        for name, span in references:
            yield name, (f"{what} (line {span.line})", span)
            for gradient in dict.fromkeys((f"d{name}", named.get(name, f"d{name}"))):
                yield gradient, (f"the gradient of `{name}` (line {span.line})", span)
    for dim in network.dims:
        yield dim.name, (f"a dim (line {dim.span.line})", dim.span)
    for number in network.constants:
        yield number.name, (f"a constant (line {number.span.line})", number.span)


def _asked_of_made(network: Network, made: dict[str, FunctionEntry]) -> Iterator[Finding]:
    """Refuse to take for a loss, or for given, what a function brings with it."""
    for entry in (*([network.loss] if network.loss else ()), *network.upstream):
        if entry.name in made:
            function = made[entry.name]
            message = f"`{entry.name}` belongs to the function `{function.name}`, and is no value"
            yield Finding("SC205", entry.span, message, f"write `{function.name}`")


def _assumed(network: Network) -> Iterator[Finding]:
    """Refuse what is assumed of a function's value: its derivatives would have to agree with it."""
    names = {each.name for each in network.functions}
    for entry in network.assume:
        if entry.name in names:
            message = f"what is assumed of `{entry.name}`, a function, is not used in this version"
            yield Finding("SC212", entry.span, message, "drop it, or spell the function out")


class _Calls:
    """Reads calls of functions, where `lost` are names that mean nothing."""

    def __init__(self, functions: Iterable[FunctionEntry], lost: set[str]) -> None:
        self._functions = {each.name: each for each in functions}
        self._lost = lost
        self.made = {name: each for each in self._functions.values() for name in each.made}

    def equation(self, equation: Equation) -> Equation:
        """Read the calls in an equation of `forward`; it may not use what functions bring."""
        for name in names_in(equation.expression):
            if name.text in self.made:
                raise self._unknown_derivative(name, self.made[name.text])
        return self._read(equation)

    def claim(self, equation: Equation) -> Equation:
        """Read the calls in a claim; it may not use gradients of what functions bring."""
        names = (Name(equation.span, equation.name), *names_in(equation.expression))
        for name in names:
            made = name.text.removeprefix("d")
            if made != name.text and made in self.made:
                raise self._no_gradient(name, self.made[made])
        return self._read(equation)

    def _read(self, equation: Equation) -> Equation:
        old = equation.expression
        new = replaced(old, self._put)
        return equation if new == old else equation._replace(written=new)

    def _put(self, syntax: Syntax) -> Syntax:
        if not isinstance(syntax, Call) or not isinstance(syntax.function, Name):
            return syntax
        name = syntax.function.text
        if name in self._lost and name not in OPS and name not in ALIASES:
            return Name(syntax.span, name)
        function = self._functions.get(name)
        if function is None:
            return syntax
        match syntax.arguments:
            case (Name(text=of),) if of == function.of.name and not syntax.keywords:
                return Name(syntax.span, name)
        message = f"`{name}` is a function of `{function.of.name}`, and of nothing else"
        advice = f"write `{name}({function.of.name})`, or declare another function"
        raise problem("SC210", syntax.span, message, advice)

    def _no_gradient(self, name: Name, function: FunctionEntry) -> Problem:
        made, u = name.text[1:], function.name
        message = f"`{made}` belongs to the function `{u}`, and has no gradient"
        return problem("SC205", name.span, message, f"say `d{u}` or `d{function.of.name}`")

    def _unknown_derivative(self, name: Name, function: FunctionEntry) -> Problem:
        of = function.of.name
        message = f"how `{name.text}` changes with `{of}` is not known"
        return problem("SC212", name.span, message, "use it under `gradients` only")
