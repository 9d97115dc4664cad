"""Formula trees in the spec's own language, as NumPy, in Unicode and in LaTeX.

The spec's language can be pasted back: `parse(text(tree))` gives the tree again.
"""

from collections.abc import Callable, Container, Mapping
from fractions import Fraction
from functools import lru_cache

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
ARITHMETIC = frozenset({"add", "sub", "mul", "div", "neg", "pow"})
LISTED = frozenset({"concatenate", "stack"})
"""Ops that take their operands as one list."""
BY_PLACE = frozenset({"arange", "pad", "eye", "tile", "one_hot"})
"""Ops whose attributes are given by place, without their names."""
NEEDED = frozenset({("group_norm", "groups")})
"""Attributes that have no default there."""
UNSAID: tuple[tuple[str, Attribute], ...] = (
    ("keepdims", False),
    ("axis", None),
    ("k", 0),
    ("eps", Fraction(1, 100_000)),
    ("stride", 1),
    ("padding", 0),
    ("dilation", 1),
    ("groups", 1),
    ("output_padding", 0),
)
"""Attributes that go without saying: what their ops take for them."""
WITH_BIAS = frozenset({"conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d"})
"""Ops whose last operand is added to the rest, and is 0 where it is not given."""
BY_OWN_WIDTH = frozenset({"avg_pool1d", "avg_pool2d", "max_pool1d", "max_pool2d"})
"""Ops whose windows slide by their own width where no stride is given."""
Spell = Callable[[Dim], str]
MASKS = frozenset({"gt", "ge", "lt", "le", "eq", "ne"})


@lru_cache(maxsize=256)
def text(tree: Tree) -> str:
    """Print in the spec's own language."""
    return Printer({}, "").printed(tree)[0]


def numpy_text(tree: Tree, names: Mapping[str, str]) -> str:
    """Print as Python that runs with NumPy; `names` are the ops' NumPy names."""
    return Printer(names, "np.").printed(with_numbers(tree))[0]


def with_numbers(tree: Tree, counts: Container[str] | None = None) -> Tree:
    """Make numbers of a mask where True and False would not do: all but conditions and factors.

    The product of masks is a mask. `counts`: the names of whole numbers, for a library in which a
    mask times one is whole, and so no factor of a matrix product.
    """
    return _with_numbers(tree, counts, stays=False)


def _with_numbers(tree: Tree, counts: Container[str] | None, *, stays: bool) -> Tree:
    if not isinstance(tree, Call):
        return tree
    operands = tuple(
        _with_numbers(operand, counts, stays=_stays(tree, place, counts))
        for place, operand in enumerate(tree.operands)
    )
    plain = call(tree.op, operands, tree.attributes, tree.shape)
    if is_mask(tree) and not stays:
        return call("where", (plain, number(1), number(0)), (), tree.shape)
    return plain


def _stays(tree: Call, place: int, counts: Container[str] | None) -> bool:
    """Say whether an operand may be a mask."""
    if tree.op != "mul":
        return tree.op == "where" and place == 0
    other = tree.operands[1 - place]
    return is_mask(tree) or (not is_mask(other) and (counts is None or not is_count(other, counts)))


def is_mask(tree: Tree) -> bool:
    """Say whether a formula is True and False: a comparison, or a product of them."""
    if not isinstance(tree, Call):
        return False
    return tree.op in MASKS or (tree.op == "mul" and all(map(is_mask, tree.operands)))


def is_count(tree: Tree, counts: Container[str]) -> bool:
    """Say whether a formula is a plain number in Python: of numbers and names of numbers alone."""
    match tree:
        case Number():
            return True
        case Leaf(name=name):
            return name in counts
        case Call(op=op, operands=operands):
            plain = op in ARITHMETIC or op == "pi"
            return plain and all(is_count(each, counts) for each in operands)


