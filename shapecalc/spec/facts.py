"""The short sections of a spec → entries: assume, upstream, loss, batch, layout."""

import re
from collections.abc import Iterable

from shapecalc.diagnostics import nearest
from shapecalc.source import List, Mapping, Node, Scalar
from shapecalc.span import Span
from shapecalc.spec.network import AssumeEntry, Reference, UpstreamEntry
from shapecalc.spec.typed import (
    Findings,
    described,
    entries,
    name_of,
    problem,
    reference,
)

PLAIN_PROPERTIES = (
    "positive",
    "nonzero",
    "unit-interval",
    "binary",
    "nonsingular",
    "symmetric",
    "positive-definite",
    "orthogonal",
    "diagonal",
    "lower-triangular",
    "upper-triangular",
)
AXIS_PROPERTIES = ("one-hot", "probabilities")
LAYOUTS = ("denominator", "numerator")
CONVENTIONS = ("columns", "rows", "torch")
SCALES = ("free", "strict")
_PROPERTY = r"(?a)\s*([\w-]+)(?:\s+axis\s*=\s*(-?\d{1,3}))?\s*"


def read_assume(node: Node, findings: Findings) -> list[AssumeEntry]:
    """Read what is known of each value: one property, or a list of them."""
    expected = "a mapping of values to properties"
    pairs = findings.attempt(entries, node, "assume", expected, "{X: positive}") or ()
    read = [
        findings.attempt(_property, key, item)
        for key, value in pairs
        for item in (value.items if isinstance(value, List) else (value,))
    ]
    return [entry for entry in read if entry]


def read_upstream(node: Node, findings: Findings) -> list[UpstreamEntry]:
    """Read the values whose gradient is given: a name, some names, or names with gradients."""
    if isinstance(node, Mapping):
        read = [findings.attempt(_named_gradient, key, value) for key, value in node.entries]
        return [entry for entry in read if entry]
    items: Iterable[Node] = node.items if isinstance(node, List) else (node,)
    names = [findings.attempt(reference, item, "upstream", "a name", "Out") for item in items]
    return [UpstreamEntry(name.name, f"d{name.name}", name.span) for name in names if name]


def read_layout(node: Node) -> Reference:
    """Read which layout the formulas have."""
    return _one_of(LAYOUTS, node, "layout")


def read_convention(node: Node) -> Reference:
    """Read how layers are written out."""
    return _one_of(CONVENTIONS, node, "convention")


def read_scale(node: Node) -> Reference:
    """Read whether claims may carry constants."""
    return _one_of(SCALES, node, "scale")


def _one_of(words: tuple[str, ...], node: Node, key: str) -> Reference:
    word = reference(node, key, f"a {key}", words[0])
    if word.name not in words:
        near = nearest(word.name, words) or words[0]
        listed = f"{', '.join(f'`{each}`' for each in words[:-1])} or `{words[-1]}`"
        message = f"`{word.name}` is no {key}, {listed} is expected"
        raise problem("SC204", node.span, message, f"write `{key}: {near}`")
    return word


def _named_gradient(key: Scalar, value: Node) -> UpstreamEntry:
    name = name_of(key)
    if isinstance(value, Scalar) and value.is_empty:
        return UpstreamEntry(name.name, f"d{name.name}", name.span)
    return UpstreamEntry(name.name, name_of(value).name, name.span)


def _property(key: Scalar, node: Node) -> AssumeEntry:
    name = name_of(key)
    if not isinstance(node, Scalar) or node.is_empty:
        message = f"what is assumed of `{name.name}` is {described(node)}, a property is expected"
        raise problem("SC204", node.span, message, f"write `{name.name}: positive`")
    match = re.fullmatch(_PROPERTY, node.text)
    if match is None:
        message = f"`{node.text}` is no property"
        raise problem("SC204", node.span, message, f"write `{name.name}: positive`")
    axis = None if match[2] is None else int(match[2])
    _check_property(match[1], axis, node.span)
    return AssumeEntry(name.name, match[1], axis, name.span)


def _check_property(word: str, axis: int | None, span: Span) -> None:
    if word not in (*PLAIN_PROPERTIES, *AXIS_PROPERTIES):
        known = (*PLAIN_PROPERTIES, *AXIS_PROPERTIES)
        near = nearest(word, known)
        advice = f"did you mean `{near}`?" if near else f"choose from {', '.join(known)}"
        raise problem("SC204", span, f"`{word}` is no property", advice)
    if (word in AXIS_PROPERTIES) != (axis is not None):
        need = "needs an axis" if axis is None else "takes no axis"
        advice = f"write `{word} axis=0`" if axis is None else f"write `{word}`"
        raise problem("SC204", span, f"`{word}` {need}", advice)
