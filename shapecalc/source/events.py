"""Events of the YAML parser → nodes. The only module that knows PyYAML.

Its C loader's own composer ends the process on deep nesting, and its constructors turn `no` into
False and `12:30` into 750: so its events are taken, and every scalar stays text.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml

from shapecalc.diagnostics import Finding, Problem, Related, fresh, short
from shapecalc.source.files import TEXT_LIMIT
from shapecalc.source.ignores import Ignore, ignores_in
from shapecalc.source.nodes import List, Mapping, Node, Scalar, Source
from shapecalc.source.slips import Fault, explain, joined_at_commas, quoted, unprintable
from shapecalc.span import Span

DEPTH_LIMIT = 100
NODE_LIMIT = 300_000
"""How many keys, values and lists a file may have; a chain of 10,000 layers has 120,000."""
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Document(NamedTuple):
    """One file as read: its root, None where there is none, and what is wrong with it."""

    root: Node | None
    findings: tuple[Finding, ...]
    ignores: tuple[Ignore, ...] = ()


class _Open(NamedTuple):
    """A mapping or a list whose end is still to come; keys and values take turns in a mapping."""

    start: int
    is_mapping: bool
    is_flow: bool
    nodes: list[Node]


def read_yaml(text: str, path: str) -> Document:
    """Read the one document of a YAML text; scalars stay text, places stay known."""
    if len(text) > TEXT_LIMIT:
        return Document(None, (_too_long(path),))
    builder = _Builder(Source(text, path))
    try:
        for event in _events(builder.source):
            builder.take(event)
    except Problem as problem:
        return Document(None, (*builder.findings, problem.finding))
    root = builder.root
    ignores = tuple(ignores_in(builder.source, root)) if root is not None else ()
    return Document(root, tuple(builder.findings), ignores)


def _events(source: Source) -> Iterator[yaml.Event]:
    """Run PyYAML's parser; its errors become problems."""
    if bad := unprintable(source):
        raise Problem(bad)
    try:
        yield from yaml.parse(source.text, _Loader)
    except yaml.MarkedYAMLError as error:
        if "nesting depth" in (error.problem or ""):  # from 6.0.4 on, PyYAML has a limit of its own
            raise _too_deep(source, _deepest_allowed(source.text)) from None
        opened = _index(error.context_mark) if error.context_mark else None
        problem, context = error.problem or "", error.context or ""
        fault = Fault(problem, context, _index(error.problem_mark), opened)
        raise Problem(explain(source, fault)) from None


