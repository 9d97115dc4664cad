"""Long factors of an index form get a letter, so that its lines can be read.

`sqrt(var(X, axis=2, keepdims=True) + eps)[i,j,0]` becomes `s[i,j,0]`, and it is said what s is.
"""

from collections.abc import Iterable, Mapping

from shapecalc.matrix.entries import OUTPUT, SUMMED, VARIABLE
from shapecalc.matrix.printing import text
from shapecalc.records.explained import Block, Grid, Level, Lines, Matrix, Moves, Prose
from shapecalc.teach.instance import NoNumbers
from shapecalc.teach.study import Study
from shapecalc.tree import Leaf, Tree

LONG = 24
"""How many letters a factor has at least that gets a letter of its own."""
LETTERS = "zwyxuc"
IN_INDEX_FORM = (2, 3, 4)

Changes = list[tuple[str, str]]
"""What is written long, and its letter; the longest first."""


def long_factors(study: Study) -> dict[str, Tree]:
    """Return the long factors of the step, by the letters that stand for them."""
    terms = (*study.writer.jacobian.terms, *study.writer.derivation.terms)
    trees = dict.fromkeys(study.writer.spell(f.tree) for term in terms for f in term.factors)
    found = [tree for tree in trees if not isinstance(tree, Leaf) and len(text(tree)) >= LONG]
    taken = {*study.sweep.graph.values, *(dim for dim, _ in study.report.dims), study.small}
    taken |= {each.name.name for each in study.sweep.gradients.values()}
    taken |= {*OUTPUT, *VARIABLE, *SUMMED} - {"c"}
    free = [each for each in LETTERS if taken.isdisjoint((each, each.upper()))]
    return dict(zip(free, found, strict=False)) if len(found) <= len(free) else {}


def shortened(levels: Iterable[Level], named: Mapping[str, Tree]) -> tuple[Level, ...]:
    """Put the letters into the levels that show the index form."""
    longest = sorted(named.items(), key=lambda pair: -len(text(pair[1])))
    changes = [(text(tree), letter) for letter, tree in longest]
    return tuple(
        _changed(level, changes) if level.number in IN_INDEX_FORM else level for level in levels
    )


def _changed(level: Level, changes: Changes) -> Level:
    blocks = tuple(_block(block, changes) for block in level.blocks)
    return level._replace(remark=_put(level.remark, changes), blocks=blocks)


def _block(block: Block, changes: Changes) -> Block:
    match block:
        case Prose(text):
            return Prose(_put(text, changes))
        case Lines(left, lines):
            return Lines(left, tuple((_put(line, changes), why) for line, why in lines))
        case Moves():
            moves = (m._replace(slope_text=_put(m.slope_text, changes)) for m in block.moves)
            return block._replace(moves=tuple(moves))
        case Grid():
            return block._replace(legend=tuple(_put(line, changes) for line in block.legend))
        case _:
            return block


def _put(line: str, changes: Changes) -> str:
    for long, letter in changes:
        line = line.replace(f"({long})[", f"{letter}[").replace(f"{long}[", f"{letter}[")
    return line


def numbers_of(study: Study, named: Mapping[str, Tree]) -> tuple[Matrix, ...]:
    """Return the numbers of what has a letter."""
    try:
        return tuple(study.here.matrix(letter, tree) for letter, tree in named.items())
    except NoNumbers:
        return ()


def told(named: Mapping[str, Tree]) -> str:
    """Say what the letters stand for."""
    return "".join(f" Written shorter, {letter} is {text(tree)}." for letter, tree in named.items())
