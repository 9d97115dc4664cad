"""The tree of a formula → MathML, which browsers show without help.

Brackets around what stands over or under a bar are left out, as the bar says as much; `.T` is a
raised T, `sqrt` a root, `**` a power, and a minus is one. All other characters of the formula are
in the text of the element, in their order.
"""

from collections.abc import Sequence
from html import escape

from shapecalc.render.mathtext import (
    RAISED,
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
    plain,
)

_LOWER = str.maketrans(RAISED, "0123456789+-")
_AROUND = {"@": "0.28em", "*": "0.28em", "**": "0.2em", "⊙": "0.22em", "⊗": "0.22em", "·": "0.2em"}
_AROUND |= {"→": "0.35em", "∘": "0.15em", ":": "0", "/": "0.1em", "≠": "0.28em"}
_MARKS = {".T": "T", "ᵀ": "T", ".mT": "mT"}
_STRUT = '<mspace width="0" height="0.7em" depth="0.12em"/>'  # a root of `e` as high as of `d`
_THIN = '<mspace width="0.18em"/>'


def math(nodes: Sequence[Node], *, is_display: bool = False, is_later: bool = False) -> str:
    """Write a formula; on a line of its own, divisions are fractions.

    Of one that is broken over lines, the later parts begin with a sign between two things.
    """
    style = ' displaystyle="true"' if is_display else ""
    alt = escape(plain(nodes).strip())
    lead = ""
    if is_later and isinstance(nodes[0], Sign):
        lead = f'<mo form="infix" lspace="0">{escape(nodes[0].text).replace("-", "−")}</mo>'
        nodes = nodes[1:]
    return f'<math{style} alttext="{alt}">{lead}{_row(nodes, is_display=is_display)}</math>'


def _row(nodes: Sequence[Node], *, is_display: bool) -> str:
    return "".join(_parts(nodes, is_display=is_display))


def _mrow(nodes: Sequence[Node], *, is_display: bool) -> str:
    parts = _parts(nodes, is_display=is_display)
    return parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"


def _parts(nodes: Sequence[Node], *, is_display: bool) -> list[str]:
    """Write the nodes of a row; a space is one between factors alone, as signs bring their own."""
    found: list[str] = []
    nodes = _paired(nodes)
    for at, node in enumerate(nodes):
        before = nodes[at - 1] if at else None
        behind = nodes[at + 1] if at + 1 < len(nodes) else None
        if isinstance(node, Words) and not node.text.strip():
            is_lone = behind == Sign(",") and before is None  # of `⟨ , ⟩`
            if is_lone or (_is_factor(before) and _is_factor(behind)):
                found.append(_THIN)
            continue
        if isinstance(node, Sign):
            found.append(_sign(node.text, is_first=_is_first(nodes[:at])))
            continue
        found.append(_node(node, is_display=is_display))
    return found


def _paired(nodes: Sequence[Node]) -> Sequence[Node]:
    """Make one sign of two stars in a row, as the spec has them in `D ** 2`."""
    found: list[Node] = []
    for node in nodes:
        if found and node == found[-1] == Sign("*"):
            found[-1] = Sign("**")
        else:
            found.append(node)
    return found


def _is_factor(node: Node | None) -> bool:
    return node is not None and not isinstance(node, Sign | Words | Sum)


def _is_first(before: Sequence[Node]) -> bool:
    """Say whether a sign has nothing on its left, so that a minus is that of one number."""
    last = next((each for each in reversed(before) if not _is_space(each)), None)
    return last is None or isinstance(last, Sign | Sum)


def _is_space(node: Node) -> bool:
    return isinstance(node, Words) and not node.text.strip()


def _sign(text: str, *, is_first: bool) -> str:
    shown = escape(text).replace("-", "−")
    if is_first and text in "+-":
        return f'<mo form="prefix" lspace="0" rspace="0">{shown}</mo>'
    if text in _AROUND:
        return f'<mo lspace="{_AROUND[text]}" rspace="{_AROUND[text]}">{shown}</mo>'
    return f"<mo>{shown}</mo>"


