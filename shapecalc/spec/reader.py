"""Text of a file → the network that it describes, and findings. Knows the keys of the language.

Whether the names in an expression exist, and what its ops mean, is not known here.
"""

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import PurePath
from typing import TypeVar

from shapecalc.diagnostics import Finding, Problem, nearest, short
from shapecalc.parsing import over
from shapecalc.source import List, Mapping, Node, Scalar
from shapecalc.span import Span
from shapecalc.spec.equations import read_forward, read_gradients
from shapecalc.spec.facts import (
    read_assume,
    read_convention,
    read_layout,
    read_scale,
    read_upstream,
)
from shapecalc.spec.keys import KEYS
from shapecalc.spec.names import with_names_set_once
from shapecalc.spec.network import DimEntry, Network, Reference
from shapecalc.spec.shapes import DeclaredDims, read_shapes
from shapecalc.spec.sizes import read_constants, read_dims
from shapecalc.spec.typed import Findings, described, problem, reference

_LATER_KEYS = {
    "blocks": "write its equations under `forward:`",
    "imports": "copy what it imports into this file",
}
_SYNONYMS = {
    "weights": "params",
    "parameters": "params",
    "variables": "params",
    "biases": "params",
    "data": "inputs",
    "features": "inputs",
    "sizes": "dims",
    "axes": "dims",
    "model": "forward",
    "network": "forward",
    "equations": "forward",
    "backward": "gradients",
    "grads": "gradients",
    "claims": "gradients",
    "cost": "loss",
    "objective": "loss",
    "title": "name",
    "assumptions": "assume",
}
_TOP_KEY = r"(?m)^(?:\{\s*)?[\"']?([A-Za-z_]\w*)[\"']?[ \t]*:(?=\s|$)"
_LEFT_SIDE = r"(?m)^\s*(\w+)\s*[=:]"
_OF_VALUES = ("inputs", "params", "functions", "forward")
_MARKER = r"(?m)^# shapecalc\b"
KEY_LIMIT = 100
TITLE_LIMIT = 500
_LONGEST_NEAR_MISS = 12

_Sections = dict[str, Node]
_Entry = TypeVar("_Entry")


def read_network(text: str, path: str) -> tuple[Network | None, tuple[Finding, ...]]:
    """Read a spec; return what could be read, None where nothing could, and all findings."""
    from shapecalc.source.events import read_yaml

    with no_garbage_collection():
        document = read_yaml(text, path)
        findings = Findings(document.findings)
        network = None
        if document.root is not None:
            network = findings.attempt(_read, document.root, path, findings)
            network = network and network._replace(ignores=document.ignores)
        elif not findings:
            findings.append(
                _no_spec(
                    Span(path, 1, 1), "no `forward` or `layers` here, the file is empty"
                ).finding
            )
    findings.sort(key=lambda finding: finding.span[1:3])
    return network, tuple(findings)


def looks_like_spec(text: str) -> bool:
    """Say whether a file that was found in a folder is to be read as a spec.

    It is where it has `forward` or `layers` at the top, or the comment `# shapecalc`; so is one
    with a near miss, `foward:`, since reading it says so.
    """
    keys = dict.fromkeys(match[1] for match in re.finditer(_TOP_KEY, text))
    if "forward" in keys or "layers" in keys or re.search(_MARKER, text):
        return True
    is_likely = len(keys.keys() & {"dims", "inputs", "params", "loss", "gradients"}) > 1
    likeness = 0.7 if is_likely else 0.9
    return any(_is_near_miss(key, likeness) for key in islice(keys, KEY_LIMIT))


def _is_near_miss(key: str, likeness: float) -> bool:
    """Say whether a key is `forward` misspelt; other files have keys that are somewhat like it."""
    if key.casefold()[:1] != "f" or len(key) > _LONGEST_NEAR_MISS:
        return False
    from difflib import SequenceMatcher

    return SequenceMatcher(None, key.casefold(), "forward").ratio() >= likeness


