"""Formulas as text of an SVG picture, and the picture around it. Knows nothing of what is drawn."""

from collections.abc import Collection, Iterator, Sequence
from html import escape

from shapecalc.render.glyphs import visible
from shapecalc.render.mathtext import (
    RAISED,
    Call,
    Fraction,
    Group,
    Indexed,
    Name,
    Node,
    Partial,
    Raised,
    formula,
    plain,
)

_LINE = 17.0  # pixels of a letter's height, in the text around and in the picture
LETTER = 9.0  # pixels that a letter takes, about
_LOWER = str.maketrans(RAISED, "0123456789+−")
_BELOW, _ABOVE = 4, -6
Span = tuple[str, str, int]  # a text, its class, and how far below the line it stands


def picture(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    """Put shapes into a picture, which grows with the letters around it.

    On a phone it shrinks a little before it is scrolled.
    """
    em = width / _LINE
    return (
        f'<svg role="img" viewBox="0 0 {width:g} {height:g}" '
        f'style="width:{em:.4g}em;min-width:{em * 0.8:.4g}em">'
        f"<title>{escape(visible(title))}</title>{''.join(parts)}</svg>"
    )


def label(
    x: float, y: float, text: str, names: Collection[str], *, css: str = "", anchor: str = "middle"
) -> str:
    """Write a formula, with the numbers of names below the line and transposes above it."""
    spans, level = [], 0
    for part, kind, height in _spans(formula(visible(text), names)):
        shift = f' dy="{height - level}"' if height != level else ""
        style = f' class="{kind}"' if kind else ""
        spans.append(f"<tspan{style}{shift}>{escape(part)}</tspan>")
        level = height
    kind = f' class="{css}"' if css else ""
    return f'<text{kind} x="{x:g}" y="{y:g}" text-anchor="{anchor}">{"".join(spans)}</text>'


def words(x: float, y: float, text: str, *, css: str = "", anchor: str = "middle") -> str:
    """Write words."""
    kind = f"words {css}".strip()
    shown = escape(visible(text))
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{shown}</text>'


def tip(x: float, y: float, way: int, css: str) -> str:
    """Draw the head of an arrow that ends here and comes from the left, or with -1 the right."""
    return f'<path class="{css}" d="M{x:g} {y:g}l{-10 * way} -5v10z"/>'


def _spans(nodes: Sequence[Node]) -> Iterator[Span]:
    for node in nodes:
        yield from _node(node)


def _node(node: Node) -> Iterator[Span]:
    match node:
        case Name(lead, stem, number):
            if lead:
                yield lead, "", 0
            yield stem, "i" if len(stem) == 1 else "", 0
            if number:
                yield number, "s", _BELOW
        case Raised(base, mark):
            yield from _node(base)
            yield mark.replace(".", "").replace("ᵀ", "T").translate(_LOWER), "s", _ABOVE
        case Group(opening, inside, closing):
            yield opening, "", 0
            yield from _spans(inside)
            yield closing, "", 0
        case Call(name, group):
            yield from _node(name)
            yield from _node(group)
        case Indexed(base, indices):
            yield from _node(base)
            yield from _node(indices)
        case Partial(of):
            yield "∂", "", 0
            yield from _node(of)
        case Fraction(over, bar, under):
            yield from _spans(over)
            yield bar, "", 0
            yield from _spans(under)
        case _:
            yield plain([node]).replace("-", "−"), "", 0
