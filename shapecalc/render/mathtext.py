"""A formula as the explanations write it → a small tree, that MathML and LaTeX are written from.

`∂Z2[i,j]/∂A1[p,q] = W2[i,p] δ[j,q]` is names with indices, a fraction, signs. Any text at all has
a tree, and no character is lost: `plain` gives the text back. What is not understood is `Words`.
"""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple


class Name(NamedTuple):
    """A name, in its parts: `dZ2` is `d`, `Z` and `2`; `softmax` and `keepdims` are one part."""

    lead: str
    stem: str
    number: str


class Number(NamedTuple):
    """A number as it is written."""

    text: str


class Sign(NamedTuple):
    """An operator, a relation, a comma, a bracket without its other half."""

    text: str


class Words(NamedTuple):
    """Words, spaces, and whatever is no formula."""

    text: str


class Group(NamedTuple):
    """What stands in brackets, round, square or angled."""

    opening: str
    inside: tuple["Node", ...]
    closing: str


class Call(NamedTuple):
    """A function of what stands in its brackets."""

    name: Name
    group: Group


class Indexed(NamedTuple):
    """An entry or a slice: `W2[i,p]`, `(Z1 > 0)[:,0]`."""

    base: "Node"
    indices: Group


class Raised(NamedTuple):
    """Something with a mark behind it: `.T`, `ᵀ`, `⁻¹`, and `*` for an adjoint."""

    base: "Node"
    mark: str


class Power(NamedTuple):
    """`c**2`, a number or a name raised, or what stands in brackets."""

    base: "Node"
    exponent: tuple["Node", ...]


class Partial(NamedTuple):
    """`∂` and what it is put before."""

    of: "Node"


class Sum(NamedTuple):
    """`Σij`: a sum over indices, of what follows it."""

    indices: str


class Fraction(NamedTuple):
    """`∂J/∂A1`, or all that stands before ` / ` in its product, over what stands behind it."""

    over: tuple["Node", ...]
    bar: str
    under: tuple["Node", ...]


Node = (
    Name
    | Number
    | Sign
    | Words
    | Group
    | Call
    | Indexed
    | Raised
    | Power
    | Partial
    | Sum
    | Fraction
)

RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"
_TOKEN = re.compile(
    rf"""(?P<space>\s+)
    |(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![^\W_]))
    |(?P<sum>Σ[a-z]*)
    |(?P<raised>\.m?T\b|ᵀ|[{RAISED}]+)
    |(?P<name>[^\W\d{RAISED}ᵀΣ][^\W{RAISED}ᵀΣ]*)
    |(?P<open>[(\[⟨])
    |(?P<close>[)\]⟩])
    |(?P<sign>[<>=!]=|\S)""",
    re.VERBOSE,
)
_PARTS = re.compile(r"([^\W\d_]+?)_?(\d+)\Z")
CLOSING = {"(": ")", "[": "]", "⟨": "⟩"}
_BREAKS = frozenset("+-=<>≠≤≥,→:…") | {"<=", ">=", "==", "!="}


class Token(NamedTuple):
    """A piece of the text, and its kind."""

    kind: str
    text: str


def tokens(text: str) -> tuple[Token, ...]:
    """Cut a text into tokens; joined, they are the text."""
    return tuple(Token(found.lastgroup or "sign", found[0]) for found in _TOKEN.finditer(text))


def formula(text: str, names: Collection[str] = ()) -> tuple[Node, ...]:
    """Read all of a text as a formula. `names` tell a gradient, `dmu`, from a word, `dim`."""
    return parsed(tokens(text), names)


def parsed(found: Sequence[Token], names: Collection[str] = ()) -> tuple[Node, ...]:
    """Read tokens as a formula; dims in a row, `km`, are names of their own."""
    apart = [
        Token(kind, letter)
        for kind, text in found
        for letter in (text if kind == "name" and is_dims(text, names) else [text])
    ]
    return _Parser(apart, names).all()


def is_dims(text: str, names: Collection[str]) -> bool:
    """Say whether a word is single letters in a row, of dims as in `km`, or of matrices: `AB`."""
    if not 1 < len(text) <= 4 or text in names:
        return False
    return all(letter in names for letter in text) or (
        len(text) == 2 and text.isalpha() and text.isupper()
    )


def plain(nodes: Sequence[Node]) -> str:
    """Return the text that a tree was read from."""
    return "".join(map(_plain, nodes))


def _plain(node: Node) -> str:
    match node:
        case Name(lead, stem, number):
            return lead + stem + number
        case Number(text) | Sign(text) | Words(text):
            return text
        case Group(opening, inside, closing):
            return opening + plain(inside) + closing
        case Call(name, group):
            return _plain(name) + _plain(group)
        case Indexed(base, indices):
            return _plain(base) + _plain(indices)
        case Raised(base, mark):
            return _plain(base) + mark
        case Power(base, exponent):
            return f"{_plain(base)}**{plain(exponent)}"
        case Partial(of):
            return f"∂{_plain(of)}"
        case Sum(indices):
            return f"Σ{indices}"
        case Fraction(over, bar, under):
            return plain(over) + bar + plain(under)


def name_of(text: str, names: Collection[str] = ()) -> Name:
    """Take a name apart: `dZ2` is a gradient where `Z2` is a value, or looks like one."""
    lead = ""
    if text[:1] == "d" and len(text) > 1 and (text[1:] in names or text[1].isupper()):
        lead, text = "d", text[1:]
    parts = _PARTS.match(text)
    if parts is None or "_" in text:
        return Name(lead, text, "")
    return Name(lead, parts[1], parts[2])


