"""Formula trees in the spec's own language, as NumPy, in Unicode and in LaTeX.

The spec's language can be pasted back: `parse(text(tree))` gives the tree again.
"""

from collections.abc import Mapping
from fractions import Fraction

from shapecalc.dims import Dim
from shapecalc.tree import Attribute, Call, Leaf, Number, Tree, call, number

INFIX = {
    "add": ("+", 2),
    "sub": ("-", 2),
    "mul": ("*", 3),
    "div": ("/", 3),
    "matmul": ("@", 3),
    "gt": (">", 1),
    "ge": (">=", 1),
    "lt": ("<", 1),
    "le": ("<=", 1),
    "eq": ("==", 1),
    "ne": ("!=", 1),
}
"""Operator and how tightly it binds; unary minus binds by 4, ** by 5, .T and names by 6."""

NEGATIVE, POWER, ATOM = 4, 5, 6
LISTED = frozenset({"concatenate", "stack"})
"""Ops that take their operands as one list."""
BY_PLACE = frozenset({"pad", "eye", "tile"})
"""Ops whose attributes are given by place, without their names."""
UNSAID: tuple[tuple[str, Attribute], ...] = (("keepdims", False), ("axis", None), ("k", 0))
"""Attributes that go without saying."""
MASKS = frozenset({"gt", "ge", "lt", "le", "eq", "ne"})


def text(tree: Tree) -> str:
    """Print in the spec's own language."""
    return _Printer({}, "").printed(tree)[0]


def numpy_text(tree: Tree, names: Mapping[str, str]) -> str:
    """Print as Python that runs with NumPy; `names` are the ops' NumPy names."""
    return _Printer(names, "np.").printed(_with_numbers(tree, ""))[0]


def _with_numbers(tree: Tree, around: str) -> Tree:
    """Make numbers of a mask where NumPy's True and False would not do: all but factors."""
    if not isinstance(tree, Call):
        return tree
    operands = tuple(_with_numbers(operand, tree.op) for operand in tree.operands)
    plain = call(tree.op, operands, tree.attributes, tree.shape)
    if tree.op in MASKS and around not in ("mul", "where"):
        return call("where", (plain, number(1), number(0)), (), tree.shape)
    return plain


class _Printer:
    """Prints with as few parentheses as the grammar needs; each part with how tightly it binds."""

    def __init__(self, names: Mapping[str, str], prefix: str) -> None:
        self.names = names
        self.prefix = prefix

    def printed(self, tree: Tree) -> tuple[str, int]:
        match tree:
            case Leaf(name=name):
                return name, ATOM
            case Number(value=value):
                return number_text(value), _binding_of(value)
            case Call(op="neg", operands=(operand,)):
                return f"-{self._within(operand, NEGATIVE)}", NEGATIVE
            case Call(op="pow", operands=(base, exponent)):
                return f"{self._within(base, ATOM)}**{self._within(exponent, NEGATIVE)}", POWER
            case Call(op="transpose", operands=(operand,)):
                return f"{self._within(operand, ATOM)}.T", ATOM
            case Call(op="matrix_transpose", operands=(operand,)):
                if self.prefix:  # NumPy has `.mT` from version 2 on only
                    return f"np.swapaxes({self.printed(operand)[0]}, -1, -2)", ATOM
                return f"{self._within(operand, ATOM)}.mT", ATOM
            case Call(op="permute", operands=(operand,)):
                axes = attribute_text(tree.attribute("axes"))
                return f"{self.prefix}transpose({self.printed(operand)[0]}, {axes})", ATOM
            case Call(op="slice", operands=(operand,)):
                return f"{self._within(operand, ATOM)}[{places_text(tree)}]", ATOM
            case Call(op=op, operands=(left, right)) if op in INFIX:
                sign, level = INFIX[op]
                least = level + (level == 1 or _mixes(op, left))
                return f"{self._within(left, least)} {sign} {self._within(right, level + 1)}", level
        assert isinstance(tree, Call)
        if not tree.operands and not tree.attributes:
            return f"np.{tree.op}", ATOM  # a value may be called pi
        return self._call(tree), ATOM

    def _within(self, tree: Tree, least: int) -> str:
        printed, level = self.printed(tree)
        return printed if level >= least else f"({printed})"

    def _call(self, tree: Call) -> str:
        name = self.names.get(tree.op, tree.op)
        operands = [self.printed(operand)[0] for operand in tree.operands]
        attributes = dict(tree.attributes)
        if "subscripts" in attributes:
            return f'{name}("{attributes["subscripts"]}", {", ".join(operands)})'
        if tree.op in LISTED:
            operands = [f"[{', '.join(operands)}]"]
        if tree.op in BY_PLACE:
            keywords = [attribute_text(value) for _, value in tree.attributes]
            return f"{name}({', '.join([*operands, *keywords])})"
        if "shape" in attributes:
            return f"{name}({', '.join([*operands, self._shape(tree, attributes['shape'])])})"
        keywords = [
            f"{key}={attribute_text(value)}"
            for key, value in tree.attributes
            if value is not None and (key, value) not in UNSAID
        ]
        return f"{name}({', '.join([*operands, *keywords])})"

    def _shape(self, tree: Call, shape: Attribute) -> str:
        assert isinstance(shape, tuple)
        inner = ", ".join(map(str, shape))
        if self.prefix:
            return f"({inner},)" if len(shape) == 1 else f"({inner})"
        return inner if not tree.operands else f"[{inner}]"


