"""What PyYAML stumbles over → what its author most likely did, and what to write instead."""

import re
from typing import NamedTuple

from shapecalc.diagnostics import Finding, short
from shapecalc.diagnostics.excerpts import LONGEST
from shapecalc.source.nodes import Node, Scalar, Source

_UNPRINTABLE = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_NO_BEGINNING = "@*`!&%|>"
_LINE_END = "[\x85\u2028\u2029]"
_INDENT = r"[^\S\r\n]*[\u200b\u2060\ufeff]?"
_ODD_SPACE = r"[^ \t]"
_EQUATION = r"([^\s=]+)\s*=\s*([^=].*)"
_BLOCK = "did not find expected key|expected <block end>"
_FLOW = "expected ',' or|expected node content|expected the node content"


class Fault(NamedTuple):
    """An error of PyYAML: its words, where it noticed, and where what it was reading began."""

    problem: str
    context: str
    at: int
    opened: int | None


class _Reason(NamedTuple):
    """What to say of a fault, and of which stretch of the text."""

    start: int
    end: int
    message: str
    advice: str


def unprintable(source: Source) -> Finding | None:
    """Return a finding for a character that no YAML file may hold."""
    if source.text.replace("\n", "").isprintable():  # by Unicode, and so by YAML
        return None
    match = re.search(_UNPRINTABLE, source.text)
    if match is None:
        return None
    message = f"the character U+{ord(match[0]):04X} cannot stand in YAML"
    return Finding("SC101", source.span(match.start(), match.end()), message, "remove it")


def explain(source: Source, fault: Fault) -> Finding:
    """Return the finding that a fault of the YAML parser becomes."""
    for reason in _REASONS:
        if found := reason(source.text, fault):
            start, end, message, advice = found
            return Finding("SC101", source.span(start, end), message, advice)
    message = f"this is not YAML, {fault.problem}"
    return Finding("SC101", source.span(fault.at, fault.at + 1), message, "quote the value")


def joined_at_commas(
    source: Source, entries: list[tuple[Scalar, Node]]
) -> tuple[list[tuple[Scalar, Node]], list[Finding]]:
    """Put together what a comma inside parentheses split, `{dX: sum(dZ, axis=1)}`."""
    whole: list[tuple[Scalar, Node]] = []
    findings: list[Finding] = []
    at = 0
    while at < len(entries):
        key, value = entries[at]
        pieces = _pieces(entries, at)
        if isinstance(value, Scalar) and pieces:
            end = entries[at + pieces][0].end
            value = Scalar(source, source.text[value.start : end], "", value.start, end)
            findings.append(_split(key, value))
        whole.append((key, value))
        at += 1 + pieces
    return whole, findings


def _pieces(entries: list[tuple[Scalar, Node]], at: int) -> int:
    """Count the entries behind one that are pieces of its value; 0 where they do not close it."""
    value = entries[at][1]
    depth = _depth(value) if isinstance(value, Scalar) else 0
    pieces = 0
    while depth > 0:
        pieces += 1
        if at + pieces >= len(entries) or not _is_piece(entries[at + pieces][1]):
            return 0
        depth += _depth(entries[at + pieces][0])
    return pieces


def _is_piece(value: Node) -> bool:
    return isinstance(value, Scalar) and value.start == value.end


def _depth(scalar: Scalar) -> int:
    """Count the parentheses that plain text opens and does not close."""
    return 0 if scalar.style else scalar.text.count("(") - scalar.text.count(")")


def _split(key: Scalar, value: Scalar) -> Finding:
    message = f"`{short(value.text)}` in braces splits at the comma"
    if len(value.text) > LONGEST:
        return Finding("SC108", value.span, message, "quote it")
    return Finding("SC108", value.span, message, f'quote it, `{short(key.text)}: "{value.text}"`')


def _line(text: str, at: int) -> tuple[int, int]:
    start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    match = re.compile(r"[^\r\n]*").match(text, start)
    return start, match.end() if match else start


