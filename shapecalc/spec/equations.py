"""The sections `forward` and `gradients` → equations, from a mapping or from lines of text."""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from shapecalc.diagnostics import Problem, short
from shapecalc.expression import Call, Literal, Locate, Name, Subscript, Syntax
from shapecalc.ops.names import SPLITS
from shapecalc.parsing import Expression, over
from shapecalc.source import Comment, List, Mapping, Node, Scalar
from shapecalc.span import Span
from shapecalc.spec.network import Equation, Reference
from shapecalc.spec.typed import Findings, described, name_at, name_of, problem

EQUATION_LIMIT = 25_000
CLAIM_LIMIT = 25_000
PARTS_LIMIT = 100
_LINE = r"[^\n]+"
_BEFORE_NOTE = r"(?:[^#'\"]++|'[^']*+'|\"[^\"]*+\"|['\"])*+"
_EQUALS = r"(?<![<>=!:+*/@-])=(?!=)"
_NO_LEFT_SIDE = r"[\s(:]"


def read_forward(node: Node, findings: Findings) -> list[Equation]:
    """Read the equations of `forward`; there must be some."""
    if not (node.text.strip() if isinstance(node, Scalar) else node[0]):
        findings.append(_no_equations(node, "forward").finding)
    return _equations(node, "forward", EQUATION_LIMIT, findings)


def read_gradients(node: Node, findings: Findings) -> list[Equation]:
    """Read the formulas that the author claims."""
    return _equations(node, "gradients", CLAIM_LIMIT, findings)


def _equations(node: Node, key: str, limit: int, findings: Findings) -> list[Equation]:
    """Read equations in the author's order; a bad one is a finding, and does not hide the next."""
    if isinstance(node, Mapping):
        if len(node.entries) > limit:
            raise _too_many(node.entries[limit][0].span, len(node.entries), limit)
        read = [findings.attempt(_entry, name, value) or () for name, value in node.entries]
    elif isinstance(node, Scalar) and not _is_folded(node):
        if node.cut:
            findings.append(_cut(node, node.cut).finding)
        lines = list(islice(_lines(node.text), limit + 1))
        if len(lines) > limit:
            raise _too_many(node.locate(lines[limit].start(), 1), limit + 1, limit)
        read = [findings.attempt(_line, node, line) or () for line in lines]
    else:
        if isinstance(node, Scalar) or node.items:
            findings.append(_no_equations(node, key).finding)
        read = []
    return [equation for equations in read for equation in equations]


def _entry(key: Scalar, value: Node) -> list[Equation]:
    names = _names(_Piece(key, 0, key.text)) if "," in key.text else [name_of(key)]
    name = names[0]
    if not isinstance(value, Scalar):
        message = f"`{name.name}` is {described(value)}, an expression is expected"
        raise problem("SC204", value.span, message, "quote the expression")
    if value.is_empty:
        raise problem("SC201", name.span, f"`{name.name}` has no expression", "write one")
    if value.cut:
        raise _cut(value, value.cut)
    return _equation_of_each(names, value.text, value.locate)


def _names(left: "_Piece") -> list[Reference]:
    """Read the left side of an equation: one name, or some with commas between."""
    found, at = [], left.start
    count = left.text.count(",") + 1
    if count > PARTS_LIMIT:
        raise over("{} names for one equation", count, PARTS_LIMIT, left.span, "split it in steps")
    for piece in left.text.split(","):
        written = _Piece.of(left.block, at, at + len(piece))
        if not written.text:
            comma = left.block.locate(at - 1 if at > left.start else at + len(piece), 1)
            advice = "write `a, b`, or drop the comma"
            raise problem("SC204", comma, "there is no name beside this comma", advice)
        found.append(name_at(written.text, written.span))
        at += len(piece) + 1
    return found


def _equation_of_each(names: list[Reference], text: str, locate: Locate) -> list[Equation]:
    """Give each of several names its part of what makes several values, `split(X, 2)[0]`."""
    whole = _equation(names[0], text, locate)
    if len(names) == 1:
        return [whole]
    if not _makes_several(whole.expression):
        message = f"{len(names)} names, and `{short(whole.text)}` makes one value"
        raise problem("SC201", whole.expression_span, message, "write an equation for each name")
    return [
        whole._replace(
            name=name.name,
            span=name.span,
            written=_part(whole.expression, number, len(names)),
            text=f"{whole.text}[{number}]",
        )
        for number, name in enumerate(names)
    ]


