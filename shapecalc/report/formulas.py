"""A formula tree → its record, in every spelling."""

from shapecalc.matrix.latex import latex_text
from shapecalc.matrix.printing import numpy_text, text
from shapecalc.matrix.spelling import unicode_text
from shapecalc.ops.registry import OPS
from shapecalc.records import Formula, Late, Spellings
from shapecalc.tree import Tree

NUMPY_NAMES = {name: op.numpy for name, op in OPS.items() if op.numpy is not None}


def formula_record(tree: Tree) -> Formula:
    """Spell a formula in the spec's language, NumPy, Unicode and LaTeX."""

    def spelt() -> Spellings:
        return Spellings(numpy_text(tree, NUMPY_NAMES), unicode_text(tree), latex_text(tree))

    return Formula(text(tree), Late(spelt))
