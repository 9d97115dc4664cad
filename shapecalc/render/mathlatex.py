"""The tree of a formula → LaTeX's math mode: names and functions as `matrix.latex` spells them."""

from collections.abc import Collection, Iterator, Sequence
from typing import assert_never

from shapecalc.matrix.latex import latex_function, latex_name
from shapecalc.render.mathtext import (
    Call,
    Fraction,
    Group,
    Indexed,
    Name,
    Node,
    Number,
    Partial,
    Power,
    Raised,
    Sign,
    Sum,
    Words,
    formula,
)

THIN = r"\,"
ROOM = 48  # brackets around more than this, in letters, hold their sum on several lines
_SIGNS = {
    "@": THIN,
    "·": r"\cdot",
    "×": r"\times",
    "⊗": r"\otimes",
    "⊙": r"\odot",
    "∘": r"\circ",
    "≠": r"\ne",
    "≤": r"\leq",
    "≥": r"\geq",
    "→": r"\to",
    "…": r"\dots",
    "−": "-",
    "==": "=",
    "!=": r"\ne",
    "<=": r"\leq",
    ">=": r"\geq",
    "∂": r"\partial",
    "⟨": r"\langle",
    "⟩": r"\rangle",
    ":": "{:}",
    "\\": r"\backslash",
    "~": r"\sim",
    "^": r"\hat{}",
    "'": "'",
    "`": "",
    **{sign: f"\\{sign}" for sign in "_%&#${}"},
}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_KEEPS_SCALARS = frozenset({"sqrt", "exp", "log"})
_FENCES = {"norm": (r"\Vert", r"\Vert"), "abs": (r"\vert", r"\vert")}


