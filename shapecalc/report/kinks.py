"""What a derivative is taken to be at points where there is none."""

from shapecalc.matrix.printing import attribute_text, text
from shapecalc.ops.registry import OPS
from shapecalc.tree import Call, Leaf, Number, Tree


def kink(tree: Tree) -> str:
    """Say what the derivative is taken to be where it does not exist, if that is short."""
    if isinstance(tree, Call) and any(
        not isinstance(each, Leaf) and " " in text(each) for each in tree.operands
    ):
        return ""
    return kink_of(tree)


def kink_of(tree: Tree) -> str:
    """Say what the derivative is taken to be where it does not exist."""
    if not isinstance(tree, Call):
        return ""
    said = OPS[tree.op].at_kink
    if callable(said):
        said = said(tuple(each.shape for each in tree.operands), dict(tree.attributes))
    if said is None:
        return ""
    operands = sorted(tree.operands, key=lambda operand: isinstance(operand, Number))
    names = dict(zip(OPS[tree.op].operands, map(text, operands), strict=True))
    names |= {name: attribute_text(value) for name, value in tree.attributes}
    return said.format(**names)