def _tab(text: str, fault: Fault) -> _Reason | None:
    start, _ = _line(text, fault.at)
    tab = text.find("\t", start, fault.at + 1)
    if tab < 0 or text[start:tab].strip(" "):
        return None
    return _Reason(tab, tab + 1, "a tab indents this line", "indent with spaces")


def _odd_space(text: str, fault: Fault) -> _Reason | None:
    """Explain an indent that is no space, in the line of the fault or the one above."""
    start, _ = _line(text, fault.at)
    above, _ = _line(text, max(start - 1, 0))
    for line in (start, above):
        indent = re.compile(_INDENT).match(text, line)
        odd = re.search(_ODD_SPACE, indent[0]) if indent else None
        if odd:
            at = line + odd.start()
            message = f"U+{ord(odd[0]):04X} indents this line, and is no space to YAML"
            return _Reason(at, at + 1, message, "indent with spaces")
    return None


def _line_end(text: str, fault: Fault) -> _Reason | None:
    """Explain a character that ends a line in YAML 1.1, and in no editor."""
    for at in (fault.at, fault.at if fault.opened is None else fault.opened):
        if odd := re.compile(_LINE_END).search(text, *_line(text, at)):
            message = f"U+{ord(odd[0]):04X} ends a line here, and cannot be seen"
            return _Reason(odd.start(), odd.end(), message, "take it out")
    return None


def _long_key(text: str, fault: Fault) -> _Reason | None:
    """Explain a key that is longer than YAML looks for its colon."""
    at = fault.at if fault.opened is None else fault.opened
    start, end = _line(text, at)
    key = re.compile(r"[ ]*([^\s:{[]{1025,}):(?=\s)").match(text, start, end)
    if key is None:
        return None
    message = f"a key of {len(key[1]):,} characters is over the limit of 1,024"
    return _Reason(key.start(1), key.end(1), message, "choose a shorter name")


def _beginning(text: str, fault: Fault) -> _Reason | None:
    """Explain a value that begins with a mark that YAML keeps for itself."""
    at = fault.at if fault.opened is None else fault.opened
    scanning = fault.context.startswith("while scanning") and "scalar" not in fault.context
    starts = text[at : at + 1] in _NO_BEGINNING and (scanning or "cannot start" in fault.problem)
    block = "block scalar" in fault.context
    if not text[at : at + 1] or not (starts or block):
        return None
    return _Reason(at, at + 1, f"a value cannot begin with `{text[at]}`", quoted(text, at))


def quoted(text: str, at: int) -> str:
    """Propose the whole value in quotes that begins at a place, with its key."""
    start, end = _line(text, at)
    if re.search(r"[{[]", text[start:at]):
        return "quote the value"
    value = re.sub(r"\s#\s.*", "", text[at:end]).strip()
    mark = "'" if '"' in value else '"'
    return f"quote it, `{text[start:at].lstrip()}{mark}{value.replace(mark, '')}{mark}`"


def _entry(text: str, fault: Fault) -> _Reason | None:
    if "sequence entries are not allowed" not in fault.problem:
        return None
    message = "a value cannot begin with `- `"
    return _Reason(fault.at, fault.at + 1, message, quoted(text, fault.at))


def _continued(text: str, fault: Fault) -> _Reason | None:
    """Explain text behind a closing quote or bracket: `'a' + b`, `[n, m].T`."""
    start, end = _line(text, fault.at)
    before = text[start : fault.at].rstrip()
    if not re.search(f"{_BLOCK}|{_FLOW}", fault.problem) or before[-1:] not in ("'", '"', "]", "}"):
        return None
    message = f"a value cannot go on after its closing `{before[-1]}`"
    value = re.search(r":\s+", text[start:end])
    advice = "quote the whole value"
    if value and before[-1] in "'\"" and not re.search(r"[{[]", before):
        advice = _requoted(text[start:end], value.end(), before[-1])
    return _Reason(fault.at, end, message, advice)