class MathWriter:
    """Writes formulas. `names` are those of values and dims, `scalars` those without an axis.

    `within` writes them as parts of sentences: there a slash stands for the bar of a fraction.
    """

    def __init__(
        self, names: Collection[str], scalars: Collection[str], *, is_display: bool = True
    ) -> None:
        self.names = names
        self.scalars = scalars
        self.is_display = is_display

    @property
    def within(self) -> "MathWriter":
        """Return the writer for what stands in a sentence."""
        return MathWriter(self.names, self.scalars, is_display=False)

    def text(self, text: str) -> str:
        """Write a formula that is given as the explanations write it."""
        return self.nodes(formula(text, self.names))

    def nodes(self, nodes: Sequence[Node]) -> str:
        """Write a formula."""
        written = " ".join(part for part in self._parts(nodes) if part)
        return written.replace(" ,", ",").replace("{=} ", "{=}")

    def _parts(self, nodes: Sequence[Node]) -> list[str]:
        made: list[str] = []
        at = 0
        while at < len(nodes):
            node = nodes[at]
            match node:
                case Sign(text="*"):
                    made.append(self._times(nodes, at))
                case Words(text=text) if not text.strip():
                    made.append(THIN if _are_factors(nodes, at) else "")
                case _:
                    made.append(self._node(node))
            at += 1
        return made

    def _node(self, node: Node) -> str:
        match node:
            case Name():
                return self._name(_whole(node))
            case Number() | Sign() | Words():
                return _token(node)
            case Group():
                return self._group(node)
            case Call():
                return self._call(node)
            case Indexed(Name(stem="δ"), indices):
                return f"\\delta_{{{self.nodes(indices.inside)}}}"
            case Indexed(base, indices):
                return f"{self._node(base)}[{self.nodes(indices.inside)}]"
            case Raised(base=base, mark=mark):
                return f"{self._base(base)}^{_mark(mark)}"
            case Power(base=base, exponent=exponent):
                return f"{self._base(base)}^{{{self._bare(exponent)}}}"
            case Partial(of=of):
                return f"\\partial {self._node(of)}"
            case Sum(indices=indices):
                return f"\\sum_{{{', '.join(indices)}}}" if indices else r"\sum"
            case Fraction():
                return self._fraction(node)
        assert_never(node)

    def _fraction(self, node: Fraction) -> str:
        is_derivative = all(isinstance(part[0], Partial) for part in (node.over, node.under))
        if self.is_display or is_derivative:
            return f"\\frac{{{self._bare(node.over)}}}{{{self._bare(node.under)}}}"
        return f"{self.nodes(node.over)} / {self.nodes(node.under)}"

    def _group(self, node: Group) -> str:
        inside = self.nodes(node.inside)
        if self.is_display and tree_width(node.inside) > ROOM:
            rows = [f"& {self.nodes(part)}" for part in broken(node.inside, ROOM / 2)]
            stack = " \\\\ ".join(rows)
            inside = f"\\begin{{aligned}} {stack} \\end{{aligned}}" if len(rows) > 1 else inside
            return _fenced(node.opening, inside, node.closing)
        if node.opening == "⟨" and inside == ",":
            return r"\langle \cdot, \cdot \rangle"
        return _fenced(node.opening, inside, node.closing)

    def _base(self, node: Node) -> str:
        """Write what has something raised behind it; a letter's index stays below that."""
        written = self._node(node)
        is_plain = isinstance(node, Name | Number | Group) and "'" not in written
        return written if is_plain else f"{{{written}}}"

    def _name(self, text: str) -> str:
        """Write a name; letters that are no name, `km` and `AB`, are a product."""
        if text in ("True", "False"):
            return _upright(text)
        is_product = 1 < len(text) <= 4 and text not in self.names and text.isalpha()
        if is_product and (text.isupper() or all(each in self.names for each in text)):
            return text
        return latex_name(text)

    def _call(self, node: Call) -> str:
        name = _whole(node.name)
        inside = self._arguments(node.group.inside)
        if name == "sqrt":
            return f"\\sqrt{{{inside}}}"
        if name in _FENCES and "," not in inside:
            return f"\\left{_FENCES[name][0]} {inside} \\right{_FENCES[name][1]}"
        is_own = name in self.names or len(name) == 1
        return (self._name(name) if is_own else latex_function(name)) + _fenced("(", inside, ")")

    def _arguments(self, nodes: Sequence[Node]) -> str:
        """Write arguments; `axis=1` is held together."""
        parts: list[str] = []
        start = 0
        for at, node in enumerate(nodes):
            if isinstance(node, Name | Words) and _is_next(nodes, at, "="):
                name = node.text if isinstance(node, Words) else _whole(node)
                is_negative = _is_next(nodes, at + 1, "-")
                lead = f"{_upright(name)}{{=}}{'{-}' * is_negative}"
                parts += [self.nodes(nodes[start:at]), lead]
                start = at + 2 + is_negative
        return " ".join(filter(None, [*parts, self.nodes(nodes[start:])]))

    def _bare(self, nodes: Sequence[Node]) -> str:
        """Write what a bar or a raised place holds together: brackets around it are no news."""
        ink = [node for node in nodes if not _is_space(node)]
        match ink:
            case [Group(opening="(", inside=inside)]:
                return self.nodes(inside)
            case _:
                return self.nodes(nodes)

    def _times(self, nodes: Sequence[Node], at: int) -> str:
        """Write `*` as a product of numbers, or entry by entry."""
        before = next((node for node in reversed(nodes[:at]) if not _is_space(node)), None)
        behind = next((node for node in nodes[at + 1 :] if not _is_space(node)), None)
        if before is None or behind is None:
            return r"\ast"
        is_of_one = self._is_scalar(before) or self._is_scalar(behind)
        return r"\cdot" if is_of_one else r"\odot"

    def _is_scalar(self, node: Node) -> bool:
        match node:
            case Number():
                return True
            case Name():
                return _whole(node) in self.scalars
            case Raised(base=base) | Power(base=base):
                return self._is_scalar(base)
            case Group(inside=inside):
                return all(map(self._is_scalar, _operands(inside)))
            case Fraction(over=over, under=under):
                return all(map(self._is_scalar, _operands((*over, *under))))
            case Call(name=name, group=group):
                return _whole(name) in _KEEPS_SCALARS and self._is_scalar(group)
            case Indexed():
                return True
            case _:
                return False


