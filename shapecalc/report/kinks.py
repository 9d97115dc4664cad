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
    if not isinstance(tree, Call) or OPS[tree.op].at_kink is None:
        return ""
    operands = sorted(tree.operands, key=lambda operand: isinstance(operand, Number))
    names = dict(zip(OPS[tree.op].operands, map(text, operands), strict=True))
    names |= {name: attribute_text(value) for name, value in tree.attributes}
    return (OPS[tree.op].at_kink or "").format(**names)
