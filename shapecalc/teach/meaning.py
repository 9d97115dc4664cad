"""What the op of an equation does, in the names of the equation: its definition, or its manual."""

import re
from inspect import getdoc

from shapecalc.matrix.printing import attribute_text, is_infix, text
from shapecalc.ops.build import names_in_definition
from shapecalc.ops.registry import OPS, REQUIRED
from shapecalc.tree import Attribute, Call, Leaf, Number, Tree

PLAIN = frozenset({"exp", "log", "sum", "mean", "sqrt", "abs", "max", "min", "transpose"})
"""What a reader knows anyway; so is all that is written with a sign."""
_WORD = re.compile(r"[A-Za-z_]\w*(?!\w*=[^=])")


def meaning(tree: Tree, written: str) -> str:
    """Say what the outermost op of an equation does, where that is no plain arithmetic."""
    if not isinstance(tree, Call) or is_infix(tree) or tree.op in PLAIN:
        return ""
    op = OPS[tree.op]
    if isinstance(op.definition, str):
        return f"{written} is {_defined(tree, op.definition)}."
    told = (getdoc(op.body) or "").split("\n")[0]
    return (
        f"What {op.name} does: {told[0].lower()}{told[1:]}"
        if told and op.definition is None
        else ""
    )


def _defined(tree: Call, definition: str) -> str:
    """Put operands, attributes and sizes of a call into the definition of its op."""
    op = OPS[tree.op]
    given = {name: value for name, value in op.attributes.items() if value is not REQUIRED}
    attributes = {**given, **dict(tree.attributes)}
    reduction = attributes.get("reduction")
    known = names_in_definition(op, tree.operands, tuple(attributes.items()))
    words = {name: _said(each) for name, each in known.items()}
    reduce = reduction if isinstance(reduction, str) and reduction != "none" else ""
    line = definition.replace("{reduction}", reduce)

    def put(found: re.Match[str]) -> str:
        word = words.get(found[0], found[0])
        is_apart = line[: found.start()].endswith("(") and line.startswith(")", found.end())
        return word[1:-1] if is_apart and word.startswith("(") and " " in word else word

    return _WORD.sub(put, line)


def _said(value: Tree | Attribute) -> str:
    if isinstance(value, Leaf | Number | Call):
        return _spelled(value)
    return attribute_text(value)


def _spelled(tree: Tree) -> str:
    printed = text(tree)
    return printed if isinstance(tree, Leaf | Number) or " " not in printed else f"({printed})"
