"""A derivative for other programs: Python for NumPy, PyTorch and JAX, and LaTeX."""

from collections.abc import Mapping

from shapecalc.calculus.derivation import Derivation
from shapecalc.matrix.latex import latex_text
from shapecalc.matrix.printing import text
from shapecalc.records import Elsewhere
from shapecalc.report.code import Sources, Wanted, codes
from shapecalc.tree import Tree, leaf, leaves

TOLD = {
    "numerator": "d{output}/d{by} of {whole}, numerator layout.",
    "denominator": "d{output}/d{by} of {whole}, denominator layout.",
    "structured": "d{output}/d{by} of {whole}, by the entries that {by} really has.",
    "differential": "d{output} of {whole}, for a small change d{by} of {by}.",
}


def elsewhere(derivation: Derivation, formulas: Mapping[str, Tree]) -> Elsewhere:
    """Write the formulas of a derivative, by what they are, as code; the expression in LaTeX."""
    output = derivation.output
    by = leaf(derivation.name, derivation.dims(derivation.wrt.shape))
    whole = derivation.shown(derivation.written)
    names = {
        "output": output.name,
        "by": by.name,
        "whole": f"{output.name} = {text(whole)}".replace('"', "'"),
    }
    wanted = tuple(
        Wanted(name, tree, TOLD[name].format(**names)) for name, tree in formulas.items()
    )
    values = tuple(leaves(whole))
    return Elsewhere(*codes(Sources(wanted, values, by, output, whole)), latex_text(whole))