def _sections(root: Node, findings: Findings) -> _Sections:
    """Return the sections by key; a misspelt key counts as the right one where that is missing."""
    if not isinstance(root, Mapping):
        raise _no_spec(root.span, f"no `forward` or `layers` here, the file is {described(root)}")
    if len(root.entries) > KEY_LIMIT:
        raise _too_many_keys(root)
    unknown = Findings()
    sections = {key.text: node for key, node in root.entries if key.text in KEYS}
    for key, node in root.entries:
        if key.text in _LATER_KEYS:
            unknown.append(_not_built(key))
        elif key.text not in KEYS:
            near = _SYNONYMS.get(key.text.casefold()) or nearest(key.text, (*KEYS, *_LATER_KEYS))
            near = "layers" if near == "forward" and isinstance(node, List) else near
            unknown.append(_unknown(key, near))
            sections.setdefault(near or key.text, node)
    if not sections.keys() & {"forward", "layers"} and not _mentions_layers(root):
        raise _no_spec(root.span, "no `forward` or `layers` here")
    findings += unknown
    for number, (_, node) in enumerate(root.repeats):  # not read, but its names are no news
        sections[f"again {number}"] = node
    return sections


def _too_many_keys(root: Mapping) -> Problem:
    """Refuse what is hardly a spec, before a meaning is looked for in each of its keys."""
    if not any(key.text in ("forward", "layers") for key, _ in root.entries):
        return _no_spec(root.span, "no `forward` or `layers` here")
    message = f"{len(root.entries):,} keys at the top are over the limit of {KEY_LIMIT}"
    key, _ = root.entries[KEY_LIMIT]
    return problem("SC901", key.span, message, f"the keys are {', '.join(KEYS)}")


def _mentions_layers(root: Mapping) -> bool:
    return any(nearest(key.text, ("layers",)) for key, _ in root.entries)


def _read(root: Node, path: str, findings: Findings) -> Network:
    """Read all sections, the dims first: the shapes need them."""
    sections = _sections(root, findings)
    dims = DeclaredDims(_dims(sections, findings), findings)
    network = _with_shapes(Network(path, _name(sections, path, findings)), sections, dims, findings)
    network = _with_equations(network, sections, findings)
    network = network._replace(
        batch=_batch(sections, dims, findings),
        loss=_reference(sections, "loss", "the name of a value", "J", findings),
    )
    if "layers" in sections:
        from shapecalc.spec.layers.expansion import with_layers

        network = with_layers(network, sections["layers"], dims, findings)
    unread = (*network.unread, *_unread(sections, network))
    network = network._replace(
        dims=dims.in_order(),
        open_axes=tuple(dims.open_axes),
        unread=unread,
        redefined=_repeated(sections),
    )
    network = with_names_set_once(network, findings)
    if "functions" in sections:
        from shapecalc.spec.functions import with_functions

        network = with_functions(network, findings)
    return network


def _unread(sections: _Sections, network: Network) -> tuple[str, ...]:
    """Return the names with an entry that could not be read, so that their uses are no news."""
    read = {entry.name for entry in (*network.inputs, *network.params)}
    read |= {function.name for function in network.functions}
    read |= {equation.name for equation in network.forward}
    written: list[str] = []
    for key in (*_OF_VALUES, *(key for key in sections if key not in KEYS)):
        node = sections.get(key)
        if isinstance(node, Mapping):
            written += [_as_seen(entry.text) for entry, _ in node.entries]
        elif isinstance(node, Scalar):
            written += re.findall(_LEFT_SIDE, node.text)
    return tuple(name for name in dict.fromkeys(written) if name not in read)


def _as_seen(name: str) -> str:
    """Return a name as whoever reads the spec sees it, and so writes it elsewhere."""
    if name.isascii():
        return name
    from shapecalc.diagnostics.lookalikes import without_unseen

    return without_unseen(name)


def _repeated(sections: _Sections) -> tuple[Reference, ...]:
    """Return the names that YAML has twice in one section."""
    nodes = [sections.get(key) for key in _OF_VALUES]
    keys = [key for node in nodes if isinstance(node, Mapping) for key, _ in node.repeats]
    return tuple(Reference(key.text, key.span) for key in keys)


def _dims(sections: _Sections, findings: Findings) -> list[DimEntry] | None:
    """Return the dims that are declared, None where the shapes declare them."""
    return (read_dims(sections["dims"], findings) or None) if "dims" in sections else None