def _node(node: Node, *, is_display: bool) -> str:
    match node:
        case Name():
            return _name(node)
        case Number() | Sign() | Words():
            return _token(node)
        case Group():
            return _group(node, is_display=is_display)
        case Call():
            return _call(node, is_display=is_display)
        case Indexed(base, indices):
            inner = _node(base, is_display=is_display)
            return f"<mrow>{inner}{_group(indices, is_display=is_display)}</mrow>"
        case Raised(base, mark):
            return _raised(base, mark, is_display=is_display)
        case Power(base, exponent):
            above = _mrow(exponent, is_display=is_display)
            return f"<msup>{_node(base, is_display=is_display)}{above}</msup>"
        case Partial(of):
            inner = _node(of, is_display=is_display)
            return f'<mrow><mo form="prefix" lspace="0" rspace="0.06em">∂</mo>{inner}</mrow>'
        case Sum(indices):
            letters = "".join(f"<mi>{letter}</mi>" for letter in indices)
            return f"<munder><mo>∑</mo><mrow>{letters}</mrow></munder>"
        case Fraction():
            return _fraction(node, is_display=is_display)


def _call(call: Call, *, is_display: bool) -> str:
    if call.name == Name("", "sqrt", "") and call.group.opening == "(":
        return f"<msqrt>{_row(call.group.inside, is_display=False)}{_STRUT}</msqrt>"
    return f"<mrow>{_name(call.name)}{_group(call.group, is_display=is_display)}</mrow>"


def _token(node: Number | Sign | Words) -> str:
    match node:
        case Number(text):
            return f"<mn>{escape(text)}</mn>"
        case Sign(text):
            return _sign(text, is_first=False)
        case Words(text):
            return f"<mtext>{escape(text).replace(' ', '&#160;')}</mtext>"


def _name(name: Name, raised: str = "") -> str:
    """Write a name: its number is an index below, and what is raised stands above that."""
    stem = f"<mi>{escape(name.stem)}</mi>"
    number = f"<mn>{name.number}</mn>" if name.number else ""
    tag = "m" + "sub" * bool(number) + "sup" * bool(raised)
    if tag != "m":
        stem = f"<{tag}>{stem}{number}{raised}</{tag}>"
    if not name.lead:
        return stem
    return f'<mrow><mi mathvariant="normal">{name.lead}</mi>{stem}</mrow>'


def _raised(base: Node, mark: str, *, is_display: bool) -> str:
    if mark in _MARKS:
        above = f'<mi mathvariant="normal">{_MARKS[mark]}</mi>'
    elif mark == "*":
        above = "<mo>*</mo>"
    else:
        above = f"<mn>{mark.translate(_LOWER)}</mn>"
    if isinstance(base, Name):
        return _name(base, above)
    return f"<msup>{_node(base, is_display=is_display)}{above}</msup>"


def _group(group: Group, *, is_display: bool) -> str:
    """Write brackets, as high as fractions within them, and else no higher than letters."""
    stretchy = "true" if is_display and _has_fraction(group.inside) else "false"
    opening, closing = (
        f'<mo stretchy="{stretchy}">{sign}</mo>' for sign in (group.opening, group.closing)
    )
    inside = _mrow(group.inside, is_display=is_display) if group.inside else ""
    return f"<mrow>{opening}{inside}{closing}</mrow>"


def _has_fraction(nodes: Sequence[Node]) -> bool:
    return any(
        isinstance(node, Fraction)
        or (isinstance(node, Group) and _has_fraction(node.inside))
        or (isinstance(node, Call) and _has_fraction(node.group.inside))
        for node in nodes
    )


def _fraction(node: Fraction, *, is_display: bool) -> str:
    """Write a bar between; within a sentence a slash, but for derivatives."""
    is_derivative = all(
        isinstance(part[0], Partial) and len(part) == 1 for part in (node.over, node.under)
    )
    if not is_display and not is_derivative:
        over, under = (_row(part, is_display=False) for part in (node.over, node.under))
        return f"<mrow>{over}{_sign('/', is_first=False)}{under}</mrow>"
    over, under = (_mrow(_bare(part), is_display=is_display) for part in (node.over, node.under))
    return f"<mfrac>{over}{under}</mfrac>"


def _bare(nodes: Sequence[Node]) -> Sequence[Node]:
    """Take off the brackets that a bar stands for."""
    first = nodes[0]
    if len(nodes) == 1 and isinstance(first, Group) and first.opening == "(":
        return first.inside
    return nodes