class _Parser:
    """Reads tokens from left to right; where brackets do not match, they are signs."""

    def __init__(self, found: Sequence[Token], names: Collection[str]) -> None:
        self.tokens, self.names, self.at = found, names, 0
        self.partner = _partners(found)

    def all(self) -> tuple[Node, ...]:
        return self.until(len(self.tokens))

    def until(self, end: int) -> tuple[Node, ...]:
        nodes: list[Node] = []
        while self.at < end:
            nodes.append(self.item(end))
        return _with_fractions(nodes)

    def item(self, end: int) -> Node:
        """Read one thing with what is written close behind it: indices, marks."""
        node = self.bare(end)
        if isinstance(node, Number) and self.is_power(end):
            return self.power(node, end)
        while self.at < end and isinstance(node, Name | Group | Call | Indexed | Raised | Partial):
            kind, text = self.tokens[self.at]
            if self.is_power(end):
                return self.power(node, end)
            if kind == "raised":
                node = Raised(node, text)
                self.at += 1
            elif text == "[" and self.at in self.partner:
                node = Indexed(node, self.group())
            elif text == "*" and self.is_adjoint(node):
                node = Raised(node, text)
                self.at += 1
            else:
                break
        return node

    def is_power(self, end: int) -> bool:
        """Say whether two stars come next, with an exponent close behind them."""
        coming = self.tokens[self.at : min(self.at + 4, end)]
        kinds = [each.kind for each in coming[2:] if each.text != "-"]
        is_started = bool(kinds) and kinds[0] in ("number", "name", "open")
        return is_started and [each.text for each in coming[:2]] == ["*", "*"]

    def power(self, base: Node, end: int) -> Node:
        """Read the exponent: one thing, with a minus before it or without."""
        self.at += 2
        minus = (Sign("-"),) if self.tokens[self.at].text == "-" else ()
        self.at += len(minus)
        return Power(base, (*minus, self.item(end)))

    def is_adjoint(self, node: Node) -> bool:
        """Say whether a star close behind something is no product: of `f`, `g` and `f∘g` alone."""
        if isinstance(node, Name):
            return node.stem in ("f", "g") and node.stem not in self.names
        return isinstance(node, Group) and Sign("∘") in node.inside

    def bare(self, end: int) -> Node:
        kind, text = self.tokens[self.at]
        if kind == "open" and self.at in self.partner:
            return self.group()
        self.at += 1
        if kind == "space":
            return Words(text)
        if kind == "number":
            return self.raised(Number(text), end)
        if kind == "sum":
            return Sum(text[1:])
        if kind == "name":
            return self.named(text, end)
        if text == "∂" and self.at < end and self.tokens[self.at].kind == "name":
            return Partial(self.item(end))
        return Sign(text)

    def raised(self, node: Node, end: int) -> Node:
        """Put the exponent of a number on it."""
        if self.at < end and self.tokens[self.at].kind == "raised":
            self.at += 1
            return Raised(node, self.tokens[self.at - 1].text)
        return node

    def named(self, text: str, end: int) -> Node:
        name = name_of(text, self.names)
        if self.at < end and self.tokens[self.at].text == "(" and self.at in self.partner:
            return Call(name, self.group())
        behind = self.tokens[self.at].text if self.at < end else ""
        is_word = len(text) > 2 and text.isalpha() and text.islower() and behind not in ("=", "[")
        if is_word and text not in self.names and not self.is_gradient(text):
            return Words(text)
        return name

    def is_gradient(self, text: str) -> bool:
        return text[0] == "d" and text[1:] in self.names

    def group(self) -> Group:
        start, close = self.at, self.partner[self.at]
        self.at += 1
        inside = self.until(close)
        self.at = close + 1
        return Group(self.tokens[start].text, inside, self.tokens[close].text)


def _partners(found: Sequence[Token]) -> dict[int, int]:
    """Find for each opening bracket the one that closes it, where there is one."""
    partners: dict[int, int] = {}
    waiting: list[int] = []
    for at, (kind, text) in enumerate(found):
        if kind == "open":
            waiting.append(at)
        elif kind == "close":
            while waiting and CLOSING[found[waiting[-1]].text] != text:
                waiting.pop()
            if waiting:
                partners[waiting.pop()] = at
    return partners


def _with_fractions(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Make fractions of what stands on both sides of a slash."""
    made: list[Node] = []
    at = 0
    while at < len(nodes):
        node = nodes[at]
        if node != Sign("/") or not made:
            made.append(node)
            at += 1
            continue
        is_spaced = _is_space(made[-1])
        space = [made.pop()] if is_spaced else []
        behind = at + 1 + (at + 1 < len(nodes) and _is_space(nodes[at + 1]))
        start = _start_of_product(made, is_spaced=is_spaced)
        if behind >= len(nodes) or start == len(made) or isinstance(nodes[behind], Sign | Sum):
            made += [*space, node]
            at += 1
            continue
        bar = plain([*space, *nodes[at:behind]])
        made[start:] = [Fraction(tuple(made[start:]), bar, (nodes[behind],))]
        at = behind + 1
    return tuple(made)


def _is_space(node: Node) -> bool:
    return isinstance(node, Words) and not node.text.strip()


def _start_of_product(made: Sequence[Node], *, is_spaced: bool) -> int:
    """Find where the product begins that ends here; close to a slash, it is one thing."""
    start = len(made)
    while start and not _ends_product(made[start - 1]):
        start -= 1
        if not is_spaced:
            break
    while start < len(made) and _is_space(made[start]):
        start += 1
    return start


def _ends_product(node: Node) -> bool:
    match node:
        case Sign(text):
            return text in _BREAKS
        case Words(text):
            return bool(text.strip())
        case Sum():
            return True
        case _:
            return False