def _token(node: Number | Sign | Words) -> str:
    match node:
        case Number(text=text):
            return text
        case Sign(text=text):
            return _SIGNS.get(text, text)
        case Words(text=text):
            return _upright(text.strip()) if text.strip() else ""


def _operands(nodes: Sequence[Node]) -> Iterator[Node]:
    return (node for node in nodes if not isinstance(node, Sign) and not _is_space(node))


def _are_factors(nodes: Sequence[Node], at: int) -> bool:
    """Say whether a space stands between two factors."""
    around = nodes[max(at - 1, 0) : at + 2]
    signs = [node for node in around if isinstance(node, Sign | Sum)]
    return len(around) == 3 and not signs


def _is_next(nodes: Sequence[Node], at: int, sign: str) -> bool:
    return at + 1 < len(nodes) and nodes[at + 1] == Sign(sign)


def _is_space(node: Node) -> bool:
    return isinstance(node, Words) and not node.text.strip()


def _whole(name: Name) -> str:
    return name.lead + name.stem + name.number


def _mark(mark: str) -> str:
    if mark in (".T", ".mT", "ᵀ"):
        return r"\top"
    return r"\ast" if mark == "*" else f"{{{mark.translate(_RAISED)}}}"


def _fenced(opening: str, inside: str, closing: str) -> str:
    """Put brackets around, which grow where a quotient is inside."""
    start, end = _SIGNS.get(opening, opening), _SIGNS.get(closing, closing)
    if any(each in inside for each in (r"\frac", r"\sum", r"\begin")):
        return f"\\left{start} {inside} \\right{end}"
    gap = " " if start.startswith("\\") else ""
    return f"{start}{gap}{inside}{gap}{end}"


def _upright(text: str) -> str:
    escaped = "".join(_SIGNS.get(each, each) if each in "_%&#${}" else each for each in text)
    return f"\\mathrm{{{escaped}}}"


def tree_width(nodes: Sequence[Node]) -> float:
    """Estimate how wide a formula is, in letters."""
    return sum(map(_width, nodes))


def _width(node: Node) -> float:
    match node:
        case Name(lead, stem, number):
            return len(lead) + len(stem) + 0.7 * len(number)
        case Number(text) | Words(text):
            return 0.9 * len(text) if text.strip() else 0.4
        case Sign(text):
            return 0.5 if text in ",:@" else 2.5
        case Group(inside=inside) | Call(group=Group(inside=inside)):
            own = len(_whole(node.name)) if isinstance(node, Call) else 0
            return own + 1.6 + tree_width(inside)
        case Indexed(base, indices):
            return _width(base) + 1.2 + tree_width(indices.inside)
        case Raised(base, mark):
            return _width(base) + 0.8 * len(mark.strip("."))
        case Power(base, exponent):
            return _width(base) + 0.7 * tree_width(exponent)
        case Partial(of):
            return 1.2 + _width(of)
        case Sum(indices):
            return 2 + 0.5 * len(indices)
        case Fraction(over, _, under):
            return 1 + max(tree_width(over), tree_width(under))
    assert_never(node)


def broken(nodes: Sequence[Node], room: float, signs: str = "+-") -> list[Sequence[Node]]:
    """Break a sum before its signs, where it has no room on a line."""
    lines: list[Sequence[Node]] = []
    start = last = 0
    for at, node in enumerate(nodes):
        if isinstance(node, Sign) and node.text in signs and at > start:
            if tree_width(nodes[start:at]) > room and last > start:
                lines.append(nodes[start:last])
                start = last
            last = at
    if tree_width(nodes[start:]) > room and last > start:
        lines.append(nodes[start:last])
        start = last
    return [*lines, nodes[start:]]