def _mixes(op: str, left: Tree) -> bool:
    """Say whether `left op …` would leave a reader in doubt: `(M * W) @ G`, `(A @ B) * M`."""
    if not isinstance(left, Call) or (left.op == "mul" and not left.operands[0].shape):
        return False
    inner = left.op
    return (op, inner) in (("matmul", "mul"), ("matmul", "div"), ("mul", "matmul"))


def _binding_of(value: Fraction) -> int:
    if decimal_text(value) is None:
        return INFIX["div"][1]
    return NEGATIVE if value < 0 else ATOM


def number_text(value: Fraction) -> str:
    """Print a number: whole, as a short decimal, or as a quotient."""
    decimal = decimal_text(value)
    return decimal if decimal is not None else f"{value.numerator} / {value.denominator}"


def decimal_text(value: Fraction) -> str | None:
    """Print a number exactly as a decimal; None where it does not end."""
    if value.denominator == 1:
        return str(value.numerator)
    digits, rest = 0, value.denominator
    while rest % 10 == 0:
        rest //= 10
        digits += 1
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
            digits += 1
    if rest != 1:
        return None
    whole = str(abs(value.numerator) * 10**digits // value.denominator).rjust(digits + 1, "0")
    tail = whole[-digits:].rstrip("0")
    return f"{'-' if value < 0 else ''}{whole[:-digits]}.{tail}"


def places_text(tree: Call) -> str:
    """Print the places of a part of a value, without the brackets: `1:, 0`."""
    cut, drop = tree.attribute("cut"), tree.attribute("drop")
    assert isinstance(cut, tuple)
    assert isinstance(drop, tuple)
    places = []
    for axis, (pair, dim) in enumerate(zip(cut, tree.operands[0].shape, strict=True)):
        assert isinstance(pair, tuple)
        before, after = (Dim.number(e) if isinstance(e, int) else e for e in pair)
        assert isinstance(before, Dim)
        assert isinstance(after, Dim)
        if axis in drop:
            is_last = not after.terms and before.constant is None
            places.append("-1" if is_last else str(before))
        else:
            places.append(f"{before if before.terms else ''}:{_stop_text(dim, after)}")
    while len(places) > 1 and places[-1] == ":":
        places.pop()
    return ", ".join(places)


def _stop_text(dim: Dim, after: Dim) -> str:
    """Print where a slice stops; from the end, where a plain number is left out there."""
    if not after.terms:
        return ""
    return f"-{after}" if after.constant is not None else str(dim - after)


def attribute_text(value: Attribute) -> str:
    """Print an attribute: `1`, `(0, 1)`, `True`, `"sum"`."""
    if isinstance(value, tuple):
        inner = ", ".join(attribute_text(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Fraction):
        return number_text(value)
    if isinstance(value, Leaf):
        return value.name
    return str(value) if isinstance(value, Dim) else repr(value)