class _Builder:
    """Nodes under construction, innermost last."""

    __slots__ = ("count", "findings", "has_document", "open", "root", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.findings: list[Finding] = []
        self.open: list[_Open] = []
        self.root: Node | None = None
        self.has_document = False
        self.count = 0

    def take(self, event: yaml.Event) -> None:
        start, end = _index(event.start_mark), _index(event.end_mark)
        match event:
            case yaml.ScalarEvent():
                self.refuse_properties(event, start)
                style = event.style or ""
                self.add(Scalar(self.source, event.value, style, start, end))
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self.refuse_properties(event, start)
                self.enter(event, start)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.leave(end)
            case yaml.AliasEvent():
                self.refuse_alias(start, end)
            case yaml.DocumentStartEvent():
                self.refuse_second(start, end)
            case _:
                pass

    def add(self, node: Node) -> None:
        self.count += 1
        if self.count > NODE_LIMIT:
            start = node.start if isinstance(node, Scalar) else self.open[-1].start
            message = f"the file goes over the limit of {NODE_LIMIT:,} keys and values here"
            advice = "check the path; one file is one network"
            raise self.problem("SC901", start, start + 1, message, advice)
        if self.open:
            self.open[-1].nodes.append(node)
        else:
            self.root = node

    def enter(self, event: yaml.CollectionStartEvent, start: int) -> None:
        if len(self.open) == DEPTH_LIMIT:
            raise _too_deep(self.source, start)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self.open.append(_Open(start, is_mapping, bool(event.flow_style), []))

    def leave(self, end: int) -> None:
        start, is_mapping, is_flow, nodes = self.open.pop()
        span = self.source.span(start, end)
        if not is_mapping:
            self.add(List(tuple(nodes), span, is_flow))
            return
        entries = self.pairs(nodes)
        if is_flow:
            entries, findings = joined_at_commas(self.source, entries)
            self.findings += findings
        firsts, repeats = self.without_repeats(entries)
        self.add(Mapping(firsts, span, is_flow, repeats))

    def pairs(self, nodes: list[Node]) -> list[tuple[Scalar, Node]]:
        pairs = []
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                message = "a key cannot be a list or a mapping"
                raise Problem(Finding("SC105", key.span, message, "write a name"))
            if key.text == "<<" and not key.style:
                message = "merge keys are not read, `<<`"
                advice = "write the entries themselves"
                self.findings.append(Finding("SC105", key.span, message, advice))
                continue
            pairs.append((key, value))
        return pairs

    def without_repeats(
        self, entries: list[tuple[Scalar, Node]]
    ) -> tuple[tuple[tuple[Scalar, Node], ...], tuple[tuple[Scalar, Node], ...]]:
        """Keep the first entry of each key; return the others beside them."""
        firsts: dict[str, tuple[Scalar, Node]] = {}
        repeats: list[tuple[Scalar, Node]] = []
        for key, value in entries:
            first, _ = firsts.setdefault(key.text, (key, value))
            if first is not key:
                repeats.append((key, value))
                advice = f"call this `{fresh(key.text, firsts)}`"
                if not self.open:
                    advice = f"put all of it under one `{key.text}:`"
                self.findings.append(_repeated(first, key, advice))
        return tuple(firsts.values()), tuple(repeats)

    def refuse_properties(
        self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, start: int
    ) -> None:
        if event.anchor is not None:
            what = f"anchors are not read, `&{event.anchor}`"
            advice = f"drop `&{event.anchor}`, and write the value again for `*{event.anchor}`"
            raise self.problem("SC105", start, start + len(event.anchor) + 1, what, advice)
        if event.tag is not None:
            written = self.source.text[start:].split(maxsplit=1)[0]
            what = f"tags are not read, `{written}`"
            raise self.problem("SC105", start, start + len(written), what, f"drop `{written}`")

    def refuse_alias(self, start: int, end: int) -> None:
        written = self.source.text[start:end]
        nodes = self.open[-1].nodes if self.open else []
        if nodes and isinstance(nodes[-1], Scalar) and nodes[-1].text == "<<":
            what = f"aliases are not read, `{written}`"
            raise self.problem("SC105", start, end, what, "write it out")
        message = "a value cannot begin with `*`"
        raise self.problem("SC101", start, end, message, quoted(self.source.text, start))

    def refuse_second(self, start: int, end: int) -> None:
        if self.has_document:
            message = "a second document begins, one file is one network"
            raise self.problem("SC105", start, end, message, "give it a file of its own")
        self.has_document = True

    def problem(self, code: str, start: int, end: int, message: str, advice: str) -> Problem:
        return Problem(Finding(code, self.source.span(start, end), message, advice))


def _too_long(path: str) -> Finding:
    """Refuse a text before anything is made of it; how long the file is, nobody knows yet."""
    message = f"the file is over the limit of {TEXT_LIMIT:,} characters"
    return Finding("SC901", Span(path, 1, 1), message, "check the path; one file is one network")


def _too_deep(source: Source, at: int) -> Problem:
    message = f"nesting of {DEPTH_LIMIT + 1} levels is over the limit of {DEPTH_LIMIT}"
    return Problem(Finding("SC901", source.span(at, at + 1), message, "flatten it"))


def _deepest_allowed(text: str) -> int:
    """Return the place of the bracket that goes over our limit, the mapping around it counted."""
    depth = 1
    for found in re.finditer(r"[\[\]{}]", text):
        depth += 1 if found[0] in "[{" else -1
        if depth > DEPTH_LIMIT:
            return found.start()
    return 0


def _index(mark: "yaml.error.Mark | yaml._yaml.Mark | None") -> int:
    return mark.index if mark else 0


def _repeated(first: Scalar, again: Scalar, advice: str) -> Finding:
    lines = first.span.line, again.span.line
    where = f"on lines {lines[0]} and {lines[1]}"
    if lines[0] == lines[1]:
        where = f"twice on line {lines[0]}"
    related = (Related(first.span, "set first here"),)
    message = f"`{short(again.text)}` is set {where}"
    return Finding("SC103", again.span, message, advice, related=related)