def _requoted(line: str, at: int, mark: str) -> str:
    """Propose a value of which a part was quoted in one pair of quotes."""
    value = re.sub(r"\s#\s.*", "", line[at:]).strip().replace(mark, "")
    return f"quote the whole, `{line[:at].lstrip()}{mark}{value}{mark}`"


def _colon(text: str, fault: Fault) -> _Reason | None:
    if "mapping values are not allowed" not in fault.problem:
        return None
    start, end = _line(text, fault.at)
    if value := re.match(r"[^:]*:\s+", text[start : fault.at]):
        advice = quoted(text, start + value.end())
        return _Reason(fault.at, fault.at + 1, "a value cannot contain `: `", advice)
    if equation := _equation_above(text, start):
        return equation
    message = "this line is indented below a line that already has its value"
    start += len(text[start:end]) - len(text[start:end].lstrip())
    return _Reason(start, end, message, "align it with the line above")


def _no_colon(text: str, fault: Fault) -> _Reason | None:
    if "could not find expected ':'" not in fault.problem or fault.opened is None:
        return None
    _, end = _line(text, fault.opened)
    written = text[fault.opened : end].rstrip()
    equation = re.match(_EQUATION, written)
    advice = f"write `{equation[1]}: {equation[2]}`" if equation else "write `name: value`"
    return _Reason(fault.opened, end, f"`{written}` has no `: `", advice)


def _equation_above(text: str, start: int) -> _Reason | None:
    """Explain `Z = W @ X` among keys: YAML takes the line below it for more of one text."""
    while start:
        start, end = _line(text, start - 1)
        written = text[start:end].strip()
        if written and not written.startswith("#"):
            at = start + text[start:end].index(written)
            fault = Fault("could not find expected ':'", "", at, at)
            return _no_colon(text, fault) if re.match(_EQUATION, written) else None
    return None


def _open(text: str, fault: Fault) -> _Reason | None:
    """Explain a bracket or brace that is not closed, or that a value inside one holds."""
    if "flow" not in fault.context or not re.search(_FLOW, fault.problem):
        return None
    opened = fault.at if fault.opened is None else fault.opened
    mark = text[fault.at : fault.at + 1]
    if mark in tuple("[{:'\"") and "\n" not in text[opened : fault.at]:
        message = f"a value inside `{text[opened]}` cannot contain `{mark}`"
        return _Reason(fault.at, fault.at + 1, message, "quote the value")
    closing = "]" if text[opened : opened + 1] == "[" else "}"
    message = f"`{text[opened : opened + 1]}` is not closed"
    return _Reason(opened, opened + 1, message, f"add `{closing}`")


def _quote(text: str, fault: Fault) -> _Reason | None:
    if "quoted scalar" not in fault.context or fault.opened is None:
        return None
    opened = fault.opened
    if "unexpected end" in fault.problem or "document separator" in fault.problem:
        mark = text[opened : opened + 1]
        return _Reason(opened, opened + 1, f"the quote `{mark}` is not closed", f"add `{mark}`")
    message = "a backslash in double quotes begins an escape that YAML does not know"
    return _Reason(fault.at, fault.at + 1, message, "write single quotes")


def _indent(text: str, fault: Fault) -> _Reason | None:
    if not re.search(f"{_BLOCK}|document start|'-' indicator", fault.problem):
        return None
    start, end = _line(text, fault.at)
    start += len(text[start:end]) - len(text[start:end].lstrip())
    message = "the indentation of this line fits no line above"
    return _Reason(start, end, message, "align it with the keys of its section")


_REASONS = (
    _long_key,
    _line_end,
    _tab,
    _odd_space,
    _beginning,
    _entry,
    _continued,
    _colon,
    _no_colon,
    _open,
    _quote,
    _indent,
)
"""In the order in which they are asked; the first that has something to say is believed."""