def _with_shapes(
    network: Network, sections: _Sections, dims: DeclaredDims, findings: Findings
) -> Network:
    inputs, params, shapes = (
        tuple(read_shapes(sections[key], key, dims, findings)) if key in sections else ()
        for key in ("inputs", "params", "shapes")
    )
    if "functions" in sections:
        from shapecalc.spec.functions import read_functions

        functions = findings.attempt(read_functions, sections["functions"], dims, findings)
        network = network._replace(functions=tuple(functions or ()))
    whole = {each.name for each in dims.open_shapes}
    given = {entry.name for entry in (*inputs, *params)}
    return network._replace(
        inputs=inputs,
        params=params,
        shapes=tuple(entry for entry in shapes if entry.name not in whole),
        open_shapes=tuple(each for each in dims.open_shapes if each.name in given),
    )


def _with_equations(network: Network, sections: _Sections, findings: Findings) -> Network:
    """Read the sections that need no dims."""

    def read(key: str, reader: Callable[[Node, Findings], list[_Entry]]) -> tuple[_Entry, ...]:
        return tuple(reader(sections[key], findings)) if key in sections else ()

    layout, convention, scale = (
        findings.attempt(reader, sections[key]) if key in sections else None
        for key, reader in (
            ("layout", read_layout),
            ("convention", read_convention),
            ("scale", read_scale),
        )
    )
    return network._replace(
        convention=convention,
        constants=read("constants", read_constants),
        assume=read("assume", read_assume),
        upstream=read("upstream", read_upstream),
        forward=read("forward", read_forward),
        gradients=read("gradients", read_gradients),
        layout=layout.name if layout else network.layout,
        scale=scale.name if scale else network.scale,
    )


def _name(sections: _Sections, path: str, findings: Findings) -> str:
    """Return the title of the spec, the name of its file where it has none."""
    node = sections.get("name")
    if node is None or (isinstance(node, Scalar) and node.is_empty):
        return PurePath(path).stem
    if isinstance(node, Scalar):
        if len(node.text) > TITLE_LIMIT:
            count, place = len(node.text), node.span
            advice = "write a title of one line"
            findings.append(
                over("a title of {} characters", count, TITLE_LIMIT, place, advice).finding
            )
            return PurePath(path).stem
        return " ".join(node.text.split())
    message = f"`name` is {described(node)}, a text is expected"
    findings.append(problem("SC204", node.span, message, "write `name: Two layers`").finding)
    return PurePath(path).stem


def _reference(
    sections: _Sections, key: str, expected: str, example: str, findings: Findings
) -> Reference | None:
    if key not in sections:
        return None
    return findings.attempt(reference, sections[key], key, expected, example)


def _batch(sections: _Sections, dims: DeclaredDims, findings: Findings) -> Reference | None:
    batch = _reference(sections, "batch", "a dim name", _batch_example(sections, dims), findings)
    if batch:
        batch = batch._replace(name=dims.use(batch.name, batch.span))
    return batch


def _batch_example(sections: _Sections, dims: DeclaredDims) -> str:
    """Return the dim that was meant by `[m]` or by its size; `m` where none shows."""
    node = sections.get("batch")
    if isinstance(node, List) and len(node.items) == 1:
        node = node.items[0]
    written = node.text if isinstance(node, Scalar) else ""
    by_size = {str(entry.size): name for name, entry in dims.entries.items()}
    return written if written in dims.entries else by_size.get(written, "m")


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Hold the collector off, where little can become garbage in a cycle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _no_spec(span: Span, message: str) -> Problem:
    return problem("SC102", span, message, "put the equations under `forward:`, or drop the path")


def _not_built(key: Scalar) -> Finding:
    message = f"`{key.text}` is not supported in this version"
    return Finding("SC212", key.span, message, _LATER_KEYS[key.text])


def _unknown(key: Scalar, near: str | None) -> Finding:
    advice = f"did you mean `{near}`?" if near else f"the keys are {', '.join(KEYS)}"
    if near and not key.text.isascii():
        from shapecalc.diagnostics.lookalikes import lookalike

        if alike := lookalike(key.text, (near,)):
            advice = f"write `{near}`, which looks the same: {alike[1]}"
    return Finding("SC203", key.span, f"`{short(key.text)}` is no key", advice)