def _makes_several(syntax: Syntax) -> bool:
    if not isinstance(syntax, Call):
        return False
    function = syntax.function
    name = function.text if isinstance(function, Name) else function.name
    return any(name in names for names in SPLITS.values())


def _part(syntax: Syntax, number: int, count: int) -> Syntax:
    """Take one of several values, all of which have a name."""
    place = Literal(syntax.span, str(number), Fraction(number))
    return Subscript(syntax.span, syntax, (place,), count)


def _equation(name: Reference, text: str, locate: Locate) -> Equation:
    written = Expression(text, locate)
    stripped = text.strip()
    span = locate(text.index(stripped), len(stripped))
    plain = " ".join(stripped.split())
    return Equation(name.name, written, text if plain == text else plain, name.span, span)


def _lines(text: str) -> Iterator[re.Match[str]]:
    """Walk over the lines that hold more than a note."""
    for line in re.finditer(_LINE, text):
        note = re.compile(_BEFORE_NOTE).match(text, line.start(), line.end())
        if note and note[0].strip():
            yield note


def _line(block: Scalar, line: re.Match[str]) -> list[Equation]:
    equals = re.compile(_EQUALS).search(block.text, line.start(), line.end())
    if equals is None:
        raise _no_equation(block, line)
    left = _Piece.of(block, line.start(), equals.start())
    if not left.text or re.search(_NO_LEFT_SIDE, re.sub(r",\s+", ",", left.text)):
        raise _no_equation(block, line)
    right = _Piece.of(block, equals.end(), line.end())
    return _equation_of_each(_names(left), right.text, right.locate)


class _Piece(NamedTuple):
    """A part of a block of text, and where in the block it begins."""

    block: Scalar
    start: int
    text: str

    @staticmethod
    def of(block: Scalar, start: int, end: int) -> "_Piece":
        """Return the part between two offsets, without the spaces around it."""
        text = block.text[start:end]
        return _Piece(block, start + len(text) - len(text.lstrip()), text.strip())

    def locate(self, offset: int, length: int) -> Span:
        """Map a piece of the part to its place in the file."""
        return self.block.locate(self.start + offset, length)

    @property
    def span(self) -> Span:
        """Return the place of the whole part."""
        return self.locate(0, len(self.text))


def _no_equation(block: Scalar, line: re.Match[str]) -> Problem:
    written = _Piece.of(block, line.start(), line.end())
    message = f"expected `name = expression`, found `{short(written.text)}`"
    advice = "write one equation on each line"
    if colon := re.match(r"([^\s:]+)\s*:\s+(.+)", written.text):
        advice = f"write `{colon[1]} = {colon[2]}`"
    return problem("SC201", written.span, message, advice)


def _too_many(span: Span, count: int, limit: int) -> Problem:
    message = f"{count:,} equations are over the limit of {limit:,}"
    return problem("SC901", span, message, "split the network over several specs")


def _no_equations(node: Node, key: str) -> Problem:
    if isinstance(node, Scalar) and node.text.strip():
        message, advice = f"the lines of `{key}` are folded into one", f"write `{key}: |`"
    else:
        what = described(node) if isinstance(node, List) and node.items else "empty"
        message = f"`{key}` is {what}, equations are expected"
        advice = f"write `{key}: {{Z: W @ X}}`, or `{key}: |` and a line for each"
    return problem("SC204", node.span, message, advice)


def _is_folded(node: Scalar) -> bool:
    """Say whether YAML made one line of several, so that equations run into each other."""
    text = node.text.strip()
    first = node.text.find(text)
    lines = {node.locate(first + offset, 1).line for offset in (0, max(len(text) - 1, 0))}
    return node.style != "|" and "\n" not in text and len(lines) > 1


def _cut(value: Scalar, comment: Comment) -> Problem:
    message = f"` {comment.text}` drops the rest of `{value.text} {comment.text}`"
    advice = f"write `# {comment.text[1:]}` if it is a note, or take out the `#`"
    return problem("SC107", comment.span, message, advice)