class Printer:
    """Prints with as few parentheses as the grammar needs; each part with how tightly it binds."""

    def __init__(self, names: Mapping[str, str], prefix: str) -> None:
        self.names = names
        self.prefix = prefix
        self.spell: Spell = Dim.code if prefix else str

    def printed(self, tree: Tree) -> tuple[str, int]:
        if isinstance(tree, Leaf):
            return tree.name, ATOM
        if isinstance(tree, Number):
            return number_text(tree.value), _binding_of(tree.value)
        if tree.op in INFIX:
            left, right = tree.operands
            sign, level = INFIX[tree.op]
            least = level + (level == 1 or _mixes(tree.op, left))
            return f"{self._within(left, least)} {sign} {self._within(right, level + 1)}", level
        match tree:
            case Call(op="neg", operands=(operand,)):
                return f"-{self._within(operand, NEGATIVE)}", NEGATIVE
            case Call(op="pow", operands=(base, exponent)):
                return f"{self._within(base, ATOM)}**{self._within(exponent, NEGATIVE)}", POWER
            case Call(op="transpose", operands=(operand,)):
                return f"{self._within(operand, ATOM)}.T", ATOM
            case Call(op="matrix_transpose", operands=(operand,)):
                if self.prefix:  # NumPy has `.mT` from version 2 on only
                    return f"{self.prefix}swapaxes({self.printed(operand)[0]}, -1, -2)", ATOM
                return f"{self._within(operand, ATOM)}.mT", ATOM
            case Call(op="permute", operands=(operand,)):
                axes = self._attribute(tree.attribute("axes"))
                return f"{self.prefix}transpose({self.printed(operand)[0]}, {axes})", ATOM
            case Call(op="slice", operands=(operand,)):
                return f"{self._within(operand, ATOM)}[{places_text(tree, self.spell)}]", ATOM
            case _:
                pass
        if not tree.operands and not tree.attributes:
            return f"{self.prefix or 'np.'}{tree.op}", ATOM  # a value may be called pi
        return self._call(tree), ATOM

    def _attribute(self, value: Attribute) -> str:
        return attribute_text(value, self.spell)

    def _within(self, tree: Tree, least: int) -> str:
        printed, level = self.printed(tree)
        return printed if level >= least else f"({printed})"

    def _call(self, tree: Call) -> str:
        name = self.names.get(tree.op, tree.op)
        if self.prefix and tree.op == "diag" and said(tree) != tree.operands:
            name = f"{self.prefix}diagflat"  # `np.diag` of a column takes one entry of it
        return self.called(name, tree)

    def called(self, name: str, tree: Call) -> str:
        """Print a call of an op by a name."""
        operands = [self.argument(operand) for operand in said(tree)]
        attributes = dict(tree.attributes)
        if "subscripts" in attributes:
            return f'{name}("{attributes["subscripts"]}", {", ".join(operands)})'
        if tree.op in LISTED:
            operands = [f"[{', '.join(operands)}]"]
        if tree.op in BY_PLACE and (not self.prefix or name != tree.op):
            keywords = [self._attribute(value) for _, value in tree.attributes]
            return f"{name}({', '.join([*operands, *keywords])})"
        if "shape" in attributes:
            return f"{name}({', '.join([*operands, self._shape(tree, attributes['shape'])])})"
        keywords = [
            f"{self.keyword(key)}={self._attribute(value)}"
            for key, value in tree.attributes
            if is_said(tree, key, value)
        ]
        return f"{name}({', '.join([*operands, *keywords])})"

    def argument(self, tree: Tree) -> str:
        """Print an operand of a function."""
        return self.printed(tree)[0]

    def keyword(self, key: str) -> str:
        """Return what the library calls an attribute."""
        return key

    def _shape(self, tree: Call, shape: Attribute) -> str:
        assert isinstance(shape, tuple)
        inner = ", ".join(map(self.spell, shape))  # type: ignore[arg-type]  # a Shape
        if self.prefix:
            return f"({inner},)" if len(shape) == 1 else f"({inner})"
        return inner if not tree.operands else f"[{inner}]"


def is_infix(tree: Tree) -> bool:
    """Say whether a tree is printed with an operator outside all parentheses, `A + B` or `-A`."""
    return isinstance(tree, Call) and (tree.op in INFIX or tree.op == "neg")


def said(tree: Call) -> tuple[Tree, ...]:
    """Return the operands of a call but for a bias of 0, which goes without saying.

    Of a diagonal matrix, the column or row whose entries it has.
    """
    if tree.op == "diag" and (column := _column_of(tree.operands[0])) is not None:
        return (column,)
    *others, last = tree.operands or (number(0),)
    is_none = tree.op in WITH_BIAS and isinstance(last, Number) and not last.value
    return tuple(others) if is_none else tree.operands


def _column_of(tree: Tree) -> Tree | None:
    """Return the column, or row, that a vector was squeezed from; None where it was not."""
    if isinstance(tree, Call) and tree.op == "squeeze" and len(tree.operands[0].shape) == 2:
        return tree.operands[0]
    return None


def is_said(tree: Call, key: str, value: Attribute) -> bool:
    """Say whether an attribute is printed: not where it is what the op takes for it."""
    is_default = (key, value) in UNSAID and not (key == "stride" and tree.op in BY_OWN_WIDTH)
    return value is not None and (not is_default or (tree.op, key) in NEEDED)


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


def places_text(tree: Call, spell: Spell = str) -> str:
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
            places.append("-1" if is_last else spell(before))
        else:
            start = spell(before) if before.terms else ""
            places.append(f"{start}:{_stop_text(dim, after, spell)}")
    while len(places) > 1 and places[-1] == ":":
        places.pop()
    return ", ".join(places)


def _stop_text(dim: Dim, after: Dim, spell: Spell) -> str:
    """Print where a slice stops; from the end, where a plain number is left out there."""
    if not after.terms:
        return ""
    return f"-{after}" if after.constant is not None else spell(dim - after)


def attribute_text(value: Attribute, spell: Spell = str) -> str:
    """Print an attribute: `1`, `(0, 1)`, `True`, `"sum"`."""
    if isinstance(value, tuple):
        inner = ", ".join(attribute_text(item, spell) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Fraction):
        return number_text(value)
    if isinstance(value, Leaf):
        return value.name
    return spell(value) if isinstance(value, Dim) else repr(value)
